import eqt_theory as eqt
from eqt_theory.testing.naming import solver_name


def test_names_are_short_and_say_which():
    assert solver_name(eqt.StepRule(solver_name)) == solver_name(solver_name) == "solver_name"
    assert solver_name(eqt.GradientDescent(0.1)) == "GradientDescent(step_size=0.1)"
    assert solver_name(eqt.ProximalPoint(2.0)) == "ProximalPoint"
    assert solver_name(object()) == "object"
