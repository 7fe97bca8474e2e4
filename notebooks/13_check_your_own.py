# %% [markdown]
# # 13. Check your own energy, solver and paper
#
# Everything so far was about one paper. The tools are not tied to it. This notebook checks three things of yours:
#
# 1. an **energy**: are its derivatives those of its value, is the curvature it declares true?
# 2. a **solver**: does it reach the right point, one state at a time, without side effects?
# 3. a **statement** from a paper: is it true for all parameters, and if not, where does it fail?
#
# A battery is worth something only if it *fails* on broken code. So each part starts with a mistake that one really
# makes, and asks whether it is found.
#
# - **You need:** a little PyTorch; [2. Contraction](02_contraction.ipynb) for the words. **Time:** about 25 minutes.
# - **Neighbours:** after [12. A trained model](12_trained_model.ipynb); [the map](README.md).
# - **Claims:** none of the paper: two of our own, below. **Terms:** [Lipschitz](README.md#terms).
# - **Notation:** $h$ a state, $L$ the upper curvature, $\alpha$ the step size.

# %%
from eqt_theory.report.parameter import parameter

leak = parameter("leak", 0.05, 0.01, 0.5)  # by how much the broken gradient is off

# %%
import numpy as np
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Claim, Finding, Judgement, Reading, prove
from eqt_theory.core.ledger import run_ledger
from eqt_theory.report import plots
from eqt_theory.testing import check_energy, check_solver

# %% [markdown]
# ## An energy
#
# $E(h) = |h|^2 + \sum_i \cos h_i$ has the gradient $2h - \sin h$ and curvature $2 - \cos h_i \in [1, 3]$. SymPy agrees:

# %%
x = sp.Symbol("x", real=True)
value = x**2 + sp.cos(x)
bounds = prove(
    [sp.Symbol("c", real=True) >= -1, sp.Symbol("c", real=True) <= 1],
    [2 - sp.Symbol("c", real=True) >= 1, 2 - sp.Symbol("c", real=True) <= 3],
    detail="1 <= 2 - cos h <= 3",
)
print("gradient:", sp.diff(value, x), "  curvature:", sp.diff(value, x, 2))


# %%
class Wavy(eqt.Energy):
    """|h|^2 + sum cos h, with a gradient that may be off and a curvature that may be a lie."""

    def __init__(self, off: float, curvature: eqt.Curvature) -> None:
        self.off, self.curvature = off, curvature

    def value(self, h: torch.Tensor) -> torch.Tensor:
        return h.square().sum(-1) + torch.cos(h).sum(-1)

    def gradient(self, h: torch.Tensor) -> torch.Tensor:
        return 2 * h - torch.sin(h) + self.off * h


honest = check_energy(Wavy(0.0, eqt.Curvature(1.0, 3.0)), dim=3, samples=16, on_fail=None)
slipped = check_energy(Wavy(leak, eqt.Curvature(1.0, 3.0)), dim=3, samples=16, on_fail=None)
boasting = check_energy(Wavy(0.0, eqt.Curvature(1.0, 2.5)), dim=3, samples=16, on_fail=None)
for energy_name, found in (("honest", honest), ("wrong gradient", slipped), ("curvature too good", boasting)):
    print(f"{energy_name:20} {len(found)} checks ran, failed: {', '.join(f.check for f in found.failed) or 'none'}")

# %% [markdown]
# With `on_fail="raise"`, the default, the same call raises `CheckFailed` with the smallest failing case, which is
# what a
# test wants. A declared curvature is never trusted: it is searched for a segment that breaks it.
#
# ## A solver
#
# Four functions `(objective, h) -> next h`. One is right. One forgets the damping term, one averages over the batch,
# one
# works in place on its input.


# %%
step_size = 0.05


