# %% [markdown]
# # 7. Stopping
#
# When is refinement done? The paper uses two signs of it.
#
# **Little energy** (Corollary 5): stop at the first $k$ with $E(h_k) < \tau$, at the latest at $K_{\max}$; then, it
# says,
#
# $$\mathbb E[K] = \sum_{k=1}^{K_{\max}} \Pr\bigl(E(h_{k-1}) \ge \tau\bigr). \tag{37}$$
#
# **Little change** (Sec. 5.3.1): $|h_{k+1} - h_k|/|h_k| < 10^{-3}$ is read as convergence.
#
# Both are wrong as stated. The sum counts *all* visits above $\tau$, the rule stops at the *first* one below, and the
# energy, unlike $\Phi$, may climb back. And a small step shows a small step size just as well as a small error. Both
# have a repair that costs nothing: an inequality, and a division.
#
# - **You need:** [2. Contraction](02_contraction.ipynb); expectations of indicators. **Time:** about 25 minutes.
# - **Neighbours:** after [6. When refinement helps](06_when_refinement_helps.ipynb); next
#   [8. Differentiating](08_differentiating.ipynb).
# - **Claims:** [corollary-5](../proofs/closed_loop/corollary_5.py),
#   [section-5.3.1](../proofs/closed_loop/section_5_3_1.py),
#   [theorem-2-a-posteriori](../proofs/closed_loop/theorem_2_a_posteriori.py).
# - **Notation:** $K$ the number of steps until one stops, $\tau$ the level of the rule, $m, M$ the curvature of $\Phi$,
#   $D = \nabla\Phi(h_k) - \nabla\Phi(h^*)$.
# - **Terms:** [linear rate, sharp](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

stiffness = parameter("stiffness", 0.1, 0.01, 0.1)  # curvature of the energy a (h - c)^2/2
centre = parameter("centre", 10.9, 5.0, 10.9)  # c
gamma = parameter("gamma", 1000.0, 200, 10000)  # damping
step_size = parameter("step_size", 1e-3, 1e-4, 1e-3)  # alpha
threshold = parameter("threshold", 1e-3, 1e-3, 1e-2)  # the relative change at which one stops

# %%
from fractions import Fraction

import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

# %% [markdown]
# ## Corollary 5: the energy can climb back
#
# Energies along refinement on $E = a h^2/2$ with $f = \gamma = 1$ are polynomials in $\alpha$ and $a$. Take
# $a = 1$, $\alpha = 0.6$: the step overshoots, and the energies are $0.5,\ 0.08,\ 0.1352$.

# %%
a, alpha = sp.symbols("a alpha", positive=True)
h, states = sp.Integer(1), []
for _ in range(3):
    states.append(h)
    h = sp.expand(h - alpha * (a * h + (h - 1)))
energies = [a * s**2 / 2 for s in states]
example = [e.subs({a: 1, alpha: sp.Rational(3, 5)}) for e in energies]
values = derive(
    [
        ("E(h_0)", example[0], sp.Rational(1, 2)),
        ("E(h_1)", example[1], sp.Rational(2, 25)),
        ("E(h_2)", example[2], sp.Rational(169, 1250)),
    ],
    "the energies 0.5, 0.08, 0.1352",
)
tau, k_max = sp.Rational(1, 10), 3
stopped = next((k for k, e in enumerate(example) if e < tau), k_max)
visits = sum(bool(e >= tau) for e in example)
shown = [float(e) for e in example]
print(f"energies {shown}, tau = {float(tau)}: the rule stops after {stopped}, Eq. 37 gives {visits}")

# %% [markdown]
# With indicators instead of probabilities, the truth is an inequality. Let $v_k \in \{0, 1\}$ say that
# $E(h_k) \ge \tau$. Then $K = v_0 + v_0 v_1 + v_0 v_1 v_2 + \dots$, at most $v_0 + v_1 + v_2 + \dots$; and equal as
# soon
# as the energies never rise:

