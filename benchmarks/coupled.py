"""What K = 8 coupled refinement steps cost, in time and FLOPs, at the paper's width: inference and training.

    python benchmarks/coupled.py [--threads 1] [--repeats 9] [--length 64] [--sequences 16]

K = 8 against K = 0 of the same model: d = 256, backbones of two and of six layers. FLOPs are those of torch's counter,
which counts products of matrices: the coupling's one layer, and the two products of each ridge step. Runs are
interleaved; ratios are those of medians. On one thread the time is that of the processor: other work on the machine
counts less.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from eqt_theory.models.config import ModelConfig
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.study import presets

STEPS = 8


def interleaved(runs: dict[int, Callable[[], object]], repeats: int) -> dict[int, float]:
    """Median seconds of each, after one that is not timed."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[int, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            begin = clock()
            run()
            if turn:
                seconds[name].append(clock() - begin)
    return {name: statistics.median(times) for name, times in seconds.items()}


def flops(work: Callable[[], object]) -> int:
    """By torch's counter, which does not know every fused attention; the plain form has the same products."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def infer(model: CoupledTransformer, tokens: Tensor, steps: int) -> None:
    """A forward pass."""
    with torch.no_grad():
        model(tokens, steps=steps)


def learn(model: CoupledTransformer, tokens: Tensor, steps: int) -> None:
    """Forward and backward, unrolled."""
    logits = model(tokens, steps=steps).logits
    functional.cross_entropy(logits.flatten(0, 1), tokens.flatten()).backward()
    model.zero_grad(set_to_none=True)


def rows(config: ModelConfig, coupling: Coupling, tokens: Tensor, repeats: int) -> list[list[str]]:
    """Inference and training of one model."""
    model = CoupledTransformer(CoupledConfig(backbone=config, coupling=coupling))
    found = []
    for name, work, training in (("inference", infer, False), ("training", learn, True)):
        model.train(training)
        runs = {k: (lambda k=k, work=work: work(model, tokens, k)) for k in (0, STEPS)}
        times = interleaved(runs, repeats)
        counts = {k: flops(run) for k, run in runs.items()}
        found.append([
            str(config.layers), coupling.name.lower(), name, f"{1e3 * times[0]:.1f}", f"{1e3 * times[STEPS]:.1f}",
            f"{times[STEPS] / times[0]:.2f}", f"{counts[STEPS] / counts[0]:.3f}",
        ])  # fmt: skip
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The cost of coupled refinement.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--sequences", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shape = (options.sequences, options.length)
    tokens = torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(0))
    table = Table(title=f"K = {STEPS} against K = 0, d = 256, {shape[0]} sequences of {shape[1]}")
    for name in ("layers", "coupling", "of", "K = 0, ms", f"K = {STEPS}, ms", "ratio", "FLOPs ratio"):
        table.add_column(name, justify="left" if name in ("coupling", "of") else "right")
    for layers in (2, 6):
        for coupling in (Coupling.CAUSAL, Coupling.JOINT, Coupling.CAUSAL_RIDGE):
            for row in rows(presets.paper().replace(layers=layers), coupling, tokens, options.repeats):
                table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
