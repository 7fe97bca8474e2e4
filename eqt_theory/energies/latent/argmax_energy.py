"""ArgmaxEnergy: energies that single out the most likely class, and how the tie is handled."""

import copy
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from eqt_theory.core.annotated import Whole, checked_number, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import holds_everywhere
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.heads import Head, LinearHead, as_head, logits_of
from eqt_theory.energies.linear import exact

if TYPE_CHECKING:
    import sympy


_WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class Piece(Enum):
    """Which class an argmax energy singles out."""

    ACTIVE = "the most likely class at each state, the lowest index at a tie: continuous, kinked where classes tie"
    FROZEN = "a class chosen beforehand and kept wherever the state moves: smooth, and never below the active piece"


class ArgmaxEnergy(Energy):
    """An energy of logits in which one class, by default the argmax, is singled out.

    With the active piece it is the minimum over the pieces, continuous but not differentiable where two classes tie;
    the gradient returned there is that of the lowest tied index. A frozen piece is smooth.

    Args:
        head: a LinearHead or nn.Linear, which gives closed forms; or a module or function to logits.
        piece: None for the active piece; a class, or an integer tensor with one class per state, to freeze it.

    Raises:
        UsageError: the head is not a head from states to one vector of logits, or the piece is no class.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"piece": 0}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, head: Head, piece: int | Tensor | None = None) -> None:
        self.head = as_head(head)
        if isinstance(piece, int) and not isinstance(piece, bool):
            piece = torch.tensor(checked_number("piece", piece, Whole))
        if piece is not None and (
            not isinstance(piece, Tensor) or piece.dtype not in _WHOLE or piece.layout is not torch.strided
        ):
            raise UsageError(f"piece must be None, a class index or an integer tensor of them, got {shown(piece)}")
        self.piece: Tensor | None = piece
        if isinstance(self.head, LinearHead):
            if self.head.weight.ndim != 2:
                raise UsageError(f"head must have a weight of shape (V, d), got {tuple(self.head.weight.shape)}")
            self.dim = self.head.weight.shape[-1]
            self.piece = None if piece is None else piece.to(self.head.weight.device)
            self._check_piece(self.head.weight.shape[0])

    @property
    def rule(self) -> Piece:
        """Whether the active or a frozen piece is used."""
        return Piece.ACTIVE if self.piece is None else Piece.FROZEN

    @property
    def closed_form(self) -> bool:
        return isinstance(self.head, LinearHead)

    def freeze(self, h: Tensor) -> Self:
        """The same energy, frozen at the pieces that are active at the states h, shape (..., d)."""
        twin = copy.copy(self)
        twin.piece = self.logits(h).detach().argmax(-1)
        return twin

    def margin(self, h: Tensor) -> Tensor:
        """Distance of the two largest logits, (..., d) -> (...); zero at a tie."""
        top = self.logits(h).topk(2, -1).values
        return top[..., 0] - top[..., 1]

    def logits(self, h: Tensor) -> Tensor:
        """Logits of the head, (..., d) -> (..., V)."""
        return logits_of(self.head, self.checked(h))

    @abstractmethod
    def logit_value(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        """The energy of log-probabilities (..., V) with the class (...) singled out."""

    @abstractmethod
    def logit_gradient(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        """Its gradient in the logits, (..., V)."""

    @abstractmethod
    def weighted_hessian(self, log_p: Tensor, weight: Tensor) -> Tensor:
        """`weight^T H weight`, (..., d, d), with H its Hessian in the logits."""

    @abstractmethod
    def frozen_curvature(self, weight: Tensor) -> Curvature:
        """Bounds that hold for any frozen piece under a linear head."""

    @abstractmethod
    def symbolic_piece(self, p: "Sequence[sympy.Expr]", chosen: int) -> "sympy.Expr":
        """The energy of probabilities as a SymPy expression."""

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Declared for a frozen piece under a linear head; None otherwise: across ties there is none."""
        if not isinstance(self.head, LinearHead) or self.piece is None:
            return None
        weight = self.head.weight
        return self._remembered(lambda: self.frozen_curvature(weight), weight)

    def value(self, h: Tensor) -> Tensor:
        z = self.logits(h)
        return self.logit_value(torch.log_softmax(z, -1), self._chosen(z))

    def gradient(self, h: Tensor) -> Tensor:
        if not isinstance(self.head, LinearHead):
            return super().gradient(h)
        z = self.logits(h)
        return self.logit_gradient(torch.log_softmax(z, -1), self._chosen(z)) @ self.head.weight

    def hessian(self, h: Tensor) -> Tensor:
        if not isinstance(self.head, LinearHead):
            return super().hessian(h)
        return self.weighted_hessian(torch.log_softmax(self.logits(h), -1), self.head.weight)

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if not isinstance(self.head, LinearHead) or self.batch_shape:
            return super().symbolic(h)
        if self.piece is None:
            raise UsageError("the active piece has no symbolic twin, it changes with the state; freeze(h) it first")
        z: Any = sympy.Matrix(exact(self.head.weight)) * sympy.Matrix(list(h))
        if self.head.bias is not None:
            z = z + sympy.Matrix(exact(self.head.bias))
        total = sympy.Add(*(sympy.exp(t) for t in z.flat()))
        return self.symbolic_piece([sympy.exp(t) / total for t in z.flat()], int(self.piece))

    def _chosen(self, z: Tensor) -> Tensor:
        if self.piece is None:
            return z.detach().argmax(-1)
        if not self.closed_form:
            self._check_piece(z.shape[-1])
        return self.piece.expand(z.shape[:-1])

    def _check_piece(self, classes: int) -> None:
        if self.piece is not None and not holds_everywhere((self.piece >= 0) & (self.piece < classes)):
            raise UsageError(f"piece must be a class from 0 to {classes - 1}, got {self.piece.tolist()}")


def picked(log_p: Tensor, chosen: Tensor) -> Tensor:
    """The entry of each row that was chosen, (..., V), (...) -> (...)."""
    return log_p.gather(-1, chosen.unsqueeze(-1)).squeeze(-1)


def indicator(log_p: Tensor, chosen: Tensor) -> Tensor:
    """1 at the chosen class and 0 elsewhere, (..., V)."""
    classes = torch.arange(log_p.shape[-1], device=log_p.device)
    return (classes == chosen.unsqueeze(-1)).to(log_p.dtype)
