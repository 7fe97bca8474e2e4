"""A true statement, proved by an identity."""

from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding, Identity, Proof
from eqt_theory.core.verdict import Method, Verdict

claim = Claim(
    id="square-of-a-sum",
    title="binomial rule",
    source="Lemma 1",
    statement="(a + b)^2 = a^2 + 2 a b + b^2 for all real a and b.",
)


@claim.shows("all real a and b")
def expand() -> Finding:
    """Coefficients of a^2, ab, b^2 on the left minus those on the right."""
    left = (1, 1 + 1, 1)
    residual = sum(abs(x - y) for x, y in zip(left, (1, 2, 1), strict=True))
    proof = Proof(identities=(Identity("(a + b)^2 - a^2 - 2 a b - b^2 = 0", str(residual)),))
    return Finding(Verdict.PROVED, Method.SYMBOLIC, "both sides expand to the same polynomial", proof=proof)
