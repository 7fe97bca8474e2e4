"""The pytest plugin: options for decorated tests, and readable ids for solvers. It imports nothing heavy."""

import sys
from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Options that go before those of the decorators.

    Args:
        parser: pytest's.
    """
    group = parser.getgroup("eqt-theory", "checks of solvers, operators and energies (eqt_theory)")
    group.addoption("--eqt-accuracy", metavar="A", help="relative accuracy that is reached by design")
    group.addoption(
        "--eqt-expect", metavar="NAME=REASON", action="append", default=[], help="a check that is known to fail"
    )
    group.addoption("--eqt-fail-fast", action="store_true", help="skip what is left of one once a check failed")
    group.addoption("--eqt-examples", metavar="N", help="cases, or states of an operator or energy, per check at most")
    group.addoption("--eqt-seed", metavar="N", help="seed of everything random")


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Give the options to the checks among the tests' parameters.

    Args:
        config: of the session.
        items: the tests.

    Raises:
        pytest.UsageError: an option is unusable.
    """
    as_test = sys.modules.get("eqt_theory.testing.as_test")
    if as_test is None:  # no test was decorated
        return
    import pytest

    from eqt_theory.core.errors import UsageError
    from eqt_theory.testing.options import expected_failures, number

    parameters = (p for item in items for p in getattr(getattr(item, "callspec", None), "params", {}).values())
    shared = {id(p.shared): p.shared for p in parameters if isinstance(p, as_test.CheckAsTest)}
    kinds = {"accuracy": float, "examples": int, "seed": int}
    try:
        numbers = {name: number(f"--eqt-{name}", config.getoption(f"eqt_{name}"), of) for name, of in kinds.items()}
        expected = expected_failures(config.getoption("eqt_expect"))
        for one in shared.values():
            as_test.override(one, numbers, expected, config.getoption("eqt_fail_fast"))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_make_parametrize_id(config: object, val: object, argname: str) -> str | None:
    """The id of a solver in a parametrised test: its name or repr, as `check_solver` shows it.

    Args:
        config: of the session; not used.
        val: the parameter.
        argname: its argument; not used.

    Returns:
        The id, or None to leave it to pytest, as for everything but solvers.
    """
    # A solver can only be there if this module was loaded to make it.
    base = sys.modules.get("eqt_theory.solvers.base")
    if base is None or not isinstance(val, base.Solver):
        return None
    from eqt_theory.testing.naming import solver_name

    return solver_name(val)
