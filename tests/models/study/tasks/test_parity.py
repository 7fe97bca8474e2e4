import torch

from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.tasks.parity import TASK, draw
from eqt_theory.models.study.tasks.sequences import Split


def test_streams_and_reference() -> None:
    parts = {split: draw(50, 16, 3, split) for split in Split}
    assert torch.equal(parts[Split.TRAINING].tokens, parity_data(50, 16, 3).bits)
    assert torch.equal(parts[Split.TEST].tokens, parity_data(50, 16, 3, test=True).bits)
    assert not any(torch.equal(parts[Split.VALIDATION].tokens, parts[s].tokens) for s in (Split.TRAINING, Split.TEST))
    for data in parts.values():
        loop = [[sum(row[: t + 1]) % 2 for t in range(16)] for row in data.tokens.tolist()]
        assert data.targets.tolist() == loop
        assert torch.equal(TASK.reference(data.tokens), data.targets)
