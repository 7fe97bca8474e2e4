"""The certificates beside the claims: all accepted where nothing is installed."""

import os
import subprocess
import sys
from pathlib import Path

from eqt_theory import kernel
from eqt_theory.core.folder import default_folder
from eqt_theory.core.store import FOLDER


def test_the_kernel_alone_accepts_them_all():
    before = os.times()
    command = [sys.executable, "-I", "-S", str(Path(kernel.__file__).parent), str(default_folder() / FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("shows:") == len(list((default_folder() / FOLDER).glob("*.json")))
    assert os.times().children_user - before.children_user < 5


def test_every_claims_file_has_a_test_of_its_ledger():
    """Which holds what provers close in it against the kernel."""
    for file in (f for f in default_folder().glob("*.py") if not f.name.startswith("_")):
        test = Path(__file__).with_name(f"test_{file.stem}.py")
        assert f'ledger_of("{file.stem}")' in test.read_text("utf-8")
