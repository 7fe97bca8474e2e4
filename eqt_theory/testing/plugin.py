"""The pytest plugin: readable ids for solvers in anybody's parametrisation. It imports nothing heavy."""

import sys


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
