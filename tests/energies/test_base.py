import math

import pytest
import sympy
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError

from .cases import BATCHED, DEVICES, SHARED, TWINS, D, N, draw, spd, states


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-10) -> None:
    a, b = a.detach(), b.detach()
    assert a.shape == b.shape
    assert torch.isfinite(a).all()
    assert float((a - b).abs().max()) <= tolerance * (1 + float(b.abs().max()))


class ByAutograd(eqt.Energy):
    """The same value, without any closed form."""

    def __init__(self, energy: eqt.Energy) -> None:
        self.energy = energy

    def value(self, h: torch.Tensor) -> torch.Tensor:
        return self.energy.value(h)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", SHARED)
def test_closed_forms_agree_with_autograd(name: str, device: str) -> None:
    energy = SHARED[name]()
    if name != "weights":
        energy = energy.to(device)
    h = states(name, 4, 2).to(device if name != "weights" else "cpu")
    plain = ByAutograd(energy)
    close(energy.gradient(h), plain.gradient(h))
    close(energy.hessian(h), plain.hessian(h))
    value, gradient = energy.value_and_gradient(h)
    close(value, energy.value(h), 1e-14)
    close(gradient, energy.gradient(h), 1e-14)
    v = draw(71, 4, 2, D).to(h.device)
    close(energy.hessian_vector(h, v), (energy.hessian(h) @ v.unsqueeze(-1)).squeeze(-1))
    assert torch.allclose(energy.hessian(h), energy.hessian(h).mT, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", SHARED)
def test_gradient_agrees_with_central_differences(name: str) -> None:
    # Autograd of a wrong value would agree with itself, so differences of values are the oracle here.
    energy, h, step = SHARED[name](), states(name), 1e-5
    eye = step * torch.eye(D, dtype=torch.float64)
    differences = (energy.value(h + eye) - energy.value(h - eye)) / (2 * step)
    close(energy.gradient(h), differences, 1e-7)


@pytest.mark.parametrize("name", SHARED)
def test_a_batch_gives_what_a_loop_gives(name: str) -> None:
    energy, h = SHARED[name](), states(name, 3, 2)
    for f in (energy.value, energy.gradient, energy.hessian):
        loop = torch.stack([f(x) for x in h.reshape(-1, D)])
        close(f(h).reshape(loop.shape), loop, 1e-12)
    assert energy.value(h[:0]).shape == (0, 2)
    assert energy.gradient(h[:0]).shape == (0, 2, D)


@pytest.mark.parametrize("name", SHARED)
def test_usable_under_torch_func(name: str) -> None:
    energy, h = SHARED[name](), states(name, 3)
    close(torch.func.vmap(energy.value)(h), energy.value(h), 1e-12)
    close(torch.func.vmap(energy.gradient)(h), energy.gradient(h), 1e-12)
    close(torch.func.vmap(energy.hessian)(h), energy.hessian(h), 1e-12)
    close(torch.func.vmap(torch.func.grad(energy.value))(h), energy.gradient(h))
    close(torch.func.vmap(torch.func.jacrev(energy.gradient))(h), energy.hessian(h))


@pytest.mark.parametrize("name", SHARED)
def test_float32_agrees_with_float64(name: str) -> None:
    energy, h = SHARED[name](), states(name, 4)
    single = energy.to(dtype=torch.float32)
    reference = energy.reference()
    assert reference is None or reference.dtype == torch.float64, "the original must stay as it was"
    low = h.float()
    for f, g in ((energy.value, single.value), (energy.gradient, single.gradient), (energy.hessian, single.hessian)):
        assert g(low).dtype == torch.float32
        close(g(low).double(), f(low.double()), 2e-5)


@pytest.mark.parametrize("name", BATCHED)
def test_per_state_parameters(name: str) -> None:
    energy, h = BATCHED[name](), states(name, N)
    assert energy.batch_shape == (N,)
    assert energy.value(h).shape == (N,)
    plain = ByAutograd(energy)
    close(energy.gradient(h), plain.gradient(h))
    close(energy.hessian(h), plain.hessian(h))
    index = torch.tensor([2, 0])
    some = energy.select(index)
    assert some.batch_shape == (2,)
    for f, g in ((energy.value, some.value), (energy.gradient, some.gradient), (energy.hessian, some.hessian)):
        close(g(h[index]), f(h)[index], 1e-12)
    assert energy.select(torch.tensor([True, False, False, True])).batch_shape == (2,)
    for last in (energy.select(N - 1), energy.select(torch.tensor(N - 1))):
        assert last.batch_shape == ()
        close(last.gradient(h[-1]), energy.gradient(h)[-1], 1e-12)
    with pytest.raises(UsageError, match="batch"):
        energy.value(h[0])


@pytest.mark.parametrize("name", BATCHED)
def test_expand_then_select_addresses_the_flattened_batch(name: str) -> None:
    energy, h = BATCHED[name](), states(name, 2, N)
    wide = energy.expand((2, N))
    assert wide.batch_shape == (2, N)
    index = torch.tensor([1, 6, 7])
    close(wide.select(index).gradient(h.reshape(-1, D)[index]), energy.gradient(h).reshape(-1, D)[index], 1e-12)


@pytest.mark.parametrize("name", SHARED)
def test_energies_without_per_state_parameters_are_left_alone(name: str) -> None:
    energy = SHARED[name]()
    if name == "objective":
        assert energy.batch_shape == ()
    assert energy.select(torch.tensor([0])) is energy
    assert energy.expand((5,)) is energy


@pytest.mark.parametrize("name", TWINS)
def test_symbolic_twin_agrees(name: str) -> None:
    energy = SHARED[name]()
    h = sympy.symbols(f"h:{D}", real=True)
    twin = energy.symbolic(h)
    value = sympy.lambdify(h, twin, "mpmath")
    slopes = [sympy.lambdify(h, sympy.diff(twin, x), "mpmath") for x in h]
    for x in states(name, 2, seed=72):
        point = x.tolist()
        assert float(value(*point)) == pytest.approx(float(energy.value(x)), rel=1e-11, abs=1e-11)
        gradient = torch.tensor([float(s(*point)) for s in slopes], dtype=torch.float64)
        close(energy.gradient(x), gradient, 1e-11)


@pytest.mark.parametrize("name", sorted(set(SHARED) - set(TWINS) - {"diagonal", "spectrum"}))
def test_no_twin_is_an_error_and_not_a_guess(name: str) -> None:
    with pytest.raises(UsageError, match="no symbolic twin"):
        SHARED[name]().symbolic(sympy.symbols(f"h:{D}"))


def stays_within_declaration(energy: eqt.Energy) -> None:
    curvature = energy.curvature
    assert curvature is not None
    h = states("", 400, seed=74) * 3 * draw(73, 400, 1).abs()
    if curvature.domain is not None:
        h = h.clamp(-3, 3)
    values = torch.linalg.eigvalsh(energy.hessian(h))
    room = 1e-12 * float(values.abs().max())
    assert float(values.min()) >= curvature.lowest - room
    assert float(values.max()) <= curvature.highest + room


@pytest.mark.parametrize("name", [n for n in SHARED if SHARED[n]().curvature is not None])
def test_declared_curvature_is_not_exceeded(name: str) -> None:
    stays_within_declaration(SHARED[name]())


@pytest.mark.parametrize("declared", [eqt.Curvature(1.1, 10.0), eqt.Curvature(1.0, 9.9)])
def test_a_wrong_declaration_is_noticed(declared: eqt.Curvature) -> None:
    stretch = torch.tensor([1.0, 5.0, 10.0], dtype=torch.float64)
    stays_within_declaration(eqt.FunctionEnergy(lambda h: 0.5 * (stretch * h * h).sum(), eqt.Curvature(1.0, 10.0)))
    with pytest.raises(AssertionError):
        stays_within_declaration(eqt.FunctionEnergy(lambda h: 0.5 * (stretch * h * h).sum(), declared))


def test_a_wrong_closed_form_is_noticed() -> None:
    class Wrong(ByAutograd):
        def gradient(self, h: torch.Tensor) -> torch.Tensor:
            return self.energy.gradient(h) * (1 + 1e-8)

    wrong, h = Wrong(SHARED["logistic"]()), states("", 4)
    with pytest.raises(AssertionError):
        close(wrong.gradient(h), ByAutograd(wrong.energy).gradient(h))


@pytest.mark.parametrize("name", [n for n in BATCHED if BATCHED[n]().curvature is not None])
def test_declared_curvature_of_each_state_is_not_exceeded(name: str) -> None:
    energy = BATCHED[name]()
    curvature = energy.curvature
    assert curvature is not None
    values = torch.linalg.eigvalsh(energy.hessian(states(name, 100, N, seed=75)))
    assert bool((values[..., 0] >= curvature.mu - 1e-12).all())
    assert bool((values[..., -1] <= curvature.lipschitz + 1e-12).all())
    some = energy.select(torch.tensor([3])).curvature
    assert some is not None
    assert some.lowest >= curvature.lowest
    assert some.highest <= curvature.highest


def test_trains_through_the_gradient() -> None:
    weight = draw(1, 5, D).requires_grad_()
    energy = eqt.Confidence(eqt.LinearHead(weight), piece=0)
    h = states("", 2)
    assert torch.autograd.gradcheck(
        lambda w: eqt.Confidence(eqt.LinearHead(w), piece=0).gradient(h), (weight,), rtol=1e-6
    )
    module = eqt.ReverseTransformer(5, D, 6, width=8)
    eqt.ReversePrediction(module, torch.tensor([0, 1, 2])).gradient(h).square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())
    energy.hessian(h).sum().backward()
    assert weight.grad is not None
    assert float(weight.grad.abs().max()) > 0


