"""Statements set as mathematics in HTML: signs, Greek letters, powers and indices of plain ASCII; LaTeX as MathML."""

import re
from html import escape

from eqt_theory.core.mathml import mathml

_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "Delta": "Δ",
    "epsilon": "ε",
    "eps": "ε",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "Phi": "Φ",
    "pi": "π",
}
_SIGNS = {
    "&lt;=": "≤",
    "&gt;=": "≥",
    "!=": "≠",
    "-&gt;": "→",
    "+-": "±",
}
_WORD = re.compile(
    r"(?!(?<=&lt;)lambda&gt;)(?:(?<![A-Za-z_'-])|(?<=[ (]-)|(?<=^-))(grad|hess|sqrt|"
    + "|".join(_GREEK)
    + r")(?![A-Za-z'])"
)
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_POWER = re.compile(r"\^(\([^()]{1,40}\)|-?\w+|\*)|(?:(?<=[\w)|⟩])|(?<=&#x27;))\*\*(\([^()]{1,40}\)|-?\w+)")
_INDEX = re.compile(r"(?<![A-Za-zα-ωΑ-Ω])([A-Za-zα-ωΑ-Ω]+)_(\{[^{}]{1,20}\}|[A-Za-z0-9]+(?:\+1|-1)?)(?!\w|\.\w)")
_STAR = re.compile(r"(?<![\wα-ωΑ-Ω^*])([A-Za-zα-ωΑ-Ω])\*(?=[\s,.;:)|_'=<?!]|&|$|\(\w\))")
_TIMES = re.compile(r"(?:(?<=[\w)>⟩])|(?<=&#x27;))\*(?=[\w(⟨])")
_LATEX = re.compile(r"(?<![\\$\w])\$(?=\S)([^$\n]{1,400}?)(?<=\S)\$(?![\w$])")
_ABS = re.compile(r"\bAbs\(([^()]*)\)")
_INNER = re.compile(r"&lt;(?=[^\s=])((?:[^&]|&#x27;){1,60}, (?:[^&]|&#x27;){1,40})&gt;")


def typeset(text: str) -> str:
    r"""The text as safe HTML, its formulas easier to read.

    What stands between dollar signs is LaTeX and becomes MathML, `$\alpha$`; elsewhere only signs change, never
    words: a name such as `energy_f` in code style stays as it is.

    Args:
        text: any text; it is escaped first.

    Returns:
        HTML; only tags of our own were added to the escaped text.
    """
    parts, end = [], 0
    for found in _LATEX.finditer(text):
        formula = mathml(found.group(1))
        if formula is not None:
            parts += [_plain(text[end : found.start()]), formula]
            end = found.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    html = _INNER.sub(r"⟨\1⟩", escape(_equation(text)))
    html = _ABS.sub(r"|\1|", html)
    html = _SIGN.sub(lambda match: _SIGNS[match.group()], html)
    html = _WORD.sub(_word, html)
    html = _STAR.sub(r"\1<sup>*</sup>", html)
    html = _POWER.sub(lambda match: f"<sup>{_bare(match.group(1) or match.group(2))}</sup>", html)
    html = _TIMES.sub("·", html)
    return _INDEX.sub(_index, html)


def _index(match: re.Match[str]) -> str:
    """An index below its name; a name of code, as hessian_vector, stays as it is."""
    name, index = match.groups()
    code = len(name) > 2 and index.isalpha() and len(index) > 4
    return match.group() if code else f"{name}<sub>{index.strip('{}')}</sub>"


def _equation(text: str) -> str:
    """`Eq(a, b)` as `a = b` and `Ne(a, b)` as `a != b`, where that is all of the text."""
    sign = {"Eq(": "=", "Ne(": "!="}.get(text[:3])
    if sign is None or not text.endswith(")"):
        return text
    depth, comma, inner = 0, None, text[3:-1]
    for k, letter in enumerate(inner):
        depth += (letter in "(<") - (letter in ")>")
        if depth < 0:
            return text
        if letter == "," and depth == 0 and comma is None:
            comma = k
    return text if depth or comma is None else f"{inner[:comma]} {sign} {inner[comma + 1 :].strip()}"


def _word(match: re.Match[str]) -> str:
    word = match.group(1)
    special = {"grad": "∇", "hess": "∇<sup>2</sup>", "sqrt": "√"}
    return special.get(word) or _GREEK[word]


def _bare(exponent: str) -> str:
    return exponent[1:-1] if exponent.startswith("(") else exponent
