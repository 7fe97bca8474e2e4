"""An energy-transformer block (Hoover et al. 2023): attention and a Hopfield memory as one energy of all tokens.

E(g) = -sum_C log sum_{B != C} exp(beta K g_B . Q g_C)/beta - sum_C sum_k relu(xi_k . g_C)^2/2 of normalised tokens
g = LayerNorm(x). The state is all tokens in a row. As the energy hardly changes when x is scaled, it bends down
somewhere; the proximal term makes up for it where gamma is small enough.
"""

from typing import Any

import torch

import eqt_theory as eqt
from eqt_theory.report.plots.style import BLUE, VERMILLION, Chart, array, chart, look

TOKENS, WIDTH, HEADS, BETA = 6, 4, 4, 0.5


def block(seed: int = 0) -> eqt.Energy:
    """The energy of a flattened (tokens, width) state."""
    generator = torch.Generator().manual_seed(seed)
    heads = [torch.randn(n, WIDTH, generator=generator, dtype=torch.float64) for n in (HEADS, HEADS, 8)]
    keys, queries, memory = (0.5 * head for head in heads)
    others = torch.zeros(TOKENS, TOKENS, dtype=torch.float64).fill_diagonal_(-torch.inf)

    def energy(h: torch.Tensor) -> torch.Tensor:
        x = h.unflatten(-1, (TOKENS, WIDTH))
        g = torch.nn.functional.layer_norm(x, (WIDTH,), eps=0.5)
        scores = BETA * (g @ queries.mT) @ (g @ keys.mT).mT + others
        attention = -torch.logsumexp(scores, -1).sum(-1) / BETA
        return attention - torch.relu(g @ memory.mT).square().sum((-2, -1)) / 2

    return eqt.FunctionEnergy(energy, dim=TOKENS * WIDTH)


def study() -> dict[str, Any]:
    """Curvature at the proposal, where the damped objective is convex, and the descent of the tokens."""
    energy = block()
    proposal = torch.randn(TOKENS * WIDTH, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    at = eqt.measure_curvature(energy, proposal)
    gamma = 0.25 / abs(float(at.lambda_min))
    objective = eqt.Objective(energy, proposal, gamma)
    ball = eqt.Ball(proposal.tolist(), 0.5)
    step = 1 / (float(at.lambda_max) + 1 / gamma)
    run = eqt.solve(objective, eqt.GradientDescent(step), tolerance=1e-8, max_steps=3000, record=True)
    return {
        "curvature": at,
        "gamma": gamma,
        "not convex": eqt.check_strong_convexity(energy, 0.0, ball, samples=8),
        "convex when damped": eqt.check_strong_convexity(objective, 0.0, ball, samples=8),
        "run": run,
        "phi": objective.value(run.trajectory),
        "energy": energy.value(run.trajectory),
        "rate": eqt.measure_rate(run),
    }


def picture(found: dict[str, Any]) -> Chart:
    """How Phi and the energy fall, and how far the tokens still are from the equilibrium."""
    run = found["run"]
    figure, (left, right) = chart(7.4, 3.6, columns=2)
    with look():
        left.plot(array(found["phi"]), color=BLUE, label="Phi")
        left.plot(array(found["energy"]), color=VERMILLION, linestyle="--", label="energy")
        left.set(xlabel="step", title="What descends")
        left.legend()
        away = array((run.trajectory - run.h).norm(dim=-1))
        right.semilogy(away.clip(1e-9), color=BLUE)
        right.set(xlabel="step", ylabel="distance to the equilibrium", title=f"{found['rate'].rate:.3f} per step")
    return figure
