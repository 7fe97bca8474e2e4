"""diagnose for problems given by maps: does the iteration arrive, what do the maps do at h*, and what would help."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.budget import Budget, OverBudget, stage, tick
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.diagnosis.result import CLOSE, Behaviour, fraction, quantiles
from eqt_theory.evidence.diagnosis.sentences import Sentences
from eqt_theory.evidence.diagnosis.verdict import cut
from eqt_theory.evidence.operators.search import UNSTEADY, undirected
from eqt_theory.evidence.operators.star import Root, find_root
from eqt_theory.evidence.steady import steady
from eqt_theory.operators.derivatives import jacobian
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.krasnoselskii_mann import Picard
from eqt_theory.solvers.solve import solve

_HORIZON = 64
_NO_TOLERANCE = 1e-300
_WINDOW = 16
_MOST = 0.5
_UNITS = 64
"""In the last place, by which residuals of the same states may differ, as on a GPU."""


@checked
@dataclass(frozen=True)
class MapDiagnosis(Sentences):
    """What an iteration does on T states of a problem given by maps. Measured on these states.

    Args:
        steps: K.
        solver: the name of the step rule.
        found: states whose h* was found, bool, (T,).
        errors: |h_k - h*| for k = 0, ..., (n, T), beyond K; nan where h* was not found.
        radius: the largest |eigenvalue| of the Jacobian of T at h*, (T,); nan where unknown, or for an Inclusion.
        norm: its largest singular value, (T,); likewise.
        relaxation: the relaxations of Krasnoselskii-Mann below which steps contract near h*, (T,); 0 where none does.
        behaviour: one Behaviour per state.
        overall: what holds of most of them.
        verdict: plain sentences.
        advice: what to set instead, plain sentences.
        note: where it was cut off, if its seconds were over; what came after is unknown.
    """

    steps: int
    solver: str
    found: Tensor
    errors: Tensor
    radius: Tensor
    norm: Tensor
    relaxation: Tensor
    behaviour: tuple[Behaviour, ...]
    overall: Behaviour
    verdict: tuple[str, ...]
    advice: tuple[str, ...]
    note: str = ""

    @property
    def left(self) -> Tensor:
        """|h_K - h*|/|h_0 - h*|, (T,); nan where h* was not found, or is where the run starts."""
        return torch.where(self.errors[0] > 0, self.errors[self.steps] / self.errors[0], torch.nan)

    def share(self, behaviour: Behaviour) -> float:
        """The share of the states that behave so."""
        return self.behaviour.count(behaviour) / len(self.behaviour)

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON values; null where nothing is known."""
        return {
            "states": len(self.behaviour),
            "solutions_found": int(self.found.sum()),
            "steps": self.steps,
            "solver": self.solver,
            "overall": self.overall.name.lower(),
            "verdict": list(self.verdict),
            "advice": list(self.advice),
            "behaviour": {b.name.lower(): self.behaviour.count(b) for b in Behaviour},
            "way_left": quantiles(self.left),
            "spectral_radius": quantiles(self.radius),
            "norm": quantiles(self.norm),
            "contracts_near_the_solution": fraction((self.radius < 1)[torch.isfinite(self.radius)]),
        }

    def _repr_html_(self) -> str:
        """For notebooks."""

        def spread(values: Tensor) -> str:
            found = quantiles(values)
            return "" if found is None else f"{found['median']:.3g} ({found['least']:.3g} to {found['greatest']:.3g})"

        return table(
            {
                "overall": self.overall.name.lower(),
                "verdict": " ".join(self.verdict),
                "what to set instead": " ".join(self.advice),
                "way left after K steps": spread(self.left),
                "spectral radius at h*": spread(self.radius),
                "norm of the Jacobian at h*": spread(self.norm),
            }
        )