# %%
e0, e1, e2, level = sp.symbols("e0 e1 e2 tau", real=True)
above = [sp.Piecewise((1, e >= level), (0, True)) for e in (e0, e1, e2)]
rule = sp.Piecewise((0, e0 < level), (1, e1 < level), (2, e2 < level), (3, True))
upper = eqt.prove([], rule <= sum(above), detail="K <= number of visits at or above tau, for all energies")
monotone = eqt.prove([e0 >= e1, e1 >= e2], sp.Eq(rule, sum(above)), detail="equal where the energies never rise")
equality = eqt.prove([], sp.Eq(rule, sum(above)), detail="Eq. 37 without a probability, K_max = 3")
equality

# %%
upper

# %% [markdown]
# Three steps are not all. For any $K_{\max}$ it goes by induction: let $p = v_0\cdots v_{k-1}$ say that the rule has
# not yet stopped, $S$ count the visits so far. One more step adds $p\,v$ to $K$ and $v$ to $S$. So $K \le S$ stays
# true; and if the energies never rise, $v$ never goes from 0 back to 1, so $p$ always equals the last $v$, and $K = S$
# stays true.

# %%
K_, S_, p_, last, v_ = sp.symbols("K S p last v", real=True)


def bit(x):
    # x is 0 or 1
    return sp.Or(sp.Eq(x, 0), sp.Eq(x, 1))


induction = eqt.prove(
    [bit(p_), bit(v_), K_ <= S_], [K_ + p_ * v_ <= S_ + v_, bit(p_ * v_)], detail="K <= S for every number of steps"
)
induction_equal = eqt.prove(
    [bit(last), bit(v_), sp.Eq(p_, last), v_ <= last, sp.Eq(K_, S_)],
    [sp.Eq(K_ + p_ * v_, S_ + v_), sp.Eq(p_ * v_, v_)],
    detail="K = S for every number of steps, where the energies never rise",
)
induction

# %% [markdown]
# So the rule becomes exact when it watches $\Phi$ instead of the energy: gradient descent with $\alpha \le 2/M$ never
# lets $\Phi$ rise, by the descent lemma.

# %%
before, after = sp.symbols("before after", real=True)
slope2, top = sp.Symbol("slope2", nonnegative=True), sp.Symbol("M", positive=True)
descent_lemma = after <= before - alpha * slope2 + top * alpha**2 * slope2 / 2
never_rises = eqt.prove([descent_lemma, alpha <= 2 / top], after <= before, detail="Phi(h+) <= Phi(h) for alpha <= 2/M")
beyond = eqt.prove([descent_lemma], after <= before, detail="the same without a bound on alpha")
never_rises

# %% [markdown]
# The library has both: `eqt.EnergyBelow(tau)` and `eqt.EnergyBelow(tau, of_objective=True)`.

# %%
one = torch.ones(1, dtype=torch.float64)
parabola = eqt.Objective(eqt.Quadratic(torch.eye(1, dtype=torch.float64), 0 * one), proposal=one, gamma=1.0)
early = eqt.solve(parabola, eqt.GradientDescent(0.6), max_steps=3, stop=eqt.EnergyBelow(0.1))
print(f"the library's rule stops after {int(early.steps)} step: {early.status.name}")
watching = eqt.solve(
    parabola, eqt.GradientDescent(0.6), max_steps=50, stop=eqt.EnergyBelow(0.3, of_objective=True), record=True
)
of_phi_values = parabola.value(watching.trajectory)

# %% [markdown]
# ## Relative change against true error
#
# $E = \tfrac a2 (h - c)^2$ with a small step size and a far away target. The change per step is below a thousandth
# from the very first step on: the first change is $\alpha a (c - 1) = 9.9 \cdot 10^{-4}$ exactly, at the numbers above.
# The state has hardly moved, and is nowhere near the equilibrium.

# %%
energy = eqt.Quadratic(stiffness * torch.eye(1, dtype=torch.float64), -stiffness * centre * one)
objective = eqt.Objective(energy, proposal=one, gamma=gamma)
h_star = (stiffness * centre * one + one / gamma) / (stiffness + 1 / gamma)
run = eqt.solve(objective, eqt.GradientDescent(step_size), max_steps=60, record=True)
change = (run.trajectory[1:] - run.trajectory[:-1]).abs()[:, 0] / run.trajectory[:-1].abs()[:, 0]
error = (run.trajectory - h_star).abs()[:, 0]
print(f"relative changes between {float(change.min()):.2e} and {float(change.max()):.2e}")
print(f"relative error after 6 steps: {float(error[6] / run.trajectory[6].abs()[0]):.2f} times |h_6|")
plots.relative_change(run, h_star, threshold=threshold)

