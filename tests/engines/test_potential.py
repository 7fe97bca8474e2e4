"""by_potential and by_factor: rates of N steps, and what becomes of them where a piece is wrong."""

import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory import Finding, Judgement, Run, UsageError, Verdict, theorem
from eqt_theory.core.ledger import run_ledger
from eqt_theory.engines.gram import Convex, Point, SmoothClass, Space
from eqt_theory.engines.potential import by_factor, by_fall, by_potential

L, a, q, n, s, alpha = sp.symbols("L a q n s alpha", positive=True)
A = sp.Symbol("A", nonnegative=True)
FAST = [sp.Eq(L * a**2, A + a)]
x, g, h = Space(("x", "g", "h")).vectors
f0, f1 = sp.symbols("f f_1", real=True)


@pytest.mark.parametrize(
    ("gain", "weight", "named", "verdict"),
    [
        (1 / L, n / L, {}, Verdict.PROVED),
        (1 / L, 2 * n / L, {}, Verdict.INCONCLUSIVE),
        (a, n**2 / (4 * L), {"each": FAST}, Verdict.PROVED),
        (a, (n + 1) ** 2 / (4 * L), {"each": FAST}, Verdict.INCONCLUSIVE),
        (a, (n + 1) ** 2 / (4 * L), {"each": FAST, "first": 1 / L}, Verdict.PROVED),
        (a, (n + 1) ** 2 / (2 * L), {"each": FAST, "first": 2 / L}, Verdict.INCONCLUSIVE),
        (a, n**2 / (4 * L), {}, Verdict.INCONCLUSIVE),
    ],
)
def test_the_bound_is_what_the_weights_allow(gain: sp.Expr, weight: sp.Expr, named: dict, verdict: Verdict):
    falls = 1, A * f0 + x.norm2 / 2 - (A + gain) * f1 - h.norm2 / 2 >= 0
    found = by_potential((f0, x), (f1, h), falls, A=A, gain=gain, weight=weight, n=n, detail="the gap", **named)
    assert found.verdict is verdict
    assert found.detail.startswith("the gap")


def of_proximal_point(gain: sp.Expr) -> Finding:
    old, new, convex = Point(x, h, f0), Point(x - alpha * g, g, f1), Convex(0)
    uses = convex.weighted(A, old, new), convex.weighted(alpha, Point(0 * x, 0 * x, 0), new)
    return by_potential((f0, x), (f1, new.x), *uses, A=A, gain=gain, weight=gain * n, n=n, detail="the gap")


def of_gradient_step(factor: sp.Expr, **parts: Finding) -> Finding:
    """|x - alpha g|^2 <= factor |x|^2, of a function with curvature in [q, L], q < L, and short steps."""
    use = 2 * alpha * (1 - alpha * q) / (L - q), SmoothClass(q, L).gradients(x, g)
    square = alpha * (2 - alpha * (q + L)) / (L - q), g - q * x
    given, new = [q < L, 2 - alpha * (q + L) >= 0], (x - alpha * g).norm2
    return by_factor(x.norm2, new, use, factor=factor, n=n, given=given, squares=[square], detail="d", **parts)


def test_the_step_is_one_of_that_gain():
    assert of_proximal_point(alpha).verdict is Verdict.PROVED
    assert of_proximal_point(2 * alpha).verdict is Verdict.INCONCLUSIVE


def test_the_step_is_one_of_that_factor():
    rho = (1 - alpha * q) ** 2
    assert of_gradient_step(rho).verdict is Verdict.PROVED
    assert of_gradient_step(rho / 4).verdict is Verdict.INCONCLUSIVE
    assert of_gradient_step(rho, other=sample.unknown()).verdict is Verdict.INCONCLUSIVE


def test_powers_of_a_factor_with_and_without_noise():
    def shrinks(factor: sp.Symbol, noise: sp.Expr | int = 0) -> Finding:
        shown = 1, factor * x.norm2 + noise - h.norm2 >= 0
        return by_factor(x.norm2, h.norm2, shown, factor=factor, n=n, noise=noise, given=[factor < 1], detail="d")

    assert shrinks(q).verdict is Verdict.PROVED
    assert shrinks(q, s).verdict is Verdict.PROVED
    assert shrinks(sp.Symbol("b", real=True)).verdict is Verdict.INCONCLUSIVE


