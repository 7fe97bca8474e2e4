"""The predictive error of the paper's first energy: surprise at the most likely class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.argmax_energy import ArgmaxEnergy, indicator, picked
from eqt_theory.energies.latent.softmax import softmax_upper_curvature

if TYPE_CHECKING:
    import sympy


@checked
class PredictiveError(ArgmaxEnergy):
    """`-log p_i`, p the softmax of the head's logits and i its argmax or a frozen class (Eq. 4).

    A frozen piece under a linear head is convex and declares the curvature bounds of log-sum-exp.

    Args:
        head: a LinearHead or nn.Linear, which gives closed forms; or a module or function to logits.
        piece: None for the active piece (`Piece.ACTIVE`); a class, or one per state, to freeze it (`Piece.FROZEN`).
    """

    def logit_value(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        return -picked(log_p, chosen)

    def logit_gradient(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        return log_p.exp() - indicator(log_p, chosen)

    def weighted_hessian(self, log_p: Tensor, weight: Tensor) -> Tensor:
        p = log_p.exp()
        mean = p @ weight
        return weight.mT @ (p.unsqueeze(-1) * weight) - mean.unsqueeze(-1) * mean.unsqueeze(-2)

    def frozen_curvature(self, weight: Tensor) -> Curvature:
        return Curvature(0.0, softmax_upper_curvature(weight))

    def symbolic_piece(self, p: "Sequence[sympy.Expr]", chosen: int) -> "sympy.Expr":
        import sympy

        return -sympy.log(p[chosen])
