"""Tables and plots of costs and of stopping: cells that are known, the same bytes, what is refused."""

from pathlib import Path

import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.arm_cost import ArmCost
from eqt_theory.models.study.repaired import RepairArm
from eqt_theory.models.study.stopping import BY_STEPS, RULES, Course
from eqt_theory.report.study_cost import (
    arm_cost_rows,
    plot_arm_costs,
    plot_stopping,
    returns_rows,
    rule_rows,
    rule_words,
)

COSTS = [
    ArmCost(arm, length, steps, more * 1e3, more * 3e3, more * 1e-3, more * 4e-3)
    for length in (4, 8)
    for arm, steps, more in ((RepairArm.STANDARD, None, 2.0), (RepairArm.CAUSAL, 0, 2.0), (RepairArm.CAUSAL, 8, 3.0))
]


def course(last: float) -> Course:
    """One sequence that is right to an extent of `last` from step 2 on, of 8."""
    right = torch.full((9, 1), last).double()
    right[:2] = 0.25
    falling = 8 * 0.1 ** torch.arange(9).double().unsqueeze(-1)
    return Course(right, falling, falling, torch.ones(9, 1).double())


COURSES = {(RepairArm.CAUSAL, n): (course(0.75), course(1.0)) for n in (16, 32)}


def test_costs_beside_their_ratios() -> None:
    header, rows = arm_cost_rows(COSTS)
    assert len(rows) == 6 and all(len(row) == len(header) for row in rows)
    assert rows[2] == ["4", "causal", "8", "3.0", "1.50", "3.0", "1.50", "9.0", "1.50", "12.0", "1.50"]
    assert rows[0][:3] == ["4", "standard", ""] and {row[4] for row in rows[:2]} == {"1.00"}


def test_returns_and_rules() -> None:
    header, rows = returns_rows(COURSES)
    assert rows[0][:5] == ["causal", "16", "25.00", "25.00", "100.00"] and rows[0][-2:] == ["K = 2", "K = 2"]
    assert len(header) == len(rows[0]) and rows[0][2 + BY_STEPS.index(16)] == ""
    header, rows = rule_rows(COURSES, RULES)
    cells = {row[0]: row[1:] for row in rows}
    assert header[1:] == ["causal, length 16", "causal, length 32"]
    assert cells["K = 2"] == ["[2.0: 100.00]"] * 2 and cells["K = 0"] == ["0.0: 25.00"] * 2
    assert sum(cell.startswith("[") for row in rows for cell in row[1:]) == 2
    (said,) = rule_words(COURSES, RULES)
    assert "length 32: K = 2, 2.0 steps, 100.00 % (K = 8: 100.00 %)" in said


def test_plots_of_both_kinds_and_the_same_bytes(tmp_path: Path) -> None:
    for name, draw in (
        ("cost", lambda file: plot_arm_costs(COSTS, file)),
        ("stop", lambda file: plot_stopping(COURSES, RULES, file)),
    ):
        first = draw(tmp_path / f"{name}.svg").read_bytes()
        assert first == draw(tmp_path / f"{name}-again.svg").read_bytes()
        assert b"causal" in first and draw(tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        with pytest.raises(UsageError, match=r"an \.svg or \.png"):
            draw(tmp_path / "a.gif")
    with pytest.raises(UsageError, match="at least one cost"):
        plot_arm_costs([], tmp_path / "a.svg")
    with pytest.raises(UsageError, match="at least one course"):
        plot_stopping({}, RULES, tmp_path / "a.svg")
