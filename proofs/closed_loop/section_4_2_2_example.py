"""The example of Section 4.2.2: what 16 steps achieve at mu = 0.1, L = 10, gamma = 1, alpha = 0.1."""

from collections.abc import Sequence
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines import gram
from eqt_theory.engines.exact import Line, PiecewiseQuadratic, Twin, descent, equilibrium, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check

MU, LIPSCHITZ, GAMMA, ALPHA, STEPS = Fraction(1, 10), Fraction(10), Fraction(1), Fraction(1, 10), 16
LOW, HIGH = MU + 1 / GAMMA, LIPSCHITZ + 1 / GAMMA  # m and M
PAPER_RATE = 1 - 2 * ALPHA * MU / (1 + LIPSCHITZ / MU)
RATE, BEST_RATE = max(abs(1 - ALPHA * LOW), abs(1 - ALPHA * HIGH)), (HIGH - LOW) / (HIGH + LOW)

claim = Claim(
    id="section-4.2.2-example",
    title="the numerical example",
    source="Section 4.2.2, after Theorem 2",
    statement=(
        "At mu = 0.1, L = 10, gamma = 1, alpha = 0.1: rho is about 0.8, rho^16 about 0.028, and 16 steps reduce the "
        "error about 35 times."
    ),
    readings=(
        Reading(
            "rho of Eq. 26",
            "rho = 1 - 2 alpha mu/(1 + L/mu), the only rho that the theorem defines: 0.75 <= rho <= 0.85, 0.0275 <= "
            "rho^16 <= 0.0285 and 34 <= rho^-16 <= 36.",
        ),
        Reading(
            "true rate",
            "Whatever the theorem says: for every energy with curvature in [mu, L] and every proposal 16 steps reduce "
            "the distance to the equilibrium 34 times at least.",
        ),
        Reading(
            "best step",
            "The same with the best step size for these constants, 2/(m + M) = 20/121, in place of 0.1.",
        ),
    ),
    repair="section-4.2.2-example-repaired",
    remark=(
        "Eq. 26 gives rho = 5049/5050, so that 16 steps would reduce the error by 0.3 %. The tight factor is 0.89, and "
        "16 steps reduce it 6.45 times; with the best step size the factor is 9/11 and 16 steps reduce it 24.8 times. "
        "0.8^16 = 0.028 is right arithmetic on a rate that these constants do not give."
    ),
)

mu, L, g, alpha = sp.symbols("mu L g alpha", positive=True)
constants = [sp.Eq(mu, sp.Rational(1, 10)), sp.Eq(L, 10), sp.Eq(g, 1)]
rho = sp.Symbol("rho", real=True)
reduced = [sp.Rational(275, 10000) <= rho**STEPS, rho**STEPS <= sp.Rational(285, 10000)]


@claim.shows("the numbers of the example", reading="rho of Eq. 26", quick=False)
def rate_of_the_theorem() -> Finding:
    """Eq. 26 at the numbers of the example."""
    return prove(
        [*constants, sp.Eq(alpha, sp.Rational(1, 10)), sp.Eq(rho, 1 - 2 * alpha * mu / (1 + L / mu))],
        [sp.Rational(3, 4) <= rho, rho <= sp.Rational(17, 20), *reduced, rho**-STEPS >= 34, rho**-STEPS <= 36],
        detail="rho is about 0.8",
    )


@claim.shows("energies c h^2/2 with 0.1 <= c <= 10; every proposal", reading="true rate")
def reduction_on_quadratics() -> Finding:
    """On a quadratic the error is multiplied by 1 - alpha (c + g) in every step."""
    c = sp.Symbol("c", positive=True)
    return prove(
        [*constants, mu <= c, c <= L, sp.Eq(rho, 1 - (c + g) / 10)],
        34 * rho**STEPS <= 1,
        detail="16 steps reduce the error 34 times",
    )


@claim.draws(
    "16 steps of the example on mu h^2/2, where the tight guarantee is attained in every step: the error falls 6.45 "
    "times. At the factor 0.8 it would fall 35 times."
)
def sixteen_steps() -> object:
    import torch

    from eqt_theory import GradientDescent, Objective, Quadratic, solve
    from eqt_theory.report.plots import convergence

    one = torch.ones(1, dtype=torch.float64)
    objective, solver = Objective(Quadratic(float(MU) * one[None]), one, float(GAMMA)), GradientDescent(float(ALPHA))
    run = solve(objective, solver, max_steps=STEPS, record=True)
    star, said = one / float(GAMMA * LOW), {"0.8 per step, as Sec. 4.2.2 says": 0.8}
    return convergence(run, solver.guarantee(float(LOW), float(HIGH)), h_star=star, claimed=said, title="Sixteen steps")


