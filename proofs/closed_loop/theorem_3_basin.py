"""Theorem 3 in numbers: a basin around a local minimiser found in floating point, certified by ball arithmetic."""

from fractions import Fraction

import sympy as sp

from eqt_theory import Claim, Finding, Method, Reading
from eqt_theory.core.finding import inconclusive
from eqt_theory.engines.interval import (
    Carried,
    carried_by,
    certify_boxes,
    certify_curvature,
    certify_hessian,
    certify_on,
    enclose,
)

h1, h2 = sp.symbols("h1 h2", real=True)
energy = (h1**2 - 1) ** 2 / 2 + sp.log(1 + sp.exp(h1 + h2)) + h2**2 / 2
"""Two wells in h1, a softplus of the sum, a parabola in h2; not convex."""
PROPOSAL = (sp.Rational(9, 10), sp.Rational(1, 5))
phi = energy + sp.Rational(1, 8) * ((h1 - PROPOSAL[0]) ** 2 + (h2 - PROPOSAL[1]) ** 2)  # gamma = 4
DELTA = Fraction(1, 10**6)
"""How far the local minimiser may be from the point found."""
LOWER = {h1: Fraction(-94231, 100000), h2: Fraction(-15952, 100000)}
"""A state in the other well."""

claim = Claim(
    id="theorem-3-basin",
    title="a certified basin",
    source="Theorem 3 on an example; theorem-3-repaired",
    statement=(
        "For energy = (h1^2 - 1)^2/2 + log(1 + exp(h1 + h2)) + h2^2/2, gamma = 4 and f = (0.9, 0.2), where Phi is "
        "not convex, exactly one local minimiser h* of Phi lies within 1e-6 of (0.804401, -0.433367). Gradient descent "
        "with alpha = 4/11 converges to it from every start within 0.19 of it, by the factor 9/11 per step at least; "
        "and the formula 2m/Q of theorem-3-repaired gives a basin of radius 0.2 for alpha <= 1/3. It is not the "
        "equilibrium: Phi(h*) > 1.1032, and Phi < 0.7464 at (-0.94231, -0.15952), in the other well."
    ),
    readings=(
        Reading(
            "stated",
            "For every real start in the balls, by interval arithmetic.",
            parts=("not convex", "by curvature", "by the formula", "not the equilibrium"),
        ),
    ),
)


def computed() -> dict[sp.Symbol, Fraction]:
    """Newton's method in float64 from the proposal's well; a guess only, used as an exact fraction."""
    import numpy as np

    slope = sp.lambdify((h1, h2), [sp.diff(phi, h1), sp.diff(phi, h2)])
    hessian = sp.lambdify((h1, h2), sp.hessian(phi, (h1, h2)))
    h = np.array([0.9, -0.5])
    for _ in range(20):
        h = h - np.linalg.solve(np.array(hessian(*h), dtype=float), np.array(slope(*h), dtype=float))
    return {s: Fraction(float(x)).limit_denominator(10**9) for s, x in zip((h1, h2), h, strict=True)}


def box(center: dict[sp.Symbol, Fraction], half: Fraction) -> dict[sp.Symbol, tuple[Fraction, Fraction]]:
    """The square around the centre that holds the ball of radius `half`."""
    return {s: (c - half, c + half) for s, c in center.items()}


SLOPE2 = sum(sp.diff(phi, s) ** 2 for s in (h1, h2))


def steep(center: dict[sp.Symbol, Fraction], low: Fraction) -> str:
    """Empty where |grad Phi(c)| < low delta; then grad Phi points outwards on the sphere of radius delta around c.

    With hess Phi >= low on that ball its minimiser in the ball is inside, so it is a local one, and the only one there.
    """
    slope2 = enclose(SLOPE2, center).high
    return "" if slope2 < (low * DELTA) ** 2 else f"|grad Phi|^2 may be {float(slope2):.1e} at the point found"


def carried_steep(center: dict[sp.Symbol, Fraction], low: Fraction) -> Carried:
    """The same for the kernel."""
    return certify_boxes([sp.Rational(str((low * DELTA) ** 2)) > SLOPE2], box(center, Fraction(0)))


@claim.shows("h = (0, 0)", part="not convex")
def hessian_is_indefinite_between_the_wells() -> Finding:
    """So no theorem on convex Phi applies."""
    along, origin = sp.diff(phi, h1, 2), {h1: Fraction(0), h2: Fraction(0)}
    curvature, carried = enclose(along, origin), certify_boxes([along < 0], box(origin, Fraction(0)))
    if curvature.sign != -1:
        return inconclusive(Method.INTERVAL, f"the curvature along h1 at (0, 0) is {curvature}")
    said = f"at (0, 0) the curvature of Phi along h1 is {curvature}"
    return carried.certified(said, {"Phi_11(0, 0)": str(curvature)})


@claim.shows(
    "every start within 0.19 of h*, alpha = 4/11, every k",
    part="by curvature",
    quick=False,
    uses="theorem-3-repaired:linear_part_contracts",
    cites="the fundamental theorem of calculus",
)
def basin_by_curvature() -> Finding:
    """Bounds of the Hessian on a box of half width 0.2."""
    return by_curvature(computed(), Fraction(1, 5), Fraction(1, 2), Fraction(5), Fraction(4, 11), Fraction(19, 100))