def right(phi: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
    """Gradient descent."""
    return h - step_size * phi.gradient(h)


def no_damping(phi: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
    """Descends on the energy, not on Phi."""
    return h - step_size * phi.energy.gradient(h)


def averaging(phi: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
    """States of a batch share one gradient."""
    slope = phi.gradient(h)
    return h - step_size * (slope if h.ndim == 1 else slope.mean(0, keepdim=True))


def in_place(phi: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
    """Overwrites the state that it was given."""
    return h.sub_(step_size * phi.gradient(h))


candidates = {
    "right": right,
    "forgets damping": no_damping,
    "averages the batch": averaging,
    "works in place": in_place,
}
reports = {name: check_solver(rule, on_fail=None, max_examples=4) for name, rule in candidates.items()}
for name, report in reports.items():
    print(f"{name:20} {'passes' if report.passed else 'fails ' + ', '.join(f.check for f in report.failed[:3])}")


# %% fold
def matrix() -> plots.Chart:
    """Which check caught which solver."""
    checks = [finding.check for finding in reports["right"]]
    figure, (panel,) = plots.chart(8.4, 3.6)
    with plots.look():
        panel.grid(False)
        for row, report in enumerate(reports.values()):
            failed = {finding.check for finding in report.failed}
            for column, check in enumerate(checks):
                bad = check in failed
                panel.plot(column, row, "X" if bad else "o", ms=11 if bad else 7, color="#D55E00" if bad else "#56B4E9")
        panel.set_xticks(range(len(checks)), [check.replace("_", " ") for check in checks], rotation=40, ha="right")
        panel.set_yticks(range(len(reports)), list(reports))
        panel.set_ylim(len(reports) - 0.5, -0.5)
        panel.set_title("Crosses: checks that fail")
    return figure


matrix()

# %% [markdown]
# ## A statement
#
# Suppose a paper claims: *for a smooth convex function a gradient step with $\alpha \le 2/L$ never increases the value,
# and with $\alpha < 2/L$ it at least halves the gap.* Two claims, each with one reading and its check. A claim is a
# file in a folder
# for `eqt-theory verify --proofs DIR`; here it lives in a cell. Nobody writes the verdict down: it follows from the
# findings.

# %%
L, alpha = sp.symbols("L alpha", positive=True)
slope2 = sp.Symbol("slope2", nonnegative=True)  # |gradient|^2
before, after = sp.symbols("before after", real=True)
descent_lemma = after <= before - alpha * slope2 + L * alpha**2 * slope2 / 2

falls = Claim(
    id="value-falls",
    title="a step does not increase the value",
    source="a textbook",
    statement="For an L-smooth function a gradient step with alpha <= 2/L does not increase the value.",
    readings=(Reading("stated", "Every L-smooth function, every state."),),
)


@falls.shows("every L-smooth function, every state and step size in the range", reading="stated")
def value_falls() -> Finding:
    """From the descent lemma."""
    return prove([descent_lemma, alpha <= 2 / L], after <= before, detail="the value does not grow")


halves = Claim(
    id="gap-halves",
    title="a step halves the gap",
    source="a paper with a slip",
    statement="For an L-smooth function a gradient step with alpha < 2/L halves the gap to the least value.",
    readings=(Reading("stated", "Every L-smooth function, every state."),),
    repair="value-falls",
)


@halves.shows("parabolas a h^2/2 with a <= L", reading="stated")
def gap_halves_on_parabolas() -> Finding:
    """On a parabola the gap is multiplied by (1 - alpha a)^2."""
    a, h = sp.symbols("a h", positive=True)
    gap, next_gap = a * h**2 / 2, a * (h - alpha * a * h) ** 2 / 2
    return prove([a <= L, alpha < 2 / L], next_gap <= gap / 2, detail="the gap is halved")


halves

# %%
ledger = run_ledger([falls, halves], eqt.Run(seed=0))
ledger

# %%
ledger.entries[1].results[0].finding

# %% [markdown]
# The finding holds the witness. With its repair on record, the statement
# is reported as false together with what is true instead.
#
# ## What stands
#
# - `check_energy` and `check_solver` fail on what is broken, and name the smallest case they found (*shown here* on one
#   broken energy, one boast and three broken solvers).
# - A statement becomes a claim with readings and checks; `eqt-theory verify --proofs your_folder` runs them all
#   (*remark*).

# %%
judged = {entry.claim.id: entry.judgement for entry in ledger.entries}

assert bounds.verdict is eqt.Verdict.PROVED
assert judged == {"value-falls": Judgement.HOLDS, "gap-halves": Judgement.FALSE}

# %%
caught = {name: {finding.check for finding in report.failed} for name, report in reports.items()}
assert honest.passed
assert "gradient_is_that_of_the_value" in {f.check for f in slipped.failed}
assert "declared_curvature" in {f.check for f in boasting.failed}
assert reports["right"].passed
assert "right_fixed_point" in caught["forgets damping"]
assert "no_cross_talk" in caught["averages the batch"]
assert caught["works in place"]
assert np.all([len(report) > 10 for report in reports.values()])

# %% [markdown]
# ## Exercises
#
# **1. Break it yourself.** Give `Wavy` a *value* that is off by $10^{-3}|h|^2$, its gradient untouched. Is it found?
#
# **2. Repair the claim.** On parabolas, for which $\alpha$ is the gap halved at every $a \in [m, L]$?
#
# **3. Prove.** The descent lemma used above, for parabolas: it is an equation.


# %% solution
# 1. Yes: a battery compares the gradient with the value, whichever of the two is off.
class Off(Wavy):
    def value(self, h: torch.Tensor) -> torch.Tensor:
        return super().value(h) + 1e-3 * h.square().sum(-1)


off = check_energy(Off(0.0, eqt.Curvature(0.9, 3.1)), dim=3, samples=16, on_fail=None)
print("failed:", ", ".join(f.check for f in off.failed))
assert "gradient_is_that_of_the_value" in {f.check for f in off.failed}

# %% solution
# 2. Exactly where (1 - alpha a)^2 <= 1/2 at both ends, since 1 - alpha a is linear in a.
m, a = sp.symbols("m a", positive=True)
half = sp.Rational(1, 2)
halved = prove(
    [m <= a, a <= L, (1 - alpha * m) ** 2 <= half, (1 - alpha * L) ** 2 <= half],
    (1 - alpha * a) ** 2 <= half,
    detail="halved",
)
assert halved.verdict is eqt.Verdict.PROVED
halved

# %% solution
# 3. With a = L.
from eqt_theory.engines.symbolic import derive

h = sp.Symbol("h", real=True)
slope = L * h
equation = derive(
    [("on L h^2/2", L * (h - alpha * slope) ** 2 / 2, L * h**2 / 2 - alpha * slope**2 + L * alpha**2 * slope**2 / 2)],
    "the descent lemma with equality",
)
assert equation.verdict is eqt.Verdict.PROVED
equation

# %% [markdown]
# ## Sources
#
# - Claessen, Hughes 2000, *QuickCheck: a lightweight tool for random testing of Haskell programs*, ICFP,
#   doi:10.1145/351240.351266.
# - MacIver, Hatfield-Dodds et al. 2019, *Hypothesis: A new approach to property-based testing*, J. Open Source Softw.
#   4, doi:10.21105/joss.01891.
# - Nesterov 2018, *Lectures on Convex Optimization*, doi:10.1007/978-3-319-91578-4 (the descent lemma).
