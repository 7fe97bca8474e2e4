"""SolverBench: a solver under check with the problems for it, the rounding floor there, and the search for a fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.testing.extremes import said_of
from eqt_theory.testing.limits import Limits
from eqt_theory.testing.pace import pace
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.reach import declared_reach, telling
from eqt_theory.testing.report import STEPS, TOLD
from eqt_theory.testing.scope import Scope
from eqt_theory.testing.search import Line, at_most, causes, search
from eqt_theory.testing.setting import Setting
from eqt_theory.testing.strategies import known_problems
from eqt_theory.testing.trace import Trace, run


@dataclass(frozen=True)
class Case:
    """A class of problems and some of its problems: one, or the states of a batch."""

    setting: Setting
    batch: tuple[Problem, ...]

    @property
    def problem(self) -> Problem:
        """The first problem."""
        return self.batch[0]

    def describe(self) -> Mapping[str, Any]:
        """The case as a witness."""
        if len(self.batch) == 1:
            return {"problem": str(self.problem)}
        return {f"state {i}": str(problem) for i, problem in enumerate(self.batch)}


@dataclass(frozen=True)
class SolverBench:
    """What the checks of a solver need.

    Args:
        solver: the step rule.
        scope: the classes of problems that it is tried on.
        seed: of everything random.
        examples: cases per check.
        device: where tensors lie.
        dtype: their precision.
        accuracy: relative accuracy that the solver claims to reach; 0 is the rounding floor.
        equivariant: whether it declares that rotating and shifting a problem rotates and shifts its steps.
        differentiable: whether it declares that derivatives flow through its steps.
        shrinks: cases tried to make a failing one smaller.
        reads: the constants of a whole batch that the solver reads, among m and M.
        limits: how much work a check may do.
        told: causes of failure, and the checks that told them; grows as checks run.
        decided: what was decided about the guarantee on whole classes; grows likewise.
    """

    solver: Solver
    scope: Scope
    seed: int = 0
    examples: int = 50
    device: str = "cpu"
    dtype: torch.dtype = torch.float64
    accuracy: float = 0.0
    equivariant: bool = False
    differentiable: bool = False
    shrinks: int = 200
    reads: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    told: dict[str, str] = field(default_factory=dict, compare=False)
    decided: dict[Setting, Finding] = field(default_factory=dict, compare=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the report should know about the problems."""
        return tuple(note for note in (self.scope.note, said_of(self.reads)) if note)

    @property
    def unit(self) -> float:
        """The unit roundoff."""
        return torch.finfo(self.dtype).eps / 2

    @property
    def alike(self) -> float:
        """How far two runs that differ by rounding alone may drift apart in a few steps, relative to the size.

        sqrt(unit roundoff)/8: room for rounding errors to grow ten-million-fold, as in ill-conditioned small systems;
        a larger difference is one in kind.
        """
        return max(self.unit**0.5 / 8, 2 * self.accuracy)

    def rounding(self, problem: Problem) -> float:
        """How far one step may be off by rounding: 4 (d + 8) u (M/m) times the size, plus the accuracy claimed.

        A gradient is off by about (d + 8) u times its terms, each at most M times the size, and that moves a step,
        of length at most 2/M for explicit and 1/m for implicit rules, by no more than this.

        Returns:
            An absolute distance.
        """
        size = problem.size
        return 4 * (problem.dim + 8) * self.unit * (problem.M / problem.m) * size + self.accuracy * size

    def floor(self, case: Case, problem: Problem | None = None) -> float:
        """How far from the solution a right solver may end, from rounding alone; or by its own sublinear bound.

        The errors of all steps add up to at most 1/(1 - rate) of one, for rules with memory, whose step is not
        normal, to 1/(1 - rate)^2.

        Returns:
            An absolute distance.
        """
        problem = case.problem if problem is None else problem
        piled = 1 / (1 - case.setting.rate) ** 2
        size = problem.size
        rounding = self.rounding(problem) + 4 * (problem.dim + 8) * self.unit * piled * size
        return rounding + (declared_reach(self.solver, problem, self.budget(case)) if self.bounded else 0.0)

    @cached_property
    def bounded(self) -> bool:
        """Whether a bound like a power of the steps is declared, and a probe falls like one and comes up to it."""
        setting = self.scope.settings[0]
        ends = (setting.m, setting.M)
        probe = Problem(ends, ends, (0.0, 0.0), (0.0, 0.0), (1.0, 1.0), setting.gamma)
        steps = self.budget(Case(setting, (probe,)))
        reach = declared_reach(self.solver, probe, steps)
        if not reach > 0:
            return False
        trace = self.trace(probe, steps)
        errors = np.linalg.norm(probe.own(trace.points) - probe.solution, axis=-1)
        return not trace.fault and pace(errors) == "sublinear" and telling(reach, errors)

    def in_precision(self, dtype: torch.dtype) -> "SolverBench":
        """The same bench in another precision.

        What a solver cannot see in float64 because it compares values of Phi, of the order of the root of the
        roundoff, grows with that root.

        Returns:
            The bench, its accuracy scaled by the root of the ratio of the roundoffs.
        """
        coarse = replace(self, dtype=dtype)
        return replace(coarse, accuracy=self.accuracy * (coarse.unit / self.unit) ** 0.5)

    def certified(self, setting: Setting) -> bool:
        """Whether the guarantee was shown for every function of a class and every step."""
        return setting in self.decided and self.decided[setting].rate is not None

    # Cases ----------------------------------------------------------------------------------------------------------

    def settings(self) -> SearchStrategy[Setting]:
        """One of the classes."""
        return st.sampled_from(self.scope.settings)

    def quadratics(self, **options: Any) -> SearchStrategy[Case]:
        """Quadratics of one of the classes; options as in `strategies.problems`."""

        @cache
        def of(setting: Setting) -> SearchStrategy[Case]:
            cases = known_problems(setting.m, setting.M, setting.gamma, bent=False, **options)
            return cases.map(lambda p: Case(setting, (p,)))

        return self.settings().flatmap(of)

    def bent(self, **options: Any) -> SearchStrategy[Case]:
        """Problems that are not quadratic, on which the solver has to converge.

        All of the class where the guarantee covers it; else problems whose curvature varies mildly, and near the
        solution where the guarantee is for quadratics only.

        Returns:
            A strategy of cases; options as in `strategies.problems`.
        """

        @cache
        def of(setting: Setting) -> SearchStrategy[Case]:
            chosen = dict(options)
            if not setting.whole_class:
                chosen["mild"] = True
            if setting.guarantee is not None and not setting.whole_class:
                chosen["near"] = min(1e-3, options.get("near") or 1.0)
            cases = known_problems(setting.m, setting.M, setting.gamma, bent=True, **chosen)
            return cases.map(lambda p: Case(setting, (p,)))

        return self.settings().flatmap(of)

    # Runs -----------------------------------------------------------------------------------------------------------

    def budget(self, case: Case) -> int:
        """Steps after which a right solver has arrived at the rounding floor."""
        setting, problem = case.setting, case.problem
        steps = setting.steps(1 / self.unit)
        if problem.most != problem.least and not setting.whole_class:
            steps = 3 * steps + 200
        return min(steps, 20_000)

    def trace(self, problem: Problem, steps: int, enough: Callable[[np.ndarray], bool] | None = None) -> Trace:
        """Run the solver on one problem, from its start."""
        objective = problem.objective(self.dtype, self.device)
        return self.run(objective, problem.starting_point(self.dtype, self.device), steps, enough)

    def run(
        self,
        objective: Objective,
        start: Tensor,
        steps: int,
        enough: Callable[[np.ndarray], bool] | None = None,
        look: Callable[[int, Any], str] | None = None,
    ) -> Trace:
        """Run the solver on any objective; arguments as of `trace.run`."""
        return run(self.solver, objective, start, steps, enough, look, self.limits.spend)

    def cause(self, case: Case) -> str:
        """In a word, why a run on the case does not arrive; empty where it does, or breaks."""
        errors, fault = self.errors(case)
        return "" if fault or errors[-1] <= self.floor(case) else pace(errors)

    def errors(self, case: Case, steps: int | None = None) -> tuple[np.ndarray, str]:
        """|h_k - h*| of a run until it rests at the floor or is lost, and why it ended early if something broke."""
        offsets, fault = self.offsets(case, steps)
        return np.linalg.norm(offsets, axis=-1), fault

    def offsets(self, case: Case, steps: int | None = None) -> tuple[np.ndarray, str]:
        """The h_k - h* of that run, shape (steps + 1, d)."""
        problem, floor, resting = case.problem, self.floor(case), 0

        def enough(point: np.ndarray) -> bool:
            nonlocal resting
            resting = resting + 1 if (error := problem.distance(point)) <= floor / 4 else 0
            return resting >= 10 or not error <= 1e9 * problem.size

        trace = self.trace(problem, steps or self.budget(case), enough)
        return problem.own(trace.points) - problem.solution, trace.fault

    def settled(self, problem: Problem, point: np.ndarray, floor: float) -> bool:
        """Whether a state is well below the rounding floor, or hopelessly far away."""
        return not floor / 16 < problem.distance(point) <= 1e9 * problem.size

    # Findings -------------------------------------------------------------------------------------------------------

    def hold(
        self,
        strategy: SearchStrategy[Case],
        judge: Callable[[Case], tuple[Line, ...]],
        detail: str,
        examples: int | None = None,
    ) -> Finding:
        """Look for a case on which a line of the judge fails.

        Where it fails of a cause that another check has told, the finding refers to that one.

        Returns:
            What `search` finds.
        """
        seen: set[str] = set()

        def judged(case: Case) -> tuple[Line, ...]:
            lines = judge(case)
            seen.clear()  # the last case judged is the one that is reported
            seen.update(causes(lines))
            return lines

        finding = search(
            strategy,
            judged,
            seed=self.seed,
            examples=self.examples if examples is None else max(1, min(self.examples, examples)),
            shrinks=self.shrinks,
            detail=detail,
            describe=Case.describe,
            hypotheses=_in_class,
            limits=self.limits,
            told=self.told,
        )
        if finding.verdict is not Verdict.REFUTED or not seen:
            return finding
        before = sorted(seen & self.told.keys())
        if before:
            return replace(finding, detail=f"{before[0]}, {TOLD}{self.told[before[0]]}")
        self.told.update(dict.fromkeys(sorted(seen), self.limits.check))
        return finding


