"""Rates of first-order methods by four tools against an exact lower bound: who is near it, and who is below the truth.

    python benchmarks/rates.py [--kappas 2 10 100 1000 10000] [--methods N] [--markdown FILE]

Each method is asked about on every m-strongly convex function with M-Lipschitz gradient, m = 1, M = kappa. Here it is
the code that a user runs; AutoLyap gets matrices A, B, C, D; PEPit and PEPFlow the steps in their own language, which
gives a rate of methods without memory only (of others, bounds after N steps). A rate counts as below the truth where
it is below a rate that some quadratic of the class forces, shown in fractions by the kernel. PEPFlow has no strongly
convex class; it gets the (M - m)-smooth part, the quadratic is added by hand.
"""

import argparse
import ast
import importlib.util
import inspect
import math
import statistics
import textwrap
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import eqt_theory as eqt
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.spectrum import slow_quadratic, slowest

Step = Callable[[Callable[[Any], Any], Any], Any]
TOOLS = ("eqt_theory", "AutoLyap", "PEPit", "PEPFlow")
NEEDS = {"AutoLyap": "autolyap", "PEPit": "PEPit", "PEPFlow": "pepflow"}


def ours(step: Step, m: float, M: float) -> float:
    """What a user of this package writes for a method of one step."""
    finding = eqt.certify_rate(eqt.StepRule(lambda objective, h: step(objective.gradient, h)), m, M)
    return float(finding.rate) if finding.rate is not None else math.nan


def pepit(step: Step, m: float, M: float) -> float:
    """What a user of PEPit writes."""
    from PEPit import PEP
    from PEPit.functions import SmoothStronglyConvexFunction

    problem = PEP()
    function = problem.declare_function(SmoothStronglyConvexFunction, mu=m, L=M)
    star, start = function.stationary_point(), problem.set_initial_point()
    problem.set_initial_condition((start - star) ** 2 <= 1)
    problem.set_performance_metric((step(function.gradient, start) - star) ** 2)
    return max(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0), 0.0) ** 0.5


def pepflow(step: Step, m: float, M: float) -> float:
    """What a user of PEPFlow writes."""
    from pepflow import function, pep
    from pepflow import pep_context as contexts
    from pepflow import registry as reg

    context = contexts.PEPContext(f"step {time.perf_counter()}").set_as_current()
    problem = pep.PEPBuilder(context)
    smooth = reg.declare_func(function.SmoothConvexFunction, f"f{time.perf_counter()}", L=M - m)
    start, star = problem.add_init_point("x_0"), smooth.set_stationary_point("x_star")
    problem.add_initial_constraint(((start - star) ** 2).le(1, name="initial"))
    after = step(lambda x: smooth.grad(x) + m * (x - star), start)
    problem.set_performance_metric((after - star) ** 2)
    return max(float(problem.solve_primal().opt_value), 0.0) ** 0.5


def autolyap(matrices: list[np.ndarray], m: float, M: float) -> float:
    """What a user of AutoLyap writes, besides the matrices and a class that holds them."""
    from autolyap import IterationIndependent, SolverOptions
    from autolyap.algorithms import Algorithm
    from autolyap.problemclass import InclusionProblem, SmoothStronglyConvex

    class Method(Algorithm):
        def __init__(self) -> None:
            super().__init__(len(matrices[0]), 1, [len(matrices[2])], [1], [])

        def get_ABCD(self, k: int) -> Any:  # noqa: N802
            return tuple(matrices)

    problem, method = InclusionProblem([SmoothStronglyConvex(mu=m, L=M)]), Method()
    search = IterationIndependent.LinearConvergence
    P, p, T, t = search.get_parameters_distance_to_solution(method)
    options = SolverOptions(backend="cvxpy", cvxpy_solver="CLARABEL")
    more: Any = {"P": P, "T": T, "p": p, "t": t, "tol": 1e-9, "solver_options": options, "verbosity": 0}
    found = search.bisection_search_rho(problem, method, **more)
    return float(found["rho"]) ** 0.5 if found.get("rho") is not None else math.nan


