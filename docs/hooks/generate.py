"""Pages that follow from the code: the reference, the command line, the judgements on record; and the notebooks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from pages import MODULES, PAGES, Page, contents
from study_page import study_page

import eqt_theory
from eqt_theory.cli.app import app
from eqt_theory.core.folder import default_folders
from eqt_theory.core.outline import outline_texts
from eqt_theory.report.markdown import judgement_table

ROOT = Path(__file__).parents[2]
STUDIES = ROOT / "proofs" / "repaired_eqt" / "data"

_JUDGEMENTS = """# The judgements

What is on record of every statement of the paper, and of those about its repair (`repaired_eqt:`). A judgement is
derived from findings, never written down; the record is what the last full run found, and `eqt-theory verify` holds
every new run against it. `eqt-theory show CLAIM` prints a statement with all its evidence, `eqt-theory verify --html
DIR` writes a page for each.

"""


@event_priority(100)  # before the plugin that renders notebooks looks at the files
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that have no file in docs/."""
    for page, text in _generated():
        files.append(File.generated(config, page, content=text))
    # Its links to notebooks are to pages that the notebooks' plugin has still to make.
    map_ = (ROOT / "notebooks" / "README.md").read_text("utf-8")
    files.append(File.generated(config, "notebooks/README.md", content=map_))
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        files.append(File(f"notebooks/{notebook.name}", str(ROOT), config.site_dir, config.use_directory_urls))
    return files


def _generated() -> Iterator[tuple[str, str]]:
    inside = contents(eqt_theory._HOME)
    for page in PAGES:
        yield page.file, _reference(page, inside[page.name])
    yield "reference/command_line.md", command_line()
    yield "study.md", study_page(STUDIES, ROOT / "docs" / "assets" / "study")
    outlines, recorded, failures = outline_texts(default_folders())
    if failures:
        raise LookupError(f"claims that could not be read: {failures}")
    table = judgement_table(outlines, recorded)
    # An anchor at every claim, so that notebooks can point to it.
    ids = "|".join(re.escape(outline.id) for outline in outlines)
    yield "judgements.md", _JUDGEMENTS + re.sub(rf"`({ids})`", r'<span id="\1">`\1`</span>', table)


def _reference(page: Page, names: list[str]) -> str:
    parts = [f"# {page.title}", page.intro]
    for name in names:
        module, _, last = name.rpartition(".")
        if name not in MODULES and name in sys.modules:
            # A function that hides the module it is from: the module's path finds the module.
            parts.append(
                f"[](){{#{name}}}\n\n::: {name}.{last}\n    options:\n      heading: {name}\n      toc_label: {last}"
            )
        else:
            parts.append(f"::: {name}")
    return "\n\n".join([*parts, ""])


def command_line() -> str:
    """The page of the command line, from the Typer app, in Markdown."""
    command = [sys.executable, "-m", "typer", "eqt_theory.cli.app", "utils", "docs", "--name", "eqt-theory"]
    done = subprocess.run([*command, "--title", "Command line"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the command line could not be described: {done.stderr}")
    text = re.sub(r"^# .*$", "# Command line", done.stdout, count=1, flags=re.MULTILINE)
    # The list of commands comes cut to one line of a terminal: here it has room, and links.
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        summary = (command.help or "").strip().split("\n\n")[0].split("\n")[0]
        link = f"* [`{name}`](#eqt-theory-{name}): {summary}"
        text, count = re.subn(rf"^\* `{re.escape(name)}`: .*$", lambda _, x=link: x, text, flags=re.MULTILINE)
        if count != 1:
            raise RuntimeError(f"the command {name} is listed {count} times")
    return text
