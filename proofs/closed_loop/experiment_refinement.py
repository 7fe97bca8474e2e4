"""Sections 5.1 and 5.3.1 at a small scale: what equal accuracies and small changes say of a trained model."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from eqt_theory import Claim, Diagnosis, Finding, Method, Reading, Relation, Run, Verdict, diagnose
from eqt_theory.core.finding import inconclusive

LENGTH, TRAINING, TEST, EPOCHS = 8, 1024, 32, 2
"""Bits, sequences for training and test, passes: seconds on two cores."""
STEPS = (8, 32)
THRESHOLD = Fraction(1, 1000)

claim = Claim(
    id="section-5.3.1-small-scale",
    title="equal accuracies as convergence",
    source="Section 5.3.1 and Table 2, columns K = 8 and K = 32",
    statement=(
        "Relative changes below 1e-3 within 8 steps, and accuracies that agree at K = 8 and K = 32, show that "
        "refinement has converged by K = 8."
    ),
    readings=(
        Reading(
            "seen alike",
            "Both are seen where refinement has converged by K = 8, and where 43% of the way to h* is left and no "
            "prediction moves. What would tell the two apart, |h_8 - h*| and K = 0, is not reported.",
            Relation.UNDETERMINED,
        ),
    ),
    remark=(
        "The experiments are no evidence about the paper's own models: they show that a trained model of the second "
        "kind exists at a small scale. They say nothing of other scales, heads or tasks. `eqt-theory parity` and "
        "`eqt-theory diagnose` run larger ones."
    ),
)


@dataclass(frozen=True)
class Scalar:
    """Refinement of one state h with energy a (h - c)^2 / 2, gamma = 1, f = 1; the prediction is the sign of h."""

    a: Fraction
    c: Fraction
    alpha: Fraction

    @property
    def star(self) -> Fraction:
        """The equilibrium."""
        return (self.a * self.c + 1) / (self.a + 1)

    def states(self, steps: int) -> list[Fraction]:
        """h_0, ..., h_steps by Eq. 8."""
        found = [Fraction(1)]
        for _ in range(steps):
            h = found[-1]
            found.append(h - self.alpha * (self.a * (h - self.c) + h - 1))
        return found

    def seen(self) -> bool:
        """Whether a reader of the paper sees it converge: small changes by k = 7, one sign at K = 8 and K = 32."""
        h = self.states(STEPS[1])
        small = abs(h[8] - h[7]) < THRESHOLD * abs(h[7])
        return small and (h[STEPS[0]] > 0) == (h[STEPS[1]] > 0)

    @property
    def left(self) -> Fraction:
        """|h_8 - h*| / |f - h*|."""
        return abs(self.states(STEPS[0])[-1] - self.star) / abs(1 - self.star)


ARRIVED = Scalar(Fraction(1), Fraction(101, 100), Fraction(1, 2))
FAR = Scalar(Fraction(1), Fraction(101, 100), Fraction(1, 20))


@claim.shows("two scalar refinements: a = gamma = f = 1, c = 1.01, alpha = 1/2 and 1/20; exact fractions")
def both_kinds_look_alike() -> Finding:
    """The same small changes and equal predictions, one at h* and one far from it."""
    return alike(ARRIVED, FAR)


def alike(arrived: Scalar, far: Scalar) -> Finding:
    """CERTIFIED where both are seen to converge, one is at h* and the other has over a tenth of the way left."""
    if not (arrived.seen() and far.seen()):
        return inconclusive(Method.EXACT, "the two are not seen alike")
    if not (arrived.left == 0 and far.left > Fraction(1, 10)):
        return inconclusive(Method.EXACT, f"left of the way: {float(arrived.left):.3g} and {float(far.left):.3g}")
    kept = all(h > 0 for h in far.states(STEPS[1]))
    if not kept:
        return inconclusive(Method.EXACT, "a prediction moves")
    enclosures = {"left at K = 8, arrived": arrived.left, "left at K = 8, far": far.left}
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"seen alike, yet {float(arrived.left):.3g} and {float(far.left):.3f} of the way to h* are left at K = 8",
        enclosures=enclosures,
    )


@cache
def trained(seed: int) -> tuple[Diagnosis, tuple[int, ...], int, float]:
    """A miniature trained on parity and diagnosed; its flips against K = 0 at STEPS, test tokens and accuracy.

    Args:
        seed: of weights, data and order.
    """
    from eqt_theory.models.equilibrium import EquilibriumTransformer
    from eqt_theory.models.study.parity import parity_data
    from eqt_theory.models.study.presets import miniature
    from eqt_theory.models.study.training import Recipe, evaluate, train

    model = EquilibriumTransformer(miniature().replace(window=LENGTH), seed)
    train(model, parity_data(TRAINING, LENGTH, seed), Recipe(epochs=EPOCHS, warm_up=8), seed)
    test = parity_data(TEST, LENGTH, seed, test=True)
    found = evaluate(model, test, (0, *STEPS))
    states = model.double().states(test.bits, STEPS[0])
    diagnosis = diagnose(states.objective, states.step_size, STEPS[0], states.predict, test.parities)
    return diagnosis, found.flips[1:], found.positions, found.accuracy[0]


SCOPE = (
    f"the miniature (2 layers, d = 32, alpha = 0.1, gamma = 1, LayerNorm after refinement, last layer) trained with "
    f"K = 2 on {TRAINING:,} sequences of {LENGTH} bits for {EPOCHS} epochs, the run's seed, "
    f"{TEST * LENGTH} test tokens"
)


@claim.samples(SCOPE, quick=False)
def refinement_is_inert_on_a_trained_model(run: Run) -> Finding:
    """Predictions at K = 0, 8, 32 and at h*."""
    return inert(*trained(run.seed))


def inert(found: Diagnosis, flips: tuple[int, ...], tokens: int, accuracy: float) -> Finding:
    """SUPPORTED where no prediction differs from K = 0, at any K measured or at any h* found."""
    assert found.predictions is not None
    at_star = int(found.predictions.changed_at_star.sum())
    text = (
        f"of {tokens} predictions, {', '.join(map(str, flips))} differ from K = 0 at K = 8, 32 and {at_star} at h*, "
        f"known for {int(found.found.sum())}; accuracy at K = 0: {100 * accuracy:.1f} %"
    )
    if any(flips) or at_star or not bool(found.found.any()):
        return inconclusive(Method.EXPERIMENT, text)
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, text, examples=tokens)


@claim.samples(SCOPE, quick=False)
def small_changes_come_early_on_a_trained_model(run: Run) -> Finding:
    """Tokens with a relative change below 1e-3 before K = 8, and the way that is left there."""
    return early(trained(run.seed)[0])


def early(found: Diagnosis) -> Finding:
    """SUPPORTED where the rule fires on most tokens while most of those have over a tenth of the way left."""
    fired = int((found.fired >= 0).sum())
    right = found.fired_rightly(way=True)
    near = int(right.sum())
    text = (
        f"the relative change falls below 1e-3 on {fired} of {found.tokens} tokens before K = 8; of {len(right)} whose "
        f"h* is known, {near} have at most a tenth of the way left then"
    )
    if 2 * fired <= found.tokens or 2 * near >= len(right):
        return inconclusive(Method.EXPERIMENT, text)
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, text, examples=found.tokens)
