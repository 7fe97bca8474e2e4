"""Diagnosis: what was measured, token by token, and its summary as JSON values."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.display import table
from eqt_theory.evidence.diagnosis.barrier import Barrier
from eqt_theory.evidence.diagnosis.sentences import Sentences

CLOSE = 0.1
"""A state has arrived once the way left, |h_K - h*|/|f - h*|, is at most this."""


class Behaviour(Enum):
    """What refinement does to a token. The value is a sentence."""

    CONVERGES = "After K steps at most a tenth of the way to h* is left."
    UNDERWAY = "It approaches h*, but after K steps more than a tenth of the way is left."
    INERT = "Neither h_K nor h* differs from f by more than the threshold, relative to |f|."
    OSCILLATES = "Steps reverse, or grow although there is an equilibrium: the step size is too large there."
    UNKNOWN = "No equilibrium was found, so nothing is said."


@dataclass(frozen=True)
class Spectrum:
    """Extreme eigenvalues of the Hessian of Phi at some states, away from kinks. Measured, not bounded.

    Args:
        lambda_min: shape (T,); nan where the state is unknown.
        lambda_max: shape (T,); likewise.
        gamma: damping, a number or shape (T,).
    """

    lambda_min: Tensor
    lambda_max: Tensor
    gamma: "float | Tensor"

    @property
    def known(self) -> Tensor:
        """Whether the eigenvalues are known, bool, (T,)."""
        return torch.isfinite(self.lambda_min) & torch.isfinite(self.lambda_max)

    @property
    def convex(self) -> Tensor:
        """Whether Phi is strongly convex at the state, bool, (T,)."""
        return self.known & (self.lambda_min > 0)

    @property
    def safe_step(self) -> Tensor:
        """2/lambda_max, below which a gradient step contracts near the state; nan where Phi is not convex; (T,)."""
        return torch.where(self.convex, 2 / self.lambda_max, torch.nan)

    @property
    def safe_gamma(self) -> Tensor:
        """-1/mu, mu the energy's smallest eigenvalue, below which Phi is convex there; inf where any is; (T,)."""
        mu = self.lambda_min - 1 / self.gamma
        return torch.where(mu < 0, -1 / mu, torch.inf).where(self.known, torch.nan)

    def factor(self, step_size: "float | Tensor") -> Tensor:
        """The factor max |1 - alpha lambda| by which a gradient step shrinks small errors there, (T,)."""
        ends = torch.stack([self.lambda_min, self.lambda_max])
        return (1 - step_size * ends).abs().amax(0)


@dataclass(frozen=True)
class Predictions:
    """Classes predicted from the proposals, the refined states and the equilibria.

    Args:
        first: at f, shape (T,).
        refined: at h_K.
        star: at h*; -1 where it was not found.
        targets: right classes, or None.
    """

    first: Tensor
    refined: Tensor
    star: Tensor
    targets: Tensor | None

    @property
    def changed(self) -> Tensor:
        """Whether K steps change the prediction, bool, (T,)."""
        return self.refined != self.first

    @property
    def changed_at_star(self) -> Tensor:
        """Whether h* predicts another class than f, bool, (T,); False where h* is unknown."""
        return (self.star >= 0) & (self.star != self.first)

    @property
    def better(self) -> int | None:
        """Wrong predictions that K steps put right; None without targets."""
        return None if self.targets is None else int((self.changed & (self.refined == self.targets)).sum())

    @property
    def worse(self) -> int | None:
        """Right predictions that K steps put wrong; None without targets."""
        return None if self.targets is None else int((self.changed & (self.first == self.targets)).sum())


