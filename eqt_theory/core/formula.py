"""Expressions and relations as a text writes them, so that a statement can be made of what is checked."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

_PLAIN = re.compile(r"[\w'*]+|\|[^|]*\|")
_STAR = "\0"
"""Stands for the star of a name such as x* meanwhile."""


def formula(value: Any) -> str:
    """The text of a number, an expression or a relation of SymPy, as `|y_N - x*|^2 <= (1 - alpha mu)^N R^2`.

    Args:
        value: several stand side by side; anything else is written as `str` does.

    Returns:
        One line. A name that is more than a word or a norm, as `f(x) - f*`, stands in brackets, but as a side of its
        own.
    """
    if isinstance(value, list | tuple):
        return ", ".join(map(formula, value))
    if not hasattr(value, "free_symbols"):
        return str(value)
    return _printer().doprint(value).replace("**", "^").replace("*", " ").replace(_STAR, "*")


def written(text: str, values: Mapping[str, Any]) -> str:
    """A text with values in place of names in braces, in brackets where it would say something else without.

    Args:
        text: `|x+| <= {factor} |x|`; a name without a value stays as it is, as in LaTeX.
        values: by name.

    Returns:
        The text.
    """

    def put(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        before, after = text[: found.start()].rstrip()[-1:], text[found.end() :].lstrip()[:1]
        value = values[found[1]]
        said = formula(value)
        bare = _is_atom(value) or before + after == "()"
        return f"({said})" if not bare and (_is_sum(value, said) or before in ("/", "^") or after == "^") else said

    return re.sub(r"{(\w+)}", put, text)


def _is_atom(value: Any) -> bool:
    """Whether nothing beside it can take it apart: a list of relations is no part of a formula, either."""
    if not hasattr(value, "free_symbols"):
        return not (isinstance(value, int | float) and value < 0)
    functions = value.is_Function or value.is_Symbol or (value.is_Integer and value.is_nonnegative)
    return bool(functions or getattr(value, "is_Relational", False) or getattr(value, "is_Boolean", False))


def _is_sum(value: Any, said: str) -> bool:
    return bool(getattr(value, "is_Add", False)) or said.startswith("-")


@cache
def _printer() -> Any:
    from sympy.printing.precedence import PRECEDENCE  # not before it is needed
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):
        """Sums begin with what is not negative; Abs, Max, And and equations are written as in a text."""

        def _print_Symbol(self, expr: Any) -> str:  # noqa: N802
            name = expr.name.replace("*", _STAR)
            return name if _PLAIN.fullmatch(expr.name) else f"({name})"

        def _print_Add(self, expr: Any, order: str | None = None) -> str:  # noqa: N802
            terms = self._as_ordered_terms(expr, order=order)
            first, *others = map(self._print, sorted(terms, key=lambda term: term.could_extract_minus_sign()))
            return first + "".join(f" - {text[1:]}" if text.startswith("-") else f" + {text}" for text in others)

        def _print_Abs(self, expr: Any) -> str:  # noqa: N802
            inside = self._print(expr.args[0])
            return f"abs({inside})" if "|" in inside else f"|{inside}|"

        def _print_Max(self, expr: Any) -> str:  # noqa: N802
            return f"max({self.stringify(sorted(expr.args, key=str), ', ')})"

        def _print_Min(self, expr: Any) -> str:  # noqa: N802
            return f"min({self.stringify(sorted(expr.args, key=str), ', ')})"

        def _print_Relational(self, expr: Any) -> str:  # noqa: N802
            sides = [s.name.replace("*", _STAR) if s.is_Symbol else self._print(s) for s in (expr.lhs, expr.rhs)]
            return f" {'=' if expr.rel_op == '==' else expr.rel_op} ".join(sides)

        def _print_And(self, expr: Any) -> str:  # noqa: N802
            return self.stringify(sorted(expr.args, key=str), " and ", PRECEDENCE["And"])

        def _print_Or(self, expr: Any) -> str:  # noqa: N802
            return self.stringify(sorted(expr.args, key=str), " or ", PRECEDENCE["Or"])

    return Printer()
