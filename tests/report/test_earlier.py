"""Findings read back from a JSON: the same ones, of the same code only, and none that the kernel does not see."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger
from eqt_theory.core.verdict import ShownBy
from eqt_theory.report.earlier import Earlier
from eqt_theory.report.json import document, to_json

CLAIMS = """
import sympy as sp
from eqt_theory import Claim, Finding, Method, Verdict, prove
from eqt_theory.engines.symbolic import derive
x, y = sp.Symbol("x", real=True), sp.Symbol("y", positive=True)
claim = Claim(id="{0}", source="s", statement="x^2 >= 4")
@claim.shows("all")
def grows() -> Finding:
    return prove([x >= 2, y >= x], x * y >= 4, detail="a product")
@claim.shows("all")
def square() -> Finding:
    return derive([("(x + y)^2", (x + y)**2, x**2 + 2*x*y + y**2)], "a square")
@claim.samples("some")
def tried() -> Finding:
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, "tried", examples=3)
@claim.shows("one")
def computed() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1", enclosures={{"sum": 2}})
"""
READ = {"grows", "square"}
RUN = Run(seed=3)


@pytest.fixture
def folder(claims_folder: Callable) -> Path:
    return claims_folder(a=CLAIMS.format("a"), b="from .lemmas import *\n" + CLAIMS.format("b"), lemmas="one = 1\n")


def _claims(folder: Path) -> list[Claim]:
    claims, failures = load_folder(folder)
    assert failures == []
    return claims


@pytest.fixture
def told(folder: Path, tmp_path: Path) -> dict[str, Any]:
    return document(run_ledger(_claims(folder), Run(seed=3, certificates=tmp_path)), RUN)


def _read(told: dict[str, Any], folder: Path, tmp_path: Path, run: Run = RUN) -> dict[tuple[str, str], Finding]:
    file = tmp_path / "run.json"
    file.write_text(json.dumps(told))
    return Earlier(file).read_back(_claims(folder), run)


def test_a_ledger_of_findings_read_back_is_the_same(folder: Path, told: dict[str, Any], tmp_path: Path):
    found = _read(told, folder, tmp_path)
    assert set(found) == {(claim, check) for claim in "ab" for check in READ}
    assert {finding.shown_by for finding in found.values()} == {ShownBy.KERNEL}
    run = Run(seed=3, certificates=tmp_path)
    seen: list[tuple[str, str]] = []
    ledger = run_ledger(
        _claims(folder), run, known=found, on_start=lambda claim, check: seen.append((claim.id, check.name))
    )
    assert {check for _, check in seen} == {"tried", "computed"}
    again = document(ledger, RUN)
    for entry in (told, again):
        entry["summary"]["seconds"] = 0
        for finding in (finding for claim in entry["claims"] for finding in claim["findings"]):
            finding["seconds"] = 0
    assert again == told


def test_a_proof_read_back_shows_the_same_steps(folder: Path, tmp_path: Path):
    ledger = run_ledger(_claims(folder), Run(seed=3, certificates=tmp_path))
    found = _read(document(ledger, RUN), folder, tmp_path)
    made = {(e.claim.id, r.check.name): r.finding for e in ledger.entries for r in e.results if r.check.name in READ}
    proofs = [finding.proof for finding in made.values() if finding.proof is not None]
    assert any(identity.formula for proof in proofs for identity in proof.identities)
    for key, finding in made.items():
        for part in ("identities", "obligations", "point"):
            assert getattr(found[key].proof, part) == getattr(finding.proof, part)


def test_of_what_has_changed_nothing_is_read_back(folder: Path, told: dict[str, Any], tmp_path: Path, monkeypatch):
    def left() -> set[str]:
        from eqt_theory.core import origin

        origin._code.cache_clear()
        return {claim for claim, _ in _read(told, folder, tmp_path)}

    assert left() == {"a", "b"}
    assert _read(told, folder, tmp_path, Run(seed=4)) == {}
    assert _read(told, folder, tmp_path, Run(seed=3, examples=5)) == {}
    assert len(_read(told, folder, tmp_path, Run(seed=3, timeout=1.0))) == 4
    (folder / "lemmas.py").write_text("one = 2\n")
    assert left() == {"a"}
    (folder / "a.py").write_text(CLAIMS.format("a").replace("x^2 >= 4", "x^2 > 3"))
    assert left() == set()
    (folder / "a.py").write_text(CLAIMS.format("a"))
    assert left() == {"a"}
    monkeypatch.setattr("eqt_theory.core.origin._own_code", lambda: "another version of this package")
    assert left() == set()


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f.update(detail="anything"),
        lambda f: f.update(verdict="CERTIFIED"),
        lambda f: f.update(kept=None),
        lambda f: f.pop("kept"),
        lambda f: f.update(kept=3),
        lambda f: f["kept"].update(hypotheses=[]),
        lambda f: f["kept"].update(assumes={}),
        lambda f: f["kept"].update(origin="0"),
        lambda f: f.update(certificate=None),
        lambda f: f.update(obligations=7),
    ],
)
def test_a_finding_that_was_altered_is_made_again(
    folder: Path, told: dict[str, Any], tmp_path: Path, damage: Callable[[dict[str, Any]], Any]
):
    damage(next(f for f in told["claims"][0]["findings"] if f["check"] == "grows"))
    assert set(_read(told, folder, tmp_path)) == {("a", "square"), ("b", "grows"), ("b", "square")}


def test_what_the_kernel_does_not_see_is_made_again(folder: Path, told: dict[str, Any], tmp_path: Path):
    """Certificates that are gone, altered, or filed under the digest of another one."""
    gone = copy.deepcopy(told) | {"certificates": {}}
    assert _read(gone, folder, tmp_path) == {}
    altered = json.loads(json.dumps(told).replace('"sum": [["', '"sum": [["9'))
    assert altered != told
    assert not {("a", "grows"), ("b", "grows")} & set(_read(altered, folder, tmp_path))
    first, *others = told["certificates"].values()
    swapped = copy.deepcopy(told) | {"certificates": {d: first for d in told["certificates"]}}
    assert others and len(_read(swapped, folder, tmp_path)) < 4


def test_a_forged_seal_does_not_make_a_proof(folder: Path, told: dict[str, Any], tmp_path: Path):
    """Whoever writes another certificate, with all digests as they should be, still has to convince the kernel."""
    from eqt_theory.core.certificate import Certificate
    from eqt_theory.core.origin import origin
    from eqt_theory.report.earlier import _seal

    claim = _claims(folder)[0]
    finding = next(f for f in told["claims"][0]["findings"] if f["check"] == "grows")
    data = copy.deepcopy(told["certificates"][finding["certificate"]])
    contradiction = next(part for part in data["certificates"] if part["kind"] == "contradiction")
    contradiction["proof"] = {"sum": [["1", [], []]], "equations": []}
    forged = Certificate(data)
    told["certificates"][forged.digest] = data
    finding["certificate"] = forged.digest
    finding["obligations"] = [o | {"certificate": Certificate(contradiction).digest} for o in finding["obligations"]]
    check = next(check for check in claim.checks if check.name == "grows")
    finding["kept"]["origin"] = _seal(origin(claim, check, RUN) or "", finding, finding["kept"])
    assert ("a", "grows") not in _read(told, folder, tmp_path)
    assert ("a", "square") in _read(told, folder, tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"claims": 1}', '{"claims": [{}], "begun": [], "certificates": {}}']
)
def test_what_is_no_run_is_told(tmp_path: Path, content: str):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UsageError, match="run.json"):
        Earlier(tmp_path / "run.json")
    with pytest.raises(UsageError, match="--resume must name a file that can be read, got .*no.json"):
        Earlier(tmp_path / "no.json")


def test_claims_from_no_file_are_not_read_back(folder: Path, told: dict[str, Any], tmp_path: Path):
    (claim, _) = _claims(folder)
    object.__setattr__(claim, "file", None)
    (tmp_path / "run.json").write_text(json.dumps(told))
    assert Earlier(tmp_path / "run.json").read_back([claim], RUN) == {}
    assert '"kept": null' in to_json(run_ledger([claim], RUN), RUN)
