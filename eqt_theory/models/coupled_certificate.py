"""CoupledCertificate: the exact constants and the rate per step of one coupled model, from its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.coupled_steps import chebyshev_end
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.chebyshev import Chebyshev
from eqt_theory.solvers.guarantee import sqrt_up

_MOST = "the largest over positions of |h_t - h*_t|"
_WHOLE = "|h - h*| over the whole sequence"


@checked
@dataclass(frozen=True)
class CoupledCertificate:
    """What holds for this model on every sequence of tokens, whatever its length, in exact arithmetic.

    Args:
        coupling: what a step is.
        m: lower bound on the Hessian: of Phi with joint coupling, else of what a single position descends.
        M: upper bound.
        rate: factor per step, an upper bound that is exact where no root is in it.
        constant: `distance_k <= constant rate^k distance_0`.
        per_step: whether every single step contracts by the rate; then the constant is 1.
        distance: what shrinks.
        exact_after_n: whether the equilibrium is reached after as many steps as there are positions.
        memory: how much of a change of a state, made by proposals up to its own, is left in the equilibrium one
            position on, at most: lambda/(1/gamma + lambda) for all couplings. With joint coupling, couplings of 1 and
            far from the ends it is the smaller (sqrt M - sqrt m)/(sqrt M + sqrt m). None without coupling.
        certificate: of the norm of the weights that enters, or of the rate; accepted by the kernel. None where no
            norm enters: m and M then follow from |a_t| <= 1 alone, as `proofs/repaired_eqt` shows.
        about: the argument, in a sentence.
    """

    coupling: Coupling
    m: Fraction
    M: Fraction
    rate: Fraction
    constant: Fraction
    per_step: bool
    distance: str
    exact_after_n: bool
    memory: Fraction | None
    certificate: Certificate | None
    about: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; exact numbers as texts "p/q"."""
        return {
            "coupling": self.coupling.name.lower(), "m": str(self.m), "M": str(self.M), "rate": str(self.rate),
            "constant": str(self.constant), "per_step": self.per_step, "distance": self.distance,
            "exact_after_n": self.exact_after_n, "memory": None if self.memory is None else str(self.memory),
            "certificate": None if self.certificate is None else self.certificate.digest, "about": self.about,
        }  # fmt: skip

    def __str__(self) -> str:
        front = "" if self.constant == 1 else f", {self.constant} in front"
        how = "in every step" if self.per_step else "per step over the run"
        return (
            f"{self.coupling.name.lower()}: m = {_said(self.m)}, M = {_said(self.M)}; {self.distance} shrinks by "
            f"{_said(self.rate)} {how}{front}; {self.about}"
        )


def certify(
    config: CoupledConfig,
    solver: Solver,
    weights: Mapping[str, Tensor],
    ridge: tuple[Tensor, Tensor, float] | None = None,
) -> CoupledCertificate:
    """The certificate of a model.

    Args:
        config: of the model.
        solver: its step rule, with joint coupling.
        weights: all of them, by name.
        ridge: with ridge terms W, v and the step size in use, that of gamma Phi.

    Returns:
        The certificate.

    Raises:
        UsageError: a weight is not finite, or nothing certifies the solver that was given.
    """
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise UsageError(f"a certificate needs finite weights, {name} is not")
    return _joint(config, solver) if config.coupling is Coupling.JOINT else _game(config, ridge)


def _joint(config: CoupledConfig, solver: Solver) -> CoupledCertificate:
    m, M = config.constants
    # Eliminated from the end, the pivot of a position is 1/gamma + lambda or more, and lambda a stands beside it.
    memory = Fraction(config.strength) / (m + Fraction(config.strength))
    about = "1/gamma <= hess Phi <= 1/gamma + 4 lambda for all couplings from -1 to 1"
    if isinstance(solver, Chebyshev):
        low, high = Fraction(solver.low), Fraction(solver.high)
        if low > m or high < M:
            raise UsageError(f"nothing certifies Chebyshev's steps for [{low}, {high}] on m = {m}, M = {M}")
        # The fused steps are for an interval of their own, of gamma Phi, a rounding wider.
        own = Fraction(chebyshev_end(config.strength * config.gamma))
        rate, constant, certificate = max(root_rate(low, high), root_rate(Fraction(1), own)), Fraction(2), None
        about += "; Chebyshev's bound 2 r^k/(1 + r^2k)"
    else:
        rate, constant, certificate = _of_solver(solver, m, M, Fraction(config.gamma))
    return CoupledCertificate(
        Coupling.JOINT, m, M, rate, constant, constant == 1, _WHOLE, False, memory, certificate, about
    )  # fmt: skip


