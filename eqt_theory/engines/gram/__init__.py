"""Statements about all functions or operators of a class, in every dimension, through inner products.

A step of a first-order method is a linear combination of a few vectors (points, gradients, images under an operator).
All that a squared norm can see of them is their Gram matrix, which is positive semidefinite whatever the dimension;
all that the class can say about them is its inequalities between all pairs of points. What follows from both holds
for every function of the class. What fails is shown to fail on one: see `realise`.
"""

from eqt_theory.engines.gram.algebra import Operator, Operators
from eqt_theory.engines.gram.argue import argue
from eqt_theory.engines.gram.combine import combine
from eqt_theory.engines.gram.convex import Convex, Indicator
from eqt_theory.engines.gram.family import Family, Member, Point
from eqt_theory.engines.gram.linear import Linear, Skew
from eqt_theory.engines.gram.lojasiewicz import PolyakLojasiewicz
from eqt_theory.engines.gram.operators import Averaged, Cocoercive, Lipschitz, Monotone
from eqt_theory.engines.gram.smooth import SmoothClass, interpolation
from eqt_theory.engines.gram.space import Product, Space, Vector
from eqt_theory.engines.gram.steps import gap_after_step, gradient_step, proximal_gradient_step
from eqt_theory.engines.gram.sums import adds_up

__all__ = [
    "Averaged",
    "Cocoercive",
    "Convex",
    "Family",
    "Indicator",
    "Linear",
    "Lipschitz",
    "Member",
    "Monotone",
    "Operator",
    "Operators",
    "Point",
    "PolyakLojasiewicz",
    "Product",
    "Skew",
    "SmoothClass",
    "Space",
    "Vector",
    "adds_up",
    "combine",
    "gap_after_step",
    "gradient_step",
    "interpolation",
    "proximal_gradient_step",
]

Space.arguing = staticmethod(argue)
