import copy
import re
import time
from fractions import Fraction

import pytest
import torch
from method_zoo import descent, polyak, triple_momentum

import eqt_theory as eqt
from eqt_theory import UsageError, Verdict, bound_after, kernel
from eqt_theory.evidence.rate.run_rules import blocks, gradients_of, rules_of
from eqt_theory.evidence.rate.run_vectors import function_of
from eqt_theory.evidence.rate.unroll import unroll_run
from eqt_theory.kernel import Rejected


@pytest.mark.parametrize(("steps", "M"), [(1, 1), (4, 10), (12, 1)])
def test_gradient_descent_on_smooth_convex_functions(steps, M):
    """L R^2/(4 N + 2) (Drori and Teboulle 2014, Thm 3.1)."""
    found = bound_after(descent(1 / M), steps, 0, M)
    truth = Fraction(1 / M) * M * Fraction(M, 4 * steps + 2)
    assert found.verdict is Verdict.CERTIFIED
    assert found.enclosures["attained"] <= found.enclosures["bound"]
    assert truth * (1 - Fraction(1, 10**12)) <= found.enclosures["bound"] <= truth * (1 + Fraction(1, 10**7))
    assert found.enclosures["attained"] >= truth * (1 - Fraction(1, 10**3))
    assert found.certificate.data["above"] and found.certificate.data["below"]


@pytest.mark.parametrize("measure", ["distance", "gradient", "value"])
def test_the_other_measures_and_strong_convexity(measure):
    found = bound_after(descent(0.1), 3, 1, 10, measure=measure)
    known = {"distance": 0.9**6, "gradient": None, "value": None}[measure]
    bound, attained = found.enclosures["bound"], found.enclosures["attained"]
    assert bound * (1 - Fraction(1, 10**4)) <= attained <= bound
    if known is not None:
        assert float(bound) == pytest.approx(known, rel=1e-7)


def test_schedules_and_memory():
    scheduled = bound_after(eqt.ScheduledGradientDescent([0.1, 0.2, 0.15]), 3, 1, 10)
    assert float(scheduled.enclosures["attained"]) == pytest.approx(float(scheduled.enclosures["bound"]), rel=1e-4)
    ball = bound_after(polyak(1, 100), 8, 1, 100, measure="distance")
    assert ball.enclosures["attained"] > 100  # it runs away, from its own start
    momentum = bound_after(triple_momentum(1, 10), 4, 1, 10)
    assert momentum.verdict is Verdict.CERTIFIED


def test_with_a_proximal_term():
    plain = bound_after(descent(0.1), 2, 1, 10)
    found = bound_after(eqt.ProximalGradient(0.1), 2, 1, 10, gamma=2.0)
    other = bound_after(descent(0.1 / (1 + 0.1 / 2)), 2, 1, 10)
    assert float(found.enclosures["bound"]) == pytest.approx(float(other.enclosures["bound"]), rel=1e-7)
    assert found.enclosures["bound"] != plain.enclosures["bound"]


def test_a_long_run_has_both_ends_and_a_short_certificate():
    found = bound_after(descent(1.0), 30, 0, 1)
    assert float(found.enclosures["bound"]) == pytest.approx(1 / 122, rel=1e-9)
    assert float(found.enclosures["attained"]) == pytest.approx(1 / 122, rel=1e-7)
    # Of 930 inequalities those of neighbours are used; thirty equal steps are said once.
    assert len(found.certificate.data["above"]["multipliers"]) < 125
    assert found.certificate.data["run"]["queries"] == [[30, [["1", "-1"]]]]
    assert len(found.certificate._text) < 4000


LONG = {
    "descent": (descent(2 / 11), 30, 1, 10, 1e-6, 6000),
    "Nesterov": (eqt.Nesterov.optimal(1, 10), 30, 1, 10, 2e-4, 6500),
    "heavy ball": (eqt.HeavyBall(0.1, 0.5), 15, 1, 10, 2e-4, 4000),
    "heavy ball, convex": (eqt.HeavyBall(0.1, 0.5), 30, 0, 10, 2e-4, 7000),
    "triple momentum": (triple_momentum(1, 10), 30, 1, 10, 1e-5, 6000),
    "FISTA": (eqt.FISTA(1.0), 30, 0, 1, 1e-4, 9000),
    "Nesterov, kappa 100": (eqt.Nesterov(0.01, 9 / 11), 15, 1, 100, 1e-3, 4000),
    "OGM": (eqt.OGM(1.0), 30, 0, 1, 1e-5, 9000),
}
"""Solver, steps, m, M, how far the ends may be apart, the length of the certificate."""


