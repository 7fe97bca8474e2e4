"""The confidence term: its Hessian in the logits, the exact weak convexity, and bounds for every number of classes.

In the logits, with `q_j = p_j (log p_j + H)`, the Hessian is `K = -diag(q) + q p^T + p q^T`, and `sum q = 0`, so
`-v^T K v = sum_j q_j (v_j - p.v)^2`. K annihilates the vector of ones.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import sympy as sp
from flint import arb

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval import Enclosure, enclose_minimum
from eqt_theory.engines.interval.interval import precision
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive

a, x = sp.symbols("a x", positive=True)
_NEAR_END = sp.Rational(1, 10**6)  # the logarithms are singular at the ends, where the expressions vanish


def attained_weak_convexity(classes: int) -> Enclosure:
    """`w_V = max_a a (1 - 2a) ln(a (V - 2)/(1 - 2a))`, reached at p = (a, a, b, ..., b) along (1, -1, 0, ..., 0).

    No smaller w will do for V classes; that none larger is needed is certified for V = 3 and proved for V = 2.

    Args:
        classes: V, at least 2.

    Returns:
        An enclosure.

    Raises:
        UsageError: fewer than 2 classes.
    """
    if classes < 2:
        raise UsageError(f"classes must be at least 2, got {classes}")
    if classes == 2:
        return Enclosure((Fraction(0), Fraction(0)))
    value = a * (1 - 2 * a) * sp.log(a * (classes - 2) / (1 - 2 * a))
    least, _ = enclose_minimum(-value, a, sp.Rational(1, classes), sp.Rational(1, 2) - _NEAR_END)
    return Enclosure((-least.high, -least.low))


@cache
def bound_for_all(classes: int) -> tuple[Fraction, Fraction]:
    """Rigorous w and upper curvature in the logits: `-w I <= K <= upper I` for every p with V classes.

    With a the largest probability and `r = (1 - a) ln(a (V - 1)/(1 - a))`: `w = max_a min(a, 2a(1 - a)) r`, and
    `upper = s + max_a (a r + sqrt(a (a r^2 + s r)))`, s the maximum of `t (1 - t) ln((1 - t)/t)`. See
    `show_bound_lemmas`.

    Args:
        classes: V, at least 1.

    Returns:
        The pair, exact fractions that are not below the bounds.
    """
    if classes == 1:
        return Fraction(0), Fraction(0)
    r = (1 - a) * sp.log(a * (classes - 1) / (1 - a))
    s = _largest(x * (1 - x) * sp.log((1 - x) / x), x, _NEAR_END, sp.Rational(1, 2))
    half, end = sp.Rational(1, 2), 1 - _NEAR_END
    s_exact = sp.Rational(s.numerator, s.denominator)
    upper_part = a * r + sp.sqrt(a * (a * r**2 + s_exact * r))
    start = sp.Rational(1, classes)
    pieces = [
        _largest(2 * a * (1 - a) * r, a, max(start, half), end),
        _tail(classes, lambda r: 2 * float(_NEAR_END) * r),
    ]
    if start < half:
        pieces.append(_largest(a * r, a, start, half))
    weak = Fraction(0) if classes == 2 else max(pieces)
    # r vanishes at a = 1/V and the root with it: left of that its radicand would be negative.
    from_start = start + _NEAR_END / classes
    close = _start_bound(classes, s)
    upper = max(
        _largest(upper_part, a, from_start, end), _tail(classes, lambda r: r + math.sqrt(r * r + float(s) * r)), close
    )
    return weak, s + upper


def _largest(expr: sp.Expr, symbol: sp.Symbol, low: sp.Expr, high: sp.Expr) -> Fraction:
    least, _ = enclose_minimum(-expr, symbol, low, high)
    return -least.low


def _tail(classes: int, of: Callable[[float], float]) -> Fraction:
    """A bound over a in [1 - 1e-6, 1], where `r <= t ln((V - 1)/t)` with t = 1e-6, increasing in t."""
    t = float(_NEAR_END)
    return Fraction(of(t * (math.log(max(classes - 1, 1)) - math.log(t))) * (1 + 1e-9))


def _start_bound(classes: int, s: Fraction) -> Fraction:
    """A bound on the upper part for a within e/V of 1/V, e = 1e-6: `r <= ln(1 + e) - ln(1 - e/(V - 1)) < 3e`."""
    r = 3 * float(_NEAR_END)
    top = (1 + float(_NEAR_END)) / classes
    return Fraction((top * r + math.sqrt(top * (top * r * r + float(s) * r))) * (1 + 1e-9))


# Proofs ---------------------------------------------------------------------------------------------------------------


def show_hessian() -> Finding:
    """The gradient and the Hessian in the logits, for every V: the other classes enter through two sums only."""
    P, Q, S0 = sp.symbols("P Q S0", positive=True)  # exp of two logits; the sum of exp over all other classes
    S1 = sp.Symbol("S1", real=True)  # the sum of z exp(z) over them
    Z = P + Q + S0
    entropy = sp.log(Z) - (P * sp.log(P) + Q * sp.log(Q) + S1) / Z
    p, q = P / Z, Q / Z
    qp, qq = p * (sp.log(p) + entropy), q * (sp.log(q) + entropy)
    piece = entropy + sp.log(Z)  # minus the chosen logit, which is linear

    def by_z(expr: sp.Expr, which: sp.Symbol) -> sp.Expr:
        return which * sp.diff(expr, which)

    logs = {sp.log(s): sp.Symbol(f"log_{n}", real=True) for s, n in ((P, "P"), (Q, "Q"), (Z, "Z"))}

    def plain(expr: sp.Expr) -> sp.Expr:
        return sp.expand_log(expr.subs({sp.log(p): sp.log(P) - sp.log(Z), sp.log(q): sp.log(Q) - sp.log(Z)})).subs(logs)

    rest = 1 - p - q
    rest_q = S1 / Z - rest * sp.log(Z) + rest * entropy  # the sum of q_j over the other classes
    steps = [
        ("gradient: d/dz_k (H + log Z) = p_k - q_k", by_z(piece, P), p - qp),
        ("diagonal: K_kk = -q_k + 2 p_k q_k", by_z(by_z(piece, P), P), -qp + 2 * p * qp),
        ("off the diagonal: K_kj = q_k p_j + p_k q_j", by_z(by_z(piece, P), Q), qp * q + p * qq),
        ("sum q = 0", qp + qq + rest_q, sp.Integer(0)),
    ]
    return derive(
        [(text, plain(left), plain(right)) for text, left, right in steps],
        "for every V and every piece: gradient -q + p - e_i, Hessian -diag(q) + q p^T + p q^T in the logits",
    )


def show_attained() -> Finding:
    """At p = (a, a, b, ..., b), `b = (1 - 2a)/(V - 2)`, the direction (1, -1, 0, ...)/sqrt 2 has curvature -q_1."""
    n, la, lb = sp.Symbol("n", positive=True), *sp.symbols("log_a log_b", real=True)  # n = V - 2
    b = (1 - 2 * a) / n
    entropy = -2 * a * la - n * b * lb
    q1 = a * (la + entropy)
    v, p, q = (sp.Integer(1), sp.Integer(-1)), (a, a), (q1, q1)
    pv = sum(s * t for s, t in zip(p, v, strict=True))
    qv = sum(s * t for s, t in zip(q, v, strict=True))
    rayleigh = (-sum(s * t**2 for s, t in zip(q, v, strict=True)) + 2 * pv * qv) / 2
    return derive(
        [("v^T K v = -a (1 - 2a) (log a - log b), b = (1 - 2a)/(V - 2)", rayleigh, -a * (1 - 2 * a) * (la - lb))],
        "the curvature -a (1 - 2a) ln(a (V - 2)/(1 - 2a)) is attained for every V >= 3 and a in [1/V, 1/2)",
    )


def show_bound_lemmas() -> Finding:
    """The inequalities behind `bound_for_all`, for every V; the sums over classes are one-class inequalities added up.

    Entropy: `log a + H <= r` by adding up `p_j ln(u/p_j) <= u - p_j`, u = (1 - a)/(V - 1), over the classes but one.
    Variance of a unit vector: at most the greatest Gershgorin sum of `diag(p) - p p^T`, and at most a.
    Above: `-q_j <= t(1-t) ln((1-t)/t)` at t = p_j, from `H >= binary entropy of p_j`; then `|q-|^2 <= s sum q-`.

    Returns:
        The finding.
    """
    p, u = sp.symbols("p u", positive=True)
    log_ratio, entropy, log_a, log_u, log_p, log_rest = sp.symbols("log_ratio H log_a log_u log_p log_rest", real=True)
    plus, minus, total, r, s, top = sp.symbols("norm2_plus norm2_minus sum_plus r s a", nonnegative=True)
    return prove(
        [
            log_ratio <= u / p - 1,  # ln t <= t - 1, t = u/p_j
            entropy <= -top * log_a - (1 - top) * log_u,  # the sum of the first conclusion
            entropy >= -p * log_p - (1 - p) * log_rest,  # grouping into p_j and the rest
            p <= top,
            top <= 1,
            sp.Implies(p < top, p <= 1 - top),
            plus <= r**2 * top,  # q_j <= p_j r and |p|^2 <= a
            total <= r,
            minus <= s * total,  # -q_j <= s, and sum q- = sum q+
        ],
        [
            p * log_ratio <= u - p,
            log_a + entropy <= (1 - top) * (log_a - log_u),
            -p * (log_p + entropy) <= p * (1 - p) * (log_rest - log_p),
            2 * p * (1 - p) <= 2 * top * (1 - top),
            plus + minus <= top * r**2 + s * r,
        ],
        detail="entropy by groups, variance by Gershgorin, and the norm of q, for every V",
    )


def show_two_classes() -> Finding:
    """V = 2: K is positive semidefinite, so w = 0: its one nonzero eigenvalue is `2 p1 p2 (p1 - p2) ln(p1/p2)`."""
    p, log_ratio = sp.symbols("p log_ratio", real=True)
    # With L_j = log p_j + H: L_1 = (1 - p) log(p1/p2), L_2 = -p log(p1/p2).
    q1 = p * (1 - p) * log_ratio
    trace = 2 * (p * q1 - (1 - p) * q1)
    return prove(
        [
            p > 0,
            p < 1,
            sp.Implies(p >= sp.Rational(1, 2), log_ratio >= 0),
            sp.Implies(p <= sp.Rational(1, 2), log_ratio <= 0),
        ],
        trace >= 0,
        detail="for V = 2 the trace of K is not negative and K has rank one: convex in the logits",
    )


def certify_three_classes(excess: Fraction = Fraction(1, 10**6), most: int = 400_000) -> Finding:
    """V = 3: no eigenvalue of K lies below `-w_3 (1 + excess)`, at any distribution, by branch and bound.

    K has eigenvalue 0 and two others of sum T and product E; both are at least -w where `T + 2w >= 0` and
    `E + w T + w^2 >= 0`. With the largest logit at 0 and the others at x, y <= 0 both are rational in exp(x), x exp(x),
    exp(y), y exp(y). The square [-10, 0]^2 is cut into pieces; beyond it the two products are boxes around 0.

    Args:
        excess: relative margin above w_3; at 0 the bound is reached, and cannot be decided.
        most: pieces to look at before giving up.

    Returns:
        CERTIFIED, or INCONCLUSIVE; never an answer from samples.
    """
    with precision(96):
        w3 = attained_weak_convexity(3)
        bound = w3.ball.lower() * (1 + arb(excess.numerator) / excess.denominator)
        pieces = 0
        for relation in ("E + w T + w^2", "T + 2 w"):
            done, looked, where = _positive_on_simplex(relation, bound, most)
            pieces += looked
            if not done:
                return inconclusive(Method.INTERVAL, f"w = {bound.str(10)} for V = 3: {relation} > 0 {where}")
    shown = float(Fraction(w3.high) * (1 + excess))
    return Finding(
        Verdict.CERTIFIED,
        Method.INTERVAL,
        f"V = 3: every eigenvalue of the Hessian in the logits is at least -{shown:.9f}, which is {float(excess):g} "
        f"(relative) from the attained -{w3}; {pieces} pieces",
        enclosures={"w_3": str(w3), "bound": shown, "pieces": pieces},
        note="not put to the kernel: so near the bound it would need too many pieces",
    )


_X = 10.0


def _positive_on_simplex(relation: str, w: arb, most: int) -> tuple[bool, int, str]:
    plain, slopes = _invariant(relation)
    stack, looked = [(-_X, 0.0, -_X, 0.0)], 0
    while stack:
        x0, x1, y0, y1 = stack.pop()
        looked += 1
        if looked > most:
            return False, looked, f"not decided with {most} pieces"
        bx, by = arb(x0).union(arb(x1)), arb(y0).union(arb(y1))
        value, by_x, by_y = slopes(bx, by, w)
        if value > 0:
            continue
        mx, my = (x0 + x1) / 2, (y0 + y1) / 2
        at_middle = plain(*_products(arb(mx)), *_products(arb(my)), w)
        if at_middle < 0:
            return False, looked, f"fails at logits (0, {mx}, {my})"
        if at_middle + by_x * (bx - mx) + by_y * (by - my) > 0:
            continue
        if x1 - x0 < 1e-9 and y1 - y0 < 1e-9:
            return False, looked, f"not decided near logits (0, {mx}, {my})"
        stack += [(x0, mx, y0, y1), (mx, x1, y0, y1)] if x1 - x0 > y1 - y0 else [(x0, x1, y0, my), (x0, x1, my, y1)]
    # Beyond the square: exp(y) in [0, e^-10] and y exp(y) in [-10 e^-10, 0], as t exp(t) falls for t < -1.
    small = (arb(0).union(arb(-_X).exp()), arb(0).union(arb(-_X) * arb(-_X).exp()))
    strips = [(-_X * (k + 1) / 400, -_X * k / 400) for k in range(400)]
    for one in [small, *(_products(arb(low).union(arb(high))) for low, high in strips)]:
        looked += 1
        if not plain(*one, *small, w) > 0:
            return False, looked, "not decided where one probability is tiny"
    return True, looked, ""


def _products(t: arb) -> tuple[arb, arb]:
    return t.exp(), t * t.exp()


@cache
def _invariant(relation: str) -> tuple[Callable[..., arb], Callable[..., list[arb]]]:
    """The invariant as a function of (e^x, x e^x, e^y, y e^y, w), and with slopes as one of (x, y, w), on balls."""
    A, A1, B, B1, w, u, v = sp.symbols("A A1 B B1 w u v", real=True)
    total = 1 + A + B
    mean = (A1 + B1) / total  # of the logits; log p_j + H = z_j - mean
    k12, k13 = (A1 - 2 * A * mean) / total**2, (B1 - 2 * B * mean) / total**2
    k23 = (A1 * B + A * B1 - 2 * A * B * mean) / total**2
    trace = -2 * (k12 + k13 + k23)  # the rows of K sum to 0
    product = 3 * (k12 * k13 + k12 * k23 + k13 * k23)
    wanted = {"E + w T + w^2": product + w * trace + w**2, "T + 2 w": trace + 2 * w}[relation]
    exps = {A: sp.exp(u), A1: u * sp.exp(u), B: sp.exp(v), B1: v * sp.exp(v)}
    smooth = wanted.subs(exps)
    modules = [{"exp": arb.exp}]
    return (
        sp.lambdify([A, A1, B, B1, w], wanted, modules=modules, cse=True),
        sp.lambdify([u, v, w], [smooth, sp.diff(smooth, u), sp.diff(smooth, v)], modules=modules, cse=True),
    )
