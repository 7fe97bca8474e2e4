"""Rates from potentials: what one step does to a quantity, and what follows of N steps."""

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.engines.first_steps import unused
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.gram.sums import Use, adds_up
from eqt_theory.engines.induction import Quantity, by_induction, induction, together
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat
from eqt_theory.engines.values import real_number

_Value = sp.Expr | int
_Uses = Use | Boolean | Sequence[Boolean]
_A, _N = sp.Symbol("A", nonnegative=True), sp.Symbol("n", positive=True)


@checked
def by_potential(
    old: tuple[_Value, Vector],
    new: tuple[_Value, Vector],
    *uses: _Uses,
    A: sp.Symbol = _A,  # noqa: N803  the usual name
    gain: _Value,
    weight: _Value | None = None,
    n: sp.Symbol = _N,
    mu: _Value = 0,
    given: Iterable[Boolean | bool] = (),
    squares: Sequence[tuple[_Value, Vector]] = (),
    each: Iterable[Boolean | bool] = (),
    hence: Iterable[Boolean | bool] = (),
    first: _Value | None = None,
    detail: str = "",
) -> Finding:
    """gap_N <= R^2/(2 weight(N)) for all N >= 1, R = |x_0 - x*|, from a potential that does not grow.

    The potential is A_n gap_n + (1 + mu A_n)/2 |z_n - x*|^2 with A_0 = 0 and z_0 = x_0. That a step does not let it
    grow while A grows by the gain is shown here, from what the classes say of its points:

        old, new = (x, s, F_0), (x - alpha * t, t, F_1)
        by_potential((F_0, x), (F_1, x - alpha * t), Convex(0).says(old, new, 0), gain=alpha)

    Args:
        old: the gap and the vector z - x* before a step.
        new: likewise, after it.
        uses: relations, alone or in lists, of which multipliers are found, as for `prove`; or
            `(multiplier, inequality)` each, and `squares` likewise, as for `adds_up`.
        A: the weight of the gap, a nonnegative symbol, by default that named A.
        gain: what a step adds to A.
        weight: of n; A_n is at least that. None: n times a gain that does not depend on A.
        n: the number of steps, a positive symbol, by default that named n.
        mu: of the potential; 0 where no strong convexity is used.
        given: of the parameters, as `Eq(r * (1 - q), 1)` of a weight with r^n.
        squares: see `uses`.
        each: what is given of the gain, as `Eq(L * a**2, A + a)`.
        hence: what follows of that, which is shown, and of which alone the weights are shown to grow.
        first: A_1, where the bound of the weights does not hold at n = 0; that it is the first gain is shown.
        detail: what is shown.

    Returns:
        PROVED where the step and the growth of the weights are; else INCONCLUSIVE.

    Raises:
        UsageError: n is not declared positive, or A not nonnegative; the gain or the weight is not positive, mu is
            negative; no weight is given of a gain that may change; a gap depends on A, or what is old on n; or as
            for `prove`, `adds_up` and `by_induction`.
    """
    _require_symbols(A, n)
    (gap_here, here), (gap_there, there) = old, new
    gaps = [gap_here, gap_there]
    for symbol, parts in ((A, gaps), (n, [*gaps, here.norm2])):  # a vector is written in others by means of A
        if any(symbol in sp.sympify(part).free_symbols for part in parts):
            raise UsageError(f"old, and the gap of new, must not depend on {symbol}: after a step it is another number")
    more, bend = real_number("gain", gain), real_number("mu", mu)
    if more.is_nonpositive:
        raise UsageError(f"gain must be positive, lest the weights do not grow and bound nothing, got {gain}")
    if not bend.is_nonnegative:
        raise UsageError(f"mu must be declared nonnegative, got {mu}")
    given, each = flat(given, "a hypothesis"), flat(each, "what is given of the gain")
    hence = flat(hence, "what follows of the gain")
    if weight is None and (each or {A, n} & more.free_symbols):
        raise UsageError(f"weight must say of n how much the weights are at least, as the gain {gain} may change")
    heavy = n * more if weight is None else real_number("weight", weight)
    if heavy.is_nonpositive:
        raise UsageError(f"weight must be positive, lest R^2/(2 weight) bound nothing, got {weight}")
    falls = A * gap_here + (1 + bend * A) / 2 * here.norm2
    falls -= (A + more) * gap_there + (1 + bend * (A + more)) / 2 * there.norm2
    parts = {"potential": _summed(falls, uses, given, squares, "the potential falls")}
    if first is not None:
        begins = sp.Eq(more.subs(A, 0), real_number("first", first), evaluate=False)
        parts["first weight"] = prove([r.subs(A, 0) for r in each], begins)
    if hence:
        parts["gain"] = prove(each, hence)
    began, zero = (0, sp.Integer(0)) if first is None else (1, sp.sympify(first))
    grown = [Quantity(A, zero, A + more)]
    above, below = sp.fraction(sp.factor(heavy))
    enough = above <= below * A if below.is_positive else heavy <= A
    parts["weight"] = by_induction(enough, n, given, start=began, quantities=grown, each=hence or each)
    gap, Z, R, number = _own("gap Z R weight", A, n, more, heavy, bend, *each, *given)
    least = heavy
    if any(n in power.exp.free_symbols for power in heavy.atoms(sp.Pow)):  # a number that provers do not know
        least = sp.Symbol(number.name, positive=True)
        if not heavy.is_positive:
            constant, rest = (above if below.is_positive else heavy).as_coeff_Add()
            parts["weight > 0"] = by_induction(rest > -constant, n, given, start=1)
    bounded = A * gap + (1 + bend * A) / 2 * Z <= R**2 / 2
    start = prove([sp.Eq(A, 0), sp.Eq(Z, R**2)], bounded)
    end = prove([bounded, least <= A], gap <= R**2 / (2 * least))
    detail = detail or f"the gap after {n} steps is at most R^2/({2 * heavy})"
    return induction(start, together(parts, "the step"), end, given=[bounded, least <= A], detail=detail)


