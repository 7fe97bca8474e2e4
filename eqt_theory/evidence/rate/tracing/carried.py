"""Gradients that a state carries from the end of one step to the next, as the queries that they are."""

from dataclasses import dataclass, replace
from fractions import Fraction

from eqt_theory.evidence.rate.tracing.tape import Row, combination
from eqt_theory.evidence.rate.tracing.unknown_function import Query


@dataclass(frozen=True)
class Rows:
    """Rows as they were traced, by the names of the vectors: states x0.., gradients u0.. of a step, w0.. of init.

    One step of the rows stands for `period` steps of the solver, after `skipped` others that `start` stands for.
    """

    steps: tuple[Row, ...]
    queries: tuple[Query, ...]
    h: Row
    start: tuple[Row, ...]
    opening: tuple[Query, ...]
    skipped: int
    period: int = 1


def gradients_as_queries(raw: Rows) -> Rows:
    """Where the state carries grad Phi(h) from the end of a step to the next, ask for it when it is used instead."""
    for i, row in enumerate(raw.steps):
        carried = next((q for q in raw.queries if row == {q.name: 1} and q.kind == "smooth"), None)
        opened = next((q for q in raw.opening if raw.start[i] == {q.name: 1} and q.kind == "smooth"), None)
        if carried is None or opened is None:
            continue
        rest = [r for k, r in enumerate(raw.steps) if k != i] + [q.point for q in raw.queries]
        if any(carried.name in r for r in rest):
            continue
        at = next((p for p, r in enumerate(raw.steps) if r == carried.point and raw.start[p] == opened.point), None)
        if at is None or at == i:
            continue
        # x_i is grad Phi(x_at) before every step: it becomes the first query, and the carried one falls away.
        name = "v" + carried.name
        queries = [q for q in raw.queries if q.name != carried.name]
        same = next((q for q in queries if q.point == {f"x{at}": 1} and q.kind == "smooth"), None)

        def renamed(r: Row, name: str = name, i: int = i, same: Query | None = same) -> Row:
            r = {(name if k == f"x{i}" else k): c for k, c in r.items()}
            if same is not None:
                return combination(
                    (1, {k: c for k, c in r.items() if k != same.name}),
                    (r.get(same.name, Fraction(0)), {name: Fraction(1)}),
                )
            return r

        queries = [Query({f"x{at}": Fraction(1)}, name, "smooth")] + [
            replace(q, point=renamed(q.point)) for q in queries if q is not same
        ]
        keep = [k for k in range(len(raw.steps)) if k != i]
        order = {f"x{k}": f"x{n}" for n, k in enumerate(keep)}

        def moved(r: Row, order: dict[str, str] = order) -> Row:
            return {order.get(k, k): c for k, c in r.items()}

        start = [raw.start[k] for k in keep]
        used = {n for r in start for n in r}
        opening = tuple(q for q in raw.opening if q.name in used or any(q.name in o.point for o in raw.opening))
        return gradients_as_queries(
            Rows(
                tuple(moved(renamed(raw.steps[k])) for k in keep),
                tuple(replace(q, point=moved(q.point)) for q in queries),
                moved(renamed(raw.h)),
                tuple(start),
                opening,
                raw.skipped,
                raw.period,
            )
        )
    return raw
