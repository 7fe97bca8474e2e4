"""Training of the miniature against plain PyTorch, and refinement at the paper's width, in one run.

    python benchmarks/parity.py [--threads 1] [--repeats 5] [--steps 40]

Training: the same equilibrium transformer, weights and data, by `models.training.train` and by plain PyTorch, which
writes the energy down and lets autograd differentiate it, twice where the refinement is unrolled. Refinement: forward
passes at K = 8 against K = 0, with the library's energies under autograd and with the fused closed-form gradient, at
head widths that give the stated 6.8 million parameters and at heads as wide as the model. Runs are interleaved;
ratios are those of medians. On one thread the time is that of the processor: other work on the machine counts less.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study import presets
from eqt_theory.models.study.parity import ParityData, parity_data
from eqt_theory.models.study.training import Recipe, train


def plain_forward(model: EquilibriumTransformer, bits: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and mean energy of the miniature, from its layers alone: K steps on the gradient that autograd gives."""
    config, heads, backbone = model.config, model.heads, model.backbone
    window, length = config.window, bits.shape[1]
    padded = functional.pad(bits, (window - 1, 0))
    behind = padded.unfold(1, window, 1).flip(-1)
    exists = (torch.arange(window) <= torch.arange(length).unsqueeze(-1)).float()
    shares = exists / exists.sum(-1, keepdim=True)

    def energy(h: Tensor) -> Tensor:
        x = backbone.norm(h)
        back = heads.reverse_out(functional.gelu(heads.reverse_first(x))).unflatten(-1, (window, 2))
        reverse = functional.cross_entropy(back.flatten(0, 2), behind.flatten(), reduction="none").view(behind.shape)
        own = heads.mask_out(functional.gelu(heads.mask_first(x)))
        mask = functional.cross_entropy(own.flatten(0, 1), bits.flatten(), reduction="none").view(bits.shape)
        log_p = torch.log_softmax(backbone.output(x), -1)
        confidence = -(log_p.exp() * log_p).sum(-1) - log_p.max(-1).values
        total = config.weight_reverse * (shares * reverse).sum(-1)
        return total + config.weight_mask * counted * mask + config.weight_confidence * confidence

    f = backbone.embed(bits)
    for block in backbone.blocks:
        f = block(f)
    h = f
    for _ in range(config.steps_train):
        (slope,) = torch.autograd.grad(energy(h).sum(), h, create_graph=True)
        h = h - config.step_size * (slope + (h - f) / config.gamma)
    return backbone.read(h), energy(h).mean()


def plain_loop(model: EquilibriumTransformer, data: ParityData, recipe: Recipe) -> None:
    """Eq. 18 with AdamW, warm-up, cosine and clipping, in as few lines as PyTorch allows."""
    steps = -(-len(data) // recipe.batch) * recipe.epochs
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: recipe.rate(step, steps))
    order, draws = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    model.train()
    for _ in range(recipe.epochs):
        for index in torch.randperm(len(data), generator=order).split(recipe.batch):
            bits = data.bits[index]
            counted = (torch.rand(bits.shape, generator=draws) < model.config.mask_fraction).float()
            logits, energy = plain_forward(model, bits, counted)
            loss = functional.cross_entropy(logits.flatten(0, 1), data.parities[index].flatten())
            loss = loss + model.config.energy_loss * energy
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()


def interleaved(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, after one that is not timed."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            begin = clock()
            run()
            if turn:
                seconds[name].append(clock() - begin)
    return {name: statistics.median(times) for name, times in seconds.items()}


def training(console: Console, length: int, steps: int, repeats: int) -> None:
    """The library's training loop beside the plain one."""
    config, recipe = presets.miniature(), Recipe(epochs=1)
    data = parity_data(recipe.batch * steps, length, seed=0)
    first = EquilibriumTransformer(config)
    trained: dict[str, EquilibriumTransformer] = {}

    def plain() -> None:
        trained["plain PyTorch"] = copy.deepcopy(first)
        plain_loop(trained["plain PyTorch"], data, recipe)

    def ours() -> None:
        trained["models.training.train"] = copy.deepcopy(first)
        train(trained["models.training.train"], data, recipe, seed=0)

    times = interleaved({"plain PyTorch": plain, "models.training.train": ours}, repeats)
    test = parity_data(256, length, seed=0, test=True)
    with torch.no_grad():
        a, b = (model.eval()(test.bits).logits for model in trained.values())
    base = times["plain PyTorch"]
    table = Table(title=f"Training the miniature, length {length}, {steps} steps")
    for name in ("who", "median s", "ratio to plain"):
        table.add_column(name, justify="left" if name == "who" else "right")
    for name, value in times.items():
        table.add_row(name, f"{value:.3f}", f"{value / base:.2f}")
    table.caption = f"the two trained models' logits differ by at most {float((a - b).abs().max()):.1e}"
    console.print(table)


def refinement(console: Console, length: int, sequences: int, repeats: int) -> None:
    """K = 8 against K = 0 at the paper's width."""
    table = Table(title=f"Inference at the paper's width, {sequences} sequences of {length}, K = 8")
    for name in ("parameters", "head width", "gradient", "K = 0, ms", "K = 8, ms", "ratio", "FLOPs ratio"):
        table.add_column(name, justify="left" if name == "gradient" else "right")
    tokens = torch.randint(0, 2, (sequences, length), generator=torch.Generator().manual_seed(0))
    for width in (presets.paper().head_width, presets.paper().width):
        config = presets.paper().replace(head_width=width)
        fused = EquilibriumTransformer(config).eval()
        plain = EquilibriumTransformer(config, energy=_library).eval()
        standard = fused.backbone
        times = interleaved(
            {
                "K = 0": lambda model=standard: _infer(model, tokens, 0),
                "autograd": lambda model=plain: _infer(model, tokens, 8),
                "fused": lambda model=fused: _infer(model, tokens, 8),
            },
            repeats,
        )
        main = sum(parameter_count(block) for block in standard.blocks)
        # A product per head parameter forward and one back; the second layers give one logit per bit, not two.
        energy = 2 * config.width * width + (config.window + 1) * width + config.width
        for name, label in (("autograd", "autograd"), ("fused", "closed form")):
            table.add_row(
                f"{parameter_count(fused):,}", str(width), label, f"{1e3 * times['K = 0']:.1f}",
                f"{1e3 * times[name]:.1f}", f"{times[name] / times['K = 0']:.2f}",
                f"{(2 * main + 8 * 4 * energy) / (2 * main):.2f}",
            )  # fmt: skip
    console.print(table)


def _library(model: EquilibriumTransformer, tokens: Tensor) -> object:
    model = copy.copy(model)
    model.builder = None
    return model.energy(tokens, fused=False)


def _infer(model: StandardTransformer | EquilibriumTransformer, tokens: Tensor, steps: int) -> None:
    with torch.no_grad():
        model(tokens) if isinstance(model, StandardTransformer) else model(tokens, steps=steps)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="The parity models: training against a plain loop, and refinement.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="training steps of a timed run")
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--sequences", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console()
    training(console, options.length, options.steps, options.repeats)
    refinement(console, options.length, options.sequences, options.repeats)


if __name__ == "__main__":
    main()
