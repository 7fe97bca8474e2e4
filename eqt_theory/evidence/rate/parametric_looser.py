"""That a rate is at least another one on a whole region: textbooks state rates that are larger than need be."""

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.region import Region, cases
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.parametric_factor import conditions, square_of
from eqt_theory.evidence.rate.parametric_proof import implied


def at_least(rate: sp.Expr, smaller: sp.Expr, region: Region, timeout: float) -> list[Finding] | None:
    """The proofs that a rate is a number, not negative and at least another one.

    Args:
        rate: in the symbols.
        smaller: a rational function, up to its sign, or the Max of the Abs of such.
        region: of the symbols.
        timeout: of each prover for each obligation.

    Returns:
        They; None where it was not shown.
    """
    ends = smaller.args if isinstance(smaller, sp.Max) else [smaller]  # SymPy takes factors out of an Abs, or all of it
    proofs: list[Finding] = []
    for case, value in cases(region.expression(rate)):
        where, square = [r for r in case if r != sp.true], square_of(value)
        if sp.false in where:
            continue
        wanted = [*conditions(value), *(end**2 <= square for end in ends)]
        found = implied([*region.given, *where], wanted, timeout)
        if where and any(f.verdict is not Verdict.PROVED for f in found):  # a case that never occurs asks for nothing
            found = [prove(region.given, sp.Not(sp.And(*where)), timeout)]
        proofs += found
    return proofs if all(f.verdict is Verdict.PROVED for f in proofs) else None