@claim.shows("energies c h^2/2 with 0.1 <= c <= 10; every proposal", reading="best step", quick=False)
def reduction_on_quadratics_with_the_best_step() -> Finding:
    """The same at alpha = 2/(m + M)."""
    c = sp.Symbol("c", positive=True)
    return prove(
        [*constants, mu <= c, c <= L, sp.Eq(alpha, 2 / (mu + L + 2 * g)), sp.Eq(rho, 1 - alpha * (c + g))],
        34 * rho**STEPS <= 1,
        detail="16 steps at the best step size reduce the error 34 times",
    )


Case = tuple[PiecewiseQuadratic, Fraction]
"""Energy and proposal."""


def reduced_on_drawn(run: Run, factor: Fraction, step: Fraction) -> Finding:
    """Whether 16 steps reduce the error by `factor` on drawn energies."""

    def kept(case: Case) -> bool | None:
        energy, proposal = case
        star, states = equilibrium(energy, proposal, GAMMA), descent(energy, proposal, GAMMA, step, STEPS)
        return None if star == proposal else factor * abs(states[-1] - star) > abs(proposal - star)

    def again(case: Case) -> Replay:
        energy, proposal = case
        twin, star = Twin(energy, proposal, GAMMA), equilibrium(energy, proposal, GAMMA)
        left = abs(twin.descent(step, STEPS)[-1] - star)
        return exact_replay(
            [
                ("curvature >= 0.1", energy.mu, ">=", MU),
                ("curvature <= 10", energy.L, "<=", LIPSCHITZ),
                ("Phi'(h*) = 0", twin.slope(star), "=", 0),
                ("h_0 is not h*", proposal, "!=", star),
            ],
            [(f"{float(factor):.4g} |h_16 - h*| <= |h_0 - h*|", factor * left, "<=", abs(proposal - star))],
        )

    return property_check(
        st.tuples(piecewise_quadratics(MU, LIPSCHITZ), rationals(-3, 3)),
        kept,
        replay=again,
        run=run,
        examples=run.examples * (1 if step == ALPHA else 3),  # at the best one only extreme curvatures are slow
        describe=lambda case: {"energy": str(case[0]), "f": case[1]},
        detail=f"16 steps reduce the error {float(factor):.4g} times",
    )


@claim.samples("drawn energies with curvature in [0.1, 10], up to three pieces", reading="true rate", quick=False)
def reduction_on_drawn_energies(run: Run) -> Finding:
    """Exact trajectories at alpha = 0.1."""
    return reduced_on_drawn(run, Fraction(34), ALPHA)


@claim.samples("drawn energies with curvature in [0.1, 10], up to three pieces", reading="best step", quick=False)
def reduction_on_drawn_energies_with_the_best_step(run: Run) -> Finding:
    """Exact trajectories at alpha = 20/121."""
    return reduced_on_drawn(run, Fraction(34), 2 / (LOW + HIGH))


repaired = Claim(
    id="section-4.2.2-example-repaired",
    title="the example with the right numbers",
    source="corrects the example of Section 4.2.2",
    statement=(
        "At mu = 0.1, L = 10, gamma = 1, alpha = 0.1: Eq. 26 gives rho = 5049/5050 and rho^16 = 0.99684. The tight "
        "factor is 0.89 and 0.89^16 = 0.15497, so that 16 steps reduce the error 6.45 times, for every energy of the "
        "class, and no more on 0.05 h^2. The best step size 20/121 has the factor 9/11 = 0.8182, and 16 steps reduce "
        "the error 24.80 times; no step size makes the factor 0.8."
    ),
    readings=(
        Reading(
            "stated",
            "Every energy with curvature in [0.1, 10], every dimension and proposal; the decimals are rounded.",
            parts=("Eq. 26", "every energy", "0.05 h^2", "16 steps", "best step", "no step size"),
        ),
    ),
)


def certified(lines: Sequence[Line], detail: str, values: dict[str, Fraction]) -> Finding:
    """CERTIFIED when every relation between exact numbers holds, REFUTED when one fails."""
    again = exact_replay([], lines)
    if again.confirms:
        return Finding(Verdict.REFUTED, Method.EXACT, f"{detail}: fails", witness=values, replay=again)
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=values)


