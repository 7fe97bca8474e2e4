"""A call that has taken too long ends with how far it came; the clock is a false one, so that every run is the same."""

import itertools

import pytest

from eqt_theory import Finding, Method, Verdict
from eqt_theory.core import budget as room
from eqt_theory.core.budget import OverBudget, budget, budgeted, left, look, looked, remark, stage, tick, ticked


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A second passes whenever somebody looks."""
    seconds = itertools.count()
    monkeypatch.setattr(room.time, "monotonic", lambda: float(next(seconds)))


@budgeted
def check(pieces, *, seconds=None, progress=None, inside=None):
    stage("counting", pieces)
    for k in range(pieces):
        tick()
        remark("odd")
        if inside is not None and k == 1:
            inside()
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, "all", examples=pieces)


def test_a_check_ends_when_its_seconds_are_over_and_says_where():
    found = check(100, seconds=5)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.detail.startswith("not finished: the 5 s were over while counting, ")
    assert " of 100;" in found.detail
    assert found.note == "odd"


def test_without_a_limit_nothing_looks_at_the_clock(monkeypatch):
    assert check(100).verdict is Verdict.SUPPORTED
    assert check(100).note == "odd"  # once, however often it was said
    assert left() == float("inf")


def test_progress_is_told_in_words():
    lines = []
    check(9, progress=lines.append)
    assert any(line.startswith("counting, ") and " of 9, " in line for line in lines)


def test_no_except_on_the_way_keeps_it():
    def swallows():
        try:
            for _ in range(100):
                look()
        except Exception:
            pytest.fail("it was an Exception")

    assert check(100, seconds=20, inside=swallows).verdict is Verdict.INCONCLUSIVE


def test_the_outer_limit_holds_inside_and_is_not_taken_for_the_inner_one():
    def inner():
        assert check(1000, seconds=500).verdict is Verdict.SUPPORTED  # ends the outer check first

    found = check(100, seconds=30, inside=inner)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the 30 s were over while counting" in found.detail
    inside = []
    assert check(3, inside=lambda: inside.append(check(100, seconds=5))).verdict is Verdict.SUPPORTED
    assert inside[0].verdict is Verdict.INCONCLUSIVE


def test_outside_of_a_budget_all_of_it_does_nothing():
    stage("nothing")
    tick()
    remark("nothing")
    assert (ticked(1), looked(2)) == (1, 2)


def test_what_is_left_is_the_least_of_the_limits():
    with budget(100), budget(), budget(50):
        assert 0 < left() < 50
    with budget(1), pytest.raises(OverBudget, match="were over while beginning"):
        look()
        look()
    assert left() == float("inf")
