"""For other people's code: batteries for solvers, energies and operators, strategies, a pytest plugin, planted faults.

The public names are loaded when first used, so that the pytest plugin costs nothing where it is not used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what type checkers see; the same names as in _HOME and _SUBMODULES, loaded at once
    from eqt_theory.testing import faults as faults
    from eqt_theory.testing import strategies as strategies
    from eqt_theory.testing.energy_battery import ENERGY_CHECKS as ENERGY_CHECKS
    from eqt_theory.testing.energy_battery import check_energy as check_energy
    from eqt_theory.testing.energy_parametrize import parametrize_energies as parametrize_energies
    from eqt_theory.testing.operator_battery import OPERATOR_CHECKS as OPERATOR_CHECKS
    from eqt_theory.testing.operator_battery import check_operator as check_operator
    from eqt_theory.testing.operator_parametrize import parametrize_operators as parametrize_operators
    from eqt_theory.testing.parametrize import parametrize_with_checks as parametrize_with_checks
    from eqt_theory.testing.report import CheckFailed as CheckFailed
    from eqt_theory.testing.report import Outcome as Outcome
    from eqt_theory.testing.report import Report as Report
    from eqt_theory.testing.solver_battery import SOLVER_CHECKS as SOLVER_CHECKS
    from eqt_theory.testing.solver_battery import check_solver as check_solver
    from eqt_theory.testing.torch_optimizer import from_torch_optimizer as from_torch_optimizer

_HOME = {
    "eqt_theory.testing.energy_battery": ["ENERGY_CHECKS", "check_energy"],
    "eqt_theory.testing.energy_parametrize": ["parametrize_energies"],
    "eqt_theory.testing.operator_battery": ["OPERATOR_CHECKS", "check_operator"],
    "eqt_theory.testing.solver_battery": ["SOLVER_CHECKS", "check_solver"],
    "eqt_theory.testing.parametrize": ["parametrize_with_checks"],
    "eqt_theory.testing.operator_parametrize": ["parametrize_operators"],
    "eqt_theory.testing.report": ["CheckFailed", "Outcome", "Report"],
    "eqt_theory.testing.torch_optimizer": ["from_torch_optimizer"],
}
"""Module -> the public names that it defines."""

_SUBMODULES = ("faults", "strategies")
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted([*_MODULE_OF, *_SUBMODULES])  # pyright: ignore[reportUnsupportedDunderAll]


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
