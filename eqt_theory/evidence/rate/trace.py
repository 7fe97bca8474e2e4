"""trace: run somebody's solver on a function of which nothing is known, and read off its exact recurrence."""

import inspect
import math
import traceback
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import eqt_theory.energies.objective as objective_module
from eqt_theory import solvers
from eqt_theory.core import annotated
from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.rate.realisation import Recurrence, reduced
from eqt_theory.evidence.rate.tracing.affine import Affine, agrees, fresh, plain
from eqt_theory.evidence.rate.tracing.at_rest import at_rest
from eqt_theory.evidence.rate.tracing.carried import Rows
from eqt_theory.evidence.rate.tracing.exact_float import Carried, Exact
from eqt_theory.evidence.rate.tracing.rehearse import rehearse
from eqt_theory.evidence.rate.tracing.state_tree import exact_parameters, leaves, replaced
from eqt_theory.evidence.rate.tracing.surroundings import difference, surroundings
from eqt_theory.evidence.rate.tracing.tape import Refused, Row
from eqt_theory.evidence.rate.tracing.unknown_function import Query, Record
from eqt_theory.solvers.base import Solver, StepRule

SHAPES = ((40,), (53,), (1, 47))
"""Shapes of a state that a solver is run on: what depends on the dimension, or on a batch, shows."""
_STEPS = 4
_STEPS_AGAIN = 2

AnySolver = Solver | Callable[[Objective, Tensor], Tensor]


@checked
def trace(solver: AnySolver, gamma: float | Fraction = 1.0) -> Recurrence:
    """The exact recurrence of a solver, found by running it.

    The solver itself runs, with the methods of the true Objective, on an energy that answers every gradient with a new
    vector. Its states are tensors that really run in torch and carry exact coefficients. It is run for several steps,
    twice, at several sizes, and on ordinary tensors for comparison.

    Args:
        solver: a Solver, or a function (objective, h) -> next h.
        gamma: the damping of the objective, positive.

    Returns:
        The smallest Recurrence that makes the same queries.

    Raises:
        UsageError: it is not a linear method with fixed steps that uses gradients alone: the message names the
            operation that has no exact rule, and the line of the solver's code.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    exact = Exact(_damping(gamma))
    with torch.no_grad():
        try:
            found = reduced(at_rest(in_all_shapes(made, exact)))
            rehearse(made, exact, found)
        except Refused as refused:
            raise UsageError(refusal(refused, made)) from None
    return found


def traced_again(solver: AnySolver, gamma: Fraction) -> Recurrence | None:
    """The recurrence of a solver, already traced, under another damping; None where it has none.

    Sizes, many steps, a step taken twice and ordinary tensors are not compared again: all that is asked is whether the
    damping is read.

    Returns:
        It, or None.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    with torch.no_grad():
        try:
            return reduced(at_rest(in_all_shapes(made, Exact(gamma), SHAPES[:1], _STEPS_AGAIN)))
        except (Refused, UsageError):
            return None


def _damping(gamma: float | Fraction) -> float | Fraction:
    try:
        usable = (
            not isinstance(gamma, bool) and isinstance(gamma, int | float | Fraction) and 0 < float(gamma) < math.inf
        )
    except OverflowError:
        usable = False
    if not usable:
        raise UsageError(f"gamma must be a positive finite number, got {shown(gamma)}")
    return gamma


def in_all_shapes(
    solver: Solver, gamma: Carried, shapes: Sequence[tuple[int, ...]] = SHAPES, steps: int = _STEPS
) -> Rows:
    """The rows of coefficients of a step; refuses one that is not the same on states of all shapes, at every step."""
    first, *others = [_traced(solver, gamma, shape, steps) for shape in shapes]
    for shape, other in zip(shapes[1:], others, strict=True):
        if other != first:
            raise Refused(f"its steps on states of shape {shape} differ from those of shape {SHAPES[0]}")
    return first


def _traced(solver: Solver, gamma: Carried, shape: tuple[int, ...], steps: int) -> Rows:
    """From the first state on, or where the first step differs from the others, from the second."""
    try:
        return _traced_from(solver, gamma, shape, steps, 0)
    except _Transient:
        return _traced_from(solver, gamma, shape, steps, 1)


