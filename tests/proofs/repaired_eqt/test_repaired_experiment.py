"""The experiment on parity: its judgement, the record as one study, and what planted faults in the runs change."""

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import pytest

from eqt_theory import UsageError, Verdict
from eqt_theory.core.ledger import Ledger
from eqt_theory.core.verdict import Judgement
from eqt_theory.models.study.paired import difference
from eqt_theory.models.study.repaired import RepairArm, RepairRun


@pytest.fixture
def e(repaired_file: Callable[[str], ModuleType]) -> ModuleType:
    return repaired_file("experiment_parity")


def worse(run: RepairRun, by: int) -> RepairRun:
    """The run with fewer right predictions at its answer."""
    i = run.steps.index(run.answer)
    return dataclasses.replace(run, right=(*run.right[:i], run.right[i] - by, *run.right[i + 1 :]))


def test_judgement(repaired_ledger: Ledger):
    entry = repaired_ledger.entry("repair-on-parity")
    assert entry is not None and entry.judgement is Judgement.HOLDS


def test_exact_intervals_are_those_of_the_tables(e: ModuleType):
    runs, _ = e.record()
    for arm in e.MOVING:
        for control in RepairArm:
            values, gap = e.gaps(runs, arm, control), difference(runs, arm, control)
            assert gap is not None
            assert float(e.mean(values)) == pytest.approx(gap.mean)
            assert e.above_zero(values) == (gap.clear and gap.mean > 0)


def test_a_gain_that_is_not_there_is_refuted(e: ModuleType):
    runs, _ = e.record()
    assert e.helps(runs).verdict is Verdict.CERTIFIED
    lost = [worse(run, run.positions // 10) if run.arm is RepairArm.CAUSAL else run for run in runs]
    assert e.helps(lost).verdict is Verdict.REFUTED
    # One seed that gains much, the others nothing: the interval includes 0.
    first = min(run.seed for run in runs)
    base = {run.seed: run for run in runs if run.arm is RepairArm.FROZEN}
    lucky = [
        dataclasses.replace(base[run.seed], arm=run.arm) if run.arm is RepairArm.CAUSAL and run.seed != first else run
        for run in runs
    ]
    assert e.helps(lucky).verdict is Verdict.REFUTED


def test_a_scan_that_is_behind_is_refuted(e: ModuleType):
    runs, _ = e.record()
    assert e.as_good(runs).verdict is Verdict.CERTIFIED
    behind = [worse(run, run.positions // 10) if run.arm is RepairArm.SCAN else run for run in runs]
    assert e.as_good(behind).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    "change", [{"weight": 5.0}, {"key": "another"}, {"seed": 90}], ids=["lambda gamma", "settings", "a choosing seed"]
)
def test_a_record_that_is_not_one_study_is_refused(e: ModuleType, change: dict):
    runs, choice = e.record()
    causal = next(i for i, run in enumerate(runs) if run.arm is RepairArm.CAUSAL)
    mixed = [*runs[:causal], dataclasses.replace(runs[causal], **change), *runs[causal + 1 :]]
    with pytest.raises(UsageError):
        e.whole(mixed, choice)
    with pytest.raises(UsageError):
        e.whole(runs, None)
    few = [run for run in runs if run.seed < min(r.seed for r in runs) + 9]
    with pytest.raises(UsageError, match="at least 10 whole seeds"):
        e.whole(few, choice)


def test_a_run_made_again_must_be_near(e: ModuleType):
    runs, _ = e.record()
    old = next(run for run in runs if run.arm is RepairArm.CAUSAL)
    assert e.same(old, old).verdict is Verdict.SUPPORTED
    assert e.same(old, worse(old, old.positions // 20)).verdict is Verdict.INCONCLUSIVE
    assert e.same(old, dataclasses.replace(old, key="another")).verdict is Verdict.INCONCLUSIVE
    assert e.same(old, dataclasses.replace(old, losses=(2 * old.losses[0],))).verdict is Verdict.INCONCLUSIVE


def test_the_interval_in_fractions(e: ModuleType):
    third = Fraction(1, 3)
    assert e.above_zero([third, third, third])
    assert not e.above_zero([-third, -third, -third])
    # Mean 1, standard deviation 1: 4.303/sqrt 3 > 1.
    assert not e.above_zero([Fraction(0), Fraction(1), Fraction(2)])
    assert e.above_zero([Fraction(3), Fraction(4), Fraction(5)])