@checked
def by_factor(
    old: _Value,
    new: _Value,
    *uses: _Uses,
    factor: _Value,
    n: sp.Symbol = _N,
    given: Iterable[Boolean | bool] = (),
    squares: Sequence[tuple[_Value, Vector]] = (),
    noise: _Value = 0,
    detail: str = "",
    **parts: Finding,
) -> Finding:
    """phi_N <= factor^N phi_0 for all N, from phi' <= factor phi in every step, which is shown here.

    With noise, from phi' <= factor phi + noise, phi_N <= factor^N phi_0 + noise (1 - factor^N)/(1 - factor).

    Args:
        old: phi before a step.
        new: phi after it.
        uses: relations, alone or in lists, of which multipliers are found, as for `prove`; or
            `(multiplier, inequality)` each, and `squares` likewise, as for `adds_up`.
        factor: of a step; that it is not negative under what is given is shown.
        n: the number of steps, by default a symbol of that name.
        given: of the parameters.
        squares: see `uses`.
        noise: what a step adds at most.
        detail: what is shown.
        parts: what else the argument needs, by name.

    Returns:
        PROVED where all of it is; else INCONCLUSIVE.

    Raises:
        UsageError: what a step does depends on n; or as for `prove`, `adds_up` and `by_induction`.
    """
    factor, noise, given = real_number("factor", factor), real_number("noise", noise), flat(given, "a hypothesis")
    _require_none_of(n, factor, noise, old, new, *(part for use in uses for part in _parts(use)))
    step = _summed(factor * old + noise - new, uses, given, squares, "one step")
    parts = {"factor": prove(given, sp.Ge(factor, 0, evaluate=False), detail="the factor is not negative"), **parts}
    if noise != 0 and factor == 1:
        raise UsageError("factor must not be 1 where there is noise: nothing bounds what adds up; see by_fall")
    phi, after, first = _own("phi after first", n, factor, noise, *given)
    power = factor**n
    bound = first * power + (noise * (1 - power) / (1 - factor) if noise != 0 else 0)
    quantity = Quantity(phi, first, after)
    powers = by_induction(phi <= bound, n, given, quantities=[quantity], each=[after <= factor * phi + noise])
    return together({"step": step, "powers": powers, **parts}, detail or f"by {factor} in each of {n} steps")


