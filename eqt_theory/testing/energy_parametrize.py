"""parametrize_energies: one pytest test per energy and check of `check_energy`."""

from collections.abc import Iterable, Mapping
from typing import Any

from eqt_theory.testing.energy_battery import ENERGY_CHECKS, AnyEnergy, energy_bench, energy_name
from eqt_theory.testing.state_parametrize import StatesShared, parametrised


class EnergiesShared(StatesShared):
    """The battery of energies."""

    kind, plural, checks = "energy", "energies", ENERGY_CHECKS
    bench, name = staticmethod(energy_bench), staticmethod(energy_name)


def parametrize_energies(
    energies: Iterable[AnyEnergy],
    dim: int,
    *,
    expected_failures: Mapping[str, str] | None = None,
    fail_fast: bool = False,
    seconds: float | None = None,
    **options: Any,
) -> Any:
    """A pytest decorator for a test of arguments `energy` and `check`, which calls `check(energy)`.

        @parametrize_energies([Logistic(rows, labels), my_energy], dim=3)
        def test_energies(energy, check):
            check(energy)

    The options `--eqt-accuracy`, `--eqt-expect`, `--eqt-fail-fast`, `--eqt-examples` (states) and `--eqt-seed` of
    pytest go before these.

    Args:
        energies: Energies, or functions of a state.
        dim: the state dimension d of all of them.
        expected_failures: `{check name: reason}` for all of them.
        fail_fast: whether to skip the checks that are left of an energy once one has failed.
        seconds: for each test, as in `check_energy`.
        options: seed, samples, domain and accuracy, as of `check_energy`.

    Returns:
        The decorator.

    Raises:
        UsageError: no energies, one that cannot be checked, or a name in expected_failures that is no check.
    """
    return parametrised(EnergiesShared, energies, dim, options, expected_failures, fail_fast, seconds)
