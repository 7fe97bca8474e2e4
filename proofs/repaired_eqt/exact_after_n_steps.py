"""The causal game reaches its equilibrium in as many steps as there are positions, and not before."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.induction import induction
from eqt_theory.engines.symbolic import derive

lam, gamma = sp.symbols("lambda gamma", positive=True)
b = lam * gamma / (1 + lam * gamma)
a, error = sp.symbols("a error", real=True)

claim = Claim(
    id="exact-after-n-steps",
    title="the causal game is exact after n steps",
    source="the causal game with quadratic terms, step 1/(lambda + 1/gamma)",
    statement=(
        "After k steps the positions 1, ..., k are at their equilibrium values, so after n steps all n are, from "
        "every start; with a = 1 the n-th position of a constant error is not there after n - 1 steps."
    ),
    readings=(
        Reading(
            "stated",
            "For all parameters, starts and n; the error of position t after a step is b a_t times that of position "
            "t - 1 before it, and h_0 has none.",
            parts=("exact", "not before"),
        ),
    ),
    symbols=[lam, gamma],
)


def after_a_step(predecessor: sp.Expr) -> sp.Expr:
    """A position's error after a step, by causal-contraction."""
    return b * a * predecessor


@claim.shows("every k", part="exact", uses="causal-contraction:step_forgets_the_position_itself")
def one_more_position_each_step() -> Finding:
    """Position k + 1 is exact after step k + 1, since position k was after step k."""
    base = derive([("h_0 has no error", after_a_step(sp.Integer(0)), sp.Integer(0))], "position 1 after 1 step")
    step = prove([sp.Eq(error, 0)], sp.Eq(after_a_step(error), 0), detail="position k + 1 after k + 1 steps")
    return induction(base, step, given=[sp.Eq(error, 0)], detail="position k is exact after k steps")


@claim.shows("a = 1, an error of 1 at every position", part="not before")
def the_last_position_waits() -> Finding:
    """After k steps the error of positions beyond k is b^k, which is not 0."""
    left, new = sp.symbols("left new", real=True)
    ones = after_a_step(left).subs(a, 1)
    base = prove([sp.Eq(left, 1), sp.Eq(new, ones)], new > 0, detail="b > 0 after one step")
    step = prove([left > 0, sp.Eq(new, ones)], new > 0, detail="b^(k+1) = b b^k > 0")
    return induction(base, step, given=[left > 0], detail="position n has an error of b^(n-1) > 0 after n - 1 steps")
