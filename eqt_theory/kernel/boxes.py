"""Boxes: functions made of + - * / ^ exp log are positive, or nowhere negative, on a box that is cut into pieces.

{"box": {x: [low, high], ..}, "let": [[name, term], ..], "shows": [[">" or ">=", term, [cut, ..]], ..]}: a cut is k to
halve side k = 1, 2, .. of the piece at hand, the lower half first, or 0 where the term is seen to have its sign on it.

Beside each term stand intervals that hold its partial derivatives f_i at every point of the piece X, which is convex
and on which all is defined. By the mean value theorem f >= f(c) + the sum of the least of f_i (X_i - c_i), c in X.
"""

from typing import Any

from eqt_theory.kernel.interval import ONE, Interval, down, exp, log, minus, over, plus, power, times, up
from eqt_theory.kernel.reading import fields, items, need, number, position, say, short
from eqt_theory.kernel.smtlib import Name, expression

Slopes = list[Interval]
Terms = list[tuple[str, Any]]

_ZERO: Interval = (0, 0)
_PARTS = {"+": (2, 999), "-": (1, 999), "*": (2, 999), "/": (2, 999), "^": (2, 2), "exp": (1, 1), "log": (1, 1)}
"""How many parts a term with this operator has, at least and at most."""


def check(certificate: dict[str, Any]) -> str:
    """What the certificate shows, in words."""
    _, box, let, shows = fields(certificate, "kind", "box", "let", "shows")
    need(type(box) is dict and shows != [], "a box is a dictionary of sides, and something is shown")
    ends = {str(x): [number(end) for end in items(side, 2)] for x, side in box.items()}
    need(all(low <= high for low, high in ends.values()), "a side of the box is empty")
    whole = [(down(*low.as_integer_ratio()), up(*high.as_integer_ratio())) for low, high in ends.values()]
    pairs = [items(pair, 2) for pair in items(let)]
    names = [*ends, *(name for name, _ in pairs)]
    need(all(type(name) is str for name in names) and len({*names}) == len(names), "a name is no text, or stands twice")
    terms = [(name, expression(term)) for name, term in pairs]
    shown = []
    for claimed in items(shows):
        relation, term, cuts = items(claimed, 3)
        need(relation in (">", ">="), f"expected > or >=, got {relation!r:.20}")
        least = 1 if relation == ">" else 0  # in units of 2^-128
        _cover([*terms, ("", expression(term))], list(ends), whole, items(cuts), least)
        shown.append(f"{short(term)} {relation} 0")
    said = "; ".join(shown[:3]) + ("; and so on" if len(shown) > 3 else "")
    where = [f"{x} in [{say(low)}, {say(high)}]" for x, (low, high) in ends.items()]
    meant = [short(", ".join(f"{name} = {term}" for name, term in pairs))] if pairs else []
    return f"{said}{', for ' if where else ''}{', '.join(where)}{''.join(f', with {m}' for m in meant)}"


def _cover(terms: Terms, names: list[str], whole: list[Interval], cuts: list[Any], least: int) -> None:
    """Reject unless the cuts leave pieces on each of which the last term is at least so much."""
    todo = [whole]
    for cut in cuts:
        need(todo != [], "there is no piece left to cut")
        piece, side = todo.pop(), position(cut, len(names) + 1) - 1
        if side < 0:
            need(bound(terms, names, piece)[0] >= least, "a term is not seen to have its sign on a piece")
        else:
            todo += reversed(halves(piece, side))
    need(todo == [], "a piece is left over")


def halves(piece: list[Interval], side: int) -> list[list[Interval]]:
    """A piece cut in two."""
    low, high = piece[side]
    middle = (low + high) // 2
    return [[*piece[:side], half, *piece[side + 1 :]] for half in ((low, middle), (middle, high))]


def bound(terms: Terms, names: list[str], piece: list[Interval]) -> tuple[int, Slopes]:
    """What the last term, which may use those before it, does not go below on the piece, and its derivatives there."""
    value, slopes = _last(terms, names, piece)
    corner = [a if s[0] >= 0 else b if s[1] <= 0 else (a + b) // 2 for s, (a, b) in zip(slopes, piece, strict=True)]
    centred = _last(terms, names, [(c, c) for c in corner])[0][0]
    for slope, (a, b), c in zip(slopes, piece, corner, strict=True):
        centred += times(slope, (a - c, b - c))[0]
    return max(value[0], centred), slopes


def _last(terms: Terms, names: list[str], piece: list[Interval]) -> tuple[Interval, Slopes]:
    known = {x: (side, [(ONE, ONE) if x == y else _ZERO for y in names]) for x, side in zip(names, piece, strict=True)}
    for name, term in terms:
        known[name] = _value(term, known, len(names))
    return known[terms[-1][0]]


def _value(term: Any, known: dict[str, tuple[Interval, Slopes]], n: int) -> tuple[Interval, Slopes]:
    """The value of a term, and its n partial derivatives."""
    if type(term) is str:
        p, q = number(term).as_integer_ratio()
        return (down(p, q), up(p, q)), [_ZERO] * n
    if type(term) is Name:
        need(term in known, f"{term!r:.60} is not declared")
        return known[str(term)]
    need(type(term) is list and len(term) > 1 and type(term[0]) is Name, f"unknown term {term!r:.60}")
    operator, first, *rest = term
    least, most = _PARTS.get(str(operator), (1, 0))  # no number of parts will do for an operator that is not known
    need(least <= 1 + len(rest) <= most, f"unknown term {term!r:.60}")
    x, slopes = _value(first, known, n)
    match str(operator), rest:
        case "exp", _:
            x = exp(x)
            return x, [times(x, s) for s in slopes]
        case "log", _:
            return log(x), [over(s, x) for s in slopes]
        case "-", []:
            return minus(x), [minus(s) for s in slopes]
        case "^", [k]:
            k = number(k) if type(k) is str else 0
            need(k in range(2, 1000), f"expected an exponent from 2 to 999 in {term!r:.60}")
            slope = times((ONE * int(k), ONE * int(k)), power(x, int(k) - 1))
            return power(x, int(k)), [times(slope, s) for s in slopes]
    for y, turned in (_value(part, known, n) for part in rest):
        if operator == "*":
            slopes = [plus(times(x, t), times(y, s)) for s, t in zip(slopes, turned, strict=True)]
            x = times(x, y)
        elif operator == "/":
            x = over(x, y)
            slopes = [over(plus(s, minus(times(x, t))), y) for s, t in zip(slopes, turned, strict=True)]
        else:
            y, turned = (minus(y), map(minus, turned)) if operator == "-" else (y, turned)
            x, slopes = plus(x, y), [plus(s, t) for s, t in zip(slopes, turned, strict=True)]
    return x, slopes
