"""A wheel built from the repository runs elsewhere, with the claims inside."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, in a folder far from the repository."""
    target = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = target.glob("*.whl")
    site = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def _run(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "120"}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def test_the_wheel_holds_the_claims_and_the_typing_marker_and_no_tests(unpacked: Path):
    package = unpacked / "eqt_theory"
    kinds = (".py", ".json", ".jsonl", ".csv", ".toml", ".v")
    in_repository = {str(f.relative_to(ROOT)) for f in (ROOT / "proofs").rglob("*") if f.suffix in kinds}
    assert {str(f.relative_to(package)) for f in (package / "proofs").rglob("*") if f.is_file()} == in_repository
    assert "proofs/closed_loop/data/parity_miniature.jsonl" in in_repository
    assert (package / "py.typed").is_file()
    assert not list(unpacked.rglob("__pycache__"))
    assert {entry.name for entry in unpacked.iterdir()} - {"eqt_theory"} == {
        entry.name for entry in unpacked.glob("*.dist-info")
    }


def test_the_metadata_names_the_entry_point_and_the_least_torch(unpacked: Path):
    (info,) = unpacked.glob("*.dist-info")
    metadata = (info / "METADATA").read_text("utf-8")
    assert "Requires-Dist: torch>=2.6" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "License-Expression: MIT" in metadata
    assert "eqt-theory = eqt_theory.cli.main:main" in (info / "entry_points.txt").read_text("utf-8")


def test_it_judges_its_own_claims_from_elsewhere(unpacked: Path, tmp_path: Path):
    where = _run(unpacked, tmp_path, "-c", "from eqt_theory.core.folder import default_folder as f; print(f())")
    assert where.stdout.strip() == str(unpacked / "eqt_theory" / "proofs" / "closed_loop")
    listed = _run(unpacked, tmp_path, "-m", "eqt_theory", "list")
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) > 10
    done = _run(unpacked, tmp_path, "-m", "eqt_theory", "verify", "theorem-8", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "theorem-8-repaired" in done.stdout
