"""One step of somebody's solver from unknown vectors: what it asks for, and what its state becomes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.tracing.affine import Affine, agrees, fresh, plain
from eqt_theory.evidence.rate.tracing.carried import Rows
from eqt_theory.evidence.rate.tracing.count import Count
from eqt_theory.evidence.rate.tracing.exact_float import Carried
from eqt_theory.evidence.rate.tracing.state_tree import exact_parameters, leaves, replaced
from eqt_theory.evidence.rate.tracing.surroundings import content, difference, newly_cached, surroundings
from eqt_theory.evidence.rate.tracing.tape import Refused, Row
from eqt_theory.evidence.rate.tracing.unknown_function import Query, Record
from eqt_theory.solvers.base import Solver


@dataclass(frozen=True)
class Step:
    """What a step did.

    Args:
        rows: the new vectors, in those x0, x1, .. of the state before and the gradients u0, u1, ..
        queries: the gradients that it asked for.
        h: the state that was reported before.
        given: the paths of the old vectors.
        names: those of the new ones.
        after: the new state.
    """

    rows: tuple[Row, ...]
    queries: tuple[Query, ...]
    h: Row
    given: tuple[str, ...]
    names: tuple[str, ...]
    after: Any = field(compare=False)  # two steps are equal that did the same


class Stepper:
    """A solver, its states of one shape, and all that it must leave as it is.

    Args:
        original: the solver.
        gamma: the damping.
        shape: of a state.
    """

    def __init__(self, original: Solver, gamma: Carried, shape: tuple[int, ...]) -> None:
        self.solver, self.gamma, self.shape = exact_parameters(original), gamma, shape
        self._around: dict[str, Any] | None = None

    def begun(self, skipped: int) -> tuple[Any, Rows]:
        """The state after some first steps, and the rows that led to it from h_0."""
        record = Record(self.shape, self.gamma)
        state = run_on(record, lambda: self.solver.init(record.objective, fresh(record.tape, "h0")))
        h = getattr(state, "h", None)
        if not isinstance(h, Affine) or h.cell.row != {"h0": 1}:
            raise Refused("state.h is not the start after init")
        for _ in range(skipped):
            state = run_on(record, lambda state=state: self.solver.step(record.objective, state))
        start = tuple(_named(dict(leaves(state))[p].cell.row, "w") for p in _vectors(state, record))
        opening = tuple(Query(_named(q.point, "w"), _named_one(q.name, "w"), q.kind) for q in record.queries)
        return state, Rows((), (), {}, start, opening, skipped)

    def step(self, state: Any, counts: Mapping[str, tuple[int, int]] | None = None) -> Step:
        """One step.

        Args:
            state: whose vectors are replaced by unknown ones.
            counts: the paths of numbers in it that are replaced by a Count.

        Returns:
            The Step.

        Raises:
            Refused: it does what no linear first-order step does.
        """
        self._around = self._around or surroundings(self.solver)  # which no step may change
        record = Record(self.shape, self.gamma)
        vectors = {path: fresh(record.tape, f"x{i}") for i, path in enumerate(_vectors(state, record))}
        numbers = {path: Count(*at, record.tape) for path, at in (counts or {}).items()}
        before = replaced(state, {**vectors, **numbers})
        h = getattr(before, "h", None)
        if not isinstance(h, Affine):
            raise Refused("state.h is not a combination of the vectors in the state")
        reported = dict(h.cell.row)
        held = {path: (leaf, content(leaf)) for path, leaf in leaves(before) if holds(leaf)}
        after = run_on(record, lambda: self.solver.step(record.objective, before))
        around = surroundings(self.solver)
        memory = difference(self._around, around)
        if memory:
            raise Refused(f"a step changes {memory}, which is not in its state")
        self._around.update(newly_cached(self._around, around))
        for path, (leaf, was) in held.items():
            if content(leaf) != was:
                raise Refused(f"a step modifies {path} of the state that it is given")
        for i, (path, vector) in enumerate(vectors.items()):
            intact = torch.zeros(vector.numel(), dtype=torch.float64)
            intact[i + 1] = 1.0  # vector 0 is the proposal
            if set(vars(vector)) != {"cell"} or any(set(vars(leaf)) != {"cell"} for leaf in _affine(after)):
                raise Refused(f"a step writes attributes on {path}, which are not followed")
            if vector.cell.row != {f"x{i}": 1} or not torch.equal(plain(vector), intact):
                raise Refused(f"a step modifies {path} of the state that it is given")
        names, new = _vectors(after, record), dict(leaves(after))
        for path in names:
            _agree(path, new[path], record)
            if tuple(new[path].shape) != self.shape:
                raise Refused(f"a step changes the shape of {path}")
        if tuple(new["state.h"].shape if "state.h" in new else after.h.shape) != self.shape:
            raise Refused("a step changes the shape of h")
        rows = tuple(dict(new[path].cell.row) for path in names)
        return Step(rows, tuple(record.queries), reported, tuple(vectors), tuple(names), after)


def holds(leaf: Any) -> bool:
    """Whether a leaf may hold what is not seen when it is compared, or be changed in place."""
    known = (type(None), bool, int, float, complex, str, bytes, Fraction, Count)
    return not (type(leaf) in known or isinstance(leaf, Affine | Carried))


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


def _named(row: Row, letter: str) -> Row:
    return {_named_one(name, letter): value for name, value in row.items()}


def _named_one(name: str, letter: str) -> str:
    return f"{letter}{name[1:]}" if name.startswith("u") else name
