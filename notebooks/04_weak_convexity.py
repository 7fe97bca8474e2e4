# %% [markdown]
# # 4. Weak convexity and the repaired Theorem 2
#
# The energies of the paper are not convex. They need not be: the proximal term $|h-f|^2/(2\gamma)$ adds curvature
# $g = 1/\gamma$ in every direction, and that can pay for a certain amount of bending down. Call an energy
# **$w$-weakly convex** if its curvature is nowhere below $-w$:
#
# $$-w\,|d|^2 \;\le\; \langle \nabla E(h) - \nabla E(h'), d\rangle \;\le\; L\,|d|^2, \qquad d = h - h'.$$
#
# **Theorem 2, repaired.** If $w < 1/\gamma$, put $m = 1/\gamma - w$, $M = 1/\gamma + L$. Then $\Phi$ has exactly one
# minimiser $h^*$, and for $0 < \alpha < 2/M$
#
# $$|h_k - h^*| \le \rho^k\,|h_0 - h^*|, \qquad \rho = \max(|1-\alpha m|, |1-\alpha M|) < 1.$$
#
# The condition $w < 1/\gamma$ cannot be weakened: at equality convergence can be slower than any geometric rate, and
# beyond it there are several equilibria.

# %%
w = 1.0  # how far the energy bends down; here E(h) = w cos(h), so also L = w
gamma = 0.8  # damping; the theorem needs gamma < 1/w
proposal = 0.05  # f, near the crest of the cosine

# %%
import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

# %% [markdown]
# ## The proof carries over
#
# Nothing in the contraction proof asked for $\mu > 0$: only $m > 0$ is needed. We give the provers a class whose lower
# curvature is $-w$, shifted by the proximal term, and ask for the whole statement at once.

# %%
bend = sp.Symbol("w", nonnegative=True)
L, g, alpha = sp.symbols("L g alpha", positive=True)  # g = 1/gamma
m, M = g - bend, g + L
rho = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
space = Space(("d", "E"))
d, E = space.vectors  # E: difference of energy gradients
D = E + g * d  # of gradients of Phi
step = gradient_step(d, D, alpha)
weakly_convex = [*space.positive_semidefinite, SmoothClass(-bend, L).gradients(d, E)]

contraction = eqt.prove(
    [bend < g, -bend <= L, *weakly_convex],
    step.norm2 <= rho**2 * d.norm2,
    detail="one step contracts by rho, for every weakly convex energy with w < 1/gamma, in every dimension",
)
contraction

# %%
stable = eqt.prove(
    [bend < g], sp.Equivalent(rho < 1, alpha < 2 / M), detail="rho < 1 exactly for 0 < alpha < 2/(L + 1/gamma)"
)
unique = eqt.prove(
    [bend < g, *weakly_convex, d.norm2 > 0], D.norm2 > 0, detail="two different states cannot both be at rest"
)
unique

# %% [markdown]
# Two states at rest would have $D = 0$, which the last line excludes. Drop the condition and the prover answers with a
# case where two equilibria coexist:

# %%
without = eqt.prove([*weakly_convex, d.norm2 > 0], D.norm2 > 0, detail="the same without w < 1/gamma")
without

# %% [markdown]
# ## The picture of safe $(\alpha, \gamma)$
#
# Blue is the region where the repaired theorem speaks, with its factor; yellow is stable for every energy of the class
# ($\Phi$ falls) but may have several equilibria; in the grey region some energy of the class makes refinement diverge.
# The paper's theorem has no region here: it asks for $\mu > 0$.

# %%
best = eqt.GradientDescent.optimal(1 / gamma - w, 1 / gamma + w)
plots.phase_diagram(-w, w, gamma=(0.05, 20), points=[(float(best.step_size), gamma)])

# %% [markdown]
# ## An energy at work: $E(h) = w\cos h$
#
# Its curvature is exactly $[-w, w]$. Below $\gamma = 1/w$ there is one equilibrium for each proposal, beyond it the
# equilibria fold over each other. For each $\gamma$ we start refinement in many places and mark where it ends.

# %%
cosine = eqt.FunctionEnergy(lambda h: w * torch.cos(h).sum(-1), eqt.Curvature(-w, w))


def refine(damping: float, starts: torch.Tensor) -> eqt.Solution:
    """Gradient descent on Phi from a batch of starts, all with the same proposal."""
    phi = eqt.Objective(cosine, torch.full_like(starts, proposal), damping)
    return eqt.solve(phi, eqt.GradientDescent(1 / (w + 1 / damping)), start=starts, tolerance=1e-9, max_steps=4000)