def ran(fault: str) -> Line:
    """That the solver ran at all."""
    return Line(STEPS, not fault, fault)


def _in_class(case: Case) -> tuple[Line, ...]:
    """That each problem lies in its class and its solution is one, by autograd on the objective."""
    lines, setting = list[Line](), case.setting
    for problem in case.batch:
        objective = problem.objective()
        for y in (problem.solution, np.array(problem.start)):
            # Plain autograd: the first use of torch.func in a process imports torch's compiler, which takes seconds.
            hessian = torch.autograd.functional.jacobian(objective.gradient, torch.as_tensor(problem.place(y)))
            spectrum = np.linalg.eigvalsh(hessian.numpy())
            # The matrix is rounded, by some roundoffs of its largest curvature.
            slack = 1e-9 * setting.m + 8 * (problem.dim + 8) * 2.0**-53 * setting.M
            inside = bool(setting.m - slack <= spectrum[0] and spectrum[-1] <= setting.M * (1 + 1e-9))
            ends = f"{spectrum[0]:.6g} to {spectrum[-1]:.6g}"
            lines.append(Line(f"Phi has curvature in [{setting.m:.6g}, {setting.M:.6g}]", inside, ends))
        there = torch.as_tensor(problem.place(problem.solution)).requires_grad_()
        (slope,) = torch.autograd.grad(objective.value(there), there)
        limit = 64 * (problem.dim + 8) * 2.0**-53 * problem.M * problem.size
        lines.append(at_most("|grad Phi(h*)|", float(torch.linalg.vector_norm(slope)), limit))
    return tuple(lines)
