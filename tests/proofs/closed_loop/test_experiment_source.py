"""The recorded parity study: its judgement, its place in the README, and planted faults."""

import json
import math
import statistics
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from eqt_theory import UsageError, Verdict
from eqt_theory.core.verdict import Judgement
from eqt_theory.models.study.comparison import difference, of_arm, overall_difference
from eqt_theory.models.study.study import MINIATURE_LENGTHS, Arm, miniature_settings, read_runs


def test_judgement(ledger_of):
    ledger = ledger_of("experiment_source")
    assert ledger.entry("table-2-refinement-small-scale").judgement is Judgement.NOT_CHECKABLE
    assert ledger.problems() == []


@pytest.fixture
def source(claims_file):
    return claims_file("experiment_source")


@pytest.fixture
def study(source):
    """Runs whose right predictions of 1,000 are given for each arm, seed by seed."""

    def made(standard, auxiliary, equilibrium, zero=None, flips=0):
        columns = {"standard": standard, "zero": zero or standard, "auxiliary": auxiliary, "equilibrium": equilibrium}
        return source.checked(
            [
                source.Line("k", arm, 8, seed, 9, 0.5, (right / 1000,) * 4, (0, 0, 0, flips), 1000, right)
                for arm, column in columns.items()
                for seed, right in enumerate(column)
            ],
            lengths=(8,),
            seeds=range(5),
        )

    return made


BASE = [700, 710, 690, 705, 695]


def shifted(*by: int) -> list[int]:
    return [base + more for base, more in zip(BASE, by, strict=True)]


def test_the_record_is_that_of_the_study_of_today(source):
    runs = read_runs(source.RECORD)
    assert sum(run.positions for run in runs if run.arm is Arm.EQUILIBRIUM) == 1024 * 120 * len(source.SEEDS)
    assert (MINIATURE_LENGTHS, miniature_settings().steps) == (source.LENGTHS, source.STEPS)
    assert {run.key for run in runs} == {miniature_settings().key}
    assert {run.device for run in runs} == {"cpu"}


def test_the_sums_agree_with_those_of_the_library(source):
    runs, record = read_runs(source.RECORD), source.record()
    for first, second in (("equilibrium", "standard"), ("auxiliary", "standard"), ("equilibrium", "auxiliary")):
        theirs = overall_difference(runs, Arm[first.upper()], Arm[second.upper()], source.lengths(record))
        low, high = source.interval(source.averaged(record, first, second))
        assert (low + high) / 2 == pytest.approx(theirs.mean, abs=1e-12)
        assert (high - low) / 2 == pytest.approx(theirs.half_width, rel=1e-3)


def test_the_interval_is_students(source):
    values = [Fraction(k, 10) for k in (1, 2, 3, 4, 10)]
    error = statistics.stdev(map(float, values)) / math.sqrt(5)
    low, high = source.interval(values)
    assert (low, high) == (pytest.approx(0.4 - 2.7764 * error, abs=1e-4), pytest.approx(0.4 + 2.7764 * error, abs=1e-4))


def test_a_prediction_that_moves_is_not_inert(source, study):
    assert source.inert(study(BASE, BASE, BASE)).verdict is Verdict.SUPPORTED
    assert source.inert(study(BASE, BASE, BASE, flips=1)).verdict is Verdict.INCONCLUSIVE


def test_gains_beyond_chance_and_within_it(source, study):
    clear, noisy = shifted(9, 10, 11, 10, 10), shifted(30, -25, 20, -20, 10)
    for column, is_above in ((clear, True), (noisy, False), (shifted(-9, -10, -11, -10, -9), False)):
        runs = study(BASE, column, column)
        assert (source.above(runs, "equilibrium", "standard").verdict is Verdict.SUPPORTED) == is_above
    assert source.undecided(study(BASE, noisy, BASE), "auxiliary", "standard").verdict is Verdict.SUPPORTED
    for decided in (clear, shifted(-9, -10, -11, -10, -9)):
        found = source.undecided(study(BASE, decided, BASE), "auxiliary", "standard")
        assert found.verdict is Verdict.INCONCLUSIVE and "contradicted by the record" in found.detail


def test_signs_that_agree_and_signs_that_do_not(source, study):
    assert source.either(study(BASE, BASE, shifted(1, -1, 2, 3, 4)), "equilibrium", "auxiliary").verdict is (
        Verdict.SUPPORTED
    )
    for same in (shifted(1, 1, 2, 3, 4), shifted(-1, -1, -2, -3, -4), BASE):
        assert source.either(study(BASE, BASE, same), "equilibrium", "auxiliary").verdict is Verdict.INCONCLUSIVE


