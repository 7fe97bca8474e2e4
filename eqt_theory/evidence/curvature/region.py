"""What a closed form is told of a domain, and what it answers: bounds on curvature and slope, exact fractions."""

from dataclasses import dataclass
from fractions import Fraction

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.evidence.curvature.matrix_bounds import root_down, root_up


@dataclass(frozen=True)
class Region:
    """A set of states, as far as closed forms ask for it.

    Args:
        near: every state has |h| >= near.
        box: low and high of each coordinate; None where states may be anywhere.
        far: every state has |h| <= far; None where states may be anywhere.
    """

    near: Fraction = Fraction(0)
    box: tuple[tuple[Fraction, Fraction], ...] | None = None
    far: Fraction | None = None


@dataclass(frozen=True)
class Constants:
    """Bounds that hold at every state of a domain, exact fractions.

    Args:
        lower: `lower I <= hess`.
        upper: `hess <= upper I`.
        slope: `|grad| <= slope`; None where none is known.
        source: where the formulas are proved.
    """

    lower: Fraction
    upper: Fraction
    slope: Fraction | None
    source: str

    def times(self, weight: Fraction) -> tuple[Fraction, Fraction]:
        """Lower and upper curvature of a multiple: a negative weight turns them around."""
        ends = weight * self.lower, weight * self.upper
        return ends if weight >= 0 else (ends[1], ends[0])


def region_of(domain: Domain) -> Region:
    """The region of a domain.

    Args:
        domain: Ball, Box or WholeSpace.

    Returns:
        Distances from the origin that no state is nearer or farther than, and a box around all of them.
    """
    if isinstance(domain, Ball):
        center, radius = [Fraction(x) for x in domain.center], Fraction(domain.radius)
        square = sum((x**2 for x in center), Fraction(0))
        near = max(Fraction(0), root_down(square) - radius)
        return Region(near, tuple((x - radius, x + radius) for x in center), root_up(square) + radius)
    if isinstance(domain, Box):
        box = tuple((Fraction(a), Fraction(b)) for a, b in zip(domain.low, domain.high, strict=True))
        far = root_up(sum((max(a**2, b**2) for a, b in box), Fraction(0)))
        return Region(root_down(sum(max(a, -b, Fraction(0)) ** 2 for a, b in box)), box, far)
    return Region()
