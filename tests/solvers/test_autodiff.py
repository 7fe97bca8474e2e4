import pytest
import torch

import eqt_theory as eqt


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def pieces(seed=0):
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(3, 4, 4, generator=generator, dtype=torch.float64)
    A = (root @ root.mT / 4 + 0.5 * torch.eye(4, dtype=torch.float64)).requires_grad_()
    b, f = (torch.randn(3, 4, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(2))
    gamma = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64, requires_grad=True)
    weights = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    return A, b, f, gamma, weights


def test_the_example_where_equation_19_gives_zero():
    # energy = h^2/2, f = theta: h* = theta/(gamma + 1).
    f, gamma = leaf(2.0), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    objective = eqt.Objective(eqt.Quadratic(torch.ones(1, 1, dtype=torch.float64)), f, gamma=gamma)
    solution = eqt.solve_implicit(objective, eqt.GradientDescent(0.3))
    solution.h.sum().backward()
    assert float(f.grad) == pytest.approx(1 / 1.5)
    assert float(gamma.grad) == pytest.approx(-2.0 / 1.5**2)
    assert solution.status is eqt.Status.CONVERGED


def test_implicit_equals_the_closed_form():
    A, b, f, gamma, weights = pieces()
    objective = eqt.Objective(eqt.Quadratic(A, b), f, gamma)
    solution = eqt.solve_implicit(objective, eqt.NewtonCG(), tolerance=1e-12)
    got = torch.autograd.grad((weights * solution.h).sum(), [A, b, f, gamma])
    H = (A + A.mT) / 2 + torch.eye(4, dtype=torch.float64) / gamma[:, None, None]
    closed = torch.linalg.solve(H, f / gamma[:, None] - b)
    expected = torch.autograd.grad((weights * closed).sum(), [A, b, f, gamma])
    for a, e in zip(got, expected, strict=True):
        assert torch.allclose(a, e, rtol=0, atol=1e-8)
    # The formula as printed leaves the proposal out; the check would notice.
    assert expected[2].abs().max() > 1e-2


def test_implicit_against_finite_differences_for_a_module():
    torch_generator = torch.Generator().manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Softplus(), torch.nn.Linear(5, 1, bias=False)).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(0.3 * torch.randn(p.shape, generator=torch_generator, dtype=torch.float64))
    f = torch.randn(4, 3, generator=torch_generator, dtype=torch.float64)
    energy = eqt.FunctionEnergy(lambda h: net(h).squeeze(-1))

    def loss(implicit):
        objective = eqt.Objective(energy, f, gamma=0.7)
        solve = eqt.solve_implicit if implicit else eqt.solve
        return (solve(objective, eqt.NewtonCG(), tolerance=1e-12).h ** 2).sum()

    gradients = torch.autograd.grad(loss(True), list(net.parameters()))
    for parameter, gradient in zip(net.parameters(), gradients, strict=True):
        flat = parameter.data.view(-1)
        old = float(flat[0])
        values = []
        for shift in (1e-5, -1e-5):
            flat[0] = old + shift
            values.append(float(loss(False)))
        flat[0] = old
        assert float(gradient.view(-1)[0]) == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-7)


