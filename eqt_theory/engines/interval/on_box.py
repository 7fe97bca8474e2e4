"""Inequalities on a box as findings: certified, or refuted by a point of it."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval.boxes import Ranges
from eqt_theory.engines.interval.branch import certify_on
from eqt_theory.engines.interval.certificate import certify_boxes
from eqt_theory.engines.interval.enclosure import replay_in_balls
from eqt_theory.engines.interval.values import Value


@checked
def show_on_box(relation: Boolean | bool, ranges: Ranges, *, max_boxes: int = 20_000, detail: str = "") -> Finding:
    """Certify or refute that inequalities hold at every point of a box; exp, log, tanh, sin and others are known.

    Args:
        relation: `<`, `<=`, `>` or `>=`, one or several joined by And.
        ranges: `{symbol: (low, high)}`, finite.
        max_boxes: pieces to look at before giving up, for each inequality.
        detail: what the statement says, for the finding.

    Returns:
        CERTIFIED, to the kernel where the functions are made of polynomials, quotients, exp and log; REFUTED with an
        exact point, replayed in ball arithmetic; else INCONCLUSIVE, as where both sides are equal inside the box.

    Raises:
        UsageError: not an inequality, a symbol has no range, or a range is not finite.
    """
    if isinstance(relation, bool) or relation in (sp.true, sp.false):
        raise UsageError(f"relation must be an inequality between SymPy expressions, got {relation!r}")
    if unknown := sorted(map(str, relation.free_symbols - ranges.keys())):
        raise UsageError(f"ranges must hold every symbol of the relation, got none of {', '.join(unknown)}")
    box = ", ".join(f"{s} in [{a}, {b}]" for s, (a, b) in ranges.items())
    text = f"{detail or relation} for {box}"
    found = certify_on(relation, ranges, max_boxes=max_boxes)
    if found.holds is None:
        return inconclusive(Method.INTERVAL, f"{text}: {found.reason}")
    parts = list(sp.And.make_args(relation))
    if found.holds:
        carried = certify_boxes(parts, ranges)
        return carried.certified(f"{text}, in {found.boxes} pieces", {"pieces": found.boxes})
    assert found.point is not None
    values: dict[sp.Symbol, Value] = dict(found.point)
    inside = []
    for s, (low, high) in ranges.items():
        values[least := sp.Dummy("low", real=True)] = low
        values[most := sp.Dummy("high", real=True)] = high
        inside.append((f"{low} <= {s} <= {high}", sp.And(sp.Ge(s, least), sp.Le(s, most))))
    replay = replay_in_balls(inside, parts, values)
    at = ", ".join(f"{s} = {x}" for s, x in found.point.items())
    if not replay.confirms:
        return inconclusive(Method.INTERVAL, f"{text}: fails at {at}, which the replay does not confirm")
    witness = {str(s): x for s, x in found.point.items()}
    return Finding(Verdict.REFUTED, Method.INTERVAL, f"{text}: fails at {at}", witness=witness, replay=replay)
