import pytest
import torch
from energies.cases import HEAD, D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_which_piece_is_used_is_stated() -> None:
    active = eqt.Confidence(HEAD)
    h = draw(0, 6, D)
    frozen = active.freeze(h)
    assert (active.rule, frozen.rule) == (eqt.Piece.ACTIVE, eqt.Piece.FROZEN)
    assert frozen.piece is not None
    assert torch.equal(frozen.piece, HEAD(h).argmax(-1))
    assert torch.equal(frozen.value(h), active.value(h))
    assert torch.equal(frozen.gradient(h), active.gradient(h))


@pytest.mark.parametrize("kind", [eqt.Confidence, eqt.PredictiveError])
def test_the_active_piece_is_the_least(kind: type[eqt.Confidence]) -> None:
    h = draw(1, 50, D)
    pieces = torch.stack([kind(HEAD, i).value(h) for i in range(5)])
    assert torch.equal(kind(HEAD).value(h), pieces.amin(0))


def test_tie_has_a_kink_and_takes_the_lowest_index() -> None:
    head = eqt.LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    energy = eqt.Confidence(head)
    zero, right, left = (torch.tensor([x], dtype=torch.float64) for x in (0.0, 1e-9, -1e-9))
    assert float(energy.margin(zero)) == 0.0
    assert float(energy.gradient(right)) == pytest.approx(-1.0)
    assert float(energy.gradient(left)) == pytest.approx(1.0), "kinked downwards"
    assert torch.equal(energy.gradient(zero), eqt.Confidence(head, 0).gradient(zero))
    assert energy.curvature is None, "no finite weak convexity across a tie"
    assert eqt.Confidence(head, 0).curvature is not None
    assert eqt.Confidence(lambda h: head(h), 0).curvature is None


def test_function_heads_agree_with_linear_ones() -> None:
    h = draw(2, 4, D)
    for kind in (eqt.Confidence, eqt.PredictiveError):
        closed, plain = kind(HEAD), kind(lambda x: HEAD.weight @ x + HEAD.bias)
        assert torch.allclose(closed.value(h), plain.value(h))
        assert torch.allclose(closed.gradient(h), plain.gradient(h))
        assert torch.allclose(closed.hessian(h), plain.hessian(h))


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (5, "piece must be a class from 0 to 4, got 5"),
        (-1, "piece must be an integer of at least 0"),
        (torch.tensor([0, 9]), "piece must be a class from 0 to 4"),
        (1.0, "piece must be"),
        (torch.tensor([0.0]), "piece must be"),
        (True, "piece must be"),
    ],
)
def test_bad_pieces(piece, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        eqt.Confidence(HEAD, piece)


def test_bad_piece_of_a_function_head_is_found_on_use() -> None:
    energy = eqt.PredictiveError(lambda h: 2 * h, 7)
    with pytest.raises(UsageError, match="piece must be a class from 0 to 2"):
        energy.value(draw(3, 2, D))


def test_active_piece_has_no_twin() -> None:
    import sympy

    with pytest.raises(UsageError, match="freeze"):
        eqt.Confidence(HEAD).symbolic(sympy.symbols("h:3"))


def test_positional_weights_are_refused() -> None:
    with pytest.raises(UsageError, match=r"shape \(V, d\)"):
        eqt.Confidence(eqt.LinearHead(draw(4, 2, 5, 3)))
