"""Planted refinements: one that oscillates, one that is inert, one that converges, one without an equilibrium."""

import json

import pytest
import torch
from torch import Tensor, nn

from eqt_theory import Energy, FunctionEnergy, HeavyBall, Objective, Quadratic, UsageError, diagnose
from eqt_theory.evidence.diagnosis import Behaviour


def proposals(count: int = 6, d: int = 4) -> Tensor:
    return torch.randn(count, d, generator=torch.Generator().manual_seed(3), dtype=torch.float64) + 2


def bowl(*curvatures: float) -> Quadratic:
    return Quadratic(torch.diag(torch.tensor(curvatures, dtype=torch.float64)))


def test_a_refinement_that_converges():
    found = diagnose(Objective(bowl(1, 2, 3, 4), proposals()), 0.3, 8)
    assert set(found.behaviour) == {Behaviour.CONVERGES}
    assert found.overall is Behaviour.CONVERGES
    # Phi has eigenvalues 2 to 5, and 2 and 5 give the factors 0.4 and 0.5.
    assert found.at_star.lambda_min.tolist() == pytest.approx([2] * 6)
    assert found.at_proposal.lambda_max.tolist() == pytest.approx([5] * 6)
    assert found.predicted is not None
    assert found.predicted.tolist() == pytest.approx([0.5] * 6)
    assert bool((found.observed <= 0.5 + 1e-9).all())
    assert found.guaranteed == pytest.approx(0.5)
    assert float(found.at_star.safe_step.min()) == pytest.approx(0.4)
    assert found.bound is not None
    assert bool((found.errors[8] <= found.bound).all())
    assert bool((found.errors[8] <= found.estimate * (1 + 1e-9)).all())


