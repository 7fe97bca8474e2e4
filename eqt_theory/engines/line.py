"""Worst functions on the line: that one is of its class, and what a method leaves of it after n steps, for all n."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.formula import formula
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.first_steps import unused
from eqt_theory.engines.gram import Convex, SmoothClass
from eqt_theory.engines.induction import together
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.statement import flat
from eqt_theory.engines.symbolic import derive
from eqt_theory.engines.values import real_number

_Value = sp.Expr | int
_N = sp.Symbol("n", positive=True)
_X = sp.Symbol("x", real=True)


class Outward:
    """An even function on the line with minimiser 0 and minimum 0, by its pieces for x >= 0, from 0 outward.

    `Outward(x, (L * x**2 / 2, T / L), T * x - T**2 / (2 * L))` is the Huber function that is linear beyond T/L.

    Args:
        x: the place, a real symbol.
        pieces: `(expression, where it ends)`, quadratic or linear in x; the last without an end.

    Raises:
        UsageError: there is no last piece, an end is missing, or a piece is neither quadratic nor linear.
    """

    def __init__(self, x: sp.Symbol, *pieces: tuple[_Value, _Value] | _Value) -> None:
        if not pieces or isinstance(pieces[-1], tuple) or not all(isinstance(p, tuple) for p in pieces[:-1]):
            raise UsageError("pieces must be (expression, end) each, and the last one an expression")
        self.x = x
        self.pieces = [sp.sympify(p[0] if isinstance(p, tuple) else p) for p in pieces]
        self.ends = [sp.sympify(p[1]) for p in pieces if isinstance(p, tuple)]
        for piece in self.pieces:
            if not piece.is_polynomial(x) or sp.degree(piece, x) > 2:
                raise UsageError(f"a piece must be quadratic or linear in {x}, got {piece}")

    @property
    def begins(self) -> sp.Expr:
        """Where the last piece begins."""
        return self.ends[-1] if self.ends else sp.Integer(0)

    def slope(self, at: _Value) -> sp.Expr:
        """The derivative of the last piece."""
        return sp.diff(self.pieces[-1], self.x).subs(self.x, at)

    def value(self, at: _Value) -> sp.Expr:
        """The last piece."""
        return self.pieces[-1].subs(self.x, at)

    def belongs(self, to: SmoothClass | Convex, given: list[Boolean]) -> dict[str, Finding]:
        """That it is of a class: the pieces meet, bend as they may, and a smooth one has no kink, 0 included.

        Args:
            to: the class.
            given: what is assumed of the symbols.

        Returns:
            The findings.
        """
        x, top = self.x, to.L if isinstance(to, SmoothClass) else None
        slopes = [sp.diff(piece, x) for piece in self.pieces]
        meets = [("f(0)", self.pieces[0].subs(x, 0), sp.Integer(0))]
        bends: list[Any] = [sp.Ge(sp.diff(slope, x), to.mu, evaluate=False) for slope in slopes]
        if not sp.sympify(to.mu).is_nonnegative:  # then that 0 is the minimiser does not follow
            bends += [
                sp.Ge(slope.subs(x, end), 0, evaluate=False) for slope, end in zip(slopes, self.ends, strict=False)
            ]
            bends.append(sp.Ge(sp.diff(slopes[-1], x), 0, evaluate=False))
        if top is not None:
            bends += [sp.Le(sp.diff(slope, x), top, evaluate=False) for slope in slopes]
            meets.append(("f'(0)", slopes[0].subs(x, 0), sp.Integer(0)))
        else:
            bends.append(sp.Ge(slopes[0].subs(x, 0), 0, evaluate=False))
        for k, end in enumerate(self.ends):
            meets.append((f"f({end})", self.pieces[k].subs(x, end), self.pieces[k + 1].subs(x, end)))
            before, after = slopes[k].subs(x, end), slopes[k + 1].subs(x, end)
            if top is not None:
                meets.append((f"f'({end})", before, after))
            else:
                bends.append(sp.Le(before, after, evaluate=False))
            bends.append(sp.Gt(end, self.ends[k - 1] if k else 0, evaluate=False))
        return {"the pieces meet": derive(meets, "the pieces meet"), "the class": prove(given, bends)}


def parabola(curvature: _Value, x: sp.Symbol = _X) -> Outward:
    """The function c x^2/2 of a curvature c."""
    return Outward(x, curvature * x**2 / 2)


def cone(slope: _Value, x: sp.Symbol = _X) -> Outward:
    """The function c |x| of a slope c, not smooth at 0."""
    return Outward(x, slope * x)


def kinked(slope: _Value, L: _Value, mu: _Value = 0, x: sp.Symbol = _X) -> Outward:  # noqa: N803  the usual name
    """The function that bends by L up to where its slope is the one given, and by mu beyond; for mu = 0 that of Huber.

    Args:
        slope: where the bend changes.
        L: the curvature before.
        mu: that beyond.
        x: the place.

    Returns:
        It.
    """
    end = sp.sympify(slope) / L
    return Outward(x, (L * x**2 / 2, end), L * end**2 / 2 + slope * (x - end) + mu * (x - end) ** 2 / 2)


def gradient_step(alpha: _Value) -> Callable[..., sp.Expr]:
    """x+ = x - alpha f'(x), for `slow_run`."""
    return lambda x, slope: x - alpha * slope(x)


def proximal_step(alpha: _Value) -> Callable[..., Boolean]:
    """x+ = x - alpha f'(x+), the proximal step, for `slow_run`."""
    return lambda x, new, slope: sp.Eq(new, x - alpha * slope(new))


