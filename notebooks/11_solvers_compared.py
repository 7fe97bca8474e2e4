# %% [markdown]
# # 11. Solver variants compared
#
# Refinement (Eq. 8) is the simplest way down the slope of $\Phi$. The paper calls it a *proximal gradient* method; it
# is
# not. A proximal gradient step treats the damping term exactly instead of by its slope:
#
# $$\underbrace{h_+ = h - \alpha\bigl(\nabla E(h) + \tfrac{h-f}{\gamma}\bigr)}_{\text{gradient descent, Eq. 8}}
# \qquad\qquad
# \underbrace{h_+ = \frac{h - \alpha\nabla E(h) + \tfrac\alpha\gamma f}{1 + \tfrac\alpha\gamma}}_{\text{proximal
# gradient}}.$$
#
# In our words: **the proximal step contracts by $\max(|1-\alpha\mu|, |1-\alpha L|)/(1 + \alpha/\gamma)$, so it is
# stable
# for every damping as soon as $\alpha < 2/L$**; gradient descent needs $\alpha < 2/(L + 1/\gamma)$, which shrinks to
# nothing as $\gamma \to 0$. At their best step sizes the two are equally fast. We prove both, then let the library's
# solvers race.
#
# - **You need:** [2. Contraction](02_contraction.ipynb); roots of a quadratic. **Time:** about 25 minutes.
# - **Neighbours:** after [10. Forgetting](10_forgetting.ipynb); next [12. A trained model](12_trained_model.ipynb).
# - **Claims:** [equation-2-proximal](../proofs/closed_loop/equation_2.py),
#   [theorem-2-repaired](../proofs/closed_loop/theorem_2.py).
# - **Notation:** $\mu, L$ bound the curvature of the energy, $m = \mu + g$, $M = L + g$ that of $\Phi$, $g = 1/\gamma$;
#   $d, D$ are differences of states and of gradients, in this notebook of the *energy*; $\kappa = M/m$.
# - **Terms:** [linear rate, sharp](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter, whole

mu = parameter("mu", 0.1, 0.02, 0.5)  # curvature of the energy
lipschitz = parameter("lipschitz", 10.0, 5, 50)
gamma = parameter("gamma", 1.0, 0.5, 20)  # damping
step_size = parameter("step_size", 0.19, 0.005, 0.5)  # in the text between the two limits
dimension = whole("dimension", 12, 6, 40)

# %%
import math

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, proximal_gradient_step
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots
from eqt_theory.report.sliders import sliders

# %% [markdown]
# ## The proximal step, for every energy of the class
#
# Its difference of two states is $(d - \alpha D)/(1 + \alpha g)$ with $D$ a difference of *energy* gradients: the
# gradient step on the energy alone, shrunk once more by the damping.

# %%
low, high, g, alpha = sp.symbols("mu L g alpha", positive=True)
space = Space(("d", "D"))
d, D = space.vectors
proximal_rate = sp.Max(sp.Abs(1 - alpha * low), sp.Abs(1 - alpha * high)) / (1 + alpha * g)
contraction = eqt.prove(
    [low <= high, *space.positive_semidefinite, SmoothClass(low, high).gradients(d, D)],
    proximal_gradient_step(d, D, alpha, g).norm2 <= proximal_rate**2 * d.norm2,
    detail="a proximal gradient step contracts by max(|1 - alpha mu|, |1 - alpha L|)/(1 + alpha g)",
)
contraction

# %%
every_damping = eqt.prove(
    [low <= high, alpha < 2 / high], proximal_rate < 1, detail="stable for every damping once alpha < 2/L"
)
gradient_rate = sp.Max(sp.Abs(1 - alpha * (low + g)), sp.Abs(1 - alpha * (high + g)))
not_for_gradients = eqt.prove(
    [low <= high, alpha < 2 / high], gradient_rate < 1, detail="the same for the gradient step of Eq. 8"
)
not_for_gradients

# %% [markdown]
# Equally fast at their best: gradient descent with $\alpha = 2/(\mu + L + 2g)$ and the proximal step with
# $\alpha = 2/(\mu + L)$ have the same factor $(L-\mu)/(L + \mu + 2g)$.

# %%
best_gradient, best_proximal = 2 / (low + high + 2 * g), 2 / (low + high)
same = derive(
    [
        ("gradient descent", 1 - best_gradient * (low + g), (high - low) / (high + low + 2 * g)),
        ("proximal gradient", (1 - best_proximal * low) / (1 + best_proximal * g), (high - low) / (high + low + 2 * g)),
    ],
    "the best factors coincide",
)
same

# %% [markdown]
# ## Momentum: why $\sqrt\kappa$
#
# Heavy ball remembers its last step. On a parabola of curvature $a$ the errors obey
# $e_{k+1} = (1 + \beta - \alpha a)e_k -
# \beta e_{k-1}$, and as long as the roots of $z^2 - (1 + \beta - \alpha a)z + \beta$ are complex, their modulus is
# $\sqrt\beta$, whatever $a$ is. With Polyak's parameters they are complex (or double) on all of $[m, M]$, and
# $\sqrt\beta = (\sqrt M - \sqrt m)/(\sqrt M + \sqrt m)$.

