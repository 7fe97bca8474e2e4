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
# beyond it there can be several equilibria.
#
# - **You need:** [2. Contraction](02_contraction.ipynb). **Time:** about 30 minutes.
# - **Neighbours:** after [3. Why the assumptions fail](03_why_the_assumptions_fail.ipynb); next
#   [5. Local convergence](05_local_convergence.ipynb).
# - **Claims:** [theorem-2-repaired](../proofs/closed_loop/theorem_2.py),
#   [equation-1-repaired](../proofs/closed_loop/equation_1.py).
# - **Notation:** the energy has curvature in $[-w, L]$, $\Phi$ in $[m, M]$ with $m = g - w$, $M = g + L$, $g =
#   1/\gamma$; $d$ is a difference of states, $D$ of gradients of $\Phi$.
# - **Terms:** [weakly convex, linear rate and contraction](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

w = parameter("w", 1.0, 0.2, 1.15)  # how far the energy bends down; here E(h) = w cos(h), so also L = w

# %%
gamma = parameter("gamma", 0.8, 0.05, 0.95 / w, "the theorem needs gamma < 1/w, and near 1/w it is slow")  # damping

# %%
import math
from fractions import Fraction

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots
from eqt_theory.report.sliders import sliders

proposal = 0.05  # f, near the crest of the cosine

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
# Two states at rest would have $D = 0$, which the last line excludes. That there *is* one: $\Phi$ grows at least like
# $\tfrac m2|h-f|^2 - G\,|h-f|$ away from the proposal, $G = |\nabla\Phi(f)|$, so beyond $|h - f| = 2G/m$ it is above
# $\Phi(f)$, and within that ball a continuous function has a least value (Weierstrass).

# %%
strong, slope, far = sp.symbols("m G r", positive=True)
t = sp.Symbol("t", real=True)
growth_from_f = derive(
    [
        (
            "along a ray the slope is at least m t - G",
            sp.integrate(strong * t - slope, (t, 0, far)),
            strong * far**2 / 2 - slope * far,
        )
    ],
    "Phi(h) - Phi(f) >= m r^2/2 - G r at distance r",
)
exists = eqt.prove(
    [far > 2 * slope / strong], strong * far**2 / 2 - slope * far > 0, detail="beyond 2 G/m every value is above Phi(f)"
)
exists

# %% [markdown]
# Drop the condition and the prover answers with a
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


# %% fold
def diagram(bend: float, lipschitz: float, damping: float) -> plots.Chart:
    """The regions for curvature in [-w, L], and the best step at one damping where it has one."""
    low, high = 1 / damping - bend, 1 / damping + lipschitz
    marked = [(float(eqt.GradientDescent.optimal(low, high).step_size), damping)] if low > 0 else []
    return plots.phase_diagram(-bend, lipschitz, gamma=(0.05, 20), points=marked)


sliders(diagram, bend=(w, 0.1, 3.0), lipschitz=(w, 0.1, 10.0), damping=(gamma, 0.05, 5.0))

# %% [markdown]
# ### Is a smaller damping faster?
#
# Only with the step size that goes with it. At the best step $2/(m+M)$ the factor is $(L+w)/(L - w + 2g)$, which falls
# as $g = 1/\gamma$ grows. At a *fixed* step size a smaller $\gamma$ makes $\Phi$ steeper and can leave the stable
# range: with $\alpha = w = L = 1$ the factor is 1.25, 2 and 2.5 at $\gamma = 0.8$, $0.5$ and $0.4$. ([Notebook
# 11](11_solvers_compared.ipynb) has a step that does not have this trouble.)

# %%
more = sp.Symbol("more", positive=True)  # the larger g
best_factor = derive(
    [("at the best step", 1 - 2 * m / (m + M), (L + bend) / (L - bend + 2 * g))], "rho at 2/(m + M), where -w <= L"
)
faster = eqt.prove(
    [bend < g, -bend < L, g < more],
    (L + bend) / (L - bend + 2 * more) < (L + bend) / (L - bend + 2 * g),
    detail="with the best step for each, a smaller gamma is faster",
)
fixed_step = [
    rho.subs({alpha: 1, bend: 1, L: 1, g: 1 / damping})
    for damping in (sp.Rational(4, 5), sp.Rational(1, 2), sp.Rational(2, 5))
]
print("with alpha = 1 at gamma = 0.8, 0.5, 0.4: rho =", ", ".join(str(factor) for factor in fixed_step))
faster

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
    return eqt.solve(phi, eqt.GradientDescent(1 / (w + 1 / damping)), start=starts, tolerance=1e-9, max_steps=2500)


starts = torch.linspace(-14, 20, 35, dtype=torch.float64)[:, None]
dampings = np.geomspace(0.2, 12, 40) / w
ends = [(damping, refine(float(damping), starts)) for damping in dampings]
counts = [len(np.unique(np.round(run.h[run.converged].numpy(), 4))) for _, run in ends]
for damping, count in list(zip(dampings, counts, strict=True))[::8]:
    print(f"gamma w = {damping * w:6.3f}: equilibria reached: {count}")


