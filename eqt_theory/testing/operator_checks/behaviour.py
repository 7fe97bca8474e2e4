"""Does a map give one state per state, the same each time, without memory or side effects, in both precisions?"""

import copy
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, ReplayLine
from eqt_theory.core.functions import closure_of, defaults_of
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.operator_bench import OperatorBench


def image_is_a_state(bench: OperatorBench) -> Finding:
    """The image of a state has its shape, dtype and device."""
    h = bench.states(6)
    lines = []
    for x in h:
        got = bench.raw(x.clone())
        good = isinstance(got, Tensor) and (got.shape, got.dtype, got.device) == (x.shape, x.dtype, x.device)
        said = f"shape {tuple(got.shape)}, {got.dtype}" if isinstance(got, Tensor) else type(got).__name__
        lines.append(ReplayLine(f"the image of a state of shape {tuple(x.shape)}, {x.dtype}", good, said))
    return bench.verdict(lines, {"h": h[0].tolist()}, "shape, dtype and device", len(lines))


def image_is_finite(bench: OperatorBench) -> Finding:
    """Images are finite on the domain, its edge included."""
    h = bench.states(4 * bench.samples, stream=7)
    bad = ~bench.images(h).isfinite().all(-1)
    worst = int(bad.double().argmax())
    line = ReplayLine("the image is finite", not bool(bad.any()), f"{int(bad.sum())} of {len(h)} are not")
    return bench.verdict([line], {"h": h[worst].tolist()}, f"finite at {len(h)} states", len(h))


def same_image_each_time(bench: OperatorBench) -> Finding:
    """A state has the same image bit by bit, whatever the global generator stands at, which is left where it stood."""
    h = bench.states()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        first = bench.images(h)
        kept = ReplayLine("the global generator is not used", torch.equal(before, torch.random.get_rng_state()))
        torch.manual_seed(2)
        again = bench.images(h)
    return bench.verdict([kept, _same(first, again)], {"h": h[_worst(first, again)].tolist()}, "deterministic", len(h))


def no_memory(bench: OperatorBench) -> Finding:
    """An image does not depend on the states that were asked about before."""
    h = bench.states(stream=8)
    first = bench.images(h)
    backwards = bench.images(h.flip(0)).flip(0)
    witness = {"h": h[_worst(first, backwards)].tolist()}
    return bench.verdict([_same(first, backwards)], witness, "images in another order", len(h))


def state_is_left_alone(bench: OperatorBench) -> Finding:
    """Neither the state nor the map's own tensors, those of a closure too, are changed."""
    h = bench.states()
    own = {name: t.detach().clone() for name, t in _tensors(bench.map.T)}
    lines = []
    for x in h[:8]:
        given = x.clone()
        with torch.no_grad():
            bench.raw(given)
        lines.append(ReplayLine("the state is unchanged", torch.equal(given.nan_to_num(), x.nan_to_num())))
    after = dict(_tensors(bench.map.T))
    for name, before in own.items():
        kept = name in after and after[name].shape == before.shape and torch.equal(after[name].detach(), before)
        lines.append(ReplayLine(f"the tensor {name} of the map is unchanged", kept))
    return bench.verdict(lines, {"h": h[0].tolist()}, "pure", len(h))


def batch_is_its_states(bench: OperatorBench) -> Finding:
    """The images of a batch, under `torch.func.vmap` where the map bears it, are those of its states alone."""
    h = bench.states(16, stream=5)
    with torch.no_grad():
        together = bench.map(h)
    alone = bench.images(h)
    allowed = 1e-11 * (alone.norm(dim=-1, keepdim=True) + 1)
    return bench.compared(together, alone, allowed, h, "a batch is its states")


def surroundings_change_nothing(bench: OperatorBench) -> Finding:
    """Autograd on or off, inference mode and the default dtype change no image."""
    h = bench.states(8, stream=9)
    plain = bench.images(h)
    lines, worst = [], 0
    for name, dtype, autograd in (
        ("autograd on", torch.float64, True),
        ("default dtype float32", torch.float32, False),
    ):
        with standard_torch(dtype, autograd=autograd):
            found = torch.stack([bench.map.image(x) for x in h]).detach()
        lines.append(_same(plain, found, f"the image is the same with {name}"))
        worst = worst if lines[-1].holds else _worst(plain, found)
    return bench.verdict(lines, {"h": h[worst].tolist()}, "surroundings", len(h))


def float32_agrees(bench: OperatorBench) -> Finding:
    """In float32 images are those in float64, up to rounding, and are float32."""
    h = bench.states()
    low = h.float()
    inner = copy.deepcopy(bench.map.T).float() if isinstance(bench.map.T, nn.Module) else bench.map.T
    inputs = None if bench.map.inputs is None else bench.map.inputs.float()
    single = FixedPoint(inner, bench.map.dim, inputs=inputs)
    try:
        with standard_torch(torch.float32, autograd=False):
            found = torch.stack([single.image(x) for x in low])
    except UsageError as error:
        text = str(error)
        if "float" not in text.lower() and "dtype" not in text and "Double" not in text:
            raise
        if " must keep torch.float32" in text:
            line = ReplayLine("float32 states have float32 images", False, text)
            return bench.verdict([line], {"h": low[0].tolist()}, "float32 agrees with float64", len(h))
        raise NotApplicable(f"it refuses float32: {text}") from error
    exact = low.to(h)
    wanted = bench.images(exact)
    # Rounding of parameters and sums moves an image by its slope times the size of the state.
    slopes = torch.stack([torch.autograd.functional.jacobian(bench.map.image, x).norm() for x in exact])  # pyright: ignore[reportAttributeAccessIssue]
    size = wanted.norm(dim=-1) + slopes * (1 + exact.norm(dim=-1)) + 1
    allowed = (512 * torch.finfo(torch.float32).eps * size).unsqueeze(-1)
    return bench.compared(found.to(h), wanted, allowed, exact, "float32 agrees with float64")


def _same(one: Tensor, other: Tensor, text: str = "two evaluations agree bit by bit") -> ReplayLine:
    gap = float((one - other).abs().nan_to_num().max())
    return ReplayLine(text, torch.equal(one.nan_to_num(), other.nan_to_num()), f"differ by up to {gap:.3g}")


def _worst(one: Tensor, other: Tensor) -> int:
    return int((one - other).abs().nan_to_num().amax(-1).argmax())


def _tensors(item: Any, path: str = "T", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that a map holds, by its name; those of a closure and of defaults too."""
    if isinstance(item, Tensor):
        yield path, item
    elif isinstance(item, nn.Module):
        yield from ((f"{path}.{name}", t) for name, t in (*item.named_parameters(), *item.named_buffers()))
    elif isinstance(item, dict | tuple | list) and depth < 3:
        pairs = item.items() if isinstance(item, dict) else enumerate(item)
        for name, part in pairs:
            yield from _tensors(part, f"{path}[{name}]", depth + 1)
    elif depth < 3 and isinstance(item, FunctionType):
        for name, part in (*closure_of(item), *defaults_of(item)):
            yield from _tensors(part, f"{path}.{name}", depth + 1)
    elif depth < 3 and hasattr(item, "__dict__") and not isinstance(item, type):
        for name, part in vars(item).items():
            yield from _tensors(part, f"{path}.{name}", depth + 1)
