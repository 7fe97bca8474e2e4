"""Boxes: rigorous series, cuts that cover, and certificates that are rejected or still valid when altered."""

import copy
import itertools
import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from eqt_theory import kernel
from eqt_theory.kernel import Rejected, interval
from eqt_theory.kernel.interval import ONE
from eqt_theory.kernel.smtlib import Name, expression

# On [-2, 2] x [-1, 3]: log(1 + exp x) > x/2 + 3/5; x^2 <= 4 y + 8, equal at corners; x exp(-x) >= -15.
SOFTPLUS: dict[str, Any] = {
    "kind": "boxes",
    "box": {"x": ["-2", "2"], "y": ["-1", "3"]},
    "let": [["e", "(exp x)"]],
    "shows": [
        [">", "(- (log (+ 1 e)) (+ (/ x 2) 3/5))", [1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]],
        [">=", "(- (+ (* 4 y) 8) (^ x 2))", [0]],
        [">=", "(+ 15 (/ x e))", [0]],
    ],
}
# x^4 - x^2 + 3/10 > 0 on [-1, 1]; and two numbers.
QUARTIC: dict[str, Any] = {
    "kind": "boxes",
    "box": {"x": ["-1", "1"]},
    "let": [],
    "shows": [[">", "(+ (^ x 4) (- (^ x 2)) 3/10)", [1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0]]],
}
NUMBERS: dict[str, Any] = {
    "kind": "boxes",
    "box": {},
    "let": [],
    "shows": [[">", "(- 31 (/ (log 35) (log 100/89)))", [0]], [">=", "(- (* 3 (/ 1 2)) (/ 6 4))", [0]]],
}
VALID = [SOFTPLUS, QUARTIC, NUMBERS]


def test_what_is_so_is_shown():
    assert "for x in [-2, 2], y in [-1, 3], with e = (exp x)" in kernel.check(SOFTPLUS)
    assert kernel.check(QUARTIC) == "(+ (^ x 4) (- (^ x 2)) 3/10) > 0, for x in [-1, 1]"
    assert kernel.check(NUMBERS).startswith("(- 31 (/ (log 35) (log 100/89))) > 0; ")


def test_a_box_is_not_said_to_be_larger_than_it_is():
    low = Fraction(0.1)  # above 1/10, where the term is negative
    long = {"kind": "boxes", "box": {"x": [str(low), "1"]}, "let": [], "shows": [[">=", f"(- x {low})", [0]]]}
    assert kernel.check(long).endswith("for x in [0.10000000000000000.., 1]")


@pytest.mark.parametrize(
    "damage",
    [
        {"shows": []},
        {"shows": [["=", "1", [0]]]},
        {"shows": [[">", "(- x 2)", [0]]]},
        {"shows": [[">", "(- x 1)", [0]]]},  # it reaches 0
        {"shows": [[">=", "z", [0]]]},
        {"shows": [[">=", "(sin x)", [0]]]},
        {"shows": [[">=", "(+ x)", [0]]]},
        {"shows": [[">=", "(/ 1 (- x 3/2))", [1, 0, 0]]]},
        {"shows": [[">=", "(log (- x 2))", [0]]]},
        {"shows": [[">=", "(^ x 1/2)", [0]]]},
        {"shows": [[">=", "(^ x 1)", [0]]]},
        {"shows": [[">=", "(^ x x)", [0]]]},
        {"shows": [[">=", "1.5", [0]]]},
        {"shows": [[">=", "(exp 5000)", [0]]]},
        {"shows": [[">=", "(^ (exp 2000) 9)", [0]]]},
        {"shows": [[">=", "x", []]]},
        {"shows": [[">=", "x", [1]]]},
        {"shows": [[">=", "x", [1, 0]]]},
        {"shows": [[">=", "x", [0, 0]]]},
        {"shows": [[">=", "x", [2, 0, 0]]]},
        {"shows": [[">=", "x", ["0"]]]},
        {"shows": [[">=", "x", [True]]]},
        {"shows": [[">=", 1, [0]]]},
        {"box": {"x": ["2", "1"]}},
        {"box": {"x": ["1"]}},
        {"box": {"x": [1, 2]}},
        {"box": []},
        {"let": [["x", "3"]]},
        {"let": [["t", "3"], ["t", "4"]]},
        {"let": [["t", "(log (- x 1))"]]},
        {"let": [["t", "u"], ["u", "3"]]},
        {"let": [[1, "3"]]},
        {"more": "1"},
    ],
)
def test_what_is_not_so_or_cannot_be_read_is_rejected(damage: dict[str, Any]):
    right = {"kind": "boxes", "box": {"x": ["1", "2"]}, "let": [], "shows": [[">=", "(- x 1)", [0]]]}
    assert kernel.check(right)
    with pytest.raises(Rejected):
        kernel.check(right | damage)