# %% [markdown]
# ## What a step does show
#
# Divide it by $\alpha m$. For every $\Phi$ with curvature between $m$ and $M$, every step size and every $k$,
#
# $$\frac{|h_{k+1} - h_k|}{\alpha M} \;\le\; |h_k - h^*| \;\le\; \frac{|h_{k+1} - h_k|}{\alpha m}.$$
#
# The step is $-\alpha D$ with $D = \nabla\Phi(h_k) - \nabla\Phi(h^*)$, and $m|d| \le |D| \le M|d|$.

# %%
m, M = sp.symbols("m M", positive=True)
space = Space(("d", "D"))
d, D = space.vectors
of_phi = [m <= M, *space.positive_semidefinite, m * d.norm2 <= D @ d, SmoothClass(m, M).gradients(d, D)]
enclosed = eqt.prove(
    of_phi,
    [(alpha * D).norm2 <= (alpha * M) ** 2 * d.norm2, (alpha * m) ** 2 * d.norm2 <= (alpha * D).norm2],
    detail="|h+ - h|/(alpha M) <= |h - h*| <= |h+ - h|/(alpha m), in every dimension",
)
x = sp.Symbol("x", positive=True)
attained = derive(
    [
        ("on m x^2/2 the upper bound is an equation", alpha * sp.diff(m * x**2 / 2, x) / (alpha * m), x),
        ("on M x^2/2 the lower one is", alpha * sp.diff(M * x**2 / 2, x) / (alpha * M), x),
    ],
    "neither bound can be improved",
)
enclosed

# %% [markdown]
# A run on an energy that is not quadratic, with the enclosure of its unknown distance to $h^*$ computed from its steps
# alone. `solution.error_bound` is such a bound.

