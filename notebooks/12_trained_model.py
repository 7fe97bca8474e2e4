# %% [markdown]
# # 12. A trained equilibrium transformer under the microscope
#
# Theory is about functions; a model has particular ones. We train a small equilibrium transformer on the paper's task,
# cumulative parity ($y_t = b_1 \oplus \dots \oplus b_t$), for a few seconds, and then measure on unseen sequences
# what the
# earlier notebooks say one should look at: the curvature of $\Phi$ at every token, the distance to the equilibrium
# after
# $K$ steps, and whether refinement changes any prediction.
#
# The paper finds the same accuracy at $K = 8$ and $K = 32$ and reads it as convergence in fewer than 8 steps
# (Sec. 5.3.1). In our words: **equal predictions do not show that the states have converged, only that the predictions
# do not depend on it.** That can be seen even in a model this small.
#
# - **You need:** notebooks [3](03_why_the_assumptions_fail.ipynb), [4](04_weak_convexity.ipynb) and
#   [7](07_stopping.ipynb). **Time:** about 20 minutes.
# - **Neighbours:** after [11. Solvers compared](11_solvers_compared.ipynb); next
#   [13. Check your own](13_check_your_own.ipynb).
# - **Claims:** [section-5.3.1](../proofs/closed_loop/section_5_3_1.py),
#   [equation-14](../proofs/closed_loop/equation_14.py).
# - **Notation:** $h_K$ the state after $K$ steps, $m, M$ the curvature of $\Phi$, $x$ a difference of two logits.
# - **Terms:** [linear rate](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter, whole

gamma = parameter("gamma", 1.0, 0.5, 1.5)  # damping, the paper's default
step_size = parameter("step_size", 0.1, 0.03, 0.2)  # alpha, the paper's default
length = whole("length", 8, 4, 10)  # bits per sequence
epochs = whole("epochs", 6, 2, 8)

# %%
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.models.config import HeadKind, RefinementNorm
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.presets import miniature
from eqt_theory.models.study.training import Recipe, evaluate, train
from eqt_theory.report import plots

# %% [markdown]
# ## Train
#
# Two layers, 32 wide, linear heads. The state is normalised *before* refinement, so that $h_K$ itself is what is read.

# %%
config = miniature().replace(
    refinement_norm=RefinementNorm.BEFORE, head_kind=HeadKind.LINEAR, window=4, gamma=gamma, step_size=step_size
)
model = EquilibriumTransformer(config, seed=0).double()
record = train(model, parity_data(512, length, seed=0), Recipe(epochs=epochs, batch=64), seed=0)
unseen = parity_data(128, length, seed=0, test=True)
scores = evaluate(model, unseen, steps=(0, 2, 8, 32))
print("training loss per epoch:", " ".join(f"{loss:.2f}" for loss in record.losses))
for k, accuracy, flips in zip(scores.steps, scores.accuracy, scores.flips, strict=True):
    print(f"K = {k:2}: accuracy {accuracy:.2f}, predictions changed by refinement: {flips} of {scores.positions}")

# %% [markdown]
# ## The curvature at every token
#
# Linear heads make the reverse and masked terms convex (cross-entropies of affine functions). With two classes the
# confidence term with its favourite frozen is convex in the difference $x$ of the logits: its curvature is
# $x \tanh(x/2)\, p(1-p) \ge 0$ ([notebook 3](03_why_the_assumptions_fail.ipynb)), and $x$ is affine in $h$. So with the
# argmax frozen $\Phi$ has $m \ge 1/\gamma$, proved. The upper curvature we measure.

# %%
x, p, sign = sp.Symbol("x", real=True), sp.Symbol("p", positive=True), sp.Symbol("sign", real=True)
sure = 1 / (1 + sp.exp(-x))
frozen = -sure * sp.log(sure) - (1 - sure) * sp.log(1 - sure) - sp.log(sure)
bend = derive(
    [
        ("the curvature", sp.diff(frozen, x, 2), x * (2 * sure - 1) * sure * (1 - sure)),
        ("its factor 2 p - 1", 2 * sure - 1, sp.tanh(x / 2).rewrite(sp.exp)),
    ],
    "E'' = x tanh(x/2) p (1 - p)",
)
convex = eqt.prove(
    [p < 1, sp.Implies(x >= 0, sign >= 0), sp.Implies(x <= 0, sign <= 0)],  # tanh(x/2) has the sign of x
    x * sign * p * (1 - p) >= 0,
    detail="the frozen confidence term of two classes is convex, so m = 1/gamma is a lower curvature of Phi",
)
convex

# %%
states = model.states(parity_data(16, length, seed=1, test=True).bits)
objective = states.objective
measured = eqt.measure_curvature(objective, at=states.refined)
low, high = float(measured.lambda_min.low.min()), float(measured.lambda_max.high.max())
print(f"smallest eigenvalue over {measured.lambda_min.values.numel()} tokens: {low:.2f}, 1/gamma = {1 / gamma:.2f}")
print(f"largest eigenvalue: {high:.2f}, so step sizes up to about {2 / high:.2f} are stable there")


# %% fold
def spectrum() -> plots.Chart:
    """Extreme eigenvalues of the Hessian of Phi at every token."""
    figure, (panel,) = plots.chart()
    with plots.look():
        largest = measured.lambda_max.values.flatten().numpy()
        panel.hist(largest, bins=24, color="#D55E00", alpha=0.8, label="largest eigenvalue")
        panel.axvline(low, color="#0072B2", ls="--", label=r"smallest eigenvalue, $1/\gamma$, at every token")
        panel.set_xlabel(r"eigenvalue of $\nabla^2\Phi$ at a refined state")
        panel.set_ylabel("tokens")
        panel.set_title("The curvature that training left")
        figure.legend(loc="outside lower center", ncols=2)
    return figure


