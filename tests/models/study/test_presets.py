from eqt_theory.models.config import Activation, ModelConfig
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study.presets import (
    PAPER_EQUILIBRIUM_PARAMETERS,
    PAPER_STANDARD_PARAMETERS,
    miniature,
    paper,
)


def _count(config: ModelConfig) -> tuple[int, int]:
    return parameter_count(StandardTransformer(config)), parameter_count(EquilibriumTransformer(config))


def _in_millions(count: float) -> float:
    return round(count / 1e6, 1)


def test_the_papers_models_have_the_stated_sizes():
    standard, equilibrium = _count(paper())
    assert (standard, equilibrium) == (6_299_138, 6_763_204)
    assert _in_millions(standard) == _in_millions(PAPER_STANDARD_PARAMETERS)
    assert _in_millions(equilibrium) == _in_millions(PAPER_EQUILIBRIUM_PARAMETERS)


def test_gelu_blocks_of_the_stated_shape_are_a_quarter_too_small():
    standard, _ = _count(paper().replace(activation=Activation.GELU))
    assert _in_millions(standard) == 4.7


def test_the_miniature():
    config = miniature()
    assert (config.width, config.layers, config.heads) == (32, 2, 4)
    assert _count(config)[1] < 40_000
