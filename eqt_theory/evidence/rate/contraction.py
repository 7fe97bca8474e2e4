"""`check_contraction`: does a solver bring every state of a domain closer to h* by a stated factor per step?"""

import copy
import math
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import Cases, Positive, Seed, checked
from eqt_theory.core.budget import Told, budgeted, stage
from eqt_theory.core.domain import Ball, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.renamed import renamed
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.arguments import require_one
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.operators.lipschitz import check_lipschitz
from eqt_theory.evidence.oracle import Landscape, Minimum, minimise
from eqt_theory.evidence.rate.certify_domain import certify_contraction, certify_limit
from eqt_theory.evidence.rate.certify_traced import certify_traced, traced
from eqt_theory.evidence.rate.measure import measure_rate
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.worst_start import Promise, Worst, along_axes, excess, remembers, worst_start
from eqt_theory.evidence.sampling import draw, require_dimension
from eqt_theory.evidence.slopes import slopes_differ
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver, StepRule
from eqt_theory.solvers.forward_backward import ForwardBackward
from eqt_theory.solvers.guarantee import Guarantee, Metric
from eqt_theory.solvers.krasnoselskii_mann import KrasnoselskiiMann, Picard
from eqt_theory.solvers.problem import require_problem
from eqt_theory.solvers.solve import solve

_STEPS = 40  # of a rule with memory
_SAFETY = 16
_MAPS = 128  # samples of a map, each with its Jacobian
_RUNS = 8  # random ones, where only a limit is promised
_LONG = 400
_ARRIVED = 1e-6
_RECORDED = 2**28  # numbers
_UNSETTLED = "no extreme direction of the Hessian at h* was found, and random starts alone show nothing"
_MEMORYLESS = (Picard, KrasnoselskiiMann, ForwardBackward, StepRule)


