"""Does a solver leave alone what it shares with the rest of the program?"""

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch

from eqt_theory.core.finding import Finding
from eqt_theory.testing.bench import Case, SolverBench
from eqt_theory.testing.search import Line

_STEPS = 6
_EXAMPLES = 10
"""Cases at most: what a solver does to its surroundings hardly depends on the problem."""


def leaves_its_surroundings(bench: SolverBench) -> Finding:
    """Sets no seed of a shared random generator, no default precision and no mode of autograd."""
    both = bench.quadratics() | bench.bent()
    return bench.hold(both, lambda case: (_untouched(bench, case),), "leaves its surroundings alone", _EXAMPLES)


def _untouched(bench: SolverBench, case: Case) -> Line:
    set_, ends = [], []
    # From different surroundings: what comes out the same way was set. Seeds are compared in one precision, as a number
    # drawn in another takes more of a generator.
    for dtype, seed in ((torch.float32, 1), (torch.float64, 1), (torch.float64, 2)):
        with _surroundings(dtype, seed):
            _steps(bench, case)
            set_ += [] if torch.get_default_dtype() is dtype else ["torch's default dtype"]
            set_ += [] if torch.is_grad_enabled() else ["whether autograd records"]
            ends.append(_generators())
    set_ += [f"the seed of {name}" for name in ends[1] if ends[1][name] == ends[2][name]]
    return Line("no step sets what the program shares", not set_, f"it set {', '.join(dict.fromkeys(set_))}")


def _steps(bench: SolverBench, case: Case) -> None:
    # What it raises, the other checks tell.
    with suppress(Exception):
        objective = case.problem.objective(bench.dtype, bench.device)
        state = bench.solver.init(objective, case.problem.starting_point(bench.dtype, bench.device))
        for _ in range(_STEPS):
            state = bench.solver.step(objective, state)


@contextmanager
def _surroundings(dtype: torch.dtype, seed: int) -> Iterator[None]:
    """The default dtype, autograd on, and seeds; all is put back at the end."""
    held = torch.get_default_dtype()
    try:
        torch.set_default_dtype(dtype)
        with seeded(seed), torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(held)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The shared random generators of torch, NumPy and Python at a seed; they are put back at the end."""
    held = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002  the shared ones are meant
    try:
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        yield
    finally:
        torch.set_rng_state(held[0])
        np.random.set_state(held[1])  # noqa: NPY002
        random.setstate(held[2])


def _generators() -> dict[str, str]:
    """The states of the shared random generators."""
    numbers = {
        "torch's random generator": torch.get_rng_state().tolist(),
        "NumPy's random generator": [part if np.isscalar(part) else list(part) for part in np.random.get_state()],  # noqa: NPY002
        "Python's random generator": random.getstate(),
    }
    return {name: repr(state) for name, state in numbers.items()}
