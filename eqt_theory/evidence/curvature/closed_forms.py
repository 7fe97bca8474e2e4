"""Curvature of the analytic energies in closed form, at every dimension, from their parameters, rounded outwards.

All but one are sums of profiles, whose Hessian is `A^T diag(profile'') A + ridge I`: bounds on profile'' and on the
spectrum of A^T A bound it. The energies with `-log sum exp` have the variance bound of `lemmas.softmax` turned around.
"""

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.energies.analytic.double_well import DoubleWell
from eqt_theory.energies.analytic.hopfield import Hopfield
from eqt_theory.energies.analytic.input_convex import InputConvexNetwork
from eqt_theory.energies.analytic.logistic import Logistic
from eqt_theory.energies.analytic.logsumexp import LogSumExp
from eqt_theory.energies.analytic.network import NetworkEnergy
from eqt_theory.energies.analytic.piecewise import PiecewiseCurvature
from eqt_theory.energies.analytic.pseudo_huber import PseudoHuber
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.analytic.rosenbrock import Rosenbrock
from eqt_theory.energies.analytic.self_attention import SPREAD, SelfAttention
from eqt_theory.energies.analytic.softplus import SoftplusSum
from eqt_theory.energies.base import Energy
from eqt_theory.energies.latent.coupled_chain import CoupledChain
from eqt_theory.energies.latent.position_ridge import PositionRidge
from eqt_theory.evidence.curvature.layers import input_convex_constants, network_constants
from eqt_theory.evidence.curvature.matrix_bounds import diameter, gram_spectrum, root_up, spectrum, squared_norm
from eqt_theory.evidence.curvature.region import Constants, Region


def softmax_constants(rows: Tensor) -> Constants:
    """Cross-entropy on logits `rows h + b`: convex, curvature at most min(D^2/4, sigma_max^2/2), slope at most D.

    Args:
        rows: shape (V, d), or (n, V, d) for a mean over n positions, where the greatest counts.

    Returns:
        The constants, for every offset b and every class.
    """
    weights = rows.detach().reshape(-1, *rows.shape[-2:])
    upper, slope = Fraction(0), Fraction(0)
    for w in weights:
        D = diameter(w)  # noqa: N806
        upper = max(upper, min(D**2 / 4, squared_norm(w, center=True) / 2))
        slope = max(slope, D)
    return Constants(Fraction(0), upper, slope, "lemmas.softmax")


def _logsumexp(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, LogSumExp)
    plain, ridge = softmax_constants(energy.A), Fraction(energy.ridge)
    return Constants(plain.lower + ridge, plain.upper + ridge, None if ridge else plain.slope, plain.source)


def hopfield_constants(patterns: Tensor, beta: float) -> Constants:
    """`|h|^2/2 - log sum exp(beta X h)/beta`: curvature in `[1 - beta min(D^2/4, sigma^2/2), 1]`.

    The Hessian is I less beta times the covariance of the patterns under softmax(beta X h). Along a unit vector that is
    a variance of numbers within D of each other, at most D^2/4 (Popoviciu 1935), and at most half the squared norm
    sigma^2 of the centred patterns; and it is not negative. Two patterns attain D^2/4 at every state as far from the
    one as from the other.

    Args:
        patterns: X, shape (n, d).
        beta: positive.

    Returns:
        The constants, on the whole space.
    """
    plain = softmax_constants(patterns)
    return Constants(1 - Fraction(beta) * plain.upper, 1 - Fraction(beta) * plain.lower, None, plain.source)


def _hopfield(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, Hopfield)
    return hopfield_constants(energy.patterns, energy.beta) if energy.beta > 0 else None


def _quadratic(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, Quadratic)
    A = energy.A.detach()  # noqa: N806
    if not torch.equal(A, A.mT):  # edited: its gradient is none
        return None
    lower, upper = spectrum(A)
    return Constants(lower, upper, None, "the spectrum of A, enclosed in integers")


def _ridge_sum(low: Fraction, high: Fraction, slope: Fraction | None, energy: RidgeSum) -> Constants:
    """The constants of a sum of profiles with second derivative in [low, high] and |first derivative| <= slope."""
    ridge = Fraction(energy.ridge)
    least, most = (Fraction(1), Fraction(1)) if energy.A is None else gram_spectrum(energy.A)
    lower = low * (least if low >= 0 else most) + ridge
    upper = high * (most if high >= 0 else least) + ridge
    if slope is None or ridge or (energy.A is None and energy.b is None):
        steepest = None
    else:
        count = energy.A.shape[0] if energy.A is not None else len(energy.b) if energy.b is not None else 0
        steepest = slope * root_up(most * count)
    return Constants(lower, upper, steepest, "the spectrum of A^T A, enclosed in integers")


def _logistic(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, Logistic)
    return _ridge_sum(Fraction(0), Fraction(1, 4), Fraction(1), energy)


def _softplus(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, SoftplusSum)
    s = Fraction(energy.sharpness)
    return _ridge_sum(Fraction(0), s / 4, Fraction(1), energy) if s > 0 else None


