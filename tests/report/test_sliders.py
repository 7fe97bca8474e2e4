"""Sliders: still where notebooks are built, moved where they run."""

import warnings

import pytest

from eqt_theory import UsageError
from eqt_theory.report.plots import Chart, chart
from eqt_theory.report.sliders import STILL, sliders


def drawn(alpha: float = 0.0, count: int = 1) -> Chart:
    figure, (panel,) = chart()
    panel.plot([0, alpha], [0, count])
    return figure


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    import IPython.display

    seen: list[object] = []
    monkeypatch.setattr(IPython.display, "display", lambda *objects: seen.extend(objects))
    return seen


def test_built_it_is_the_first_chart(monkeypatch: pytest.MonkeyPatch, shown: list[object]):
    monkeypatch.setenv(STILL, "1")
    sliders(drawn, alpha=(0.5, 0.0, 1.0))._ipython_display_()
    (figure,) = shown
    assert isinstance(figure, Chart)
    assert list(figure.axes[0].lines[0].get_xdata()) == [0, 0.5]


def test_running_it_has_a_slider_for_each_argument(monkeypatch: pytest.MonkeyPatch, shown: list[object]):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ipywidgets

        made = {}
        monkeypatch.setattr(ipywidgets, "interact", lambda function, **controls: made.update(controls, call=function))
        monkeypatch.delenv(STILL, raising=False)
        sliders(drawn, alpha=(0.5, 0.0, 1.0), count=(2, 1, 4))._ipython_display_()
    assert (made["alpha"].min, made["alpha"].max, made["alpha"].value) == (0.0, 1.0, 0.5)
    assert isinstance(made["count"], ipywidgets.IntSlider) and made["count"].max == 4
    made["call"](alpha=0.25, count=3)
    assert [list(figure.axes[0].lines[0].get_ydata()) for figure in shown] == [[0, 3]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"beta": (0.5, 0.0, 1.0)}, "beta must be an argument of drawn, which has alpha, count"),
        ({"alpha": (2.0, 0.0, 1.0)}, r"alpha must be \(start, low, high\)"),
        ({"alpha": (1.0, 1.0, 1.0)}, r"alpha must be \(start, low, high\)"),
    ],
)
def test_what_cannot_be_moved_is_refused(given: dict, said: str):
    with pytest.raises(UsageError, match=said):
        sliders(drawn, **given)
