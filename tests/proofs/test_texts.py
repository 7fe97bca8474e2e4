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
from eqt_theory.engines import gram, induction, potential
from eqt_theory.engines.gram import combine, steps, sums
from eqt_theory.engines.gram.space import Product
from eqt_theory.engines.induction import by_induction
from eqt_theory.engines.symbolic import derive

TEXTS = ["first_order_methods", "monotone_operator_networks"]
MUTANTS = 6  # of each argument
SPARE = {"gd-distance: mu < L", "triple-momentum: r < 1", "sgd: rate < 1"}  # stated there; the argument has it, too
SECONDS = 0.5  # of the provers' work: enough for arguments as they stand
ENGINES = {"prove": prove, "combine": combine, "by_induction": by_induction, "derive": derive}
FINDERS = {"rate", "prove_by_multipliers", "by_cases"}  # their own tests have them fail
WITHIN = [module.__name__ for module in (gram, steps, sums, potential)]


@dataclass(frozen=True)
class Call:
    """What a check puts to an engine."""

    check: str
    engine: str
    args: tuple[Any, ...]
    named: dict[str, Any]

    @property
    def by_signs(self) -> bool:
        """Whether all that is to be proved is that what is not negative is not: a square, or by the signs declared."""
        goals = self.args[1] if self.engine == "prove" else []
        goals = goals if isinstance(goals, list | tuple) else [goals]
        return bool(goals) and all(isinstance(g, sp.Ge) and _positive(g.lhs - g.rhs) for g in goals)

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

    @property
    def members(self) -> dict[int, list[sp.Basic]]:
        """The hypotheses that are what a class says, by the function or operator that it is said of."""
        every = [*self.args[0], *(self.args[1] if isinstance(self.args[1], list | tuple) else [self.args[1]])]
        spaces = {s.structure for relation in every for s in relation.free_symbols if isinstance(s, Product)}
        found: dict[int, list[sp.Basic]] = {}
        for relation in self.args[0]:
            for member in {id(o.member) for s in spaces for o in s.origins.get(relation, ()) if o.relation is relation}:
                found.setdefault(member, []).append(relation)
        return found

    def without_one(self, at: int) -> Iterator[Verdict]:
        """The verdicts where one of a list of arguments is dropped."""
        every = list(self.args[at])
        for i in range(len(every)):
            yield self.again(*self.args[:at], [*every[:i], *every[i + 1 :]])


def _positive(left: sp.Expr) -> bool:
    square = isinstance(left, Product) and left.pair[0] == left.pair[1]
    return square or bool(left.is_nonnegative)


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
    return [call for call in found if not call.by_signs]


def test_the_budget_is_enough_for_arguments_as_they_stand(calls: list[Call]):
    asked = [call for call in calls if call.engine != "derive"][::3]  # the ledgers prove them all, on a larger one
    assert [call.check for call in asked if call.again() is not Verdict.PROVED] == []


def test_every_hypothesis_is_needed(calls: list[Call]):
    """Of what a class says of some points, of which a few inequalities are used, one function or operator in all."""
    asked = [call for call in calls if call.engine == "prove"]
    assert len(asked) > 10
    spare = []
    for call in asked:
        members = [*call.members.values()]
        known = [h for h in call.args[0] if f"{call.check.partition(':')[0]}: {h}" not in SPARE]
        alone = [[h] for h in known if all(h not in member for member in members)]
        for some in (*alone, *members):
            if call.again([given for given in call.args[0] if given not in some]) is Verdict.PROVED:
                spare.append(f"{call.check}: {call.args[1]} holds without {some}")
    assert spare == []


def test_every_argument_fails_with_something_changed(calls: list[Call]):
    stays = [call for call in calls if all(verdict is Verdict.PROVED for verdict in call.mutants())]
    assert [f"{call.check}: {call.engine} {call.args[:2]}" for call in stays] == []
