"""Calls of every public name with hostile arguments: each ends well, in a UsageError, or in an error of the user's."""

import collections
import enum
import inspect
import os
import random
import tempfile
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sympy
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UnsupportedEvidence
from fuzzing.files import saved, saved_finding, saved_solution
from fuzzing.hostile import OfTheUser, TooSlow, limit, values

D = torch.float64
SECONDS = 30.0
UNCHECKED = {"Certificate", "GradientState", "Problem", "State"}
"""The kernel judges the data of a certificate itself; states are made at every step, and the loop looks at them."""


def _points(*sizes: int) -> torch.Tensor:
    return torch.linspace(0.1, 1.0, torch.Size(sizes).numel(), dtype=D).reshape(sizes)


def good() -> dict[str, dict[str, Any]]:
    """A good call of every public name that can be called, as keyword arguments."""
    quadratic = eqt.Quadratic(torch.eye(2, dtype=D))
    objective = eqt.Objective(quadratic, _points(2))
    descent = eqt.GradientDescent(0.1)
    ball = eqt.Ball([0.0, 0.0], 1.0)
    tokens = torch.tensor([0, 1, 1])
    linear = eqt.LinearHead(_points(3, 2))
    config = eqt.ModelConfig(width=4, heads=2, layers=1, window=2, head_width=4)
    model = eqt.EquilibriumTransformer(config)
    states = model.states(torch.tensor([[0, 1]]))
    folder = Path(tempfile.gettempdir()) / "eqt-theory-fuzzing"
    eqt.save_checkpoint(model, folder / "checkpoint")
    solution = eqt.solve(objective, descent, max_steps=30, record=True)
    x = sympy.Symbol("x", real=True)
    found: dict[str, dict[str, Any]] = {
        "Anderson": {"step_size": 0.1, "window": 5, "ridge": 1e-12},
        "BacktrackingGradientDescent": {"step_size": 1.0},
        "Ball": {"center": [0.0, 0.0], "radius": 1.0},
        "Box": {"low": [0.0], "high": [1.0]},
        "Certificate": {"data": {}},
        "Claim": {"id": "a", "source": "s", "statement": "t", "readings": (), "repair": None, "title": "t"},
        "Confidence": {"head": linear, "piece": 0},
        "Consistency": {"forward": torch.nn.Identity(), "inverse": torch.nn.Identity(), "dim": 2},
        "CosineMemory": {"memories": _points(3, 2), "relevant": None},
        "Curvature": {"mu": 0.0, "lipschitz": 1.0, "domain": ball},
        "DenoiserResidual": {"denoiser": torch.nn.Identity(), "noise": _points(2), "sigma": 0.1},
        "DoubleWell": {"depth": 1.0, "width": 1.0, "domain": ball},
        "EnergyBelow": {"tau": 0.1, "k_max": 3, "of_objective": False},
        "EntropyBudget": {"logits": linear, "threshold": 0.3, "few": 8, "many": 32},
        "EpisodicMemory": {"memories": _points(3, 2), "tau": 1.0, "relevant": None},
        "Chebyshev": {"low": 1.0, "high": 10.0},
        "CoupledChain": {"couplings": torch.full((3, 2), 0.5, dtype=D), "anchor": _points(2), "strength": 2.0},
        "CoupledConfig": {"backbone": config, "strength": 4.0, "gamma": 1.0, "steps_train": 2, "stop_error": 0.0},
        "CoupledTransformer": {"config": config, "seed": 0, "solver": None},
        "PositionRidge": {
            "rows": torch.eye(2, dtype=D), "weights": torch.ones(2, dtype=D), "offsets": torch.zeros(3, 2, dtype=D)
        },
        "EquilibriumTransformer": {"config": config, "seed": 0, "energy": None, "solver": None},
        "Finding": {"verdict": eqt.Verdict.INCONCLUSIVE, "method": eqt.Method.SMT, "detail": "d", "check": "",
                    "witness": None, "enclosures": {}, "examples": 0, "seconds": 0.0, "note": ""},
        "Affine": {"A": _points(2, 2), "b": _points(2)},
        "check_monotone": {"F": torch.tanh, "m": 0.1, "domain": ball, "seed": 0, "samples": 4},
        "measure_jacobian": {"T": torch.tanh, "at": _points(2), "seed": 0},
        "FixedPoint": {"T": torch.tanh, "dim": 2, "inputs": None, "contraction": 0.5, "domain": ball},
        "FixedPointResidual": {"fn": torch.nn.Identity(), "dim": 2},
        "FunctionEnergy": {"fn": lambda h: h.square().sum(), "curvature": None, "dim": 2},
        "Gap": {"gap": 0.1, "m": 1.0},
        "GradientDescent": {"step_size": 0.1},
        "Guarantee": {"rate": 0.5, "metric": eqt.Metric.GAP, "function_class": eqt.FunctionClass.QUADRATIC,
                      "sharpness": eqt.Sharpness.TIGHT, "source": "s", "per_step": True, "constant": 1.0},
        "HeavyBall": {"step_size": 0.1, "momentum": 0.5},
        "Inclusion": {"F": torch.tanh, "prox": ball, "dim": 2, "resolvent": None, "mu": 1.0, "lipschitz": 2.0},
        "AnchoredGradient": {"step_size": 0.1},
        "FISTA": {"step_size": 0.1},
        "OGM": {"step_size": 0.1},
        "ITEM": {"step_size": 0.1, "ratio": 0.1},
        "KrasnoselskiiMann": {"relaxation": 0.5},
        "DouglasRachford": {"step_size": 0.5, "relaxation": 1.5},
        "ForwardBackward": {"step_size": 0.5},
        "PeacemanRachford": {"step_size": 0.5},
        "LinearHead": {"weight": _points(3, 2), "bias": _points(3)},
        "LogSumExp": {"A": _points(3, 2), "b": _points(3), "ridge": 0.1},
        "Logistic": {"rows": _points(3, 2), "labels": torch.tensor([1.0, -1.0, 1.0], dtype=D), "ridge": 0.1},
        "Lookahead": {"step_size": 0.1, "inner_steps": 2, "weight": 0.5},
        "MLPHead": {"dim": 2, "width": 3, "classes": 2, "seed": 0, "dtype": D},
        "MaskedMLP": {"vocabulary": 2, "dim": 2, "length": 3, "width": 4, "seed": 0, "dtype": D},
        "MaskedPrediction": {"head": linear, "tokens": tokens, "mask": tokens > 0, "position": 3},
        "ModelConfig": {"vocabulary": 2, "width": 4, "heads": 2, "gamma": 1.0, "solver": config.solver, "bias": True},
        "Nesterov": {"step_size": 0.1, "momentum": 0.5},
        "NewtonCG": {"inner_steps": 3},
        "Objective": {"energy": quadratic, "proposal": _points(2), "gamma": 1.0},
        "PaperWeights": {"reverse": 1.0, "masked": 0.5, "confidence": 0.2, "memory": 0.1},
        "PiecewiseCurvature": {"breakpoints": [0.0, 1.0], "curvatures": [1.0, 2.0, 1.0], "A": torch.eye(2, dtype=D),
                               "b": _points(2)},
        "PredictiveError": {"head": linear, "piece": 0},
        "ProximalGradient": {"step_size": 0.1},
        "ProximalPoint": {"step_size": 0.1, "accuracy": 1e-3, "inner": descent, "inner_steps": 10},
        "PseudoHuber": {"A": torch.eye(2, dtype=D), "b": _points(2), "delta": 1.0, "ridge": 0.1},
        "Quadratic": {"A": torch.eye(2, dtype=D), "b": _points(2)},
        "Reading": {"name": "n", "statement": "s", "relation": eqt.Relation.STATED, "parts": ()},
        "ResampledMaskedPrediction": {"head": linear, "tokens": tokens, "seed": 0, "fraction": 0.5, "position": 3},
        "ReversePrediction": {"head": linear, "tokens": tokens, "window": 2, "position": 3},
        "ReverseTransformer": {"vocabulary": 2, "dim": 2, "length": 3, "width": 4, "layers": 1, "heads": 2, "seed": 0,
                               "embedding": None, "dtype": D},
        "Rosenbrock": {"steepness": 100.0},
        "Run": {"seed": 0, "examples": 10, "device": "cpu", "quick": False, "timeout": 10.0},
        "ScheduledGradientDescent": {"schedule": [0.1, 0.2]},
        "ScipyLBFGS": {"window": 10, "iterations": 100},
        "SelfAttention": {"weights": _points(1, 2, 2), "tokens": 1, "beta": 1.0, "ridge": 1.0, "radius": 1.0},
        "SmallStep": {"epsilon": 0.1, "relative": False},
        "SoftplusSum": {"A": torch.eye(2, dtype=D), "b": _points(2), "sharpness": 1.0, "ridge": 0.1},
        "StandardTransformer": {"config": config, "seed": 0},
        "States": {"proposal": states.proposal, "energy": states.energy, "refined": states.refined, "gamma": 1.0,
                   "step_size": 0.1, "steps": 2, "solver": descent, "predict": model.predict},
        "StepRule": {"fn": lambda phi, h: h},
        "WeightEnergy": {"module": torch.nn.Linear(2, 1, dtype=D), "loss": lambda call: call(_points(2)).sum()},
        "TripleMomentum": {"step_size": 0.1, "root": 0.3},
        "WeightedSum": {"terms": [(1.0, quadratic), (0.5, quadratic)]},
        "WholeSpace": {"dim": 2},
        "certify_rate": {"solver": descent, "m": 1, "M": 2, "rate": 0.9, "gamma": 1.0, "seconds": 1.0},
        "check_contraction": {"problem": objective, "solver": descent, "rate": 0.9, "domain": ball, "seed": 0,
                              "samples": 8, "seconds": 9.0, "progress": None},
        "check_map": {"objective": objective, "h": _points(2), "seed": 0, "tolerance": None, "after": None},
        "check_smoothness": {"objective": quadratic, "L": 1.0, "domain": ball, "seed": 0, "samples": 8},
        "check_strong_convexity": {"objective": quadratic, "mu": 1.0, "domain": ball, "seed": 0, "samples": 8},
        "diagnose": {"objective": eqt.Objective(quadratic, _points(3, 2)), "step_size": 0.1, "steps": 2,
                     "predict": None, "targets": None,
                     "solver": None, "threshold": 1e-3},
        "heavy_ball_cycle": {"gamma": 1.0},
        "largest_gamma": {"energy": eqt.EpisodicMemory(_points(3, 2)), "proposal": _points(2)},
        "load_checkpoint": {"folder": folder / "checkpoint", "device": "cpu", "energy": None},
        "local_certificate": {"energy": eqt.EpisodicMemory(_points(3, 2)), "proposal": _points(2), "gamma": 1.0,
                              "step_size": 0.1},
        "measure_curvature": {"objective": quadratic, "at": _points(2), "method": None, "tolerance": 1e-9, "seed": 0},
        "measure_rate": {"solution": solution, "h_star": _points(2) / 2},
        "nesterov_worst": {"dim": 3, "lipschitz": 2.0, "mu": 0.1, "dtype": D},
        "paper_energy": {"reverse": quadratic, "masked": None, "confidence": None, "memory": None, "weights": None},
        "prove": {"hypotheses": [x > 0], "conclusion": x + 1 > 0, "timeout": 1.0},
        "save_checkpoint": {"model": model, "folder": folder / "saved", "note": 1},
        "solve": {"objective": objective, "solver": descent, "start": _points(2), "tolerance": 1e-6, "max_steps": 20,
                  "record": False, "stop": None},
        "solve_implicit": {"objective": objective, "solver": descent, "start": None, "tolerance": 1e-3,
                           "max_steps": 50, "linear_tolerance": 1e-6, "linear_steps": 10},
        "trace": {"solver": descent, "gamma": 1.0},
        "unroll": {"objective": objective, "solver": descent, "steps": 2, "start": None},
    }  # fmt: skip
    return found