def test_sums_and_scalings() -> None:
    a, b = SHARED["logistic"](), SHARED["quadratic"]()
    h = states("", 4)
    total = 0.5 * a + b * 2 + a
    close(total.value(h), 1.5 * a.value(h) + 2 * b.value(h), 1e-14)
    close(total.hessian(h), 1.5 * a.hessian(h) + 2 * b.hessian(h), 1e-14)
    close(sum([a, b]).gradient(h), a.gradient(h) + b.gradient(h), 1e-14)  # pyright: ignore[reportAttributeAccessIssue]
    assert len(total.terms) == 3
    assert total.curvature is not None
    assert total.curvature.lowest == pytest.approx(1.5 * a.curvature.lowest + 2 * b.curvature.lowest, rel=1e-14)  # pyright: ignore[reportOptionalMemberAccess]


def test_a_term_of_weight_zero_is_not_evaluated() -> None:
    broken = eqt.FunctionEnergy(lambda h: h.sum() * math.nan, dim=D)
    total = 0.0 * broken + SHARED["quadratic"]()
    assert torch.isfinite(total.value(states("", 3))).all()
    assert total.curvature is not None
    nothing = 0 * broken
    close(nothing.hessian(states("", 2)), torch.zeros(2, D, D, dtype=torch.float64))
    assert nothing.curvature == eqt.Curvature(0.0, 0.0)


