"""Proofs in Gram symbols by multipliers: class inequalities, each times a factor, plus a positive semidefinite form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.certificate import Certificate
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, Identity
from eqt_theory.core.symbols import assumptions, declared, said
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.engines.gram.space import Product, Space, Vector, principal_minors
from eqt_theory.engines.rational import factored, factored_minors
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.attempt import EMPTY
from eqt_theory.engines.smt.prove import consistent
from eqt_theory.engines.smt.replay import holds_at
from eqt_theory.engines.smt.structure import owned, structure_of


@dataclass(frozen=True)
class Zero:
    """A vector that an inequality says is zero, so that its inner product with any other is.

    Args:
        vector: it.
        inequality: reads `-weight |vector|^2 >= 0`.
        times: the other vector.
        weight: a positive number.
    """

    vector: Vector
    inequality: Boolean
    times: Vector
    weight: sp.Rational | int = 1

    @property
    def product(self) -> sp.Expr:
        """The inner product, which is 0."""
        return self.vector @ self.times


def combine(
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    uses: Sequence[tuple[sp.Expr, Boolean]],
    space: Space,
    *,
    squares: Sequence[tuple[sp.Expr, Vector]] = (),
    zeros: Sequence[Zero] = (),
    timeout: float = 10,
    detail: str = "",
) -> Finding:
    """Prove `conclusion` as a nonnegative combination of class inequalities plus a positive semidefinite form.

    The multipliers are a certificate that anybody may have found in any way; everything about them is
    proved here: each is >= 0, function values cancel, and what is left is a number >= 0 and a form `tr(S G)` whose
    matrix S is positive semidefinite (every principal minor is >= 0). The finding holds the identity itself, too.

    Args:
        hypotheses: what is assumed of the parameters.
        conclusion: `left >= 0`, linear in function values and Gram symbols.
        uses: `(multiplier, inequality)` pairs; each inequality reads `left >= 0`.
        space: the vectors whose Gram symbols occur.
        squares: `(weight, vector)`: parts of the form that are known, each `weight |vector|^2` with a weight >= 0.
        zeros: products that are 0, which may be added with any factor.
        timeout: the budget of each prover for each obligation, as for `prove`.
        detail: what the statement says, for the finding.

    Returns:
        PROVED, its context the inequalities, or INCONCLUSIVE or REFUTED as `prove` says of the certificate; a failing
        certificate refutes the certificate, not the conclusion, and is reported as INCONCLUSIVE. An inequality
        that holds no inner product is a hypothesis like any other.

    Raises:
        UsageError: a relation does not read `left >= 0`, or holds products of another space; two symbols have one name;
            an inequality does not say that its vector is zero.
    """
    used = [*(inequality for _, inequality in uses), *dict.fromkeys(zero.inequality for zero in zeros)]
    for relation in (conclusion, *used):
        if structure_of(relation.free_symbols) not in (None, space):
            raise UsageError(f"expected products of {space}, got those of another space in {relation}")
    for vector in (*(vector for _, vector in squares), *(v for zero in zeros for v in (zero.vector, zero.times))):
        space.vectors[0]._same_space(vector)
    for zero in zeros:
        left = _left(zero.inequality) + zero.weight * zero.vector.norm2
        if not zero.weight > 0 or sp.simplify(sp.expand(left)) != 0:
            square = f"{zero.weight}*|{zero.vector}|^2"
            raise UsageError(f"expected an inequality that reads -{square} >= 0, got {zero.inequality}")
    every = [conclusion, *(x for use in uses for x in use), *hypotheses]  # what cancels is put to no prover
    declared(sorted({s for x in every for s in sp.sympify(x).free_symbols}, key=str))
    rest = _left(conclusion)
    for multiplier, inequality in uses:
        rest -= multiplier * _left(inequality)
    for weight, vector in squares:
        rest -= weight * vector.norm2
    for zero in zeros:
        rest -= zero.product
    rest = sp.expand(rest)
    matrix = sp.zeros(len(space.names), len(space.names))
    remainder = rest
    for i in range(len(space.names)):
        for j in range(i, len(space.names)):
            symbol = space.gram[i, j]
            if symbol.pair != (i, j):
                continue  # it stands elsewhere, too
            coefficient = rest.coeff(symbol, 1)
            remainder -= coefficient * symbol
            matrix[i, j] = matrix[j, i] = coefficient if i == j else coefficient / 2
    remainder = sp.simplify(sp.expand(remainder))
    nonnegative = [sp.sympify(multiplier) >= 0 for multiplier, _ in uses]
    nonnegative += [sp.sympify(weight) >= 0 for weight, _ in squares]
    live = [i for i in range(matrix.rows) if any(matrix.row(i))]
    part = matrix.extract(live, live)
    minors = [minor >= 0 for minor in factored_minors(part) or map(sp.factor, principal_minors(part))]
    known = sp.Add(
        *(a * _left(r) for a, r in uses),
        *(weight * vector.norm2 for weight, vector in squares),
        *(zero.product for zero in zeros),
    )
    form = _form(matrix, space)
    identity = sp.Add(known, remainder, form)
    cancels = [] if remainder == 0 else [sp.Ge(remainder, 0, evaluate=False)]  # where not, that is seen soonest
    wanted = [*cancels, *_denominators(_left(conclusion), identity), *nonnegative, *minors]
    open_ones = [relation for relation in wanted if relation != sp.true]
    plain = next((x for x, _ in (*uses, *squares)), sp.Integer(1))
    finding = prove(hypotheses, open_ones or sp.Ge(plain, 0, evaluate=False), timeout, detail=detail)
    finding = _with_members(finding, hypotheses, space.limits([*hypotheses, *used]), timeout)
    for zero in zeros:
        finding = _with_zero(finding, zero, timeout)
    if finding.proof is None:
        return finding if finding.witness is None else _not_a_certificate(finding)
    certificate = certify_identity(_left(conclusion), identity)
    if certificate is None:  # too long, perhaps: the form with one denominator is shorter
        identity = sp.Add(known, remainder, factored(form), evaluate=False)
        certificate = certify_identity(_left(conclusion), identity)
    return _with_uses(_with_identity(finding, _left(conclusion), identity, certificate), used)


def _with_members(
    finding: Finding, hypotheses: Sequence[Boolean], limits: Sequence[Boolean], timeout: float
) -> Finding:
    """The finding where the classes have members at some parameters as assumed; else that they have none."""
    point = (finding.proof.satisfied_at if finding.proof else None) or {}
    open_ones = [r for r in limits if r.free_symbols and not (r.free_symbols <= set(point) and holds_at(r, point))]
    if finding.proof is None or not open_ones or consistent([*hypotheses, *limits], timeout):
        return finding
    said = EMPTY + " and ".join(map(str, open_ones))
    return replace(finding, verdict=Verdict.INCONCLUSIVE, detail=said, proof=None, certificate=None)


def _with_zero(finding: Finding, zero: Zero, timeout: float) -> Finding:
    """The finding with what shows that a vector is zero: of any v, `-|v|^2 >= 0` says so by Cauchy's inequality."""
    if finding.proof is None:
        return finding
    v, u = Space(("v", "u")).vectors
    about = "the product of a vector of length 0 with any other is 0"
    shown = prove(-v.norm2 >= 0, sp.Eq(v @ u, 0), timeout, detail=about)
    if shown.proof is None:
        return shown
    factor = "" if zero.weight == 1 else f"{zero.weight}*"
    text = f"{zero.inequality} is -{factor}|{zero.vector}|^2 >= 0, so that {zero.vector} = 0"
    step = Identity(text, "0", certify_identity(_left(zero.inequality), -zero.weight * zero.vector.norm2))
    proof = finding.proof
    obligations = (*proof.obligations, *(o for o in shown.proof.obligations if o not in proof.obligations))
    identities = proof.identities if step in proof.identities else (*proof.identities, step)
    return replace(
        finding,
        obligations=obligations,
        proof=replace(proof, obligations=obligations, identities=identities),
        certificate=None,  # that of the proof, which has more steps
    )


