# %% [markdown]
# # 9. Special cases
#
# The paper lists five models that its framework is said to contain (Proposition 9). In our words, and with what is left
# of each:
#
# | | claimed case | what holds |
# |---|---|---|
# | 1 | standard transformer: $E = 0$, or no steps | true for Eqs. 7 and 8, not for Algorithm 1 (LayerNorm) |
# | 2 | deep equilibrium: $E = \lvert h - F(h)\rvert^2$, $\gamma \to \infty$ | needs a fixed point, global minimum |
# | 3 | diffusion: $E = \lvert h - \text{den}(h + \sigma\varepsilon)\rvert^2$ | shrinks the data, does not sample |
# | 4 | test-time training: an energy over weights | only after calling the weights the state |
# | 5 | energy-based model: $\gamma \to 0$ | the wrong limit: it is $\gamma \to \infty$ |
#
# We take 1, 2, 3 and 5, each with a calculation and a picture.
#
# - **You need:** variances of Gaussians; limits. **Time:** about 25 minutes.
# - **Neighbours:** after [8. Differentiating](08_differentiating.ipynb); next [10. Forgetting](10_forgetting.ipynb).
# - **Claims:** [proposition-9.1](../proofs/closed_loop/proposition_9_1.py),
#   [proposition-9.2](../proofs/closed_loop/proposition_9_2.py),
#   [proposition-9.3](../proofs/closed_loop/proposition_9_3.py),
#   [proposition-9.5](../proofs/closed_loop/proposition_9_5.py),
#   [section-3.5-gamma](../proofs/closed_loop/section_3_5_gamma.py).
# - **Notation:** $r = h - F(h)$ the residual of a map $F$, den a denoiser, $\sigma$ its noise, $g = 1/\gamma$.
# - **Terms:** [stationary and minimal](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

residual_slope = parameter("residual_slope", 3.0, 1.5, 3.8, "there the only fixed point is far from where descent ends")
noise = parameter("noise", 1.0, 0.3, 3.0)  # sigma of the denoiser
start = parameter("start", 1.3, 0.2, 1.9, "from further out a step of 0.01 is too long")  # of the descent on r^2

# %%
import math

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots
from eqt_theory.report.sliders import sliders

# %% [markdown]
# ## 1. The standard transformer
#
# With $E = 0$ the first gradient is $(f - f)/\gamma = 0$: refinement never moves. But Algorithm 1 returns
# $\text{LayerNorm}(h_K)$, and that is not $f$. In two dimensions LayerNorm sends every $f$ with $f_1 \ne f_2$ to
# $(\pm1, \mp1)$. (For $f_1 = f_2$ the variance is 0, and what comes out depends on a constant that implementations
# add.)

# %%
f1, f2, h, f = sp.symbols("f1 f2 h f", real=True)
g, alpha = sp.symbols("g alpha", positive=True)
mean = (f1 + f2) / 2
variance = ((f1 - mean) ** 2 + (f2 - mean) ** 2) / 2
stays = derive(
    [("one step from f with E = 0", f - alpha * g * (f - f), f)], "refinement without an energy stands still"
)
normed = derive(
    [("squared entries after LayerNorm", (f1 - mean) ** 2 / variance, 1)],
    "in two dimensions LayerNorm forgets all but a sign",
)
example = torch.nn.functional.layer_norm(torch.tensor([3.0, 1.0], dtype=torch.float64), [2], eps=0.0)
equal = torch.nn.functional.layer_norm(torch.tensor([2.0, 2.0], dtype=torch.float64), [2], eps=0.0)
print("f = (3, 1), LayerNorm(f) =", [round(x, 6) for x in example.tolist()])
print("f = (2, 2), LayerNorm(f) =", equal.tolist(), "without that constant")

# %% [markdown]
# ## 2. Fixed points against minima of the residual
#
# A deep equilibrium model wants $F(h) = h$. Minimising $r(h)^2$, $r = h - F(h)$, has the stationarity condition
# $2\,r\,r' = 0$: it is also met where $r' = 0$ and $r \ne 0$. With $r(h) = h^3 - 3h + 3$ that happens at $h = 1$, where
# $r = 1$. The only fixed point is at $h \approx -2.104$.

