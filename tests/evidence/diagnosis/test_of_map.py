import json

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Box, FixedPoint, Inclusion, UsageError, diagnose
from eqt_theory.evidence.diagnosis import Behaviour

D = torch.float64
START = torch.randn(6, 3, dtype=D, generator=torch.Generator().manual_seed(0))
TURN = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]], dtype=D)


def of(fn, steps=16):
    return diagnose(FixedPoint(fn, 3), steps=steps, start=START)


def test_what_converges():
    found = of(lambda z: 0.5 * TURN @ z + 1)
    assert found.overall is Behaviour.CONVERGES and found.found.all()
    assert found.radius.tolist() == pytest.approx([0.5] * 6) == found.norm.tolist()
    assert float(found.left.max()) <= 0.5**16 * (1 + 1e-9)
    assert found.share(Behaviour.CONVERGES) == 1 and "100 % of these states" in found.verdict[0]


def test_what_is_underway():
    found = of(lambda z: 0.98 * TURN @ z + 1)
    assert found.overall is Behaviour.UNDERWAY and "more steps" in found.advice[0]


def test_the_relaxation_that_is_advised_converges():
    found = of(lambda z: 3 * TURN @ z + 1)
    assert found.overall is Behaviour.OSCILLATES and "KrasnoselskiiMann" in found.advice[0]
    # Eigenvalues of 1 - T are 1 -+ 3i and 4: 2/10 is the least of 2 Re/|.|^2.
    assert float(found.relaxation.min()) == pytest.approx(0.2)
    for weight, good in ((0.19, True), (0.21, False)):
        run = eqt.solve(FixedPoint(lambda z: 3 * TURN @ z + 1, 3), eqt.KrasnoselskiiMann(weight), START, max_steps=5000)
        assert bool(run.converged.all()) is good


def test_a_rotation_neither_converges_nor_contracts():
    found = of(lambda z: TURN @ z + 1)
    assert found.overall is Behaviour.OSCILLATES and float(found.norm.max()) == pytest.approx(1)


def test_where_no_relaxation_helps_and_where_nothing_is_known():
    assert "No relaxation" in of(lambda z: 3 * z + 1).advice[0]
    for fn in (lambda z: z + 1, lambda z: z):
        found = of(fn)
        assert found.overall is Behaviour.UNKNOWN and not found.found.any()
        assert found.to_dict()["spectral_radius"] is None


def test_a_start_at_the_solution_is_inert():
    assert diagnose(FixedPoint(lambda z: 0.5 * z, 3), steps=4, start=0 * START).overall is Behaviour.INERT


def test_a_contraction_that_is_not_monotone_in_the_norm():
    found = of(lambda z: torch.stack([0.5 * z[0] + 5 * z[1], 0.5 * z[1], 0 * z[2]]))
    assert any("not each of them" in line for line in found.verdict)


def test_inputs_and_inclusions():
    layer = FixedPoint(lambda z, x: torch.tanh(0.5 * TURN @ z + x), 3, inputs=START)
    assert diagnose(layer, steps=16).overall is Behaviour.CONVERGES
    problem = Inclusion(lambda h: 2 * h - 1, Box([-1.0] * 3, [0.25] * 3))
    found = diagnose(problem, steps=16, start=START, solver=eqt.ForwardBackward(0.3))
    assert found.overall is Behaviour.CONVERGES and found.solver == "ForwardBackward"
    assert found.radius.isnan().all()


def test_the_summary_is_json_and_a_table():
    found = of(lambda z: 0.5 * z)
    assert json.loads(json.dumps(found.to_dict()))["overall"] == "converges"
    assert "spectral radius" in found._repr_html_() and str(found).startswith("The iteration converges")


def test_bad_arguments():
    point, box = FixedPoint(torch.tanh, 3), Inclusion(torch.tanh, Box([0.0], [1.0]))
    objective = eqt.Objective(eqt.Quadratic(torch.eye(3, dtype=D)), START)
    for call, word in [
        (lambda: diagnose(point), "steps must be given"),
        (lambda: diagnose(point, 0.1, 4), "of an Objective"),
        (lambda: diagnose(point, steps=4, start=START.float()), "float64"),
        (lambda: diagnose(point, steps=4, start=START * torch.nan), "finite"),
        (lambda: diagnose(point, steps=-1), "steps"),
        (lambda: diagnose(box, steps=4), "solver must be given"),
        (lambda: diagnose(point, steps=4, solver=eqt.GradientDescent(0.1)), "solves Objective"),
        (lambda: diagnose(objective, 0.1, 4, start=START), "start is of"),
        (lambda: diagnose(objective, steps=4), "step_size must be given"),
        (lambda: diagnose(objective, 0.1, 4, torch.nn.Embedding(3, 2)), "predict must take"),
    ]:
        with pytest.raises(UsageError, match=word):
            call()
