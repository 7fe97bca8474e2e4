"""The public face as a type checker sees it."""

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import eqt_theory
import eqt_theory.testing

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
report: eqt.testing.Report = eqt.testing.check_solver(eqt.GradientDescent(0.1), on_fail=None, seed=1)
image = eqt.FixedPoint(torch.tanh, dim=2)
lipschitz: eqt.Finding = eqt.check_lipschitz(image, L=1.0, domain=eqt.WholeSpace(2))
mode = eqt.check_map(objective, solution.h, seed=1).verdict is eqt.Verdict.CERTIFIED
contracts: eqt.Finding = eqt.check_contraction(image, rate=0.9, domain=eqt.Ball([0.0, 0.0], 1.0))
certified = eqt.certify_rate(lambda objective, h: h - 0.1 * objective.gradient(h), 1, 10)
exact = None if certified.certificate is None else eqt.recheck(certified.certificate)
mixed: eqt.Energy = 0.5 * eqt.Quadratic(A) + eqt.FunctionEnergy(lambda h: h.cos().sum(-1))
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
eqt.testing.check_solver(eqt.GradientDescent(0.1), on_fial=None)  # wrong
eqt.testing.check_energy(mixed)  # wrong
eqt.testing.chek_solver  # wrong
eqt.check_map(obj=objective, h=solution.h)  # wrong: the former name
eqt.check_contraction(objective, obj=objective)  # wrong
eqt.check_lipschitz("tanh", L=1.0, domain=eqt.WholeSpace(2))  # wrong
eqt.FixedPoint(3)  # wrong
eqt.certify_rate(eqt.GradientDescent(0.1), 1)  # wrong
eqt.measure_rate(solution.h)  # wrong
lipschitz.rate.nonsense  # wrong
number: int = eqt.measure_rate(solution).rate  # wrong
"""


def test_a_type_checker_knows_every_name_and_its_arguments(tmp_path: Path):
    file = tmp_path / "uses.py"
    file.write_text(USES)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "basic"}))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=tmp_path)
    told = json.loads(done.stdout)["generalDiagnostics"]
    found = {d["range"]["start"]["line"] for d in told if d["severity"] == "error"}
    wanted = {number for number, line in enumerate(USES.splitlines()) if "# wrong" in line}
    assert found == wanted, [d["message"] for d in told if d["range"]["start"]["line"] not in wanted]


def _block(module) -> dict[str, str | None]:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_what_a_type_checker_sees_is_what_there_is():
    for module in (eqt_theory, eqt_theory.testing):
        seen = {name: where for name, where in _block(module).items() if where != "eqt_theory.testing"}
        seen.pop("testing", None)
        there = {name: where for where, names in module._HOME.items() for name in names}
        assert seen == there, "a public name stands in _HOME and in the block for type checkers"
    assert set(_block(eqt_theory.testing)) == set(eqt_theory.testing.__all__)


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions that a module of the package offers; of the kernel and the commands, whose names are their own."""
    root = Path(eqt_theory.__file__).parent
    for file in sorted(root.rglob("*.py")):
        if file.relative_to(root).parts[0] in ("kernel", "cli", "proofs"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{file.relative_to(root)}: {node.name}", node


def test_one_vocabulary():
    for where, node in _functions():
        returns = "" if node.returns is None else ast.unparse(node.returns)
        if node.name.startswith("check_"):
            assert "Finding" in returns or "Report" in returns, f"{where}: what validates is require_*"
        if node.name.startswith("require_"):
            assert "Finding" not in returns, f"{where} validates; what returns a Finding is check_*"


def test_the_public_functions_share_their_words():
    names = [name for name in eqt_theory.__all__ if inspect.isroutine(getattr(eqt_theory, name))]
    assert len(names) > 15
    for name in names:
        words = set(inspect.signature(getattr(eqt_theory, name)).parameters)
        assert not words & {"obj", "phi", "rng", "random_state", "tol", "x0", "maxiter"}, name


def test_every_long_call_has_a_budget():
    """A limit of seconds or of work; what is asked of a user's own function also shows its progress."""
    named = {name: getattr(eqt_theory, name) for name in eqt_theory.__all__}
    long = [
        n for n, call in named.items() if inspect.isroutine(call) and n.startswith(("check_", "certify_", "bound_"))
    ]
    long += ["measure_curvature", "measure_jacobian", "prove_rate"]
    assert len(long) > 10
    for name in long:
        words = set(inspect.signature(named[name]).parameters)
        assert words & {"seconds", "work", "timeout"}, f"{name} runs for as long as it likes"
        if name.startswith(("check_", "measure_")):
            assert {"seconds", "progress", "seed"} <= words, f"{name} shows no progress"
