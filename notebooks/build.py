"""Builds each executed notebook from its percent-format source, or checks that the committed one is up to date.

    python notebooks/build.py [NAME ...] [--check] [--folder DIR]

A source is plain Python: `# %%` begins a cell of code, `# %% [markdown]` one of text, whose lines begin with `# `.
`# %% fold` begins a cell of code that is folded away (plotting), `# %% solution` one that is folded with what it gives.
Without names, every `NN_name.py` of the folder is taken. --check writes nothing, prints what differs and exits with 1.
"""

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# jsonschema would build 39 parsers of links with this, over a second in each process; no notebook has links checked.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from warm import Warm

from eqt_theory.core.files import write_text
from eqt_theory.report.sliders import STILL

_MARK = re.compile(r"^# %%(?P<text> \[markdown\])?(?: (?P<tag>fold|solution))?[ \t]*$", re.MULTILINE)
_FOLDED = {
    "fold": {"jupyter": {"source_hidden": True}, "tags": ["fold"]},
    "solution": {"jupyter": {"source_hidden": True, "outputs_hidden": True}, "tags": ["solution"]},
}
_SECONDS = 120
_SETTINGS = {
    STILL: "1",
    "OMP_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
_FOUND = re.compile(r"(<details><summary>[^<]*</summary>).*?(</details>)", re.DOTALL)
_PICTURES = ("image/png", "image/svg+xml")


def parse(source: str) -> NotebookNode:
    """The notebook of a percent-format source, not yet executed."""
    marks = list(_MARK.finditer(source))
    if not marks or source[: marks[0].start()].strip():
        raise SystemExit("a source must begin with `# %%` or `# %% [markdown]`")
    cells = []
    for i, mark in enumerate(marks):
        end = marks[i + 1].start() if i + 1 < len(marks) else len(source)
        body = source[mark.end() : end].strip("\n")
        if mark["text"]:
            bare = "\n".join(re.sub(r"^# ?", "", line) for line in body.splitlines())
            cells.append(new_markdown_cell(bare, id=f"cell-{i:02}"))
        else:
            cells.append(new_code_cell(body, id=f"cell-{i:02}", metadata=_FOLDED.get(mark["tag"], {})))
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return notebook


@cache
def warmed() -> Warm:
    """The process that all notebooks of this one are run from."""
    return Warm(_SETTINGS)


class _Kernel(AsyncKernelManager):
    """A kernel that is a fork of the warm process."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        return warmed().command(self.connection_file)


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run every cell in a fresh kernel and keep only what the next run would show again."""
    # Else what a kernel sends in two parts, as it may whenever a fifth of a second is over, would be two outputs.
    one = {"coalesce_streams": True, "record_timing": False}
    NotebookClient(notebook, timeout=_SECONDS, kernel_manager_class=_Kernel, **one).execute()
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if len(data) > 1:  # beside a picture or a table, the plain repr says little and may hold a time
                data.pop("text/plain", None)
    return notebook


def text(notebook: NotebookNode) -> list[str]:
    """Everything in a notebook but its pictures and folded proofs, line by line.

    A proof begins with a search in floating point: another machine may find other multipliers, as good ones.
    """
    lines = []
    for cell in notebook.cells:
        tags = "".join(f", {tag}" for tag in cell.metadata.get("tags", []))
        lines += [f"[{cell.id}: {cell.cell_type}{tags}]", *cell.source.splitlines()]
        for output in cell.get("outputs", []):
            lines += [f"[{cell.id}: {output.output_type}]", *output.get("text", "").splitlines()]
            for kind, value in sorted(output.get("data", {}).items()):
                lines += [f"[{kind}]", *([] if kind in _PICTURES else _FOUND.sub(r"\1\2", value).splitlines())]
    return lines


def differences(source: Path, now: NotebookNode | None = None) -> list[str]:
    """How the committed notebook differs from what its source gives now; nothing when it is up to date."""
    built = source.with_suffix(".ipynb")
    if not built.is_file():
        return [f"{built.name} is missing"]
    committed = text(nbformat.read(built, as_version=4))
    return list(difflib.unified_diff(committed, text(now or run(source)), "committed", "now", lineterm="", n=1))


def run(source: Path) -> NotebookNode:
    """Parse and execute a source; a cell that fails ends the program with its traceback."""
    try:
        return execute(parse(source.read_text("utf-8")))
    except CellExecutionError as error:
        raise SystemExit(f"{source.name}: {error}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit status says whether all is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="sources without their ending; default: all")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    given = parser.parse_args(arguments)
    sources = sorted(p for p in given.folder.glob("[0-9][0-9]_*.py") if not given.names or p.stem in given.names)
    if not sources or len(sources) < len(set(given.names)):
        parser.error(f"no such source in the folder: {' '.join(given.names) or 'it is empty'}")
    stale = 0
    for source in sources:
        if given.check:
            found = differences(source)
            stale += bool(found)
            print("\n".join([f"{source.stem}: {'stale' if found else 'up to date'}", *found[:60]]))
        else:
            write_text(source.with_suffix(".ipynb"), nbformat.writes(run(source)) + "\n")
            print(f"{source.stem}: built")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
