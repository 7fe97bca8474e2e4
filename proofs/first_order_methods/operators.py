"""Averaged operators and their composition, Krasnoselskii-Mann, Douglas-Rachford, extragradient."""

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.gram import Averaged, Lipschitz, Monotone, Point, Skew, Space, combine
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, L, alpha, n

u, v, w = Space(("u", "v", "w")).vectors
k1, k2 = sp.symbols("k_1 k_2", positive=True)


def one(family: Averaged | Lipschitz | Monotone, x: Point, y: Point | None = None) -> Boolean:
    """What the class says of two points; of one and a fixed point or zero at the origin."""
    return family.inequalities([x, y or Point(0 * x.x, 0 * x.x)])[0]


composition = Claim(
    id="averaged-composition",
    source="Ogura, Yamada 2002; Combettes, Yamada 2015",
    statement="If T_1 and T_2 are averaged with theta_1 and theta_2 in (0, 1), T_2 T_1 is averaged with "
    "(theta_1 + theta_2 - 2 theta_1 theta_2)/(1 - theta_1 theta_2).",
)


@composition.shows(ALL)
def composed() -> Finding:
    """With k = (1 - theta)/theta: |u|^2 - |T u|^2 >= k |u - T u|^2, and 1/k is added where operators are composed."""
    K = k1 * k2 / (k1 + k2)
    uses = [(1 + k1, one(Averaged(1 / (1 + k1)), Point(u, v))), (1 + k2, one(Averaged(1 / (1 + k2)), Point(v, w)))]
    square = (1 / (k1 + k2), k1 * (u - v) - k2 * (v - w))
    left = (1 + K) * one(Averaged(1 / (1 + K)), Point(u, w)).lhs  # |u|^2 - |w|^2 - K |u - w|^2
    a, b = 1 / (1 + k1), 1 / (1 + k2)
    constant = prove([], sp.Eq((1 - a * b) / (1 + K), a + b - 2 * a * b))
    found = combine([], left >= 0, uses, u.space, squares=[square], detail="|u|^2 - |T u|^2 >= K |u - T u|^2")
    return together({"composition": found, "constant": constant}, "the composition is averaged with this constant")


largest = Claim(
    id="averaged-composition-largest",
    source="a usual slip",
    statement="If T_1 and T_2 are averaged with the same theta, so is T_2 T_1.",
    repair="averaged-composition",
)


@largest.shows("theta = 1/2")
def projections() -> Finding:
    half = Averaged(sp.Rational(1, 2))
    first, second = half.member(), half.member()
    first.points += [Point(u, v), Point(0 * u, 0 * u)]
    second.points += [Point(v, w), Point(0 * u, 0 * u)]
    at = zip(u.space.gram.vech(), (4, 2, 0, 2, 1, 1), strict=True)  # u = (2, 0), v = (1, 1), w = (0, 1)
    return prove([*first.inequalities, *second.inequalities, *(sp.Eq(a, b) for a, b in at)], (u - w) @ w >= 0)


x, T, TT = Space(("x", "Tx", "Tx'")).vectors
lam = sp.Symbol("lambda", positive=True)
mann = Claim(
    id="krasnoselskii-mann",
    source="Krasnoselskii 1955; Mann 1953; Baillon, Bruck 1996 for the rate",
    statement="T nonexpansive with a fixed point x*, x+ = (1 - lambda) x + lambda T x, 0 < lambda < 1: "
    "(N + 1) lambda (1 - lambda) |x_N - T x_N|^2 <= |x_0 - x*|^2; at N = 0 and lambda = 1/2 with equality for T = -I.",
    readings=[Reading("stated", "For every such T, N >= 0 and start.", parts=("bound", "attained"))],
)


def mann_step(cost: sp.Expr) -> Finding:
    left = x.norm2 - cost * (x - T).norm2 - ((1 - lam) * x + lam * T).norm2
    return combine([lam < 1], left >= 0, [(lam, one(Lipschitz(1), Point(x, T)))], x.space, detail="the distance falls")


