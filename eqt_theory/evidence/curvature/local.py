"""A local certificate for the paper's energy: a ball around the proposal that refinement cannot leave and contracts on.

On B(f, R) with R < |f| the gradient of the energy is at most `G0 + lambda_mem/(tau (|f| - R))`, where
`G0 = lambda_rev mean D + lambda_mask mean D + lambda_conf D (1 + ln V)`, D the largest distance of two rows of a head.
A step of size alpha <= gamma keeps the ball where `gamma` times that is at most R; the smallest such R is
`(|f| + gamma G0 - sqrt((|f| - gamma G0)^2 - 4 gamma lambda_mem/tau))/2`. Where besides the weak convexity w of the
energy at radius |f| - R is below 1/gamma, the step contracts on the ball by `max(|1 - alpha m|, |1 - alpha M|)`.

Every comparison is made in fractions, on bounds that are rounded outwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import OverBudget, Told, budget, look, stage
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy, WeightedSum
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.latent.argmax_energy import ArgmaxEnergy
from eqt_theory.energies.latent.memory import CosineMemory, EpisodicMemory
from eqt_theory.evidence.curvature.constants import Constants, constants_outside
from eqt_theory.evidence.curvature.matrix_bounds import root_down, root_up
from eqt_theory.evidence.plain import is_plain

_OCTAVES = 40


@checked
@dataclass(frozen=True)
class LocalCertificate:
    """What is certain about refinement near the proposal; bounds, rounded outwards.

    Args:
        holds: whether there is an invariant ball on which the step contracts.
        reason: why there is none; empty where there is.
        energy: the energy that it speaks of: argmax terms frozen at the proposal; the one given where the seconds
            were over.
        gamma: the damping.
        radius: R; the iterates stay within it of f. None where there is no invariant ball.
        step_size: alpha, at most gamma.
        m: lower curvature of Phi on the ball.
        M: upper curvature of Phi on the ball.
        rate: contraction factor of a step on the ball, below 1.
        same_argmax: whether no argmax changes on the ball, so that the terms were the same unfrozen; None where
            there is no ball or a head is not linear.
    """

    holds: bool
    reason: str
    energy: Energy
    gamma: float
    radius: float | None = None
    step_size: float | None = None
    m: float | None = None
    M: float | None = None
    rate: float | None = None
    same_argmax: bool | None = None

    def _repr_html_(self) -> str:
        """For notebooks."""

        def number(value: float | None) -> str:
            return "" if value is None else f"{value:.6g}"

        ball = "" if self.radius is None else f"|h - f| <= {self.radius:.6g}; the iterates cannot leave it"
        curved = "" if self.m is None or self.M is None else f"between {self.m:.6g} and {self.M:.6g}"
        same = {True: "unchanged on the ball", False: "may change on the ball; frozen at f here", None: ""}
        return table(
            {
                "certificate": "holds" if self.holds else "does not hold",
                "reason": self.reason,
                "gamma": number(self.gamma),
                "ball": ball,
                "step size": number(self.step_size),
                "curvature of Phi": curved,
                "factor per step": number(self.rate),
                "argmax terms": same[self.same_argmax],
            }
        )


class LargestGamma(float):
    """A damping that has a certificate: a float, whose `note` says whether the seconds were over before the largest."""

    note: str

    def __new__(cls, value: float, note: str = "") -> "LargestGamma":
        self = super().__new__(cls, value)
        self.note = note
        return self


@checked
@in_standard_torch
def local_certificate(
    energy: Energy,
    proposal: Tensor,
    gamma: float,
    step_size: float | None = None,
    *,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> LocalCertificate:
    """Look for the smallest invariant ball B(f, R) and the contraction rate on it.

    Args:
        energy: the paper's energy, or another weighted sum of terms whose constants are proved (heads linear, or GELU
            for the masked term); argmax terms are frozen at the proposal.
        proposal: f, shape (d,).
        gamma: the damping.
        step_size: alpha, at most gamma; the best one, at most gamma, if None.
        seconds: after which there is none, for that reason; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        The certificate, or the reason why there is none.

    Raises:
        UsageError: gamma or step_size is not positive, step_size exceeds gamma, the proposal does not fit, or a term
            has no proved constants.
        OverBudget: that of a call around this one.
    """
    gamma = positive_number("gamma", gamma)
    if step_size is not None and positive_number("step_size", step_size) > gamma:
        raise UsageError(f"step_size must be at most gamma, {gamma}, for the ball to be invariant, got {step_size!r}")
    with budget(seconds, progress) as own:
        try:
            return _certificate(_Terms(energy, proposal), gamma, step_size)
        except OverBudget as over:
            if over.budget is not own:
                raise
            return LocalCertificate(False, f"not finished: {over}", energy, gamma)


@checked
@in_standard_torch
def largest_gamma(
    energy: Energy, proposal: Tensor, *, seconds: Positive | None = None, progress: Told | None = None
) -> LargestGamma:
    """The largest damping with a certificate: found by bisection, to 12 digits, as no certificate comes back beyond it.

    Args:
        energy: as for `local_certificate`.
        proposal: f, shape (d,).
        seconds: after which the largest found by then is the answer, and its `note` says so; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        A gamma that has a certificate, and hardly less than any that has; inf where 2^40 has one, 0 where 2^-40
        has none, or none was found in time.

    Raises:
        OverBudget: that of a call around this one.
    """
    found = 0.0
    with budget(seconds, progress) as own:
        try:
            stage("bounding the terms")
            terms = _Terms(energy, proposal)
            stage("bisecting for gamma")
            for found in _larger_and_larger(terms):  # noqa: B007  the last one is the answer
                look()
        except OverBudget as over:
            if over.budget is not own:
                raise
            return LargestGamma(found, f"not finished: {over}")
    return LargestGamma(found)


def _larger_and_larger(terms: "_Terms") -> Iterator[float]:
    """Ever larger gammas that have a certificate, one after each look, up to the largest; inf where there is no end."""

    def holds(gamma: float) -> bool:
        return _certificate(terms, gamma, None).holds

    low, high = 2.0**-_OCTAVES, 2.0**_OCTAVES
    if not holds(low):
        return
    yield low
    if holds(high):
        yield float("inf")
        return
    # R grows with gamma, w(|f| - R) with R, and 1/gamma falls: what fails once fails for all larger gamma.
    for _ in range(8 * _OCTAVES):
        middle = (low * high) ** 0.5 if high > 2 * low else (low + high) / 2
        if not low < middle < high or high - low < 1e-13 * high:
            break
        low, high = (middle, high) if holds(middle) else (low, middle)
        yield low


class _Terms:
    """The energy frozen at the proposal, |f|, and what its gradient is bounded by."""

    def __init__(self, energy: Energy, proposal: Tensor) -> None:
        energy.checked(proposal, "proposal")
        energy.require_parameters()
        if proposal.ndim != 1 or not bool(torch.isfinite(proposal).all()):
            raise UsageError(f"proposal must be one finite state, shape (d,), got {tuple(proposal.shape)}")
        parts = zip(energy.weights, energy.terms, strict=True) if is_plain(energy, WeightedSum) else [(1.0, energy)]
        active = [(w, e) for w, e in parts if w]
        self.frozen: Energy = WeightedSum([(w, _frozen(e, proposal)) for w, e in active] or [(0.0, energy)])
        self.unfrozen = [e for _, e in active if isinstance(e, ArgmaxEnergy)]
        self.proposal = proposal
        square = sum(Fraction(x) ** 2 for x in proposal.double().tolist())
        self.length = root_down(square)  # |f|, from below
        self.slope = Fraction(0)  # G0
        self.lower = self.upper = Fraction(0)  # curvature of the terms that have the same bounds everywhere
        self.memories: list[tuple[Fraction, Energy]] = []
        self.pull = Fraction(0)  # lambda_mem/tau: the memory's gradient times |h|
        for w, e in active:
            look()
            weight, steady = Fraction(w), not isinstance(e, EpisodicMemory | CosineMemory)
            known = _known(_frozen(e, proposal), Fraction(0) if steady else Fraction(1))
            if known.slope is None:
                raise UsageError(f"no bound on the gradient of {type(e).__name__} is proved")
            if steady:
                self.slope += abs(weight) * known.slope
                lower, upper = known.times(weight)
                self.lower, self.upper = self.lower + lower, self.upper + upper
            else:
                self.memories.append((weight, e))
                self.pull += abs(weight) * known.slope

    def on_ball(self, radius: Fraction) -> tuple[Fraction, Fraction]:
        """Curvature of the energy on B(f, R), which lies at all |h| >= |f| - R."""
        lower, upper = self.lower, self.upper
        for weight, energy in self.memories:
            least, most = _known(energy, self.length - radius).times(weight)
            lower, upper = lower + least, upper + most
        return lower, upper

    def same_argmax(self, radius: Fraction) -> bool | None:
        """Whether the margins at f exceed what the logits can change by on the ball."""
        for term in self.unfrozen:
            weight = getattr(term.head, "weight", None)
            if not isinstance(weight, Tensor):
                return None
            if weight.shape[0] == 1:
                continue
            bias = getattr(term.head, "bias", None)
            rows = [list(map(Fraction, row)) for row in weight.detach().double().tolist()]
            offsets = (
                [Fraction(0)] * len(rows) if bias is None else list(map(Fraction, bias.detach().double().tolist()))
            )
            f = list(map(Fraction, self.proposal.double().tolist()))
            logits = [sum((a * x for a, x in zip(r, f, strict=True)), b) for r, b in zip(rows, offsets, strict=True)]
            first = max(range(len(logits)), key=logits.__getitem__)
            for i, z in enumerate(logits):
                look()
                gap = root_up(sum((a - b) ** 2 for a, b in zip(rows[first], rows[i], strict=True)))
                if i != first and not logits[first] - z > gap * radius:
                    return False
        return True


def _frozen(energy: Energy, proposal: Tensor) -> Energy:
    return energy.freeze(proposal) if isinstance(energy, ArgmaxEnergy) and energy.piece is None else energy


def _known(energy: Energy, radius: Fraction) -> Constants:
    found = constants_outside(energy, radius)
    if found is None:
        raise UsageError(
            f"no constants are proved for {type(energy).__name__}; they are for Confidence, the memories, predictive "
            "and masked terms, convex energies with closed forms, and sums of these. check_strong_convexity asks on a "
            "Ball around the proposal, of any energy"
        )
    return found


def _certificate(terms: _Terms, gamma: float, step_size: float | None) -> LocalCertificate:
    none = LocalCertificate(False, "", terms.frozen, gamma)
    g, length, drift = Fraction(gamma), terms.length, Fraction(gamma) * terms.slope
    if not terms.memories:
        return _contraction(none, terms, drift, step_size)
    if length <= drift:
        sizes = f"|f| = {round_up(length):.6g} is not above gamma G0 = {round_up(drift):.6g}"
        return replace(none, reason=f"{sizes}: states may be pulled to 0")
    room, need = (length - drift) ** 2, 4 * g * terms.pull
    if room < need:
        reason = f"(|f| - gamma G0)^2 = {round_up(room):.6g} is below 4 gamma lambda_mem/tau = {round_up(need):.6g}"
        return replace(none, reason=f"{reason}: no radius keeps the states away from 0")
    radius = (length + drift - root_down(room - need)) / 2  # not below the smaller root
    if not (radius < length and g * (terms.slope + terms.pull / (length - radius)) <= radius):
        return replace(none, reason="the two radii between which a ball is kept are too close to tell apart")
    return _contraction(none, terms, radius, step_size)


def _contraction(none: LocalCertificate, terms: _Terms, radius: Fraction, step_size: float | None) -> LocalCertificate:
    kept = replace(none, radius=round_up(radius))
    g = 1 / Fraction(none.gamma)
    lower, upper = terms.on_ball(radius)
    m, M = g + lower, g + upper  # noqa: N806
    if m <= 0:
        reason = f"the ball of radius {kept.radius:.6g} is kept, but Phi may not be convex on it"
        return replace(kept, reason=f"{reason}: w = {round_up(-lower):.6g} is not below 1/gamma = {round_up(g):.6g}")
    alpha = Fraction(min(none.gamma, round_down(2 / (m + M))) if step_size is None else step_size)
    rate = round_up(max(abs(1 - alpha * m), abs(1 - alpha * M)))
    if rate >= 1:
        reason = f"step size {float(alpha):.6g} does not contract on the ball: 2/M = {round_up(2 / M):.6g}"
        return replace(kept, reason=reason)
    return replace(
        kept,
        holds=True,
        step_size=float(alpha),
        m=round_down(m),
        M=round_up(M),
        rate=rate,
        same_argmax=terms.same_argmax(radius),
    )
