"""Proposition 9.5: which limit of gamma is pure energy minimisation."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

mu, g, gamma = sp.symbols("mu g gamma", positive=True)
f, u, h = sp.symbols("f u h", real=True)

claim = Claim(
    id="proposition-9.5",
    title="energy-based model as gamma -> 0",
    source="Proposition 9, item 5",
    statement=(
        "An energy-based model, which minimises its energy alone, is the limit gamma -> 0 of an equilibrium "
        "transformer."
    ),
    readings=(
        Reading(
            "stated",
            "For every strongly convex energy with minimiser u, and every proposal f: the equilibrium comes no "
            "farther from u as gamma falls, and tends to u as gamma -> 0.",
            parts=("nearer", "limit"),
        ),
        Reading(
            "energies",
            "For every energy with a minimum: the energy of the equilibrium does not grow as gamma falls.",
        ),
    ),
    repair="proposition-9.5-repaired",
    remark=(
        "Sec. 4.1.1 calls the same limit a standard transformer, and item 2 takes gamma -> inf for minimising an "
        "energy."
    ),
)


def stationary(energy: sp.Expr, damping: sp.Expr) -> sp.Expr:
    """The one stationary point of energy + (h - f)^2/(2 gamma), for a strongly convex quadratic."""
    (star,) = sp.solve(sp.diff(energy + (h - f) ** 2 / (2 * damping), h), h)
    return sp.factor(star)


quadratic = mu * (h - u) ** 2 / 2


@claim.shows("the energies mu (h - u)^2/2, all proposals and all gamma", part="nearer", quick=False)
def smaller_gamma_is_nearer() -> Finding:
    """The distance to the minimiser as gamma falls."""
    smaller = sp.Symbol("smaller_gamma", positive=True)
    at_smaller, at_gamma = stationary(quadratic, smaller), stationary(quadratic, gamma)
    return prove(
        [smaller < gamma],
        (at_smaller - u) ** 2 <= (at_gamma - u) ** 2,
        detail="on mu (h - u)^2/2 the equilibrium comes no farther from u as gamma falls",
    )


@claim.shows("the energies mu (h - u)^2/2, all proposals", part="limit", quick=False)
def limit_is_the_minimiser() -> Finding:
    """The limit of the equilibrium as gamma -> 0."""
    limit = sp.limit(stationary(quadratic, gamma), gamma, 0, "+")
    return derive(
        [("on mu (h - u)^2/2 the limit of the equilibrium as gamma -> 0 is the minimiser u", limit, u)],
        "gamma -> 0 is pure energy minimisation",
    )


@claim.shows("the energies mu (h - u)^2/2, all proposals and all gamma", reading="energies", quick=False)
def smaller_gamma_has_less_energy() -> Finding:
    """The energy of the equilibrium as gamma falls."""
    smaller = sp.Symbol("smaller_gamma", positive=True)
    at_smaller, at_gamma = (quadratic.subs(h, stationary(quadratic, damping)) for damping in (smaller, gamma))
    return prove(
        [smaller < gamma], at_smaller <= at_gamma, detail="the energy of the equilibrium does not grow as gamma falls"
    )


Drawn = tuple[PiecewiseQuadratic, Fraction, Fraction]
drawn_energies = st.tuples(piecewise_quadratics(Fraction(1, 4), 4), rationals(-2, 2), rationals(Fraction(1, 4), 4))


def _distances(case: Drawn) -> tuple[Fraction, Fraction]:
    """|h* - u| at gamma/2 and at gamma."""
    energy, proposal, damping = case
    (lowest,) = energy.minimisers()
    half, full = (equilibrium(energy, proposal, damping / share) - lowest for share in (2, 1))
    return abs(half), abs(full)


def _nearer(case: Drawn) -> Replay:
    energy, proposal, damping = case
    (lowest,), twin = energy.minimisers(), energy.symbolic(h)
    lines = [("the least curvature > 0", energy.mu, ">", 0), ("energy'(u) = 0", energy.derivative(lowest), "=", 0)]
    for name, at_gamma in (("gamma/2", damping / 2), ("gamma", damping)):
        star = equilibrium(energy, proposal, at_gamma)
        slope = Fraction(str(sp.diff(twin, h).subs(h, sp.sympify(star)))) + (star - proposal) / at_gamma
        lines.append((f"Phi'(h*) = 0 at {name}", slope, "=", 0))
    half, full = _distances(case)
    return exact_replay(lines, [("|h* - u| at gamma/2 <= |h* - u| at gamma", half, "<=", full)])


@claim.samples("energies drawn from the class, not quadratic; exact equilibria", part="nearer", quick=False)
def smaller_gamma_is_nearer_on_drawn_energies(run: Run) -> Finding:
    """Gamma against half of it."""
    return property_check(
        drawn_energies,
        lambda case: _distances(case)[0] > _distances(case)[1],
        replay=_nearer,
        run=run,
        describe=lambda case: dict(zip(("energy", "f", "gamma"), case, strict=True)),
        detail="half of gamma brings the equilibrium no farther from u",
    )


repaired = Claim(
    id="proposition-9.5-repaired",
    title="energy-based model as gamma -> inf",
    source="corrects Proposition 9, item 5",
    statement=(
        "Pure energy minimisation is gamma -> inf. For a mu-strongly convex energy with minimiser u, |h*_gamma - u| "
        "<= |f - u|/(1 + gamma mu), attained by mu |h - u|^2/2. For every energy and every u, energy(h*_gamma) - "
        "energy(u) <= |f - u|^2/(2 gamma), and half of that if the energy is convex; both constants are best "
        "possible. The energy of the equilibrium never grows with gamma. As gamma -> 0, h*_gamma -> f: |h*_gamma - "
        "f|^2 <= 2 gamma (energy(f) - inf energy)."
    ),
    readings=(
        Reading(
            "stated",
            "On R^d, every d, every proposal and every gamma > 0 for which an equilibrium exists.",
            parts=(
                "strongly convex",
                "strongly convex, tight",
                "any energy",
                "any energy, tight",
                "convex",
                "convex, tight",
                "energy falls",
                "gamma -> 0",
            ),
        ),
    ),
)

space = Space(("d", "e"))
d, e = space.vectors  # d = h* - u, e = f - u, so that h* - f = d - e
gap = sp.Symbol("gap", real=True)  # energy(h*) - energy(u)


@repaired.shows("every mu-strongly convex energy, every dimension", part="strongly convex")
def distance_to_minimiser() -> Finding:
    """<grad energy(h*), h* - u> >= mu |h* - u|^2, with grad energy(h*) = (f - h*)/gamma."""
    return prove(
        [*space.positive_semidefinite, ((e - d) / gamma) @ d >= mu * d.norm2],
        (1 + gamma * mu) ** 2 * d.norm2 <= e.norm2,
        detail="|h* - u| <= |f - u|/(1 + gamma mu), which tends to 0 as gamma -> inf",
    )


@repaired.shows("the energies mu (h - u)^2/2, all proposals and gamma", part="strongly convex, tight")
def sharpness_distance_is_attained() -> Finding:
    """Equality on a quadratic; the limits at both ends."""
    star = stationary(quadratic, gamma)
    return derive(
        [
            ("on mu (h - u)^2/2: h* - u = (f - u)/(1 + gamma mu)", star - u, (f - u) / (1 + gamma * mu)),
            ("its limit as gamma -> inf is u", sp.limit(star, gamma, sp.oo), u),
            ("its limit as gamma -> 0 is f", sp.limit(star, gamma, 0, "+"), f),
        ],
        "the bound is attained by a quadratic for every gamma",
    )


@repaired.shows("every energy with an equilibrium, every point u, every dimension", part="any energy")
def gap_of_any_energy() -> Finding:
    """Phi(h*) <= Phi(u)."""
    return prove(
        [*space.positive_semidefinite, gap + (d - e).norm2 / (2 * gamma) <= e.norm2 / (2 * gamma)],
        gap <= e.norm2 / (2 * gamma),
        detail="energy(h*) - energy(u) <= |f - u|^2/(2 gamma)",
    )


@repaired.shows("all gamma and all |f - u| = r; one dimension", part="any energy, tight", quick=False)
def sharpness_gap_of_any_energy() -> Finding:
    """With energy = max(0, r^2 - (h - f)^2)/(2 gamma): f is an equilibrium, f + r a minimiser of the energy."""
    r = sp.Symbol("r", positive=True)

    def energy(at: sp.Expr) -> sp.Expr:
        return sp.Max(0, r**2 - (at - f) ** 2) / (2 * gamma)

    return prove(
        [sp.Eq(u, f + r)],
        [
            energy(h) + (h - f) ** 2 / (2 * gamma) >= energy(f),
            energy(h) >= energy(u),
            sp.Eq(energy(f) - energy(u), (f - u) ** 2 / (2 * gamma)),
        ],
        detail="on max(0, r^2 - (h - f)^2)/(2 gamma) the proposal is an equilibrium and its gap is r^2/(2 gamma)",
    )


@repaired.shows("every convex energy, every point u, every dimension", part="convex")
def gap_of_a_convex_energy() -> Finding:
    """The tangent at h*, whose slope is (f - h*)/gamma, lies below the energy at u."""
    return prove(
        [*space.positive_semidefinite, gap <= ((e - d) / gamma) @ d],
        gap <= e.norm2 / (4 * gamma),
        detail="energy(h*) - energy(u) <= |f - u|^2/(4 gamma)",
    )


@repaired.shows("all gamma and all |f - u| = 2 r; one dimension", part="convex, tight", quick=False)
def sharpness_gap_of_a_convex_energy() -> Finding:
    """With energy = (r/gamma) |h|, f = 2 r: h* = r, u = 0."""
    r = sp.Symbol("r", positive=True)

    def energy(at: sp.Expr) -> sp.Expr:
        return r / gamma * sp.Abs(at)

    def phi(at: sp.Expr) -> sp.Expr:
        return energy(at) + (at - 2 * r) ** 2 / (2 * gamma)

    return prove(
        [sp.Eq(u, 0)],
        [phi(h) >= phi(r), energy(h) >= energy(u), sp.Eq(energy(r) - energy(u), (2 * r - u) ** 2 / (4 * gamma))],
        detail="on (r/gamma) |h| with f = 2 r the gap is |f - u|^2/(4 gamma)",
    )


@repaired.shows("every energy and every proposal, through values at two equilibria", part="energy falls")
def larger_gamma_has_less_energy() -> Finding:
    """Each equilibrium is no worse for its own objective than the other one."""
    larger = sp.Symbol("larger_gamma", positive=True)
    e_larger, e_gamma = sp.symbols("energy_larger energy_gamma", real=True)
    away_larger, away_gamma = sp.symbols("distance2_larger distance2_gamma", nonnegative=True)
    return prove(
        [
            gamma < larger,
            e_larger + away_larger / (2 * larger) <= e_gamma + away_gamma / (2 * larger),
            e_gamma + away_gamma / (2 * gamma) <= e_larger + away_larger / (2 * gamma),
        ],
        [e_larger <= e_gamma, away_larger >= away_gamma],
        detail="the energy of the equilibrium does not grow, and |h* - f| does not fall, as gamma grows",
    )


@repaired.shows("every energy bounded below, every dimension", part="gamma -> 0")
def small_gamma_stays_at_the_proposal() -> Finding:
    """Phi(h*) <= Phi(f), and energy(h*) >= inf energy."""
    at_star, at_f, lowest, away = sp.symbols("energy_star energy_f inf_energy distance2", real=True)
    return prove(
        [away >= 0, lowest <= at_star, at_star + away / (2 * gamma) <= at_f],
        away <= 2 * gamma * (at_f - lowest),
        detail="|h* - f|^2 <= 2 gamma (energy(f) - inf energy), which tends to 0 with gamma",
    )


@repaired.samples("energies drawn from the class, not quadratic; exact equilibria", part="strongly convex", quick=False)
def distance_on_drawn_energies(run: Run) -> Finding:
    """The rate, with mu the least curvature that occurs, and the gap of a convex energy."""

    def slacks(case: Drawn) -> tuple[Fraction, Fraction]:
        energy, proposal, damping = case
        (lowest,) = energy.minimisers()
        star = equilibrium(energy, proposal, damping)
        away = abs(proposal - lowest)
        lost = energy.value(star) - energy.value(lowest)
        return away / (1 + damping * energy.mu) - abs(star - lowest), away**2 / (4 * damping) - lost

    def again(case: Drawn) -> Replay:
        rate, loss = slacks(case)
        return exact_replay([], [("slack of the rate", rate, ">=", 0), ("slack of the gap", loss, ">=", 0)])

    return property_check(
        drawn_energies, lambda case: min(slacks(case)) < 0, replay=again, run=run, detail="the rate and the gap"
    )