METHODS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "GradientDescent.optimal": (lambda **a: eqt.GradientDescent.optimal(**a), {"m": 1.0, "M": 2.0}),
    "HeavyBall.optimal": (lambda **a: eqt.HeavyBall.optimal(**a), {"m": 1.0, "M": 2.0}),
    "Newton.guarantee": (lambda **a: eqt.Newton().guarantee(**a), {"m": 1.0, "M": 2.0, "gamma": 1.0}),
    "ProximalGradient.guarantee": (
        lambda **a: eqt.ProximalGradient(0.1).guarantee(**a), {"m": 2.0, "M": 2.0, "gamma": 1}),
    "Quadratic.diagonal": (lambda **a: eqt.Quadratic.diagonal(**a), {"eigenvalues": _points(2), "b": None}),
    "Quadratic.with_spectrum": (lambda **a: eqt.Quadratic.with_spectrum(**a), {"eigenvalues": [0.1, 1.0], "seed": 0}),
    "PiecewiseCurvature.switching": (
        lambda **a: eqt.PiecewiseCurvature.switching(**a),
        {"mu": 1.0, "lipschitz": 2.0, "dim": 2, "seed": 0, "switches": 3}),
    "Ball.contains": (lambda **a: eqt.Ball([0.0, 0.0], 1.0).contains(**a), {"point": [0.0, 0.0]}),
    "Box.contains": (lambda **a: eqt.Box([0.0, 0.0], [1.0, 1.0]).contains(**a), {"point": [0.0, 0.0]}),
    "ModelConfig.replace": (lambda **a: eqt.ModelConfig().replace(**a), {"width": 4, "gamma": 1.0, "memory_tau": 1.0}),
    "ModelConfig.from_dict": (lambda **a: eqt.ModelConfig.from_dict(**a), {"values": {"width": 4}}),
    "CoupledTransformer.forward": (
        lambda **a: eqt.CoupledTransformer(eqt.ModelConfig(width=4, heads=2, layers=1)).eval()(**a),
        {"tokens": torch.zeros(1, 3, dtype=torch.int64), "steps": 2, "stop_error": 0.1},
    ),
    "CoupledChain.equilibrium": (
        lambda **a: eqt.CoupledChain(torch.zeros(2, 1, dtype=D), torch.zeros(1, dtype=D)).equilibrium(**a),
        {"proposal": _points(2), "gamma": 1.0},
    ),
    "EquilibriumTransformer.states": (
        lambda **a: eqt.EquilibriumTransformer(eqt.ModelConfig(width=4, heads=2, layers=1)).states(**a),
        {"tokens": torch.tensor([[0, 1]]), "steps": 2, "layer": -1, "stop": None}),
    "StandardTransformer.embed": (
        lambda **a: eqt.StandardTransformer(eqt.ModelConfig(width=4, heads=2, layers=1)).embed(**a),
        {"tokens": torch.tensor([[0, 1]])}),
    "Finding.load": (lambda **a: eqt.Finding.load(**a), {"path": saved("finding.json")}),
    "Solution.load": (lambda **a: eqt.Solution.load(**a), {"path": saved("solution.json"), "objective": None}),
    "Finding.save": (lambda **a: saved_finding().save(**a), {"path": saved("finding.json")}),
    "Solution.save": (lambda **a: saved_solution().save(**a), {"path": saved("solution.json")}),
    "Quadratic.checked": (lambda **a: eqt.Quadratic(torch.eye(2, dtype=D)).checked(**a), {"h": _points(2)}),
    "Energy.__mul__": (lambda weight: eqt.Quadratic(torch.eye(2, dtype=D)) * weight, {"weight": 0.5}),
    "EpisodicMemory.updated": (
        lambda **a: eqt.EpisodicMemory(_points(3, 2)).updated(**a), {"h": _points(2), "beta": 0.3}),
}  # fmt: skip
"""Methods that take arguments of their own."""


