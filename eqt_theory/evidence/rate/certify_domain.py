"""Certificates of contraction: curvature shown on a domain makes a gradient step contract towards its minimiser."""

from dataclasses import replace
from fractions import Fraction

import sympy as sp
import torch

from eqt_theory.core.decimals import lower, upper
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.engines.exact.matrix import positive_semidefinite
from eqt_theory.engines.interval import enclose
from eqt_theory.evidence.curvature.certify import certify
from eqt_theory.evidence.oracle import Minimum
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.rate.linear_method import two_terms
from eqt_theory.evidence.rate.memoryless import step_length
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.worst_start import Promise
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.guarantee import Metric, sqrt_up
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.nesterov import Nesterov
from eqt_theory.solvers.proximal_gradient import ProximalGradient

_LARGEST = 24  # fractions grow with the dimension


def certify_contraction(
    obj: Objective,
    solver: Solver,
    rate: Fraction,
    domain: Domain,
    star: Minimum,
    promise: Promise,
    method: Recurrence | None = None,
) -> Finding | None:
    """Show the contraction for every start of the domain, in exact arithmetic of the step.

    Args:
        obj: Phi, one state.
        solver: the step rule; nothing is certified unless it takes gradient steps of one length.
        rate: the stated factor, exact.
        domain: where starts lie.
        star: the minimiser found.
        promise: what is to be shown.
        method: the solver's recurrence, where it was traced.

    Returns:
        A CERTIFIED finding; a REFUTED one where a quadratic breaks the rate along a direction, in fractions; an
        INCONCLUSIVE one where the energy's symbolic twin is another function; or None.
    """
    scale = _length(obj, solver)
    scale = step_length(method) if scale is None and method is not None else scale
    if scale is None or promise.metric is not Metric.DISTANCE or promise.steps != 1:
        return None
    # |1 - s eigenvalue| <= rate for every eigenvalue in [low, high].
    low, high = (1 - rate) / scale, (1 + rate) / scale
    hessian = constant_hessian(obj)
    if hessian is not None:
        eye = sp.eye(hessian.rows)
        if not (positive_semidefinite(hessian - _rational(low) * eye) and _below(hessian, high)):
            return _broken(obj, hessian, scale, rate, domain, star, promise)
        detail = f"{promise} from every start: the spectrum of the constant Hessian is decided in fractions"
        return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures={"curvature": f"[{low}, {high}]"})
    if not _inside(obj, domain, star, low):
        return None
    shown = certify(obj, round_up(low), round_down(high), domain)
    if shown is None or shown.verdict is Verdict.REFUTED:  # a Hessian out of bounds is no start that breaks the rate
        return None
    if shown.verdict is not Verdict.CERTIFIED:
        return replace(shown, detail=f"{promise}: {shown.detail}")
    detail = f"{promise} from every start of the domain: {shown.detail}; h* lies in it"
    return Finding(Verdict.CERTIFIED, shown.method, detail, enclosures=shown.enclosures)


def _length(obj: Objective, solver: Solver) -> Fraction | None:
    """s, where the step is h - s grad Phi(h)."""
    if not is_plain(solver, GradientDescent, ProximalGradient):
        return None
    if isinstance(solver.step_size, torch.Tensor):
        return None
    alpha = Fraction(solver.step_size)
    if isinstance(solver, GradientDescent):
        return alpha
    return alpha / (1 + alpha / Fraction(float(obj.gamma))) if is_plain(obj, Objective) else None