@pytest.mark.parametrize("name", LONG)
def test_both_ends_meet_after_many_steps(name):
    """Where the run has come as close to h* as |h - h*|^2 = 1e-7, or goes on in ever new steps."""
    solver, steps, m, M, apart, most = LONG[name]
    begun = time.process_time()
    found = bound_after(solver, steps, m, M)
    assert time.process_time() - begun < 30  # about 1 to 9 s
    bound, attained = found.enclosures["bound"], found.enclosures["attained"]
    assert 0 <= bound - attained <= apart * bound
    assert len(found.certificate._text) < most
    begun = time.process_time()
    kernel.check(found.certificate.data)
    assert time.process_time() - begun < 1  # about 0.03 to 0.1 s


@pytest.mark.parametrize("solver", [descent(1.0), eqt.FISTA(1.0), eqt.OGM(1.0)], ids=["descent", "FISTA", "OGM"])
def test_certificates_of_short_runs_are_short(solver):
    found = bound_after(solver, 5, 0, 1)
    assert float(found.enclosures["attained"]) == pytest.approx(float(found.enclosures["bound"]), rel=1e-6)
    assert len(found.certificate._text) < 1700


def test_the_run_of_a_certificate_is_the_run_of_the_solver():
    heun = two_queries(0.1)
    schedule = eqt.ScheduledGradientDescent([0.1, 0.2, 0.15, 0.1])
    for solver in (heun, schedule, eqt.FISTA(1.0), eqt.OGM(1.0), polyak(1, 10), triple_momentum(1, 10)):
        moves = unroll_run(solver, 8).moves
        rules = rules_of(moves)
        told, e = kernel.horizon.told, kernel.matrix.unit(len(moves) + 1)
        queries, own = told(blocks(rules)), told([[len(moves), [["1"]]]])
        points = kernel.horizon.follow(queries, own, e)
        assert points == [([1, *row], u) for row, u in zip(moves, e[1:], strict=True)]
        # In other vectors it is the same run: those of the gradients are found from them, and lead back to them.
        rows = told(blocks(gradients_of(rules)))
        v = [e[0]]
        for (y, u), row in zip(points, rows, strict=True):
            before = [y, *v[::-1]][: len(row) - 1]
            rest = kernel.matrix.times([row[1:]], before, len(e))[0] if before else [Fraction(0)] * len(e)
            v.append([(a - b) / row[0] for a, b in zip(u, rest, strict=True)])
        assert kernel.horizon.follow(queries, rows, v) == points
        assert kernel.matrix.rank(kernel.matrix.times(v, list(zip(*v, strict=True)), len(e))) == len(e)
    assert blocks(rules_of(unroll_run(heun, 4).moves))[0][0] == 4


def two_queries(a):
    def step(o, h):
        g = o.gradient(h)
        return h - a * (g + o.gradient(h - a * g)) / 2

    return step


def test_small_distances_are_attained_too():
    found = bound_after(triple_momentum(1, 10), 12, 1, 10, measure="distance")
    assert found.enclosures["attained"] > found.enclosures["bound"] / 2


def test_what_is_shown_needs_each_of_its_parts():
    whole = dict(bound_after(descent(0.1), 2, 1, 10).certificate.data)
    above, below = whole["above"], whole["below"]
    horizon, function = {**whole, "below": {}}, {**whole, "above": {}}
    assert "|h_0 - h*|^2" in kernel.check(horizon) and "for some function" in kernel.check(function)
    bound, attained = Fraction(above["bound"]), Fraction(below["attained"])
    size, gradients = len(below["values"]), {"gradients": [[3, [["1"]]]]}
    assert whole["run"]["gradients"] == gradients["gradients"]
    # A bound holds in whatever vectors it is said.
    assert kernel.check({**horizon, "run": {**whole["run"], "gradients": [[3, [["1", "1"]]]]}}) == kernel.check(horizon)
    damaged = [
        {**horizon, "above": {**above, "bound": str(bound * Fraction(99, 100))}},
        {**horizon, "above": {**above, "multipliers": above["multipliers"][1:]}},
        {**horizon, "above": {}},
        {**horizon, "M": "11"},
        {**horizon, "m": "1/2"},
        {**horizon, "measure": "distance"},
        {**horizon, "above": {**above, "scale": str(Fraction(above["scale"]) * Fraction(101, 100))}},
        {**horizon, "above": {**above, "scale": "0", "multipliers": []}},
        {**horizon, "above": {**above, "scale": "-1", "multipliers": []}},
        {**horizon, "run": []},
        *(
            {**horizon, "run": {"queries": queries, **gradients}}
            for queries in ([], [[1, [["1", "-1/10"]]]], [[2, [["1", "-1/10", "1"]]]], [[2, [["9/10", "-1/10"]]]])
        ),
        *(
            {**horizon, "run": {**whole["run"], "gradients": rows}}
            for rows in (
                [],
                [[2, [["1"]]]],
                [[4, [["1"]]]],
                [[3, [[]]]],
                [[3, [["0"]]]],
                [[3, [["0", "1"]]]],
                [[2, [["1"]]], [1, [["0", "1"]]]],
                [[3, [["1", "0", "0", "0"]]]],
            )
        ),
        {**function, "below": {**below, "attained": str(attained * Fraction(101, 100))}},
        {**function, "M": "9"},
        {**function, "m": "2"},
        {**function, "run": {"queries": [[2, [["1", "-1/5"]]]], **gradients}},
        {**function, "run": {**whole["run"], "gradients": [[3, [["2"]]]]}},
        {**function, "below": {**below, "vectors": [["0"] * len(below["vectors"][0]), *below["vectors"][1:]]}},
        {**function, "below": {**below, "vectors": below["vectors"][:-1]}},
        {**function, "below": {**below, "vectors": []}},
        {**function, "below": {**below, "vectors": [[] for _ in below["vectors"]]}},
        {**function, "below": {**below, "values": ["0"] * size}},
        {**function, "below": {**below, "vectors": [below["vectors"][0], *[["0"]] * size]}},
    ]
    moved = copy.deepcopy(function)
    moved["below"]["vectors"][1][0] = str(Fraction(moved["below"]["vectors"][1][0]) * Fraction(11, 10))
    for certificate in [*damaged, moved]:
        with pytest.raises(Rejected):
            kernel.check(certificate)


