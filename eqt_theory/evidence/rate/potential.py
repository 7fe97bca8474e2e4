"""The search for a potential that shrinks by rate^2 per step: found in floating point, shown in fractions.

V_k is a quadratic form in the states and gradients of a window of steps, plus multiples of function values there. That
it shrinks, and that it is not below what is measured, are nonnegative combinations of class inequalities plus positive
semidefinite forms: a semidefinite program at each rate.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np

from eqt_theory.evidence.rate.forms import Arc, Forms
from eqt_theory.evidence.rate.trade import MARGINS, Opening, least_constant
from eqt_theory.evidence.rate.window import Window, unit_of
from eqt_theory.kernel import Rejected
from eqt_theory.kernel.rates import Rate

_BITS = 40
_DIGITS = 34
"""Of 1 - rate, in binary."""

Aim = Literal["margin", "trace", "constant"]


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Args:
        window: the method over a few steps.
        measure: "distance", "value" or "gradient".
        reported: the query of the first step that is made at h; needed but for "distance".
        itself: whether the potential is what is measured, so that it shrinks in every single step.
    """

    window: Window
    measure: str = "distance"
    reported: int | None = None
    itself: bool = False

    @cached_property
    def _forms(self) -> Forms:
        return Forms.of(self.window, self.measure, self.reported)

    def at(self, rate: Fraction, aim: Aim = "margin") -> dict[str, Any] | None:
        """A certificate for this rate, but for what is said of the start; None where none was found.

        Args:
            rate: factor per step, exact.
            aim: whether the potential is to have a large margin, a small trace, or a small constant in front.

        Returns:
            Its decrease and its bound from below have been checked by the kernel.
        """
        for proposal in self._proposals(float(rate) ** 2, aim):
            certificate = None if proposal is None else self._rounded(rate, *proposal)
            if certificate is not None and shows(certificate):
                return certificate
        return None

    def _proposals(self, square: float, aim: Aim) -> Iterator[tuple[np.ndarray, float] | None]:
        forms = self._forms
        if self.itself:
            yield forms.propose(square, forms.itself(self.window, self.measure, self.reported))
        elif aim == "margin":
            yield forms.propose(square)
        elif aim == "trace":
            yield forms.compact(square)
        else:
            opening = Opening(self.window, self.measure)
            yield from (least_constant(forms, opening, square, margin) for margin in MARGINS)

    def least(self, margin: float) -> tuple[Fraction, dict[str, Any]] | None:
        """About the least rate where the potential is what is measured, if below 1, and its certificate as by `at`.

        Args:
            margin: of the form and the multipliers that are proposed in floating point.

        Returns:
            Both; None where the kernel does not accept them.
        """
        found = self._forms.least_square(self._forms.itself(self.window, self.measure, self.reported), margin)
        if found is None or not 0 < found[1] < 1:
            return None
        rate = short(Fraction(math.sqrt(found[1])))
        certificate = self._rounded(rate, found[0], 1.0)
        return (rate, certificate) if certificate is not None and shows(certificate) else None

    def inside(self, square: float) -> tuple[list[dict[Arc, Fraction]], list[Fraction], Fraction] | None:
        """P and all multipliers, p, and the factor of the bound from below, of a potential as doubles propose it."""
        found = next(self._proposals(square, "margin"))
        if found is None:
            return None
        w, s = self.window, self.window.method.states
        P, p, lam, mu = self._forms.split([Fraction(float(x)) for x in found[0]])
        unit = self._unit / w.M
        entries = {(i, j): self._unit * x / w.M ** ((i >= s) + (j >= s)) for (i, j), x in P.items()}
        both = [{arc: unit * x for arc, x in uses.items()} for uses in (lam, mu)]
        return [entries, *both], [unit * x for x in p], Fraction(found[1])

    @property
    def _unit(self) -> Fraction:
        """What is measured, in units of M = 1."""
        return unit_of(self.measure, self.window.M)

    def _rounded(self, rate: Fraction, x: np.ndarray, scale: float) -> dict[str, Any] | None:
        """Exact numbers near x whose function values cancel exactly."""
        w, forms = self.window, self._forms
        level = math.floor(math.log2(scale)) - 1 if scale > 0 else -_BITS
        if level <= -_BITS:
            return None
        # V is divided by 2^level, so that the bound from below has factor 1.
        level = 0 if self.itself else level
        exact = [Fraction(round(math.ldexp(float(v), _BITS)), 2**_BITS) / Fraction(2) ** level for v in x]
        parts = forms.split(exact)
        P, p, lam, mu = parts
        if self.itself:
            P, p, mu = self._measured(P, p, mu)
        early, q = w.early, w.method.queries
        demand = {i: Fraction(0) for i in range(1, early + q + 1)}
        for k, weight in enumerate(p):
            demand[1 + k] += rate**2 * weight
            demand[1 + q + k] -= weight
        lower = {1 + k: weight for k, weight in enumerate(p)}
        if self.measure == "value":
            assert self.reported is not None
            lower[1 + self.reported] -= 1
        decrease, positive = balanced(lam, demand), balanced(mu, lower)
        if decrease is None or positive is None:
            return None
        # Back to the user's units: gradients and values were divided by M.
        unit, s = self._unit, w.method.states
        return {
            "kind": "rate",
            "m": str(w.m),
            "M": str(w.M),
            "method": described(w.method),
            "measure": self.measure,
            "rate": str(rate),
            "constant": "0",
            "window": w.length,
            "P": [[i, j, str(unit * v / w.M ** ((i >= s) + (j >= s)))] for (i, j), v in P.items() if v],
            "p": [str(unit * v / w.M) for v in p],
            "reported": [] if self.measure == "distance" else [self.reported],
            "first": [],
            "decrease": listed(decrease, unit / w.M),
            "positive": listed(positive, unit / w.M),
            "initial": [],
        }

    def _measured(self, P: dict[Arc, Fraction], p: list[Fraction], mu: dict[Arc, Fraction]) -> Any:
        """P and p of the potential that is what is measured."""
        row = self.window.method.H[0]
        s, zero = self.window.method.states, Fraction(0)
        if self.measure == "distance":
            P = {(i, j): row[i] * row[j] if i < s else zero for i, j in P}
        elif self.measure == "gradient":
            P = {(i, j): Fraction(int(i == j == s + (self.reported or 0))) for i, j in P}
        else:
            P = dict.fromkeys(P, zero)
        p = [Fraction(int(self.measure == "value" and k == self.reported)) for k in range(len(p))]
        return P, p, dict.fromkeys(mu, zero)