def rounds_to(text: str, value: Fraction) -> list[Line]:
    """That a value rounds to the decimal number written."""
    half = Fraction(1, 2 * 10 ** len(text.partition(".")[2]))
    return [
        (f"value >= {text} - {half}", value, ">=", Fraction(text) - half),
        (f"value < {text} + {half}", value, "<", Fraction(text) + half),
    ]


@repaired.shows("the numbers of the example", part="Eq. 26")
def rate_of_the_theorem_exactly() -> Finding:
    """5049/5050 and its 16th power."""
    return certified(
        [("rho", PAPER_RATE, "=", Fraction(5049, 5050)), *rounds_to("0.99684", PAPER_RATE**STEPS)],
        "rho = 5049/5050, rho^16 = 0.99684",
        {"rho": PAPER_RATE, "rho^16": PAPER_RATE**STEPS},
    )


@repaired.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@repaired.shows("every energy of the class, every dimension", part="every energy", uses=lemma_interpolation)
def one_step_contracts_by_the_tight_factor() -> Finding:
    """|h+ - h*| <= 0.89 |h - h*|, and 9/11 at the best step size."""
    d, D = Space(("d", "D")).vectors
    low, high, step, rate = (sp.Rational(v) for v in (LOW, HIGH, ALPHA, RATE))
    best_step, best_rate = 2 / (low + high), sp.Rational(BEST_RATE)
    return prove(
        [d.norm2 > 0, *d.space.positive_semidefinite, SmoothClass(low, high).gradients(d, D)],
        [
            gradient_step(d, D, step).norm2 <= rate**2 * d.norm2,
            gradient_step(d, D, best_step).norm2 <= best_rate**2 * d.norm2,
        ],
        detail=f"one step shrinks the distance by {RATE} at least, with the best step size by {BEST_RATE}",
    )


@repaired.shows("energy = 0.05 h^2, f = 1", part="0.05 h^2")
def slowest_energy() -> Finding:
    """The trajectory of 16 steps, in fractions."""
    energy = PiecewiseQuadratic.quadratic(MU)
    star, states = equilibrium(energy, 1, GAMMA), descent(energy, 1, GAMMA, ALPHA, STEPS)
    left = (states[-1] - star) / (states[0] - star)
    return certified(
        [("|h_16 - h*|/|h_0 - h*|", left, "=", RATE**STEPS)], "on 0.05 h^2 0.89^16 of the error is left", {"left": left}
    )


@repaired.shows("the numbers of the example", part="16 steps")
def reduction_in_16_steps() -> Finding:
    """0.89^16 and its inverse."""
    left = RATE**STEPS
    return certified(
        [("tight factor", RATE, "=", Fraction(89, 100)), *rounds_to("0.15497", left), *rounds_to("6.45", 1 / left)],
        "0.89^16 = 0.15497, a reduction of 6.45 times",
        {"0.89^16": left},
    )


@repaired.shows("the constants of the example", part="best step")
def reduction_with_the_best_step() -> Finding:
    """(M - m)/(M + m) and its 16th power."""
    left = BEST_RATE**STEPS
    return certified(
        [
            ("2/(m + M)", 2 / (LOW + HIGH), "=", Fraction(20, 121)),
            ("(M - m)/(M + m)", BEST_RATE, "=", Fraction(9, 11)),
            *rounds_to("0.8182", BEST_RATE),
            *rounds_to("24.80", 1 / left),
        ],
        "the best step size 20/121 has the factor 9/11, a reduction of 24.80 times in 16 steps",
        {"factor": BEST_RATE, "(9/11)^16": left},
    )


@repaired.shows("every alpha; energies mu h^2/2 and L h^2/2", part="no step size")
def sharpness_no_step_size_is_better() -> Finding:
    """No alpha has a smaller factor than 9/11."""
    larger = sp.Max(sp.Abs(1 - alpha * sp.Rational(LOW)), sp.Abs(1 - alpha * sp.Rational(HIGH)))
    return prove([], larger >= sp.Rational(BEST_RATE), detail="the factor is at least 9/11 for every step size")


@repaired.samples("drawn energies with curvature in [0.1, 10], up to three pieces", part=WHOLE, quick=False)
def reduction_on_drawn_energies_exactly(run: Run) -> Finding:
    """At least 1/0.89^16 times."""
    return reduced_on_drawn(run, RATE**-STEPS, ALPHA)
