"""The rates that the solvers state, each with its proof for all parameters: by prove_rate where it gives the same."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.evidence.rate.prove_rate import prove_rate
from eqt_theory.lemmas.accelerated import anchored_gradient, fista, item, ogm, triple_momentum
from eqt_theory.lemmas.step_rules import (
    BACKTRACKING,
    NESTEROV,
    NESTEROV_CONSTANT,
    POINT,
    M,
    accuracy,
    alpha,
    backtracking,
    beta,
    chebyshev,
    heavy_ball,
    m,
    nesterov,
    newton,
    proximal_point,
    q,
)
from eqt_theory.solvers.anchored_gradient import AnchoredGradient
from eqt_theory.solvers.backtracking import BacktrackingGradientDescent
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.chebyshev import Chebyshev
from eqt_theory.solvers.conjugate_gradients import ConjugateGradients
from eqt_theory.solvers.fista import FISTA
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.item import ITEM
from eqt_theory.solvers.lookahead import Lookahead
from eqt_theory.solvers.nesterov import Nesterov
from eqt_theory.solvers.newton import Newton
from eqt_theory.solvers.ogm import OGM
from eqt_theory.solvers.proximal_gradient import ProximalGradient
from eqt_theory.solvers.proximal_point import ProximalPoint
from eqt_theory.solvers.scheduled import ScheduledGradientDescent
from eqt_theory.solvers.triple_momentum import TripleMomentum


@dataclass(frozen=True)
class RateProof:
    """A proof for all parameters, and its formula at given ones.

    Args:
        prove: runs the proof.
        rate: (solver, m, M, gamma) -> the exact rate that was proved, a SymPy number.
        constant: likewise for the factor in front; None where the guarantee has 1 or none.
    """

    prove: Callable[[], Finding]
    rate: Callable[[Any, Fraction, Fraction, Fraction], sp.Expr]
    constant: Callable[[Any, Fraction, Fraction, Fraction], sp.Expr] | None = None


g = sp.Symbol("g", positive=True)
mu, L = sp.symbols("mu L", real=True)
DESCENT = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
PROXIMAL = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L)) / (1 + alpha * g)


@cache
def descent() -> Finding:
    """Gradient descent: DESCENT, for every Phi of the class (Eq. 8)."""
    return prove_rate(lambda m, M, alpha: GradientDescent(alpha), (m, M, alpha), DESCENT, m=m, M=M, where=[m <= M])


@cache
def proximal_gradient() -> Finding:
    """Proximal gradient: PROXIMAL, for every energy with curvature in [mu, L], mu + g > 0; gamma = 1/g."""
    return prove_rate(
        lambda mu, L, alpha, g: ProximalGradient(alpha), (mu, L, alpha, g), PROXIMAL,
        m=mu + g, M=L + g, where=[mu <= L, mu + g > 0], gamma=1 / g,
    )  # fmt: skip


def _descent_at(step_size: float, low: Fraction, high: Fraction) -> sp.Expr:
    return _at(DESCENT, {alpha: step_size, m: low, M: high})


def _heavy_ball_at(solver: HeavyBall, low: Fraction, high: Fraction, gamma: Fraction) -> sp.Expr:
    radii = []
    for eigenvalue in (low, high):
        t = _at(sp.Abs(1 + beta - alpha * m), {alpha: solver.step_size, beta: solver.momentum, m: eigenvalue})
        b = sp.Rational(solver.momentum)
        radii.append(sp.sqrt(b) if t**2 <= 4 * b else (t + sp.sqrt(t**2 - 4 * b)) / 2)
    return sp.Max(*radii)


def _momentum(solver: Nesterov, low: Fraction, high: Fraction) -> dict[sp.Symbol, Any]:
    b = Fraction(float(solver.momentum))
    return {q: (1 - b) / (1 + b), alpha: solver.step_size, m: low, M: high}


PROOFS: dict[type[Solver], RateProof] = {
    GradientDescent: RateProof(descent, lambda s, a, b, _: _descent_at(s.step_size, a, b)),
    ScheduledGradientDescent: RateProof(
        descent, lambda s, a, b, _: sp.Max(*(_descent_at(step, a, b) for step in s.schedule))
    ),
    ProximalGradient: RateProof(
        proximal_gradient,
        lambda s, a, b, c: _at(PROXIMAL, {alpha: s.step_size, mu: a - 1 / c, L: b - 1 / c, g: 1 / c}),
    ),
    # inexact: what it may miss is a number of its own, and no gradient
    ProximalPoint: RateProof(
        proximal_point, lambda s, a, b, _: _at(POINT, {alpha: s.step_size, accuracy: s.accuracy, m: a})
    ),
    # its steps have cases
    BacktrackingGradientDescent: RateProof(
        backtracking, lambda s, a, b, _: _at(BACKTRACKING, {alpha: s.step_size, m: a, M: b})
    ),
    # a constant is stated as well, where prove_rate says that there is one; two of them have other steps each time
    Nesterov: RateProof(
        nesterov,
        lambda s, a, b, _: _at(NESTEROV, _momentum(s, a, b)),
        lambda s, a, b, _: _at(NESTEROV_CONSTANT, _momentum(s, a, b)),
    ),
    TripleMomentum: RateProof(
        triple_momentum, lambda s, a, b, _: 1 - sp.Rational(s.root), lambda s, a, b, _: 1 / sp.Rational(s.root)
    ),
    ITEM: RateProof(
        item, lambda s, a, b, _: 1 - sp.sqrt(sp.Rational(s.ratio)), lambda s, a, b, _: 1 / sp.sqrt(sp.Rational(s.ratio))
    ),
    # sublinear
    FISTA: RateProof(fista, lambda s, a, b, _: sp.Integer(1), lambda s, a, b, _: 2 / sp.Rational(s.step_size)),
    OGM: RateProof(ogm, lambda s, a, b, _: sp.Integer(1), lambda s, a, b, _: 1 / sp.Rational(s.step_size)),
    AnchoredGradient: RateProof(
        anchored_gradient, lambda s, a, b, _: sp.Integer(1), lambda s, a, b, _: 2 / sp.Rational(s.step_size)
    ),
    Lookahead: RateProof(
        descent,  # n times, and convexity of the norm
        lambda s, a, b, _: (
            1 - sp.Rational(s.weight) + sp.Rational(s.weight) * _descent_at(s.step_size, a, b) ** s.inner_steps
        ),
    ),
    # on quadratics alone
    HeavyBall: RateProof(heavy_ball, _heavy_ball_at),
    ConjugateGradients: RateProof(
        chebyshev, lambda s, a, b, _: (1 - 2 / (sp.sqrt(sp.Rational(b) / sp.Rational(a)) + 1)) ** 2,
        lambda s, a, b, _: sp.Integer(4),
    ),
    Chebyshev: RateProof(
        chebyshev, lambda s, a, b, _: 1 - 2 / (sp.sqrt(sp.Rational(s.high) / sp.Rational(s.low)) + 1),
        lambda s, a, b, _: sp.Integer(2),
    ),
    Newton: RateProof(newton, lambda s, a, b, _: sp.Integer(0)),
}  # fmt: skip
"""The step rules that state a rate, each with its proof."""


def _at(formula: sp.Expr, values: dict[sp.Symbol, Any]) -> sp.Expr:
    return formula.subs({symbol: sp.Rational(Fraction(value)) for symbol, value in values.items()})
