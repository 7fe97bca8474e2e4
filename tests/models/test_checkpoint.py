import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from eqt_theory.core import files
from eqt_theory.core.errors import UsageError
from eqt_theory.models.checkpoint import load_checkpoint, save_checkpoint
from eqt_theory.models.config import Activation, HeadKind
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer

from .cases import small, tokens


@pytest.mark.parametrize(
    "config",
    [small(), small(weight_memory=0.1, activation=Activation.SWIGLU), small(head_kind=HeadKind.LINEAR, vocabulary=3)],
)
@pytest.mark.parametrize("kind", [StandardTransformer, EquilibriumTransformer])
def test_what_is_saved_comes_back(kind: type, config, tmp_path: Path):
    model = kind(config, 4).double().eval()
    loaded = load_checkpoint(save_checkpoint(model, tmp_path / "deep" / "folder", seed=4))
    assert type(loaded) is kind and loaded.config == config and not loaded.training
    assert loaded.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(v, loaded.state_dict()[k]) for k, v in model.state_dict().items())
    x = tokens(config)
    with torch.no_grad():
        first, second = (m(x) if kind is StandardTransformer else m(x).logits for m in (model, loaded))
    assert torch.equal(first, second)
    assert json.loads((tmp_path / "deep" / "folder" / "config.json").read_text())["about"] == {"seed": 4}


@pytest.mark.parametrize("coupling", Coupling)
def test_coupled_models_come_back(coupling: Coupling, tmp_path: Path):
    config = CoupledConfig(backbone=small(), coupling=coupling, strength=5.0, ridge_rows=6)
    model = CoupledTransformer(config, 4).eval()
    loaded = load_checkpoint(save_checkpoint(model, tmp_path, seed=4))
    assert isinstance(loaded, CoupledTransformer) and loaded.config == config
    assert all(torch.equal(v, loaded.state_dict()[k]) for k, v in model.state_dict().items())
    with torch.no_grad():
        assert torch.equal(model(tokens(small())).logits, loaded(tokens(small())).logits)
    described = json.loads((tmp_path / "config.json").read_text())
    described["config"]["backbone"]["width"] = 6
    (tmp_path / "config.json").write_text(json.dumps(described))
    with pytest.raises(UsageError, match="does not fit its config"):
        load_checkpoint(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_checkpoint(EquilibriumTransformer(small()), tmp_path)


def _change(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    described = json.loads(file.read_text())
    for name, value in changes.items():
        if name in described:
            described[name] = value
        else:
            described["config"][name] = value
    file.write_text(json.dumps(described))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "must be an object of format 1"),
        ({"model": "os.system"}, "model must be one of standard, equilibrium"),
        ({"config": [1]}, "config must be an object"),
        ({"width": "8"}, "width must be an integer of at least 1"),
        ({"evil": 1}, "unknown setting 'evil'"),
        ({"layers": 3}, "does not fit its config: backbone.blocks.2"),
        ({"width": 10**9}, "does not fit its config: backbone.embedding.weight should have shape"),
        ({"head_width": 10**9}, "does not fit its config: heads.reverse_out.weight"),
        ({"bias": False}, "unexpected 'backbone.blocks.0"),
        ({"layers": 1}, "unexpected 'backbone.blocks.1"),
        ({"weight_memory": 0.1}, "heads.memories should have shape"),
        ({"model": "standard"}, "embedding.weight should have shape"),
    ],
)
def test_configs_that_are_refused(folder: Path, changes: dict, said: str):
    _change(folder, **changes)
    with pytest.raises(UsageError, match=said):
        load_checkpoint(folder)


class _Bomb:
    def __reduce__(self):
        return Path.touch, (Path("went_off"),)


@pytest.mark.parametrize("content", [b"", b"junk", b"\xff" * 100, pickle.dumps(_Bomb()), b"{" * 50])
def test_files_that_are_refused(folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    whole = {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
    for name, said in (("model.safetensors", "not a readable safetensors file"), ("config.json", "is not JSON")):
        (folder / name).write_bytes(content)
        with pytest.raises(UsageError, match=said):
            load_checkpoint(folder)
        (folder / name).write_bytes(whole[name])
    (folder / "model.safetensors").write_bytes(whole["model.safetensors"][:-20])
    with pytest.raises(UsageError, match="not a readable safetensors file"):
        load_checkpoint(folder)
    assert not (folder / "went_off").exists()


def test_a_missing_file_and_a_model_that_cannot_be_saved(tmp_path: Path):
    with pytest.raises(UsageError, match="holds no file config.json"):
        load_checkpoint(tmp_path)
    with pytest.raises(UsageError, match="model must be a StandardTransformer or"):
        save_checkpoint(torch.nn.Linear(2, 2), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="about must hold JSON values"):
        save_checkpoint(StandardTransformer(small()), tmp_path, when=object())


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int64, torch.bool, torch.float8_e4m3fn, torch.float64])
def test_weights_that_would_lose_something_are_refused(folder: Path, dtype: torch.dtype):
    file = folder / "model.safetensors"
    state = load_file(file)
    name = "backbone.embedding.weight"
    save_file({**state, name: state[name].to(dtype)}, file)
    with pytest.raises(UsageError, match="must hold (floating-point weights, 'backbone|weights of one precision)"):
        load_checkpoint(folder)
    save_file({name.replace("b", "\x1b[31m"): state[name].clone(), **state}, file)
    with pytest.raises(UsageError, match=r"unexpected '\\x1b\[31m"):
        load_checkpoint(folder)


@pytest.mark.parametrize("device", ["x", "cuda:99", "meta", ""])
def test_a_device_that_is_not_there_is_told(folder: Path, device: str):
    with pytest.raises(UsageError, match="^device must be a device"):
        load_checkpoint(folder, device)


def test_a_name_that_is_too_long_is_told_and_cut():
    with pytest.raises(UsageError, match=r"^'(long){20,30}\w*\.\.\. is no checkpoint"):
        load_checkpoint("long" * 200)


def test_a_full_disk_keeps_the_old_checkpoint(folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(EquilibriumTransformer(small(), 7), folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