# %%
sm, sM, a = sp.symbols("sqrt_m sqrt_M a", positive=True)  # roots of m and M
polyak_step, momentum = 4 / (sm + sM) ** 2, ((sM - sm) / (sM + sm)) ** 2
complex_roots = eqt.prove(
    [sm <= sM, sm**2 <= a, a <= sM**2],
    (1 + momentum - polyak_step * a) ** 2 <= 4 * momentum,
    detail="the discriminant is not positive anywhere on [m, M]",
)
complex_roots

# %% [markdown]
# That is a statement about quadratics only. On other strongly convex functions Polyak's parameters can cycle forever
# (*cited*, Lessard et al. 2016); Nesterov's method, with a slightly slower rate, is safe for the whole class. Newton's
# method ends in one step on quadratics only; elsewhere its guarantee is local.
#
# ## The race
#
# One quadratic with curvature spread over $[\mu, L]$, every solver from the same proposal.

# %%
spectrum = torch.linspace(mu, lipschitz, dimension, dtype=torch.float64)
proposal = torch.linspace(-1, 1, dimension, dtype=torch.float64)
objective = eqt.Objective(eqt.Quadratic(torch.diag(spectrum), torch.ones_like(spectrum)), proposal, gamma)
m, M = objective.m, objective.M
solvers = {
    "gradient descent": eqt.GradientDescent.optimal(m, M),
    "proximal gradient": eqt.ProximalGradient(2 / (mu + lipschitz)),
    "Nesterov": eqt.Nesterov.optimal(m, M),
    "heavy ball": eqt.HeavyBall.optimal(m, M),
    "Anderson": eqt.Anderson(1 / M),
    "Newton": eqt.Newton(),
}
runs = {
    name: eqt.solve(objective, solver, tolerance=1e-11, record=True, max_steps=2000) for name, solver in solvers.items()
}
for name, solver in solvers.items():
    promise = solver.guarantee(m, M, gamma)  # the proximal step's rate needs gamma besides
    told = "no rate for a class"
    if promise is not None:
        told = f"{promise.rate:.4f}, {promise.sharpness.name.lower()}, for {promise.function_class.name.lower()}"
    print(f"{name:18} {int(runs[name].steps):4} steps   {told}")

# %%
plots.solver_comparison(runs, title="Six ways down the slope of one quadratic")

# %% [markdown]
# ## The step size between the limits
#
# In the text the step size lies between the two limits $2/(L + g)$ and $2/L$: gradient descent is outside its range,
# the proximal step inside. With other numbers the printed factors and the title of the figure say what is so.

# %%
factors = {
    "gradient descent": max(abs(1 - step_size * (mu + 1 / gamma)), abs(1 - step_size * (lipschitz + 1 / gamma))),
    "proximal gradient": max(abs(1 - step_size * mu), abs(1 - step_size * lipschitz)) / (1 + step_size / gamma),
}
for name, factor in factors.items():
    print(f"{name:18} factor {factor:.4f} at step size {step_size:g}: {'stable' if factor < 1 else 'may diverge'}")


# %% fold
def ranges(step_size: float, lipschitz: float) -> plots.Chart:
    """The factor of both methods against the damping, at the chosen step size."""
    dampings = np.geomspace(0.01, 100, 300)
    gradient = np.maximum(abs(1 - step_size * (mu + 1 / dampings)), abs(1 - step_size * (lipschitz + 1 / dampings)))
    proximal = max(abs(1 - step_size * mu), abs(1 - step_size * lipschitz)) / (1 + step_size / dampings)
    figure, (panel,) = plots.chart()
    with plots.look():
        panel.loglog(dampings, gradient, color="#D55E00", label="gradient descent (Eq. 8)")
        panel.loglog(dampings, proximal, color="#0072B2", ls="--", label="proximal gradient")
        panel.axhline(1, color="#222222", lw=1)
        panel.fill_between(dampings, 1, gradient.max(), color="#767676", alpha=0.12, lw=0, label="may diverge")
        panel.set_xlabel(r"damping $\gamma$")
        panel.set_ylabel("factor per step")
        stable = [
            name
            for name, factors_ in (("gradient descent", gradient), ("proximal step", [proximal.max()]))
            if max(factors_) < 1
        ]
        said = " and ".join(stable) or "neither method"
        panel.set_title(rf"Step size {step_size:g}: {said} stable for every $\gamma$ shown")
        panel.legend(loc="upper right")
    return figure


sliders(ranges, step_size=(step_size, 0.005, 0.5), lipschitz=(lipschitz, 5.0, 50.0))

# %% [markdown]
# ## What stands
#
# - Eq. 8 is gradient descent. A true proximal gradient step is stable for every damping once $\alpha < 2/L$ (*proved
#   here*, and in claim [equation-2-proximal](../proofs/closed_loop/equation_2.py)).
# - Momentum turns $\kappa$ into $\sqrt\kappa$: for heavy ball on quadratics only (*proved here*), for Nesterov's method
#   on the whole class (*cited*: Nesterov 2018); the library says which: `solver.guarantee(m, M).function_class`.