def test_a_hypothesis_of_the_step_is_one_of_the_whole():
    @theorem("s", symbols=[q, L, alpha], assumes=[q < L])
    def every_step_size() -> Finding:
        """n steps shrink |x|^2 by (1 - alpha q)^(2 n)."""
        return of_gradient_step((1 - alpha * q) ** 2)

    (entry,) = run_ledger([every_step_size], Run()).entries
    assert entry.judgement is Judgement.OPEN


FALLS = 1, A * f0 + x.norm2 / 2 - (A + 1 / L) * f1 - h.norm2 / 2 >= 0
RIGHT = {"old": (f0, x), "new": (f1, h), "A": A, "gain": 1 / L, "weight": n / L, "n": n, "detail": "d"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n": sp.Symbol("n", nonnegative=True)}, "n must be declared positive"),
        ({"n": sp.Symbol("n", real=True)}, "n must be declared positive"),
        ({"n": 3}, "n must be a Symbol"),
        ({"A": sp.Symbol("A", real=True)}, "A must be declared nonnegative"),
        ({"A": sp.Symbol("A", positive=True)}, "A must be declared nonnegative"),
        ({"weight": n > L}, "weight must be"),
        ({"each": [True]}, "Python bool"),
        ({"old": f0}, "old must be"),
        ({"old": (f0 + A, x)}, "must not depend on A"),
        ({"old": (f0, n * x)}, "must not depend on n"),
        ({"new": (n * f1, h)}, "must not depend on n"),
    ],
)
def test_a_potential_that_is_stated_wrongly_is_one_clear_error(wrong: dict, said: str):
    given = {**RIGHT, **wrong}
    with pytest.raises(UsageError, match=said):
        by_potential(given.pop("old"), given.pop("new"), FALLS, **given)


@pytest.mark.parametrize("name", ["phi", "after", "first"])
def test_a_parameter_may_have_the_name_of_what_the_argument_speaks_of(name: str):
    factor = sp.Symbol(name, nonnegative=True)
    shown = 1, factor * x.norm2 - h.norm2 >= 0
    given = {"factor": factor, "n": n, "given": [factor < 1], "detail": "d"}
    found = by_factor(x.norm2, h.norm2, shown, **given)
    assert found.verdict is Verdict.PROVED
    assert f"{name} < 1" in found.hypotheses


def test_of_relations_the_multipliers_are_found():
    new = x - alpha * g
    known = Convex(0).says((x, h, f0), (new, g, f1), 0)
    assert by_potential((f0, x), (f1, new), known, gain=alpha).verdict is Verdict.PROVED
    assert by_potential((f0, x), (f1, new), known, gain=2 * alpha).verdict is Verdict.INCONCLUSIVE
    pair = SmoothClass(q, L).gradients(x, g)
    for factor, verdict in (((1 - q / L) ** 2, Verdict.PROVED), ((1 - q / L) ** 4, Verdict.INCONCLUSIVE)):
        shrinks = by_factor(x.norm2, (x - g / L).norm2, pair, factor=factor, given=[q < L])
        assert shrinks.verdict is verdict


@pytest.mark.parametrize(("weight", "verdict"), [((s**n - 1) / q, Verdict.PROVED), (s**n / q, Verdict.INCONCLUSIVE)])
def test_weights_that_grow_by_a_factor(weight: sp.Expr, verdict: Verdict):
    """As of gradient descent under strong convexity q: 1 + q A grows by s = 1/(1 - q/L), from A = 0."""
    falls = A * f0 + (1 + q * A) / 2 * x.norm2 >= (A + a) * f1 + (1 + q * (A + a)) / 2 * h.norm2
    known = {"given": [sp.Eq(s * (1 - q / L), 1)], "each": [sp.Eq(L * a, 1 + q * (A + a))]}
    assert by_potential((f0, x), (f1, h), falls, mu=q, gain=a, weight=weight, **known).verdict is verdict


