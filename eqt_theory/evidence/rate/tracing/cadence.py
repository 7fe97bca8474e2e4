"""Steps that repeat themselves: the same step over and over, or a cycle of steps, as one step of a longer method.

That they do is shown, not assumed: from each state of a cycle the step is taken again with every count of steps in it
replaced by a Count, which stands for all numbers that come up there; after one period everything but the vectors is
back, and each count has risen by a constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from torch import Tensor

from eqt_theory.evidence.rate.tracing.affine import Affine, plain
from eqt_theory.evidence.rate.tracing.carried import Rows
from eqt_theory.evidence.rate.tracing.count import Count, Finer, Later
from eqt_theory.evidence.rate.tracing.exact_float import Carried
from eqt_theory.evidence.rate.tracing.one_step import Step, Stepper, holds
from eqt_theory.evidence.rate.tracing.state_tree import leaves, replaced
from eqt_theory.evidence.rate.tracing.surroundings import content
from eqt_theory.evidence.rate.tracing.tape import Refused, Row, combination
from eqt_theory.evidence.rate.tracing.unknown_function import Query

LONGEST = 32
"""The longest period that is followed."""
_FIRST = 16
"""How many first steps may be others."""
_FAR = (1, 10**3, 10**9)
"""Periods at which the steps are taken once more."""
_SEEN = (4, 18, LONGEST + _FIRST + 2)
"""From how many steps a period is guessed; from more, where what was guessed is not so."""

Others = dict[str, Any]
"""All of a state but its vectors, by path."""


class Uneven(Refused):
    """The steps are not all the same."""


@dataclass(frozen=True)
class Cadence:
    """After which steps, and how many later, a solver does the same again."""

    skipped: int
    period: int


def fixed(stepper: Stepper, steps: int, again: bool) -> Rows:
    """The rows of a step that is the same at every step, but perhaps the first.

    Args:
        stepper: the solver.
        steps: how many are taken.
        again: whether the first is taken twice, and compared.

    Returns:
        Its rows.

    Raises:
        Uneven: they differ.
    """
    for skipped in (0, 1):
        state, start = stepper.begun(skipped)
        found: Step | None = None
        for k in range(steps):
            before, step = _others(state), stepper.step(state)
            if again and not k:
                _same_again(stepper, state, step)
            unlike = _unlike(before, _others(step.after))
            if step.given != step.names or found and step != found:
                unlike = unlike or "a step"
            if unlike and skipped + k < 2 and not skipped:
                break
            if unlike:
                raise Uneven(f"{unlike} changes from step to step")
            state, found = step.after, step
        else:
            assert found is not None
            return replace(start, steps=found.rows, queries=found.queries, h=found.h)
    raise Uneven("its first two steps differ from those that follow")


class Watched:
    """All but the vectors of a solver's states, step after step, as far as is looked.

    Args:
        stepper: the solver.
    """

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self._state, _ = stepper.begun(0)
        self._seen = [_others(self._state)]

    def first(self, count: int) -> list[Others]:
        """At the start and after each of some steps."""
        while len(self._seen) <= count:
            self._state = self.stepper.step(self._state).after
            self._seen.append(_others(self._state))
        return self._seen[: count + 1]


def in_periods(steppers: Sequence[Stepper]) -> list[Rows]:
    """The rows of a whole period as one step.

    Args:
        steppers: the solver, on states of several shapes.

    Returns:
        Its rows on each; their period is the shortest of which they can be made.

    Raises:
        Refused: it does not repeat itself.
    """
    watched = Watched(steppers[0])
    for count in _SEEN[:-1]:
        try:
            return _planned(steppers, watched, count)
        except Refused:
            continue
    return _planned(steppers, watched, _SEEN[-1])


def _planned(steppers: Sequence[Stepper], watched: Watched, count: int) -> list[Rows]:
    plan = _guess(watched.first(count))
    while True:
        try:
            return [_over_a_period(stepper, plan, watched) for stepper in steppers]
        except Refused as refused:
            plan = _lengthened(plan, refused)


def _guess(seen: list[Others]) -> Cadence:
    unlike, last = "", len(seen) - 1
    for period in range(1, min(LONGEST, last // 2) + 1):
        for skipped in range(min(_FIRST, last - 2 * period) + 1):
            unlike = _unlike_later(seen[skipped:], period)
            if not unlike:
                return Cadence(skipped, period)
    raise Refused(
        f"{unlike} changes from step to step: a schedule, of which no period up to {LONGEST} was seen; "
        "bound_after takes it"
    )


def _over_a_period(stepper: Stepper, plan: Cadence, watched: Watched) -> Rows:
    """The rows of a period as one step, once it is shown that all later periods are like it; Finer, Later: not so."""
    state, start = stepper.begun(plan.skipped)
    first = _others(state)
    later = watched.first(plan.skipped + plan.period)[-1]
    rises = {path: later[path] - x for path, x in first.items() if type(x) is int and type(later.get(path)) is int}
    counts = {path: (first[path], rise) for path, rise in rises.items() if rise}
    steps: list[Step] = []
    for _ in range(plan.period):
        step = stepper.step(state, counts)
        if not steps:
            _same_again(stepper, state, step, counts)
        state = step.after
        now = _others(state)
        counts = {path: (x.offset, x.stride) for path, x in now.items() if type(x) is Count}
        steps.append(step)
    for path in [*first, *now]:
        x, y, rise = first.get(path), now.get(path), rises.get(path)
        same = counts.get(path) == (x + rise, rise) if rise else path in first and path in now and _same(x, y)
        if not same:
            raise Refused(f"{path} is not what it was {plan.period} steps before: a schedule; bound_after takes it")
    for t in _FAR if rises else ():
        _as_plain_numbers(stepper, {path: first[path] + rise * t for path, rise in rises.items()}, steps, plan)
    if steps[0].given != steps[-1].names:
        raise Refused("the vectors of its state change from step to step")
    period = next(p for p in range(1, plan.period + 1) if _repeats(steps, p))
    return _composed(steps[:period], start)


def _as_plain_numbers(stepper: Stepper, counts: dict[str, int], steps: list[Step], plan: Cadence) -> None:
    """A period long after the first ones, in plain numbers: what tells a Count from an int shows."""
    state = replaced(stepper.begun(plan.skipped)[0], counts)
    for step in steps:
        later = stepper.step(state)
        if later != step:
            raise Refused("later steps are others: a schedule; bound_after takes it")
        state = later.after


def _lengthened(plan: Cadence, refused: Refused) -> Cadence:
    """The plan that a refusal asks for, or else the refusal."""
    if isinstance(refused, Finer) and plan.period * refused.factor <= LONGEST:
        return replace(plan, period=plan.period * refused.factor)
    if isinstance(refused, Later) and plan.skipped + refused.left * plan.period <= _FIRST and plan.skipped < _FIRST:
        return replace(plan, skipped=plan.skipped + 1)
    raise refused


def _same_again(stepper: Stepper, state: Any, step: Step, counts: Any = None) -> None:
    if step != stepper.step(state, counts):
        raise Refused("the same step, taken twice, gives two answers: it remembers or draws something")


def _others(state: Any) -> Others:
    for path, leaf in leaves(state):
        if hasattr(leaf, "__next__"):
            raise Refused(f"{path} is an iterator: what it has left cannot be seen")
    others = {path: leaf for path, leaf in leaves(state) if not (isinstance(leaf, Affine) and leaf.numel() > 1)}
    known = {path: content(leaf) if holds(leaf) else leaf for path, leaf in others.items()}
    return {**known, "the order of its state": [path for path, _ in leaves(state)]}


def _unlike(old: Others, new: Others) -> str:
    """The first leaf that is not what it was."""
    return next((p for p in [*old, *new] if p not in old or p not in new or not _same(old[p], new[p])), "")


def _unlike_later(seen: list[Others], period: int) -> str:
    """The first leaf that is not what it was a period before; whole numbers may have risen by what they always rise."""
    for n in range(len(seen) - period):
        old, new = seen[n], seen[n + period]
        for path in [*old, *new]:
            if path in old and path in new and type(old[path]) is int and type(new[path]) is int:
                rise = seen[period].get(path, old[path]) - seen[0].get(path, new[path])
                if new[path] - old[path] == rise:
                    continue
            elif path in old and path in new and _same(old[path], new[path]):
                continue
            return path
    return ""


def _same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return a.shape == b.shape and bool((plain(a) == plain(b)).all())
    if isinstance(a, Carried) and isinstance(b, Carried):
        return a.exact == b.exact
    return a is b or bool(a == b)


def _repeats(steps: Sequence[Step], period: int) -> bool:
    return len(steps) % period == 0 and all(step == steps[k % period] for k, step in enumerate(steps))


def _composed(steps: Sequence[Step], start: Rows) -> Rows:
    """Several steps as one, in whose queries a gradient that is known is not asked for again."""
    at: list[Row] = [{f"x{i}": Fraction(1)} for i in range(len(start.start))]
    queries: list[Query] = []
    for step in steps:
        named = {f"x{i}": row for i, row in enumerate(at)}
        for query in step.queries:
            point = _substituted(query.point, named)
            known = next((q for q in queries if q.kind == query.kind == "smooth" and q.point == point), None)
            if known is None:
                known = Query(point, f"u{len(queries)}", query.kind)
                if query.kind == "convex":  # it is made at a point that its own gradient determines
                    known = replace(
                        known, point=_substituted(query.point, {**named, query.name: {known.name: Fraction(1)}})
                    )
                queries.append(known)
            named[query.name] = {known.name: Fraction(1)}
        at = [_substituted(row, named) for row in step.rows]
    first = steps[0]
    return replace(start, steps=tuple(at), queries=tuple(queries), h=first.h, period=len(steps))


def _substituted(row: Row, named: dict[str, Row]) -> Row:
    return combination(*((c, named.get(name, {name: Fraction(1)})) for name, c in row.items()))
