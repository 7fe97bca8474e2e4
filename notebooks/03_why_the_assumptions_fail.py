# %% [markdown]
# # 3. Why the paper's assumptions never hold for its own energy
#
# Theorem 2 assumes that the energy's gradient is Lipschitz on all of $\mathbb R^d$ (Assumption 4.1) and that the energy
# is strongly convex on all of it (Assumption 4.2). The paper's energy is a weighted sum of four terms (Eqs. 11 to 15):
#
# | term | what it asks of a state $h$ |
# |---|---|
# | reverse | predict the last $W$ tokens from $h$ |
# | masked | predict hidden tokens from $h$ |
# | confidence | be sure: entropy of the next token plus surprise at the favourite |
# | memory | point in the direction of a remembered state |
#
# **In our words: not one of the four is strongly convex, two are not even smooth, and no sum of them is strongly
# convex.** So Theorem 2, as stated, never speaks about the paper's own model. We take the terms one by one, and end
# with what does hold: a ball around the proposal that refinement cannot leave, and on which it contracts.
#
# - **You need:** softmax and cross-entropy, Hessians. **Time:** about 30 minutes.
# - **Neighbours:** after [2. Contraction](02_contraction.ipynb); next [4. Weak convexity](04_weak_convexity.ipynb).
# - **Claims:** [assumption-4.1](../proofs/closed_loop/assumption_4_1.py),
#   [assumption-4.2](../proofs/closed_loop/assumption_4_2.py),
#   [theorem-2-applicability](../proofs/closed_loop/theorem_2_applicability.py).
# - **Notation:** $h$ a state, $p$ a probability, $z_i$ the memories, $\tau$ their temperature; $\mu, L$ and $w$ as in
#   [the map](README.md#notation).
# - **Terms:** [Lipschitz, strongly convex, weakly convex](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

temperature = parameter("temperature", 1.0, 0.7, 2.2)  # tau of the memory term
gamma = parameter("gamma", 1.0, 0.05, 1.1)  # damping, the paper's default; see the check below

# %%
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

proposal = (3.0, -1.0, 2.0)  # f

# %% [markdown]
# ## Reverse and masked terms: convex, and flat far out
#
# Both are cross-entropies of a softmax over logits. With two classes and logits $(0, x)$ the loss is
# $\ln(1 + e^{-x})$, and its curvature is $p(1-p)$: never negative, never above $\tfrac14$, and below any $\mu > 0$ once
# the head is sure of itself.

# %%
x = sp.Symbol("x", real=True)
p, mu = sp.symbols("p mu", positive=True)
cross_entropy = sp.log(1 + sp.exp(-x))
sure = 1 / (1 + sp.exp(-x))
curvature = derive(
    [("the curvature is p (1 - p)", sp.diff(cross_entropy, x, 2), sure * (1 - sure))], "two-class cross-entropy"
)
smooth = eqt.prove([p < 1], [p * (1 - p) > 0, p * (1 - p) <= sp.Rational(1, 4)], detail="0 < p (1 - p) <= 1/4")
flat = eqt.prove([p < 1, p < mu], p * (1 - p) < mu, detail="for every mu > 0 the curvature is below mu where p < mu")
far_out = derive([("the limit far out", sp.limit(sure * (1 - sure), x, sp.oo), 0)], "the curvature tends to 0")
flat

# %% [markdown]
# ## Confidence: kinked downwards where the favourite changes
#
# With two classes and logits $(h, -h)$, $E(h) = H[p] - \log\max_i p_i$. On each side of the tie at $h = 0$ it is
# smooth, and even convex: in the difference $x$ of the logits, with the favourite frozen, its curvature is
# $x\tanh(x/2)\,p(1-p) \ge 0$, on both sides of $x = 0$.

