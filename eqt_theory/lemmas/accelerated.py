"""What the accelerated step rules promise, proved for all parameters and every step, each by its potential.

The class is that of the step size s: functions with curvature in [q^2/s, 1/s], or convex ones with 1/s. It holds every
class of smaller M and larger m.
"""

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram import Cocoercive, Point, SmoothClass, Space, combine
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive
from eqt_theory.lemmas.step_rules import together

s, q, t, w = sp.symbols("s q t w", positive=True)
k = sp.Symbol("k", nonnegative=True)

TRIPLE_MOMENTUM_CONSTANT = 1 / q
FISTA_CONSTANT = 2 / s
OGM_CONSTANT = 1 / s
ANCHORED_CONSTANT = 2 / s


def triple_momentum() -> Finding:
    """Triple momentum: V_k = phi_{k-1} + q^2/(s (1 - q^2)) |h_k - h*|^2 shrinks by (1 - q)^2 per step."""
    # phi = f - s/2 |g|^2 - q^2/(2 s (1 - q^2)) |y - s g|^2 at a query y with f = Phi - Phi*; it is not negative.
    space = Space(("last", "h", "G", "D"))  # the last query, h_k, and the gradients at the last query and at this one
    last, h, G, D = space.vectors
    none = 0 * h
    before, now = sp.symbols("before now", real=True)
    y = (2 * q / (1 + q)) * h + ((1 - q) / (1 + q)) * (last - s * G)
    star, old, new = Point(none, none, sp.Integer(0)), Point(last, G, before), Point(y, D, now)
    after = (1 - q) * h + q * y - (s / q) * D
    members, weight = SmoothClass(q**2 / s, 1 / s), q**2 / (s * (1 - q**2))
    unit = s / (2 * (1 - q**2))  # `values` is multiplied by 2 (L - mu)
    known, rate = [q < 1], (1 - q) ** 2

    def phi(p: Point) -> sp.Expr:
        return p.value - s / 2 * p.gradient.norm2 - weight / 2 * (p.x - s * p.gradient).norm2

    shrinks = combine(
        known,
        rate * (phi(old) + weight * h.norm2) - (phi(new) + weight * after.norm2) >= 0,
        [((1 - rate) * unit, members.values(star, new)), (rate * unit, members.values(old, new))],
        space,
        detail="V_{k+1} <= (1 - q)^2 V_k",
    )
    lower = combine(known, phi(old) >= 0, [(unit, members.values(old, star))], space, detail="phi >= 0")
    first = Point(h, G, before)  # y_0 = h_0
    opened = h - (s / q) * G
    upper = combine(
        known,
        rate * weight * TRIPLE_MOMENTUM_CONSTANT**2 * h.norm2 - phi(first) - weight * opened.norm2 >= 0,
        [
            (unit + (1 - q) / (1 + q) * unit, members.values(star, first)),
            ((1 - q) / (1 + q) * unit, members.values(first, star)),
        ],
        space,
        detail="V_1 <= (1 - q)^2 q^2/(s (1 - q^2)) |h_0 - h*|^2 / q^2",
    )
    return together([shrinks, lower, upper], "|h_k - h*| <= (1/q) (1 - q)^k |h_0 - h*|")


