"""trace: run somebody's solver on a function of which nothing is known, and read off its exact recurrence."""

import inspect
import math
import traceback
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import eqt_theory.energies.objective as objective_module
from eqt_theory import solvers
from eqt_theory.core import annotated
from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.rate.realisation import Recurrence, reduced
from eqt_theory.evidence.rate.tracing.at_rest import at_rest
from eqt_theory.evidence.rate.tracing.cadence import Uneven, fixed, in_periods
from eqt_theory.evidence.rate.tracing.carried import Rows
from eqt_theory.evidence.rate.tracing.exact_float import Carried, Exact
from eqt_theory.evidence.rate.tracing.one_step import Stepper
from eqt_theory.evidence.rate.tracing.rehearse import rehearse
from eqt_theory.evidence.rate.tracing.tape import Refused
from eqt_theory.solvers.base import Solver, StepRule

SHAPES = ((40,), (53,), (1, 47))
"""Shapes of a state that a solver is run on: what depends on the dimension, or on a batch, shows."""
_STEPS = 4
_STEPS_AGAIN = 2

AnySolver = Solver | Callable[[Objective, Tensor], Tensor]


@checked
def trace(solver: AnySolver, gamma: float | Fraction = 1.0) -> Recurrence:
    """The exact recurrence of a solver, found by running it.

    The solver itself runs, with the methods of the true Objective, on an energy that answers every gradient with a new
    vector. Its states are tensors that really run in torch and carry exact coefficients. It is run for several steps,
    twice, at several sizes, and on ordinary tensors for comparison.

    Args:
        solver: a Solver, or a function (objective, h) -> next h.
        gamma: the damping of the objective, positive.

    Steps that repeat themselves after a few (cyclic step sizes, restarts) are one step of it, with all their queries.
    That they do is shown: a count of steps in the state may be read modulo the period alone. First steps that are
    others are told by `start`.

    Returns:
        The smallest Recurrence that makes the same queries.

    Raises:
        UsageError: it is not a linear method, with fixed or periodic steps, that uses gradients alone: the message
            names the operation that has no exact rule, and the line of the solver's code.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    exact = Exact(_damping(gamma))
    with torch.no_grad():
        try:
            found = reduced(at_rest(in_all_shapes(made, exact)))
            rehearse(made, exact, found)
        except Refused as refused:
            raise UsageError(refusal(refused, made)) from None
    return found


def traced_again(solver: AnySolver, gamma: Fraction) -> Recurrence | None:
    """The recurrence of a solver, already traced, under another damping; None where it has none.

    Sizes, many steps, a step taken twice and ordinary tensors are not compared again: all that is asked is whether the
    damping is read.

    Returns:
        It, or None.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    with torch.no_grad():
        try:
            return reduced(at_rest(in_all_shapes(made, Exact(gamma), SHAPES[:1], _STEPS_AGAIN)))
        except (Refused, UsageError):
            return None


def _damping(gamma: float | Fraction) -> float | Fraction:
    try:
        usable = (
            not isinstance(gamma, bool) and isinstance(gamma, int | float | Fraction) and 0 < float(gamma) < math.inf
        )
    except OverflowError:
        usable = False
    if not usable:
        raise UsageError(f"gamma must be a positive finite number, got {shown(gamma)}")
    return gamma


def in_all_shapes(
    solver: Solver, gamma: Carried, shapes: Sequence[tuple[int, ...]] = SHAPES, steps: int = _STEPS
) -> Rows:
    """The rows of coefficients of a step; where steps repeat themselves only after some, of those as one step.

    Args:
        solver: it is run.
        gamma: the damping.
        shapes: of the states.
        steps: how many are taken where all are the same.

    Returns:
        The rows.

    Raises:
        Refused: they are not the same on states of all shapes, or do not repeat themselves.
    """
    steppers = [Stepper(solver, gamma, shape) for shape in shapes]
    try:
        # Where nothing is compared but the damping, a step has been taken twice before.
        first, *others = [fixed(stepper, steps, steps > _STEPS_AGAIN) for stepper in steppers]
    except Uneven:
        first, *others = in_periods(steppers)
    for shape, other in zip(shapes[1:], others, strict=True):
        if other != first:
            raise Refused(f"its steps on states of shape {shape} differ from those of shape {SHAPES[0]}")
    return first


def refusal(refused: Refused, solver: Any = None) -> str:
    """What is said to the user: the operation, and the line of their code, or else where their step begins."""
    return f"the solver cannot be traced: {refused}{_where(refused) or _step_of(solver)}"


def _step_of(solver: Any) -> str:
    """Where the step of a solver that is not one of this package is defined."""
    step = solver.fn if isinstance(solver, StepRule) else getattr(type(solver), "step", None)
    code = getattr(inspect.unwrap(step) if callable(step) else None, "__code__", None)
    if code is None or Path(code.co_filename).is_relative_to(Path(solvers.__file__).parent.parent):
        return ""
    return f" (the step in {Path(code.co_filename).name}, line {code.co_firstlineno})"


def _where(refused: Refused) -> str:
    """The innermost line of the solver's code in an error's traceback."""
    own = {Path(str(file)).parent for file in (__file__, annotated.__file__, objective_module.__file__, torch.__file__)}
    frames = [
        f
        for f in traceback.extract_tb(refused.__traceback__)
        if not own & {Path(f.filename).parent, *Path(f.filename).parents}
    ]
    if not frames:
        return ""
    last = frames[-1]
    return f" ({Path(last.filename).name}, line {last.lineno}: {last.line})" if last.line else f" (line {last.lineno})"
