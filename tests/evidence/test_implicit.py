import pytest
import torch

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict
from eqt_theory.evidence.implicit import check_gradients

generator = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


X = normal(3, 3)
PARAMETERS = {
    "proposal": normal(3),
    "gamma": torch.tensor(0.7, dtype=torch.float64),
    "A": (X @ X.mT) / 4 + 0.1 * torch.eye(3, dtype=torch.float64),
    "b": normal(3),
}


def build(p):
    return eqt.Objective(eqt.Quadratic(p["A"], p["b"]), p["proposal"], p["gamma"])


def test_all_three_agree_on_quadratics_and_elsewhere():
    assert check_gradients(build, PARAMETERS, eqt.GradientDescent(0.2), directions=2).verdict is Verdict.SUPPORTED

    def soft(p):
        energy = eqt.FunctionEnergy(lambda h: torch.nn.functional.softplus(p["W"] @ h).sum())
        return eqt.Objective(energy, p["proposal"], p["gamma"])

    parameters = {"proposal": normal(2), "gamma": PARAMETERS["gamma"], "W": normal(3, 2)}
    finding = check_gradients(soft, parameters, eqt.GradientDescent(0.2), directions=1, steps=150)
    assert finding.verdict is Verdict.SUPPORTED
    assert finding.examples == 6


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_dropped_dependence_is_refuted(name):
    # For the proposal this is (Eq. 19) as printed.
    def broken(p):
        return build({**p, name: p[name].detach()})

    finding = check_gradients(broken, PARAMETERS, eqt.GradientDescent(0.2), directions=1)
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness["parameter"] == name
    assert finding.witness["claimed"] == 0


class HalfGradient(eqt.Energy):
    """Its gradient is right in value; the graph of its parameter carries half."""

    def __init__(self, b):
        self.b = b

    def value(self, h):
        return (0.5 * h.square() + self.b * h).sum(-1)

    def gradient(self, h):
        return h + (self.b + self.b.detach()) / 2


def test_a_gradient_with_a_wrong_graph_is_refuted():
    def wrong(p):
        return eqt.Objective(HalfGradient(p["b"]), p["proposal"], 1.0)

    parameters = {"b": normal(2), "proposal": normal(2)}
    finding = check_gradients(wrong, parameters, eqt.GradientDescent(0.4), directions=1)
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness["claimed"] == pytest.approx(finding.witness["finite difference"] / 2, rel=1e-5)


def test_the_unrolled_way_is_judged_too():
    class Forgetful(eqt.Energy):
        """The Hessian is right, so the implicit way is; the graph of the state is cut in the gradient."""

        def value(self, h):
            return 0.5 * h.square().sum(-1)

        def gradient(self, h):
            return h.detach() + 0 * h

        def hessian_vector(self, h, v):
            return v

        def hessian(self, h):
            return torch.eye(h.shape[-1], dtype=h.dtype)

    finding = check_gradients(
        lambda p: eqt.Objective(Forgetful(), p["f"], 1.0), {"f": normal(2)}, eqt.GradientDescent(0.4), directions=1
    )
    assert finding.verdict is Verdict.REFUTED
    assert "unrolled" in finding.detail


def test_what_cannot_be_told_is_inconclusive():
    short = check_gradients(build, PARAMETERS, eqt.GradientDescent(0.2), steps=20, directions=1)
    assert short.verdict is Verdict.INCONCLUSIVE
    diverging = check_gradients(build, PARAMETERS, eqt.GradientDescent(3.0), steps=20, directions=1)
    assert diverging.verdict is Verdict.INCONCLUSIVE
    concave = {**PARAMETERS, "A": -5 * torch.eye(3, dtype=torch.float64)}
    assert check_gradients(build, concave, eqt.GradientDescent(0.2)).verdict is Verdict.INCONCLUSIVE


def test_bad_arguments_and_purity():
    solver = eqt.GradientDescent(0.2)
    with pytest.raises(UsageError, match="at least one"):
        check_gradients(build, {}, solver)
    with pytest.raises(UsageError, match="float64"):
        check_gradients(build, {"b": torch.zeros(3)}, solver)
    with pytest.raises(UsageError, match="one state"):
        check_gradients(lambda p: build({**PARAMETERS, **p}), {"proposal": normal(2, 3)}, solver)
    before = {k: v.clone() for k, v in PARAMETERS.items()}
    first, second = (check_gradients(build, PARAMETERS, solver, 3, directions=1) for _ in range(2))
    assert first.detail == second.detail
    assert all(torch.equal(before[k], v) for k, v in PARAMETERS.items())