# %%
for proved in (contraction, every_damping, same, complex_roots):
    assert proved.verdict is eqt.Verdict.PROVED
assert not_for_gradients.verdict is eqt.Verdict.REFUTED

# %%
assert (factors["proximal gradient"] < 1) or step_size >= 2 / lipschitz
assert (factors["gradient descent"] < 1) == (step_size < 2 / (lipschitz + 1 / gamma))
assert all(bool(run.converged) for run in runs.values())
h_star = (proposal / gamma - 1) / (spectrum + 1 / gamma)
assert all(float((run.h - h_star).norm()) < 1e-8 for run in runs.values())
assert int(runs["Nesterov"].steps) < int(runs["gradient descent"].steps)
assert int(runs["Newton"].steps) <= 2
if (mu, lipschitz, gamma, step_size) == (0.1, 10.0, 1.0, 0.19):  # the numbers of the text
    assert int(runs["heavy ball"].steps) < int(runs["Nesterov"].steps)
    assert math.isclose(factors["gradient descent"], 1.09) and round(factors["proximal gradient"], 3) == 0.824

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** At `gamma` 0.5 and at 20, how many steps does each solver need? Which gain most from momentum?
#
# **2. True or false?** At equal step size $\alpha \le 1/L$ the proximal step contracts at least as much as the gradient
# step.
#
# **3. Prove, quadratics only.** Newton's method ends in one step on a parabola; on $\Phi = h^4/4 + \epsilon h^2/2$ it
# does not.
#
# **4. Find.** Two step sizes that are both fine for the proximal step, of which gradient descent diverges at one.

# %% solution
# 1. kappa = M/m is larger for a large gamma, and sqrt(kappa) then much smaller than kappa.
for damping in (0.5, 20.0):
    low_m, high_m = 0.1 + 1 / damping, 10.0 + 1 / damping
    print(f"gamma = {damping}: kappa = {high_m / low_m:.1f}, its root {(high_m / low_m) ** 0.5:.1f}")
assert (10 + 1 / 20) / (0.1 + 1 / 20) > 10 * (10 + 2) / (0.1 + 2)

# %% solution
# 2. No. Shrinking by 1/(1 + alpha g) afterwards takes away less than subtracting alpha g; both only to second order.
more = eqt.prove(
    [low <= high, alpha * (high + g) <= 1],
    1 - alpha * (low + g) <= (1 - alpha * low) / (1 + alpha * g),
    detail="at equal short step sizes the gradient step contracts at least as much",
)
claimed = eqt.prove(
    [low <= high, alpha <= 1 / high],
    (1 - alpha * low) / (1 + alpha * g) <= gradient_rate,
    detail="at equal step size the proximal step contracts at least as much",
)
assert more.verdict is eqt.Verdict.PROVED and claimed.verdict is eqt.Verdict.REFUTED
claimed

# %% solution
# 3. One step from h.
h, c = sp.Symbol("h", real=True), sp.Symbol("epsilon", positive=True)
parabola, quartic = a * h**2 / 2, h**4 / 4 + c * h**2 / 2


def newton(phi):
    return h - sp.diff(phi, h) / sp.diff(phi, h, 2)


one_step = derive([("on a parabola", newton(parabola), 0)], "Newton ends at once")
many = derive([("on the quartic", newton(quartic), 2 * h**3 / (3 * h**2 + c))], "not at 0 unless it began there")
assert one_step.verdict is many.verdict is eqt.Verdict.PROVED
many

# %% solution
# 4. L = 10, gamma = 0.1: gradient descent needs alpha < 2/(10 + 10) = 0.1, the proximal step alpha < 0.2.
for alpha_ in (0.05, 0.15):
    gradient_ = max(abs(1 - alpha_ * (0.1 + 10)), abs(1 - alpha_ * 20))
    proximal_ = max(abs(1 - alpha_ * 0.1), abs(1 - alpha_ * 10)) / (1 + alpha_ * 10)
    print(f"alpha = {alpha_}: gradient {gradient_:.3f}, proximal {proximal_:.3f}")
assert gradient_ > 1 > proximal_

# %% [markdown]
# ## Sources
#
# - Parikh, Boyd 2014, *Proximal Algorithms*, Found. Trends Optim. 1, doi:10.1561/2400000003.
# - Polyak 1964, *Some methods of speeding up the convergence of iteration methods*, USSR Comput. Math. Math. Phys. 4,
#   doi:10.1016/0041-5553(64)90137-5.
# - Lessard, Recht, Packard 2016, *Analysis and design of optimization algorithms via integral quadratic constraints*,
#   SIAM J. Optim. 26, doi:10.1137/15M1009597; Goujaud, Taylor, Dieuleveut 2023, *Provable non-accelerations of the
#   heavy-ball method*, arXiv:2307.11291.
# - Nesterov 2018, *Lectures on Convex Optimization*, doi:10.1007/978-3-319-91578-4, Sec. 2.2.
# - Anderson 1965, *Iterative procedures for nonlinear integral equations*, J. ACM 12, doi:10.1145/321296.321305.