def certify_limit(obj: Objective, solver: Solver, rate: Fraction, domain: Domain) -> Finding | None:
    """Decide whether the errors of a momentum method on a quadratic fall like rate^k in the limit, in fractions.

    Args:
        obj: Phi, one state.
        solver: HeavyBall or Nesterov; others are not decided.
        rate: the stated limit, exact.
        domain: where starts lie; a flat box may miss the slowest direction, so nothing is refuted there.

    Returns:
        CERTIFIED, REFUTED with enclosures of an extreme eigenvalue, or None.
    """
    if not is_plain(solver, HeavyBall, Nesterov):
        return None
    if isinstance(solver.step_size, torch.Tensor) or isinstance(solver.momentum, torch.Tensor):
        return None
    hessian = constant_hessian(obj)
    ends = None if hessian is None else extreme_eigenvalues(hessian)
    if ends is None:
        return None
    (low, low_top), (high_bottom, high) = ends
    about = f"errors fall like {float(rate):.9g}^k in the limit"
    if all(two_terms(solver, end).within(rate) for end in (low, high)):
        detail = f"{about}: no root of the recurrence exceeds it anywhere on the spectrum"
        bounds = {"spectrum": f"[{low}, {high}]", "rate": rate}
        return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=bounds)
    if isinstance(domain, Box) and any(a == b for a, b in zip(domain.low, domain.high, strict=True)):
        return None
    for a, b in ((low, low_top), (high_bottom, high)):
        left, right = two_terms(solver, a), two_terms(solver, b)
        text, margin = left.escape(rate)
        # With traces of one sign the conditions are linear in the eigenvalue, so the ends speak for what is between.
        if (
            text
            and right.escape(rate)[0] == text
            and left.trace * right.trace >= 0
            and left.product * right.product >= 0
        ):
            line = ReplayLine(text, False, margin)
            inside = ReplayLine(f"an eigenvalue of hess Phi lies in [{lower(a)}, {upper(b)}]", True)
            return Finding(
                Verdict.REFUTED,
                Method.EXACT,
                f"{about} fails along the eigenvector of the eigenvalue near {float(a):.9g}",
                witness={"eigenvalue at least": a, "eigenvalue at most": b},
                replay=Replay(Arithmetic.EXACT, (inside,), (line,)),
            )
    return None


def extreme_eigenvalues(hessian: sp.Matrix) -> tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]] | None:
    """Enclosures of the smallest and the largest eigenvalue, decided in fractions; points where it is diagonal."""
    if hessian.is_diagonal():
        diagonal = [Fraction(int(x.p), int(x.q)) for x in hessian.diagonal()]
        low, high = min(diagonal), max(diagonal)
        return (low, low), (high, high)
    eye = sp.eye(hessian.rows)
    rows = [[float(x) for x in hessian.row(i)] for i in range(hessian.rows)]
    values = torch.linalg.eigvalsh(torch.tensor(rows, dtype=torch.float64))
    margin = Fraction(1e-12 * float(values.abs().max()))
    low, high = Fraction(float(values[0])), Fraction(float(values[-1]))
    outside = positive_semidefinite(hessian - _rational(low - margin) * eye) and _below(hessian, high + margin)
    inside = positive_semidefinite(hessian - _rational(low + margin) * eye) or _below(hessian, high - margin)
    return ((low - margin, low + margin), (high - margin, high + margin)) if outside and not inside else None


def constant_hessian(obj: Objective) -> sp.Matrix | None:
    """The Hessian of Phi as exact rationals where the energy is a Quadratic of moderate dimension; else None."""
    if not is_plain(obj, Objective) or not is_plain(obj.energy, Quadratic) or obj.batch_shape:
        return None
    if obj.energy.A.shape[-1] > _LARGEST:
        return None
    rows = [[sp.Rational(x) for x in row] for row in obj.energy.A.detach().tolist()]
    return sp.Matrix(rows) + sp.eye(len(rows)) / sp.Rational(float(obj.gamma))


