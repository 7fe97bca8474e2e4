"""Corollary 5: the expected number of steps under the stopping rule; an upper bound, not an equality."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.engines import gram
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals, shares
from eqt_theory.engines.gram import SmoothClass, Space, gradient_step
from eqt_theory.engines.property import property_check

g, alpha, a = sp.symbols("g alpha a", positive=True)  # g = 1/gamma
tau = sp.Symbol("tau", real=True)
f = sp.Symbol("f", real=True)

claim = Claim(
    id="corollary-5",
    title="expected steps of the stopping rule",
    source="Corollary 5, Eqs. 36 and 37",
    statement=(
        "With K = min{k : energy(h_k) < tau or k = K_max} the expected number of steps is E[K] = sum over k = "
        "1..K_max of Pr(energy(h_{k-1}) >= tau)."
    ),
    readings=(
        Reading(
            "stated",
            "For every energy, proposal, damping and threshold, every K_max and every step size for which refinement "
            "converges. A deterministic proposal is a case: then K equals the number of k <= K_max with "
            "energy(h_{k-1}) >= tau.",
        ),
    ),
    repair="corollary-5-repaired",
    remark=(
        "The sum counts every visit at or above tau, K only those before the first one below. The energy, unlike "
        "Phi, can rise along the iteration, so the two differ. With energy = h^2/2, f = gamma = 1, alpha = 0.6 the "
        "energies are 0.5, 0.08, 0.1352; with tau = 0.1 and K_max = 3 the rule stops after 1 step and the sum is 2."
    ),
)


def stopping_time(energies: list[sp.Expr], limit: int) -> sp.Expr:
    """K of Eq. 36 from the energies of h_0, ..., h_{limit-1}."""
    return sp.Piecewise(*((sp.Integer(k), e < tau) for k, e in enumerate(energies[:limit])), (sp.Integer(limit), True))


def visits(energies: list[sp.Expr], limit: int) -> sp.Expr:
    """The right side of Eq. 37 where all is deterministic."""
    return sp.Add(*(sp.Piecewise((sp.Integer(1), e >= tau), (sp.Integer(0), True)) for e in energies[:limit]))


def energies_on_quadratics(count: int) -> list[sp.Expr]:
    """Energies a h^2/2 along gradient descent on Phi from h_0 = f."""
    h, found = f, []
    for _ in range(count):
        found.append(a * h**2 / 2)
        h = sp.expand(h - alpha * (a * h + g * (h - f)))
    return found


@claim.shows("energies a h^2/2, f = gamma = 1, K_max = 3, alpha in the range of Eq. 25", quick=False)
def count_of_visits_on_quadratics() -> Finding:
    """Eq. 37 where every term is known in closed form."""
    energies = list(sp.symbols("e0:3", real=True))
    given = [sp.Eq(e, form.subs({f: 1, g: 1})) for e, form in zip(energies, energies_on_quadratics(3), strict=True)]
    return prove(
        [alpha < 2 / (a + a + 1), *given],
        sp.Eq(stopping_time(energies, 3), visits(energies, 3)),
        detail="Eq. 37 for K_max = 3 on quadratics",
    )


Case = tuple[PiecewiseQuadratic, Fraction, Fraction, Fraction, int, int]
"""Energy, proposal, gamma, step size, K_max, and the index of the state whose energy is tau."""


def cases() -> SearchStrategy[Case]:
    """Energies of Assumption 4.2 with a step size in the range of Eq. 25."""
    drawn = st.tuples(
        piecewise_quadratics(Fraction(1, 2), 4, pieces=2), rationals(-3, 3), st.sampled_from([Fraction(1), Fraction(4)])
    )

    def complete(case: tuple[PiecewiseQuadratic, Fraction, Fraction]) -> SearchStrategy[Case]:
        energy, proposal, gamma = case
        limit = 2 / (energy.mu + energy.L + 1 / gamma)
        steps = shares().map(lambda share: share * limit)
        return st.tuples(*map(st.just, case), steps, st.integers(2, 5), st.integers(0, 4))

    return drawn.flatmap(complete)


def counts(values: Sequence[Fraction], threshold: Fraction, limit: int) -> tuple[int, int]:
    """K of Eq. 36 and the number of visits that Eq. 37 counts."""
    steps = next((k for k in range(limit) if values[k] < threshold), limit)
    return steps, sum(v >= threshold for v in values[:limit])


def miscounts(case: Case) -> bool:
    energy, proposal, gamma, step, limit, index = case
    values = [energy.value(h) for h in descent(energy, proposal, gamma, step, 5)]
    steps, visited = counts(values, values[index], limit)
    return steps != visited


def miscounts_again(case: Case) -> Replay:
    """The states and energies once more, from the symbolic form of the energy."""
    energy, proposal, gamma, step, limit, index = case
    h = sp.Symbol("h", real=True)
    form = energy.symbolic(h)
    state, values = sp.Rational(str(proposal)), []
    for _ in range(6):
        values.append(form.subs(h, state))
        pull = (state - sp.Rational(str(proposal))) / sp.Rational(str(gamma))
        state -= sp.Rational(str(step)) * (sp.diff(form, h).subs(h, state) + pull)
    energies = [Fraction(int(v.p), int(v.q)) for v in values]
    above = [e >= energies[index] for e in energies[:limit]]
    steps = min(k for k in range(limit + 1) if k == limit or not above[k])
    bound = step * (energy.mu + energy.L + 1 / gamma)
    return exact_replay(
        [("mu > 0", energy.mu, ">", 0), ("Eq. 25", bound, "<", 2)], [("K = visits", steps, "=", sum(above))]
    )


@claim.samples(
    "drawn energies with curvature in [1/2, 4], up to two pieces, alpha in the range of Eq. 25, K_max up to 5",
    quick=False,
)
def count_of_visits_on_drawn_energies(run: Run) -> Finding:
    """Deterministic proposals; tau is the energy of one of the states."""
    return property_check(
        cases(),
        miscounts,
        replay=miscounts_again,
        run=run,
        examples=max(run.examples, 300),
        describe=lambda c: {
            "energy": str(c[0]),
            "f": c[1],
            "gamma": c[2],
            "alpha": c[3],
            "K_max": c[4],
            "tau at": c[5],
        },
        detail="K is the number of visits at or above tau",
    )


repaired = Claim(
    id="corollary-5-repaired",
    rocq=["corollary_5_bound", "corollary_5_equality", "falling_sequences_do_not_come_back", "objective_never_rises"],
    title="expected steps: a bound, and when it is exact",
    source="corrects Corollary 5",
    statement=(
        "For every sequence of energies, random or not, E[K] <= sum over k = 1..K_max of Pr(energy(h_{k-1}) >= "
        "tau), with equality exactly when almost surely the energy does not come back to tau or above within the "
        "K_max states. It never comes back if the rule watches Phi (alpha <= 2/M, convex or not) or |grad Phi| (0 < "
        "m, alpha <= 2/M): then Eq. 37 holds with them in place of the energy."
    ),
    readings=(
        Reading(
            "stated",
            "For every sequence of numbers, every tau and every K_max; for every Phi whose gradient is M-Lipschitz.",
            parts=("base", "bound", "equality", "Phi falls", "gradient falls", "falling"),
        ),
    ),
    remark="A bound on K from the rate of convergence is in corollary-5-steps.",
)

n, K, N, back = sp.symbols("n K N back", real=True)
alive = sp.Symbol("alive", real=True)
energy, previous = sp.symbols("energy previous", real=True)


def invariant(
    n: sp.Expr,
    K: sp.Expr,
    N: sp.Expr,
    back: sp.Expr,
    alive: sp.Expr,
) -> list[sp.Basic]:
    """After n energies: K(n) of Eq. 36, N visits at or above tau, `back` of them after the first one below."""
    return [
        sp.Or(sp.Eq(alive, 0), sp.Eq(alive, 1)),
        sp.Implies(sp.Eq(alive, 1), sp.And(sp.Eq(K, n), sp.Eq(back, 0))),
        sp.Implies(sp.Eq(alive, 0), n >= K),
        sp.Eq(N, K + back),
        back >= 0,
    ]


def after(energy: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr, sp.Expr]:
    """The same with one more energy: K grows while none was below, the visits wherever it is not below."""
    above = energy >= tau
    one, zero = sp.Integer(1), sp.Integer(0)
    goes_on = sp.Piecewise((alive, above), (zero, True))
    return (
        n + 1,
        K + goes_on,
        N + sp.Piecewise((one, above), (zero, True)),
        back + sp.Piecewise((1 - alive, above), (zero, True)),
        goes_on,
    )


@repaired.shows("K_max = 0, the base of the induction", part="base")
def nothing_counted_at_first() -> Finding:
    """Before any energy K = N = 0 and none was below."""
    first = [sp.Eq(n, 0), sp.Eq(K, 0), sp.Eq(N, 0), sp.Eq(back, 0), sp.Eq(alive, 1)]
    return prove(first, invariant(n, K, N, back, alive), detail="the counts begin in order")


@repaired.shows("every sequence of energies, every K_max, by induction over K_max", part="bound")
def steps_are_at_most_the_visits() -> Finding:
    """K <= N for every realisation; taking expectations gives E[K] <= sum of Pr."""
    later = after(energy)
    return prove(
        [n >= 0, *invariant(n, K, N, back, alive)],
        [*invariant(*later), later[1] <= later[2]],
        detail="K = N - (visits at or above tau after the first energy below it), so K <= N and E[K] <= sum of Pr",
    )


@repaired.shows(
    "every sequence of energies, every K_max, by induction over K_max",
    part="equality",
    cites="a variable >= 0 of mean 0 is 0 almost surely",
)
def equality_without_a_way_back() -> Finding:
    """K = N if and only if `back` = 0, and `back` grows exactly when the energy is at tau again after being below."""
    later = after(energy)
    return prove(
        [n >= 0, *invariant(n, K, N, back, alive)],
        [
            sp.Equivalent(sp.Eq(later[1], later[2]), sp.Eq(later[3], 0)),
            sp.Equivalent(later[3] > back, sp.And(sp.Eq(alive, 0), energy >= tau)),
        ],
        detail="K = N exactly where the energy never comes back to tau or above after it was below",
    )


@repaired.samples("every order of below and above for K_max up to 10, by the definitions", part=WHOLE)
def definitions_on_all_patterns() -> Finding:
    """Eqs. 36 and 37 as they are written, on all 2046 patterns: only the comparisons with tau matter."""
    count = equal = 0
    for limit in range(1, 11):
        for above in product((True, False), repeat=limit):
            steps = min(k for k in range(limit + 1) if k == limit or not above[k])
            visited = sum(above)
            first = above.index(False) if False in above else limit
            comes_back = any(above[first:])
            if steps > visited or (steps == visited) == comes_back:
                line = ReplayLine("K <= N, equal exactly without a way back", False, f"K = {steps}, N = {visited}")
                replay = Replay(Arithmetic.EXACT, (), (line,))
                return Finding(
                    Verdict.REFUTED, Method.EXACT, "fails", witness={"at or above tau": above}, replay=replay
                )
            count, equal = count + 1, equal + (steps == visited)
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"K <= N on all {count} patterns of up to ten comparisons, with equality on the {equal} that do not come back",
        enclosures={"patterns": count, "with equality": equal},
        examples=count,
    )


@repaired.shows("every Phi with M-Lipschitz gradient, every dimension", part="Phi falls", cites="the descent lemma")
def objective_never_rises() -> Finding:
    """The descent lemma: Phi(h+) <= Phi(h) + <grad, h+ - h> + M |h+ - h|^2 / 2."""
    M, squared, here, there = (
        sp.Symbol("M", positive=True),
        sp.Symbol("s", nonnegative=True),
        *sp.symbols("p q", real=True),
    )
    return prove(
        [alpha <= 2 / M, there <= here - alpha * squared + M * alpha**2 * squared / 2],
        there <= here,
        detail="Phi does not rise for alpha <= 2/M",
    )


@repaired.lemma("every function of the class, lower curvature below upper", cites="convexity and the descent lemma")
def lemma_interpolation() -> Finding:
    """The inequality of the class follows from its definition."""
    return gram.interpolation()


@repaired.shows(
    "every Phi of the class (m, M), 0 < m, every dimension, alpha <= 2/M",
    part="gradient falls",
    quick=False,
    uses=lemma_interpolation,
)
def gradient_never_grows() -> Finding:
    """|grad Phi(h+)| <= |grad Phi(h)|: the pair h, h+ has d = alpha grad Phi(h)."""
    m, M = sp.symbols("m M", positive=True)
    d, D = Space(("d", "D")).vectors
    return prove(
        [m <= M, alpha <= 2 / M, *d.space.positive_semidefinite, SmoothClass(m, M).gradients(d, D)],
        gradient_step(d, D, alpha).norm2 <= d.norm2,
        detail="|grad Phi| does not grow for alpha <= 2/M",
    )


@repaired.shows("every sequence that never rises, every K_max, by induction", part="falling")
def falling_sequences_give_equality() -> Finding:
    """Once below tau, a sequence that never rises stays below, so `back` stays 0."""
    below = [sp.Implies(sp.Eq(alive, 0), previous < tau)]
    later = after(energy)
    return prove(
        [n >= 0, *invariant(n, K, N, back, alive), *below, energy <= previous, sp.Eq(back, 0)],
        [sp.Eq(later[3], 0), sp.Implies(sp.Eq(later[4], 0), energy < tau), sp.Eq(later[1], later[2])],
        detail="K = N for every sequence that never rises",
    )
