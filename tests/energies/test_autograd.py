"""A derivative that torch does not know, told apart from memory that there is none of."""

import pytest
import torch

from eqt_theory.core.errors import NoDerivative
from eqt_theory.energies.autograd import differentiating


@pytest.mark.parametrize("error", [RuntimeError("no formula"), NotImplementedError("no formula")])
def test_what_torch_does_not_know_is_one_error_in_one_line(error):
    for asked, said in (("f must be smooth", "^f must be smooth: .*no formula$"), ("", f"^{type(error).__name__}: no")):
        with pytest.raises(NoDerivative, match=said), differentiating(asked):
            raise error


def test_a_lack_of_memory_says_nothing_of_a_function():
    with pytest.raises(RuntimeError, match="allocate memory"), differentiating():
        torch.empty(2**52)
    with pytest.raises(torch.OutOfMemoryError), differentiating():
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(ValueError, match="^another$"), differentiating():
        raise ValueError("another")
