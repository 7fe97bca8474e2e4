"""Equilibria and refinement trajectories of piecewise quadratic energies, in exact fractions."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact.piecewise import Number, PiecewiseQuadratic


def equilibria(energy: PiecewiseQuadratic, proposal: Number, gamma: Number) -> list[Fraction]:
    """All global minimisers of `energy(h) + (h - proposal)^2 / (2 gamma)`, increasing (Eq. 1)."""
    return energy.plus(1 / _positive("gamma", gamma), proposal).minimisers()


def equilibrium(energy: PiecewiseQuadratic, proposal: Number, gamma: Number) -> Fraction:
    """The only minimiser of Phi (Eq. 1).

    Args:
        energy: the energy.
        proposal: f.
        gamma: the damping, positive.

    Returns:
        h*, exact.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = equilibria(energy, proposal, gamma)
    if len(found) != 1:
        raise UsageError(f"expected one equilibrium of {energy} at proposal {proposal}, gamma {gamma}, got {found}")
    return found[0]


def descent(
    energy: PiecewiseQuadratic, proposal: Number, gamma: Number, alpha: Number, steps: int, start: Number | None = None
) -> list[Fraction]:
    """The states h_0, .., h_steps of gradient descent on Phi (Eq. 8); h_0 is the proposal unless given."""
    phi = energy.plus(1 / _positive("gamma", gamma), proposal)

    def states() -> Iterator[Fraction]:
        h = Fraction(proposal if start is None else start)
        while True:
            yield h
            h -= Fraction(alpha) * phi.derivative(h)

    return list(islice(states(), steps + 1))


def proximal_descent(
    energy: PiecewiseQuadratic, proposal: Number, gamma: Number, alpha: Number, steps: int, start: Number | None = None
) -> list[Fraction]:
    """The states of the proximal gradient method, `h+ = (h - alpha e'(h) + alpha g f) / (1 + alpha g)`, g = 1/gamma."""
    g, a, f = 1 / _positive("gamma", gamma), Fraction(alpha), Fraction(proposal)
    states = [Fraction(proposal if start is None else start)]
    for _ in range(steps):
        h = states[-1]
        states.append((h - a * energy.derivative(h) + a * g * f) / (1 + a * g))
    return states


def _positive(name: str, value: Number) -> Fraction:
    number = Fraction(value)
    if number <= 0:
        raise UsageError(f"{name} must be positive, got {value}")
    return number