def test_series_enclose_and_hardly_more():
    """Against mpmath at fifty digits, at random rationals and at the ends of what is reduced."""
    draw = random.Random(0)
    drawn = [Fraction(draw.randint(-(10**12), 10**12), draw.randint(1, 10 ** draw.randint(0, 13))) for _ in range(1500)]
    points = [x for x in drawn if abs(x) < 1000] + [Fraction(n, 2) for n in range(-9, 10)] + [Fraction(1, 2**128)]
    with mpmath.workdps(460):  # exp(1000) has 434 digits before the point, and 38 count behind it
        for x in points:
            n = int(x * ONE)
            low, high = interval.exp((n, n))
            true = mpmath.exp(mpmath.mpf(n) / ONE) * ONE
            assert low <= true <= high
            assert high - low <= 2**12 * max(1, true / ONE)
            n = abs(n) or 1
            low, high = interval.log((n, n))
            assert low <= mpmath.log(mpmath.mpf(n) / ONE) * ONE <= high
            assert high - low <= 2**14


def test_operations_hold_every_result():
    draw = random.Random(1)

    def some() -> tuple[int, int]:
        a, b = sorted(draw.randint(-5, 5) * ONE // draw.randint(1, 7) + draw.randint(-2, 2) for _ in range(2))
        return a, b

    for _ in range(1000):
        x, y, k = some(), some(), draw.randint(1, 5)
        for a, b in itertools.product((x[0], (x[0] + x[1]) // 2, x[1]), (y[0], (y[0] + y[1]) // 2, y[1])):
            p, q = Fraction(a, ONE), Fraction(b, ONE)
            assert _holds(interval.plus(x, y), p + q) and _holds(interval.minus(x), -p)
            assert _holds(interval.times(x, y), p * q) and _holds(interval.power(x, k), p**k)
            if y[0] > 0 or y[1] < 0:
                assert _holds(interval.over(x, y), p / q)
            else:
                with pytest.raises(Rejected):
                    interval.over(x, y)


def _holds(x: tuple[int, int], value: Fraction) -> bool:
    return x[0] <= value * ONE <= x[1]


def _at(term: Any, point: dict[str, Any]) -> Any:
    """The value of a term, by mpmath; it raises where there is none."""
    if type(term) is Name:
        return point[term]
    if isinstance(term, str):
        return mpmath.mpf(Fraction(term).numerator) / Fraction(term).denominator
    operator, *parts = term
    values = [_at(part, point) for part in parts if operator != "^" or part is parts[0]]
    match str(operator):
        case "exp":
            return mpmath.exp(values[0])
        case "log":
            assert values[0] > 0
            return mpmath.log(values[0])
        case "^":
            return values[0] ** int(parts[1])
        case "-" if len(values) == 1:
            return -values[0]
    total = values[0]
    for value in values[1:]:
        match str(operator):
            case "+":
                total = total + value
            case "-":
                total = total - value
            case "*":
                total = total * value
            case _:
                total = total / value
    return total


def _true_at_points(certificate: dict[str, Any], draw: random.Random) -> bool:
    """Whether what it shows holds at the corners of the box and at points drawn from it."""
    sides = [[Fraction(end) for end in side] for side in certificate["box"].values()]
    corners = list(itertools.product(*sides))
    inside = [[a + (b - a) * Fraction(draw.randint(0, 10**6), 10**6) for a, b in sides] for _ in range(12)]
    for place in [*corners, *inside]:
        point = {n: mpmath.mpf(x.numerator) / x.denominator for n, x in zip(certificate["box"], place, strict=True)}
        for name, term in certificate["let"]:
            point[name] = _at(expression(term), point)
        for relation, term, _ in certificate["shows"]:
            value = _at(expression(term), point)
            if not (value > 0 if relation == ">" else value >= -(mpmath.mpf(10) ** -45)):
                return False
    return True


def _numeral(certificate: dict[str, Any], draw: random.Random) -> None:
    place, at = draw.choice(
        [(pair, 1) for pair in certificate["let"]] + 3 * [(claimed, 1) for claimed in certificate["shows"]]
    )
    words = place[at].replace(")", " )").split(" ")
    numerals = [i for i, word in enumerate(words) if word[:1].isdigit()]
    if numerals:
        i = draw.choice(numerals)
        other = [Fraction(words[i]) * Fraction(k, 10) for k in (0, 5, 9, 11, 20)]
        words[i] = str(draw.choice(other)) if words[i - 1] != "(^" and words[max(0, i - 2)] != "(^" else "3"
        place[at] = " ".join(words).replace(" )", ")")


def _operator(certificate: dict[str, Any], draw: random.Random) -> None:
    claimed = draw.choice(certificate["shows"])
    old, new = draw.choice(list(itertools.permutations(["(+", "(-", "(*", "(/", "(exp", "(log"], 2)))
    claimed[1] = claimed[1].replace(f"{old} ", f"{new} ", 1)


def _side(certificate: dict[str, Any], draw: random.Random) -> None:
    if certificate["box"]:
        side = draw.choice(list(certificate["box"].values()))
        side[draw.randrange(2)] = str(Fraction(draw.randint(-40, 40), 10))


def _relation(certificate: dict[str, Any], draw: random.Random) -> None:
    claimed = draw.choice(certificate["shows"])
    claimed[0] = draw.choice([">", ">=", "<"])


def _cut(certificate: dict[str, Any], draw: random.Random) -> None:
    cuts = draw.choice(certificate["shows"])[2]
    match draw.randrange(3):
        case 0:
            cuts.pop(draw.randrange(len(cuts)))
        case 1:
            cuts.insert(draw.randrange(len(cuts) + 1), draw.randrange(3))
        case _:
            cuts[draw.randrange(len(cuts))] = draw.randrange(3)


def _definition(certificate: dict[str, Any], draw: random.Random) -> None:
    if certificate["let"]:
        certificate["let"][0][1] = draw.choice(["(exp y)", "(exp (- x))", "x", "(^ x 2)", "(log x)", "(+ 1 x)"])


KINDS: tuple[Callable[[dict[str, Any], random.Random], None], ...] = (
    _numeral, _operator, _side, _relation, _cut, _definition,
)  # fmt: skip


def test_altered_certificates_are_rejected_or_still_valid():
    draw, tried, rejected = random.Random(2), Counter(), Counter()
    with mpmath.workdps(50):
        for certificate in VALID:
            assert _true_at_points(certificate, draw)
            for _ in range(600):
                altered = copy.deepcopy(certificate)
                kind = draw.choice(KINDS)
                kind(altered, draw)
                if altered == certificate:
                    continue
                tried[kind.__name__] += 1
                try:
                    assert kernel.check(altered)
                except Rejected:
                    rejected[kind.__name__] += 1
                else:
                    assert _true_at_points(altered, draw), altered
    assert sum(tried.values()) > 1000
    assert set(tried) == {kind.__name__ for kind in KINDS}
    assert 0.4 * sum(tried.values()) < sum(rejected.values()) < sum(tried.values())
    assert rejected["_cut"] > 0.5 * tried["_cut"]
