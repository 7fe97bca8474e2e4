# %% [markdown]
# # 15. Your own model
#
# Your model is a network. It may be an energy $E(h)$ that a step descends, or a layer $T(h)$ applied until nothing
# changes. What can be said of it without trusting a sample? This notebook takes both ways from the weights to a
# guarantee, and shows where the guarantee ends.
#
# In this notebook: a memory whose weak convexity is known in closed form; an energy network bounded layer by layer,
# and one that is convex by construction; a layer whose contraction follows from its weights; and what spoils all that.
#
# - **You need:** notebooks [2](02_contraction.ipynb) and [4](04_weak_convexity.ipynb). **Time:** 20 minutes.
# - **Neighbours:** [the map](README.md); before it [13. Check your own](13_check_your_own.ipynb), after it
#   [16. A repair that works](16_a_repair_that_works.ipynb).
# - **Notation:** $\mu \le \nabla^2 E \le L$; $D$ the largest distance of two patterns; $\beta$ an inverse temperature.
# - **Terms:** [weakly convex](README.md#terms), [Lipschitz](README.md#terms).
#
# **Change a parameter** in the next cell and run everything again; the assertions must still hold.

# %%
from eqt_theory.report.parameter import parameter, whole

beta = parameter("beta", 2.0, 0.2, 8.0)  # of the memory
norm = parameter("norm", 0.8, 0.1, 0.95)  # of the layer
width = whole("width", 10, 2, 20)  # of the networks

# %%
import math
from fractions import Fraction

import sympy as sp
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.report.plots.style import BLUE, INK, VERMILLION, Chart, array, chart, look


def draw(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# %% [markdown]
# ## A memory: weak convexity in closed form
#
# The modern Hopfield energy stores patterns $x_1, \dots, x_n$:
#
# $$E(h) = \tfrac12|h|^2 - \tfrac1\beta\log\sum_i e^{\beta x_i\cdot h}, \qquad
# \nabla^2 E(h) = I - \beta\,\mathrm{Cov}_p(x), \quad p = \mathrm{softmax}(\beta X h).$$
#
# Along a unit vector the covariance is a variance of numbers $x_i \cdot u$, which lie within $D$ of each other. The
# variance of numbers in $[a, b]$ with mean $e_1$ and mean square $e_2$ is at most $(b - a)^2/4$ (Popoviciu 1935):

# %%
e1, e2, low, high, D = sp.symbols("mean mean_square low high D", real=True)
variance = eqt.prove(
    [low <= high, high - low <= D, (low + high) * e1 - low * high - e2 >= 0],
    e2 - e1**2 <= D**2 / 4,
    detail="the mean of (high - x)(x - low) is not negative",
)
assert variance.verdict is Verdict.PROVED
variance

# %% [markdown]
# So $1 - \beta D^2/4 \le \nabla^2 E \le 1$ (*proved here*), and two patterns attain the bound at every state that
# both weigh alike, $x_1\cdot h = x_2\cdot h$.

# %%
pair = torch.tensor([[1.0, 1.0], [-1.0, 0.5]], dtype=torch.float64)
memory = eqt.Hopfield(pair, beta)
apart = float((pair[0] - pair[1]) @ (pair[0] - pair[1]))
mu = 1 - beta * apart / 4
ball = eqt.Ball([0.0, 0.0], 3.0)
below = eqt.check_strong_convexity(memory, mu - 1e-9, ball, samples=32)
above = eqt.check_strong_convexity(memory, mu + 1e-3, ball, samples=32)
print(f"curvature >= {mu:.3f}: {below.verdict}")
print(f"curvature >= {mu + 1e-3:.3f}: {above.verdict}, by {float(above.witness['curvature']):.4f} between two states")
assert below.verdict is Verdict.CERTIFIED and above.verdict is Verdict.REFUTED

# %% [markdown]
# Damping makes up for weak convexity: $\Phi$ is convex for $\gamma \le 1/(\beta D^2/4 - 1)$, and for every $\gamma$
# where $\beta D^2 \le 4$. The same closed form serves any difference `e1 - e2` of packaged energies, such as minus the
# log-density of a Gaussian mixture.
#
# ## A network as an energy
#
# For $E(h) = u \cdot \varphi(Wh + b)$ the Hessian is $W^\top \mathrm{diag}(u_i\varphi''(z_i))\,W$. With
# $|\tanh''| \le 4/(3\sqrt3)$ it lies within $\max|u_i| \cdot 4/(3\sqrt3) \cdot |W|^2$, and deeper networks are bounded
# layer by layer, every norm rounded up.

# %%
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 1)).double().requires_grad_(False)
energy = eqt.NetworkEnergy(net)
W, u = net[0].weight, net[2].weight.abs().max()
bound = float(u * 4 / (3 * math.sqrt(3)) * torch.linalg.matrix_norm(W, 2) ** 2)
space = eqt.WholeSpace(3)
by_layers = eqt.check_smoothness(energy, 1.001 * bound, space, samples=32)
print(f"|curvature| <= {1.001 * bound:.4f}: {by_layers.verdict}")
assert by_layers.verdict is Verdict.CERTIFIED

