from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate import parametric_proof
from eqt_theory.evidence.rate.parametric_potential import Equations, bounds, solved
from eqt_theory.evidence.rate.parametric_proof import Setting, _below_at, _proofs, potential_proofs, shown
from eqt_theory.evidence.rate.parametric_squares import squares_of, vector_of
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.parametric_support import Program, Support, supports
from eqt_theory.evidence.rate.trace_symbols import at_point, expressions, trace_symbols
from eqt_theory.evidence.rate.window import Window

q = sp.Symbol("q", positive=True)
REGION = Region((q,), [q < 1])
POINTS = REGION.points(4)


def setting_of(solver_of, square):
    traced, _ = trace_symbols(solver_of, REGION, sp.Integer(1), POINTS[:2])
    steps = Steps(expressions(traced), q**2, sp.Integer(1), 1)
    windows = [Window(at_point(traced, p, REGION), REGION.at(q**2, p), Fraction(1), 1) for p in POINTS]
    programs = [Program(w, float(REGION.at(square, p))) for w, p in zip(windows, POINTS, strict=True)]
    return Setting(steps, square, REGION, POINTS, [q < 1], 5), programs


@pytest.fixture(scope="module")
def nesterov():
    return setting_of(lambda q: eqt.Nesterov(1, (1 - q) / (1 + q)), 1 - q)


@pytest.fixture(scope="module")
def momentum():
    return setting_of(lambda q: eqt.TripleMomentum(1, q), (1 - q) ** 2)


SUPPORT = Support(((0, 1), (1, 2)), (("g", 1, 0), ("after", 1, 0)))
"""One that suffices for Nesterov's method: its potential is that of the textbook, but for squares."""


def test_a_support_gives_one_potential_and_less_gives_none(nesterov):
    setting, programs = nesterov
    assert all(p.feasible(SUPPORT) for p in programs)
    potential = solved(Equations(setting.steps, setting.square), SUPPORT)
    assert potential.p == [1] and sp.simplify(potential.multipliers[0, 1] - q) == 0
    assert solved(Equations(setting.steps, setting.square), replace(SUPPORT, squares=())) is None
    assert not any(p.feasible(replace(SUPPORT, squares=())) for p in programs)
    assert all(p.feasible(s) for s in supports(programs, 1) if s.squares for p in programs)


def test_the_decrease_is_shown_and_a_potential_a_hair_off_is_not(nesterov):
    setting, _ = nesterov
    steps, potential = setting.steps, solved(Equations(setting.steps, setting.square), SUPPORT)
    squares = [(weight, vector_of(steps, name)) for name, weight in potential.squares.items()]

    def decrease(P):
        now, after = (steps.potential(P, potential.p, k) for k in (0, 1))
        return shown(setting, setting.square * now - after, steps.uses(potential.multipliers), squares)

    found = decrease(potential.P)
    assert all(f.verdict is eqt.Verdict.PROVED and f.shown_by == "kernel" for f in found)
    off = {**potential.P, (0, 0): potential.P[0, 0] * sp.Rational(1001, 1000)}
    assert any(f.verdict is not eqt.Verdict.PROVED for f in decrease(off))


def test_where_nothing_is_left_over_h_after_the_step_is_bounded(momentum):
    setting, programs = momentum
    potential = solved(Equations(setting.steps, setting.square), Support(((0, 2), (1, 2))))
    assert potential.p == [1] and sp.simplify(potential.multipliers[0, 2] - (1 - (1 - q) ** 2)) == 0
    bound = next(iter(bounds(Equations(setting.steps, setting.square), potential)))
    assert bound.left.rank() == 0 and bound.factor.subs(q, sp.Rational(1, 2)) > 0
    assert solved(Equations(setting.steps, setting.square), Support(((0, 2),))) is None  # values do not cancel
    wrong = [replace(p, square=p.square / 4) for p in programs]
    assert isinstance(potential_proofs(replace(setting, square=setting.square / 4), wrong), str)


def test_the_vectors_with_numbers_and_with_symbols_are_the_same(nesterov):
    setting, programs = nesterov
    for name, unit in squares_of(programs[0].window).items():
        vector = vector_of(setting.steps, name)
        numbers = [float(REGION.at(c, POINTS[0])) for c in vector.coefficients]
        scale = sum(a * b for a, b in zip(numbers, unit, strict=True))
        assert numbers == pytest.approx([scale * x for x in unit], abs=1e-9)


@pytest.fixture(scope="module")
def slow_mode():
    """The heavy ball at the rate of quadratics; the root of its other mode is beta/q, here q^3."""
    setting, _ = setting_of(lambda q: eqt.HeavyBall(1, q**4), q**2)
    setting = replace(setting, steps=Steps(setting.steps.method, (1 - q) * (1 - q**3), 1 - q**3, 1))
    support = Support(((0, 2), (1, 0), (1, 2)), (("m x - g", 2, 0), ("m x - g", 2, 1)))
    return setting, solved(Equations(setting.steps, q**2), support)


def test_a_potential_that_does_not_bound_h_bounds_it_but_for_a_faster_mode(slow_mode):
    setting, potential = slow_mode
    (bound,) = bounds(Equations(setting.steps, setting.square), potential)
    assert bound.after and sp.simplify(bound.ratio - q**3) == 0
    assert all(f.verdict is eqt.Verdict.PROVED and f.shown_by == "kernel" for f in _proofs(setting, potential, bound))


@pytest.mark.parametrize("change", [{"ratio": q**2}, {"after": False}, {"factor": sp.Integer(1)}])
def test_another_vector_and_a_larger_factor_are_not_proved(slow_mode, change):
    setting, potential = slow_mode
    (bound,) = bounds(Equations(setting.steps, setting.square), potential)
    assert any(f.verdict is not eqt.Verdict.PROVED for f in _proofs(setting, potential, replace(bound, **change)))


def test_a_mode_that_is_as_slow_as_the_rate_bounds_nothing(slow_mode):
    setting, potential = slow_mode
    (bound,) = bounds(Equations(setting.steps, setting.square), potential)
    assert not _below_at(bound, replace(setting, square=bound.ratio**2))
    assert _proofs(replace(setting, square=bound.ratio**2), potential, bound)[-1].verdict is not eqt.Verdict.PROVED


def test_algebra_that_would_take_minutes_is_not_begun(nesterov, monkeypatch):
    setting, programs = nesterov
    asked, found = [], list(supports(programs, parametric_proof._TRIES))
    long = sp.Add(*(q**i for i in range(2, 200)))

    def longer(*given):
        potential = solved(*given)
        entries = {k: x + long for k, x in potential.P.items()} if potential else {}
        return potential and replace(potential, P=entries)

    monkeypatch.setattr(parametric_proof, "supports", lambda *given: iter(found))
    monkeypatch.setattr(parametric_proof, "bounds", lambda *given: asked.append(given) or iter(()))
    assert "no closed form" in potential_proofs(setting, programs) and asked
    asked.clear()
    monkeypatch.setattr(parametric_proof, "solved", longer)
    assert "no closed form" in potential_proofs(setting, programs) and not asked
