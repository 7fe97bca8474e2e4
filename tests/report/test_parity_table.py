import io

import pytest
from rich.console import Console
from rich.table import Table

from eqt_theory.models.study.cost import Cost
from eqt_theory.models.study.returns import Returns
from eqt_theory.models.study.study import Arm, Run
from eqt_theory.report.parity_table import accuracy_table, cost_table, refinement_table, returns_table


def run(arm: Arm, seed: int, accuracy: float, length: int = 8, flips: int = 0) -> Run:
    return Run(
        "key", arm, length, seed, 9, (0.5,), (accuracy - 0.01, accuracy), (0, flips), 1600, (6, 8, 7), 1.0, "cpu"
    )


def study(seeds: int) -> list[Run]:
    shift = {Arm.STANDARD: 0.0, Arm.ZERO: 0.0, Arm.AUXILIARY: 0.02, Arm.EQUILIBRIUM: 0.03}
    return [run(arm, s, 0.8 + 0.01 * s + more, flips=7) for s in range(seeds) for arm, more in shift.items()]


def shown(table: Table) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    return console.file.getvalue()


def test_accuracy_with_paired_differences():
    text = shown(accuracy_table(study(3)))
    row = next(line for line in text.splitlines() if line.strip().startswith("8 "))
    assert row.split() == ["8", "3", "81.00", "(1.00)", "81.00", "(1.00)", "83.00", "(1.00)", "84.00", "(1.00)",
                           "+3.00", "+-", "0.00", "+2.00", "+-", "0.00", "+1.00", "+-", "0.00"]  # fmt: skip
    head = text.splitlines()[1].split("  ")
    assert [name.strip() for name in head if " - " in name] == ["EqT - standard", "aux - standard", "EqT - aux"]
    assert "over paired seeds" in text and "\n  mean" not in text


def test_the_last_row_is_the_mean_over_the_lengths():
    longer = [run(r.arm, r.seed, r.accuracy[-1] - 0.1 * (r.arm is Arm.EQUILIBRIUM), 16) for r in study(3)]
    row = next(line for line in shown(accuracy_table([*study(3), *longer])).splitlines() if line.startswith("  mean"))
    assert row.split() == ["mean", "-2.00", "+-", "0.00", "+2.00", "+-", "0.00", "-4.00", "+-", "0.00"]


def test_one_seed_says_what_its_error_is():
    text = shown(accuracy_table(study(1)))
    assert "+3.00 [+- 0.00]" in text and "one seed, standard error over test sequences only" in text
    assert "-" in shown(accuracy_table([run(Arm.STANDARD, 0, 0.8)]))


def test_refinement():
    text = shown(refinement_table(study(2), (0, 8)))
    row = next(line for line in text.splitlines() if line.strip().startswith("8 "))
    assert row.split() == ["8", "82.50", "83.50", "0,", "14", "3,200"]


def test_returns():
    text = shown(returns_table([Returns("K = 4", 4.0, 0.5, 3, 1000, 0.123, 0.5, 990)], "title"))
    assert "K = 4" in text and "50.00" in text and "0.12" in text
    assert "1,000 tokens" in text and "for 990" in text


def test_costs_are_compared_at_their_own_length():
    costs = [
        Cost("standard", 16, 0, 1e6, 3e6, 0.001, 0.003, 1.0, 1.0),
        Cost("last layer", 16, 8, 2e6, 9e6, 0.004, 0.006, 1.2, 4.2),
        Cost("standard", 32, 0, 4e6, 9e6, 0.002, 0.003, 1.0, 1.0),
    ]
    text = shown(cost_table(costs, "title"))
    row = next(line for line in text.splitlines() if "last layer" in line)
    assert row.split()[3:] == ["8", "2", "2.00", "4.0", "4.00", "9", "3.00", "6.0", "2.00", "1.20", "4.20"]
    with pytest.raises(AssertionError):
        cost_table(costs[1:], "title")
