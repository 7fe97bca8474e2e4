"""`check_map`: is a state the MAP estimate of (Eq. 20)? Asked of oracles that share no code with the solvers."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
import torch
from torch import Tensor

from eqt_theory.core.annotated import Positive, Seed, checked
from eqt_theory.core.budget import Told, budgeted, stage
from eqt_theory.core.domain import WholeSpace
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.renamed import renamed
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.objective import Objective
from eqt_theory.engines.interval import replay_in_balls
from eqt_theory.evidence.map.certify import certify_mode, downhill
from eqt_theory.evidence.map.density import Grid, on_grid
from eqt_theory.evidence.map.modes import Modes, find_modes, lower_mode
from eqt_theory.evidence.map.scan import DEPTH, Scan, scan
from eqt_theory.evidence.map.tail import Tail, look_at_tail
from eqt_theory.evidence.oracle import Landscape, is_stationary
from eqt_theory.evidence.sampling import require_dimension
from eqt_theory.evidence.slopes import slopes_differ

_LOWER = "the state is not the MAP estimate: {} has lower Phi"
_SAFETY = 256  # units in the last place of the terms of Phi that a value may be off by
_EDGE = 1e-12  # density on the edge of the grid over that at the mode
_LENGTHS = 10.0 ** np.arange(0, 13, 2)  # units of sqrt(gamma) to go along a direction that falls for ever
_STATIONARY = 1e-3  # distance to a stationary point, relative to 1 + |h|, at which a state counts as a mode
_AROUND = 6  # states at which the gradient is held against the values
_SYMBOLIC = 8  # up to this dimension a symbolic twin is put in exactly


@renamed(obj="objective")
@checked
@in_standard_torch
@budgeted
def check_map(
    objective: Objective,
    h: Tensor,
    seed: Seed = 0,
    *,
    tolerance: float | None = None,
    after: Callable[[Tensor], Tensor] | None = None,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether h is the MAP estimate of p(h) = exp(-energy(h) - |h - f|^2/(2 gamma))/Z (Eqs. 20 to 22).

    Oracles: SciPy's trust region from several starts; differential evolution, dual annealing or basin hopping, by
    dimension; nested grids and the normalised density in one and two dimensions; the lowest values of Phi on spheres
    of growing radius, to see whether Z is finite. What was searched is said; what is narrower than that may be missed.

    Args:
        objective: one Objective, not a batch.
        h: the state, shape (d,).
        seed: of everything random.
        tolerance: distance to the mode at which h still counts as it, relative to 1 + |h|; default 1e-6 in float64,
            1e-3 in lower precision.
        after: a map that was applied to h before it was given out, such as a final LayerNorm; what is judged is then
            after(h).
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        REFUTED with a state of lower Phi, by a margin above rounding; CERTIFIED where the energy is a quadratic, with
        a rigorous distance; SUPPORTED with what was searched otherwise; INCONCLUSIVE where Z may not be finite, the
        mode is not unique, or rounding hides the answer.

    Raises:
        UsageError: h has another shape or is not finite, tolerance is not positive, after is no function, or a batch
            was given.
    """
    if not isinstance(objective, Objective):
        raise UsageError(f"objective must be an Objective, got {type(objective).__name__}")
    require_dimension(WholeSpace(objective.proposal.shape[-1]), objective)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed must be an integer, not negative, got {seed!r}")
    if after is not None and not callable(after):
        raise UsageError(f"after must be a function of a state, got {after!r}")
    h = _state(objective, h, "h")
    out = h if after is None else _state(objective, _called(after, h), "after(h)")
    relative = (1e-6 if h.dtype == torch.float64 else 1e-3) if tolerance is None else tolerance
    if isinstance(relative, bool) or not isinstance(relative, int | float) or not 0 < relative < math.inf:
        raise UsageError(f"tolerance must be positive and finite, got {tolerance!r}")
    case = _Case(objective, Landscape(objective), _array(out), relative * (1 + float(out.double().norm())))
    if not math.isfinite(case.value(case.x)):
        if not bool(objective.within(out)):
            return inconclusive(Method.SAMPLING, "the state lies outside of the domain on which Phi is defined")
        return inconclusive(Method.SAMPLING, f"Phi is not finite at the state: {case.value(case.x)}")
    return case.judge(seed, None if after is None else _array(h))


def _called(after: Callable[[Tensor], Tensor], h: Tensor) -> Tensor:
    try:
        return after(h)
    except Exception as error:  # whatever somebody's function raises
        raise UsageError(f"after raised {describe(error)}") from error