def by_curvature(
    center: dict[sp.Symbol, Fraction], half: Fraction, low: Fraction, high: Fraction, step: Fraction, radius: Fraction
) -> Finding:
    """Where low <= hess Phi <= high on the box, each step shrinks the distance to h* on balls in the box."""
    curvature = certify_curvature(phi, box(center, half), mu=low, lipschitz=high)
    rate = max(abs(1 - step * low), abs(1 - step * high))
    if not curvature.holds:
        return inconclusive(Method.INTERVAL, f"{low} <= hess Phi <= {high} on the box: {curvature.reason or 'fails'}")
    reason = steep(center, low)
    if reason or not (rate < 1 and radius + DELTA <= half):
        return inconclusive(Method.INTERVAL, reason or f"rate {rate}, radius {radius} in a box of half width {half}")
    where = ", ".join(f"{float(c):.6f}" for c in center.values())
    carried = carried_by(certify_hessian(phi, box(center, half), mu=low, lipschitz=high), carried_steep(center, low))
    return carried.certified(
        f"{low} <= hess Phi <= {high} within {half} of ({where}): starts within {radius} of h* come nearer by "
        f"{rate} per step",
        {"m": low, "M": high, "radius": radius, "rate": rate, "pieces": curvature.boxes},
    )


@claim.draws(
    "Where gradient descent with the step size of the certificate ends, start by start, and the certified ball. "
    "The ball is a guarantee, not the whole basin.",
    of="basin_by_curvature",
)
def starts_and_the_certified_ball(finding: Finding) -> object:
    import torch

    from eqt_theory import FunctionEnergy, GradientDescent, Objective, solve
    from eqt_theory.report.plots import basin_of_attraction

    star = torch.tensor([float(x) for x in computed().values()], dtype=torch.float64)
    axis = torch.linspace(-2, 2, 61, dtype=torch.float64)
    starts = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)
    value = sp.lambdify((h1, h2), energy, modules=[{"log": torch.log, "exp": torch.exp}, "math"])
    proposal = torch.tensor([float(x) for x in PROPOSAL], dtype=torch.float64)
    objective = Objective(FunctionEnergy(lambda h: value(h[..., 0], h[..., 1])), proposal.expand(starts.shape), 4.0)
    run = solve(objective, GradientDescent(4 / 11), start=starts, tolerance=1e-9, record=200)
    return basin_of_attraction(run, star, radius=float(finding.enclosures["radius"]), tolerance=1e-5)


@claim.shows("h* and a state in the other well", part="not the equilibrium")
def another_well_is_lower() -> Finding:
    """What descent finds is a minimiser of its well."""
    return lower(computed(), LOWER)


def lower(center: dict[sp.Symbol, Fraction], other: dict[sp.Symbol, Fraction]) -> Finding:
    """CERTIFIED where Phi(h*) > 1.1032 wherever h* is within delta of the centre, and Phi < 0.7464 at the other."""
    here, there = sp.Rational(11032, 10000), sp.Rational(7464, 10000)
    above, value = certify_on(phi >= here, box(center, DELTA)), enclose(phi, other)
    if not (above.holds and value.high < there):
        return inconclusive(Method.INTERVAL, f"Phi(h*) >= {here}: {above.reason or above.holds}; Phi there is {value}")
    said = f"Phi(h*) >= {float(here)}, and Phi = {value} at ({', '.join(str(float(x)) for x in other.values())})"
    points = {s: (x, x) for s, x in other.items()}
    carried = carried_by(certify_boxes([phi >= here], box(center, DELTA)), certify_boxes([phi < there], points))
    return carried.certified(said, {"Phi in the other well": str(value)})


@claim.shows(
    "every start within 0.2 of h*, alpha <= 1/3, every k", part="by the formula", quick=False, uses="theorem-3-repaired"
)
def basin_by_the_formula() -> Finding:
    """2m/Q from the Hessian near h* and the third derivatives on a box of half width 0.25."""
    slow, fast = Fraction(7, 5), Fraction(13, 5)
    return by_formula(computed(), Fraction(1, 4), slow, fast, Fraction(13), Fraction(1, 3), Fraction(1, 5))


def by_formula(
    center: dict[sp.Symbol, Fraction],
    half: Fraction,
    low: Fraction,
    high: Fraction,
    change: Fraction,
    step: Fraction,
    radius: Fraction,
) -> Finding:
    """The Frobenius norm of the third derivatives is at most `change`, a bound of Q; m and M hold within delta of c."""
    curvature = certify_curvature(phi, box(center, DELTA), mu=low, lipschitz=high)
    if not curvature.holds:
        return inconclusive(Method.INTERVAL, f"{low} <= hess Phi <= {high} near h*: {curvature.reason or 'fails'}")
    thirds = [sp.diff(phi, a, b, c) for a in (h1, h2) for b in (h1, h2) for c in (h1, h2)]
    slow_change = sum(t**2 for t in thirds) <= sp.Rational(str(change**2))
    bound = certify_on(slow_change, box(center, half))
    if not bound.holds:
        return inconclusive(Method.INTERVAL, f"Q <= {change} on the box: {bound.reason or 'fails'}")
    reason = steep(center, low)
    # R = 2 (1 - rho_0)/(alpha Q) and rho_0 <= 1 - alpha low for all alpha up to step <= 2/(low + high): R >= 2 low/Q.
    if reason or not (radius <= 2 * low / change and step * (low + high) <= 2 and radius + DELTA <= half):
        return inconclusive(Method.INTERVAL, reason or f"2m/Q is {float(2 * low / change):.4f}, the radius {radius}")
    carried = carried_by(
        certify_hessian(phi, box(center, DELTA), mu=low, lipschitz=high),
        certify_boxes([slow_change], box(center, half)),
        carried_steep(center, low),
    )
    return carried.certified(
        f"hess Phi(h*) >= {low} and Q <= {change}: the ball of radius {radius} < 2m/Q is a basin",
        {"m": low, "M": high, "Q at most": change, "radius": radius, "pieces": bound.boxes},
    )
