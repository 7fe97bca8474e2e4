"""What prove_rate has proved, as one finding: its words, its proof, and what that assumes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.engines.induction import together
from eqt_theory.engines.region import Region, sign_of
from eqt_theory.evidence.rate.question import IN_WORDS


@dataclass(frozen=True)
class Statement:
    """A rate for all parameters of a region.

    Args:
        rate: the factor per step.
        m: strong convexity.
        M: Lipschitz constant of the gradient.
        measure: "distance", "value" or "gradient".
        region: the symbols.
        over_the_run: whether a constant stands before the rate, as for methods with memory.
        assumed: what is assumed besides what the region says.
        skipped: the steps before the first one of which it speaks.
        through: a smaller rate with which it is shown; None where it is shown itself.
        provided: what it says of the method alone, in words.
    """

    rate: sp.Expr
    m: sp.Expr
    M: sp.Expr
    measure: str
    region: Region
    over_the_run: bool
    assumed: tuple[Boolean, ...]
    skipped: int
    through: sp.Expr | None = None
    provided: str = ""

    def __str__(self) -> str:
        what, region = IN_WORDS[self.measure], self.region
        after, before = (what.replace("_k", k) for k in ("_(k+1)", "_k"))
        how = f"{after} <= ({self.rate})^2 times {before} in every step, from every state"
        if self.over_the_run:  # the potential at the start is a quadratic form in h_0 - h* and first gradients
            first = what.replace("_k", "_0")
            first = f"({first})" if self.measure == "value" else first
            how = f"{what} <= C ({self.rate})^(2k) {first} with a C that depends on the parameters alone"
        given = ", ".join(map(str, [*region.given, *(sp.Eq(s, e) for s, e in region.tied.items())]))
        signs = ", ".join(f"{s} {sign_of(s)}" for s in region.symbols)
        said = (
            f"{how}, for every Phi with m = {self.m} and M = {self.M} that has a "
            f"minimum, in every dimension, for all {signs}"
        )
        said += f" with {given}" if given else ""
        said += f"; shown with the smaller rate {self.through}" if self.through is not None else ""
        said += f", {self.provided}" if self.provided else ""
        said += "; m < M is assumed" if self.assumed else ""
        return said + (f", from step {self.skipped} on" if self.skipped else "")

    def proved_by(self, findings: Sequence[Finding]) -> Finding:
        """PROVED, by all of these together; INCONCLUSIVE where one is not. The region says what they are given."""
        found = together({f"part {n}": finding for n, finding in enumerate(findings, 1)}, str(self))
        return replace(found, hypotheses=(), speaks_of=(), context=(), note="")
