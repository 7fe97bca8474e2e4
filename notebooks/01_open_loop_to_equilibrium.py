# %% [markdown]
# # 1. From open loop to equilibrium
#
# A transformer block computes a state once and passes it on: an *open loop*. An equilibrium transformer takes that
# state as a **proposal** $f$ and then asks a second question of it: how well does it agree with everything else the
# model knows? That is measured by an **energy** $E(h)$, and the answer is the state that balances both,
#
# $$h^* \in \arg\min_h \Phi(h), \qquad \Phi(h) = E(h) + \frac{|h-f|^2}{2\gamma}. \tag{1, 7}$$
#
# The damping $\gamma > 0$ says how far the state may move: a small $\gamma$ ties it to the proposal, a large one lets
# the energy decide.
#
# In this notebook: the gradient of $\Phi$ and what its zeros mean; the closed form where the energy is quadratic; the
# reading of $h^*$ as the most probable state (MAP), and the two conditions that this reading needs.
#
# - **You need:** derivatives of functions of several variables; a density and its mode. **Time:** about 20 minutes.
# - **Neighbours:** [the map](README.md); next [2. Contraction](02_contraction.ipynb).
# - **Claims:** [equation-1](../proofs/closed_loop/equation_1.py), [equation-3](../proofs/closed_loop/equation_3.py),
#   [proposition-1](../proofs/closed_loop/proposition_1.py).
# - **Notation:** $h$ a state, $f$ the proposal, $g = 1/\gamma$, $\Phi = E + \tfrac g2 |h - f|^2$.
# - **Terms:** [stationary and minimal](README.md#terms), [weakly convex](README.md#terms).
#
# Statements are marked *proved here* (a cell below shows it), *proved in claim X*, *cited*, or *remark*.
# **Change a parameter** in the next cell and run everything again; the assertions at the end must still hold.

# %%
from eqt_theory.report.parameter import parameter

gamma = parameter("gamma", 1.0, 0.05, 20)  # the damping
soft = parameter("soft", 0.5, 0.05, 3)  # curvature of the energy along the first axis
stiff = parameter("stiff", 4.0, 0.05, 20)  # and along the second

# %%
import math

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots
from eqt_theory.report.sliders import sliders

proposal = (2.0, 1.0)  # f
target = (-1.0, -0.5)  # where the energy alone is lowest

# %%
stiffness = (soft, stiff)

# %% [markdown]
# ## The gradient, and what its zeros mean
#
# Refinement walks down the slope of $\Phi$ (Eqs. 2 and 8), starting at the proposal:
#
# $$h_{k+1} = h_k - \alpha\,\nabla\Phi(h_k), \qquad \nabla\Phi(h) = \nabla E(h) + \frac{h-f}{\gamma}, \qquad h_0 = f.$$
#
# A state at rest has $\nabla E(h^*) = -(h^* - f)/\gamma$: the pull of the energy and the pull of the proposal cancel
# (Eq. 3). We let SymPy differentiate a general quadratic energy $E(h) = \tfrac12 a\,(h-t)^2$, one coordinate at a
# time, and solve for the state at rest.

# %%
h, f, t = sp.symbols("h f t", real=True)
a, g, damping = sp.symbols("a g gamma", positive=True)
energy = a * (h - t) ** 2 / 2
phi = energy + (h - f) ** 2 / (2 * damping)
(rest,) = sp.solve(sp.diff(phi, h), h)
derive(
    [
        ("gradient of Phi", sp.diff(phi, h), a * (h - t) + (h - f) / damping),
        ("state at rest: a weighted mean of target and proposal", rest, (damping * a * t + f) / (damping * a + 1)),
        ("Eq. 3 at the state at rest", sp.diff(energy, h).subs(h, rest), -(rest - f) / damping),
        ("curvature of Phi", sp.diff(phi, h, 2), a + 1 / damping),
    ],
    "a quadratic energy: h* is the mean of target and proposal with weights gamma a and 1",
)

# %% [markdown]
# So $h^* = \dfrac{\gamma a\,t + f}{\gamma a + 1}$. Stiff directions ($\gamma a \gg 1$) go to the target of the energy,
# soft ones stay with the proposal. The library finds the same state by descending.

