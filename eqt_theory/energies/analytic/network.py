"""NetworkEnergy: a network with one output as an energy."""

from torch import Tensor, nn

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.randomness import refuse_dropout


@checked
class NetworkEnergy(Energy):
    """`network(h) + ridge/2 |h|^2`, the network with one output.

    It declares no curvature. `check_strong_convexity` and `check_smoothness` certify layer by layer where the network
    is an `nn.Sequential` of linear layers and smooth activations, without hooks or parametrisations.

    Args:
        network: maps (..., d) to (..., 1), each state by itself; put it in evaluation mode.
        ridge: weight of the quadratic term, not negative.

    Raises:
        UsageError: ridge is negative, or (on use) the network does not return one number for each state.
    """

    def __init__(self, network: nn.Module, ridge: float = 0.0) -> None:
        self.network = network
        self.ridge = positive_number("ridge", ridge, zero=True)
        first = next((layer for layer in network.modules() if isinstance(layer, nn.Linear)), None)
        self.dim = None if first is None else first.in_features

    def value(self, h: Tensor) -> Tensor:
        refuse_dropout("network", self.network)
        try:
            out = self.network(self.checked(h))
        except UsageError:
            raise
        except Exception as error:  # whatever somebody's module raises
            reason = str(error).strip().split("\n")[0]
            raise UsageError(
                f"network, a {type(self.network).__name__}, must take states of shape {tuple(h.shape)}, {h.dtype}; it "
                f"raised {type(error).__name__}: {reason}"
            ) from error
        if not isinstance(out, Tensor) or out.shape != (*h.shape[:-1], 1):
            got = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise UsageError(f"network must return one number for each state, {(*h.shape[:-1], 1)}, got {got}")
        return out.squeeze(-1) + 0.5 * self.ridge * h.square().sum(-1)
