"""Statements that there is a number with which something holds, from the one that is named."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.first_steps import of_the_whole, signs
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat


@checked
def prove_exists(
    hypotheses: Boolean | bool | Iterable[Boolean | bool],
    conclusion: Boolean | bool | Iterable[Boolean | bool],
    witness: Mapping[sp.Symbol, sp.Expr | int],
    timeout: float | None = None,
    *,
    detail: str = "",
) -> Finding:
    """Prove that for all parameters under the hypotheses there are numbers with which the conclusion holds.

    That there is a step size in (0, 2/M) that contracts: `prove_exists([m < M], [alpha < 2/M, ..], {alpha: 1/M})`, with
    alpha declared positive. That there is none is a statement about all of them: `prove([..], Not(conclusion))`.

    Args:
        hypotheses: of the parameters, as for `prove`; the numbers that are to be shown do not occur in them.
        conclusion: as for `prove`; all of it is to hold with the same numbers.
        witness: for each number the expression of the parameters that it is. It has to have a value, and the sign with
            which the number is declared.
        timeout: as for `prove`.
        detail: what the statement says, for the finding.

    Returns:
        PROVED where it holds with these; else INCONCLUSIVE, for others might do: the detail says where these fail.

    Raises:
        UsageError: nothing is named, a hypothesis or an expression speaks of what is to be shown, or as for `prove`.
    """
    given, goals = flat(hypotheses, "a hypothesis"), flat(conclusion, "the conclusion")
    if not witness:
        raise UsageError("witness must name a number and what it is, as {alpha: 1/M}, got none")
    values = {symbol: sp.sympify(value) for symbol, value in witness.items()}
    for symbol, value in values.items():
        if not isinstance(value, sp.Expr) or value.free_symbols & values.keys():
            raise UsageError(f"witness must be an expression of the parameters alone, got {symbol} = {value}")
    for relation in given:
        if relation.free_symbols & values.keys():
            raise UsageError(f"hypotheses must not speak of what is shown to exist, got {relation}; conclude it")
    # Their signs are not given but to be shown, and SymPy is to decide nothing before the provers see it.
    plain = {symbol: sp.Symbol(symbol.name, real=True) for symbol in values}
    named = [sp.Eq(plain[symbol], value, evaluate=False) for symbol, value in values.items()]
    wanted = [relation for symbol in values for relation in signs(symbol, plain[symbol])]
    shown = ", ".join(f"{symbol} = {value}" for symbol, value in values.items())
    about = detail or f"there is {', '.join(map(str, values))} with " + "; ".join(map(str, goals))
    found = prove([*given, *named], [*wanted, *(goal.xreplace(plain) for goal in goals)], timeout)
    if found.verdict is Verdict.PROVED:
        return replace(of_the_whole(found, given), detail=f"{about}: {shown}")
    why = f"{about}: not shown with {shown}: {found.detail}"
    known = {"assumes": found.assumes, "hypotheses": found.hypotheses, "speaks_of": found.speaks_of}
    return inconclusive(found.method, why, obligations=found.obligations, context=found.context, **known)
