import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness
from eqt_theory.testing.adversary import Functions, _kinked, _Pieces, _quadratics, _Work, candidates, harmed
from eqt_theory.testing.faults import promises
from eqt_theory.testing.scope import find_scope


def _settings(solver):
    return find_scope(solver).corners[:4]


@pytest.mark.parametrize("kind", [_quadratics, _kinked])
def test_the_functions_of_a_batch_are_those_of_the_problems_made_of_them(kind):
    settings = _settings(promises.rate_right_at_its_border())
    functions: Functions = kind(settings, np.random.default_rng(0))
    gammas = np.array([s.gamma for s in settings])[functions.owner]
    start = torch.as_tensor(functions.start)
    together = eqt.Objective(_Pieces(functions, gammas, _Work(100)), torch.zeros_like(start), torch.as_tensor(gammas))
    here = start + 0.3
    for i in range(0, len(functions), 5):
        problem = functions.problem(i, gammas[i])
        alone = problem.objective()
        assert torch.equal(problem.starting_point(), start[i]) and np.allclose(problem.solution, 0)
        for name in ("gradient", "hessian"):
            assert torch.allclose(getattr(together, name)(here)[i], getattr(alone, name)(here[i]), rtol=1e-9)
        assert float(together.value(here)[i]) == pytest.approx(float(alone.value(here[i])), rel=1e-9)
        assert settings[functions.owner[i]].m <= problem.m <= problem.M <= settings[functions.owner[i]].M


def test_the_worst_comes_first_and_a_true_rate_is_reached_but_not_passed():
    for make, false in ((promises.rate_off_at_its_border, True), (promises.rate_right_at_its_border, False)):
        found, tried = candidates(make(), _settings(make()), 24, 0, 4000)
        assert tried > 100 and [c.harm for c in found] == sorted((c.harm for c in found), reverse=True)
        assert found[0].harm == pytest.approx(9 / 11 / 0.81 if false else 1, rel=1e-6)


def test_evaluations_run_out():
    rule = promises.rate_off_at_its_border()
    few, many = (candidates(rule, _settings(rule), 24, 0, n)[1] for n in (30, 4000))
    assert 0 < few < many
    assert candidates(eqt.StepRule(lambda o, h: 1 / 0), _settings(rule), 24, 0, 4000) == ([], 0)


def test_harm_is_what_was_measured_over_what_is_allowed():
    def said(**options):
        return Guarantee(0.5, Metric.DISTANCE, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, "here", **options)

    halves, slower = 0.5 ** np.arange(21.0), 0.7 ** np.arange(21.0)
    runs = np.stack([halves, slower, np.where(np.arange(21) < 5, 1.0, np.nan)], axis=-1)
    assert harmed(said(), runs) == pytest.approx([1, 1.4, np.inf])
    assert harmed(said(per_step=False, constant=2.0), runs) == pytest.approx([0.5, 1.4**20 / 2, np.inf])
    assert harmed(said(per_step=False, constant=None), runs) == pytest.approx([1 / 8, 1.4**10 / 8, np.inf])
    far = np.array([2.0, 1.0, 1.0])
    mixed = said(per_step=False, constant=2.0, first=Metric.GRADIENT)
    assert harmed(mixed, runs, far) == pytest.approx([0.25, 1.4**20 / 2, np.inf])
    falls = Guarantee(
        1.0, Metric.GAP, FunctionClass.CONVEX, Sharpness.UPPER, "here", False, 1.0, None, 2.0, 1.0, Metric.DISTANCE
    )
    squares = 1 / (np.arange(21.0) + 1) ** 2
    assert harmed(falls, np.stack([squares, 5 * squares], -1), np.array([1.0, 2.0])) == pytest.approx([1, 1.25])