def test_unrolled_gradients_approach_the_implicit_ones_as_the_audit_says():
    A, b, f, gamma, _ = pieces()
    objective = eqt.Objective(eqt.Quadratic(A.detach(), b.detach()), f, 1.0)
    H = objective.hessian(f.detach())
    alpha, eye = 0.1, torch.eye(4, dtype=torch.float64)
    limit = torch.linalg.inv(H)  # J* = H^{-1}/gamma
    for steps in (1, 5, 20):
        h = eqt.unroll(objective, eqt.GradientDescent(alpha), steps)
        rows = torch.stack([torch.autograd.grad(h[0, i], f, retain_graph=True)[0][0] for i in range(4)])
        power = torch.linalg.matrix_power(eye - alpha * H[0], steps)
        assert torch.allclose(rows - limit[0], power @ (eye - limit[0]), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "solver", [eqt.ProximalGradient(0.1), eqt.HeavyBall(0.1, 0.3), eqt.Nesterov(0.1, 0.3), eqt.Anderson(0.1)]
)
def test_unrolling_reaches_the_implicit_gradient(solver):
    A, b, f, gamma, weights = pieces()
    objective, again = (eqt.Objective(eqt.Quadratic(A, b), f, gamma) for _ in range(2))
    unrolled = torch.autograd.grad((weights * eqt.unroll(objective, solver, 300)).sum(), [A, f, gamma])
    implicit = torch.autograd.grad((weights * eqt.solve_implicit(again, solver).h).sum(), [A, f, gamma])
    for u, i in zip(unrolled, implicit, strict=True):
        assert torch.allclose(u, i, rtol=0, atol=1e-6)


def test_no_gradient_is_made_up_where_there_is_no_solution():
    f = torch.ones(2, 1, dtype=torch.float64, requires_grad=True)
    energy = eqt.Quadratic.diagonal([[1.0], [-3.0]])
    objective = eqt.Objective(energy, f)
    # Newton finds the maximum of the second, where the implicit formula would give a number too.
    eqt.solve_implicit(objective, eqt.Newton()).h.sum().backward()
    assert float(f.grad[0]) == pytest.approx(0.5) and torch.isnan(f.grad[1])
    f.grad = None
    eqt.solve_implicit(objective, eqt.GradientDescent(0.1), max_steps=1).h.sum().backward()
    assert torch.isnan(f.grad).all()


def test_solve_itself_is_not_tracked_and_solve_implicit_changes_no_number():
    A, b, f, gamma, _ = pieces()
    objective = eqt.Objective(eqt.Quadratic(A, b), f, gamma)
    plain, implicit = (run(objective, eqt.GradientDescent(0.1)) for run in (eqt.solve, eqt.solve_implicit))
    assert not plain.h.requires_grad and implicit.h.requires_grad
    assert torch.equal(plain.h, implicit.h)


def test_nothing_to_solve():
    objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=torch.float64)), torch.zeros(0, 2, dtype=torch.float64))
    assert eqt.solve_implicit(objective, eqt.Newton()).h.shape == (0, 2)


def test_unusable_arguments(quadratics):
    with pytest.raises(ValueError, match="steps"):
        eqt.unroll(quadratics.objective, eqt.GradientDescent(0.1), 0)
    with pytest.raises(eqt.UsageError, match="an unrolled run of 2147483648 steps takes"):
        eqt.unroll(quadratics.objective, eqt.GradientDescent(0.1), 2**31)
    with pytest.raises(ValueError, match="linear_tolerance"):
        eqt.solve_implicit(quadratics.objective, eqt.GradientDescent(0.1), linear_tolerance=0.0)
    with pytest.raises(ValueError, match="linear_steps"):
        eqt.solve_implicit(quadratics.objective, eqt.GradientDescent(0.1), linear_steps=0)


def test_second_derivatives_are_those_of_the_closed_form():
    A, b, f, gamma, weights = pieces()

    def second(h):
        # Not linear in h, and with terms that depend on the parameters beside.
        loss = (weights * h**2).sum() + (b * h).sum()
        first = torch.autograd.grad(loss, [A, b, f, gamma], create_graph=True)
        total = sum((torch.cos(torch.arange(g.numel(), dtype=g.dtype)).reshape(g.shape) * g).sum() for g in first)
        return torch.autograd.grad(total, [A, b, f, gamma])

    objective = eqt.Objective(eqt.Quadratic(A, b), f, gamma)
    got = second(eqt.solve_implicit(objective, eqt.NewtonCG(), tolerance=1e-12, order=2).h)
    H = (A + A.mT) / 2 + torch.eye(4, dtype=torch.float64) / gamma[:, None, None]
    expected = second(torch.linalg.solve(H, f / gamma[:, None] - b))
    for a, e in zip(got, expected, strict=True):
        assert torch.allclose(a, e, rtol=0, atol=1e-7 * float(e.abs().max()))