def short(rate: Fraction) -> Fraction:
    """A rate of few digits that is a little larger, relative to 1 - rate, which is positive."""
    unit = Fraction(2) ** (math.floor(math.log2(1 - rate)) - _DIGITS)
    return 1 - math.floor((1 - rate) / unit) * unit


def described(method: Any) -> dict[str, Any]:
    """A recurrence as a certificate holds it."""
    tables = {name: [[str(x) for x in row] for row in getattr(method, name)] for name in ("A", "B", "C", "D", "H")}
    more = {name: [[str(x) for x in row] for row in getattr(method, name)] for name in ("start", "opening")}
    return {**tables, **more, "kinds": list(method.kinds), "opened": list(method.opened)}


def listed(arcs: Mapping[Arc, Fraction], unit: Fraction) -> list[list[Any]]:
    """Multipliers as a certificate holds them."""
    return [[i, j, str(unit * v)] for (i, j), v in sorted(arcs.items()) if v]


def shows(certificate: dict[str, Any]) -> bool:
    """Whether the kernel accepts the decrease and the bound from below."""
    claim = Rate(certificate)
    try:
        claim.check_decrease()
        claim.check_positive()
    except Rejected:
        return False
    return True


def balanced(arcs: Mapping[Arc, Fraction], demand: Mapping[int, Fraction]) -> dict[Arc, Fraction] | None:
    """Multipliers near these with `sum_j x_ij - sum_j x_ji = demand_i` for every point but the minimum, 0.

    The arcs of a spanning tree, the largest there are, take up what is missing.

    Args:
        arcs: multipliers of pairs of points.
        demand: for each point but 0.

    Returns:
        The multipliers; None where one would become negative.
    """
    made = {arc: max(Fraction(0), value) for arc, value in arcs.items()}
    tree: list[tuple[int, Arc]] = []
    reached = {0}
    while len(reached) <= len(demand):
        over = [(v, a) for a, v in made.items() if (a[0] in reached) != (a[1] in reached)]
        if not over:
            return None
        arc = max(over)[1]
        new = arc[1] if arc[0] in reached else arc[0]
        reached.add(new)
        tree.append((new, arc))
    for point, arc in reversed(tree):
        out = sum((v for a, v in made.items() if a[0] == point), Fraction(0))
        back = sum((v for a, v in made.items() if a[1] == point), Fraction(0))
        missing = demand[point] - out + back
        made[arc] += missing if arc[0] == point else -missing
    return made if all(v >= 0 for v in made.values()) else None
