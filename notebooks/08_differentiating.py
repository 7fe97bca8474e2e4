# %% [markdown]
# # 8. Differentiating through the equilibrium
#
# To train a model whose layer outputs an equilibrium, one needs $dh^*/d\theta$. The paper gives (Eq. 19)
#
# $$\frac{dh^*}{d\theta} = -\bigl[\nabla^2 E(h^*) + \tfrac1\gamma I\bigr]^{-1}\,\partial_h\partial_\theta E(h^*).$$
#
# **This leaves out how the proposal moves.** The proposal $f_\theta$ *is* the transformer; without its term the
# gradient
# that should train it is zero. Differentiating the equilibrium condition gives
#
# $$\frac{dh^*}{d\theta} = \bigl[\nabla^2 E(h^*) + \tfrac1\gamma I\bigr]^{-1}
# \Bigl(\tfrac1\gamma \frac{df}{d\theta} - \partial_h\partial_\theta E(h^*)\Bigr).$$
#
# We derive it, refute the shorter formula, compare both with finite differences, and see how fast *unrolled*
# differentiation approaches the truth.
#
# - **You need:** the implicit function theorem; the chain rule. **Time:** about 30 minutes.
# - **Neighbours:** after [7. Stopping](07_stopping.ipynb); next [9. Special cases](09_special_cases.ipynb).
# - **Claims:** [equation-19](../proofs/closed_loop/equation_19.py),
#   [equation-19-repaired](../proofs/closed_loop/equation_19.py).
# - **Notation:** $\theta$ a parameter of model and energy, $J_K = dh_K/d\theta$, $J^* = dh^*/d\theta$, $g = 1/\gamma$;
#   $H = \nabla^2 E$ at $h^*$, $C = \partial_h\partial_\theta E$, $F = df/d\theta$ (here $H$ is of the *energy*).
# - **Terms:** [stationary, linear rate](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter, whole

gamma = parameter("gamma", 0.5, 0.1, 1.5)  # damping
share = parameter("share", 0.5, 0.3, 0.85, "outside, 30 steps are too few to see the slope")  # of the range (0, 2/M)
dimension = whole("dimension", 4, 1, 8)  # d

# %%
import math

import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

# %% [markdown]
# ## The derivation
#
# $h^*(\theta)$ solves $\nabla E(h^*, \theta) + g\,(h^* - f(\theta)) = 0$ for every $\theta$, with $g = 1/\gamma$. So
# its
# total derivative in $\theta$ vanishes too. SymPy does this for arbitrary functions $E(h, \theta)$ and $f(\theta)$:

# %%
theta = sp.Symbol("theta", real=True)
g = sp.Symbol("g", positive=True)
y, bend, cross, push = sp.symbols("h E_hh E_htheta f_theta", real=True)
star, f = sp.Function("h")(theta), sp.Function("f")(theta)
energy = sp.Function("E")
total = sp.diff(sp.diff(energy(y, theta), y).subs(y, star) + g * (star - f), theta).doit()
slope = sp.Symbol("slope", real=True)  # dh*/dtheta
linear = bend * slope + cross + g * (slope - push)
(solved,) = sp.solve(linear, slope)
formula = derive(
    [("dh*/dtheta from the derivative of the condition", solved, (g * push - cross) / (bend + g))],
    "the implicit derivative, with the proposal",
)
total

# %% [markdown]
# In the line above everything is linear in $dh^*/d\theta$, with coefficient $E_{hh} + g$. We let SymPy say so: the
# coefficient and the rest are read off from that very expression, its second derivatives of $E$ then named.

# %%
moving, pushed = sp.diff(star, theta), sp.diff(f, theta)
coefficient = sp.diff(total, moving)
rest_of_it = sp.expand(total - coefficient * moving)
(second,) = coefficient.atoms(sp.Derivative)  # E_hh at the equilibrium
(mixed,) = rest_of_it.atoms(sp.Subs)  # E_htheta there
named = {second: bend, mixed: cross, moving: slope, pushed: push}
link = derive(
    [
        ("the coefficient of dh*/dtheta", coefficient.subs(named), bend + g),
        ("what is left", rest_of_it.subs(named), cross - g * push),
        ("together", (coefficient * moving + rest_of_it).subs(named), linear),
    ],
    "the total derivative is the linear equation that was solved",
)
link

# %% [markdown]
# ### In more than one dimension
#
# The same with matrices: $(H + gI)\,J = gF - C$, and $H + gI$ is invertible since its eigenvalues are at least $m > 0$.
# For two dimensions and one parameter, written out:

# %%
h11, h12, h22 = sp.symbols("h11 h12 h22", real=True)
push_v, cross_v = sp.Matrix(sp.symbols("F1 F2", real=True)), sp.Matrix(sp.symbols("C1 C2", real=True))
hessian_phi = sp.Matrix([[h11 + g, h12], [h12, h22 + g]])
jacobian = hessian_phi.inv() * (g * push_v - cross_v)
residual = hessian_phi * jacobian - (g * push_v - cross_v)
matrices = derive(
    [(f"row {row + 1} of (H + g I) J = g F - C", residual[row], 0) for row in range(2)], "the formula with matrices"
)
low_m, a1, a2 = sp.Symbol("m", positive=True), *sp.symbols("a1 a2", real=True)
invertible = eqt.prove(
    [hessian_phi[0, 0] >= low_m, (hessian_phi - low_m * sp.eye(2)).det() >= 0, h22 + g >= low_m],
    hessian_phi.det() > 0,
    detail="H + g I - m I positive semidefinite makes H + g I invertible",
)
invertible

# %% [markdown]
# Eq. 19 is what remains when $df/d\theta = 0$. Is it right in general?

# %%
paper = eqt.prove([bend + g > 0], sp.Eq(-cross / (bend + g), (g * push - cross) / (bend + g)), detail="Eq. 19")
paper

# %% [markdown]
# In the simplest case, $E = h^2/2$ and $f = \theta$, the truth is $g/(1+g)$, and Eq. 19 says 0.
#
# ## Against finite differences
#
# A network with two parameters: $\theta_1$ moves the proposal, $\theta_2$ the energy. `eqt.solve_implicit` attaches the
# correct derivative to the equilibrium, whatever path led there. We compare it with central differences, and with Eq.
# 19.

# %%
generator = torch.Generator().manual_seed(0)
weights = torch.randn(6, dimension, dtype=torch.float64, generator=generator)
offset, direction = (torch.randn(dimension, dtype=torch.float64, generator=generator) for _ in range(2))
readout = torch.randn(dimension, dtype=torch.float64, generator=generator)


def problem(parameters: torch.Tensor) -> eqt.Objective:
    """The proposal depends on the first parameter, the energy on the second."""
    logits = parameters[1] * torch.ones(6, dtype=torch.float64) * torch.arange(6) / 3
    return eqt.Objective(eqt.LogSumExp(weights, logits), proposal=offset + parameters[0] * direction, gamma=gamma)


def solver(objective: eqt.Objective) -> eqt.GradientDescent:
    """Gradient descent at the chosen share of its range."""
    return eqt.GradientDescent(share * 2 / objective.M)


def implicit(parameters: torch.Tensor) -> torch.Tensor:
    """The derivative of readout . h* by the implicit formula."""
    leaf = parameters.clone().requires_grad_()
    phi = problem(leaf)
    h = eqt.solve_implicit(phi, solver(phi), tolerance=1e-13, max_steps=5000).h
    return torch.autograd.grad(readout @ h, leaf)[0]


def differences(parameters: torch.Tensor, width: float = 1e-5) -> torch.Tensor:
    """The same by central differences of fresh solves."""
    found = []
    for i in range(2):
        shift = width * torch.eye(2, dtype=torch.float64)[i]
        ends = []
        for at in (parameters + shift, parameters - shift):
            phi = problem(at)
            ends.append(readout @ eqt.solve(phi, solver(phi), tolerance=1e-13, max_steps=5000).h)
        found.append((ends[0] - ends[1]) / (2 * width))
    return torch.stack(found)


at = torch.tensor([0.4, -0.7], dtype=torch.float64)
exact, checked = implicit(at), differences(at)
without_proposal = torch.stack([torch.zeros((), dtype=torch.float64), exact[1]])
print("by theta_1 (proposal): implicit", f"{exact[0]:+.6f}, differences {checked[0]:+.6f}, Eq. 19 {0:+.6f}")
print("by theta_2 (energy):   implicit", f"{exact[1]:+.6f}, differences {checked[1]:+.6f}, Eq. 19 {exact[1]:+.6f}")