@mann.shows(ALL, part="bound")
def residuals() -> Finding:
    """|x_n - x*|^2 + lambda (1 - lambda) n |r_n|^2 does not grow, since |r_n| does not either."""
    after = (1 - lam) * x + lam * T
    pair = one(Lipschitz(1), Point(x, T), Point(after, TT))
    square = ((1 - lam) / lam, lam * (x - T) - (T - TT))
    left = (x - T).norm2 - (after - TT).norm2
    falls = combine([lam < 1], left >= 0, [(1 / lam, pair)], x.space, squares=[square], detail="the residual falls")
    Z, r, r0, drop, less, R, c = sp.symbols("Z r r_0 drop less R c", nonnegative=True)  # c = lambda (1 - lambda)
    quantities = [Quantity(Z, R**2, Z - drop), Quantity(r, r0, r - less)]
    each = [drop >= c * r, drop <= Z, less <= r]
    sums = by_induction(Z + c * n * r <= R**2, n, quantities=quantities, each=each)
    end = prove([Z + c * n * r <= R**2, Z - c * r >= 0], (n + 1) * c * r <= R**2)
    return together(
        {"distance": mann_step(lam * (1 - lam)), "residual": falls, "sum": sums, "conclusion": end},
        "the bound for all N",
    )


@mann.shows("lambda = 1/2, N = 0", part="attained")
def reflection() -> Finding:
    R = sp.Symbol("R", positive=True)
    return prove([sp.Eq(lam, sp.Rational(1, 2))], sp.Eq(lam * (1 - lam) * (R - -R) ** 2, R**2))


picard = Claim(
    id="picard-nonexpansive",
    source="a usual slip",
    statement="T nonexpansive with a fixed point, x_{k+1} = T x_k: (N + 1) |x_N - T x_N|^2 <= 4 |x_0 - x*|^2.",
    repair="krasnoselskii-mann",
)


@picard.shows("N = 1, T = -I")
def goes_on() -> Finding:
    f = Lipschitz(1).member()
    f.points += [Point(x, T), Point(T, TT), Point(0 * x, 0 * x)]
    at = zip(x.space.gram.vech(), (1, -1, 1, 1, -1, 1), strict=True)
    return prove([*f.inequalities, *(sp.Eq(a, b) for a, b in at)], 2 * (T - TT).norm2 <= 4 * x.norm2)


douglas = Claim(
    id="douglas-rachford",
    source="Lions, Mercier 1979; Eckstein, Bertsekas 1992",
    statement="A and B maximal monotone: z+ = z + J_B(2 J_A z - z) - J_A z is firmly nonexpansive.",
)


@douglas.shows(ALL)
def firmly() -> Finding:
    """Of differences: z = u + v, v in A u; J_B has the image w and 2 u - z - w in B w."""
    z, after = u + v, v + w
    uses = [(1, one(Monotone(0), Point(u, v))), (1, one(Monotone(0), Point(w, u - v - w)))]
    return combine([], (z - after) @ after >= 0, uses, u.space, detail="<z - z+, z+> >= 0")


extra = Claim(
    id="extragradient",
    source="Korpelevich 1976; Facchinei, Pang 2003",
    statement="F monotone and L-Lipschitz, y = x - alpha F(x), x+ = x - alpha F(y): "
    "|x+ - x*|^2 <= |x - x*|^2 - (1 - alpha^2 L^2) |x - y|^2 for every zero x*.",
)


@extra.shows(ALL)
def extragradient() -> Finding:
    y = u - alpha * v
    uses = [(2 * alpha, one(Monotone(0), Point(y, w))), (alpha**2, one(Lipschitz(L), Point(u, v), Point(y, w)))]
    left = u.norm2 - (1 - alpha**2 * L**2) * (u - y).norm2 - (u - alpha * w).norm2
    return combine([], left >= 0, uses, u.space, detail="the distance falls")


forward = Claim(
    id="forward-step-monotone",
    source="a usual slip: gradient descent-ascent",
    statement="F monotone and L-Lipschitz, alpha < 1/L: |x - alpha F(x) - x*| <= |x - x*|.",
    repair="extragradient",
)


@forward.shows("F skew, as for a bilinear game")
def spirals() -> Finding:
    F = Skew(L).member()  # a skew operator of norm L is monotone and L-Lipschitz
    F.points.append(Point(u, v))
    return prove([*F.inequalities, alpha < 1 / L], (u - alpha * v).norm2 <= u.norm2)
