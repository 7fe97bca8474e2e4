"""What is asked about a traced method and a class of functions, and how answers become findings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import shown
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.decimals import lower, upper
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.rate.potential import Search
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.window import Window

Number = int | float | Fraction
IN_WORDS = {"distance": "|h_k - h*|^2", "value": "Phi(h_k) - Phi*", "gradient": "|grad Phi(h_k)|^2"}
"""What can be measured."""


@dataclass(frozen=True)
class Question:
    """What is asked about a traced method.

    Args:
        method: its recurrence.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        measure: "distance", "value" or "gradient".
        per_step: whether it must shrink in every single step, from every state.
    """

    method: Recurrence
    m: Fraction
    M: Fraction
    measure: str = "distance"
    per_step: bool = False

    @property
    def reported(self) -> int | None:
        """The query of a step that is made at h."""
        rows = zip(self.method.C, self.method.D, self.method.kinds, strict=True)
        same = (j for j, (c, d, kind) in enumerate(rows) if c == self.method.H[0] and not any(d) and kind == "smooth")
        return next(same, None)

    def apart(self) -> Iterator["Question"]:
        """The question itself; where m = M, of slightly larger classes: inequalities divide by M - m.

        A method without memory has a closed form on the narrowest; programs in doubles need some width.

        Yields:
            Classes with m < M, each of which contains that of the question.
        """
        if self.m < self.M:
            yield self
            return
        for bits in (44, 30) if self.method.states == 1 else (30, 24, 36, 44):
            yield replace(self, M=self.M * (1 + Fraction(1, 2**bits)))

    def searches(self) -> Iterator[Search]:
        """Where potentials are looked for, the simplest first."""
        plain = Search(
            Window(self.method, self.m, self.M, int(self.measure != "distance")), self.measure, self.reported, True
        )
        if self.per_step or self.method.states == 1:
            yield plain
        if not self.per_step:
            for length in (1, 2, 3):
                yield Search(Window(self.method, self.m, self.M, length), self.measure, self.reported)


def certified_finding(question: Question, rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """CERTIFIED, with the certificate of a rate."""
    constant = Fraction(certificate["constant"])
    skipped, mended = question.method.skipped, question.method.mended
    notes = [f"counted from step {skipped}"] if skipped else []
    if mended:
        notes.append(
            f"rounded parameters were moved by at most {float(mended):.2g}, so that h* is a fixed point exactly"
        )
    composite = "convex" in (*question.method.kinds, *question.method.opened)
    where = "every sum of a convex function and a smooth one" if composite else "every Phi"
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"{IN_WORDS[question.measure]} <= {upper(constant)} rate^(2k) times its first value, "
        f"rate = {upper(rate)}, on {where} with m = {_show(question.m)} and M = {_show(question.M)}, "
        "in every dimension",
        enclosures={"rate": rate, "constant": constant, "m": question.m, "M": question.M},
        certificate=Certificate(certificate),
        note="; ".join(notes),
    )


def slow_finding(question: Question, rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """REFUTED, by a quadratic."""
    curvature, reached = Fraction(certificate["curvature"]), Fraction(certificate["reached"])
    member = ReplayLine(f"the curvature {_show(curvature)} lies in [m, M]", True)
    line = ReplayLine("errors fall like rate^k", False, f"a root of modulus {lower(reached)} or more")
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"rate {_show(rate)} is below the truth: on the quadratic of curvature {_show(curvature)} errors change "
        f"by {lower(reached)} or more per step",
        witness={"eigenvalue": curvature, "rate": rate, "reached": reached},
        replay=Replay(Arithmetic.EXACT, (member,), (line,)),
        certificate=Certificate(certificate),
    )


def cycle_finding(rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """REFUTED, by a function on which the method goes round."""
    factor, period, before = Fraction(certificate["factor"]), certificate["period"], certificate["before"]
    member = ReplayLine("all points are interpolated by a function of the class", True)
    line = ReplayLine("errors fall like rate^k", False, f"h_(k+{period}) = {float(factor):.9g} h_k")
    what = f"{float(factor) ** (1 / period):.9g} per step"
    names = ("start", "gradients", "values")
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"rate {_show(rate)} is below the truth: on a function of the class, from its own start, the method goes "
        f"round with period {period} from step {before} on, by the factor {what}",
        witness={**{name: certificate[name] for name in names}, "period": period, "before": before, "factor": factor},
        replay=Replay(Arithmetic.EXACT, (member,), (line,)),
        certificate=Certificate(certificate),
    )


def exact_number(name: str, value: object) -> Fraction:
    """The fraction that a number is; raises UsageError where it is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise UsageError(f"{name} must be one number, finite, got {shown(value)}")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise UsageError(f"{name} must be one number, finite as a float too, got {shown(value)}")
    return Fraction(value)


def _show(value: Fraction) -> str:
    return str(value) if len(str(value)) < 24 else f"{float(value):.17g}"
