"""Curvature bounds as findings: certified on a box, or refuted by a point and a direction."""

from collections.abc import Sequence

import sympy as sp

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval.boxes import Ranges
from eqt_theory.engines.interval.certificate import certify_hessian
from eqt_theory.engines.interval.enclosure import replay_in_balls
from eqt_theory.engines.interval.hessian import CurvatureOnBox, certify_curvature
from eqt_theory.engines.interval.values import Value


def show_curvature(
    expr: sp.Expr,
    ranges: Ranges,
    *,
    mu: Value | None = None,
    lipschitz: Value | None = None,
    max_boxes: int = 2000,
    detail: str = "",
) -> Finding:
    """Certify or refute that all eigenvalues of the Hessian lie in [mu, lipschitz] everywhere on a box.

    Args:
        expr: composed of smooth functions.
        ranges: `{symbol: (low, high)}`, finite.
        mu: lower bound, exact; None for none.
        lipschitz: upper bound, exact; None for none.
        max_boxes: pieces to look at before giving up.
        detail: what the bounds are about, for the finding.

    Returns:
        CERTIFIED; REFUTED with an exact point and direction v at which the second derivative along v is certainly
        outside the bounds times |v|^2, replayed along the line without the Hessian; else INCONCLUSIVE.
    """
    about = f"{detail}: " if detail else ""
    bounds = f"[{'-inf' if mu is None else mu}, {'inf' if lipschitz is None else lipschitz}]"
    box = ", ".join(f"{s} in [{a}, {b}]" for s, (a, b) in ranges.items())
    found = certify_curvature(expr, ranges, mu=mu, lipschitz=lipschitz, max_boxes=max_boxes)
    if found.holds is None:
        return inconclusive(Method.INTERVAL, f"{about}curvature in {bounds} for {box}: {found.reason}")
    if found.holds:
        text = f"{about}curvature in {bounds} for {box}, by enclosing the Hessian in {found.boxes} pieces"
        enclosures = {"eigenvalues of the Hessian": bounds, "pieces": found.boxes}
        return certify_hessian(expr, ranges, mu=mu, lipschitz=lipschitz).certified(text, enclosures)
    return _refuted(expr, ranges, (mu, lipschitz), found, f"{about}curvature is outside {bounds}")


def _refuted(
    expr: sp.Expr, ranges: Ranges, bounds: tuple[Value | None, Value | None], found: CurvatureOnBox, text: str
) -> Finding:
    assert found.point is not None
    values: dict[sp.Symbol, Value] = dict(found.point)

    def known(value: Value) -> sp.Symbol:
        values[symbol := sp.Dummy(real=True)] = value
        return symbol

    inside = [(f"{a} <= {s} <= {b}", sp.And(sp.Ge(s, known(a)), sp.Le(s, known(b)))) for s, (a, b) in ranges.items()]
    v = [sp.Rational(x.numerator, x.denominator) for x in found.direction]
    along, size = _second_derivative(expr, list(ranges), v), sum(x * x for x in v)
    conclusions = []
    for bound, relation, sign in ((bounds[0], sp.Ge, ">="), (bounds[1], sp.Le, "<=")):
        if bound is not None:
            conclusions.append((f"v^T H v {sign} {bound} |v|^2", relation(along, known(bound) * size)))
    replay = replay_in_balls(inside, conclusions, values)
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, f"{text}, found at {found.point}, but the replay does not confirm it")
    witness = {**{str(s): x for s, x in found.point.items()}, "v": found.direction}
    at = ", ".join(f"{s} = {x}" for s, x in found.point.items())
    text = f"{text} at {at}, along v = ({', '.join(map(str, v))})"
    return Finding(Verdict.REFUTED, Method.INTERVAL, text, witness=witness, replay=replay)


def _second_derivative(expr: sp.Expr, symbols: Sequence[sp.Symbol], v: Sequence[sp.Rational]) -> sp.Expr:
    """The second derivative of the expression along v, from the function of one variable on the line."""
    t = sp.Dummy("t", real=True)
    line = expr.xreplace({s: s + t * x for s, x in zip(symbols, v, strict=True)})
    return sp.diff(line, t, 2).xreplace({t: sp.S.Zero})
