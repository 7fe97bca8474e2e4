"""One statement put to the provers: obligation by obligation, with the witness or the point that they give replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core import store
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.finding import Finding, Identity, Obligation, Proof, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.certificate import certify_point
from eqt_theory.engines.smt import witness
from eqt_theory.engines.smt.decide import Decision, Question, certified, decide, recall
from eqt_theory.engines.smt.formula import Formula, No
from eqt_theory.engines.smt.lower import Lowered
from eqt_theory.engines.smt.provers import Answer, Panel
from eqt_theory.engines.smt.script import names_of
from eqt_theory.engines.smt.statement import Statement

_CLOSED = "unsat"
CONTRADICTORY = "the hypotheses contradict each other, so anything follows from them"
EMPTY = "under the hypotheses a class has no members, so anything holds of them: it has some only where "
_UNCONFIRMED = "a prover found a counterexample that the replay does not confirm"
_FIRST = (0.1, 2.0)
"""Seconds of the budget for a question as it stands: mostly one prover answers at once, and the other may get stuck."""


@dataclass(frozen=True)
class _Recalled:
    """A question as it came, in normal form where that was looked for, and what is kept about it."""

    plain: Question
    normal: Question | None
    decision: Decision | None


class Attempt:
    """One run of `prove`: asks, keeps every obligation, and says what came of it."""

    def __init__(self, statement: Statement, timeout: float, panel: Panel, detail: str) -> None:
        self.statement, self.timeout, self.panel, self.detail = statement, timeout, panel, detail
        self.obligations: list[Obligation] = []
        self.identities: list[Identity] = []
        self.notes: list[str] = []
        self.besides: list[Boolean] = []  # what is known of the structure that owns symbols, where it was used
        self.holding: list[witness.Point] = []  # where the hypotheses may hold, said beside an argument
        self.answers: Mapping[str, Answer] = {}
        self.known = list(statement.signs)  # what may be used: a hypothesis counts once its terms mean something

    def finding(self) -> Finding:
        reason = self.admit(self.statement.given)
        if reason:
            return self._unknown(reason)
        undecided: list[tuple[str, Obligation]] = []
        for goal, conclusion in zip(self.statement.goals, self.statement.conclusions, strict=True):
            known = list(self.known)  # all goals: a later one may be refuted where an earlier one is not decided
            reason = self._establish(goal) or self._decide(goal, conclusion)
            if isinstance(reason, Finding):
                return reason
            if reason:
                undecided.append((reason, self.obligations.pop()))
            self.known = known
        if not undecided:
            return self._proved()
        self.obligations += [obligation for _, obligation in reversed(undecided)]
        return self._unknown("; ".join(reason for reason, _ in undecided))

    def _decide(self, goal: Lowered, conclusion: Boolean) -> Finding | str:
        """REFUTED, or why the goal is not decided, or nothing where it is closed."""
        structure, hint = self.statement.structure, ""
        recalled = self._recall(goal.name, goal.formula, plain_only=structure is not None)
        if recalled.decision is None and structure is not None:
            # what owns the symbols knows how such goals are shown: with certificates, and in less time
            argument = structure.argue(self.statement.hypotheses, conclusion, self.timeout)
            if argument.proof is not None:
                self.obligations += argument.proof.obligations
                self.identities += argument.proof.identities
                self.holding += argument.holds
                self.notes.append(argument.note)
                self.besides += argument.known
                return ""
            hint = f"; {argument.hint}" if argument.hint else ""
            found = self._refuted(argument.points, simple=True)
            if found:
                self.obligations.append(Obligation(goal.name, recalled.plain.text, {}))
                return found + hint if isinstance(found, str) else found
            recalled = self._recall(goal.name, goal.formula)
        counterexamples = self._close(goal.name, goal.formula, recalled)
        if counterexamples:
            refuted = self._refuted(counterexamples) or _UNCONFIRMED
            return refuted + hint if isinstance(refuted, str) else refuted
        if not self.obligations[-1].closed:
            return f"the provers did not close {goal.name} ({self._said()}){hint}"
        return ""

    def admit(self, given: Sequence[Lowered]) -> str:
        """Take every hypothesis whose conditions follow from those taken before; says which is left, and why."""
        pending, reason, open_ones = sorted(given, key=lambda g: any(s.needed for s in g.steps)), "", []
        while pending:
            left = []
            for hypothesis in pending:
                known, count = list(self.known), len(self.obligations)
                failed = self._establish(hypothesis)
                if failed:
                    self.known, reason, open_ones = known, failed, self.obligations[count:]
                    del self.obligations[count:]
                    left.append(hypothesis)
                else:
                    self.known.append((hypothesis.name, hypothesis.formula))
            if len(left) == len(pending):
                self.obligations += open_ones
                return reason
            pending = left
        return ""

    def _establish(self, lowered: Lowered) -> str:
        """Show the conditions that a lowered formula rests on; says which one was not shown."""
        for step in lowered.steps:
            if (step.name, step.formula) in self.known:
                continue
            if step.needed:
                if self._close(step.name, step.formula):
                    return f"in {lowered.name}: the hypotheses do not imply that {step.name}; state it as one"
                if not self.obligations[-1].closed:
                    return f"in {lowered.name}: it was not shown that {step.name} ({self._said()})"
            self.known.append((step.name, step.formula))
        return ""

    def _proved(self) -> Finding:
        point, certificate, reason = self.satisfying_point()
        if point is None:
            return self._unknown(reason)
        proof = Proof(tuple(self.obligations), tuple(self.identities), point, certificate)
        detail = self.detail or "for all real values of the symbols under the hypotheses: " + "; ".join(
            goal.name for goal in self.statement.goals
        )
        if sp.true in self.statement.conclusions:
            self.notes.append(
                "a conclusion was the literal true when it arrived: SymPy had decided it, not the provers"
            )
        return Finding(
            Verdict.PROVED,
            Method.SMT,
            detail,
            proof=proof,
            obligations=tuple(self.obligations),
            note="; ".join(self.notes),
        )

    def _recall(self, name: str, goal: Formula, *, plain_only: bool = False) -> _Recalled:
        """What is kept about whether the goal can fail: as it stands, or in its normal form, which takes longer."""
        plain = Question(name, [*self.known, (f"negation of: {name}", No(goal))])
        decision, normal = recall(plain), None
        if decision is None and store.current() is not None and not plain_only:
            normal = plain.normalised()
            decision = recall(normal) or recall(plain.pertinent())
        return _Recalled(plain, normal, decision)

    def _close(self, name: str, goal: Formula, recalled: _Recalled | None = None) -> list[witness.Point]:
        """Decide whether the goal can fail; returns counterexamples, not yet replayed, best first.

        A certificate that is kept decides it at once. Else the provers are asked.

        Most goals are decided at once as they stand. The others are asked about again, with larger budgets: at last in
        a normal form, which takes long to find, or as they stand where there is none.

        Returns:
            The points that provers gave; none does not mean that the goal is closed.
        """
        kept = recalled or self._recall(name, goal)
        plain, normal, decision = kept.plain, kept.normal, kept.decision
        if decision is None:
            decision = self._asked(plain, plain, [min(seconds, self.timeout / 3) for seconds in _FIRST])
            if not decision.settled:
                normal = normal or plain.normalised()
                decision = self._asked(normal, plain, [self.timeout * (1 if normal is plain else 2 / 3)])
        self.answers = decision.answers
        self.obligations.append(decision.obligation)
        return list(decision.points)

    def _asked(self, question: Question, plain: Question, budgets: Sequence[float]) -> Decision:
        """What the provers say on the first budget that suffices; one of them is not believed, but the kernel is."""
        for seconds in budgets:
            decision = decide(question, self.panel, seconds)
            if _CLOSED in decision.obligation.answers.values():
                decision = certified(decision, plain)
            agreed = all(answer.said == "sat" for answer in decision.answers.values())  # more would change nothing
            if decision.obligation.closed or agreed or any(map(self._confirms, decision.points)):
                break
        return decision

    def _confirms(self, point: witness.Point) -> bool:
        """Whether the statement fails at a point that there may be."""
        values = self._completed(point)
        return self.statement.fails_at(values) and self.statement.admits(values)

    def _completed(self, point: witness.Point) -> witness.Point:
        return {s: point.get(s, sp.Integer(0)) for s in self.statement.symbols}

    def _refuted(self, points: Sequence[witness.Point], simple: bool = False) -> Finding | str:
        """The finding, where one of the points counts, simple or not; or why one does not that the replay confirms."""
        reason = ""
        for point in points:
            values = self._completed(point)
            if self._confirms(values):
                values = values if simple else witness.simplify(values, self._confirms)
                behind = self.statement.realise(values)
                if behind.reason:
                    reason = f"numbers are known that contradict it, but not what they are of: {behind.reason}"
                    continue
                again = self.statement.replay(values)
                again = replace(again, hypotheses=(*again.hypotheses, *behind.lines))
                failing = next(line for line in again.conclusions if not line.holds)
                detail = "fails at " + ", ".join(f"{s} = {v}" for s, v in values.items()) if values else "fails"
                detail += f": {failing.text} would say {failing.margin}" if failing.margin else f": {failing.text}"
                return Finding(
                    Verdict.REFUTED,
                    Method.SMT,
                    f"{self.detail}: {detail}" if self.detail else detail,
                    witness=values,
                    replay=again,
                    obligations=tuple(self.obligations),
                    note=behind.shown,
                )
        return reason

    def satisfying_point(self) -> tuple[witness.Point | None, Certificate | None, str]:
        """A point where all hypotheses hold and classes have members, with its certificate, or why none is known."""
        found = self._holding()
        if found[0] is None or self.statement.has_members(found[0]):
            return found
        if reason := self.admit(self.statement.members):
            return None, None, reason
        point, certificate, reason = self._holding()
        if reason == CONTRADICTORY:
            reason = EMPTY + " and ".join(map(str, self.statement.limits))
        return point, certificate, reason

    def _holding(self) -> tuple[witness.Point | None, Certificate | None, str]:
        """A point where all that is known holds, with its certificate, or why none is known."""
        question = Question("the hypotheses alone", self.known)
        recalled = recall(question)
        for point in self.holding if recalled is None else ():
            values = self._completed(point)
            lacks = not self._admitted(values) or not self.statement.has_members(values)
            if not lacks and set(question.symbols) <= set(values):  # else there are roots besides
                names = names_of(question.symbols)
                return values, certify_point(question.text, {names[s]: values[s] for s in question.symbols}), ""
        budgets = min(_FIRST[0], self.timeout), self.timeout
        for decision in (decide(question, self.panel, s) for s in budgets) if recalled is None else [recalled]:
            self.answers = decision.answers
            if decision.obligation.closed or any(a.said == _CLOSED for a in self.answers.values()):
                return None, None, CONTRADICTORY
            for point in decision.points:
                values = self._completed(point)
                if self._admitted(values):
                    return values, decision.certificate if point is decision.points[0] else None, ""
        return None, None, f"no point is known at which the hypotheses hold ({self._said()})"

    def _admitted(self, values: witness.Point) -> bool:
        """Whether the hypotheses hold at a point, exactly."""
        return all(line.holds for line in self.statement.replay(values).hypotheses) and self.statement.admits(values)

    def _unknown(self, reason: str) -> Finding:
        text = f"{self.detail}: {reason}" if self.detail else reason
        return inconclusive(Method.SMT, text, obligations=tuple(self.obligations))

    def _said(self) -> str:
        return ", ".join(f"{k}: {a.said}{f' ({a.reason})' if a.reason else ''}" for k, a in self.answers.items())