@renamed(obj="problem")
@checked
@in_standard_torch
@budgeted
def check_contraction(
    problem: Objective | FixedPoint | Inclusion | None = None,
    solver: Solver | None = None,
    rate: float | None = None,
    domain: Domain | None = None,
    seed: Seed = 0,
    *,
    samples: Cases = 256,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether `metric_{k+1} <= rate * metric_k` from every state of the domain.

    A FixedPoint is judged by itself, without a solver: whether `|T(x) - T(y)| <= rate |x - y|` for all pairs of states
    of the domain, see `check_lipschitz`. With a solver without memory (Picard, KrasnoselskiiMann, a StepRule;
    ForwardBackward for an Inclusion) the map of one step of it is judged in this way.

    For a rule with memory, or one whose Guarantee is not per step, whether `metric_k <= constant rate^k metric_0` for
    the first 40 steps; metric and constant are those of the Guarantee. Where it names no constant, or a rule with
    memory has none, the limit of `metric_k^(1/k)` is meant; finitely many steps show nothing against it.

    Args:
        problem: one Objective, not a batch, whose declared curvature is used to ask the solver for its Guarantee only;
            or a FixedPoint, or an Inclusion.
        solver: the step rule; None for a FixedPoint that is judged by itself.
        rate: the stated factor per step, positive and finite.
        domain: the starts to look at, Ball, Box or WholeSpace.
        seed: of the search.
        samples: number of random starts.
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        REFUTED with a start, found by search and replayed alone by a fresh copy of the solver, beyond rounding and
        what is not known of h*, or with a direction decided in fractions, for gradient steps on quadratics; CERTIFIED
        where the curvature on the domain is enclosed and the step is a gradient step, for momentum on quadratics, and
        where `trace` finds the solver's recurrence and Phi is shown to lie in a class for which `certify_rate` has it;
        SUPPORTED with the number of starts otherwise; INCONCLUSIVE with a reason.

    Raises:
        UsageError: rate is not positive and finite, domain is no domain, the dimensions differ, a batch was given, or
            the solver has a parameter for each of several states.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not (math.isfinite(rate) and rate > 0):
        raise UsageError(f"rate must be a positive finite number, got {rate!r}")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise UsageError(f"samples must be a positive integer, got {samples!r}")
    if domain is None:
        raise UsageError("domain must be a Ball, a Box or WholeSpace, got None")
    if isinstance(problem, FixedPoint | Inclusion):
        return check_lipschitz(step_map(problem, solver), float(rate), domain, seed, samples=min(samples, _MAPS))
    obj = problem
    if not isinstance(obj, Objective):
        raise UsageError(f"problem must be an Objective, a FixedPoint or an Inclusion, got {type(obj).__name__}")
    if not isinstance(solver, Solver):
        raise UsageError(f"solver must be a Solver, got {type(solver).__name__}; wrap a function in StepRule")
    require_dimension(domain, obj)
    for name, value in getattr(solver, "__dict__", {}).items():
        if name in ("step_size", "momentum") and isinstance(value, torch.Tensor) and value.ndim:
            raise UsageError(f"{name} must be one number for one objective, got a tensor of shape {tuple(value.shape)}")
    stage("looking for the minimiser")
    land = Landscape(obj)
    star = minimise(land, land.start.numpy())
    if star is None or not math.isfinite(star.error):
        return inconclusive(Method.SAMPLING, "no minimiser with positive curvature was found to measure distances to")
    promise = _promise(obj, solver, rate, seed)
    stage("trying starts")
    method = traced(obj, solver, domain)
    if promise is None:
        return _limit_only(obj, solver, rate, domain, star, seed, method)
    worst = worst_start(obj, solver, promise, domain, star, samples, seed)
    if worst is None:
        return inconclusive(Method.SAMPLING, f"{promise}: every start gave a state that is not finite")
    if worst.excess > 0:
        refuted = _replayed(obj, solver, promise, domain, worst, star)
        if refuted is not None:
            return refuted
    stage("looking for a certificate")
    certificate = certify_contraction(obj, solver, Fraction(rate), domain, star, promise, method)
    if certificate is None and method is not None:
        certificate = certify_traced(obj, method, promise, float(rate))
    if certificate is not None:
        return certificate
    measured = f"{promise}: the worst of {worst.examples} starts reaches {worst.factor:.9g} per step"
    if worst.excess > 0 and worst.factor > rate * (1 + 1e-9):
        return inconclusive(Method.SAMPLING, f"{measured}, which rounding may explain")
    if not worst.settled:
        return inconclusive(Method.SAMPLING, f"{measured}; {_UNSETTLED}")
    return _supported(obj, star, measured, worst.examples, seed)


def step_map(problem: FixedPoint | Inclusion, solver: Solver | None) -> FixedPoint:
    """The map whose contraction is in question: that of the problem, or of one step of a solver without memory.

    Args:
        problem: one problem, not a batch.
        solver: the step rule, or None for a FixedPoint itself.

    Returns:
        The map.

    Raises:
        UsageError: an Inclusion without a solver, a solver with memory, or one that solves other problems.
    """
    require_one("problem", problem.batch_shape)
    if solver is None:
        if isinstance(problem, FixedPoint):
            return problem
        raise UsageError("an Inclusion is no map: pass solver, such as ForwardBackward(step_size)")
    require_problem(problem, solver)
    if not isinstance(solver, _MEMORYLESS):
        names = ", ".join(kind.__name__ for kind in _MEMORYLESS)
        raise UsageError(f"solver must be one whose step is a map of h alone ({names}), got {type(solver).__name__}")

    def step(h: Tensor, rule: Any = solver) -> Tensor:
        return rule.step(problem, rule.init(problem, h)).h

    return FixedPoint(step, problem.dim)


def _promise(obj: Objective, solver: Solver, rate: float, seed: int) -> Promise | None:
    """What is to be checked; None where only a limit is promised."""
    guarantee = _guarantee(obj, solver)
    if guarantee is None:
        return None if remembers(solver, obj, seed, _STEPS) else Promise(rate, Metric.DISTANCE, 1.0, 1)
    if guarantee.per_step:
        # One step from a fresh start; a rule with memory needs the steps that come after, too.
        return Promise(rate, guarantee.metric, 1.0, _STEPS if remembers(solver, obj, seed, _STEPS) else 1)
    if guarantee.constant is None or guarantee.sublinear or guarantee.relative_to is not guarantee.metric:
        return None
    return Promise(rate, guarantee.metric, guarantee.constant, _STEPS)


def _guarantee(obj: Objective, solver: Solver) -> Guarantee | None:
    m, M = obj.m, obj.M
    if m is None or M is None or not 0 < m <= M < math.inf:
        return None
    return solver.guarantee(m, M, float(obj.gamma))


def _limit_only(
    obj: Objective,
    solver: Solver,
    rate: float,
    domain: Domain,
    star: Minimum,
    seed: int,
    method: Recurrence | None,
) -> Finding:
    """Quadratics are decided in fractions; elsewhere a few runs are measured, which refutes nothing."""
    decided = certify_limit(obj, solver, Fraction(rate), domain)
    if decided is None and method is not None:
        decided = certify_traced(obj, method, None, float(rate))
    if decided is not None:
        return decided
    about = f"errors fall like {rate:.9g}^k in the limit"
    # Random starts, and such along the extreme eigenvectors of the Hessian at h*, where errors fall slowest.
    star_h = star.h.to(obj.proposal.detach())
    along = along_axes(obj, domain, star_h, extremes=True)
    if not len(along):
        return inconclusive(Method.SAMPLING, f"{about}: {_UNSETTLED}")
    drawn = draw(domain, _RUNS, torch.Generator().manual_seed(seed), star_h)
    starts = torch.cat([drawn, along])
    if starts.numel() * _LONG > _RECORDED:
        return inconclusive(Method.SAMPLING, f"{about}: {len(starts)} runs of {_LONG} steps are too much to record")
    run = solve(obj, solver, starts, tolerance=1e-300, max_steps=_LONG, record=True)
    found = measure_rate(run, star.h)
    # One along an eigenvector may arrive in so few steps that it has no rate.
    arrived = (run.h - star_h).norm(dim=-1) <= _ARRIVED * (starts - star_h).norm(dim=-1)
    arrived[:_RUNS] = False
    if math.isnan(found.rate) or bool((found.rates.isnan() & ~arrived.to(found.rates.device)).any()):
        return inconclusive(Method.SAMPLING, f"{about}: {found.reason}")
    measured = f"{about}: {len(starts)} runs, {len(along)} along extreme eigenvectors, show {found.rate:.6g} at most"
    if found.rate > rate:
        return inconclusive(Method.SAMPLING, f"{measured}; runs of finite length refute no limit")
    return _supported(obj, star, measured, len(starts), seed)


def _supported(obj: Objective, star: Minimum, measured: str, examples: int, seed: int) -> Finding:
    """SUPPORTED, unless the gradient that led to h* is not that of Phi."""
    near = draw(Ball(star.h.tolist(), 1.0), _RUNS, torch.Generator().manual_seed(seed), obj.proposal.detach())
    apart = slopes_differ(obj, near, seed)
    if apart:
        return inconclusive(Method.SAMPLING, f"{measured}; {apart}")
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, measured, examples=examples)