def item() -> Finding:
    """ITEM: (1 - q) A_k phi_{k-1} + (1 + q A_k)/s |h_k - h*|^2 does not grow; q is m/M here, phi as above."""
    # So |h_k - h*|^2 <= |h_0 - h*|^2 / (1 + q A_k), and A_k >= 1/(1 - sqrt q)^(2k) from the first step on.
    # With t^2 = (1 + q A)/(1 + A) all is rational, and here multiplied by t^2 - q.
    space = Space(("last", "h", "G", "D"))
    last, h, G, D = space.vectors
    none = 0 * h
    before, now = sp.symbols("before now", real=True)
    y = (2 * t / (1 + t)) * h + ((1 - t) / (1 + t)) * (last - s * G)
    star, old, new = Point(none, none, sp.Integer(0)), Point(last, G, before), Point(y, D, now)
    after = (t * (1 - q)) * h + (q * (1 + t)) * y - (s * (1 + t)) * D  # (t + q) h_{k+1}
    members, unit = SmoothClass(q / s, 1 / s), s / (2 * (1 - q))

    def phi(p: Point) -> sp.Expr:
        return p.value - s / 2 * p.gradient.norm2 - q / (2 * s * (1 - q)) * (p.x - s * p.gradient).norm2

    drop = (1 - q) * (1 - t**2) * phi(old) + t**2 * (1 - q) / s * h.norm2 - (1 + t) ** 2 * phi(new)
    weight = (1 - q) * (1 - t**2)
    shrinks = combine(
        [q < 1, t**2 > q, t <= 1],
        drop - after.norm2 / (s * (1 - q)) >= 0,
        [(weight * unit, members.values(old, new)), (((1 + t) ** 2 - weight) * unit, members.values(star, new))],
        space,
        detail="the potential does not grow",
    )
    A = (1 - t**2) / (t**2 - q)
    B = (1 + t) ** 2 / ((1 - q) * (t**2 - q))
    rest = (1 - q) * (t**2 - q) / (1 + t) ** 2
    same = derive(
        [("A_{k+1}", B, ((1 + q) * A + 2 * (1 + t * (1 + A))) / (1 - q) ** 2),
         ("(1 + A)(1 + q A)", (1 + A) * (1 + q * A), (t * (1 + A)) ** 2),
         ("1 + q A_k", (t**2 - q) * (1 + q * A), t**2 * (1 - q)),
         ("1 + q A_{k+1}", (t**2 - q) * (1 + q * B), (t + q) ** 2 / (1 - q)),
         ("t_{k+1}^2", (1 + q * B) / (1 + B), (q + rest) / (1 + rest))],
        "the coefficients are those of the article",
    )  # fmt: skip
    lower = combine([q < 1], phi(old) >= 0, [(unit, members.values(old, star))], space, detail="phi >= 0")
    a, root = sp.symbols("a root", nonnegative=True)  # A_k and sqrt((1 + A_k)(1 + q A_k)); w = sqrt q
    grows = prove(
        [w < 1, sp.Eq(root**2, (1 + a) * (1 + w**2 * a))],
        [(1 + w**2) * a + 2 * (1 + root) >= (1 + w) ** 2 * a, 4 * (1 - w) ** 2 >= (1 - w**2) ** 2],
    )
    return together([shrinks, same, lower, grows], "|h_k - h*| <= (1 - sqrt q)^k |h_0 - h*| / sqrt q")


def fista() -> Finding:
    """FISTA: s t_{k-1}^2 (Phi(h_k) - Phi*) + |u_k|^2/2 does not grow."""
    # u_k = t_{k-1} h_k - (t_{k-1} - 1) h_{k-1} - h*.
    # u_{k+1} = u_k - s t_k grad Phi(y_k), and t_k (t_k - 1) = t_{k-1}^2.
    space = Space(("h", "u", "G"))
    h, u, G = space.vectors
    at, here, after = sp.symbols("at here after", real=True)
    y = (1 - 1 / t) * h + (1 / t) * u
    next_u = u - s * t * G
    descent = at - G @ (s * G) + (s * G).norm2 / (2 * s) - after >= 0  # the descent lemma at y
    to_h, to_star = here - at - G @ (h - y) >= 0, -at + G @ y >= 0  # convexity at y
    drop = s * t * (t - 1) * here + u.norm2 / 2 - s * t**2 * after - next_u.norm2 / 2 >= 0
    shrinks = combine([t >= 1], drop, [(s * t**2, descent), (s * t * (t - 1), to_h), (s * t, to_star)], space)
    # The extrapolation says the same: y_k in terms of u_k; in one coordinate, which stands for all.
    x, moved, g, T = sp.symbols("x moved g T", real=True)  # h_k, h_{k+1}, grad(y_k), t_{k+1}
    ahead = moved + (t - 1) / T * (moved - x)
    same = derive(
        [("y_{k+1}", ahead, (1 - 1 / T) * moved + (t * moved - (t - 1) * x) / T),
         ("u_{k+1}", t * ((1 - 1 / t) * x + moved / t - s * g) - (t - 1) * x, moved - s * t * g)],
        "FISTA's y follows from u",
    )  # fmt: skip
    return together([shrinks, same, _weights()], "Phi(h_N) - Phi* <= 2 |h_0 - h*|^2 / (s (N + 1)^2)")