# %%
frozen = -sure * sp.log(sure) - (1 - sure) * sp.log(1 - sure) - sp.log(sure)
between = sp.Symbol("between", real=True)  # tanh(x/2) = 2 p - 1, of the sign of x
bend = derive(
    [
        ("the curvature, favourite frozen", sp.diff(frozen, x, 2), x * (2 * sure - 1) * sure * (1 - sure)),
        ("2 p - 1 is tanh(x/2)", 2 * sure - 1, sp.tanh(x / 2).rewrite(sp.exp)),
    ],
    "E'' = x tanh(x/2) p (1 - p)",
)
convex_sides = eqt.prove(
    [p < 1, sp.Implies(x >= 0, between >= 0), sp.Implies(x <= 0, between <= 0)],
    x * between * p * (1 - p) >= 0,
    detail="x tanh(x/2) p (1 - p) >= 0: with the favourite frozen the term is convex",
)
bend

# %% [markdown]
# At the tie the slope jumps from $+1$ to $-1$: the term is a ridge, and pushes away from indecision.

# %%
h = sp.Symbol("h", real=True)
p_one, p_two = 1 / (1 + sp.exp(-2 * h)), 1 / (1 + sp.exp(2 * h))
entropy = -p_one * sp.log(p_one) - p_two * sp.log(p_two)
right, left = entropy - sp.log(p_one), entropy - sp.log(p_two)
slopes = derive(
    [
        ("slope just right of the tie", sp.diff(right, h).subs(h, 0), -1),
        ("slope just left of the tie", sp.diff(left, h).subs(h, 0), 1),
        ("the two pieces agree there", (right - left).subs(h, 0), 0),
    ],
    "a downward kink of size 2",
)
slopes

# %% [markdown]
# A jump of the gradient over no distance rules out every Lipschitz constant *and* every weak-convexity constant: for
# states $\pm r$ the gradient difference is about $-2$ while $|d| = 2r$. For any $w$, a small enough $r$ breaks
# $\langle D, d\rangle \ge -w|d|^2$:

# %%
w, L, r = sp.symbols("w L r", positive=True)
jump = sp.Symbol("jump", real=True)  # slope at +r minus slope at -r
jump_limit = derive(
    [("the jump over no distance", sp.limit(sp.diff(right, h) - sp.diff(left, h).subs(h, -h), h, 0), -2)],
    "the slope at +r minus the slope at -r tends to -2, so it is below -1 for r small enough",
)
kink = eqt.prove(
    [jump <= -1, r < 1 / (2 * w), r < 1 / (2 * L)],
    [jump * (2 * r) < -w * (2 * r) ** 2, sp.Abs(jump) > L * (2 * r)],
    detail="across the tie, every w and every L fails for r small enough",
)
kink

# %% [markdown]
# ## Memory: it sees only the direction
#
# $E(h) = -\log\sum_i e^{\cos(h, z_i)/\tau}$ depends on $h/|h|$ alone. So nothing changes along a ray, and close to the
# origin everything changes at once. One memory $z = (1, 0)$ in the plane shows it; for $F(h/|h|)$ in general the first
# two lines are Euler's identity.

# %%
u, v, tau = sp.symbols("u v tau", positive=True)
length = sp.sqrt(u**2 + v**2)
memory = -u / (tau * length)
slope = [sp.diff(memory, s) for s in (u, v)]
hessian = sp.hessian(memory, (u, v))
along = sp.Matrix([u, v])
across = sp.Matrix([-v, u]) / length
rays = derive(
    [
        ("no slope along the ray", u * slope[0] + v * slope[1], 0),
        ("no curvature along the ray", (along.T * hessian * along)[0], 0),
        ("across it: cos/(tau |h|^2)", (across.T * hessian * across)[0], u / (tau * length**3)),
        ("Euler once more: H h = -grad, first entry", (hessian * along)[0], -slope[0]),
        ("and second entry", (hessian * along)[1], -slope[1]),
        ("at the memory, towards the origin: 1/(curvature) -> 0", sp.limit(tau * u**2, u, 0), 0),
    ],
    "the memory term is flat along rays, and its curvature grows like 1/|h|^2 towards the origin",
)
rays

