"""The rules of a run: each query by the queries and gradients just before it, as a certificate holds them.

With them come vectors v_0 = h_0, v_1, .. in which the run is written in short numbers: those by which queries and
gradients are both combinations of a few neighbours, as the states of the method are.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint

from eqt_theory.evidence.rate.realisation import Matrix
from eqt_theory.kernel.horizon import follow
from eqt_theory.kernel.matrix import unit

Rule = tuple[Fraction, ...]
_PERIODS = 4
_SHORT = 200
"""Binary digits of a denominator that are not worth another set of vectors."""


def rules_of(moves: Matrix) -> list[Rule]:
    """For each query but the first the shortest rule there is, that of its neighbour where it serves as well.

    Args:
        moves: exact; query i is made at `h_0 + moves_i gradients`.

    Returns:
        The coefficients of y and u of the query before, of the one before that, and so on; those of y add up to 1.
    """
    size = len(moves)
    rows = [[flint.fmpq(x.numerator, x.denominator) for x in row] for row in moves]
    made: list[Rule] = []
    # From the last one on: there a rule is unique, while early ones have a choice.
    for i in range(size - 1, 0, -1):
        known = next((rule for rule in dict.fromkeys(made[: -_PERIODS - 1 : -1]) if _obeys(rows, i, rule)), None)
        made.append(known or next(rule for w in range(1, i + 1) if (rule := _solved(rows, i, w)) is not None))
    return made[::-1]


def blocks(rules: Sequence[Rule]) -> list[list[Any]]:
    """The same, each stretch that comes again and again said once."""
    told: list[list[Any]] = []
    at = 0
    while at < len(rules):
        counts = {p: _repeats(rules[at:], p) for p in range(1, _PERIODS + 1)}
        period = max(counts, key=lambda p: p * counts[p] if counts[p] > 1 else int(p == 1))
        texts = [[str(c) for c in rule] for rule in rules[at : at + period]]
        if counts[period] == 1 and told and told[-1][0] == 1:
            told[-1][1] += texts
        else:
            told.append([counts[period], texts])
        at += period * counts[period]
    return told


def gradients_of(rules: Sequence[Rule]) -> list[Rule]:
    """The coefficients of each gradient u_i by v_(i+1), y_i, v_i, v_(i-1), .., in which numbers are short.

    Vectors may be the gradients, v_(i+1) = u_i, or the ends of gradient steps, v_(i+1) = y_i + c u_i. Or, where
    y_(i+1) = sum a_k y_(i-k) + sum b_k u_(i-k) in all steps, those for which y_i = s sum b_k v_(i-k): then
    u_i = s (v_(i+1) - sum a_k v_(i-k)). Before the first step all is at h_0.

    Args:
        rules: of the queries.

    Returns:
        One row for each query, the first one too.
    """
    one, zero, size = Fraction(1), Fraction(0), len(rules) + 1
    found: list[list[Rule]] = [[(one,)] * size]
    if _digits(rules, found[0]) <= _SHORT:
        return found[0]
    steps = [rule[1] / rule[0] for rule in rules if len(rule) > 1 and rule[0] and rule[1]]
    if steps:
        c = max(steps, key=steps.count)
        found.append([(1 / c, -1 / c)] * size)
    rule = max(rules, key=rules.count, default=())
    total = sum(rule[1::2], zero)
    if total and len(rule) > 2:
        lead, back = 1 / total, [-a / total for a in rule[::2]]
        near = [back if i + 1 >= len(back) else [*back[:i], sum(back[i:], zero)] for i in range(size)]
        found.append([(lead, zero, *row) for row in near])
    return min(found, key=lambda rows: _digits(rules, rows))


def _digits(rules: Sequence[Rule], gradients: Sequence[Rule]) -> int:
    n = len(gradients) + 1
    return max(x.denominator.bit_length() for y, _ in follow(rules, gradients, unit(n)) for x in y)


def _repeats(rules: Sequence[Rule], period: int) -> int:
    count = 1
    while len(rules) >= (count + 1) * period and rules[:period] == rules[count * period : (count + 1) * period]:
        count += 1
    return count


def _obeys(rows: list[list[Any]], i: int, rule: Rule) -> bool:
    if len(rule) > 2 * i:
        return False
    total = [flint.fmpq(0)] * i
    for k, c in enumerate(flint.fmpq(c.numerator, c.denominator) for c in rule):
        j = i - 1 - k // 2
        if k % 2:
            total[j] += c
        elif c:
            total = [a + c * b for a, b in zip(total, rows[j], strict=False)]
    return total == rows[i][:i]


def _solved(rows: list[list[Any]], i: int, window: int) -> Rule | None:
    """The rule that looks back on so many queries; None where there is none."""
    near, zero = range(i - 1, i - 1 - window, -1), flint.fmpq(0)
    # Unknown are the coefficients of gradients and, beyond that of the query before, those of differences to it.
    columns = [[flint.fmpq(int(t == j)) for t in range(i)] for j in near]
    columns += [[rows[j][t] - rows[i - 1][t] for t in range(i)] for j in near[1:]]
    wanted = [rows[i][t] - rows[i - 1][t] for t in range(i)]
    table = flint.fmpq_mat([list(row) for row in zip(*columns, wanted, strict=True)])
    reduced, rank = table.rref()
    unknowns = [zero] * len(columns)
    for r in range(rank):
        lead = next(t for t in range(len(columns) + 1) if reduced[r, t])
        if lead == len(columns):
            return None
        unknowns[lead] = reduced[r, len(columns)]
    slopes, back = unknowns[:window], unknowns[window:]
    at = [1 - sum(back, zero), *back]
    return tuple(Fraction(int(c.p), int(c.q)) for pair in zip(at, slopes, strict=True) for c in pair)
