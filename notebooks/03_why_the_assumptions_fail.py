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

# %%
temperature = 1.0  # tau of the memory term
gamma = 1.0  # damping, the paper's default
proposal = (3.0, -1.0, 2.0)  # f

# %%
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

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
flat

# %% [markdown]
# ## Confidence: kinked downwards where the favourite changes
#
# With two classes and logits $(h, -h)$, $E(h) = H[p] - \log\max_i p_i$. On each side of the tie at $h = 0$ it is
# smooth.
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
jump = sp.Symbol("jump", real=True)  # slope at +r minus slope at -r; tends to -2
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
    ],
    "the memory term is flat along rays, and its curvature grows like 1/|h|^2 towards the origin",
)
rays

# %% [markdown]
# Behind the memory ($\cos < 0$) the curvature is negative. And since $h^\top \nabla^2 E\, h = 0$ although
# $\nabla^2 E\, h \ne 0$ in general, the Hessian is indefinite wherever the term is not at rest.
#
# ## The sum: never strongly convex
#
# On a ray the memory contributes nothing to $\langle D, d\rangle$, and the other gradients are bounded by some $G$. So
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
certificate = eqt.local_certificate(energy, f, gamma)
limit = eqt.largest_gamma(energy, f)
print(f"|f| = {float(f.norm()):.4f}; largest gamma with a certificate: {limit:.4f}")
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
# - As stated, Theorem 2 applies to no instance of the paper's energy.
# - Locally it does: away from the origin, with the argmax frozen, for $\gamma$ below a number that can be computed from
#   the weights and $|f|$.
#
# Next: the theorem that makes this work, weak convexity instead of strong.

# %%
wandered = float((run.trajectory - f).norm(dim=-1).max())
distance = (run.trajectory - run.h).norm(dim=-1)
allowed = promise.rate ** torch.arange(len(distance), dtype=torch.float64) * distance[0]
spectrum = torch.linalg.eigvalsh(energy.hessian(states))

for proved in (curvature, smooth, flat, slopes, kink, rays, never):
    assert proved.verdict is eqt.Verdict.PROVED
assert certificate.holds and certificate.rate < 1 and gamma <= limit
assert not eqt.local_certificate(energy, f, 1.01 * limit).holds
assert wandered <= certificate.radius < float(f.norm())
assert bool(run.converged) and bool((distance <= allowed + 1e-11).all())
assert float(spectrum.min()) < 0 < float(spectrum.max())
