"""Expressions and relations as a text writes them, so that a statement can be made of what is checked."""

import re
from functools import cache
from typing import Any

_PLAIN = re.compile(r"[\w'*]+|\|[^|]*\|")
_STAR = "\0"
"""Stands for the star of a name such as x* meanwhile."""


def formula(value: Any) -> str:
    """The text of a number, an expression or a relation of SymPy, as `|y_N - x*|^2 <= (1 - alpha mu)^N R^2`.

    Args:
        value: anything else is written as `str` does.

    Returns:
        One line. A name that is more than a word or a norm, as `f(x) - f*`, stands in brackets, but as a side of its
        own.
    """
    if not hasattr(value, "free_symbols"):
        return str(value)
    return _printer().doprint(value).replace("**", "^").replace("*", " ").replace(_STAR, "*")


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
