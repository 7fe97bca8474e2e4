"""The pseudo-Huber energy: quadratic near its centre, linear far away."""

from typing import TYPE_CHECKING

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.arguments import positive_number

if TYPE_CHECKING:
    import sympy


@checked
class PseudoHuber(RidgeSum):
    """`sum_i delta^2 (sqrt(1 + (t_i/delta)^2) - 1) + ridge/2 |h|^2` with t = A h + b.

    Args:
        A: shape (..., n, d); the identity if None.
        b: shape (..., n); zero if None.
        delta: width of the quadratic part, positive.
        ridge: weight of the quadratic term; the energy is ridge-strongly convex.

    Raises:
        UsageError: a shape, dtype or device does not fit, or a number is out of range.
    """

    def __init__(
        self, A: Tensor | None = None, b: Tensor | None = None, delta: float = 1.0, ridge: float = 0.0
    ) -> None:
        super().__init__(A, b, ridge)
        self.delta = positive_number("delta", delta)

    def profile(self, t: Tensor) -> Tensor:
        s = t / self.delta
        # Written without the difference sqrt(1 + s^2) - 1, which cancels for small s.
        return self.delta**2 * s.square() / ((1 + s.square()).sqrt() + 1)

    def slope(self, t: Tensor) -> Tensor:
        return t / (1 + (t / self.delta).square()).sqrt()

    def bend(self, t: Tensor) -> Tensor:
        return (1 + (t / self.delta).square()) ** -1.5

    def bend_range(self) -> tuple[float, float]:
        return 0.0, 1.0

    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        import sympy

        delta = sympy.Rational(self.delta)
        return delta**2 * (sympy.sqrt(1 + (t / delta) ** 2) - 1)
