"""Momentum methods on quadratics: the error along an eigenvector obeys a recurrence of two terms, exactly."""

import math
from dataclasses import dataclass
from fractions import Fraction

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.plain import is_plain
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.nesterov import Nesterov

Number = int | float | Fraction


@dataclass(frozen=True)
class TwoTerms:
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


def two_terms(solver: Solver, eigenvalue: Number) -> TwoTerms:
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
        return TwoTerms(shrunk + beta, beta)
    return TwoTerms((1 + beta) * shrunk, beta * shrunk)


def _parameters(solver: Solver) -> tuple[Fraction, Fraction]:
    if not is_plain(solver, HeavyBall, Nesterov):
        raise UsageError(_others(solver))
    return _exact("step_size", solver.step_size), _exact("momentum", solver.momentum)


def _others(solver: object) -> str:
    return (
        "solver must be a HeavyBall or Nesterov itself, as "
        f"subclasses may take other steps; got {type(solver).__name__}"
    )


def _exact(name: str, value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        raise UsageError(f"{name} must be one number, finite, got {value!r}")
    return Fraction(value)


def _show(value: Fraction) -> str:
    return str(value) if len(str(value)) < 24 else f"{float(value):.17g}"
