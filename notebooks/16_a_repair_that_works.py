# %% [markdown]
# # 16. A repair that works
#
# In the paper's model each state descends an energy of itself alone. However well that converges, no information moves
# from one position of a sequence to another while it does; on parity, refinement changes no prediction
# ([12](12_trained_model.ipynb)). The repair is to let the energy **couple the positions**,
#
# $$\Phi(H) = \sum_{t=1}^n \tfrac\lambda2\,|h_t - a_t \odot h_{t-1}|^2 + \frac{|h_t - f_t|^2}{2\gamma},
# \qquad |a_t| \le 1,$$
#
# with a learned anchor $h_0$ and couplings $a_t$ that the model reads off its proposals. It is convex whatever was
# learned, so every guarantee of notebook 2 holds for the trained model as it is.
#
# In this notebook: the curvature of the chain, by construction; ways to refine, and their exact rates; what a rate has
# to do with memory; and what all this did on parity, with its controls.
#
# - **You need:** notebooks [1](01_open_loop_to_equilibrium.ipynb) and [2](02_contraction.ipynb). **Time:** 25 minutes.
# - **Neighbours:** [the map](README.md); before it [12. A trained model](12_trained_model.ipynb).
# - **Claims:** [joint-convexity](../proofs/repaired_eqt/convexity.py),
#   [causal-contraction](../proofs/repaired_eqt/contraction.py),
#   [exact-after-n-steps](../proofs/repaired_eqt/exact_after_n_steps.py), and those named below.
# - **Notation:** $\lambda$ the strength, $\kappa = M/m = 1 + 4\lambda\gamma$, $b = \lambda\gamma/(1 + \lambda\gamma)$,
#   $r = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$.
# - **Terms:** [strongly convex](README.md#terms), [linear rate](README.md#terms).
#
# Statements are marked *proved here* (a cell below shows it), *proved in claim X*, *cited*, or *remark*.
# **Change a parameter** in the next cell and run everything again; the assertions must still hold.

# %%
from eqt_theory.report.parameter import parameter, whole

strength = parameter("strength", 4.0, 0.25, 64)  # lambda; gamma is 1
length = whole("length", 24, 4, 60)  # n, positions

# %%
import math

import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.core.folder import default_folder
from eqt_theory.engines.induction import induction
from eqt_theory.engines.symbolic import derive
from eqt_theory.models.study.paired import NAMES, conclusions, difference, of_arm, told
from eqt_theory.models.study.repaired import RepairArm, kept_runs
from eqt_theory.report import plots

lam, gamma = sp.symbols("lambda gamma", positive=True)
BLUE, RED, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#767676"

# %% [markdown]
# ## Convex by construction
#
# A coordinate at a time, the second derivative of the chain along a direction $v$ is
# $\lambda\sum_t (v_t - a_t v_{t-1})^2$ with $v_0 = 0$: never negative. And each $v_t$ occurs in two terms at most, so
# with $(x - ay)^2 \le 2(x^2 + y^2)$ it is at most $4\lambda|v|^2$. As an induction over the positions, with $2\lambda
# v_n^2$ still to spare at the last one (*proved here*):

# %%
a, form, size, last, new = sp.symbols("a form size last new", real=True)
first_position = eqt.prove(
    [sp.Eq(form, lam * new**2)], form <= 4 * lam * new**2 - 2 * lam * new**2, detail="one position"
)
so_far = form <= 4 * lam * size - 2 * lam * last**2
one_more = eqt.prove(
    [a >= -1, a <= 1, so_far],
    form + lam * (new - a * last) ** 2 <= 4 * lam * (size + new**2) - 2 * lam * new**2,
    detail="one position more",
)
below_four = induction(
    first_position, one_more, given=[so_far], detail="v^T (hess chain) v <= 4 lambda |v|^2 for every n"
)
below_four

# %% [markdown]
# So $m = 1/\gamma$ and $M = 1/\gamma + 4\lambda$, for every sequence, whatever the weights are. Without $|a| \le 1$ the
# provers answer with numbers:

# %%
without_the_bound = eqt.prove(
    [so_far],
    form + lam * (new - a * last) ** 2 <= 4 * lam * (size + new**2) - 2 * lam * new**2,
    detail="the same for any coupling",
)
without_the_bound

# %%
generator = torch.Generator().manual_seed(0)
couplings = torch.tanh(2 * torch.randn(40, length, 1, generator=generator, dtype=torch.float64))
couplings[0] = 1.0
anchor = torch.ones(1, dtype=torch.float64)
chains = eqt.CoupledChain(couplings, anchor, strength)
proposals = torch.randn(40, length, generator=generator, dtype=torch.float64)
phi = eqt.Objective(chains, proposals, gamma=1.0)
spectra = torch.linalg.eigvalsh(phi.hessian(proposals))
print(f"declared: m = {phi.m:g}, M = {phi.M:g}; measured on 40 chains: {spectra.min():.4f} to {spectra.max():.4f}")

# %% [markdown]
# ## Three ways to refine
#
# **Joint.** Descend $\Phi$ of the whole sequence. Gradient steps contract by $2\lambda\gamma/(1 + 2\lambda\gamma)$;
# **Chebyshev's iteration**, which needs nothing but $m$ and $M$, keeps $|h_k - h^*| \le 2r^k/(1 + r^{2k})\,|h_0 - h^*|$
# on every quadratic with that spectrum (*proved in claim* [chebyshev-bound](../proofs/repaired_eqt/chebyshev.py)).
#
# **Causal.** Each position descends only its *own* term, its predecessor given. That is a game and no descent on any
# one function, but with the step $1/(\lambda + 1/\gamma)$ it is a simple one (*proved here*):
#
# $$h_t \leftarrow (1 - b)\,f_t + b\,a_t \odot h_{t-1}.$$
#
# So $\max_t |h_t - h_t^*|$ shrinks by $b$ in every step, and after $n$ steps the game is at rest, exactly.

# %%
h, before, f, error = sp.symbols("h before f error", real=True)
b = lam * gamma / (1 + lam * gamma)
own_step = h - (lam * (h - a * before) + (h - f) / gamma) / (lam + 1 / gamma)
game = derive(
    [("one step of a position", own_step, (1 - b) * f + b * a * before)], "a step forgets the position itself"
)
game

# %%
rest = induction(
    derive([("the anchor has no error", b * a * sp.Integer(0), 0)], "position 1 after 1 step"),
    eqt.prove([sp.Eq(error, 0)], sp.Eq(b * a * error, 0), detail="position k + 1 after k + 1 steps"),
    given=[sp.Eq(error, 0)],
    detail="position k is exact after k steps, so the game after n",
)
rest

# %%
kappa = 1 + 4 * strength
r = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
share = strength / (1 + strength)
steps = max(length, 30) + 2
star = chains.equilibrium(proposals)


def run_of(solver: eqt.Solver) -> torch.Tensor:
    """All states of a run on the joint objective."""
    found = eqt.solve(phi, solver, tolerance=1e-300, max_steps=steps, record=True)
    return found.trajectory


fast, slow, ball = (
    run_of(made) for made in (eqt.Chebyshev(phi.m, phi.M), eqt.GradientDescent.optimal(phi.m, phi.M),
                              eqt.HeavyBall.optimal(phi.m, phi.M))
)  # fmt: skip
left = {name: ((run - star).norm(dim=-1) / (proposals - star).norm(dim=-1)).amax(-1) for name, run in
        {"chebyshev": fast, "descent": slow, "heavy ball": ball}.items()}  # fmt: skip
game_star, x, game_left = chains.causal_equilibrium(proposals), proposals, []
for _ in range(steps + 1):
    game_left.append(float(((x - game_star).abs().amax(-1) / (proposals - game_star).abs().amax(-1)).max()))
    x = x - (chains.own_gradient(x) + x - proposals) / (strength + 1)
