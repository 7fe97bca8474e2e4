"""Every notebook executes and says what its committed form says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import build
import pytest
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from notebook_parameters import AFTER, BEFORE, HIDDEN

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def run_and_moved(source: str) -> NotebookNode:
    """The executed notebook, whose parameters, if it has any, have then been moved in its kernel."""
    notebook = build.parse(source)
    if re.search(r"= (parameter|whole)\(", source):
        before = BEFORE.format(folder=str(FOLDER.parent / "tests"), source=source)
        notebook.cells = [new_code_cell(before), *notebook.cells, new_code_cell(AFTER)]
    build.execute(notebook)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(HIDDEN)]
    return notebook


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_committed_notebook_is_what_its_source_gives_and_its_parameters_can_be_moved(source: Path):
    """One test, since the moves begin where the kernel is after the run."""
    notebook = run_and_moved(source.read_text("utf-8"))
    found = build.differences(source, notebook)
    assert not found, "\n".join(found[:60])


MOVED = """# %%
import warnings
from eqt_theory.report.parameter import parameter
share = parameter("share", 0.5, 0.1, 0.9)

# %%
{line}
"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("assert share < 0.9", "share = 0.9"),
        ("if share < 0.2: warnings.warn('low')", "share = 0.1"),
        ("pass", "nothing depends on share"),
    ],
)
def test_a_parameter_that_cannot_be_moved_is_found_in_the_kernel(line: str, said: str):
    build.execute(build.parse(MOVED.replace("{line}", line)))
    with pytest.raises(CellExecutionError, match=said):
        run_and_moved(MOVED.replace("{line}", line))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_has_text_a_figure_and_ends_in_assertions(source: Path):
    cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    last = [cell for cell in cells if cell["cell_type"] == "code"][-1]
    assert "assert " in "".join(last["source"])
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", []))


def texts(source: Path) -> str:
    cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


HEADER = ("**You need:**", "**Time:**", "**Neighbours:**", "**Notation:**", "**Terms:**")
MARK = re.compile(
    r"\*(proved|certified|refuted|measured|shown) (here|in claim)|\bin claim\b|\*(proved|cited|remark)\b", re.I
)


