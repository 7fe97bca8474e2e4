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

# %%
mu, lipschitz = 0.1, 10.0  # curvature of the energy
gamma = 1.0  # damping
step_size = 0.19  # between the two limits at these numbers
dimension = 12

# %%
import math

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, proximal_gradient_step
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

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
# That is a statement about quadratics only. On other strongly convex functions Polyak's parameters can cycle forever;
# Nesterov's method, with a slightly slower rate, is safe for the whole class.
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
    name: eqt.solve(objective, solver, tolerance=1e-11, record=True, max_steps=500) for name, solver in solvers.items()
}
for name, solver in solvers.items():
    promise = solver.guarantee(m, M)
    told = "no rate from m and M alone" if promise is None else f"{promise.rate:.4f}, {promise.sharpness.name.lower()}"
    print(f"{name:18} {int(runs[name].steps):4} steps   {told}")

# %%
plots.solver_comparison(runs, title="Six ways down the same slope")

# %% [markdown]
# ## The step size between the limits
#
# At the step size chosen above, gradient descent is outside its range and the proximal step is inside.

# %%
factors = {
    "gradient descent": max(abs(1 - step_size * (mu + 1 / gamma)), abs(1 - step_size * (lipschitz + 1 / gamma))),
    "proximal gradient": max(abs(1 - step_size * mu), abs(1 - step_size * lipschitz)) / (1 + step_size / gamma),
}
for name, factor in factors.items():
    print(f"{name:18} factor {factor:.4f} at step size {step_size}")


# %%
def ranges() -> plots.Chart:
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
        panel.set_title(rf"At step size {step_size}, only the proximal step is stable for every $\gamma$")
        panel.legend(loc="upper right")
    return figure


ranges()

# %% [markdown]
# ## What stands
#
# - Eq. 8 is gradient descent. A true proximal gradient step is stable independently of the damping.
# - Momentum turns $\kappa$ into $\sqrt\kappa$; what is promised depends on the class of functions, and the library says
#   which: `solver.guarantee(m, M).function_class`.

# %%
for proved in (contraction, every_damping, same, complex_roots):
    assert proved.verdict is eqt.Verdict.PROVED
assert not_for_gradients.verdict is eqt.Verdict.REFUTED
assert all(bool(run.converged) for run in runs.values())
h_star = (proposal / gamma - 1) / (spectrum + 1 / gamma)
assert all(float((run.h - h_star).norm()) < 1e-9 for run in runs.values())
assert int(runs["heavy ball"].steps) < int(runs["Nesterov"].steps) < int(runs["gradient descent"].steps)
assert int(runs["Newton"].steps) <= 2
if (mu, lipschitz, gamma, step_size) == (0.1, 10.0, 1.0, 0.19):
    assert math.isclose(factors["gradient descent"], 1.09) and round(factors["proximal gradient"], 3) == 0.824