bound = [2 * r**k / (1 + r ** (2 * k)) for k in range(steps + 1)]
print(f"certified: descent {2 * strength / (1 + 2 * strength):.4f}, Chebyshev r = {r:.4f}, causal b = {share:.4f}")
print(f"the game after {length} steps: less than 1e-12 of the way left:", game_left[length] < 1e-12)


# %% fold
def rates() -> plots.Chart:
    """What is left of the way, the worst of the chains, with the certified bounds."""
    figure, (panel,) = plots.chart(7.0, 4.2)
    with plots.look():
        k = np.arange(steps + 1)
        for name, color in (("descent", GREY), ("heavy ball", RED), ("chebyshev", BLUE)):
            panel.semilogy(k[: len(left[name])], left[name], color=color, label=f"joint, {name}")
        panel.semilogy(k, bound, color=BLUE, ls=":", label=r"$2r^k/(1 + r^{2k})$")
        known = [max(value, 1e-17) for value in game_left]
        panel.semilogy(k, known, color=GREEN, label="causal game")
        panel.semilogy(k, share**k, color=GREEN, ls=":", label="$b^k$")
        panel.axvline(length, color=GREY, lw=1, ls="--")
        panel.set_ylim(1e-9, 3)
        panel.set_xlabel("step $k$")
        panel.set_ylabel("share of the way left, worst of 40 chains")
        panel.set_title("The game is exact after $n$ steps")
        panel.legend(loc="lower left")
    return figure


rates()

# %% [markdown]
# ## Contraction is memory
#
# Change one proposal $f_s$ and look at the equilibrium $j$ positions on, all couplings 1. In the game the change is
# still $b^j(1 - b)$ of it; in the joint chain, far from its ends, $r^{|j|}/\sqrt\kappa$ on *both* sides. These are the
# rates of refinement, in space instead of time (*proved here*, in terms of $q = \sqrt\kappa$):

# %%
q, power = sp.symbols("q power", positive=True)
stiff, decay = (q**2 - 1) / (4 * gamma), (q - 1) / (q + 1)


def balance(left_one: sp.Expr, here: sp.Expr, right_one: sp.Expr) -> sp.Expr:
    """The gradient at a position of the joint chain, without the proposal's share."""
    return here / gamma + stiff * (2 * here - left_one - right_one)


memory = derive(
    [
        ("kappa = 1 + 4 lambda gamma", 1 + 4 * stiff * gamma, q**2),
        ("off the change", balance(power / decay, power, power * decay), 0),
        ("at the change", balance(decay / q, 1 / q, decay / q), 1 / gamma),
    ],
    "the joint equilibrium remembers r per position, r Chebyshev's rate",
)
memory

# %% [markdown]
# And nothing can do better that moves information one position per step: after $k$ steps a state $k + 1$ positions away
# is the same for $f_0 = 1$ and $f_0 = -1$, while the equilibria differ by $2r^{k+1}/\sqrt\kappa$. **A stronger
# contraction certificate is a shorter memory**, for the equilibrium of this energy.

# %%
many = 201
ones = eqt.CoupledChain(torch.ones(many, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), strength)
pulse = torch.zeros(many, dtype=torch.float64)
pulse[100] = 1.0
joint_answer, causal_answer = ones.equilibrium(pulse), ones.causal_equilibrium(pulse)


# %% fold
def responses() -> plots.Chart:
    """The equilibrium around one changed proposal, and the two powers."""
    figure, (panel,) = plots.chart(7.0, 3.8)
    with plots.look():
        j = np.arange(-20, 41)
        panel.semilogy(j, joint_answer[80:141], "o", ms=4, color=BLUE, label="joint equilibrium")
        panel.semilogy(j, r ** np.abs(j) / math.sqrt(kappa), color=BLUE, lw=1, label=r"$r^{|j|}/\sqrt{\kappa}$")
        panel.semilogy(j[20:], causal_answer[100:141], "s", ms=4, color=GREEN, label="equilibrium of the game")
        panel.semilogy(j[20:], (1 - share) * share ** j[20:].astype(float), color=GREEN, lw=1, label="$(1 - b)\\,b^j$")
        panel.set_ylim(1e-10, 2)
        panel.set_xlabel("positions from the changed proposal")
        panel.set_ylabel("change of the equilibrium")
        panel.set_title("What is remembered falls by the rate of the refinement")
        panel.legend(loc="lower left")
    return figure


