# %% [markdown]
# # 6. When refinement helps
#
# Does less energy mean a better prediction? The paper's Theorem 4 says yes. With $\ell(h) = -\log p(x_{\text{true}}
# \mid h)$ and $h_{\text{opt}}$ its minimiser, suppose the energy lies above the excess loss, up to a slack $c$,
#
# $$E(h) \ge \ell(h) - \ell(h_{\text{opt}}) - c, \tag{31}$$
#
# and refinement lowers the energy by $\Delta > 0$: $E(h^*) \le E(f) - \Delta$. Then, it says,
#
# $$\ell(h^*) < \ell(f) - \Delta + 2c. \tag{32}$$
#
# **This is false, for every $c$.** Eq. 31 bounds the loss *from above by the energy*. To conclude that the loss
# *falls with* the energy one also needs a bound from the other side, at the proposal. The proof uses Eq. 31 in the
# wrong direction and then subtracts two inequalities that point the same way.
#
# We find the counterexample with a prover, draw one with a genuine softmax head, and repair the theorem.
#
# - **You need:** the log-loss of a softmax; inequalities. **Time:** about 25 minutes.
# - **Neighbours:** after [1. From open loop to equilibrium](01_open_loop_to_equilibrium.ipynb); next
#   [7. Stopping](07_stopping.ipynb).
# - **Claims:** [theorem-4](../proofs/closed_loop/theorem_4.py),
#   [theorem-4-repaired](../proofs/closed_loop/theorem_4.py).
# - **Notation:** $\ell$ the loss, $\Delta$ the drop of the energy, $c, c_1, c_2$ slacks, $s$ a scale, $g = 1/\gamma$.
# - **Terms:** [stationary and minimal](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

steepness = parameter("steepness", 10.0, 0.1, 50)  # curvature k of the misleading part k (h - 1)^2 / 2 of the energy
gamma = parameter("gamma", 1.0, 0.1, 10)  # damping
slack = parameter("slack", 0.0, 0.0, 5)  # c

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
# ## Ask the provers
#
# Only five numbers occur in the statement: the loss and the energy at $h^*$ and at $f$, and the least loss. Eq. 32 is
# not a consequence, and the witness is small enough to check in one's head.

# %%
l_star, l_f, l_opt, e_star, e_f = sp.symbols("l_star l_f l_opt E_star E_f", nonnegative=True)
c, c1, c2 = sp.symbols("c c1 c2", nonnegative=True)
drop, s, g = sp.symbols("Delta s g", positive=True)
best = [l_opt <= l_star, l_opt <= l_f]
eq_31 = [e_star >= l_star - l_opt - c, e_f >= l_f - l_opt - c]
dropped = e_star <= e_f - drop

as_stated = eqt.prove([*best, *eq_31, dropped], l_star < l_f - drop + 2 * c, detail="Eq. 32 from Eq. 31 and the drop")
as_stated

# %% [markdown]
# ### The step that fails
#
# Eqs. 33 and 34 say $\ell(h) - \ell_{\text{opt}} \ge E(h) - c$. That is Eq. 31 with its sides exchanged. And even if
# both lines were granted, Eq. 35 subtracts two *lower* bounds to get an *upper* bound of the difference:

# %%
reversed_line = eqt.prove([*best, *eq_31], l_star - l_opt >= e_star - c, detail="Eq. 31 with its sides exchanged")
subtraction = eqt.prove(
    [l_star - l_opt >= e_star - c, l_f - l_opt >= e_f - c, *best],
    l_star - l_f <= e_star - e_f + 2 * c,
    detail="an upper bound of a difference from two lower bounds",
)
subtraction

# %% [markdown]
# ### For every slack
#
# More slack does not help. Take $\ell = h^2$, $E = h^2 + (2c+1)(h-1)^2$, $f = 0$, $\gamma = 1/2$. Eq. 31 holds even
# without slack, $E$ is a parabola, so every assumption of the paper holds with room to spare, and the equilibrium has
# a closed form.

# %%
h = sp.Symbol("h", real=True)
loss_parabola = h**2
energy_parabola = h**2 + (2 * c + 1) * (h - 1) ** 2
phi_parabola = energy_parabola + h**2  # |h - 0|^2 / (2 gamma), gamma = 1/2
(rest,) = sp.solve(sp.diff(phi_parabola, h), h)
fell = energy_parabola.subs(h, 0) - energy_parabola.subs(h, rest)
closed_form = derive(
    [
        ("the equilibrium", rest, (2 * c + 1) / (2 * c + 3)),
        ("it is at rest", sp.diff(phi_parabola, h).subs(h, rest), 0),
    ],
    "h* = (2 c + 1)/(2 c + 3)",
)
every_slack = eqt.prove(
    [c >= 0],
    [fell > 0, rest**2 >= 0 - fell + 2 * c],
    detail="for every c the energy falls and Eq. 32 fails, though the loss was 0 at f",
)
every_slack

