"""Point: the assertions of one SMT-LIB text hold together, at numbers that are given: rational, or made of real roots.

{"roots": {r: [[c_0, .., c_n], low, high]}, "values": {x: term in the r}}: the polynomial c_0 + .. + c_n r^n has
opposite signs at low and high, so it has a root between them, and r is one. A term in the r is positive where it is in
rational interval arithmetic, and 0 where its remainders by these polynomials vanish; nothing else is decided.
"""

from fractions import Fraction
from typing import Any

from eqt_theory.kernel.contradiction import read
from eqt_theory.kernel.polynomial import Polynomial, add, constant, multiply, powers, scale, substitute, variable
from eqt_theory.kernel.reading import fields, items, need, number
from eqt_theory.kernel.smtlib import Formula, term

Interval = tuple[Fraction, Fraction]


def check(certificate: dict[str, Any]) -> str:
    """What the certificate shows, in words."""
    _, text, digest, roots, values = fields(certificate, "kind", "text", "sha256", "roots", "values")
    formulas, names = read(text, digest)
    need(type(roots) is dict, "roots is a dictionary")
    found = {str(name): _root(name, *items(data, 3)) for name, data in roots.items()}
    point = {x: term(value, set(found)) for x, value in zip(names, fields(values, *names), strict=True)}
    need(all(_holds(formula, point, found) for formula in formulas), "an assertion was not shown to hold there")
    return f"the {len(formulas)} assertions of the text {digest[:12]} hold together at a point"


def _root(name: str, coefficients: Any, low: Any, high: Any) -> tuple[Polynomial, Interval]:
    p = add(*(multiply(constant(number(c)), *[variable(name)] * k) for k, c in enumerate(items(coefficients))))
    ends = [substitute(p, name, constant(number(end))).get((), Fraction(0)) for end in (low, high)]
    need(number(low) < number(high) and ends[0] * ends[1] < 0, f"no root {name!r:.40} is between these numbers")
    return p, (number(low), number(high))


def _holds(formula: Formula, point: dict[str, Polynomial], roots: dict[str, tuple[Polynomial, Interval]]) -> bool:
    """Whether the formula is seen to hold at the point."""
    kind, content = formula
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(_holds(part, point, roots) for part in content)
    p = add(*(multiply(constant(c), *(point[x] for x, k in m for _ in range(k))) for m, c in content.items()))
    for name, (minimal, _) in roots.items():
        p = _remainder(p, name, minimal)
    if not p:
        return kind in ("=", ">=")
    return kind in (">", ">=") and _low(p, {name: interval for name, (_, interval) in roots.items()}) > 0


def _remainder(p: Polynomial, name: str, divisor: Polynomial) -> Polynomial:
    """The remainder of p by a polynomial in the variable alone."""
    degree = max(k for k, _ in powers(divisor, name))
    lead = divisor[((name, degree),)]
    while any(k >= degree for k, _ in powers(p, name)):
        k = max(k for k, _ in powers(p, name))
        top = add(*(c for j, c in powers(p, name) if j == k))
        p = add(p, scale(multiply(top, *[variable(name)] * (k - degree), divisor), -1 / lead))
    return p


def _low(p: Polynomial, intervals: dict[str, Interval]) -> Fraction:
    """A number that p does not go below on the box."""
    low = Fraction(0)
    for monomial, coefficient in p.items():
        ends = [coefficient]
        for name, exponent in monomial:
            for _ in range(exponent):
                ends = [e * bound for e in (min(ends), max(ends)) for bound in intervals[name]]
        low += min(ends)
    return low