def equilibrium(t, order):
    energy = eqt.FunctionEnergy(lambda h: t * (h**4).sum() / 4, dim=1)
    objective = eqt.Objective(energy, proposal=torch.ones(1, dtype=torch.float64), gamma=1.0)
    return eqt.solve_implicit(objective, eqt.Newton(), tolerance=1e-13, order=order).h.sum()


def test_second_derivatives_off_quadratics():
    # h solves t h^3 + h = 1; the second derivative of h^2 + t^2/2 at t = 2, by differences of exact roots.
    t = leaf(2.0).sum()
    (first,) = torch.autograd.grad(equilibrium(t, 2) ** 2 + t**2 / 2, t, create_graph=True)
    (second,) = torch.autograd.grad(first, t)
    assert float(second) == pytest.approx(1.04987819, abs=1e-6)


@pytest.mark.parametrize("power", [1, 2])
def test_more_derivatives_than_there_are_raise(power):
    t = leaf(2.0).sum()
    (first,) = torch.autograd.grad(equilibrium(t, 1) ** power, t, create_graph=True)
    with pytest.raises(eqt.UsageError, match="first derivatives only"):
        torch.autograd.grad(first, t)
    (first,) = torch.autograd.grad(equilibrium(t, 2) ** power, t, create_graph=True)
    (second,) = torch.autograd.grad(first, t, create_graph=True)
    with pytest.raises(eqt.UsageError, match="none above"):
        torch.autograd.grad(second, t)
    with pytest.raises(eqt.UsageError, match="order must be 1 or 2, got 3"):
        equilibrium(t, 3)


class Halved(eqt.Energy):
    """h . A h / 2, half of its gradient unseen by torch."""

    def __init__(self, top: float) -> None:
        self.A = torch.tensor([1.0, top], dtype=torch.float64)

    def value(self, h):
        return (self.A * h * h).sum(-1) / 2

    def gradient(self, h):
        return torch.stack([self.A[0] * h[..., 0], self.A[1] * h[..., 1].detach()], -1)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 2, 2)])
@pytest.mark.parametrize("top", [2.0, 1e-3])
def test_a_derivative_of_which_torch_loses_a_part_is_refused(shape, top):
    f = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    h = eqt.solve_implicit(eqt.Objective(Halved(top), f, 1.0), eqt.GradientDescent(0.4)).h
    with pytest.raises(eqt.UsageError, match="must have the derivative that torch makes of it"):
        torch.autograd.grad(h.sum(), f)


def test_a_layer_that_leaves_torch_is_refused_and_one_with_kinks_is_not():
    generator = torch.Generator().manual_seed(0)
    W = 0.2 * torch.randn(4, 4, dtype=torch.float64, generator=generator)
    for dtype in (torch.float64, torch.float32):
        x = torch.randn(4, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        followed = eqt.FixedPoint(lambda z, x=x: torch.relu(z @ W.to(z) + x), 4)
        left = eqt.FixedPoint(lambda z, x=x: torch.relu(z.detach() @ W.to(z) + x), 4)
        start = torch.zeros(4, dtype=dtype)
        h, wrong = (eqt.solve_implicit(m, eqt.Picard(), start, tolerance=1e-6).h for m in (followed, left))
        on = (h > 0).to(dtype)
        true = torch.linalg.solve(torch.eye(4, dtype=dtype) - on.unsqueeze(-1) * W.to(dtype).T, torch.diag(on)).sum(0)
        assert torch.allclose(torch.autograd.grad(h.sum(), x)[0], true, atol=1e-4)
        with pytest.raises(eqt.UsageError, match="of FixedPoint must have the derivative"):
            torch.autograd.grad(wrong.sum(), x)
