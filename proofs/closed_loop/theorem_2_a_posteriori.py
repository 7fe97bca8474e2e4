"""A-posteriori bounds: what a step, a gradient, or the energy's slope at the proposal says of the distance to h*."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import WHOLE, Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import Line, SeparableSum, Twin, distance2, dot, exact_replay
from eqt_theory.engines.exact.draw import gammas, rationals, separable_sums, step_sizes
from eqt_theory.engines.gram import Point, SmoothClass, Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

m, M, alpha = sp.symbols("m M alpha", positive=True)
rate = sp.Max(sp.Abs(1 - alpha * m), sp.Abs(1 - alpha * M))

claim = Claim(
    id="theorem-2-a-posteriori",
    title="error bounds that can be computed",
    source="strengthens Theorem 2; usable where h* is unknown",
    statement=(
        "Let the curvature of Phi lie in [m, M], 0 < m <= M (the energy's in [-w, L], w < g = 1/gamma, m = g - w, "
        "M = g + L). For every state, every alpha > 0 and h+ = h - alpha grad Phi(h): |h+ - h|/(alpha M) <= |h - h*| "
        "<= |h+ - h|/(alpha m) and |h+ - h*| <= rho |h+ - h|/(alpha m) with rho = max(|1 - alpha m|, |1 - alpha M|); "
        "before any step, |grad energy(f)|/M <= |f - h*| <= |grad energy(f)|/m; and |grad Phi(h)|^2/(2M) <= Phi(h) - "
        "Phi* <= |grad Phi(h)|^2/(2m). All constants are best possible, that of the next state for alpha <= 2/(m + M)."
    ),
    readings=(
        Reading(
            "stated",
            "For every such Phi on R^d, every d, every state and all parameters.",
            parts=("this state", "next state", "proposal", "gap", "attained", "next state, attained"),
        ),
    ),
)

space = Space(("d", "D"))
d, D = space.vectors  # d = h - h*, D = grad Phi(h); h+ - h = -alpha D
defined = [m <= M, d.norm2 > 0, m * d.norm2 <= D @ d, D @ d <= M * d.norm2, SmoothClass(m, M).gradients(d, D)]
of_phi = [*defined, *space.positive_semidefinite]
move = alpha * D


@claim.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@claim.shows("every Phi of the class, every dimension, every alpha", part="this state", uses=lemma_interpolation)
def step_encloses_the_distance() -> Finding:
    """|h+ - h| lies between alpha m and alpha M times the distance."""
    return prove(
        of_phi,
        [move.norm2 <= (alpha * M) ** 2 * d.norm2, (alpha * m) ** 2 * d.norm2 <= move.norm2],
        detail="|h+ - h|/(alpha M) <= |h - h*| <= |h+ - h|/(alpha m)",
    )


@claim.shows(
    "every Phi of the class, every dimension, every alpha",
    part="next state",
    quick=False,
    uses=(lemma_interpolation, step_encloses_the_distance),
)
def step_bounds_the_next_distance() -> Finding:
    """|h+ - h*| <= rho |h - h*|; the bound on this state's distance, shown above, is a hypothesis here."""
    this_state, any_rate = m**2 * d.norm2 <= D.norm2, sp.Symbol("rate", nonnegative=True)
    return prove(
        [*defined, this_state],
        [
            (d - move).norm2 <= rate**2 * d.norm2,
            any_rate**2 * (alpha * m) ** 2 * d.norm2 <= any_rate**2 * move.norm2,
        ],
        detail="|h+ - h*| <= rho |h - h*| <= rho |h+ - h|/(alpha m)",
    )


@claim.shows("every energy, every dimension, every proposal", part="proposal", uses=lemma_interpolation)
def slope_at_the_proposal() -> Finding:
    """At h = f the proximal term g (h - f) is 0, so grad Phi(f) = grad energy(f); d and D are those of f."""
    return prove(
        of_phi,
        [D.norm2 <= M**2 * d.norm2, m**2 * d.norm2 <= D.norm2],
        detail="|grad energy(f)|/M <= |f - h*| <= |grad energy(f)|/m",
    )


@claim.shows(
    "every Phi with 0 < m < M (for m = M the three are equal), every dimension",
    part="gap",
    quick=False,
    uses=lemma_interpolation,
)
def gradient_encloses_the_gap() -> Finding:
    """From the interpolation inequalities of the pair h, h*."""
    here, star = sp.symbols("Phi Phibest", real=True)
    h, best = Point(d, D, here), Point(0 * d, 0 * d, star)
    values = SmoothClass(m, M).values
    return prove(
        [m < M, (D - m * d).norm2 >= 0, (D - M * d).norm2 >= 0, values(h, best), values(best, h)],
        [D.norm2 <= 2 * M * (here - star), 2 * m * (here - star) <= D.norm2],
        detail="|grad Phi|^2/(2M) <= Phi - Phi* <= |grad Phi|^2/(2m)",
    )


