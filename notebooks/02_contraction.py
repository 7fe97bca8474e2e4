# %% [markdown]
# # 2. Contraction of gradient descent
#
# **The theorem, in our words.** Let the energy have curvature between $\mu > 0$ and $L$: for all pairs of states, with
# $d = h - h'$ and $D_E = \nabla E(h) - \nabla E(h')$,
#
# $$\mu\,|d|^2 \;\le\; \langle D_E, d\rangle \;\le\; L\,|d|^2. \tag{24}$$
#
# The paper's Theorem 2 says: for $\alpha < 2/(\mu + L + 1/\gamma)$ refinement converges linearly with the factor
# $\rho = 1 - \dfrac{2\alpha\mu}{1+\kappa}$, $\kappa = L/\mu$ (Eqs. 25, 26).
#
# That is true, and far from sharp. With $m = \mu + 1/\gamma$ and $M = L + 1/\gamma$, the curvature bounds of $\Phi$
# itself, the exact answer is
#
# $$\rho_{\text{tight}} = \max\bigl(|1-\alpha m|,\;|1-\alpha M|\bigr), \qquad \rho_{\text{tight}} < 1
# \iff 0 < \alpha < \tfrac{2}{M}.$$
#
# We derive it in three lines, have two provers check it for **all** parameters and **every** dimension, show that no
# smaller factor is true, and see how much the paper's factor gives away: 555-fold in its own example.
#
# - **You need:** gradients, inner products, quadratic forms. **Time:** about 40 minutes.
# - **Neighbours:** after [1. From open loop to equilibrium](01_open_loop_to_equilibrium.ipynb); next
#   [3. Why the assumptions fail](03_why_the_assumptions_fail.ipynb), which asks whether the energy is of this class.
# - **Claims:** [theorem-2](../proofs/closed_loop/theorem_2.py), [equation-27](../proofs/closed_loop/theorem_2.py),
#   [section-4.2.2-example](../proofs/closed_loop/section_4_2_2_example.py).
# - **Notation:** $\mu, L$ bound the curvature of the energy, $m = \mu + g$ and $M = L + g$ that of $\Phi$, $g =
#   1/\gamma$; $d$ is a difference of states, $D$ of gradients of $\Phi$, $D_E$ of gradients of $E$.
# - **Terms:** [Lipschitz, strongly convex, linear rate and contraction, sharp](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

mu = parameter("mu", 0.1, 0.02, 1.5)  # strong convexity of the energy (the paper's example, Sec. 4.2.2)
lipschitz = parameter("lipschitz", 10.0, 2.5, 15)  # L
gamma = parameter("gamma", 1.0, 0.15, 20)

# %%
step_limit = 2 / (mu + lipschitz + 1 / gamma)  # where the paper's rate is stated (Eq. 25)
step_size = parameter("step_size", 0.1, 0.005, 0.99 * step_limit, "beyond, the paper states no rate")  # alpha

# %%
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step, interpolation
from eqt_theory.engines.symbolic import derive
from eqt_theory.evidence.rate.plan import plan
from eqt_theory.report import plots
from eqt_theory.report.sliders import sliders

# %% [markdown]
# ## Step 1: one inequality says all
#
# Write $d = h - h'$ and $D = \nabla\Phi(h) - \nabla\Phi(h')$. Everything that a curvature between $m$ and $M$ says
# about one pair of states is contained in one inequality (Nesterov 2018, Thm 2.1.12):
#
# $$\langle D - m\,d,\; M\,d - D\rangle \;\ge\; 0.$$
#
# For a quadratic it is plain: both factors are $d$ scaled, eigenvector by eigenvector, by $\lambda - m \ge 0$ and
# $M - \lambda \ge 0$. For every other function here is the whole proof.
#
# Take away the least curvature: $\varphi = \Phi - \tfrac m2|\cdot|^2$ has curvature between 0 and $\ell = M - m > 0$.
# For two states $x, y$ put $G = \nabla\varphi(y) - \nabla\varphi(x)$, and go from $y$ one gradient step along $G$:
# $z = y - G/\ell$.
#
# 1. *Convexity at $x$.* $\varphi(z) - \varphi(x) - \langle\nabla\varphi(x), z - x\rangle = \int_0^1
#    \langle \nabla\varphi(x + t(z-x)) - \nabla\varphi(x),\, z - x\rangle\,dt \ge 0$: by the lower bound the integrand
#    is not negative.
# 2. *Descent lemma at $y$.* $\varphi(z) - \varphi(y) - \langle\nabla\varphi(y), z - y\rangle \le \int_0^1 \ell\,t\,
#    |z - y|^2\,dt = \tfrac \ell2|z-y|^2 = \tfrac1{2\ell}|G|^2$: by the upper bound.
# 3. *Their difference*, with $z - y = -G/\ell$, no longer knows $z$:
#    $$\varphi(y) - \varphi(x) - \langle\nabla\varphi(x), y - x\rangle \;\ge\; \tfrac{1}{2\ell}|G|^2.$$
# 4. *Both orders.* The same with $x$ and $y$ exchanged, added: $\langle G, d\rangle \ge \tfrac1\ell |G|^2$, $d = y -
#    x$.
# 5. *Back to $\Phi$:* $G = D - m\,d$, and $\ell\langle G, d\rangle - |G|^2 = \langle G, \ell d - G\rangle =
#    \langle D - m d, M d - D\rangle$.
#
# Each line is an identity in inner products, so SymPy can check it in every dimension at once:

