"""The public face as a type checker sees it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import eqt_theory

USES = """
import torch

import eqt_theory as eqt

A = torch.eye(2, dtype=torch.float64)
objective = eqt.Objective(eqt.Quadratic(A), proposal=torch.zeros(2), gamma=1.0)
solution = eqt.solve(objective, eqt.GradientDescent(0.1), tolerance=1e-8)
rate: float = eqt.measure_rate(solution).rate
finding: eqt.Finding = eqt.check_strong_convexity(objective, 1.0, eqt.Ball([0.0, 0.0], 1.0), seed=3)
status: eqt.Verdict = finding.verdict
weights = eqt.PaperWeights(reverse=1)
head = eqt.MLPHead(2, 3, 2, seed=0)
eqt.GradientDescent(stepsize=3)  # wrong
eqt.GradientDescent("fast")  # wrong
eqt.GradientDescent()  # wrong
eqt.Nonsense  # wrong
eqt.solve(objective)  # wrong
eqt.solve(objective, eqt.GradientDescent(0.1), tolerence=1e-8)  # wrong
eqt.Ball(center=0.0, radius=1.0)  # wrong
eqt.Run(seed="x")  # wrong
eqt.ModelConfig(solver="newton")  # wrong
finding.verdct  # wrong
eqt.MLPHead(2, 3, 2, seed=None)  # wrong
eqt.check_smoothness(objective, L=1.0)  # wrong
"""


def test_a_type_checker_knows_every_name_and_its_arguments(tmp_path: Path):
    file = tmp_path / "uses.py"
    file.write_text(USES)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "basic"}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=tmp_path)
    told = json.loads(done.stdout)["generalDiagnostics"]
    found = {d["range"]["start"]["line"] for d in told if d["severity"] == "error"}
    wanted = {number for number, line in enumerate(USES.splitlines()) if line.endswith("# wrong")}
    assert found == wanted, [d["message"] for d in told if d["range"]["start"]["line"] not in wanted]


def test_what_a_type_checker_sees_is_what_there_is():
    tree = ast.parse(Path(eqt_theory.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    seen = {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    seen.pop("testing")
    there = {name: module for module, names in eqt_theory._HOME.items() for name in names}
    assert seen == there, "a public name stands in _HOME and in the block for type checkers"
