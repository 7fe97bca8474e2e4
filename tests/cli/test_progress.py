import io

import sample_findings as sample
from rich.console import Console

from eqt_theory.cli.progress import Watch
from eqt_theory.core.claim import Run
from eqt_theory.core.ledger import run_ledger


def _watched(*, terminal: bool, quick: bool = False) -> str:
    claim = sample.claim_of(name="a-claim")
    claim.shows("all")(sample.proved)
    claim.shows("all", quick=False)(sample.supported)
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=terminal, width=100, highlight=False, markup=False)
    with Watch(console, [claim], Run(quick=quick)) as watch:
        run_ledger([claim], Run(quick=quick), on_start=watch.started, on_finding=watch.found)
    return buffer.getvalue()


def test_a_pipe_gets_a_plain_line_per_check():
    lines = _watched(terminal=False).splitlines()
    assert lines[0].startswith("a-claim: proved: PROVED by SYMBOLIC, ")
    assert lines[1].startswith("a-claim: supported: SUPPORTED by SAMPLING, ")
    assert "\x1b" not in "".join(lines)


def test_a_terminal_gets_a_bar_that_goes_away():
    shown = _watched(terminal=True)
    assert "2/2" in shown
    assert "a-claim: supported" in shown
    assert "PROVED by" not in shown
    assert "1/1" in _watched(terminal=True, quick=True)
