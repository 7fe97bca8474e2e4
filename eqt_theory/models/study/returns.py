"""Where the returns of refinement diminish: accuracy and true distance to h* against K and against stopping rules."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.study.parity import ParityData
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.solve import solve
from eqt_theory.solvers.stopping import EnergyBelow, EntropyBudget, GradientNorm, SmallStep, StopRule

_STAR_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Returns:
    """What one number of steps, or one stopping rule, brings. Measured on the tokens given, in float64.

    Args:
        rule: what ends the refinement.
        mean_steps: steps per token.
        accuracy: share of tokens predicted rightly.
        flips: tokens whose prediction differs from that at K = 0.
        tokens: in all.
        median_error: median of |h - h*|/|f - h*| over the tokens whose h* was found.
        high_error: its 95th percentile.
        stars: tokens whose h* was found.
    """

    rule: str
    mean_steps: float
    accuracy: float
    flips: int
    tokens: int
    median_error: float
    high_error: float
    stars: int


def equilibria(objective: Objective, step_size: float, max_steps: int = 5000) -> tuple[Tensor, Tensor]:
    """The equilibria that gradient descent with a quarter of the step size leads to from the proposals.

    Args:
        objective: Phi, in float64.
        step_size: alpha of the model.
        max_steps: steps at most.

    Returns:
        h*, shape (..., d), and whether |grad Phi(h*)| got to 1e-9, bool, shape (...).
    """
    solution = solve(objective, GradientDescent(step_size / 4), tolerance=_STAR_TOLERANCE, max_steps=max_steps)
    return solution.h, solution.converged


def measure_returns(
    model: EquilibriumTransformer, data: ParityData, steps: Sequence[int] = (0, 1, 2, 4, 8, 16, 32, 64, 128)
) -> list[Returns]:
    """Accuracy and true error of the last layer's states, for each K and for the stopping rules at the largest K.

    Args:
        model: trained; a copy in float64 is measured.
        data: some sequences, on the model's device.
        steps: the values of K.

    Returns:
        One Returns for each K, then one for each rule.
    """
    model = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        states = model.states(data.bits, steps=0)
        objective, f = states.objective, states.proposal
        first = states.predict(f).argmax(-1)
        star, found = equilibria(objective, states.step_size)
        away = torch.linalg.vector_norm(f - star, dim=-1)
        usable = found & (away > 0)

        def returns(name: str, h: Tensor, taken: float) -> Returns:
            predicted = states.predict(h).argmax(-1)
            error = (torch.linalg.vector_norm(h - star, dim=-1) / away)[usable]
            middle, high = (float(error.quantile(q)) if len(error) else float("nan") for q in (0.5, 0.95))
            hits = (predicted == data.parities).double().mean()
            flips = int((predicted != first).sum())
            return Returns(name, taken, float(hits), flips, first.numel(), middle, high, int(usable.sum()))

        rows = []
        for k in steps:
            h = f if k == 0 else solve(objective, states.solver, tolerance=1e-300, max_steps=k).h
            rows.append(returns(f"K = {k}", h, float(k)))
        most = max(*steps, 1)
        for name, stop, tolerance in _rules(objective, states.predict, most):
            solution = solve(objective, states.solver, tolerance=tolerance, max_steps=most, stop=stop)
            rows.append(returns(f"{name}, K at most {most}", solution.h, float(solution.steps.double().mean())))
    return rows


def _rules(objective: Objective, predict: object, most: int) -> list[tuple[str, StopRule, float]]:
    # The threshold of the energy has to mean something for this model: its median at the proposals.
    tau = float(objective.energy.value(objective.proposal).median())
    rules: list[tuple[str, StopRule, float]] = [
        ("relative step below 1e-2", SmallStep(1e-2, relative=True), 1e-300),
        ("relative step below 1e-3 (Sec. 5.3.1)", SmallStep(1e-3, relative=True), 1e-300),
        ("relative step below 1e-5", SmallStep(1e-5, relative=True), 1e-300),
        (f"energy below its median at f, {tau:.3g} (Eq. 36)", EnergyBelow(tau), 1e-300),
        ("gradient of Phi below 1e-3", GradientNorm(), 1e-3),
    ]
    if most >= 32:
        rules.insert(4, ("8 or 32 steps by entropy, 0.3 nats (Sec. 3.7)", EntropyBudget(predict, 0.3), 1e-300))
    return rules
