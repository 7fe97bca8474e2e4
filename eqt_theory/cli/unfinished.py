"""What stands in the place of earlier results until a run ends, so that none of them looks like one of this run."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from eqt_theory.cli.outputs import Outputs
from eqt_theory.core.files import write_text
from eqt_theory.report.smtlib import file_name

_SAID = "The run that was to write this did not end."
_JUNIT = (
    '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="eqt-theory" tests="1" failures="0" errors="1">'
    '<testsuite name="run" tests="1" failures="0" errors="1"><testcase classname="run" name="run">'
    f'<error message="{_SAID}" /></testcase></testsuite></testsuites>\n'
)
_PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>eqt-theory</title></head>'
    f"<body><main><p>{_SAID}</p></main></body></html>\n"
)


def begin(outputs: Outputs, html: Path | None, claims: Iterable[str], json: str) -> None:
    """Say in every file of an earlier run that this one has not ended.

    Args:
        outputs: of `--json`, `--junit` and `--markdown`.
        html: the folder of the site, or None.
        claims: the ids of those that run.
        json: the JSON of a run that has not ended.
    """
    outputs.begin("--json", json)
    outputs.begin("--junit", _JUNIT)
    outputs.begin("--markdown", f"{_SAID}\n")
    if html is not None:
        begin_pages(html / "index.html", *(html / "claims" / f"{file_name(name)}.html" for name in claims))


def begin_pages(*files: Path) -> None:
    """Say on these pages, those that exist, that the run that was to write them has not ended.

    Args:
        files: the pages. One that cannot be written is removed.
    """
    for file in files:
        if not file.is_file():
            continue
        try:
            write_text(file, _PAGE)
        except OSError:  # a full disk: better none than an old one
            with contextlib.suppress(OSError):
                file.unlink()


def begin_page(html: Path | None, name: str) -> None:
    """As `begin_pages`, for the page of a command.

    Args:
        html: a .html file or a folder; None: no page is wanted.
        name: of the page in a folder.
    """
    if html is not None:
        begin_pages(html if html.suffix == ".html" else html / name)