def unmarked(text: str) -> list[str]:
    """What a notebook says in the end without saying how it is known."""
    listed = text.partition("## What stands\n\n")[2].partition("\n\n")[0]
    assert listed.startswith("- ")
    points = [" ".join(point.split()) for point in re.split(r"^- ", listed, flags=re.MULTILINE)[1:]]
    return [point for point in points if not MARK.search(point)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_says_what_it_needs_how_it_knows_and_where_it_has_it_from(source: Path):
    text = texts(source)
    header = text.partition("\n\n##")[0]
    assert not [part for part in HEADER if part not in header]
    assert unmarked(text) == []
    assert re.search(r"(doi:|arXiv:)\S", text.rpartition("Sources")[2]), "no bibliography with identifiers at the end"


def test_a_statement_without_a_mark_is_found():
    said = "## What stands\n\n- Known (*proved here*).\n- Not\n  known.\n- In claim [a](b).\n\nNext: (*cited*)"
    assert unmarked(said) == ["Not known."]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_three_to_five_exercises_each_with_a_solution_that_asserts_something(source: Path):
    tasks = re.findall(r"^\*\*([0-9])\. ", texts(source).partition("## Exercises")[2], re.MULTILINE)
    assert 3 <= len(tasks) <= 5 and tasks == [str(i + 1) for i in range(len(tasks))]
    cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    solutions = ["".join(cell["source"]) for cell in cells if "solution" in cell["metadata"].get("tags", [])]
    assert [code[:4] for code in solutions] == [f"# {task}." for task in tasks]
    assert all("assert " in code for code in solutions)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_code_that_plots_is_folded_away_and_short(source: Path):
    cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    plotting = [c for c in cells if c["cell_type"] == "code" and "panel." in "".join(c["source"])]
    assert all("fold" in cell["metadata"].get("tags", []) for cell in plotting)
    assert sum(len("".join(cell["source"]).splitlines()) for cell in plotting) <= 75


def test_sliders_are_where_a_picture_answers():
    moved = [source.stem[:2] for source in SOURCES if "\nsliders(" in source.read_text("utf-8")]
    assert len(moved) >= 6
    for source in SOURCES:  # and what is committed is the still picture
        cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
        answers = [c["outputs"] for c in cells if "\nsliders(" in "".join(c["source"])]
        assert all(len(found) == 1 and "image/png" in found[0]["data"] for found in answers)


LONG = re.compile(r"\d\.\d{7,}|\.\d+e-1\d")
"""Numbers whose last digits, or which as a whole, hang on the machine that rounds."""


def shown(notebook: Path) -> str:
    outputs = [o for cell in json.loads(notebook.read_text("utf-8"))["cells"] for o in cell.get("outputs", [])]
    texts = [
        [*o.get("text", []), *(line for k, v in o.get("data", {}).items() if "image" not in k for line in v)]
        for o in outputs
    ]
    return "\n".join("".join(lines) for lines in texts)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_what_is_shown_does_not_hang_on_the_machine(source: Path):
    assert not LONG.findall(shown(source.with_suffix(".ipynb")))


def test_digits_of_rounding_are_found(tmp_path: Path):
    notebook = tmp_path / "planted.ipynb"
    for text, long in (("0.87500000012", True), ("1.9e-16", True), ("0.874999 and 1e-9, 61572651164197/7", False)):
        notebook.write_text(
            json.dumps({"cells": [{"outputs": [{"data": {"text/html": [text], "image/png": "1.2345678"}}]}]})
        )
        assert bool(LONG.findall(shown(notebook))) is long


def test_there_are_notebooks_and_none_without_a_source():
    assert SOURCES
    assert {p.stem for p in FOLDER.glob("*.ipynb")} == {p.stem for p in SOURCES}


PLANTED = """# %% [markdown]
# # Planted

# %%
import time
print(2 + 1, end="", flush=True)
time.sleep(0.1)
print()
"""


def test_a_stale_notebook_a_missing_one_and_a_failing_cell_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture):
    source = tmp_path / "01_planted.py"
    source.write_text(PLANTED)
    folder = ["--folder", str(tmp_path)]
    assert build.main([*folder, "--check"]) == 1
    assert build.main(folder) == 0
    built = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))
    assert "".join(built["cells"][0]["source"]) == "# Planted"
    assert [output["text"] for output in built["cells"][1]["outputs"]] == [["3\n"]], "sent in two parts, shown as one"

    built["cells"][1]["outputs"][0]["text"] = ["4\n"]
    source.with_suffix(".ipynb").write_text(json.dumps(built), "utf-8")
    capsys.readouterr()
    assert build.main([*folder, "--check"]) == 1
    stale = capsys.readouterr().out
    assert "-4" in stale and "+3" in stale

    source.write_text("# %%\nassert 1 == 2, 'planted'\n")
    with pytest.raises(SystemExit, match="planted"):
        build.main(folder)


def test_the_exit_status_of_the_command_says_what_was_found(tmp_path: Path):
    (tmp_path / "01_planted.py").write_text("# %%\n")
    command = [sys.executable, str(FOLDER / "build.py"), "--check", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and done.stdout == "01_planted: stale\n01_planted.ipynb is missing\n", done.stderr


LEAVING = """# %%
import builtins, os, torch
builtins.planted = os.environ["PLANTED"] = "left behind"
torch.manual_seed(5)
"""
LOOKING = """# %%
import builtins, os, torch
assert not hasattr(builtins, "planted") and "PLANTED" not in os.environ and torch.initial_seed() != 5
"""


def test_a_notebook_knows_nothing_of_the_one_before_it(tmp_path: Path):
    (tmp_path / "01_leaving.py").write_text(LEAVING)
    (tmp_path / "02_looking.py").write_text(LOOKING)
    assert build.main(["--folder", str(tmp_path)]) == 0


def test_a_kernel_that_dies_fails_its_notebook(tmp_path: Path):
    (tmp_path / "01_dying.py").write_text("# %%\nimport os\nos._exit(0)\n")
    with pytest.raises(DeadKernelError):
        build.main(["--folder", str(tmp_path)])


def test_kernels_end_with_their_owner():
    warm = build.Warm({})
    with subprocess.Popen(warm.command("no-such-file"), stderr=subprocess.PIPE) as kernel:
        warm.close()
        kernel.wait(30)


def test_nothing_else_runs_in_the_process_that_is_forked():
    tasks = Path(f"/proc/{build.warmed().process}/task")
    if not tasks.is_dir():
        pytest.skip("this system does not list the threads of a process")
    assert len(list(tasks.iterdir())) == 1
