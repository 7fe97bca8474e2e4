"""The rate of one solver against the condition number: its steps as they are, the class wider and wider."""

import math
from fractions import Fraction

from eqt_theory.evidence.rate.certify_class import certify_rate
from eqt_theory.evidence.rate.question import Number
from eqt_theory.evidence.rate.trace import AnySolver

_SHARES = (Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4), Fraction(8))


def rates_by_condition(
    solver: AnySolver, m: Number, M: Number, *, gamma: Number = 1.0, seconds: float = 10
) -> tuple[list[float], list[float]]:
    """The smallest rates that can be shown on classes of the same M, of condition number from 1/8 to 8 times M/m.

    Args:
        solver: a Solver, or a function (objective, h) -> next h.
        m: strong convexity of the class in the middle, positive.
        M: Lipschitz constant of the gradient, of all.
        gamma: the damping.
        seconds: for each class.

    Returns:
        Condition numbers of 1 and more, and rates; nan where none was found.
    """
    kappas, rates = [], []
    for share in _SHARES:
        kappa = Fraction(M) / Fraction(m) * share
        if kappa <= 1:
            continue
        found = certify_rate(solver, Fraction(M) / kappa, M, gamma=gamma, seconds=seconds)
        kappas.append(float(kappa))
        rates.append(math.nan if found.rate is None else float(found.rate))
    return kappas, rates