def test_rounding_is_measured_against_the_gain(source, study):
    gain = shifted(5, 5, 5, 5, 5)
    assert source.rounding(study(BASE, BASE, gain, zero=shifted(0, 0, -6, 0, 0))).verdict is Verdict.SUPPORTED
    assert source.rounding(study(BASE, BASE, gain, zero=shifted(0, 0, 5, 0, 0))).verdict is Verdict.INCONCLUSIVE


def test_columns_without_a_gain_fit_only_one_explanation(source, study):
    assert source.fit_both(study(BASE, BASE, shifted(5, 5, 5, 5, 5))).verdict is Verdict.CERTIFIED
    assert source.fit_both(study(BASE, shifted(5, 5, 5, 5, 5), BASE)).verdict is Verdict.INCONCLUSIVE


def test_a_damaged_record_is_refused(source, tmp_path, monkeypatch):
    texts = source.RECORD.read_text("utf-8").splitlines()
    assert len(source.checked([source.read(text) for text in texts])) == len(texts)

    def changed(index: int, **values: object) -> list[str]:
        return [*texts[:index], json.dumps({**json.loads(texts[index]), **values}), *texts[index + 1 :]]

    first = json.loads(texts[0])
    one_less = [first["correct"][0] - 1, *first["correct"][1:]]
    accuracies = [json.loads(texts[3])["accuracy"][0] - 0.01, *json.loads(texts[3])["accuracy"][1:]]
    for lines, said in (
        (texts[1:], "each of"),
        ([*texts, texts[0]], "each of"),
        ([t for t in texts if json.loads(t)["seed"] < 2], "each of"),
        (changed(0, key="other"), "different settings"),
        (changed(0, correct=one_less), "right predictions"),
        (changed(3, accuracy=accuracies), "than it flips"),
    ):
        with pytest.raises(UsageError, match=said):
            source.checked([source.read(text) for text in lines])
        file = tmp_path / "record.jsonl"
        file.write_text("\n".join(lines), "utf-8")
        monkeypatch.setattr(source, "RECORD", file)
        with pytest.raises(UsageError, match=said):
            source.steps_at_test_change_no_prediction()


def test_a_stale_record_is_noticed(source):
    runs = source.record()
    old = runs["equilibrium", 8, 0]
    assert source.remade(runs, [old]).verdict is Verdict.SUPPORTED
    assert source.remade(runs, []).verdict is Verdict.INCONCLUSIVE
    for change in (
        {"key": "other"},
        {"parameters": old.parameters + 1},
        {"first_loss": old.first_loss * 1.02},
        {"correct": old.correct - old.positions // 50},
        {"seed": 99},
    ):
        found = source.remade(runs, [replace(old, **change)])
        assert found.verdict is Verdict.INCONCLUSIVE and "eqt-theory parity" in found.detail


def _readme_table(runs: list) -> str:
    """The table of the README, from the runs."""

    def mean_and_sd(arm: Arm, length: int) -> str:
        values = [100 * run.accuracy[-1] for run in of_arm(runs, arm, length)]
        return f"{statistics.fmean(values):.2f} ({statistics.stdev(values):.2f})"

    def gap(found) -> str:
        return f"{100 * found.mean:+.2f} ± {100 * found.error:.2f}{' *' if found.clear else ''}"

    compared = [
        (Arm.EQUILIBRIUM, Arm.STANDARD), (Arm.AUXILIARY, Arm.STANDARD), (Arm.EQUILIBRIUM, Arm.AUXILIARY)
    ]  # fmt: skip
    rows = [
        [str(n), *(mean_and_sd(arm, n) for arm in Arm), *(gap(difference(runs, a, b, n)) for a, b in compared)]
        for n in MINIATURE_LENGTHS
    ]
    overall = [gap(overall_difference(runs, a, b, MINIATURE_LENGTHS)) for a, b in compared]
    rows.append(["mean", "", "", "", "", *overall])
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |").replace("|  |", "| |") for row in rows)


def test_the_table_in_the_readme_is_that_of_the_record(source):
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    assert _readme_table(read_runs(source.RECORD)) in readme
    assert f"{source.COMMAND} " in readme


def test_the_record_prints_without_training_anything(source, cli, tmp_path):
    (tmp_path / "runs.jsonl").write_bytes(source.RECORD.read_bytes())
    outcome = cli("parity", "--seeds", len(source.SEEDS), "--folder", tmp_path)
    assert outcome.status == 0 and (tmp_path / "runs.jsonl").read_bytes() == source.RECORD.read_bytes()
    assert f"changed none of {1024 * 120 * len(source.SEEDS):,} predictions" in " ".join(outcome.out.split())
