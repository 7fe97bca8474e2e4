"""`eqt-theory diagnose` of a coupled model: its certificate, and what was measured beside it."""

from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.cli.outputs import Outputs
from eqt_theory.core.plain_text import json_text


def shape_of(model: Any) -> Any:
    """The ModelConfig of a model, that of its backbone where it is coupled."""
    return getattr(model.config, "backbone", model.config)


def certificate_of(model: Any) -> Any:
    """The certificate of a coupled model; None for others."""
    return model.certificate() if hasattr(model, "certificate") else None


def is_game(model: Any) -> bool:
    """Whether the steps descend no one objective, so that there is no Hessian to measure."""
    certified = getattr(model.config, "coupling", None)
    return certified is not None and certified.name != "JOINT"


def beside_certificate(certified: Any, found: Any) -> tuple[list[str], dict[str, Any]]:
    """The certificate, and whether the measured spectra lie inside.

    Args:
        certified: a CoupledCertificate, of joint coupling.
        found: the Diagnosis.

    Returns:
        What to say, and the same as JSON values.
    """
    low = min(float(s.lambda_min.nan_to_num(float("inf")).min()) for s in (found.at_proposal, found.at_star))
    high = max(float(s.lambda_max.nan_to_num(0.0).max()) for s in (found.at_proposal, found.at_star))
    inside = float(certified.m) * (1 - 1e-9) <= low and high <= float(certified.M) * (1 + 1e-9)
    side = "inside" if inside else "OUTSIDE: the certificate or the measurement is wrong, please report it"
    lines = [str(certified), f"measured spectrum at f and h*: {low:.6g} to {high:.6g}, {side}"]
    return lines, {**certified.to_dict(), "measured": [low, high], "inside": inside}


def diagnose_game(checkpoint: Path, model: Any, tokens: int, length: int, seed: int, outputs: Outputs) -> int:
    """Measure a causal game on test sequences of the parity task and print it.

    Args:
        checkpoint: where the model lies.
        model: it.
        tokens: how many tokens, rounded up to whole sequences.
        length: of a sequence.
        seed: of the sequences.
        outputs: for `--json`.

    Returns:
        The exit status: 1 where a measurement contradicts the certificate, or a file could not be written.
    """
    from eqt_theory.models.measure_game import measure_game
    from eqt_theory.models.study.parity import parity_data

    outputs.begin("--json", json_text({"interrupted": True}))
    data = parity_data(-(-tokens // length), length, seed, test=True)
    found = measure_game(model.double(), data.bits, data.parities if shape_of(model).classes == 2 else None)
    console = make_console(stderr=outputs.takes_standard_output)
    table = Table(title=f"Refinement of {checkpoint.name or checkpoint}: {length} bits, seed {seed}, "
                        f"{found.positions:,} positions", title_justify="left", box=None)  # fmt: skip
    for name in ("K", "largest error left", "predictions changed", "accuracy in %"):
        table.add_column(name, justify="right")
    for i, k in enumerate(found.steps):
        accuracy = "-" if found.accuracy is None else f"{100 * found.accuracy[i]:.2f}"
        table.add_row(str(k), f"{found.errors[i]:.3g}", f"{found.changed[i]:,}", accuracy)
    console.print(table)
    console.print(Text(f"\ncertificate: {found.certificate}"), soft_wrap=True)
    side = "inside" if found.inside else "OUTSIDE: the certificate or the measurement is wrong, please report it"
    console.print(Text(f"worst single step measured: {found.worst_step:.6g}, {side}"), soft_wrap=True)
    values = {"checkpoint": str(checkpoint), "length": length, "seed": seed, **found.to_dict()}
    outputs.write("--json", lambda: json_text(values))
    for problem in outputs.problems:
        console.print(Text(f"problem: {problem}"), soft_wrap=True)
    return 1 if outputs.problems or not found.inside else 0
