"""A claim in one piece: a function that says in its docstring what its body shows, and a wrong version beside it."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from eqt_theory.core.annotated import checked
from eqt_theory.core.check import Reading
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.nearest import nearest

ALL_OF_IT = "all that the statement speaks of"

_Function = Callable[..., Finding]
_Uses = str | _Function | Claim | Sequence[str | _Function | Claim]
_MORE = sorted({field.name for field in fields(Claim) if field.init} - {"id", "source", "statement"})


@checked
def theorem(
    source: str,
    scope: str = ALL_OF_IT,
    *,
    id: str | None = None,  # noqa: A002  the word of Claim
    setting: str = "",
    parts: Sequence[str] = (),
    cases: str | None = None,
    cites: str | Sequence[str] = (),
    uses: _Uses = (),
    quick: bool = True,
    **more: Any,
) -> Callable[[_Function], Claim]:
    """Make a Claim of the function below: its docstring is the statement, its body the check that shows it.

    The first paragraph of the docstring is the statement, what follows the remark of the claim, where none is given.
    The function's name, with hyphens, is the id. Other checks follow by `shows`, as of any claim:

        @theorem("Polyak 1969", parts=("bound", "attained"))
        def polyak_step() -> Finding:
            '''f convex, x+ = x - t g: ...'''
            return prove(...)

        @polyak_step.shows("f = |x|", part="attained")
        def absolute_value() -> Finding: ...

    Args:
        source: where the statement stands, as for Claim.
        scope: for which functions, dimensions and parameters the body speaks, in words.
        id: of the claim, where it is not the function's name.
        setting: what the statement begins with, where several share it.
        parts: of the statement; the body shows the first.
        cases: as for `Claim.shows`, likewise the following three.
        cites: theorems used and not proved here.
        uses: what the argument rests on; of other claims the ids, or the claims themselves.
        quick: whether `--quick` runs it.
        more: other arguments of Claim.

    Returns:
        The decorator; the name of the function is then that of the claim, with one check of that name.

    Raises:
        UsageError: the function has no docstring, parts stand beside readings, a claim has no such argument or has it
            from the function, or as for Claim and `Claim.shows`.
    """
    _require_arguments(more)
    items = uses if isinstance(uses, Sequence) and not isinstance(uses, str) else [uses]
    used = [item.id if isinstance(item, Claim) else item for item in items]
    if setting and not setting[-1].isspace():
        setting += " "
    if parts and more.get("readings"):
        raise UsageError(f"parts={tuple(parts)} are of the one reading of a statement; give them to its readings")

    def made(function: _Function) -> Claim:
        if not hasattr(function, "__name__"):
            raise UsageError(f"a claim is made of a function, got {type(function).__name__}: {function!r}")
        name = id or function.__name__.strip("_").replace("_", "-")
        statement, remark = _said(function, name)
        known = {"remark": remark, "source": source, **more}
        if parts:
            known["readings"] = [Reading("stated", setting + statement, parts=tuple(parts))]
        claim = Claim(id=name, statement=setting + statement, **known)
        part = next(iter(claim.readings[0].parts), None)
        claim.shows(scope, part=part, cases=cases, cites=cites, uses=used, quick=quick)(function)
        return claim

    return made


@checked
def slip(
    right: Claim, scope: str, *, source: str = "a usual slip", setting: str = "", **more: Any
) -> Callable[[_Function], Claim]:
    """Make a wrong version of a claim of the function below: its docstring says it, its body refutes it.

    `@slip(fista, "N = 2, f = 0, h = c |x|")` above a function is the whole of such a claim. It is judged by what the
    body finds, as any other; what is on record says whether it came out false.

    Args:
        right: the claim that says it right, which is its repair.
        scope: for what the body speaks, in words: the function on which the statement fails.
        source: where it is read.
        setting: as for `theorem`.
        more: other arguments of `theorem`; the symbols, and what is assumed of them, are those of the right claim.

    Returns:
        The decorator, as that of `theorem`.

    Raises:
        UsageError: a repair is given besides the claim, or as for `theorem`.
    """
    if "repair" in more:
        raise UsageError(f"a slip is repaired by the claim that it is given first, {right.id}: leave repair= out")
    same = {"symbols": right.symbols, "assumes": right.assumes}
    return theorem(source, scope, setting=setting, repair=right.id, **{**same, **more})


def _require_arguments(more: dict[str, Any]) -> None:
    """Require that a claim takes them, besides what the function says."""
    if "statement" in more:
        raise UsageError("the statement is the docstring of the function below: leave statement= out")
    for name in more:
        if name not in _MORE:
            raise UsageError(f"a claim takes no {name}={nearest(name, _MORE)}; further ones are {', '.join(_MORE)}")


def _said(function: _Function, name: str) -> tuple[str, str]:
    """The first paragraph of a docstring, and the others, each on one line."""
    paragraphs = [" ".join(text.split()) for text in re.split(r"\n\s*\n", inspect.getdoc(function) or "")]
    if not paragraphs[0]:
        raise UsageError(f"the claim {name} must be stated in the docstring of {function.__name__}, which has none")
    return paragraphs[0], " ".join(paragraphs[1:])
