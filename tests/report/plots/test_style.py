import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib
import pytest

import eqt_theory as eqt
from eqt_theory.report import plots


def picture() -> plots.Chart:
    return plots.phase_diagram(0.1, 10)


@cache
def text() -> str:
    return plots.svg(picture())


@cache
def raw() -> bytes:
    return plots.png(picture())


def test_the_same_figure_gives_the_same_file_in_whatever_order():
    first, second = picture(), picture()
    assert (plots.svg(first), plots.png(first)) == (plots.png(second), plots.svg(second))[::-1] == (text(), raw())
    assert plots.svg(first) == text() and plots.png(second) == raw()
    assert plots.svg(plots.phase_diagram(0.2, 10)) != text()


def test_files_hold_no_date_and_no_version(tmp_path: Path):
    written = plots.save(picture(), tmp_path / "a.svg").read_text("utf-8")
    assert written.startswith("<?xml") and "<dc:date>" not in written and matplotlib.__version__ not in written
    stored = plots.save(picture(), tmp_path / "a.png").read_bytes()
    assert stored.startswith(b"\x89PNG") and b"Software" not in stored


def test_other_endings_are_refused(tmp_path: Path):
    with pytest.raises(eqt.UsageError, match=r"\.svg or \.png, got '\.pdf'"):
        plots.save(picture(), tmp_path / "a.pdf")


def test_nothing_outlives_a_figure():
    before = dict(matplotlib.rcParams)
    plots.svg(picture())
    assert dict(matplotlib.rcParams) == before


def test_a_users_settings_do_not_change_a_figure():
    plain = text()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert plots.svg(picture()) == plain


def test_pyplot_is_not_needed():
    code = "import sys; from eqt_theory.report import plots; plots.phase_diagram(1, 2); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "matplotlib.figure" in loaded.stdout and "matplotlib.pyplot" not in loaded.stdout


def test_notebooks_show_a_chart():
    data, size = picture()._repr_png_()
    assert data == raw() and size["width"] > 500
