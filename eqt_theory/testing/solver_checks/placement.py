"""Where and how numbers are held: rotation and translation, precision, device."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import strategies as st

from eqt_theory.core.finding import Finding
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.pace import pace
from eqt_theory.testing.search import Line, at_most

_STEPS = 2
"""Few, so that rounding errors cannot grow; see the batch."""


def equivariance(bench: SolverBench) -> Finding:
    """Rotating and shifting a problem rotates and shifts every step."""
    if not bench.equivariant:
        raise NotApplicable("the solver does not declare it (equivariant=True)")

    def judge(case: Case) -> tuple[Line, ...]:
        here, there = case.batch
        a, b = bench.trace(here, _STEPS), bench.trace(there, _STEPS)
        if a.fault or b.fault:
            return (ran(a.fault or b.fault),)
        apart = float(np.linalg.norm(here.own(a.points) - there.own(b.points), axis=-1).max())
        return ran(""), at_most("distance in the problem's own axes", apart, bench.alike * there.size)

    def moved(case: Case, rotation: int, shift: float) -> Case:
        return Case(case.setting, (case.problem, case.problem.moved(rotation, shift)))

    # In one dimension nothing turns.
    both = bench.quadratics(anywhere=False, dim=2) | bench.bent(anywhere=False, dim=3)
    cases = st.builds(moved, both, st.integers(1, 20), st.sampled_from([1.0, -5.0]))
    return bench.hold(cases, judge, "is equivariant under rotation and translation")


def float32_to_its_floor(bench: SolverBench) -> Finding:
    """In float32 it keeps float32, and reaches the same answer up to the rounding floor there."""
    if bench.dtype is not torch.float64:
        raise NotApplicable(f"the whole battery ran in {bench.dtype}")
    coarse = bench.in_precision(torch.float32)
    if bench.bounded and not coarse.bounded:
        raise NotApplicable("after the few steps of float32 the bound that the solver declares says too little")

    def judge(case: Case) -> tuple[Line, ...]:
        errors, fault = coarse.errors(case)
        limit = coarse.floor(case)
        text = f"|h - h*| in float32 after {len(errors) - 1} steps"
        return ran(fault), at_most(text, errors[-1], limit, lambda: pace(errors))

    return coarse.hold(coarse.quadratics() | coarse.bent(), judge, "works in float32", 20)


def same_on_cuda(bench: SolverBench) -> Finding:
    """Takes the same steps on a CUDA device as on the CPU."""
    if not torch.cuda.is_available():
        raise NotApplicable("torch sees no CUDA device here")
    cpu, cuda = replace(bench, device="cpu"), replace(bench, device="cuda")

    def judge(case: Case) -> tuple[Line, ...]:
        a, b = cpu.trace(case.problem, _STEPS), cuda.trace(case.problem, _STEPS)
        if a.fault or b.fault:
            return (ran(a.fault or f"on CUDA, {b.fault}"),)
        apart = float(np.linalg.norm(a.points - b.points, axis=-1).max())
        return ran(""), at_most("distance between CPU and CUDA", apart, bench.alike * case.problem.size)

    return bench.hold(bench.quadratics() | bench.bent(), judge, "works on CUDA", 10)
