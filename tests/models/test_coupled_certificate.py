"""Certificates of coupled models: exact numbers, kernel-checked norms, measured spectra inside, planted faults."""

from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_certificate import ridge_norm, root_rate
from eqt_theory.models.coupled_config import CoupledConfig, Coupling

from .cases import small, tokens


def model(coupling: Coupling, **changes) -> CoupledTransformer:
    config = CoupledConfig(backbone=small(), coupling=coupling, ridge_rows=6, **changes)
    m = CoupledTransformer(config, 3).double().eval()
    with torch.no_grad():  # as far as training may take them
        m.couple.weight.mul_(5)
        if coupling is Coupling.CAUSAL_RIDGE:
            m.rows.mul_(20)
            m.height.add_(3)
    return m


def test_the_causal_factor_is_exact():
    found = model(Coupling.CAUSAL).certificate()
    assert (found.m, found.M, found.rate, found.memory) == (17, 17, Fraction(16, 17), Fraction(16, 17))
    assert found.per_step and found.exact_after_n and found.constant == 1


@pytest.mark.parametrize("gamma", [1.0, 0.3])
def test_the_joint_constants_are_exact_and_the_root_is_rounded_up(gamma: float):
    m = model(Coupling.JOINT, gamma=gamma, strength=5.0)
    found = m.certificate()
    low, high = 1 / Fraction(gamma), 1 / Fraction(gamma) + 20
    assert (found.m, found.M) == (low, high)
    # rate = (q - 1)/(q + 1) with q^2 not below M/m.
    q = (1 + found.rate) / (1 - found.rate)
    assert high / low <= q**2 <= high / low * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("strength", [0.3, 1.0, 16.0])
def test_no_chain_remembers_more_per_position(strength: float):
    """h_n given h_(n-1) is that of the causal game: the root's rate, right far from the ends, would be too little."""
    found = model(Coupling.JOINT, strength=strength).certificate()
    worst, drawn = 0.0, torch.rand(6, 1, generator=torch.Generator().manual_seed(1))
    for couplings in (torch.ones(6, 1), drawn, torch.eye(6)[:, 3:4]):
        chain = eqt.CoupledChain(couplings.double(), torch.zeros(1).double(), strength)
        J = torch.func.jacrev(lambda f, chain=chain: chain.equilibrium(f, 1.0))(torch.zeros(6).double())
        for s in range(6):
            ratios = J[s + 1 :, s].abs() / J[s:-1, s].abs().clamp(min=1e-300)
            worst = max(worst, float(torch.cat([ratios, torch.zeros(1).double()]).max()))
    assert worst <= float(found.memory) * (1 + 1e-12) < 1
    assert worst >= float(found.memory) * (1 - 1e-12) > float(root_rate(found.m, found.M))


def test_a_rate_that_is_not_below_1_ends_no_run_early():
    """The kernel's bound on the ridge norm lies 2^-20 above it; for gamma = 10^6 that is more than 1/gamma."""
    config = CoupledConfig(backbone=small(), coupling=Coupling.CAUSAL_RIDGE, ridge_rows=8, gamma=1e6)
    m = CoupledTransformer(config, 3).eval()
    with torch.no_grad():
        m.rows.copy_(100 * torch.eye(8))
        m.height.fill_(40.0)
        f = m.propose(tokens(small()))
    assert m.certificate().rate >= 1
    found = m.stopped(f, 4, 0.01)
    assert bool((found.bound == torch.inf).all()) and found.steps.tolist() == [4, 4, 4]


def test_measured_spectra_lie_inside_and_nothing_smaller_would_do():
    m = model(Coupling.JOINT)
    x = tokens(small(), 4, 30)
    states = m.states(x)
    found = eqt.diagnose(states.objective, states.step_size, 8, states.predict, solver=states.solver)
    certified = m.certificate()
    for spectrum in (found.at_proposal, found.at_star):
        assert certified.m <= float(spectrum.lambda_min.min())
        assert float(spectrum.lambda_max.max()) <= certified.M
    with torch.no_grad():  # couplings of 1: the constants are nearly attained
        m.couple.bias.fill_(50)
    values = torch.linalg.eigvalsh(m.states(x).objective.hessian(states.proposal).detach())
    assert float(values.max()) > 0.99 * certified.M


def test_the_ridge_norm_is_checked_by_the_kernel():
    m = model(Coupling.CAUSAL_RIDGE)
    found = m.certificate()
    assert found.certificate is not None and "lie in [0" in found.certificate.shows
    rows, v = m.ridge_weights()
    norm = float(torch.linalg.matrix_norm((rows.mT @ (v.unsqueeze(-1) / 4 * rows)).detach(), 2))
    assert 0 < float(found.M - found.m) - norm < 1e-4 * norm
    assert found.rate < 1
    lower = {**found.certificate.data, "high": str(Fraction(norm) * Fraction(999, 1000))}
    with pytest.raises(CertificateRejected):
        _ = Certificate(lower).shows


def test_the_ridge_factor_holds_on_the_model_itself():
    m = model(Coupling.CAUSAL_RIDGE)
    factor = float(m.certificate().rate)
    with torch.no_grad():
        steps = m.steps(m.propose(tokens(small())))
        generator = torch.Generator().manual_seed(0)
        for _ in range(20):
            one, other = (torch.randn(3, 7, 8, generator=generator, dtype=torch.float64) for _ in range(2))
            before = (one - other).norm(dim=-1).amax(-1)
            after = (steps(one) - steps(other)).norm(dim=-1).amax(-1)  # pyright: ignore[reportCallIssue]
            assert bool((after <= factor * before).all())


def test_any_solver_that_certifies():
    config = CoupledConfig(backbone=small(), coupling=Coupling.JOINT)
    found = CoupledTransformer(config, solver=eqt.GradientDescent.optimal(1.0, 65.0)).certificate()
    assert found.certificate is not None and found.certificate.kind == "rate"
    assert abs(found.rate - Fraction(32, 33)) < Fraction(1, 10**6)
    for solver in (eqt.GradientDescent(1.0), eqt.Newton(), eqt.Chebyshev(1.0, 64.0)):
        with pytest.raises(UsageError, match="nothing certifies"):
            CoupledTransformer(config, solver=solver).certificate()


def test_negative_weights_are_rejected_by_the_kernel():
    with pytest.raises(CertificateRejected):
        ridge_norm(torch.eye(2).double(), torch.tensor([1.0, -1.0]).double())


def test_weights_that_are_not_finite():
    m = model(Coupling.CAUSAL)
    with torch.no_grad():
        m.anchor[0] = torch.nan
    with pytest.raises(UsageError, match="anchor is not"):
        m.certificate()


@pytest.mark.parametrize("coupling", Coupling)
def test_in_words_and_as_json(coupling: Coupling):
    found = model(coupling).certificate()
    assert coupling.name.lower() in str(found)
    assert Fraction(found.to_dict()["rate"]) == found.rate


def test_roots_that_are_rational():
    assert 0 <= root_rate(Fraction(1), Fraction(9)) - Fraction(1, 2) < Fraction(1, 10**12)