# %%
lower, upper = sp.symbols("m M", positive=True)
fx, fy, fz, t = sp.symbols("phi_x phi_y phi_z t", real=True)
pair = Space(("d", "p", "G"))  # y - x, grad phi(x), grad phi(y) - grad phi(x)
dd, p, G = pair.vectors
ell = upper - lower
to_z = dd - G / ell  # z - x
convexity = fz - fx - p @ to_z  # >= 0, line 1
descent = fy - (p + G) @ (G / ell) + G.norm2 / (2 * ell) - fz  # >= 0, line 2
no_z = fy - fx - p @ dd - G.norm2 / (2 * ell)
exchanged = fx - fy + (p + G) @ dd - G.norm2 / (2 * ell)
difference = G + lower * dd  # D, of gradients of Phi
lemma = derive(
    [
        ("line 2: the integral", sp.integrate(ell * t, (t, 0, 1)) * (G / ell).norm2, G.norm2 / (2 * ell)),
        ("line 3: the sum of lines 1 and 2", convexity + descent, no_z),
        ("line 4: both orders", no_z + exchanged, G @ dd - G.norm2 / ell),
        (
            "line 5: in terms of Phi",
            ell * (G @ dd) - G.norm2,
            (difference - lower * dd) @ (upper * dd - difference),
        ),
    ],
    "the class inequality, from the two curvature bounds",
)
lemma

# %% [markdown]
# (If $m = M$ the energy is a parabola and the inequality an equation.) The library keeps the same derivation, for use
# in its claims:

# %%
class_inequality = interpolation()
class_inequality

# %% [markdown]
# ## Step 2: the contraction, by hand
#
# One step takes $d$ to $d - \alpha D$. For $\alpha \le 2/(m+M)$ let $\rho = 1 - \alpha m$. Then, identically,
#
# $$\rho^2|d|^2 - |d - \alpha D|^2 \;=\; (\alpha^2 + \nu)\,\langle D - m d,\, M d - D\rangle \;+\; \nu\,|D - m d|^2,
# \qquad \nu = \frac{\alpha\,(2 - \alpha(m+M))}{M - m} \ge 0.$$
#
# Both terms on the right are nonnegative, so $|d - \alpha D| \le \rho\,|d|$. For $\alpha \ge 2/(m+M)$ the same works
# with $\rho = \alpha M - 1$, $|D - M d|^2$ and $-\nu$. SymPy checks both identities, in inner products, so in any
# dimension:

# %%
m, M, alpha = sp.symbols("m M alpha", positive=True)
space = Space(("d", "D"))
d, D = space.vectors
step = gradient_step(d, D, alpha)
product = (D - m * d) @ (M * d - D)
nu = alpha * (2 - alpha * (m + M)) / (M - m)


def rest(factor: sp.Expr) -> sp.Expr:
    """What one step leaves of factor^2 |d|^2."""
    return factor**2 * d.norm2 - step.norm2


by_hand = derive(
    [
        (
            "short steps",
            (1 - alpha * m) ** 2 * d.norm2 - step.norm2,
            (alpha**2 + nu) * product + nu * (D - m * d).norm2,
        ),
        ("long steps", (alpha * M - 1) ** 2 * d.norm2 - step.norm2, (alpha**2 - nu) * product - nu * (D - M * d).norm2),
    ],
    "the contraction is the class inequality plus a square",
)
by_hand

