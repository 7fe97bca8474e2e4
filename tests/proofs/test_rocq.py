"""The theorems in a proof assistant: they compile, say what stands here, and rest on the axioms of the reals alone."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from filelock import FileLock

from eqt_theory.core.folder import default_folder, load_folder

FOLDER = Path(__file__).parents[2] / "proofs" / "rocq"
ORDER = ("InnerProduct", "Interpolation", "Descent", "Gap", "Objective", "Sharpness", "Counting", "Basin")
BESIDES = (
    "cauchy_schwarz",
    "lower_bound",
    "upper_bound",
    "interpolation_values",
    "cocoercive",
    "distance",
    "growth",
    "minimisers_are_stationary",
    "objective_gradient",
)
"""Theorems that no claim names."""
OBJECTIVE = (
    "forall (E : InnerProductSpace) (energy : E -> R) (G : E -> E) (f : E) (g w L : R), gradient_of energy G -> "
    "curvature_between (- w) L G -> "
)
STATEMENTS = {
    # theorem: the symbols of its claim. g = 1/gamma, m = g - w, M = g + L; slope is the gradient of Phi.
    "theorem_2": f"{OBJECTIVE} - w <= L -> forall (a : R) (k : nat) (h s : E), w < g -> 0 < a -> a * (g + L) < 2 -> "
    "slope G f g s = zero -> let rho := rate a (g - w) (g + L) in "
    "norm (iterate (slope G f g) a k h - s) <= rho ^ k * norm (h - s) /\\ "
    "Phi energy f g (iterate (slope G f g) a k h) - Phi energy f g s "
    "<= (rho * rho) ^ k * (Phi energy f g h - Phi energy f g s) /\\ "
    "norm (slope G f g (step (slope G f g) a h)) <= rho * norm (slope G f g h)",
    "one_stationary_point": "forall (E : InnerProductSpace) (G : E -> E) (m M : R), curvature_between m M G -> "
    "forall s t : E, 0 < m -> G s = zero -> G t = zero -> s = t",
    "rate_is_attained": "forall m M : R, 0 < m <= M -> forall a : R, exists (f G : Line -> Line), "
    "gradient_of f G /\\ curvature_between m M G /\\ "
    "forall x y : Line, norm (step G a x - step G a y) = rate a m M * norm (x - y)",
    "best_step": "forall m M : R, 0 < m <= M -> "
    "rate (2 / (m + M)) m M = (M - m) / (M + m) /\\ forall a, (M - m) / (M + m) <= rate a m M",
    "contracts_exactly_below_two_over_M": "forall m M : R, 0 < m <= M -> "
    "forall a : R, rate a m M < 1 <-> 0 < a /\\ a * M < 2",
    "proximal_term_raises_curvature": "forall (E : InnerProductSpace) (G : E -> E) (f : E) (g w L : R), "
    "curvature_between (- w) L G -> curvature_between (g - w) (L + g) (slope G f g)",
    "theorem_3": "forall (E : InnerProductSpace) (G : E -> E) (H : E -> E -> E) (at_rest : E) (m M Q radius : R), "
    "(forall (x d v : E) (t : R), "
    "derivable_pt_lim (fun r => ip (G (x + r * d)%v) v) t (ip (H (x + t * d)%v d) v)) -> "
    "(forall x y : E, H at_rest (x + y)%v = (H at_rest x + H at_rest y)%v) -> "
    "(forall (c : R) (x : E), H at_rest (c * x)%v = (c * H at_rest x)%v) -> "
    "(forall x y : E, ip (H at_rest x) y = ip x (H at_rest y)) -> "
    "(forall d : E, m * norm2 d <= ip (H at_rest d) d <= M * norm2 d) -> G at_rest = zero -> 0 < m <= M -> 0 < Q -> "
    "(forall x d v : E, norm (x - at_rest) < radius -> "
    "ip (H x d - H at_rest d) v <= Q * norm (x - at_rest) * norm d * norm v) -> "
    "forall (a : R) (k : nat) (h : E), 0 < a -> norm (h - at_rest) < radius -> "
    "norm (h - at_rest) < 2 * (1 - rate a m M) / (a * Q) -> "
    "let q := rate a m M + a * Q / 2 * norm (h - at_rest) in "
    "0 <= q < 1 /\\ norm (iterate G a k h - at_rest) <= q ^ k * norm (h - at_rest)",
    "theorem_4_one_sided": "forall low l_h e_h e_f drop c : R, "
    "l_h - low <= e_h + c -> e_h <= e_f - drop -> l_h - low <= e_f - drop + c",
    "theorem_4": "forall low l_h l_f e_h e_f drop c1 c2 s : R, 0 < s -> e_f <= s * (l_f - low) + c2 -> "
    "s * (l_h - low) - c1 <= e_h -> e_h <= e_f - drop -> l_h <= l_f - (drop - c1 - c2) / s",
    "energy_drops": f"{OBJECTIVE} forall (a : R) (k : nat), 0 <= a -> a * (L + g) <= 2 -> "
    "g / 2 * norm2 (iterate (slope G f g) a k f - f) <= energy f - energy (iterate (slope G f g) a k f)",
    "corollary_5_bound": "forall (tau : R) (n : nat) (e : nat -> R), (steps tau e n <= visits tau e n)%nat",
    "corollary_5_equality": "forall (tau : R) (n : nat) (e : nat -> R), "
    "steps tau e n = visits tau e n <-> forall j k, (j < k < n)%nat -> e j < tau -> e k < tau",
    "falling_sequences_do_not_come_back": "forall (tau : R) (n : nat) (e : nat -> R), "
    "(forall k, e (S k) <= e k) -> no_way_back tau e n",
    "objective_never_rises": f"{OBJECTIVE} forall (a : R) (h : E), 0 <= a -> a * (L + g) <= 2 -> "
    "Phi energy f g (step (slope G f g) a h) <= Phi energy f g h",
    "theorem_8": "forall (T : Type) (l_new : T -> R) (old new : T) (lambda : R), 0 < lambda -> forall tasks, "
    "l_new new + lambda * total T tasks new <= l_new old + lambda * total T tasks old -> "
    "total T tasks new - total T tasks old <= (l_new old - l_new new) / lambda",
    "theorem_8_one_task": "forall (T : Type) (l_new : T -> R) (old new : T) (lambda : R), 0 < lambda -> "
    "forall before l after, l_new new + lambda * total T (before ++ l :: after) new "
    "<= l_new old + lambda * total T (before ++ l :: after) old -> "
    "total T (before ++ after) old <= total T (before ++ after) new -> "
    "l new - l old <= (l_new old - l_new new) / lambda",
    "equation_10": "forall (E : InnerProductSpace) (energy : E -> R) (G : E -> E) (f : E) (g L : R), "
    "gradient_of energy G -> curvature_between 0 L G -> 0 < L /\\ 0 < g -> "
    "forall (a : R) (k : nat) (h s : E), 0 < a -> a <= (4 * (L + g) - Rmin L g) / (2 * ((L + g) * (L + g))) -> "
    "slope G f g s = zero -> norm2 (iterate (slope G f g) a k h - s) <= (1 - a * Rmin L g / 2) ^ k * norm2 (h - s)",
}
"""What each theorem that a claim names says, written out; Rocq compares it with what was proved."""
DEFINITIONS = (
    "Goal forall a m M, rate a m M = Rmax (Rabs (1 - a * m)) (Rabs (1 - a * M)). Proof. reflexivity. Qed.",
    "Goal forall (E : InnerProductSpace) (G : E -> E) a h, step G a h = (h - a * G h)%v. Proof. reflexivity. Qed.",
    "Goal forall (E : InnerProductSpace) (e : E -> R) f g h, Phi e f g h = e h + g / 2 * norm2 (h - f). "
    "Proof. reflexivity. Qed.",
    "Goal steps 1 (fun k => match k with 2%nat => 0 | _ => 3 end) 5 = 2%nat. "
    "Proof. unfold steps. repeat destruct Rlt_dec; lra || reflexivity. Qed.",
)
AXIOMS_OF_THE_REALS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}
HEAD = "From Equilibria Require Import Basin Sharpness Counting.\nRequire Import List.\n"

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="needs Rocq (Debian's package coq)")


def _compile(theorems: Path, file: Path) -> subprocess.CompletedProcess[str]:
    command = ["coqc", "-Q", str(theorems), "Equilibria", file.name]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, timeout=200)


def _says(theorems: Path, text: str) -> subprocess.CompletedProcess[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "Asked.v"
        file.write_text(HEAD + text, "utf-8")
        return _compile(theorems, file)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """All of them, compiled once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "rocq"
    with FileLock(f"{folder}.lock"):
        if not (folder / f"{ORDER[-1]}.vo").exists():
            folder.mkdir(exist_ok=True)
            for name in ORDER:
                done = _compile(folder, Path(shutil.copy(FOLDER / f"{name}.v", folder)))
                assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return folder


