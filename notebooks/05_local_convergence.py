# %% [markdown]
# # 5. Local convergence, and how large the basin is
#
# **The paper's Theorem 3, in our words.** If $h^*$ is a local minimum of $\Phi$ and $\nabla^2\Phi(h^*) \succeq \mu I$
# with $\mu > 0$, then refinement started close enough to $h^*$ converges to it linearly.
#
# As stated this is false: it says nothing of the step size. With a step size below $2/M$, $M$ the largest eigenvalue of
# $\nabla^2\Phi(h^*)$, it is true, and one can say *how* close is close enough. If the Hessian is $Q$-Lipschitz,
#
# $$R = \frac{2\,(1-\rho_0)}{\alpha Q}, \qquad \rho_0 = \max(|1-\alpha m|, |1-\alpha M|),$$
#
# is a guaranteed radius: every start with $|h_0 - h^*| < R$ converges. For $\alpha \le 2/(m+M)$ it is $R = 2m/Q$. No
# larger radius is true for the whole class, at any stable step size.
#
# - **You need:** [2. Contraction](02_contraction.ipynb); Taylor's formula with remainder. **Time:** about 25 minutes.
# - **Neighbours:** after [4. Weak convexity](04_weak_convexity.ipynb); next
#   [6. When refinement helps](06_when_refinement_helps.ipynb).
# - **Claims:** [theorem-3](../proofs/closed_loop/theorem_3.py),
#   [theorem-3-basin](../proofs/closed_loop/theorem_3_basin.py), [equation-10](../proofs/closed_loop/equation_10.py).
# - **Notation:** here $m, M$ are the least and largest eigenvalue of $\nabla^2\Phi(h^*)$, at one state only; $Q$ is a
#   Lipschitz constant of the Hessian; $d = h - h^*$.
# - **Terms:** [stationary and minimal, linear rate](README.md#terms).

# %%
from eqt_theory.report.parameter import parameter

depth = parameter("depth", 1.0, 0.8, 3.0)  # w: the energy is w (cos h_1 + cos h_2)
gamma = parameter("gamma", 6.0, 5.0, 12.0)  # so large that there are several equilibria
share = parameter("share", 0.15, 0.05, 0.9, "at 1 the step is 2/M")  # step size as a share of (0, 2/M)

# %%
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.symbolic import derive
from eqt_theory.report import plots

proposal = (0.3, 0.1)  # f

# %% [markdown]
# ## The missing step size
#
# On a quadratic, one step multiplies the distance to $h^*$ by $1 - \alpha a'$, $a' = a + 1/\gamma$ the curvature. Ask
# whether this never grows, and the answer is a counterexample; ask when, and the answer is $\alpha \le 2/a'$.

# %%
a, alpha, g = sp.symbols("a alpha g", positive=True)
e = sp.Symbol("e", real=True)  # h - h*
f_, h_ = sp.symbols("f h", real=True)
star = g * f_ / (a + g)
after = sp.cancel((star + e) - alpha * (a * (star + e) + g * (star + e - f_)) - star)
one_step = derive([("one step on a parabola", after, (1 - alpha * (a + g)) * e)], "the error is multiplied")
as_stated = eqt.prove([sp.Ne(e, 0)], sp.Abs(after) <= sp.Abs(e), detail="a step never moves away from h*")
exact_range = eqt.prove(
    [sp.Ne(e, 0)],
    sp.Equivalent(sp.Abs(after) < sp.Abs(e), alpha < 2 / (a + g)),
    detail="a step moves closer exactly for alpha < 2/M",
)
as_stated

# %% [markdown]
# For instance $E = 5h^2$, $\gamma = 1$, $\alpha = 0.19$: the factor is $1 - 0.19 \cdot 11 = -1.09$.
#
# ## How far the linear picture carries
#
# Write $d = h - h^*$ and $H = \nabla^2\Phi(h^*)$. Since $\nabla\Phi(h^*) = 0$ and the Hessian changes by at most
# $Q\,t|d|$ along the segment,
#
# $$\nabla\Phi(h) = H d + r, \qquad |r| \le \int_0^1 Q\,t\,|d|\,|d|\;dt = \tfrac Q2 |d|^2.$$
#
# The linear part contracts by $\rho_0$, the rest adds at most $\alpha\tfrac Q2|d|^2$. So
# $|d_+| \le (\rho_0 + \tfrac{\alpha Q}{2}|d|)\,|d|$, and the bracket is below 1 exactly for $|d| < R$.

# %%
m, M, Q, dist = sp.symbols("m M Q dist", positive=True)
t = sp.Symbol("t", real=True)
remainder = derive(
    [("the remainder", sp.integrate(Q * t * dist * dist, (t, 0, 1)), Q * dist**2 / 2)], "|r| <= Q |d|^2/2"
)
space = Space(("d", "Hd"))
d, Hd = space.vectors
rho = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))
linear = eqt.prove(
    [m <= M, *space.positive_semidefinite, SmoothClass(m, M).gradients(d, Hd)],
    gradient_step(d, Hd, alpha).norm2 <= rho**2 * d.norm2,
    detail="|(I - alpha H) d| <= rho_0 |d| for every Hessian with spectrum in [m, M]",
)
radius = 2 * (1 - rho) / (alpha * Q)
basin = eqt.prove(
    [m <= M, alpha * M < 2, dist < radius],
    rho + alpha * Q * dist / 2 < 1,
    detail="inside the ball of radius R every step comes closer, so the ball is kept and convergence is linear",
)
short = eqt.prove([m <= M, alpha * (m + M) <= 2], sp.Eq(radius, 2 * m / Q), detail="R = 2 m/Q for alpha <= 2/(m + M)")
basin