def test_what_follows_of_the_gain_is_shown():
    falls = A * f0 + x.norm2 / 2 >= (A + a) * f1 + h.norm2 / 2
    for hence, verdict in ((a >= 1 / L, Verdict.PROVED), (a >= 2 / L, Verdict.INCONCLUSIVE)):
        found = by_potential((f0, x), (f1, h), falls, gain=a, weight=n / L, each=FAST, hence=[hence])
        assert found.verdict is verdict


def test_steps_that_lose_something_lose_it_each_time():
    known, least = SmoothClass(-L, L).says((x, g, f0), (x - g / L, h, f1)), g.norm2 >= s
    for rest, verdict in ((2 * s, Verdict.PROVED), (3 * s, Verdict.INCONCLUSIVE)):
        last = [*known, least, f1 >= 0]
        found = by_fall(4 * L * f0, 4 * L * f1, known, least, h.norm2 >= s, fall=3 * s, rest=rest, last=last)
        assert found.verdict is verdict
    assert by_fall(4 * L * f0, 4 * L * f1, known, least, fall=3 * s).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gain": a, "each": FAST}, "weight must say"),
        ({"gain": 1 / L, "mu": -L}, "mu must be declared nonnegative"),
        ({"gain": 0}, "gain must be positive"),
        ({"gain": -1 / L}, "gain must be positive"),
        ({"gain": sp.nan}, "gain must be a finite real number"),
        ({"gain": 1 / L, "weight": 0}, "weight must be positive"),
        ({"gain": 1 / L, "weight": -n}, "weight must be positive"),
        ({"gain": 1 / L, "weight": sp.oo}, "weight must be a finite real number"),
        ({"gain": 1 / L, "mu": sp.nan}, "mu must be a finite real number"),
        ({"gain": 1 / L, "first": sp.I}, "first must be a finite real number"),
        ({"gain": 1 / L, "squares": [(1, x)]}, "squares are of multipliers"),
    ],
)
def test_what_a_potential_of_relations_needs_is_said(wrong: dict, said: str):
    with pytest.raises(UsageError, match=said):
        by_potential((f0, x), (f1, h), f0 >= f1, **wrong)


def test_a_factor_that_is_negative_and_a_phi_that_may_be_show_nothing():
    """f' <= -2 f does not give f_2 <= 4 f_0 where f may be negative; nor does a function without a least value end."""
    assert by_factor(f0, f1, f1 <= -2 * f0, factor=-2).verdict is Verdict.INCONCLUSIVE
    known = SmoothClass(0, L).says((x, g, f0), (x - g / L, h, f1)), g.norm2 >= s
    for last, verdict in (([], Verdict.INCONCLUSIVE), ([f0 >= 0], Verdict.PROVED)):
        assert by_fall(f0, f1, *known, fall=s / (2 * L), last=last).verdict is verdict
    for wrong in (sp.nan, sp.oo, sp.I):
        with pytest.raises(UsageError, match="factor must be a finite real number"):
            by_factor(x.norm2, h.norm2, h.norm2 <= x.norm2, factor=wrong)
        with pytest.raises(UsageError, match="noise must be a finite real number"):
            by_factor(x.norm2, h.norm2, h.norm2 <= x.norm2, factor=0, noise=wrong)
        with pytest.raises(UsageError, match="fall must be a finite real number"):
            by_fall(x.norm2, h.norm2, h.norm2 <= x.norm2, fall=wrong)
    with pytest.raises(UsageError, match="must not depend on n"):
        by_fall(x.norm2, h.norm2, h.norm2 <= x.norm2 - n, fall=n)
    for phi, after, use in ((n * x.norm2, n * h.norm2, h.norm2 <= x.norm2), (f0, f1, f1 <= f0 * n / (n + 1))):
        with pytest.raises(UsageError, match="must not depend on n"):
            by_factor(phi, after, use, factor=1)
    with pytest.raises(UsageError, match="factor must not be 1"):
        by_factor(x.norm2, h.norm2, h.norm2 <= x.norm2 + s, factor=1, noise=s)


def test_the_first_weight_may_be_the_gain_itself():
    uses = Convex(0).says((x, g, f0), (x - h / L, h, f1), 0)
    for first, verdict in ((1 / L, Verdict.PROVED), (2 / L, Verdict.INCONCLUSIVE)):
        assert by_potential((f0, x), (f1, x - h / L), uses, gain=1 / L, first=first).verdict is verdict
