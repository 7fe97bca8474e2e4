"""Runs of some steps: what is left after them at most, on the class of `rates`, and a function on which much is left.

Query 0 is made at h_0. Each later one is a combination of the queries before it and their gradients: its rule holds the
coefficients of y and u of the query before, of the one before that, and so on; rules are [[count, [rule, ..]], ..]. The
last query is at the h that is measured, relative to |h_0 - h*|^2. All is said in vectors v_0 = h_0, v_1, ..: gradient i
is a combination of v_(i+1), y_i, v_i, v_(i-1), and so on, where the first coefficient is not 0: whatever gradients are
answered, there are such vectors.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.matrix import Form, Matrix, Row, matrix, times, unit
from eqt_theory.kernel.rates import MEASURES, measured, rest
from eqt_theory.kernel.reading import fields, items, need, number, position, positive, say, short
from eqt_theory.kernel.worst import dot, interpolates


def told(value: Any) -> list[list[Fraction]]:
    """Lists of coefficients, each stretch as often as is said."""
    blocks = [(position(count, 1000), rows) for count, rows in (items(block, 2) for block in items(value))]
    return [[number(c) for c in items(row)] for count, rows in blocks for row in items(rows) * count]


def follow(queries: Sequence[Row], gradients: Sequence[Row], v: Matrix) -> list[tuple[Row, Row]]:
    """Where gradients are asked for, and these, of a run for which h* is a fixed point."""
    need(len(gradients) == 1 + len(queries) and all(sum(rule[::2]) == 1 for rule in queries), "h* is no fixed point")
    points: list[tuple[Row, Row]] = []
    for i, (rule, row) in enumerate(zip([[Fraction(1)], *queries], gradients, strict=True)):
        before = [x for point in points[::-1] for x in point] or v[:1]
        need(len(rule) <= len(before) and 0 < len(row) <= i + 3 and row[0] != 0, "a rule is none")
        y = times([rule], before[: len(rule)], len(v[0]))[0]
        points.append((y, times([row], [v[i + 1], y, *v[i::-1]][: len(row)], len(v[0]))[0]))
    return points


def check(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "horizon" shows: a bound, a function that exceeds a number, or both."""
    _, m, M, run, measure, above, below = fields(certificate, "kind", "m", "M", "run", "measure", "above", "below")
    m, M, (queries, gradients) = number(m), number(M), map(told, fields(run, "queries", "gradients"))
    need(0 <= m < M and type(measure) is str and measure in MEASURES, "numbers are out of their range")
    size, n, what, said = len(gradients), 1 + len(gradients), MEASURES[measure].replace("_k", ""), []
    if above != {}:
        # What is shown is `scale` times the bound.
        bound, scale, uses = fields(above, "bound", "scale", "multipliers")
        e, bound, scale = unit(n), number(bound), positive(scale)
        points, form = [rest(n), *follow(queries, gradients, e)], Form(n, n)
        form.add(scale * bound, e[:1], e[:1])
        measured(form, -scale, measure, points[-1][0], points, size)
        form.shown("the bound", uses, points, ["", *["smooth"] * size], m, M)
        said.append(f"{what} <= {say(bound, 'upper')} |h_0 - h*|^2")
    if below != {}:
        # The minimum is at 0.
        reached, vectors, values = fields(below, "attained", "vectors", "values")
        reached, d = number(reached), len(items(items(vectors, n)[0]))
        v, f = matrix(vectors, n, d), [number(x) for x in items(values, size)]
        samples = [(y, u, x) for (y, u), x in zip(follow(queries, gradients, v), f, strict=True)]
        interpolates([([Fraction(0)] * d, [Fraction(0)] * d, Fraction(0)), *samples], m, M)
        x, u, last = samples[-1]
        found = {"distance": dot(x, x), "gradient": dot(u, u), "value": last}[measure]
        need(any(v[0]) and found >= reached * dot(v[0], v[0]), "less is reached")
        said.append(f"for some function {what} >= {say(reached, 'lower')} |h_0 - h*|^2")
    need(said != [], "nothing is shown")
    return f"at the last of {size} queries {', '.join(said)}; m = {m}, M = {M}; run {short(str(run['queries']))}"
