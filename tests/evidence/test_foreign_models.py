"""Functions as people have them, which torch differentiates in other ways or not at all: one clear error each."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, library

import eqt_theory as eqt

D = 3
BALL = eqt.Ball([0.0] * D, 1.0)
AT = torch.full((D,), 0.3, dtype=torch.float64)
META = torch.ones(D, device="meta", dtype=torch.float64)


@library.custom_op("eqt_tests::halved", mutates_args=())
def halved(x: Tensor) -> Tensor:
    return x.tanh() / 2


class WithoutContext(torch.autograd.Function):
    """As they were written before torch.func."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.tanh()

    @staticmethod
    def backward(ctx: Any, *grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad[0] * (1 - x.tanh().square())


def energy_of(fn: Callable[[Tensor], Tensor]) -> eqt.FunctionEnergy:
    return eqt.FunctionEnergy(fn, dim=D)


MAP_CALLS: dict[str, Callable[[Any], Any]] = {
    "check_lipschitz": lambda T: eqt.check_lipschitz(T, 0.6, BALL),
    "check_monotone": lambda T: eqt.check_monotone(T, -0.6, BALL),
    "check_contraction": lambda T: eqt.check_contraction(eqt.FixedPoint(T, dim=D), rate=0.6, domain=BALL),
    "measure_jacobian": lambda T: eqt.measure_jacobian(T, AT),
    "diagnose": lambda T: eqt.diagnose(eqt.FixedPoint(T, dim=D), steps=4, start=AT.expand(2, D)),
}
ENERGY_CALLS: dict[str, Callable[[eqt.Energy], Any]] = {
    "check_strong_convexity": lambda e: eqt.check_strong_convexity(e, -9.0, BALL, samples=4),
    "check_smoothness": lambda e: eqt.check_smoothness(e, 9.0, BALL, samples=4),
    "measure_curvature": lambda e: eqt.measure_curvature(e, AT),
    "check_map": lambda e: eqt.check_map(eqt.Objective(e, AT, gamma=1.0), AT),
    "solve": lambda e: eqt.solve(eqt.Objective(e, AT, gamma=1.0), eqt.GradientDescent(0.1)),
    "diagnose": lambda e: eqt.diagnose(eqt.Objective(e, AT.expand(2, D), gamma=1.0), 0.1, 2),
}


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("call", MAP_CALLS.values(), ids=MAP_CALLS)
def test_a_map_without_a_derivative_is_named(call):
    with pytest.raises(eqt.UsageError, match="T must be differentiable for products with its Jacobian"):
        call(halved)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("call", ENERGY_CALLS.values(), ids=ENERGY_CALLS)
@pytest.mark.parametrize("fn", [halved, WithoutContext.apply], ids=["an operator", "a function without context"])
def test_an_energy_without_a_derivative_says_what_to_write(call, fn):
    with pytest.raises(eqt.UsageError, match=r"give the torch\.autograd\.Function in it a setup_context"):
        call(energy_of(lambda h: fn(h).square().sum()))


def test_a_map_with_a_function_without_context_is_judged():
    def half(h: Tensor) -> Tensor:
        return WithoutContext.apply(h) / 2  # type: ignore[operator]

    assert eqt.check_lipschitz(half, 0.6, BALL).verdict is eqt.Verdict.SUPPORTED
    assert eqt.check_lipschitz(half, 0.4, BALL).verdict is eqt.Verdict.REFUTED


@pytest.mark.parametrize("call", ENERGY_CALLS.values(), ids=ENERGY_CALLS)
@pytest.mark.parametrize("kind", [torch.complex128, torch.int64])
def test_an_energy_that_is_no_real_number_is_named(call, kind):
    with pytest.raises(eqt.UsageError, match=f"must return .*number per state.*{kind}|got {kind}|one number per state"):
        call(energy_of(lambda h: h.square().sum().to(kind)))


@pytest.mark.parametrize("call", ENERGY_CALLS.values(), ids=ENERGY_CALLS)
def test_the_meta_device_holds_no_numbers(call):
    for energy in (
        eqt.SelfAttention(torch.ones(1, D, D, device="meta", dtype=torch.float64), 1),
        eqt.Quadratic(torch.ones(D, D, device="meta", dtype=torch.float64), META),
        energy_of(lambda h: (h * META).sum()),
    ):
        with pytest.raises(eqt.UsageError, match="meta"):
            call(energy)
    with pytest.raises(eqt.UsageError, match="SelfAttention must be on a device that holds numbers"):
        _ = eqt.SelfAttention(torch.ones(1, D, D, device="meta"), 2).curvature
    for other in (
        lambda: eqt.measure_curvature(energy_of(lambda h: h.square().sum()), META),
        lambda: eqt.measure_jacobian(torch.tanh, META),
        lambda: eqt.check_lipschitz(torch.nn.Linear(D, D, device="meta"), 1.0, BALL),
    ):
        with pytest.raises(eqt.UsageError, match="meta"):
            other()


@pytest.mark.parametrize("d", [D, 300])
def test_what_draws_random_numbers_is_not_measured(d: int):
    def noisy(h: Tensor) -> Tensor:
        return torch.nn.functional.dropout(h.sin() + 2, 0.5, training=True)

    at = torch.full((d,), 0.3, dtype=torch.float64)
    with pytest.raises(eqt.UsageError, match="noise, dropout or memory"):
        eqt.measure_jacobian(noisy, at)
    with pytest.raises(eqt.UsageError, match="noise, dropout or memory"):
        eqt.measure_curvature(eqt.FunctionEnergy(lambda h: noisy(h).square().sum()), at)


class Straight(torch.autograd.Function):
    """Another derivative than that of its values, as straight-through estimators have."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return (3 * x).tanh()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grad: Any) -> Any:
        return grad[0] / 10


UNTRUE: dict[str, Callable[[Tensor], Tensor]] = {
    "detach": lambda h: h.detach() / 2 + h / 10,
    "no_grad": torch.no_grad()(lambda h: torch.tanh(h)),
    "straight through": Straight.apply,  # type: ignore[dict-item]
}


@pytest.mark.parametrize("fn", UNTRUE.values(), ids=UNTRUE)
def test_a_derivative_that_is_not_that_of_the_map_is_no_measurement(fn):
    with pytest.raises(eqt.UsageError, match="derivatives by autograd are not those of its images"):
        eqt.measure_jacobian(fn, AT)
    found = eqt.diagnose(eqt.FixedPoint(fn, dim=D), steps=30, start=AT.expand(1, D))
    assert bool(found.radius.isnan().all())


@pytest.mark.parametrize("fn", UNTRUE.values(), ids=UNTRUE)
def test_of_a_gradient_that_is_not_that_of_the_values_no_equilibrium_is_known(fn):
    objective = eqt.Objective(energy_of(lambda h: (h - fn(h)).square().sum()), AT.expand(2, D), gamma=1.0)
    found = eqt.diagnose(objective, 0.1, 4)
    assert found.verdict[0].startswith("Gradient and value disagree: along a segment")
    assert found.overall.name == "UNKNOWN"
    assert not bool(found.found.any())
    assert not bool(found.at_proposal.known.any())


@pytest.mark.parametrize("fn", [torch.relu, torch.abs, lambda h: h.clamp(-0.1, 0.1), lambda h: h.round() / 2])
def test_kinks_and_steps_are_measured_where_they_are_none(fn):
    at = torch.tensor([0.3, -0.2, 0.0], dtype=torch.float64)
    assert eqt.measure_jacobian(fn, at).norm.high <= 1 + 1e-12


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_judged(dtype: torch.dtype):
    T = torch.nn.Linear(D, D).to(dtype)
    T.weight.data = torch.diag(torch.tensor([0.5, 0.25, 0.125])).to(dtype)

    def image(h: Tensor) -> Tensor:
        return T(h)

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = T

        def forward(self, h: Tensor) -> Tensor:
            return image(h)

    for question, steep, right in ((eqt.check_lipschitz, 0.25, 0.6), (eqt.check_monotone, 0.3, 0.1)):
        assert question(Hidden(), steep, BALL, samples=4).verdict is not eqt.Verdict.SUPPORTED
        assert question(Hidden(), right, BALL, samples=4).verdict is eqt.Verdict.SUPPORTED


def test_a_frozen_script_has_no_mode_and_is_measured():
    net = torch.nn.Sequential(torch.nn.Linear(D, D), torch.nn.Tanh()).double().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is on its way out
        frozen = torch.jit.freeze(torch.jit.script(net))
    found, truth = (eqt.measure_jacobian(T, AT) for T in (frozen, net))
    assert float(found.norm) == pytest.approx(float(truth.norm), rel=1e-12)


def test_attention_that_is_fused_is_measured_as_that_which_is_not():
    layer = torch.nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True).double()
    at = torch.linspace(-1, 1, 12, dtype=torch.float64).sin()

    def T(h: Tensor) -> Tensor:
        return layer(h.reshape(1, 3, 4)).reshape(-1)

    found = eqt.measure_jacobian(T, at)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        truth = torch.linalg.matrix_norm(torch.autograd.functional.jacobian(T, at), 2)
    assert found.norm.low <= float(truth) <= found.norm.high
    assert torch.backends.cuda.flash_sdp_enabled()


@pytest.mark.parametrize(
    ("energy", "at", "words"),
    [
        (eqt.FunctionEnergy(lambda h: -torch.log(h).sum()), -AT, "must be finite at the state"),
        (eqt.FunctionEnergy(lambda h: h.square().sum(), domain=eqt.Box([0.0] * D, [1.0] * D)), -AT, "domain"),
        (eqt.FunctionEnergy(lambda h: h.square().sum()), AT[:0], "d at least 1"),
    ],
)
def test_there_is_no_curvature_where_there_is_no_energy(energy: eqt.Energy, at: Tensor, words: str):
    with pytest.raises(eqt.UsageError, match=words):
        eqt.measure_curvature(energy, at)


def test_a_sparse_state_is_refused_after_a_dense_one_was_taken():
    energy = eqt.FunctionEnergy(lambda h: h.square().sum())
    eqt.measure_curvature(energy, AT)
    with pytest.raises(eqt.UsageError, match="dense"):
        eqt.measure_curvature(energy, AT.to_sparse())


def test_a_jacobian_is_that_of_a_finite_state():
    with pytest.raises(eqt.UsageError, match="finite"):
        eqt.measure_jacobian(lambda h: h / 2, torch.full_like(AT, torch.nan))