def test_every_file_is_compiled():
    assert {file.stem for file in FOLDER.glob("*.v")} == set(ORDER)


def test_claims_name_theorems_whose_statement_is_compared():
    named = [name for claim in load_folder(default_folder())[0] for name in claim.rocq]
    assert sorted(set(named)) == sorted(STATEMENTS)


@needs_rocq
def test_theorems_say_what_is_written_here(compiled: Path):
    goals = [f"Goal {text}. Proof. exact @{name}. Qed." for name, text in STATEMENTS.items()]
    done = _says(compiled, "\n".join([*goals, *DEFINITIONS]))
    assert (done.returncode, done.stderr) == (0, "")


@needs_rocq
def test_theorems_rest_on_the_axioms_of_the_reals_alone(compiled: Path):
    asked = [*STATEMENTS, *BESIDES]
    # In one conjunction, since each question goes through all that a theorem rests on.
    both = "".join(f"(conj (@{name}) " for name in asked) + "I" + ")" * len(asked)
    done = _says(compiled, f"Definition every := {both}.\nPrint Assumptions every.")
    assert done.returncode == 0, done.stderr
    heads = [line.split(" ")[0] for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert heads[0] == "Axioms:" and set(heads[1:]) == AXIOMS_OF_THE_REALS


@needs_rocq
@pytest.mark.parametrize(
    "wrong",
    [
        # no factor below the tight one
        "Goal forall m M a dd dD DD, 0 < a -> 0 <= dd -> m * dd <= dD -> dD <= M * dd -> "
        "DD <= (m + M) * dD - m * M * dd -> dd - 2 * a * dD + a * a * DD <= rate a m m * rate a m m * dd.\n"
        "Proof. exact step_leaves. Qed.",
        f"Goal {STATEMENTS['best_step'].replace('(M - m) / (M + m)', '(M - m) / (M + M)')}. exact @best_step. Qed.",
        f"Goal {STATEMENTS['theorem_8'].replace('0 < lambda -> ', '')}. Proof. exact @theorem_8. Qed.",
        f"Goal {STATEMENTS['theorem_3'].replace('2 * (1', '3 * (1')}. Proof. exact @theorem_3. Qed.",
        "Goal forall x : R, 0 <= x -> 0 < x. Proof. intros. nra. Qed.",
        "Goal forall x : R, x * x = -1 -> False -> False. Proof. intros. Qed.",
    ],
)
def test_what_is_false_or_unfinished_does_not_compile(compiled: Path, wrong: str):
    assert _says(compiled, wrong).returncode != 0


def test_nothing_is_admitted():
    text = "".join(file.read_text("utf-8") for file in sorted(FOLDER.glob("*.v")))
    assert not any(word in text for word in ("Admitted", "admit.", "Axiom ", "Parameter ", "Abort"))