@dataclass(frozen=True)
class _Case:
    """Phi, the state judged, and how close to the mode it must be."""

    obj: Objective
    land: Landscape
    x: np.ndarray
    within: float

    def value(self, x: np.ndarray) -> float:
        return self.land.value(x)

    def judge(self, seed: int, inner: np.ndarray | None) -> Finding:
        stage("looking for a certificate")
        settled = certify_mode(self.obj, self.x.tolist(), self.within) or self.falling()
        if settled is not None:
            return settled
        stage("descending from the state")
        lower = lower_mode(self.land, self.x) if inner is None else None  # else the map after is to blame first
        refuted = (
            None if lower is None else self.refuted(lower.h.numpy(), _LOWER.format("a mode that descent finds"), 1)
        )
        if refuted is not None:
            return refuted
        stage("descending on spheres")
        tail = look_at_tail(self.land, self.x, seed)
        if tail.low is not None and not tail.finite:
            refuted = self.refuted(tail.low, f"the state is no mode, and there is none: {tail.reason}", tail.rays)
            if refuted is not None:
                return refuted
        stage("scanning")
        seen = scan(self.land, self.x)
        far = ([] if tail.low is None else [tail.low]) + ([] if seen is None else list(seen.starts))
        # Without a density there may be no mode to descend to, and valleys without end.
        modes = find_modes(self.land, [self.x] if inner is None else [self.x, inner], seed, far if tail.finite else [])
        stage("laying a grid")
        grid = self.grid(tail, seen, modes) if tail.finite else None
        examples = modes.descents + tail.rays + sum(part.points for part in (seen, grid) if part is not None)
        for candidate, source in self.candidates(modes, far, grid, inner):
            if float(np.linalg.norm(candidate - self.x)) <= self.within:
                continue
            refuted = self.refuted(candidate, _LOWER.format(source), examples)
            if refuted is not None:
                return refuted
        if not tail.finite:
            reason = f"there is no density to have a mode, as far as can be seen: {tail.reason}"
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        if seen is not None and (grid is None or grid.edge > _EDGE):
            reason = "no box was found outside of which the density is nothing, so Z may be infinite"
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        apart = slopes_differ(self.obj, self.around(seed), seed)
        if apart:
            return inconclusive(Method.SAMPLING, apart, examples=examples)
        return self.accepted(modes, [str(part) for part in (tail, seen) if part is not None], grid, examples)

    def around(self, seed: int) -> Tensor:
        """States around the one that is judged, itself the first."""
        near = np.random.default_rng(seed).normal(size=(_AROUND, self.land.d)) * math.sqrt(self.land.gamma)
        near[0] = 0
        return torch.from_numpy(self.x + near).to(self.obj.proposal)

    def falling(self) -> Finding | None:
        """REFUTED where the energy is a quadratic and Phi falls for ever along a direction, decided in fractions."""
        direction = downhill(self.obj, self.x.tolist())
        text = "the state is no mode, and there is none: the quadratic Phi curves down along a direction, decided in "
        text += "fractions, so Z is infinite"
        for length in () if direction is None else _LENGTHS:
            refuted = self.refuted(self.x + length * math.sqrt(self.land.gamma) * direction, text, 1)
            if refuted is not None:
                return refuted
        return None

    def grid(self, tail: Tail, seen: Scan | None, modes: Modes) -> Grid | None:
        """The density around the lowest state known, on a box that holds every state known that weighs anything."""
        if seen is None:
            return None
        known = [self.x, *seen.starts, *tail.states, *(m.h.numpy() for m in modes.minima)]
        values = self.land.values(np.array(known))
        lowest = int(np.nanargmin(values))
        heavy = np.array([known[i] for i in np.flatnonzero(values < values[lowest] + DEPTH)] + [seen.low, seen.high])
        return on_grid(self.land, known[lowest], heavy.min(axis=0), heavy.max(axis=0))

    def candidates(
        self, modes: Modes, far: list[np.ndarray], grid: Grid | None, inner: np.ndarray | None
    ) -> list[tuple[np.ndarray, str]]:
        """States that may have lower Phi, the most telling first."""
        found = []
        if inner is not None:
            found.append((inner, "the map applied after moved it: h itself"))
        for m in modes.minima:
            found.append(
                (m.h.numpy(), f"a {'mode' if m.error < math.inf else 'state'} found by {' and '.join(modes.methods)}")
            )
        found += [(state, "a state on a scan far out") for state in far]
        if grid is not None:
            found.append((grid.mode, "the mode on the grid"))
        return found

    def accepted(self, modes: Modes, searched: list[str], grid: Grid | None, examples: int) -> Finding:
        """No state of lower Phi is known; is the state close to the lowest mode, and is that one alone?"""
        if not modes.minima:
            reason = "no descent ended in a finite state; where Phi has none beyond an edge, give the energy its domain"
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        near = [m for m in modes.minima if float(np.linalg.norm(m.h.numpy() - self.x)) <= self.within]
        here = self.value(self.x)
        rivals = [m for m in modes.minima if m not in near and abs(m.value - here) <= self.rounding(m.h.numpy())]
        if rivals:
            other = np.array2string(rivals[0].h.numpy(), precision=6, threshold=8)
            reason = f"the mode is not unique as far as float64 can tell: Phi is the same at {other}"
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        if not near:
            gap = float(np.linalg.norm(modes.minima[0].h.numpy() - self.x))
            reason = (
                f"the nearest mode found is {gap:.2e} away, more than {self.within:.1e}; rounding hides which is lower"
            )
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        if not any(is_stationary(self.land, m) for m in near):
            # A descent that begins at a kink ends there, whatever state that is.
            reason = "every descent that ended at the state ended at a kink, where nothing says that it is a mode"
            return inconclusive(Method.SAMPLING, reason, examples=examples)
        # Where a descent stopped at a kink or far out, no mode is known to be near.
        others = sum(
            m.error <= _STATIONARY * (1 + float(m.h.norm())) or is_stationary(self.land, m)  # the latter on an edge
            for m in modes.minima
            if m not in near
        )
        parts = [f"no state of lower Phi in {modes.descents} descents ({', '.join(modes.methods)})"]
        parts.append(f"{others} other local modes, all higher" if others else "no other mode")
        parts += searched
        if self.land.blank:
            parts.append("Phi is nan at some states, which count as outside of its domain")
        if grid is not None:
            away = float(np.linalg.norm(grid.mode - self.x))
            parts.append(f"the mode on {grid.points} grid points is {away:.1e} away")
            if math.isnan(grid.log_z):
                parts.append("the grid is too coarse for the normaliser")
            else:
                parts.append(f"log Z = {grid.log_z:.6g}, with nothing outside of the grid as far as was searched")
        return Finding(Verdict.SUPPORTED, Method.SAMPLING, "; ".join(parts), examples=examples)

    def refuted(self, other: np.ndarray, text: str, examples: int) -> Finding | None:
        """The finding, where Phi is certainly lower at the other state."""
        witness = {
            "state of lower Phi": other.tolist(),
            "h": self.x.tolist(),
            "drop": self.value(self.x) - self.value(other),
        }
        if math.isfinite(self.value(other)):
            exact = self.exactly(other)
            if exact is not None:
                return Finding(
                    Verdict.REFUTED, Method.INTERVAL, text, witness=witness, replay=exact, examples=examples
                ) if exact.confirms else None  # fmt: skip
            margin = self.rounding(other)
            line = ReplayLine.compared("Phi(h) <= Phi(other)", self.value(self.x), "<=", self.value(other), margin)
            if not line.holds:
                replay = Replay(Arithmetic.FLOAT, (), (line,))
                return Finding(
                    Verdict.REFUTED, Method.SAMPLING, text, witness=witness, replay=replay, examples=examples
                )
        return None

    def exactly(self, other: np.ndarray) -> Replay | None:
        """Phi at both states from the symbolic twin, in balls; None where there is no twin."""
        if self.land.d > _SYMBOLIC:
            return None
        here = [sp.Symbol(f"h{i + 1}", real=True) for i in range(self.land.d)]
        there = [sp.Symbol(f"x{i + 1}", real=True) for i in range(self.land.d)]
        try:
            left, right = self.obj.symbolic(here), self.obj.symbolic(there)
        except UsageError:
            return None
        values = {s: Fraction(float(v)) for s, v in zip(here, self.x, strict=True)}
        values |= {s: Fraction(float(v)) for s, v in zip(there, other, strict=True)}
        exact = {s: sp.Rational(v.numerator, v.denominator) for s, v in values.items()}
        slack = self.rounding(other) + _SAFETY * torch.finfo(self.land.dtype).eps
        for twin, x in ((left, self.x), (right, other)):
            # A twin that is another function says nothing about Phi.
            if not abs(complex(twin.xreplace(exact).evalf(30)) - self.value(x)) <= slack:
                return None
        try:
            return replay_in_balls([], [("Phi(h) <= Phi(other)", sp.Le(left, right))], values)
        except UsageError:
            return None

    def rounding(self, other: np.ndarray) -> float:
        """How far the difference of two computed values of Phi may be off, unless the energy cancels inside."""
        u = float(torch.finfo(self.land.dtype).eps)
        total = 0.0
        for x in (self.x, other):
            pull = float(np.linalg.norm(x - self.land.start.numpy())) / self.land.gamma
            steep = float(np.linalg.norm(self.land.gradient(x))) + pull
            # |energy| is at most |Phi| plus the proximal term; x itself is off by a rounding where it was cast.
            total += abs(self.value(x)) + pull**2 * self.land.gamma + float(np.linalg.norm(x)) * steep
        return _SAFETY * u * total


def _state(obj: Objective, h: Tensor, name: str) -> Tensor:
    h = obj.checked(h, name).detach()
    if h.ndim != 1:
        raise UsageError(f"{name} must be one state, shape ({obj.dim},), got {tuple(h.shape)}")
    if not bool(torch.isfinite(h).all()):
        raise UsageError(f"{name} must be finite, got nan or inf")
    return h


def _array(h: Tensor) -> np.ndarray:
    return h.double().cpu().numpy()
