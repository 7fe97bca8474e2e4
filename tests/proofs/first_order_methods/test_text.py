"""First-order methods: what is on record, by what it is shown, and that each argument fails when a piece is broken."""

import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

from eqt_theory import Verdict, prove_by_multipliers
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folders, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.record import load_record, read_record
from eqt_theory.core.store import FOLDER
from eqt_theory.core.verdict import ShownBy

(TEXT,) = (folder for folder in default_folders() if folder.name == "first_order_methods")
WRONG = {
    "descent-lemma-constants",
    "gd-distance-slow-end",
    "gd-gradient-squared",
    "gd-value-long-steps",
    "gd-best-step-short",
    "gd-convex-quarter",
    "gd-convex-long-steps",
    "gd-nonconvex-last",
    "gd-pl-distance",
    "gd-pl-line-halved",
    "gd-strongly-convex-start",
    "proximal-point-as-gradient",
    "proximal-gradient-as-gradient",
    "proximal-gradient-strong-h",
    "nesterov-convex-as-optimized",
    "nesterov-strong-squared",
    "nesterov-monotone",
    "nesterov-distance",
    "fista-halved",
    "fista-strong-distance",
    "fista-backtracking-weights",
    "triple-momentum-gradients",
    "optimized-gradient-method-shifted",
    "greedy-shifted",
    "heavy-ball-global",
    "polyak-step-doubled",
    "averaged-composition-largest",
    "picard-nonexpansive",
    "douglas-rachford-shadow",
    "douglas-rachford-reflected",
    "douglas-rachford-strong",
    "forward-step-monotone",
    "sgd-no-floor",
}


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    found, failures = load_folder(TEXT)
    assert failures == []
    return found


@pytest.fixture(scope="module")
def ledger(claims: list[Claim]) -> Ledger:
    return run_ledger(claims, Run(certificates=TEXT / FOLDER), recorded=load_record(TEXT), complete=True)


def test_the_record_is_complete_and_kept(claims: list[Claim], ledger: Ledger):
    assert read_record(TEXT).problems(claims, complete=True) == []
    assert ledger.problems() == []


def test_the_usual_wrong_versions_are_false_and_the_others_hold(claims: list[Claim]):
    record = load_record(TEXT)
    assert {name for name, judgement in record.items() if judgement == "false"} == WRONG
    assert {record[c.id] for c in claims if c.id not in WRONG} == {"holds", "holds_loosely", "holds_in_cases"}
    assert all(c.repair in record for c in claims if c.id in WRONG)


def test_the_kernel_sees_all_that_is_proved(ledger: Ledger):
    for entry in ledger.entries:
        for result in entry.results:
            if result.finding.verdict is Verdict.PROVED:
                assert result.finding.shown_by is ShownBy.KERNEL, f"{entry.claim.id}: {result.check.name}"


def _of(name: str) -> ModuleType:
    claims, _ = load_folder(TEXT)
    package = claims[0].checks[0].function.__module__.rpartition(".")[0]  # not always the folder's name: see package_of
    return sys.modules[f"{TEXT.name if name == 'lemmas' else package}.{name}"]


r, lam = sp.symbols("r lambda", positive=True)
half = sp.Rational(1, 2)


@pytest.mark.parametrize(
    ("module", "call", "broken", "right"),
    [
        ("accelerated", "accelerated", {"factor": 2}, {}),
        ("accelerated", "accelerated", {"factor": 2, "composite": True}, {"composite": True}),
        ("momentum", "ogm_step", {"last": False, "step": 2}, {"last": False}),
        ("momentum", "ogm_step", {"last": True, "step": half, "greedy": True}, {"last": True, "greedy": True}),
        ("momentum", "nesterov_constant_momentum", {"share": 2 * r}, {"share": r}),
        ("subgradients_and_noise", "polyak_step", {"step": 2 * sp.Symbol("t", nonnegative=True)}, {}),
        ("subgradients_and_noise", "sgd", {"variance": 0}, {"variance": sp.Symbol("sigma", positive=True) ** 2}),
        ("operators", "krasnoselskii_mann", {"cost": lam}, {"cost": lam * (1 - lam)}),
        ("gradient_descent", "gd_distance", {"factor": 1 - sp.prod(sp.symbols("alpha mu", positive=True))}, {}),
        ("gradient_descent_other", "gd_convex", {"gain": 3 / sp.Symbol("L", positive=True)}, {}),
    ],
)
def test_a_broken_method_or_constant_is_not_proved(module: str, call: str, broken: dict, right: dict):
    found = getattr(_of(module), call)
    function = found.form if isinstance(found, Claim) else found
    assert function(**broken).verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)
    assert function(**right).verdict is Verdict.PROVED


