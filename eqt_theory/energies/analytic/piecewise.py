"""Energies whose curvature switches between values: smooth, strongly convex, and not quadratic."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, Finite, Positive, Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.arguments import finite_tensor

if TYPE_CHECKING:
    import sympy


@checked
class PiecewiseCurvature(RidgeSum):
    """`sum_i phi(a_i . h + b_i)`, phi'' constant between breakpoints, phi(0) = phi'(0) = 0.

    The gradient is continuous and piecewise linear; at a breakpoint the Hessian takes the value to its right. With
    orthogonal rows the energy has curvature between the least and the greatest of `curvatures`.

    Args:
        breakpoints: increasing, k numbers.
        curvatures: k + 1 numbers: phi'' left of the first breakpoint, between each two, and right of the last.
        A: rows a_i, shape (..., n, d); the identity if None.
        b: shape (..., n); zero if None.

    Raises:
        UsageError: breakpoints do not increase, the counts do not fit, a number is not finite, or a shape is wrong.
    """

    def __init__(
        self,
        breakpoints: Sequence[float],
        curvatures: Sequence[float],
        A: Tensor | None = None,
        b: Tensor | None = None,
    ) -> None:
        super().__init__(A, b, 0.0)
        self.breakpoints = tuple(finite_tensor("breakpoints", list(breakpoints)).tolist())
        self.curvatures = tuple(finite_tensor("curvatures", list(curvatures)).tolist())
        if len(self.curvatures) != len(self.breakpoints) + 1:
            raise UsageError(
                f"curvatures must be one more than breakpoints, got {len(self.curvatures)} and {len(self.breakpoints)}"
            )
        if any(x >= y for x, y in zip(self.breakpoints, self.breakpoints[1:], strict=False)):
            raise UsageError(f"breakpoints must increase, got {self.breakpoints}")

    @classmethod
    @checked
    def switching(
        cls, mu: Finite, lipschitz: Finite, dim: Count, seed: Seed, switches: Count = 6, spread: Positive = 1.0
    ) -> "PiecewiseCurvature":
        """Curvature that alternates between mu and lipschitz, in randomly rotated axes, float64.

        Args:
            mu: the lower curvature.
            lipschitz: the upper curvature, not below mu.
            dim: d.
            seed: of the breakpoints, offsets and rotation.
            switches: number of breakpoints.
            spread: standard deviation of the breakpoints and offsets.

        Returns:
            The energy; its declared curvature is mu and lipschitz, rounded outwards.

        Raises:
            UsageError: mu exceeds lipschitz, or a count is below 1.
        """
        if mu > lipschitz:
            raise UsageError(f"mu must not exceed lipschitz, got {mu} and {lipschitz}")
        refuse_beyond_memory("the rotation", dim, dim)
        refuse_beyond_memory("the breakpoints", switches)
        generator = torch.Generator().manual_seed(seed)
        points = torch.randn(switches, generator=generator, dtype=torch.float64).mul(spread).sort().values
        q, r = torch.linalg.qr(torch.randn(dim, dim, generator=generator, dtype=torch.float64))
        offsets = spread * torch.randn(dim, generator=generator, dtype=torch.float64)
        return cls(
            points.tolist(), [(mu, lipschitz)[i % 2] for i in range(switches + 1)], q * r.diagonal().sign(), offsets
        )

    def profile(self, t: Tensor) -> Tensor:
        total = 0.5 * self.curvatures[0] * t.square()
        for point, jump in self._jumps():
            at_zero = max(-point, 0.0)
            total = total + jump * (0.5 * (t - point).clamp(min=0).square() - 0.5 * at_zero**2 - at_zero * t)
        return total

    def slope(self, t: Tensor) -> Tensor:
        total = self.curvatures[0] * t
        for point, jump in self._jumps():
            total = total + jump * ((t - point).clamp(min=0) - max(-point, 0.0))
        return total

    def slope_terms(self, t: Tensor) -> Tensor:
        total = abs(self.curvatures[0]) * t.abs()
        for point, jump in self._jumps():
            total = total + abs(jump) * (t.abs() + 2 * abs(point))
        # A rounding for each further summand.
        return (1 + len(self.breakpoints) / 8) * total

    def bend(self, t: Tensor) -> Tensor:
        total = torch.full_like(t, self.curvatures[0])
        for point, curvature in zip(self.breakpoints, self.curvatures[1:], strict=True):
            total = torch.where(t >= point, curvature, total)
        return total

    def bend_range(self) -> tuple[float, float]:
        return min(self.curvatures), max(self.curvatures)

    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        import sympy

        total = sympy.Rational(self.curvatures[0]) * t**2 / 2
        exact = [(sympy.Rational(p), sympy.Rational(c)) for p, c in self._curvature_from()]
        before = sympy.Rational(self.curvatures[0])
        for point, curvature in exact:
            at_zero = sympy.Max(-point, 0)
            total += (curvature - before) * (sympy.Max(t - point, 0) ** 2 / 2 - at_zero**2 / 2 - at_zero * t)
            before = curvature
        return total

    def _curvature_from(self) -> list[tuple[float, float]]:
        return list(zip(self.breakpoints, self.curvatures[1:], strict=True))

    def _jumps(self) -> list[tuple[float, float]]:
        pairs = zip(self.curvatures, self.curvatures[1:], strict=False)
        return [(p, after - before) for p, (before, after) in zip(self.breakpoints, pairs, strict=True)]


@checked
def heavy_ball_cycle(gamma: Positive | None = None) -> PiecewiseCurvature:
    """The one-dimensional function on which Polyak's heavy ball cycles instead of converging.

    Its derivative is 25h for h < 1, h + 24 for 1 <= h < 2 and 25h - 24 beyond, so m = 1 and M = 25; with step size
    1/9 and momentum 4/9, optimal on quadratics of that class, heavy ball from 3.3 stays on a cycle of three points
    (Lessard, Recht and Packard 2016, Section 4.6).

    Args:
        gamma: if given, 1/gamma is taken off every curvature, so that the Objective with proposal 0 and this gamma
            is that function.

    Returns:
        The function, for states of any dimension, coordinate by coordinate.
    """
    shift = 0.0 if gamma is None else 1 / gamma
    return PiecewiseCurvature([1.0, 2.0], [25.0 - shift, 1.0 - shift, 25.0 - shift])
