"""A gradient step, whose rate is known in closed form: its certificate at exactly the tight rate."""

from fractions import Fraction
from typing import Any

from eqt_theory.evidence.rate.potential import described
from eqt_theory.evidence.rate.realisation import Recurrence


def gradient_step(method: Recurrence, m: Fraction, M: Fraction, rate: Fraction) -> dict[str, Any] | None:
    """A certificate that every step brings h nearer by this rate; None unless the method is h - a grad Phi(h).

    With V = |h - h*|^2 and r = max(|1 - a m|, |1 - a M|), the inequalities between h and h*, both with multiplier
    2 a r, leave `(r^2 - rate^2) |h - h*|^2` and a square (Taylor, Hendrickx and Glineur 2018, Thm 2.1).

    Args:
        method: the recurrence.
        m: lower curvature.
        M: upper curvature, above m.
        rate: what is claimed; nothing below r is shown.

    Returns:
        The certificate.
    """
    a = step_length(method)
    if a is None:
        return None
    tight = max(abs(1 - a * m), abs(1 - a * M))
    if rate < tight:
        return None
    multiplier = str(2 * a * tight)
    return {
        "kind": "rate", "m": str(m), "M": str(M), "method": described(method), "measure": "distance",
        "rate": str(rate), "constant": "1", "window": 0, "P": [[0, 0, "1"]], "p": [], "reported": [], "first": [],
        "decrease": [[0, 1, multiplier], [1, 0, multiplier]], "positive": [], "initial": [],
    }  # fmt: skip


def tight_step(method: Recurrence, m: Fraction, M: Fraction) -> dict[str, Any] | None:
    """The same at the smallest rate there is."""
    a = step_length(method)
    return None if a is None else gradient_step(method, m, M, max(abs(1 - a * m), abs(1 - a * M)))


def step_length(method: Recurrence) -> Fraction | None:
    """a, where the method is h - a grad Phi(h) with a positive; else None."""
    one = [[Fraction(1)]]
    if (one, one, [[Fraction(0)]], one) != (method.A, method.C, method.D, method.H) or method.kinds != ("smooth",):
        return None
    if method.start != one or method.opening or method.skipped:
        return None
    a = -method.B[0][0]
    return a if a > 0 else None
