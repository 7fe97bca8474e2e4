"""InputConvexNetwork: a network that is convex in its input by construction."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import FloatType, positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature, round_up
from eqt_theory.energies.layered import Layer, reach
from eqt_theory.energies.linear import matvec, squared_singular_range


@checked
class InputConvexNetwork(Energy):
    """`u . z_L + c . h + ridge/2 |h|^2` with `z_{k+1} = phi(U_k z_k + W_k h + b_k)` (Amos, Xu and Kolter 2017).

    phi is a softplus, convex and increasing, and the weights U_k and u are themselves softplus of what is stored, so
    they are positive whatever is stored: the energy is convex, and ridge-strongly convex.

    Attributes:
        straight: W_k, shapes (m_k, d).
        offsets: b_k, shapes (m_k,).
        through: what U_k is the softplus of, shapes (m_k, m_{k-1}), for all layers but the first.
        out: what u is the softplus of, shape (m_L,).
        tilt: c, shape (d,).

    Args:
        dim: d.
        widths: m_1, m_2, ..., of the layers.
        seed: of the weights.
        sharpness: s of `phi(t) = log(1 + exp(s t))/s`.
        ridge: weight of the quadratic term, not negative.
        dtype: of the weights.

    Raises:
        UsageError: no layer, or a number is out of range.
    """

    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(
        self,
        dim: Count,
        widths: Sequence[Count],
        seed: Seed,
        sharpness: float = 1.0,
        ridge: float = 0.0,
        dtype: FloatType = torch.float64,
    ) -> None:
        sizes = [int(width) for width in widths]
        if not sizes:
            raise UsageError("widths must name at least one layer, got none")
        self.sharpness = positive_number("sharpness", sharpness)
        self.ridge = positive_number("ridge", ridge, zero=True)
        self.dim = int(dim)
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int, scale: float) -> Tensor:
            return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).to(dtype)

        self.straight: tuple[Tensor, ...] = tuple(draw(m, self.dim, scale=self.dim**-0.5) for m in sizes)
        self.offsets: tuple[Tensor, ...] = tuple(draw(m, scale=0.5) for m in sizes)
        # A softplus near log(1 + e^x) with x about -log(m) keeps sums over m neurons near 1.
        self.through: tuple[Tensor, ...] = tuple(
            draw(m, n, scale=0.5) - torch.log(torch.tensor(float(n), dtype=dtype))
            for m, n in zip(sizes[1:], sizes, strict=False)
        )
        self.out: Tensor = draw(sizes[-1], scale=0.5) - torch.log(torch.tensor(float(sizes[-1]), dtype=dtype))
        self.tilt: Tensor = draw(self.dim, scale=0.1)

    def parameters(self) -> list[Tensor]:
        """All tensors that may be trained; set `requires_grad_` on them."""
        return [*self.straight, *self.offsets, *self.through, self.out, self.tilt]

    def weights(self) -> tuple[list[Tensor], Tensor]:
        """U_k of all layers but the first, and u: none of their entries is negative."""
        return [_positive(raw) for raw in self.through], _positive(self.out)

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._remembered(self._bounds, *self.parameters())

    def _bounds(self) -> Curvature:
        through, out = self.weights()
        bend = Fraction(self.sharpness) / 4

        def size(matrix: Tensor) -> tuple[Fraction, Fraction]:
            whole = Fraction(squared_singular_range(matrix)[1] ** 0.5 * (1 + 1e-15))
            row = Fraction(float(matrix.detach().double().norm(dim=-1).max()) * (1 + matrix.shape[-1] * 1e-15))
            return whole, row

        layers: list[Layer] = []
        for U, W in zip([None, *through], self.straight, strict=True):  # noqa: N806
            (own, own_row), (before, before_row) = size(W), (Fraction(0), Fraction(0)) if U is None else size(U)
            layers.append(Layer(before, own, before_row, own_row, Fraction(1), bend))
        found = reach(layers)
        largest = Fraction(float(out.detach().max()))
        length = Fraction(float(out.detach().double().norm()) * (1 + len(out) * 1e-15))
        upper = largest * bend * found.first**2 + length * found.second
        return Curvature(self.ridge, round_up(upper + Fraction(self.ridge)))

    def value(self, h: Tensor) -> Tensor:
        through, out = self.weights()
        z = self._activate(matvec(self.straight[0], self.checked(h)) + self.offsets[0])
        for U, W, b in zip(through, self.straight[1:], self.offsets[1:], strict=True):  # noqa: N806
            z = self._activate(matvec(U, z) + matvec(W, h) + b)
        return matvec(out.unsqueeze(0), z).squeeze(-1) + (self.tilt * h).sum(-1) + 0.5 * self.ridge * h.square().sum(-1)

    def _activate(self, t: Tensor) -> Tensor:
        return torch.logaddexp(torch.zeros_like(t), self.sharpness * t) / self.sharpness


def _positive(raw: Tensor) -> Tensor:
    return torch.logaddexp(torch.zeros_like(raw), raw)
