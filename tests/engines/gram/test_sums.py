"""adds_up, what its pairs are made of, and vectors at given coordinates."""

import pytest
import sympy as sp

from eqt_theory import Finding, Judgement, Run, UsageError, Verdict, prove, theorem
from eqt_theory.core.ledger import run_ledger
from eqt_theory.engines.gram import Convex, Monotone, Point, SmoothClass, Space, adds_up

L, w = sp.symbols("L w", positive=True)
low = sp.Symbol("mu", real=True)
x, g, k = Space(("x", "g", "k")).vectors
f0, f1 = sp.symbols("f f_1", real=True)
here, there, star = Point(x, g, f0), Point(x - g / L, k, f1), Point(0 * x, 0 * x, 0)
smooth = SmoothClass(-L, L)


def test_a_sum_is_what_combine_makes_of_it():
    left = 4 * L * (f0 - f1) - 2 * g.norm2 - k.norm2
    found = adds_up(left, smooth.weighted(4 * L, here, there), about="one step")
    assert (found.verdict, found.detail) == (Verdict.PROVED, "one step")
    for broken in (left - g.norm2, left + w * (f0 - f1)):
        assert adds_up(broken, smooth.weighted(4 * L, here, there), about="").verdict is Verdict.INCONCLUSIVE
    assert adds_up(left, smooth.weighted(2 * L, here, there), about="").verdict is Verdict.INCONCLUSIVE
    assert adds_up(left, smooth.weighted(4 * L, there, here), about="").verdict is Verdict.INCONCLUSIVE


def test_squares_and_what_is_given():
    left = f0 - g @ x + L / 2 * x.norm2  # the parabola at x lies above f* = 0
    pair, unit = SmoothClass(low, L).weighted(1, here, star), 1 / (2 * (L - low))
    shown = adds_up(left, pair, given=[low < L], squares=[(unit, g - L * x)], about="")
    assert shown.verdict is Verdict.PROVED
    assert shown.hypotheses == ("L > mu",)
    for given, square in (([], g - L * x), ([low < L], g + L * x), ([low < L], g - low * x)):
        assert adds_up(left, pair, given=given, squares=[(unit, square)], about="").verdict is Verdict.INCONCLUSIVE


def test_what_is_used_of_parameters_is_a_hypothesis():
    found = adds_up(w - 1 + x.norm2, (1, w - 1 >= 0), (1, x.norm2 >= 0), about="")
    assert (found.verdict, found.hypotheses, found.speaks_of) == (Verdict.PROVED, ("w - 1 >= 0",), (("w",),))
    assert found.context == ("<x, x> >= 0",)

    @theorem("s", symbols=[w])
    def for_every_w() -> Finding:
        """w - 1 + |x|^2 >= 0 for every w > 0."""
        return adds_up(w - 1 + x.norm2, (1, w - 1 >= 0), about="")

    (entry,) = run_ledger([for_every_w], Run()).entries
    assert entry.judgement is Judgement.OPEN


def test_the_origin_stands_for_a_point_that_is_not_named():
    assert smooth.weighted(1, here)[1] == smooth.weighted(1, here, star)[1]
    assert Convex(0).weighted(w, here) == (w, f0 >= 0)
    assert Monotone(w).weighted(2, Point(x, g)) == (2, x @ g - w * x.norm2 >= 0)


def test_without_inner_products_there_is_no_space():
    with pytest.raises(UsageError, match="expected inner products"):
        adds_up(f0 - f1, (1, f0 >= f1), about="")
    other = Space(("x", "g")).vectors[0]
    with pytest.raises(UsageError, match="left must be"):
        adds_up(x.norm2 >= 0, about="")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="each use must be a pair"):
        adds_up(x.norm2, x.norm2 >= 0, about="")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="a multiplier or weight must be"):
        adds_up(x.norm2, (x, x.norm2 >= 0), about="")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="squares must be"):
        adds_up(x.norm2, squares=[x], about="")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="Python bool"):
        adds_up(x.norm2, given=[w == L], about="")
    with pytest.raises(UsageError, match="two spaces"):
        adds_up(x.norm2, (1, other.norm2 >= 0), about="")


def test_vectors_at_coordinates():
    at = x.space.at((1, 0), (1, 2), (0, sp.sqrt(2)))
    values = {relation.lhs: relation.rhs for relation in at}
    assert (values[x @ g], values[g.norm2], values[g @ k], values[k.norm2]) == (1, 5, 2 * sp.sqrt(2), 2)
    assert x.space.at(1, -2, 3) == x.space.at((1,), (-2,), (3,))
    refuted = prove(x.space.at(1, -2, 3), g @ k >= 0)
    assert refuted.verdict is Verdict.REFUTED
    for wrong in ((1, 2), (1, (2, 3), 4), (1, 2, 3, 4), ("a", "b", "c"), (1, 2, "3")):
        with pytest.raises(UsageError, match="expected coordinates"):
            x.space.at(*wrong)


def test_what_a_class_says_of_points():
    said = smooth.says((x, g, f0), there, 0)
    member = smooth.member()
    member.points += [here, there, star]
    assert said == member.inequalities
    assert prove(said, 4 * L * (f0 - f1) >= 2 * g.norm2 + k.norm2).verdict is Verdict.PROVED
    assert prove(Monotone(0).says((x, g), 0), g @ x >= 0).verdict is Verdict.PROVED
    assert prove(Monotone(0).says((x, g)), g @ x >= 0).verdict is Verdict.REFUTED, "0 is no zero, unless it is said"


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ((), "expected points of a member"),
        ((0,), "expected points of a member"),
        (((x, g, f0), 1), "expected a point"),
        (((x, g, f0), False), "expected a point"),
        (((x,),), "expected a point"),
        (((x, f0),), "expected a point"),
        (((x, g, f0), Space(("x", "g")).vectors), "two spaces"),
        (((x, g), 0), "expected the value"),
    ],
)
def test_points_that_are_none_are_told(points: tuple, said: str):
    with pytest.raises(UsageError, match=said):
        smooth.says(*points)