def callables() -> set[str]:
    """The public names that can be called: no enums, errors or abstract classes."""
    found = set()
    for name in eqt.__all__:
        thing = getattr(eqt, name)
        if isinstance(thing, type) and (issubclass(thing, enum.Enum | BaseException) or inspect.isabstract(thing)):
            continue
        if callable(thing):
            found.add(name)
    return found


@dataclass
class Figures:
    """What became of the calls.

    Args:
        outcomes: how many ended in which way: "fine", "UsageError", "user", "raw", "slow".
        raw: the errors of other kinds, `{where: example}`.
    """

    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    raw: dict[str, str] = field(default_factory=dict)


ALLOWED = (eqt.UsageError, UnsupportedEvidence, eqt.CertificateRejected)


def fuzz_calls(count: int, seed: int, only: str = "") -> Figures:
    """Call public names with one to three hostile arguments each.

    Args:
        count: how many calls.
        seed: of the choice.
        only: a name to call alone.

    Returns:
        The figures.
    """
    figures = Figures()
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:  # some of the hostile values are names of folders
        os.chdir(folder)
        try:
            _fuzz(figures, count, random.Random(seed), only)
        finally:
            os.chdir(home)
    return figures


def _fuzz(figures: Figures, count: int, rng: random.Random, only: str) -> None:
    table: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        name: (getattr(eqt, name), arguments) for name, arguments in good().items() if hasattr(eqt, name)
    }
    table |= METHODS
    for name in callables() - table.keys() - UNCHECKED:  # the newest ones, without a good call yet
        table[name] = (getattr(eqt, name), _required(getattr(eqt, name)))
    names = [only] if only else sorted(table)
    for number in range(count):
        name = names[number % len(names)]
        call, arguments = table[name]
        pool = values()
        given = dict(arguments)
        for key in rng.sample(sorted(given), min(len(given), rng.choice([1, 1, 1, 2, 3]))):
            given[key] = rng.choice(pool)
        _one(figures, name, call, given)


