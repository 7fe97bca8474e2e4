"""prove_rate: the rate of anybody's solver for all values of its parameters in a region, and of its class."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import OverBudget, Told, budgeted_proof, left, remark, stage
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.region import Point, Region, cases, extremes, taken
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.damping import with_its_gamma
from eqt_theory.evidence.rate.parametric_class import like_the_distance, on_one_curvature
from eqt_theory.evidence.rate.parametric_decrease import Case, decrease
from eqt_theory.evidence.rate.parametric_factor import conditions, forced_factor, square_of
from eqt_theory.evidence.rate.parametric_implicit import Implicit, implicit
from eqt_theory.evidence.rate.parametric_looser import at_least
from eqt_theory.evidence.rate.parametric_proof import Setting, implied, potential_proofs
from eqt_theory.evidence.rate.parametric_slower import slower
from eqt_theory.evidence.rate.parametric_statement import Statement
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.parametric_support import Program
from eqt_theory.evidence.rate.parametric_table import table
from eqt_theory.evidence.rate.question import IN_WORDS, Question
from eqt_theory.evidence.rate.trace import AnySolver
from eqt_theory.evidence.rate.trace_symbols import at_point, expressions, trace_symbols
from eqt_theory.evidence.rate.window import Window

_SAMPLES = 8
_TRACED = 3
_SAMPLED = 3
_LOOKED_AT = 40


@checked
@budgeted_proof
def prove_rate(
    solver_of: Callable[..., AnySolver],
    symbols: Sequence[sp.Symbol],
    rate: sp.Expr | int | None = None,
    *,
    m: sp.Expr | int,
    M: sp.Expr | int,
    where: Sequence[Boolean] = (),
    measure: str = "distance",
    gamma: sp.Expr | int = 1,
    timeout: float = 10,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Prove that a solver's errors shrink by a rate in every step, for all parameters of a region at once.

    The solver that `solver_of` makes is run with symbols for its numbers, which gives its recurrence. Multipliers of
    the class inequalities are found in floating point at a few rational points of the region, and closed forms fitted
    to them. What they prove is then proved exactly, by `engines.gram.combine`: nothing rests on what was sampled or
    fitted. The statement: `measured_{k+1} <= rate^2 measured_k` in every step, from every state, for every Phi of the
    class that has a minimum, in every dimension; measured is |h - h*|^2, Phi(h) - Phi* or |grad Phi(h)|^2. For a
    method with memory it is `measured_k <= C rate^(2k) measured_0`, C depending on the parameters alone, by a potential
    that shrinks up to class inequalities and squares which may be left over. Where it knows h but for a faster mode r,
    |r| < rate is proved, and the sum of a geometric series is taken for granted, as the induction over k is.

    Args:
        solver_of: called with one number per symbol, in order; gives a Solver, or a step function (objective, h) -> h.
        symbols: real SymPy symbols; signs that they are declared with are assumed.
        rate: the factor per step, rational in the symbols or with square roots of such as factors (`sqrt(1 - q)`);
            Max and Abs are split into cases. None: the one that quadratics of curvature m or M force.
        m: strong convexity of Phi, in the symbols.
        M: Lipschitz constant of grad Phi, in the symbols.
        where: what else is assumed of the symbols. It must imply m <= M; m = M is proved by itself for a method without
            memory, else left out, as the finding says. An equation linear in a symbol, as Eq(m, q**2 * M), ties it.
        measure: "distance", "value" or "gradient".
        gamma: the damping, in the symbols; for solvers that read it.
        timeout: the budget of each prover for each obligation, as for `prove`.
        seconds: after which it gives up, once the step of algebra that it is at has ended; None is no limit.
        progress: is told how far it is, about once a second.

    Returns:
        PROVED, for the whole region, with a certificate where the kernel has one; REFUTED at a rational point of it,
        with a function; INCONCLUSIVE with why, and with rates at points of the region where the search came that far.

    Raises:
        UsageError: the region is empty as far as can be seen, m > M, M <= 0 or gamma <= 0 somewhere in it, or
            another argument that is unusable.
    """
    begun = time.perf_counter()
    if measure not in IN_WORDS:
        raise UsageError(f"measure must be distance, value or gradient, got {measure!r}")
    region = Region(symbols, where)
    claim = _Claim(solver_of, region, sp.sympify(m), sp.sympify(M), measure, sp.sympify(gamma), timeout)
    try:
        found = claim.decided(None if rate is None else sp.sympify(rate))
    except _Unknown as unknown:
        found = inconclusive(Method.SMT, str(unknown))
    found = with_its_gamma(found, solver_of, region, claim.gamma)
    return replace(found, seconds=time.perf_counter() - begun, **taken([*where, *claim.assumed]))


