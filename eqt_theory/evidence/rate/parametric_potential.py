"""Potentials with symbols in them: on a small support, their entries solve linear equations exactly. Proposals."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp

from eqt_theory.engines.gram import Product, Vector
from eqt_theory.evidence.rate.forms import Arc
from eqt_theory.evidence.rate.parametric_squares import Name, vector_of
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.parametric_support import Support


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


def solved(steps: Steps, square: sp.Expr, support: Support) -> Potential | None:
    """The potential for which `square V_k - V_{k+1}` is the inequalities and squares of the support, and nothing else.

    Args:
        steps: a method over one step.
        square: of the rate, in the symbols.
        support: what is used.

    Returns:
        It, rational in the symbols; None where there is none, or many.
    """
    size = steps.method.states + steps.early
    P = {(i, j): sp.Dummy(f"P{i}{j}") for i in range(size) for j in range(i + 1)}
    p = [sp.Dummy(f"p{j}") for j in range(steps.early)]
    multipliers = {arc: sp.Dummy(f"w{arc}") for arc in support.arcs}
    squares = {name: sp.Dummy(f"s{name}") for name in support.squares}
    unknown = [*P.values(), *p, *multipliers.values(), *squares.values()]
    left = square * steps.potential(dict(P), list(p), 0) - steps.potential(dict(P), list(p), 1)
    left -= sp.Add(*(c * relation.lhs for c, relation in steps.uses(dict(multipliers))))
    left -= sp.Add(*(weight * vector_of(steps, name).norm2 for name, weight in squares.items()))
    left = sp.expand(left)
    values = [point.value for point in steps.run[0]]
    symbols = sorted(left.atoms(Product), key=str) + values
    equations = [sp.together(left.coeff(s, 1)) for s in symbols] + [sum(p, sp.Integer(-1))]
    found = sp.linsolve([e for e in equations if e != 0], *unknown)
    if found == sp.S.EmptySet:
        return None
    row = [sp.factor(x) for x in next(iter(found))]
    if any(x.has(*unknown) for x in row):
        return None
    known = dict(zip(unknown, row, strict=True))
    return Potential(
        {k: known[v] for k, v in P.items()}, [known[v] for v in p], {k: known[v] for k, v in multipliers.items()},
        {k: known[v] for k, v in squares.items()},
    )  # fmt: skip


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


def bounds(steps: Steps, potential: Potential) -> Iterator[Below]:
    """The largest multiples of |h|^2, before the step, after it and with a mode less, that a potential is not below.

    Args:
        steps: a method over one step.
        potential: of it.

    Yields:
        Where the form of the potential spans the vector: with it, one dimension less is left over.
    """
    multipliers = {(1 + j, 0): weight for j, weight in enumerate(potential.p) if weight != 0}
    form = steps.potential(potential.P, potential.p, 0)
    form = sp.expand(form - sp.Add(*(c * relation.lhs for c, relation in steps.uses(multipliers))))
    size = steps.method.states + steps.early
    gram = steps.space.gram
    left = sp.Matrix(size, size, lambda i, j: sp.factor(form.coeff(gram[i, j], 1) / (1 if i == j else 2)))
    unknown, free = sp.symbols(f"t:{size}", cls=sp.Dummy), sp.Dummy("ratio")
    for after, ratio in ((False, sp.S.Zero), (True, sp.S.Zero), (True, free)):
        one = Below(sp.S.One, after, ratio, multipliers, left)
        coefficients = one.vector(steps).coefficients
        equations = list(left * sp.Matrix(unknown) - sp.Matrix(coefficients[:size]))
        found = sp.linsolve(equations, *unknown, *(ratio.free_symbols))
        if any(coefficients[size:]) or found == sp.S.EmptySet:
            continue
        *inverse, known = (*next(iter(found)), ratio)[: size + 1]
        one = replace(one, ratio=sp.factor(known))
        if one.ratio.has(free, *unknown):
            continue
        row = sp.Matrix([sp.factor(c) for c in one.vector(steps).coefficients[:size]])
        length = sp.factor((row.T * sp.Matrix(inverse).subs(dict.fromkeys(unknown, 0)))[0])
        if length != 0:
            yield replace(one, factor=sp.factor(1 / length), left=left - row * row.T / length)