def _of_solver(
    solver: Solver, m: Fraction, M: Fraction, gamma: Fraction
) -> tuple[Fraction, Fraction, Certificate | None]:
    """The rate of any solver that a certificate can be found for, on all of the class."""
    from eqt_theory.core.verdict import Verdict
    from eqt_theory.evidence.rate.certify_class import certify_rate

    found = certify_rate(solver, m, M, gamma=gamma)
    if found.verdict is not Verdict.CERTIFIED or found.rate is None or found.rate >= 1 or found.certificate is None:
        raise UsageError(f"nothing certifies {type(solver).__name__} on m = {m}, M = {M}: {found.detail}")
    # What was certified is of squares.
    square = Fraction(found.certificate.data["constant"])
    constant = square if square == 1 else Fraction(sqrt_up(square))
    return found.rate, constant, found.certificate


def _game(config: CoupledConfig, ridge: tuple[Tensor, Tensor, float] | None) -> CoupledCertificate:
    pull, strength = 1 / Fraction(config.gamma), Fraction(config.strength)
    low, share = pull + strength, strength / (pull + strength)
    if config.coupling is Coupling.FROZEN:
        return CoupledCertificate(
            config.coupling, low, low, Fraction(0), Fraction(1), True, _MOST, True, None, None,
            "every position descends its own quadratic, one step ends at its minimum",
        )  # fmt: skip
    if ridge is None:
        return CoupledCertificate(
            config.coupling, low, low, share, Fraction(1), True, _MOST, True, share, None,
            "h_t <- (1 - b) f_t + b a_t * h_{t-1} with b = lambda gamma/(1 + lambda gamma) and |a_t| <= 1",
        )  # fmt: skip
    rows, weights, step_size = ridge
    norm, certificate = ridge_norm(rows, weights)
    alpha = Fraction(step_size) * Fraction(config.gamma)
    rate = max(abs(1 - alpha * low), abs(1 - alpha * (low + norm))) + alpha * strength
    return CoupledCertificate(
        config.coupling, low, low + norm, rate, Fraction(1), True, _MOST, False, share, certificate,
        "a position's own step contracts by max |1 - alpha m|, |1 - alpha M|, its predecessor enters by alpha lambda",
    )  # fmt: skip


def ridge_norm(rows: Tensor, weights: Tensor) -> tuple[Fraction, Certificate]:
    """An upper bound on the curvature of the ridge terms of a position, |W^T diag(v) W|/4.

    Args:
        rows: W, shape (k, d).
        weights: v, shape (k,), not negative.

    Returns:
        The bound, above the norm by 2^-20 of it, and the certificate that the kernel accepted.

    Raises:
        CertificateRejected: the bound was missed, as it would be with weights below 0.
    """
    W, v = rows.detach().double(), weights.detach().double()
    near = float(torch.linalg.eigvalsh(W.mT @ (v.unsqueeze(-1) / 4 * W))[-1])
    high = Fraction(near) * (1 + Fraction(1, 2**20)) + Fraction(1, 2**40)
    high = Fraction(-((-high.numerator * 2**30) // high.denominator), 2**30)
    certificate = Certificate(
        {
            "kind": "spectrum",
            "rows": [[str(Fraction(x)) for x in row] for row in W.tolist()],
            "weights": [str(Fraction(x) / 4) for x in v.tolist()],
            "low": "0",
            "high": str(high),
        }
    )
    if certificate.defect:
        raise CertificateRejected(certificate.defect)
    return high, certificate


def root_rate(m: Fraction, M: Fraction) -> Fraction:
    """A rational number not below (sqrt M - sqrt m)/(sqrt M + sqrt m), and hardly above."""
    ratio = Fraction(sqrt_up(M / m))
    return (ratio - 1) / (ratio + 1)


def _said(x: Fraction) -> str:
    return str(x) if len(str(x)) < 12 else f"{float(x):.10g}.."