def test_undeclared_terms_leave_a_sum_undeclared() -> None:
    assert (SHARED["quadratic"]() + SHARED["confidence-active"]()).curvature is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda e: math.inf * e, "weight must be"),
        (lambda e: math.nan * e, "weight must be"),
        (lambda e: e + eqt.Quadratic(spd(0, 2)), "same state dimension"),
        (lambda e: eqt.WeightedSum([]), "at least one term"),
        (lambda e: eqt.WeightedSum([(1.0, "energy")]), "terms must be a sequence, each of it .a number, an Energy"),
        (lambda e: e.value(torch.zeros(D, dtype=torch.long)), "floating-point tensor.*int64"),
        (lambda e: e.value([0.0] * D), "floating-point tensor.*list"),
        (lambda e: e.value(torch.zeros(4, dtype=torch.float64)), r"shape \(\.\.\., 3\), got \(4,\)"),
        (lambda e: e.value(torch.zeros(())), r"shape \(\.\.\., 3\), got \(\)"),
        (lambda e: e.gradient(torch.zeros(D)), "dtype.*float64.*got torch.float32"),
        (lambda e: e.hessian(torch.zeros(D, device="meta", dtype=torch.float64)), "device.*got meta"),
    ],
)
def test_bad_input_is_one_clear_error(bad, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bad(SHARED["quadratic"]())
    with pytest.raises(ValueError):
        bad(SHARED["quadratic"]())


def test_a_sum_with_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        _ = SHARED["quadratic"]() + 1.0  # pyright: ignore[reportOperatorIssue]


def test_a_subclass_of_a_sum_stays_whole():
    class Shifted(eqt.WeightedSum):
        def value(self, h: torch.Tensor) -> torch.Tensor:
            return super().value(h) + 1

    inner = Shifted([(1.0, eqt.Quadratic(torch.eye(2, dtype=torch.float64)))])
    h = torch.ones(2, dtype=torch.float64)
    assert float((2.0 * inner).value(h)) == 4.0 and float((inner + inner).value(h)) == 4.0


def test_weights_of_either_sign() -> None:
    a, b, h = SHARED["logistic"](), SHARED["logsumexp"](), draw(5, 4, D)
    difference = a - 2.0 * b
    assert difference.weights == (1.0, -2.0) and (-a).weights == (-1.0,)
    torch.testing.assert_close(difference.value(h), a.value(h) - 2 * b.value(h))
    torch.testing.assert_close(difference.gradient(h), a.gradient(h) - 2 * b.gradient(h))
    torch.testing.assert_close(difference.hessian(h), a.hessian(h) - 2 * b.hessian(h))
    assert difference.curvature.mu == pytest.approx(a.curvature.mu - 2 * b.curvature.lipschitz)
    assert difference.curvature.lipschitz == pytest.approx(a.curvature.lipschitz - 2 * b.curvature.mu)
    assert (-eqt.DoubleWell()).curvature == eqt.Curvature(-math.inf, 4.0)
    assert bool((difference.gradient_terms(h) >= a.gradient_terms(h)).all())
    with pytest.raises(TypeError):
        a - 1.0
