"""Parameters of a notebook: what lies in their range passes, all else is told."""

import pytest

from eqt_theory import UsageError
from eqt_theory.report.parameter import parameter, whole


def test_a_value_in_its_range_is_what_was_given():
    assert parameter("share", 0.5, 0.05, 0.95) == 0.5
    assert parameter("share", 0.05, 0.05, 0.95) == 0.05 and parameter("share", 0.95, 0.05, 0.95) == 0.95
    assert whole("dimension", 4, 1, 8) == 4 and isinstance(whole("dimension", 4, 1, 8), int)


@pytest.mark.parametrize("value", [1.0, 0.0, -3, float("nan"), float("inf"), "0.5", True, None])
def test_a_value_outside_is_told_with_its_name_and_its_range(value: object):
    with pytest.raises(UsageError, match=r"^share must .* 0\.05 (and|to) 0\.95, got "):
        parameter("share", value, 0.05, 0.95)  # type: ignore[type-var]


def test_the_reason_for_a_range_is_told():
    with pytest.raises(UsageError, match=r"got 1: at 1 the step is 2/M$"):
        parameter("share", 1.0, 0.05, 0.95, "at 1 the step is 2/M")


def test_what_counts_is_whole():
    with pytest.raises(UsageError, match=r"^dimension must be a whole number from 1 to 8, got 4$"):
        whole("dimension", 4.0, 1, 8)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^dimension must lie between 1 and 8, got 9$"):
        whole("dimension", 9, 1, 8)