def test_the_equilibrium_and_the_errors_are_the_true_ones():
    f = proposals()
    found = diagnose(Objective(bowl(1, 2, 3, 4), f, gamma=0.5), 0.1, 3)
    star = f / (1 + 0.5 * torch.tensor([1.0, 2, 3, 4], dtype=torch.float64))
    torch.testing.assert_close(found.errors[0], (f - star).norm(dim=-1), rtol=1e-8, atol=1e-8)
    factor = 1 - 0.1 * (torch.tensor([1.0, 2, 3, 4], dtype=torch.float64) + 2)
    torch.testing.assert_close(found.errors[3], ((f - star) * factor**3).norm(dim=-1), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("step_size", [0.45, 2.0])
def test_a_step_above_2_over_M_oscillates(step_size: float):
    found = diagnose(Objective(bowl(1, 2, 3, 4), proposals()), step_size, 8)
    assert found.overall is Behaviour.OSCILLATES
    assert set(found.behaviour) == {Behaviour.OSCILLATES}
    assert found.to_dict()["at_equilibrium"]["step_above_2_over_M"] == 1
    assert "Set the step size below 0.4" in found.advice[0]


def test_a_bounded_two_cycle_oscillates_and_a_smaller_step_does_not():
    energy = FunctionEnergy(lambda h: 5 * torch.cosh(h).log().sum(-1))
    assert diagnose(Objective(energy, proposals()), 0.9, 8).overall is Behaviour.OSCILLATES
    assert diagnose(Objective(energy, proposals()), 0.2, 20).overall is Behaviour.CONVERGES


def test_the_advised_step_size_and_number_of_steps_converge():
    objective = Objective(bowl(0.1, 2, 3, 40), proposals())
    advice = " ".join(diagnose(objective, 0.3, 8).advice)
    words = advice.replace(",", "").split()
    step, steps = float(words[words.index("With") + 3]), int(words[words.index("steps") - 1])
    assert diagnose(objective, step, steps).overall is Behaviour.CONVERGES


def test_an_inert_refinement():
    found = diagnose(Objective(FunctionEnergy(lambda h: 1e-5 * h.square().sum(-1)), proposals()), 0.1, 8)
    assert found.overall is Behaviour.INERT
    assert set(found.behaviour) == {Behaviour.INERT}
    assert float(found.moved.max()) < 1e-4
    assert any("K = 0" in line for line in found.advice)
    assert str(found).splitlines() == [*found.verdict, *(f"- {line}" for line in found.advice)]


def test_a_slow_refinement_is_under_way_and_a_small_relative_change_misleads():
    found = diagnose(Objective(bowl(1, 1, 1, 1), proposals()), 1e-4, 8)
    assert found.overall is Behaviour.UNDERWAY
    assert found.fired.tolist() == [0] * 6
    assert not bool(found.fired_rightly().any())
    assert not bool(found.fired_rightly(way=True).any())
    assert any("wrong about convergence on 100 %" in line for line in found.verdict)


def test_a_small_relative_change_is_right_where_steps_are_large():
    found = diagnose(Objective(bowl(1, 1, 1, 1), proposals()), 0.4, 30)
    assert bool(found.fired_rightly().all())
    assert bool((found.fired > 0).all())


def test_without_an_equilibrium_nothing_is_said():
    energy = FunctionEnergy(lambda h: -5 * h.square().sum(-1))
    found = diagnose(Objective(energy, proposals()), 0.1, 8)
    assert found.overall is Behaviour.UNKNOWN
    assert not bool(found.found.any())
    assert bool(torch.isnan(found.errors).all())
    summary = found.to_dict()
    assert summary["at_equilibrium"]["known"] == 0
    assert summary["at_equilibrium"]["strongly_convex"] is None
    assert summary["relative_change"]["right"] is None
    assert summary["at_proposal"]["strongly_convex"] == 0
    # The energy's curvature is -10, so any gamma below 1/10 makes Phi convex.
    assert summary["at_proposal"]["largest_safe_gamma"] == pytest.approx(0.1)
    assert any("Set gamma below 0.1" in line for line in found.advice)


def test_tokens_without_an_equilibrium_are_counted_apart():
    energy = FunctionEnergy(lambda h: -torch.relu(h[..., 0]).pow(3) + h.square().sum(-1))
    f = torch.zeros(4, 2, dtype=torch.float64)
    f[:, 0] = torch.tensor([-1.0, 0.5, 4.0, 5.0])
    found = diagnose(Objective(energy, f), 0.1, 40)
    assert found.found.tolist() == [True, True, False, False]
    assert found.behaviour[:2] == (Behaviour.CONVERGES,) * 2
    assert found.behaviour[2:] == (Behaviour.UNKNOWN,) * 2


def test_a_wrong_gradient_formula_does_not_pass_for_an_equilibrium():
    class Wrong(Energy):
        def value(self, h: Tensor) -> Tensor:
            return h.square().sum(-1)

        def gradient(self, h: Tensor) -> Tensor:
            return 3 * h

    assert not bool(diagnose(Objective(Wrong(), proposals()), 0.1, 8).found.any())


def test_changed_predictions_are_counted_for_better_and_worse():
    f = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    head = nn.Linear(2, 2, bias=False).double()
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    pull = Quadratic(10 * torch.eye(2, dtype=torch.float64), torch.tensor([10.0, 0.0], dtype=torch.float64))
    found = diagnose(Objective(pull, f), 0.05, 30, head, torch.tensor([1, 1, 0]))
    p = found.predictions
    assert p is not None
    # All are drawn to the left, where class 1 is predicted.
    assert p.changed.tolist() == [True, False, True]
    assert (p.better, p.worse) == (1, 1)
    assert found.overall is Behaviour.CONVERGES
    assert found.to_dict()["predictions"]["changed"] == int(p.changed.sum())


def test_a_batch_of_any_shape_is_taken_token_by_token():
    f = proposals(6)
    flat = diagnose(Objective(bowl(1, 2, 3, 4), f), 0.1, 4).to_dict()
    shaped = diagnose(Objective(bowl(1, 2, 3, 4), f.reshape(2, 3, 4)), 0.1, 4).to_dict()
    assert flat == shaped


def test_another_solver_is_run_as_it_is_and_nothing_is_predicted_for_it():
    found = diagnose(Objective(bowl(1, 2, 3, 4), proposals()), 0.3, 12, solver=HeavyBall(0.3, 0.2))
    assert found.overall is Behaviour.CONVERGES
    assert found.predicted is None
    assert found.to_dict()["contraction"]["predicted"] is None


def test_the_summary_is_json_and_reproducible():
    objective = Objective(bowl(1, 2, 3, 4), proposals())
    texts = [json.dumps(diagnose(objective, 0.1, 8).to_dict(), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]


def test_no_steps_is_a_diagnosis_too():
    found = diagnose(Objective(bowl(1, 2, 3, 4), proposals()), 0.1, 0)
    assert found.moved.tolist() == [0] * 6
    assert bool(torch.isnan(found.observed).all())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f.float(), {}), "float64"),
        (lambda f: (f[:0], {}), "at least one state"),
        (lambda f: (f * torch.nan, {}), "finite"),
        (lambda f: (f, {"targets": torch.zeros(6, dtype=torch.long)}), "predict"),
        (lambda f: (f, {"predict": lambda h: h, "targets": torch.zeros(5, dtype=torch.long)}), "targets must be"),
        (lambda f: (f, {"predict": lambda h: h.argmax(-1)}), "logits"),
        (lambda f: (f, {"threshold": 0.0}), "threshold"),
    ],
)
def test_bad_input_is_one_clear_error(change, message: str):
    f, options = change(proposals())
    energy = FunctionEnergy(lambda h: h.square().sum(-1))
    with pytest.raises(UsageError, match=message):
        diagnose(Objective(energy, f), 0.1, 8, **options)


def test_one_state_is_a_batch_of_one():
    energy, f = bowl(1, 2, 3, 4), proposals(1)
    one, many = (diagnose(Objective(energy, h), 0.3, 8) for h in (f[0], f))
    assert one.behaviour == many.behaviour and torch.equal(one.errors, many.errors)
