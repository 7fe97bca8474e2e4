"""Certificates as lemmas of Rocq: they compile, and damaged ones do not."""

import shutil
import subprocess
from pathlib import Path

import pytest
from sample_certificates import CASES, SIGNS, SQUARE, contradiction, leaf, text

from eqt_theory import kernel
from eqt_theory.report.rocq.proof import HEAD, lemma

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="needs Rocq (Debian's package coq)")

# `and` below `or`, negations of both, true and false, a quotient.
ROUND = contradiction(
    text(
        "(not (and (not (and (<= x 1) (> y 2) (= x y))) (or (>= (* x x) 0) false)))",
        "(or (and (< (/ x 3) 0) (= y 1) true) (= y 1))",
    ),
    {
        "or": 0,
        "cases": [
            {"or": 0, "cases": [leaf(["1", [1], []], ["1", [], []], equations=[[i, "(- 1)"]]) for i in (4, 3)]},
            leaf(["1", [0], []], ["1", [], ["x"]]),
        ],
    },
)
# A sign with three cases.
THREE = contradiction(
    text("(= (* x x) 0)", "(not (= (* x y) 0))"),
    {
        "sign": "x",
        "cases": {
            "<": {"or": 0, "cases": [leaf(["1", [1, 1], []], equations=[[0, "(- 1)"]])] * 2},
            "=": {"put": "x", "fact": 1, "then": {"or": 0, "cases": [leaf(["1", [2], []])] * 2}},
            ">": {"or": 0, "cases": [leaf(["1", [1, 1], []], equations=[[0, "(- 1)"]])] * 2},
        },
    },
)
# What is put for x is gone; a term that mentions x later speaks of any number.
GONE = contradiction(
    text("(= x y)", "(> (- x y) 0)"), {"put": "x", "fact": 0, "then": leaf(["1", [1], []], equations=[[0, "(* x y)"]])}
)


def _compiles(folder: Path, *lemmas: str) -> bool:
    (folder / "Asked.v").write_text("\n".join([HEAD, *lemmas, ""]), "utf-8")
    done = subprocess.run(["coqc", "Asked.v"], cwd=folder, capture_output=True, text=True, timeout=200)
    return done.returncode == 0


@needs_rocq
def test_every_kind_of_node_compiles(tmp_path: Path):
    samples = (SQUARE, CASES, SIGNS, ROUND, THREE, GONE)
    assert all("cannot hold" in kernel.check(sample) for sample in samples)
    assert _compiles(tmp_path, *(lemma(f"l{i}", sample) for i, sample in enumerate(samples)))


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" < (2", " <= (2"),  # false: x = y
        ("(2 * v_x", "(3 * v_x"),
        ("square", "below"),
    ],
)
def test_a_damaged_lemma_does_not(tmp_path: Path, old: str, new: str):
    right = lemma("right", SQUARE)
    assert old in right
    assert not _compiles(tmp_path, right.replace(old, new))


def test_statements_are_those_of_the_text():
    assert lemma("l", ROUND).startswith(
        "Lemma l : forall v_x v_y : R,\n  ~ ((~ (((v_x <= 1) /\\ (v_y > 2) /\\ (v_x = v_y))) /\\ "
        "(((v_x * v_x) >= 0) \\/ False))) -> ((((v_x / 3) < 0) /\\ (v_y = 1) /\\ True) \\/ (v_y = 1)) -> False."
    )


def test_names_that_rocq_cannot_read():
    strange = contradiction(
        text("(< |x_h - f| |Prop|)", "(> |x_h - f| |Prop|)", names=["|x_h - f|", "|Prop|", "|x_h + f|"]),
        leaf(["1", [0], []], ["1", [1], []]),
    )
    assert lemma("l", strange).startswith("Lemma l : forall v_x_h___f v_Prop v_x_h___f_ : R,")


@needs_rocq
def test_one_claim_on_the_command_line(cli, tmp_path: Path):
    done = cli("verify", "energy-nonnegative-repaired", "--rocq", tmp_path)
    assert done.status == 0, done.err
    assert "10 lemmas in 1 file" in done.out
    command = ["coqc", "energy_nonnegative_repaired.v"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=200).returncode == 0