@checked
def by_fall(
    old: _Value,
    new: _Value,
    *uses: Boolean | Sequence[Boolean],
    fall: _Value,
    rest: _Value = 0,
    last: Iterable[Boolean | bool] = (),
    n: sp.Symbol = _N,
    given: Iterable[Boolean | bool] = (),
    detail: str = "",
) -> Finding:
    """N fall + rest <= phi_0 for all N, from phi' <= phi - fall in every step, which is shown here, and phi_N >= rest.

    So of the least of what N steps lose: let m be at most that in each of them, as in N m <= |x_0 - x*|^2 of
    |x' - x*|^2 <= |x - x*|^2 - |g|^2 with `g.norm2 >= m` among the uses and fall=m.

    Args:
        old: phi before a step.
        new: phi after it.
        uses: relations, alone or in lists, of which multipliers are found, as for `prove`.
        fall: what a step takes away at least, an expression of parameters.
        rest: what phi is at least after the last step.
        last: relations from which that is shown of the phi called old (without a rest: that it is not negative); they
            speak of what is known without a next step.
        n: the number of steps, by default a symbol of that name.
        given: of the parameters.
        detail: what is shown.

    Returns:
        PROVED where all of it is; else INCONCLUSIVE.

    Raises:
        UsageError: what a step does depends on n; or as for `prove` and `by_induction`.
    """
    fall, rest, given = real_number("fall", fall), real_number("rest", rest), flat(given, "a hypothesis")
    relations = flat(uses, "what a step uses")
    _require_none_of(n, fall, rest, old, new, *relations)
    known_last = [*given, *flat(last, "what is known at last")]
    parts = {
        "step": prove([*given, *relations], sp.Ge(old - new - fall, 0, evaluate=False), detail="one step"),
        "rest": prove(known_last, sp.Ge(old - rest, 0, evaluate=False), detail="what is left"),
    }
    phi, after, first, drop = _own("phi after first drop", n, fall, rest, *given)
    quantity = Quantity(phi, first, after)
    parts["sum"] = by_induction(phi + n * drop <= first, n, quantities=[quantity], each=[after <= phi - drop])
    known = phi >= rest
    parts["conclusion"] = prove(
        [phi + n * drop <= first, *([] if known == sp.true else [known])], n * drop + rest <= first
    )
    return together(parts, detail or f"{n * fall + rest} is at most what it is at first")


def _summed(
    left: sp.Expr,
    uses: Sequence[Any],
    given: Sequence[Boolean],
    squares: Sequence[tuple[_Value, Vector]],
    about: str,
) -> Finding:
    """`left >= 0` as a sum of the uses, with their multipliers, or with those that are found where they have none.

    What is given of other symbols than the step has is left out: of powers that its weights are compared with.

    Returns:
        The finding.

    Raises:
        UsageError: squares are given of relations whose multipliers are found.
    """
    if not uses or any(map(_weighted, uses)):
        return adds_up(left, *uses, given=given, squares=squares, about=about)
    if squares:
        raise UsageError("squares are of multipliers that are given; of relations alone they are found")
    relations = flat(uses, "what a step uses")
    known = left.free_symbols.union(*(relation.free_symbols for relation in relations))
    given = [h for h in given if h.free_symbols <= known]
    return prove([*given, *relations], sp.Ge(left, 0, evaluate=False), detail=about)


def _parts(use: Any) -> Sequence[Any]:
    """The relations of a use, and its multiplier where it has one."""
    return use if _weighted(use) else flat(use, "what a step uses")


def _weighted(use: Any) -> bool:
    """Whether it is a pair with a multiplier, not one of relations."""
    return isinstance(use, tuple) and not all(isinstance(p, Boolean) and not isinstance(p, sp.Symbol) for p in use)


def _require_none_of(n: sp.Symbol, *said: Any) -> None:
    """Require that a step is the same for all n: n is how many there are, not which one it is."""
    if any(n in sp.sympify(part).free_symbols for part in said):
        raise UsageError(f"a step must not depend on {n}, the number of steps; name what differs from step to step")


def _require_symbols(A: sp.Symbol, n: sp.Symbol) -> None:  # noqa: N803
    """Require that there may be no weight at first, and a step at least."""
    if not n.is_positive:
        raise UsageError(
            f"n must be declared positive, as the bound is for N >= 1: sp.Symbol({n.name!r}, positive=True)"
        )
    if not A.is_nonnegative or A.is_positive:
        raise UsageError(f"A must be declared nonnegative, as A_0 = 0: sp.Symbol({A.name!r}, nonnegative=True)")


def _own(names: str, *said: sp.Basic) -> list[sp.Symbol]:
    """Nonnegative symbols of these names, or like them, that stand in nothing that was said."""
    taken = {symbol.name for part in said for symbol in part.free_symbols}
    return [sp.Symbol(unused(name, taken), nonnegative=True) for name in names.split()]
