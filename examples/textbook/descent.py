"""A textbook bound: a gradient step shorter than 2/L does not increase an L-smooth function, convex or not."""

from fractions import Fraction

import sympy as sp

from eqt_theory import Claim, Finding, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check

L, alpha = sp.symbols("L alpha", positive=True)

claim = Claim(
    id="descent-lemma",
    title="gradient descent does not climb",
    source="any textbook on convex optimisation",
    statement="If the gradient of f is L-Lipschitz and 0 < alpha <= 2/L, then f(x - alpha grad f(x)) <= f(x).",
)

(gradient,) = Space(("g",)).vectors


@claim.shows("every L-smooth function, every dimension, every state and step")
def no_step_climbs() -> Finding:
    """The quadratic upper bound at the new point, with |g|^2 as the only Gram variable."""
    before, after = sp.symbols("before after", real=True)
    quadratic_bound = after <= before - alpha * gradient.norm2 + L * (alpha * gradient).norm2 / 2
    return prove([alpha <= 2 / L, gradient.norm2 >= 0, quadratic_bound], after <= before, detail="f does not grow")


def _step(f: PiecewiseQuadratic) -> tuple[Fraction, Fraction]:
    """The values of f before and after the longest step from x = 1, exactly."""
    start = Fraction(1)
    return f.value(start), f.value(start - 2 / f.L * f.derivative(start))


def _again(f: PiecewiseQuadratic) -> Replay:
    x, expression = sp.Symbol("x", real=True), f.symbolic(sp.Symbol("x", real=True))
    start = sp.Integer(1)
    end = start - 2 / sp.Rational(f.L) * sp.diff(expression, x).subs(x, start)
    before, after = (Fraction(str(expression.subs(x, at))) for at in (start, end))
    return exact_replay([("mu >= 0", f.mu, ">=", 0)], [("f(x+) <= f(x)", after, "<=", before)])


@claim.samples("functions drawn with curvature in [1/10, 10], from x = 1, alpha = 2/L")
def drawn_functions(run: Run) -> Finding:
    """The same on functions that Hypothesis draws; it would shrink a counterexample to small numbers."""

    def climbs(f: PiecewiseQuadratic) -> bool:
        before, after = _step(f)
        return after > before

    return property_check(piecewise_quadratics(), climbs, replay=_again, run=run, detail="f does not grow")
