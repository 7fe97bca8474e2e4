"""The verdict of a diagnosis in plain words, and what to set instead."""

import dataclasses
import math

import torch

from eqt_theory.evidence.diagnosis.result import Behaviour, Diagnosis, fraction, least

_MANY = 0.05
"""A share of oscillating tokens from which on the whole is said to oscillate."""


def conclude(found: Diagnosis) -> Diagnosis:
    """The diagnosis with its verdict filled in."""
    overall, why = _overall(found)
    lines = [*cut(found.note), why]
    shares = ((b, found.share(b)) for b in Behaviour)
    lines.append("Of the tokens: " + ", ".join(f"{100 * s:.3g} % {_NAMES[b]}" for b, s in shares if s > 0) + ".")
    convex = fraction(found.at_proposal.convex[found.at_proposal.known])
    if convex is not None and convex < 1:
        lines.append(
            f"Phi is not strongly convex at f on {100 * (1 - convex):.3g} % of the tokens; Theorem 2 says nothing "
            "there."
        )
    right = fraction(found.fired_rightly())
    if right is not None and right < 1:
        lines.append(
            f"A relative change below {found.threshold:g} is wrong about convergence on {100 * (1 - right):.3g} % of "
            "the tokens on which it appears."
        )
    if found.predictions is not None and found.barrier is not None:
        p, b = found.predictions, found.barrier
        changed = int(p.changed.sum())
        turned = "" if p.better is None else f" ({p.better} for the better, {p.worse} for the worse)"
        lines.append(
            f"{changed} of {found.tokens} predictions change in K steps{turned}, {int(p.changed_at_star.sum())} at h*."
        )
        if int(b.kinked.sum()) > 0:
            held, kinked = int((b.kinked & ~b.crossed).sum()), int(b.kinked.sum())
            lines.append(
                f"The energy is kinked at the decision boundary of {kinked} tokens; descent is turned back there on "
                f"{held}, on {int(b.held.sum())} of them by the kink alone."
            )
    return dataclasses.replace(found, overall=overall, verdict=tuple(lines))


_NAMES = {
    Behaviour.CONVERGES: "converge",
    Behaviour.UNDERWAY: "are still under way",
    Behaviour.INERT: "are inert",
    Behaviour.OSCILLATES: "oscillate",
    Behaviour.UNKNOWN: "unknown",
}


def _overall(found: Diagnosis) -> tuple[Behaviour, str]:
    oscillating, unknown = found.share(Behaviour.OSCILLATES), found.share(Behaviour.UNKNOWN)
    if oscillating >= _MANY:
        return Behaviour.OSCILLATES, f"Refinement oscillates on {100 * oscillating:.3g} % of these tokens."
    if unknown > 0.5:
        return Behaviour.UNKNOWN, f"Unknown: no equilibrium was found for {100 * unknown:.3g} % of these tokens."
    if found.share(Behaviour.INERT) > 0.5:
        return Behaviour.INERT, "Refinement is inert on most of these tokens: neither h_K nor h* differs much from f."
    p = found.predictions
    if p is not None and found.steps > 0 and not bool(p.changed.any()) and not bool(p.changed_at_star.any()):
        gone = "not even at h*" if bool(found.found.all()) else "nor at h* where it was found"
        return (
            Behaviour.INERT,
            f"Refinement is inert on these tokens: the states move, but no prediction changes, {gone}.",
        )
    if found.share(Behaviour.CONVERGES) > 0.5:
        return Behaviour.CONVERGES, f"Refinement converges on most of these tokens within {found.steps} steps."
    return (
        Behaviour.UNDERWAY,
        f"Refinement approaches its equilibrium, but {found.steps} steps do not reach it on most of these tokens.",
    )


def advise(found: Diagnosis) -> Diagnosis:
    """The diagnosis with its advice filled in; each line follows from what was measured on these tokens."""
    lines = []
    alpha, star, here = found.step_size, found.at_star, found.at_proposal
    if alpha is not None:
        largest = torch.maximum(here.lambda_max, star.lambda_max.nan_to_num(-math.inf))
        unstable = int((alpha * largest > 2).sum())
        limit = 2 / float(largest.max()) if float(largest.max()) > 0 else math.inf
        if unstable:
            lines.append(
                f"Set the step size below {limit:.3g}: it is above 2/M on {unstable} of {found.tokens} tokens."
            )
        known = star.convex
        if bool(known.any()) and math.isfinite(limit):
            m, M = float(star.lambda_min[known].min()), float(largest.max())
            best = 2 / (m + M)
            rate = (M - m) / (M + m)
            needed = 1 if rate <= 0.1 else math.ceil(math.log(0.1) / math.log(rate))
            if needed != found.steps and found.overall in (Behaviour.UNDERWAY, Behaviour.OSCILLATES):
                lines.append(
                    f"With step size {best:.3g}, {needed} steps leave a tenth of the way on the worst token, as far as "
                    "the curvature at f and h* goes."
                )
    gammas = [g for g in (least(here.safe_gamma), least(star.safe_gamma)) if g is not None]
    if not bool(here.convex.all()) and gammas:
        lines.append(
            f"Set gamma below {min(gammas):.3g} for a Phi that is strongly convex at f and h* of these tokens."
        )
    if found.overall is Behaviour.INERT:
        lines.append(
            "K = 0 gives the same predictions at these tokens for less; compare with it before paying for K steps."
        )
        if found.barrier is not None and bool(found.barrier.kinked.any()):
            lines.append(
                "To let predictions move, lower the weight of the confidence term and raise gamma; whether that helps "
                "has to be measured."
            )
        elif found.share(Behaviour.INERT) > 0.5:
            lines.append(
                "To let states move, raise gamma or the weights of the energy; whether that helps has to be measured."
            )
    right = fraction(found.fired_rightly())
    if right is not None and right < 1 and found.step_size is not None and bool(star.convex.any()):
        m = float(star.lambda_min[star.convex].min())
        lines.append(
            f"Stop on |grad Phi| <= m epsilon, with m = {m:.3g} on these tokens, instead of on the relative change."
        )
    return dataclasses.replace(found, advice=tuple(lines))


def cut(note: str) -> list[str]:
    """The sentence that says why a diagnosis has not all that it could have; none where it has."""
    return [f"{note[0].upper()}{note[1:]}."] if note else []
