import pytest
import sample_findings as sample
import sympy as sp

from eqt_theory.core.claim import WHOLE, Claim, Reading, Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Relation


@pytest.mark.parametrize("good", ["theorem-2", "section-4.2.2-example", "proposition-9.1", "a"])
def test_ids_of_the_public_face(good: str):
    assert Claim(id=good, source="s", statement="t").id == good


@pytest.mark.parametrize("bad", ["", "Theorem-2", "theorem_2", "-a", "a-", "a b", "a--b", "a\n"])
def test_a_malformed_id_is_named(bad: str):
    with pytest.raises(UsageError, match="id must be lower case"):
        Claim(id=bad, source="s", statement="t")


def test_source_and_statement_are_needed():
    with pytest.raises(UsageError, match="source of claim a"):
        Claim(id="a", source=" ", statement="t")
    with pytest.raises(UsageError, match="statement of claim a"):
        Claim(id="a", source="s", statement="")


def test_a_claim_without_readings_has_its_statement_as_the_only_one():
    assert sample.claim_of().readings == (Reading("stated", "A statement."),)


def test_readings_need_different_names_and_one_of_the_statement_as_written():
    with pytest.raises(UsageError, match="different names"):
        sample.claim_of(Reading("a", "x"), Reading("a", "y"))
    with pytest.raises(UsageError, match="no reading of the statement as written"):
        sample.claim_of(Reading("a", "x", Relation.SHARPER), Reading("b", "y", Relation.COMPLETED))


def test_a_check_takes_a_run_or_nothing():
    claim = sample.claim_of()
    seen = []

    @claim.shows("all")
    def plain() -> Finding:
        return sample.proved()

    @claim.shows("all", quick=False)
    def asking(run: Run) -> Finding:
        seen.append(run.seed)
        return sample.supported()

    assert [check(Run(seed=7)).verdict for check in claim.checks] == ["PROVED", "SUPPORTED"]
    assert seen == [7]
    assert [check.quick for check in claim.checks] == [True, False]
    assert plain().verdict == "PROVED", "the decorator returns the function unchanged"


def test_a_check_of_nothing_known_is_rejected():
    claim = sample.claim_of(Reading("stated", "x", parts=("a",)))
    with pytest.raises(UsageError, match="no reading 'other'"):
        claim.shows("all", reading="other")
    with pytest.raises(UsageError, match="no part 'b'"):
        claim.shows("all", part="b")
    with pytest.raises(UsageError, match="scope"):
        claim.shows(" ", part="a")
    with pytest.raises(UsageError, match="has parts, so say which one"):
        claim.shows("all")
    with pytest.raises(UsageError, match="has parts, so say which one"):
        claim.samples("all")

    def twice() -> Finding:
        return sample.proved()

    claim.shows("all", part="a")(twice)
    with pytest.raises(UsageError, match="two checks named 'twice'"):
        claim.shows("all", part="a")(twice)


def test_what_a_check_rests_on_is_kept_and_a_name_that_is_not_above_is_rejected():
    claim = sample.claim_of(Reading("stated", "x", parts=("a",)))

    @claim.lemma("all", cites="Banach")
    def step() -> Finding:
        return sample.proved()

    @claim.samples("some", part=WHOLE)
    def drawn() -> Finding:
        return sample.supported()

    @claim.shows("all", part=WHOLE, uses=[step, "other-claim", "other-claim:check"], cases="d <= 2", cites=["Weyl"])
    def main() -> Finding:
        return sample.proved()

    assert [(c.role, c.part, c.uses, c.cites, c.cases) for c in claim.checks] == [
        ("lemma", None, (), ("Banach",), None),
        ("samples", None, (), (), None),
        ("shows", None, ("step", "other-claim", "other-claim:check"), ("Weyl",), "d <= 2"),
    ]
    for bad, said in (("not_above", "no check 'not_above' above"), (len, "no check 'len' above"), (drawn, "samples")):
        with pytest.raises(UsageError, match=said):
            claim.shows("all", part="a", uses=bad)
    with pytest.raises(UsageError, match="cases"):
        claim.shows("all", part="a", cases="")
    with pytest.raises(UsageError, match="cites"):
        claim.lemma("all", cites=[" "])


def test_symbols_of_a_claim_are_symbols_of_different_names():
    x, positive = sp.Symbol("x", real=True), sp.Symbol("x", positive=True)
    assert Claim(id="a", source="s", statement="t", symbols=[x]).symbols == (x,)
    with pytest.raises(UsageError, match="different names"):
        Claim(id="a", source="s", statement="t", symbols=[x, positive])
    with pytest.raises(UsageError, match="must be SymPy symbols, got str"):
        Claim(id="a", source="s", statement="t", symbols=["x"])


def test_a_drawing_is_given_the_finding_that_it_names_and_nothing_runs_before():
    claim, seen = sample.claim_of(), []

    @claim.shows("all")
    def check() -> Finding:
        return sample.refuted()

    @claim.draws("what x = 1 looks like", of="check")
    def of_the_witness(finding: Finding) -> object:
        seen.append(finding.witness)
        return "picture"

    @claim.draws("something plain")
    def plain() -> object:
        return "plain"

    assert seen == [] and [drawing.name for drawing in claim.drawings] == ["of_the_witness", "plain"]
    drawn, other = claim.drawings
    assert drawn({"check": sample.refuted()}) == "picture" and seen == [{"x": 1}]
    assert drawn.applies({"check": sample.refuted()}) and other.applies({}) and other({}) == "plain"
    assert not drawn.applies({}), "the check was left out"
    assert not drawn.applies({"check": sample.unknown()}), "the check found nothing out"


def test_a_drawing_needs_a_caption_a_check_above_it_and_a_name_of_its_own():
    claim = sample.claim_of()
    with pytest.raises(UsageError, match="caption of a figure of claim sample"):
        claim.draws(" ")
    with pytest.raises(UsageError, match=r"no check 'absent' above its figure; it has \[\]"):
        claim.draws("c", of="absent")
    claim.draws("c")(lambda: None)
    with pytest.raises(UsageError, match="two figures named"):
        claim.draws("c")(lambda: None)


def test_a_claim_makes_its_repair():
    x = sp.Symbol("x", positive=True)
    wrong = Claim(id="wrong", source="Eq. 3", statement="x > 1", symbols=[x])
    right = wrong.repaired("x > 0", title="the right one")
    assert (wrong.repair, right.id) == ("wrong-repaired", "wrong-repaired")
    assert (right.source, right.title, right.checks) == ("corrects Eq. 3", "the right one", [])
    assert right.symbols == wrong.symbols
    assert right.repair is None
    assert wrong.repaired("x > 0", source="Section 2").source == "Section 2"
    with pytest.raises(UsageError, match="another-one already"):
        Claim(id="other", source="s", statement="t", repair="another-one").repaired("u")
    fresh = Claim(id="fresh", source="s", statement="t")
    with pytest.raises(UsageError):
        fresh.repaired(" ")
    assert fresh.repair is None, "a repair that cannot be made is none"