# %%
A = torch.diag(torch.tensor(stiffness, dtype=torch.float64))
centre = torch.tensor(target, dtype=torch.float64)
objective = eqt.Objective(
    eqt.Quadratic(A, -A @ centre), proposal=torch.tensor(proposal, dtype=torch.float64), gamma=gamma
)
solver = eqt.GradientDescent.optimal(objective.m, objective.M)
solution = eqt.solve(objective, solver, tolerance=1e-12, record=True)
closed_form = [(gamma * s * c + p) / (gamma * s + 1) for s, c, p in zip(stiffness, target, proposal, strict=True)]
print(f"{solution.status.name} after {int(solution.steps)} steps")
print("h* by descent:     ", [f"{x:.6f}" for x in solution.h.tolist()])
print("h* in closed form: ", [f"{x:.6f}" for x in closed_form])


# %% fold
def landscape(gamma: float) -> plots.Chart:
    """Level lines of Phi, the path of refinement, and the equilibria of all other dampings."""
    phi = eqt.Objective(objective.energy, objective.proposal, gamma)
    descended = eqt.solve(phi, eqt.GradientDescent.optimal(phi.m, phi.M), tolerance=1e-9, record=True).trajectory
    figure, (panel,) = plots.chart(6.8, 4.6)
    with plots.look():
        points = torch.tensor([proposal, target], dtype=torch.float64)
        low, high = points.amin(0) - 0.9, points.amax(0) + 0.9
        x, y = (torch.linspace(float(u), float(v), 160, dtype=torch.float64) for u, v in zip(low, high, strict=True))
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        values = objective.energy.value(grid) + (grid - points[0]).square().sum(-1) / (2 * gamma)
        panel.contour(x, y, values, levels=14, colors="#B0B0B0", linewidths=0.8)
        dampings = np.geomspace(1e-3, 1e3, 300)
        path = [
            [(d * s * c + p) / (d * s + 1) for s, c, p in zip(stiffness, target, proposal, strict=True)]
            for d in dampings
        ]
        panel.plot(*np.array(path).T, color="#009E73", ls="--", label=r"equilibria for all $\gamma$")
        panel.plot(*descended.T, "o-", color="#0072B2", ms=4, label="refinement $h_k$")
        named = ((proposal, "proposal $f$", 8), (target, "target of the energy", -18), (descended[-1], "$h^*$", -18))
        for point, name, above in named:
            panel.plot(*point, "o", ms=9, color="#D55E00", mec="white", zorder=5)
            panel.annotate(name, point, textcoords="offset points", xytext=(-4, above), fontweight="bold")
        panel.set_xlabel("$h_1$")
        panel.set_ylabel("$h_2$")
        panel.set_title(r"Level lines of $\Phi$, and the way down from the proposal")
        panel.legend(loc="lower right")
    return figure


sliders(landscape, gamma=(gamma, 0.05, 20.0))

# %% [markdown]
# ## The equilibrium as the most probable state
#
# Give every state the density $p(h) = e^{-\Phi(h)}/Z$ (Eq. 20). Then minimising $\Phi$ is maximising $p$: **the
# equilibrium is the MAP estimate** under a Gaussian prior around the proposal with variance $\gamma$ and a likelihood
# $e^{-E}$. For the quadratic energy this is textbook Bayes: precisions add up.

# %%
z = sp.Integral(sp.exp(-phi), (h, -sp.oo, sp.oo)).doit()
density = sp.exp(-phi) / z
posterior_mean = (a * t + f / damping) / (a + 1 / damping)
derive(
    [
        ("the density is largest where Phi is lowest", sp.diff(sp.log(density), h), -sp.diff(phi, h)),
        ("the mode is the posterior mean, weighted by precisions", rest, posterior_mean),
        ("the posterior precision is a + 1/gamma", -sp.diff(sp.log(density), h, 2), a + 1 / damping),
    ],
    "the quadratic energy is a Gaussian likelihood",
)

# %% [markdown]
# Two things can go wrong, and the paper's Proposition 1 is silent on both.
#
# **There may be no density.** With $E(h) = -h^2$ and $\gamma = 1$ the objective is $-h^2/2 - hf + f^2/2$, for $f = 0$
# just $-h^2/2$: the integral diverges and nothing is lowest.

# %%
falling = derive(
    [("E = -h^2 with gamma = 1", -(h**2) + (h - f) ** 2 / 2, -(h**2) / 2 - h * f + f**2 / 2)],
    "the objective without a lower bound, for every proposal",
)
falling

# %% [markdown]
# It suffices that $E(h) \ge -\tfrac w2 |h|^2 - C$ with $w < 1/\gamma$; then the quadratic term wins far out:

# %%
w, C, r = sp.symbols("w C r", nonnegative=True)  # r = |h|
away = sp.Symbol("away", nonnegative=True)  # |h - f| >= r - |f|
size = sp.Symbol("size", nonnegative=True)  # |f|
bounded_below = eqt.prove(
    [w < g, g * r >= 2 * g * size, (g - w) * r >= 4 * g * size, away >= r - size],
    -w * r**2 / 2 - C + g * away**2 / 2 >= (g - w) * r**2 / 4 - C,
    detail="far out, Phi >= (g - w)|h|^2/4 - C, so exp(-Phi) has a finite integral",
)
bounded_below

# %% [markdown]
# So $\Phi$ need only be searched in a ball. Whether it *has* a least value there is another question: a continuous
# energy has one (Weierstrass; lower semicontinuous is enough). Without continuity there may be a density and yet no
# mode. Take $f = 0$, $\gamma = 1$ and $E(h) = |h|$ for $h \ne 0$, but $E(0) = 1$: the values of $\Phi$ come as near to
# 0 as one likes, and none is 0.

# %%
near = sp.Symbol("near", positive=True)  # a state on the right of the jump
level = sp.Symbol("level", positive=True)  # any level above 0
beside = sp.Symbol("beside", real=True)  # any other state
not_attained = eqt.prove(
    [sp.Ne(beside, 0)], sp.Abs(beside) + beside**2 / 2 > 0, detail="Phi > 0 at every state but 0, where it is 1"
)
approached = eqt.prove(
    [level < 1, sp.Eq(near, level / 2)],
    near + near**2 / 2 < level,
    detail="below every level there is a value of Phi, so its infimum 0 is not attained",
)
approached

# %% [markdown]
# Without the condition on the energy, growth fails as well; the prover hands us the numbers.

# %%
no_condition = eqt.prove(
    [r >= 1], -w * r**2 / 2 + g * r**2 / 2 >= 0, detail="the proximal term always wins (f = 0, C = 0)"
)
no_condition

# %% [markdown]
# **There may be several equilibria.** The paper writes $h^* = \arg\min$, as if there were one. Its own confidence term
# $E(h) = H[p] - \log p(\hat x \mid h)$, with two classes and logits $(h, -h)$, pushes away from indecision. With
# $f = 0$ and $\gamma = 1$ there are two equally good answers, so "the" equilibrium has to be read as *one of*.

# %%
confidence = eqt.Confidence(eqt.LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64)))
undecided = eqt.Objective(confidence, proposal=torch.zeros(1, dtype=torch.float64), gamma=1.0)
starts = torch.tensor([[-0.5], [0.5]], dtype=torch.float64)
both = eqt.solve(
    eqt.Objective(confidence, torch.zeros(2, 1, dtype=torch.float64), 1.0), eqt.GradientDescent(0.3), start=starts
)
left, right = both.h[:, 0].tolist()
value_left, value_right = undecided.value(both.h).tolist()
print(f"from -0.5: h = {left:+.6f}, Phi = {value_left:.6f}")
print(f"from +0.5: h = {right:+.6f}, Phi = {value_right:.6f}")


# %%
def on_the_line(energy):
    """A torch energy as a function of one number."""
    return lambda x: float(energy.value(torch.tensor([x], dtype=torch.float64)))


plots.several_minimisers(
    on_the_line(undecided),
    (left, right),
    energy=on_the_line(confidence),
    title="The paper's confidence term: two equilibria",
)

# %% [markdown]
# ## What stands
#
# - Refinement is gradient descent on $\Phi$; a state at rest balances energy and proposal (Eq. 3; *proved here* for
#   quadratics). For a differentiable energy that is necessary for a minimiser, and sufficient when $\Phi$ is convex
#   (*proved in claim* [equation-3-repaired](../proofs/closed_loop/equation_3.py)).
# - A continuous energy with $E \ge -\tfrac w2|h|^2 - C$, $w < 1/\gamma$, has a density (*proved here*), a minimiser
#   (*cited*: Weierstrass), and every minimiser is a MAP estimate (*proved in claim*
#   [proposition-1-repaired](../proofs/closed_loop/proposition_1.py)). It is unique when $\Phi$ is strictly convex.
# - As $\gamma \to 0$ the state stays at the proposal, the standard transformer:
#   $|h^*-f|^2 \le 2\gamma\,(E(f) - \inf E)$, since $\Phi(h^*) \le \Phi(f) = E(f)$ (*proved here*, in the next cell).
#
# Next: how fast refinement gets there, and how much the paper's rate gives away.