@checked
def slow_run(
    f: Outward,
    step: Callable[..., Any],
    start: _Value,
    gap: _Value,
    *,
    of: SmoothClass | Convex,
    n: sp.Symbol = _N,
    given: Boolean | Iterable[Boolean | bool] = (),
    detail: str = "",
) -> Finding:
    """f(x_n) - f* >= gap after n steps from the start, for all n >= 1: a function on which a method is that slow.

    The run stays on the last piece of the function, where the step is linear in x, so that x_n is known in closed form.
    On a parabola it may step over the minimiser each time.
    That f is of its class is shown, too. Here of gradient descent with step 1/L on convex L-smooth functions:

        f = kinked(L * R / (2 * n + 1), L)
        slow_run(f, gradient_step(1 / L), R, L * R**2 / (4 * n + 2), of=SmoothClass(0, L))

    Args:
        f: the function; its pieces may depend on n, and on powers a^n of the factor of the step.
        step: as `gradient_step` and `proximal_step` make them: `(x, slope) -> x+`, or, of an implicit one,
            `(x, x+, slope) -> relation`; slope is the derivative of f, at these places alone.
        start: x_0, positive.
        gap: what is left at least, in n.
        of: the class of f.
        n: the number of steps, a positive symbol, by default that named n.
        given: of the parameters.
        detail: what is shown.

    Returns:
        PROVED where all of it is; else INCONCLUSIVE, with the part that fails.

    Raises:
        UsageError: a step that is not linear in x on the last piece, leaves nothing of x, takes other arguments or
            asks for other slopes; n is not positive.
    """
    if not n.is_positive:
        raise UsageError(f"n must be declared positive: sp.Symbol({n.name!r}, positive=True)")
    x, first, least = f.x, sp.sympify(start), sp.sympify(gap)
    after = sp.expand(_step(f, step))
    factor, moved = sp.cancel(after.coeff(x, 1)), sp.cancel(after.coeff(x, 0))
    if factor == 0 or sp.cancel(after - factor * x - moved) != 0:
        raise UsageError(f"step must be linear in {x} on the last piece of f, it is {after}")
    given, mirrored = flat(given, "a hypothesis"), {}
    if (
        not f.ends and moved == 0 and factor.is_nonnegative is None
    ):  # steps over the minimiser: |x| is run, as f is even
        over = prove(given, sp.Lt(factor, 0, evaluate=False))
        if over.verdict is Verdict.PROVED:
            after, factor, mirrored = -after, -factor, {"steps over the minimiser": over}
    taken = {s.name for e in (after, first, least, *f.pieces, *f.ends, *given) for s in e.free_symbols}
    power, k = (sp.Symbol(unused(name, taken), positive=True) for name in ("power", "k"))  # factor^n; a number of steps

    def in_power(of: Any) -> Any:
        for base, sign in ((factor, 1), (1 / factor, -1)):
            of = of.replace(
                lambda e, base=base: e.is_Pow and n in e.exp.free_symbols and sp.cancel(e.base - base) == 0,
                lambda e, sign=sign: power ** (sign * e.exp / n),
            )
        return of

    known = [n >= 1, *map(in_power, given)]
    if factor == 1:
        at, following, last = first + k * moved, first + (k + 1) * moved, first + n * moved
        inward = [sp.Le(moved, 0, evaluate=False)]
    else:
        fixed, known = moved / (1 - factor), [*known, power <= 1]
        at, following, last = (fixed + a * (first - fixed) for a in (power, factor * power, power))
        second = in_power(after.subs(x, first))
        inward = [
            sp.Gt(factor, 0, evaluate=False),
            sp.Le(factor, 1, evaluate=False),
            sp.Ge(first, second, evaluate=False),
        ]
    f = Outward(
        x, *((in_power(p), in_power(end)) for p, end in zip(f.pieces, f.ends, strict=False)), in_power(f.pieces[-1])
    )
    last = in_power(last)
    parts = {
        **mirrored,
        **f.belongs(of, known),
        "each step": derive(
            [("the next place", in_power(after.subs(x, at)), in_power(following))], "x_k in closed form"
        ),
        "no step goes outward": prove(known, inward),
        "the last piece": prove(known, sp.Ge(last, f.begins, evaluate=False)),
        "the gap": prove(known, sp.Ge(f.value(last), in_power(least), evaluate=False)),
    }
    return together(parts, detail or f"from {formula(first)}, {formula(n)} steps leave a gap of {formula(gap)} or more")


def _step(f: Outward, step: Callable[..., Any]) -> sp.Expr:
    """x+ in x, where the last piece goes on."""
    count = len(inspect.signature(step).parameters)
    if count not in (2, 3):
        raise UsageError(f"step must take (x, slope), or (x, x+, slope), got {count} arguments")
    new = sp.Symbol(unused("new", {s.name for s in f.pieces[-1].free_symbols}), real=True)
    places = [f.x, new][: count - 1]

    def slope(at: Any) -> sp.Expr:
        if at not in places:  # nothing shows that it lies on the last piece
            raise UsageError(f"step must ask for the slope at places of the run alone, {formula(places)}, got {at}")
        return f.slope(at)

    found = step(*places, slope)
    if count == 2:
        return real_number("what step gives", found)
    found = sp.solve(found, new) if isinstance(found, sp.Eq) else []
    if len(found) != 1:
        raise UsageError(f"step must be an equation with one solution on the last piece of f, got {found}")
    return found[0]
