"""How many steps the stopping rule takes at most, from the rate at which Phi falls."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.symbolic import derive

g, tau = sp.symbols("g tau", positive=True)  # g = 1/gamma

claim = Claim(
    id="corollary-5-steps",
    title="steps from the rate",
    source="completes Corollary 5 by theorem-2-repaired",
    statement=(
        "If Phi(h_k) - Phi* <= rho^(2k) (Phi(f) - Phi*) with 0 < rho < 1, as theorem-2-repaired shows, and "
        "Phi* < tau <= energy(f) = Phi(f), put x = ln((energy(f) - Phi*)/(tau - Phi*)) / (2 ln(1/rho)). The rule "
        "that watches the energy stops after at most max(1, ceil(x)) steps, the one that watches Phi after at most "
        "floor(x) + 1."
    ),
    readings=(
        Reading(
            "stated",
            "For every energy and trajectory with this decay; K_max cuts both off.",
            parts=("steps", "steps in logarithms", "ceil(x) fails for Phi"),
        ),
    ),
    remark=(
        "ceil(x) is too small where the rule watches Phi and x is a whole number: Phi may then equal tau after x "
        "steps, and the rule asks for less. The energy is below Phi wherever h is not f, so there ceil(x) is enough."
    ),
)


@claim.shows("every energy and trajectory with this decay of Phi, every K_max", part="steps", quick=False)
def steps_until_below() -> Finding:
    """With q = rho^(2k), G = energy(f) - Phi*, T = tau - Phi*: q G <= T stops the energy if k >= 1, q G < T Phi."""
    G, T, q = sp.symbols("G T q", positive=True)
    value, phi, best = sp.symbols("value phi best", real=True)
    moved = sp.Symbol("moved", nonnegative=True)  # |h_k - f|^2
    return prove(
        [T <= G, q < 1, phi - best <= q * G, sp.Eq(tau, T + best), sp.Eq(phi, value + g * moved / 2)]
        + [sp.Implies(sp.Eq(moved, 0), sp.Eq(phi - best, G))],
        [sp.Implies(q * G <= T, value < tau), sp.Implies(q * G < T, phi < tau)],
        detail="the energy is below tau once rho^(2k) G <= T and k >= 1, Phi once rho^(2k) G < T",
    )


@claim.shows("every 0 < rho < 1 and 0 < T <= G", part="steps in logarithms")
def steps_in_logarithms() -> Finding:
    """Rho^(2x) G = T at x = ln(G/T) / (2 ln(1/rho)), and rho^(2k) falls in k, so it is k >= x or k > x that decides."""
    G, T, r, x = sp.symbols("G T r x", positive=True)
    rho = sp.exp(-r)
    solution = sp.log(G / T) / (2 * sp.log(1 / rho))
    return derive(
        [
            ("rho^(2x) G = T", sp.exp(-2 * r * sp.log(G / T) / (2 * r)) * G, T),
            ("x = ln(G/T) / (2 ln(1/rho))", solution, sp.log(G / T) / (2 * r)),
            ("rho^(2k) falls: its derivative is -2 r rho^(2k)", sp.diff(rho ** (2 * x), x), -2 * r * rho ** (2 * x)),
        ],
        "k >= x exactly when rho^(2k) G <= T, and k > x exactly when rho^(2k) G < T",
    )


@claim.shows("Phi = h^2 with gamma = 1, f = 1, alpha = 1/4: x is a whole number", part="ceil(x) fails for Phi")
def sharpness_watching_phi_needs_one_more() -> Finding:
    """Energy h^2/2 + h - 1/2 makes Phi = h^2: after x = 1 step Phi equals tau, so the rule takes floor(x) + 1 = 2."""
    h = sp.Symbol("h", real=True)
    phi = sp.expand(h**2 / 2 + h - sp.Rational(1, 2) + (h - 1) ** 2 / 2)
    first = (h - sp.diff(phi, h) / 4).subs(h, 1)
    second = (h - sp.diff(phi, h) / 4).subs(h, first)
    threshold = sp.Rational(1, 4)
    return derive(
        [
            ("Phi = h^2, so Phi* = 0 and rho = 1 - 2 alpha = 1/2", phi, h**2),
            ("G / T = 4 = rho^(-2), so x = 1", phi.subs(h, 1) / threshold, sp.Integer(4)),
            ("Phi(h_1) = tau, not below", phi.subs(h, first), threshold),
            ("Phi(h_2) = tau/4", phi.subs(h, second), threshold / 4),
        ],
        "watching Phi the rule takes two steps where x = 1, so ceil(x) is not enough",
    )