def diagnose_map(
    problem: FixedPoint | Inclusion,
    steps: int,
    start: Tensor | None = None,
    solver: Solver | None = None,
    own: Budget | None = None,
) -> MapDiagnosis:
    """Run an iteration on a problem given by maps, and say what becomes of it.

    Args:
        problem: a FixedPoint or an Inclusion; float64.
        steps: K.
        start: states, shape (..., d); the origin if None.
        solver: the step rule; Picard if None, for a FixedPoint.
        own: the budget that ends it with what it has.

    Returns:
        The diagnosis.

    Raises:
        UsageError: an Inclusion without a solver, another precision, no states, states that are not finite, or what is
            no map, as dropout in training mode.
        OverBudget: that of a call around this one.
    """
    if solver is None:
        if not isinstance(problem, FixedPoint):
            raise UsageError("solver must be given for an Inclusion, such as ForwardBackward(step_size)")
        solver = Picard()
    start = problem.initial if start is None else start
    start = problem.checked(start, "start")
    if start.dtype != torch.float64 or not bool(torch.isfinite(start).all()) or start.numel() == 0:
        raise UsageError(
            f"start must hold finite float64 states, at least one, got {tuple(start.shape)}, {start.dtype}"
        )
    horizon, d = max(4 * steps, _HORIZON), start.shape[-1]
    path = start.reshape(1, -1, d)
    path = torch.cat([path, torch.full_like(path, torch.nan).expand(horizon, -1, d)])
    roots: list[Root | None] = []
    numbers, note = torch.full((path.shape[1], 3), torch.nan, dtype=torch.float64), ""
    try:
        stage("asking the maps")
        if not steady(lambda h: problem.residual(h.detach()), [start], _UNITS):
            raise UsageError(f"the problem must be given by maps, but {UNSTEADY}")
        stage("running the solver")
        run = solve(problem, solver, start, tolerance=_NO_TOLERANCE, max_steps=horizon, record=True)
        assert run.trajectory is not None
        path = run.trajectory.reshape(len(run.trajectory_steps), -1, d)
        if len(path) <= horizon:  # all came to rest earlier
            path = torch.cat([path, path[-1:].expand(horizon + 1 - len(path), -1, d)])
        batch = torch.Size(run.h.shape[:-1])
        whole = problem.expand(batch) if batch else problem
        stage("looking for solutions", path.shape[1])
        for i in range(path.shape[1]):
            one = whole.select(torch.tensor([i])) if problem.batch_shape else problem
            root = _root(one, path[:, i])
            numbers[i] = torch.tensor(_at_root(one, root), dtype=torch.float64)
            roots.append(root)
            tick()
    except OverBudget as over:
        if over.budget is not own:
            raise
        note = f"not finished: {over}; nothing is known of what comes after"
    roots += [None] * (path.shape[1] - len(roots))
    away = [torch.full((len(path),), torch.nan, dtype=torch.float64) if root is None else
            (path[:, i].cpu() - root.h).norm(dim=-1) for i, root in enumerate(roots)]  # fmt: skip
    behaviour = tuple(
        _behaviour(e, path[:, i], steps, root) for i, (e, root) in enumerate(zip(away, roots, strict=True))
    )
    counts = {b: behaviour.count(b) for b in Behaviour}
    overall = max(Behaviour, key=lambda b: counts[b])
    if counts[Behaviour.OSCILLATES] and counts[Behaviour.OSCILLATES] >= 0.05 * len(behaviour):
        overall = Behaviour.OSCILLATES
    made = MapDiagnosis(
        steps, type(solver).__name__, torch.tensor([root is not None for root in roots]), torch.stack(away, dim=-1),
        numbers[:, 0], numbers[:, 1], numbers[:, 2], behaviour, overall,
        (*cut(note), *_verdict(overall, behaviour, steps, numbers)), (), note,
    )  # fmt: skip
    return _advised(made, isinstance(problem, FixedPoint))


def _root(problem: FixedPoint | Inclusion, path: Tensor) -> Root | None:
    """A solution near where the run ended, else near its start."""
    for begin in (path[-1], path[0]):
        root = find_root(problem, begin)
        if root is not None and math.isfinite(root.error):
            return root
    return None


