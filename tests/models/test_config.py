import json

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import GradientMode, ModelConfig, RefinementNorm

from .cases import small


def test_json_and_back():
    config = small(gradient=GradientMode.IMPLICIT, refinement_norm=RefinementNorm.BEFORE, feed_forward=20, gamma=2)
    values = json.loads(json.dumps(config.to_dict()))
    assert values["gradient"] == "implicit" and values["gamma"] == 2.0
    assert ModelConfig.from_dict(values) == config
    assert ModelConfig.from_dict({}) == ModelConfig()


def test_hidden_width_defaults_to_four_times_the_width():
    assert small().hidden == 32
    assert small(feed_forward=5).hidden == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 0}, "width must be an integer of at least 1"),
        ({"width": True}, "width must be an integer of at least 1"),
        ({"width": 9, "heads": 3}, "width must be even"),
        ({"heads": 3}, "multiple of heads"),
        ({"classes": 1}, "classes must be at least 2"),
        ({"steps_test": -1}, "steps_test must be an integer of at least 0"),
        ({"gamma": 0.0}, "gamma must be a positive finite number"),
        ({"gamma": float("nan")}, "gamma must be a positive finite number"),
        ({"weight_mask": -0.1}, "weight_mask must be a finite number that is not negative"),
        ({"mask_fraction": 1.5}, "mask_fraction must be at most 1"),
        ({"memory_beta": 2.0}, "memory_beta must be at most 1"),
        ({"gradient": "implicit"}, "gradient must be a GradientMode"),
        ({"bias": 1}, "bias must be True or False"),
        ({"feed_forward": 0}, "feed_forward must be an integer of at least 1 or None"),
        ({"stop_threshold": "low"}, "stop_threshold must be a finite number"),
    ],
)
def test_what_is_refused(changes: dict, said: str):
    with pytest.raises(UsageError, match=said):
        small(**changes)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"depth": 3}, "unknown setting 'depth'"),
        ({"solver": "magic"}, "solver must be one of gradient_descent"),
        ({"solver": 3}, "solver must be one of"),
        ({"width": "8"}, "width must be an integer of at least 1"),
        ([], "must be a JSON object"),
    ],
)
def test_json_that_is_refused(values: object, said: str):
    with pytest.raises(UsageError, match=said):
        ModelConfig.from_dict(values)


def test_replace_knows_the_settings():
    assert small().replace(gamma=3.0).gamma == 3.0
    with pytest.raises(UsageError, match="unknown setting 'gama'"):
        small().replace(gama=3.0)
