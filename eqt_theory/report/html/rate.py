"""The page of a rate: the recurrence that was found, the potential and multipliers, or the function that refutes it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from eqt_theory.core.finding import Finding
from eqt_theory.report.html.figures import picture
from eqt_theory.report.html.pages import Page

if TYPE_CHECKING:
    from eqt_theory.evidence.rate.realisation import Recurrence

_FOOT = {
    "decrease": "The potential shrinks: rate^2 V_k - V_(k+1) is the sum of these inequalities and a form >= 0.",
    "positive": "What is measured is not above the potential.",
    "initial": "At the start the potential is not above the constant times what is measured.",
}


def rate_page(
    finding: Finding,
    recurrence: "Recurrence | None",
    subject: str,
    *,
    curve: tuple[Sequence[float], Sequence[float]] | None = None,
    again: Sequence[str] = (),
) -> Page:
    """A page for what `certify_rate` found.

    Args:
        finding: CERTIFIED, REFUTED or INCONCLUSIVE.
        recurrence: of the solver, as traced; None where it cannot be.
        subject: the solver, in a few words.
        curve: condition numbers and certified rates of the same solver.
        again: commands that find or check it again.

    Returns:
        The page, with figures of the worst function where there is one, and of the rates.
    """
    certificate = finding.certificate
    data: dict[str, Any] = {} if certificate is None else dict(certificate.data)
    values = {
        "finding": finding,
        "subject": subject,
        "recurrence": [] if recurrence is None else str(recurrence).splitlines(),
        "shows": "" if certificate is None else certificate.shows,
        "kind": "" if certificate is None else certificate.kind,
        "potential": _potential(data, recurrence) if recurrence and data.get("kind") == "rate" else [],
        "multipliers": _multipliers(data, recurrence) if recurrence and data.get("kind") == "rate" else [],
        "pictures": _pictures(finding, subject, curve),
        "commands": list(again),
    }
    return Page("rate.html", "Rate", "rate.html.j2", values)


def _names(recurrence: "Recurrence", window: int, opening: bool) -> list[str]:
    """What the points of a certificate are called: the minimum, queries of init, queries of the steps."""
    first = [f"v{i}" for i in range(len(recurrence.opened))] if opening else []
    steps = [f"y{j} of step k{f'+{t}' if t else ''}" for t in range(window) for j in range(recurrence.queries)]
    return ["h*", *first, *steps]


def _potential(data: dict[str, Any], recurrence: "Recurrence") -> list[tuple[str, str]]:
    """The terms of V_k, each with its coefficient."""
    s, q = recurrence.states, recurrence.queries
    names = [f"x{i}" for i in range(s)] + [_at(f"u{j % q}", j // q) for j in range(q * data["window"])]
    terms = [
        (f"|{names[i]}|^2" if i == j else f"2 <{names[i]}, {names[j]}>", _number(x))
        for i, j, x in data["P"]
        if Fraction(x)
    ]
    return terms + [
        (f"Phi({_at(f'y{j % q}', j // q)}) - Phi*", _number(x)) for j, x in enumerate(data["p"]) if Fraction(x)
    ]


def _multipliers(data: dict[str, Any], recurrence: "Recurrence") -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """For each part of the certificate: its name, what it says, and the inequalities with their multipliers."""
    window = data["window"]
    points = {
        "decrease": _names(recurrence, window + 1, False),
        "positive": _names(recurrence, max(1, window), False),
        "initial": _names(recurrence, max(1, window), True),
    }
    return [
        (part, _FOOT[part], [(points[part][i], points[part][j], _number(x)) for i, j, x in data[part]])
        for part in ("decrease", "positive", "initial")
    ]


def _at(name: str, step: int) -> str:
    return f"{name}[k+{step}]" if step else name


def _number(text: str) -> str:
    value = Fraction(text)
    return str(value) if len(str(value)) < 12 else f"{float(value):.8g}"


def _pictures(finding: Finding, subject: str, curve: tuple[Sequence[float], Sequence[float]] | None) -> list[Any]:
    # Only now: these load Matplotlib.
    from eqt_theory.evidence.rate.interpolant import interpolant
    from eqt_theory.report.plots.worst_function import rates_against_kappa, worst_function

    drawn = []
    certificate = finding.certificate
    if certificate is not None and certificate.kind in ("cycle", "worst function"):
        caption = (
            "The function that refutes the claim, in the plane that holds most of the run: level lines, the minimum "
            "h*, and the states h_0, h_1, ... of the method from its own start. Its values at these points are exact; "
            "between them it is the interpolant of the class."
        )
        drawn.append(picture("function", caption, worst_function(interpolant(certificate))))
    if curve is not None and any(rate == rate for rate in curve[1]):  # some are not nan
        caption = (
            "Certified rates of this solver, its parameters as they are, on classes of the same M, beside the curves "
            "of known methods tuned for each class. Higher is faster; a gap is a class without a rate below 1."
        )
        drawn.append(picture("rates", caption, rates_against_kappa(curve[0], {"this solver": curve[1]}, "this solver")))
    return drawn