# %% [markdown]
# ### No larger radius
#
# Take $\Phi(h) = \tfrac m2 h^2 - \tfrac Q6 h^3$ near $h^* = 0$. Its Hessian $m - Qh$ is $Q$-Lipschitz, and at distance
# exactly $2m/Q$ sits another state at rest. Started there, refinement never moves. For $\alpha \le 2/(m+M)$, where
# $R = 2m/Q$, that settles it.

# %%
cubic = m * h_**2 / 2 - Q * h_**3 / 6
sharp = derive(
    [
        ("h* = 0 is at rest", sp.diff(cubic, h_).subs(h_, 0), 0),
        ("curvature m there", sp.diff(cubic, h_, 2).subs(h_, 0), m),
        ("the Hessian is Q-Lipschitz", sp.diff(cubic, h_, 3), -Q),
        ("at 2 m/Q the slope vanishes too", sp.diff(cubic, h_).subs(h_, 2 * m / Q), 0),
    ],
    "no radius above 2 m/Q is true",
)
sharp

# %% [markdown]
# For longer steps $R$ is smaller than $2m/Q$, and another function shows that it is exact: $\Phi'' = M + Q|h|$, steeper
# further out. Its step jumps over $h^* = 0$, and at distance exactly $R = 2(2-\alpha M)/(\alpha Q)$ it lands on the
# mirror image: a cycle of two states that never comes closer.

# %%
x = sp.Symbol("x", positive=True)  # the distance
steep = M * x + Q * x**2 / 2  # slope of Phi at distance x, an odd function
rim = 2 * (2 - alpha * M) / (alpha * Q)
two_cycle = derive(
    [
        ("curvature M at the equilibrium", sp.diff(steep, x).subs(x, 0), M),
        ("the Hessian M + Q |h| is Q-Lipschitz", sp.diff(steep, x, 2), Q),
        ("a step from the rim lands on its mirror image", (x - alpha * steep).subs(x, rim), -rim),
    ],
    "at distance R refinement goes to and fro for ever",
)
long_steps = eqt.prove(
    [m <= M, alpha * (m + M) >= 2, alpha * M < 2],
    sp.Eq(radius, rim),
    detail="R = 2 (2 - alpha M)/(alpha Q) for long steps",
)
two_cycle

# %% [markdown]
# ## A basin in the plane
#
# $E(h) = w(\cos h_1 + \cos h_2)$ with a large damping has several equilibria. Its third derivatives are at most $w$, so
# $Q = w$. Take the equilibrium reached from $(3, 3)$; measure the curvature there; draw the guaranteed ball; and start
# refinement everywhere.

# %%
energy = eqt.FunctionEnergy(lambda h: depth * torch.cos(h).sum(-1), eqt.Curvature(-depth, depth))
f = torch.tensor(proposal, dtype=torch.float64)
objective = eqt.Objective(energy, f, gamma)
h_star = eqt.solve(
    objective, eqt.GradientDescent(1 / (depth + 1 / gamma)), start=torch.tensor([3.0, 3.0]).double(), tolerance=1e-13
).h
measured = eqt.measure_curvature(objective, at=h_star)
low, high = measured.lambda_min.low, measured.lambda_max.high
step = share * 2 / high
rho_0 = max(abs(1 - step * low), abs(1 - step * high))
R = 2 * (1 - rho_0) / (step * depth)
print(f"h* = ({h_star[0]:.4f}, {h_star[1]:.4f}), curvature of Phi there in [{low:.4f}, {high:.4f}]")
print(f"step size {step:.4f}, local factor {rho_0:.4f}, guaranteed radius {R:.4f}")

# %%
axis = torch.linspace(-6, 8, 57, dtype=torch.float64)
starts = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)
everywhere = eqt.solve(
    eqt.Objective(energy, f.expand(starts.shape), gamma),
    eqt.GradientDescent(step),
    start=starts,
    tolerance=1e-10,
    max_steps=2000,
    record=2000,
)
plots.basin_of_attraction(everywhere, h_star, radius=R, title="One basin, and the ball that is guaranteed")

# %% [markdown]
# ## Linear, at the local rate
#
# From a start at 90 % of the guaranteed radius the run settles into the local factor $\rho_0$, which the spectrum at
# $h^*$ predicts. The envelope $\rho_0^k$ of the *linear* part need not hold in the first steps; the proved factor at
# distance $r$ is $\rho_0 + \alpha Q r/2$.