@dataclass(frozen=True)
class Method:
    """A method for constants m and M: a step without memory, or a solver."""

    name: str
    step: Callable[[float, float], Step] | None = None
    solver: Callable[[float, float], eqt.Solver] | None = None

    def made(self, m: float, M: float) -> eqt.Solver:
        if self.step is not None:
            step = self.step(m, M)
            return eqt.StepRule(lambda objective, h: step(objective.gradient, h))
        assert self.solver is not None
        return self.solver(m, M)


def _descent(length: Callable[[float, float], float]) -> Callable[[float, float], Step]:
    return lambda m, M: lambda grad, x: x - length(m, M) * grad(x)


def _heun(m: float, M: float) -> Step:
    def step(grad: Any, x: Any) -> Any:
        g = grad(x)
        return x - (0.5 / M) * (g + grad(x - (1 / M) * g))

    return step


def _ahead(m: float, M: float) -> Step:
    def step(grad: Any, x: Any) -> Any:
        y = x
        for _ in range(3):
            y = y - (1 / M) * grad(y)
        return 0.5 * x + 0.5 * y

    return step


def _pair(m: float, M: float) -> Step:
    def step(grad: Any, x: Any) -> Any:
        y = x - (0.5 / M) * grad(x)
        return y - (1.2 / M) * grad(y)

    return step


def _extragradient(m: float, M: float) -> Step:
    return lambda grad, x: x - (0.5 / M) * grad(x - (0.5 / M) * grad(x))


def _robust(m: float, M: float) -> eqt.Solver:
    """Between triple momentum and a slower, sturdier one (Cyrus, Hu, Van Scoy and Lessard 2018), its slowest end."""
    return eqt.TripleMomentum(math.nextafter(1 / M, 0), 0.5 * math.sqrt(m / M))


def _momentum(factor: float) -> Callable[[float, float], eqt.Solver]:
    return lambda m, M: eqt.HeavyBall(1 / M, factor * (1 - math.sqrt(m / M)) ** 2)


METHODS = (
    Method("descent, 2/(m+M)", _descent(lambda m, M: 2 / (m + M))),
    Method("descent, 1/M", _descent(lambda m, M: 1 / M)),
    Method("descent, 1.9/M", _descent(lambda m, M: 1.9 / M)),
    Method("Heun, 1/M", _heun),
    Method("extragradient, 1/(2M)", _extragradient),
    Method("two steps, .5/M and 1.2/M", _pair),
    Method("lookahead, 3 steps, half", _ahead),
    Method("heavy ball, 1/M, .2 b", solver=_momentum(0.2)),
    Method("heavy ball, 1/M, .5 b", solver=_momentum(0.5)),
    Method("heavy ball, 1/M, b", solver=_momentum(1.0)),
    Method("heavy ball, Polyak", solver=lambda m, M: eqt.HeavyBall.optimal(m, M)),
    Method("Nesterov", solver=lambda m, M: eqt.Nesterov.optimal(m, M)),
    Method("Nesterov, momentum .5", solver=lambda m, M: eqt.Nesterov(1 / M, 0.5)),
    Method("triple momentum", solver=lambda m, M: eqt.TripleMomentum.optimal(m, M)),
    Method("triple momentum for m/4", solver=_robust),
    Method("Nesterov, 2/3 of 1/M", solver=lambda m, M: eqt.Nesterov(2 / 3 / M, 0.6)),
)


def matrices_of(recurrence: Recurrence) -> list[np.ndarray]:
    tables = (recurrence.A, recurrence.B, recurrence.C, recurrence.D)
    return [np.array([[float(x) for x in row] for row in table]) for table in tables]


def lower_bound(recurrence: Recurrence, M: float) -> float:
    """The largest rate that was seen to be forced by a quadratic, accepted by the kernel."""
    radius = slowest(recurrence, Fraction(1), Fraction(M)).radius
    for slack in (1e-13, 1e-11, 1e-9, 1e-7):
        found = slow_quadratic(recurrence, Fraction(1), Fraction(M), Fraction(radius * (1 - slack)))
        if found is not None:
            return float(Fraction(found["reached"]))
    return 0.0


