"""What the claims share: symbols, and differences of points and of their images."""

import sympy as sp

from eqt_theory.engines.gram import Space

m, L, alpha = sp.symbols("m L alpha", positive=True)
d, F, G = Space(("d", "F", "G")).vectors
"""A difference of two points, of the images under F, and of elements of the images under G."""
EVERY = "every W, dimension, start and activation that is a proximal operator"
PROX = "z is prox_f(x) exactly if x - z is in the subdifferential of f at z"