def ogm() -> Finding:
    """OGM: 2 s t_k^2 (Phi(y_k) - Phi* - s/2 |grad|^2) + |z_{k+1} - h*|^2/2 does not grow; z moves by -2 s t_k grad."""
    space = Space(("last", "z", "G", "D"))  # y_{k-1}, z_k, and the gradients at y_{k-1} and y_k
    last, z, G, D = space.vectors
    none = 0 * z
    before, now = sp.symbols("before now", real=True)
    y = (1 - 1 / t) * (last - s * G) + (1 / t) * z
    star, old, new = Point(none, none, sp.Integer(0)), Point(last, G, before), Point(y, D, now)
    members, after = SmoothClass(0, 1 / s), z - 2 * s * t * D

    def lowered(p: Point) -> sp.Expr:
        return p.value - s / 2 * p.gradient.norm2

    drop = 2 * s * t * (t - 1) * lowered(old) + z.norm2 / 2 - 2 * s * t**2 * lowered(new) - after.norm2 / 2
    shrinks = combine(
        [t >= 1],
        drop >= 0,
        [(s**2 * t * (t - 1), members.values(old, new)), (s**2 * t, members.values(star, new))],
        space,
        detail="the potential does not grow",
    )
    # The two extrapolations say the same: with y_k in terms of z_k, z_{k+1} leads to y_{k+1}.
    h, x, g, T = sp.symbols("h x g T", real=True)  # h_k, y_k, grad(y_k), t_{k+1}; one coordinate stands for all
    moved, z_now = x - s * g, t * x - (t - 1) * h
    ahead = moved + (t - 1) / T * (moved - h) + t / T * (moved - x)
    same = derive([("y_{k+1}", ahead, (1 - 1 / T) * moved + (z_now - 2 * s * t * g) / T)], "OGM's y follows from z")
    return together([shrinks, same, _weights()], "Phi(h_N) - Phi* <= |h_0 - h*|^2 / (s (N + 1)^2)")


def _weights() -> Finding:
    """t+ = (1 + sqrt(1 + 4 t^2))/2 has t+ (t+ - 1) = t^2 and t+ >= t + 1/2, so t_k >= (k + 2)/2 as t_0 = 1."""
    after = sp.Symbol("after", positive=True)
    return prove([after**2 - after - t**2 >= 0, after**2 - after - t**2 <= 0], after >= t + sp.Rational(1, 2))


def anchored_gradient() -> Finding:
    """Anchored steps: k (k + 1) |G_k|^2 + (k + 1) <G_k, h_k - h_0> does not grow, G = s/2 grad Phi, cocoercive by 1."""
    space = Space(("start", "h", "G", "D"))  # h_0 and h_k, G at h_k and at h_{k+1}; h* = 0
    start, h, G, D = space.vectors
    after = (1 / (k + 2)) * start + ((k + 1) / (k + 2)) * (h - 2 * G)

    def potential(n: sp.Expr, g: object, x: object) -> sp.Expr:
        return n * (n + 1) * g.norm2 + (n + 1) * (g @ (x - start))  # type: ignore[attr-defined]

    firm = Cocoercive(1)
    between = firm.inequalities([Point(h, G), Point(after, D)])[0]
    drop = potential(k, G, h) - potential(k + 1, D, after) >= 0
    shrinks = combine([], drop, [((k + 1) * (k + 2), between)], space, detail="the potential does not grow")
    at_star = firm.inequalities([Point(h, G), Point(0 * h, 0 * h)])[0]
    # V_0 = 0, so V_k <= 0; with the inequality at h* a square is left.
    bound = combine(
        [],
        start.norm2 - (k + 1) ** 2 * G.norm2 >= 0,
        [(sp.Integer(2), -potential(k, G, h) >= 0), (2 * (k + 1), at_star)],
        space,
        detail="(k + 1) |G_k| <= |h_0 - h*|",
    )
    return together([shrinks, bound], "|grad Phi(h_N)| <= 2 |h_0 - h*| / (s (N + 1))")
