"""The energies of whole sequences are convex and smooth by construction, whatever was learned."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.induction import induction

lam, gamma = sp.symbols("lambda gamma", positive=True)
a, x, y = sp.symbols("a x y", real=True)

claim = Claim(
    id="joint-convexity",
    title="the joint objective is convex by construction",
    source="the coupled chain, `eqt_theory.energies.latent.coupled_chain`",
    statement=(
        "Let Phi(h) = sum_t lambda/2 |h_t - a_t * h_(t-1)|^2 + |h_t - f_t|^2/(2 gamma) over t = 1, ..., n, h_0 fixed, "
        "lambda, gamma > 0 and |a_t| <= 1 in every coordinate. The eigenvalues of its Hessian lie in [m, M], m = "
        "1/gamma and M = 1/gamma + 4 lambda, for every n, dimension, h_0, f and a. As n grows no larger m and no "
        "smaller M would do."
    ),
    readings=(
        Reading(
            "stated",
            "For one coordinate, of which the Hessian has one block for each: the form v^T (hess Phi) v lies between "
            "m |v|^2 and M |v|^2 for every n, every v and all couplings; and for every m' > m and M' < M some n, a and "
            "v break it.",
            parts=("below", "above", "no larger m", "no smaller M"),
        ),
    ),
    symbols=[lam, gamma],
)


def form_grows(v: sp.Expr, before: sp.Expr) -> sp.Expr:
    """What position t adds to lambda sum_t (v_t - a_t v_(t-1))^2: the Hessian does not see h_0, so v_0 = 0."""
    return lam * (v - a * before) ** 2


@claim.shows("every n, all couplings and directions", part="below")
def form_is_above_m() -> Finding:
    """By induction over the positions: form - |v|^2/gamma = lambda (sums of squares) >= 0."""
    form, size, last, new = sp.symbols("form size last new", real=True)
    known = form + size / gamma >= size / gamma
    first = [sp.Eq(form, form_grows(new, sp.Integer(0)))]
    base = prove(first, form + new**2 / gamma >= new**2 / gamma, detail="one position")
    step = prove(
        [a >= -1, a <= 1, known],
        form + form_grows(new, last) + (size + new**2) / gamma >= (size + new**2) / gamma,
        detail="one position more",
    )
    return induction(base, step, given=[known], detail="v^T (hess Phi) v >= |v|^2/gamma for every n")


def slack(last: sp.Expr) -> sp.Expr:
    """What the last position leaves over, since no later one looks back at it yet."""
    return 2 * lam * last**2


@claim.shows("every n, all couplings and directions", part="above")
def form_is_below_M() -> Finding:
    """By induction: the form is at most 4 lambda |v|^2 - 2 lambda v_n^2."""
    form, size, last, new = sp.symbols("form size last new", real=True)
    first, known = [sp.Eq(form, form_grows(new, sp.Integer(0)))], form <= 4 * lam * size - slack(last)
    base = prove(first, form <= 4 * lam * new**2 - slack(new), detail="one position: its own square")
    step = prove(
        [a >= -1, a <= 1, known],
        form + form_grows(new, last) <= 4 * lam * (size + new**2) - slack(new),
        detail="one position more",
    )
    end = prove([known], form + size / gamma <= (1 / gamma + 4 * lam) * size, detail="v^T (hess Phi) v <= M |v|^2")
    return induction(
        base, step, end, given=[known], detail="v^T (hess Phi) v <= (1/gamma + 4 lambda) |v|^2 for every n"
    )


@claim.shows("a = 1, v = (1, ..., 1), n > lambda/(m' - m)", part="no larger m")
def m_cannot_be_larger() -> Finding:
    """Only the first position adds to the form, lambda: it is lambda + n/gamma, and |v|^2 = n."""
    n, wanted = sp.symbols("n wanted", positive=True)
    form = form_grows(sp.Integer(1), sp.Integer(0)) + (n - 1) * form_grows(sp.Integer(1), sp.Integer(1)).subs(a, 1)
    return prove(
        [wanted > 1 / gamma, n >= 1, n * (wanted - 1 / gamma) > lam],
        form + n / gamma < wanted * n,
        detail="with a = 1 and v constant the form is below m' |v|^2",
    )


@claim.shows("a = 1, v = (1, -1, 1, ...), n > 3 lambda/(M - M')", part="no smaller M")
def M_cannot_be_smaller() -> Finding:
    """Every later position adds 4 lambda: the form is lambda + 4 lambda (n - 1) + n/gamma."""
    n, wanted = sp.symbols("n wanted", positive=True)
    form = form_grows(sp.Integer(1), sp.Integer(0)) + (n - 1) * form_grows(sp.Integer(1), sp.Integer(-1)).subs(a, 1)
    return prove(
        [wanted < 1 / gamma + 4 * lam, n >= 1, n * (1 / gamma + 4 * lam - wanted) > 3 * lam],
        form + n / gamma > wanted * n,
        detail="with a = 1 and v alternating the form is above M' |v|^2",
    )


ridge = Claim(
    id="ridge-convexity",
    title="ridge terms are convex with curvature at most 4",
    source="the ridge terms, `eqt_theory.energies.latent.position_ridge`",
    statement=(
        "sum_j v_j softplus(w_j . h + u_j) with 0 <= v_j <= 4 and |W| <= 2, W with rows w_j, has a Hessian between 0 "
        "and 4, for every number of rows, dimension and u; 4 is attained."
    ),
    readings=(
        Reading(
            "stated",
            "With s_j in (0, 1) the sigmoid at row j the form is sum_j v_j s_j (1 - s_j) (w_j . d)^2; it lies between "
            "0 and |W d|^2 <= 4 |d|^2 for any number of rows, and is 4 |d|^2 for one row of norm 2 at s = 1/2.",
            parts=("below", "above", "attained"),
        ),
    ),
)

v, s, p, norm2 = sp.symbols("v s p norm2", real=True)  # p = w_j . d, norm2 = |d|^2
of_row = [v >= 0, v <= 4, s > 0, s < 1]


def bend(v: sp.Expr, s: sp.Expr, p: sp.Expr) -> sp.Expr:
    """One row's share of the form; softplus' second derivative is s (1 - s)."""
    return v * s * (1 - s) * p**2


@ridge.shows("every number of rows", part="below")
def ridge_form_is_not_negative() -> Finding:
    form = sp.Symbol("form", real=True)
    base = prove(of_row, bend(v, s, p) >= 0, detail="one row")
    step = prove([*of_row, form >= 0], form + bend(v, s, p) >= 0, detail="one row more")
    return induction(base, step, given=[form >= 0], detail="the Hessian of the ridge terms is not negative")


@ridge.shows("every number of rows", part="above")
def ridge_form_is_at_most_four() -> Finding:
    """Row by row below (w_j . d)^2; these sum to |W d|^2 <= |W|^2 |d|^2."""
    form, total = sp.symbols("form total", real=True)
    base = prove(of_row, bend(v, s, p) <= p**2, detail="one row")
    step = prove([*of_row, form <= total], form + bend(v, s, p) <= total + p**2, detail="one row more")
    conclude = prove([form <= total, total <= 2**2 * norm2], form <= 4 * norm2, detail="|W d| <= 2 |d|")
    return induction(base, step, conclude, given=[form <= total], detail="the Hessian of the ridge terms is at most 4")


@ridge.shows("one row", part="attained")
def four_is_attained() -> Finding:
    return prove(
        [sp.Eq(p**2, 4 * norm2), sp.Eq(s, sp.Rational(1, 2))],
        sp.Eq(bend(sp.Integer(4), s, p), 4 * norm2),
        detail="v = 4, |w| = 2, s = 1/2, d along w",
    )
