import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.standard import StandardTransformer, parameter_count

from .cases import small, tokens


def test_a_change_at_t_leaves_earlier_outputs_alone():
    config = small(vocabulary=3)
    model = StandardTransformer(config).eval()
    x = tokens(config)
    y = x.clone()
    y[:, 4] = (y[:, 4] + 1) % 3
    a, b = model(x), model(y)
    assert torch.equal(a[:, :4], b[:, :4])
    assert not torch.equal(a[:, 4:], b[:, 4:])


def test_seeds_and_counts():
    config = small()
    model = StandardTransformer(config, 1)
    assert torch.equal(model(tokens(config)), StandardTransformer(config, 1)(tokens(config)))
    assert not torch.equal(model(tokens(config)), StandardTransformer(config, 2)(tokens(config)))
    block = 12 * 8 * 8 + (24 + 8 + 32 + 8) + 4 * 8
    assert parameter_count(model) == 2 * 8 + 2 * block + 16 + 2 * 8 + 2


def test_positions_follow_length_and_precision():
    config = small()
    model = StandardTransformer(config)
    short = model(tokens(config, length=3))
    longer = tokens(config, length=9)
    assert torch.allclose(model(longer)[:, :3], model(longer[:, :3]), atol=1e-6)
    assert model.double()(tokens(config, length=3)).dtype == torch.float64
    assert short.shape == (3, 3, 2)


@pytest.mark.parametrize("bad", [torch.zeros(3), torch.zeros(2, 3), [[0, 1]]])
def test_tokens_that_are_refused(bad: object):
    with pytest.raises(UsageError, match="tokens must be int64 or int32 of shape"):
        StandardTransformer(small())(bad)
