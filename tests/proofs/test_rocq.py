"""The theorems that are stated in a proof assistant: they compile, and rest on the axioms of the reals alone."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "proofs" / "rocq"
ORDER = ("InnerProduct", "Interpolation", "Descent")
THEOREMS = (
    "cauchy_schwarz",
    "lower_bound",
    "upper_bound",
    "interpolation_values",
    "cocoercive",
    "distance",
    "distance_after",
    "gradient",
    "growth",
    "one_stationary_point",
    "minimisers_are_stationary",
    "proximal_term_raises_curvature",
)
AXIOMS_OF_THE_REALS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}

pytestmark = pytest.mark.skipif(shutil.which("coqc") is None, reason="needs Rocq (Debian's package coq)")


def _compile(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = ["coqc", "-Q", str(folder), "Equilibria", f"{name}.v"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rocq")
    for name in ORDER:
        shutil.copy(FOLDER / f"{name}.v", folder)
        done = _compile(folder, name)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder


def test_every_file_is_compiled():
    assert {file.stem for file in FOLDER.glob("*.v")} == set(ORDER)


def test_theorems_rest_on_the_axioms_of_the_reals_alone(compiled: Path):
    for theorem in THEOREMS:
        (compiled / "Asked.v").write_text(f"From Equilibria Require Import Descent.\nPrint Assumptions {theorem}.\n")
        done = _compile(compiled, "Asked")
        assert done.returncode == 0, done.stderr
        heads = [line.split(" ")[0] for line in done.stdout.splitlines() if line and not line.startswith(" ")]
        assert heads == ["Closed"] or (heads[0] == "Axioms:" and set(heads[1:]) <= AXIOMS_OF_THE_REALS), theorem


@pytest.mark.parametrize(
    "wrong",
    [
        # no factor below the tight one
        "Goal forall m M a dd dD DD, 0 < a -> 0 <= dd -> m * dd <= dD -> dD <= M * dd -> "
        "DD <= (m + M) * dD - m * M * dd -> dd - 2 * a * dD + a * a * DD <= rate a m m * rate a m m * dd.\n"
        "Proof. exact step_leaves. Qed.",
        "Goal forall x : R, 0 <= x -> 0 < x. Proof. intros. nra. Qed.",
        "Goal forall x : R, x * x = -1 -> False -> False. Proof. intros. Qed.",
    ],
)
def test_what_is_false_or_unfinished_does_not_compile(compiled: Path, wrong: str):
    (compiled / "Wrong.v").write_text(f"From Equilibria Require Import Descent.\n{wrong}\n")
    assert _compile(compiled, "Wrong").returncode != 0


def test_nothing_is_admitted():
    text = "".join(file.read_text("utf-8") for file in sorted(FOLDER.glob("*.v")))
    assert not any(word in text for word in ("Admitted", "admit.", "Axiom ", "Parameter ", "Abort"))
