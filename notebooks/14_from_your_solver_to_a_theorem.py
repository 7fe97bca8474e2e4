# %% [markdown]
# # 14. From your solver to a theorem
#
# You wrote a solver. How fast is it, on *every* function of a class, in every dimension, from every start? Usually one
# describes the method again, in the language of some tool, and gets a number in floating point. Here the code that you
# run is what is analysed:
#
# 1. **Trace.** The solver runs on a function of which nothing is known. What comes out is an exact recurrence.
# 2. **Certify.** A potential that shrinks, found by semidefinite programming, checked in fractions.
# 3. **Refute.** Or a function on which the claim fails, through which the very same code is run again.
# 4. **Prove.** For all parameters at once, where the potential has a closed form.
#
# - **You need:** gradients, quadratic forms, linear recurrences. **Time:** about 40 minutes.
# - **Neighbours:** after [2. Contraction](02_contraction.ipynb) and
#   [11. Solvers compared](11_solvers_compared.ipynb); see also [13. Check your own](13_check_your_own.ipynb).
# - **Claims:** [triple-momentum](../proofs/first_order_methods/momentum.py),
#   [heavy-ball-global](../proofs/first_order_methods/momentum.py).
# - **Notation:** $\Phi$ has curvature between $m$ and $M$, $\kappa = M/m$; $h^*$ is its minimum; $\rho$ is the factor
#   per step, $\alpha$ a step size, $\beta$ a momentum. $x_i$ are the vectors that a solver carries, $u_j$ the gradient
#   at the point $y_j$.
# - **Terms:** [strongly convex, linear rate and contraction, sharp](README.md#terms). *Class* $(m, M)$: all functions
#   that are $m$-strongly convex with $M$-Lipschitz gradient.

# %%
from eqt_theory.report.parameter import parameter

kappa = parameter("kappa", 10.0, 4.0, 40.0)  # M/m of the class; m = 1
momentum = parameter("momentum", 0.3, 0.0, 0.45, "beyond, the rate is found, but far from that of quadratics")

# %%
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.evidence.rate.interpolant import interpolant
from eqt_theory.report import plots

# %% [markdown]
# ## Step 1: trace
#
# A momentum method as one writes it: a buffer, in place, no thought of matrices.


# %%
@dataclass(frozen=True)
class Memory:
    h: torch.Tensor
    velocity: torch.Tensor


class Mine(eqt.Solver):
    """Heavy ball with a velocity buffer."""

    def __init__(self, step_size: float, beta: float) -> None:
        self.step_size, self.beta = step_size, beta

    def init(self, objective, h):
        return Memory(h, torch.zeros_like(h))

    def step(self, objective, state):
        velocity = state.velocity.clone()
        velocity.mul_(self.beta).add_(objective.gradient(state.h), alpha=-self.step_size)
        return Memory(state.h + velocity, velocity)


example = eqt.trace(Mine(0.1, 0.25))
print(example)

# %% [markdown]
# The tensors were real, torch really ran; beside each number they carried exact coefficients. Whatever has no exact
# rule is refused, with the line of the code:


# %%
def clipped(objective: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
    """A step whose length depends on the gradient."""
    return h - 0.1 * objective.gradient(h).clamp(-1, 1)


try:
    eqt.trace(clipped)
    refused = ""
except eqt.UsageError as error:
    refused = str(error)
print(refused.partition(" (")[0])

# %% [markdown]
# ## Step 2: certify
#
# With the recurrence known, look for $V_k$, a quadratic form in the vectors and gradients of a step plus multiples of
# function values, such that for every $\Phi$ of the class
#
# $$V_{k+1} \le \rho^2 V_k, \qquad |h_k - h^*|^2 \le V_k, \qquad V_0 \le C\,|h_0 - h^*|^2.$$
#
# Each is a sum of interpolation inequalities ([2. Contraction](02_contraction.ipynb)) with multipliers $\ge 0$ plus a
# form that is never negative. A semidefinite program proposes, rounding gives fractions, and the kernel checks those:

# %%
mine = Mine(1 / kappa, momentum)
certified = eqt.certify_rate(mine, 1.0, kappa)
constant = float(certified.enclosures["constant"])
print(f"{certified.verdict}: |h_k - h*|^2 <= {constant:.0f} * {float(certified.rate):.6f}^(2k) |h_0 - h*|^2")
print("the kernel accepts the certificate:", bool(certified.certificate.shows))

# %% [markdown]
# Is it good? On the parabola of curvature $c$ errors obey $e_{k+1} = (1 + \beta - \alpha c)\,e_k - \beta e_{k-1}$, so
# no rate below the largest root over $c \in [m, M]$ can be true; a claim below that is refuted by such a parabola:

# %%
roots = [np.abs(np.roots([1, -(1 + momentum - c / kappa), momentum])).max() for c in np.linspace(1, kappa, 200)]
below = eqt.certify_rate(mine, 1.0, kappa, 0.99 * max(roots))
print(f"quadratics force {max(roots):.6f}, certified for all functions: {float(certified.rate):.6f}")
print(f"{below.verdict}: {0.99 * max(roots):.6f}, by the parabola of curvature {float(below.witness['eigenvalue']):g}")

# %% [markdown]
# ## Step 3: refute
#
# Polyak's heavy ball has the parameters that are best on quadratics: for $m = 1$, $M = 25$ the factor there is
# $(5-1)/(5+1) = 2/3$. A popular reading is that this is its rate. On strongly convex functions it is not: there is a
# function of the class on which it goes round, from its own start, hardly any nearer each time (*cited*: cycles of this
# kind go back to Lessard, Recht and Packard 2016).

# %%
polyak = eqt.HeavyBall.optimal(1.0, 25.0)
refuted = eqt.certify_rate(polyak, 1, 25, Fraction(4, 5))
print(refuted.detail)
print("and the solver itself, in double precision:", refuted.note.partition(" within")[0].partition(", ")[2])

# %%
plots.worst_function(interpolant(refuted.certificate))

# %% [markdown]
# Points, gradients and values are exact; all interpolation inequalities were checked in fractions, and the solver
# itself, run on the function, keeps to the cycle up to rounding. The level lines are those of the function that
# interpolates them.
#
# What `check_solver` does with that: a solver that declares such a rate fails, by a function instead of by a sample.


# %%
class Boasting(eqt.Solver):
    """Polyak's heavy ball, which declares the rate of quadratics for all functions."""

    def init(self, objective, h):
        return polyak.init(objective, h)

    def step(self, objective, state):
        return polyak.step(objective, state)

    def guarantee(self, m, M, gamma=None):
        if m < 1 or M > 25:
            return None
        words = "a popular reading"
        strongly = eqt.FunctionClass.STRONGLY_CONVEX
        return eqt.Guarantee(0.8, eqt.Metric.DISTANCE, strongly, eqt.Sharpness.UPPER, words, False, None)


report = eqt.testing.check_solver(Boasting(), on_fail=None, max_examples=2, fail_fast=True, max_shrinks=0)
decided = report.failed[-1]
print(decided.check, "-", decided.verdict)
print("refuted on", decided.detail.partition(", gamma")[0], "- period", decided.witness["period"])

# %% [markdown]
# ## Step 4: for all parameters
#
# Numbers certify one class at a time. Give the same code symbols for its numbers: `prove_rate` runs it once, looks at a
# few points of the region for the inequalities and squares that a potential needs everywhere, solves for its
# entries as functions of the parameters, and proves the outcome. Nothing rests on the points.
#
# Which rate to ask for? On the parabola of curvature $m$ the factors of the heavy ball are the roots of
# $z^2 - (1 + \beta - \alpha m)\,z + \beta$. Call the larger one $q$; then the other one is $\beta/q$, and
# $\alpha m = (1-q)(q-\beta)/q$. No rate below $q$ can be true. With $\alpha = 1$ (a step size is a unit for $\Phi$)
# and $M$ as large as $1 - \beta/q$, and `b` for $\beta$:

# %%
q, b = sp.symbols("q b", positive=True)
momentum_theorem = eqt.prove_rate(
    lambda q, b: Mine(1, b), (q, b), q, m=(1 - q) * (q - b) / q, M=1 - b / q, where=[q < 1, b <= q**3]
)
momentum_theorem

# %% [markdown]
# *Proved here*: for every momentum $\beta \le q^3$ the heavy ball is, on *all* functions with curvature between $m$ and
# $(1 - \beta/q)/\alpha$, as fast as on parabolas. Why: $\psi = \Phi - \Phi^* - \tfrac m2|\cdot - h^*|^2$ is convex; let
# $v_k$ be its gradient at $h_k$. Without the faster mode, $y_k = h_k - h^* - \tfrac\beta q(h_{k-1} - h^*)$ obeys
# $y_{k+1} = q\,y_k - \alpha v_k$; convexity says $\langle y_k, v_k\rangle \ge \psi(h_k) - \tfrac\beta q\psi(h_{k-1})$.
# So $|y_k|^2 + 2\alpha q\,\psi(h_{k-1})$, but for a multiple of $|v_{k-1}|^2$, shrinks by $q^2$.
#
# The triple momentum method (Van Scoy, Freeman and Lynch 2018), written down from the paper, with $q = \sqrt{m/M}$ and
# $M = 1$:


# %%
@dataclass(frozen=True)
class Two:
    h: torch.Tensor
    x: torch.Tensor  # where a gradient step from the last query led


class Triple(eqt.Solver):
    """Triple momentum in the units of M = 1."""

    def __init__(self, q: float) -> None:
        self.q = q

    def init(self, objective, h):
        return Two(h, h)

    def step(self, objective, state):
        q = self.q
        y = (2 * q * state.h + (1 - q) * state.x) / (1 + q)
        gradient = objective.gradient(y)
        return Two((1 - q) * state.h + q * y - gradient / q, y - gradient)


def shrinks(rate: sp.Expr) -> eqt.Finding:
    """That |h_k - h*| falls by this rate, for every 0 < q < 1."""
    return eqt.prove_rate(Triple, (q,), rate, m=q**2, M=1, where=[q < 1])


theorem = shrinks(1 - q)
theorem

# %% [markdown]
# *Proved here*, for every $0 < q < 1$, every dimension and every function of the class: the rate $1 - \sqrt{m/M}$. The
# potential that was found is that of the paper: with
# $\varphi(y) = \Phi(y) - \Phi^* - \tfrac12|g|^2 - \tfrac{q^2}{2(1-q^2)}|y - h^* - g|^2$ and $g = \nabla\Phi(y)$, it is
# $\varphi(y_{k-1}) + \tfrac{q^2}{1-q^2}|h_k - h^*|^2$. Of the package's solver the constant is known, too: $1/q$
# (`eqt_theory/lemmas/accelerated.py`). The certificate for numbers agrees:

# %%
fast = eqt.TripleMomentum.optimal(1.0, kappa)
promised = fast.guarantee(1.0, kappa)
number = eqt.certify_rate(fast, 1.0, kappa)
print(f"proved for all q: {promised.rate:.5f}   certified for this one: {float(number.rate):.5f}")


# %% fold
def compared() -> plots.Chart:
    """Certified rates of two methods, each tuned for its class, beside known ones."""
    kappas = [4.0, 10.0, 40.0, 100.0]
    makers = {
        "triple momentum": eqt.TripleMomentum.optimal,
        "Nesterov": eqt.Nesterov.optimal,
    }
    rates = {}
    for name, maker in makers.items():
        found = [eqt.certify_rate(maker(1.0, k), 1.0, k) for k in kappas]
        rates[name] = [float(f.rate) if f.rate is not None else float("nan") for f in found]
    return plots.rates_against_kappa(kappas, rates, "triple momentum")


compared()

# %% [markdown]
# ## What a theorem about a recurrence does not say
#
# It is about real arithmetic: floats in the solver are its exact parameters, but rounding in the run is not modelled.
# And that your code follows the recurrence was *seen*, by running it on states of several shapes and on ordinary
# tensors; the kernel checks the mathematics, not the code.
#
# ## Exercises
#
# **1. Compute.** Certify the rate of Heun's step $h^+ = h - \tfrac{\alpha}{2}\bigl(\nabla\Phi(h) +
# \nabla\Phi(h - \alpha\nabla\Phi(h))\bigr)$ with $\alpha = 1/M$ on $(1, 10)$. Which quadratic attains it?
#
# **2. Refute.** Somebody declares 0.81 for a gradient step of $2/11$ on $(1, 10)$. Find the function that says no.
#
# **3. Ask for more.** Is $1 - \tfrac{101}{100}q$ a rate of triple momentum? What does `prove_rate` say, and by what?

# %% solution
# 1. On curvature c one step multiplies the distance by 1 - c/M + c^2/(2 M^2), which is largest at c = m: 0.905.
heun = eqt.certify_rate(lambda o, h: h - 0.05 * (o.gradient(h) + o.gradient(h - 0.1 * o.gradient(h))), 1, 10)
assert abs(float(heun.rate) - (1 - 0.1 + 0.005)) < 1e-8
print(round(float(heun.rate), 6))

# %% solution
# 2. The parabola of curvature 1: each step multiplies by 1 - 2/11 = 9/11 = 0.818...
step = eqt.certify_rate(eqt.GradientDescent(2 / 11), 1, 10, 0.81)
assert step.verdict is Verdict.REFUTED and step.witness["eigenvalue"] in (1, 10)
print("curvature", step.witness["eigenvalue"], "factor", round(float(step.witness["reached"]), 6))

# %% solution
# 3. No: at some q it is refuted by a parabola, on which errors fall by 1 - q and no faster.
too_fast = shrinks(1 - sp.Rational(101, 100) * q)
assert too_fast.verdict is Verdict.REFUTED and too_fast.witness["eigenvalue"] == too_fast.witness[q] ** 2
print("q =", too_fast.witness[q], "curvature", too_fast.witness["eigenvalue"])

# %% [markdown]
# ## What stands
#
# - A solver becomes a recurrence by being run; a rate becomes a theorem by a certificate, or a function refutes it
#   (*certified here* for the method above, *refuted here* for Polyak's heavy ball at $m = 1$, $M = 25$).
# - Where the potential has a closed form, one proof covers all parameters (*proved here* for triple momentum, and for
#   the heavy ball of step 1 where $\beta \le q^3$ and $\alpha M \le 1 - \beta/q$).

# %%
assert theorem.verdict is Verdict.PROVED and momentum_theorem.verdict is Verdict.PROVED
assert theorem.shown_by == momentum_theorem.shown_by == "kernel"
assert refuted.verdict is Verdict.REFUTED and eqt.recheck(refuted.certificate)
assert decided.check == "declared_rate_for_every_function" and decided.verdict is Verdict.REFUTED
assert "clamp" in refused and len(example.A) == 2

# %%
assert certified.verdict is Verdict.CERTIFIED and float(certified.rate) < 1
assert below.verdict is Verdict.REFUTED and max(roots) <= float(certified.rate) + 1e-9
assert promised.rate <= float(number.rate) <= promised.rate + 1e-4 * (1 - promised.rate)

# %% [markdown]
# **Sources.** Taylor, Hendrickx and Glineur 2017,
# [doi:10.1007/s10107-016-1009-3](https://doi.org/10.1007/s10107-016-1009-3) (interpolation). Lessard, Recht and
# Packard 2016, [doi:10.1137/15M1009597](https://doi.org/10.1137/15M1009597) (rates by semidefinite programs, a cycle of
# the heavy ball). Van Scoy, Freeman and Lynch 2018,
# [doi:10.1109/LCSYS.2017.2722406](https://doi.org/10.1109/LCSYS.2017.2722406) (triple momentum). Taylor and Drori 2023,
# [doi:10.1007/s10107-022-01839-y](https://doi.org/10.1007/s10107-022-01839-y) (ITEM).