def test_every_rate_that_is_attained_says_so_and_all_have_a_usual_wrong_version(claims: list[Claim]):
    """The claims that have no worst function here are named."""
    worst = {"attained", "a slow function", "no smaller one"}
    shown = {c.id for c in claims if worst & {p for r in c.readings for p in r.parts}}
    rates = {c.id for c in claims if c.id not in WRONG}
    assert rates - shown == {
        "descent-lemma",  # no rate
        "gd-best-step",  # gd-distance at its best step
        "gd-convex-tight",  # by gd-convex
        "gd-pl",  # none: the sharper factors show that no f attains the others; gd-pl-line has one that is below
        "fista-backtracking",  # no rate
        "greedy-first-order-method",  # attained at N = 1, by its wrong version
        "heavy-ball-quadratic",  # an equation
    }
    assert rates == {c.repair for c in claims if c.id in WRONG}


def momentum_in_floats(constant: float, steps: int, slope: Callable[[float], float]) -> tuple[float, float]:
    """Nesterov's method from 1 with L a^2 = A'; returns y_N and S with y_N = 1 - S slope/L where the slope stays."""
    y = z = 1.0
    theta, s = 0.0, 0.0
    for _ in range(steps):
        new = (1 + (1 + 4 * theta**2) ** 0.5) / 2
        q = (theta**2 * y + new * z) / new**2
        y, z = q - slope(q) / constant, z - new * slope(q) / constant
        theta, s = new, s * (1 - 1 / new) + new
    return y, s


@pytest.mark.parametrize("steps", [1, 3, 10, 40])
def test_nesterovs_method_is_slow_on_a_huber_function_in_floats(steps: int):
    """On the function of nesterov-convex the gap is L/(4 S + 2), between half of the bound and the bound."""
    smooth = 4.0
    s = momentum_in_floats(smooth, steps, lambda _: 0.0)[1]
    t = smooth / (2 * s + 1)
    y, _ = momentum_in_floats(smooth, steps, lambda h: smooth * h if abs(h) <= t / smooth else t)
    gap = t * y - t**2 / (2 * smooth)
    assert gap == pytest.approx(smooth / (4 * s + 2))
    assert smooth / ((steps + 1) ** 2 + 2) <= gap * (1 + 1e-12)
    assert gap <= 2 * smooth / (steps + 1) ** 2
    assert (gap > smooth / (steps + 1) ** 2) == (steps >= 3), "what nesterov-convex-as-optimized says fails from N = 3"


