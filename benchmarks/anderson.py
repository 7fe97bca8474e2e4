"""Anderson acceleration with its defaults against those of other libraries: how near they come.

    python benchmarks/anderson.py [--count 256] [--dim 32] [--kappa 100] [--steps 500] [--tolerance 1e-10]

Quadratics of one condition number, each with its own matrix; everybody accelerates gradient descent with the best step
size, in float64, to the same tolerance, with its own defaults beside. The table shows the largest true error relative
to the solution, against a direct solve, and the share of the problems that are within ten times the tolerance.
"""

import argparse
import importlib.util
import math
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import eqt_theory as eqt

GAMMA = 4.0


def problems(count: int, dim: int, kappa: float, seed: int) -> tuple[eqt.Objective, Tensor]:
    """Objectives whose Phi has curvature from 0.5 to kappa/2, spread geometrically, and their solutions."""
    generator = torch.Generator().manual_seed(seed)
    spectrum = 0.5 * torch.logspace(0, math.log10(kappa), dim, dtype=torch.float64).expand(count, dim)
    b, f = (torch.randn(count, dim, generator=generator, dtype=torch.float64) for _ in range(2))
    objective = eqt.Objective(eqt.Quadratic.with_spectrum(spectrum - 1 / GAMMA, seed, b), f, GAMMA)
    return objective, torch.linalg.solve(objective.hessian(f), f / GAMMA - b)


def contestants(objective: eqt.Objective, step: float, steps: int, tolerance: float) -> dict[str, Callable[[], Tensor]]:
    """Name -> a run with that library's defaults."""
    f = objective.proposal
    H = objective.hessian(f).contiguous()
    c = (H @ f.unsqueeze(-1)).squeeze(-1) - objective.gradient(f)
    runs: dict[str, Callable[[], Tensor]] = {
        "eqt.Anderson": lambda: eqt.solve(objective, eqt.Anderson(step), None, tolerance, steps).h
    }
    if importlib.util.find_spec("torchdeq"):
        from torchdeq import get_deq

        deq = get_deq(f_solver="anderson", f_max_iter=steps, f_tol=tolerance, f_stop_mode="abs", ift=True)

        def torchdeq_run() -> Tensor:
            with torch.no_grad():
                return deq(lambda h: h - step * (torch.bmm(H, h.unsqueeze(-1)).squeeze(-1) - c), f)[0][-1]

        runs["torchdeq"] = torchdeq_run
    if importlib.util.find_spec("jaxopt"):
        import jax
        import jax.numpy as jnp
        import jaxopt

        jax.config.update("jax_enable_x64", True)
        arrays = tuple(jnp.asarray(x.numpy()) for x in (H, c, f))

        def one(A: object, r: object, x: object) -> object:
            solver = jaxopt.AndersonAcceleration(lambda h: h - step * (A @ h - r), maxiter=steps, tol=tolerance)
            return solver.run(x).params

        compiled = jax.jit(jax.vmap(one))
        compiled(*arrays)  # compile outside the clock
        runs["jaxopt"] = lambda: torch.from_numpy(jax.device_get(compiled(*arrays)).copy())
    return runs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Anderson acceleration with everybody's defaults, in one run.")
    parser.add_argument("--count", type=int, default=256, help="problems in the batch")
    parser.add_argument("--dim", type=int, default=32, help="dimension of each")
    parser.add_argument("--kappa", type=float, default=100.0, help="condition number of Phi")
    parser.add_argument("--steps", type=int, default=500, help="steps at most")
    parser.add_argument("--tolerance", type=float, default=1e-10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    objective, solution = problems(options.count, options.dim, options.kappa, options.seed)
    step = 2 / (0.5 + 0.5 * options.kappa)
    title = f"{options.count} quadratics, d = {options.dim}, kappa = {options.kappa:g}, at most {options.steps} steps"
    table = Table(title=title)
    for name in ("who", "largest relative error", "within ten tolerances", "seconds"):
        table.add_column(name, justify="left" if name == "who" else "right")
    for name, run in contestants(objective, step, options.steps, options.tolerance).items():
        begin = time.perf_counter()
        answer = run()
        seconds = time.perf_counter() - begin
        error = torch.linalg.vector_norm(answer - solution, dim=-1) / torch.linalg.vector_norm(solution, dim=-1)
        share = float((error <= 10 * options.tolerance).double().mean())
        table.add_row(name, f"{float(error.max()):.1e}", f"{100 * share:.1f} %", f"{seconds:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
