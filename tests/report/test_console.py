import io
from collections.abc import Callable
from pathlib import Path

import pytest
import sample_findings as sample
from rich.console import Console

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.finding import Finding
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import Ledger, LoadFailure, run_ledger
from eqt_theory.core.outline import Outline
from eqt_theory.report.console import listing, print_ledger


def _printed(print_on: Callable[[Console], None], width: int = 120) -> str:
    buffer = io.StringIO()
    print_on(Console(file=buffer, width=width, highlight=False, markup=False, emoji=False))
    return buffer.getvalue()


def _claim(name: str, *checks: Callable[[], Finding], repair: str | None = None) -> Claim:
    claim = Claim(id=name, source="Section 4 [sic], Eq. 28 and the paragraph after it", statement="s", repair=repair)
    for check in checks:
        claim.shows("all")(check)
    return claim


@pytest.fixture
def ledger(sample_claims: Path) -> Ledger:
    return run_ledger(load_folder(sample_claims)[0], Run())


def test_a_repaired_statement_stands_below_the_one_that_it_repairs(ledger: Ledger):
    lines = _printed(lambda console: print_ledger(console, ledger)).splitlines()
    first = [line.split("  ")[0] or line.strip().split("  ")[0] for line in lines[1:4]]
    assert first == ["squares-grow", "└\N{NO-BREAK SPACE}squares-grow-repaired", "square-of-a-sum"]
    assert "false" in lines[1]
    assert "1 REFUTED by EXACT" in lines[1]
    assert "1 PROVED by SMT, 1 SUPPORTED by SAMPLING" in lines[2]
    assert lines[-1].startswith("3 claims (2 holds, 1 false), 4 checks, no problems, ")


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_it_fits_and_no_id_is_broken(width: int):
    long = "section-4.2.2-example"
    claims = [
        _claim(long, sample.refuted, sample.supported, repair=f"{long}-repaired"),
        _claim(f"{long}-repaired", sample.proved, sample.certified, sample.supported),
    ]
    printed = _printed(lambda console: print_ledger(console, run_ledger(claims, Run())), width)
    assert all(len(line) <= width for line in printed.splitlines())
    assert f"{long}-repaired " in printed
    assert "[sic]" in printed, "brackets are text, not markup"
    assert "…" not in printed


def test_problems_are_listed_in_full():
    claims = [_claim("a", sample.unknown), _claim("b", sample.refuted)]
    ledger = run_ledger(claims, Run(), failures=[LoadFailure("x.py", "SyntaxError: [no]")], recorded={"b": "holds"})
    printed = _printed(lambda console: print_ledger(console, ledger), 300)
    assert f"{len(ledger.problems())} problems:" in printed
    for problem in ledger.problems():
        assert problem in printed


def test_an_interrupted_run_says_so():
    printed = _printed(lambda console: print_ledger(console, Ledger((), interrupted=True)))
    assert printed.strip() == "interrupted; finished: 0 claims, 0 checks, no problems, 0.0 s"


def test_repairs_in_a_circle_and_of_themselves_are_all_shown():
    claims = [_claim("a", repair="b"), _claim("b", repair="a"), _claim("c", repair="c")]
    printed = _printed(lambda console: print_ledger(console, run_ledger(claims, Run())))
    assert all(any(line.startswith(name) for line in printed.splitlines()) for name in "abc")


def test_a_listing_has_a_line_per_claim_with_the_judgement_on_record():
    outlines = [Outline("theorem-2", "Theorem 2", "linear convergence"), Outline("theorem-4", "Theorem 4")]
    printed = _printed(
        lambda console: console.print(listing(outlines, {"theorem-2": "holds", "theorem-4": "what"}, 120))
    )
    lines = [line.split() for line in printed.splitlines()]
    assert lines[1] == ["theorem-2", "holds", "Theorem", "2", "linear", "convergence"]
    assert lines[2] == ["theorem-4", "what", "Theorem", "4"]


@pytest.mark.parametrize("width", [80, 120])
def test_a_listing_fits_a_terminal_with_ids_and_judgements_whole(width: int):
    outlines = [
        Outline(f"section-4.2.2-example{end}", "Section 4.2.2, Eq. 26", "a long title " * 9)
        for end in ("", "-repaired")
    ]
    recorded = {outline.id: "needs_condition" for outline in outlines}
    lines = _printed(lambda console: console.print(listing(outlines, recorded, width)), width).splitlines()
    assert len(lines) == 3
    assert all(len(line) <= width for line in lines)
    assert lines[2].startswith("section-4.2.2-example-repaired  needs_condition  ")
    assert "a long title a long" in lines[2]
    assert ("Section 4.2.2, Eq. 26" in lines[2]) == (width == 120)
