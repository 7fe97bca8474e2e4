"""Multipliers are found where some exist, at numbers and for all parameters, and nothing is proved without them."""

import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove_by_multipliers
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.gram import Member, Monotone, Point, SmoothClass, Space, Vector

L, mu, alpha = sp.symbols("L mu alpha", positive=True)


def run(steps: int, bend: sp.Expr, step: sp.Expr | None = None, low: sp.Expr | int = 0) -> tuple[Member, Vector, list]:
    """Gradient descent from x on an unknown function with minimiser and least value 0; its values."""
    x, *g = Space(("x", *(f"g_{i}" for i in range(steps + 1)))).vectors
    f = SmoothClass(low, bend).member()
    f.at(0 * x, 0 * x, sp.Integer(0))
    values, y = list(sp.symbols(f"f_:{steps + 1}", real=True)), x
    for gradient, value in zip(g, values, strict=True):
        f.at(y, bend * gradient, value)
        y = y - (1 / bend if step is None else step) * bend * gradient
    return f, x, values


@pytest.mark.parametrize("steps", [1, 4])
def test_the_exact_rate_of_gradient_descent_after_some_steps(steps: int):
    """Drori and Teboulle 2014: L R^2/(4 N + 2), and no less."""
    f, x, values = run(steps, sp.Integer(3))
    best = 3 * x.norm2 / (4 * steps + 2)
    found = prove_by_multipliers([], values[-1] <= best, f.inequalities, x.space)
    assert found.verdict is Verdict.PROVED
    assert found.shown_by is ShownBy.KERNEL
    assert "multipliers: " in found.note
    less = prove_by_multipliers([], values[-1] <= sp.Rational(99, 100) * best, f.inequalities, x.space)
    assert less.verdict is Verdict.INCONCLUSIVE
    assert "no multipliers" in less.detail


def test_for_all_values_of_a_parameter():
    f, x, values = run(2, L)
    found = prove_by_multipliers([], values[-1] <= L * x.norm2 / 10, f.inequalities, x.space)
    assert found.verdict is Verdict.PROVED
    assert found.shown_by is ShownBy.KERNEL
    assert "L" in found.assumes


def test_with_a_form_left_over_any_rounding_will_do():
    f, x, values = run(2, sp.Integer(1))
    assert prove_by_multipliers([], values[-1] <= x.norm2 / 7, f.inequalities, x.space).verdict is Verdict.PROVED


def test_the_multipliers_of_the_gap_are_found_again():
    """Those of `gap_after_step`, in mu, L and alpha."""
    f, x, (before, after) = run(1, L, step=alpha, low=mu)
    where = [mu < L, alpha >= 2 / (mu + L), alpha < 2 / L]
    goal = after <= (alpha * L - 1) ** 2 * before
    found = prove_by_multipliers(where, goal, f.inequalities, x.space)
    assert found.verdict is Verdict.PROVED
    wrong = prove_by_multipliers(where, after <= (1 - alpha * mu) ** 2 * before, f.inequalities, x.space)
    assert wrong.verdict is Verdict.INCONCLUSIVE


def test_equations_and_both_directions_of_an_inequality():
    u, v = Space(("u", "v")).vectors
    given = [sp.Eq(u @ v, 0), *Monotone(1).inequalities([Point(u, v), Point(0 * u, 0 * v)])]
    assert prove_by_multipliers([], u.norm2 <= 0, given, u.space).verdict is Verdict.PROVED
    assert prove_by_multipliers([], u.norm2 <= 0, given[1:], u.space).verdict is Verdict.INCONCLUSIVE


def test_what_is_no_goal_of_this_kind():
    u, v = Space(("u", "v")).vectors
    w = Space(("w", "z", "y")).vectors[2]
    above = u @ v >= 0
    for bad, words in (
        (([], sp.Eq(u.norm2, 0), [above]), "conclusion must be an inequality"),
        (([], u.norm2**2 >= u @ v, [above]), "linear in inner products"),
        (([], u.norm2 >= 0, []), "at least one"),
        (([], u.norm2 >= 0, [u @ v > 0]), "relations of the form"),
        (([above], u.norm2 >= 0, [above]), "parameters alone"),
        (([alpha < 0], alpha * u.norm2 >= 0, [above]), "somewhere"),
        (([], sp.sqrt(2) * u.norm2 >= 0, [above]), "rational"),
        (([], 1 / u.norm2 >= 0, [above]), "linear in inner products"),
        (([], sp.sqrt(u.norm2) >= 0, [above]), "linear in inner products"),
        (([], w.norm2 >= 0, [above]), "another space"),
        (([], u.norm2 >= 0, [w.norm2 >= 0]), "another space"),
        (([sp.Symbol("alpha", real=True) < 0], alpha * u.norm2 >= 0, [above]), "different names"),
    ):
        with pytest.raises(UsageError, match=words):
            prove_by_multipliers(*bad, u.space)


def test_a_statement_about_parameters_alone():
    u, v = Space(("u", "v")).vectors
    above, b = u @ v >= 0, sp.Symbol("b", real=True)
    given = [sp.Ge(b - 1, 0), above]
    assert prove_by_multipliers([], sp.Ge(b, 1, evaluate=False), given, u.space).verdict is Verdict.PROVED
    assert prove_by_multipliers([], sp.Ge(b, 2, evaluate=False), given, u.space).verdict is Verdict.INCONCLUSIVE


def test_a_form_that_is_positive_by_itself_needs_no_inequality():
    u, v = Space(("u", "v")).vectors
    found = prove_by_multipliers([], (u - v).norm2 >= 0, [v.norm2 >= 0], u.space)
    assert found.verdict is Verdict.PROVED and found.note == "multipliers: none"
    less = prove_by_multipliers([], (u - v).norm2 >= u.norm2 / 100, [v.norm2 >= 0], u.space)
    assert less.verdict is Verdict.INCONCLUSIVE


def test_multipliers_whose_factors_stand_in_no_coefficient():
    """Of a proximal step of a weakly convex function: 2 gamma (1 - gamma rho), whose second factor stands in no
    coefficient once squares are multiplied out; of gradient steps up to 2/(m + L) likewise."""
    gamma, rho = sp.symbols("gamma rho", positive=True)
    d, D = Space(("d", "D")).vectors
    weakly = Monotone(-rho).inequalities([Point(d, D), Point(0 * d, 0 * D)])
    goal = sp.expand((1 - gamma * rho) ** 2) * d.norm2 <= (d + gamma * D).norm2
    assert prove_by_multipliers([gamma * rho < 1], goal, weakly, d.space).shown_by is ShownBy.KERNEL
    smooth = [SmoothClass(mu, L).gradients(d, D)]
    step = (d - alpha * D).norm2 <= sp.expand((1 - alpha * mu) ** 2) * d.norm2
    where = [mu < L, alpha <= 2 / (mu + L)]
    assert prove_by_multipliers(where, step, smooth, d.space).shown_by is ShownBy.KERNEL
    wrong = prove_by_multipliers([mu < L, alpha <= 4 / (mu + L)], step, smooth, d.space)
    assert wrong.verdict is Verdict.INCONCLUSIVE