def test_the_worst_function_slows_down_the_solver_itself():
    """The points and gradients of the worst function, looked up by the true solver in double precision."""
    steps, M = 5, 10
    solver = eqt.StepRule(descent(1 / M))
    found = bound_after(solver, steps, 1, M, measure="distance")
    points, gradients = (torch.from_numpy(array) for array in function_of(found.certificate.data)[:2])
    start = points[0]

    class Lookup(eqt.Energy):
        def value(self, h):
            raise NotImplementedError  # a step that asks for more than gradients is to fail here

        def gradient(self, h):
            apart = (points - h).norm(dim=-1)
            assert float(apart.min()) < 1e-9
            return gradients[int(apart.argmin())] - (h - start) / 1e9

    objective = eqt.Objective(Lookup(), start, 1e9)
    state = solver.init(objective, start)
    for _ in range(steps):
        state = solver.step(objective, state)
    assert float(state.h.norm() ** 2 / start.norm() ** 2) == pytest.approx(
        float(found.enclosures["attained"]), rel=1e-6
    )


def test_what_is_said_is_on_the_safe_side():
    for steps in (1, 2, 3):
        found = bound_after(descent(0.1), steps, 1, 10, measure="distance")
        above, below = (Fraction(x) for x in re.findall(r"<= (\S+) .* and (\S+) is attained", found.detail)[0])
        assert above >= found.enclosures["bound"] >= found.enclosures["attained"] >= below


def test_what_cannot_be_traced_is_inconclusive():
    assert "Hessian" in bound_after(eqt.Newton(), 2, 1, 10).detail
    assert bound_after(lambda o, h: o.prox(h - 0.1 * o.gradient(h), 0.1), 2, 1, 10).verdict is Verdict.INCONCLUSIVE
    assert "time" in bound_after(descent(0.1), 2, 1, 10, seconds=1e-9).detail


def test_bad_arguments():
    for steps in (0, -1, 1.5, True, 1000):
        with pytest.raises(UsageError, match="steps"):
            bound_after(descent(0.1), steps, 1, 10)
    for more, word in (({"measure": "speed"}, "measure"), ({"gamma": 0}, "gamma"), ({"seconds": -1}, "seconds")):
        with pytest.raises(UsageError, match=word):
            bound_after(descent(0.1), 2, 1, 10, **more)
    with pytest.raises(UsageError, match="m and M"):
        bound_after(descent(0.1), 2, 10, 1)


ONLY_WHERE_TRACED = {
    "by type": lambda o, h: h - (0.1 if type(h) is not torch.Tensor else 0.2) * o.gradient(h),
    "in few dimensions": lambda o, h: h - (0.1 if h.numel() > 1 else 0.3) * o.gradient(h),
    "in many dimensions": lambda o, h: h - (0.1 if h.numel() < 200 else 0.3) * o.gradient(h),
    "rank three": lambda o, h: h - (0.3 if h.ndim == 3 else 0.1) * o.gradient(h),
    "where derivatives are wanted": lambda o, h: h - (0.3 if h.requires_grad else 0.1) * o.gradient(h),
    "by value": lambda o, h: h - (0.1 if type(h) is not torch.Tensor or h.norm() > 1e-2 else 0.2) * o.gradient(h),
    "clipped": lambda o, h: h - 0.1 * (g if type(g := o.gradient(h)) is not torch.Tensor else g.clamp(-1, 1)),
}


@pytest.mark.parametrize("name", ONLY_WHERE_TRACED)
def test_a_run_that_is_another_one_on_ordinary_tensors_has_no_bound(name):
    found = bound_after(ONLY_WHERE_TRACED[name], 3, 1, 10)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "on ordinary tensors" in found.detail