class _Unknown(Exception):
    """Why."""


@dataclass
class _Claim:
    solver_of: Callable[..., AnySolver]
    region: Region
    m: sp.Expr
    M: sp.Expr
    measure: str
    gamma: sp.Expr
    timeout: float
    over_the_run: bool = False
    assumed: tuple[Boolean, ...] = ()

    def decided(self, rate: sp.Expr | None) -> Finding:
        for name, expression in (("m", self.m), ("M", self.M), ("gamma", self.gamma), ("rate", rate)):
            loose = set() if expression is None else expression.free_symbols - set(self.region.symbols)
            if loose:
                raise UsageError(f"{name} must be an expression in the symbols, got {expression} with {loose}")
            if expression is not None and expression.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
                raise UsageError(f"{name} must be finite, got {expression}")
        points = self._points()
        if (step := implicit(self.solver_of, self.region, points[0])) is not None:
            return self._implicit(step, rate)
        try:
            self.traced, assumed = trace_symbols(self.solver_of, self.region, self.gamma, points[:_TRACED])
            self.method = expressions(self.traced)
        except UsageError as error:
            raise _Unknown(str(error)) from None
        if set(self.method.kinds) | set(self.method.opened) != {"smooth"}:
            raise _Unknown("it takes proximal steps of a part that is not smooth; those are certified at numbers only")
        m, M = (self.region.expression(x) for x in (self.m, self.M))
        self.low, self.high = m, M
        known = self._shown([M > 0, m <= M, *assumed], "the class, and what the run took for granted")
        if rate is None:
            rate = self._forced(points)
            if rate is None:
                needed = "a rate must be given for a method with memory or several gradients"
                raise _Unknown(f"{needed}; {self._table(points)}")
        refuted = slower(rate, self.region, self._near_the_ends(points), self._question)
        if refuted is not None:
            return refuted
        proofs = [known] if known is not None else []
        try:
            return self._proved(rate, [*proofs, *self._everywhere(rate)])
        except _Unknown:  # of a rate larger than need be the multipliers are many, and have no closed form
            smaller = self._forced(points)
            if smaller is None or smaller == self.region.expression(rate):
                raise
            if (below := at_least(rate, smaller, self.region, self.timeout)) is None:
                raise
        return self._proved(rate, [*proofs, *below, *self._everywhere(smaller)], smaller)

    def _implicit(self, step: Implicit, rate: sp.Expr | None) -> Finding:
        """The proof of the proximal point method, in whose steps the inner solve may miss."""
        if self.measure != "distance":
            raise _Unknown(f"of the proximal point method distances alone are shown to shrink, not the {self.measure}")
        m, M = (self.region.expression(x) for x in (self.m, self.M))
        if m.is_nonpositive:
            raise _Unknown(f"of the proximal point method rates are shown where m > 0, got m = {self.m}")
        known = self._shown([M > 0, m <= M, *step.wanted(m)], "the class, and the accuracy of the inner solve")
        shown = step.rate(self.m)
        rate, through = (shown, None) if rate is None else (rate, shown)
        below = [] if through is None else at_least(rate, self.region.expression(shown), self.region, self.timeout)
        if below is None:
            if (refuted := step.slower(rate, m, self.region, self.timeout)) is not None:
                return refuted
            raise _Unknown(step.not_shown(rate, self.m))
        proofs = [*([] if known is None else [known]), *below, step.proof(self.region.symbols)]
        provided = "where every inner solve meets its accuracy"
        over = Statement(rate, self.m, self.M, self.measure, self.region, False, (), 0, through, provided)
        return over.proved_by(proofs)

    def _forced(self, points: Sequence[Point]) -> sp.Expr | None:
        return forced_factor(self.method, self.low, self.high, self.region, points)

    def _everywhere(self, rate: sp.Expr) -> list[Finding]:
        """The proofs of all cases of the region."""
        proofs, self.assumed = [], ()
        apart = implied(self.region.given, [self.low < self.high], self.timeout)
        one = any(f.verdict is not Verdict.PROVED for f in apart)
        for number, (case, value) in enumerate(cases(self.region.expression(rate)), 1):
            stage(f"proving case {number}")
            proofs += self._case(case, value)
            if one and not self.assumed:
                proofs += self._at_one_curvature(case, value)
        return proofs

    def _at_one_curvature(self, case: Sequence[Boolean], rate: sp.Expr) -> list[Finding]:
        """The proof where m = M; where there is none, m < M is assumed and said to be."""
        given = [*self.region.given, *(r for r in case if r != sp.true), sp.Eq(self.low, self.high)]
        possible = sp.false not in given
        found = on_one_curvature(self.method, self.high, square_of(rate), given, self.timeout) if possible else None
        if found is None:
            self.assumed = (self.m < self.M,)
        return [] if found is None else [found]

    def _points(self) -> list[Point]:
        """Points of the region, those with m < M alone; raises where there are none, or some out of range."""
        everywhere = self.region.points(4 * _SAMPLES)
        if not everywhere:
            raise UsageError("where must hold somewhere: no rational point that satisfies it was found")
        for point in everywhere:
            m, M, gamma = (self.region.at(x, point) for x in (self.m, self.M, self.gamma))
            if M <= 0 or m > M or gamma <= 0:
                raise UsageError(f"where must keep M, gamma > 0 and m <= M; it admits {self.region.shown(point)}")
        apart = [p for p in everywhere if self._proper(p)]
        if not apart:
            raise UsageError("where must allow m < M somewhere: no point of the region with m < M was found")
        return apart

    def _shown(self, relations: Sequence[Any], what: str) -> Finding | None:
        """Relations proved on the whole region; None where all are trivial."""
        open_ones = [r for r in (self.region.expression(r) for r in relations) if r != sp.true]
        if not open_ones:
            return None
        if sp.false in open_ones:
            raise _Unknown(f"{what}: one of {relations} never holds")
        finding = prove(self.region.given, open_ones, self.timeout)
        if finding.verdict is Verdict.REFUTED:
            missing = ", ".join(map(str, open_ones))
            raise _Unknown(f"{what}: `where` must imply {missing}, and does not at {finding.witness}")
        if finding.verdict is not Verdict.PROVED:
            raise _Unknown(f"{what}: {finding.detail}")
        return finding

    def _numbers(self, point: Point) -> Any:
        """The recurrence at a point, in fractions."""
        return at_point(self.traced, point, self.region)

    def _question(self, point: Point) -> Question:
        """What is asked at a point."""
        at = self.region.at
        return Question(self._numbers(point), at(self.m, point), at(self.M, point), self.measure)

    def _near_the_ends(self, points: Sequence[Point]) -> list[Point]:
        return [*points, *(p for p in self.region.points(48, seed=1) if p not in points and self._proper(p))]

    def _case(self, case: Sequence[Boolean], rate: sp.Expr) -> list[Finding]:
        """The proofs of one case of the region, where the rate has no cases."""
        where = [r for r in case if r != sp.true]
        if sp.false in where:
            return []
        if not (points := [p for p in self.region.points(_SAMPLES, seed=2, more=where) if self._proper(p)]):
            apart = [*self.region.given, self.low < self.high]  # m = M is proved by itself
            empty = prove(apart, sp.Not(sp.And(*where)), self.timeout)
            if empty.verdict is Verdict.PROVED:
                return [empty]
            raise _Unknown(f"no point of the region was found with {where}, and there may be some")
        square = square_of(rate)
        sign = implied([*self.region.given, *where], conditions(rate), self.timeout)
        if any(f.verdict is not Verdict.PROVED for f in sign):
            raise _Unknown(f"that the rate {rate} is not negative: {sign[0].detail}")
        if self.method.states > 1:
            return [*sign, *self._potential(where, square, points)]
        return [*sign, *self._decrease(where, square, points)]

    def _proper(self, point: Point) -> bool:
        return self.region.at(self.m, point) < self.region.at(self.M, point)

    def _potential(self, where: Sequence[Boolean], square: sp.Expr, points: Sequence[Point]) -> list[Finding]:
        """The proofs that a potential shrinks, and that it is a multiple of what is measured or more."""
        self.over_the_run = True
        hypotheses = [*self.region.given, *where, self.low < self.high]
        like = [] if self.measure == "distance" else self._like_the_distance(hypotheses)
        more = self.region.points(_LOOKED_AT, 3, where)
        everywhere = [*points, *(p for p in more if self._proper(p))]
        at, few = self.region.at, extremes(everywhere, _SAMPLED)
        windows = [Window(self._numbers(p), at(self.m, p), at(self.M, p), 1) for p in few]
        programs = [Program(w, float(at(square, p))) for w, p in zip(windows, few, strict=True)]
        steps = Steps(self.method, self.low, self.high, 1)
        setting = Setting(steps, square, self.region, everywhere, hypotheses, self.timeout)
        told = self._table(points) if left() < math.inf else ""
        try:
            proofs = potential_proofs(setting, programs)
        except OverBudget:
            remark(told)
            raise
        if isinstance(proofs, str):
            raise _Unknown(f"{proofs} that shrinks by {square}; {self._table(points)}")
        return [*like, *proofs]

    def _like_the_distance(self, hypotheses: Sequence[Any]) -> list[Finding]:
        found = like_the_distance(self.measure, self.low, self.high, hypotheses, self.timeout)
        for missing in (f for f in found if f.verdict is not Verdict.PROVED):
            raise _Unknown(f"the {self.measure} of a method with memory is bounded where m > 0: {missing.detail}")
        return found

    def _decrease(self, where: Sequence[Boolean], square: sp.Expr, points: Sequence[Point]) -> list[Finding]:
        methods, hypotheses = [self._numbers(p) for p in points], [*self.region.given, *where, self.low < self.high]
        case = Case(self.method, self.low, self.high, self.measure, self._reported(), self.region)
        found = decrease(case, square, points, methods, hypotheses, self.timeout)
        if isinstance(found, str):
            raise _Unknown(f"{found}; {self._table(points)}")
        return found

    def _reported(self) -> int | None:
        if self.measure == "distance":
            return None
        found = Question(self.method, Fraction(0), Fraction(1), self.measure).reported
        if found is None:
            raise _Unknown(f"the solver asks for no gradient at h, so its {self.measure} is not known there")
        return found

    def _table(self, points: Sequence[Point]) -> str:
        """The smallest rates that can be certified at a few points."""
        return table(points, self.region, self._question)

    def _proved(self, rate: sp.Expr, findings: Sequence[Finding], through: sp.Expr | None = None) -> Finding:
        over, assumed, skipped = self.over_the_run, self.assumed, self.method.skipped
        return Statement(rate, self.m, self.M, self.measure, self.region, over, assumed, skipped, through).proved_by(
            findings
        )
