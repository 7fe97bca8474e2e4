"""slip: a usual wrong version of a claim, with what refutes it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.formula import formula
from eqt_theory.core.nearest import nearest
from eqt_theory.core.theorem import theorem
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.signs import declared
from eqt_theory.engines.smt.statement import flat

_Function = Callable[..., Finding]
_TAKEN = "that this instance occurs is what the claim says; it is not checked"


@checked
def slip(
    right: Claim,
    scope: str,
    *,
    why: str = "",
    source: str = "a usual slip",
    setting: str = "",
    id: str | None = None,  # noqa: A002  the word of Claim
    **more: Any,
) -> "Slip":
    """Make a usual wrong version of a claim.

    `@slip(fista, "N = 2, f = 0, h = c |x|")` above a function is the whole of such a claim: its docstring says it, its
    body refutes it. It is judged by what the body finds, as any other; one that holds is a problem of the run.

    Where a relation says what is wrong, or another value of what the right claim is about, no function is needed, nor a
    name: `slip(...).says(relation, at)` and `slip(...).by(factor=...)` write the statement themselves, of what they
    check.

    Args:
        right: the claim that says it right, which is its repair.
        scope: for what the body speaks, in words: the function on which the statement fails.
        why: what is confused, as "the factor of values for distances"; it follows the source.
        source: where it is read.
        setting: as for `theorem`.
        id: as for `theorem`; of one without a function it is needed.
        more: other arguments of `theorem`; the symbols, and what is assumed of them, are those of the right claim.

    Returns:
        The decorator, as that of `theorem`, with `says` and `by`.

    Raises:
        UsageError: a repair is given besides the claim, or as for `theorem`.
    """
    if "repair" in more:
        raise UsageError(f"a slip is repaired by the claim that it is given first, {right.id}: leave repair= out")
    source = f"{source}: {why}" if why else source
    more = {"symbols": right.symbols, "assumes": right.assumes, "setting": setting, **more}
    return Slip(right, id, setting, theorem(source, scope, id=id, repair=right.id, **more))


class Slip:
    """A wrong version in the making; see `slip`.

    Args:
        right: the claim that says it right.
        id: of the wrong one, where a function does not name it.
        setting: what its statement begins with.
        made: makes a claim of a function.
    """

    def __init__(self, right: Claim, id: str | None, setting: str, made: Callable[[_Function], Claim]) -> None:  # noqa: A002
        self._right, self._id, self._setting, self._made = right, id, setting, made

    def __call__(self, function: _Function) -> Claim:
        """The claim of a function: its docstring says what its body refutes."""
        claim = self._made(function)
        self._right.slips.append(claim)
        return claim

    @checked
    def says(
        self,
        relation: Boolean,
        at: Mapping[Any, Any],
        *,
        where: Boolean | Iterable[Boolean | bool] = (),
        known: Boolean | Iterable[Boolean | bool] = (),
    ) -> Claim:
        """The claim whose statement is a relation, which fails at an instance.

        The statement is `As {right}, with {relation}.`, or the setting and the relation where there is one, and what it
        is said under. Symbols are named as the text writes them:

            gap, N = sp.Symbol("f(x_N) - f*", nonnegative=True), sp.Symbol("N", positive=True)
            slip(gd_convex, "f = L x^2/2", id="gd-convex-fast").says(gap <= L * R**2 / N**4, {N: 2, gap: ...})

        Args:
            relation: what is said wrongly.
            at: `{symbol: value}` at the instance: how many steps, which gap. What is declared of a symbol must hold
                of its value; a symbol of the relation that has none must stand in a value, in what is known, or in
                what the right claim says of its symbols.
            where: under what it is said, part of the statement; what the right claim assumes is taken for granted.
            known: what is known at the instance, as what a class says of its points.

        Returns:
            The claim. It is REFUTED by numbers that satisfy what is known; that a method comes to the instance is for
            its author to show, and the finding says so. Where the relation holds at the instance, or nothing is found,
            the check is INCONCLUSIVE: one instance establishes nothing.

        Raises:
            UsageError: it has no id; or `at` names what is not in the relation, gives it a value that it cannot have,
                or leaves open what the relation speaks of.
        """
        if not isinstance(relation, Relational):
            raise UsageError(f"relation must be one relation of SymPy, got {type(relation).__name__}: {relation!r}")
        under, given = flat(where, "where"), flat(known, "what is known")
        instance, values = _put(relation, at), [sp.sympify(value) for value in at.values()]
        keys, spoken = (set().union(*(sp.sympify(e).free_symbols for e in of)) for of in (at, values))
        if twice := sorted(map(str, keys & spoken)):
            raise UsageError(f"values must not speak of {', '.join(twice)}, which at gives a value itself: put that in")
        assumed = [*self._right.assumes, *under]
        meant = {*self._right.symbols}.union(*(e.free_symbols for e in (*values, *given, *assumed)))
        if loose := sorted(map(str, instance.free_symbols - meant)):
            raise UsageError(f"at must say what {', '.join(loose)} is at the instance, in {relation}")
        given += [*_signs(at), *(_put(h, at, some=True) for h in assumed)]
        shown = ", ".join(formula(sp.Eq(*pair, evaluate=False)) for pair in zip(at, values, strict=True))

        def instance_of_it() -> Finding:
            found = prove(given, instance)
            if found.verdict is Verdict.PROVED:
                return inconclusive(Method.SMT, f"it does not fail at {shown}: there it holds")
            note = "; ".join(filter(None, (found.note, _TAKEN)))
            return replace(found, detail=f"at {shown}: {found.detail}", note=note)

        begin = "" if self._setting else f"As {self._right.id}, with "
        said = f", where {formula(under)}" if under else ""
        return self._stated(instance_of_it, f"{begin}{formula(relation)}{said}.")

    @checked
    def by(self, **values: Any) -> Claim:
        """The claim with the statement and the check of the right one, and other values of what that is about.

        Args:
            values: of what the function below `theorem` takes, as `factor=1 - alpha * mu`.

        Returns:
            The claim. It is judged by what the check finds.

        Raises:
            UsageError: it has no id, the right claim takes no such value, or its statement does not speak of it.
        """
        form = self._right.form
        if form is None:
            raise UsageError(f"the claim {self._right.id} is not made by theorem, so it has no other values; see says")
        if self._setting:
            raise UsageError("the statement is that of the right claim: leave setting= out")
        for name, value in values.items():
            if name not in form.values:
                near, known = nearest(name, form.values), [*form.values]
                raise UsageError(f"the claim {self._right.id} takes no {name}={near}; what it takes is {known}")
            if form.statement(**{name: value}) == self._right.statement:
                raise UsageError(f"the statement of {self._right.id} must speak of {{{name}}}, and change with it")
        return self._stated(partial(form, **values), form.statement(**values))

    def _stated(self, check: Callable[[], Finding], statement: str) -> Claim:
        if self._id is None:
            raise UsageError(f"a slip of {self._right.id} that no function names needs id=, as {self._right.id}-halved")

        def refuted() -> Finding:
            return check()

        refuted.__name__, refuted.__doc__ = re.sub(r"\W", "_", self._id), statement
        return self(refuted)


def _put(relation: Any, at: Mapping[Any, Any], *, some: bool = False) -> Any:
    """The relation at an instance; every key must occur in it, or some may."""
    for key in at:
        if not some and not relation.has(key):
            raise UsageError(f"at must give values to what stands in {relation}, got {key}")
    if relation in (sp.true, sp.false):  # SymPy had decided it when it arrived
        return relation
    put = relation.func(*(side.subs(at, simultaneous=True) for side in relation.args), evaluate=False)
    if put.has(sp.nan, sp.zoo, sp.oo):
        raise UsageError(f"at must leave {relation} defined, got {put}")
    return put


def _signs(at: Mapping[Any, Any]) -> list[Boolean]:
    """What is declared of symbols, of their values; and that any other expression has its value, as sqrt(x) may not."""
    pairs = ((key, sp.sympify(value)) for key, value in at.items() if not isinstance(key, sp.Symbol | AppliedUndef))
    found: list[Boolean] = [sp.Eq(key, value, evaluate=False) for key, value in pairs]
    for symbol, value in ((key, sp.sympify(value)) for key, value in at.items() if isinstance(key, sp.Symbol)):
        whole = symbol.is_integer and value.is_integer is False
        signs = [sign.subs(symbol, value) for sign in declared([symbol])]
        if whole or sp.false in signs:
            words = [word for word in ("integer", "positive", "nonnegative") if symbol.assumptions0.get(word)]
            raise UsageError(f"at must give {symbol} a value that it can have, declared {words}, got {value}")
        found += [sign for sign in signs if sign != sp.true]
    return found
