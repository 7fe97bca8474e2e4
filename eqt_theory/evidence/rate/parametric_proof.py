"""That a potential with symbols in it shrinks, and what is measured with it: proofs of what is proposed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from eqt_theory.core.finding import Finding, Identity, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.engines.gram import Product, Vector, combine
from eqt_theory.engines.rational import factored
from eqt_theory.engines.region import Point, Region, poles
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.parametric_potential import Below, Equations, Potential, bounds, solved
from eqt_theory.evidence.rate.parametric_squares import vector_of
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.parametric_support import Program, supports

_TRIES = 24
_MOST = 3
"""Of how many potentials a proof is tried."""
_LONGEST = 200
"""Operations in a potential, beyond which algebra takes minutes; those that were proved have fewer than a hundred."""


@dataclass(frozen=True)
class Setting:
    """What a potential is looked for.

    Args:
        steps: a method over one step.
        square: of the rate, in the symbols.
        region: the symbols.
        points: of it, where signs are looked at before anything is proved.
        hypotheses: what is assumed of the symbols.
        timeout: of each prover for each obligation.
    """

    steps: Steps
    square: sp.Expr
    region: Region
    points: Sequence[Point]
    hypotheses: Sequence[Any]
    timeout: float


def potential_proofs(setting: Setting, programs: Sequence[Program]) -> list[Finding] | str:
    """That a potential shrinks by a factor per step, and that it is a positive multiple of a distance or more.

    Args:
        setting: what is looked for.
        programs: the method at points of the region.

    Returns:
        The proofs; or why there are none.
    """
    why = "no closed form of a potential was found"
    for potential, bound in _candidates(setting, programs):
        proofs = _proofs(setting, potential, bound)
        failing = next((f for f in proofs if f.verdict is not Verdict.PROVED), None)
        if failing is None:
            return proofs
        why = f"the potential {potential.P}, {potential.p} proves nothing: {failing.detail}"
    return why


def _candidates(setting: Setting, programs: Sequence[Program]) -> Iterator[tuple[Potential, Below]]:
    """Potentials, and their bounds, whose signs are right at the points: the first found, then the shortest."""
    found: list[tuple[Potential, Below]] = []
    equations = Equations(setting.steps, setting.square)
    for support in supports(programs, _TRIES):
        potential = solved(equations, support)
        if potential is None or potential.size > _LONGEST or not _not_negative(potential.signed, setting):
            continue
        bound = next((b for b in bounds(equations, potential) if _below_at(b, setting)), None)
        if bound is None:
            continue
        if not support.squares:
            yield potential, bound
        else:
            found.append((potential, bound))
        if len(found) == _MOST:
            break
    yield from sorted(found, key=lambda one: one[0].size)


def _not_negative(expressions: Sequence[sp.Expr], setting: Setting) -> bool:
    region = setting.region
    return all(region.defined(x, p) and region.at(x, p) >= 0 for x in expressions for p in setting.points)


def _below_at(bound: Below, setting: Setting) -> bool:
    """Whether a bound holds at the points, as far as floating point sees."""
    region = setting.region
    for point in setting.points:
        if not all(region.defined(x, point) for x in (bound.factor, bound.ratio, *bound.left)):
            return False
        numbers = [float(region.at(x, point)) for x in bound.left]
        left = np.array(numbers).reshape(bound.left.shape)
        least = float(np.linalg.eigvalsh(left).min())
        if region.at(bound.ratio, point) ** 2 >= region.at(setting.square, point):
            return False
        if region.at(bound.factor, point) <= 0 or least < -1e-9 * max(1.0, float(np.abs(left).max())):
            return False
    return True


def _proofs(setting: Setting, potential: Potential, bound: Below) -> list[Finding]:
    steps = setting.steps
    now, after = (steps.potential(potential.P, potential.p, k) for k in (0, 1))
    left = [(weight, vector_of(steps, name)) for name, weight in potential.squares.items()]
    proofs = [
        *shown(setting, setting.square * now - after, steps.uses(potential.multipliers), left),
        *shown(setting, now - bound.factor * bound.vector(steps).norm2, steps.uses(bound.multipliers), []),
    ]
    entries = [*potential.P.values(), *potential.p]
    # A bound by the distance one step on speaks of h_1 as well, where a rate of 0 would say too much.
    wanted = [setting.square > 0, bound.factor > 0, setting.square > bound.ratio**2]
    wanted += [pole for x in entries for pole in poles(x)]
    return [*proofs, *implied(setting.hypotheses, wanted, setting.timeout)]


def shown(
    setting: Setting,
    claim: sp.Expr,
    uses: Sequence[tuple[sp.Expr, Any]],
    squares: Sequence[tuple[sp.Expr, Vector]],
) -> list[Finding]:
    """That a form is not negative, by an identity of polynomials: every denominator is multiplied out before.

    Args:
        setting: the method and what is assumed.
        claim: the form, in inner products and values.
        uses: class inequalities with their multipliers.
        squares: vectors with the weights of their squares.

    Returns:
        The proof that the form times a number is not negative; that this number, and those by which inequalities are
        multiplied, are positive; that the polynomials are the multiples.
    """
    steps, region, point = setting.steps, setting.region, setting.points[0]
    whole, scale = _cleared(claim, steps)
    parts = [(c, relation.lhs, *_cleared(relation.lhs, steps)) for c, relation in uses]
    weights = [factored(c / d) for c, *_, d in parts]
    vectors = [_whole(v) for _, v in squares]
    weights += [factored(w / d**2) for (w, _), (_, d) in zip(squares, vectors, strict=True)]
    denominators = [sp.denom(sp.together(w)) for w in weights]
    common = factored(sp.lcm_list([scale, *denominators]))
    signs = {d: 1 if region.at(d, point) > 0 else -1 for d in (common, *(d for *_, d in parts))}
    weights = [factored(w * common * signs[common]) for w in weights]
    made = [(w * signs[d], signs[d] * form >= 0) for w, (*_, form, d) in zip(weights, parts, strict=False)]
    finding = combine(
        setting.hypotheses,
        sp.expand(signs[common] * sp.cancel(common / scale) * whole) >= 0,
        made,
        steps.space,
        squares=[(w, v) for w, (v, _) in zip(weights[len(parts) :], vectors, strict=True)],
        timeout=setting.timeout,
    )
    if finding.proof is None:
        return [finding]
    identities = list(finding.proof.identities)
    for raw, form, d in [(claim, whole, scale), *((raw, form, d) for _, raw, form, d in parts)]:
        certificate = certify_identity(raw * d, form)  # what the kernel sees needs no computer algebra
        left = sp.Integer(0) if certificate else sp.expand(sp.cancel(sp.together(raw * d - form)))
        if left != 0:
            return [inconclusive(Method.SYMBOLIC, f"multiplying out the denominators of the form leaves {left}")]
        identities.append(Identity(f"the form times {d}", "0", certificate))
    proof = replace(finding.proof, identities=tuple(identities))
    scales = [d for d in dict.fromkeys((common, *(d for *_, d in parts))) if d.free_symbols]
    positive = [f for d in scales for f in _positive(setting, signs[d] * d)]
    return [replace(finding, proof=proof, certificate=None), *positive]


def _positive(setting: Setting, product: sp.Expr) -> list[Finding]:
    """That a product is positive: by the signs of its factors, which the kernel sees sooner, where each has one."""
    region, point = setting.region, setting.points[0]
    powers = sp.factor_list(product)[1]
    factors = [sp.Ne(x, 0) if k % 2 == 0 else (x if region.at(x, point) > 0 else -x) > 0 for x, k in powers]
    apart = implied(setting.hypotheses, factors, setting.timeout)
    if all(f.verdict is Verdict.PROVED for f in apart):
        known = [f for f in factors if f != sp.true]
        return [*apart, *([] if (product > 0) in known else implied(known, [product > 0], setting.timeout))]
    return implied(setting.hypotheses, [product > 0], setting.timeout)


def _cleared(expression: sp.Expr, steps: Steps) -> tuple[sp.Expr, sp.Expr]:
    """A form times the common denominator of its coefficients, a polynomial, and that denominator."""
    expanded = sp.expand(expression)
    symbols = sorted(expanded.atoms(Product), key=str) + [point.value for point in steps.run[0]]
    coefficients = [factored(expanded.coeff(s, 1)) for s in symbols]
    common = factored(sp.lcm_list([sp.denom(sp.together(c)) for c in coefficients]))
    return sp.Add(*(sp.expand(sp.cancel(c * common)) * s for c, s in zip(coefficients, symbols, strict=True))), common


def _whole(vector: Vector) -> tuple[Vector, sp.Expr]:
    """A vector times the common denominator of its coefficients, and that denominator."""
    common = sp.lcm_list([sp.denom(sp.together(c)) for c in vector.coefficients])
    return Vector(vector.space, tuple(sp.expand(sp.cancel(c * common)) for c in vector.coefficients)), common


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
