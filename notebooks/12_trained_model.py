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

# %%
gamma = 1.0  # damping, the paper's default
step_size = 0.1  # alpha, the paper's default
length = 8  # bits per sequence
epochs = 6

# %%
import torch

import eqt_theory as eqt
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
# Linear heads make the reverse and masked terms convex, and with two classes the confidence term is convex on each side
# of its tie (notebook 3). So with the argmax frozen $\Phi$ has $m \ge 1/\gamma$. The upper curvature we measure.

# %%
states = model.states(parity_data(16, length, seed=1, test=True).bits)
objective = states.objective
measured = eqt.measure_curvature(objective, at=states.refined)
low, high = float(measured.lambda_min.low.min()), float(measured.lambda_max.high.max())
print(f"smallest eigenvalue over {measured.lambda_min.values.numel()} tokens: {low:.2f}, 1/gamma = {1 / gamma:.2f}")
print(f"largest eigenvalue: {high:.2f}, so step sizes up to about {2 / high:.2f} are stable there")


# %%
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
# would be close to $\gamma$. The paper's $\alpha = 0.1$ is ten times smaller, with a factor of $1 - \alpha m = 0.9$ per
# step: after 8 steps $0.9^8 \approx 43\%$ of the way is still left.
#
# In the figure $m = 1/\gamma$ is proved, $M$ is measured at the refined states, so the envelope is as good as that
# measurement; at this short step size only $m$ enters the factor.

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
# So at $K = 8$ the states are about four tenths of the way from done, and the predictions are those of $K = 32$ all the
# same, and those of $K = 0$. With two classes and a linear head the confidence term never flips a prediction by itself:
# its kink repels (notebook 3). Equal accuracy is no sign of convergence.
#
# ## What stands
#
# - Measure the curvature of your model: it decides the step size, and here the default is ten times too small.
# - To see whether refinement has converged, bound the distance by $|\nabla\Phi|/m$ (notebook 7), not by the accuracy.
#
# Next: the same tools on your own code.

# %%
worst = promise.rate ** torch.arange(len(left), dtype=torch.float64)[:, None]

assert bool(run.converged.all()) and bool(quick.converged.all())
assert float(found.left[found.usable].median()) > 0.01  # the diagnosis sees what the figure shows
assert record.losses[-1] < record.losses[0]
assert low >= 1 / gamma - 1e-6
assert bool((left <= worst + 1e-8).all())
assert int(quick.steps.max()) < int(run.steps.max())
if (gamma, step_size, length, epochs) == (1.0, 0.1, 8, 6):
    assert float(left[8].median()) > 0.3  # far from converged at K = 8
    assert scores.flips[2] == scores.flips[3] == 0  # and yet no prediction differs