# %%
direction = torch.tensor([-0.8, -0.6], dtype=torch.float64)
near = eqt.solve(objective, eqt.GradientDescent(step), start=h_star + 0.9 * R * direction, tolerance=1e-12, record=True)
rate = eqt.measure_rate(near, h_star)
print(f"measured rate {rate.rate:.4f}, predicted {rho_0:.4f}")
distance = (near.trajectory - h_star).norm(dim=-1)


# %% fold
def approach() -> plots.Chart:
    """The distance per step against the bound that shrinks with the distance."""
    bounds = [float(distance[0])]
    while len(bounds) < len(distance):
        bounds.append((rho_0 + step * depth * bounds[-1] / 2) * bounds[-1])
    figure, (panel,) = plots.chart()
    with plots.look():
        panel.semilogy(distance, "o-", ms=4, color="#0072B2", label=r"measured $|h_k - h^*|$")
        panel.semilogy(bounds, ls="--", color="#D55E00", label=r"proved: $r \mapsto (\rho_0 + \alpha Q r/2)\,r$")
        panel.axhline(R, color="#767676", ls=":", label="guaranteed radius $R$")
        panel.set_xlabel("step $k$")
        panel.set_ylabel("distance to the equilibrium")
        panel.set_title("Bounded at the rim of the ball, linear inside")
        panel.legend(loc="lower left")
    return figure


approach()

# %% [markdown]
# ## What stands
#
# - Local linear convergence needs $0 < \alpha < 2/M$ with $M$ taken at $h^*$. Then it is true, with an explicit basin
#   (*proved here*, and in claim [theorem-3-repaired](../proofs/closed_loop/theorem_3.py)).
# - The radius $2(1-\rho_0)/(\alpha Q)$ is the best that curvature and $Q$ alone can give, for short steps and for long
#   ones (*proved here*). The true basin is larger in the picture (counted below).
#
# Next: whether reaching an equilibrium helps the prediction.

# %%
assert as_stated.verdict is eqt.Verdict.REFUTED
for proved in (one_step, exact_range, remainder, linear, basin, short, sharp, two_cycle, long_steps):
    assert proved.verdict is eqt.Verdict.PROVED

# %%
inside = (starts - h_star).norm(dim=-1) < R
arrived = (everywhere.h - h_star).norm(dim=-1) < 1e-6
floor = 1e-10

assert low > 0 and int(inside.sum()) > 0
assert bool(arrived[inside].all())
assert bool(arrived[~inside].any()) and not bool(arrived.all())  # larger than the ball, and not everything
assert rate.rate <= rho_0 + 1e-3
allowed = (rho_0 + step * depth * distance[:-1] / 2) * distance[:-1]
assert bool((distance[1:] <= allowed + floor).all())

# %% [markdown]
# ## Exercises
#
# **1. Change a number.** Move `share` from 0.05 to 0.9. Where does the guaranteed radius begin to shrink?
#
# **2. Prove.** A state at rest with an indefinite Hessian attracts nobody: along the eigenvector of a curvature
# $-c < 0$ the linear part of a step stretches.
#
# **3. Prove.** Inside the ball convergence is quadratic if the linear part vanishes: with $m = M$ and $\alpha = 1/M$
# the next distance is at most $\tfrac{Q}{2M}$ times the square of this one.


# %% solution
# 1. At alpha = 2/(m + M), that is share = M/(m + M), where the two branches of rho_0 meet.
def radius_at(part):
    rate_here = max(abs(1 - part * 2 / high * low), abs(part * 2 - 1))
    return 2 * (1 - rate_here) / (part * 2 / high * depth)


turn = high / (low + high)
assert abs(radius_at(0.5 * turn) - 2 * low / depth) < 1e-9 and radius_at(0.5 * (turn + 1)) < radius_at(turn)
print(f"R = {2 * low / depth:.4f} up to share {turn:.3f}, then it falls to 0 at share 1")

# %% solution
# 2. The factor is 1 + alpha c, c = -bending.
bending = sp.Symbol("bending", real=True)
repels = eqt.prove(
    [bending < 0], sp.Abs(1 - alpha * bending) > 1, detail="along a direction of negative curvature errors grow"
)
assert repels.verdict is eqt.Verdict.PROVED
repels

# %% solution
# 3. rho_0 = 0, and what is left is alpha Q dist^2/2.
quadratic = derive(
    [("rho_0 at m = M, alpha = 1/M", (rho + alpha * Q * dist / 2).subs({m: M}).subs(alpha, 1 / M), Q * dist / (2 * M))],
    "the factor at distance dist is Q dist/(2 M)",
)
assert quadratic.verdict is eqt.Verdict.PROVED
quadratic

# %% [markdown]
# ## Sources
#
# - Ortega, Rheinboldt 2000, *Iterative Solution of Nonlinear Equations in Several Variables*, SIAM,
#   doi:10.1137/1.9780898719468, Sec. 10.1 (Ostrowski's theorem on local convergence).
# - Nesterov 2018, *Lectures on Convex Optimization*, doi:10.1007/978-3-319-91578-4, Sec. 1.2.3 (the ball of gradient
#   descent).
# - Jafari, Anbarjafari 2025, arXiv:2511.21882, Theorem 3.
