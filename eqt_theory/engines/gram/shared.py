"""One operator of several classes at once: a scaled rotation of the plane, where points lie so.

Three points that satisfy the inequalities of two classes need not be of an operator of both (Ryu, Taylor, Bergeling,
Giselsson 2020, Sec. 2). On h -> a h + b J h + c, J the rotation by a right angle, every pair of points says the same,
and that is all that a class of pairs asks for; so such operators are looked for, and recognised.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from eqt_theory.core.finding import ReplayLine
from eqt_theory.engines.gram.coordinates import Frame, Row
from eqt_theory.engines.smt.replay import sign_of
from eqt_theory.engines.smt.structure import Realised


def of_all(
    families: Sequence[Any], points: Sequence[Any], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]
) -> Realised:
    """The scaled rotation through the points, checked for every class.

    Args:
        families: classes of pairs.
        points: `Located`, of one operator of all of them.
        frame: in which they lie.
        values: an exact number for every symbol.

    Returns:
        The operator, or why there is none that is a scaled rotation.
    """
    first, *others = points
    apart = [(_less(p.x, first.x), _less(p.image, first.image)) for p in others]
    moved = next(((d, D) for d, D in apart if any(sign_of(x) != 0 for x in d)), None)
    if len(frame.squares) > 2 or moved is None:
        return Realised(reason="the points do not lie in a plane")
    d, D = moved
    square = frame.inner(d, d)
    a, b = (sp.expand(frame.inner(D, e) / square) for e in (d, _rotated(d, frame)))
    for d, D in apart:
        off = [y - a * x - b * z for x, y, z in zip(d, D, _rotated(d, frame), strict=True)]
        if any(sign_of(sp.expand(x)) != 0 for x in off):
            return Realised(reason="the points are of no scaled rotation")
    turned = "" if b == 0 else f" + {b}*J h, J the rotation of the plane by a right angle"
    text, lines = f"the operator h -> {a}*h{turned}, up to a constant", []
    for family in families:
        form = sp.expand(sp.sympify(family.form(1, a, a**2 + b**2)).subs(values))
        if sign_of(form) < 0:
            return Realised(reason=f"the scaled rotation through the points is not of {family}")
        lines.append(ReplayLine(f"{family} of every pair >= 0", True, str(form)))
    return Realised(text, tuple(lines))


def _less(u: Row, v: Row) -> Row:
    return tuple(sp.expand(x - y) for x, y in zip(u, v, strict=True))


def _rotated(d: Row, frame: Frame) -> Row:
    """By a right angle, in an orthogonal basis of the plane; on a line there is no such vector but 0."""
    if len(d) < 2:
        return tuple(sp.Integer(0) for _ in d)
    ratio = sp.sqrt(frame.squares[1] / frame.squares[0])
    return -ratio * d[1], d[0] / ratio
