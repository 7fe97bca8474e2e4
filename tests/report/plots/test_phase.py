import numpy as np
import pytest

import eqt_theory as eqt
from eqt_theory.evidence.rate.plan import plan
from eqt_theory.report import plots


def labels(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_limits_are_those_of_the_plan():
    figure = plots.phase_diagram(0.5, 10, points=[(0.1, 1.0)])
    drawn = {str(line.get_label()): line for line in figure.axes[0].lines}
    for name, number in (
        ("exact limit $2/(L + 1/\\gamma)$", "step_limit"),
        ("paper's limit $2/(\\mu + L + 1/\\gamma)$", "paper_step_limit"),
        ("best step $2/(m + M)$", "best_step"),
    ):
        line = drawn[name]
        for gamma, alpha in list(zip(line.get_xdata(), line.get_ydata(), strict=True))[::100]:
            assert getattr(plan(0.5, 10, float(gamma)), number) == pytest.approx(float(alpha))
    assert any(f"rate {plan(0.5, 10, 1, step_size=0.1).rate:.3g}" == t.get_text() for t in figure.axes[0].texts)


def test_weak_convexity_has_a_stable_region_and_no_paper():
    weak = plots.phase_diagram(-0.5, 10)
    assert any("stable only" in text for text in labels(weak))
    assert not any("paper" in text for text in labels(weak))
    (shades,) = (mesh for mesh in weak.axes[0].collections if mesh.get_clim() == (0, 1) and mesh.colorbar)
    rates = np.ma.masked_invalid(shades.get_array())
    assert rates.max() < 1 and rates.mask.any()
    assert not any("stable only" in text for text in labels(plots.phase_diagram(0.5, 10)))


def test_the_plane_of_the_condition_number_has_the_limits_of_the_plan():
    figure = plots.phase_diagram(None, 10, gamma=0.5, kappa=(1, 1000), points=[(0.1, 100)])
    (panel, *_) = figure.axes
    assert "kappa" in panel.get_xlabel() and panel.get_xlim() == (1, 1000)
    drawn = {str(line.get_label()): line for line in panel.lines}
    for name, number in (
        ("exact limit $2/(L + 1/\\gamma)$", "step_limit"),
        ("paper's limit $2/(\\mu + L + 1/\\gamma)$", "paper_step_limit"),
        ("best step $2/(m + M)$", "best_step"),
    ):
        line = drawn[name]
        for kappa, alpha in list(zip(line.get_xdata(), line.get_ydata(), strict=True))[::100]:
            assert getattr(plan(10 / kappa, 10, 0.5), number) == pytest.approx(float(alpha))
    assert [t.get_text() for t in panel.texts] == [f"rate {plan(0.1, 10, 0.5, step_size=0.1).rate:.3g}"]
    (shades,) = (mesh for mesh in panel.collections if mesh.get_clim() == (0, 1) and mesh.colorbar)
    assert np.ma.masked_invalid(shades.get_array()).max() < 1
    assert {"contracting", "diverges for some energy"} <= set(labels(figure))


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((0.1, 10), {"kappa": (1, 10)}, "mu must be None"),
        ((None, 10), {}, "mu must be given"),
        ((None, 10), {"kappa": (0.5, 10)}, "kappa must be two increasing numbers, at least 1"),
        ((None, 10), {"kappa": (10, 10)}, "kappa must be two"),
        ((None, 10), {"kappa": (1, 10), "gamma": -1.0}, "gamma must be"),
        ((0.1, 10), {"gamma": 1.0}, "gamma must be two"),
    ],
)
def test_a_plane_that_makes_no_sense_is_refused(arguments, keywords, message: str):
    with pytest.raises(eqt.UsageError, match=message):
        plots.phase_diagram(*arguments, **keywords)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1, 0.5), "mu must not exceed"), ((-3, -1), "lipschitz"), ((float("nan"), 1), "mu must be finite")],
)
def test_bad_numbers_are_refused(arguments: tuple[float, float], message: str):
    with pytest.raises(eqt.UsageError, match=message):
        plots.phase_diagram(*arguments)


def test_a_bad_range_is_refused():
    with pytest.raises(eqt.UsageError, match="two increasing positive numbers"):
        plots.phase_diagram(1, 2, gamma=(2, 1))
