"""`eqt-theory diagnose MODULE:ATTR`: what an iteration does on a problem of somebody's module."""

from pathlib import Path
from typing import Any

from eqt_theory.cli.console import say
from eqt_theory.cli.outputs import Outputs
from eqt_theory.cli.progress import following
from eqt_theory.cli.target import load_target
from eqt_theory.core.errors import UsageError
from eqt_theory.core.plain_text import json_text

_SPREAD = 1.0


def is_target(checkpoint: Path) -> bool:
    """Whether a MODULE:ATTR was given in place of a folder."""
    return ":" in str(checkpoint) and not checkpoint.exists()


def diagnose_target(
    target: str,
    states: int,
    seed: int,
    steps: int,
    step_size: float | None,
    outputs: Outputs,
    seconds: float | None = None,
) -> int:
    """Diagnose a FixedPoint, an Inclusion or an Objective, and print what was found.

    Args:
        target: MODULE:ATTR.
        states: how many starts are drawn, for a problem given by maps.
        seed: of the starts.
        steps: K.
        step_size: of gradient descent, or of forward-backward; None for a FixedPoint.
        outputs: where `--json` goes.
        seconds: after which it ends with what it has; None is no limit.

    Returns:
        The exit status.

    Raises:
        UsageError: it is no problem, has no dim, or needs a step size.
    """
    problem: Any = load_target(target)
    # Only now: torch takes a second.
    from eqt_theory.energies.objective import Objective
    from eqt_theory.evidence.diagnosis import diagnose
    from eqt_theory.operators.fixed_point import FixedPoint
    from eqt_theory.operators.inclusion import Inclusion
    from eqt_theory.solvers.forward_backward import ForwardBackward

    if not isinstance(problem, Objective | FixedPoint | Inclusion):
        kind = type(problem).__name__
        raise UsageError(
            f"{target} must be an Objective, a FixedPoint or an Inclusion, got {kind}; "
            "wrap a layer as FixedPoint(layer, dim), a function as Objective(FunctionEnergy(fn), proposals)"
        )
    if not isinstance(problem, FixedPoint) and step_size is None:
        raise UsageError(f"--step-size must be given for {target}, {type(problem).__name__}")
    outputs.begin("--json", json_text({"interrupted": True}))
    found: Any
    with following("diagnosing"):
        if isinstance(problem, Objective):
            assert step_size is not None
            found = diagnose(problem, step_size, steps, seconds=seconds)
        elif isinstance(problem, Inclusion):
            assert step_size is not None
            solver, start = ForwardBackward(step_size), _starts(problem, states, seed)
            found = diagnose(problem, steps=steps, start=start, solver=solver, seconds=seconds)
        else:
            found = diagnose(problem, steps=steps, start=_starts(problem, states, seed), seconds=seconds)
    say(f"Iteration on {target}: verdict {found.overall.name.lower()}")
    for line in (*found.verdict, *(f"what to set instead: {advice}" for advice in found.advice)):
        say(f"- {line}")
    values = {"target": target, "seed": seed, **found.to_dict()}
    outputs.write("--json", lambda: json_text(values))
    for trouble in outputs.problems:
        say(f"problem: {trouble}")
    return 1 if outputs.problems else 0


def _starts(problem: Any, states: int, seed: int) -> Any:
    """Normal states around the origin, one for each of the problem's own, or as many as were asked for."""
    import torch

    if problem.dim is None:
        raise UsageError(f"the problem must say its dimension, as {type(problem).__name__}(.., dim=3), got dim=None")
    shape = (*(problem.batch_shape or (states,)), problem.dim)
    return _SPREAD * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
