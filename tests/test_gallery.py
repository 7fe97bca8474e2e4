"""The gallery: every script runs, finds what the page says, and has its picture on the page."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import torch

from eqt_theory import Finding, Status, Verdict
from eqt_theory.report.plots.style import png

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "gallery"
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "draw")
C, S, R = Verdict.CERTIFIED, Verdict.SUPPORTED, Verdict.REFUTED
VERDICTS = {
    "logistic_regression": {"convex": C, "smooth": C},
    "hopfield": {"one memory": C, "several": R, "bound": C},
    "deq": {"constant": C, "contraction": C, "too fast": R},
    "monotone_deq": {"monotone": C, "too much": R, "contraction": R},
    "tv_deblurring": {"convex": C, "smoothness": C},
    "gaussian_mixture": {"one mode": C, "several": R},
    "input_convex": {"certified": C, "refuted": R},
    "energy_transformer": {"not convex": R, "convex when damped": S},
}


def load(name: str) -> ModuleType:
    if name == "logistic_regression":
        pytest.importorskip("sklearn", reason="scikit-learn is in the extra `test`")
    spec = importlib.util.spec_from_file_location(f"gallery_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def facts(name: str, found: dict) -> None:
    """What the page says besides the verdicts."""
    match name:
        case "logistic_regression":
            assert found["apart"] < 1e-5 and found["accuracy"] > 0.98
            assert found["runs"]["Newton"].status is Status.CONVERGED and int(found["runs"]["Newton"].steps) <= 10
        case "hopfield":
            assert float(found["nearest"].max()) < 0.01
        case "deq":
            assert found["rate"].rate < 0.9 and int(found["anderson"].steps) < int(found["picard"].steps)
            torch.testing.assert_close(found["anderson"].h, found["picard"].h, atol=1e-10, rtol=0)
        case "monotone_deq":
            ends = {key: run.status for key, run in found["runs"].items()}
            assert ends["Peaceman-Rachford"] is ends["Douglas-Rachford"] is Status.CONVERGED
            assert ends["the layer itself"] is not Status.CONVERGED and found["norm"] > 9
        case "tv_deblurring":
            away = {key: float((found[key].h - found["truth"]).norm()) for key in ("sharp", "smooth")}
            assert found["sharp"].status is Status.CONVERGED and away["sharp"] < 0.8 * away["smooth"]
        case "gaussian_mixture":
            assert len(found["modes"]) == 3 and len(found["wide modes"]) == 1 and found["its bound"] > 0
        case "input_convex":
            assert max(found["errors"]) < 0.1
        case "energy_transformer":
            assert found["run"].status is Status.CONVERGED and found["rate"].rate < 1
            assert bool((found["phi"].diff() <= 1e-9).all())


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_what_the_page_says(name: str):
    module = load(name)
    found = module.study()
    verdicts = {key: value.verdict for key, value in found.items() if isinstance(value, Finding)}
    assert verdicts == VERDICTS[name]
    facts(name, found)
    assert png(module.picture(found), dpi=40).startswith(b"\x89PNG")


def test_every_script_is_on_the_page_with_its_picture():
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    assert len(NAMES) == 8
    assert sorted(re.findall(r'--8<-- "examples/gallery/(\w+)\.py"', page)) == NAMES
    assert sorted(re.findall(r"\(gallery/(\w+)\.png\)", page)) == NAMES
    for name in NAMES:
        assert (ROOT / "docs" / "gallery" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