def _with_uses(finding: Finding, uses: Sequence[Boolean]) -> Finding:
    """The finding with the inequalities in its context; what speaks of no vectors is a hypothesis like any other."""
    given = dict(zip(finding.hypotheses, finding.speaks_of, strict=True))
    context = dict.fromkeys(finding.context)
    for inequality in uses:
        if owned(inequality.free_symbols):
            context[said(inequality)] = None
        else:
            given[said(inequality)] = tuple(sorted(s.name for s in inequality.free_symbols))
    return replace(finding, hypotheses=tuple(given), speaks_of=tuple(given.values()), context=tuple(context))


def _denominators(*sides: sp.Expr) -> list[Boolean]:
    """That nothing is divided by 0, in what is not known to be no 0."""
    bases = {p.base for side in sides for p in side.atoms(sp.Pow) if p.exp.is_negative and not p.base.is_nonzero}
    return [sp.Ne(base, 0) for base in sorted(bases, key=sp.default_sort_key)]


def _with_identity(
    finding: Finding, conclusion: sp.Expr, identity: sp.Expr, certificate: Certificate | None
) -> Finding:
    """The finding with the identity of both sides, which the kernel sees, and with all that is assumed of symbols."""
    assert finding.proof is not None
    # what the kernel sees needs no computer algebra
    left = sp.Integer(0) if certificate else sp.expand(sp.cancel(sp.together(conclusion - identity)))
    text = "the conclusion is the sum of the inequalities, each times its multiplier, and of the squares"
    step = Identity(text, str(left), certificate)
    parameters = {s for s in conclusion.free_symbols | identity.free_symbols if not isinstance(s, Product)}
    return replace(
        finding,
        proof=replace(finding.proof, identities=(*finding.proof.identities, step)),
        certificate=None,  # that of the proof, which has one step more
        assumes={**finding.assumes, **{s.name: assumptions(s) for s in parameters}},
    )


def _form(matrix: sp.Matrix, space: Space) -> sp.Expr:
    """`tr(S G)`."""
    n = len(space.names)
    return sp.Add(*(matrix[i, j] * space.gram[i, j] for i in range(n) for j in range(n)))


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
