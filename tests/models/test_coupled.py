"""The coupled model: causality, what its parts agree on, training, early stopping, what is refused."""

import dataclasses

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import GradientMode
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.standard import StandardTransformer, parameter_count

from .cases import small, tokens


def model(coupling: Coupling, **changes) -> CoupledTransformer:
    return CoupledTransformer(CoupledConfig(backbone=small(), coupling=coupling, ridge_rows=6, **changes), 3).double()


@pytest.mark.parametrize("coupling", Coupling)
def test_only_joint_coupling_looks_ahead(coupling: Coupling):
    m, x = model(coupling).eval(), tokens(small())
    other = x.clone()
    other[:, -1] = 1 - other[:, -1]
    with torch.no_grad():
        change = (m(x).logits - m(other).logits)[:, :-1].abs().max()
    assert (float(change) > 1e-6) == (coupling is Coupling.JOINT)


@pytest.mark.parametrize("coupling", Coupling)
def test_shapes_seeds_and_the_proposals(coupling: Coupling):
    m, x = model(coupling).eval(), tokens(small())
    standard = StandardTransformer(small(), 3).double().eval()
    with torch.no_grad():
        out = m(x)
        assert out.logits.shape == (3, 7, 2) and out.h.shape == (3, 7, 8) and out.energy is None
        assert torch.equal(m(x, steps=0).logits, standard(x))
        assert torch.equal(model(coupling).eval()(x).logits, out.logits)
        assert not torch.equal(m(x, steps=1).logits, m(x, steps=0).logits)


def test_a_model_config_is_taken_for_the_backbone():
    m = CoupledTransformer(eqt.ModelConfig(), 0)
    assert m.config.coupling is Coupling.CAUSAL
    assert parameter_count(m) == 26_690


@pytest.mark.parametrize("coupling", Coupling)
def test_many_steps_reach_the_equilibrium(coupling: Coupling):
    m, x = model(coupling, implicit_tolerance=1e-12).eval(), tokens(small())
    with torch.no_grad():
        f = m.propose(x)
        star = m.equilibrium(f)
        assert torch.allclose(m(x, steps=900).h, star, rtol=0, atol=1e-9)
        if coupling is Coupling.JOINT:
            phi = eqt.Objective(m.energy(f), f.flatten(-2), m.config.gamma)
            assert float(phi.gradient(star.flatten(-2)).abs().max()) < 1e-10


@pytest.mark.parametrize("coupling", Coupling)
def test_implicit_gradients_are_those_of_many_steps(coupling: Coupling):
    m, x = model(coupling, implicit_tolerance=1e-12), tokens(small())
    found = []
    for mode, steps in ((GradientMode.IMPLICIT, None), (GradientMode.UNROLLED, 900)):
        m.zero_grad()
        m.config = dataclasses.replace(m.config, gradient=mode)
        m.train()(x, steps=steps).logits.square().sum().backward()
        found.append([p.grad.clone() for p in m.parameters() if p.grad is not None])
    assert len(found[0]) == len(found[1])
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one, other, rtol=1e-6, atol=1e-8)


def test_a_game_that_does_not_settle_is_nan():
    m, x = model(Coupling.CAUSAL_RIDGE, implicit_steps=1, implicit_tolerance=1e-12).eval(), tokens(small())
    with torch.no_grad():
        assert bool(m.equilibrium(m.propose(x)).isnan().all())


@pytest.mark.parametrize("coupling", Coupling)
def test_early_stopping_keeps_its_word(coupling: Coupling):
    m, x = model(coupling, implicit_tolerance=1e-13).eval(), tokens(small())
    with torch.no_grad():
        f = m.propose(x)
        star, wanted = m.equilibrium(f), 1e-3
        found = m.stopped(f, 2000, wanted)
        left = (found.h - star).norm(dim=-1)
        left = left.square().sum(-1).sqrt() if coupling is Coupling.JOINT else left.amax(-1)
        assert bool((found.bound <= wanted).all()) and bool((left <= found.bound).all())
        assert int(found.steps.max()) < 2000
        assert torch.equal(m(x, steps=2000, stop_error=wanted).h, found.h)
        few = m.stopped(f, 1, 1e-12)
        assert bool((few.steps == 1).all())
        if coupling is not Coupling.FROZEN:
            assert bool((few.bound > 1e-12).all())


def test_early_stopping_allows_for_rounding():
    m = CoupledTransformer(CoupledConfig(backbone=small(), coupling=Coupling.CAUSAL), 3).eval()
    x = tokens(small())
    with torch.no_grad():
        f = m.propose(x)
        found = m.stopped(f, 50, 1e-12)
        twin = CoupledTransformer(m.config, 3).double().eval()
        star = twin.equilibrium(f.double())
    assert bool((found.bound > 0).all())
    assert bool(((found.h - star).norm(dim=-1).amax(-1) <= found.bound).all())


def test_states_hold_one_problem_per_sequence():
    m, x = model(Coupling.JOINT).eval(), tokens(small())
    states = m.states(x)
    phi = states.objective
    assert states.proposal.shape == (3, 56) and phi.batch_shape == (3,)
    assert (phi.m, phi.M) == (1, 65)
    with torch.no_grad():
        out = m(x)
        assert torch.allclose(states.refined, out.h.flatten(-2))
        assert torch.allclose(states.predict(states.refined), out.logits[:, -1])
    values = torch.linalg.eigvalsh(phi.hessian(states.proposal).detach())
    assert float(values.min()) >= 1 and float(values.max()) <= 65
    with pytest.raises(UsageError, match="needs joint coupling"):
        model(Coupling.CAUSAL).states(x)


def test_a_solver_of_ones_own():
    x, config = tokens(small()), CoupledConfig(backbone=small(), coupling=Coupling.JOINT)
    descent = CoupledTransformer(config, 3, solver=eqt.GradientDescent.optimal(1.0, 65.0)).double().eval()
    own = CoupledTransformer(config, 3, solver=eqt.Chebyshev(1.0, 65.0)).double().eval()
    plain = model(Coupling.JOINT).eval()
    with torch.no_grad():
        assert torch.allclose(own(x).h, plain(x).h, rtol=0, atol=1e-10)
        assert not torch.allclose(descent(x).h, plain(x).h, rtol=0, atol=1e-3)
        assert torch.allclose(descent(x, steps=900).h, plain(x, steps=300).h, rtol=0, atol=1e-8)
        with pytest.raises(UsageError, match="model's own steps"):
            own(x, stop_error=0.1)
    with pytest.raises(UsageError, match="joint coupling only"):
        CoupledTransformer(config.replace(coupling=Coupling.CAUSAL), solver=eqt.Newton())


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_steps_that_are_refused(steps: object):
    with pytest.raises(UsageError, match="steps must be an integer of at least 0"):
        model(Coupling.CAUSAL)(tokens(small()), steps=steps)