# %% [markdown]
# Behind the memory ($\cos < 0$) the curvature is negative. And $h^\top \nabla^2 E\, h = 0$ although
# $\nabla^2 E\, h = -\nabla E$, which is not 0 where the term is not at rest: there the Hessian is indefinite, for a
# semidefinite $H$ with $h^\top H h = 0$ has $Hh = 0$.
#
# ## The sum: never strongly convex
#
# On a ray the memory contributes nothing to $\langle D, d\rangle$, and the other gradients are bounded by some $G$
# (*proved in claim* [assumption-4.2](../proofs/closed_loop/assumption_4_2.py)). So
# $\langle D, d\rangle \le 2G|d|$, which is below $\mu|d|^2$ for states far enough apart:

# %%
bound, far, inner = sp.symbols("G far inner", positive=True)
never = eqt.prove(
    [inner <= 2 * bound * far, far > 2 * bound / mu],
    inner < mu * far**2,
    detail="for every mu > 0 two states on a ray, further apart than 2 G/mu, break Assumption 4.2",
)
never

# %% [markdown]
# ## The four terms measured
#
# An instance with linear heads, three classes, four tokens, two memories. Each tick is an eigenvalue of the Hessian at
# one of 40 random states; bars are the curvature that a term declares for *all* states. Left of the dashed line $\Phi$
# is not convex at $\gamma = 1$.


# %%
def rows(*values: list[float]) -> torch.Tensor:
    """A float64 matrix."""
    return torch.tensor(values, dtype=torch.float64)


reverse_head = eqt.LinearHead(rows([0.5, 0.0, -0.25], [-0.5, 0.25, 0.0], [0.0, -0.25, 0.5]))
masked_head = eqt.LinearHead(rows([0.25, 0.5, 0.0], [0.0, -0.5, 0.25], [-0.25, 0.0, -0.5]))
token_head = eqt.LinearHead(rows([0.75, 0.0, 0.0], [-0.5, 0.5, 0.0], [-0.25, -0.5, 0.25]))
tokens, mask = torch.tensor([0, 2, 1, 0]), torch.tensor([False, True, False, True])
terms = {
    "reverse": eqt.ReversePrediction(reverse_head, tokens, window=4),
    "masked": eqt.MaskedPrediction(masked_head, tokens, mask),
    "confidence": eqt.Confidence(token_head),
    "memory": eqt.EpisodicMemory(rows([1.0, 2.0, 0.0], [0.0, -1.0, 1.0]), tau=temperature),
}
states = 0.7 * torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
plots.curvature_spectra(terms, states, safe=-1 / gamma, title="No term is strongly convex")

# %% [markdown]
# ## What does hold: a ball around the proposal
#
# The trouble sits at ties and near the origin. Freeze the argmax at the proposal (that majorises the confidence term)
# and stay away from the origin: then every curvature is bounded, and the repaired Theorem 2 needs only a lower bound
# above $-1/\gamma$. The library works out the smallest ball $B(f, R)$ that the iterates cannot leave, and the
# contraction factor on it, with outward rounding.

# %%
f = torch.tensor(proposal, dtype=torch.float64)
energy = eqt.paper_energy(*terms.values())
limit = eqt.largest_gamma(energy, f)
certificate = eqt.local_certificate(energy, f, gamma)
print(f"|f| = {float(f.norm()):.4f}; largest gamma with a certificate: {limit:.4f}")
parameter("gamma", gamma, 0, limit, "beyond, no ball has a certificate at this temperature")
certificate

# %%
objective = eqt.Objective(certificate.energy, f, gamma)
solver = eqt.GradientDescent(certificate.step_size)
run = eqt.solve(objective, solver, tolerance=1e-13, record=True)
promise = solver.guarantee(certificate.m, certificate.M)
plots.convergence(run, promise, title="The paper's four terms, inside the certified ball")

