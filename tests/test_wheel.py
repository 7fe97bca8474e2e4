"""A wheel built from the repository runs elsewhere, with the claims inside."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Built once."""
    target = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (file,) = target.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        yield opened


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, in a folder far from the repository; runs leave their compiled modules to the next."""
    site = tmp_path_factory.mktemp("site")
    wheel.extractall(site)
    return site


def _run(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "120"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def test_the_wheel_holds_the_claims_and_the_typing_marker_and_no_tests(wheel: zipfile.ZipFile):
    held = {name for name in wheel.namelist() if not name.endswith("/")}
    kinds = (".py", ".json", ".jsonl", ".csv", ".toml", ".v")
    in_repository = {f.relative_to(ROOT).as_posix() for f in (ROOT / "proofs").rglob("*") if f.suffix in kinds}
    proofs = {name for name in held if name.startswith("eqt_theory/proofs/")}
    assert {name.removeprefix("eqt_theory/") for name in proofs} == in_repository
    assert "proofs/closed_loop/data/parity_miniature.jsonl" in in_repository
    assert "eqt_theory/py.typed" in held
    assert not [name for name in held if "__pycache__" in name]
    (info,) = {name.partition("/")[0] for name in held} - {"eqt_theory"}
    assert info.endswith(".dist-info")


def test_the_metadata_names_the_entry_point_and_the_least_torch(unpacked: Path):
    (info,) = unpacked.glob("*.dist-info")
    metadata = (info / "METADATA").read_text("utf-8")
    assert "Requires-Dist: torch>=2.6" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: MIT" in metadata
    assert "eqt-theory = eqt_theory.cli.main:main" in (info / "entry_points.txt").read_text("utf-8")


NOT_NEEDED = ("jupyter", "notebook", "IPython", "nbformat", "nbclient", "ipykernel", "mkdocs", "pytest", "dask")


def test_the_notebooks_are_an_extra_which_the_commands_install(unpacked: Path):
    (info,) = unpacked.glob("*.dist-info")
    needs = [line for line in (info / "METADATA").read_text("utf-8").splitlines() if line.startswith("Requires-Dist: ")]
    always = {
        re.split(r"[^a-z0-9-]", line.removeprefix("Requires-Dist: ").lower())[0]
        for line in needs
        if "extra" not in line
    }
    assert not always & {name.lower() for name in NOT_NEEDED}
    assert {"torch", "numpy", "sympy", "clarabel"} <= always
    assert any(line.startswith("Requires-Dist: jupyter") and "extra == 'notebooks'" in line for line in needs)
    installs = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "pip install" in line]
    assert len(installs) == 1 and "notebooks" in installs[0]


def test_no_part_of_it_needs_an_extra(unpacked: Path, tmp_path: Path):
    """Everything but what is for pytest or a cluster is imported with those packages out of reach."""
    code = f"""
import importlib, pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_NEEDED!r}:
            raise ModuleNotFoundError(f"no module named {{name!r}}", name=name.partition(".")[0])
sys.meta_path.insert(0, Absent())
import eqt_theory
failed = []
for module in pkgutil.walk_packages(eqt_theory.__path__, "eqt_theory."):
    if module.name.startswith("eqt_theory.proofs") or module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        failed.append((module.name, error.name))
print(sorted(failed))
"""
    done = _run(unpacked, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    assert set(ast.literal_eval(done.stdout)) <= {
        ("eqt_theory.testing.parametrize", "pytest"),
        ("eqt_theory.testing.plugin", "pytest"),
    }


def test_it_judges_its_own_claims_from_elsewhere(unpacked: Path, tmp_path: Path):
    where = _run(unpacked, tmp_path, "-c", "from eqt_theory.core.folder import default_folder as f; print(f())")
    assert where.stdout.strip() == str(unpacked / "eqt_theory" / "proofs" / "closed_loop")
    listed = _run(unpacked, tmp_path, "-m", "eqt_theory", "list")
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) > 10
    done = _run(unpacked, tmp_path, "-m", "eqt_theory", "verify", "theorem-8", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "theorem-8-repaired" in done.stdout