def _replayed(
    obj: Objective, solver: Solver, promise: Promise, domain: Domain, worst: Worst, star: Minimum
) -> Finding | None:
    """The finding, where a fresh copy of the solver, on the one state alone, violates the promise beyond rounding."""
    start = worst.start.detach().clone()
    again = excess(obj, copy.deepcopy(solver), promise, start.unsqueeze(0), star.h.to(start))
    step = int(again.step[0])
    before, after = float(again.first[0]), float(again.last[0])
    allowed = promise.constant * promise.rate**step
    u = torch.finfo(start.dtype).eps / 2
    scale = float(start.norm()) + float(star.h.norm()) + float(obj.proposal.detach().double().norm())
    if promise.metric is Metric.DISTANCE:
        reach = max(1.0, star.top) / max(star.curvature, 1e-300) if promise.steps > 1 else 1.0
        slack = star.error * (1 + allowed) + _SAFETY * (start.numel() + 8) * u * scale * min(reach, float(step) + 1)
    else:
        size = abs(star.value) + star.top * scale**2
        slack = (1 + allowed) * (star.top * star.error**2 + _SAFETY * (start.numel() + 8) * u * size)
    text = f"{promise.metric.value} after {step} step(s) <= {allowed:.12g} times its first value"
    line = ReplayLine.compared(text, after, "<=", allowed * before, slack)
    if not (math.isfinite(after) and after > allowed * before + slack) or line.holds:
        return None
    if not domain.contains(start.tolist()):
        return None
    inside = ReplayLine("the start lies in the domain", True)
    found = (after / (promise.constant * before)) ** (1 / step) if before > 0 else math.inf
    return Finding(
        Verdict.REFUTED,
        Method.SAMPLING,
        f"{promise} fails: from the start shown, {step} step(s) reach the factor {found:.9g} per step",
        witness={"start": start.tolist(), "h_star": star.h.tolist(), "steps": step, "factor": found},
        replay=Replay(Arithmetic.FLOAT, (inside,), (line,)),
        examples=worst.examples,
    )
