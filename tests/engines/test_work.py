"""Work of computer algebra: counted, and a task that spends it ends."""

import cProfile
import sys

import pytest

from eqt_theory.engines.work import WorkSpent, within


def climb(steps: int) -> int:
    return sum(abs(k) for k in range(steps))


def test_a_task_within_its_work_gives_its_result():
    assert within(10_000, lambda: climb(100)) == climb(100)


def test_a_task_that_spends_its_work_ends():
    with pytest.raises(WorkSpent):
        within(10_000, lambda: climb(10**9))


def test_a_task_that_keeps_every_exception_has_spent_its_work_all_the_same():
    def stubborn() -> int:
        try:
            return climb(10**9)
        except BaseException:
            return 0

    with pytest.raises(WorkSpent):
        within(10_000, stubborn)


def test_the_same_task_takes_the_same_work():
    least = next(work for work in range(200, 2000) if _suffices(work))
    assert all(_suffices(least) and not _suffices(least - 1) for _ in range(5))


def _suffices(work: int) -> bool:
    try:
        within(work, lambda: climb(100))
    except WorkSpent:
        return False
    return True


def test_errors_of_the_task_pass_and_the_profile_function_before_is_kept():
    def profile(frame: object, event: str, argument: object) -> None:
        return None

    sys.setprofile(profile)
    try:
        with pytest.raises(ZeroDivisionError):
            within(10_000, lambda: 1 // 0)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("work", [10_000, 200])
def test_it_runs_under_a_profiler_which_goes_on(work: int):
    with cProfile.Profile() as profiler:
        before = sys.getprofile()
        if work > 1000:
            assert within(work, lambda: climb(100)) == climb(100)
        else:
            with pytest.raises(WorkSpent):
                within(work, lambda: climb(10**6))
        assert sys.getprofile() is before
        climb(10)
    assert any("climb" in str(entry.code) for entry in profiler.getstats())
