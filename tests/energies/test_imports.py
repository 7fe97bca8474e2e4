import subprocess
import sys

PROBE = """
import importlib, pkgutil, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"scipy", "sympy", "hypothesis", "matplotlib", "z3", "cvc5", "flint", "rich", "typer"}:
            raise ImportError(f"{name} must not be needed")

# torch itself imports sympy where it is installed, and does without it until it compiles.
import torch
sys.meta_path.insert(0, Block())
import eqt_theory.energies as room
for module in pkgutil.iter_modules(room.__path__):
    importlib.import_module(f"{room.__name__}.{module.name}")
import eqt_theory as eqt
energy = eqt.Objective(eqt.Confidence(torch.nn.Linear(2, 3)), torch.ones(4, 2))
print(energy.hessian(torch.ones(4, 2)).shape)
"""


def test_needs_only_torch_and_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[4, 2, 2]" in done.stdout
