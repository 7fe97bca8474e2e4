"""Energy: a scalar function of a latent state, with derivatives, declared curvature and batches; and weighted sums."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import Finite, checked, checked_number
from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import NoDerivative, NoSecondDerivative, UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.arguments import broadcast_batch, float_tensor, same_place
from eqt_theory.energies.autograd import differentiated, differentiating, unfollowed
from eqt_theory.energies.curvature import Curvature, combine
from eqt_theory.energies.norm import norm
from eqt_theory.energies.parameters import Parameters
from eqt_theory.energies.regions import inside

if TYPE_CHECKING:
    import sympy


@contextmanager
def _differentiating(told: type[NoDerivative], before: Callable[[Tensor], object], h: Tensor, advice: str) -> Iterator:
    """Say of an energy that torch cannot differentiate it, once or twice; other errors pass."""
    try:
        with differentiating():
            yield
    except NoDerivative as error:
        before(h)  # raises by itself where it is not this derivative that fails
        raise told(advice.replace("...", str(error), 1)) from error


def _first_derivative(energy: "Energy", h: Tensor) -> AbstractContextManager[None]:
    advice = "(...); write it in operations that torch differentiates, or give it a gradient of its own"
    told = f"{type(energy).__name__} cannot be differentiated {advice}"
    return _differentiating(NoDerivative, energy.value, h, told)


def _second_derivative(energy: "Energy", h: Tensor) -> AbstractContextManager[None]:
    advice = "(...); give it a hessian and a hessian_vector of its own, or write it in operations that torch "
    told = f"{type(energy).__name__} cannot be differentiated twice {advice}differentiates twice"
    return _differentiating(NoSecondDerivative, energy.gradient, h, told)


class Energy(Parameters, ABC):
    """A scalar energy of a state. Subclass it and write `value`, or wrap a function in `FunctionEnergy`.

    Shapes: a state has shape (d,), a batch of states (..., d). An energy may carry parameters of its own for each
    state, such as A of shape (..., d, d); its `batch_shape` must then broadcast to that of the states.
    Derivatives come from `torch.func` unless a subclass has them in closed form; they can be differentiated again.

    Attributes:
        curvature: declared bounds on the Hessian, or None. An assumption, never trusted by the checks.
        dim: the state dimension d, or None where any dimension is accepted.
        domain: where it is defined, a Ball or a Box, or None for everywhere. `solve` says LEFT_DOMAIN of a state that
            ends outside.
    """

    curvature: Curvature | None = None
    dim: int | None = None
    domain: Domain | None = None
    wrapper_hint: ClassVar[str] = "wrap a function in FunctionEnergy"

    @abstractmethod
    def value(self, h: Tensor) -> Tensor:
        """The energy, (..., d) -> (...), one number per state, with no mixing across the batch."""

    def gradient(self, h: Tensor) -> Tensor:
        """The gradient in h, (..., d) -> (..., d)."""
        with _first_derivative(self, h):
            if unfollowed(h):
                return differentiated(self.value, h)[1]
            return torch.func.grad(lambda x: self.value(x).sum())(h)

    @property
    def closed_form(self) -> bool:
        """Whether the gradient is a formula rather than `torch.func`."""
        return type(self).gradient is not Energy.gradient

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Value, (...), and gradient, (..., d), with shared work where there is any."""
        if self.closed_form:
            return self.value(h), self.gradient(h)

        def total(x: Tensor) -> tuple[Tensor, Tensor]:
            value = self.value(x)
            return value.sum(), value

        with _first_derivative(self, h):
            if unfollowed(h):
                return differentiated(self.value, h)
            gradient, value = torch.func.grad(total, has_aux=True)(h)
        return value, gradient

    def hessian(self, h: Tensor) -> Tensor:
        """The Hessian in h, (..., d) -> (..., d, d): entry (i, j) is the j-th derivative of gradient entry i."""
        # Reverse over reverse: forward mode is missing for some operations that users write.
        d = h.shape[-1]
        refuse_beyond_memory("the Hessian (hessian_vector needs none)", *h.shape, d, bytes_each=h.element_size())
        basis = torch.eye(d, dtype=h.dtype, device=h.device).reshape(d, *(1,) * (h.ndim - 1), d).expand(d, *h.shape)
        with _second_derivative(self, h):
            pull = torch.func.vjp(self.gradient, h)[1]
            rows = torch.func.vmap(lambda row: pull(row)[0])(basis)
        return rows.movedim(0, -2)

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        """The Hessian at h times v, (..., d), (..., d) -> (..., d), without the Hessian itself."""
        with _second_derivative(self, h):
            return torch.func.vjp(self.gradient, h)[1](v)[0]

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The size of the terms that a computed gradient is made of, which its rounding is relative to.

        A gradient in precision u is taken to be within `(d + 8) u gradient_terms(h)` of the exact one, in norm. Here
        the size is |grad(h)| + 2 sqrt(d) s, s = max(|mu|, |L|) |h|, or |hess(h) h| where L is not declared. That
        stands for d + 8 roundings of the gradient itself. An energy whose gradient is a sum that may cancel must
        give the size of its summands, as `WeightedSum` and the energies with rows or matrices do.

        Args:
            h: states, shape (..., d).
            quick: whether to take |hess(h) h| in any case: declared constants may be costly to work out.

        Returns:
            Sizes, shape (...), positive.
        """
        curvature = None if quick else self.curvature
        steepest = torch.tensor(torch.inf)
        if curvature is not None:
            mu, upper = (
                torch.as_tensor(c, dtype=h.dtype, device=h.device) for c in (curvature.mu, curvature.lipschitz)
            )
            steepest = torch.maximum(mu.abs(), upper.abs())
        known = bool(torch.isfinite(steepest).all())
        steepness = steepest * norm(h) if known else norm(self.hessian_vector(h, h))
        # The smallest normal number stands for what underflows.
        return 2 * h.shape[-1] ** 0.5 * steepness + norm(self.gradient(h).abs() + torch.finfo(h.dtype).tiny)

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        """The same function as a SymPy expression in d real symbols, its coefficients the exact values of the floats.

        Raises:
            UsageError: this energy has no symbolic twin, or carries a batch of parameters.
        """
        raise UsageError(f"{type(self).__name__} has no symbolic twin")

    def within(self, h: Tensor) -> Tensor:
        """Which states lie where this energy, and every energy in it, is defined: bool, (..., d) -> (...)."""
        found = torch.ones_like(h[..., 0], dtype=torch.bool) if self.domain is None else inside(self.domain, h)
        for part in self._subenergies():
            if isinstance(part, Energy):
                found = found & part.within(h)
        return found

    # Arguments ------------------------------------------------------------------------------------------------------

    def checked(self, h: Tensor, name: str = "h") -> Tensor:
        """The states, if this energy can be evaluated there.

        Args:
            h: the states.
            name: what the error calls them.

        Returns:
            h itself.

        Raises:
            UsageError: not a floating-point tensor, a wrong dimension, dtype or device, or a batch that does not fit.
        """
        # Solvers ask at every step: states like the last ones that passed need no second look.
        if isinstance(h, Tensor) and vars(self).get("_accepted") == (h.shape, h.dtype, h.device, h.layout):
            return h
        if not isinstance(h, Tensor) or not h.is_floating_point():
            kind = h.dtype if isinstance(h, Tensor) else type(h).__name__
            raise UsageError(f"{name} must be a floating-point tensor of shape (..., d), got {kind}")
        float_tensor(name, h)
        if h.ndim < 1 or (self.dim is not None and h.shape[-1] != self.dim):
            d = "d" if self.dim is None else self.dim
            raise UsageError(f"{name} must have shape (..., {d}), got {tuple(h.shape)}")
        reference = self.reference()
        if reference is not None:
            same_place(name, h, f"the parameters of {type(self).__name__}", reference)
        own = self.batch_shape
        batch = h.shape[:-1]
        if own and (len(own) > len(batch) or broadcast_batch({name: batch, "energy": own}) != batch):
            raise UsageError(
                f"{name} must carry the batch dimensions of the energy, {tuple(own)}, before its last, "
                f"got shape {tuple(h.shape)}"
            )
        vars(self)["_accepted"] = (h.shape, h.dtype, h.device, h.layout)
        return h

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self).pop("_accepted", None)
        if name != "_curvature" and "_curvature" in self._derived:
            vars(self).pop("_curvature", None)
        super().__setattr__(name, value)

    # Sums -----------------------------------------------------------------------------------------------------------

    def __add__(self, other: "Energy") -> "WeightedSum":
        if not isinstance(other, Energy):
            return NotImplemented
        return WeightedSum([(1.0, self), (1.0, other)])

    def __radd__(self, other: object) -> "Energy":
        # The builtin sum starts from 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __mul__(self, weight: float) -> "WeightedSum":
        return WeightedSum([(weight, self)])

    __rmul__ = __mul__

    def __neg__(self) -> "WeightedSum":
        return WeightedSum([(-1.0, self)])

    def __sub__(self, other: "Energy") -> "WeightedSum":
        if not isinstance(other, Energy):
            return NotImplemented
        return WeightedSum([(1.0, self), (-1.0, other)])


@checked
class WeightedSum(Energy):
    """`sum_i weights[i] * terms[i](h)`, as in (Eq. 11). Written `0.5 * e1 + e2`, or `e1 - e2`.

    A negative weight turns curvature around: `-e` lies between `-lipschitz` and `-mu`. A term of weight 0 is never
    evaluated. Declared curvatures combine; where a term declares none, or the domains differ, the sum declares none.

    Args:
        terms: pairs of a weight, of either sign, and an energy. Sums inside are flattened.

    Raises:
        UsageError: no terms, a weight that is not finite, or terms of different dimension.
    """

    weights: tuple[float, ...]
    terms: tuple[Energy, ...]

    def __init__(self, terms: Sequence[tuple[float, Energy]]) -> None:
        flat: list[tuple[float, Energy]] = []
        for weight, term in terms:
            weight = float(checked_number("weight", weight, Finite))
            if not isinstance(term, Energy):
                raise UsageError(f"a sum of energies takes energies, got {type(term).__name__}")
            # A subclass may have other values than its terms: it stays whole.
            inner = zip(term.weights, term.terms, strict=True) if type(term) is WeightedSum else [(1.0, term)]
            flat.extend((weight * w, e) for w, e in inner)
        if not flat:
            raise UsageError("a sum of energies needs at least one term, got none")
        dims = sorted({e.dim for _, e in flat if e.dim is not None})
        if len(dims) > 1:
            raise UsageError(f"all terms must have the same state dimension, got {dims}")
        self.dim = dims[0] if dims else None
        self.weights = tuple(w for w, _ in flat)
        self.terms = tuple(e for _, e in flat)

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        if not any(self.weights):
            return Curvature(0.0, 0.0)
        active = [(w, e.curvature) for w, e in zip(self.weights, self.terms, strict=True) if w]
        return combine([w for w, _ in active], [c for _, c in active])

    def value(self, h: Tensor) -> Tensor:
        return self._total([(w, e.value(h)) for w, e in self._active()], h[..., 0])

    def gradient(self, h: Tensor) -> Tensor:
        return self._total([(w, e.gradient(h)) for w, e in self._active()], h)

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        both = [(w, *e.value_and_gradient(h)) for w, e in self._active()]
        return self._total([(w, v) for w, v, _ in both], h[..., 0]), self._total([(w, g) for w, _, g in both], h)

    def hessian(self, h: Tensor) -> Tensor:
        parts = [(w, e.hessian(h)) for w, e in self._active()]
        return self._total(parts, h.unsqueeze(-1).expand(*h.shape, h.shape[-1]))

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        return self._total([(w, e.hessian_vector(h, v)) for w, e in self._active()], h)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        parts = [abs(w) * e.gradient_terms(h, quick) for w, e in self._active()]
        # Each summand is also rounded once for its weight and once for each addition.
        return (1 + len(parts) / (h.shape[-1] + 8)) * sum(parts, torch.zeros_like(h[..., 0]))

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        return sympy.Add(*(sympy.Rational(w) * e.symbolic(h) for w, e in self._active()))

    def _active(self) -> Iterator[tuple[float, Energy]]:
        return ((w, e) for w, e in zip(self.weights, self.terms, strict=True) if w)

    @staticmethod
    def _total(parts: list[tuple[float, Tensor]], like: Tensor) -> Tensor:
        if not parts:
            return torch.zeros_like(like)
        total = parts[0][1] if parts[0][0] == 1.0 else parts[0][0] * parts[0][1]
        for weight, part in parts[1:]:
            total = total + (part if weight == 1.0 else weight * part)
        return total
