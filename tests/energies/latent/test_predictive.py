import torch
from energies.cases import HEAD, D, draw

import eqt_theory as eqt


def test_is_cross_entropy_with_the_argmax() -> None:
    h = draw(0, 20, D)
    z = HEAD(h)
    reference = torch.nn.functional.cross_entropy(z, z.argmax(-1), reduction="none")
    assert torch.allclose(eqt.PredictiveError(HEAD).value(h), reference, rtol=1e-13)


def test_frozen_piece_is_convex() -> None:
    curvature = eqt.PredictiveError(HEAD, 1).curvature
    assert curvature is not None
    assert curvature.lowest == 0.0
    assert 0 < curvature.highest < torch.inf
