"""Sums of class inequalities, written as they are read: what is shown, and what it is the sum of."""

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram.combine import combine
from eqt_theory.engines.gram.space import Space, Vector
from eqt_theory.engines.smt.statement import flat
from eqt_theory.engines.smt.structure import structure_of

Use = tuple[sp.Expr | int, Boolean]
"""An inequality `... >= 0` and its multiplier; `Family.weighted` makes them."""


@checked
def adds_up(
    left: sp.Expr | int,
    *uses: Use,
    given: Iterable[Boolean | bool] = (),
    squares: Sequence[tuple[sp.Expr | int, Vector]] = (),
    timeout: float = 10,
    about: str,
) -> Finding:
    """Prove `left >= 0`, as the sum of inequalities, each times its multiplier, plus a positive semidefinite form.

    `adds_up(R - S, f.weighted(2, here, there), given=[mu < L], about="...")` is `combine` for reading: no list of
    pairs, no space, which the inner products know.

    Args:
        left: what is to be shown nonnegative, linear in function values and inner products.
        uses: `(multiplier, inequality)` each; see `Family.weighted`.
        given: what is assumed of the parameters.
        squares: `(weight, vector)`, parts of the form that are known.
        timeout: the budget of each prover for each obligation, as for `prove`.
        about: what is shown, for the finding.

    Returns:
        PROVED, INCONCLUSIVE or REFUTED, as `combine` says.

    Raises:
        UsageError: a relation stands for what is to be shown nonnegative, a use is no pair, no inner product occurs,
            products of two spaces do, or as for `combine`.
    """
    for use in uses:
        if not (isinstance(use, tuple) and len(use) == 2 and isinstance(use[1], Boolean)):
            raise UsageError(f"each use must be a pair of a multiplier and a relation left >= 0, got {shown(use)}")
    pairs = [(_number(weight), inequality) for weight, inequality in uses]
    every = set(sp.sympify(left).free_symbols).union(*(inequality.free_symbols for _, inequality in pairs))
    space = structure_of(every)
    if not isinstance(space, Space):
        raise UsageError(f"expected inner products of vectors of a Space in what adds up to {left}, got none")
    parts = [(_number(weight), vector) for weight, vector in squares]
    return combine(
        flat(given, "a hypothesis"),
        sp.Ge(left, 0, evaluate=False),
        pairs,
        space,
        squares=parts,
        timeout=timeout,
        detail=about,
    )


def _number(weight: sp.Expr | int) -> sp.Expr:
    if not isinstance(weight, sp.Expr | int) or isinstance(weight, bool):
        raise UsageError(f"a multiplier or weight must be a number or an expression of parameters, got {shown(weight)}")
    return sp.sympify(weight)
