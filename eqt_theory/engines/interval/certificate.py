"""Certificates that inequalities hold on a box: the pieces into which it is cut, for the kernel to look at again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from eqt_theory.core.certificate import Certificate, collection
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval.boxes import Domain, Ranges
from eqt_theory.engines.interval.expression import cancelled
from eqt_theory.engines.interval.hessian import hessian_of
from eqt_theory.engines.interval.interval import precision
from eqt_theory.engines.interval.values import Value, rational
from eqt_theory.kernel.boxes import Terms, bound, halves
from eqt_theory.kernel.interval import Interval, down, up
from eqt_theory.kernel.reading import Rejected
from eqt_theory.kernel.smtlib import expression

_WORK = 60_000
"""Operations in all pieces together: about a second."""
_SERIES = 8
"""What exp or log costs, in other operations."""
_LARGEST = 3
"""Dimensions in which the principal minors of a Hessian are written out."""
_HIGHEST = 999
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_EXP = sp.Function("exp")  # SymPy's own would be put back together
_BY_EXP = {
    sp.tanh: lambda x: 1 - 2 / (_EXP(2 * x) + 1),
    sp.cosh: lambda x: (_EXP(x) + 1 / _EXP(x)) / 2,
    sp.sinh: lambda x: (_EXP(x) - 1 / _EXP(x)) / 2,
}


@dataclass(frozen=True)
class Carried:
    """What a finding about a box can carry; see `certify_boxes`.

    Args:
        certificate: accepted by the kernel; None where there is none.
        note: why there is none, for the finding.
    """

    certificate: Certificate | None
    note: str = ""

    def certified(self, detail: str, enclosures: Mapping[str, Any]) -> Finding:
        """The CERTIFIED finding of ball arithmetic that carries it.

        Args:
            detail: what it says.
            enclosures: exact values and enclosures.

        Returns:
            The finding.
        """
        return Finding(
            Verdict.CERTIFIED,
            Method.INTERVAL,
            detail,
            enclosures=enclosures,
            certificate=self.certificate,
            note=self.note,
        )


def carried_by(*parts: Carried) -> Carried:
    """What all of these show together; nothing where one of them shows nothing."""
    found = [part.certificate for part in parts if part.certificate is not None]
    if len(found) < len(parts):
        return Carried(None, next(part.note for part in parts if part.certificate is None))
    return Carried(collection(found))


def certify_boxes(relations: Sequence[Relational], ranges: Ranges, *, work: int = _WORK) -> Carried:
    """A certificate that inequalities hold at every point of a box.

    Args:
        relations: one or several with `<`, `<=`, `>`, `>=`, or `==` where both sides are the same rational number.
        ranges: `{symbol: (low, high)}`; empty for relations between numbers.
        work: operations that may be done in all pieces together.

    Returns:
        The certificate; none where the functions are not all made of polynomials, exp and log, where the pieces are too
        many, or where it is not so.
    """
    differences = [_differences(relation) for relation in relations]
    wanted = [side for sides in differences for side in sides]
    names = {symbol: f"x{i}" for i, symbol in enumerate(ranges)}
    names |= {s: s.name for s in ranges if _PLAIN.fullmatch(s.name) and s.name not in names.values()}
    known = set(names)
    strange = [] in differences or any(not d.free_symbols <= known for _, d in wanted)
    if not wanted or strange or len(set(names.values())) < len(names):
        return Carried(None, "not put to the kernel, which knows inequalities in the symbols of the box only")
    lost = list(dict.fromkeys(part for relation in relations for part in cancelled(relation)))
    parts = [_by_exp(part) for part in (*(d for _, d in wanted), *lost)]
    numbered = sp.numbered_symbols("t_", exclude=known, real=True)
    shared, terms = sp.cse(parts, symbols=numbered)
    shared += zip(numbered, terms[len(wanted) :], strict=False)  # what the kernel looks at has a value
    names |= {symbol: symbol.name for symbol, _ in shared}
    try:
        let = [[names[symbol], _term(part, names)] for symbol, part in shared]
        texts = [_term(term, names) for term in terms[: len(wanted)]]
    except (ValueError, RecursionError) as unknown:
        return Carried(None, f"not put to the kernel: {unknown}")
    with precision(128):
        sides = [[str(end) for end in side] for side in Domain.of(ranges).outer] if ranges else []
    box = dict(zip([names[symbol] for symbol in ranges], sides, strict=True))
    read = [(name, expression(text)) for name, text in let]
    shows = []
    for (relation, _), text in zip(wanted, texts, strict=True):
        cuts, work = _cuts([*read, ("", expression(text))], box, 1 if relation == ">" else 0, work)
        if cuts is None:
            return Carried(None, "not put to the kernel: it would need too many pieces")
        shows.append([relation, text, cuts])
    found = Certificate({"kind": "boxes", "box": box, "let": let, "shows": shows})
    return Carried(None, found.defect) if found.defect else Carried(found)


def certify_hessian(
    expr: sp.Expr, ranges: Ranges, *, mu: Value | None = None, lipschitz: Value | None = None, work: int = _WORK
) -> Carried:
    """A certificate that all eigenvalues of the Hessian lie in (mu, lipschitz) on a box, by its principal minors.

    Args:
        expr: composed of smooth functions.
        ranges: `{symbol: (low, high)}`, of at most three symbols.
        mu: lower bound, exact; None for none.
        lipschitz: upper bound, exact; None for none.
        work: as for `certify_boxes`.

    Returns:
        The certificate; none as there.
    """
    if len(ranges) > _LARGEST:
        return Carried(None, f"not put to the kernel: more than {_LARGEST} dimensions")
    exact = [(rational(b), sign) for b, sign in ((mu, 1), (lipschitz, -1)) if b is not None]
    if any(b is None for b, _ in exact):
        return Carried(None, "not put to the kernel: a bound is no rational number")
    hessian, eye = hessian_of(expr, list(ranges)), sp.eye(len(ranges))
    forms = [sign * (hessian - sp.Rational(b.numerator, b.denominator) * eye) for b, sign in exact if b is not None]
    minors = [_determinant(form[:k, :k]) for form in forms for k in range(1, len(ranges) + 1)]
    return certify_boxes([sp.Gt(minor, 0, evaluate=False) for minor in minors], ranges, work=work)


def _determinant(matrix: sp.Matrix) -> sp.Expr:
    """By the first row, with the entries as they stand."""
    if matrix.rows == 1:
        return matrix[0, 0]
    if matrix.rows == 2:
        return matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    parts = [(-1) ** j * matrix[0, j] * _determinant(matrix.minor_submatrix(0, j)) for j in range(matrix.rows)]
    return sp.Add(*parts)


def _differences(relation: Relational) -> list[tuple[str, sp.Expr]]:
    """What has to be positive, or nowhere negative; empty for what SymPy has decided by itself."""
    match relation:
        case sp.Eq():
            return [(">=", relation.lhs - relation.rhs), (">=", relation.rhs - relation.lhs)]
        case sp.Lt() | sp.Gt():
            return [(">", relation.gts - relation.lts)]
        case sp.Le() | sp.Ge():
            return [(">=", relation.gts - relation.lts)]
    return []


def _by_exp(expr: sp.Expr) -> sp.Expr:
    """The expression with exp for the functions that are made of it."""
    expr = expr.replace(lambda e: e.func in _BY_EXP, lambda e: _BY_EXP[e.func](*e.args))
    expr = expr.replace(lambda e: isinstance(e, sp.exp), lambda e: _EXP(e.args[0]))
    return expr.replace(
        lambda e: isinstance(e, sp.Pow) and not e.exp.is_Integer, lambda e: _EXP(e.exp * sp.log(e.base, evaluate=False))
    )


def _term(expr: sp.Expr, names: dict[sp.Symbol, str]) -> str:
    """The expression as the kernel reads it; raises ValueError for what it does not know."""
    match expr:
        case sp.Symbol():
            return names[expr]
        case sp.Rational():
            p, q = int(expr.p), int(expr.q)
            text = str(abs(p)) if q == 1 else f"{abs(p)}/{q}"
            return text if p >= 0 else f"(- {text})"
        case sp.Add():
            return f"(+ {' '.join(_term(part, names) for part in expr.args)})"
        case sp.Mul():
            above = [a for a in expr.args if not (isinstance(a, sp.Pow) and a.exp.is_negative)]
            below = [1 / a for a in expr.args if a not in above]
            if not below:
                return f"(* {' '.join(_term(part, names) for part in above)})"
            parts = [_term(sp.Mul(*group, evaluate=False), names) for group in (above, below)]
            return f"(/ {' '.join(parts)})"
        case sp.Pow() if expr.exp.is_Integer and abs(expr.exp) <= _HIGHEST:
            base, k = _term(expr.base, names), abs(int(expr.exp))
            text = base if k == 1 else f"(^ {base} {k})"
            return text if expr.exp > 0 else f"(/ 1 {text})"
    if expr.func == _EXP or isinstance(expr, sp.log):
        return f"({'log' if isinstance(expr, sp.log) else 'exp'} {_term(expr.args[0], names)})"
    raise ValueError(f"the kernel does not know {expr}")


def _cuts(terms: Terms, box: dict[str, list[str]], least: int, work: int) -> tuple[list[int] | None, int]:
    """The cuts that leave the term with its sign on each piece, None where they are too many; and the work left."""
    names = list(box)
    whole = [(down(*Fraction(a).as_integer_ratio()), up(*Fraction(b).as_integer_ratio())) for a, b in box.values()]
    cost = sum(_operations(term) for _, term in terms)
    cuts: list[int] = []
    todo: list[list[Interval]] = [whole]
    while todo:
        work -= cost
        if work < 0:
            return None, work
        piece = todo.pop()
        try:
            value, slopes = bound(terms, names, piece)
        except Rejected:
            value, slopes = least - 1, [(-1, 1)] * len(piece)
        if value >= least:
            cuts.append(0)
            continue
        reach = [max(abs(s[0]), abs(s[1])) * (b - a) for s, (a, b) in zip(slopes, piece, strict=True)]
        if not any(reach):
            return None, work
        side = reach.index(max(reach))
        cuts.append(side + 1)
        todo += reversed(halves(piece, side))
    return cuts, work


def _operations(term: object) -> int:
    if not isinstance(term, list):
        return 0
    return (_SERIES if term[0] in ("exp", "log") else 1) + sum(map(_operations, term[1:]))
