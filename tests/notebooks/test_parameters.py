"""What moves the parameters of a notebook, on a planted one; test_notebooks.py does it with all."""

import pytest
from notebook_parameters import Declared, Notebook

PLANTED = """# %%
from eqt_theory.report.parameter import parameter

share = parameter("share", 0.5, 0.1, 0.9)
other = parameter("other", 1.0, 0.5, 2.0)

# %%
calls = []

# %%
x = 2 * share

# %%
first = x + 1
calls.append(first)

# %%
x = 7

# %%
assert {condition}
"""


@pytest.mark.parametrize(
    ("condition", "broken"),
    [("share < 1", []), ("share < 0.9", ["0.9"]), ("other > 0.5", ["0.5"]), ("first == 2 * share + 1 and x == 7", [])],
)
def test_a_value_at_which_a_notebook_breaks_is_found(condition: str, broken: list[str]):
    notebook = Notebook.run(PLANTED.replace("{condition}", condition))
    failed = []
    for parameter in notebook.parameters:
        for value in parameter.values:
            try:
                notebook.move(parameter.name, value)
            except AssertionError:
                failed.append(str(value))
        notebook.restore()
    assert failed == broken


def test_only_what_depends_on_a_parameter_runs_again():
    notebook = Notebook.run(PLANTED.replace("{condition}", "other > 0"))
    assert notebook.space["calls"] == [2.0]
    assert notebook.move("other", 2.0) == 1 and notebook.space["calls"] == [2.0]
    assert notebook.move("share", 0.9) == 2 and notebook.space["calls"] == [2.0, 2.8]


def test_both_ends_are_tried_and_the_middle_where_one_has_run():
    assert Declared("n", 3, 1, 9).values == [1, 9] and Declared("n", 1, 1, 9).values == [5, 9]
    assert Declared("n", 1, 0, 1).values == [0]
    assert Declared("share", 0.5, 0.0, 1.0).values == [0.0, 1.0]
