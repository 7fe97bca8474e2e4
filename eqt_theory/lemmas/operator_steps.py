"""What the steps of operator methods do, proved for all parameters through inner products; each with its formula."""

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.engines.gram import Averaged, Cocoercive, Lipschitz, Monotone, Space, Vector, combine
from eqt_theory.lemmas.step_rules import together

alpha, beta, modulus, constant = sp.symbols("alpha beta mu L", positive=True)
weight, theta = sp.symbols("weight theta", positive=True)
k = sp.Symbol("k", nonnegative=True)

RELAXED = sp.Abs(1 - weight) + weight * constant
AVERAGED = sp.sqrt(theta / (weight * (1 - weight * theta)))
FORWARD = sp.sqrt(1 - 2 * alpha * modulus + alpha**2 * constant**2)
FORWARD_COCOERCIVE = sp.sqrt(1 - 2 * alpha * modulus + alpha**2 * modulus / beta)
BACKWARD = sp.sqrt(2 * beta / (2 * beta - alpha))
REFLECTED = sp.sqrt(1 - 4 * alpha * modulus / (1 + 2 * alpha * modulus + alpha**2 * constant**2))


def _holds(family: Monotone | Cocoercive | Lipschitz | Averaged, d: Vector, D: Vector) -> sp.Basic:  # noqa: N803
    """The inequality of the class for one pair, from the differences of points and images."""
    return family.form(d.norm2, d @ D, D.norm2) >= 0


def relaxed() -> Finding:
    """(1 - weight) d + weight D is at most RELAXED |d| long where |D| <= L |d|; T = L I or -L I attains it."""
    space = Space(("d", "D"))
    d, D = space.vectors
    step, known = (1 - weight) * d + weight * D, _holds(Lipschitz(constant), d, D)
    found = []
    for side, sign in ((weight <= 1, 1), (weight >= 1, -1)):
        length = (sign * (1 - weight) + weight * constant) ** 2 * d.norm2 - step.norm2
        factor = weight**2 + sign * (1 - weight) * weight / constant
        found.append(combine([side], length >= 0, [(factor, known)], space))
    return together(found, "a relaxed step contracts by |1 - weight| + weight L")


def averaged() -> Finding:
    """|h_k - T(h_k)|^2 <= theta/(weight (1 - weight theta) (k+1)) |h_0 - h*|^2, by a potential."""
    # N = (T - (1 - theta) I)/theta does not expand, g = h - N(h) is cocoercive with 1/2, and h - T(h) = theta g.
    space = Space(("e", "g", "G"))  # h_k - h*, and the residuals of N at h_k and h_{k+1}
    e, g, G = space.vectors
    w = sp.Symbol("w", positive=True)  # weight theta
    c, half = w * (1 - w), Cocoercive(sp.Rational(1, 2))
    here, moved = _holds(half, e, g), _holds(half, -w * g, G - g)
    before, after = e.norm2 + k * c * g.norm2, (e - w * g).norm2 + (k + 1) * c * G.norm2
    falls = combine([w < 1], before - after >= 0, [(2 * w, here), (2 * (k + 1) * c / w, moved)], space)
    enough = combine([w < 1], before - (k + 1) * c * g.norm2 >= 0, [(2 * w, here)], space)
    return together(
        [falls, enough], "V_k = |h_k - h*|^2 + k w (1 - w) |g_k|^2 falls, and is (k+1) w (1 - w) |g_k|^2 or more"
    )


def halpern() -> Finding:
    """Halpern: |h_k - T(h_k)| <= 2 |h_0 - h*|/(k+1) for T that does not expand (Lieder 2021), by a potential."""
    space = Space(("start", "h", "g", "G"))  # h_0 - h*, h_k - h*, and the residuals at h_k and h_{k+1}
    start, h, g, G = space.vectors
    half = Cocoercive(sp.Rational(1, 2))
    following = start / (k + 2) + ((k + 1) / (k + 2)) * (h - g)

    def potential(step: sp.Expr, residual: Vector, state: Vector) -> sp.Expr:
        return step * (step + 1) / 2 * residual.norm2 + (step + 1) * (residual @ (state - start))

    moved = _holds(half, following - h, G - g)
    falls = combine([], potential(k, g, h) - potential(k + 1, G, following) >= 0, [((k + 1) * (k + 2), moved)], space)
    below = -potential(k, g, h) >= 0
    bound = combine(
        [], 4 * start.norm2 - (k + 1) ** 2 * g.norm2 >= 0, [(4, below), (4 * (k + 1), _holds(half, h, g))], space
    )
    return together([falls, bound], "V_k = k (k+1)/2 |g_k|^2 + (k+1) <g_k, h_k - h_0> falls from 0; so |g_k| is small")


