"""Statements whose truth is known, for the tests of `prove`."""

import sympy as sp
from smt_oracle import x, y, z

p, q = sp.symbols("p q", positive=True)
n = sp.Symbol("n", nonnegative=True)
w = sp.Symbol("w", negative=True)
nz = sp.Symbol("nz", nonzero=True, real=True)
HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
SAFE_ROOT = sp.Piecewise((sp.sqrt(x), x >= 0), (-1, True))

PROVED = [
    ([x > 0], 1 / (1 + 1 / x) < 1),
    ([x < 0], 1 / x < 0),
    ([x < -1], 1 / x > -1),
    ([x > 1, y > 1], 1 / (x * y) < 1 / x),
    ([sp.Ne(x, 0)], 1 / x**2 > 0),
    ([1 / x > 1, x > 0], x < 1),  # a hypothesis with a denominator that another makes sense of
    ([1 / p > 2], p < HALF),
    ([n > 0], 1 / n > 0),
    ([], sp.Gt(1 / nz**2, 0, evaluate=False)),
    ([], sp.Lt(w**3, 0, evaluate=False)),
    ([], sp.Max(x, y, z) >= (x + y + z) / 3),
    ([], sp.Min(x, y, z) <= sp.Max(x, y, z)),
    ([], sp.Abs(x + y) <= sp.Abs(x) + sp.Abs(y)),
    ([], sp.Abs(sp.Abs(x) - sp.Abs(y)) <= sp.Abs(x - y)),
    ([], 1 / sp.Max(x, 1) <= 1),
    ([x > 0], 1 / sp.Max(x, 0) > 0),
    ([sp.Ne(x, 0)], 1 / sp.Abs(x) > 0),
    ([x >= 0, y >= 0], sp.sqrt(x * y) <= (x + y) / 2),
    ([x >= 4], x ** sp.Rational(-3, 2) <= sp.Rational(1, 8)),
    ([x >= 0], sp.cbrt(x) <= 1 + x),
    ([x >= 1], sp.sqrt(1 + sp.sqrt(x)) >= sp.sqrt(2)),
    ([x**2 <= 2], x <= sp.sqrt(2)),
    ([], sp.Gt(sp.sqrt(sp.Max(p, y)), 0, evaluate=False)),
    ([sp.Max(-p, y) >= 0], sp.sqrt(sp.Max(-p, y)) >= 0),
    ([], sp.Eq(SAFE_ROOT**2, sp.Max(x, 0) + sp.Piecewise((0, x >= 0), (1, True)))),
    ([x > 0], sp.Eq(sp.Piecewise((1, x > 0), (2, x > -1), (3, True)), 1)),
    ([sp.Ne(x, 0)], sp.Piecewise((x, x > 0), (-x, x < 0)) > 0),
    ([], sp.Piecewise((1 / x, sp.Ne(x, 0)), (0, True)) * x <= 1),
    ([], sp.Or(sp.Eq(x, 0), 1 / x**2 > 0)),
    ([], sp.Not(sp.And(x > 0, 1 / x < 0))),
    ([], sp.Implies(x > 0, 1 / x > 0)),
    ([], sp.ITE(x > 0, 1 / x > 0, x <= 0)),
    ([], sp.Equivalent(x > 0, x**3 > 0, x**5 > 0)),
    ([sp.Xor(x > 0, y > 0)], x * y <= 0),
    ([x >= 0.5], x**2.0 >= 0.25),
    ([sp.And(x > 1, y > 1)], [x * y > 1, sp.And(x + y > 2, x > 0)]),
]

REFUTED = [
    ([], x > 0),
    ([sp.Ne(x, 0)], 1 / x < 1),
    ([1 / p < 2], p < HALF),
    ([sp.Ne(x, 0), 1 / x < 1], x > 1),  # multiplying by x whatever its sign would prove it
    ([], n > 0),
    ([], nz > 0),
    ([sp.Implies(x >= 0, sp.sqrt(x) >= 0)], x >= 0),  # a root under a condition says nothing about x
    ([], sp.Or(x >= 0, SAFE_ROOT >= 0)),
    ([], sp.Piecewise((1, x > 0), (2, x > -1), (3, True)) <= 2),
    ([], sp.Abs(x + y) < sp.Abs(x) + sp.Abs(y)),
    ([x >= 0], sp.sqrt(x) <= x),
    ([sp.Eq(x**2, 2), x > 0], x < 1),
    ([sp.Eq(x**3 - 3 * x + 1, 0), x < 0], x * y < 0),
    ([sp.Eq(x**5 - x - 1, 0)], x <= 1),
    ([sp.Eq(3 * x, 2)], x < 0),
    ([], sp.Xor(x > 0, y > 0)),
    ([], sp.Equivalent(x > y, y > x)),
    ([], [x**2 >= 2 * x - 1, x > 0]),
    ([], [sp.Gt(1 / (x**2 + 1), 0, evaluate=False), x > 0]),
    ([x + 0.5 >= 10**20], x >= 10**20),  # floats are read exactly, and no sum of them rounds
    ([p > q], p > 2 * q),
]

INCONCLUSIVE = [
    ([x > 1, x < 0], y > 0, "contradict"),
    ([x**2 < 0], y > 0, "contradict"),
    ([p * q < 0], y > 0, "contradict"),
    ([w > n, w**2 > 0], y > 0, "contradict"),
    ([sp.Eq(nz**2, 0)], y > 0, "contradict"),
    ([sp.false], y > 0, "contradict"),
    ([1 / (x**2 + 2 * x + 1 - (x + 1) ** 2) > 0], y > 0, "denominator"),
    ([y <= z], 1 / x + y <= 1 / x + z, "denominator x != 0"),  # it cancels, and is meaningless at 0 still
    ([y <= z], sp.sqrt(x) + y <= sp.sqrt(x) + z, "radicand x >= 0"),
    ([], sp.Piecewise((1 / x, x <= 0), (0, True)) - 1 / x <= 1, "denominator x != 0"),
    ([], sp.Implies(y > 0, 1 / x**2 > 0), "denominator x != 0"),
    ([1 / x**2 > 0], y**2 >= 2 * y - 1, "denominator x != 0"),  # a hypothesis does not vouch for itself
    ([1 / x > 0, sp.sqrt(x) > 0], x**2 > 0, "state it as one"),  # nor do two for each other
    ([sp.sqrt(x) >= 0], x >= 0, "radicand x >= 0"),  # nor does a root for its radicand
    ([], sp.sqrt(x) >= 0, "radicand x >= 0"),
    ([x >= 0], x ** sp.Rational(-3, 2) > 0, "denominator x != 0"),
    ([], sp.Piecewise((x, x > 0), (-x, x < 0)) > 0, "a case of"),
    ([], 1 / sp.Max(x, y) <= 1, "denominator Max(x, y) != 0"),
    ([], sp.Eq(sp.sqrt(y - x**2 - 1), y), "radicand"),
]