class _Transient(Exception):
    """The first step differs from those that follow."""


def _traced_from(original: Solver, gamma: Carried, shape: tuple[int, ...], steps: int, skipped: int) -> Rows:
    solver = exact_parameters(original)
    record = Record(shape, gamma)
    state = run_on(record, lambda: solver.init(record.objective, fresh(record.tape, "h0")))
    h = getattr(state, "h", None)
    if not isinstance(h, Affine) or h.cell.row != {"h0": 1}:
        raise Refused("state.h is not the start after init")
    for _ in range(skipped):
        state = run_on(record, lambda state=state: solver.step(record.objective, state))
    names = _vectors(state, record)
    start = tuple(_named(dict(leaves(state))[p].cell.row, "w") for p in names)
    opening = tuple(Query(_named(q.point, "w"), _named_one(q.name, "w"), q.kind) for q in record.queries)
    found: tuple[Any, ...] | None = None
    around = surroundings(solver)  # which no step may change
    for k in range(steps):
        rows, queries, h, after = _one_step(solver, gamma, shape, state, names, around)
        # Where nothing is compared but the damping, a step has been taken twice before.
        again = k == 0 and steps > _STEPS_AGAIN
        if again and (rows, queries) != _one_step(solver, gamma, shape, state, names, around)[:2]:
            raise Refused("the same step, taken twice, gives two answers: it remembers or draws something")
        if found is not None and found != (rows, queries, h):
            raise _Transient if k == 1 and not skipped else Refused(f"step {k} differs from the one before it")
        found = (rows, queries, h)
        if rows is None:
            raise Refused("the vectors of its state change from step to step") if skipped or k else _Transient
        changed = _changed(state, after, names)
        if changed and not (k == 0 and not skipped):
            raise Refused(f"{changed} changes from step to step: a schedule, not fixed steps; bound_after takes it")
        if changed:
            raise _Transient
        state = after
    assert found is not None
    return Rows(found[0], found[1], found[2], start, opening, skipped)


def _one_step(
    solver: Solver, gamma: Carried, shape: tuple[int, ...], state: Any, names: list[str], around: dict[str, Any]
) -> Any:
    """Rows of the new state, the queries, the row of the old h, and the new state; no rows where it has others."""
    record = Record(shape, gamma)
    vectors = {path: fresh(record.tape, f"x{i}") for i, path in enumerate(names)}
    before = replaced(state, vectors)
    h = getattr(before, "h", None)
    if not isinstance(h, Affine):
        raise Refused("state.h is not a combination of the vectors in the state")
    reported = dict(h.cell.row)
    after = run_on(record, lambda: solver.step(record.objective, before))
    memory = difference(around, surroundings(solver))
    if memory:
        raise Refused(f"a step changes {memory}, which is not in its state")
    for i, (path, vector) in enumerate(vectors.items()):
        intact = torch.zeros(vector.numel(), dtype=torch.float64)
        intact[i + 1] = 1.0  # vector 0 is the proposal
        if set(vars(vector)) != {"cell"} or any(set(vars(leaf)) != {"cell"} for leaf in _affine(after)):
            raise Refused(f"a step writes attributes on {path}, which are not followed")
        if vector.cell.row != {f"x{i}": 1} or not torch.equal(plain(vector), intact):
            raise Refused(f"a step modifies {path} of the state that it is given")
    if _vectors(after, record) != names:
        return None, None, reported, after
    new = dict(leaves(after))
    for path in names:
        _agree(path, new[path], record)
    if tuple(new["state.h"].shape if "state.h" in new else after.h.shape) != shape:
        raise Refused("a step changes the shape of h")
    return tuple(dict(new[path].cell.row) for path in names), tuple(record.queries), reported, after


def _affine(state: Any) -> list[Affine]:
    return [leaf for _, leaf in leaves(state) if isinstance(leaf, Affine)]


def _agree(path: str, vector: Affine, record: Record) -> None:
    if not agrees(plain(vector), vector.cell.row, record.tape):
        raise Refused(f"{path} was changed behind the tracer's back, as by a view or with torch functions switched off")