responses()

# %% [markdown]
# ## What it did on parity
#
# The kept runs of `eqt-theory study parity`: sequences of 16 bits, models of two layers and width 32, every arm of a
# seed with the same data and order, $\lambda\gamma$ chosen on validation sequences of seeds that are never tested.
# *Frozen* is the control in which each position is coupled to its predecessor's *proposal*, which stays: the same
# weights, loss and cost, but nothing moves on. *The scan* is trained and read at the equilibrium of the game, which for
# quadratic terms is a gated linear recurrence.

# %%
runs = kept_runs(default_folder().parent / "repaired_eqt" / "data" / "parity", "parity")
means = {arm: float(np.mean([run.accuracy for run in mine.values()])) for arm in NAMES if (mine := of_arm(runs, arm))}
for arm, mean in means.items():
    gap = told(difference(runs, arm, RepairArm.FROZEN)) if arm is not RepairArm.FROZEN else ""
    print(f"{NAMES[arm]:18} {100 * mean:6.2f} %   less frozen, in points: {gap}")


# %% fold
def by_steps_and_position() -> plots.Chart:
    """Accuracy by K, and by position at each arm's own K."""
    figure, (panel, places) = plots.chart(8.4, 3.8, columns=2)
    shown = ((RepairArm.CAUSAL, GREEN), (RepairArm.RIDGE, RED), (RepairArm.JOINT, BLUE), (RepairArm.FROZEN, GREY))
    with plots.look():
        for arm, color in shown:
            mine = list(of_arm(runs, arm).values())
            k = mine[0].steps
            panel.plot(range(len(k)), [100 * np.mean([run.at(x) for run in mine]) for x in k], "o-", ms=4, color=color,
                       label=NAMES[arm])  # fmt: skip
        panel.set_xticks(range(len(k)), [str(x) for x in k])
        panel.axhline(100 * means[RepairArm.STANDARD], color="#222222", lw=1, ls="--", label="standard")
        panel.set_xlabel("$K$ at test (8 in training)")
        panel.set_ylabel("accuracy, %")
        panel.legend(loc="lower right", fontsize=8)
        for arm, color in (*shown, (RepairArm.STANDARD, "#222222")):
            mine = list(of_arm(runs, arm).values())
            rows = np.mean([[100 * right / run.sequences for right in run.by_position[0]] for run in mine], 0)
            places.plot(range(1, len(rows) + 1), rows, color=color, label=NAMES[arm])
        places.set_xticks(range(1, len(rows) + 1, 3))
        places.set_xlabel("position")
        places.set_title("by position")
        panel.set_title("by number of steps")
    return figure


by_steps_and_position()

# %% [markdown]
# What these numbers allow to say is worked out by code, from the runs:

# %%
for sentence in conclusions(runs):
    print(f"- {sentence}")

# %% [markdown]
# ## What stands
#
# - A chain of couplings from -1 to 1 is convex with curvature at most $4\lambda$, for every length (*proved here*). No
#   weight has to be checked for it; `model.certificate()` gives $m$, $M$ and the rate of a trained model, exactly.
# - The causal game contracts by $b$ and is exact after $n$ steps (*proved here*); Chebyshev's iteration keeps its
#   bound (*proved in claim* [chebyshev-bound](../proofs/repaired_eqt/chebyshev.py)). With ridge terms the game still
#   contracts (*proved in claim* [ridge-contraction](../proofs/repaired_eqt/contraction.py)).
# - The decay per token *is* the best rate per step (*proved here*; the last part in claim
#   [contraction-is-memory](../proofs/repaired_eqt/memory.py)).
# - *Remark.* With quadratic terms the causal equilibrium is a gated linear recurrence. One scan computes it, and that
#   such recurrences solve parity is known. What is new here is what is certified, and the identity; not the
#   computation. One size, one task, ten seeds: nothing here speaks of larger models or of language.

