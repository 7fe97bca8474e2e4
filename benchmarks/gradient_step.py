"""The rate of gradient descent: one proof for all parameters against semidefinite programs for one triple each.

    python benchmarks/gradient_step.py [--repeats 3]

The proof covers every 0 < m <= M, every step size and every dimension. PEPit and AutoLyap, where installed, answer for
the numbers (m, M, alpha) in floating point, here with CLARABEL; their rate is shown against the exact one, with its
sign: below 0 it promises more than is true.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable

import sympy as sp
from rich.console import Console
from rich.table import Table

from eqt_theory import Verdict, prove
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.smt.provers import Panel

TRIPLES = ((1.0, 10.0, 2 / 11), (0.1, 10.0, 0.19), (1.0, 1000.0, 1 / 1000))


def proof() -> float:
    """Prove |h+ - h*| <= max(|1 - alpha m|, |1 - alpha M|) |h - h*| for all parameters; the rate is exact."""
    m, M, alpha = sp.symbols("m M alpha", positive=True)
    d, D = Space(("d", "D")).vectors
    square = sp.Max((1 - alpha * m) ** 2, (1 - alpha * M) ** 2)
    panel = Panel()  # a new one, which remembers nothing
    try:
        finding = prove(
            [m <= M, *d.space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)],
            gradient_step(d, D, alpha).norm2 <= square * d.norm2,
            panel=panel,
        )
    finally:
        panel.close()
    if finding.verdict is not Verdict.PROVED:
        raise RuntimeError(finding.detail)
    return 0.0


def exact(m: float, M: float, alpha: float) -> float:
    return max(abs(1 - alpha * m), abs(1 - alpha * M))


def pepit(m: float, M: float, alpha: float) -> float:
    """The rate by PEPit."""
    from PEPit import PEP
    from PEPit.functions import SmoothStronglyConvexFunction

    problem = PEP()
    function = problem.declare_function(SmoothStronglyConvexFunction, mu=m, L=M)
    star, start = function.stationary_point(), problem.set_initial_point()
    problem.set_initial_condition((start - star) ** 2 <= 1)
    problem.set_performance_metric((start - alpha * function.gradient(start) - star) ** 2)
    return max(problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0), 0.0) ** 0.5


def autolyap(m: float, M: float, alpha: float) -> float:
    """The rate by AutoLyap, by bisection to 1e-6."""
    from autolyap import IterationIndependent, SolverOptions
    from autolyap.algorithms import GradientMethod
    from autolyap.problemclass import InclusionProblem, SmoothStronglyConvex

    problem, method = InclusionProblem([SmoothStronglyConvex(mu=m, L=M)]), GradientMethod(gamma=alpha)
    search = IterationIndependent.LinearConvergence
    P, p, T, t = search.get_parameters_distance_to_solution(method)
    found = search.bisection_search_rho(
        problem,
        method,
        P=P,
        T=T,
        p=p,
        t=t,
        tol=1e-6,
        solver_options=SolverOptions(backend="cvxpy", cvxpy_solver="CLARABEL"),
        verbosity=0,
    )
    return float(found["rho"]) ** 0.5


def timed(run: Callable[[], float], repeats: int) -> tuple[float, float]:
    """The median time and the last answer."""
    times, answer = [], 0.0
    for _ in range(repeats):
        begun = time.perf_counter()
        answer = run()
        times.append(time.perf_counter() - begun)
    return statistics.median(times), answer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    table = Table(title="The rate of one gradient step", title_justify="left")
    for column in ("who", "for", "median s", "rate minus the exact one"):
        table.add_column(column, justify="right" if column == "median s" else "left")
    seconds, _ = timed(proof, repeats)
    table.add_row("eqt_theory, two provers", "all m, M, alpha", f"{seconds:.2f}", "exact, proved")
    for name, run in (("PEPit", pepit), ("AutoLyap", autolyap)):
        if not importlib.util.find_spec("PEPit" if name == "PEPit" else "autolyap"):
            table.add_row(name, "not installed", "", "")
            continue
        for triple in TRIPLES:
            seconds, rate = timed(lambda run=run, triple=triple: run(*triple), repeats)
            table.add_row(
                name, "m={:g}, M={:g}, alpha={:.4g}".format(*triple), f"{seconds:.2f}", f"{rate - exact(*triple):+.1e}"
            )
    Console().print(table)


if __name__ == "__main__":
    main()
