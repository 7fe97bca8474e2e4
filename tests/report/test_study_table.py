"""Tables of the study: a row for each arm that was run, numbers as they are, Markdown of the same cells."""

import dataclasses

from eqt_theory.models.study.repaired import RepairArm, RepairRun
from eqt_theory.report.study_table import accuracy_rows, position_rows, score_rows, study_markdown, study_table


def run(arm: RepairArm, seed: int, right: int) -> RepairRun:
    refines = arm is RepairArm.CAUSAL
    steps, counts = ((0, 8, 128), (10, right, right)) if refines else ((0,), (right,))
    first = 10 if refines else right
    return RepairRun(
        "key", "parity", arm, seed, 16.0 if refines else 0.0, 1234, (0.5,), steps, 8 if refines else 0, 100, counts,
        ((right - 20, 20), (first - 5, 5)), 50, {4: tuple(c // 2 for c in counts)}, 25, 100, 1.0,
    )  # fmt: skip


RUNS = [run(RepairArm.STANDARD, s, 60) for s in range(3)] + [run(RepairArm.CAUSAL, s, 80) for s in range(3)]


def test_arms_and_numbers() -> None:
    header, rows = accuracy_rows(RUNS)
    assert [row[0] for row in rows] == ["standard", "causal"]
    causal = dict(zip(header, rows[1], strict=True))
    assert causal["weights"] == "1,234" and causal["lambda gamma"] == "16" and causal["seeds"] == "3"
    assert (causal["K = 0"], causal["K = 8"], causal["K = 16"]) == ("10.00", "80.00", "")
    assert causal["length 4"] == "40.00" and causal["less standard"] == "+20.00 [20.00, 20.00]"
    assert dict(zip(header, rows[0], strict=True))["less standard"] == ""


def test_positions() -> None:
    header, rows = position_rows(RUNS)
    assert header == ["arm", "position 1", "position 2"]
    assert rows == [
        ["standard", "80.00", "40.00"], ["causal", "120.00", "40.00"], ["causal, K = 0", "10.00", "10.00"]
    ]  # fmt: skip


def test_markdown_and_console_have_the_same_cells() -> None:
    header, rows = accuracy_rows(RUNS)
    text = study_markdown(header, rows)
    assert text.splitlines()[0].count("|") == len(header) + 1 == text.splitlines()[3].count("|")
    assert len(study_table("title", header, rows).rows) == 2


def test_scores_and_peers() -> None:
    scored = [dataclasses.replace(each, scores=(3.0,) if len(each.steps) == 1 else (4.0, 2.5, 2.75)) for each in RUNS]
    header, rows = score_rows("bits per byte", scored, {"counts": 2.0})
    standard, causal, counts = (dict(zip(header, row, strict=True)) for row in rows)
    assert standard["K = 0"] == "3.0000" and standard["less standard, bits per byte"] == ""
    assert (causal["K = 0"], causal["K = 8"], causal["K = 16"], causal["K = 128"]) == ("4.0000", "2.5000", "", "2.7500")
    assert causal["less standard, bits per byte"] == "-0.5000 [-0.5000, -0.5000]"
    assert counts["arm"] == "counts" and counts["K = 0"] == "2.0000" and counts["seeds"] == ""
