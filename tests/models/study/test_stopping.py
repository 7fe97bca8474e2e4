"""Stopping: courses of a model against its own steps, rules and returns on invented courses with known answers."""

import pytest
import torch

from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.study.stopping import RULES, Course, Rule, best_rule, end, enough, follow
from eqt_theory.models.study.tasks.parity import draw
from eqt_theory.models.study.tasks.sequences import Split

from ..cases import small

RULE = {rule.name: rule for rule in RULES}


def invented() -> Course:
    """Two sequences: one right from step 1 on, one from step 3."""
    right = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [1.0, 1.0], [1.0, 1.0]]).double()
    changed = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.5], [0.0, 0.5], [0.0, 0.0]]).double()
    moved = torch.tensor([[torch.inf, torch.inf], [0.5, 0.5], [0.05, 0.2], [1e-4, 0.05], [1e-6, 1e-6]]).double()
    bound = torch.tensor([[9.0, 9.0], [2.0, 5.0], [0.5, 2.0], [0.05, 0.5], [0.001, 0.05]]).double()
    return Course(right, moved, bound, changed)


@pytest.mark.parametrize(
    ("rule", "steps", "accuracy"),
    [
        ("K = 0", 0.0, 0.0),
        ("K = 2", 2.0, 0.75),
        ("K = 64", 4.0, 1.0),
        ("certified distance below 1", 2.5, 1.0),
        ("certified distance below 0.01", 4.0, 1.0),
        ("relative step below 0.1", 2.5, 1.0),
        ("no prediction changes in a step", 1.5, 0.5),
        ("none changes in two steps", 3.5, 1.0),
    ],
)
def test_rules_end_each_sequence_for_itself(rule: str, steps: float, accuracy: float) -> None:
    found = end(invented(), RULE[rule])
    assert (found.mean_steps, found.accuracy) == (steps, accuracy)


def test_the_best_rule_loses_nothing_and_takes_the_fewest_steps() -> None:
    course = invented()
    assert best_rule(course).name in ("certified distance below 1", "relative step below 0.1")
    assert best_rule(course, allowed=0.3).name == "certified distance below 3"
    assert best_rule(course, allowed=1.0).name == "K = 0"
    early = Rule("at once", lambda c: torch.ones_like(c.right, dtype=torch.bool))
    assert best_rule(course, (early, RULE["K = 4"])).name == "K = 4", "what is not accurate is not chosen"


def test_diminishing_returns() -> None:
    course = invented()
    assert (enough(course, 0.5), enough(course, 0.75), enough(course, 1.0)) == (1, 2, 3)
    flat = Course(torch.ones(3, 2), course.moved[:3], course.bound[:3], course.changed[:3])
    assert enough(flat, 0.5) is None


@pytest.mark.parametrize("coupling", [Coupling.CAUSAL, Coupling.CAUSAL_RIDGE, Coupling.JOINT])
def test_a_course_is_that_of_the_model(coupling: Coupling) -> None:
    model = CoupledTransformer(CoupledConfig(backbone=small(vocabulary=2, classes=2), coupling=coupling), 3).eval()
    data = draw(6, 7, 1, Split.TEST)
    course = follow(model, data, 40)
    for k in (0, 1, 5, 40):
        logits = model(data.tokens, steps=k).logits
        share = (logits.argmax(-1) == data.targets).double().mean(-1)
        assert torch.equal(course.right[k], share)
    with torch.no_grad():
        f = model.propose(data.tokens)
        far = model.steps(f).run(3000)
        norm = (
            (lambda x: x.flatten(1).norm(dim=-1)) if coupling is Coupling.JOINT else (lambda x: x.norm(dim=-1).amax(-1))
        )
        away = norm(model.steps(f).run(5) - far)
    assert bool((course.bound[5] >= away - 1e-5).all()), "the bound holds"
    assert bool((course.bound[40] < course.bound[5]).all())
    stopped = model.stopped(f, 40, 0.5)
    done = end(course, Rule("stop_error", lambda c: c.bound <= 0.5))
    assert float(stopped.steps.double().mean()) == pytest.approx(done.mean_steps)
