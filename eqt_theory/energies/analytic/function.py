"""FunctionEnergy: an energy from a user's own function."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Count, checked, shown
from eqt_theory.core.budget import looked
from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.energies.autograd import unfollowed
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.modules import require_initialised
from eqt_theory.energies.randomness import refuse_dropout, refuse_random, remark_refusal


@checked
class FunctionEnergy(Energy):
    """The energy `fn(h)`, or `fn(h, data)` with data for each state, with derivatives by `torch.func`.

    The function may map one state (d,) -> () or a batch (..., d) -> (...). It is first tried on single states, by
    `torch.func.vmap`, so that it cannot mix states; a function that answers a single state with more than one
    number, because it holds parameters for each state, is called on the whole batch. Such parameters, as what each
    token of a model sees, are better given as `data`: some of the states can then be looked at without the others.

    Args:
        fn: the function, or a module; it must be usable under `torch.func.vmap`. Fused attention has no second
            derivative on CPU: choose `torch.nn.attention.SDPBackend.MATH` around calls that need a Hessian.
        curvature: declared bounds on its Hessian, if known.
        dim: the state dimension, if it is fixed.
        domain: where it is defined; None is everywhere.
        data: what fn takes besides a state: one row for each state, shape (n, ...).

    Raises:
        UsageError: fn is not callable, data has no rows, or (on use) fn does not return one number per state.
    """

    data: Tensor | None
    _rank: int = 0
    """The dimensions of a row of data."""

    def __init__(
        self,
        fn: Callable[..., Tensor],
        curvature: Curvature | None = None,
        dim: Count | None = None,
        domain: Domain | None = None,
        *,
        data: Tensor | None = None,
    ) -> None:
        if not callable(fn):
            raise UsageError(f"fn must be callable, (d,) -> () or (..., d) -> (...), got {type(fn).__name__}")
        if curvature is not None and not isinstance(curvature, Curvature):
            raise UsageError(f"curvature must be a Curvature or None, got {type(curvature).__name__}")
        require_initialised(fn)
        if data is not None and (not isinstance(data, Tensor) or data.ndim == 0 or len(data) == 0):
            raise UsageError(f"data must be a tensor with one row for each state, shape (n, ...), got {shown(data)}")
        self.fn, self.data = fn, data
        self._rank = 0 if data is None else data.ndim - 1
        self.curvature = curvature
        self.dim = domain.dim if dim is None and domain is not None else dim
        self.domain = domain
        if domain is not None and self.dim != domain.dim:
            raise UsageError(f"domain must have dimension {self.dim}, got {domain.dim}")

    @property
    def _per_state(self) -> Mapping[str, int]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return {} if self.data is None else {"data": self._rank}

    def _with_data(self, h: Tensor) -> tuple[Tensor, ...]:
        """States in one row, and the data of each."""
        states = h.reshape(-1, h.shape[-1])
        if self.data is None:
            return (states,)
        own = self.data.shape[self.data.ndim - self._rank :]
        return states, self.data.expand(*h.shape[:-1], *own).reshape(-1, *own)

    def value(self, h: Tensor) -> Tensor:
        h = self.checked(h)
        refuse_dropout(self._name, self.fn)
        if h.ndim == 1:
            return self._single(h) if self.data is None else self._single(h, self.data)
        if h.shape[:-1].numel() == 0:
            return h.sum(-1)
        given = self._with_data(h)
        try:
            return torch.func.vmap(self._one)(*given).reshape(h.shape[:-1])
        except _NotOneNumber:
            if self.data is not None:
                raise
            try:
                value = self.fn(h)
            except Exception as error:
                raise UsageError(
                    f"{self._name} holds tensors for other states than the {tuple(h.shape[:-1])} that it is called on, "
                    f"it raised {describe(error)}: take them as an argument, FunctionEnergy(lambda h, x: .., data=x)"
                ) from error
            if not isinstance(value, Tensor) or value.shape != h.shape[:-1] or not value.is_floating_point():
                raise self._wrong(value, h) from None
            return value
        except UsageError:
            raise
        except Exception as error:  # what vmap refuses, control flow say: one by one, or the error itself
            rows = list(zip(*given, strict=True))
            refuse_random(self._name, error, lambda: self._single(*rows[0]))
            remark_refusal(self._name, error)
            return torch.stack([looked(self._single(*row)) for row in rows]).reshape(h.shape[:-1])

    def gradient(self, h: Tensor) -> Tensor:
        h = self.checked(h)
        found = self._mapped_gradient(h) if h.ndim > 1 and unfollowed(h) else None
        return super().gradient(h) if found is None else found

    @property
    def closed_form(self) -> bool:
        return False

    def _mapped_gradient(self, h: Tensor) -> Tensor | None:
        """By autograd alone, in half the time of `torch.func`, to the same bits.

        Under vmap a function is held to the same as under `torch.func.grad`: it does not leave torch unnoticed.

        Returns:
            The gradient; None where vmap is refused.
        """
        if vars(self).get("_refuses_vmap") or h.numel() == 0:
            return None
        refuse_dropout(self._name, self.fn)
        with torch.enable_grad():
            _, *data = self._with_data(h)
            x = h.detach().reshape(-1, h.shape[-1]).requires_grad_()
            try:
                total = torch.func.vmap(self._one)(x, *data).sum()
                (slope,) = torch.autograd.grad(total, x, allow_unused=True) if total.requires_grad else (None,)
            except Exception:  # told by the ordinary way, which knows how
                vars(self)["_refuses_vmap"] = True
                return None
        return torch.zeros_like(h) if slope is None else slope.reshape(h.shape)

    @property
    def _name(self) -> str:
        return getattr(self.fn, "__qualname__", type(self.fn).__name__)

    def _single(self, h: Tensor, *data: Tensor) -> Tensor:
        """One state, with an error of the function as a UsageError that names it."""
        try:
            return self._one(h, *data)
        except UsageError:
            raise
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            if "autograd.Function" in reason:
                raise UsageError(
                    f"{self._name} cannot be differentiated by torch.func: give the torch.autograd.Function in it a "
                    "setup_context, or the operator a formula for its derivative (register_autograd)"
                ) from error
            beside = "".join(f" and a row of data of shape {tuple(row.shape)}, {row.dtype}" for row in data)
            hint = "Hold its tensors in that dtype and device, change nothing in place"
            if isinstance(error, TypeError) and "argument" in reason:
                hint = "Its second argument is data=, what each state has to itself; it takes no others"
            raise UsageError(
                f"{self._name} must take a state of shape {tuple(h.shape)}, {h.dtype}{beside}, on {h.device}; it "
                f"raised {type(error).__name__}: {reason}. {hint}"
            ) from error

    def _one(self, h: Tensor, *data: Tensor) -> Tensor:
        value = self.fn(h, *data)
        if not isinstance(value, Tensor) or value.shape != ():
            raise self._wrong(value, h)
        if not value.is_floating_point():
            raise UsageError(f"{self._name} must return a real floating-point number per state, got {value.dtype}")
        return value

    def _wrong(self, value: object, h: Tensor) -> "_NotOneNumber":
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        name = getattr(self.fn, "__name__", type(self.fn).__name__)
        return _NotOneNumber(
            f"{name} must return one number per state, shape {tuple(h.shape[:-1])} for h of shape {tuple(h.shape)}, "
            f"got {got}"
        )

    def reference(self) -> Tensor | None:
        # A plain function may hold anything; only a module's parameters are visible.
        return super().reference() if isinstance(self.fn, nn.Module) else None


class _NotOneNumber(UsageError):
    """The function returned something else than one number for a single state."""
