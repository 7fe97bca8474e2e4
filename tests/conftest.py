"""Settings of the whole suite, and the command line as a fixture."""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from matplotlib.mathtext import MathTextParser

from eqt_theory.cli.main import main

# One thread for each of the suite's processes: torch's own threads would fight over the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Commands run their checks in this process; those tests that are about processes say so.
os.environ.setdefault("EQT_THEORY_JOBS", "1")

# Half the time of drawing goes into setting formulas; matplotlib remembers 50 of them, fewer than one figure may have.
if hasattr(_set := getattr(MathTextParser, "_parse_cached", None), "__wrapped__"):
    MathTextParser._parse_cached = lru_cache(4096)(_set.__wrapped__)  # type: ignore[attr-defined, union-attr]

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has tests of many seconds goes first, so that what is left at the end keeps all processes busy."""

    def late(item: pytest.Item) -> bool:
        _, *inside = item.nodeid.partition("::")[0].split("/")
        return len(inside) > 1 and inside[0] not in ("notebooks", "proofs")

    items.sort(key=late)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """No rounds for cyclic garbage meanwhile: nearly all that is made stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Take what is imported and collected, a million objects that stay, out of Python's rounds for cyclic garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in lines[0]
        return lines[0]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run `eqt-theory` in this process, 120 columns wide."""
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return Outcome(caught.value.code, out, err)

    return run


@pytest.fixture
def sample_claims() -> Path:
    """A small folder of claims: one that holds, a false one, and its repair."""
    return Path(__file__).parent / "sample_claims"


@pytest.fixture
def claims_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of claims from texts: `claims_folder(first="...", second="...")`."""

    def write(**files: str) -> Path:
        folder = tmp_path / "claims"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text, "utf-8")
        return folder

    return write
