"""Rates of momentum methods from certificates that are checked in fractions, so that no stated rate is below the truth.

On quadratics: the Schur-Cohn conditions on the characteristic polynomial, at both ends of the spectrum. On all strongly
convex functions: Nesterov's potential, whose multipliers are known in closed form, else one that `momentum` finds.
`guarantees` proves for all parameters what is checked here at given ones.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.engines.exact.matrix import positive_semidefinite
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.rate.momentum import Momentum, Potential, best_rate, find_potential
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.guarantee import FunctionClass
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.nesterov import Nesterov
from eqt_theory.solvers.proximal_gradient import ProximalGradient

Number = int | float | Fraction
Row = tuple[Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class Recurrence:
    """Errors along an eigenvector: `e_{k+1} = trace e_k - product e_{k-1}`; the roots of z^2 - trace z + product."""

    trace: Fraction
    product: Fraction

    def within(self, rate: Fraction) -> bool:
        """Whether both roots have modulus at most `rate` (Schur-Cohn, closed disc)."""
        return abs(self.product) <= rate**2 and abs(self.trace) * rate <= rate**2 + self.product

    def escape(self, rate: Fraction) -> tuple[str, str]:
        """Why some root has modulus above `rate`, as text and numbers; both empty where none has."""
        if abs(self.product) > rate**2:
            return "the product of the roots is at most rate^2 in modulus", f"{_show(self.product)} against rate^2"
        value = rate**2 - abs(self.trace) * rate + self.product
        if value < 0:
            # The polynomial tends to +inf, so it has a root beyond.
            return "z^2 - |trace| z + product is not negative at z = rate", _show(value)
        return "", ""


def recurrence(solver: Solver, eigenvalue: Number) -> Recurrence:
    """The recurrence of the error along an eigenvector of a quadratic Phi.

    Args:
        solver: HeavyBall or Nesterov, with one number for each parameter.
        eigenvalue: of the Hessian of Phi.

    Returns:
        Its exact coefficients; floats count as the binary fractions they are.

    Raises:
        UsageError: another solver, or parameters per state.
    """
    alpha, beta = _parameters(solver)
    shrunk = 1 - alpha * Fraction(eigenvalue)
    if isinstance(solver, HeavyBall):
        return Recurrence(shrunk + beta, beta)
    return Recurrence((1 + beta) * shrunk, beta * shrunk)


def certify_rate(
    solver: Solver,
    m: Number,
    M: Number,
    rate: Number | None = None,
    *,
    on: FunctionClass | None = None,
    gamma: Number | None = None,
) -> Finding:
    """Whether a solver's errors fall like `rate^k`, for every Phi of a class, decided in fractions.

    Every number counts as the binary fraction it is; a rate that is too small by one unit in the last place is
    not certified.

    Args:
        solver: GradientDescent, ProximalGradient, HeavyBall or Nesterov, with one number for each parameter.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        rate: of the distance per step (for momentum: its limit); default: the one that the solver states, or where it
            states one for quadratics only, the smallest that a potential is found for.
        on: the class; default: that of the solver's Guarantee.
        gamma: the damping, for ProximalGradient.

    Returns:
        CERTIFIED with the exact numbers; REFUTED with the eigenvalue of a quadratic of the class that is slower;
        INCONCLUSIVE where neither is known.

    Raises:
        UsageError: not 0 < m <= M, another solver or a subclass, parameters per state, a number that is not finite, or
            no rate where the solver states none.
    """
    if not is_plain(solver, GradientDescent, ProximalGradient, HeavyBall, Nesterov):
        raise UsageError(_others(solver))
    if on is not None and not isinstance(on, FunctionClass):
        raise UsageError(f"on must be a FunctionClass, got {on!r}")
    low, high = _exact("m", m), _exact("M", M)
    if not 0 < low <= high:
        raise UsageError(f"m and M must satisfy 0 < m <= M, got m={m!r}, M={M!r}")
    damping = None if gamma is None else _exact("gamma", gamma)
    if damping is not None and damping <= 0:
        raise UsageError(f"gamma must be positive, got {gamma!r}")
    scale = _length(solver, damping)
    stated = solver.guarantee(round_down(low), round_up(high), None if damping is None else float(damping))
    family = on or (FunctionClass.STRONGLY_CONVEX if stated is None else stated.function_class)
    if rate is None:
        other = stated is not None and stated.function_class is not family
        if stated is not None and other and family is FunctionClass.STRONGLY_CONVEX and scale is None:
            return _best(solver, low, high, Fraction(stated.rate))
        if stated is not None:
            rate = stated.rate
        elif scale is not None:
            rate = round_up(max(abs(1 - scale * low), abs(1 - scale * high)))
        else:
            raise UsageError(f"{type(solver).__name__} states no rate at these parameters; pass rate")
    wanted = _exact("rate", rate)
    if wanted < 0:
        raise UsageError(f"rate must not be negative, got {rate!r}")
    if scale is not None:
        return _memoryless(scale, low, high, wanted)
    ends = [(eigenvalue, recurrence(solver, eigenvalue)) for eigenvalue in (low, high)]
    for eigenvalue, pair in ends:
        text, margin = pair.escape(wanted)
        if text:
            return _slower(eigenvalue, wanted, text, margin)
    about = f"rate {_show(wanted)} on Phi {family.value}"
    if family is FunctionClass.QUADRATIC:
        assert all(pair.within(wanted) for _, pair in ends)
        detail = f"{about}: no root exceeds it at either end of the spectrum, hence at no eigenvalue between"
        coefficients = {f"eigenvalue {e}": f"trace {p.trace}, product {p.product}" for e, p in ends}
        return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures={"rate": wanted, **coefficients})
    known = _potential(solver, low, high, wanted, about) if isinstance(solver, Nesterov) else None
    if known is not None and known.verdict is Verdict.CERTIFIED:
        return known
    found = find_potential(_scaled_to_one(solver, low, high), wanted)
    if found is not None:
        return _shown(wanted, found, about)
    if known is not None:
        return inconclusive(Method.EXACT, f"{known.detail}; no other was found")
    reason = f"{about}: no quadratic is slower, and no potential for the class was found"
    return inconclusive(Method.EXACT, reason)


def potential_matrix(alpha: Fraction, q: Fraction, m: Fraction, M: Fraction) -> list[list[Fraction]]:
    """What is left of `(1 - q) V - V+` for Nesterov's method once the class inequalities are subtracted.

    V = Phi(x) - Phi* + q^2/(2 alpha) |z - h*|^2, z = h + (h - x)/q. With multiplier 1 the descent lemma from h to x+,
    with 1 - q and q the lower curvature bound from h to x and to h*. Function values cancel. A quadratic form in
    (h - h*, x - h*, grad Phi(h)): positive semidefinite, it shows V+ <= (1 - q) V.

    Args:
        alpha: step size.
        q: (1 - momentum)/(1 + momentum), positive.
        m: strong convexity.
        M: Lipschitz constant of the gradient.

    Returns:
        The symmetric matrix, shape (3, 3).
    """
    zero, one = Fraction(0), Fraction(1)
    h, x, g = (one, zero, zero), (zero, one, zero), (zero, zero, one)
    new = _plus(h, -alpha, g)
    z = _plus(_scaled((1 + q) / q, h), -1 / q, x)
    after = _plus(_scaled(1 / q, new), -(1 - q) / q, x)
    weight = q * q / alpha / 2
    form = [[zero] * 3 for _ in range(3)]
    down, back = _scaled(-alpha, g), _plus(x, -one, h)
    for factor, u, v in (
        ((1 - q) * weight, z, z),
        (-weight, after, after),
        # Phi(x+) <= Phi(h) + <g, x+ - h> + M/2 |x+ - h|^2
        (-one, g, down),
        (-M / 2, down, down),
        # Phi(x) >= Phi(h) + <g, x - h> + m/2 |x - h|^2, and the same for h*
        (1 - q, g, back),
        ((1 - q) * m / 2, back, back),
        (-q, g, h),
        (q * m / 2, h, h),
    ):
        for i in range(3):
            for j in range(3):
                form[i][j] += factor * (u[i] * v[j] + u[j] * v[i]) / 2
    return form


def _potential(solver: Nesterov, m: Fraction, M: Fraction, rate: Fraction, about: str) -> Finding:
    alpha, beta = _parameters(solver)
    q = (1 - beta) / (1 + beta)
    if alpha * M > 1 or q * q > alpha * m:
        reason = "the potential needs step_size <= 1/M and q^2 <= m step_size, q = (1 - momentum)/(1 + momentum)"
        return inconclusive(Method.EXACT, f"{about}: {reason}")
    if rate**2 < 1 - q:
        reason = f"no quadratic is slower, but the potential shows only rate^2 = {_show(1 - q)}"
        return inconclusive(Method.EXACT, f"{about}: {reason}")
    form = potential_matrix(alpha, q, m, M)
    if not positive_semidefinite(sp.Matrix([[sp.Rational(x) for x in row] for row in form])):
        return inconclusive(Method.EXACT, f"{about}: the multipliers leave a form that is not positive semidefinite")
    detail = f"{about}, in the limit: the potential shrinks by 1 - q = {_show(1 - q)} <= rate^2 per step"
    enclosures = {"rate": rate, "1 - q": 1 - q, "multipliers": f"1, {1 - q}, {q}", "form": str(form)}
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=enclosures)


def _best(solver: Solver, m: Fraction, M: Fraction, low: Fraction) -> Finding:
    best = best_rate(_scaled_to_one(solver, m, M), min(low, Fraction(1)))
    if best is None:
        return inconclusive(
            Method.EXACT, "no potential shows a rate below 1 for the class of strongly convex functions"
        )
    rate, found = best
    return _shown(rate, found, f"rate {_show(rate)} on Phi {FunctionClass.STRONGLY_CONVEX.value}")


def _scaled_to_one(solver: Solver, m: Fraction, M: Fraction) -> Momentum:
    """The method on Phi / M."""
    alpha, beta = _parameters(solver)
    return Momentum(alpha * M, beta, m / M, isinstance(solver, Nesterov))


def _shown(rate: Fraction, found: Potential, about: str) -> Finding:
    detail = (
        f"{about}, in the limit: a potential, found numerically and checked in fractions, shrinks by rate^2 per step"
    )
    enclosures = {"rate": rate, "P": str(found.P), "weight of Phi": found.c, "sector multiplier": found.sector}
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=enclosures)


def _memoryless(scale: Fraction, m: Fraction, M: Fraction, rate: Fraction) -> Finding:
    """The tight factor of h - scale grad Phi(h): the slowest is a quadratic, also among all functions of the class."""
    slowest = max((m, M), key=lambda eigenvalue: abs(1 - scale * eigenvalue))
    tight = abs(1 - scale * slowest)
    if tight > rate:
        return _slower(slowest, rate, "|1 - s eigenvalue| <= rate, s the length of the step", f"{_show(tight)}")
    detail = f"every step contracts by {_show(rate)}: max(|1 - s m|, |1 - s M|) = {_show(tight)}, s = {_show(scale)}"
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures={"rate": rate, "tight factor": tight})


def _slower(eigenvalue: Fraction, rate: Fraction, text: str, margin: str) -> Finding:
    line = ReplayLine(text, False, margin)
    member = ReplayLine(f"eigenvalue {_show(eigenvalue)} lies in [m, M]", True)
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"rate {_show(rate)} is below the truth: the quadratic with eigenvalue {_show(eigenvalue)} is slower",
        witness={"eigenvalue": eigenvalue, "rate": rate},
        replay=Replay(Arithmetic.EXACT, (member,), (line,)),
    )


def _length(solver: Solver, gamma: Fraction | None) -> Fraction | None:
    """s, where the step is h - s grad Phi(h), as it is for momentum 0; None where there is momentum."""
    if isinstance(solver, ProximalGradient):
        if gamma is None:
            raise UsageError("gamma must be given for ProximalGradient, got None")
        alpha = _exact("step_size", solver.step_size)
        return alpha / (1 + alpha / gamma)
    if isinstance(solver, GradientDescent):
        return _exact("step_size", solver.step_size)
    alpha, beta = _parameters(solver)
    return None if beta else alpha


def _parameters(solver: Solver) -> tuple[Fraction, Fraction]:
    if not is_plain(solver, HeavyBall, Nesterov):
        raise UsageError(_others(solver))
    return _exact("step_size", solver.step_size), _exact("momentum", solver.momentum)


def _others(solver: object) -> str:
    return (
        "solver must be a GradientDescent, ProximalGradient, HeavyBall or Nesterov itself, as "
        f"subclasses may take other steps; got {type(solver).__name__}"
    )


def _exact(name: str, value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        raise UsageError(f"{name} must be one number, finite, got {value!r}")
    return Fraction(value)


def _plus(u: Row, factor: Fraction | int, v: Row) -> Row:
    return (u[0] + factor * v[0], u[1] + factor * v[1], u[2] + factor * v[2])


def _scaled(factor: Fraction, u: Row) -> Row:
    return (factor * u[0], factor * u[1], factor * u[2])


def _show(value: Fraction) -> str:
    return str(value) if len(str(value)) < 24 else f"{float(value):.17g}"
