"""Findings in files: equal after a round trip, seen by the kernel again, and never more than the file shows."""

import json
from fractions import Fraction

import pytest
import sample_findings
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.core.runner import run_check

a, b = sp.symbols("a b", positive=True)
BALL = eqt.Ball([0.0, 0.0], 1.0)
BOWL = eqt.Quadratic(torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64)))


def witnessed(witness):
    replay = Replay(Arithmetic.EXACT, (), (ReplayLine("x > 1", False),))
    return eqt.Finding(eqt.Verdict.REFUTED, eqt.Method.EXACT, "it fails", witness=witness, replay=replay)


FOUND = {
    "proved, by the kernel": lambda: eqt.prove([a < b], a / b < 1),
    "refuted, with symbols": lambda: eqt.prove([a < b], a + b < 1),
    "certified": lambda: eqt.certify_rate(eqt.GradientDescent(0.25), 1, 4, Fraction(3, 4)),
    "certified without a certificate": lambda: eqt.check_strong_convexity(BOWL, 0.5, BALL),
    "refuted by a pair": lambda: eqt.check_smoothness(eqt.FunctionEnergy(lambda h: 2 * h @ h, dim=2), 1.0, BALL),
    "supported": sample_findings.supported,
    "inconclusive": sample_findings.unknown,
    "proved by algebra": sample_findings.proved,
    "irrational": lambda: witnessed({a: sp.sqrt(2), "t": (1, Fraction(1, 3)), "far": float("inf")}),
}


@pytest.mark.parametrize("make", FOUND.values(), ids=FOUND)
def test_findings_come_back_equal(make, tmp_path):
    found, file = make(), tmp_path / "finding.json"
    found.save(file)
    again = eqt.Finding.load(file)
    assert again == found
    assert again.certificate == found.certificate
    assert again.read_from == str(file)
    again.save(file)
    assert eqt.Finding.load(file) == found


def test_only_what_the_kernel_sees_is_shown(tmp_path):
    file = tmp_path / "finding.json"
    for make in FOUND.values():
        found = make()
        found.save(file)
        again = eqt.Finding.load(file)
        assert again.shown_by == ("kernel" if found.certificate is not None else None)
        told = "nothing in it shows it" in str(again)
        assert told == (found.conclusive and found.certificate is None)


def test_no_check_returns_a_finding_from_a_file_as_its_own(tmp_path):
    file = tmp_path / "finding.json"
    eqt.prove([a < b], a / b < 1).save(file)
    claim = Claim(id="c", source="s", title="t", statement="a/b < 1 where a < b.")
    claim.shows("all")(lambda: eqt.Finding.load(file))
    (check,) = claim.checks
    found = run_check(check, Run())
    assert found.verdict is eqt.Verdict.INCONCLUSIVE


def damaged(tmp_path, change):
    file = tmp_path / "finding.json"
    eqt.certify_rate(eqt.GradientDescent(0.25), 1, 4, Fraction(3, 4)).save(file)
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    return file


def put(*path):
    *way, last, value = path

    def change(data):
        for step in way:
            data = data[step]
        data[last] = value

    return change


DAMAGE = {
    "another format": put("format", "else"),
    "no verdict": lambda data: data.pop("verdict"),
    "an unknown verdict": put("verdict", "TRUE"),
    "a stronger verdict": put("verdict", "PROVED"),
    "a certificate of a better rate": put("certificate", "rate", "1/2"),
    "a better rate": put("enclosures", {"map": [["rate", {"fraction": "0x1/0x2"}]]}),
    "a better rate in floating point": put("enclosures", {"map": [["rate", 0.5]]}),
    "a better rate in words": put("enclosures", {"map": [["rate", "1/2"]]}),
    "another certificate": put("certificate", {"kind": "rate"}),
    "no certificate but a number": put("certificate", 3),
    "a detail that is no text": put("detail", 3),
    "no detail": put("detail", ""),
    "examples that are no number": put("examples", "many"),
    "a seconds text": put("seconds", "x"),
    "a list of obligations that is none": put("obligations", 7),
    "a replay of another shape": put("replay", {"arithmetic": "exact arithmetic"}),
    "a code": put("witness", {"sympy": {"call": "__import__('os').abort", "of": ["0x1/0x1"]}}),
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_ends_in_one_clear_error(change, tmp_path):
    file = damaged(tmp_path, change)
    with pytest.raises(eqt.UsageError, match="holds no finding|is no saved value|is no saved expression"):
        eqt.Finding.load(file)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{", b"[]", b"3", b"[" * 5000, b'{"format": ' + b"9" * 5000 + b"}"]
)
def test_what_is_no_file_of_a_finding(content, tmp_path):
    file = tmp_path / "finding.json"
    file.write_bytes(content)
    with pytest.raises(eqt.UsageError, match="finding"):
        eqt.Finding.load(file)


def test_a_lie_of_provers_is_what_the_file_says_and_no_more(tmp_path):
    file = tmp_path / "finding.json"
    eqt.prove([a < b], a / b < 1).save(file)
    data = json.loads(file.read_text())
    for obligation in (*data["obligations"], *data["proof"]["obligations"]):
        obligation.update(certificate=None, smtlib="(assert false)", answers={"z3": "unsat", "cvc5": "unsat"})
    data["proof"]["point"] = data["certificate"] = None
    file.write_text(json.dumps(data))
    found = eqt.Finding.load(file)
    assert found.shown_by is None
    assert "nothing in it shows it" in str(found)


def test_other_words_do_not_change_what_the_kernel_is_said_to_see(tmp_path):
    file = damaged(tmp_path, put("detail", "it contracts by 1/2"))
    found = eqt.Finding.load(file)
    assert found.certificate is not None
    assert str(found).startswith("CERTIFIED by EXACT: it contracts by 1/2 (so says ")
    assert "3/4" in found.certificate.shows
    assert str(found).endswith(f"the kernel sees is that {found.certificate.shows})")


def test_what_has_no_exact_form_is_not_saved(tmp_path):
    with pytest.raises(eqt.UsageError, match=r"witness\[f\] cannot be saved"):
        witnessed({"f": object()}).save(tmp_path / "finding.json")
    assert not (tmp_path / "finding.json").exists()
