import math

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.report import plots


def loss(h: float) -> float:
    return math.log(1 + 2 * math.cosh(h))


def energy(h: float) -> float:
    return loss(h) - math.log(3) + 5 * (h - 1) ** 2


def texts(panel) -> list[str]:
    return [text.get_text() for text in panel.texts]


def test_theorem_4_shows_the_drop_and_the_level_that_was_claimed():
    figure = plots.theorem_4(loss, energy, 0.0, 0.862408)
    left, right = figure.axes
    assert any("4.671" in text for text in texts(left))
    assert any("-3.573" in text for text in texts(right))
    assert right.get_title(loc="left") == "The loss rises"
    assert plots.theorem_4(lambda h: h * h, lambda h: h * h, 1, 0.5).axes[1].get_title(loc="left") != "The loss rises"


def test_theorem_8_shows_growth_against_both_bounds():
    right = plots.theorem_8(lambda x: x * x, lambda x: (x - 1) ** 2, 0.0, 0.5).axes[1]
    assert [bar.get_height() for bar in right.patches] == [0.25, -0.75, 0.75]
    with pytest.raises(eqt.UsageError, match="weight must be positive"):
        plots.theorem_8(loss, energy, 0, 1, weight=0)


def test_minimisers_are_marked_at_their_values():
    figure = plots.several_minimisers(lambda h: (h * h - 1) ** 2, (-1.0, 1.0), energy=lambda h: h * h)
    (dots,) = (line for line in figure.axes[0].lines if line.get_label() == "minimisers")
    assert list(dots.get_xdata()) == [-1, 1] and list(dots.get_ydata()) == [0, 0]
    with pytest.raises(eqt.UsageError, match="at least two"):
        plots.several_minimisers(loss, (0.0,))


def test_a_minimum_of_pieces_is_drawn_as_the_lower_one_with_a_jump_of_the_slope():
    head = eqt.LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    pieces = {f"class {i}": eqt.Confidence(head, piece=i) for i in (0, 1)}
    values, slopes = plots.minimum_of_pieces(eqt.Confidence(head), pieces, 0.0).axes
    curves = [np.asarray(line.get_ydata()) for line in values.lines[:3]]
    assert curves[2] == pytest.approx(np.minimum(curves[0], curves[1]))
    left, right = (np.asarray(line.get_ydata()) for line in slopes.lines[2:4])
    assert left[-1] == pytest.approx(1, abs=0.02) and right[0] == pytest.approx(-1, abs=0.02)
    with pytest.raises(eqt.UsageError, match="pieces must be at least two"):
        plots.minimum_of_pieces(eqt.Confidence(head), {}, 0.0)
