"""Averaged operators and their composition, Krasnoselskii-Mann, Douglas-Rachford, extragradient."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Averaged, Lipschitz, Monotone, Point, Skew, Space, adds_up
from eqt_theory.engines.induction import Quantity, by_induction, together
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import TIGHT, L, R, alpha, mu, n

u, v, w = Space(("u", "v", "w")).vectors
k1, k2, c, s = sp.symbols("k_1 k_2 c s", positive=True)
monotone, expands_not, half = Monotone(0), Lipschitz(1), sp.Rational(1, 2)


@theorem("Ogura, Yamada 2002; Combettes, Yamada 2015", parts=("constant", "no smaller one"))
def averaged_composition() -> Finding:
    """If T_1 and T_2 are averaged with theta_1 and theta_2 in (0, 1), T_2 T_1 is averaged with
    (theta_1 + theta_2 - 2 theta_1 theta_2)/(1 - theta_1 theta_2), and no smaller constant does for all T_1 and T_2.

    With k = (1 - theta)/theta: |u|^2 - |T u|^2 >= k |u - T u|^2, and 1/k is added where operators are composed.
    """
    K, a, b = k1 * k2 / (k1 + k2), 1 / (1 + k1), 1 / (1 + k2)
    constant = prove([], sp.Eq((1 - a * b) / (1 + K), a + b - 2 * a * b))
    uses = Averaged(a).weighted(1 + k1, Point(u, v)), Averaged(b).weighted(1 + k2, Point(v, w))
    square = (1 / (k1 + k2), k1 * (u - v) - k2 * (v - w))
    left = u.norm2 - w.norm2 - K * (u - w).norm2
    found = adds_up(left, *uses, squares=[square], about="|u|^2 - |T u|^2 >= K |u - T u|^2")
    return together({"composition": found, "constant": constant}, "the composition is averaged with this constant")


@averaged_composition.shows("T_j z = (1 - 1/p_j) z on C, p_j = (1 + k_j)/2 + i m k_j, m large", part="no smaller one")
def small_turns() -> Finding:
    """|z|^2 - |T_j z|^2 = k_j |z - T_j z|^2 for all z; and for T_2 T_1 with a constant that nears K as m grows."""
    m, room = sp.symbols("m room", positive=True)
    p, o = ((1 + k) / 2 + sp.I * m * k for k in (k1, k2))
    points = [sp.expand(z) for z in (p * o, (p - 1) * o, (p - 1) * (o - 1))]  # z, T_1 z, T_2 T_1 z

    def turned(i: int, j: int, k: sp.Expr) -> tuple[str, sp.Expr, sp.Expr]:
        before, after, moved = (sp.expand(z * sp.conjugate(z)) for z in (points[i], points[j], points[i] - points[j]))
        return f"from {i} to {j}", before - after, k * moved

    more = 1 / ((k1 + k2) * (1 + 4 * m**2))
    maps = derive(
        [turned(0, 1, k1), turned(1, 2, k2), turned(0, 2, k1 * k2 / (k1 + k2) + more)], "K, and less and less"
    )
    return together({"maps": maps, "near": prove([4 * m**2 * (k1 + k2) * room >= 1], more < room)}, "no larger K")


@slip(averaged_composition, "theta = 1/2, two projections of the plane")
def averaged_composition_largest() -> Finding:
    """If T_1 and T_2 are averaged with the same theta, so is T_2 T_1."""
    first, second = (Averaged(half).member() for _ in range(2))
    first.points += [Point(u, v), Point(0 * u, 0 * u)]
    second.points += [Point(v, w), Point(0 * u, 0 * u)]
    at = u.space.at((2, 0), (1, 1), (0, 1))
    return prove([*first.inequalities, *second.inequalities, *at], (u - w) @ w >= 0)


x, T, TT = Space(("x", "Tx", "Tx'")).vectors
lam = sp.Symbol("lambda", positive=True)


def mann_step(cost: sp.Expr) -> Finding:
    left = x.norm2 - cost * (x - T).norm2 - ((1 - lam) * x + lam * T).norm2
    return adds_up(left, expands_not.weighted(lam, Point(x, T)), given=[lam < 1], about="the distance falls")


@theorem("Krasnoselskii 1955; Mann 1953; Baillon, Bruck 1996 for the rate", parts=TIGHT)
def krasnoselskii_mann() -> Finding:
    """T nonexpansive with a fixed point x*, x+ = (1 - lambda) x + lambda T x, 0 < lambda < 1:
    (N + 1) lambda (1 - lambda) |x_N - T x_N|^2 <= |x_0 - x*|^2; at N = 0 and lambda = 1/2 with equality for T = -I.

    |x_n - x*|^2 + lambda (1 - lambda) n |r_n|^2 does not grow, since |r_n| does not either.
    """
    after = (1 - lam) * x + lam * T
    pair = expands_not.weighted(1 / lam, Point(x, T), Point(after, TT))
    square = ((1 - lam) / lam, lam * (x - T) - (T - TT))
    left = (x - T).norm2 - (after - TT).norm2
    falls = adds_up(left, pair, given=[lam < 1], squares=[square], about="the residual falls")
    Z, r, r0, drop, less, R, c = sp.symbols("Z r r_0 drop less R c", nonnegative=True)  # c = lambda (1 - lambda)
    quantities = [Quantity(Z, R**2, Z - drop), Quantity(r, r0, r - less)]
    each = [drop >= c * r, drop <= Z, less <= r]
    sums = by_induction(Z + c * n * r <= R**2, n, quantities=quantities, each=each)
    end = prove([Z + c * n * r <= R**2, Z - c * r >= 0], (n + 1) * c * r <= R**2)
    parts = {"distance": mann_step(lam * (1 - lam)), "residual": falls, "sum": sums, "conclusion": end}
    return together(parts, "the bound for all N")


@krasnoselskii_mann.shows("lambda = 1/2, N = 0, T = -I", part="attained")
def reflection() -> Finding:
    return prove([sp.Eq(lam, half)], sp.Eq(lam * (1 - lam) * (R - -R) ** 2, R**2))


@slip(krasnoselskii_mann, "N = 1, T = -I")
def picard_nonexpansive() -> Finding:
    """T nonexpansive with a fixed point, x_{k+1} = T x_k: (N + 1) |x_N - T x_N|^2 <= 4 |x_0 - x*|^2."""
    f = expands_not.member()
    f.points += [Point(x, T), Point(T, TT), Point(0 * x, 0 * x)]
    return prove([*f.inequalities, *x.space.at(1, -1, 1)], 2 * (T - TT).norm2 <= 4 * x.norm2)


@theorem("Lions, Mercier 1979; Eckstein, Bertsekas 1992", parts=TIGHT)
def douglas_rachford() -> Finding:
    """A and B maximal monotone: z+ = z + J_B(2 J_A z - z) - J_A z is firmly nonexpansive, and for some A and B no more.

    Of differences: z = u + v, v in A u; J_B has the image w and 2 u - z - w in B w.
    """
    z, after = u + v, v + w
    uses = monotone.weighted(1, Point(u, v)), monotone.weighted(1, Point(w, u - v - w))
    return adds_up((z - after) @ after, *uses, about="<z - z+, z+> >= 0")


@douglas_rachford.shows("A x = s J x, J the rotation by a right angle, and B = 0", part="attained")
def rotation() -> Finding:
    """J_A z = (z - s J z)/(1 + s^2), as (I + s J) of it is z; with B = 0, z+ = J_A z."""
    z, J = sp.Matrix(sp.symbols("z_1 z_2", real=True)), sp.Matrix([[0, -1], [1, 0]])
    after = (z - s * J * z) / (1 + s**2)
    inverse = [(f"entry {i + 1} of (I + A) J_A z", (after + s * J * after)[i], z[i]) for i in (0, 1)]
    return derive([*inverse, ("<z - z+, z+>", (z - after).dot(after), sp.Integer(0))], "<z - z+, z+> = 0")


@slip(douglas_rachford, "A and B the normal cones of two lines", source="a usual slip: what holds of z, for J_A z")
def douglas_rachford_shadow() -> Finding:
    """A and B maximal monotone: the points J_A z of any two runs of Douglas-Rachford get no farther from each other."""
    v, w, after = Space(("v", "w", "u'")).vectors  # J_A z = 0 at first
    A, B = monotone.member(), monotone.member()
    A.points += [Point(0 * v, v), Point(after, v + w - after), Point(0 * v, 0 * v)]
    B.points += [Point(w, -v - w), Point(0 * v, 0 * v)]
    at = v.space.at((0, 1), (-half, -half), (-half, 0))
    return prove([*A.inequalities, *B.inequalities, *at], after.norm2 <= 0, detail="|J_A z+| <= |J_A z|")


@theorem("Giselsson, Boyd 2017; Moursi, Vandenberghe 2019", assumes=[mu < L], parts=TIGHT)
def douglas_rachford_linear() -> Finding:
    """A mu-strongly monotone and L-Lipschitz, mu < L, B maximal monotone: the Douglas-Rachford step brings any two
    states closer by (1 + c)/2 < 1, where c^2 = 1 - 4 mu/(1 + 2 mu + L^2), and no factor is smaller.

    The reflected resolvent of A contracts by c, that of B does not expand, and z+ is the mean of z and what
    both make of it.
    """
    z, reflected, both = u + v, u - v, 2 * w - (u - v)
    scale = 1 + 2 * mu + L**2
    uses = Monotone(mu).weighted(4 * (1 + L**2), Point(u, v)), Lipschitz(L).weighted(4 * mu, Point(u, v))
    first = adds_up((scale - 4 * mu) * z.norm2 - scale * reflected.norm2, *uses, about="|R_A z| <= c |z|")
    p, q = sp.symbols("p q", nonnegative=True)  # |z|^2 and |R_A z|^2
    defined = sp.Eq(c**2 * scale, scale - 4 * mu)
    divided = prove([defined, (scale - 4 * mu) * p >= scale * q], c**2 * p >= q)
    known = 1 + 1 / c, c**2 * z.norm2 - reflected.norm2 >= 0
    second = monotone.weighted(4 * (1 + 1 / c), Point(w, reflected - w))
    left, square = (1 + c) ** 2 * z.norm2 - (z + both).norm2, (1 / c, c * z - both)
    mean = adds_up(left, known, second, squares=[square], about="|2 z+| <= (1 + c) |z|")
    below = prove([defined], (1 + c) / 2 < 1)
    parts = {"A": first, "its constant": divided, "mean": mean, "factor": below}
    return together(parts, "the step contracts by (1 + c)/2")


@douglas_rachford_linear.shows("A = mu I + s J, L^2 = mu^2 + s^2, B skew: R_B turns R_A z back to z", part="attained")
def turned_back() -> Finding:
    """As complex numbers: |R_A| = |1 - a|/|1 + a| with a = mu + i s, and R_B is any of modulus 1 but -1."""
    squared = ((1 - mu) ** 2 + s**2) / ((1 + mu) ** 2 + s**2)
    z = sp.Symbol("z", real=True)
    modulus = "c^2", squared, 1 - 4 * mu / (1 + 2 * mu + mu**2 + s**2)
    return derive([modulus, ("z+", z + (c * z - z) / 2, (1 + c) / 2 * z)], "z+ = (1 + c)/2 z")


@slip(douglas_rachford_linear, "A = mu I, B = 0", source="a usual slip: the constant of the reflected resolvent")
def douglas_rachford_reflected() -> Finding:
    """As douglas-rachford-linear, with the factor c."""
    squared = 1 - 4 * mu / (1 + 2 * mu + L**2)
    return prove([mu < L], 1 / (1 + mu) ** 2 <= squared, detail="z+ = z/(1 + mu)")


@slip(douglas_rachford_linear, "A the normal cone of a point, B = 0", source="a usual slip: A need not be Lipschitz")
def douglas_rachford_strong() -> Finding:
    """A mu-strongly monotone, B maximal monotone: the Douglas-Rachford step contracts by 1/(1 + mu), as J_A does."""
    A, B = Monotone(mu).member(), monotone.member()
    A.points += [Point(u, v), Point(0 * u, 0 * u)]
    B.points += [Point(w, u - v - w), Point(0 * u, 0 * u)]
    known = [*A.inequalities, *B.inequalities, (u + v).norm2 > 0]
    return prove(known, (1 + mu) ** 2 * (v + w).norm2 <= (u + v).norm2, detail="one step")


@theorem("Korpelevich 1976; Facchinei, Pang 2003", parts=TIGHT)
def extragradient() -> Finding:
    """F monotone and L-Lipschitz, y = x - alpha F(x), x+ = x - alpha F(y): |x+ - x*|^2 <= |x - x*|^2 -
    (1 - alpha^2 L^2) |x - y|^2 for every zero x*, with equality for some F.
    """
    y = u - alpha * v
    uses = monotone.weighted(2 * alpha, Point(y, w)), Lipschitz(L).weighted(alpha**2, Point(u, v), Point(y, w))
    left = u.norm2 - (1 - alpha**2 * L**2) * (u - y).norm2 - (u - alpha * w).norm2
    return adds_up(left, *uses, about="the distance falls")


@extragradient.shows("F x = L J x, J the rotation by a right angle", part="attained")
def bilinear_game() -> Finding:
    x, J = sp.Matrix(sp.symbols("x_1 x_2", real=True)), sp.Matrix([[0, -1], [1, 0]])
    y = x - alpha * L * J * x
    after, moved = x - alpha * L * J * y, x - y
    return derive([("|x+|^2", after.dot(after), x.dot(x) - (1 - alpha**2 * L**2) * moved.dot(moved))], "equality")


@slip(extragradient, "F skew, as for a bilinear game", source="a usual slip: gradient descent-ascent")
def forward_step_monotone() -> Finding:
    """F monotone and L-Lipschitz, alpha < 1/L: |x - alpha F(x) - x*| <= |x - x*|."""
    F = Skew(L).member()  # a skew operator of norm L is monotone and L-Lipschitz
    F.points.append(Point(u, v))
    return prove([*F.inequalities, alpha < 1 / L], (u - alpha * v).norm2 <= u.norm2)
