"""What a model predicts: classes, hits and scores on predictions that are known."""

import math

import pytest
import torch
from torch import Tensor, nn

from eqt_theory.models.equilibrium import Output
from eqt_theory.models.study.measured import measure
from eqt_theory.models.study.tasks.sequences import Sequences, Task


class Fixed(nn.Module):
    """Logits that depend on the token alone; with steps, on K too."""

    def __init__(self, table: list[list[float]]) -> None:
        super().__init__()
        self.table = torch.tensor(table)

    def forward(self, tokens: Tensor, steps: int | None = None) -> Tensor | Output:
        logits = self.table[tokens] * (1 if steps is None else steps)
        return logits if steps is None else Output(logits, None, logits)


def unused(*_: object) -> Sequences:
    raise AssertionError


TASK = Task("invented", 2, 2, 3, (), unused, None, "")
DATA = Sequences(torch.tensor([[0, 1, 0], [1, 1, 0], [0, 0, 1]]), torch.tensor([[0, 1, 1], [1, 0, 0], [0, 0, 1]]))


@pytest.mark.parametrize("batch", [1, 2, 256])
def test_hits_and_bits(batch: int) -> None:
    model = Fixed([[math.log(3), 0.0], [0.0, math.log(3)]])
    found = measure(model, TASK, DATA, None, batch)
    assert torch.equal(found.classes, DATA.tokens)
    assert int(found.right.sum()) == 7
    # The class of the token has probability 3/4: seven times that, twice the other.
    assert found.score == pytest.approx((7 * math.log2(4 / 3) + 2 * math.log2(4)) / 9)
    assert measure(model, TASK, DATA, 0, batch).score == pytest.approx(1.0)
    assert measure(model, TASK, DATA, 50, batch).score > 10


def test_only_forecasts_that_count_are_scored() -> None:
    values = torch.full((3, 3), torch.nan, dtype=torch.float64)
    values[:, -1] = torch.tensor([2.0, 5.0, 1.0])
    task = Task("invented", 2, 2, 3, (), unused, None, "", unit="error", centres=lambda: torch.tensor([1.0, 3.0]))
    data = Sequences(DATA.tokens, DATA.targets, values)
    sure = Fixed([[1e3, 0.0], [0.0, 1e3]])
    # Tokens 0, 0, 1 at the end: forecasts 1, 1, 3.
    assert measure(sure, task, data, None).score == pytest.approx((1 + 4 + 2) / 3)
    assert measure(Fixed([[0.0, 0.0], [0.0, 0.0]]), task, data, None, 2).score == pytest.approx((0 + 3 + 1) / 3)