# %%
for proved in (below_four, game, rest, memory):
    assert proved.verdict is eqt.Verdict.PROVED
assert without_the_bound.verdict is eqt.Verdict.REFUTED

# %%
assert phi.m <= float(spectra.min()) and float(spectra.max()) <= phi.M
assert all(float(x) <= y * (1 + 1e-9) + 1e-12 for x, y in zip(left["chebyshev"], bound, strict=False))
assert all(x <= share**k * (1 + 1e-9) + 1e-12 for k, x in enumerate(game_left))
assert game_left[length] < 1e-12
assert math.isclose(float(causal_answer[105] / causal_answer[104]), share, rel_tol=1e-9)

# %%
if strength == 4.0:
    assert math.isclose(float(joint_answer[105] / joint_answer[104]), r, rel_tol=1e-9)
    assert math.isclose(float(joint_answer[95] / joint_answer[96]), r, rel_tol=1e-9)

# %%
assert means[RepairArm.CAUSAL] > means[RepairArm.FROZEN]
assert means[RepairArm.SCAN] >= means[RepairArm.JOINT]

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Move `strength` from 0.25 to 64. What happens to the steps that Chebyshev's iteration takes
# for each further digit, and to the positions over which what is remembered of a change falls to a tenth?
#
# **2. Prove.** The step size $1/(\lambda + 1/\gamma)$ of the game is the best: no other has a smaller factor
# $|1 - \alpha(\lambda + 1/\gamma)| + \alpha\lambda$.
#
# **3. Find.** Couplings at which the curvature of the chain comes within 1 % of $4\lambda$, and a direction that
# shows it.

# %% solution
# 1. Both are the same number, log 10 over log 1/r, once the bound is 2r^k: the first digit alone takes log 20 over
# log 1/r. For large lambda it grows like 1.15 sqrt(kappa).
for some in (0.25, 4.0, 64.0):
    root = math.sqrt(1 + 4 * some)
    tenth = math.log(10) / math.log((root + 1) / (root - 1))
    print(f"lambda = {some:5}: {tenth:5.1f} steps, {tenth:5.1f} positions; 1.15 sqrt(kappa) = {1.15 * root:.1f}")
assert abs(tenth / (1.15 * root) - 1) < 0.02

# %% solution
# 2. By the provers.
alpha = sp.Symbol("alpha", positive=True)
best = eqt.prove(
    [], sp.Abs(1 - alpha * (lam + 1 / gamma)) + alpha * lam >= b, detail="no step size has a smaller factor than b"
)
assert best.verdict is eqt.Verdict.PROVED
best

# %% solution
# 3. Couplings of 1 and signs that alternate: every term but the first is (1 + 1)^2, so 4 - 3/n; 300 positions do.
alternating = eqt.CoupledChain(torch.ones(300, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), 1.0)
direction = torch.tensor([(-1.0) ** t for t in range(300)], dtype=torch.float64)
curvature = float(direction @ alternating.hessian_vector(direction, direction) / 300)
print(f"{curvature:.4f}")
assert math.isclose(curvature, 4 - 3 / 300) and curvature > 0.99 * 4

# %% [markdown]
# ## Sources
#
# - Jafari, Anbarjafari 2025, *Closed-Loop Transformers: Autoregressive Modeling as Iterative Latent Equilibrium*,
#   arXiv:2511.21882: the model that is repaired here.
# - Golub, Varga 1961, *Chebyshev semi-iterative methods*, Numerische Mathematik 3, doi:10.1007/BF01386013.
# - Grazzi et al. 2024, *Unlocking State-Tracking in Linear RNNs Through Negative Eigenvalues*, arXiv:2411.12537; and
#   arXiv:2502.07827: what linear recurrences can keep track of, parity among it.
