import inspect

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.core.renamed import renamed


@renamed(old="new", first="second")
def both(new: int, second: int = 2) -> tuple[int, int]:
    return new, second


def test_a_former_name_works_and_warns_of_the_line_that_uses_it():
    with pytest.warns(DeprecationWarning, match="both: 'old' is the former name of 'new'") as caught:
        assert both(old=3) == (3, 2)
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="'second'"):
        assert both(1, first=5) == (1, 5)


def test_the_name_of_today_does_not_warn():
    assert both(3) == both(new=3) == (3, 2)


def test_two_values_for_one_argument():
    for call in (lambda: both(1, old=2), lambda: both(new=1, old=2)):
        with pytest.raises(UsageError, match="got both"):
            call()


def test_only_the_names_of_today_are_shown():
    assert list(inspect.signature(both).parameters) == ["new", "second"]
