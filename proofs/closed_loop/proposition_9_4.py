"""Proposition 9.4: test-time training; the energy is over weights, the refinement over states."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Relation, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

alpha, g = sp.symbols("alpha g", positive=True)
w, w0, x, y, h, f = sp.symbols("w w0 x y h f", real=True)

claim = Claim(
    id="proposition-9.4",
    title="test-time training as refinement",
    source="Proposition 9, item 4, against Eqs. 7 and 8",
    statement=(
        "Test-time training, which takes gradient steps on the weights for each input, is the equilibrium transformer "
        "whose energy is a loss of the weights."
    ),
    readings=(
        Reading(
            "h is the state",
            "As Eqs. 7 and 8 have it: h is the latent state, f the proposal for it, and the energy a function of the "
            "weights. For every linear model with squared error a refinement step makes the inner gradient step on "
            "the weights.",
        ),
        Reading(
            "h is the weights",
            "Eqs. 7 and 8 with the weights in the place of h and the weights before the input in the place of f. The "
            "first refinement step is the inner step of size alpha, for every model and loss; K steps are K inner "
            "steps on the loss plus g |w - w0|^2/2.",
            Relation.COMPLETED,
            parts=("first step", "further steps"),
        ),
    ),
    repair="proposition-9.4-repaired",
    remark=(
        "With h a state the energy does not depend on h: its gradient in h is 0, h_K = f, and no weight moves. The "
        "statement means something only with h re-typed; then the proximal term keeps the weights near their start, "
        "which plain test-time training does not."
    ),
)


def loss(weight: sp.Expr) -> sp.Expr:
    """A linear model on one pair (x, y)."""
    return (weight * x - y) ** 2 / 2


def refined(energy: sp.Expr, symbol: sp.Symbol, at: sp.Expr, proposal: sp.Expr) -> sp.Expr:
    """Eq. 8 in the given variable."""
    return at - alpha * (sp.diff(energy, symbol).subs(symbol, at) + g * (at - proposal))


def inner_step(weight: sp.Expr) -> sp.Expr:
    """Test-time training, written out: the gradient of the squared error is (w x - y) x."""
    return weight - alpha * (weight * x - y) * x


@claim.shows("linear models on one pair, all weights, data, alpha and gamma", reading="h is the state")
def weights_move_with_the_state() -> Finding:
    """One step of Eq. 8 in h on energy = loss(w): (h, w) -> (h_1, w); against the inner step on w."""
    energy = loss(w)
    state_after, weight_after = refined(energy, h, h, f), w
    return prove(
        [sp.Eq(h, f)],
        [sp.Eq(state_after, f), sp.Eq(weight_after, inner_step(w))],
        detail="after the step the weight is w - alpha (w x - y) x",
    )


Pair = tuple[Fraction, Fraction]
Drawn = tuple[list[Pair], Fraction, Fraction, Fraction, int]
numbers = rationals(-2, 2)
drawn_cases = st.tuples(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3),
    numbers,
    rationals(Fraction(1, 4), 4),
    rationals(Fraction(1, 20), Fraction(1, 2)),
    st.integers(1, 4),
)


def as_energy(pairs: list[Pair], of_weights: bool) -> PiecewiseQuadratic:
    """Sum (w x - y)^2/2 as a function of the variable that is refined: w, or a state on which it does not depend."""
    curvature = sum((a * a for a, _ in pairs), Fraction(0)) if of_weights else Fraction(0)
    slope = -sum((a * b for a, b in pairs), Fraction(0)) if of_weights else Fraction(0)
    return PiecewiseQuadratic((curvature,), slope=slope, level=sum((b * b for _, b in pairs), Fraction(0)) / 2)


def trained(case: Drawn, pull: bool = True) -> Fraction:
    """K inner steps from w0, pair by pair."""
    pairs, start, gamma, size, steps = case
    at = start
    for _ in range(steps):
        slope = sum(((at * a - b) * a for a, b in pairs), Fraction(0))
        at -= size * (slope + ((at - start) / gamma if pull else 0))
    return at


@claim.samples("linear models on up to three pairs, drawn; one step", reading="h is the state", quick=False)
def weights_move_on_drawn_data(run: Run) -> Finding:
    """The weight after refining the state (it stays) against the inner step."""

    def moved(case: Drawn) -> Fraction:
        return trained((*case[:4], 1))

    def replay(case: Drawn) -> Replay:
        pairs, start, gamma, size, _ = case
        state = descent(as_energy(pairs, of_weights=False), start, gamma, size, 1)[1]
        gradient = sum((start * a - b) * a for a, b in pairs)
        return exact_replay(
            [("h_1 = f, the state does not move", state, "=", start)],
            [("w = w - alpha grad loss(w), no weight moved", start, "=", start - size * gradient)],
        )

    return property_check(
        drawn_cases,
        lambda case: moved(case) != case[1],
        replay=replay,
        run=run,
        describe=lambda case: {"(x, y)": "; ".join(f"({a}, {b})" for a, b in case[0]), "w": case[1], "alpha": case[3]},
        detail="refining the state makes the inner step",
    )


retyped = claim.readings[1].name
repaired = Claim(
    id="proposition-9.4-repaired",
    title="test-time training, with the weights as the state",
    source="corrects Proposition 9, item 4",
    statement=(
        "Let h be the weights and f = w0 the weights before the input. For every differentiable loss the first "
        "refinement step is the inner step of size alpha; K steps are K inner steps on loss + g |w - w0|^2/2, and the "
        "second differs from the second plain one by alpha g (w_1 - w0), which is 0 only where grad loss(w0) = 0. For "
        "a linear model with squared error over pairs (x_i, y_i) the equilibrium is the ridge solution about w0, (sum "
        "x_i x_i^T + g I)^{-1}(sum y_i x_i + g w0); the curvature lies in [0, sum |x_i|^2], so all alpha < 2/(sum "
        "|x_i|^2 + g) converge (theorem-2-repaired), also with fewer pairs than weights, where Theorem 2 says nothing "
        "(mu = 0)."
    ),
    readings=(
        Reading(
            "stated",
            "Every differentiable loss, any number of weights; linear models and squared error where they are named.",
            parts=("first step", "further steps", "second step differs", "gradient", "ridge", "curvature", "mu = 0"),
        ),
    ),
)

G, start, at = Space(("G", "w0", "h")).vectors


@claim.shows("every differentiable loss, any number of weights", reading=retyped, part="first step")
@repaired.shows("every differentiable loss, any number of weights", part="first step")
def first_step_is_the_inner_step() -> Finding:
    """At h_0 = f the proximal term is 0."""
    refinement = at - alpha * (G + g * (at - start))
    return prove(
        [*G.space.positive_semidefinite, sp.Eq((at - start).norm2, 0)],  # h_0 = f = w0
        sp.Eq((refinement - (start - alpha * G)).norm2, 0),
        detail="h_1 = w0 - alpha grad loss(w0)",
    )


@claim.shows("every differentiable loss, any number of weights", reading=retyped, part="further steps")
@repaired.shows("every differentiable loss, any number of weights", part="further steps")
def steps_are_inner_steps_on_the_damped_loss() -> Finding:
    """The slope of loss + g |w - w0|^2/2 along any u is <G + g (w - w0), u>, G = grad loss(w)."""
    t = sp.Symbol("t", real=True)
    weights, before, gradient, u = Space(("w", "w0", "G", "u")).vectors
    along = t * (gradient @ u) + g * (weights + t * u - before).norm2 / 2
    return derive(
        [("d/dt at t = 0", sp.diff(along, t).subs(t, 0), (gradient + g * (weights - before)) @ u)],
        "a refinement step is an inner step on loss + g |w - w0|^2/2",
    )


@repaired.shows("every differentiable loss, any number of weights", part="second step differs", quick=False)
def sharpness_second_step() -> Finding:
    """After a common first step they agree only where it did not move."""
    before, slope0, slope1 = Space(("w0", "G0", "G1")).vectors  # gradients of the loss at w0 and at w_1
    first = before - alpha * slope0
    plain, damped = first - alpha * slope1, first - alpha * (slope1 + g * (first - before))
    return prove(
        before.space.positive_semidefinite,
        [
            sp.Eq((plain - damped - alpha * g * (first - before)).norm2, 0),
            sp.Equivalent(sp.Eq((plain - damped).norm2, 0), sp.Eq(slope0.norm2, 0)),
        ],
        detail="the second steps differ by alpha g (w_1 - w0)",
    )


# One pair more: with s = sum <x_i, w> x_i and b = sum y_i x_i so far, grad of the error is s - b; x, w, u any vectors.
@repaired.shows("any number of pairs and weights, all data, one pair at a time", part="gradient")
def gradient_of_squared_error() -> Finding:
    """The slope of (<x, w> - y)^2/2 along u is <<x, w> x - y x, u>, so that s and b grow by <x, w> x and by y x."""
    t = sp.Symbol("t", real=True)
    pair, weights, u = Space(("x", "w", "u")).vectors
    error = (pair @ (weights + t * u) - y) ** 2 / 2
    return derive(
        [("d/dt at t = 0", sp.diff(error, t).subs(t, 0), ((pair @ weights) * pair - y * pair) @ u)],
        "grad of the squared error is A w - b with A = sum x_i x_i^T, b = sum y_i x_i",
    )


@repaired.shows("any number of pairs and weights, all data", part="ridge")
def equilibrium_is_the_ridge_solution() -> Finding:
    """Grad Phi(w) = A w - b + g (w - w0), so it is 0 exactly where (A + g I) w = b + g w0."""
    return ridge_about(sp.Integer(1))


def ridge_about(share: sp.Expr) -> Finding:
    """Whether grad Phi(w) is (A + g I) w - b - share g w0."""
    weights, image, moment, before = Space(("w", "Aw", "b", "w0")).vectors
    slope = image - moment + g * (weights - before)
    expected = image + g * weights - moment - (share * g) * before
    names = ("w", "A w", "b", "w0")
    steps = [(f"factor of {n}", a, b) for n, a, b in zip(names, slope.coefficients, expected.coefficients, strict=True)]
    return derive(steps, "grad Phi(w) = (A + g I) w - (b + g w0)")


@repaired.shows("any number of pairs and weights, all data", part="ridge")
def ridge_solution_is_the_only_one() -> Finding:
    """A + g I maps no d != 0 to 0, since <A d, d> = sum <x_i, d>^2 >= 0: it is invertible."""
    d, image = Space(("d", "Ad")).vectors
    return prove(
        [*d.space.positive_semidefinite, image @ d >= 0, sp.Eq((image + g * d).norm2, 0)],
        sp.Eq(d.norm2, 0),
        detail="(A + g I) d = 0 only for d = 0",
    )


@repaired.shows("any number of weights and of pairs, one pair at a time", part="curvature", uses="theorem-2-repaired")
def curvature_of_squared_error() -> Finding:
    """<d, x x^T d> = <x, d>^2 lies between 0 and |x|^2 |d|^2."""
    data, d = Space(("x", "d")).vectors
    so_far, bound = sp.symbols("so_far bound", nonnegative=True)
    total = so_far + (data @ d) ** 2
    return prove(
        [*data.space.positive_semidefinite, so_far <= bound * d.norm2],
        [total >= 0, total <= (bound + data.norm2) * d.norm2],
        detail="each pair adds a curvature in [0, |x|^2]; with g the curvature of Phi is in [g, g + sum |x|^2]",
    )


@repaired.shows(
    "fewer pairs than weights, all data, along a direction d that no pair sees",
    part="mu = 0",
    cites="fewer vectors than dimensions have a common orthogonal direction",
)
def sharpness_no_strong_convexity() -> Finding:
    """The curvature along d is sum <x_i, d>^2 = 0."""
    mu, size = sp.symbols("mu size", positive=True)  # size = |d|^2
    along = sp.Symbol("sum", nonnegative=True)
    return prove([sp.Eq(along, 0)], along < mu * size, detail="no mu > 0 is a lower curvature")


@repaired.samples(
    "linear models on up to three pairs, drawn; up to four exact steps", part="further steps", quick=False
)
def refinement_is_training_on_drawn_data(run: Run) -> Finding:
    """Refinement of the weight as a state against the inner steps on the damped loss."""

    def last(case: Drawn) -> Fraction:
        pairs, begin, gamma, size, steps = case
        return descent(as_energy(pairs, of_weights=True), begin, gamma, size, steps)[-1]

    def replay(case: Drawn) -> Replay:
        return exact_replay([], [("h_K = K inner steps", last(case), "=", trained(case))])

    return property_check(
        drawn_cases, lambda case: last(case) != trained(case), replay=replay, run=run, detail="h_K is K inner steps"
    )


@repaired.samples(
    "a linear layer with three weights, one pair, run with this package; dyadic numbers", part="first step", quick=False
)
def refinement_of_a_module() -> Finding:
    """WeightEnergy under gradient descent from the weights: exact in float64."""
    import torch
    from torch import nn

    from eqt_theory import GradientDescent, Objective, WeightEnergy, solve

    layer = nn.Linear(3, 1, bias=False, dtype=torch.float64)
    data, target = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), 3.0
    before = torch.tensor([0.5, 0.25, -1.0], dtype=torch.float64)
    energy = WeightEnergy(layer, lambda call: 0.5 * (call(data)[0] - target) ** 2)
    found = solve(Objective(energy, before, 1.0), GradientDescent(0.25), tolerance=1e-300, max_steps=1)
    by_hand = before - 0.25 * (before @ data - target) * data
    said = f"refined {found.h.tolist()}, inner step {by_hand.tolist()}"
    if not torch.equal(found.h, by_hand):
        return inconclusive(Method.EXPERIMENT, said)
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, said, examples=1)