# %%
s = sp.Rational(str(residual_slope))
residual = h**3 - s * h + 3
stuck = sp.sqrt(s / 3)
condition = derive(
    [
        ("slope of the energy", sp.diff(residual**2, h), 2 * residual * sp.diff(residual, h)),
        ("it vanishes where r' does", sp.diff(residual, h).subs(h, stuck), 0),
    ],
    "a stationary point that need not be a fixed point",
)
square = eqt.FunctionEnergy(lambda x: ((x**3 - residual_slope * x + 3) ** 2).sum(-1))
free = eqt.Objective(square, torch.tensor([start], dtype=torch.float64), gamma=1e12)  # gamma -> infinity
descent = eqt.solve(free, eqt.GradientDescent(0.01), tolerance=1e-9, max_steps=20000)
ended = float(descent.h)
left_over = ended**3 - residual_slope * ended + 3
print(f"descent from {start:g}: {descent.status.name}, at h = {ended:.6f} with residual {left_over:.6f}")


# %% fold
def stuck_picture() -> plots.Chart:
    """The energy r^2 with the fixed point and the place where descent ends."""
    x = np.linspace(-2.5, 2.3, 500)
    fixed = float(min(z.real for z in map(complex, np.roots([1, 0, -residual_slope, 3])) if abs(z.imag) < 1e-9))
    figure, (panel,) = plots.chart()
    with plots.look():
        panel.plot(x, (x**3 - residual_slope * x + 3) ** 2, color="#0072B2", label="energy $r(h)^2$")
        panel.plot([fixed], [0], "o", ms=9, color="#009E73", mec="white", label=f"fixed point, $h = {fixed:.3f}$")
        panel.plot(
            [ended],
            [left_over**2],
            "s",
            ms=9,
            color="#D55E00",
            mec="white",
            label=f"descent ends, $r = {left_over:.2f}$",
        )
        panel.set_ylim(-1.5, 42)
        panel.set_xlabel("state $h$")
        panel.set_ylabel("energy")
        panel.set_title("Stationary, yet no fixed point")
        panel.legend(loc="upper center")
    return figure


stuck_picture()

# %% [markdown]
# ## 3. Denoising without new noise collapses
#
# The claimed energy first. For data $N(0, 1)$ the best denoiser is linear, $z \mapsto z/(1+\sigma^2)$, and the mean of
# $|h - \text{den}(h + \sigma\varepsilon)|^2$ over the noise is $s^2h^2$ plus a constant, $s = \sigma^2/(1+\sigma^2)$:
# its minimiser is $h = 0$, the mean of the data, from every start. With a proposal drawn from the data the equilibrium
# is $f/(1 + 2\gamma s^2)$, of a variance below 1.

# %%
amount, eps_ = sp.symbols("sigma epsilon", positive=True)
shrink = amount**2 / (1 + amount**2)
pointwise = sp.expand((h - (h + amount * eps_) / (1 + amount**2)) ** 2)
mean_energy = pointwise.coeff(eps_, 0) + pointwise.coeff(eps_, 2)  # E eps = 0, E eps^2 = 1
scale_ = sp.Symbol("gamma", positive=True)
(settled,) = sp.solve(sp.diff(mean_energy + (h - f) ** 2 / (2 * scale_), h), h)
claimed_energy = derive(
    [
        ("the mean energy", mean_energy, shrink**2 * h**2 + amount**2 / (1 + amount**2) ** 2),
        ("its slope vanishes at the mean of the data", sp.diff(mean_energy, h).subs(h, 0), 0),
        ("the equilibrium of a proposal f", settled, f / (1 + 2 * scale_ * shrink**2)),
    ],
    "minimising the claimed energy shrinks every proposal towards the mean",
)
s_ = sp.Symbol("s", positive=True)
spread = sp.Symbol("spread", positive=True)
less_spread = eqt.prove(
    [sp.Eq(spread * (1 + 2 * scale_ * s_**2) ** 2, 1)],
    spread < 1,
    detail="the variance 1/(1 + 2 gamma s^2)^2 of the equilibria is below that of the data",
)
claimed_energy