def _below(hessian: sp.Matrix, bound: Fraction) -> bool:
    return positive_semidefinite(_rational(bound) * sp.eye(hessian.rows) - hessian)


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _broken(
    obj: Objective, hessian: sp.Matrix, scale: Fraction, rate: Fraction, domain: Domain, star: Minimum, promise: Promise
) -> Finding | None:
    """REFUTED where an extreme eigenvector breaks the rate in fractions, and some start of the domain lies along it."""
    rows = [[Fraction(int(x.p), int(x.q)) for x in hessian.row(i)] for i in range(hessian.rows)]
    if not _around(obj, rows, domain, star):
        return None
    vectors = torch.linalg.eigh(torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64))[1]
    for column in (0, -1):
        v = [Fraction(x) for x in vectors[:, column].tolist()]
        after = [x - scale * sum(a * b for a, b in zip(row, v, strict=True)) for x, row in zip(v, rows, strict=True)]
        before, now = sum(x * x for x in v), sum(x * x for x in after)
        if now <= rate**2 * before:
            continue
        found = float(now / before) ** 0.5
        text = "|v - s hess Phi v|^2 <= rate^2 |v|^2 for starts h* + t v"
        line = ReplayLine(text, False, f"the quotient exceeds rate^2 by {float(now / before - rate**2):.3g}")
        inside = ReplayLine("h* lies inside the domain, and so do h* + t v for small t", True)
        return Finding(
            Verdict.REFUTED,
            Method.EXACT,
            f"{promise} fails from h* + t v, v the direction shown: every step has the factor {found:.17g} there",
            witness={"direction": [float(x) for x in v], "h_star": star.h.tolist(), "factor": found},
            replay=Replay(Arithmetic.EXACT, (inside,), (line,)),
        )
    return None


def _around(obj: Objective, rows: list[list[Fraction]], domain: Domain, star: Minimum) -> bool:
    """Whether the minimiser of a quadratic Phi certainly lies inside the domain, not on its edge."""
    if not isinstance(domain, Ball | Box):
        return True
    assert isinstance(obj.energy, Quadratic)
    h, gamma = [Fraction(x) for x in star.h.tolist()], Fraction(float(obj.gamma))
    offset = zip(obj.energy.b.detach().tolist(), obj.proposal.detach().tolist(), strict=True)
    shift = [Fraction(b) - Fraction(f) / gamma for b, f in offset]
    slope = [sum(a * x for a, x in zip(row, h, strict=True)) + s for row, s in zip(rows, shift, strict=True)]
    least = Fraction(star.curvature) / 2  # decided, not trusted
    matrix = sp.Matrix([[_rational(x) for x in row] for row in rows])
    if least <= 0 or not positive_semidefinite(matrix - _rational(least) * sp.eye(len(rows))):
        return False
    return _room(domain, h) > Fraction(sqrt_up(sum((x * x for x in slope), Fraction(0)))) / least


def _inside(obj: Objective, domain: Domain, star: Minimum, low: Fraction) -> bool:
    """Whether the minimiser certainly lies in the domain, given curvature of at least `low` on it."""
    if low <= 0 or not isinstance(domain, Ball | Box):
        return False
    symbols = [sp.Symbol(f"h{i + 1}", real=True) for i in range(domain.dim)]
    try:
        twin = obj.symbolic(symbols)
        h = [Fraction(x) for x in star.h.tolist()]
        slopes = [enclose(sp.diff(twin, s), dict(zip(symbols, h, strict=True))) for s in symbols]
    except UsageError:
        return False
    if not all(slope.ball.is_finite() for slope in slopes):
        return False
    # A minimiser over the domain is at most |grad|/low away; inside, its gradient vanishes.
    away = sqrt_up(sum((max(abs(s.low), abs(s.high)) ** 2 for s in slopes), Fraction(0)))
    return _room(domain, h) > Fraction(away) / low


def _room(domain: Ball | Box, h: list[Fraction]) -> Fraction:
    """How far h lies inside the domain, at least; negative outside."""
    if isinstance(domain, Ball):
        center = [Fraction(c) for c in domain.center]
        distance = sqrt_up(sum(((x - c) ** 2 for x, c in zip(h, center, strict=True)), Fraction(0)))
        return Fraction(domain.radius) - Fraction(distance)
    sides = zip(map(Fraction, domain.low), h, map(Fraction, domain.high), strict=True)
    return min(min(x - a, b - x) for a, x, b in sides)
