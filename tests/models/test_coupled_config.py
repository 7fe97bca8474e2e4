"""The config of a coupled model: defaults, JSON and back, constants, what is refused."""

from fractions import Fraction

import pytest

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import GradientMode
from eqt_theory.models.coupled_config import CoupledConfig, Coupling

from .cases import small


@pytest.mark.parametrize("coupling", Coupling)
def test_to_json_and_back(coupling: Coupling):
    config = CoupledConfig(backbone=small(), coupling=coupling, gradient=GradientMode.IMPLICIT, stop_error=0.1)
    assert CoupledConfig.from_dict(config.to_dict()) == config
    assert CoupledConfig.from_dict({}) == eqt.CoupledConfig()


def test_constants_are_exact():
    assert CoupledConfig(strength=16, gamma=0.5).constants == (2, 66)
    m, M = CoupledConfig(strength=0.1, gamma=0.3).constants
    assert m == 1 / Fraction(0.3) and M - m == 4 * Fraction(0.1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"strength": 0}, "strength"),
        ({"gamma": -1.0}, "gamma"),
        ({"gamma": 1e300, "strength": 1e300}, "that floats hold"),
        ({"steps_train": -1}, "steps_train"),
        ({"coupling": "joint"}, "coupling"),
        ({"backbone": 3}, "backbone"),
        ({"gradient": GradientMode.DETACHED}, "unrolled or implicit"),
    ],
)
def test_bad_values(values: dict, said: str):
    with pytest.raises(UsageError, match=said):
        CoupledConfig(**values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nonsense": 1}, "unknown setting"),
        ({"coupling": "sideways"}, "coupling must be one of joint"),
        ({"gradient": 3}, "gradient must be one of"),
        ({"backbone": []}, "JSON object"),
        ([], "JSON object"),
    ],
)
def test_bad_json(values, said: str):
    with pytest.raises(UsageError, match=said):
        CoupledConfig.from_dict(values)


def test_replace():
    assert CoupledConfig().replace(strength=4.0).strength == 4
    with pytest.raises(UsageError, match="unknown setting"):
        CoupledConfig().replace(lambda_=4.0)