# %% [markdown]
# Iterating the denoiser itself, as samplers do, is another thing.
#
# Let the data be $N(0, 1)$. The best denoiser of $x + \sigma\varepsilon$ is the posterior mean
# $z \mapsto z/(1+\sigma^2)$. Repeating "add noise, denoise" multiplies the variance $v$ to
# $(v + \sigma^2)/(1+\sigma^2)^2$,
# whose fixed point is below 1. Denoising *without* noise multiplies by $1/(1+\sigma^2)^2$ each time, down to zero.
# Neither
# returns samples of the data:

# %%
v, sigma = sp.symbols("v sigma", positive=True)
denoised = (v + sigma**2) / (1 + sigma**2) ** 2
(limit,) = sp.solve(sp.Eq(denoised, v), v)
collapse = derive(
    [("the variance that repeated noising and denoising keeps", limit, 1 / (sigma**2 + 2))], "the stationary variance"
)
decided = sp.Lt(1 / (sigma**2 + 2), 1, evaluate=False)  # SymPy would decide it by itself
too_small = eqt.prove([], decided, detail="below the variance 1 of the data, for every sigma")
shrinks = eqt.prove([], v / (1 + sigma**2) ** 2 < v, detail="without noise the variance falls at every step")
too_small


# %% fold
def collapse_picture(noise: float) -> plots.Chart:
    """The variance along both iterations."""
    keep, bare = [1.0], [1.0]
    for _ in range(12):
        keep.append((keep[-1] + noise**2) / (1 + noise**2) ** 2)
        bare.append(bare[-1] / (1 + noise**2) ** 2)
    figure, (panel,) = plots.chart()
    with plots.look():
        panel.semilogy(keep, "o-", color="#0072B2", label="noise, then denoise")
        panel.semilogy(bare, "s--", color="#D55E00", label="denoise only")
        panel.axhline(1, color="#222222", lw=1, ls=":", label="variance of the data")
        panel.axhline(1 / (noise**2 + 2), color="#009E73", lw=1.2, ls="-.", label=r"$1/(\sigma^2 + 2)$")
        panel.set_xlabel("step")
        panel.set_ylabel("variance")
        panel.set_title("Denoising again and again is no sampling")
        panel.legend(loc="lower left")
    return figure


sliders(collapse_picture, noise=(noise, 0.3, 3.0))

# %% [markdown]
# ## 5. The energy-based model is the other limit
#
# On $E = \tfrac a2 (h - t)^2$ the equilibrium is $(\gamma a t + f)/(\gamma a + 1)$ (notebook 1). As $\gamma \to 0$ it
# is
# the proposal, as $\gamma \to \infty$ it is the minimiser of the energy.

# %%
a, damping = sp.symbols("a gamma", positive=True)
t = sp.Symbol("t", real=True)
rest = (damping * a * t + f) / (damping * a + 1)
limits = derive(
    [
        ("gamma -> 0: the proposal", sp.limit(rest, damping, 0), f),
        ("gamma -> infinity: the energy's minimiser", sp.limit(rest, damping, sp.oo), t),
    ],
    "the two limits of the damping",
)
away = eqt.prove(
    [sp.Ne(f, t)],
    sp.diff((rest - f) ** 2, damping) > 0,
    detail="the state moves further from the proposal as gamma grows, so a large gamma is not conservative",
)
away

# %% [markdown]
# That was a quadratic. In general, for any energy whatever, let $h_1, h_2$ be minimisers at $\gamma_1 < \gamma_2$. Each
# is at least as good as the other at its own damping; the two inequalities add up to $|h_1 - f| \le |h_2 - f|$:

# %%
e_1, e_2 = sp.symbols("E_1 E_2", real=True)
away_1, away_2 = sp.symbols("A_1 A_2", nonnegative=True)  # |h_i - f|^2
g_1, g_2 = sp.symbols("g_1 g_2", positive=True)  # 1/gamma_i
monotone = eqt.prove(
    [g_1 > g_2, e_1 + g_1 * away_1 / 2 <= e_2 + g_1 * away_2 / 2, e_2 + g_2 * away_2 / 2 <= e_1 + g_2 * away_1 / 2],
    away_1 <= away_2,
    detail="a larger gamma never moves the state less, for every energy",
)
monotone