@claim.shows("all m <= M and alpha; Phi = m h^2/2 and M h^2/2", part="attained")
def sharpness_bounds_are_attained() -> Finding:
    """Each bound is an equation on one of the two extreme quadratics."""
    h = sp.Symbol("h", positive=True)
    steps = []
    for curvature in (m, M):
        phi = curvature * h**2 / 2
        slope = sp.diff(phi, h)
        steps += [
            (f"|h+ - h| = alpha {curvature} |h - h*|", alpha * slope, alpha * curvature * h),
            (f"|grad Phi|^2 = 2 {curvature} (Phi - Phi*)", slope**2, 2 * curvature * phi),
        ]
    return derive(steps, "with curvature m the upper bounds are equations, with curvature M the lower ones")


@claim.shows("all m <= M, alpha <= 2/(m + M); Phi = m h^2/2", part="next state, attained", quick=False)
def sharpness_next_state() -> Finding:
    """For short steps rho = 1 - alpha m, which m h^2/2 attains together with the bound on the step."""
    h = sp.Symbol("h", positive=True)
    step = alpha * sp.diff(m * h**2 / 2, h)
    return prove(
        [m <= M, alpha <= 2 / (m + M)],
        [sp.Eq(sp.Abs(h - step), rate * sp.Abs(step) / (alpha * m))],
        detail="on m h^2/2, |h+ - h*| = rho |h+ - h|/(alpha m)",
    )


Case = tuple[SeparableSum, tuple[Fraction, ...], Fraction, Fraction]
"""Energy in the plane, proposal, gamma, step size."""
STEPS = 3


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Energies with curvature in [-9/10 g, 10] and any step size up to 3/M, also where the iteration diverges."""
    gamma = draw(gammas())
    energy = draw(separable_sums(Fraction(-9, 10) / gamma, 10).filter(lambda e: e.L + 1 / gamma > 0))
    proposal = draw(st.tuples(rationals(-3, 3), rationals(-3, 3)))
    return energy, proposal, gamma, draw(step_sizes(3 / (energy.L + 1 / gamma), closed=True))


def broken(case: Case) -> bool:
    """Whether some bound fails along the trajectory from the proposal."""
    energy, proposal, gamma, step = case
    states = energy.descent(proposal, gamma, step, STEPS + 1)
    slope_at_f = energy.gradient(proposal)
    return exact_replay(
        [], bounds(case, energy.equilibrium(proposal, gamma), states, dot(slope_at_f, slope_at_f))
    ).confirms


def bounds(case: Case, star: tuple[Fraction, ...], states: list[tuple[Fraction, ...]], slope2: Fraction) -> list[Line]:
    """The bounds at every state; slope2 = |grad energy(f)|^2."""
    energy, _, gamma, step = case
    low, high = energy.mu + 1 / gamma, energy.L + 1 / gamma
    factor = max(abs(1 - step * low), abs(1 - step * high))
    first = distance2(states[0], star)
    lines: list[Line] = [
        ("|grad energy(f)| <= M |f - h*|", slope2, "<=", high**2 * first),
        ("m |f - h*| <= |grad energy(f)|", low**2 * first, "<=", slope2),
    ]
    for k, (h, after) in enumerate(zip(states, states[1:], strict=False)):
        change, distance, left = distance2(h, after), distance2(h, star), distance2(after, star)
        lines += [
            (f"change <= alpha M |h_{k} - h*|", change, "<=", (step * high) ** 2 * distance),
            (f"alpha m |h_{k} - h*| <= change", (step * low) ** 2 * distance, "<=", change),
            (f"alpha m |h_{k + 1} - h*| <= rho change", (step * low) ** 2 * left, "<=", factor**2 * change),
        ]
    return lines


def broken_again(case: Case) -> Replay:
    """The same through the symbolic forms of the coordinates' energies."""
    energy, proposal, gamma, step = case
    twins = [Twin(part, f, gamma) for part, f in zip(energy.parts, proposal, strict=True)]
    star = energy.equilibrium(proposal, gamma)
    states = list(zip(*(twin.descent(step, STEPS + 1) for twin in twins), strict=True))
    slope2 = sum((twin.slope(f) ** 2 for twin, f in zip(twins, proposal, strict=True)), Fraction(0))
    stationary = [("Phi'(h*) = 0", twin.slope(x), "=", Fraction(0)) for twin, x in zip(twins, star, strict=True)]
    return exact_replay([("m > 0", energy.mu + 1 / gamma, ">", 0), *stationary], bounds(case, star, states, slope2))


@claim.samples(
    "drawn energies in the plane, curvature in [-9/10 g, 10], not quadratic; alpha up to 3/M, four steps",
    quick=False,
    part=WHOLE,
)
def bounds_on_drawn_energies(run: Run) -> Finding:
    """All bounds on distances in exact fractions."""
    return property_check(
        cases(),
        broken,
        replay=broken_again,
        run=run,
        describe=lambda case: dict(zip(("energy", "f", "gamma", "alpha"), (str(case[0]), *case[1:]), strict=True)),
        detail="the bounds on distances",
    )
