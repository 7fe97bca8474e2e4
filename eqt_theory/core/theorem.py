"""A claim in one piece: a function that says in its docstring what its body shows."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from eqt_theory.core.annotated import checked
from eqt_theory.core.check import Reading, wants_run
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.formula import written
from eqt_theory.core.nearest import nearest

ALL_OF_IT = "all that the statement speaks of"

_Function = Callable[..., Finding]
_Uses = str | _Function | Claim | Sequence[str | _Function | Claim]
_MORE = sorted({field.name for field in fields(Claim) if field.init} - {"id", "source", "statement"})


@dataclass(frozen=True)
class Form:
    """What the function below `theorem` says and finds, with the values of what it takes, or with others.

    Args:
        function: it.
        name: of the claim.
        setting: what the statement begins with.
        values: of what the function takes, by name.
    """

    function: _Function
    name: str
    setting: str
    values: Mapping[str, Any]

    def __call__(self, **other: Any) -> Finding:
        """What the check finds with these values in place of the function's own."""
        return self.function(**other)

    def statement(self, **other: Any) -> str:
        """The statement with these values in place of the function's own."""
        return written(self.setting, {**self.values, **other}) + self.paragraphs(**other)[0]

    def paragraphs(self, **other: Any) -> tuple[str, str]:
        """The first paragraph of the docstring, and the others, each on one line, with the values they speak of.

        Returns:
            Both.

        Raises:
            UsageError: there is no docstring.
        """
        texts = [" ".join(text.split()) for text in re.split(r"\n\s*\n", inspect.getdoc(self.function) or "")]
        if not texts[0]:
            said = f"the docstring of {self.function.__name__}, which has none"
            raise UsageError(f"the claim {self.name} must be stated in {said}")
        first, *more = (written(text, {**self.values, **other}) for text in texts)
        return first, " ".join(more)


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

    What the function takes, each with a value of its own, is what the statement is about: `{factor}` in the docstring
    stands for the value of `factor`, so that what is said is what is checked. `slip(...).by(factor=...)` says and
    checks the same with another one.

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
        form = Form(function, name, setting, _values(function))
        remark = form.paragraphs()[1]
        known = {"remark": remark, "source": source, **more}
        if parts:
            known["readings"] = [Reading("stated", form.statement(), parts=tuple(parts))]
        claim = Claim(id=name, statement=form.statement(), **known)
        part = next(iter(claim.readings[0].parts), None)
        claim.shows(scope, part=part, cases=cases, cites=cites, uses=used, quick=quick)(function)
        claim.form = form
        return claim

    return made


def _require_arguments(more: dict[str, Any]) -> None:
    """Require that a claim takes them, besides what the function says."""
    if "statement" in more:
        raise UsageError("the statement is the docstring of the function below: leave statement= out")
    for name in more:
        if name not in _MORE:
            raise UsageError(f"a claim takes no {name}={nearest(name, _MORE)}; further ones are {', '.join(_MORE)}")


def _values(function: _Function) -> dict[str, Any]:
    """The values that what a function takes has of itself, but for the run."""
    return {p.name: p.default for p in inspect.signature(function).parameters.values() if not wants_run(p)}
