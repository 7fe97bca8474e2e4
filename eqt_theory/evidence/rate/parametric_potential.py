"""Potentials with symbols in them: on a small support, their entries solve linear equations exactly. Proposals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import sympy as sp
from sympy.polys.constructor import construct_domain
from sympy.polys.matrices import DomainMatrix

from eqt_theory.engines.gram import Product, Vector
from eqt_theory.engines.rational import factored
from eqt_theory.evidence.rate.forms import Arc
from eqt_theory.evidence.rate.parametric_squares import Name, vector_of
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.parametric_support import Support

Unknown = tuple[str, Any]
"""An entry of P or p, the multiplier of an inequality or the weight of a square: which of these, and its name."""


@dataclass(frozen=True)
class Potential:
    """V, the form P in states and gradients plus weights p of values, and why it shrinks: a proposal.

    Args:
        P: entries.
        p: they add up to 1.
        multipliers: of class inequalities.
        squares: weights of squares that are left over.
    """

    P: dict[Arc, sp.Expr]
    p: list[sp.Expr]
    multipliers: dict[Arc, sp.Expr]
    squares: dict[Name, sp.Expr]

    @property
    def size(self) -> int:
        """How long its expressions are."""
        return sum(int(sp.sympify(x).count_ops()) for x in (*self.P.values(), *self.signed))

    @property
    def signed(self) -> list[sp.Expr]:
        """What must not be negative."""
        return [*self.multipliers.values(), *self.squares.values()]


@dataclass(frozen=True)
class Equations:
    """What potentials of a method, multipliers and weights of squares solve: one column for each, in a field.

    Args:
        steps: a method over one step.
        square: of the rate, in the symbols.
    """

    steps: Steps
    square: sp.Expr
    _columns: dict[Unknown, dict[sp.Expr, Any]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def domain(self) -> Any:
        """The rational functions of the symbols."""
        me = self.steps.method
        entries = [x for matrix in (me.A, me.B, me.C, me.D, me.H) for row in matrix for x in row]
        given = [self.square, self.steps.m, self.steps.M, *entries]
        return construct_domain([sp.sympify(x) for x in given], field=True, extension=True)[0]

    def column(self, unknown: Unknown) -> dict[sp.Expr, Any]:
        """What one of them is multiplied with, at inner products and values."""
        if unknown not in self._columns:
            form = sp.expand(self._form(*unknown))
            values = {point.value for point in self.steps.run[0]}
            at = sorted(form.atoms(Product) | (values & form.free_symbols), key=str)
            self._columns[unknown] = {s: self.domain.from_sympy(form.coeff(s, 1)) for s in at}
        return self._columns[unknown]

    def _form(self, kind: str, name: Any) -> sp.Expr:
        """Of `square V_k - V_{k+1}` less inequalities and squares."""
        steps, one = self.steps, sp.Integer(1)
        if kind == "multiplier":
            ((factor, relation),) = steps.uses({name: one})
            return -factor * relation.lhs
        if kind == "square":
            return -vector_of(steps, name).norm2
        P = {name: one} if kind == "P" else {}
        p = [sp.Integer(kind == "p" and j == name) for j in range(steps.early)]
        return self.square * steps.potential(P, p, 0) - steps.potential(P, p, 1)


def solved(equations: Equations, support: Support) -> Potential | None:
    """The potential for which `square V_k - V_{k+1}` is the inequalities and squares of the support, and nothing else.

    Args:
        equations: of a method over one step, and a rate.
        support: what is used.

    Returns:
        It, rational in the symbols; None where there is none, or many.
    """
    steps, K = equations.steps, equations.domain
    size = steps.method.states + steps.early
    unknown: list[Unknown] = [("P", (i, j)) for i in range(size) for j in range(i + 1)]
    unknown += [("p", j) for j in range(steps.early)]
    unknown += [("multiplier", arc) for arc in support.arcs] + [("square", name) for name in support.squares]
    columns = [equations.column(one) for one in unknown]
    rows = [{k: c[s] for k, c in enumerate(columns) if c.get(s)} for s in dict.fromkeys(chain(*columns))]
    rows.append({k: K.one for k, (kind, _) in enumerate(unknown) if kind == "p"} | {len(unknown): K.one})
    found = _unique(rows, len(unknown), K)
    if found is None:
        return None
    known = {one: factored(K.to_sympy(x)) for one, x in zip(unknown, found, strict=True)}

    def of(kind: str) -> dict[Any, sp.Expr]:
        return {name: x for (other, name), x in known.items() if other == kind}

    return Potential(of("P"), list(of("p").values()), of("multiplier"), of("square"))


def _unique(rows: list[dict[int, Any]], count: int, K: Any) -> list[Any] | None:
    """The solution of linear equations, whose right sides come last; None where there is none, or many."""
    matrix = DomainMatrix({i: row for i, row in enumerate(rows) if row}, (len(rows), count + 1), K)
    reduced, pivots = matrix.rref()
    if pivots != tuple(range(count)):
        return None
    return [reduced[i, count].element for i in range(count)]


@dataclass(frozen=True)
class Below:
    """That a potential is not below `factor |v|^2`: a proposal.

    A potential may know a slow mode of h alone, as that of the heavy ball does; v is then `h_{k+1} - ratio h_k`, in
    which the other mode cancels. As h_k is `ratio^k h_0` and a sum of `ratio^(k-1-j) v_j`, it shrinks as fast as v
    does, where |ratio| is below the rate.

    Args:
        factor: c.
        after: whether v is h_{k+1} - ratio h_k; else it is h_k. h* is 0.
        ratio: of the other mode.
        multipliers: of the inequalities between the points and h*.
        left: the matrix of what is left over.
    """

    factor: sp.Expr
    after: bool
    ratio: sp.Expr
    multipliers: dict[Arc, sp.Expr]
    left: sp.Matrix

    def vector(self, steps: Steps) -> Vector:
        """The vector v."""
        return steps.reported(1) - self.ratio * steps.reported(0) if self.after else steps.reported(0)


def bounds(equations: Equations, potential: Potential) -> Iterator[Below]:
    """The largest multiples of |h|^2, before the step, after it and with a mode less, that a potential is not below.

    Args:
        equations: that it solves.
        potential: of a method over one step.

    Yields:
        Where the form of the potential spans the vector: with it, one dimension less is left over.
    """
    steps, K = equations.steps, equations.domain
    multipliers = {(1 + j, 0): weight for j, weight in enumerate(potential.p) if weight != 0}
    form = steps.potential(potential.P, potential.p, 0)
    form = sp.expand(form - sp.Add(*(c * relation.lhs for c, relation in steps.uses(multipliers))))
    size = steps.method.states + steps.early
    gram = steps.space.gram
    left = [[K.from_sympy(form.coeff(gram[i, j], 1)) / (1 if i == j else 2) for j in range(size)] for i in range(size)]
    before, after = ([K.from_sympy(c) for c in steps.reported(k).coefficients] for k in (0, 1))
    for state, other in ((before, None), (after, None), (after, before)):
        if any(state[size:]) or (other and any(other[size:])):
            continue
        # One solution x of left x = state - ratio other, the ratio being unknown, too, or 0.
        rows = [[*row, *([other[i]] if other else []), state[i]] for i, row in enumerate(left)]
        reduced, pivots = DomainMatrix(rows, (size, len(rows[0])), K).rref()
        count = len(rows[0]) - 1
        if count in pivots or (other and size not in pivots):
            continue
        numbers = dict.fromkeys(range(count), K.zero) | {k: reduced[i, count].element for i, k in enumerate(pivots)}
        ratio = numbers[size] if other else K.zero
        row = [x - ratio * y for x, y in zip(state, other or state, strict=True)][:size]
        length = sum((x * numbers[k] for k, x in enumerate(row)), K.zero)
        if length:
            rest = [[left[i][j] - row[i] * row[j] / length for j in range(size)] for i in range(size)]
            factor, mode = factored(K.to_sympy(1 / length)), factored(K.to_sympy(ratio))
            rest = sp.Matrix(size, size, lambda i, j, rest=rest: K.to_sympy(rest[i][j]))
            yield Below(factor, state is after, mode, multipliers, rest)
