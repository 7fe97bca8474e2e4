import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import eqt_theory as eqt
from eqt_theory.testing.plugin import pytest_make_parametrize_id


def test_it_is_registered_with_pytest():
    (entry,) = [entry for entry in entry_points(group="pytest11") if entry.name == "eqt_theory"]
    assert entry.value == "eqt_theory.testing.plugin"


def test_it_loads_nothing_heavy_where_it_is_not_used(tmp_path: Path):
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    heavy = {'torch', 'numpy', 'scipy', 'sympy', 'hypothesis', 'eqt_theory.solvers.base'}\n"
        "    assert 'eqt_theory.testing.plugin' in sys.modules and not heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", str(tmp_path)]
    command += ["-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-p", "no:jaxtyping"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ids():
    assert pytest_make_parametrize_id(None, eqt.Newton(), "solver") == "Newton()"
    assert pytest_make_parametrize_id(None, eqt.StepRule(test_ids), "solver") == "test_ids"
    assert pytest_make_parametrize_id(None, 0.1, "step") is None