# %% [markdown]
# The cross term $\partial_h\partial_{\theta_1}E$ is zero, so Eq. 19 gives exactly 0 for $\theta_1$: no signal would
# ever
# reach the transformer.
#
# ## Unrolling: as fast as the iterates, where the Hessian stands still
#
# One can also differentiate through $K$ steps (`eqt.unroll`). On a quadratic whose Hessian does not depend on $\theta$,
# the error of the state and the error of its derivative obey the same recursion, with $A = H + gI$:
#
# $$h_K - h^* = (I - \alpha A)^K (f - h^*), \qquad J_K - J^* = (I - \alpha A)^K \Bigl(\frac{df}{d\theta} - J^*\Bigr).$$

# %%
step, a, b0, b1, f0, f1, K = sp.symbols("alpha a b0 b1 f0 f1 K", positive=True)
h_star = (g * (f0 + f1 * theta) - b0 - b1 * theta) / (a + g)
h_k = h_star + (1 - step * (a + g)) ** K * (f0 + f1 * theta - h_star)
start = derive([("at K = 0 it is the proposal", h_k.subs(K, 0), f0 + f1 * theta)], "the start")
advance = h_k - step * (a * h_k + b0 + b1 * theta + g * (h_k - f0 - f1 * theta))
one_more = derive([("one more step", h_k.subs(K, K + 1), advance)], "h_K in closed form, by induction over K")
unrolled = derive(
    [
        (
            "its derivative",
            sp.diff(h_k, theta) - sp.diff(h_star, theta),
            (1 - step * (a + g)) ** K * (f1 - sp.diff(h_star, theta)),
        )
    ],
    "J_K - J* = (1 - alpha (a + g))^K (df/dtheta - J*)",
)
unrolled

# %% [markdown]
# If $\theta$ moves the Hessian, a second term appears, $K\rho^{K-1}\,d\rho/d\theta\,(f - h^*)$: it still goes to 0, but
# it may first grow. With $E = \theta h^2/2$, $f = 1$, $g = 0.1$, $\theta = 1$ and a step of 0.95 of the limit $2/M$,
# the state comes closer from the start while its derivative goes *away* for ten steps:

# %%
target = g / (theta + g)  # h* for f = 1
factor = 1 - step * (theta + g)
iterate = target + factor**K * (1 - target)
moving_hessian = derive(
    [
        (
            "with a Hessian that moves",
            sp.diff(iterate, theta) - sp.diff(target, theta),
            -K * factor ** (K - 1) * step * (1 - target) - factor**K * sp.diff(target, theta),
        )
    ],
    "J_K - J* has a term K rho^(K-1)",
)
numbers = {theta: 1, g: sp.Rational(1, 10), step: sp.Rational(19, 10) / sp.Rational(11, 10)}
state_of = [abs((iterate - target).subs(numbers).subs(K, k) / (1 - target).subs(numbers)) for k in (1, 10)]
derivative_of = [abs((sp.diff(iterate, theta) / sp.diff(target, theta) - 1).subs(numbers).subs(K, k)) for k in (1, 10)]
print("from K = 1 to K = 10, relative to the first error:      state", *(f"{float(e):.2f}" for e in state_of))
print("from K = 1 to K = 10, relative to the true derivative:  ", *(f"{float(e):.1f}" for e in derivative_of))
moving_hessian

# %% [markdown]
# The network above has such an energy. Its derivative is seen through the read-out, like the figure's second line.

# %%
counts = list(range(0, 31, 2))
phi = problem(at)
reference = eqt.solve(phi, solver(phi), tolerance=1e-14, max_steps=5000).h
state_errors, derivative_errors = [], []
for count in counts[1:]:
    leaf = at.clone().requires_grad_()
    moving = problem(leaf)
    h_count = eqt.unroll(moving, solver(moving), count)
    derivative = torch.autograd.grad(readout @ h_count, leaf)[0]
    state_errors.append(float((h_count.detach() - reference).norm()))
    derivative_errors.append(float((derivative - exact).norm()))


# %% fold
def unrolling() -> plots.Chart:
    """The errors of the state and of its derivative against the number of steps."""
    figure, (panel,) = plots.chart()
    with plots.look():
        scale = phi.m * solver(phi).step_size
        envelope = [derivative_errors[0] * (1 - scale) ** (count - counts[1]) for count in counts[1:]]
        panel.semilogy(counts[1:], state_errors, "o-", color="#0072B2", label=r"state $|h_K - h^*|$")
        panel.semilogy(
            counts[1:],
            derivative_errors,
            "s--",
            color="#D55E00",
            label=r"derivative $|r^\top (J_K - J^*)|$, $r$ the read-out",
        )
        panel.semilogy(counts[1:], envelope, ":", color="#222222", label=r"slope of $(1 - \alpha m)^K$")
        panel.axhline(float((without_proposal - exact).norm()), color="#767676", lw=1.2, label="Eq. 19, whatever $K$")
        panel.set_xlabel("unrolled steps $K$")
        panel.set_ylabel("error")
        panel.set_title("Unrolled derivatives converge, Eq. 19 does not")
        figure.legend(loc="outside lower center", ncols=2)
    return figure


