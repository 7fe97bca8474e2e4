import json
from pathlib import Path

import sample_findings as sample

from eqt_theory.cli.journal import Journal
from eqt_theory.cli.outputs import Outputs
from eqt_theory.core.claim import Run
from eqt_theory.core.ledger import run_ledger


def test_what_was_found_is_in_the_file_while_the_run_goes_on(tmp_path: Path):
    claim, file = sample.claim_of(), tmp_path / "run.json"
    for name in ("one", "two"):
        claim.shows("all")(sample.named(name, sample.certified))
    first, second = (result.finding for result in run_ledger([claim], Run()).entries[0].results)
    journal = Journal(Outputs({"--json": file}), Run(), [claim], {(claim.id, "one"): first}, seconds=0.0)
    assert not file.exists()
    journal.found(claim, second)
    told = json.loads(file.read_text())
    assert told["summary"]["interrupted"] and told["claims"] == []
    assert [[f["check"] for f in begun["findings"]] for begun in told["begun"]] == [["one", "two"]]
    patient = Journal(Outputs({"--json": tmp_path / "other.json"}), Run(), [claim], {}, seconds=1e6)
    patient.found(claim, first)
    assert not (tmp_path / "other.json").exists()


def test_standard_output_is_for_the_end(capsys):
    claim = sample.claim_of()
    claim.shows("all")(sample.named("one", sample.certified))
    (result,) = run_ledger([claim], Run()).entries[0].results
    journal = Journal(Outputs({"--json": Path("-")}), Run(), [claim], {}, seconds=0.0)
    journal.found(claim, result.finding)
    assert capsys.readouterr().out == ""
