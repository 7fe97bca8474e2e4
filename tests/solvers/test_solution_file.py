"""Solutions in files: the same to the bit after a round trip, and never more than the file and the problem say."""

import json
import math

import pytest
import torch

import eqt_theory as eqt


def objective(batch=(), dtype=torch.float64):
    A = torch.diag(torch.tensor([1.0, 3.0], dtype=dtype))
    f = torch.randn(*batch, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)
    return eqt.Objective(eqt.Quadratic(A), f, gamma=0.5)


def layer():
    W = torch.tensor([[0.5, 0.1], [0.0, -0.4]], dtype=torch.float64)
    return eqt.FixedPoint(lambda z: torch.tanh(z @ W.mT + 0.3), dim=2, contraction=0.6)


SOLVED = {
    "one state": (objective, lambda p: eqt.solve(p, eqt.GradientDescent(0.2))),
    "a batch": (lambda: objective((2, 3)), lambda p: eqt.solve(p, eqt.GradientDescent(0.2), max_steps=7)),
    "recorded": (lambda: objective((3,)), lambda p: eqt.solve(p, eqt.GradientDescent(0.2), record=4)),
    "diverged": (lambda: objective((3,)), lambda p: eqt.solve(p, eqt.GradientDescent(9.0))),
    "float32": (
        lambda: objective((3,), torch.float32),
        lambda p: eqt.solve(p, eqt.GradientDescent(0.2), tolerance=1e-5),
    ),
    "of a map": (layer, lambda p: eqt.solve(p, eqt.Picard())),
    "no states": (lambda: objective((0,)), lambda p: eqt.solve(p, eqt.GradientDescent(0.2))),
}


@pytest.mark.parametrize(("make", "run"), SOLVED.values(), ids=SOLVED)
@pytest.mark.parametrize("known", [True, False])
def test_solutions_come_back_to_the_bit(make, run, known, tmp_path):
    problem, file = make(), tmp_path / "solution.json"
    solution = run(problem)
    solution.save(file)
    again = eqt.Solution.load(file, problem if known else None)
    for name in ("h", "steps", "residual", "trajectory", "converged"):
        one, other = getattr(solution, name), getattr(again, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == other.dtype
            assert torch.equal(one, other)
    assert str(again) == str(solution)
    assert again.trajectory_steps == solution.trajectory_steps
    if known:
        bounds = solution.error_bound, again.error_bound
        assert (bounds[0] is None) == (bounds[1] is None)
        assert bounds[0] is None or torch.equal(*bounds)


def test_numbers_beyond_floats_come_back(tmp_path):
    h = torch.tensor([[math.nan, -0.0], [math.inf, 5e-324]], dtype=torch.float64)
    made = eqt.Solution(
        h, torch.tensor([1, 2]), eqt.solve(objective((2,)), eqt.GradientDescent(9.0)).status,
        torch.tensor([math.inf, 1.0], dtype=torch.float64), objective((2,)),
    )  # fmt: skip
    made.save(tmp_path / "s.json")
    again = eqt.Solution.load(tmp_path / "s.json").h
    assert [x.hex() for x in again.reshape(-1).tolist()] == [x.hex() for x in h.reshape(-1).tolist()]


def test_without_its_problem_nothing_of_it_is_to_be_had(tmp_path):
    file = tmp_path / "solution.json"
    eqt.solve(objective(), eqt.GradientDescent(0.2), record=True).save(file)
    again = eqt.Solution.load(file)
    assert again.error_bound is None
    assert "states" in again._repr_html_()
    with pytest.raises(eqt.UsageError, match=r"not in the file.*Solution.load\(path, objective\)"):
        eqt.measure_rate(again)
    known = eqt.Solution.load(file, objective())
    assert (
        eqt.measure_rate(known).rate
        == eqt.measure_rate(eqt.solve(objective(), eqt.GradientDescent(0.2), record=True)).rate
    )


def test_another_problem_is_noticed(tmp_path):
    file = tmp_path / "solution.json"
    eqt.solve(objective(), eqt.GradientDescent(0.2)).save(file)
    other = eqt.Objective(
        eqt.Quadratic(torch.eye(2, dtype=torch.float64)), torch.ones(2, dtype=torch.float64), gamma=0.5
    )
    for wrong in (other, objective((3,)), layer()):
        with pytest.raises(eqt.UsageError, match=r"is of another problem|must"):
            eqt.Solution.load(file, wrong)
    with pytest.raises(eqt.UsageError, match="objective must be"):
        eqt.Solution.load(file, 3)


DAMAGE = {
    "format": "else", "dtype": "int8", "shape": [2, 2], "h": [0.0], "steps": [-1], "status": ["DONE"],
    "residual": ["x"], "trajectory": [0.0, 0.0], "trajectory_steps": [0],
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("way", ["another", "missing", "null"])
def test_a_damaged_file_ends_in_one_clear_error(name, way, tmp_path):
    file = tmp_path / "solution.json"
    eqt.solve(objective(), eqt.GradientDescent(0.2)).save(file)
    data = json.loads(file.read_text())
    if way == "missing":
        del data[name]
    elif way == "null" and name == "trajectory":
        return
    else:
        data[name] = DAMAGE[name] if way == "another" else None
    file.write_text(json.dumps(data))
    with pytest.raises(eqt.UsageError, match="holds no solution"):
        eqt.Solution.load(file)


def test_a_lie_is_noticed_where_it_can_be(tmp_path):
    file = tmp_path / "solution.json"
    eqt.solve(objective(), eqt.GradientDescent(0.2), max_steps=2).save(file)
    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | {"status": ["CONVERGED"], "residual": [1e-12]}))
    with pytest.raises(eqt.UsageError, match="another problem: a residual is 1e-12 in the file"):
        eqt.Solution.load(file, objective())
    file.write_text(json.dumps(data | {"status": ["CONVERGED"], "residual": ["nan"]}))
    with pytest.raises(eqt.UsageError, match="not finite has not converged"):
        eqt.Solution.load(file)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[]", b"[" * 5000])
def test_what_is_no_file_of_a_solution(content, tmp_path):
    (tmp_path / "s.json").write_bytes(content)
    with pytest.raises(eqt.UsageError, match="solution"):
        eqt.Solution.load(tmp_path / "s.json")
