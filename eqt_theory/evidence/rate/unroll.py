"""unroll_run: the first steps of any solver, schedules too, as one table of exact coefficients."""

import math
from dataclasses import dataclass
from fractions import Fraction

import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.trace import AnySolver, refusal
from eqt_theory.evidence.rate.tracing.affine import Affine, fresh
from eqt_theory.evidence.rate.tracing.at_rest import mend
from eqt_theory.evidence.rate.tracing.exact_float import Exact
from eqt_theory.evidence.rate.tracing.one_step import run_on
from eqt_theory.evidence.rate.tracing.rehearse import rehearse_run
from eqt_theory.evidence.rate.tracing.state_tree import exact_parameters
from eqt_theory.evidence.rate.tracing.surroundings import difference, surroundings
from eqt_theory.evidence.rate.tracing.tape import Refused, Row
from eqt_theory.evidence.rate.tracing.unknown_function import Record
from eqt_theory.solvers.base import Solver, StepRule


@dataclass(frozen=True)
class Run:
    """Queries `y_i = h_0 + sum_j moves[i][j] u_j`, all smooth; the last is at the last h.

    Args:
        moves: square; strictly lower triangular.
        asked: whether the solver itself asks for the gradient at the last h.
        mended: the largest change to a coefficient, 0 but where the code combines rounded numbers.
    """

    moves: list[list[Fraction]]
    asked: bool
    mended: Fraction


def unroll_run(solver: AnySolver, steps: int, gamma: float | Fraction = math.inf) -> Run:
    """Run a solver for some steps on a function of which nothing is known.

    Args:
        solver: a Solver, or a function (objective, h) -> next h; its steps may differ.
        steps: how many.
        gamma: the damping; infinite: no proximal term.

    Returns:
        The Run.

    Raises:
        UsageError: the solver cannot be traced.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    damping = Exact(gamma) if math.isfinite(gamma) else float(gamma)
    room = 8 * steps + 16
    with torch.no_grad():
        try:
            run = _table(*_twice(made, steps, damping, room))
            rehearse_run(made, float(gamma), steps, run.moves)
        except Refused as refused:
            raise UsageError(refusal(refused, made)) from None
    return run


def _twice(solver: Solver, steps: int, gamma: float, room: int) -> tuple[list[Row], Row]:
    runs = [_once(solver, steps, gamma, shape) for shape in ((room,), (room,), (1, room + 7))]
    if any(run != runs[0] for run in runs):
        raise Refused("two runs, or runs on states of two shapes, differ")
    return runs[0]


def _once(original: Solver, steps: int, gamma: float, shape: tuple[int, ...]) -> tuple[list[Row], Row]:
    solver = exact_parameters(original)
    record = Record(shape, gamma)
    state = run_on(record, lambda: solver.init(record.objective, fresh(record.tape, "h0")))
    for _ in range(steps):
        around = surroundings(solver)
        state = run_on(record, lambda state=state: solver.step(record.objective, state))
        memory = difference(around, surroundings(solver))
        if memory:
            raise Refused(f"a step changes {memory}, which is not in its state")
    if not isinstance(state.h, Affine):
        raise Refused("state.h is no state that can be traced")
    if any(q.kind != "smooth" for q in record.queries):
        raise Refused("it takes proximal steps, which are not followed over several steps")
    return [dict(q.point) for q in record.queries], dict(state.h.cell.row)


def _table(points: list[Row], last: Row) -> Run:
    names = [f"u{j}" for j in range(len(points))]
    asked = last in points
    if asked:  # what is asked later does not matter
        points = points[: points.index(last) + 1]
        names = names[: len(points)]
    else:
        points, names = [*points, last], [*names, "end"]
    moves, mends = [], [Fraction(0)]
    for row in points:
        mends.append(abs(row.get("f", Fraction(0))))
        mends.append(mend([row.get("h0", Fraction(0))], [Fraction(1)], Fraction(1)))
        if mends[-2] > Fraction(1, 2**44):
            raise Refused("the proposal f does not cancel, so h* is no fixed point of the step")
        moves.append([row.get(name, Fraction(0)) for name in names])
    return Run(moves, asked, max(mends))