# %% [markdown]
# This answers Sec. 3.5, which calls $\gamma = 10$ conservative.
#
# ## What stands
#
# - Cases 1 and 5 become true with a small correction: no LayerNorm; the other limit (*proved here* for quadratics, and
#   in claims [proposition-9.1-repaired](../proofs/closed_loop/proposition_9_1.py),
#   [proposition-9.5-repaired](../proofs/closed_loop/proposition_9_5.py)).
# - Cases 2 and 3 share a solution set with the named models at best, and not their behaviour (*proved here* on
#   examples; [proposition-9.2](../proofs/closed_loop/proposition_9_2.py),
#   [proposition-9.3](../proofs/closed_loop/proposition_9_3.py)).
# - A larger $\gamma$ never moves the state less, whatever the energy (*proved here*).
#
# Next: what is forgotten when a new task is learned.

# %%
for proved in (stays, normed, collapse, claimed_energy, less_spread, too_small, shrinks, limits, away, monotone):
    assert proved.verdict is eqt.Verdict.PROVED
assert example.tolist() == [1.0, -1.0] and all(map(math.isnan, equal.tolist()))

# %%
assert condition.verdict is eqt.Verdict.PROVED
assert bool(descent.converged) and abs(ended - math.sqrt(residual_slope / 3)) < 1e-3  # where r' = 0
assert left_over > 1e-3  # and r is not
if (residual_slope, start) == (3.0, 1.3):  # the numbers of the text
    assert abs(ended - 1) < 1e-3 and abs(left_over - 1) < 1e-3
assert math.isclose(float(limit.subs(sigma, noise)), 1 / (noise**2 + 2))

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Move `residual_slope` towards 3.8. What happens to the residual at the place where descent
# ends, and at which slope would it be 0?
#
# **2. Prove.** In $n$ dimensions LayerNorm (without its constant) forgets scale and shift: $\text{LN}(cf + b) =
# \text{LN}(f)$ for $c > 0$. Three dimensions are enough to see it.
#
# **3. Prove.** If $r' \ne 0$ everywhere, every stationary point of $r^2$ is a fixed point.

# %% solution
# 1. r = 3 - 2 (s/3)^(3/2) there, which is 0 at s = 3 (3/2)^(2/3), about 3.93.
zero_at = 3 * 1.5 ** (2 / 3)
print(f"residual at the stuck point: {3 - 2 * (residual_slope / 3) ** 1.5:.4f}; it is 0 at a slope of {zero_at:.4f}")
assert abs(3 - 2 * (zero_at / 3) ** 1.5) < 1e-12 and abs(left_over - (3 - 2 * (residual_slope / 3) ** 1.5)) < 1e-3

# %% solution
# 2. Squared entries again, so that no root is needed; c > 0 keeps the sign.
entries, c, b = sp.symbols("x1 x2 x3", real=True), sp.Symbol("c", positive=True), sp.Symbol("b", real=True)


def squared(values):
    middle = sum(values) / 3
    return [(value - middle) ** 2 / (sum((other - middle) ** 2 for other in values) / 3) for value in values]


forgets = derive(
    [
        (f"entry {i + 1}", one, two)
        for i, (one, two) in enumerate(zip(squared([c * x + b for x in entries]), squared(entries), strict=True))
    ],
    "LayerNorm forgets scale and shift",
)
assert forgets.verdict is eqt.Verdict.PROVED
forgets

# %% solution
# 3. From 2 r r' = 0.
r_, dr_ = sp.symbols("r dr", real=True)
fixed_then = eqt.prove(
    [sp.Eq(2 * r_ * dr_, 0), sp.Ne(dr_, 0)], sp.Eq(r_, 0), detail="stationary and r' != 0 give r = 0"
)
assert fixed_then.verdict is eqt.Verdict.PROVED
fixed_then

# %% [markdown]
# ## Sources
#
# - Ba, Kiros, Hinton 2016, *Layer Normalization*, arXiv:1607.06450.
# - Bai, Kolter, Koltun 2019, *Deep Equilibrium Models*, arXiv:1909.01377.
# - Vincent 2011, *A Connection Between Score Matching and Denoising Autoencoders*, Neural Comput. 23,
#   doi:10.1162/NECO_a_00142; Ho, Jain, Abbeel 2020, *Denoising Diffusion Probabilistic Models*, arXiv:2006.11239.
# - Sun, Wang, Liu, Miller, Efros, Hardt 2020, *Test-Time Training with Self-Supervision*, arXiv:1909.13231.
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Proposition 9 and Sec. 3.5.
