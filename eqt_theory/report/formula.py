"""What certificates hold as LaTeX: polynomials, and terms as they stand in a text."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.polynomial import Polynomial

_GREEK = {
    "alpha", "beta", "gamma", "delta", "Delta", "epsilon", "theta", "kappa", "lambda", "mu", "rho", "sigma", "tau",
    "phi", "Phi", "pi",
}  # fmt: skip
_WORD = re.compile(r"([A-Za-z]+)([0-9]*)_*(.*)", re.ASCII)


def name_tex(name: str) -> str:
    r"""A name: `Phi_after` as `\Phi_{\mathrm{after}}`, `w0` as `w_{0}`; others as text.

    Args:
        name: of a symbol.

    Returns:
        LaTeX.
    """
    found = _WORD.fullmatch(name)
    if found is None or not re.fullmatch(r"\w*", found.group(3), re.ASCII):
        inner = re.fullmatch(r"<(\w+), (\w+)>", name, re.ASCII)
        if inner is not None:
            return rf"\langle {name_tex(inner.group(1))}, {name_tex(inner.group(2))} \rangle"
        return rf"\text{{{re.sub('[^A-Za-z0-9 ,.()=+/*^-]', ' ', name)}}}"
    word, digits, rest = found.groups()
    shown = rf"\{word}" if word in _GREEK else word if len(word) == 1 else rf"\mathrm{{{word}}}"
    below = r"\,".join(part for part in (digits, *rest.split("_")) if part)
    return shown + (rf"_{{\mathrm{{{below}}}}}" if below else "")


def number_tex(value: Fraction) -> str:
    """A number; its sign in front of a fraction."""
    sign = "-" if value < 0 else ""
    p, q = abs(value).as_integer_ratio()
    return f"{sign}{p}" if q == 1 else rf"{sign}\frac{{{p}}}{{{q}}}"


def polynomial_tex(p: Polynomial) -> str:
    """A polynomial, its terms in their order."""
    parts = []
    for monomial, coefficient in p.items():
        factors = [name_tex(x) + (f"^{{{k}}}" if k > 1 else "") for x, k in monomial]
        number = number_tex(abs(coefficient)) if abs(coefficient) != 1 or not factors else ""
        parts.append((coefficient < 0, r" \, ".join([*([number] if number else []), *factors])))
    return _summed(parts)


def term_tex(term: Any, tight: bool = False) -> str:
    """A term as the kernel reads it, with division.

    Args:
        term: lists, names and numerals.
        tight: whether it is a factor, so that a sum stands in brackets.

    Returns:
        LaTeX.
    """
    if isinstance(term, str):
        return number_tex(Fraction(term)) if term[:1].isdigit() else name_tex(term)
    operator, *parts = term
    if operator == "/":
        above, *below = parts
        return rf"\frac{{{term_tex(above)}}}{{{_factors(below)}}}"
    if operator == "*":
        negative = [part for part in parts if _is_negative(part)]
        text = _product([part[1] if _is_negative(part) else part for part in parts])
        text = f"-{text}" if len(negative) % 2 else text
        return _bracketed(text) if tight and text.startswith("-") else text
    if operator == "-":
        parts = [parts[0], *(["-", part] for part in parts[1:])] if len(parts) > 1 else [term]
    text = _summed([_signed(part) for part in parts])
    return _bracketed(text) if tight else text


def _is_negative(term: Any) -> bool:
    return isinstance(term, list) and len(term) == 2 and term[0] == "-"


def _signed(term: Any) -> tuple[bool, str]:
    """A summand without its sign."""
    if _is_negative(term):
        text = term_tex(term[1], isinstance(term[1], list) and term[1][0] in ("+", "-"))
        return True, _bracketed(text) if text.startswith("-") else text
    text = term_tex(term)
    return (True, text[1:]) if text.startswith("-") else (False, text)


def _product(parts: Sequence[Any]) -> str:
    """A product; a factor that stands several times in a row, as a power."""
    parts = _flat(parts)
    below = [factor for part in parts if _is_inverse(part) for factor in part[2:]]
    if below:
        above = [part for part in parts if not _is_inverse(part)]
        return rf"\frac{{{_product(above) if len(above) != 1 else term_tex(above[0])}}}{{{_factors(below)}}}"
    runs: list[tuple[Any, int]] = []
    for part in parts:
        if part == "1" and len(parts) > 1:
            continue
        again = runs and runs[-1][0] == part and isinstance(part, list | str)
        runs = [*runs[:-1], (part, runs[-1][1] + 1)] if again else [*runs, (part, 1)]
    return r" \, ".join(_powered(part, k) for part, k in runs) or "1"


def _powered(base: Any, k: int) -> str:
    text = term_tex(base, True)
    if k > 1 and isinstance(base, list) and base[0] == "/":
        text = _bracketed(text)
    return f"{text}^{{{k}}}" if k > 1 else text


def _factors(parts: Sequence[Any]) -> str:
    """A product, whose factors may be products themselves."""
    flat = _flat(parts)
    return term_tex(flat[0]) if len(flat) == 1 else _product(flat)


def _flat(parts: Sequence[Any]) -> list[Any]:
    return [f for part in parts for f in (_flat(part[1:]) if isinstance(part, list) and part[0] == "*" else [part])]


def _is_inverse(term: Any) -> bool:
    return isinstance(term, list) and term[:2] == ["/", "1"]


def _bracketed(text: str) -> str:
    return rf"\left({text}\right)" if r"\frac" in text else f"({text})"


def _summed(parts: Sequence[tuple[bool, str]]) -> str:
    if not parts:
        return "0"
    (negative, first), *others = parts
    return ("-" if negative else "") + first + "".join(f" {'-' if n else '+'} {text}" for n, text in others)
