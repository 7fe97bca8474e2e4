from collections.abc import Callable

import pytest
import sample_findings as sample

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.errors import ContradictoryFindings, ProverDisagreement, UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.ledger import Ledger, LoadFailure, run_ledger, select
from eqt_theory.core.verdict import Judgement


def _claim(name: str, *checks: Callable[[], Finding], repair: str | None = None) -> Claim:
    claim = sample.claim_of(name=name, repair=repair)
    for check in checks:
        claim.shows("all")(check)
    return claim


def _problems(*claims: Claim, **options) -> list[str]:
    return run_ledger(claims, Run(), **options).problems()


def test_a_clean_run_has_no_problems_and_findings_carry_name_and_time():
    ledger = run_ledger([_claim("a", sample.proved, sample.certified)], Run())
    assert ledger.problems() == []
    entry = ledger.entry("a")
    assert entry is not None
    assert [r.finding.check for r in entry.results] == ["proved", "certified"]
    assert all(r.finding.seconds >= 0 for r in entry.results)
    assert ledger.entry("b") is None


def test_a_false_claim_needs_a_repaired_statement_that_holds():
    false = _claim("a", sample.refuted, repair="b")
    assert _problems(false, _claim("b", sample.proved)) == []
    assert "was not run" in _problems(false)[0]
    assert "names no repaired statement" in _problems(_claim("a", sample.refuted))[0]
    assert "a: unfinished, its repaired statement b is open" in _problems(false, _claim("b", sample.supported))
    assert "a: unfinished, its repaired statement b is false" in _problems(false, _claim("b", sample.refuted))


def test_what_is_unknown_is_a_problem():
    assert any(
        "unknown is inconclusive: out of time" in p for p in _problems(_claim("a", sample.proved, sample.unknown))
    )
    assert any(p.startswith("a: open") for p in _problems(_claim("a")))


def test_the_record_is_held_against_the_run():
    assert _problems(_claim("a", sample.proved), recorded={"a": "holds", "z": "false"}) == []
    assert _problems(_claim("a", sample.proved), recorded={"a": "false"}) == ["a: judged holds, on record as false"]


def test_a_file_that_did_not_load_is_a_problem():
    assert _problems(failures=[LoadFailure("x.py", "SyntaxError: no")]) == ["x.py could not be loaded: SyntaxError: no"]


def test_a_check_that_raises_is_inconclusive_and_the_rest_runs():
    def raises() -> Finding:
        raise ZeroDivisionError("by zero")

    def forgets() -> Finding:
        return None  # type: ignore[return-value]

    entry = run_ledger([_claim("a", raises, forgets, sample.proved)], Run()).entries[0]
    assert [r.finding.verdict for r in entry.results] == ["INCONCLUSIVE", "INCONCLUSIVE", "PROVED"]
    assert entry.results[0].finding.detail == "the check raised ZeroDivisionError: by zero"
    assert "must return a Finding, got NoneType" in entry.results[1].finding.detail


def test_an_interrupt_keeps_what_was_finished():
    def interrupts() -> Finding:
        raise KeyboardInterrupt

    ledger = run_ledger([_claim("a", sample.proved), _claim("b", sample.proved, interrupts), _claim("c")], Run())
    assert ledger.interrupted
    assert [entry.claim.id for entry in ledger.entries] == ["a"]


def test_a_contradiction_is_the_problem_of_its_own_claim():
    def confused() -> Finding:
        raise ContradictoryFindings("a certificate and a counterexample")

    claims = [_claim("a", sample.proved, sample.refuted), _claim("b", sample.proved), _claim("c", confused)]
    ledger = run_ledger(claims, Run(), recorded={"a": "open"})
    assert [entry.judgement for entry in ledger.entries] == ["open", "holds", "open"]
    assert ledger.problems()[0].startswith("a: CONTRADICTION, a bug in a check, in reading 'stated': established by")
    assert "a certificate and a counterexample" in ledger.problems()[1]


def test_provers_that_disagree_stop_the_run():
    def disagree() -> Finding:
        raise ProverDisagreement("z3: unsat, cvc5: sat")

    with pytest.raises(ProverDisagreement):
        run_ledger([_claim("a", disagree)], Run())


def test_quick_leaves_out_long_checks_and_callbacks_follow_the_rest():
    claim = _claim("a", sample.proved)
    claim.shows("all", quick=False)(sample.supported)
    seen: list[str] = []
    run_ledger(
        [claim],
        Run(quick=True),
        on_start=lambda _, check: seen.append(check.name),
        on_finding=lambda _, finding: seen.append(finding.verdict),
    )
    assert seen == ["proved", "PROVED"]


def test_selection_brings_repairs_along_and_names_the_nearest():
    claims = [_claim("theorem-2", repair="theorem-2-repaired"), _claim("theorem-2-repaired"), _claim("equation-9")]
    assert [c.id for c in select(claims, ["theorem-2"])] == ["theorem-2", "theorem-2-repaired"]
    assert [c.id for c in select(claims, ["theorem-2-repaired"])] == ["theorem-2-repaired"]
    assert select(claims, []) == claims
    with pytest.raises(UsageError, match="unknown claim id 'theorem2'; nearest: theorem-2"):
        select(claims, ["theorem2"])
    with pytest.raises(UsageError, match="known: equation-9"):
        select(claims, ["zzz"])


def test_an_empty_ledger_is_clean():
    assert Ledger(()).problems() == []


def _quickly(claim: Claim, recorded: dict[str, str]):
    claim.shows("all", quick=False)(sample.certified)
    return run_ledger([claim], Run(quick=True), recorded=recorded)


def test_a_quick_run_holds_nothing_against_a_claim_that_it_checks_in_part():
    claim = sample.claim_of()
    claim.shows("all")(sample.supported)
    ledger = _quickly(claim, {"sample": "holds"})
    assert ledger.entries[0].left_out == 1
    assert ledger.entries[0].judgement is Judgement.OPEN
    assert ledger.problems() == []


def test_a_quick_run_still_reports_a_refutation_of_what_held():
    claim = sample.claim_of()
    claim.shows("all")(sample.refuted)
    assert any("on record as holds" in problem for problem in _quickly(claim, {"sample": "holds"}).problems())


def test_a_quick_run_still_reports_an_inconclusive_check():
    claim = sample.claim_of()
    claim.shows("all")(sample.unknown)
    assert any("inconclusive" in problem for problem in _quickly(claim, {}).problems())
