"""Checkpoints: a folder with the weights as safetensors and the config as JSON. Loading runs no code from it."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.files import AnyPath, locked, read_json, replace_file, try_folder, write_text
from eqt_theory.energies.arguments import usable_device
from eqt_theory.models.config import Activation, HeadKind, ModelConfig
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.equilibrium import EnergyBuilder, EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer

_WEIGHTS, _CONFIG, _FORMAT = "model.safetensors", "config.json", 1
_PRECISIONS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
_KINDS: dict[str, type[nn.Module]] = {
    "standard": StandardTransformer,
    "equilibrium": EquilibriumTransformer,
    "coupled": CoupledTransformer,
}

Model = StandardTransformer | EquilibriumTransformer | CoupledTransformer


@checked
def save_checkpoint(model: Model, folder: AnyPath, **about: Any) -> Path:
    """Write a model to a folder.

    Args:
        model: a StandardTransformer, EquilibriumTransformer or CoupledTransformer; an energy or solver given to it by
            hand is not saved.
        folder: made where it is missing; files of an earlier checkpoint are replaced.
        about: anything else worth keeping, as JSON values; loaded by nobody but readers.

    Returns:
        The folder.

    Raises:
        UsageError: the model is of another class, or `about` is not JSON.
    """
    from safetensors.torch import save_file

    kind = next((name for name, cls in _KINDS.items() if type(model) is cls), None)
    if kind is None:
        raise UsageError(f"model must be one of {', '.join(c.__name__ for c in _KINDS.values())}, got {model!r:.60}")
    folder = Path(folder)
    try_folder("folder", folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    try:
        text = json.dumps(
            {"format": _FORMAT, "model": kind, "config": model.config.to_dict(), "about": about}, indent=2
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"about must hold JSON values: {describe(error)}") from error
    with locked(folder):
        replace_file(folder / _WEIGHTS, lambda fresh: save_file(state, fresh))
        write_text(folder / _CONFIG, text + "\n")
    return folder


@checked
def load_checkpoint(folder: AnyPath, device: torch.device | str = "cpu", energy: EnergyBuilder | None = None) -> Model:
    """Read a model from a folder, in evaluation mode. The files are data: nothing in them is executed.

    Args:
        folder: that `save_checkpoint` wrote.
        device: where to.
        energy: the energy of an EquilibriumTransformer that was given one by hand.

    Returns:
        The model, in the precision of the saved weights.

    Raises:
        UsageError: a file is missing, damaged or of another format, or the weights do not fit the config.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder, where = Path(folder), usable_device("device", device)
    for name in (_CONFIG, _WEIGHTS):
        if not os.path.isfile(folder / name):  # False of a name that is too long, too
            raise UsageError(f"{shown(str(folder))} is no checkpoint: it holds no file {name}")
    described = _read_config(folder / _CONFIG)
    try:
        state = load_file(folder / _WEIGHTS)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise UsageError(f"{folder / _WEIGHTS} is not a readable safetensors file: {error}") from error
    read = CoupledConfig if described["model"] == "coupled" else ModelConfig
    config = read.from_dict(described["config"])
    _real(state, folder / _WEIGHTS)
    _same_size(config, state, described["model"], folder / _WEIGHTS)
    if isinstance(config, CoupledConfig):
        model: Model = CoupledTransformer(config)
    elif described["model"] == "standard":
        model = StandardTransformer(config)
    else:
        model = EquilibriumTransformer(config, energy=energy)
    _fit(model, state, folder / _WEIGHTS)
    model = model.to(next(iter(state.values())).dtype)
    model.load_state_dict(state)
    return model.to(where).eval()


def _read_config(file: Path) -> dict[str, Any]:
    described = read_json(file, "the config")
    if not isinstance(described, dict) or described.get("format") != _FORMAT:
        raise UsageError(f"{file} must be an object of format {_FORMAT}, as save_checkpoint writes it")
    if not isinstance(described.get("model"), str) or described["model"] not in _KINDS:
        raise UsageError(f"{file}: model must be one of {', '.join(_KINDS)}, got {described.get('model')!r}")
    if not isinstance(described.get("config"), dict):
        raise UsageError(f"{file}: config must be an object")
    return described


def _real(state: dict[str, torch.Tensor], file: Path) -> None:
    """Refuse weights that a model would round or cut to its own type without a word."""
    for name, tensor in state.items():
        if tensor.dtype not in _PRECISIONS:
            raise UsageError(f"{file} must hold floating-point weights, {name!r} has dtype {tensor.dtype}")
    kinds = sorted({str(tensor.dtype) for tensor in state.values()})
    if len(kinds) > 1:
        raise UsageError(f"{file} must hold weights of one precision, got {', '.join(kinds)}")


def _same_size(described: ModelConfig | CoupledConfig, state: dict[str, torch.Tensor], kind: str, file: Path) -> None:
    """Refuse a config of another size than the weights before anything of that size is built."""
    config = described.backbone if isinstance(described, CoupledConfig) else described
    prefix = "" if kind == "standard" else "backbone."
    hidden = config.hidden * (2 if config.activation is Activation.SWIGLU else 1)
    wanted = {
        f"{prefix}embedding.weight": (config.vocabulary, config.width),
        f"{prefix}output.weight": (config.classes, config.width),
        f"{prefix}blocks.{config.layers - 1}.feed_forward.up.weight": (hidden, config.width),
    }
    if isinstance(described, CoupledConfig) and described.coupling is Coupling.CAUSAL_RIDGE:
        wanted["rows"] = (described.ridge_rows, config.width)
    if kind == "equilibrium":
        read = config.head_width if config.head_kind is HeadKind.MLP else config.width
        wanted["heads.reverse_out.weight"] = (config.window * config.vocabulary, read)
        if config.weight_memory > 0:
            wanted["heads.memories"] = (config.memory_size, config.width)
    for name, shape in wanted.items():
        found = tuple(state[name].shape) if name in state else "missing"
        if found != shape:
            raise UsageError(f"{file} does not fit its config: {name} should have shape {shape}, it is {found}")


def _fit(model: nn.Module, state: dict[str, torch.Tensor], file: Path) -> None:
    """Refuse weights that the model has no place for, or not of that shape."""
    wanted = model.state_dict()
    missing, extra = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    if missing or extra:
        raise UsageError(
            f"{file} does not fit its config: missing {', '.join(map(repr, missing[:4])) or 'nothing'}, "
            f"unexpected {', '.join(map(repr, extra[:4])) or 'nothing'}"
        )
    for name, tensor in wanted.items():
        if state[name].shape != tensor.shape:
            raise UsageError(
                f"{file} does not fit its config: {name} has shape {tuple(state[name].shape)}, "
                f"wanted {tuple(tensor.shape)}"
            )