# %% [markdown]
# A bound is no description: the curvature that a search finds is smaller.

# %%
around = eqt.Ball([0.0] * 3, 2.0)
states = 2 * draw(400, 3, seed=1)
found = torch.linalg.eigvalsh(energy.hessian(states))
print(f"found {float(found.min()):.4f} to {float(found.max()):.4f}, certified within {bound:.4f}")
assert float(found.abs().max()) <= bound

# %% [markdown]
# Convexity cannot be had from such bounds, as they are the same on both sides. An **input-convex** network has it by
# construction: increasing convex activations, and weights that are positive whatever training stores.

# %%
convex = eqt.InputConvexNetwork(3, [width, 4], seed=0)
for raw in convex.parameters():
    raw.add_(draw(*raw.shape, seed=5))  # what training might do
by_construction = eqt.check_strong_convexity(convex, 0.0, space, samples=32)
print("curvature >= 0:", by_construction.verdict)
assert by_construction.verdict is Verdict.CERTIFIED

# %% [markdown]
# ## A layer as a fixed point
#
# A layer $T(h) = \tanh(Wh + b)$ contracts by $|W|$, as $\tanh$ is 1-Lipschitz. `certify_lipschitz` rounds the norm up;
# for a composition a matrix inequality with one multiplier for each neuron is sharper than the product of the norms,
# and the kernel checks its solution in fractions.

# %%
layer = nn.Sequential(nn.Linear(6, 6), nn.Tanh()).double().requires_grad_(False)
weight = draw(6, 6, seed=2)
layer[0].weight.copy_(norm * weight / torch.linalg.matrix_norm(weight, 2))
deq = eqt.FixedPoint(layer, dim=6)
contraction = eqt.check_contraction(deq, rate=norm + 1e-9, domain=eqt.Ball([0.0] * 6, 3.0), samples=16)
assert contraction.verdict is Verdict.CERTIFIED

deep = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2)).double()
constant = eqt.certify_lipschitz(deep)
product = math.prod(float(torch.linalg.matrix_norm(p.detach(), 2)) for p in deep.parameters() if p.ndim == 2)
certified = float(Fraction(constant.enclosures["lipschitz"]))
print(f"certified: {math.ceil(1000 * certified) / 1000}   the product of norms: {product:.4f}")
print("the kernel accepts the certificate:", bool(constant.certificate and eqt.recheck(constant.certificate)))
assert certified < product * (1 + 1e-9)

# %% [markdown]
# The guarantee against what happens:

# %%
start = torch.zeros(6, dtype=torch.float64)
run = eqt.solve(deq, eqt.Picard(), start=start, tolerance=1e-13, record=True)
assert run.trajectory is not None
away = array((run.trajectory[:-1] - run.h).norm(dim=-1))  # the last state stands for the equilibrium
assert all(b <= norm * a + 1e-12 for a, b in zip(away, away[1:], strict=False))


# %% fold
def contraction_picture() -> Chart:
    """The distance per step under what the weights promise."""
    figure, (panel,) = chart(6.0, 3.4)
    with look():
        panel.semilogy(away.clip(1e-15), color=BLUE, label="Picard")
        promised = [away[0] * norm**k for k in range(len(away))]
        panel.semilogy(promised, ":", color=INK, label=f"certified: {norm} per step")
        panel.axhline(1e-13, color=VERMILLION, linewidth=0.8, linestyle="--", label="tolerance")
        panel.set(xlabel="step", ylabel="distance to the equilibrium")
        panel.legend()
    return figure


contraction_picture()

# %% [markdown]
# ## Where it ends
#
# Only what is understood exactly is certified. A hook, a subclass, pruning, a parametrisation or a layer that is not
# on the list takes the certificate away, and the finding says which. A search may still support or refute.

# %%
deep[0].register_forward_hook(lambda module, inputs, output: 3 * output)
spoiled = eqt.certify_lipschitz(deep)
print(spoiled.verdict, spoiled.detail)
assert spoiled.verdict is Verdict.INCONCLUSIVE

# %% [markdown]
# ## What stands
#
# - The memory is weakly convex, with the constant that its patterns give (*proved here*; that the bound is attained by
#   two patterns is *certified here*, from both sides).
# - Constants of a network that follow from its weights hold everywhere (*certified here*); a search finds less, and
#   shows only that the bound is not far off (*measured here*).
# - A certificate is worth what was read: a hook takes it away (*remark*).
#
# ## Exercises
#
# **1. Change a number.** Move `beta` from 0.2 to 8. At which value does the memory of the pair stop being convex?
#
# **2. Prove.** `relu(x) - relu(-x) = x` has the constant 1, and the product of norms says 2. Why?
#
# **3. Find.** Four patterns for which $1 - \beta D^2/4$ is not attained.

# %% solution
# 1. At beta = 4/D^2.
edge = 4 / apart
assert eqt.check_strong_convexity(eqt.Hopfield(pair, 0.99 * edge), 0.0, ball, samples=16).verdict is Verdict.CERTIFIED
assert eqt.check_strong_convexity(eqt.Hopfield(pair, 1.01 * edge), 0.0, ball, samples=16).verdict is Verdict.REFUTED
print(f"beta = {edge:.4f}")

# %% solution
# 2. Both layers have the norm sqrt 2, but for no x are both neurons active: the norms see what never happens.
split = (
    nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False)).double().requires_grad_(False)
)
split[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
split[2].weight.copy_(torch.tensor([[1.0, -1.0]]))
assert torch.equal(split(draw(5, 1, seed=3)), draw(5, 1, seed=3))
print(eqt.certify_lipschitz(split).detail)

# %% solution
# 3. The corners of a square: the ends of a diagonal never share the softmax alone. The bound is 1 - beta/2, and sampled
# curvature stays above.
square = eqt.Hopfield(torch.tensor([[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5, -0.5]], dtype=torch.float64), 1.0)
least = float(torch.linalg.eigvalsh(square.hessian(3 * draw(2000, 2, seed=4))).min())
print(f"bound {1 - 2 / 4}, found {least:.4f}")
assert least > 0.7

# %% [markdown]
# ## Sources
#
# - Ramsauer et al. 2021, *Hopfield Networks is All You Need*, arXiv:2008.02217: the energy of the memory.
# - Amos, Xu, Kolter 2017, *Input Convex Neural Networks*, arXiv:1609.07152.
# - Fazlyab et al. 2019, *Efficient and Accurate Estimation of Lipschitz Constants for Deep Neural Networks*,
#   arXiv:1906.04893: the matrix inequality.
