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

_FEW = 12
"""Queries in the steps that a potential looks back on, and one more, about; a step may have more by itself."""

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
    def period(self) -> int:
        """How many steps of the solver one step of the method is."""
        return self.method.period

    @property
    def unit(self) -> str:
        """What a step of the method is, in words."""
        return "per step" if self.period == 1 else f"per {self.period} steps"

    def each(self, rate: Fraction | float) -> float:
        """What a rate of the method comes to per step of the solver."""
        return float(rate) ** (1 / self.period)

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
            q = self.method.queries
            # A whole period of many queries has the room of a few steps in it.
            shortest = int(q <= _FEW // 2 or self.method.states == 1)
            for length in range(shortest, max(1 - int(2 * q > _FEW), min(3, _FEW // q - 1)) + 1):
                yield Search(Window(self.method, self.m, self.M, length), self.measure, self.reported)


def certified_finding(question: Question, rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """CERTIFIED, with the certificate of a rate: of what a step of the method does, a whole period where it has one."""
    p = question.period
    each = rate if p == 1 else root_up(rate, p)
    constant = Fraction(certificate["constant"])
    skipped, mended = question.method.skipped, question.method.mended
    notes = [f"counted from step {skipped}"] if skipped else []
    if mended:
        notes.append(
            f"rounded parameters were moved by at most {float(mended):.2g}, so that h* is a fixed point exactly"
        )
    over = {} if p == 1 else {"period": p, "rate_per_period": rate}
    composite = "convex" in (*question.method.kinds, *question.method.opened)
    where = "every sum of a convex function and a smooth one" if composite else "every Phi"
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"{IN_WORDS[question.measure]} <= {upper(constant)} rate^(2k) times its first value, "
        f"rate = {upper(each)}{_of_period(p)}, on {where} with m = {_show(question.m)} and M = {_show(question.M)}, "
        "in every dimension",
        enclosures={"rate": each, "constant": constant, "m": question.m, "M": question.M, **over},
        certificate=Certificate(certificate),
        note="; ".join(notes),
    )


def slow_finding(question: Question, rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """REFUTED, by a quadratic; the rate is of a step of the method, a whole period where it has one."""
    p = question.period
    rate, curvature = root_up(rate, p), Fraction(certificate["curvature"])
    reached = root_down(Fraction(certificate["reached"]), p)
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


def cycle_finding(question: Question, rate: Fraction, certificate: dict[str, Any]) -> Finding:
    """REFUTED, by a function on which the method goes round; the rate is of a step of the method."""
    p, factor = question.period, Fraction(certificate["factor"])
    rate, period, before = root_up(rate, p), p * certificate["period"], p * certificate["before"]
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


def _of_period(period: int) -> str:
    return "" if period == 1 else f" per step, for k = 0, {period}, {2 * period}, .. (steps repeat after {period})"


def root_up(x: Fraction, p: int) -> Fraction:
    """The p-th root of a number that is not negative, rounded up by 2^-60 of it at most; exact where it is rational."""
    if p == 1 or not x:
        return x
    exact = Fraction(_root(x.numerator, p), _root(x.denominator, p))
    if exact**p == x:
        return exact
    bits = 64 + max(0, (x.denominator.bit_length() - x.numerator.bit_length()) // p)
    return Fraction(_root((x.numerator << p * bits) // x.denominator, p) + 1, 1 << bits)


def root_down(x: Fraction, p: int) -> Fraction:
    """The same, rounded down."""
    up = root_up(x, p)
    return up if up**p == x else up - up / 2**50


def _root(x: int, p: int) -> int:
    """The whole part of the p-th root (Newton)."""
    if x < 2:
        return x
    r = 1 << -(-x.bit_length() // p)
    while (s := ((p - 1) * r + x // r ** (p - 1)) // p) < r:
        r = s
    return r


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
