"""The texts beside the paper: no argument of theirs survives a changed constant, sign, or a dropped inequality.

What the checks put to the engines is recorded, changed in one place by code, and put to them again.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import isfunction
from itertools import islice
from types import ModuleType
from typing import Any

import pytest
import sample_findings as sample
import sympy as sp
from mutation import edits

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.folder import default_folders, load_folder
from eqt_theory.core.record import load_record
from eqt_theory.engines import induction
from eqt_theory.engines.gram import combine
from eqt_theory.engines.induction import by_induction
from eqt_theory.engines.symbolic import derive

TEXTS = ["first_order_methods", "monotone_operator_networks"]
MUTANTS = 6  # of each argument
SECONDS = 0.5  # of the provers' work: enough for every argument as it stands
ENGINES = {"prove": prove, "combine": combine, "by_induction": by_induction, "derive": derive}
FINDERS = {"rate", "prove_by_multipliers", "by_cases"}  # their own tests have them fail
WITHIN = [f"eqt_theory.engines.{name}" for name in ("gram", "gram.steps", "gram.sums", "potential")]


@dataclass(frozen=True)
class Call:
    """What a check puts to an engine."""

    check: str
    engine: str
    args: tuple[Any, ...]
    named: dict[str, Any]

    def again(self, *args: Any) -> Verdict:
        """The verdict with other arguments, on a small budget."""
        budget = {"timeout": SECONDS} if self.engine in ("prove", "combine") else {}
        return ENGINES[self.engine](*args, *self.args[len(args) :], **{**self.named, **budget}).verdict

    def mutants(self) -> Iterator[Verdict]:
        """The verdicts on arguments of which one constant, sign or inequality is another."""
        if self.engine == "derive":
            (label, left, right), *others = self.args[0]
            yield from (self.again([(label, left, new), *others]) for new in (right + 1, *_changed(right)))
            return
        at = 0 if self.engine == "by_induction" else 1
        goals = self.args[at] if isinstance(self.args[at], list | tuple) else [self.args[at]]
        for i, goal in enumerate(goals):
            for new in _changed(goal):
                changed = new if len(goals) == 1 else [*goals[:i], new, *goals[i + 1 :]]
                yield self.again(*self.args[:at], changed)
        dropped = {"combine": 2, "prove": 0}.get(self.engine)
        if dropped is not None:
            yield from self.without_one(dropped)

    def without_one(self, at: int) -> Iterator[Verdict]:
        """The verdicts where one of a list of arguments is dropped."""
        every = list(self.args[at])
        for i in range(len(every)):
            yield self.again(*self.args[:at], [*every[:i], *every[i + 1 :]])


def _changed(expr: sp.Basic) -> Iterator[sp.Basic]:
    """Made one by one: mostly the first is already not proved."""
    return islice(_mutated(expr), MUTANTS)


def _mutated(expr: sp.Basic) -> Iterator[sp.Basic]:
    if isinstance(expr, sp.Le | sp.Lt):
        yield expr.func(2 * expr.lhs, expr.rhs)
    if isinstance(expr, sp.Ge | sp.Gt) and expr.rhs != 0:
        yield expr.func(expr.lhs, 2 * expr.rhs)
    for _, new in edits(expr):
        if not isinstance(new, sp.logic.boolalg.BooleanAtom) and (not isinstance(expr, sp.Ge) or new.rhs == 0):
            yield new


def _spy(name: str, check: str, calls: list[Call]) -> Callable[..., Any]:
    def spy(*args: Any, **named: Any) -> Any:
        if not any((call.engine, call.args) == (name, args) for call in calls):  # claims share arguments
            calls.append(Call(check, name, args, named))
        return sample.proved()

    return spy


def _modules(claims: list[Claim], text: str) -> list[ModuleType]:
    files = {check.function.__module__ for claim in claims for check in claim.checks}
    return [sys.modules[name] for name in sorted({*files, f"{text}.lemmas", *WITHIN})]


@pytest.fixture(autouse=True)
def inductions_have_a_small_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(induction, "prove", partial(prove, timeout=SECONDS))


@pytest.fixture(scope="module", params=TEXTS)
def calls(request: pytest.FixtureRequest) -> list[Call]:
    """What the checks of a text put to the engines, directly or through its lemmas."""
    (folder,) = (folder for folder in default_folders() if folder.name == request.param)
    claims, failures = load_folder(folder)
    assert failures == []
    found: list[Call] = []
    record = load_record(folder)
    for claim in claims:
        for check in claim.checks if record[claim.id] not in ("false", "needs_condition") else ():
            with pytest.MonkeyPatch.context() as patch:
                for module in _modules(claims, folder.name):
                    for name in ENGINES.keys() & vars(module).keys():
                        patch.setattr(module, name, _spy(name, f"{claim.id}: {check.name}", found))
                    for name in (name for name in FINDERS if isfunction(getattr(module, name, None))):
                        patch.setattr(module, name, lambda *_, **__: sample.proved())
                check(Run())
    return found


def test_the_budget_is_enough_for_every_argument_as_it_stands(calls: list[Call]):
    asked = [call for call in calls if call.engine != "derive"]
    assert [call.check for call in asked if call.again() is not Verdict.PROVED] == []


def test_every_hypothesis_is_needed(calls: list[Call]):
    asked = [call for call in calls if call.engine == "prove"]
    assert len(asked) > 10
    spare = [
        f"{call.check}: {call.args[1]} holds without {given}"
        for call in asked
        for given, verdict in zip(call.args[0], call.without_one(0), strict=True)
        if verdict is Verdict.PROVED
    ]
    assert spare == []


def test_no_sum_does_without_any_of_its_inequalities(calls: list[Call]):
    sums = [call for call in calls if call.engine == "combine"]
    assert len(sums) > 5
    assert [call.check for call in sums if Verdict.PROVED in call.without_one(2)] == []


def test_every_argument_fails_with_something_changed(calls: list[Call]):
    stays = [call for call in calls if all(verdict is Verdict.PROVED for verdict in call.mutants())]
    assert [f"{call.check}: {call.engine} {call.args[:2]}" for call in stays] == []
