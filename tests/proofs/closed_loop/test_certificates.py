"""The certificates beside the claims: all accepted where nothing is installed, and none missing that could be."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eqt_theory import kernel
from eqt_theory.core.folder import default_folder
from eqt_theory.core.store import FOLDER
from eqt_theory.core.verdict import Method, ShownBy, Verdict

FILES = sorted(file.stem for file in default_folder().glob("*.py") if not file.name.startswith("_"))


def test_the_kernel_alone_accepts_them_all():
    before = os.times()
    command = [sys.executable, "-I", "-S", str(Path(kernel.__file__).parent), str(default_folder() / FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("shows:") == len(list((default_folder() / FOLDER).glob("*.json")))
    assert os.times().children_user - before.children_user < 5


@pytest.mark.parametrize("name", FILES)
def test_what_provers_close_the_kernel_sees(ledger_of: Callable, name: str):
    for entry in ledger_of(name).entries:
        for result in entry.results:
            finding = result.finding
            if finding.method is Method.SMT and finding.verdict is Verdict.PROVED:
                assert finding.shown_by is not ShownBy.PROVERS, f"{entry.claim.id}: {result.check.name}"
