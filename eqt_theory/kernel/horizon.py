"""Runs of some steps: what is left after them at most, on the class of `rates`, and a function on which much is left.

Query 0 is made at h_0. Each later one is a combination of the queries before it and their gradients: its rule holds the
coefficients of y and u of the query before, of the one before that, and so on. `run` is [[count, [rule, ..]], ..]. The
last query is at the h that is measured, relative to |h_0 - h*|^2.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.matrix import Form, Matrix, Points, Row, matrix, times, unit
from eqt_theory.kernel.rates import MEASURES, measured, rest
from eqt_theory.kernel.reading import fields, items, need, number, position, say, short
from eqt_theory.kernel.worst import dot, interpolates


def rules(run: Any) -> list[list[Fraction]]:
    """The rule of each query but the first; h* is a fixed point."""
    blocks = [(position(count, 1000), rows) for count, rows in (items(block, 2) for block in items(run))]
    made = [[number(c) for c in items(row)] for count, rows in blocks for row in items(rows) * count]
    need(all(sum(rule[::2]) == 1 for rule in made), "h* is no fixed point")
    return made


def queries(made: Sequence[Row], h_0: Row, gradients: Matrix) -> Iterator[Row]:
    """Where gradients are asked for, given those that are answered."""
    before: list[Row] = []
    for rule, u in zip([[Fraction(1)], *made], gradients, strict=True):
        need(len(rule) <= len(before) or not before, "a rule looks back too far")
        y = times([rule], before[: len(rule)], len(h_0))[0] if before else h_0
        before = [y, u, *before]
        yield y


def check(certificate: dict[str, Any]) -> str:
    """What a certificate of kind "horizon" shows: a bound, a function that exceeds a number, or both."""
    _, m, M, run, measure, above, below = fields(certificate, "kind", "m", "M", "run", "measure", "above", "below")
    m, M, made = number(m), number(M), rules(run)
    need(0 <= m < M and type(measure) is str and measure in MEASURES, "numbers are out of their range")
    size, n, what, said = 1 + len(made), 2 + len(made), MEASURES[measure].replace("_k", ""), []
    if above != {}:
        bound, uses = fields(above, "bound", "multipliers")
        e, bound = unit(n), number(bound)
        points: Points = [rest(n), *zip(queries(made, e[0], e[1:]), e[1:], strict=True)]
        form = Form(n, n)
        form.add(bound, e[:1], e[:1])
        measured(form, Fraction(-1), measure, points[-1][0], points, size)
        form.shown("the bound", uses, points, ["", *["smooth"] * size], m, M)
        said.append(f"{what} <= {say(bound, 'upper')} |h_0 - h*|^2")
    if below != {}:
        # The minimum is at 0.
        reached, start, gradients, values = fields(below, "attained", "start", "gradients", "values")
        h, reached, d = [number(x) for x in items(start)], number(reached), len(items(start))
        g, f = matrix(gradients, size, d), [number(x) for x in items(values, size)]
        samples = list(zip(queries(made, h, g), g, f, strict=True))
        interpolates([([Fraction(0)] * d, [Fraction(0)] * d, Fraction(0)), *samples], m, M)
        x, u, last = samples[-1]
        found = {"distance": dot(x, x), "gradient": dot(u, u), "value": last}[measure]
        need(any(h) and found >= reached * dot(h, h), "less is reached")
        said.append(f"for some function {what} >= {say(reached, 'lower')} |h_0 - h*|^2")
    need(said != [], "nothing is shown")
    return f"at the last of {size} queries {', '.join(said)}; m = {m}, M = {M}; run {short(str(run))}"
