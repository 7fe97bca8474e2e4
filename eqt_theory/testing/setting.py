"""Setting: one class of problems, with the rate that is declared or was observed for it."""

import math
from dataclasses import dataclass

from eqt_theory.solvers.guarantee import FunctionClass, Guarantee


@dataclass(frozen=True)
class Setting:
    """One class of problems: Phi with curvature in [m, M] and damping gamma.

    Args:
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        gamma: the damping.
        rate: factor per step of |h - h*|, declared or, without a guarantee, observed by the probe.
        guarantee: what the solver declares for m, M and gamma; None for nothing.
    """

    m: float
    M: float
    gamma: float
    rate: float
    guarantee: Guarantee | None = None

    @property
    def whole_class(self) -> bool:
        """Whether the guarantee covers everything with curvature in [m, M]."""
        return self.guarantee is not None and self.guarantee.function_class is not FunctionClass.QUADRATIC

    def steps(self, shrink: float) -> int:
        """Steps that shrink the distance by a factor, with room for a constant in front or a slow start."""
        if self.rate <= 0:
            return 20
        return math.ceil(1.5 * math.log(shrink) / -math.log(self.rate)) + 40
