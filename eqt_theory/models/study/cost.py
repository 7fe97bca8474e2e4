"""What refinement costs: FLOPs by torch's own counter and latency, in inference and training, beside Eq. 9."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import HeadKind, ModelConfig, RefineAt
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study.training import Model

LENGTHS = (16, 32, 64, 128, 256, 512)
STEPS = (0, 2, 8, 32)
_TOKENS = 1024
"""Tokens of a batch, whatever the length."""


@dataclass(frozen=True)
class Cost:
    """What a model costs at a length and K, in a batch of `_TOKENS` tokens; measured on this machine, no bounds.

    Args:
        model: "standard", "last layer" or "every layer".
        length: of a sequence.
        steps: K; 0 for the standard model.
        inference_flops: of a forward pass, per token.
        training_flops: of forward and backward, per token.
        inference_seconds: of a forward pass, the median of the repeats.
        training_seconds: of forward and backward.
        formula: ratio to the standard model by Eq. 9.
        corrected: ratio by the corrected count, forward and input gradient in each iteration.
    """

    model: str
    length: int
    steps: int
    inference_flops: float
    training_flops: float
    inference_seconds: float
    training_seconds: float
    formula: float
    corrected: float


def formula_ratio(main: int, energy: int, steps: int, width: int, depth: int, energy_depth: int) -> float:
    """Eq. 9 over its first term: (2 N D_main + K (2 M D_energy + d))/(2 N D_main).

    Args:
        main: N, parameters of the transformer.
        energy: M, parameters that one evaluation of the energy reads.
        steps: K.
        width: d.
        depth: D_main, layers.
        energy_depth: D_energy.

    Returns:
        The ratio.
    """
    first = 2 * main * depth
    return (first + steps * (2 * energy * energy_depth + width)) / first


def corrected_ratio(main: int, energy: int, steps: int, width: int, refinements: int = 1) -> float:
    """The cost with N and M counting all layers, each iteration the energy forward and back to its input.

    Args:
        main: N.
        energy: M.
        steps: K.
        width: d.
        refinements: how many layers refine.

    Returns:
        (2 N + r K (4 M + 5 d))/(2 N).
    """
    return (2 * main + refinements * steps * (4 * energy + 5 * width)) / (2 * main)


def measure_costs(
    config: ModelConfig,
    lengths: Sequence[int] = LENGTHS,
    steps: Sequence[int] = STEPS,
    device: str = "cpu",
    repeats: int = 3,
    tokens: int = _TOKENS,
) -> Iterator[Cost]:
    """Costs of the standard model, and of refinement at the last and at every layer.

    Args:
        config: of the models; where they refine is set here.
        lengths: of the sequences.
        steps: the values of K.
        device: where.
        repeats: timed runs of each, after one that is not timed.
        tokens: of a batch; a length above that has one sequence.

    Yields:
        One Cost for each model, length and K; the standard model first at each length.

    Raises:
        UsageError: a length or K is out of range.
    """
    if not lengths or min(lengths) < 1 or not steps or min(steps) < 0:
        raise UsageError(f"lengths must be positive and K not negative, got {list(lengths)} and {list(steps)}")
    standard = StandardTransformer(config).to(device)
    last, every = (
        EquilibriumTransformer(config.replace(refine_at=place)).to(device) for place in (RefineAt.LAST, RefineAt.EVERY)
    )
    main = sum(parameter_count(block) for block in standard.blocks)
    energy = parameter_count(last.heads) + parameter_count(standard.output)
    depth = 2 if config.head_kind is HeadKind.MLP else 1
    for length in lengths:
        generator = torch.Generator().manual_seed(length)
        batch = torch.randint(0, config.vocabulary, (max(1, tokens // length), length), generator=generator).to(device)
        yield _cost("standard", standard, batch, 0, repeats, 1.0, 1.0)
        for name, model, count in (("last layer", last, 1), ("every layer", every, config.layers)):
            for k in steps:
                formula = formula_ratio(main, energy, k * count, config.width, config.layers, depth)
                corrected = corrected_ratio(main, energy, k, config.width, count)
                yield _cost(name, model, batch, k, repeats, formula, corrected)


def _cost(name: str, model: Model, batch: Tensor, steps: int, repeats: int, formula: float, corrected: float) -> Cost:
    def infer() -> None:
        with torch.no_grad():
            model(batch) if isinstance(model, StandardTransformer) else model(batch, steps=steps)

    def learn() -> None:
        if isinstance(model, StandardTransformer):
            logits, extra = model(batch), None
        else:
            logits, extra, _ = model(batch, steps=steps)
        loss = functional.cross_entropy(logits.flatten(0, 1), batch.flatten() % model.config.classes)
        (loss if extra is None else loss + model.config.energy_loss * extra.mean()).backward()
        model.zero_grad(set_to_none=True)

    found = []
    for mode, work in ((False, infer), (True, learn)):
        model.train(mode)
        found.append(count_and_time(work, repeats, batch))
    model.eval()
    (inference, quick), (training, slow) = found
    return Cost(name, batch.shape[1], steps, inference, training, quick, slow, formula, corrected)


def count_and_time(work: Callable[[], None], repeats: int, batch: Tensor) -> tuple[float, float]:
    """FLOPs per token by torch's counter, which counts products of matrices, and the median seconds of the repeats.

    Args:
        work: on the batch.
        repeats: timed runs, after one that is not timed.
        batch: tokens, where the work is done.

    Returns:
        Both.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    # The counter does not know every fused attention; the plain form has the same products.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / batch.numel(), _latency(work, repeats, batch.device)


def _latency(work: Callable[[], None], repeats: int, device: torch.device) -> float:
    # On one thread the processor's time is that of the work alone, whatever else the machine does.
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter

    def timed() -> float:
        begin = clock()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return clock() - begin

    timed()
    return statistics.median(timed() for _ in range(repeats))