# %% [markdown]
# ## Step 3: two provers, all parameters at once
#
# The same statement put to z3 and cvc5: no multiplier is given, only the class inequality and
# $|d|^2|D|^2 \ge \langle d, D\rangle^2$. Both must answer `unsat` on the same text.

# %%
tight = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
contraction = eqt.prove(
    [m <= M, *space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)],
    step.norm2 <= tight**2 * d.norm2,
    detail="|d - alpha D| <= max(|1 - alpha m|, |1 - alpha M|) |d| for every pair of states",
)
stable = eqt.prove([m <= M], sp.Equivalent(tight < 1, alpha < 2 / M), detail="the factor is below 1 iff alpha < 2/M")
contraction

# %% [markdown]
# ## Step 4: no smaller factor is true
#
# A bound is **tight** when something attains it. Here two parabolas do: on $\Phi = m h^2/2$ one step multiplies the
# distance by $1 - \alpha m$, on $\Phi = M h^2/2$ by $1 - \alpha M$. Whoever claims a factor that is even slightly
# smaller is refuted with numbers:

# %%
curvature, claimed = sp.symbols("curvature claimed", positive=True)
too_good = eqt.prove(
    [m <= curvature, curvature <= M, claimed < tight],
    sp.Abs(1 - alpha * curvature) <= claimed,
    detail="a factor below max(|1 - alpha m|, |1 - alpha M|) serves all parabolas of the class",
)
too_good

# %% [markdown]
# ## Where the paper loses
#
# Eq. 26 forgets the proximal term: it uses $\mu$ where $\Phi$ has $m = \mu + 1/\gamma$, and divides by $1 + \kappa$
# although a plain gradient step loses nothing. What both promise per step is $1 - \rho$; where $\alpha \le 2/(m+M)$
# the ratio of the two does not even depend on $\alpha$:

# %%
low, high, g = sp.symbols("mu L g", positive=True)
gain = (low + g) * (low + high) / (2 * low**2)
looseness = derive(
    [("(1 - rho_tight)/(1 - rho_paper)", alpha * (low + g) / (2 * alpha * low / (1 + high / low)), gain)],
    "the paper promises less by the factor (mu + g)(mu + L)/(2 mu^2)",
)

# %%
factor = gain.subs({low: sp.Rational(str(mu)), high: sp.Rational(str(lipschitz)), g: 1 / sp.Rational(str(gamma))})
numbers = plan(mu, lipschitz, gamma, step_size=step_size)
print(f"paper's factor per step : {numbers.paper_rate:.6f}   after 16 steps: {numbers.paper_rate**16:.5f}")
print(f"tight factor per step   : {numbers.rate:.6f}   after 16 steps: {numbers.rate**16:.5f}")
print(f"promise per step, tight over paper: {float(factor):.1f}")
print(f"steps for a thousandth  : paper {numbers.paper_steps:,}, tight {numbers.steps}, best {numbers.best_steps}")


# %% fold
def factors() -> plots.Chart:
    """The factor per step against the step size: tight, and the paper's."""
    figure, (panel,) = plots.chart(7.0, 4.2)
    with plots.look():
        top = 1.08 * numbers.step_limit
        alphas = np.linspace(0, top, 600)
        exact = np.maximum(abs(1 - alphas * numbers.m), abs(1 - alphas * numbers.M))
        inside = alphas[alphas < numbers.paper_step_limit]
        paper = 1 - 2 * inside * mu / (1 + lipschitz / mu)
        panel.fill_between(alphas, exact, 1, where=exact <= 1, color="#0072B2", alpha=0.10, lw=0)
        panel.plot(alphas, exact, color="#0072B2", label=r"tight: $\max(|1-\alpha m|,\,|1-\alpha M|)$")
        panel.plot(inside, paper, color="#D55E00", ls="--", label="paper, Eq. 26")
        panel.plot([numbers.best_step], [numbers.best_rate], "o", ms=9, color="#009E73", mec="white")
        panel.annotate(
            f"best step {numbers.best_step:.3f}\nfactor {numbers.best_rate:.3f}",
            (numbers.best_step, numbers.best_rate),
            textcoords="offset points",
            xytext=(-50, -34),
        )
        panel.axhline(1, color="#222222", lw=1)
        panel.axvline(numbers.step_limit, color="#222222", lw=1, ls=":")
        panel.annotate("$2/M$", (numbers.step_limit, exact.min()), textcoords="offset points", xytext=(4, 0))
        panel.set_ylim(exact.min() - 0.06, 1.06)
        panel.set_xlim(0, top)
        panel.set_xlabel(r"step size $\alpha$")
        panel.set_ylabel("factor per step")
        panel.set_title("What one step of refinement guarantees")
        panel.legend(loc="lower left")
    return figure


