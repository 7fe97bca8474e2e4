"""A rigorous distance to the only mode, where strong convexity is certain: |h - h*| <= |grad Phi(h)| / m."""

from fractions import Fraction

import numpy as np
import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.engines.exact.matrix import positive_semidefinite
from eqt_theory.evidence.plain import is_plain
from eqt_theory.solvers.guarantee import sqrt_up

_LARGEST = 24


def certify_mode(obj: Objective, h: list[float], tolerance: float) -> Finding | None:
    """Show that h is within the tolerance of the only mode, for quadratic energies, in fractions.

    Args:
        obj: Phi, one state.
        h: the state, exact as the floats it is made of.
        tolerance: absolute distance.

    Returns:
        A CERTIFIED finding, or None.
    """
    exact = _exact(obj, h)
    if exact is None:
        return None
    hessian, gradient = exact
    least = float(np.linalg.eigvalsh(_floats(hessian))[0])
    m = Fraction(least * (1 - 1e-9))
    if m <= 0 or not positive_semidefinite(hessian - sp.Rational(m) * sp.eye(len(h))):
        return None
    away = abs(round_up(Fraction(sqrt_up(sum((x * x for x in gradient), Fraction(0)))) / m))
    if away > tolerance:
        return None
    detail = f"Phi is {round_down(m):.6g}-strongly convex, so the mode is unique, and h is within {away:.2e} of it"
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures={"m": m, "distance to the mode at most": away})


def downhill(obj: Objective, h: list[float]) -> np.ndarray | None:
    """A direction along which a quadratic Phi curves down, decided in fractions, and does not rise at first.

    Args:
        obj: Phi, one state.
        h: the state to go from.

    Returns:
        A unit vector, shape (d,); None where the energy is no quadratic, or none was found.
    """
    exact = _exact(obj, h)
    if exact is None:
        return None
    hessian, gradient = exact
    direction = np.linalg.eigh(_floats(hessian))[1][:, 0]
    v = [Fraction(float(x)) for x in direction]
    rows = [[Fraction(int(x.p), int(x.q)) for x in hessian.row(i)] for i in range(hessian.rows)]
    if sum(a * sum(m * b for m, b in zip(row, v, strict=True)) for a, row in zip(v, rows, strict=True)) >= 0:
        return None
    return direction if sum(a * g for a, g in zip(v, gradient, strict=True)) <= 0 else -direction


def _exact(obj: Objective, h: list[float]) -> tuple[sp.Matrix, list[Fraction]] | None:
    """Hessian and gradient of a quadratic Phi in fractions; None for another energy, or in many dimensions."""
    energy = obj.energy
    if not is_plain(obj, Objective) or not is_plain(energy, Quadratic) or len(h) > _LARGEST or obj.batch_shape:
        return None
    rows = [[Fraction(x) for x in row] for row in energy.A.detach().tolist()]
    gamma = Fraction(float(obj.gamma))
    state = [Fraction(x) for x in h]
    pull = [(x - Fraction(f)) / gamma for x, f in zip(state, obj.proposal.detach().tolist(), strict=True)]
    gradient = [
        sum((a * x for a, x in zip(row, state, strict=True)), Fraction(b)) + p
        for row, b, p in zip(rows, energy.b.detach().tolist(), pull, strict=True)
    ]
    hessian = sp.Matrix([[sp.Rational(x) for x in row] for row in rows]) + sp.eye(len(h)) / sp.Rational(gamma)
    return hessian, gradient


def _floats(hessian: sp.Matrix) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in hessian.tolist()])
