"""What two points say of each other: the parabolas of textbook proofs, and the exact inequalities of the class."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.gram import Point, SmoothClass, Space, interpolation
from first_order_methods.lemmas import L, Sum

low = sp.Symbol("mu", real=True)
x, y, g, k = Space(("x", "y", "g", "k")).vectors
fx, fy = sp.symbols("f_x f_y", real=True)
at_x, at_y = Point(x, g, fx), Point(y, k, fy)
claim = Claim(
    id="descent-lemma",
    title="descent lemma and strong convexity",
    source="Nesterov 2018, Section 2.1; Taylor, Hendrickx, Glineur 2017 for the exact inequality",
    statement="f has curvature in [mu, L], mu < L (mu of any sign), that is f(y) <= f(x) + <grad f(x), y - x> + L/2 "
    "|y - x|^2 and f(y) >= f(x) + <grad f(x), y - x> + mu/2 |y - x|^2 for all x, y, exactly if, with d = x - y and D = "
    "grad f(x) - grad f(y), f(x) >= f(y) + <grad f(y), d> + (|D|^2 + mu L |d|^2 - 2 mu <D, d>)/(2 (L - mu)) for all "
    "x, y.",
    assumes=[low < L],
    readings=[
        Reading(
            "stated",
            "For every differentiable f on a Euclidean space. The other claims take either as the definition of the "
            "class.",
            parts=("the parabolas", "the exact inequality"),
        )
    ],
)


def bound(curvature: sp.Expr, upwards: int) -> Finding:
    """The bound by a parabola of this curvature, from above (1) or below (-1)."""
    left = upwards * (fx + g @ (y - x) + curvature / 2 * (y - x).norm2 - fy)
    total = Sum(low).exact(1, *((at_x, at_y) if upwards == 1 else (at_y, at_x)))
    total.squares.append((1 / (2 * (L - low)), k - g - curvature * (y - x)))
    return total.shows(x.space, left, [low < L], "the parabola bounds f")


@claim.shows("every function of the class, every dimension", part="the exact inequality")
def exact() -> Finding:
    """The lower parabola at one point and the upper one at the other, both at the same third point, add up to it."""
    return interpolation()


@claim.shows("every function of the class, every dimension", part="the parabolas")
def above() -> Finding:
    return bound(L, 1)


@claim.shows("every function of the class, every dimension", part="the parabolas")
def below() -> Finding:
    return bound(low, -1)


wrong = Claim(
    id="descent-lemma-constants",
    title="the two constants confused",
    source="a usual slip",
    statement="If f is convex and L-smooth, f(y) >= f(x) + <grad f(x), y - x> + |y - x|^2/(2 L): points for gradients.",
    repair="descent-lemma",
)


@wrong.shows("every convex L-smooth function")
def points_for_gradients() -> Finding:
    f = SmoothClass(0, L).member()
    f.points += [at_x, at_y]
    return prove(f.inequalities, fy >= fx + g @ (y - x) + (y - x).norm2 / (2 * L))