factors()

# %% [markdown]
# Where the best step lies, and what it gives, for other energies (sliders, when the notebook runs):


# %% fold
def best_step(mu: float, lipschitz: float, gamma: float) -> plots.Chart:
    """The tight factor for one pair of curvature bounds and one damping."""
    here = plan(mu, lipschitz, gamma)
    alphas = np.linspace(0, 1.05 * here.step_limit, 400)
    figure, (panel,) = plots.chart()
    with plots.look():
        panel.plot(alphas, np.maximum(abs(1 - alphas * here.m), abs(1 - alphas * here.M)), color="#0072B2")
        panel.plot([here.best_step], [here.best_rate], "o", ms=9, color="#009E73", mec="white")
        panel.axhline(1, color="#222222", lw=1)
        panel.axvline(here.step_limit, color="#222222", lw=1, ls=":")
        panel.set_ylim(0, 1.1)
        panel.set_xlabel(r"step size $\alpha$")
        panel.set_ylabel("factor per step")
        best, limit = here.best_step, here.step_limit
        panel.set_title(rf"best step {best:.3g} with factor {here.best_rate:.3g}, limit $2/M$ = {limit:.3g}")
    return figure


sliders(best_step, mu=(0.1, 0.0, 2.0), lipschitz=(10.0, 2.0, 20.0), gamma=(1.0, 0.1, 10.0))

# %% [markdown]
# ## A run against its guarantee
#
# The curvature of this energy spreads over the whole of $[\mu, L]$. The run must stay under the dashed line until it
# meets the rounding floor, and it hugs it: the slowest direction attains the factor.

# %%
spread = torch.linspace(mu, lipschitz, 8, dtype=torch.float64)
proposal = torch.linspace(-1, 1, 8, dtype=torch.float64)
objective = eqt.Objective(eqt.Quadratic(torch.diag(spread), torch.ones(8, dtype=torch.float64)), proposal, gamma)
solver = eqt.GradientDescent(step_size)
solution = eqt.solve(objective, solver, tolerance=1e-14, max_steps=2000, record=True)
guarantee = solver.guarantee(objective.m, objective.M)
guarantee

# %%
plots.convergence(solution, guarantee)

# %% [markdown]
# ## What stands
#
# - $|h_k - h^*| \le \rho^k |h_0 - h^*|$ with $\rho = \max(|1-\alpha m|, |1-\alpha M|)$, for every function of the
#   class, in every dimension, and no smaller factor is true (*proved here*, and in claim
#   [theorem-2-repaired](../proofs/closed_loop/theorem_2.py)).
# - The stable range is exactly $0 < \alpha < 2/M = 2/(L + 1/\gamma)$ (*proved here*); the paper's range (Eq. 25) is a
#   part of it.
# - The best step is $2/(m+M)$, with factor $(M-m)/(M+m)$ (*proved here*, exercise 1).
# - The paper's example (Sec. 4.2.2) says $\rho \approx 0.8$ and a 35-fold reduction in 16 steps. Its own formula gives
#   0.9998, the tight factor is 0.89: a 6.45-fold reduction (*proved in claim*
#   [section-4.2.2-example](../proofs/closed_loop/section_4_2_2_example.py), and asserted below).
#
# Next: whether the paper's own energy meets these assumptions at all.

# %%
for proved in (lemma, class_inequality, by_hand, looseness, contraction, stable):
    assert proved.verdict is eqt.Verdict.PROVED
assert too_good.verdict is eqt.Verdict.REFUTED

# %%
star = torch.linalg.solve(torch.diag(spread) + torch.eye(8, dtype=torch.float64) / gamma, proposal / gamma - 1)
errors = (solution.trajectory - star).norm(dim=-1)
envelope = guarantee.rate ** torch.arange(len(errors), dtype=torch.float64) * errors[0]
broken = replace(guarantee, rate=0.9 * guarantee.rate)

