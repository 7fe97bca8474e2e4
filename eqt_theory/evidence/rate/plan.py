"""How fast gradient descent on Phi converges, from mu, L and gamma alone: the tight answer and the paper's.

Phi(h) = energy(h) + |h - f|^2 / (2 gamma), with mu |d|^2 <= <grad energy(h) - grad energy(h'), d> <= L |d|^2 for all
d = h - h'; m = mu + 1/gamma and M = L + 1/gamma. Each number is read as the shortest decimal that denotes it and
all comparisons are exact, so a step size on the edge of a range is judged as written.
"""

import decimal
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from eqt_theory.core.errors import UsageError

_MISLEADING_STEPS = 2
"""How many times too many steps Eq. 27 must ask for before a warning."""
_MISLEADING_RANGE = Fraction(99, 100)
"""Below which share of the stable range Eq. 25 deserves a warning."""


@dataclass(frozen=True)
class Plan:
    """What is known of refinement for one triple (mu, L, gamma), step size and accuracy.

    None stands for "nothing is guaranteed" or, for the paper's numbers, "its theorem does not apply".

    Args:
        mu: strong convexity of the energy; negative for weak convexity.
        lipschitz: L, the upper curvature of the energy.
        gamma: the damping.
        step_size: the step size planned for; the best one unless given.
        epsilon: the factor by which the distance to the equilibrium is to shrink.
        m: mu + 1/gamma.
        M: L + 1/gamma.
        condition_number: M/m.
        step_limit: 2/M; refinement converges for the whole class exactly when 0 < step size < 2/M.
        rate: max(|1 - alpha m|, |1 - alpha M|), the tight factor per step at `step_size`; 1 or more where it diverges.
        steps: the fewest steps that reach epsilon by `rate`; None where it does not converge.
        best_step: 2/(m + M).
        best_rate: (M - m)/(M + m), the tight factor at `best_step`.
        best_steps: the fewest steps that reach epsilon at `best_step`.
        paper_step_limit: 2/(mu + L + 1/gamma), Eq. 25.
        paper_rate: 1 - 2 alpha mu/(1 + L/mu), Eq. 26, at `step_size`.
        paper_steps: the steps that Eq. 27 asks for.
        warnings: where the paper's range or rate misleads, a sentence each.
    """

    mu: float
    lipschitz: float
    gamma: float
    step_size: float | None
    epsilon: float
    m: float
    M: float
    condition_number: float | None
    step_limit: float | None
    rate: float | None
    steps: int | None
    best_step: float | None
    best_rate: float | None
    best_steps: int | None
    paper_step_limit: float | None
    paper_rate: float | None
    paper_steps: int | None
    warnings: tuple[str, ...]


def plan(mu: float, lipschitz: float, gamma: float, *, step_size: float | None = None, epsilon: float = 1e-3) -> Plan:
    """Plan refinement for every energy with curvature in [mu, L].

    Args:
        mu: strong convexity of the energy; may be negative (weak convexity).
        lipschitz: L, the upper curvature of the energy, at least mu.
        gamma: the damping, positive.
        step_size: the step size alpha, positive; default: the best one.
        epsilon: the factor by which |h - h*| is to shrink, in (0, 1).

    Returns:
        The plan.

    Raises:
        UsageError: a number that is not finite or out of its range, or mu > L.
    """
    low, high, damping = _exact("mu", mu), _exact("lipschitz", lipschitz), _positive("gamma", gamma)
    if low > high:
        raise UsageError(f"mu must not exceed lipschitz (L), got mu={mu:g} and lipschitz={lipschitz:g}")
    accuracy = _exact("epsilon", epsilon)
    if not 0 < accuracy < 1:
        raise UsageError(f"epsilon must lie strictly between 0 and 1, got {epsilon:g}")
    given = None if step_size is None else _positive("step_size", step_size)

    g = 1 / damping
    m, M = low + g, high + g
    if m <= 0:
        return Plan(
            float(mu), float(lipschitz), float(gamma), step_size, float(epsilon), _float("m", m), _float("M", M),
            condition_number=None, step_limit=None, rate=None, steps=None, best_step=None, best_rate=None,
            best_steps=None, paper_step_limit=None, paper_rate=None, paper_steps=None, warnings=(_hopeless(low, m),),
        )  # fmt: skip

    best, limit = 2 / (m + M), 2 / M
    alpha = best if given is None else given
    rate, best_rate = tight_rate(m, M, alpha), tight_rate(m, M, best)
    steps = steps_to(rate, accuracy) if rate < 1 else None

    paper_limit = paper_rate = paper_steps = None
    if low > 0:
        paper_limit = 2 / (low + high + g)
        if alpha < paper_limit:
            paper_rate = 1 - 2 * alpha * low / (1 + high / low)
            paper_steps = _ceil_of_log((1 + high / low) / (2 * low * alpha), accuracy)
    return Plan(
        float(mu), float(lipschitz), float(gamma), _float("step_size", alpha), float(epsilon), _float("m", m),
        _float("M", M), condition_number=_float("M/m", M / m), step_limit=_float("2/M", limit),
        rate=_float("rate", rate), steps=steps, best_step=_float("2/(m + M)", best), best_rate=float(best_rate),
        best_steps=steps_to(best_rate, accuracy), paper_step_limit=None if paper_limit is None else float(paper_limit),
        paper_rate=None if paper_rate is None else float(paper_rate), paper_steps=paper_steps,
        warnings=tuple(_warnings(low, alpha, limit, steps, paper_limit, paper_steps)),
    )  # fmt: skip


