"""Proposition 9.2: a deep equilibrium model as minimiser of its residual; fixed points against minima."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.exact import PiecewiseQuadratic, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

g, gamma, alpha, q = sp.symbols("g gamma alpha q", positive=True)
h, f, k = sp.symbols("h f k", real=True)

claim = Claim(
    id="proposition-9.2",
    title="deep equilibrium model as residual minimiser",
    source="Proposition 9, item 2",
    statement=(
        "With energy(h) = |h - F(h)|^2 and gamma -> inf the equilibrium transformer is a deep equilibrium model: what "
        "it finds is a fixed point of F."
    ),
    readings=(
        Reading(
            "stated",
            "For every smooth F: every minimiser of the energy is a fixed point of F, and so is every local minimum, "
            "which is what the iteration finds.",
            parts=("minimisers", "what descent finds"),
        ),
        Reading(
            "a fixed point exists and the minimum is global",
            "If F has a fixed point p: the minimisers of the energy are exactly the fixed points, and the equilibria "
            "for gamma < inf have |h* - F(h*)|^2 <= |f - p|^2/(2 gamma), which tends to 0.",
            Relation.COMPLETED,
            parts=("minimisers", "limit"),
        ),
    ),
    repair="proposition-9.2-repaired",
    remark=(
        "With h - F(h) = h^3 - 3 h + 3, F has the fixed point -2.1038, yet descent from 1.3 stops at h = 1, where the "
        "residual is 1. If F contracts, nothing of that kind can happen."
    ),
)


def spurious(at: sp.Expr) -> sp.Expr:
    """The residual h^3 - 3 h + 3 of F(h) = -h^3 + 4 h - 3."""
    return at**3 - 3 * at + 3


@claim.shows("F(h) = h - k - h^2, one dimension, every k", reading="stated", part="minimisers")
def minimisers_are_fixed_points() -> Finding:
    """The energy (h^2 + k)^2 at one of its minimisers, by comparison with every other state x."""
    x = sp.Symbol("x", real=True)
    best = sp.Piecewise((0, k >= 0), (sp.sqrt(sp.Max(-k, 0)), True))
    return prove(
        [sp.Eq(h, best)],
        [(h**2 + k) ** 2 <= (x**2 + k) ** 2, sp.Eq(h**2 + k, 0)],
        detail="a minimiser h of |h - F(h)|^2 = (h^2 + k)^2 is a fixed point",
    )


@claim.shows("h - F(h) = h^3 - 3 h + 3, which has a root", reading="stated", part="what descent finds")
def local_minima_are_fixed_points() -> Finding:
    """Stationary with positive curvature; F has a fixed point p."""
    p = sp.Symbol("p", real=True)
    energy = spurious(h) ** 2
    return prove(
        [sp.Eq(sp.diff(energy, h), 0), sp.diff(energy, h, 2) > 0, spurious(p) <= 0],
        sp.Eq(spurious(h), 0),
        detail="a strict local minimum of (h^3 - 3 h + 3)^2 is a fixed point (the residual changes sign, at p <= 0)",
    )


residuals = piecewise_quadratics(-4, 4)


def trapped(residual: PiecewiseQuadratic) -> list[Fraction]:
    """Strict local minima of residual^2 that are no roots: strict minima of a positive residual, or maxima of -it."""
    found = []
    for at in residual.stationary_points():
        level, left = residual.value(at), residual.curvature_at(at)
        right = residual.curvature_at(at + Fraction(1, 10**6))
        if level * left > 0 and level * right > 0:
            found.append(at)
    return found


@claim.samples(
    "piecewise quadratic residuals with a root, drawn", reading="stated", part="what descent finds", quick=False
)
def local_minima_of_drawn_residuals(run: Run) -> Finding:
    """Residuals that change sign, so that F has a fixed point."""

    def extremes(residual: PiecewiseQuadratic) -> tuple[Fraction, Fraction]:
        values = [residual.value(x) for x in (-40, *residual.stationary_points(), 40)]
        return min(values), max(values)

    def violation(residual: PiecewiseQuadratic) -> bool | None:
        low, high = extremes(residual)
        return bool(trapped(residual)) if low < 0 < high else None

    def replay(residual: PiecewiseQuadratic) -> Replay:
        at, twin = trapped(residual)[0], residual.symbolic(h) ** 2
        near = Fraction(1, 10**6)

        def energy(x: Fraction) -> Fraction:
            return Fraction(str(twin.subs(h, sp.sympify(x))))

        return exact_replay(
            [
                ("the residual is negative somewhere", extremes(residual)[0], "<", 0),
                ("and positive elsewhere, so F has a fixed point", extremes(residual)[1], ">", 0),
                ("the energy is larger on the left", energy(at - near), ">", energy(at)),
                ("and on the right", energy(at + near), ">", energy(at)),
            ],
            [("the energy at the local minimum is 0", energy(at), "=", 0)],
        )

    return property_check(
        residuals,
        violation,
        replay=replay,
        run=run,
        examples=2 * run.examples,
        describe=lambda residual: {"h - F(h)": residual, "h": trapped(residual)[0]},
        detail="a strict local minimum of |h - F(h)|^2 is a fixed point",
    )


completed = claim.readings[1].name
e_h, e_p = sp.symbols("e_h e_p", nonnegative=True)  # |residual|^2 at h and at the fixed point p

of_any_map = ("minimisers", "limit", "descent is trapped")
of_contractions = (
    *("stationary points", "gradient dominance", "existence", "distance", "constants"),
    "q < 1 is needed",
)
repaired = Claim(
    id="proposition-9.2-repaired",
    title="when the residual leads to a fixed point",
    source="corrects Proposition 9, item 2",
    statement=(
        "If F has a fixed point p, the global minimisers of |h - F(h)|^2 are exactly the fixed points, and an "
        "equilibrium at gamma has |h* - F(h*)|^2 <= |f - p|^2/(2 gamma). If F contracts, |F(h) - F(h')| <= q |h - h'| "
        "with 0 < q < 1, there is one fixed point, every stationary point of the energy is it, |grad energy|^2 >= 4 (1 "
        "- q)^2 energy, and |h - p| <= |h - F(h)|/(1 - q); both are attained by F = q h. For q = 1 neither a fixed "
        "point nor descent is certain. Without a contraction descent may stop at residual 1 although there is a fixed "
        "point."
    ),
    readings=(
        Reading(
            "stated",
            "On R^d, every d, every proposal; F differentiable where gradients occur.",
            parts=(*of_any_map, *of_contractions),
        ),
    ),
    symbols=(q,),
    assumes=(q < 1,),
)


@claim.shows("every F with a fixed point, every dimension", reading=completed, part="minimisers")
@repaired.shows("every F with a fixed point, every dimension", part="minimisers")
def global_minimisers_are_the_fixed_points() -> Finding:
    """The energy is >= 0, and 0 at a fixed point."""
    return prove(
        [sp.Eq(e_p, 0)],
        sp.Equivalent(e_h <= e_p, sp.Eq(e_h, 0)),
        detail="energy(h) <= energy(p) = 0 exactly where |h - F(h)| = 0",
    )


@claim.shows("every F with a fixed point, every dimension, every gamma", reading=completed, part="limit")
@repaired.shows("every F with a fixed point, every dimension, every gamma", part="limit")
def residual_of_the_equilibrium() -> Finding:
    """Phi(h*) <= Phi(p); away2 = |h* - f|^2, start2 = |p - f|^2."""
    away2, start2 = sp.symbols("away2 start2", nonnegative=True)
    return prove(
        [sp.Eq(e_p, 0), e_h + away2 / (2 * gamma) <= e_p + start2 / (2 * gamma)],
        e_h <= start2 / (2 * gamma),
        detail="|h* - F(h*)|^2 <= |f - p|^2/(2 gamma), which tends to 0 as gamma -> inf",
    )


# r = h - F(h), u = J r with J the Jacobian of F, |u| <= q |r|; G = grad energy = 2 (I - J)^T r.
G, r, u = Space(("G", "r", "u")).vectors
contracts = [q < 1, *r.space.positive_semidefinite, u.norm2 <= q**2 * r.norm2, sp.Eq(G @ r, 2 * (r @ (r - u)))]


@repaired.shows("every differentiable contraction, every dimension", part="stationary points")
def stationary_points_are_fixed_points() -> Finding:
    """Grad energy = 0."""
    return prove([*contracts, sp.Eq(G.norm2, 0)], sp.Eq(r.norm2, 0), detail="where grad energy = 0 the residual is 0")


@repaired.shows("every differentiable contraction, every dimension", part="gradient dominance")
def gradient_dominates_the_energy() -> Finding:
    """So gradient descent on the energy alone converges linearly (Polyak 1963)."""
    return prove(contracts, G.norm2 >= 4 * (1 - q) ** 2 * r.norm2, detail="|grad energy|^2 >= 4 (1 - q)^2 energy")


d, D = Space(("d", "D")).vectors  # d = h - p, D = F(h) - F(p), so that h - F(h) = d - D


@repaired.shows("every contraction, every dimension, from any h_0; x stands for q^k", part="existence", quick=False)
def iterates_of_a_contraction_settle() -> Finding:
    """With h_{k+1} = F(h_k) and s_k = |h_{k+1} - h_k|: |h_k - h_0| (1 - q) <= (1 - q^k) s_0, and s_k <= q^k s_0.

    So |h_{n+k} - h_n| <= q^n s_0/(1 - q): the iterates converge, as R^d is complete, and to a fixed point.
    """
    first, last, after, reach, gone, x = sp.symbols("s_0 s_k s_next reach gone x", nonnegative=True)
    so_far = [x <= 1, last <= x * first, reach * (1 - q) <= (1 - x) * first]
    return prove(
        [q < 1, *so_far, after <= q * last, gone <= reach + last],
        [after <= q * x * first, gone * (1 - q) <= (1 - q * x) * first],
        detail="both bounds pass from k to k + 1, so the iterates of a contraction converge to a fixed point",
    )


@repaired.shows("every contraction, every dimension", part="distance")
def residual_bounds_the_distance() -> Finding:
    """F(p) = p."""
    return prove(
        [q < 1, *d.space.positive_semidefinite, D.norm2 <= q**2 * d.norm2],
        [(1 - q) ** 2 * d.norm2 <= (d - D).norm2, sp.Implies(sp.Eq((d - D).norm2, 0), sp.Eq(d.norm2, 0))],
        detail="|h - p| <= |h - F(h)|/(1 - q); two fixed points coincide",
    )


@repaired.shows("F = q h, one dimension, every q < 1", part="constants")
def sharpness_constants_are_attained() -> Finding:
    """Equality in both."""
    energy = (h - q * h) ** 2
    return prove(
        [q < 1],
        [sp.Eq(sp.diff(energy, h) ** 2, 4 * (1 - q) ** 2 * energy), sp.Eq((1 - q) * sp.Abs(h), sp.Abs(h - q * h))],
        detail="on F = q h both bounds are equations",
    )


@repaired.shows("F = h + 1, one dimension: q = 1", part="q < 1 is needed")
def sharpness_nonexpansive_maps() -> Finding:
    """Every state is stationary, none is a fixed point."""
    x, shift = sp.symbols("x shift", positive=True)
    energy = (h - (h + shift)) ** 2
    return derive(
        [
            ("F(h) - F(x) = h - x, so q = 1", (h + shift) - (x + shift), h - x),
            ("the energy is shift^2 > 0 everywhere, so F has no fixed point", energy, shift**2),
            ("every state is stationary", sp.diff(energy, h), sp.Integer(0)),
        ],
        "F = h + shift has a flat energy and no fixed point",
    )


@repaired.shows("h - F(h) = h^3 - 3 h + 3, f = 1.3, alpha <= 1/20, gamma >= 1, every k", part="descent is trapped")
def sharpness_descent_is_trapped() -> Finding:
    """By induction every h_k lies in [1, 1.3], where the residual is at least 1; F has a fixed point in (-3, -2)."""
    p = sp.Symbol("p", real=True)
    after = h - alpha * (sp.diff(spurious(h) ** 2, h) + g * (h - f))
    return prove(
        [g <= 1, alpha <= sp.Rational(1, 20), sp.Eq(f, sp.Rational(13, 10)), h >= 1, h <= f],
        [
            after >= 1,
            after <= f,
            spurious(h) >= 1,
            sp.Implies(sp.Eq(p, -3), spurious(p) < 0),
            sp.Implies(sp.Eq(p, -2), spurious(p) > 0),
        ],
        detail="h_k stays in [1, 1.3] for all k, where |h - F(h)| >= 1, though F has a fixed point",
    )


@repaired.samples(
    "the same, run with the energies and solvers of this package, float64", part="descent is trapped", quick=False
)
def descent_is_trapped_as_code() -> Finding:
    """FixedPointResidual under gradient descent from f = 1.3, alpha = 1/20, gamma = 10^6."""
    import torch

    from eqt_theory import FixedPointResidual, GradientDescent, Objective, solve

    energy = FixedPointResidual(lambda x: -(x**3) + 4 * x - 3, dim=1)
    start = torch.tensor([1.3], dtype=torch.float64)
    found = solve(Objective(energy, start, 1e6), GradientDescent(0.05), tolerance=1e-9, max_steps=5000)
    at, left = float(found.h), float(energy.value(found.h))
    detail = f"after {int(found.steps)} steps h = {at:.6f} with residual^2 = {left:.6f}"
    if abs(at - 1) > 1e-4 or left < 0.999:
        return inconclusive(Method.EXPERIMENT, f"descent was not trapped: {detail}")
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, detail, examples=1)


@repaired.samples(
    "contractions F = a h + b on the line and starts drawn; up to eight steps", part="stationary points", quick=False
)
def descent_on_drawn_contractions(run: Run) -> Finding:
    """Descent with alpha = 1/(2 (1 + q)^2) multiplies h - p by 1 - ((1 - a)/(1 + q))^2."""

    def after(case: tuple[Fraction, Fraction, Fraction, int]) -> tuple[Fraction, Fraction]:
        slope, shift, start, steps = case
        at, fixed_point = start, shift / (1 - slope)
        for _ in range(steps):
            at -= (1 - slope) * (at - slope * at - shift) / (1 + abs(slope)) ** 2
        rate = 1 - ((1 - abs(slope)) / (1 + abs(slope))) ** 2
        return abs(at - fixed_point), abs(start - fixed_point) * rate**steps

    def replay(case: tuple[Fraction, Fraction, Fraction, int]) -> Replay:
        left, right = after(case)
        return exact_replay([("q < 1", abs(case[0]), "<", 1)], [("|h_K - p| <= rate^K |h_0 - p|", left, "<=", right)])

    limit = Fraction(9, 10)
    drawn = st.tuples(rationals(-limit, limit), rationals(-2, 2), rationals(-3, 3), st.integers(1, 8))
    return property_check(
        drawn, lambda case: after(case)[0] > after(case)[1], replay=replay, run=run, detail="descent reaches p"
    )