def forward() -> Finding:
    """D - alpha D is at most FORWARD |d| long where <D, d> >= mu |d|^2 and |D| <= L |d|; resolvents do not expand."""
    space = Space(("d", "D"))
    d, D = space.vectors
    length = (1 - 2 * alpha * modulus + alpha**2 * constant**2) * d.norm2 - (d - alpha * D).norm2
    uses = [(2 * alpha, _holds(Monotone(modulus), d, D)), (alpha**2, _holds(Lipschitz(constant), d, D))]
    return together(
        [combine([], length >= 0, uses, space), resolvent()], "forward steps contract, resolvents keep that"
    )


def forward_cocoercive() -> Finding:
    """The same with FORWARD_COCOERCIVE, where <D, d> >= beta |D|^2 and alpha <= 2 beta."""
    space = Space(("d", "D"))
    d, D = space.vectors
    length = (1 - 2 * alpha * modulus + alpha**2 * modulus / beta) * d.norm2 - (d - alpha * D).norm2
    uses = [
        (2 * alpha - alpha**2 / beta, _holds(Monotone(modulus), d, D)),
        (alpha**2 / beta, _holds(Cocoercive(beta), d, D)),
    ]
    shrinks = combine([alpha <= 2 * beta], length >= 0, uses, space)
    return together([shrinks, resolvent()], "forward steps contract, resolvents keep that")


def resolvent() -> Finding:
    """A resolvent does not expand: p = (I + step A)^{-1} u, so u - p is in step A(p) and <u - p, p> >= 0."""
    space = Space(("u", "p"))
    u, p = space.vectors
    uses = [(sp.Integer(2), _holds(Monotone(0), p, u - p))]
    return combine([], u.norm2 - p.norm2 >= 0, uses, space, detail="a resolvent does not expand")


def forward_backward() -> Finding:
    """One step is averaged with theta = 2 beta/(4 beta - alpha), alpha < 2 beta (Combettes and Yamada 2015)."""
    space = Space(("d", "D", "p"))  # differences of states, of F there, and of the images
    d, D, p = space.vectors
    t = 2 * beta / (4 * beta - alpha)
    form = Averaged(t).form(d.norm2, d @ p, p.norm2) * (4 * beta - alpha)
    u = d - alpha * D
    uses = [(4 * beta, _holds(Monotone(0), p, u - p)), (4 * alpha * beta, _holds(Cocoercive(beta), d, D))]
    step = combine([alpha < 2 * beta], sp.simplify(sp.expand(form)) >= 0, uses, space)
    return together([step, averaged()], "a forward-backward step is averaged, and its residuals fall accordingly")


def reflected() -> Finding:
    """2 (I + alpha F)^{-1} - I contracts by REFLECTED; the reflection of a monotone A does not expand."""
    space = Space(("x", "D"))  # x = J z, so z = x + alpha D and the reflection is x - alpha D
    x, D = space.vectors
    bottom = 1 + 2 * alpha * modulus + alpha**2 * constant**2
    share = 4 * alpha * modulus / bottom
    length = (1 - share) * (x + alpha * D).norm2 - (x - alpha * D).norm2
    uses = [
        (4 * alpha - 2 * alpha * share, _holds(Monotone(modulus), x, D)),
        (share * alpha**2, _holds(Lipschitz(constant), x, D)),
    ]
    first = combine([], length >= 0, uses, space)
    other = combine(
        [], (x + alpha * D).norm2 - (x - alpha * D).norm2 >= 0, [(4 * alpha, _holds(Monotone(0), x, D))], space
    )
    return together([first, other], "one reflection contracts, the other does not expand")