# %% [markdown]
# ## A softmax head that is led astray
#
# Three classes with logits $(0, h, -h)$ and true class 0: $\ell(h) = \ln(1 + 2\cosh h)$, best at $h_{\text{opt}} = 0$.
# The energy adds a term that prefers $h = 1$: $E(h) = \ell(h) - \ln 3 + \tfrac k2 (h-1)^2$. Its curvature lies in
# $[k, k + 2/3]$, so it is smooth and strongly convex: the paper's Assumptions 4.1 and 4.2 hold. Start at the *best
# possible* state, $f = 0$. Refinement lowers the energy a great deal, and makes the prediction worse.

# %%
logits = torch.tensor([[0.0], [1.0], [-1.0]], dtype=torch.float64)


def loss(x: float) -> float:
    """The loss of the true class 0."""
    return math.log(1 + 2 * math.cosh(x))


def energy(x: float) -> float:
    """The loss above its least value, plus the misleading term."""
    return loss(x) - math.log(3) + steepness * (x - 1) ** 2 / 2


head = eqt.LogSumExp(logits)  # ln(e^0 + e^h + e^-h), the same loss as an energy of the library
pull = eqt.Quadratic(torch.tensor([[steepness]], dtype=torch.float64), torch.tensor([-steepness], dtype=torch.float64))
objective = eqt.Objective(head + pull, proposal=torch.zeros(1, dtype=torch.float64), gamma=gamma)
solution = eqt.solve(objective, eqt.GradientDescent.optimal(objective.m, objective.M), tolerance=1e-12)
h_star = float(solution.h)
delta = energy(0.0) - energy(h_star)
print(f"h* = {h_star:.6f}")
print(f"energy: {energy(0.0):.5f} -> {energy(h_star):.5f}   a drop of Delta = {delta:.5f}")
print(f"loss:   {loss(0.0):.5f} -> {loss(h_star):.5f}   Eq. 32 claims less than {loss(0.0) - delta + 2 * slack:.5f}")
plots.theorem_4(loss, energy, 0.0, h_star, slack=slack)

# %% [markdown]
# At the numbers of the text the claimed value is *negative*, and no loss of the form $-\log p$ is.
#
# ## The repair
#
# From Eq. 31 alone one gets a bound on the excess loss at $h^*$, with no minimiser needed:

# %%
one_sided = eqt.prove([eq_31[0], dropped], l_star - l_opt <= e_f - drop + c, detail="l(h*) - inf l <= E(f) - Delta + c")
one_sided

# %% [markdown]
# That says something of $\ell(h^*)$, and nothing of the *change* $\ell(h^*) - \ell(f)$: whatever number $B$ one names,
# all hypotheses can hold while the loss grows by more than $B$. (Start where the loss is best and the energy is large.)

# %%
B, height = sp.symbols("B height", nonnegative=True)
family = {l_opt: 0, l_f: 0, e_f: height, e_star: height - drop, l_star: height - drop}
no_bound = eqt.prove(
    [height > B + drop],
    [relation.subs(family) for relation in (*eq_31, dropped) if relation.subs(family) != sp.true]
    + [(l_star - l_f).subs(family) > B],
    detail="Eq. 31 and the drop hold, and the loss grows by more than B",
)
no_bound

# %% [markdown]
# To compare with the loss at the proposal, the energy must not overstate the excess loss *there*. With a scale $s > 0$,
#
# $$E(f) \le s\,(\ell(f) - \inf\ell) + c_2, \qquad E(h^*) \ge s\,(\ell(h^*) - \inf\ell) - c_1
# \quad\Longrightarrow\quad \ell(h^*) \le \ell(f) - \frac{\Delta - c_1 - c_2}{s}.$$

# %%
two_sided = eqt.prove(
    [*best, e_f <= s * (l_f - l_opt) + c2, e_star >= s * (l_star - l_opt) - c1, dropped],
    l_star <= l_f - (drop - c1 - c2) / s,
    detail="l(h*) <= l(f) - (Delta - c1 - c2)/s",
)
two_sided

# %% [markdown]
# So an energy helps exactly as far as it *tracks* the loss from both sides. In our example the trouble is visible: at
# $f$ the energy is $k/2$ while the excess loss is 0, so $c_2 \ge k/2$, more than the whole drop. The figure shows how
# the loss after refinement depends on $k$, with what each theorem promises.

# %%
steepnesses = np.linspace(0, 2 * max(steepness, 1.0), 60)[1:]