starts = torch.linspace(-14, 20, 35, dtype=torch.float64)[:, None]
dampings = np.geomspace(0.2, 12, 60) / w
ends = [(damping, refine(float(damping), starts)) for damping in dampings]
counts = [len(np.unique(np.round(run.h[run.converged].numpy(), 4))) for _, run in ends]
for damping, count in list(zip(dampings, counts, strict=True))[::12]:
    print(f"gamma w = {damping * w:6.3f}: equilibria reached: {count}")


# %%
def equilibria() -> plots.Chart:
    """Where refinement ends, against the damping."""
    figure, (panel,) = plots.chart(7.0, 4.2)
    with plots.look():
        for damping, run in ends:
            h = run.h[run.converged].numpy().reshape(-1)
            panel.plot(np.full(len(h), damping), h, "o", ms=3.5, color="#0072B2" if damping * w < 1 else "#D55E00")
        panel.axvline(1 / w, color="#222222", ls="--", lw=1.2)
        panel.axhline(proposal, color="#767676", ls=":", lw=1.2)
        panel.annotate("$f$", (dampings[0], proposal), textcoords="offset points", xytext=(0, 6), fontsize=11)
        panel.text(1.04 / w, 0.93, r"$\gamma = 1/w$", transform=panel.get_xaxis_transform())
        panel.set_xscale("log")
        panel.set_xlabel(r"damping $\gamma$")
        panel.set_ylabel("equilibria reached")
        panel.set_title("One equilibrium while $w < 1/\\gamma$, several can exist beyond")
    return figure


equilibria()

# %% [markdown]
# ## At the edge: $w = 1/\gamma$
#
# Take $\Phi(h) = h^4/4$ near its minimum: an energy $h^4/4 - h^2/2$ with $w = g = 1$. Refinement
# $h \mapsto h - \alpha h^3$ still converges, but no factor below 1 serves: the ratio $1 - \alpha h^2$ tends to 1. After
# $k$ steps the distance is about $1/\sqrt{2\alpha k}$.

# %%
h, claimed = sp.symbols("h claimed", positive=True)
no_rate = eqt.prove(
    [claimed < 1, sp.Eq(alpha * h**2, (1 - claimed) / 2)],
    h - alpha * h**3 > claimed * h,
    detail="whatever factor is claimed, near enough to 0 a step on h^4/4 is slower",
)
x = sp.Symbol("x", positive=True)
growth = derive(
    [("1/h^2 grows by 2 alpha, to first order", sp.limit((1 / (x - alpha * x**3) ** 2 - 1 / x**2), x, 0), 2 * alpha)],
    "so h_k is about 1/sqrt(2 alpha k): sublinear",
)
no_rate

# %% [markdown]
# ## A run of the repaired theorem
#
# Random proposals, all on the same non-convex energy, all under one envelope.

# %%
proposals = 6 * torch.rand(24, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 3
objective = eqt.Objective(cosine, proposals, gamma)
solver = eqt.GradientDescent.optimal(objective.m, objective.M)
solution = eqt.solve(objective, solver, record=True, tolerance=1e-13)
guarantee = solver.guarantee(objective.m, objective.M)
plots.convergence(solution, guarantee, title="24 states on a non-convex energy, under one guarantee")

# %% [markdown]
# ## What stands
#
# - What counts is the curvature of $\Phi$, not of the energy: $m = 1/\gamma - w > 0$.
# - The damping has a definite limit, $\gamma < 1/w$; smaller is safer and faster per step, and moves the state less.
# - More is true: the same $\rho$ bounds $|\nabla\Phi|$, its square the gap $\Phi - \Phi^*$. The evidence is in
#   the claim `theorem-2-repaired`; `eqt-theory show theorem-2-repaired` prints it.
#
# Next: what can be said when the bounds hold only near one equilibrium.

# %%
final = solution.h
distances = (solution.trajectory - final).norm(dim=-1)
allowed = guarantee.rate ** torch.arange(len(distances), dtype=torch.float64)[:, None] * distances[0]

for proved in (contraction, stable, unique, no_rate, growth):
    assert proved.verdict is eqt.Verdict.PROVED
assert without.verdict is eqt.Verdict.REFUTED
assert all(count == 1 for damping, count in zip(dampings, counts, strict=True) if damping * w < 1)
assert max(counts) > 1
assert bool(solution.converged.all()) and bool((distances <= allowed + 1e-11).all())
