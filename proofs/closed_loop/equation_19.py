"""Eq. 19: the derivative of the equilibrium with respect to the parameters leaves out how the proposal moves."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import sympy as sp

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine, inconclusive
from eqt_theory.engines.gram import Space
from eqt_theory.engines.symbolic import derive

if TYPE_CHECKING:
    from torch import Tensor

g, m, alpha = sp.symbols("g m alpha", positive=True)  # g = 1/gamma

claim = Claim(
    id="equation-19",
    title="implicit derivative of the equilibrium",
    source="Eq. 19",
    statement=(
        "The equilibrium moves with the parameters as dh*/dtheta = -[hess energy(h*) + I/gamma]^{-1} d_h d_theta "
        "energy(h*)."
    ),
    readings=(
        Reading(
            "stated",
            "For every smooth energy with hess energy + g I positive definite, g = 1/gamma, and every smooth proposal "
            "f_theta: Eq. 19 is the derivative of h*.",
        ),
    ),
    repair="equation-19-repaired",
    remark=(
        "It drops g df/dtheta, and with it the only way in which the transformer that makes the proposal is trained "
        "through h*. It is right where the proposal does not depend on the parameter. On energy = h^2/2, f = theta the "
        "truth is g/(1 + g), Eq. 19 gives 0."
    ),
)


def equilibrium_1d() -> tuple[dict[str, sp.Symbol], sp.Expr, sp.Expr]:
    """The symbols of energy = a h^2/2 + (b0 + b1 theta) h and f = f0 + f1 theta, h*(theta) solved for, and theta."""
    a, b0, b1, f0, f1, h, theta = sp.symbols("a b0 b1 f0 f1 h theta", real=True)
    energy = a * h**2 / 2 + (b0 + b1 * theta) * h
    phi = energy + g * (h - f0 - f1 * theta) ** 2 / 2
    (star,) = sp.solve(sp.diff(phi, h), h)
    return {"a": a, "b1": b1, "f1": f1}, star, theta


@claim.shows("energies a h^2/2 + (b0 + b1 theta) h with a > 0, proposals f0 + f1 theta, one dimension")
def formula_on_quadratics() -> Finding:
    """Eq. 19 against the derivative of the equilibrium, which is known in closed form."""
    symbols, star, theta = equilibrium_1d()
    a, cross = symbols["a"], symbols["b1"]
    return prove(
        [a > 0],
        sp.Eq(-cross / (a + g), sp.diff(star, theta)),
        detail="Eq. 19 on quadratics",
    )


@claim.samples("a network with 12 parameters and a softplus energy in two dimensions, float64", quick=False)
def formula_against_finite_differences(run: Run) -> Finding:
    """Eq. 19 against central differences of the equilibrium, all parameters at once."""
    return compare(Network(run.seed), "Eq. 19", Network.equation_19)


repaired = Claim(
    id="equation-19-repaired",
    title="implicit derivative, with the proposal",
    source="corrects Eq. 19",
    statement=(
        "Where hess energy(h*) + g I is positive definite, g = 1/gamma, the equilibrium near h* is differentiable and "
        "dh*/dtheta = [hess energy(h*) + g I]^{-1} (g df/dtheta - d_h d_theta energy(h*)). Gradient descent from "
        "h_0 = f on a quadratic whose Hessian H (of Phi) does not depend on theta has J_K - J* = (I - alpha H)^K "
        "(df/dtheta - J*), J_K = dh_K/dtheta, J* = dh*/dtheta: the unrolled derivatives approach the formula by the "
        "matrix by which the iterates approach h*."
    ),
    readings=(
        Reading(
            "stated",
            "For every twice differentiable energy and proposal, every dimension; the law of unrolling for quadratics.",
            parts=("first-order balance", "derivative", "quadratics", "unrolling"),
        ),
    ),
    remark="Drop g df/dtheta, or start the unrolled derivative anywhere but at df/dtheta, and each part is refuted.",
)


# Vectors: x moves h*, Hx is hess energy(h*) x, c is d_h d_theta energy along the move of theta, df the move of f.
x, Hx, c, df = Space(("x", "Hx", "c", "df")).vectors


def balance(moves: sp.Expr) -> Finding:
    """Whether grad Phi stays 0 to first order exactly where (hess energy + g I) x = moves df - c, coefficient by one.

    To first order grad energy changes by Hx + c, and g (h - f) by g (x - df); `moves` is g, if the formula is right.
    """
    change = Hx + c + g * (x - df)
    formula = (Hx + g * x) - (moves * df - c)
    steps = zip(("x", "Hx", "c", "df"), change.coefficients, formula.coefficients, strict=True)
    return derive([(f"factor of {name}", a, b) for name, a, b in steps], "grad Phi changes by the formula's two sides")


@repaired.shows(
    "every twice differentiable energy and proposal, every dimension",
    part="first-order balance",
    cites="the chain rule",
)
def formula_keeps_the_state_stationary() -> Finding:
    """Moving h* by the formula keeps grad Phi = 0 to first order, and no other move does (hess Phi is invertible)."""
    return balance(g)


@repaired.shows(
    "every energy with hess Phi >= m I, m > 0, near h*, every dimension",
    part="derivative",
    uses=formula_keeps_the_state_stationary,
    cites="the implicit function theorem",
)
def predicted_move_is_the_true_one_to_first_order() -> Finding:
    """The error of the predicted equilibrium is at most |grad Phi| there divided by m, and that is of higher order.

    d: predicted minus true equilibrium; D: gradient of Phi at the prediction (0 at the true one). By Taylor's formula
    D = H x - g df + d_theta grad energy + r with |r| <= s |dtheta|, s -> 0; the formula makes the first part 0.
    """
    d, D = Space(("d", "D")).vectors
    s, change = sp.symbols("s change", positive=True)
    return prove(
        [*d.space.positive_semidefinite, D @ d >= m * d.norm2, D.norm2 <= (s * change) ** 2],
        [m**2 * d.norm2 <= D.norm2, d.norm2 <= (s * change / m) ** 2],
        detail="|predicted - true h*| <= (s/m) |dtheta| with s -> 0, so the formula is the derivative",
    )


@repaired.shows("quadratics whose Hessian, slope and proposal all move, every dimension", part="quadratics")
def formula_on_quadratics_that_move() -> Finding:
    """(A + t dA + g I) star(t) = g (f + t df) - b - t db, differentiated at t = 0 with star(t) = star + t x + ..."""
    t = sp.Symbol("t", real=True)
    names = ("star", "Astar", "dAstar", "x", "Ax", "dAx", "b", "db", "f", "df")
    star, Astar, dAstar, x, Ax, dAx, b, db, f, df = Space(names).vectors  # noqa: N806
    left = (Astar + t * Ax) + t * (dAstar + t * dAx) + g * (star + t * x) - g * (f + t * df) + b + t * db
    slope = [sp.diff(coefficient, t).subs(t, 0) for coefficient in left.coefficients]
    formula = (Ax + g * x) - (g * df - (dAstar + db))  # d_h d_theta energy = dA h* + db
    steps = [(f"factor of {n}", a, b) for n, a, b in zip(names, slope, formula.coefficients, strict=True)]
    return derive(steps, "the derivative of (A + g I) h* = g f - b says (A + g I) dh* = g df - (dA h* + db)")


def unrolling(start: sp.Expr) -> Finding:
    """The law of J_K: K = 0 with J_0 = start df, and from K to K + 1 for an arbitrary vector in place of J_K.

    h_{k+1} = h_k - alpha (H h_k + b - g f), H = hess Phi, differentiated: J+ = J - alpha (H J + c - g df); and H J* =
    g df - c by the formula.
    """
    names = ("J", "HJ", "star", "c", "df")
    J, HJ, star, c, df = Space(names).vectors  # noqa: N806
    after = J - alpha * (HJ + c - g * df)
    expected = (J - star) - alpha * (HJ - (g * df - c))  # (I - alpha H)(J - J*)
    pairs = [("K = 0", start * df - star, df - star), ("K + 1 from K", after - star, expected)]
    return derive(
        [
            (f"{text}, factor of {name}", a, b)
            for text, left, right in pairs
            for name, a, b in zip(names, left.coefficients, right.coefficients, strict=True)
        ],
        "J_K - J* = (I - alpha H)^K (df/dtheta - J*)",
    )


@repaired.shows(
    "quadratics whose Hessian does not depend on theta, every dimension, every K",
    part="unrolling",
    uses=formula_keeps_the_state_stationary,
)
def law_of_unrolled_derivatives() -> Finding:
    """Induction over K: J_{K+1} - J* = (I - alpha H)(J_K - J*), J_0 = df/dtheta, since h_0 = f."""
    return unrolling(sp.Integer(1))


@repaired.samples(
    "a network with 12 parameters and a softplus energy in two dimensions, float64", part=WHOLE, quick=False
)
def repaired_formula_against_finite_differences(run: Run) -> Finding:
    """The corrected formula against central differences of the equilibrium."""
    return compare(Network(run.seed), "the corrected formula", Network.corrected)


@repaired.samples(
    "the same network, gradient descent unrolled for K = 4, 8, ..., 24 steps, float64", part=WHOLE, quick=False
)
def unrolled_derivatives_approach_the_formula(run: Run) -> Finding:
    """The unrolled derivative comes at least 1.5 times nearer to the formula per four steps, until rounding shows."""
    network = Network(run.seed)
    right = network.corrected()
    errors = [float((network.unrolled(k) - right).abs().max()) for k in range(4, 25, 4)]
    falls = all(b <= a / 1.5 or b < 1e-11 for a, b in zip(errors, errors[1:], strict=False))
    said = ", ".join(f"{e:.1e}" for e in errors)
    if not (falls and errors[-1] < errors[0] / 10):
        return inconclusive(Method.EXPERIMENT, f"the unrolled derivatives do not settle: errors {said}")
    detail = f"largest difference to the formula at K = 4, 8, ..., 24: {said}"
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, detail, examples=len(errors))


class Network:
    """f = W2 tanh(W1 x), energy = sum softplus(B h + c(theta)) + |h|^2/4, gamma = 1; theta: W1 (3x2) and W2 (2x3).

    The energy depends on theta too, through c(theta) = the column sums of W2.
    """

    step_size = 0.4
    spread = 1e-5

    def __init__(self, seed: int) -> None:
        import torch

        source = torch.Generator().manual_seed(seed)
        self.theta = torch.randn(12, generator=source, dtype=torch.float64)
        self.x = torch.randn(2, generator=source, dtype=torch.float64)
        self.mixing = torch.randn(3, 2, generator=source, dtype=torch.float64) / 2

    def proposal(self, theta: "Tensor") -> "Tensor":
        return theta[6:].reshape(2, 3) @ (theta[:6].reshape(3, 2) @ self.x).tanh()

    def energy(self, h: "Tensor", theta: "Tensor") -> "Tensor":
        import torch

        inputs = self.mixing @ h + theta[6:].reshape(2, 3).sum(0)
        return torch.logaddexp(inputs, torch.zeros_like(inputs)).sum() + h @ h / 4

    def slope(self, h: "Tensor", theta: "Tensor") -> "Tensor":
        """Gradient of Phi."""
        from torch.func import grad

        return grad(self.energy)(h, theta) + h - self.proposal(theta)

    def equilibrium(self, theta: "Tensor") -> "Tensor":
        """h* by Newton steps from the proposal; Phi is strongly convex."""
        import torch
        from torch.func import jacrev

        h = self.proposal(theta)
        for _ in range(7):
            h = h - torch.linalg.solve(jacrev(self.slope)(h, theta), self.slope(h, theta))
        return h

    def differences(self) -> "Tensor":
        """Central differences of h*, shape (2, 12)."""
        import torch

        moves = self.spread * torch.eye(12, dtype=torch.float64)
        ahead, behind = torch.vmap(self.equilibrium)(self.theta + torch.cat([moves, -moves])).chunk(2)
        return (ahead - behind).T / (2 * self.spread)

    def _formula(self, proposal_moves: bool) -> "Tensor":
        import torch
        from torch.func import grad, jacrev

        star = self.equilibrium(self.theta)
        hessian = jacrev(grad(self.energy))(star, self.theta) + torch.eye(2, dtype=torch.float64)
        right = -jacrev(grad(self.energy), argnums=1)(star, self.theta)
        if proposal_moves:
            right = right + jacrev(self.proposal)(self.theta)
        return torch.linalg.solve(hessian, right)

    def equation_19(self) -> "Tensor":
        return self._formula(proposal_moves=False)

    def corrected(self) -> "Tensor":
        return self._formula(proposal_moves=True)

    def unrolled(self, steps: int) -> "Tensor":
        """dh_K/dtheta by automatic differentiation through all steps."""
        from torch.func import jacrev

        def run(theta: "Tensor") -> "Tensor":
            h = self.proposal(theta)
            for _ in range(steps):
                h = h - self.step_size * self.slope(h, theta)
            return h

        return jacrev(run)(self.theta)


def compare(network: Network, name: str, formula: Callable[[Network], "Tensor"]) -> Finding:
    """A formula for dh*/dtheta against central differences, with the error of the latter estimated from two spreads."""
    fine = network.differences()
    network.spread *= 2
    coarse = network.differences()
    network.spread /= 2
    rounding = 100 * 2**-53 * float(fine.abs().max() + 1) / network.spread
    tolerance = 10 * (float((fine - coarse).abs().max()) + rounding)
    gap = (formula(network) - fine).abs()
    error, entries = float(gap.max()), gap.numel()
    said = f"largest difference {error:.2e} over {entries} entries, differences trusted to {tolerance:.1e}"
    if error <= tolerance:
        return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, f"{name} agrees: {said}", examples=entries)
    if error < 10 * tolerance:
        return inconclusive(Method.EXPERIMENT, f"{name}: {said}")
    row, column = divmod(int(gap.argmax()), gap.shape[-1])
    claimed, true = float(formula(network)[row, column]), float(fine[row, column])
    line = ReplayLine(f"dh*_{row}/dtheta_{column} is {claimed:.6f}", False, f"central difference {true:.6f}")
    convex = ReplayLine("hess Phi >= 3/2 I: softplus is convex, |h|^2/4 and |h - f|^2/2 add 1/2 and 1", True)
    return Finding(
        Verdict.REFUTED,
        Method.EXPERIMENT,
        f"{name} is wrong: {said}",
        witness={"row": row, "column": column, "formula": claimed, "difference": true},
        replay=Replay(Arithmetic.FLOAT, (convex,), (line,)),
        examples=entries,
    )