def test_douglas_rachford_attains_its_factor_in_floats():
    """A = [[m, -s], [s, m]], and B skew so that both reflections together only shrink."""
    m, s = 0.5, 1.25
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    eye, a = np.eye(2), m * np.eye(2) + s * rotation
    reflected = 2 * np.linalg.inv(eye + a) - eye
    angle = np.arctan2(reflected[1, 0], reflected[0, 0])
    b = np.tan(angle / 2) * rotation  # its Cayley operator turns by -angle
    step = (eye + (2 * np.linalg.inv(eye + b) - eye) @ reflected) / 2
    c = (1 - 4 * m / (1 + 2 * m + m**2 + s**2)) ** 0.5
    assert np.allclose(step, (1 + c) / 2 * eye)


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("method", ["gradient descent", "Nesterov"])
def test_functions_with_a_kink_are_slow_in_floats(method: str, steps: int):
    """f' = mu h + (L - mu) min(h, T): the gap of gd-strongly-convex-potential, nesterov-strong and fista-strong."""
    low, high = 0.25, 4.0
    q = low / high

    def last(slope: Callable[[float], float]) -> tuple[float, float]:
        y = z = 1.0
        weight = 0.0
        for _ in range(steps):
            if method == "gradient descent":
                y -= slope(y) / high
                continue
            # (L - mu) a^2 = weight + a + mu (2 weight a + weight^2), which is L a^2 = A' (1 + mu A')
            linear, constant = 1 + 2 * low * weight, weight + low * weight**2
            a = (linear + (linear**2 + 4 * (high - low) * constant) ** 0.5) / (2 * (high - low))
            b, c = 1 + low * weight, 1 + low * (weight + a)
            e = (z - y) / (a * b + weight * c)
            at = y + a * b * e
            y, z = at - slope(at) / high, (b * z + low * a * at - a * slope(at)) / c
            weight += a
        return y, weight

    shrunk, weight = last(lambda h: low * h)  # P, as from R = 1
    t = q * shrunk**2 / (1 - (1 - q) * shrunk**2)
    y, _ = last(lambda h: low * h + (high - low) * max(-t, min(h, t)))
    gap = low * y**2 / 2 + (high - low) * (t * y - t**2 / 2)
    assert y >= t
    assert gap == pytest.approx(low / (2 * (shrunk**-2 - 1 + q)))
    if method == "gradient descent":
        assert shrunk == pytest.approx((1 - q) ** steps)
        assert gap < low / (2 * ((1 - q) ** -steps - 1))
    else:
        assert shrunk >= 1 / (1 + low * weight) * (1 - 1e-12)
        assert gap < (1 + q**0.5) / 2 * high * (1 - q**0.5) ** steps


def test_two_small_turns_come_near_the_constant_of_a_composition():
    """averaged-composition: on C, with theta = 1/2 and 1/4."""
    first, second = 0.5, 0.25
    k = [(1 - theta) / theta for theta in (first, second)]
    theta = (first + second - 2 * first * second) / (1 - first * second)
    for m, near in ((1.0, 1e-1), (1e3, 1e-6)):
        factors = [1 - 1 / complex((1 + share) / 2, share * m) for share in k]
        for factor, own in zip(factors, (first, second), strict=True):
            assert abs((factor - (1 - own)) / own) == pytest.approx(1)
        both = factors[0] * factors[1]
        needed = (1 - abs(both) ** 2) / abs(1 - both) ** 2  # (1 - theta)/theta for this pair
        assert 0 < theta - 1 / (1 + needed) < near


def test_the_condition_at_a_third_point_is_needed_for_the_smaller_factor():
    """gd-pl at L = 4 mu: from x and x+ alone 2/3 follows, and 12/19 does not."""
    module = _of("gradient_descent_other")
    held = [2 * slope.norm2 >= 4 * module.mu * value for _, slope, value in (module.here, module.there)]
    known = [*module.smooth.says(module.here, module.there), *(sp.Ge(h.lhs - h.rhs, 0, evaluate=False) for h in held)]
    given = [relation.subs({module.mu: sp.Integer(1), module.L: sp.Integer(4)}) for relation in known]
    for factor, verdict in ((sp.Rational(2, 3), Verdict.PROVED), (sp.Rational(12, 19), Verdict.INCONCLUSIVE)):
        shrinks = module.f0 * factor >= module.f1
        assert prove_by_multipliers([], shrinks, given, module.x.space).verdict is verdict


def test_huber_functions_are_slow_in_floats():
    """Ten steps on the function of gd-convex, in plain numbers."""
    smooth, start, steps = 4.0, 3.0, 10
    t = smooth * start / (2 * steps + 1)
    x = start
    for _ in range(steps):
        x -= (smooth * x if abs(x) <= t / smooth else t) / smooth
    assert t * x - t**2 / (2 * smooth) == pytest.approx(smooth * start**2 / (4 * steps + 2))
