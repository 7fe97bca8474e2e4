"""How far a network's second derivative can reach, layer by layer, from the norms of its weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Layer:
    """What one layer `z+ = phi(U z + W h + b)` is bounded by; every number is an upper bound and not negative.

    Args:
        through: |U|, 0 in the first layer.
        straight: |W|, 0 where the state does not enter.
        row_through: the longest row of U.
        row_straight: the longest row of W.
        slope: the greatest |phi'|.
        bend: the greatest |phi''|.
    """

    through: Fraction
    straight: Fraction
    row_through: Fraction
    row_straight: Fraction
    slope: Fraction
    bend: Fraction


@dataclass(frozen=True)
class Reach:
    """Bounds on the derivatives of `u . z` for the last z.

    Args:
        first: |D pre|, of what the last activation is applied to.
        second: sup over unit v of |D^2 pre [v, v]|.
    """

    first: Fraction
    second: Fraction


def reach(layers: Sequence[Layer]) -> Reach:
    """The derivatives of what enters the last activation.

    With `|Dz v| <= l` and `|D^2 z[v, v]| <= s` for unit v, pre = U z + W h has `l' = |U| l + |W|` and `s' = |U| s`, and
    `phi(pre)` has `D^2 = phi'' (D pre v)^2 + phi' D^2 pre`, entry by entry; `|x^2| <= max|x_i| |x|` bounds the first.

    Args:
        layers: in order.

    Returns:
        The bounds before the last activation.
    """
    first, second = Fraction(0), Fraction(0)
    pre = Reach(first, second)
    for layer in layers:
        pre = Reach(layer.through * first + layer.straight, layer.through * second)
        row = layer.row_through * first + layer.row_straight
        first, second = layer.slope * pre.first, layer.slope * pre.second + layer.bend * row * pre.first
    return pre
