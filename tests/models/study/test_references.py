"""Against exact inference: shares of agreement by hand, what looks ahead apart, the questions of decoding."""

import dataclasses

import pytest
import torch

from eqt_theory.models.study.paired import conclusions
from eqt_theory.models.study.references import against_exact_inference, agreeing, at_the_questions, best_answers
from eqt_theory.models.study.repaired import TASKS, RepairArm, RepairRun
from eqt_theory.models.study.tasks import decoding
from eqt_theory.models.study.tasks.sequences import Split

from .invented import invented

NOISY = TASKS["noisy-parity"]


def run(arm: RepairArm, seed: int, agreement: tuple[int, ...], reference: int = 90) -> RepairRun:
    made = invented(arm, seed, 60, None if len(agreement) == 1 else 40)
    return dataclasses.replace(made, task="noisy-parity", agreement=agreement, reference=reference)


RUNS = [run(RepairArm.STANDARD, s, (70,)) for s in range(3)] + [
    run(RepairArm.CAUSAL, s, (50, 80 + s, 84 + s)) for s in range(3)
]


def test_shares_by_hand() -> None:
    assert agreeing(RUNS[-1], 0) == 0.5 and agreeing(RUNS[-1], 128) == 0.86
    shares, moves = against_exact_inference(NOISY, RUNS)
    assert shares == (
        "Predictions that are those of the Bayes filter, in %: standard 70.00; causal 50.00 at K = 0, 81.00 at K = 8, "
        "85.00 at K = 128."
    )
    assert "change by causal +4.00 [4.00, 4.00] points" in moves


def test_runs_of_before_agreement_was_kept_say_nothing() -> None:
    assert against_exact_inference(NOISY, [*RUNS, dataclasses.replace(RUNS[0], seed=9, agreement=())]) == []


def test_what_looks_ahead_has_an_answer_of_its_own() -> None:
    assert best_answers(NOISY, RUNS).endswith("is right at 90.00 % from the tokens so far.")
    ahead = [run(RepairArm.JOINT, s, (50, 80, 84), 95) for s in range(3)]
    both = best_answers(NOISY, RUNS + ahead)
    assert "90.00 % from the tokens so far, and at 95.00 % from whole sequences" in both
    assert any("compare what is not alike" in said for said in conclusions(RUNS + ahead))
    assert not any("compare what is not alike" in said for said in conclusions(RUNS))
    assert not any("solve parity" in said for said in conclusions(RUNS))


def test_the_questions_of_decoding() -> None:
    count, length = 200, 28
    data = decoding.draw(count, length, 5, Split.TEST)
    asked = data.tokens == decoding.ASK
    # A model that answers every question rightly, and nothing else.
    row = tuple(count * int(place) for place in asked[0])
    made = dataclasses.replace(
        invented(RepairArm.STANDARD, 5, 60), task="decode", sequences=count, by_position=(row, row), positions=1
    )
    said = at_the_questions([made])
    assert said.endswith("standard 100.00, each at its own K.")
    figures = [float(part.rsplit(" ", 1)[1]) for part in said.split(": ")[1].split(";")[0].split(", ")]
    best = 100 * float((decoding.exact_map(data.tokens) == data.targets)[asked].double().mean())
    assert figures[0] == pytest.approx(best, abs=0.01)
    assert figures[2] == pytest.approx(100 * (1 - decoding.NOISE), abs=1.5)
    assert figures[0] >= figures[1] - 0.5 and figures[1] > figures[2]
    assert torch.equal(asked.reshape(count, 2, 14)[:, :, 7:], torch.ones(count, 2, 7, dtype=torch.bool))
