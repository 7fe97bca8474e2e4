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

# %%
stiffness = 0.1  # curvature of the energy a (h - c)^2/2
centre = 11.0  # c
gamma = 1000.0  # damping
step_size = 1e-3  # alpha
threshold = 1e-3  # the relative change at which one stops

# %%
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
# The rule becomes exact when it watches $\Phi$ instead of the energy: gradient descent with $\alpha \le 2/M$ never lets
# $\Phi$ rise. The library has both: `eqt.EnergyBelow(tau)` and `eqt.EnergyBelow(tau, of_objective=True)`.

# %%
one = torch.ones(1, dtype=torch.float64)
parabola = eqt.Objective(eqt.Quadratic(torch.eye(1, dtype=torch.float64), 0 * one), proposal=one, gamma=1.0)
early = eqt.solve(parabola, eqt.GradientDescent(0.6), max_steps=3, stop=eqt.EnergyBelow(0.1))
print(f"the library's rule stops after {int(early.steps)} step: {early.status.name}")

# %% [markdown]
# ## Relative change against true error
#
# $E = \tfrac a2 (h - c)^2$ with a small step size and a far away target. The change per step is below a thousandth
# from the very first step on. The state has hardly moved, and is nowhere near the equilibrium.

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
# - Eq. 37 is an upper bound on the expected steps, and exact for a quantity that never rises, such as $\Phi$.
# - A relative change below $10^{-3}$ shows nothing by itself; $|h_{k+1}-h_k|/(\alpha m)$ bounds the error.
#
# Next: derivatives of the equilibrium.

# %%
for proved in (values, upper, monotone, enclosed, attained):
    assert proved.verdict is eqt.Verdict.PROVED
assert equality.verdict is eqt.Verdict.REFUTED
assert (stopped, visits) == (1, 2) and int(early.steps) == stopped
assert bool((change < error[:-1] / run.trajectory[:-1].abs()[:, 0]).all())
assert bool((distance <= steps / smooth.m + 1e-11).all()) and bool((distance >= steps / smooth.M - 1e-11).all())
assert float((descent.h - reference).norm()) <= float(descent.error_bound) + 1e-11
if (stiffness, centre, gamma, step_size) == (0.1, 11.0, 1000.0, 1e-3):
    assert bool((change < 2e-3).all()) and float(error[6] / run.trajectory[6].abs()[0]) > 9
