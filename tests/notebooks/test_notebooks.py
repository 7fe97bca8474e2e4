"""Every notebook executes and says what its committed form says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def build(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "build.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("name", [source.stem for source in SOURCES])
def test_the_committed_notebook_is_what_its_source_gives(name: str):
    done = build("--check", name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_notebook_has_text_a_figure_and_ends_in_assertions(source: Path):
    cells = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    last = [cell for cell in cells if cell["cell_type"] == "code"][-1]
    assert "assert " in "".join(last["source"])
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", []))


def test_there_are_notebooks_and_none_without_a_source():
    assert SOURCES
    assert {p.stem for p in FOLDER.glob("*.ipynb")} == {p.stem for p in SOURCES}


def test_a_stale_notebook_a_missing_one_and_a_failing_cell_are_noticed(tmp_path: Path):
    source = tmp_path / "01_planted.py"
    source.write_text("# %% [markdown]\n# # Planted\n\n# %%\nx = 2\nprint(x + 1)\n")
    assert build("--folder", tmp_path, "--check").returncode == 1
    assert build("--folder", tmp_path).returncode == 0
    built = json.loads(source.with_suffix(".ipynb").read_text("utf-8"))
    assert "".join(built["cells"][0]["source"]) == "# Planted"
    assert built["cells"][1]["outputs"][0]["text"] in ("3\n", ["3\n"])

    built["cells"][1]["outputs"][0]["text"] = ["4\n"]
    source.with_suffix(".ipynb").write_text(json.dumps(built), "utf-8")
    stale = build("--folder", tmp_path, "--check")
    assert stale.returncode == 1 and "-4" in stale.stdout and "+3" in stale.stdout

    source.write_text("# %%\nassert 1 == 2, 'planted'\n")
    failing = build("--folder", tmp_path)
    assert failing.returncode == 1 and "planted" in failing.stderr