spectrum()

# %% [markdown]
# The proximal term dominates: the learned energy bends only a few of the 32 directions, and those little; in the others
# the curvature is exactly $1/\gamma$. So $\Phi$ is well conditioned, and the best step
# would be close to $\gamma$. The paper's $\alpha = 0.1$ is, at $\gamma = 1$, ten times smaller, with a factor of
# $1 - \alpha m = 0.9$ per step: after 8 steps $0.9^8 \approx 43\%$ of the way is still left.
#
# In the figure $m = 1/\gamma$ is proved (above), $M$ is measured at the refined states, so the envelope is as good as
# that measurement; at this short step size only $m$ enters the factor.

# %%
solver = eqt.GradientDescent(step_size)
run = eqt.solve(objective, solver, tolerance=1e-11, max_steps=2000, record=True)
promise = solver.guarantee(1 / gamma, high)
plots.convergence(run, promise, title="Every token of 16 unseen sequences, under one envelope")

# %% [markdown]
# ## Converged after eight steps?

# %%
distance = (run.trajectory - run.h).norm(dim=-1)
left = (distance / distance[0]).flatten(1)
for k in (2, 8, 32):
    print(f"after {k:2} steps, median share of the way still to go: {float(left[k].median()):.2f}")
quick = eqt.solve(objective, eqt.GradientDescent(2 / (1 / gamma + high)), tolerance=1e-11, max_steps=200)
print(
    f"steps to |grad Phi| < 1e-11: {int(run.steps.max())} at alpha = {step_size}, {int(quick.steps.max())} at the best"
)

# %% [markdown]
# All of this in one call, token by token, at K = 8. `eqt-theory diagnose CHECKPOINT` does it for a saved model.

# %%
found = eqt.diagnose(objective, step_size, 8, states.predict)
found

# %% [markdown]
# So, at the numbers of the text, at $K = 8$ the states are about four tenths of the way from done, and the predictions
# are those of $K = 32$ all the same, and those of $K = 0$. With two classes and a linear head the confidence term never
# flips a prediction by itself: its kink repels (notebook 3). Equal accuracy is no sign of convergence.
#
# ## What stands
#
# - Measure the curvature of your model: it decides the step size, and here the default is ten times too small
#   (*measured here*).
# - To see whether refinement has converged, bound the distance by $|\nabla\Phi|/m$ (*proved* in [notebook
#   7](07_stopping.ipynb)), not by the accuracy.
#
# Next: the same tools on your own code.

# %%
worst = promise.rate ** torch.arange(len(left), dtype=torch.float64)[:, None]

for proved in (bend, convex):
    assert proved.verdict is eqt.Verdict.PROVED

# %%
assert bool(run.converged.all()) and bool(quick.converged.all())
assert float(found.left[found.usable].median()) > 0.01 or step_size > 0.4 * gamma  # as the figure shows
assert record.losses[-1] < record.losses[0]
assert low >= 1 / gamma - 1e-6
assert bool((left <= worst + 1e-8).all())
assert int(quick.steps.max()) < int(run.steps.max())
if (gamma, step_size, length, epochs) == (1.0, 0.1, 8, 6):  # the numbers of the text
    assert float(left[8].median()) > 0.3  # far from converged at K = 8
    assert scores.flips[2] == scores.flips[3] == 0  # and yet no prediction differs

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** How many steps at `step_size` 0.1 bring every token within a thousandth of its way? And at the
# best step?
#
# **2. Prove.** With the memory term the lower curvature is no longer $1/\gamma$. Why?
#
# **3. Check.** Two models of the same accuracy need not have the same states: compare the predictions and the states at
# $K = 0$ and at the equilibrium.

# %% solution
# 1. From the recorded runs.
within = int((left.amax(1) > 1e-3).sum())
quick_run = eqt.solve(
    objective, eqt.GradientDescent(2 / (1 / gamma + high)), tolerance=1e-11, max_steps=200, record=True
)
quick_left = (quick_run.trajectory - quick_run.h).norm(dim=-1)
within_quick = int(((quick_left / quick_left[0]).flatten(1).amax(1) > 1e-3).sum())
print(f"{within} steps at alpha = {step_size:g}, {within_quick} at the best step")
assert within_quick < within

# %% solution
# 2. Behind a memory its curvature across the ray is cos/(tau |h|^2) < 0 (notebook 3): m is 1/gamma minus that at most.
cosine, away, tau, g = sp.Symbol("cosine", negative=True), *sp.symbols("away tau g", positive=True)
lower = eqt.prove([cosine >= -1], g + cosine / (tau * away**2) >= g, detail="1/gamma is still a lower bound")
assert lower.verdict is eqt.Verdict.REFUTED
lower

# %% solution
# 3. The proposals are far from the equilibria, and predict the same wherever no flip was counted.
same = states.predict(objective.proposal).argmax(-1) == states.predict(run.h).argmax(-1)
print(
    f"the same prediction at {int(same.sum())} of {same.numel()} tokens,"
    f" at a median distance of {float(distance[0].median()):.2f}"
)
assert float(distance[0].median()) > 0.01 and float(same.double().mean()) > 0.5

# %% [markdown]
# ## Sources
#
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762.
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Sec. 5.3.1 and Table 2.