# %% [markdown]
# ## What stands
#
# - As stated, Theorem 2 applies to no instance of the paper's energy (*proved in claim*
#   [theorem-2-applicability](../proofs/closed_loop/theorem_2_applicability.py); *proved here* for two classes and one
#   memory).
# - Locally it does: away from the origin, with the argmax frozen, for $\gamma$ below a number that can be computed from
#   the weights and $|f|$ (*proved in claim* [assumption-4.2-repaired](../proofs/closed_loop/assumption_4_2.py);
#   certified here for one instance).
#
# Next: the theorem that makes this work, weak convexity instead of strong.

# %%
for proved in (curvature, smooth, flat, far_out, bend, convex_sides, slopes, jump_limit, kink, rays, never):
    assert proved.verdict is eqt.Verdict.PROVED

# %%
wandered = float((run.trajectory - f).norm(dim=-1).max())
distance = (run.trajectory - run.h).norm(dim=-1)
allowed = promise.rate ** torch.arange(len(distance), dtype=torch.float64) * distance[0]
spectrum = torch.linalg.eigvalsh(energy.hessian(states))

assert certificate.holds and certificate.rate < 1 and gamma <= limit
assert not eqt.local_certificate(energy, f, 1.01 * limit).holds
assert wandered <= certificate.radius < float(f.norm())
assert bool(run.converged) and bool((distance <= allowed + 1e-11).all())
assert float(spectrum.min()) < 0 < float(spectrum.max())

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Move `temperature` down to 0.7. Does the largest certified `gamma` grow or shrink, and why?
#
# **2. Prove.** A sum of convex terms and the memory term is not strongly convex even where the convex terms are: the
# sum of $\tfrac\mu2 |h|^2$ and a term with curvature $\cos/(\tau|h|^2)$ bends down near the origin behind the memory.
#
# **3. Prove.** Freezing the favourite at the proposal majorises the confidence term: $-\log\max_i p_i \le -\log p_j$
# for every $j$.

# %% solution
# 1. It shrinks: the memory's curvature goes with 1/tau.
colder = dict(terms, memory=eqt.EpisodicMemory(rows([1.0, 2.0, 0.0], [0.0, -1.0, 1.0]), tau=0.7))
warmer = dict(terms, memory=eqt.EpisodicMemory(rows([1.0, 2.0, 0.0], [0.0, -1.0, 1.0]), tau=2.0))
limits = [eqt.largest_gamma(eqt.paper_energy(*chosen.values()), f) for chosen in (colder, warmer)]
print(f"largest gamma: {limits[0]:.4f} at tau = 0.7, {limits[1]:.4f} at tau = 2")
assert limits[0] < limits[1]

# %% solution
# 2. Behind the memory (cosine c < 0), at distance s with mu tau s^2 < -c, the curvature across the ray is negative.
cosine, away = sp.Symbol("cosine", negative=True), sp.Symbol("away", positive=True)
still_bends = eqt.prove(
    [mu * tau * away**2 < -cosine], mu + cosine / (tau * away**2) < 0, detail="near the origin mu does not help"
)
assert still_bends.verdict is eqt.Verdict.PROVED
still_bends

# %% solution
# 3. The logarithm increases, so it is enough that the largest of the p is at least each of them.
p_first, p_second, p_third = sp.symbols("p_first p_second p_third", positive=True)
majorises = eqt.prove(
    [p_first <= 1, p_second <= 1, p_third <= 1],
    [sp.Max(p_first, p_second, p_third) >= q for q in (p_first, p_second, p_third)],
    detail="max_i p_i >= p_j, so -log max_i p_i <= -log p_j",
)
assert majorises.verdict is eqt.Verdict.PROVED
majorises

# %% [markdown]
# ## Sources
#
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Assumptions 4.1 and 4.2, Eqs. 11 to 15.
# - Boyd, Vandenberghe 2004, *Convex Optimization*, Cambridge University Press, doi:10.1017/CBO9780511804441 (the
#   Hessian of log-sum-exp).
# - Davis, Drusvyatskiy 2019, *Stochastic model-based minimization of weakly convex functions*, SIAM J. Optim. 29,
#   doi:10.1137/18M1178244.
