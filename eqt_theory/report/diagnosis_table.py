"""The table of a diagnosis: its rows, for any form, and their form on a terminal."""

from typing import Any

from rich.table import Table

from eqt_theory.evidence.diagnosis.result import Diagnosis

HEADINGS = ("measured, in float64", "least", "median", "greatest", "share of tokens")
Row = tuple[str, str, str, str, str]
"""The quantity, then a cell for each other heading; empty where it has none, a dash where it is unknown."""


def diagnosis_rows(found: Diagnosis) -> list[list[Row]]:
    """Quantities as least, median and greatest over the tokens, and shares.

    Args:
        found: the diagnosis.

    Returns:
        The rows in groups; a name that begins with blanks belongs to the row above it.
    """
    summary = found.to_dict()
    groups = [*_spectra(summary), _distances(summary), _changes(found, summary)]
    return [*groups, _predictions(found, summary)] if "predictions" in summary else groups


def caption(found: Diagnosis) -> str:
    """What the shares are shares of."""
    known = int(found.found.sum())
    return (
        f"K = {found.steps}; {found.tokens:,} tokens; h* found for {known:,}, shares that need h* are shares of these"
    )


def diagnosis_table(found: Diagnosis, title: str = "Refinement, token by token") -> Table:
    """The table on a terminal. A dash: unknown.

    Args:
        found: the diagnosis.
        title: of the table.

    Returns:
        The table.
    """
    table = Table(title=title, title_justify="left", caption_justify="left", box=None, pad_edge=False,
                  padding=(0, 2, 0, 0), header_style="bold")  # fmt: skip
    table.add_column(HEADINGS[0])
    for name in HEADINGS[1:]:
        table.add_column(name, justify="right")
    for group in diagnosis_rows(found):
        for row in group:
            table.add_row(*row)
        table.add_section()
    table.caption = caption(found)
    return table


def _spread(name: str, values: dict[str, float] | None) -> Row:
    least, median, greatest = (f"{values[k]:.3g}" if values else "-" for k in ("least", "median", "greatest"))
    return name, least, median, greatest, ""


def _share(name: str, value: float | None) -> Row:
    return name, "", "", "", "-" if value is None else f"{100 * value:.3g} %"


def _limit(name: str, value: float | None) -> Row:
    return name, "no limit seen" if value is None else f"{value:.3g}", "", "", ""


def _spectra(summary: dict[str, Any]) -> list[list[Row]]:
    groups = []
    for place, key in (("f", "at_proposal"), ("h*", "at_equilibrium")):
        part = summary[key]
        groups.append(
            [
                _spread(f"smallest eigenvalue of Phi at {place}", part["lambda_min"]),
                _spread(f"largest eigenvalue of Phi at {place}", part["lambda_max"]),
                _share(f"strongly convex at {place}", part["strongly_convex"]),
                _share(f"step size above 2/M at {place}", part["step_above_2_over_M"]),
                _limit(f"largest safe step size at {place}", part["largest_safe_step"]),
                _limit(f"largest safe gamma at {place}", part["largest_safe_gamma"]),
            ]
        )
    return groups


def _distances(summary: dict[str, Any]) -> list[Row]:
    distance = summary["distance"]
    return [
        _spread("contraction per step, predicted at h*", summary["contraction"]["predicted"]),
        _spread("contraction per step, observed", summary["contraction"]["observed"]),
        _spread("|h_K - f|/|f|", distance["moved"]),
        _spread("|h* - f|/|f|", distance["equilibrium_away"]),
        _spread("way left, |h_K - h*|/|f - h*|", distance["way_left"]),
        _spread("|h_K - h*|", distance["error"]),
        _spread("  by the declared bound", distance["declared_bound"]),
        _spread("  by |grad Phi|/m, m seen at f and h*", distance["estimate"]),
        _share("  which was large enough on", distance["estimate_covers"]),
    ]


def _changes(found: Diagnosis, summary: dict[str, Any]) -> list[Row]:
    change = summary["relative_change"]
    return [
        _share(f"relative change below {found.threshold:g} within K steps", change["fired"] / found.tokens),
        _share("  of these within that of h*, too", change["right"]),
        _share("  of these at most a tenth of the way left", change["within_a_tenth_of_the_way"]),
        _spread("  way left when it appears", change["way_left_when_fired"]),
    ]


def _predictions(found: Diagnosis, summary: dict[str, Any]) -> list[Row]:
    predictions, boundary = summary["predictions"], summary["boundary"]
    rows = [_share("predictions that K steps change", predictions["changed"] / found.tokens)]
    if predictions["better"] is not None:
        rows.append(_share("  for the better", predictions["better"] / found.tokens))
        rows.append(_share("  for the worse", predictions["worse"] / found.tokens))
    measured = boundary["measured"]
    return [
        *rows,
        _share("predictions that differ at h*", predictions["changed_at_equilibrium"] / found.tokens),
        _spread("drive across the decision boundary", boundary["drive"]),
        _spread("barrier of the kink against it", boundary["barrier"]),
        _share("drive above the barrier", boundary["crossed"] / measured if measured else None),
    ]
