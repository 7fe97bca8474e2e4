"""Potentials with symbols in them: where nothing is left over, their entries solve linear equations, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from eqt_theory.core.finding import Finding, Identity, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.engines.gram import Product, combine
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.forms import Arc, Forms
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.region import poles
from eqt_theory.evidence.rate.sdp import minimise
from eqt_theory.evidence.rate.window import Window, packed

_USED = 3e-3


def support(windows: Sequence[Window], rates: Sequence[float]) -> list[Arc] | None:
    """Pairs of points whose multipliers are positive at every sample, where as little as can be is left over.

    Args:
        windows: a method at points of a region, over one step.
        rates: what is claimed there.

    Returns:
        The pairs; None where no sample gave any. A proposal: nothing is shown by it.
    """
    found: list[Arc] | None = None
    for window, rate in zip(windows, rates, strict=True):
        forms = Forms.of(window, "distance", None)
        count, at = forms.grown.shape[0], len(forms.entries)
        decrease = rate**2 * forms.grown + forms.rest
        norm = np.zeros((1, count))
        norm[0, at : at + forms.weights] = 1
        equal = np.vstack([rate**2 * forms.grown_values + forms.rest_values, forms.lower_values, norm])
        signed = np.eye(count)[at + forms.weights :]
        n, keep = window.method.states + 2 * window.method.queries, window.method.states + window.method.queries
        cost = decrease @ packed(np.eye(n)) + 1e-5 * signed.sum(0)
        answer = minimise(
            cost,
            (equal, np.append(np.zeros(len(equal) - 1), 1.0)),
            (-signed, np.zeros(len(signed))),
            [(-decrease.T, np.zeros(decrease.shape[1]), n), (-forms.lower.T, np.zeros(forms.lower.shape[1]), keep)],
        )
        if not answer.usable or "olved" not in answer.status:
            continue
        used = [arc for arc, x in forms.split(list(answer.x))[2].items() if x > _USED]
        found = used if found is None else [arc for arc in found if arc in used]
    return found


def solved(
    steps: Steps, rate: sp.Expr, arcs: Sequence[Arc]
) -> tuple[dict[Arc, sp.Expr], list[sp.Expr], dict[Arc, sp.Expr]] | None:
    """The potential for which `rate^2 V_k - V_{k+1}` is the inequalities with their multipliers, and nothing else.

    Args:
        steps: a method over one step.
        rate: in the symbols.
        arcs: the pairs whose inequalities are used.

    Returns:
        P, p (which adds up to 1) and the multipliers, rational in the symbols; None where there is none, or many.
    """
    size = steps.method.states + steps.early
    P = {(i, j): sp.Dummy(f"P{i}{j}") for i in range(size) for j in range(i + 1)}
    p = [sp.Dummy(f"p{j}") for j in range(steps.early)]
    multipliers = {arc: sp.Dummy(f"w{arc}") for arc in arcs}
    unknown = [*P.values(), *p, *multipliers.values()]
    left = rate**2 * steps.potential(dict(P), list(p), 0) - steps.potential(dict(P), list(p), 1)
    left -= sum((c * relation.lhs for c, relation in steps.uses(dict(multipliers))), sp.Integer(0))
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
    return {k: known[v] for k, v in P.items()}, [known[v] for v in p], {k: known[v] for k, v in multipliers.items()}


@dataclass(frozen=True)
class Below:
    """That a potential is not below a multiple of a distance: a proposal.

    Args:
        factor: c.
        measured: |h - h*|^2, before the step or after it.
        multipliers: of the inequalities between the points and h*.
        exact: whether nothing is left over.
    """

    factor: sp.Expr
    measured: sp.Expr
    multipliers: dict[Arc, sp.Expr]
    exact: bool


def below(steps: Steps, P: dict[Arc, sp.Expr], p: list[sp.Expr]) -> Below | None:
    """A bound of the potential from below, by the distance at its first state or at the one after.

    Args:
        steps: a method over one step.
        P: of the potential.
        p: likewise.

    Returns:
        The bound, one of which nothing is left over where there is one.
    """
    multipliers = {(1 + j, 0): weight for j, weight in enumerate(p) if weight != 0}
    left = steps.potential(P, p, 0) - sum((c * relation.lhs for c, relation in steps.uses(multipliers)), sp.Integer(0))
    left, found = sp.expand(left), []
    squares = [steps.space.gram[k, k] for k in range(steps.space.gram.rows)]
    for after in (0, 1):
        measured = sp.expand(steps.measured("distance", None, after))
        square = next((s for s in squares if measured.coeff(s, 1) != 0), None)
        if square is not None:
            c = sp.factor(left.coeff(square, 1) / measured.coeff(square, 1))
            rest = sp.simplify(sp.expand(left - c * measured))
            found.append(Below(c, measured, multipliers, rest == 0))
    return max(found, key=lambda bound: bound.exact, default=None)


def potential_proofs(
    steps: Steps,
    rate: sp.Expr,
    windows: Sequence[Window],
    rates: Sequence[float],
    hypotheses: Sequence[Any],
    timeout: float,
) -> list[Finding] | str:
    """That a potential shrinks by rate^2 per step, and that it is a positive multiple of a distance or more.

    Args:
        steps: a method over one step.
        rate: in the symbols.
        windows: the method at points of the region.
        rates: the rate there.
        hypotheses: what is assumed of the symbols.
        timeout: of each prover for each obligation.

    Returns:
        The proofs; or why there are none.
    """
    arcs = support(windows, rates)
    found = None if arcs is None else solved(steps, rate, arcs)
    bound = None if found is None else below(steps, *found[:2])
    if found is None or bound is None:
        return f"no closed form of a potential was found for the rate {rate}"
    P, p, multipliers = found
    now, after = (steps.potential(P, p, k) for k in (0, 1))
    claims = [
        (rate**2 * now - after, steps.uses(multipliers)),
        (now - bound.factor * bound.measured, steps.uses(bound.multipliers)),
    ]
    proofs = [_shown(claim, uses, steps, hypotheses, timeout) for claim, uses in claims]
    # A bound by the distance one step on speaks of h_1 as well, where a rate of 0 would say too much.
    proofs += implied(
        hypotheses, [rate > 0, bound.factor > 0, *(pole for x in (*P.values(), *p) for pole in poles(x))], timeout
    )
    failing = next((f for f in proofs if f.verdict is not Verdict.PROVED), None)
    return proofs if failing is None else f"the potential {P}, {p} proves nothing: {failing.detail}"


def _shown(
    claim: sp.Expr, uses: list[tuple[sp.Expr, Any]], steps: Steps, hypotheses: Sequence[Any], timeout: float
) -> Finding:
    """That a form is not negative: that of its collected terms, and that they are the form."""
    collected = _collected(claim, steps)
    finding = combine(hypotheses, collected >= 0, uses, steps.space, timeout=timeout)
    if finding.proof is None:
        return finding
    left = sp.expand(sp.cancel(sp.together(claim - collected)))
    if left != 0:
        return inconclusive(Method.SYMBOLIC, f"collecting the terms of the form leaves {left}")
    step = Identity("the form is the sum of its terms", str(left), certify_identity(claim, collected))
    proof = replace(finding.proof, identities=(*finding.proof.identities, step))
    return replace(finding, proof=proof, certificate=None)


def _collected(expression: sp.Expr, steps: Steps) -> sp.Expr:
    """The same, with one factored coefficient for each inner product and value."""
    expanded = sp.expand(expression)
    symbols = sorted(expanded.atoms(Product), key=str) + [point.value for point in steps.run[0]]
    return sp.Add(*(sp.factor(expanded.coeff(s, 1)) * s for s in symbols))


def implied(hypotheses: Sequence[Any], relations: Sequence[Any], timeout: float) -> list[Finding]:
    """The proof of relations; none where all are known from the signs of symbols.

    Args:
        hypotheses: what is assumed of the symbols.
        relations: to be shown.
        timeout: of each prover for each obligation.

    Returns:
        At most one finding.
    """
    open_ones = [r for r in dict.fromkeys(relations) if r != sp.true]
    return [prove(hypotheses, open_ones, timeout)] if open_ones else []
