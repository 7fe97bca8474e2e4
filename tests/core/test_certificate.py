import copy
from dataclasses import replace
from pathlib import Path

import pytest
from sample_certificates import CASES, POINT, SQUARE

import eqt_theory as eqt
from eqt_theory import kernel
from eqt_theory.core.certificate import Certificate, collection
from eqt_theory.core.finding import Finding, Identity, Obligation, Proof
from eqt_theory.core.verdict import Method, ShownBy, Verdict

UNSAT = {"z3": "unsat", "cvc5": "unsat"}


def _obligation(data: dict) -> Obligation:
    return Obligation("conclusion", data["text"], {}, certificate=Certificate(data))


def _proved(*obligations: Obligation) -> Finding:
    proof = Proof(obligations, satisfied_at={})
    return Finding(Verdict.PROVED, Method.SMT, "for all x and y", proof=proof, obligations=obligations)


def test_a_certificate_is_what_its_data_are(tmp_path: Path):
    certificate = Certificate(SQUARE)
    certificate.save(tmp_path / "a.json")
    again = eqt.Certificate.load(tmp_path / "a.json")
    assert again == certificate and hash(again) == hash(certificate) and again.digest == certificate.digest
    assert again != Certificate(CASES)
    assert eqt.recheck(tmp_path / "a.json") == eqt.recheck(certificate) == certificate.shows
    (tmp_path / "b.json").write_text((tmp_path / "a.json").read_text().replace('"1"', '"2"', 1))
    assert eqt.Certificate.load(tmp_path / "b.json").defect
    with pytest.raises(eqt.CertificateRejected):
        eqt.recheck(tmp_path / "b.json")


def test_the_data_are_a_copy():
    data = copy.deepcopy(SQUARE)
    certificate = Certificate(data)
    data["proof"] = None
    assert certificate.shows and certificate == Certificate(SQUARE)


def test_bad_input_is_told(tmp_path: Path):
    for data in ({"kind": 1.5}, {"kind": None}, {1: "x"}, {"kind": (1, 2)}):
        with pytest.raises(eqt.CertificateRejected):
            Certificate(data)  # pyright: ignore
    for wrong in (tmp_path, tmp_path / "missing.json", "long" * 200, 1, None):
        with pytest.raises(eqt.UsageError, match="certificate must be"):
            eqt.recheck(wrong)  # pyright: ignore


def test_what_the_kernel_sees_is_shown_by_the_kernel():
    both = _proved(_obligation(SQUARE), _obligation(CASES))
    assert both.shown_by is ShownBy.KERNEL
    assert both.certificate == collection([Certificate(SQUARE), Certificate(CASES)])
    assert replace(both, check="again").certificate == both.certificate


def test_a_collection_is_as_good_as_its_parts_and_the_kernel_sees_each_once(monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []
    check = kernel.check
    monkeypatch.setattr(kernel, "check", lambda data: seen.append(data["kind"]) or check(data))
    finding = _proved(_obligation(SQUARE), _obligation(CASES))
    assert replace(finding, check="again").certificate is finding.certificate
    assert seen == [SQUARE["kind"], CASES["kind"]]
    wrong = Certificate(SQUARE | {"proof": CASES["proof"]})
    for parts in ([Certificate(SQUARE), wrong], [wrong, Certificate(SQUARE)]):
        assert collection(parts).defect == wrong.defect != ""
        assert Certificate(collection(parts).data).defect
    assert collection([]).defect
    nested = collection([collection([Certificate(CASES), wrong]), Certificate(SQUARE)])
    assert nested.defect == wrong.defect
    altered = Certificate(SQUARE)
    altered.data["proof"] = CASES["proof"]  # pyright: ignore[reportIndexIssue]  of which the part knows nothing
    assert collection([altered, Certificate(CASES)]) == collection([Certificate(SQUARE), Certificate(CASES)])


def test_one_step_without_a_certificate_leaves_it_to_the_provers():
    finding = _proved(_obligation(SQUARE), Obligation("other", CASES["text"], UNSAT))
    assert (finding.shown_by, finding.certificate) == (ShownBy.PROVERS, None)
    algebra = Finding(Verdict.PROVED, Method.SYMBOLIC, "an identity", proof=Proof(identities=(Identity("0 = 0", "0"),)))
    assert algebra.shown_by is ShownBy.ALGEBRA


def test_a_certificate_that_shows_nothing_or_something_else_cannot_stand():
    for smtlib, data in (
        (CASES["text"], SQUARE),  # another text
        (SQUARE["text"], SQUARE | {"proof": CASES["proof"]}),  # rejected by the kernel
        (SQUARE["text"], {"kind": "collection", "certificates": [SQUARE]}),
    ):
        with pytest.raises(eqt.UnsupportedEvidence):
            Obligation("conclusion", smtlib, UNSAT, certificate=Certificate(data))
    finding = _proved(_obligation(SQUARE))
    with pytest.raises(eqt.UnsupportedEvidence):
        replace(finding, certificate=Certificate(CASES))
    with pytest.raises(eqt.UnsupportedEvidence):
        Finding(
            Verdict.CERTIFIED, Method.EXACT, "x", enclosures={"x": 1}, certificate=Certificate(SQUARE | {"kind": "x"})
        )
    with pytest.raises(eqt.UnsupportedEvidence):
        Finding(Verdict.SUPPORTED, Method.SAMPLING, "x", examples=1, certificate=Certificate(SQUARE))


def test_a_prover_that_disagrees_with_the_kernel_closes_nothing():
    assert not Obligation("c", SQUARE["text"], {"z3": "sat"}, certificate=Certificate(SQUARE)).closed


def test_a_point_closes_no_obligation():
    assert not Obligation("c", POINT["text"], UNSAT, certificate=Certificate(POINT)).closed
    with pytest.raises(eqt.UnsupportedEvidence):
        Proof((_obligation(SQUARE),), satisfied_at={}, point=Certificate(SQUARE))
    proof = Proof((_obligation(SQUARE),), satisfied_at={}, point=Certificate(POINT))
    assert proof.certificate == collection([Certificate(SQUARE), Certificate(POINT)])


def test_a_certified_finding_says_who_showed_it():
    fields = {"verdict": Verdict.CERTIFIED, "method": Method.EXACT, "detail": "x", "enclosures": {"x": 1}}
    assert Finding(**fields).shown_by is ShownBy.ARITHMETIC
    assert Finding(**fields, certificate=Certificate(SQUARE)).shown_by is ShownBy.KERNEL
