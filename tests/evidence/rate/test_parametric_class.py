import pytest
import sympy as sp

from eqt_theory import GradientDescent, Verdict
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_class import like_the_distance, on_one_curvature
from eqt_theory.evidence.rate.trace_symbols import expressions, trace_symbols

m, M, alpha = sp.symbols("m M alpha", positive=True)
mu = sp.Symbol("mu", real=True)


@pytest.mark.parametrize("measure", ["value", "gradient"])
def test_values_and_gradients_are_like_the_distance_where_m_is_positive(measure):
    assert all(f.verdict is Verdict.PROVED for f in like_the_distance(measure, m, M, [m < M], 5))
    findings = like_the_distance(measure, mu, M, [mu < M], 5)
    assert any(f.verdict is not Verdict.PROVED for f in findings)


def test_on_quadratics_of_one_curvature_a_step_multiplies_the_distance():
    region = Region((m, M, alpha), [m <= M, alpha * M <= 1])
    traced, _ = trace_symbols(lambda m, M, alpha: GradientDescent(alpha), region, sp.Integer(1), region.points(2))
    given = [*region.given, sp.Eq(m, M)]
    found = on_one_curvature(expressions(traced), M, (1 - alpha * m) ** 2, given, 5)
    assert found is not None and found.verdict is Verdict.PROVED
    assert on_one_curvature(expressions(traced), M, (1 - alpha * m) ** 2 / 2, given, 5) is None
    factor = 1 - alpha * M  # SymPy sees by itself that it is no more than itself
    same = on_one_curvature(expressions(traced), M, sp.factor(factor) ** 2, given, 5)
    assert same is not None and same.verdict is Verdict.PROVED
