"""Derivatives of the equilibrium three ways: implicit (Eq. 19, corrected), unrolled, and by finite differences."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.oracle import Landscape, minimise
from eqt_theory.solvers.autodiff import solve_implicit, unroll
from eqt_theory.solvers.base import Solver, require_count

Build = Callable[[Mapping[str, Tensor]], Objective]

_STEPS = 10.0 ** -np.arange(1.0, 7.0)
_SAFETY = 8
_REPLAY_SHARE = 0.618  # of the step that was best, for the replay


@dataclass(frozen=True)
class Derivative:
    """A directional derivative of `<w, h*>` by central differences.

    Args:
        value: the derivative at the step with the smallest estimated error.
        error: that error, truncation and rounding, estimated.
        step: the step, in units of the direction.
    """

    value: float
    error: float
    step: float


def check_gradients(
    build: Build,
    parameters: Mapping[str, Tensor],
    solver: Solver,
    seed: int = 0,
    *,
    steps: int = 400,
    directions: int = 3,
    tolerance: float = 1e-6,
) -> Finding:
    """Whether implicit and unrolled derivatives of h* agree with finite differences, parameter by parameter.

    For a random w the derivative of `<w, h*>` along random directions of each parameter. Finite differences solve anew
    with SciPy, which sees values of the parameters only; their step balances truncation against rounding.

    Args:
        build: parameters -> Objective of one state, connected to them; say {"proposal": f, "gamma": g, "A": A}.
        parameters: float64 tensors by name; the proposal, gamma and those of the energy are the ones to ask about.
        solver: the step rule that the derivatives go through.
        seed: of w and of the directions.
        steps: of the unrolled run, and at most of the solve.
        directions: random directions per parameter.
        tolerance: relative difference allowed on top of the estimated error, for the accuracy of solve and run.

    Returns:
        REFUTED with the parameter, the direction and the numbers, replayed by another difference quotient; SUPPORTED
        with the number of derivatives compared; INCONCLUSIVE where the solve did not converge, the unrolled run is
        too short, or finite differences are too rough to tell.

    Raises:
        UsageError: no parameters, one that is not float64, or an objective of a batch.
    """
    require_count("steps", steps)
    require_count("directions", directions)
    if not parameters:
        raise UsageError("parameters must hold at least one tensor, got none")
    for name, value in parameters.items():
        if not isinstance(value, Tensor) or value.dtype != torch.float64:
            raise UsageError(
                f"parameters[{name!r}] must be a float64 tensor, got {getattr(value, 'dtype', type(value))}"
            )
    values = {name: value.detach().clone() for name, value in parameters.items()}
    plain = build(values)
    if not isinstance(plain, Objective) or plain.batch_shape:
        raise UsageError("build must return the Objective of one state")
    case = _Case(build, values, solver, steps, tolerance, torch.Generator().manual_seed(seed))
    return case.compare(directions)


@dataclass(frozen=True)
class _Case:
    build: Build
    values: Mapping[str, Tensor]
    solver: Solver
    steps: int
    tolerance: float
    generator: torch.Generator

    def compare(self, directions: int) -> Finding:
        land = Landscape(self.build(self.values))
        star = minimise(land, land.start.numpy())
        if star is None or not star.curvature > 0:
            return inconclusive(Method.EXPERIMENT, "no regular minimiser was found, so h* has no derivative to compare")
        w = torch.randn(land.d, generator=self.generator, dtype=torch.float64)
        implicit = self.gradients(self.implicit_solution, w)
        unrolled = self.gradients(self.unrolled_solution, w)
        if implicit is None:
            return inconclusive(Method.EXPERIMENT, f"the solver did not converge in {self.steps} steps to 1e-11")
        if unrolled is None:
            return inconclusive(Method.EXPERIMENT, "the unrolled run carries no finite derivatives")
        h_end = self.unrolled_solution(self.values).detach()
        # Derivatives lag behind the state: a run that is not at h* yet says nothing about either.
        late = float((h_end - star.h).norm()) > 1e-8 * (1 + float(star.h.norm()))
        compared, rough = 0, []
        for name, value in self.values.items():
            for _ in range(directions):
                v = torch.randn(value.shape, generator=self.generator, dtype=torch.float64)
                v = _within(name, value, v)
                found = self.difference(name, v, w, star.h.numpy())
                scale = max(abs(found.value), float(w.norm()) * float(v.norm()) * 1e-3)
                allowed = found.error + self.tolerance * scale
                if not found.error <= 1e-3 * scale:
                    rough.append(name)
                    continue
                for way, gradients in (("implicit", implicit), ("unrolled", unrolled)):
                    if way == "unrolled" and late:
                        continue
                    claimed = float((gradients[name] * v).sum())
                    compared += 1
                    if not abs(claimed - found.value) <= allowed:
                        return self.wrong(way, name, v, w, star.h.numpy(), claimed, found, allowed, compared)
        if late:
            away = float((h_end - star.h).norm())
            reason = f"{self.steps} unrolled steps end {away:.1e} from h*; implicit derivatives agree where compared"
            return inconclusive(Method.EXPERIMENT, reason, examples=compared)
        if rough or not compared:
            reason = f"finite differences are too rough to tell for {', '.join(sorted(set(rough)))}"
            return inconclusive(Method.EXPERIMENT, reason, examples=compared)
        names = ", ".join(self.values)
        detail = f"implicit and unrolled derivatives in {names} agree with finite differences, {compared} comparisons"
        return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, detail, examples=compared)

    def implicit_solution(self, values: Mapping[str, Tensor]) -> Tensor:
        return solve_implicit(self.build(values), self.solver, tolerance=1e-11, max_steps=10 * self.steps).h

    def unrolled_solution(self, values: Mapping[str, Tensor]) -> Tensor:
        return unroll(self.build(values), self.solver, self.steps)

    def gradients(self, solution: Callable[[Mapping[str, Tensor]], Tensor], w: Tensor) -> dict[str, Tensor] | None:
        """Derivatives of <w, h> in every parameter, 0 where h does not depend on it; None where not finite."""
        leaves = {name: value.clone().requires_grad_(True) for name, value in self.values.items()}
        total = (w * solution(leaves)).sum()
        if not total.requires_grad:
            return {name: torch.zeros_like(value) for name, value in self.values.items()}
        parts = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
        found = {n: torch.zeros_like(v) if p is None else p for (n, v), p in zip(leaves.items(), parts, strict=True)}
        return found if all(bool(torch.isfinite(p).all()) for p in found.values()) else None

    def difference(self, name: str, v: Tensor, w: Tensor, star: np.ndarray) -> Derivative:
        """The central difference at the step where halving changes it least."""
        best = Derivative(math.nan, math.inf, math.nan)
        unit = (1e-3 + float(self.values[name].norm())) / max(float(v.norm()), 1e-300)
        for share in _STEPS:
            step = share * unit
            wide, narrow = (self.quotient(name, v, w, star, s) for s in (step, step / 2))
            # Truncation falls fourfold with half the step; rounding doubles.
            error = _SAFETY * (abs(wide - narrow) / 3 + 1e-15 * float(w.norm()) * (1 + np.linalg.norm(star)) / step)
            value = (4 * narrow - wide) / 3
            if math.isfinite(value) and error < best.error:
                best = Derivative(value, error, step)
        return best

    def quotient(self, name: str, v: Tensor, w: Tensor, star: np.ndarray, step: float) -> float:
        ends = []
        for sign in (1.0, -1.0):
            moved = {**self.values, name: self.values[name] + sign * step * v}
            try:
                found = minimise(Landscape(self.build(moved)), star)
            except UsageError:  # the step leaves the range of the parameter, say gamma > 0
                return math.nan
            if found is None or not found.curvature > 0:
                return math.nan
            ends.append(float(w @ found.h))
        return (ends[0] - ends[1]) / (2 * step)

    def wrong(
        self, way: str, name: str, v: Tensor, w: Tensor, star: np.ndarray, claimed: float, found: Derivative,
        allowed: float, compared: int,
    ) -> Finding:  # fmt: skip
        """REFUTED where a fresh quotient with another step stands by the finite difference."""
        again = self.quotient(name, v, w, star, _REPLAY_SHARE * found.step)
        text = f"the {way} derivative in {name} is {claimed:.9g}, finite differences give {found.value:.9g}"
        about = f"the {way} derivative in {name} is that of h*"
        line = ReplayLine.compared(about, claimed, "=", again, allowed)
        if line.holds or not abs(again - found.value) <= max(abs(again - claimed) / 4, allowed):
            return inconclusive(Method.EXPERIMENT, f"{text}; another step gives {again:.9g}", examples=compared)
        return Finding(
            Verdict.REFUTED,
            Method.EXPERIMENT,
            text,
            witness={"parameter": name, "direction": v.tolist(), "claimed": claimed, "finite difference": found.value},
            replay=Replay(Arithmetic.FLOAT, (), (line,)),
            examples=compared,
        )


def _within(name: str, value: Tensor, v: Tensor) -> Tensor:
    """A direction that keeps a symmetric matrix symmetric: a Quadratic takes no other."""
    square = value.ndim >= 2 and value.shape[-1] == value.shape[-2] and bool((value == value.mT).all())
    return (v + v.mT) / 2 if square else v