def lines(tool: str) -> int:
    """The statements that a user writes for a method of one step, but for imports."""
    source = {"eqt_theory": ours, "AutoLyap": autolyap, "PEPit": pepit, "PEPFlow": pepflow}[tool]
    body = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(source))))
    kept = [n for n in body if isinstance(n, ast.stmt) and not isinstance(n, ast.Import | ast.ImportFrom)]
    return len([n for n in kept if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]) - 1


def asked(tool: str, method: Method, M: float, recurrence: Recurrence) -> tuple[float, float] | None:
    """Rate and seconds of the processor; None where the tool gives no rate of such a method."""
    if tool in ("PEPit", "PEPFlow") and method.step is None:
        return None
    begun = time.process_time()
    try:
        if tool == "eqt_theory":
            found = eqt.certify_rate(method.made(1.0, M), 1.0, M)
            rate = float(found.rate) if found.rate is not None else math.nan
        elif tool == "AutoLyap":
            rate = autolyap(matrices_of(recurrence), 1.0, M)
        else:
            assert method.step is not None
            rate = (pepit if tool == "PEPit" else pepflow)(method.step(1.0, M), 1.0, M)
    except BaseException as error:  # what a tool raises is its answer; a panic of CLARABEL is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        print(f"{tool}, {method.name}, kappa = {M:g}: {type(error).__name__}: {str(error)[:80]}")
        rate = math.nan
    return rate, time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kappas", type=float, nargs="+", default=[2, 10, 100, 1000, 10_000])
    parser.add_argument("--methods", type=int, default=len(METHODS))
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    tools = [t for t in TOOLS if t not in NEEDS or importlib.util.find_spec(NEEDS[t])]
    for tool in set(TOOLS) - set(tools):
        print(f"{tool} is not installed: pip install {NEEDS[tool]}")
    rows, seconds, below, none = [], {t: [] for t in tools}, dict.fromkeys(tools, 0), dict.fromkeys(tools, 0)
    gaps: dict[str, list[float]] = {t: [] for t in tools}
    for method in METHODS[: options.methods]:
        for kappa in options.kappas:
            recurrence = eqt.trace(method.made(1.0, kappa))
            truth = lower_bound(recurrence, kappa)
            row = [method.name, f"{kappa:g}", f"{truth:.9f}"]
            for tool in tools:
                answer = asked(tool, method, kappa, recurrence)
                if answer is None:
                    row.append("-")
                    continue
                rate, spent = answer
                seconds[tool].append(spent)
                if math.isnan(rate):
                    none[tool] += 1
                    row.append("none")
                    continue
                gap = (rate - truth) / (1 - truth)
                gaps[tool].append(gap)
                below[tool] += rate < truth
                row.append(f"{gap:+.1e}{' BELOW' if rate < truth else ''}")
            rows.append(row)
    summary = [
        [
            tool, str(len(seconds[tool])), str(none[tool]), str(below[tool]), f"{statistics.median(gaps[tool]):+.1e}",
            f"{statistics.median(seconds[tool]):.2f}", str(lines(tool)),
        ]
        for tool in tools
    ]  # fmt: skip
    heads = ["tool", "asked", "no rate below 1", "below the truth", "median gap", "median CPU s", "statements"]
    wide = ["method", "kappa", "exact lower bound", *tools]
    for title, columns, body in (("(rate - lower bound)/(1 - lower bound)", wide, rows), ("in all", heads, summary)):
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column)
        for row in body:
            table.add_row(*row)
        Console(width=140).print(table)
    if options.markdown is not None:
        options.markdown.write_text("\n\n".join(_markdown(*x) for x in ((heads, summary), (wide, rows))) + "\n")


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    return "\n".join(
        ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns), *("| " + " | ".join(r) + " |" for r in rows)]
    )


if __name__ == "__main__":
    main()