def refined(k: float) -> float:
    """The equilibrium for steepness k: the zero of an increasing slope, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(80):
        x = (low + high) / 2
        slope = 2 * math.sinh(x) / (1 + 2 * math.cosh(x)) + k * (x - 1) + x / gamma
        low, high = (x, high) if slope < 0 else (low, x)
    return (low + high) / 2


states = [refined(k) for k in steepnesses]
after = np.array([loss(x) for x in states])
misled = steepnesses * (np.array(states) - 1) ** 2 / 2
drops = steepnesses / 2 - (after - math.log(3) + misled)
repaired_bound = loss(0.0) - (drops - steepnesses / 2)  # s = 1, c1 = 0, c2 = k/2


# %% fold
def promises(slack: float) -> plots.Chart:
    """The loss after refinement against Eq. 32 and the repaired bound."""
    figure, (panel,) = plots.chart(7.0, 4.2)
    with plots.look():
        panel.plot(steepnesses, repaired_bound, color="#009E73", ls="-.", label="repaired bound, $s = 1$, $c_2 = k/2$")
        panel.plot(steepnesses, after, color="#D55E00", label=r"true loss after refinement, $\ell(h^*)$")
        panel.plot(steepnesses, loss(0.0) - drops + 2 * slack, color="#0072B2", ls="--", label="Eq. 32: below this")
        panel.axhline(loss(0.0), color="#767676", ls=":", label=r"loss at the proposal, $\ell(f)$")
        panel.set_xlabel("steepness $k$ of the misleading term")
        panel.set_ylabel("loss")
        panel.set_title("The more the energy misleads, the more Eq. 32 promises")
        panel.legend(loc="lower left")
    return figure


sliders(promises, slack=(slack, 0.0, 5.0))

# %% [markdown]
# ## What stands
#
# - An energy above the excess loss bounds the loss *at* $h^*$ (*proved here*). Of its *change* from $f$ to $h^*$ that
#   says nothing (*proved here*); a bound from the other side at $f$ does (*proved here*, and in claim
#   [theorem-4-repaired](../proofs/closed_loop/theorem_4.py)).
# - The drop itself comes for free: $\Phi(h^*) \le \Phi(f) = E(f)$ gives $\Delta \ge |h^*-f|^2/(2\gamma)$, convex
#   or not (*proved here*, in the next cell).
#
# Next: when to stop refining.

# %%
at_h, at_f = sp.symbols("E_h E_f0", real=True)
moved = sp.Symbol("moved", nonnegative=True)  # |h* - f|^2
free_drop = eqt.prove([at_h + g * moved / 2 <= at_f], at_f - at_h >= g * moved / 2, detail="the drop is automatic")

for refuted in (as_stated, reversed_line, subtraction):
    assert refuted.verdict is eqt.Verdict.REFUTED
for proved in (closed_form, every_slack, one_sided, no_bound, two_sided, free_drop):
    assert proved.verdict is eqt.Verdict.PROVED

# %%
assert bool(solution.converged) and abs(h_star - refined(steepness)) < 1e-9
assert delta > 0 and delta >= h_star**2 / (2 * gamma) - 1e-12
assert loss(h_star) > loss(0.0)
assert bool((after <= repaired_bound + 1e-12).all())
if (steepness, gamma, slack) == (10.0, 1.0, 0.0):  # the numbers of the text
    assert loss(0.0) - delta < 0
    assert round(h_star, 6) == 0.862408 and round(delta, 5) == 4.67132

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** For which `steepness` does Eq. 32 first promise a negative loss (with `gamma` and `slack` as
# in the text)?
#
# **2. Prove.** If the energy *is* the excess loss, $E = \ell - \inf\ell$, refinement lowers the loss by exactly
# $\Delta$.
#
# **3. Prove.** Eq. 32 is true if Eq. 31 is replaced by its mirror image at $f$, $E(f) \le \ell(f) - \ell_{\text{opt}} +
# c$, together with Eq. 31 at $h^*$, but only with $\le$.


# %% solution
# 1. By bisection on the sign of l(f) - Delta.
def promised(k):
    state = refined(k)
    return loss(0.0) - (k / 2 - (loss(state) - math.log(3) + k * (state - 1) ** 2 / 2))


low_k, high_k = 0.1, 50.0
for _ in range(60):
    middle = (low_k + high_k) / 2
    low_k, high_k = (middle, high_k) if promised(middle) > 0 else (low_k, middle)
print(f"from k = {high_k:.3f} on (gamma = {gamma:g})")
assert promised(1.01 * high_k) < 0 < promised(0.99 * low_k) or gamma < 0.2  # a small gamma lets the energy drop little

# %% solution
# 2. Both sides of the tracking condition with s = 1 and no slack.
exact = eqt.prove(
    [sp.Eq(e_f, l_f - l_opt), sp.Eq(e_star, l_star - l_opt), sp.Eq(e_star, e_f - drop)],
    sp.Eq(l_star, l_f - drop),
    detail="l(h*) = l(f) - Delta",
)
assert exact.verdict is eqt.Verdict.PROVED
exact

# %% solution
# 3. The two slacks add up to 2 c, as in Eq. 32; equality can occur.
mirrored = [eq_31[0], e_f <= l_f - l_opt + c, dropped, *best]
weak = eqt.prove(mirrored, l_star <= l_f - drop + 2 * c, detail="Eq. 32 with <=")
strict = eqt.prove(mirrored, l_star < l_f - drop + 2 * c, detail="Eq. 32 with <")
assert weak.verdict is eqt.Verdict.PROVED and strict.verdict is eqt.Verdict.REFUTED
weak

# %% [markdown]
# ## Sources
#
# - LeCun, Chopra, Hadsell, Ranzato, Huang 2006, *A Tutorial on Energy-Based Learning*, in *Predicting Structured Data*,
#   MIT Press, doi:10.7551/mitpress/7443.001.0001 (energies and losses).
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Theorem 4, Eqs. 30 to 35.