# %% fold
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
        panel.set_title(f"One equilibrium while $w < 1/\\gamma$, up to {max(counts)} beyond")
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
# - What counts is the curvature of $\Phi$, not of the energy: $m = 1/\gamma - w > 0$ (*proved here*).
# - The damping has a definite limit, $\gamma < 1/w$. A smaller one moves the state less ([notebook
#   9](09_special_cases.ipynb)) and is faster *with its own best step* (*proved here*), not at a fixed one.
# - More is true: the same $\rho$ bounds $|\nabla\Phi|$, its square the gap $\Phi - \Phi^*$ (*proved in claim*
#   [theorem-2-repaired](../proofs/closed_loop/theorem_2.py); certified to six digits at $m = \tfrac12$, $M = 4$ in
#   the next cell).
#
# Next: what can be said when the bounds hold only near one equilibrium.

# %%
gap = eqt.certify_rate(eqt.GradientDescent(0.25), 0.5, 4.0, measure="value", per_step=True)
slopes = eqt.certify_rate(eqt.GradientDescent(0.25), 0.5, 4.0, measure="gradient", per_step=True)
too_fast = eqt.certify_rate(eqt.GradientDescent(0.25), 0.5, 4.0, 0.86, measure="value", per_step=True)
print(f"{gap.verdict}: the gap falls by rho^2 in every step, with rho below 0.875001:", gap.rate < Fraction("0.875001"))

# %%
for proved in (contraction, stable, unique, growth_from_f, exists, best_factor, faster, no_rate, growth):
    assert proved.verdict is eqt.Verdict.PROVED
assert without.verdict is too_fast.verdict is eqt.Verdict.REFUTED
for found in (gap, slopes):  # m = 1/2, M = 4, alpha = 1/4: rho = 7/8
    assert found.verdict is eqt.Verdict.CERTIFIED and abs(found.rate - Fraction(7, 8)) < 1e-8
assert fixed_step == [sp.Rational(5, 4), 2, sp.Rational(5, 2)]

# %%
final = solution.h
distances = (solution.trajectory - final).norm(dim=-1)
allowed = guarantee.rate ** torch.arange(len(distances), dtype=torch.float64)[:, None] * distances[0]

assert all(count == 1 for damping, count in zip(dampings, counts, strict=True) if damping * w < 1)
assert max(counts) > 1
assert bool(solution.converged.all()) and bool((distances <= allowed + 1e-11).all())

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Set `gamma` to $0.95/w$. By how much does the factor of the best step grow, and how many steps
# more for a thousandth?
#
# **2. Prove.** On $E(h) = -\tfrac w2 h^2$ with $w > 1/\gamma$ refinement moves away from the state at rest, whatever
# the step size.
#
# **3. Prove.** In the stable range $\Phi$ falls even without $w < 1/\gamma$: for $\alpha \le 2/M$ no step raises it.
#
# **4. Show that "a smaller gamma is faster" needs a condition:** find numbers at which it fails at a fixed step size.

# %% solution
# 1. With L = w = 1 the best factor is (L + w)/(L - w + 2 g) = gamma.
for damping in (0.8, 0.95):
    print(
        f"gamma = {damping}: factor {damping}, {math.ceil(math.log(1e-3) / math.log(damping))} steps for a thousandth"
    )
assert eqt.GradientDescent.optimal(1 / 0.95 - 1, 1 / 0.95 + 1).guarantee(1 / 0.95 - 1, 1 / 0.95 + 1).rate < 0.9501

# %% solution
# 2. The factor on this parabola is 1 - alpha (g - w) = 1 + alpha (w - g) > 1.
leaves = eqt.prove([bend > g], sp.Abs(1 - alpha * (g - bend)) > 1, detail="every step leads away")
assert leaves.verdict is eqt.Verdict.PROVED
leaves

# %% solution
# 3. The descent lemma asks only for the upper curvature M.
before, after = sp.symbols("before after", real=True)
slope2 = sp.Symbol("slope2", nonnegative=True)  # |grad Phi|^2
falls = eqt.prove(
    [after <= before - alpha * slope2 + M * alpha**2 * slope2 / 2, alpha <= 2 / M], after <= before, detail="Phi falls"
)
assert falls.verdict is eqt.Verdict.PROVED
falls

# %% solution
# 4. The prover finds some itself.
fixed = eqt.prove(
    [bend < g, g < more, bend <= L],
    sp.Max(sp.Abs(1 - alpha * (more - bend)), sp.Abs(1 - alpha * (more + L))) <= rho,
    detail="at the same step size a smaller gamma is at least as fast",
)
assert fixed.verdict is eqt.Verdict.REFUTED
fixed

# %% [markdown]
# ## Sources
#
# - Davis, Drusvyatskiy 2019, *Stochastic model-based minimization of weakly convex functions*, SIAM J. Optim. 29,
#   doi:10.1137/18M1178244.
# - Rotaru, Glineur, Patrinos 2022, *Tight convergence rates of the gradient method on smooth hypoconvex functions*,
#   arXiv:2203.00775 (the class inequality for a negative lower curvature).
# - Taylor, Hendrickx, Glineur 2018, *Exact worst-case convergence rates of the proximal gradient method for composite
#   convex minimization*, J. Optim. Theory Appl. 178, doi:10.1007/s10957-018-1298-1 (distance, gradient and gap).