unrolling()

# %% [markdown]
# ## What stands
#
# - The implicit derivative needs the term $\tfrac1\gamma\,df/d\theta$ (*proved here*, and in claim
#   [equation-19-repaired](../proofs/closed_loop/equation_19.py)). Memory does not grow with the number of steps
#   (*remark*).
# - On quadratics whose Hessian does not depend on $\theta$, unrolling is biased by the same factors by which the state
#   is still away (*proved here*). Where it depends on $\theta$, the bias has a further term $K\rho^{K-1}$ (*proved
#   here*).
#
# Next: what the framework contains as special cases.

# %%
for proved in (formula, link, matrices, invertible, start, one_more, unrolled, moving_hessian):
    assert proved.verdict is eqt.Verdict.PROVED
assert paper.verdict is eqt.Verdict.REFUTED
assert state_of[1] < sp.Rational(2, 5) * state_of[0] and derivative_of[1] > 3 * derivative_of[0]

# %%
assert torch.allclose(exact, checked, rtol=1e-6, atol=1e-8)
assert abs(float(exact[0])) > 1e-3  # what Eq. 19 leaves out is not small
assert derivative_errors[-1] < derivative_errors[0] / 10
assert math.isfinite(max(state_errors)) and state_errors[-1] < state_errors[0]
assert not torch.allclose(without_proposal, checked, rtol=1e-2)

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Set `gamma` to 0.1 and to 1.5. Which of the two derivatives, by the proposal or by the energy,
# grows?
#
# **2. Prove.** A small $\gamma$ passes the gradient on to the proposal: $dh^*/df \to 1$ for $\gamma \to 0$, and $\to 0$
# for $\gamma \to \infty$ if the energy is strongly convex.
#
# **3. Find.** At which $K$ is the second term $K\rho^{K-1}$ largest, for $\rho = 0.9$? And what is the least share of
# the stable range at which it never grows, from $K = 1$ to $K = 2$, on a parabola?

# %% solution
# 1. dh*/df = g/(a + g) falls with gamma; dh*/dtheta = -C/(a + g) grows.
by_proposal = [1 / d / (1 + 1 / d) for d in (0.1, 1.5)]
by_energy = [1 / (1 + 1 / d) for d in (0.1, 1.5)]
print("by the proposal", *(f"{x:.4f}" for x in by_proposal), "by the energy", *(f"{x:.4f}" for x in by_energy))
assert by_proposal[0] > by_proposal[1] and by_energy[0] < by_energy[1]

# %% solution
# 2. In one dimension, with curvature a of the energy.
passed = g / (a + g)
edges = derive(
    [("gamma -> 0", sp.limit(passed, g, sp.oo), 1), ("gamma -> infinity", sp.limit(passed, g, 0), 0)], "dh*/df"
)
assert edges.verdict is eqt.Verdict.PROVED
edges

# %% solution
# 3. K rho^(K-1) grows while (K + 1) rho > K: largest at K = 9 and 10. From 1 to 2 it grows unless 2 |rho| <= 1.
values = [count * sp.Rational(9, 10) ** (count - 1) for count in range(1, 20)]
assert max(values) == values[8] == values[9]
part = sp.Symbol("part", positive=True)  # alpha = part * 2/a, so rho = 1 - 2 part
quarter = eqt.prove(
    [part < 1],
    sp.Equivalent(2 * sp.Abs(1 - 2 * part) <= 1, sp.And(part >= sp.Rational(1, 4), part <= sp.Rational(3, 4))),
    detail="a share between 1/4 and 3/4",
)
assert quarter.verdict is eqt.Verdict.PROVED
quarter

# %% [markdown]
# ## Sources
#
# - Krantz, Parks 2013, *The Implicit Function Theorem*, Birkhäuser, doi:10.1007/978-1-4614-5981-1.
# - Bai, Kolter, Koltun 2019, *Deep Equilibrium Models*, arXiv:1909.01377.
# - Gilbert 1992, *Automatic differentiation and iterative processes*, Optim. Methods Softw. 1,
#   doi:10.1080/10556789208805503 (derivatives of iterates converge, with the extra term).
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Eq. 19.
