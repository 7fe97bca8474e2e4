"""Certificates: found by linear programming, factorisation and case splits, then put to the kernel."""

from hashlib import sha256
from typing import Any

from eqt_theory.core.certificate import Certificate
from eqt_theory.engines.certificate.identity import certify_identity
from eqt_theory.engines.certificate.point import certify_point, point_of
from eqt_theory.engines.certificate.search import Search
from eqt_theory.engines.certificate.terms import Ring
from eqt_theory.engines.certificate.tree import Formula, write
from eqt_theory.engines.certificate.work import Exhausted, Work
from eqt_theory.kernel.smtlib import assertions

__all__ = ["Work", "certify_identity", "certify_point", "find_contradiction", "point_of"]


def find_contradiction(text: str, work: Work) -> Certificate | None:
    """A certificate that the assertions of a text cannot hold together.

    Args:
        text: SMT-LIB 2, as `prove` writes it.
        work: what may be spent.

    Returns:
        The certificate, accepted by the kernel; None where none was found.

    Raises:
        CertificateRejected: the kernel does not accept what was found: a bug here.
    """
    formulas, names = assertions(text)
    ring = Ring(tuple(sorted(names)))
    search = Search(ring, work)
    facts, opened = search.begin([_read(formula, ring) for formula in formulas])
    try:
        node = search.refute(facts, opened)
    except Exhausted:
        return None
    if node is None:
        return None
    proof = write(node, ring, [ref for ref, *_ in facts], [ref for ref, _ in opened])
    found = Certificate(
        {"kind": "contradiction", "text": text, "sha256": sha256(text.encode()).hexdigest(), "proof": proof}
    )
    assert found.shows
    return found


def _read(formula: Any, ring: Ring) -> Formula:
    kind, content = formula
    return kind, [_read(part, ring) for part in content] if kind in ("and", "or") else ring.read(content)
