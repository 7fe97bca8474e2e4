import pytest
import torch
from energies.cases import HEAD, MASK, TOKENS, WINDOW_HEAD, D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_counts_the_hidden_tokens_only() -> None:
    h = draw(0, D)
    log_p = torch.log_softmax(WINDOW_HEAD(h), -1)
    by_hand = -torch.stack([log_p[i, TOKENS[i]] for i in (0, 3, 5)]).mean()
    assert torch.allclose(eqt.MaskedPrediction(WINDOW_HEAD, TOKENS, MASK).value(h), by_hand, rtol=1e-13)
    early = eqt.MaskedPrediction(WINDOW_HEAD, TOKENS, MASK, position=4)
    assert early.mask.nonzero().flatten().tolist() == [0, 3]


def test_hidden_and_later_tokens_are_not_visible() -> None:
    net, h = eqt.MaskedMLP(5, D, 6, width=8), draw(1, D)
    seen = []
    head = lambda h, tokens, visible: (seen.append(visible), net(h, tokens, visible))[1]  # noqa: E731
    eqt.MaskedPrediction(head, TOKENS, MASK, position=5).value(h)
    assert seen[0].tolist() == [False, True, True, False, True, False]
    other = torch.where(seen[0], TOKENS, 0)
    assert torch.equal(net(h, TOKENS, seen[0]), net(h, other, seen[0]))
    visible_change = TOKENS.clone()
    visible_change[1] = 0
    assert not torch.equal(net(h, TOKENS, seen[0]), net(h, visible_change, seen[0]))
    nothing = torch.zeros(6, dtype=torch.bool)
    assert torch.isfinite(net(h, TOKENS, nothing)).all()


def test_resampled_masks_are_seeded_and_never_empty() -> None:
    h = draw(2, 500, D)
    draws = [eqt.ResampledMaskedPrediction(WINDOW_HEAD, TOKENS, seed=s) for s in (0, 0, 1)]
    values = [e.value(h) for e in draws]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])
    assert not torch.equal(draws[0].value(h), values[0]), "each evaluation draws again"
    mask = draws[0].counted_positions(h)
    assert mask.shape == (500, 6)
    assert bool(mask.any(-1).all())
    # P(hidden | not empty) = 0.15 / (1 - 0.85^6) = 0.2409; 3000 draws, five standard deviations.
    assert float(mask.double().mean()) == pytest.approx(0.15 / (1 - 0.85**6), abs=0.04)


def test_value_and_gradient_share_one_draw() -> None:
    h = draw(3, 40, D)
    for head in (WINDOW_HEAD, eqt.MaskedMLP(5, D, 6, width=8)):
        a, b = (eqt.ResampledMaskedPrediction(head, TOKENS, seed=7) for _ in range(2))
        value, gradient = a.value_and_gradient(h)
        fixed = b.fixed((40,))
        assert torch.allclose(value, fixed.value(h), rtol=1e-13)
        assert torch.allclose(gradient, fixed.gradient(h), rtol=1e-12, atol=1e-13)
    late = eqt.ResampledMaskedPrediction(HEAD, TOKENS, seed=0, position=torch.tensor([1, 6]))
    assert late.counted_positions(h[:2])[0].tolist() == [True] + [False] * 5
    assert late.select(torch.tensor([1])).value(h[:1]).shape == (1,)


def test_resampled_curvature_and_hessian() -> None:
    energy = eqt.ResampledMaskedPrediction(WINDOW_HEAD, TOKENS, seed=0, fraction=0.5)
    assert energy.curvature is not None
    values = torch.linalg.eigvalsh(energy.hessian(draw(4, 200, D)))
    assert float(values.max()) <= energy.curvature.highest
    assert float(values.min()) >= -1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, torch.zeros(6, dtype=torch.bool)), "got an empty mask"),
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, MASK, position=torch.tensor([6, 0])), "position must be"),
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, ~MASK, position=1), "got an empty mask"),
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, torch.stack([MASK, MASK & False])), "for every state"),
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, MASK.long()), "mask must be a boolean tensor.*int64"),
        (lambda: eqt.MaskedPrediction(HEAD, TOKENS, MASK[:3]), r"mask must have shape \(\.\.\., 6\)"),
        (lambda: eqt.ResampledMaskedPrediction(HEAD, TOKENS, 0, fraction=0.0), "fraction must be above 0"),
        (lambda: eqt.ResampledMaskedPrediction(HEAD, TOKENS, 0, fraction=1.5), "fraction must be"),
        (lambda: eqt.MaskedMLP(5, D, 4)(draw(5, D), TOKENS, MASK), "tokens must be at most 4"),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