def run_on(record: Record, run: Callable[[], Any]) -> Any:
    """What the solver returns; refused where anything was refused on the way, also where it caught that.

    Args:
        record: what the solver runs on.
        run: calls it.

    Returns:
        What it returns.

    Raises:
        Refused: an operation was refused, or the solver raised an error.
        UsageError: one of its own arguments is unusable.
    """
    around = _attributes(record)
    try:
        done = run()
    except (Refused, UsageError):
        if record.tape.refusal is not None:
            raise record.tape.refusal from None
        raise
    except Exception as error:
        if record.tape.refusal is not None:
            raise record.tape.refusal from None
        raise Refused(f"it raised {type(error).__name__}: {error}").with_traceback(error.__traceback__) from None
    if record.tape.refusal is not None:
        raise record.tape.refusal
    if any(
        old.keys() != new.keys() or any(old[k] is not new[k] for k in old)
        for old, new in zip(around, _attributes(record), strict=True)
    ):
        raise Refused("it writes on the objective, which is not in its state")
    return done


def _attributes(record: Record) -> list[dict[str, Any]]:
    """What is written on the objective and its parts, but for what the objective itself notes."""
    on = (record.objective, record.objective.energy, record.proposal)
    return [{name: value for name, value in vars(thing).items() if name != "_accepted"} for thing in on]


def _vectors(state: Any, record: Record) -> list[str]:
    """The paths of the vectors in a state.

    Returns:
        The paths, in the order of the state's fields.

    Raises:
        Refused: a tensor of another kind as large as a state.
    """
    found = []
    for path, leaf in leaves(state):
        if isinstance(leaf, Affine) and leaf.numel() == record.tape.size:
            found.append(path)
        elif isinstance(leaf, Tensor) and not isinstance(leaf, Affine) and leaf.numel() > 1:
            raise Refused(f"{path} is a tensor that does not come from the states")
    return found


def _changed(before: Any, after: Any, names: list[str]) -> str:
    """The first leaf that is no vector and is not what it was."""
    old = {path: leaf for path, leaf in leaves(before) if path not in names}
    new = {path: leaf for path, leaf in leaves(after) if path not in names}
    for path in [*old, *new]:
        a, b = old.get(path, old), new.get(path, new)
        if isinstance(a, Tensor) and isinstance(b, Tensor):
            same = a.shape == b.shape and bool((plain(a) == plain(b)).all())
        else:
            same = a is b or (type(a) is type(b) and not isinstance(a, Tensor) and bool(a == b))
        if not same:
            return path
    return ""


def _named(row: Row, letter: str) -> Row:
    return {_named_one(name, letter): value for name, value in row.items()}


def _named_one(name: str, letter: str) -> str:
    return f"{letter}{name[1:]}" if name.startswith("u") else name


def refusal(refused: Refused, solver: Any = None) -> str:
    """What is said to the user: the operation, and the line of their code, or else where their step begins."""
    return f"the solver cannot be traced: {refused}{_where(refused) or _step_of(solver)}"


def _step_of(solver: Any) -> str:
    """Where the step of a solver that is not one of this package is defined."""
    step = solver.fn if isinstance(solver, StepRule) else getattr(type(solver), "step", None)
    code = getattr(inspect.unwrap(step) if callable(step) else None, "__code__", None)
    if code is None or Path(code.co_filename).is_relative_to(Path(solvers.__file__).parent.parent):
        return ""
    return f" (the step in {Path(code.co_filename).name}, line {code.co_firstlineno})"


def _where(refused: Refused) -> str:
    """The innermost line of the solver's code in an error's traceback."""
    own = {Path(str(file)).parent for file in (__file__, annotated.__file__, objective_module.__file__, torch.__file__)}
    frames = [
        f
        for f in traceback.extract_tb(refused.__traceback__)
        if not own & {Path(f.filename).parent, *Path(f.filename).parents}
    ]
    if not frames:
        return ""
    last = frames[-1]
    return f" ({Path(last.filename).name}, line {last.lineno}: {last.line})" if last.line else f" (line {last.lineno})"
