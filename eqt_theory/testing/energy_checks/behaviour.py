"""Does an energy give one number per state, the same each time, without side effects, in both precisions?"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, ReplayLine
from eqt_theory.energies.base import Energy
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.energy_bench import EnergyBench


def shapes(bench: EnergyBench) -> Finding:
    """One number per state, a gradient like the state, a square Hessian, for every shape of batch; dtype is kept."""
    h = bench.states(6)
    d = h.shape[-1]
    lines = []
    for batch in ((), (1,), (6,), (2, 3), (0,)):
        count = torch.Size(batch).numel()
        states = h[:count].reshape(*batch, d)
        for name, tail in (("value", ()), ("gradient", (d,)), ("hessian", (d, d))):
            got = getattr(bench.energy, name)(states)
            good = got.shape == (*batch, *tail) and got.dtype == h.dtype and got.device == h.device
            lines.append(ReplayLine(f"{name} of {batch} states", good, f"shape {tuple(got.shape)}, {got.dtype}"))
    return bench.verdict(lines, {"h": h[0].tolist()}, "shapes, dtype and device", len(lines))


def no_cross_talk(bench: EnergyBench) -> Finding:
    """A state's value, gradient and Hessian do not depend on the other states of its batch."""
    h, others = bench.states(8, stream=5), bench.states(8, stream=6)
    alone = torch.stack([_all_of(bench.energy, state) for state in h])
    together = _all_of(bench.energy, h)
    mixed = torch.stack(
        [_all_of(bench.energy, torch.cat([others[:k], state[None], others[k:]]))[k] for k, state in enumerate(h)]
    )
    size = alone.norm(dim=-1, keepdim=True) + 1
    one, other = torch.cat([together, mixed]), torch.cat([alone, alone])
    return bench.compared(one, other, (1e-11 * size).repeat(2, 1), torch.cat([h, h]), "states do not mix in a batch")


def deterministic(bench: EnergyBench) -> Finding:
    """The same states give the same bits, whatever the global generator stands at, which is left where it stood."""
    h = bench.states()
    lines = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        first = _values(bench.energy, h)
        lines.append(ReplayLine("the global generator is not used", torch.equal(before, torch.random.get_rng_state())))
        torch.manual_seed(2)
        again = _values(bench.energy, h)
    gap = (first - again).abs()
    same = torch.equal(first.nan_to_num(), again.nan_to_num())
    lines.append(
        ReplayLine("two evaluations agree bit by bit", same, f"differ by up to {float(gap.nan_to_num().max()):.3g}")
    )
    worst = int(gap.nan_to_num().amax(-1).argmax())
    return bench.verdict(lines, {"h": h[worst].tolist()}, "deterministic", len(h))


def pure(bench: EnergyBench) -> Finding:
    """Neither the states nor the energy's own tensors are changed by an evaluation."""
    h = bench.states()
    own = {name: t.detach().clone() for name, t in _tensors(bench.energy)}
    given = h.clone()
    for name in ("value", "gradient", "hessian"):
        getattr(bench.energy, name)(h)
    lines = [ReplayLine("the states are unchanged", torch.equal(h.nan_to_num(), given.nan_to_num()))]
    after = dict(_tensors(bench.energy))
    for name, before in own.items():
        kept = name in after and after[name].shape == before.shape and torch.equal(after[name].detach(), before)
        lines.append(ReplayLine(f"the tensor {name} of the energy is unchanged", kept))
    return bench.verdict(lines, {"h": given[0].tolist()}, "pure", len(h))


def finite(bench: EnergyBench) -> Finding:
    """Value, gradient and Hessian are finite on the domain, its edge included."""
    h = bench.states(4 * bench.samples, stream=7)
    found = _all_of(bench.energy, h)
    bad = ~found.isfinite().all(-1)
    worst = int(bad.double().argmax())
    line = ReplayLine(
        "value, gradient and Hessian are finite", not bool(bad.any()), f"{int(bad.sum())} of {len(h)} are not"
    )
    return bench.verdict([line], {"h": h[worst].tolist()}, f"finite at {len(h)} states", len(h))


def float32_agrees(bench: EnergyBench) -> Finding:
    """In float32 the value and the gradient are those in float64, up to rounding, and are float32."""
    h = bench.states()
    low = h.float()
    try:
        single = bench.energy.to(dtype=torch.float32)
        value, gradient = single.value(low).detach(), single.gradient(low).detach()
    except (UsageError, RuntimeError) as error:
        text = str(error).split("\n")[0]
        if "dtype" not in text and "Float" not in text and "Double" not in text:
            raise
        raise NotApplicable(f"it refuses float32: {text}") from error
    if value.dtype != torch.float32 or gradient.dtype != torch.float32:
        line = ReplayLine("float32 states give float32 results", False, f"{value.dtype}, {gradient.dtype}")
        return bench.verdict([line], {"h": low[0].tolist()}, "float32 agrees with float64", len(h))
    exact = low.to(h)
    wanted = torch.cat([bench.energy.value(exact).detach().unsqueeze(-1), bench.energy.gradient(exact).detach()], -1)
    found = torch.cat([value.unsqueeze(-1), gradient], -1).to(h)
    # Rounding of the parameters moves the value by slope times size and the gradient by curvature times size.
    curvature = bench.energy.hessian(exact).detach().norm(dim=(-2, -1))
    reach = 1 + exact.norm(dim=-1)
    slope = wanted[..., 1:].norm(dim=-1)
    size = torch.cat(
        [
            (wanted[..., 0].abs() + slope * reach + 1).unsqueeze(-1),
            (slope + curvature * reach + 1).unsqueeze(-1).expand(-1, h.shape[-1]),
        ],
        -1,
    )
    return bench.compared(
        found, wanted, 512 * torch.finfo(torch.float32).eps * size, exact, "float32 agrees with float64"
    )


def _values(energy: Energy, h: Tensor) -> Tensor:
    return torch.cat([energy.value(h).detach().unsqueeze(-1), energy.gradient(h).detach()], -1)


def _all_of(energy: Energy, h: Tensor) -> Tensor:
    """Value, gradient and Hessian side by side, shape (..., 1 + d + d d)."""
    return torch.cat([_values(energy, h), energy.hessian(h).detach().flatten(-2)], -1)


def _tensors(item: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that an energy holds, by its name; what a plain function holds is out of reach."""
    if isinstance(item, Tensor):
        yield path, item
    elif isinstance(item, nn.Module):
        yield from ((f"{path}.{name}", t) for name, t in (*item.named_parameters(), *item.named_buffers()))
    elif isinstance(item, dict | tuple | list) and depth < 4:
        pairs = item.items() if isinstance(item, dict) else enumerate(item)
        for name, part in pairs:
            yield from _tensors(part, f"{path}[{name}]", depth + 1)
    elif isinstance(item, Energy) and depth < 4:
        for name, part in vars(item).items():
            yield from _tensors(part, f"{path}.{name}" if path else name, depth + 1)