@checked
@dataclass(frozen=True)
class Diagnosis(Sentences):
    """What refinement does on T states. All of it was measured on these states and says nothing of others.

    Args:
        steps: K.
        step_size: alpha; None where the solver is no gradient descent.
        threshold: of the relative change.
        at_proposal: spectrum at f.
        at_star: spectrum at h*, nan where it was not found.
        found: tokens whose h* was found, bool, (T,). Every share that needs h* is one of these tokens.
        moved: |h_K - f|/|f|, (T,).
        moved_star: |h* - f|/|f|, (T,); nan where h* was not found.
        star_size: |h*|, (T,); meaningless where h* was not found.
        errors: |h_k - h*| for k = 0, ..., (n, T), beyond K; nan where h* was not found.
        changes: |h_{k+1} - h_k|/|h_k|, (n - 1, T).
        accuracy: about how far the computed h* is from the true one, (T,).
        bound: declared upper bound on |h_K - h*| (`Solution.error_bound`); None where Phi declares no curvature.
        guaranteed: declared factor per step (`Solver.guarantee`); None where there is none.
        estimate: |grad Phi(h_K)| over the smallest eigenvalue seen at f and h*: no bound; nan where not positive.
        behaviour: one Behaviour per token.
        overall: what holds of these tokens together.
        verdict: plain sentences.
        advice: what to set instead, plain sentences.
        predictions: None without `predict`.
        barrier: None without `predict`.
        note: where it was cut off, if its seconds were over, or that the gradient is not that of the values.
    """

    steps: int
    step_size: "float | Tensor | None"
    threshold: float
    at_proposal: Spectrum
    at_star: Spectrum
    found: Tensor
    moved: Tensor
    moved_star: Tensor
    star_size: Tensor = field(repr=False)
    errors: Tensor = field(repr=False)
    changes: Tensor = field(repr=False)
    accuracy: Tensor = field(repr=False)
    bound: Tensor | None = field(repr=False)
    guaranteed: float | None
    estimate: Tensor = field(repr=False)
    behaviour: tuple[Behaviour, ...] = field(repr=False)
    overall: Behaviour
    verdict: tuple[str, ...]
    advice: tuple[str, ...]
    predictions: Predictions | None = field(repr=False, default=None)
    barrier: Barrier | None = field(repr=False, default=None)
    note: str = ""

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.found)

    @property
    def usable(self) -> Tensor:
        """Tokens whose way to h* is long enough to be measured against the accuracy of h*, bool, (T,)."""
        return self.found & (self.errors[0] > 1e3 * self.accuracy)

    @property
    def left(self) -> Tensor:
        """|h_K - h*|/|f - h*|, (T,); nan where it cannot be measured."""
        return torch.where(self.usable, self.errors[self.steps] / self.errors[0], torch.nan)

    @property
    def predicted(self) -> Tensor | None:
        """Factor per gradient step near h*, max |1 - alpha lambda|, (T,); None for another solver."""
        return None if self.step_size is None else self.at_star.factor(self.step_size)

    @property
    def observed(self) -> Tensor:
        """Geometric mean of |h_{k+1} - h*|/|h_k - h*| over the K steps, (T,); nan where it cannot be measured."""
        if self.steps == 0:
            return torch.full_like(self.moved, torch.nan)
        floor = 10 * self.accuracy + 1e-300
        return torch.where(self.usable, (self.errors[self.steps].maximum(floor) / self.errors[0]), torch.nan) ** (
            1 / self.steps
        )

    @property
    def fired(self) -> Tensor:
        """First k < K (k = 0 if K is 0) with a relative change below the threshold, or -1, (T,)."""
        small = self.changes[: max(self.steps, 1)] < self.threshold
        return torch.where(small.any(0), small.int().argmax(0), -1)

    def fired_rightly(self, *, way: bool = False) -> Tensor:
        """Where the rule fired with h* known: was the state near h*, too?

        Args:
            way: False: within the threshold, |h_k - h*| <= threshold |h*|, which is what the rule's number suggests.
                True: at most a tenth of the way from f is left.

        Returns:
            bool, one entry per token that fired and is `usable`.
        """
        index = (self.usable & (self.fired >= 0)).nonzero().squeeze(-1)
        error = self.errors[self.fired[index], index]
        return error <= (CLOSE * self.errors[0, index] if way else self.threshold * self.star_size[index])

    def _repr_html_(self) -> str:
        """For notebooks: the words and the numbers behind them; `report.html.diagnosis` has all of it."""

        def spread(values: Tensor | None) -> str:
            found = None if values is None else quantiles(values)
            return "" if found is None else f"{found['median']:.3g} ({found['least']:.3g} to {found['greatest']:.3g})"

        counts = {b.name.lower(): self.behaviour.count(b) for b in Behaviour}
        return table(
            {
                "overall": self.overall.name.lower(),
                "verdict": " ".join(self.verdict),
                "what to set instead": " ".join(self.advice),
                "tokens": f"{self.tokens}: {', '.join(f'{n} {name}' for name, n in counts.items() if n)}",
                "way left after K steps": spread(self.left),
                "factor per step, observed": spread(self.observed),
                "factor per step, predicted at h*": spread(self.predicted),
                "smallest eigenvalue of Phi at h*": spread(self.at_star.lambda_min),
                "largest eigenvalue of Phi at h*": spread(self.at_star.lambda_max),
            }
        )

    def share(self, behaviour: Behaviour) -> float:
        """The share of the tokens that behave so."""
        return self.behaviour.count(behaviour) / self.tokens

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON values: counts, shares and quantiles; null where nothing is known."""
        index = (self.usable & (self.fired >= 0)).nonzero().squeeze(-1)
        out: dict[str, Any] = {
            "tokens": self.tokens,
            "equilibria_found": int(self.found.sum()),
            "steps": self.steps,
            "step_size": self.step_size if isinstance(self.step_size, float) else None,
            "overall": self.overall.name.lower(),
            "verdict": list(self.verdict),
            "advice": list(self.advice),
            "behaviour": {b.name.lower(): self.behaviour.count(b) for b in Behaviour},
            "at_proposal": self._spectrum(self.at_proposal),
            "at_equilibrium": self._spectrum(self.at_star),
            "contraction": {
                "predicted": None if self.predicted is None else quantiles(self.predicted),
                "observed": quantiles(self.observed),
            },
            "distance": {
                "moved": quantiles(self.moved),
                "equilibrium_away": quantiles(self.moved_star),
                "way_left": quantiles(self.left),
                "error": quantiles(self.errors[self.steps]),
                "declared_bound": None if self.bound is None else quantiles(self.bound),
                "estimate": quantiles(self.estimate),
                "estimate_covers": fraction((self.estimate + self.accuracy >= self.errors[self.steps])[
                    self.found & torch.isfinite(self.estimate)]),
            },
            "relative_change": {
                "threshold": self.threshold,
                "fired": int((self.fired >= 0).sum()),
                "fired_and_measured": len(index),
                "right": fraction(self.fired_rightly()),
                "within_a_tenth_of_the_way": fraction(self.fired_rightly(way=True)),
                "way_left_when_fired": quantiles(self.errors[self.fired[index], index] / self.errors[0, index]),
            },
        }  # fmt: skip
        if self.predictions is not None and self.barrier is not None:
            p, b = self.predictions, self.barrier
            out["predictions"] = {
                "changed": int(p.changed.sum()), "better": p.better, "worse": p.worse,
                "changed_at_equilibrium": int(p.changed_at_star.sum()),
            }  # fmt: skip
            out["boundary"] = {
                "measured": int(b.known.sum()), "kinked": int(b.kinked.sum()), "crossed": int(b.crossed.sum()),
                "held_by_kink": int(b.held.sum()), "drive": quantiles(b.drive), "barrier": quantiles(b.barrier),
            }  # fmt: skip
        return out

    def _spectrum(self, spectrum: Spectrum) -> dict[str, Any]:
        known = spectrum.known
        alpha = self.step_size
        unstable = None if alpha is None else fraction((alpha * spectrum.lambda_max > 2)[known])
        return {
            "known": int(known.sum()),
            "lambda_min": quantiles(spectrum.lambda_min),
            "lambda_max": quantiles(spectrum.lambda_max),
            "strongly_convex": fraction(spectrum.convex[known]),
            "step_above_2_over_M": unstable,
            "largest_safe_step": least(spectrum.safe_step),
            "largest_safe_gamma": least(spectrum.safe_gamma),
        }


def quantiles(values: Tensor) -> dict[str, float] | None:
    """Least, 5 %, median, 95 % and greatest of the finite values; None if there are none."""
    values = values[torch.isfinite(values)]
    if len(values) == 0:
        return None
    names, at = ("least", "low", "median", "high", "greatest"), (0.0, 0.05, 0.5, 0.95, 1.0)
    return {name: float(values.quantile(q)) for name, q in zip(names, at, strict=True)}


def fraction(flags: Tensor) -> float | None:
    """The share that is true; None of nothing."""
    return float(flags.double().mean()) if len(flags) else None


def least(values: Tensor) -> float | None:
    """The least value that is not nan; None where there is none or it is infinite."""
    values = values[~torch.isnan(values)]
    found = float(values.min()) if len(values) else math.inf
    return found if math.isfinite(found) else None
