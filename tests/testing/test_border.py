import pytest

import eqt_theory as eqt
from eqt_theory.testing.border import between, corner_settings, round_settings, setting_for
from eqt_theory.testing.faults import promises
from eqt_theory.testing.faults.fault import Rule
from eqt_theory.testing.scope import find_scope


def test_the_corners_of_a_rectangle_are_found():
    scope = find_scope(promises.rate_right_at_its_border())
    found = {(s.m, s.M) for s in scope.corners}
    assert (1.0, 10.0) in found and (10.0, 10.0) in found and (1.0, 1.0) in found
    assert all(1 <= s.m <= s.M <= 10 for s in scope.corners)
    assert {s.gamma * s.m < 0.1 for s in scope.corners} == {True, False}


def test_where_a_rate_reaches_one_is_a_border():
    tops = [s.M for s in find_scope(eqt.GradientDescent(0.1)).corners]
    assert max(tops) == pytest.approx(20, rel=1e-6)


def test_a_guarantee_for_one_pair_alone_is_heard():
    said = promises.rate_right_at_its_border().guarantee(1.0, 10.0)
    for m, M, gamma in ((1.0, 25.0, None), (0.1, 1000.0, 1.0)):
        rule = Rule(
            lambda o, s: s,
            guarantee=lambda a, b, g, m=m, M=M, gamma=gamma: said if (a, b) == (m, M) and gamma in (None, g) else None,
        )
        assert {(s.m, s.M) for s in round_settings(rule)} == {(m, M)}
        scope = find_scope(rule)
        assert scope.declared and {(s.m, s.M) for s in scope.corners} == {(m, M)}


def test_a_band_of_conditions_between_those_of_the_ladder_is_entered():
    rule = promises.rate_right_at_its_border()
    known = [setting_for(rule, 1.0, 1.0, 1.0), setting_for(rule, 1.0, 10.0, 1.0)]
    found = between(rule, [s for s in known if s is not None], 40)
    assert len(found) == 40 and any(2 < s.M / s.m < 3 for s in found)
    assert between(rule, [], 40) == [] and corner_settings(rule, []) == ()
