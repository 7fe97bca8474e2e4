"""A textbook bound: a gradient step shorter than 2/L does not increase an L-smooth function, convex or not."""

from fractions import Fraction

import sympy as sp

from eqt_theory import Finding, Run, prove, slip, theorem
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics
from eqt_theory.engines.gram import SmoothClass, Space
from eqt_theory.engines.property import property_check

L, alpha = sp.symbols("L alpha", positive=True)
before, after = sp.symbols("before after", real=True)
x, g, g_after = Space(("x", "g", "g+")).vectors  # a state, and the gradients there and after the step
every = "every L-smooth function, every dimension, every state and step"


@theorem("any textbook on convex optimisation", every, title="gradient descent does not climb")
def descent_lemma(longest: sp.Expr = 2 / L) -> Finding:
    """If the gradient of f is L-Lipschitz and 0 < alpha <= {longest}, then f(x - alpha grad f(x)) <= f(x).

    All that the class of curvatures in [-L, L] says of a state and the next one.
    """
    known = SmoothClass(-L, L).says((x, g, before), (x - alpha * g, g_after, after))
    return prove([alpha <= longest, *known], after <= before, detail="f does not grow")


slip(descent_lemma, every, id="descent-lemma-long", why="3 for 2").by(longest=3 / L)


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


@descent_lemma.samples("functions drawn with curvature in [1/10, 10], from x = 1, alpha = 2/L")
def drawn_functions(run: Run) -> Finding:
    """The same on functions that Hypothesis draws; it would shrink a counterexample to small numbers."""

    def climbs(f: PiecewiseQuadratic) -> bool:
        before, after = _step(f)
        return after > before

    return property_check(piecewise_quadratics(), climbs, replay=_again, run=run, detail="f does not grow")