def _at_root(problem: FixedPoint | Inclusion, root: Root | None) -> tuple[float, float, float]:
    """Spectral radius and norm of the Jacobian of T at h*, and the relaxations that contract there."""
    if root is None or not isinstance(problem, FixedPoint):
        return math.nan, math.nan, math.nan
    shape = (*problem.batch_shape, -1)
    one = FixedPoint(lambda h: problem(h.reshape(shape)).reshape(-1), len(root.h))
    if undirected(one, root.h.unsqueeze(0), torch.Generator().manual_seed(0)):
        return math.nan, math.nan, math.nan  # autograd does not give the derivative
    matrix = jacobian(one.image, root.h)
    values = torch.linalg.eigvals(matrix)
    apart = 1 - values
    bends = bool((apart.real > 0).all())
    limit = float((2 * apart.real / apart.abs().square()).min()) if bends else 0.0
    return float(values.abs().max()), float(torch.linalg.matrix_norm(matrix, 2)), limit


def _behaviour(errors: Tensor, path: Tensor, steps: int, root: Root | None) -> Behaviour:
    if root is None:
        return Behaviour.UNKNOWN
    if not bool(torch.isfinite(path[-1]).all()):
        return Behaviour.OSCILLATES
    floor = max(100 * root.error, 1e-12)
    if float(errors[0]) <= floor:
        return Behaviour.INERT
    late = errors[-_WINDOW:]
    if float(errors[-1]) > floor and float(late.max()) >= 0.999 * float(errors[-2 * _WINDOW : -_WINDOW].max()):
        return Behaviour.OSCILLATES
    return Behaviour.CONVERGES if float(errors[steps]) <= max(CLOSE * float(errors[0]), floor) else Behaviour.UNDERWAY


def _verdict(overall: Behaviour, behaviour: Sequence[Behaviour], steps: int, numbers: Tensor) -> tuple[str, ...]:
    share = 100 * behaviour.count(overall) / len(behaviour)
    said = {
        Behaviour.CONVERGES: f"The iteration converges on {share:.3g} % of these states within {steps} steps.",
        Behaviour.UNDERWAY: f"The iteration approaches h*, but {steps} steps do not reach it on {share:.3g} %.",
        Behaviour.INERT: f"On {share:.3g} % of these states the iteration starts at its solution.",
        Behaviour.OSCILLATES: f"The iteration does not come nearer to h* on {share:.3g} % of these states.",
        Behaviour.UNKNOWN: f"Unknown: no isolated solution was found for {share:.3g} % of these states.",
    }
    lines, known = [said[overall]], numbers[torch.isfinite(numbers[:, 0])]
    if len(known):
        lines.append(
            f"At h* the Jacobian of T has spectral radius {float(known[:, 0].max()):.4g} and norm "
            f"{float(known[:, 1].max()):.4g} at most, measured there."
        )
    if bool(((known[:, 0] < 1) & (known[:, 1] >= 1)).any()):
        lines.append("Near some h* steps contract in the long run, but not each of them: the norm is not below 1.")
    return tuple(lines)


def _advised(made: MapDiagnosis, fixed_point: bool) -> MapDiagnosis:
    lines = []
    known = made.relaxation[torch.isfinite(made.relaxation)]
    if fixed_point and len(known) and made.overall is Behaviour.OSCILLATES:
        limit = float(known.min())
        if limit > 0:
            lines.append(
                f"Take KrasnoselskiiMann with a relaxation below {limit:.3g}: that contracts near every h* found."
            )
        else:
            lines.append("No relaxation contracts near every h* found: take Anderson, or another map.")
    if made.overall is Behaviour.UNKNOWN and not made.note:
        lines.append("Look whether there is a solution, and whether it is isolated (I - J invertible).")
    if made.overall is Behaviour.UNDERWAY:
        lines.append("Allow more steps, or take Anderson.")
    return MapDiagnosis(**{**vars(made), "advice": tuple(lines)})
