"""The optimized gradient method: FISTA with one more momentum, and half its bound."""

from dataclasses import dataclass
from typing import final

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.fista import FISTAState, GrowingMomentum, next_weight
from eqt_theory.solvers.guarantee import Guarantee, require_constants


@checked
@final
@dataclass(frozen=True)
class OGM(GrowingMomentum):
    """h+ = y - s grad Phi(y), y+ = h+ + (t - 1)/t+ (h+ - h) + t/t+ (h+ - y), t as in FISTA (Kim and Fessler 2016).

    The state reported is h, so that no last step has to be planned for.

    Args:
        step_size: s, positive.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    def step(self, objective: Objective, state: FISTAState) -> FISTAState:
        h = state.ahead - self.step_size * objective.gradient(state.ahead)
        weight = next_weight(state.weight)
        ahead = h + ((state.weight - 1) / weight) * (h - state.h) + (state.weight / weight) * (h - state.ahead)
        return FISTAState(h, ahead, weight)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Phi(h_N) - Phi* <= |h_0 - h*|^2 / (s (N + 1)^2), for s <= 1/M; else None."""
        # |h_0 - h*|^2 / (4 s t_{N-1}^2) with t_{N-1} >= (N + 1)/2.
        require_constants(m, M, convex=True)
        return self._gap(M, 1, "(Kim and Fessler 2017, Thm 3.1)")
