"""Corollary 5: the expected number of steps under the stopping rule; an upper bound, not an equality."""

from itertools import product

import sympy as sp

from eqt_theory import Claim, Finding, Method, Reading, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.evidence.gram import SmoothClass, Space, gradient_step
from eqt_theory.evidence.symbolic import derive

g, alpha, tau, a = sp.symbols("g alpha tau a", positive=True)  # g = 1/gamma
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


@claim.shows("energies a h^2/2, f = gamma = 1, K_max = 3, alpha in the range of Eq. 25")
def count_of_visits_on_quadratics() -> Finding:
    """Eq. 37 where every term is known in closed form."""
    energies = [e.subs({f: 1, g: 1}) for e in energies_on_quadratics(3)]
    return prove(
        [alpha < 2 / (a + a + 1)],
        sp.Eq(stopping_time(energies, 3), visits(energies, 3)),
        detail="Eq. 37 for K_max = 3 on quadratics",
    )


repaired = Claim(
    id="corollary-5-repaired",
    title="expected steps: a bound, and when it is exact",
    source="corrects Corollary 5",
    statement=(
        "For every sequence of energies, random or not, E[K] <= sum over k = 1..K_max of Pr(energy(h_{k-1}) >= "
        "tau), with equality exactly when almost surely the energy does not come back to tau or above within the "
        "K_max states. It never comes back if the rule watches Phi (alpha <= 2/M, convex or not) or |grad Phi| (0 < "
        "m, alpha <= 2/M): then Eq. 37 holds with them in place of the energy. If Phi(h_k) - Phi* <= rho^(2k) "
        "(Phi(f) - Phi*), as theorem-2-repaired shows, and Phi* < tau <= energy(f), then with x = ln((energy(f) - "
        "Phi*)/(tau - Phi*)) / (2 ln(1/rho)) the rule stops after at most ceil(x) steps, at least 1, watching the "
        "energy, and after at most floor(x) + 1 watching Phi."
    ),
    readings=(
        Reading(
            "stated",
            "For every sequence of numbers, every tau and every K_max; for every Phi whose gradient is M-Lipschitz.",
            parts=(
                "base",
                "bound",
                "equality",
                "patterns to K_max = 10",
                "Phi falls",
                "gradient falls",
                "falling",
                "steps",
                "steps in logarithms",
                "ceil(x) fails for Phi",
            ),
        ),
    ),
    remark=(
        "ceil(x) is too small where the rule watches Phi and x is a whole number: Phi may then equal tau after x "
        "steps, and the rule asks for less. The energy is below Phi wherever h is not f, so there ceil(x) is enough."
    ),
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


@repaired.shows("every sequence of energies, every K_max, by induction over K_max", part="equality")
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


@repaired.shows("every order of below and above for K_max up to 10, by the definitions", part="patterns to K_max = 10")
def definitions_on_all_patterns() -> Finding:
    """Eqs. 36 and 37 as they are written, on all 2046 patterns: only the comparisons with tau matter."""
    count = equal = 0
    for limit in range(1, 11):
        for above in product((True, False), repeat=limit):
            steps = min(k for k in range(limit + 1) if k == limit or not above[k])
            visited = sum(above[k - 1] for k in range(1, limit + 1))
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


@repaired.shows("every Phi with M-Lipschitz gradient, convex or not, every dimension, alpha <= 2/M", part="Phi falls")
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


@repaired.shows("every Phi of the class (m, M), 0 < m, every dimension, alpha <= 2/M", part="gradient falls")
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


@repaired.shows("every energy and trajectory with this decay of Phi, every K_max", part="steps")
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


@repaired.shows("every 0 < rho < 1 and 0 < T <= G", part="steps in logarithms")
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


@repaired.shows("Phi = h^2 with gamma = 1, f = 1, alpha = 1/4: x is a whole number", part="ceil(x) fails for Phi")
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
