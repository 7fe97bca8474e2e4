"""What to call a solver in reports and test ids."""

from eqt_theory.solvers.base import StepRule


def solver_name(solver: object) -> str:
    """A few words that say which solver it is: the name of a function, or the repr where it fits a line."""
    if isinstance(solver, StepRule):
        solver = solver.fn
    name = getattr(solver, "__name__", None)
    if isinstance(name, str):
        return name
    text = repr(solver)
    return text if len(text) <= 80 and " at 0x" not in text and "\n" not in text else type(solver).__name__
