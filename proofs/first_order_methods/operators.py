"""Averaged operators and their composition, Krasnoselskii-Mann, Douglas-Rachford, extragradient."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem
from eqt_theory.engines.gram import Averaged, Lipschitz, Monotone, Skew, Space
from eqt_theory.engines.induction import together
from eqt_theory.engines.potential import by_fall
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import TIGHT, L, R, alpha, mu, reached

u, v, w = Space(("u", "v", "w")).vectors  # differences of points and of their images; 0 is the other point
k1, k2, c, s = sp.symbols("k_1 k_2 c s", positive=True)
monotone, half = Monotone(0), sp.Rational(1, 2)
plane, J = sp.Matrix(sp.symbols("x_1 x_2", real=True)), sp.Matrix([[0, -1], [1, 0]])  # J turns by a right angle


@theorem("Ogura, Yamada 2002; Combettes, Yamada 2015", parts=("constant", "no smaller one"))
def averaged_composition() -> Finding:
    """If T_1 and T_2 are averaged with theta_1 and theta_2 in (0, 1), T_2 T_1 is averaged with
    (theta_1 + theta_2 - 2 theta_1 theta_2)/(1 - theta_1 theta_2), and no smaller constant does for all T_1 and T_2.

    With k = (1 - theta)/theta: |u|^2 - |T u|^2 >= k |u - T u|^2, and 1/k is added where operators are composed.
    """
    K, a, b = k1 * k2 / (k1 + k2), 1 / (1 + k1), 1 / (1 + k2)
    constant = prove([], sp.Eq((1 - a * b) / (1 + K), a + b - 2 * a * b))
    both = [*Averaged(a).says((u, v), 0), *Averaged(b).says((v, w), 0)]
    found = prove(both, u.norm2 - w.norm2 >= K * (u - w).norm2)
    return together({"composition": found, "constant": constant}, "the composition is averaged with this constant")


@averaged_composition.shows("T_j z = (1 - 1/p_j) z on C, p_j = (1 + k_j)/2 + i m k_j, m large", part="no smaller one")
def small_turns() -> Finding:
    """|z|^2 - |T_j z|^2 = k_j |z - T_j z|^2 for all z; and for T_2 T_1 with a constant that nears K as m grows."""
    m, room = sp.symbols("m room", positive=True)
    p, o = ((1 + k) / 2 + sp.I * m * k for k in (k1, k2))
    points = p * o, (p - 1) * o, (p - 1) * (o - 1)  # z, T_1 z, T_2 T_1 z
    more = 1 / ((k1 + k2) * (1 + 4 * m**2))
    turns = []
    for i, j, k in ((0, 1, k1), (1, 2, k2), (0, 2, k1 * k2 / (k1 + k2) + more)):
        z = [sp.expand(z) for z in (points[i], points[j], points[i] - points[j])]
        before, after, moved = (sp.expand(z * sp.conjugate(z)) for z in z)
        turns.append((f"from {i} to {j}", before - after, k * moved))
    near = prove([4 * m**2 * (k1 + k2) * room >= 1], more < room)
    return together({"maps": derive(turns, "K, and less and less"), "near": near}, "no larger K")


@slip(averaged_composition, "theta = 1/2, two projections of the plane")
def averaged_composition_largest() -> Finding:
    """If T_1 and T_2 are averaged with the same theta, so is T_2 T_1."""
    both = [*Averaged(half).says((u, v), 0), *Averaged(half).says((v, w), 0)]
    return prove([*both, *u.space.at((2, 0), (1, 1), (0, 1))], (u - w) @ w >= 0)


lam, r = sp.Symbol("lambda", positive=True), sp.Symbol("r", nonnegative=True)


@theorem("Krasnoselskii 1955; Mann 1953; Baillon, Bruck 1996 for the rate", parts=TIGHT)
def krasnoselskii_mann(cost: sp.Expr = lam * (1 - lam)) -> Finding:
    """T nonexpansive with a fixed point x*, x+ = (1 - lambda) x + lambda T x, 0 < lambda < 1:
    (N + 1) {cost} |x_N - T x_N|^2 <= |x_0 - x*|^2; at N = 0 and lambda = 1/2 with equality for T = -I.

    |x - x*|^2 falls by {cost} |x_k - T x_k|^2 in N + 1 steps, k = 0..N, and the last residual is the least.
    """
    x, T, after = u, v, (1 - lam) * u + lam * v
    falls = prove([lam < 1, *Lipschitz(1).says((x, T), (after, w))], (after - w).norm2 <= (x - T).norm2)
    known = [*Lipschitz(1).says((x, T), 0), (x - T).norm2 >= r]
    distance = by_fall(x.norm2, after.norm2, known, fall=cost * r, given=[lam < 1])
    return together({"distance": distance, "residual": falls}, "the bound for all N")


krasnoselskii_mann.shows("lambda = 1/2, N = 0, T = -I", part="attained")(
    lambda: prove([sp.Eq(lam, half)], sp.Eq(lam * (1 - lam) * (R - -R) ** 2, R**2))
)


@slip(krasnoselskii_mann, "N = 1, T = -I")
def picard_nonexpansive() -> Finding:
    """T nonexpansive with a fixed point, x_{k+1} = T x_k: (N + 1) |x_N - T x_N|^2 <= 4 |x_0 - x*|^2."""
    return prove(Lipschitz(1).says((u, v), (v, w), 0), 2 * (v - w).norm2 <= 4 * u.norm2)


@theorem("Lions, Mercier 1979; Eckstein, Bertsekas 1992", parts=TIGHT)
def douglas_rachford() -> Finding:
    """A and B maximal monotone: z+ = z + J_B(2 J_A z - z) - J_A z is firmly nonexpansive, and for some A and B no more.

    Of differences: z = u + v, v in A u; J_B has the image w and 2 u - z - w in B w.
    """
    z, after = u + v, v + w
    return prove([*monotone.says((u, v), 0), *monotone.says((w, u - v - w), 0)], (z - after) @ after >= 0)


@douglas_rachford.shows("A x = s J x, J the rotation by a right angle, and B = 0", part="attained")
def rotation() -> Finding:
    """J_A z = (z - s J z)/(1 + s^2), as (I + s J) of it is z; with B = 0, z+ = J_A z."""
    z, after = plane, (plane - s * J * plane) / (1 + s**2)
    inverse = [(f"entry {i + 1} of (I + A) J_A z", (after + s * J * after)[i], z[i]) for i in (0, 1)]
    return derive([*inverse, ("<z - z+, z+>", (z - after).dot(after), sp.Integer(0))], "<z - z+, z+> = 0")


@slip(douglas_rachford, "A and B the normal cones of two lines", why="what holds of z, for J_A z")
def douglas_rachford_shadow() -> Finding:
    """A and B maximal monotone: the points J_A z of any two runs of Douglas-Rachford get no farther from each other."""
    v, w, after = Space(("v", "w", "u'")).vectors  # J_A z = 0 at first
    both = [*monotone.says((0 * v, v), (after, v + w - after), 0), *monotone.says((w, -v - w), 0)]
    return prove(
        [*both, *v.space.at((0, 1), (-half, -half), (-half, 0))], after.norm2 <= 0, detail="|J_A z+| <= |J_A z|"
    )


@theorem("Giselsson, Boyd 2017; Moursi, Vandenberghe 2019", assumes=[mu < L], parts=TIGHT)
def douglas_rachford_linear() -> Finding:
    """A mu-strongly monotone and L-Lipschitz, mu < L, B maximal monotone: the Douglas-Rachford step brings any two
    states closer by (1 + c)/2 < 1, where c^2 = 1 - 4 mu/(1 + 2 mu + L^2), and no factor is smaller.

    The reflected resolvent of A contracts by c, that of B does not expand, and z+ is the mean of z and what
    both make of it.
    """
    z, reflected, square = u + v, u - v, 1 - 4 * mu / (1 + 2 * mu + L**2)
    A = [*Monotone(mu).says((u, v), 0), *Lipschitz(L).says((u, v), 0)]
    B = [c**2 * z.norm2 >= reflected.norm2, *monotone.says((w, reflected - w), 0)]
    first, mean = prove(A, reflected.norm2 <= square * z.norm2), prove(B, (2 * (v + w)).norm2 <= (1 + c) ** 2 * z.norm2)
    below = prove([sp.Eq(c**2, square)], (1 + c) / 2 < 1)
    return together({"A": first, "mean": mean, "factor": below}, "the step contracts by (1 + c)/2")


@douglas_rachford_linear.shows("A = mu I + s J, L^2 = mu^2 + s^2, B skew: R_B turns R_A z back to z", part="attained")
def turned_back() -> Finding:
    """As complex numbers: |R_A| = |1 - a|/|1 + a| with a = mu + i s, and R_B is any of modulus 1 but -1."""
    squared, z = ((1 - mu) ** 2 + s**2) / ((1 + mu) ** 2 + s**2), sp.Symbol("z", real=True)
    modulus = "c^2", squared, 1 - 4 * mu / (1 + 2 * mu + mu**2 + s**2)
    return derive([modulus, ("z+", z + (c * z - z) / 2, (1 + c) / 2 * z)], "z+ = (1 + c)/2 z")


after, before = reached("|z+ - z'+|", "|z - z'|")
slip(douglas_rachford_linear, "A = mu I, B = 0", id="douglas-rachford-reflected", why="the reflected resolvent's").says(
    after**2 <= (1 - 4 * mu / (1 + 2 * mu + L**2)) * before**2, {after: R / (1 + mu), before: R}
)


@slip(douglas_rachford_linear, "A the normal cone of a point, B = 0", why="A need not be Lipschitz")
def douglas_rachford_strong() -> Finding:
    """A mu-strongly monotone, B maximal monotone: the Douglas-Rachford step contracts by 1/(1 + mu), as J_A does."""
    both = [*Monotone(mu).says((u, v), 0), *monotone.says((w, u - v - w), 0)]
    return prove([*both, (u + v).norm2 > 0], (1 + mu) ** 2 * (v + w).norm2 <= (u + v).norm2, detail="one step")


@theorem("Korpelevich 1976; Facchinei, Pang 2003", parts=TIGHT)
def extragradient() -> Finding:
    """F monotone and L-Lipschitz, y = x - alpha F(x), x+ = x - alpha F(y): |x+ - x*|^2 <= |x - x*|^2 -
    (1 - alpha^2 L^2) |x - y|^2 for every zero x*, with equality for some F.
    """
    points = (u, v), (u - alpha * v, w), 0
    shorter = u.norm2 - (1 - alpha**2 * L**2) * (alpha * v).norm2
    return prove([*monotone.says(*points), *Lipschitz(L).says(*points)], (u - alpha * w).norm2 <= shorter)


@extragradient.shows("F x = L J x, J the rotation by a right angle", part="attained")
def bilinear_game() -> Finding:
    x, y = plane, plane - alpha * L * J * plane
    after, moved = x - alpha * L * J * y, x - y
    return derive([("|x+|^2", after.dot(after), x.dot(x) - (1 - alpha**2 * L**2) * moved.dot(moved))], "equality")


@slip(extragradient, "F skew, as for a bilinear game", why="gradient descent-ascent")
def forward_step_monotone() -> Finding:
    """F monotone and L-Lipschitz, alpha < 1/L: |x - alpha F(x) - x*| <= |x - x*|."""
    return prove([*Skew(L).says((u, v)), alpha < 1 / L], (u - alpha * v).norm2 <= u.norm2)
