"""The page of a diagnosis: what the refinement of a trained model does, in plain words, numbers and figures."""

from collections.abc import Sequence

from eqt_theory.evidence.diagnosis.result import Behaviour, Diagnosis
from eqt_theory.report.diagnosis_table import HEADINGS, caption, diagnosis_rows
from eqt_theory.report.html.figures import picture
from eqt_theory.report.html.pages import Page
from eqt_theory.report.plots.diagnosis import diagnosis_changes, diagnosis_errors, diagnosis_spectra

_FIGURES = (
    (
        "spectra",
        "Extreme eigenvalues of the Hessian of Phi, token by token and sorted, at the proposal and at the equilibrium. "
        "Left of zero Phi is not convex there.",
        diagnosis_spectra,
    ),
    (
        "errors",
        "Distance to the equilibrium per step, relative to the start. What is left at K is what refinement leaves "
        "undone.",
        diagnosis_errors,
    ),
    (
        "changes",
        "One point for each token and step: left of the line the stopping rule stops; high up, most of the way is "
        "still left.",
        diagnosis_changes,
    ),
)


def diagnosis_page(found: Diagnosis, subject: str, about: str = "", again: Sequence[str] = ()) -> Page:
    """A page for a diagnosis.

    Args:
        found: the diagnosis.
        subject: what was diagnosed, in a few words.
        about: on which states.
        again: commands that measure it again.

    Returns:
        The page; without a known way to h* it has the spectra alone.
    """
    drawn = _FIGURES if bool(found.usable.any()) else _FIGURES[:1]
    counts = {behaviour: found.behaviour.count(behaviour) for behaviour in Behaviour}
    values = {
        "found": found,
        "subject": subject,
        "about": about,
        "commands": list(again),
        "behaviours": [
            (behaviour.name.lower(), behaviour.value, number) for behaviour, number in counts.items() if number
        ],
        "overall": found.overall.name.lower(),
        "pictures": [picture(name, text, draw(found)) for name, text, draw in drawn],
        "headings": HEADINGS,
        "groups": diagnosis_rows(found),
        "caption": caption(found),
    }
    return Page("diagnosis.html", "Diagnosis", "diagnosis.html.j2", values)
