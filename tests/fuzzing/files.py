"""What is saved for the fuzzer to read."""

import tempfile
from pathlib import Path

import torch

import eqt_theory as eqt

D = torch.float64


def saved_finding() -> eqt.Finding:
    return eqt.Finding(eqt.Verdict.SUPPORTED, eqt.Method.SAMPLING, "it held", examples=3)


def saved_solution() -> eqt.Solution:
    phi = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=D)), torch.ones(2, dtype=D), 1.0)
    return eqt.solve(phi, eqt.GradientDescent(0.1), max_steps=3)


def saved(name: str) -> Path:
    """A file with a saved finding or solution."""
    file = Path(tempfile.mkdtemp()) / name
    (saved_finding() if name.startswith("finding") else saved_solution()).save(file)
    return file
