"""Does a rule read the constants of the whole batch, `objective.m` and `objective.M`?"""

from typing import Any

import torch

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.setting import Setting
from eqt_theory.testing.strategies import stacked


class _Watched(Objective):
    """An objective that notes which constants of the whole batch it is asked for."""

    def __init__(self, whole: Objective, asked: set[str]) -> None:
        super().__init__(whole.energy, whole.proposal, whole.gamma)
        self.asked = asked

    @property
    def m(self) -> float | None:
        self.asked.add("m")
        return super().m

    @property
    def M(self) -> float | None:
        self.asked.add("M")
        return super().M


def constants_read(solver: Solver, setting: Setting) -> tuple[str, ...]:
    """The names among m and M that a rule reads off the objective of a batch in its first steps, sorted.

    Returns:
        The names; they are the extremes over the batch, so the steps of such a rule depend on the batch by design.
    """
    m, M = setting.m, setting.M
    one = Problem((M, m), (M, m), (M, -M), (1.0, 0.5), (-1.0, 2.0), setting.gamma)
    other = Problem((M, m), (M, m), (-M, M), (0.5, -2.0), (3.0, 1.0), setting.gamma)
    asked: set[str] = set()
    objective, starts = stacked((one, other))
    watched = _Watched(objective, asked)
    try:
        with torch.no_grad():
            state: Any = solver.init(watched, starts)
            for _ in range(2):
                state = solver.step(watched, state)
    except Exception:  # whatever the solver raises, the checks tell
        pass
    return tuple(sorted(asked))


def said_of(read: tuple[str, ...]) -> str:
    """The note for the report; empty where nothing was read."""
    if not read:
        return ""
    names = " and ".join(f"objective.{name}" for name in read)
    each = " and ".join(f"objective.state_{name}" for name in read)
    return (
        f"reads {names}, extreme over the batch, so states that do not share them change each other's steps; held to "
        f"batches whose states share them ({each} would be each state's own)"
    )
