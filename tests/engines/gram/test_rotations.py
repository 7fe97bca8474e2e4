"""Statements about operators of two classes at once, as of extragradient steps, are refuted by scaled rotations."""

import pytest
import sympy as sp

from eqt_theory import Finding, Verdict, prove
from eqt_theory.engines.gram import Cocoercive, Convex, Lipschitz, Monotone, Point, Space

m, L, a = sp.symbols("m L a", positive=True)
u, v, w, s = Space(("u", "v", "w", "s")).vectors


def member_of_each(points: list[Point], *families: object) -> list:
    """What both classes say of the same points."""
    members = [family.member() for family in families]  # type: ignore[attr-defined]
    for member in members:
        member.points += points
    return [relation for member in members for relation in member.inequalities]


def extragradient(step: sp.Expr, factor: sp.Expr, mu: sp.Expr | int, *given: object) -> Finding:
    points = [Point(0 * u, 0 * u), Point(u, v), Point(u - step * v, w)]
    known = member_of_each(points, Monotone(mu), Lipschitz(L))
    return prove([*known, *given], (u - step * w).norm2 <= factor * u.norm2)  # type: ignore[list-item]


FALSE = {
    "steps up to 2/L": (a, sp.Integer(1), 0, [a < 2 / L]),
    "the factor of distances for their squares": (1 / (4 * L), (1 - m / (4 * L)) ** 2, m, [m <= L]),
    "a factor at 1/L": (1 / L, 1 - m / L, m, [m <= L]),
}


@pytest.mark.parametrize("name", FALSE)
def test_wrong_statements_of_extragradient_steps_fail_on_an_operator_of_both_classes(name: str):
    step, factor, mu, given = FALSE[name]
    found = extragradient(step, factor, mu, *given)
    assert found.verdict is Verdict.REFUTED and "the operator h -> " in found.note
    at = {x: found.witness[x] for x in (m, L, a) if x in found.witness}  # type: ignore[index, operator]
    inner = {(i, k): found.witness[p @ q] for i, p in enumerate((u, v, w)) for k, q in enumerate((u, v, w))}  # type: ignore[index]
    turn = complex(inner[0, 1], -sp.sqrt(inner[0, 0] * inner[1, 1] - inner[0, 1] ** 2)) / float(inner[0, 0])
    size, low = float(sp.sympify(step).subs(at)), float(sp.sympify(mu).subs(at))
    assert low - 1e-12 <= turn.real and abs(turn) <= float(at[L]) + 1e-12
    after = abs(1 - size * turn * (1 - size * turn)) ** 2
    assert after > float(sp.sympify(factor).subs(at)) + 1e-9


def test_right_ones_are_proved():
    assert extragradient(a, sp.Integer(1), 0, a <= 1 / L).verdict is Verdict.PROVED
    assert extragradient(1 / (4 * L), 1 - m / (4 * L), m, m <= L).verdict is Verdict.PROVED


def test_a_second_operator_has_a_rotation_of_its_own():
    """Forward-backward with a monotone Lipschitz operator need not come nearer, as on a bilinear game."""
    y = u - a * (v + s)
    known = member_of_each([Point(0 * u, 0 * u), Point(u, v), Point(y, w)], Monotone(0), Lipschitz(L))
    known += member_of_each([Point(0 * u, 0 * u), Point(y, s)], Monotone(0))
    assert prove([*known, a <= 1 / L], y.norm2 <= u.norm2).verdict is Verdict.REFUTED
    assert prove([*known, a <= 1 / L], (y + a * (v - w)).norm2 <= u.norm2).verdict is Verdict.PROVED
    assert prove([*known, a <= 2 / L], (y + a * (v - w)).norm2 <= u.norm2).verdict is Verdict.REFUTED


def placed(*images: tuple[int, int]) -> list:
    """Images of (1, 0), (0, 1) and (1, 1); w is the last image, u, v, s the others' and a point."""
    x, y, p, q, r = Space(("x", "y", "p", "q", "r")).vectors
    points = [Point(x, p), Point(y, q), Point(x + y, r), Point(0 * x, 0 * x)]
    return [points, x.space.at((1, 0), (0, 1), *images), r, x]


@pytest.mark.parametrize(
    ("families", "images", "verdict"),
    [
        ((Monotone(0), Lipschitz(1)), ((0, 1), (-1, 0), (-1, 1)), Verdict.REFUTED),  # the rotation
        ((Monotone(1), Lipschitz(sp.sqrt(2))), ((1, 1), (-1, 1), (0, 2)), Verdict.REFUTED),  # the identity and it
        ((Monotone(0), Lipschitz(2), Cocoercive(sp.Rational(1, 2))), ((2, 0), (0, 2), (2, 2)), Verdict.REFUTED),
        ((Monotone(0), Lipschitz(2)), ((2, 0), (0, 1), (2, 1)), Verdict.INCONCLUSIVE),  # linear, and no such map
        ((Monotone(0), Lipschitz(2)), ((0, 1), (-1, 0), (-1, 0)), Verdict.INCONCLUSIVE),  # not linear
    ],
)
def test_what_is_no_scaled_rotation_is_none(families: tuple, images: tuple, verdict: Verdict):
    points, at, r, x = placed(*images)
    assert prove([*member_of_each(points, *families), *at], r.norm2 <= x.norm2 / 100).verdict is verdict


def test_a_function_and_an_operator_at_the_same_points_are_not_built():
    f0, f1 = sp.symbols("f0 f1", real=True)
    points = [Point(0 * u, 0 * u, f0), Point(u, v, f1), Point(u - v, w, f0)]
    known = member_of_each(points, Convex(0), Lipschitz(L))
    assert prove([*known, L > 3], (u - w).norm2 <= u.norm2).verdict is Verdict.INCONCLUSIVE
