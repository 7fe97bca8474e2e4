from collections.abc import Callable

import pytest


def _rows(out: str) -> dict[str, str]:
    """First cell -> second cell, the first time that the name occurs."""
    rows: dict[str, str] = {}
    for line in out.splitlines():
        cells = [cell.strip() for cell in line.split("   ") if cell.strip()]
        if len(cells) > 1:
            rows.setdefault(cells[0], cells[1])
    return rows


def _plan(cli: Callable, mu: object, lipschitz: object, gamma: object, *more: object):
    return cli("plan", "--mu", mu, "--lipschitz", lipschitz, "--gamma", gamma, *more)


def test_the_papers_own_example(cli: Callable):
    outcome = _plan(cli, 0.1, 10, 1, "--step-size", 0.1, "--epsilon", 1 / 35)
    assert (outcome.status, outcome.err) == (0, "")
    rows = _rows(outcome.out)
    assert (rows["m"], rows["M"], rows["condition number of Phi"]) == ("1.1", "11", "10")
    assert rows["stable steps"] == "(0, 0.181818)"
    assert rows["best step"] == "0.165289"
    assert rows["tight rate there"] == "0.818182"
    assert rows["tight rate"] == "0.89"
    assert rows["paper's stable steps"] == "(0, 0.18018)"
    assert rows["rate"] == "0.999802"
    assert "Eq. 27 asks for 17,955 steps where 31 suffice, 579 times as many" in outcome.out


def test_the_best_step_is_planned_unless_one_is_given(cli: Callable):
    rows = _rows(_plan(cli, 1, 3, 1).out)
    assert rows["planned step"] == rows["best step"] == "0.333333"


def test_a_step_outside_the_stable_range_never_arrives(cli: Callable):
    outcome = _plan(cli, 1, 3, 1, "--step-size", 0.5)
    assert outcome.status == 0
    assert "never" in outcome.out
    assert "outside the stable range (0, 0.5)" in outcome.out


def test_weak_convexity_and_none(cli: Callable):
    weak = _plan(cli, -0.5, 1, 1)
    assert weak.status == 0
    assert "does not apply" in weak.out
    assert "needs mu > 0" in weak.out
    none = _plan(cli, -2, 1, 1)
    assert none.status == 0
    assert "no guarantee is possible" in none.out
    assert "stable steps" not in none.out


def test_a_rate_that_rounds_to_one_is_told_from_one(cli: Callable):
    assert _rows(_plan(cli, "1e-10", 1, 10**8).out)["tight rate"] == "1 - 2e-08"
    assert _rows(_plan(cli, "1e-30", 1, "1e30").out)["tight rate"] == "below 1"


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((2, 1, 1), "mu must not exceed lipschitz"),
        ((1, 2, 0), "gamma must be positive"),
        ((1, 2, -1), "gamma must be positive"),
        (("nan", 2, 1), "mu must be finite"),
        ((1, "inf", 1), "lipschitz must be finite"),
        ((1, 2, 1, "--step-size", 0), "step_size must be positive"),
        ((1, 2, 1, "--epsilon", 1), "epsilon must lie strictly between 0 and 1"),
    ],
)
def test_impossible_numbers_are_one_line_and_status_2(cli: Callable, numbers: tuple, said: str):
    outcome = _plan(cli, *numbers)
    assert outcome.status == 2
    assert said in outcome.error


@pytest.mark.parametrize(
    "numbers",
    [
        ("1e-300", "1", "100", "5e-324"),
        ("1e-300", "1e300", "1e300", "1e-300"),
        ("5e-324", "5e-324", "1e308", "1"),
        ("0", "1e308", "1e-308", "5e-324"),
        ("-1e-300", "1", "1e308", "1e308"),
        ("1e308", "1e308", "5e-324", "1"),
    ],
)
def test_extreme_numbers_are_a_table_or_one_line(cli: Callable, numbers: tuple[str, ...]):
    names = ("--mu", "--lipschitz", "--gamma", "--step-size")
    outcome = cli("plan", *(part for pair in zip(names, numbers, strict=True) for part in pair))
    assert outcome.status in (0, 2) and "bug" not in outcome.err
    assert outcome.out if outcome.status == 0 else outcome.error
