import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.evidence.map.certify import certify_mode


def test_the_distance_is_a_bound():
    energy = eqt.Quadratic(torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64), torch.ones(2).double())
    obj = eqt.Objective(energy, torch.tensor([0.5, -1.0], dtype=torch.float64), 0.5)
    truth = torch.linalg.solve(obj.hessian(obj.proposal), 2 * obj.proposal - energy.b)
    for off in (1e-12, 1e-5, 1e-2):
        h = truth + torch.tensor([off, -off / 3], dtype=torch.float64)
        finding = certify_mode(obj, h.tolist(), 1.0)
        assert finding.verdict is Verdict.CERTIFIED
        assert float((h - truth).norm()) <= finding.enclosures["distance to the mode at most"] <= 10 * off
        assert certify_mode(obj, h.tolist(), off / 2) is None


def test_nothing_is_certified_without_strong_convexity_or_off_quadratics():
    saddle = eqt.Objective(eqt.Quadratic(-2 * torch.eye(1).double()), torch.zeros(1).double(), 1.0)
    assert certify_mode(saddle, [0.0], 1.0) is None
    flat = eqt.Objective(eqt.Quadratic(-torch.eye(1).double()), torch.zeros(1).double(), 1.0)
    assert certify_mode(flat, [0.0], 1.0) is None
    assert certify_mode(eqt.Objective(eqt.DoubleWell(), torch.ones(1).double(), 1.0), [1.0], 1.0) is None