assert bool((errors <= envelope + 1e-12).all())
assert not bool((errors <= broken.rate ** torch.arange(len(errors), dtype=torch.float64) * errors[0] + 1e-12).all())
assert math.isclose(guarantee.rate, numbers.rate, rel_tol=1e-12)
if (mu, lipschitz, gamma, step_size) == (0.1, 10.0, 1.0, 0.1):  # the numbers of the text
    assert factor == sp.Rational(1111, 2)  # 555.5
    assert Fraction(numbers.paper_rate).limit_denominator(10**5) == Fraction(5049, 5050)
    assert 6.45 < 1 / numbers.rate**16 < 6.46

# %% [markdown]
# ## Exercises
#
# **1. Prove.** No step size has a smaller factor than $2/(m+M)$, whose factor is $(M-m)/(M+m)$.
#
# **2. Change a hypothesis.** Suppose only that the gradient is $M$-Lipschitz, $|D| \le M|d|$. Can a step with
# $\alpha < 2/M$ move two states apart? By how much?
#
# **3. Compute.** How many steps does the tight factor of the paper's example need for a 35-fold reduction? And the best
# step?
#
# **4. Prove, quadratics only.** Two different steps in turn can beat the best constant one. For $m = 1$, $M = 10$ the
# two steps whose product is $T_2(\tfrac{11-2x}{9})/T_2(\tfrac{11}{9})$, $T_2(s) = 2s^2 - 1$, shrink the distance by
# $81/161 \approx 0.503$ in two steps; the best constant step by $(9/11)^2 \approx 0.669$.

# %% solution
# 1. Both parabolas of step 4 at once: 1 - alpha m and alpha M - 1 cannot both be below (M - m)/(M + m).
least = eqt.prove(
    [m <= M], tight >= (M - m) / (M + m), detail="max(|1 - alpha m|, |1 - alpha M|) >= (M - m)/(M + m) for every alpha"
)
at_best = derive([("at 2/(m + M)", 1 - 2 * m / (m + M), (M - m) / (M + m))], "the best factor")
assert least.verdict is at_best.verdict is eqt.Verdict.PROVED
least

# %% solution
# 2. Yes: nothing says that the gradients do not point apart. The step may stretch by up to 1 + alpha M, at D = -M d.
apart = eqt.prove([D.norm2 <= M**2 * d.norm2, alpha < 2 / M], step.norm2 <= d.norm2, detail="a step never moves apart")
at_most = eqt.prove(
    [D.norm2 <= M**2 * d.norm2], step.norm2 <= (1 + alpha * M) ** 2 * d.norm2, detail="at most 1 + alpha M"
)
assert apart.verdict is eqt.Verdict.REFUTED and at_most.verdict is eqt.Verdict.PROVED
apart

# %% solution
# 3. Exactly, in fractions: the least k with rho^k <= 1/35.
counts = {}
for name, rho in (("tight, alpha = 0.1", Fraction(89, 100)), ("best step", Fraction(99, 121))):
    counts[name] = next(k for k in range(1, 100) if rho**k * 35 <= 1)
    print(f"{name}: {counts[name]} steps")
assert counts == {"tight, alpha = 0.1": 31, "best step": 18}

# %% solution
# 4. The product of the two factors, as a polynomial in the curvature x, and its bound on [1, 10].
x = sp.Symbol("x", real=True)
product_of_two = (2 * ((11 - 2 * x) / 9) ** 2 - 1) / sp.Rational(161, 81)
first, second = (1 / root for root in sp.solve(product_of_two, x))  # the two step sizes
both = derive([("two gradient steps", (1 - first * x) * (1 - second * x), product_of_two)], "the two steps in turn")
faster = eqt.prove(
    [x >= 1, x <= 10], sp.Abs(product_of_two) <= sp.Rational(81, 161), detail="at most 81/161 on [1, 10]"
)
assert both.verdict is faster.verdict is eqt.Verdict.PROVED and Fraction(81, 161) < Fraction(9, 11) ** 2
print("step sizes", *(f"{float(step):.6f}" for step in (first, second)))
faster

# %% [markdown]
# ## Sources
#
# - Nesterov 2018, *Lectures on Convex Optimization*, 2nd ed., Springer, doi:10.1007/978-3-319-91578-4, Thms 2.1.5,
#   2.1.12.
# - Taylor, Hendrickx, Glineur 2017, *Smooth strongly convex interpolation and exact worst-case performance of
#   first-order methods*, Math. Program. 161, doi:10.1007/s10107-016-1009-3.
# - Polyak 1987, *Introduction to Optimization*, Optimization Software (the factor and its best step).
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Theorem 2 and Sec. 4.2.2.
