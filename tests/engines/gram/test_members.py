"""Of a class without members anything holds: it is refused, and what assumes one is not proved."""

import math
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import UsageError, Verdict, prove
from eqt_theory.engines.gram import (
    Averaged,
    Cocoercive,
    Convex,
    Linear,
    Lipschitz,
    Monotone,
    PolyakLojasiewicz,
    Skew,
    SmoothClass,
    Space,
    adds_up,
)

m, L = sp.symbols("m L", positive=True)
t = sp.Symbol("t", real=True)
x, g = Space(("x", "g")).vectors
f = sp.Symbol("f", real=True)


@pytest.mark.parametrize(
    ("family", "numbers"),
    [
        (SmoothClass, (2, 1)),
        (SmoothClass, (0, -1)),
        (SmoothClass, (1.5, Fraction(1, 2))),
        (SmoothClass, (L + 1, L)),
        (SmoothClass, (m, -L)),
        (PolyakLojasiewicz, (2, 1, 0)),
        (PolyakLojasiewicz, (0, 1, 0)),
        (Cocoercive, (0,)),
        (Cocoercive, (-L,)),
        (Lipschitz, (-1,)),
        (Averaged, (0,)),
        (Averaged, (1,)),
        (Averaged, (1 + L,)),
        (Linear, (-1,)),
        (Skew, (-L,)),
    ],
)
def test_a_class_without_members_is_refused(family, numbers):
    with pytest.raises(UsageError, match="expected a class that has members"):
        family(*numbers)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, sp.oo, sp.zoo, sp.I, 1 + sp.I * L, "1", "L", None, True, [1]])
@pytest.mark.parametrize(
    ("family", "name"),
    [(Convex, "mu"), (Monotone, "mu"), (Cocoercive, "beta"), (Lipschitz, "L"), (Averaged, "theta"), (Linear, "L")],
)
def test_a_parameter_is_a_real_number(family, name, wrong):
    with pytest.raises(UsageError, match=f"{name} must be a finite real number"):
        family(wrong)
    with pytest.raises(UsageError, match="L must be a finite real number"):
        SmoothClass(0, wrong)


@pytest.mark.parametrize("family", [SmoothClass(1, 1), SmoothClass(-2, -1), Lipschitz(0), Linear(0), Convex(-L)])
def test_classes_at_the_end_of_their_range_have_members(family):
    assert family.says((x, g, f), 0) if isinstance(family, SmoothClass | Convex) else family.says((x, g), 0)


@pytest.mark.parametrize(
    ("family", "empty", "some", "holds"),
    [
        (Lipschitz(t), t < 0, t < 1, g.norm2 <= t**2 * x.norm2),
        (Linear(t), t < 0, t < 1, g.norm2 <= t**2 * x.norm2),
        (Cocoercive(t), t <= 0, t < 1, g @ x >= t * g.norm2),
        (Averaged(t), t > 1, t > Fraction(1, 2), g.norm2 <= (2 * t - 1) * x.norm2 + 2 * (1 - t) * (g @ x)),
    ],
)
def test_where_assumptions_leave_no_member_nothing_is_proved(family, empty, some, holds):
    said = family.says((x, g), 0)
    nothing = prove([empty, *said], holds)
    assert nothing.verdict is Verdict.INCONCLUSIVE and "no members" in nothing.detail
    for given in ([], [some]):
        shown = prove([*given, *said], holds)
        assert shown.verdict is Verdict.PROVED
        assert all(limit.subs(shown.proof.satisfied_at) == sp.true for limit in family.limits)


@pytest.mark.parametrize("given", [[m > L], [m >= L + 1, m < 2]])
def test_nor_as_a_sum_of_its_inequalities(given):
    family = SmoothClass(m, L)
    pair = family.gradients(x, g)
    nothing = adds_up(2 * pair.lhs, (2, pair), given=given, about="twice the inequality")
    assert nothing.verdict is Verdict.INCONCLUSIVE and "no members" in nothing.detail
    shown = adds_up(2 * pair.lhs, (2, pair), given=[m >= L / 2, m + 1 > L], about="twice the inequality")
    assert shown.verdict is Verdict.PROVED


def test_what_fails_where_a_class_is_empty_says_what_to_assume():
    found = prove(SmoothClass(m, L).says((x, g, f), 0), g @ x >= m * x.norm2)
    assert found.verdict is Verdict.INCONCLUSIVE and "only where m <= L; assume that" in found.detail
    assert prove([m <= L, *SmoothClass(m, L).says((x, g, f), 0)], g @ x >= m * x.norm2).verdict is Verdict.PROVED
