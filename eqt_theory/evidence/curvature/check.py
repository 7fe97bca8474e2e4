"""Checks of strong convexity and smoothness over a domain: refuted by a pair, certified by enclosure, or sampled."""

import math

from eqt_theory.core.annotated import Cases, Positive, Seed, checked
from eqt_theory.core.budget import Told, budgeted, stage
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.curvature.certify import certify, named
from eqt_theory.evidence.curvature.search import Segment, mean_curvature, rounding_of, search_curvature, stretched
from eqt_theory.evidence.curvature.second_difference import Confirmed, disagreement, replay_segments
from eqt_theory.evidence.sampling import require_dimension
from eqt_theory.evidence.slopes import slopes_differ


@checked
@in_standard_torch
@budgeted
def check_strong_convexity(
    objective: Energy,
    mu: float,
    domain: Domain,
    seed: Seed = 0,
    *,
    samples: Cases = 256,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether `<grad e(a) - grad e(b), a - b> >= mu |a - b|^2` for all pairs of a convex domain.

    A negative mu asks for weak convexity. The declared curvature of the energy is not used.

    Args:
        objective: one Energy or Objective, not a batch.
        mu: the lower curvature, finite.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: number of random states that the search starts from.
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        REFUTED with a pair of states, found by search and confirmed from function values alone (or with a state and a
        direction, found and confirmed in ball arithmetic); CERTIFIED where an
        enclosure of the Hessian or a proved closed form covers the domain; SUPPORTED with the number of cases
        otherwise; INCONCLUSIVE with the reason where a suspicion could not be confirmed.

    Raises:
        UsageError: mu is not finite, the dimensions differ, or a batch was given.
    """
    mu = float(mu)
    if not math.isfinite(mu):
        raise UsageError(f"mu must be a finite number, got {mu!r}")
    return _check(objective, mu, None, domain, seed, samples)


@checked
@in_standard_torch
@budgeted
def check_smoothness(
    objective: Energy,
    L: float,  # noqa: N803  the usual name of the constant
    domain: Domain,
    seed: Seed = 0,
    *,
    samples: Cases = 256,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether the gradient is L-Lipschitz on a convex domain (Eq. 23): all curvature lies in [-L, L].

    Args:
        objective: one Energy or Objective, not a batch.
        L: the Lipschitz constant, finite and not negative.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: number of random states that the search starts from.
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        As `check_strong_convexity`.

    Raises:
        UsageError: L is negative or not finite, the dimensions differ, or a batch was given.
    """
    L = float(L)
    if not (math.isfinite(L) and L >= 0):
        raise UsageError(f"L must be a finite number, not negative, got {L!r}")
    return _check(objective, -L, L, domain, seed, samples)


@in_standard_torch
def check_curvature(
    energy: Energy,
    low: float | None,
    high: float | None,
    domain: Domain,
    seed: int = 0,
    *,
    samples: int = 256,
    certificates: bool = True,
) -> Finding:
    """Whether `low |d|^2 <= <grad e(a) - grad e(b), d> <= high |d|^2`, d = a - b, for all pairs of a convex domain.

    Args:
        energy: one Energy or Objective, not a batch.
        low: the lower curvature, or None.
        high: the upper curvature, or None.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: number of random states that the search starts from.
        certificates: whether to look for a certificate where the search refutes nothing.

    Returns:
        As `check_strong_convexity`.

    Raises:
        UsageError: a bound is not finite, both are None, the dimensions differ, or a batch was given.
    """
    given = [bound for bound in (low, high) if bound is not None]
    if not given or not all(math.isfinite(bound) for bound in given):
        raise UsageError(f"low and high must be finite numbers, one of them at least, got {low!r} and {high!r}")
    return _check(energy, low, high, domain, seed, samples, certificates)


def _check(
    energy: Energy,
    low: float | None,
    high: float | None,
    domain: Domain,
    seed: int,
    samples: int,
    certificates: bool = True,
) -> Finding:
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise UsageError(f"samples must be a positive integer, got {samples!r}")
    require_dimension(domain, energy)
    wanted = named(low, high)
    stage("searching for extreme curvature")
    found = search_curvature(energy, domain, samples, seed)
    if found is None:
        return inconclusive(Method.SAMPLING, f"{wanted} on {_name(domain)}: value or gradient is not finite there")
    measured = f"least {found.least.curvature:.9g}, greatest {found.most.curvature:.9g} found in {found.examples} cases"
    suspicion = ""
    scale = max(abs(found.least.curvature), abs(found.most.curvature))
    for segments, bound, sign in ((found.lows, low, 1.0), (found.highs, high, -1.0)):
        suspicious = [s for s in segments if bound is not None and sign * (bound - s.curvature) > 0]
        if bound is None or not suspicious:
            continue
        confirmed = replay_segments(energy, domain, suspicious, bound, sign)
        floor = 1e-6 * max(abs(bound), scale)
        if confirmed is None and sign * (bound - suspicious[0].curvature) > floor:
            longer = [s for s in stretched(energy, domain, suspicious[0]) if sign * (bound - s.curvature) > 0]
            confirmed = replay_segments(energy, domain, longer, bound, sign) if longer else None
            suspicious = [*longer, *suspicious]
        if confirmed is not None:
            return _refuted(wanted, domain, confirmed, found.examples)
        # Some were found by their values; what is suspected is what the gradients say.
        slopes = [float(mean_curvature(energy, s.a.unsqueeze(0), s.b.unsqueeze(0))) for s in suspicious]
        suspicious = [Segment(s.a, s.b, c) for s, c in zip(suspicious, slopes, strict=True)]
        beyond = [s for s in suspicious if sign * (bound - s.curvature) > floor + rounding_of(energy, s)]
        if beyond:
            suspicion = f"gradients give curvature {beyond[0].curvature:.9g}, which the function values do not confirm"
            apart = next((text for s in beyond if (text := disagreement(energy, s))), "")
            if apart:
                suspicion += f": gradient and value disagree, {apart}"
        elif hidden := [s for s in suspicious if sign * (bound - s.curvature) > floor]:
            worst = min(hidden, key=lambda s: sign * s.curvature)
            suspicion = f"a segment has curvature {worst.curvature:.6g} by its gradients, which may be off by "
            suspicion += f"{rounding_of(energy, worst):.2g} in {worst.a.dtype}: rounding hides whether the bound holds"

    stage("looking for a certificate")
    certificate = certify(energy, low, high, domain) if certificates else None
    if certificate is not None and not (suspicion and certificate.verdict is Verdict.CERTIFIED):
        return certificate
    if not found.settled and not suspicion:
        suspicion = "no extreme direction of the Hessian was found, and random pairs alone show nothing"
    suspicion = suspicion or slopes_differ(energy, found.states, seed)
    if suspicion:
        return inconclusive(Method.SAMPLING, f"{wanted} on {_name(domain)}: {suspicion}")
    detail = f"{wanted} on {_name(domain)}: {measured}"
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, detail, examples=found.examples)


def _refuted(wanted: str, domain: Domain, confirmed: Confirmed, examples: int) -> Finding:
    a, b = confirmed.a.tolist(), confirmed.b.tolist()
    detail = f"{wanted} on {_name(domain)} fails: the segment between a and b has curvature {confirmed.curvature:.9g}"
    return Finding(
        Verdict.REFUTED,
        Method.SAMPLING,
        detail,
        witness={"a": a, "b": b, "curvature": confirmed.curvature},
        replay=confirmed.replay,
        examples=examples,
    )


def _name(domain: Domain) -> str:
    match domain:
        case Ball(center, radius):
            shown = ", ".join(f"{x:g}" for x in center[:4]) + (", ..." if len(center) > 4 else "")
            return f"the ball of radius {radius:g} around ({shown})"
        case Box():
            return f"a box in dimension {domain.dim}"
    return f"R^{domain.dim}"