# %%
pieces = torch.randn(12, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
smooth = eqt.Objective(eqt.LogSumExp(pieces, ridge=0.1), proposal=3 * torch.ones(4, dtype=torch.float64), gamma=2.0)
solver = eqt.GradientDescent(1 / smooth.M)
descent = eqt.solve(smooth, solver, tolerance=1e-11, record=True)
reference = eqt.solve(smooth, eqt.Newton(), start=descent.h, tolerance=1e-14, max_steps=5).h  # polished
steps = (descent.trajectory[1:] - descent.trajectory[:-1]).norm(dim=-1) * smooth.M  # divided by alpha = 1/M
distance = (descent.trajectory[:-1] - reference).norm(dim=-1)


# %% fold
def enclosure() -> plots.Chart:
    """The true distance between the two bounds that the steps give."""
    figure, (panel,) = plots.chart()
    with plots.look():
        k = range(len(distance))
        panel.fill_between(
            k, steps / smooth.M, steps / smooth.m, color="#56B4E9", alpha=0.35, lw=0, label="shown by the step"
        )
        panel.semilogy(k, distance, color="#0072B2", label=r"true distance $|h_k - h^*|$")
        panel.semilogy(k, steps / smooth.M, color="#D55E00", ls="--", label=r"the step itself, $|h_{k+1} - h_k|$")
        panel.set_yscale("log")
        panel.set_xlabel("step $k$")
        panel.set_ylabel("distance")
        panel.set_title("A step encloses the error, once divided by $\\alpha m$ and $\\alpha M$")
        panel.legend(loc="lower left")
    return figure


enclosure()

# %% [markdown]
# ## What stands
#
# - Eq. 37 is an upper bound on the expected steps, and exact for a quantity that never rises, such as $\Phi$ (*proved
#   here* for every path, so also in the mean; claim [corollary-5-repaired](../proofs/closed_loop/corollary_5.py)).
# - A relative change below $10^{-3}$ shows nothing by itself (*proved in claim*
#   [section-5.3.1](../proofs/closed_loop/section_5_3_1.py)); $|h_{k+1}-h_k|/(\alpha m)$ bounds the error (*proved
#   here*).
#
# Next: derivatives of the equilibrium.

# %%
for proved in (values, upper, monotone, induction, induction_equal, never_rises, enclosed, attained):
    assert proved.verdict is eqt.Verdict.PROVED
assert equality.verdict is beyond.verdict is eqt.Verdict.REFUTED
assert bool((of_phi_values[1:] <= of_phi_values[:-1]).all())
assert (stopped, visits) == (1, 2) and int(early.steps) == stopped

# %%
first_change = Fraction(str(step_size)) * Fraction(str(stiffness)) * (Fraction(str(centre)) - 1)  # f = 1: exact
assert first_change < Fraction(str(threshold)) and bool((change < threshold).all())
assert bool((change < error[:-1] / run.trajectory[:-1].abs()[:, 0]).all())
assert bool((distance <= steps / smooth.m + 1e-11).all()) and bool((distance >= steps / smooth.M - 1e-11).all())
assert float((descent.h - reference).norm()) <= float(descent.error_bound) + 1e-11
if (stiffness, centre, gamma, step_size, threshold) == (0.1, 10.9, 1000.0, 1e-3, 1e-3):  # the numbers of the text
    assert first_change == Fraction(99, 100000) and float(error[6] / run.trajectory[6].abs()[0]) > 9

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Lower `step_size` to $10^{-4}$. How do the relative changes and the relative error move?
#
# **2. Compute.** For $a = 1$, $\alpha = 0.6$, $f = \gamma = 1$, find a level $\tau$ at which Eq. 37 is off by more than
# one step over $K_{\max} = 9$ steps, or show that there is none.
#
# **3. Prove.** On a parabola the stopping rule "$|h_{k+1} - h_k| \le \alpha m\,\varepsilon$" ends within $\varepsilon$
# of $h^*$; and with "$\le \varepsilon$" instead it may end at any distance.

# %% solution
# 1. The changes fall with the step size, the error does not.
slower = eqt.solve(objective, eqt.GradientDescent(step_size / 10), max_steps=6, record=True).trajectory[:, 0]
ratio = float((slower[1] - slower[0]) / (run.trajectory[1, 0] - run.trajectory[0, 0]))
print(
    f"a tenth of the step: the change is {ratio:.3f} times as large, the error {float(abs(slower[6] - h_star[0])):.3f}"
)
assert abs(ratio - 0.1) < 1e-6 and float(abs(slower[6] - h_star[0])) > 0.9 * float(error[6])

# %% solution
# 2. The energies swing around their limit 1/8, ever closer: levels just below it are passed and left again each time.
state, swing = Fraction(1), []
for _ in range(9):
    swing.append(state**2 / 2)
    state -= Fraction(3, 5) * (2 * state - 1)
level_ = Fraction(31, 250)  # 0.124
stop_at = next((k for k, e in enumerate(swing) if e < level_), 9)
count_of_visits = sum(e >= level_ for e in swing)
print(f"tau = {level_}: the rule stops after {stop_at}, Eq. 37 gives {count_of_visits}")
assert count_of_visits - stop_at > 1

# %% solution
# 3. The step is alpha m |h - h*| on m h^2/2; without the division a small alpha m hides any distance.
dist, eps, far = sp.symbols("dist eps far", positive=True)
small_step, flat = sp.symbols("alpha_ m_", positive=True)
within = eqt.prove([small_step * flat * dist <= small_step * flat * eps], dist <= eps, detail="divided by alpha m")
hidden = eqt.prove(
    [small_step * flat <= eps / far, sp.Eq(dist, far)], small_step * flat * dist <= eps, detail="at any distance far"
)
assert within.verdict is hidden.verdict is eqt.Verdict.PROVED
hidden

# %% [markdown]
# ## Sources
#
# - Nocedal, Wright 2006, *Numerical Optimization*, 2nd ed., Springer, doi:10.1007/978-0-387-40065-5 (stopping tests).
# - Nesterov 2018, *Lectures on Convex Optimization*, doi:10.1007/978-3-319-91578-4, Thm 2.1.5 (the descent lemma).
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Corollary 5 and Sec. 5.3.1.
