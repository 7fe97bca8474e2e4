"""The table of a diagnosis."""

from typing import Any

from rich.table import Table

from eqt_theory.evidence.diagnosis.result import Diagnosis


def diagnosis_table(found: Diagnosis, title: str = "Refinement, token by token") -> Table:
    """Quantities as least, median and greatest over the tokens, and shares. A dash: unknown.

    Args:
        found: the diagnosis.
        title: of the table.

    Returns:
        The table.
    """
    summary = found.to_dict()
    table = Table(title=title, title_justify="left", caption_justify="left", box=None, pad_edge=False,
                  padding=(0, 2, 0, 0), header_style="bold")  # fmt: skip
    table.add_column("measured, in float64")
    for name in ("least", "median", "greatest", "share of tokens"):
        table.add_column(name, justify="right")

    def spread(name: str, values: dict[str, float] | None) -> None:
        cells = [f"{values[key]:.3g}" for key in ("least", "median", "greatest")] if values else ["-"] * 3
        table.add_row(name, *cells, "")

    def share(name: str, value: float | None) -> None:
        table.add_row(name, "", "", "", "-" if value is None else f"{100 * value:.3g} %")

    def limit(name: str, value: float | None) -> None:
        table.add_row(name, "no limit seen" if value is None else f"{value:.3g}", "", "", "")

    for place, key in (("f", "at_proposal"), ("h*", "at_equilibrium")):
        part: dict[str, Any] = summary[key]
        spread(f"smallest eigenvalue of Phi at {place}", part["lambda_min"])
        spread(f"largest eigenvalue of Phi at {place}", part["lambda_max"])
        share(f"strongly convex at {place}", part["strongly_convex"])
        share(f"step size above 2/M at {place}", part["step_above_2_over_M"])
        limit(f"largest safe step size at {place}", part["largest_safe_step"])
        limit(f"largest safe gamma at {place}", part["largest_safe_gamma"])
        table.add_section()
    spread("contraction per step, predicted at h*", summary["contraction"]["predicted"])
    spread("contraction per step, observed", summary["contraction"]["observed"])
    distance = summary["distance"]
    spread("|h_K - f|/|f|", distance["moved"])
    spread("|h* - f|/|f|", distance["equilibrium_away"])
    spread("way left, |h_K - h*|/|f - h*|", distance["way_left"])
    spread("|h_K - h*|", distance["error"])
    spread("  by the declared bound", distance["declared_bound"])
    spread("  by |grad Phi|/m, m seen at f and h*", distance["estimate"])
    share("  which was large enough on", distance["estimate_covers"])
    table.add_section()
    change = summary["relative_change"]
    share(f"relative change below {found.threshold:g} within K steps", change["fired"] / found.tokens)
    share("  of these within that of h*, too", change["right"])
    share("  of these at most a tenth of the way left", change["within_a_tenth_of_the_way"])
    spread("  way left when it appears", change["way_left_when_fired"])
    if "predictions" in summary:
        table.add_section()
        predictions, boundary = summary["predictions"], summary["boundary"]
        share("predictions that K steps change", predictions["changed"] / found.tokens)
        if predictions["better"] is not None:
            share("  for the better", predictions["better"] / found.tokens)
            share("  for the worse", predictions["worse"] / found.tokens)
        share("predictions that differ at h*", predictions["changed_at_equilibrium"] / found.tokens)
        spread("drive across the decision boundary", boundary["drive"])
        spread("barrier of the kink against it", boundary["barrier"])
        measured = boundary["measured"]
        share("drive above the barrier", boundary["crossed"] / measured if measured else None)
    table.caption = (
        f"K = {found.steps}; {found.tokens:,} tokens; h* found for {summary['equilibria_found']:,}, shares that need "
        "h* are shares of these"
    )
    return table
