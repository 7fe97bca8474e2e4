"""Contraction is memory: what one step leaves of an error is what one position leaves of a token."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.symbolic import derive

lam, gamma = sp.symbols("lambda gamma", positive=True)
b = lam * gamma / (1 + lam * gamma)

claim = Claim(
    id="contraction-is-memory",
    title="the decay per token is the best rate per step",
    source="the causal game and the joint chain, all couplings 1",
    statement=(
        "With couplings of 1, a change of one proposal f_s changes the equilibrium at s + j by b^j (1 - b) times that "
        "in the causal game, b its best contraction factor; in the joint chain, far from its ends, by c r^|j| with r = "
        "(sqrt K - 1)/(sqrt K + 1), K = M/m = 1 + 4 lambda gamma, c > 0: Chebyshev's rate. No method in which a step "
        "moves information by one position has errors on the joint chain that fall faster than r per step."
    ),
    readings=(
        Reading(
            "stated",
            "For all lambda and gamma; the joint chain on all integers; an error at distance k + 1 after k steps that "
            "is at least c r^(k+1) times the change, for one of two problems that look alike there.",
            parts=("causal", "joint", "r below 1", "no faster"),
        ),
    ),
    symbols=[lam, gamma],
    remark=(
        "So the two wishes pull against each other: the stronger the contraction certificate, the shorter the memory "
        "of the equilibrium. With quadratic terms the causal equilibrium is a gated linear recurrence, which one scan "
        "computes exactly: there the certificate and this identity are what the refinement adds, not the computation."
    ),
)


@claim.shows("all lambda and gamma", part="causal", uses="causal-contraction:no_step_size_does_better")
def causal_decay() -> Finding:
    """h_t = (1 - b) f_t + b h_(t-1): a change e of h_(t-1) is b e at h_t; of f_t it is 1 - b at h_t."""
    f, before, e = sp.symbols("f before e", real=True)

    def rest(f: sp.Expr, before: sp.Expr) -> sp.Expr:  # where a position does not want to move
        return (f / gamma + lam * before) / (lam + 1 / gamma)

    return derive(
        [
            ("of the proposal", rest(f + e, before) - rest(f, before), (1 - b) * e),
            ("one position on", rest(f, before + e) - rest(f, before), b * e),
        ],
        "the equilibrium remembers b per position, the factor of a step",
    )


# The joint chain in terms of q = sqrt K > 1: lambda = (q^2 - 1)/(4 gamma).
q = sp.Symbol("q", positive=True)
strength = (q**2 - 1) / (4 * gamma)
r = (q - 1) / (q + 1)


def balance(before: sp.Expr, here: sp.Expr, behind: sp.Expr) -> sp.Expr:
    """The gradient at a position far from the ends, couplings 1, with the proposal's share left out."""
    return here / gamma + strength * (2 * here - before - behind)


@claim.shows("all lambda and gamma", part="joint")
def joint_decay() -> Finding:
    """C r^|j| balances at every j but 0, and at 0 against f_0/gamma with c = 1/q."""
    power, c = sp.symbols("power c", positive=True)
    return derive(
        [
            ("K = 1 + 4 lambda gamma", 1 + 4 * strength * gamma, q**2),
            ("r = (sqrt K - 1)/(sqrt K + 1), off the change", balance(c * power / r, c * power, c * power * r), 0),
            ("at the change", balance(r / q, 1 / q, r / q), 1 / gamma),
        ],
        "the equilibrium of the joint chain remembers r per position, on both sides, with c = 1/sqrt K",
    )


@claim.shows("all lambda and gamma", part="r below 1")
def r_is_a_rate() -> Finding:
    return prove([q > 1], [r > 0, r < 1, 1 / q > 0], detail="0 < r < 1 and c > 0")


@claim.shows("every method that is local", part="no faster", uses=joint_decay)
def no_local_method_is_faster() -> Finding:
    """f_0 = 1 and f_0 = -1: at distance k + 1 the states after k steps are the same x, the equilibria +-c r^(k+1)."""
    x, left = sp.symbols("x left", real=True)
    return prove(
        [left > 0],
        sp.Max(sp.Abs(x - left), sp.Abs(x + left)) >= left,
        detail="whatever x is, one of the two errors is at least c r^(k+1)",
    )
