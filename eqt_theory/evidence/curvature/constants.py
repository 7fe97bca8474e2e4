"""Closed-form constants of library energies: curvature and slope, recomputed from the parameters, rounded outwards.

For each type of energy in `TABLE` the bounds come from formulas that are proved in the module named as `source`.
Nothing that a user declares enters: neither `curvature` nor anything cached is read.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import sympy as sp
import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.energies.base import Energy, WeightedSum
from eqt_theory.energies.latent.confidence import Confidence
from eqt_theory.energies.latent.heads import LinearHead, MLPHead
from eqt_theory.energies.latent.masked import MaskedMLP, MaskedPrediction
from eqt_theory.energies.latent.memory import CosineMemory, EpisodicMemory
from eqt_theory.energies.latent.predictive import PredictiveError
from eqt_theory.energies.latent.reverse import ReversePrediction
from eqt_theory.energies.objective import Objective
from eqt_theory.engines.interval import enclose
from eqt_theory.evidence.curvature.closed_forms import ANALYTIC, softmax_constants
from eqt_theory.evidence.curvature.matrix_bounds import diameter, root_up, squared_norm
from eqt_theory.evidence.curvature.region import Constants, Region, region_of
from eqt_theory.evidence.plain import is_plain
from eqt_theory.lemmas.confidence import attained_weak_convexity, bound_for_all
from eqt_theory.lemmas.softmax import GELU_CURVATURE, GELU_SLOPE


def constants(energy: Energy, domain: Domain) -> Constants | None:
    """Proved bounds on an energy's curvature and slope, on a domain.

    Args:
        energy: one energy, not a batch; its type must be in `TABLE` exactly, or a sum of such, or an Objective of one.
        domain: only its distance from the origin counts.

    Returns:
        The bounds; None where no formula applies, or the domain reaches the origin and the term has none there.
    """
    if energy.batch_shape:
        return None
    return _known(energy, region_of(domain))


def constants_outside(energy: Energy, radius: Fraction) -> Constants | None:
    """As `constants`, on all |h| >= radius."""
    return None if energy.batch_shape else _known(energy, Region(radius))


def _known(energy: Energy, region: Region) -> Constants | None:
    if not is_plain(energy, type(energy)) or not _finite(energy):
        return None
    if type(energy) is WeightedSum:
        weighted = [(Fraction(w), _known(e, region)) for w, e in zip(energy.weights, energy.terms, strict=True) if w]
        return _sum(weighted)
    if type(energy) is Objective:
        inner = _known(energy.energy, region)
        if inner is None or isinstance(energy.gamma, Tensor):
            return None
        shift = 1 / Fraction(energy.gamma)
        return Constants(inner.lower + shift, inner.upper + shift, None, inner.source)
    entry = TABLE.get(type(energy))
    return None if entry is None else entry(energy, region)


def _finite(energy: Energy) -> bool:
    """Whether no parameter is nan or infinite, so that all are fractions."""
    held = [item for item in vars(energy).values() if isinstance(item, Tensor | float | torch.nn.Module)]
    return all(
        bool(torch.isfinite(torch.as_tensor(part)).all())
        for item in held
        for part in ((*item.parameters(), *item.buffers()) if isinstance(item, torch.nn.Module) else (item,))
    )


def _sum(weighted: list[tuple[Fraction, Constants | None]]) -> Constants | None:
    lower, upper, slope, sources = Fraction(0), Fraction(0), Fraction(0), []
    total: Fraction | None = slope
    for weight, part in weighted:
        if part is None:
            return None
        least, most = part.times(weight)
        lower, upper = lower + least, upper + most
        total = None if total is None or part.slope is None else total + abs(weight) * part.slope
        sources += [s for s in part.source.split(", ") if s not in sources]
    return Constants(lower, upper, total, ", ".join(sources))


# Terms ----------------------------------------------------------------------------------------------------------------


def gelu_constants(first: Tensor, second: Tensor) -> Constants:
    """Cross-entropy on logits `second gelu(first h + a) + b`.

    Weak convexity `0.7979 max_j range_k(second_kj) |first|^2`; upper curvature that plus 1.2745 times the upper
    curvature of a linear head `second`, times |first|^2.

    Args:
        first: shape (width, d).
        second: shape (V, width).

    Returns:
        The constants, for every offset and every class.
    """
    linear = softmax_constants(second)
    columns = [list(map(Fraction, column)) for column in second.detach().double().mT.tolist()]
    reach = max(max(column) - min(column) for column in columns)
    beta, kappa, size = enclose(GELU_CURVATURE).high, enclose(GELU_SLOPE).high, squared_norm(first)
    assert linear.slope is not None
    return Constants(
        -beta * reach * size,
        (linear.upper * kappa**2 + beta * reach) * size,
        linear.slope * kappa * root_up(size),
        "lemmas.softmax",
    )


def confidence_constants(rows: Tensor) -> Constants:
    """A frozen piece of the confidence term under logits `rows h + b`.

    In the logits the exact weak convexity is known for V = 2 (none) and certified for V = 3; a rigorous bound is used
    for the others. In h both are multiplied by sigma_max(rows - mean row)^2. The slope is at most D (1 + ln V).

    Args:
        rows: shape (V, d).

    Returns:
        The constants, for every offset and every frozen class.
    """
    classes = rows.shape[0]
    weak, upper = logit_bounds(classes)
    size = squared_norm(rows, center=True)
    log = Fraction(0) if classes == 1 else enclose(sp.log(classes)).high
    return Constants(-weak * size, upper * size, diameter(rows) * (1 + log), "lemmas.confidence")


@cache
def logit_bounds(classes: int) -> tuple[Fraction, Fraction]:
    """`(w, upper)` in the logits of the confidence term: the best that is proved or certified for V classes."""
    weak, upper = bound_for_all(classes)
    if classes == 3:  # certify_three_classes shows w_3 (1 + 1e-6)
        weak = min(weak, attained_weak_convexity(3).high * (1 + Fraction(1, 10**6)))
    return weak, upper


def memory_constants(tau: float, radius: Fraction) -> Constants | None:
    """The episodic memory term at all |h| >= radius, for all memories; exact up to rounding.

    Args:
        tau: temperature.
        radius: above 0, or there is nothing to say.

    Returns:
        Weak convexity `(1/tau^2 + 1/4)/r^2` for tau <= 2/sqrt 3, else `2/(sqrt 3 tau r^2)`; upper curvature
        `2/(sqrt 3 tau r^2)`; slope `1/(tau r)`.
    """
    if radius <= 0:
        return None
    t = Fraction(tau)
    if t <= 0:
        return None
    upper = root_up(Fraction(4, 3)) / (t * radius**2)
    weak = (1 / t**2 + Fraction(1, 4)) / radius**2 if t**2 <= Fraction(4, 3) else upper
    return Constants(-weak, upper, 1 / (t * radius), "lemmas.direction")


def _argmax(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, Confidence | PredictiveError)
    head = energy.head
    if energy.piece is None:
        return None  # across ties there is no curvature
    if is_plain(head, LinearHead):
        return (confidence_constants if type(energy) is Confidence else softmax_constants)(head.weight)
    if is_plain(head, MLPHead) and type(energy) is PredictiveError and _plain(head.first, head.second):
        return gelu_constants(head.first.weight, head.second.weight)
    return None


def _tokens(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, MaskedPrediction | ReversePrediction)
    head = energy.head
    if is_plain(head, LinearHead):
        if head.weight.ndim == 2:
            return softmax_constants(head.weight)
        counted = energy.mask if isinstance(energy, MaskedPrediction) else energy.counted
        parts = [softmax_constants(head.weight[i]) for i in counted.nonzero().flatten().tolist()]
        if not parts:
            return None
        return _sum([(Fraction(1, len(parts)), part) for part in parts])
    layers = (head.state, head.context, head.places, head.out) if is_plain(head, MaskedMLP) else ()
    if isinstance(energy, MaskedPrediction) and layers and _plain(*layers):
        return gelu_constants(layers[0].weight, layers[-1].weight)
    return None


def _plain(*layers: torch.nn.Module) -> bool:
    return all(is_plain(layer, torch.nn.Linear, torch.nn.Embedding) for layer in layers)


def _memory(energy: Energy, region: Region) -> Constants | None:
    assert isinstance(energy, EpisodicMemory)
    return memory_constants(energy.tau, region.near)


def _cosines(energy: Energy, region: Region) -> Constants | None:
    """`-s.u` has the curvature of one memory at tau = 1, times |s| <= the number of relevant memories."""
    assert isinstance(energy, CosineMemory)
    one = memory_constants(1.0, region.near)
    if one is None or one.slope is None:
        return None
    count = int(energy.relevant.sum())
    return Constants(-count * one.upper, count * one.upper, count * one.slope, one.source)


TABLE: dict[type[Energy], Callable[[Energy, Region], Constants | None]] = {
    Confidence: _argmax,
    PredictiveError: _argmax,
    ReversePrediction: _tokens,
    MaskedPrediction: _tokens,
    EpisodicMemory: _memory,
    CosineMemory: _cosines,
    **ANALYTIC,
}
"""Exact type of energy -> its bounds on a region. The proofs are in the modules named by `source`."""
