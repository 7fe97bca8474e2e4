"""The paper's energy: the weighted sum of its four terms, with the paper's weights."""

from dataclasses import dataclass

from eqt_theory.core.annotated import Weight, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.base import Energy, WeightedSum


@checked
@dataclass(frozen=True)
class PaperWeights:
    """The weights lambda of the four terms, none negative; the defaults are the paper's (Sec. 3.7)."""

    reverse: Weight = 1.0
    masked: Weight = 0.5
    confidence: Weight = 0.2
    memory: Weight = 0.1


@checked
def paper_energy(
    reverse: Energy | None = None,
    masked: Energy | None = None,
    confidence: Energy | None = None,
    memory: Energy | None = None,
    weights: PaperWeights | None = None,
) -> WeightedSum:
    """`sum_i lambda_i L_i` over the terms that are given (Eq. 11).

    Args:
        reverse: the reverse prediction term.
        masked: the masked prediction term.
        confidence: the confidence term.
        memory: the memory term.
        weights: the lambdas; the paper's if None.

    Returns:
        The sum, in that order.

    Raises:
        UsageError: no term is given, or a weight is negative.
    """
    weights = weights or PaperWeights()
    pairs = [
        (weights.reverse, reverse),
        (weights.masked, masked),
        (weights.confidence, confidence),
        (weights.memory, memory),
    ]
    given = [(weight, term) for weight, term in pairs if term is not None]
    if not given:
        raise UsageError("paper_energy needs at least one of reverse, masked, confidence and memory, got none")
    return WeightedSum(given)
