"""How often `check_solver` is right: planted faults caught, and false alarms on right solvers, over many seeds.

    python benchmarks/check_solver.py [--seeds 200] [--first 0] [--examples 6] [--jobs 1] [--only NAME ...]

A fault counts as caught at a seed if at least one check fails; a right solver raises a false alarm at a seed if one
does. Every seed draws other problems. The last two lines are the two numbers.
"""

import argparse
import functools
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch

import eqt_theory as eqt
from eqt_theory.testing import SOLVER_CHECKS
from eqt_theory.testing.battery import run_battery
from eqt_theory.testing.bench import SolverBench
from eqt_theory.testing.faults import FAULTS, RIGHT, Specimen
from eqt_theory.testing.solver_battery import as_solver, solver_bench


def packaged() -> tuple[Specimen, ...]:
    """The step rules of this package, with ordinary parameters."""
    solvers = (
        eqt.GradientDescent(0.1),
        eqt.GradientDescent.optimal(1.0, 10.0),
        eqt.ScheduledGradientDescent([0.1, 0.2]),
        eqt.ScheduledGradientDescent(lambda k: 0.1 if k % 2 else 0.2),
        eqt.BacktrackingGradientDescent(),
        eqt.ProximalGradient(0.3),
        eqt.ProximalPoint(2.0),
        eqt.HeavyBall.optimal(1.0, 10.0),
        eqt.HeavyBall(0.1, 0.3),
        eqt.Nesterov.optimal(1.0, 10.0),
        eqt.Newton(),
        eqt.NewtonCG(),
        eqt.ConjugateGradients(),
        eqt.Anderson(0.3),
        eqt.ScipyLBFGS(),
    )
    return tuple(
        Specimen(f"{type(s).__name__}_{i}", "of this package", lambda s=s: s, s.equivariant, s.differentiable)
        for i, s in enumerate(solvers)
    )


def run(task: tuple[bool, int, int, int]) -> tuple[bool, str, int, tuple[str, ...]]:
    """One solver at one seed: whether it is faulty, its name, the seed, and the checks that failed.

    A right solver goes through the whole battery, a fault until the first check that catches it, cheap ones first.
    """
    faulty, index, seed, examples = task
    torch.set_num_threads(1)
    specimen, first = _specimen(faulty, index)
    bench = replace(first, solver=as_solver(specimen.make()), seed=seed, examples=examples, told={})
    groups = [[check] for check in sorted(SOLVER_CHECKS, key=_cost)] if faulty else [list(SOLVER_CHECKS)]
    for checks in groups:
        failed = run_battery(specimen.name, checks, bench, on_fail=None).failed
        if failed:
            return faulty, specimen.name, seed, tuple(finding.check for finding in failed)
    return faulty, specimen.name, seed, ()


@functools.cache
def _specimen(faulty: bool, index: int) -> tuple[Specimen, SolverBench]:
    """A solver with its bench: which problems it is held to depends on no seed, so it is found once a process."""
    specimen = (FAULTS if faulty else (*packaged(), *RIGHT))[index]
    bench = solver_bench(
        specimen.make(), equivariant=specimen.equivariant, differentiable=specimen.differentiable, max_shrinks=0
    )
    return specimen, bench


def _cost(check: Callable[..., object]) -> int:
    """Checks of a few steps before those that run to the end, and the latter in the order of the battery."""
    short = ("no_cross_talk", "gamma_per_state", "batch_of_one", "empty_batch", "changes_no_input", "deterministic")
    short += ("leaves_its_surroundings", "remembers_no_problem", "equivariance", "differentiable")
    return 0 if check.__name__ in short else 1


def main() -> None:
    """Print what was missed, and the two numbers."""
    parser = argparse.ArgumentParser(description="check_solver: faults caught and false alarms over many seeds.")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--examples", type=int, default=6, help="cases per check")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further seed after so long")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="those solvers whose names begin so")
    options = parser.parse_args()
    torch.set_num_threads(1)
    begin = time.monotonic()
    every = [(True, i, s.name) for i, s in enumerate(FAULTS)]
    every += [(False, i, s.name) for i, s in enumerate((*packaged(), *RIGHT))]
    chosen = [(faulty, i) for faulty, i, name in every if name.startswith(tuple(options.only or ("",)))]
    faults, right = sum(faulty for faulty, _ in chosen), sum(not faulty for faulty, _ in chosen)
    finished = 0

    missed: dict[str, list[int]] = {}
    alarms: list[str] = []
    counts = {True: 0, False: 0}
    # Before the processes part, so that they all have them.
    for faulty, index in chosen:
        _specimen(faulty, index)
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for seed in range(options.first, options.first + options.seeds):
            if time.monotonic() - begin > 60 * options.minutes:
                break
            tasks = [(faulty, index, seed, options.examples) for faulty, index in chosen]
            for faulty, name, _, failed in pool.imap_unordered(run, tasks):
                counts[faulty] += 1
                if faulty and not failed:
                    missed.setdefault(name, []).append(seed)
                    print(f"missed: {name} at seed {seed}", flush=True)
                if not faulty and failed:
                    alarms.append(name)
                    print(f"false alarm: {name} at seed {seed}: {', '.join(failed)}", flush=True)
            finished += 1
            print(f"seed {seed} done after {(time.monotonic() - begin) / 60:.1f} min", file=sys.stderr, flush=True)
    print(f"{finished} seeds, {options.examples} cases per check, {(time.monotonic() - begin) / 60:.0f} min")
    caught = counts[True] - sum(len(seeds) for seeds in missed.values())
    print(f"faults caught: {faults - len(missed)} of {faults} at every seed ({caught} of {counts[True]} runs)")
    print(f"false alarms: {len(alarms)} of {counts[False]} runs of {right} right solvers")


if __name__ == "__main__":
    main()
