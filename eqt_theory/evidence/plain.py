"""Whether an object does what its class is known to do: a certificate may speak of it by its class only then."""

from itertools import chain
from typing import TypeGuard, TypeVar

from torch import Tensor, nn
from torch.nn.modules import module as torch_module

T = TypeVar("T")

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def is_plain(thing: object, *kinds: type[T]) -> TypeGuard[T]:
    """Whether a thing is of one of these classes exactly, with nothing replaced, hooked or derived on the instance.

    `isinstance` is not enough to licence a formula: a subclass may take other steps, or have other values, and `@final`
    binds the type checker alone. Nor is the class of a module: a hook changes what it returns, pruning and
    `weight_norm` make its weight anew from other parameters at each call, and a parametrisation changes its class.

    Args:
        thing: a solver, an energy, an objective or a module.
        kinds: the classes whose methods the formula was derived from.

    Returns:
        Whether the formula speaks of it.
    """
    kind = type(thing)
    if kind not in kinds or any(_shadows(kind, name) for name in vars(thing)):
        return False
    if isinstance(thing, nn.Module):
        return _is_plain_module(thing)
    return all(type(item) in (Tensor, nn.Parameter) for item in vars(thing).values() if isinstance(item, Tensor))


def _shadows(kind: type, name: str) -> bool:
    found = getattr(kind, name, None)
    return callable(found) or isinstance(found, property)


def _is_plain_module(module: nn.Module) -> bool:
    hooked = any(getattr(module, name, None) for name in _HOOKS)
    hooked |= any(getattr(torch_module, f"_global{name}", None) for name in _HOOKS)
    # The tensors of a module are its registered ones; those of a pruned layer are attributes, computed at each call.
    derived = any(isinstance(item, Tensor) for item in vars(module).values())
    own = chain(module.parameters(recurse=False), module.buffers(recurse=False))
    return not hooked and not derived and all(type(item) in (Tensor, nn.Parameter) for item in own)