def _pseudo_huber(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, PseudoHuber)
    delta = Fraction(energy.delta)
    return _ridge_sum(Fraction(0), Fraction(1), delta, energy) if delta > 0 else None


def _piecewise(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, PiecewiseCurvature)
    bends = [Fraction(c) for c in energy.curvatures]
    return _ridge_sum(min(bends), max(bends), None, energy)


def _double_well(energy: Energy, region: Region) -> Constants | None:
    """The Hessian is diagonal, `4 depth/width^2 (3 (h_i/width)^2 - 1)`; unbounded above where states are."""
    assert isinstance(energy, DoubleWell)
    depth, width = Fraction(energy.depth), Fraction(energy.width)
    if region.box is None or depth <= 0 or width <= 0 or energy.scale <= 0:
        return None
    # The gradient's scale is depth/width^2 rounded: bounds for both.
    scales = (depth / width**2, Fraction(energy.scale))
    squares = [(max(a, -b, Fraction(0)) ** 2, max(a**2, b**2)) for a, b in region.box]
    lows, highs = ([4 * s * (3 * pair[i] / width**2 - 1) for s in scales for pair in squares] for i in (0, 1))
    return Constants(min(lows), max(highs), None, "the Hessian, which is diagonal")


def _rosenbrock(energy: Energy, region: Region) -> Constants | None:
    """Gershgorin's discs of the tridiagonal Hessian, over a box."""
    assert isinstance(energy, Rosenbrock)
    s = Fraction(energy.steepness)
    if region.box is None or len(region.box) < 2 or s <= 0:
        return None
    zero, ends, last = Fraction(0), region.box, len(region.box) - 1
    reach = [max(abs(a), abs(b)) for a, b in ends]
    lows, highs = [], []
    for i, (a, b) in enumerate(ends):
        low = high = 2 * s if i else zero
        if i < last:
            low += 12 * s * max(a, -b, zero) ** 2 - 4 * s * ends[i + 1][1] + 2
            high += 12 * s * reach[i] ** 2 - 4 * s * ends[i + 1][0] + 2
        off = (4 * s * reach[i] if i < last else zero) + (4 * s * reach[i - 1] if i else zero)
        lows.append(low - off)
        highs.append(high + off)
    return Constants(min(lows), max(highs), None, "Gershgorin's discs of the Hessian, which is tridiagonal")


def _coupled_chain(energy: Energy, region: Region) -> Constants | None:
    """`strength B^T B` with B = I - S, |S| = max |a| <= 1: between strength times (1 - |S|)^2 and (1 + |S|)^2."""
    assert isinstance(energy, CoupledChain)
    strength = Fraction(energy.strength)
    largest = Fraction(float(energy.couplings.detach().abs().max()))
    if strength <= 0 or largest > 1:
        return None
    return Constants(strength * (1 - largest) ** 2, strength * (1 + largest) ** 2, None, "the norm of the coupling")


def _position_ridge(energy: Energy, region: Region) -> Constants | None:
    """`W^T diag(v s (1 - s)) W` at every position, s in (0, 1)."""
    assert isinstance(energy, PositionRidge)
    v, size = energy.weights.detach(), squared_norm(energy.rows)
    least, most = Fraction(float(v.min())), Fraction(float(v.max()))
    zero = Fraction(0)
    return Constants(min(least, zero) * size / 4, max(most, zero) * size / 4, None, "the norm of W")


def _self_attention(energy: Energy, region: Region) -> Constants | None:
    """As the energy says: `2 sqrt n |W|` either way, and the variance of the scores' slopes below."""
    assert isinstance(energy, SelfAttention)
    beta, ridge = Fraction(energy.beta), Fraction(energy.ridge)
    if region.far is None or energy.weights.ndim != 3 or not (beta > 0 and energy.dim == energy.tokens * energy.width):
        return None
    squares = [squared_norm(w) for w in energy.weights.detach()]
    turned = 2 * sum((root_up(energy.tokens * square) for square in squares), Fraction(0))
    spread = Fraction(str(SPREAD)) * beta * sum(squares, Fraction(0)) * region.far**2
    source = "the variance of the scores' slopes under the attention, and its norm of at most sqrt n"
    return Constants(ridge - turned - spread, ridge + turned, None, source)


ANALYTIC: dict[type[Energy], Callable[[Energy, Region], Constants | None]] = {
    CoupledChain: _coupled_chain,
    DoubleWell: _double_well,
    Hopfield: _hopfield,
    InputConvexNetwork: input_convex_constants,
    Logistic: _logistic,
    LogSumExp: _logsumexp,
    NetworkEnergy: network_constants,
    PiecewiseCurvature: _piecewise,
    PositionRidge: _position_ridge,
    PseudoHuber: _pseudo_huber,
    Quadratic: _quadratic,
    Rosenbrock: _rosenbrock,
    SelfAttention: _self_attention,
    SoftplusSum: _softplus,
}
"""Exact type of energy -> its bounds on a region."""
