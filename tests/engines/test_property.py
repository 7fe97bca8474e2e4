import os
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from eqt_theory.core.claim import Run
from eqt_theory.core.finding import Replay
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.property import property_check

integers = st.integers(0, 1000)
run = Run(seed=3, examples=60)


def below(limit: int):
    """The replay of `n < limit`."""

    def replay(n: int) -> Replay:
        return exact_replay([("n >= 0", n, ">=", 0)], [(f"n < {limit}", n, "<", limit)])

    return replay


def test_a_true_statement_is_supported_by_the_cases_tried():
    seen = []

    def violation(n: int) -> bool:
        seen.append(n)
        return n > 1000

    found = property_check(integers, violation, replay=below(1001), run=run)
    assert found.verdict is Verdict.SUPPORTED and found.method is Method.PROPERTY
    assert found.examples == len(seen) == 60


def test_a_false_statement_is_refuted_by_the_smallest_case():
    found = property_check(
        integers, lambda n: n >= 17, replay=below(17), run=run, describe=lambda n: {"n": n}, detail="n is small"
    )
    assert found.verdict is Verdict.REFUTED and found.witness == {"n": 17}
    assert found.replay is not None and found.replay.confirms
    assert found.detail == "n is small: fails at n = 17: n < 17 would say 17 < 17"


def test_a_violation_that_the_replay_does_not_confirm_is_inconclusive():
    """Planted fault: a violation with a wrong sign finds "counterexamples" to a true statement."""
    found = property_check(integers, lambda n: n < 1001, replay=below(1001), run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and "does not confirm" in found.detail
    assert found.witness is None


def test_a_replay_that_raises_is_inconclusive():
    def replay(n: int) -> Replay:
        raise ArithmeticError("no replay")

    found = property_check(integers, lambda n: True, replay=replay, run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and "no replay" in found.detail


@pytest.mark.parametrize("strategy", [integers, integers.filter(lambda n: n > 2000), st.nothing()])
def test_no_usable_case_is_no_support(strategy):
    found = property_check(strategy, lambda n: None, replay=below(0), run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and found.examples == 0


def test_no_case_asked_for_is_no_support():
    assert property_check(integers, lambda n: False, replay=below(0), run=run, examples=0).verdict is (
        Verdict.INCONCLUSIVE
    )


def test_unusable_cases_are_not_counted():
    seen = []

    def violation(n: int) -> bool | None:
        assume(n % 3 > 0)
        if n % 3 == 1:
            return None
        seen.append(n)
        return False

    found = property_check(integers, violation, replay=below(0), run=run)
    assert found.verdict is Verdict.SUPPORTED and found.examples == len(seen) > 0


def test_a_case_that_raises_is_inconclusive():
    def violation(n: int) -> bool:
        return bool(1 // (n % 2)) and False

    found = property_check(integers, violation, replay=below(0), run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and "ZeroDivisionError" in found.detail


def test_a_check_that_answers_differently_each_time_is_inconclusive():
    answers = iter([False, True] + [False] * 10**4)
    found = property_check(integers, lambda n: next(answers), replay=below(0), run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and "not deterministic" in found.detail


def test_the_seed_decides_the_cases():
    def drawn(seed: int) -> list[int]:
        seen: list[int] = []

        def violation(n: int) -> bool:
            seen.append(n)
            return False

        property_check(integers, violation, replay=below(0), run=Run(seed=seed, examples=20))
        return seen

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_check_that_violates_only_once_is_inconclusive_though_a_replay_would_confirm():
    first: list[int] = []

    def violation(n: int) -> bool | None:
        first.append(n)
        return len(first) == 9 or (None if len(first) > 9 else False)

    found = property_check(integers, violation, replay=below(0), run=run)
    assert found.verdict is Verdict.INCONCLUSIVE and found.witness is None


@pytest.mark.parametrize("other", [False, True])
def test_the_cases_depend_on_the_seed_alone_and_no_folder_is_written(tmp_path, other):
    """Hypothesis draws constants of loaded modules and notes them in a folder; here it must not."""
    (tmp_path / "mine.py").write_text("many = [" + ", ".join(map(str, range(500_000, 501_000))) + "]")
    script = f"""
import sys
{"import mine" if other else ""}
from hypothesis import strategies as st
from eqt_theory.core.claim import Run
from eqt_theory.engines.property import property_check
seen = []
numbers, run = st.integers(-10**6, 10**6), Run(seed=4, examples=200)
property_check(numbers, lambda n: seen.append(n) or False, replay=None, run=run)
print(seen)
"""
    path = os.pathsep.join([str(tmp_path), *sys.path])
    out = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    here: list[int] = []
    numbers = st.integers(-(10**6), 10**6)
    property_check(numbers, lambda n: here.append(n) or False, replay=below(0), run=Run(seed=4, examples=200))
    assert out.stdout.strip() == str(here)
    assert not (tmp_path / ".hypothesis").exists()


def test_a_check_inside_a_check():
    def violation(n: int) -> bool:
        inner = property_check(st.integers(0, 9), lambda m: m > 9, replay=below(10), run=Run(examples=3))
        return inner.verdict is not Verdict.SUPPORTED

    assert property_check(integers, violation, replay=below(0), run=Run(examples=3)).verdict is Verdict.SUPPORTED


def test_a_control_flow_exception_is_not_swallowed():
    def violation(n: int) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        property_check(integers, violation, replay=below(0), run=run)


def test_the_outer_hypothesis_keeps_its_constants():
    before = providers._get_local_constants, providers.CONSTANTS_CACHE
    property_check(integers, lambda n: 1 // 0, replay=below(0), run=run)
    assert before == (providers._get_local_constants, providers.CONSTANTS_CACHE)


def test_nothing_is_printed(capsys):
    property_check(integers, lambda n: n > 5, replay=below(6), run=run)
    assert capsys.readouterr() == ("", "")


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 900))
def test_it_runs_inside_another_hypothesis_test(limit):
    found = property_check(integers, lambda n: n >= limit, replay=below(limit), run=run)
    assert found.verdict is Verdict.REFUTED and found.witness == {"case": limit}


def test_fractions_are_shown_exactly():
    found = property_check(
        st.just(Fraction(1, 3)),
        lambda x: True,
        replay=lambda x: exact_replay([], [("x < 0", x, "<", 0)]),
        run=run,
        describe=lambda x: {"x": x},
    )
    assert found.witness == {"x": Fraction(1, 3)} and "x = 1/3" in found.detail