def tight_rate(m: Fraction, M: Fraction, step_size: Fraction) -> Fraction:
    """The tight contraction factor of one gradient step, max(|1 - alpha m|, |1 - alpha M|), exactly."""
    return max(abs(1 - step_size * m), abs(1 - step_size * M))


def steps_to(rate: Fraction, epsilon: Fraction) -> int:
    """The fewest steps k with rate^k <= epsilon.

    Args:
        rate: the factor per step, in [0, 1).
        epsilon: in (0, 1).

    Returns:
        k, at least 1; exact also where rate^k equals epsilon.
    """
    if rate <= epsilon:
        return 1
    with decimal.localcontext(_context(1 - rate)):
        ratio = _log(epsilon) / _log(rate)
        near = int(ratio.to_integral_value(decimal.ROUND_HALF_EVEN))
        # rate^k = epsilon can only happen for k below 1200: a float64 decimal has a denominator below 2^1200
        if near <= 1200:
            return near if rate**near <= epsilon else near + 1
        return int(ratio.to_integral_value(decimal.ROUND_CEILING))


def _ceil_of_log(factor: Fraction, epsilon: Fraction) -> int:
    """The least integer at or above factor * ln(1/epsilon)."""
    with decimal.localcontext(_context(1 / factor)):
        return int((-_log(epsilon) * factor.numerator / factor.denominator).to_integral_value(decimal.ROUND_CEILING))


def _context(small: Fraction) -> decimal.Context:
    """Fifty digits more than it takes to tell `small` from zero."""
    lost = max(0, len(str(small.denominator)) - len(str(abs(small.numerator))))
    return decimal.Context(prec=50 + 2 * lost, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


def _log(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).ln()


def _exact(name: str, value: float) -> Fraction:
    number = float(value)
    if not math.isfinite(number):
        raise UsageError(f"{name} must be finite, got {number}")
    return Fraction(repr(number))


def _positive(name: str, value: float) -> Fraction:
    number = _exact(name, value)
    if number <= 0:
        raise UsageError(f"{name} must be positive, got {value:g}")
    return number


def _float(name: str, value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise UsageError(f"{name} does not fit into float64; mu, lipschitz and gamma must be less extreme") from None


def _hopeless(mu: Fraction, m: Fraction) -> str:
    why = (
        "the minimiser need not be unique and convergence can be slower than any geometric rate"
        if m == 0
        else "Phi need not be convex and can have several equilibria"
    )
    return (
        f"no guarantee is possible: m = mu + 1/gamma = {float(m):.6g} is not positive, so {why}; "
        f"take gamma < 1/|mu| = {float(-1 / mu):.6g}"
    )


def _warnings(
    mu: Fraction,
    alpha: Fraction,
    limit: Fraction,
    steps: int | None,
    paper_limit: Fraction | None,
    paper_steps: int | None,
) -> list[str]:
    found = []
    if alpha >= limit:
        found.append(
            f"step size {float(alpha):.6g} is outside the stable range (0, {float(limit):.6g}): "
            "for some energy of the class refinement does not converge"
        )
    if paper_limit is None:
        found.append(
            f"the paper's Theorem 2 needs mu > 0, here mu = {float(mu):.6g}; the tight rate needs only -mu < 1/gamma"
        )
        return found
    if paper_limit <= alpha < limit:
        found.append(f"Eq. 25 excludes step size {float(alpha):.6g}, yet it is stable")
    if paper_limit < _MISLEADING_RANGE * limit:
        share = float(100 * paper_limit / limit)
        found.append(f"Eq. 25 allows {share:.3g} % of the stable range")
    if steps is not None and paper_steps is not None and paper_steps >= _MISLEADING_STEPS * steps:
        times = (
            f"{paper_steps / steps:,.0f}" if paper_steps // steps < 10**12 else f"{Decimal(paper_steps // steps):.3g}"
        )
        found.append(f"Eq. 27 asks for {count(paper_steps)} steps where {count(steps)} suffice, {times} times as many")
    return found


def count(steps: int) -> str:
    """A number of steps, readable: `17,955`, or `3.2e+15` when huge."""
    return f"{steps:,}" if steps < 10**12 else f"{Decimal(steps):.3g}"
