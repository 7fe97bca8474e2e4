"""Statements that there is a number with which something holds, from the one that is named."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.first_steps import of_the_whole, signs
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.signs import constraints_of
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
    alpha declared positive.

    Args:
        hypotheses: of the parameters, as for `prove`; the numbers that are to be shown do not occur in them.
        conclusion: as for `prove`; all of it is to hold with the same numbers.
        witness: for each number the expression of the parameters that it is. It has to have a value, and the sign with
            which the number is declared.
        timeout: as for `prove`.
        detail: what the statement says, for the finding.

    Returns:
        PROVED where it holds with these. REFUTED where they fail at parameters at which all others are shown to fail,
        too; else INCONCLUSIVE, for others might do: the detail says where these fail.

    Raises:
        UsageError: nothing is named, a hypothesis or an expression speaks of what is to be shown, or as for `prove`.
    """
    given, goals = flat(hypotheses, "a hypothesis"), flat(conclusion, "the conclusion")
    if not witness:
        raise UsageError("witness must name a number and what it is, as {alpha: 1/M}, got none")
    values = {symbol: sp.sympify(value) for symbol, value in witness.items()}
    for symbol, value in values.items():
        constraints_of(symbol)  # a whole number, as an example, would not be shown to be one
        if not isinstance(value, sp.Expr) or value.free_symbols & values.keys():
            raise UsageError(f"witness must be an expression of the parameters alone, got {symbol} = {value}")
    for relation in given:
        if relation.free_symbols & values.keys():
            raise UsageError(f"hypotheses must not speak of what is shown to exist, got {relation}; conclude it")
    spoken = set().union(*(part.free_symbols for part in (*given, *goals, *values.values()))) - values.keys()
    if twice := sorted({symbol.name for symbol in spoken} & {symbol.name for symbol in values}):
        raise UsageError(f"two symbols are called {', '.join(twice)}: declare each name in one way")
    # Their signs are not given but to be shown, and SymPy is to decide nothing before the provers see it.
    plain = {symbol: sp.Symbol(symbol.name, real=True) for symbol in values}
    named = [sp.Eq(plain[symbol], value, evaluate=False) for symbol, value in values.items()]
    wanted = [relation for symbol in values for relation in signs(symbol, plain[symbol])]
    shown = ", ".join(f"{symbol} = {value}" for symbol, value in values.items())
    about = detail or f"there is {', '.join(map(str, values))} with " + "; ".join(map(str, goals))
    found = prove([*given, *named], [*wanted, *(goal.xreplace(plain) for goal in goals)], timeout)
    if found.verdict is Verdict.PROVED:
        return replace(of_the_whole(found, given), detail=f"{about}: {shown}")
    if found.verdict is Verdict.REFUTED and (none := _none_at(found, given, goals, values.keys(), about, timeout)):
        return none
    why = f"{about}: not shown with {shown}: {found.detail}"
    known = {"assumes": found.assumes, "hypotheses": found.hypotheses, "speaks_of": found.speaks_of}
    return inconclusive(found.method, why, obligations=found.obligations, context=found.context, **known)


def _none_at(
    found: Finding,
    given: list[Boolean],
    goals: list[Boolean],
    wanted: Collection[sp.Symbol],
    about: str,
    timeout: float | None,
) -> Finding | None:
    """REFUTED where there are no such numbers at the parameters at which the named ones fail."""
    assert found.witness is not None and found.replay is not None
    names = {symbol.name for symbol in wanted}
    at = {symbol: value for symbol, value in found.witness.items() if symbol.name not in names}
    if any(value.has(sp.CRootOf) for value in at.values()):  # a root without radicals is no term of a relation
        return None
    equal = [sp.Eq(symbol, value, evaluate=False) for symbol, value in at.items()]
    never = sp.Not(sp.And(*goals))
    if never is sp.true:  # SymPy sees it of all numbers, as that z^2 = -1 has no root, and left the provers nothing
        lemma = found
    elif (lemma := prove(equal, never, timeout)).verdict is not Verdict.PROVED:
        return None
    where = f" at {', '.join(f'{symbol} = {value}' for symbol, value in at.items())}" if at else ""
    return replace(
        of_the_whole(found, given),
        detail=f"{about}: there is none{where}",
        witness=at,
        replay=Replay(
            found.replay.arithmetic, found.replay.hypotheses, (ReplayLine(about, False, f"none{where}, by a proof"),)
        ),
        proof=lemma.proof,
        certificate=lemma.certificate,
        obligations=lemma.obligations,
    )