def _required(call: Callable[..., Any]) -> dict[str, Any]:
    """The arguments that a call needs, hostile all of them."""
    wanted = inspect.signature(call).parameters.values()
    return {p.name: None for p in wanted if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def _one(figures: Figures, name: str, call: Callable[..., Any], given: dict[str, Any]) -> None:
    outcome = "fine"
    try:
        with limit(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(**given)
    except ALLOWED as error:
        outcome = "UsageError"
        if isinstance(error, eqt.UsageError) and ("\n" in str(error) or len(str(error)) > 3000):
            figures.raw.setdefault(f"{name}: message", repr(str(error))[:300])
    except OfTheUser:
        outcome = "user"
    except TooSlow:
        outcome = "slow"
        figures.raw.setdefault(f"{name}: slow", _words(given))
    except Exception as error:
        outcome = "raw"
        frame = traceback.extract_tb(error.__traceback__)
        place = next((f for f in reversed(frame) if "eqt_theory" in f.filename), frame[-1])
        where = f"{name}: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        figures.raw.setdefault(where, f"{_words(given)} -> {str(error)[:160]!r}")
    figures.outcomes[outcome] += 1


def _words(given: dict[str, Any]) -> str:
    from eqt_theory.core.annotated import shown

    return ", ".join(f"{key}={shown(value)}" for key, value in given.items())
