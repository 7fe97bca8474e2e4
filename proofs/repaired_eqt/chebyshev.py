"""Chebyshev's iteration on a quadratic with spectrum in [m, M]: its bound 2 r^k/(1 + r^2k)."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.core.finding import inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.engines.induction import induction
from eqt_theory.engines.symbolic import derive

low, high = sp.symbols("m M", positive=True)
sigma = (high - low) / (high + low)
x = sp.Symbol("x", real=True)

claim = Claim(
    id="chebyshev-bound",
    title="Chebyshev's iteration keeps 2 r^k/(1 + r^2k)",
    source="the joint objective; (Golub and Varga 1961), `eqt_theory.solvers.chebyshev`",
    statement=(
        "h_(k+1) = w_k (h_k - 2/(m + M) grad Phi(h_k) - h_(k-1)) + h_(k-1) with w_0 = 1, w_1 = 1/(1 - sigma^2/2), "
        "w_k = 1/(1 - sigma^2 w_(k-1)/4), sigma = (M - m)/(M + m), on a quadratic Phi whose spectrum lies in [m, M], 0 "
        "< m < M: |h_k - h*| <= 2 r^k/(1 + r^2k) |h_0 - h*| with r = (sqrt M - sqrt m)/(sqrt M + sqrt m), for every k."
    ),
    readings=(
        Reading(
            "stated",
            "Along an eigenvector with eigenvalue mu the error is multiplied by T_k(x)/T_k(1/sigma), x = (M + m - 2 "
            "mu)/(M - m) in [-1, 1]; |T_k(x)| <= 1 there; and T_k(1/sigma) = (r^-k + r^k)/2. So for every spectrum, "
            "start, dimension and k.",
            parts=("the weights", "the errors", "T_k on [-1, 1]", "T_k at 1/sigma", "x in [-1, 1]"),
        ),
    ),
    symbols=[low, high],
    assumes=[low < high],
    remark=(
        "On quadratics only: off them a momentum that follows no gradient may overshoot. The heavy ball with the "
        "limit of these weights keeps no such bound at its first steps."
    ),
)

now, last = sp.symbols("T_k T_before", positive=True)  # T_k and T_(k-1) at 1/sigma


def weight(later: sp.Expr, here: sp.Expr) -> sp.Expr:
    """w_k = 2 T_k/(sigma T_(k+1)), at 1/sigma."""
    return 2 * here / (sigma * later)


def after(here: sp.Expr, before: sp.Expr, at: sp.Expr) -> sp.Expr:
    """T_(k+1) = 2 x T_k - T_(k-1)."""
    return 2 * at * here - before


@claim.shows("all m < M, every k", part="the weights")
def weights_follow_the_recurrence() -> Finding:
    """The weights of the iteration are 2 T_k/(sigma T_(k+1)): first, and from one to the next."""
    first, second = 1 / sigma, after(1 / sigma, sp.Integer(1), 1 / sigma)
    later = after(now, last, 1 / sigma)
    return derive(
        [
            ("w_1 = 1/(1 - sigma^2/2)", weight(second, first), 1 / (1 - sigma**2 / 2)),
            ("w_k from w_(k-1)", weight(later, now), 1 / (1 - sigma**2 * weight(now, last) / 4)),
        ],
        "w_k = 2 T_k/(sigma T_(k+1)) at 1/sigma",
    )


@claim.shows(
    "every eigenvalue, every k",
    part="the errors",
    uses=weights_follow_the_recurrence,
    cites="a symmetric matrix has an orthonormal basis of eigenvectors",
)
def errors_are_chebyshev_polynomials() -> Finding:
    """Along an eigenvector: e_k = T_k(x)/T_k(1/sigma) e_0, from k - 1 and k to k + 1."""
    mu = sp.Symbol("mu", positive=True)
    at = (high + low - 2 * mu) / (high - low)
    c_now, c_last = sp.symbols("C_k C_before", real=True)  # T_k and T_(k-1) at x
    later, c_later = after(now, last, 1 / sigma), after(c_now, c_last, at)
    e_now, e_last = c_now / now, c_last / last
    stepped = weight(later, now) * (e_now - 2 / (low + high) * mu * e_now - e_last) + e_last
    base = derive(
        [("k = 1", 1 - 2 / (low + high) * mu, at / (1 / sigma))], "the first step multiplies by T_1(x)/T_1(1/sigma)"
    )
    step = derive([("k + 1", stepped, c_later / later)], "from k - 1 and k to k + 1")
    return induction(base, step, detail="the error is multiplied by T_k(x)/T_k(1/sigma)")


@claim.shows("every x in [-1, 1] and k", part="T_k on [-1, 1]")
def polynomials_stay_below_one() -> Finding:
    """T_k^2 + (1 - x^2) U_(k-1)^2 = 1, with U_k = x U_(k-1) + T_k and T_(k+1) = x T_k - (1 - x^2) U_(k-1)."""
    t, u = sp.symbols("t u", real=True)

    def pell(t: sp.Expr, u: sp.Expr) -> sp.Expr:
        return t**2 + (1 - x**2) * u**2

    t_next, u_next = x * t - (1 - x**2) * u, x * u + t
    second = x * x - (1 - x**2) * sp.Integer(1)
    base = derive(
        [
            ("k = 1: T_1 = x, U_0 = 1", pell(x, sp.Integer(1)), sp.Integer(1)),
            ("T_2 = 2 x T_1 - T_0", second, 2 * x * x - 1),
        ],
        "k = 1",
    )
    step = derive([("k + 1", pell(t_next, u_next), pell(t, u))], "the sum stays the same")
    # What this pair is: it starts as T does, and obeys the recurrence of T.
    again = x * t_next - (1 - x**2) * u_next
    same = derive([("T_(k+2) = 2 x T_(k+1) - T_k", again, 2 * x * t_next - t)], "the pair is that of Chebyshev")
    if not (same.conclusive and same.proof is not None):
        return inconclusive(Method.SYMBOLIC, f"the pair is another one: {same.detail}")
    stays = sp.Eq(pell(t, u), 1)
    conclude = prove([x >= -1, x <= 1, stays], [t <= 1, t >= -1], detail="|T_k| <= 1")
    start = induction(base, same, detail="T_1, and the recurrence")
    return induction(start, step, conclude, given=[stays], detail="|T_k(x)| <= 1")


@claim.shows("all m < M, every k", part="T_k at 1/sigma")
def value_outside() -> Finding:
    """With a = sqrt m, b = sqrt M, r = (b - a)/(b + a) and p = r^k: (p + 1/p)/2 starts and goes on as T_k does."""
    a, b, p = sp.symbols("a b p", positive=True)
    r = (b - a) / (b + a)
    at = (b**2 + a**2) / (b**2 - a**2)
    return derive(
        [
            ("T_0 = 1", (r**0 + r**0) / 2, sp.Integer(1)),
            ("T_1 = 1/sigma", (r + 1 / r) / 2, at),
            ("T_(k+1)", after((p + 1 / p) / 2, (p / r + r / p) / 2, at), (p * r + 1 / (p * r)) / 2),
            ("1/T_k = 2 r^k/(1 + r^2k)", 1 / ((p + 1 / p) / 2), 2 * p / (1 + p**2)),
        ],
        "T_k(1/sigma) = (r^k + r^-k)/2, so 1/T_k = 2 r^k/(1 + r^2k)",
    )


@claim.shows("every eigenvalue in [m, M]", part="x in [-1, 1]")
def spectrum_goes_to_the_interval() -> Finding:
    mu = sp.Symbol("mu", positive=True)
    at = (high + low - 2 * mu) / (high - low)
    return prove([low < high, low <= mu, mu <= high], [at >= -1, at <= 1], detail="[m, M] is mapped onto [-1, 1]")
