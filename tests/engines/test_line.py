"""Worst functions on the line: those of the textbooks, and what is none."""

import pytest
import sympy as sp

from eqt_theory import Finding, UsageError, Verdict
from eqt_theory.engines.gram import Convex, SmoothClass
from eqt_theory.engines.line import Outward, cone, gradient_step, kinked, parabola, proximal_step, slow_run

mu, L, alpha, R, n = sp.symbols("mu L alpha R n", positive=True)
x = sp.Symbol("x", real=True)
T = L * R / (2 * n + 1)
HUBER = Outward(x, (L * x**2 / 2, T / L), T * x - T**2 / (2 * L))


usual, proximal = gradient_step(1 / L), proximal_step(alpha)


def of_huber(**other) -> Finding:
    how = {"f": HUBER, "step": usual, "start": R, "gap": L * R**2 / (4 * n + 2), "of": SmoothClass(0, L), **other}
    return slow_run(how.pop("f"), how.pop("step"), how.pop("start"), how.pop("gap"), **how)


def test_gradient_descent_on_a_huber_function():
    assert of_huber().verdict is Verdict.PROVED
    found = of_huber(f=kinked(T, L))
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    assert found.detail == "from R, n steps leave a gap of L R^2/(4 n + 2) or more"


def test_the_proximal_point_method_on_a_cone():
    c = R / (2 * alpha * n)
    found = slow_run(cone(c), proximal, R, R**2 / (4 * alpha * n), of=Convex(0))
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    more = slow_run(cone(c), proximal, R, R**2 / (4 * alpha * n - alpha), of=Convex(0))
    assert more.verdict is Verdict.INCONCLUSIVE


def test_a_parabola_where_places_are_powers():
    q = mu / L
    found = slow_run(parabola(mu), usual, R, mu * R**2 / 2 * (1 - q) ** (2 * n), of=SmoothClass(mu, L), given=mu < L)
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    more = slow_run(parabola(mu), usual, R, mu * R**2 / 2 * (1 - q) ** n, of=SmoothClass(mu, L), given=mu < L)
    assert more.verdict is Verdict.INCONCLUSIVE
    implicit = slow_run(parabola(mu), proximal, R, mu * R**2 / 2 * (1 + alpha * mu) ** (-2 * n), of=Convex(mu))
    assert implicit.verdict is Verdict.PROVED, implicit.detail


def test_slopes_that_shrink_beyond_a_kink():
    """The slow function of gradient descent on strongly convex ones: it bends by mu beyond T, and by L before."""
    q = sp.Symbol("q", positive=True)
    P = (1 - q) ** n
    T = q * P**2 * R / (1 - (1 - q) * P**2)
    f = kinked(L * T, L, q * L)
    gap = q * L * R**2 / (2 * (P**-2 - 1 + q))
    found = slow_run(f, usual, R, gap, of=SmoothClass(q * L, L), given=q < 1)
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    assert slow_run(f, usual, R, 2 * gap, of=SmoothClass(q * L, L), given=q < 1).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"gap": L * R**2 / (4 * n)}, "the gap REFUTED"),
        ({"gap": 2 * L * R**2 / (4 * n + 2)}, "the gap REFUTED"),
        ({"of": SmoothClass(0, L / 2)}, "the class REFUTED"),
        ({"of": SmoothClass(mu, L)}, "the class REFUTED"),
        ({"start": R / 2}, "the gap REFUTED"),
        ({"start": -R}, "the last piece REFUTED"),
        ({"step": lambda x, slope: x - 2 * slope(x) / L}, "the gap REFUTED"),
        ({"step": lambda x, slope: x + slope(x) / L}, "no step goes outward REFUTED"),
        ({"step": lambda x, slope: -x - slope(x) / L}, "no step goes outward REFUTED"),
        ({"f": Outward(x, (L * x**2 / 2, T / L), T * x)}, "the pieces meet REFUTED"),
        ({"f": Outward(x, (L * x**2, T / L), 2 * T * x - T**2 / L)}, "the class REFUTED"),
        ({"f": Outward(x, (L * x**2 / 2, 2 * T / L), 2 * T * x - 2 * T**2 / L)}, "the last piece REFUTED"),
        ({"f": Outward(x, T * x), "gap": L * R**2 / (8 * n + 4)}, "the pieces meet REFUTED"),
        ({"f": Outward(x, (L * x**2 / 2, -T / L), -T * x - T**2 / (2 * L))}, "the class REFUTED"),
    ],
)
def test_what_is_no_slow_function_is_not_shown(other: dict, why: str):
    found = of_huber(**other)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert why in found.note, found.note


def test_a_weakly_convex_function_must_have_its_minimum_at_0():
    down = Outward(x, (L * x**2 / 2, R), L * R * x - L * (x - R) ** 2 / 2 - L * R**2 / 2)
    found = slow_run(down, lambda x, slope: x, 5 * R, 0, of=SmoothClass(-L, L))
    assert "the class REFUTED" in found.note


def test_what_cannot_be_run():
    with pytest.raises(UsageError, match="linear in x on the last piece of f, it is"):
        of_huber(step=lambda x, slope: x**2)
    for inside in (
        lambda x, slope: x - (2 * slope(x) - slope(x - 2 * slope(x) / L)) / L,  # which leaves the last piece meanwhile
        lambda x, new, slope: sp.Eq(new, x - alpha * slope(new - R)),
    ):
        with pytest.raises(UsageError, match="slope at places of the run alone"):  # both were PROVED
            of_huber(step=inside)
    with pytest.raises(UsageError, match="what step gives must be"):
        of_huber(step=lambda x, slope: None)
    with pytest.raises(UsageError, match="got 1 arguments"):
        of_huber(step=lambda x: x)
    with pytest.raises(UsageError, match="one solution on the last piece"):
        of_huber(step=lambda x, new, slope: sp.Eq(new**2, 1))
    with pytest.raises(UsageError, match="n must be declared positive"):
        of_huber(n=sp.Symbol("n", real=True))
    with pytest.raises(UsageError, match="quadratic or linear in x, got x"):
        Outward(x, x**3)
    with pytest.raises(UsageError, match="and the last one an expression"):
        Outward(x, (x**2, R))


def test_long_steps_on_the_steepest_parabola_go_over_the_minimiser():
    long, factor = [alpha * L > 1, alpha * L < 2], alpha * L - 1
    left = L * R**2 / 2 * factor ** (2 * n)
    found = slow_run(parabola(L), gradient_step(alpha), R, left, of=SmoothClass(0, L), given=long)
    assert (found.verdict, found.shown_by) == (Verdict.PROVED, "kernel"), found.detail
    more = slow_run(parabola(L), gradient_step(alpha), R, 2 * left, of=SmoothClass(0, L), given=long)
    assert "the gap REFUTED" in more.note and "or more: the gap is REFUTED: " in more.detail
    left = L * R**2 / 2 * (1 - alpha * L) ** (2 * n)
    either = slow_run(parabola(L), gradient_step(alpha), R, left, of=SmoothClass(0, L), given=alpha * L < 2)
    assert "no step goes outward REFUTED" in either.note, "one way or the other, not both at once"