# %%
moved, e_f, e_star, e_inf = sp.symbols("moved E_f E_star E_inf", real=True)
stays = eqt.prove(
    [moved >= 0, e_star >= e_inf, e_star + moved / (2 * damping) <= e_f],
    moved <= 2 * damping * (e_f - e_inf),
    detail="|h* - f|^2 <= 2 gamma (E(f) - inf E)",
)
stays

# %%
for proved in (falling, bounded_below, not_attained, approached, stays):
    assert proved.verdict is eqt.Verdict.PROVED
assert no_condition.verdict is eqt.Verdict.REFUTED

# %%
assert bool(solution.converged)
assert all(math.isclose(x, y, abs_tol=1e-9) for x, y in zip(solution.h.tolist(), closed_form, strict=True))
assert bool(both.converged.all()) and left < 0 < right
assert math.isclose(value_left, value_right) and value_right < float(undecided.value(torch.zeros(1).double()))

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Move `gamma` from 0.05 to 20. Towards which point does $h^*$ go at each end, and which of the
# two axes gets there first?
#
# **2. Prove.** On a quadratic energy the equilibrium is $|h^* - f|$ away from the proposal. Show that a larger $\gamma$
# moves it further.
#
# **3. Prove.** For $E(h) = -h^2$ in one dimension there is no minimiser for any $f \ne 0$ once $\gamma \ge 1/2$. What
# happens at $\gamma = 1/2$ and $f = 0$?
#
# **4. Find.** An energy that is kinked upwards, $E(h) = -|h|$ with $f = 0$: how many equilibria, where, and how deep?

# %% solution
# 1. The weight of the target is gamma a/(gamma a + 1): from 0 to 1 as gamma grows, always larger on the stiff axis.
weights = {d: [d * s / (d * s + 1) for s in (0.5, 4.0)] for d in (0.05, 1.0, 20.0)}
for d, (first, second) in weights.items():
    print(f"gamma = {d:5}: weight of the target {first:.2f} on the soft axis, {second:.2f} on the stiff one")
assert all(first < second for first, second in weights.values())

# %% solution
# 2. By the derivative of |h* - f|^2 in gamma.
further = eqt.prove(
    [sp.Ne(f, t)], sp.diff((rest - f) ** 2, damping) > 0, detail="a larger gamma moves the state further"
)
assert further.verdict is eqt.Verdict.PROVED
further

# %% solution
# 3. With c = 1 - g/2 >= 0 the objective is -c h^2 - g h f + g f^2/2. At h = s f, s > 0, it falls below every level.
s, below = sp.symbols("s below", positive=True)
unbounded = eqt.prove(
    [g <= 2, sp.Ne(f, 0), s >= 1, s * g * f**2 >= below + g * f**2 / 2],
    -((s * f) ** 2) + g * (s * f - f) ** 2 / 2 <= -below,
    detail="for gamma >= 1/2 and f != 0 the objective has no lower bound",
)
at_the_edge = derive(
    [("gamma = 1/2, f = 0", (-(h**2) + h**2 / (2 * damping)).subs(damping, sp.Rational(1, 2)), 0)], "flat"
)
assert unbounded.verdict is at_the_edge.verdict is eqt.Verdict.PROVED  # at the edge every state is a minimiser
unbounded

# %% solution
# 4. Two, at +gamma and -gamma, each of depth -gamma/2: for h > 0 the objective is h^2/(2 gamma) - h.
x = sp.Symbol("x", positive=True)
kink = -x + x**2 / (2 * damping)
two = derive(
    [
        ("at rest at gamma", sp.diff(kink, x).subs(x, damping), 0),
        ("its depth", kink.subs(x, damping), -damping / 2),
        ("nothing is lower", kink + damping / 2, (x - damping) ** 2 / (2 * damping)),
    ],
    "two equilibria, at -gamma and gamma",
)
assert two.verdict is eqt.Verdict.PROVED
two

# %% [markdown]
# ## Sources
#
# - Jafari, Anbarjafari 2025, *Closed-Loop Transformers: Autoregressive Modeling as Iterative Latent Equilibrium*,
#   arXiv:2511.21882. The equations named here are theirs.
# - Robert 2007, *The Bayesian Choice*, Springer, doi:10.1007/0-387-71599-1 (the mode as an estimate).
# - Rockafellar, Wets 1998, *Variational Analysis*, Springer, doi:10.1007/978-3-642-02431-3, Thm 1.9 (existence of a
#   minimiser for a lower semicontinuous function with bounded level sets).
