"""StateBench: states of a domain for whatever is under check, and how findings about it are made."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import WORD
from eqt_theory.core.domain import Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.sampling import draw

_ROUNDINGS = 4 * 2.0**-53


def require_trial(dim: int, seed: int, samples: int, accuracy: float, domain: Domain | None) -> None:
    """Refuse arguments with which nothing can be tried.

    Args:
        dim: the state dimension, at least 1.
        seed: not negative.
        samples: states tried, at least 8.
        accuracy: in [0, 1).
        domain: where they lie, a Ball or a Box of dimension dim, or None.

    Raises:
        UsageError: one of them is another.
    """
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float) or not 0 <= accuracy < 1:
        raise UsageError(f"accuracy must lie in [0, 1), got {accuracy!r}")
    for name, number, least in (("dim", dim, 1), ("seed", seed, 0), ("samples", samples, 8)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise UsageError(f"{name} must be an integer of at least {least}, got {number!r}")
    if isinstance(domain, WholeSpace) or (domain is not None and domain.dim != dim):
        raise UsageError(f"domain must be a Ball or a Box of dimension {dim}, got {domain!r}")


class StateBench(ABC):
    """What the checks of an energy or of an operator need.

    Attributes:
        domain: where it is tried.
        whole: whether the domain was left open.
        seed: of everything random.
        samples: states tried.
        accuracy: relative accuracy of its derivatives by design; 0 is rounding.
    """

    domain: Domain
    whole: bool
    seed: int
    samples: int
    accuracy: float

    @property
    @abstractmethod
    def like(self) -> Tensor:
        """An empty tensor of the dtype and on the device of the parameters."""

    def generator(self, stream: int) -> torch.Generator:
        """A generator of its own for each purpose."""
        return torch.Generator().manual_seed((1_000_003 * self.seed + stream) % WORD)

    def states(self, count: int | None = None, stream: int = 0) -> Tensor:
        """States of the domain, shape (count, d); without the centre where the domain was left open."""
        count = self.samples if count is None else count
        states = draw(self.domain, count + 1, self.generator(stream), self.like)
        return states[1:] if self.whole else states[:count]

    def directions(self, states: Tensor, stream: int = 1) -> Tensor:
        """A unit direction for each state; the axes come first."""
        n, d = states.shape
        v = torch.randn(n, d, generator=self.generator(stream), dtype=torch.float64)
        v[: min(n, d)] = torch.eye(d, dtype=torch.float64)[: min(n, d)]
        return (v / v.norm(dim=-1, keepdim=True)).to(states)

    def verdict(self, lines: Sequence[ReplayLine], witness: Mapping[str, Any], detail: str, examples: int) -> Finding:
        """SUPPORTED where every line holds, REFUTED with the witness where one fails."""
        bad = [line for line in lines if not line.holds]
        if not bad:
            return Finding(Verdict.SUPPORTED, Method.SAMPLING, detail, examples=examples)
        return Finding(
            Verdict.REFUTED,
            Method.SAMPLING,
            f"{detail}: {bad[0].text} fails" + (f" ({bad[0].margin})" if bad[0].margin else ""),
            witness=witness,
            replay=Replay(Arithmetic.FLOAT, (), tuple(bad)),
            examples=examples,
        )

    def compared(self, one: Tensor, other: Tensor, allowed: Tensor, states: Tensor, text: str) -> Finding:
        """Two computations of the same numbers, (n, ...), within `allowed`; the smallest state where not is named.

        Returns:
            SUPPORTED, or REFUTED with the state; INCONCLUSIVE where no difference could be judged.
        """
        off = (one - other).abs().reshape(len(states), -1).double()
        limit = allowed.expand(one.shape).reshape(len(states), -1).double()
        size = torch.maximum(one.abs(), other.abs()).reshape(len(states), -1).double()
        limit = limit + _ROUNDINGS * size.nan_to_num(0, 0, 0)  # a bound of zero is no licence
        if self.accuracy:
            limit = limit + 2 * self.accuracy * size.amax(-1, keepdim=True)
        told = limit.isfinite()
        if not bool(told.any()):
            return inconclusive(Method.SAMPLING, f"{text}: at no state could the difference be judged")
        broken = ~(off.isfinite()) & told
        excess = torch.where(told, torch.where(broken, torch.inf, off / limit.clamp_min(1e-300)), 0.0)
        failing = excess.amax(-1) > 1
        size = torch.where(failing, states.norm(dim=-1).double(), torch.inf)
        worst = int(size.argmin() if bool(failing.any()) else excess.amax(-1).argmax())
        entry = int(excess[worst].argmax())
        a, b = one.reshape(len(states), -1)[worst, entry], other.reshape(len(states), -1)[worst, entry]
        margin = f"{float(a)!r} against {float(b)!r}, allowed {float(limit[worst, entry]):.1e}"
        line = ReplayLine(text, bool(excess[worst, entry] <= 1), margin)
        witness = {"h": states[worst].tolist(), "entry": entry}
        return self.verdict([line], witness, f"{text} at {int(told.any(-1).sum())} states", len(states))
