"""Affine maps, whose constants can be decided exactly; and what becomes of a user's argument that stands for a map."""

from typing import Any, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import finite_tensor, last_sizes, same_place
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion


@checked
@final
class Affine:
    """The map `h -> A h + b` of R^d into itself, its matrix in the open, so that checks can decide it exactly.

    Args:
        A: shape (d, d).
        b: shape (d,); None is 0.

    Raises:
        UsageError: A is not square, b does not fit, or an entry is not finite.
    """

    def __init__(self, A: Tensor, b: Tensor | None = None) -> None:  # noqa: N803
        self.A = last_sizes("A", finite_tensor("A", A), [None, None])
        if self.A.ndim != 2 or self.A.shape[0] != self.A.shape[1] or not len(self.A):
            raise UsageError(f"A must have shape (d, d), got {tuple(self.A.shape)}")
        if self.A.is_meta:
            raise UsageError("A must be a matrix of numbers, got one on the meta device, which holds none")
        self.b = None if b is None else last_sizes("b", finite_tensor("b", b), [len(self.A)])
        if self.b is not None:
            same_place("b", self.b, "A", self.A)
            if self.b.ndim != 1:
                raise UsageError(f"b must have shape ({len(self.A)},), got {tuple(self.b.shape)}")

    def __call__(self, h: Tensor) -> Tensor:
        """A h + b, (..., d) -> (..., d)."""
        image = h @ self.A.mT
        return image if self.b is None else image + self.b


def as_map(thing: Any, name: str = "T") -> FixedPoint:
    """A map made of what stands for one: a FixedPoint, a function or module, or a square matrix.

    Args:
        thing: what was given.
        name: what errors call it.

    Returns:
        The map.

    Raises:
        UsageError: it stands for none.
    """
    if isinstance(thing, FixedPoint):
        return thing
    if isinstance(thing, Inclusion):
        raise UsageError(f"{name} must be a map, got an Inclusion; pass its F, or a FixedPoint of a step")
    if isinstance(thing, Tensor):
        return FixedPoint(Affine(thing), len(thing))
    if isinstance(thing, type) or not callable(thing):
        raise UsageError(
            f"{name} must be a FixedPoint, a function (d,) -> (d,) or a matrix, got {type(thing).__name__}"
        )
    fn: Any = thing
    return FixedPoint(fn, len(thing.A) if isinstance(thing, Affine) else None)
