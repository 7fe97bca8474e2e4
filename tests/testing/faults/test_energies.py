import torch

from eqt_theory.testing.faults.energies import FAULTS, RIGHT


def test_each_says_what_it_does_and_makes_a_new_energy():
    for fault in FAULTS:
        assert fault.says.endswith(".")
        assert fault.make() is not fault.make()


def test_the_right_one_is_right():
    h = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    (gradient,) = torch.autograd.grad(RIGHT.value(h).sum(), h)
    assert torch.allclose(gradient, RIGHT.gradient(h), rtol=1e-14)


def test_gradcheck_lets_the_first_pass():
    """The fault is far below what torch's default tolerances see."""
    energy = FAULTS[0].make()

    class Value(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h):
            ctx.save_for_backward(h)
            return energy.value(h)

        @staticmethod
        def backward(ctx, weight):
            (h,) = ctx.saved_tensors
            return weight.unsqueeze(-1) * energy.gradient(h)

    h = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(Value.apply, (h,))
