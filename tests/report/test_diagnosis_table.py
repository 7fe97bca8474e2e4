import io

import torch
from rich.console import Console

from eqt_theory import FunctionEnergy, Objective, diagnose
from eqt_theory.report.diagnosis_table import diagnosis_table


def _printed(curvature: float, **options) -> list[str]:
    f = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    energy = FunctionEnergy(lambda h: curvature / 2 * h.square().sum(-1))
    found = diagnose(Objective(energy, f), 0.1, 4, **options)
    out = io.StringIO()
    Console(file=out, width=160).print(diagnosis_table(found))
    return out.getvalue().splitlines()


def _row(lines: list[str], name: str) -> list[str]:
    return next(line for line in lines if name in line).split(name)[1].split()


def test_the_numbers_of_a_known_refinement_are_in_the_table():
    lines = _printed(3.0)
    assert _row(lines, "smallest eigenvalue of Phi at h*") == ["4"] * 3
    assert _row(lines, "strongly convex at f") == ["100", "%"]
    assert _row(lines, "largest safe step size at h*") == ["0.5"]
    assert _row(lines, "largest safe gamma at h*") == ["no", "limit", "seen"]
    assert _row(lines, "contraction per step, observed") == ["0.6"] * 3
    assert "h* found for 2" in lines[-1]
    assert not any("predictions" in line for line in lines)


def test_what_is_unknown_is_a_dash():
    lines = _printed(-3.0, predict=lambda h: h)
    assert _row(lines, "smallest eigenvalue of Phi at h*") == ["-"] * 3
    assert _row(lines, "strongly convex at h*") == ["-"]
    assert _row(lines, "strongly convex at f") == ["0", "%"]
    assert "h* found for 0" in lines[-1]
    assert any("predictions that K steps change" in line for line in lines)
