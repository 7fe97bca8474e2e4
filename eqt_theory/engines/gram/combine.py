"""Proofs in Gram symbols by multipliers: class inequalities, each times a factor, plus a positive semidefinite form."""

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.gram.space import Space, principal_minors
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.structure import structure_of


def combine(
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    uses: Sequence[tuple[sp.Expr, Boolean]],
    space: Space,
    *,
    timeout: float = 10,
    detail: str = "",
) -> Finding:
    """Prove `conclusion` as a nonnegative combination of class inequalities plus a positive semidefinite form.

    The multipliers are a certificate that anybody may have found in any way; everything about them is
    proved here: each is >= 0, function values cancel, and what is left is a form `tr(S G)` whose
    matrix S is positive semidefinite (every principal minor is >= 0).

    Args:
        hypotheses: what is assumed of the parameters.
        conclusion: `left >= 0`, linear in function values and Gram symbols.
        uses: `(multiplier, inequality)` pairs; each inequality reads `left >= 0`.
        space: the vectors whose Gram symbols occur.
        timeout: the budget of each prover for each obligation, as for `prove`.
        detail: what the statement says, for the finding.

    Returns:
        PROVED, or INCONCLUSIVE or REFUTED as `prove` says of the certificate; a failing certificate
        refutes the certificate, not the conclusion, and is reported as INCONCLUSIVE.

    Raises:
        UsageError: a relation does not read `left >= 0`, or holds products of another space.
    """
    for relation in (conclusion, *(inequality for _, inequality in uses)):
        if structure_of(relation.free_symbols) not in (None, space):
            raise UsageError(f"expected products of {space}, got those of another space in {relation}")
    rest = _left(conclusion)
    for multiplier, inequality in uses:
        rest -= multiplier * _left(inequality)
    rest = sp.expand(rest)
    matrix = sp.zeros(len(space.names), len(space.names))
    remainder = rest
    for i in range(len(space.names)):
        for j in range(i, len(space.names)):
            symbol = space.gram[i, j]
            coefficient = rest.coeff(symbol, 1)
            remainder -= coefficient * symbol
            matrix[i, j] = matrix[j, i] = coefficient if i == j else coefficient / 2
    remainder = sp.simplify(sp.expand(remainder))
    nonnegative = [sp.sympify(multiplier) >= 0 for multiplier, _ in uses]
    minors = [sp.factor(minor) >= 0 for minor in principal_minors(matrix.applyfunc(sp.factor))]
    open_ones = [relation for relation in (*nonnegative, *minors) if relation != sp.true]
    values = sp.Eq(remainder, 0, evaluate=False)  # the function values cancel
    finding = prove(hypotheses, [values, *open_ones], timeout, detail=detail)
    return finding if finding.witness is None else _not_a_certificate(finding)


def _left(relation: Boolean) -> sp.Expr:
    if not isinstance(relation, sp.Ge) or relation.rhs != 0:
        raise UsageError(f"expected a relation of the form `left >= 0`, got {relation}")
    return relation.lhs


def _not_a_certificate(finding: Finding) -> Finding:
    return replace(
        finding,
        verdict=Verdict.INCONCLUSIVE,
        detail=f"these multipliers are no certificate: {finding.detail}",
        witness=None,
        replay=None,
    )
