"""What users print in a notebook shows itself as a table that says what `str` says, escaped."""

import re
from html import unescape

import pytest
import sample_findings as sample
import torch

import eqt_theory as eqt
from eqt_theory.core.claim import Claim, Reading, Run
from eqt_theory.core.ledger import run_ledger
from eqt_theory.testing import check_energy
from eqt_theory.testing.report import Outcome, Report, Result

HOSTILE = '<img src="x" onerror="alert(1)">'
MATRIX = torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64))
OBJECTIVE = eqt.Objective(eqt.Quadratic(MATRIX), torch.ones(2, dtype=torch.float64), 1.0)
SOLVER = eqt.GradientDescent.optimal(OBJECTIVE.m, OBJECTIVE.M)
SOLUTION = eqt.solve(OBJECTIVE, SOLVER, record=True)


def shown(value: object) -> dict[str, str]:
    """The rows of a table of names and texts."""
    rows = re.findall(r"<tr><th[^>]*>(.*?)</th><td[^>]*>(.*?)</td></tr>", value._repr_html_())
    return {unescape(re.sub(r"<[^>]+>", "", a)): unescape(re.sub(r"<[^>]+>", "", b)) for a, b in rows}


def test_a_solution():
    rows = shown(SOLUTION)
    assert rows["steps"] == str(int(SOLUTION.steps)) and rows["converged"].startswith("1. The gradient norm")
    assert rows["h"] == "(" + ", ".join(f"{x:.6g}" for x in SOLUTION.h.tolist()) + ")"
    assert float(rows["|h - h*| at most"]) == pytest.approx(float(SOLUTION.error_bound), rel=1e-2)
    stopped = eqt.solve(eqt.Objective(OBJECTIVE.energy, torch.ones(3, 2).double()), SOLVER, max_steps=1)
    assert shown(stopped)["max steps"].startswith("3. The steps ran out") and "h" not in shown(stopped)


def test_the_error_bound_of_a_large_batch_is_not_worked_out_for_a_picture():
    proposals = torch.ones(100, 2, dtype=torch.float64)
    large = eqt.solve(eqt.Objective(OBJECTIVE.energy, proposals), SOLVER)
    assert "|h - h*| at most" not in shown(large) and "error_bound" not in vars(large)
    assert large.error_bound is not None
    assert "|h - h*| at most" in shown(large)


def test_a_guarantee():
    rows = shown(SOLVER.guarantee(OBJECTIVE.m, OBJECTIVE.M))
    assert rows["factor"] == "0.428571 in every step" and rows["sharpness"].startswith("tight")
    assert rows["below 1 for steps in"] == "(0, 0.4)" and "constant in front" not in rows
    late = eqt.HeavyBall.optimal(1.0, 4.0).guarantee(1.0, 4.0)
    assert shown(late)["factor"].endswith("per step over the run") and "constant in front" in shown(late)


def test_a_rate():
    rows = shown(eqt.measure_rate(SOLUTION))
    assert rows["measured factor"].startswith("0.4285") and rows["over steps"].count(" to ") == 1
    still = eqt.solve(OBJECTIVE, SOLVER, start=SOLUTION.h, record=True, max_steps=1)
    assert shown(eqt.measure_rate(still))["measured factor"] == "none"
    assert "note" in shown(eqt.measure_rate(still))


def test_curvature_declared_and_measured():
    assert shown(OBJECTIVE.energy.curvature) == {
        "mu": "1",
        "L": "4",
        "holds on": "the whole space",
        "how it is known": "declared; an assumption until it is checked",
    }
    rows = shown(eqt.measure_curvature(OBJECTIVE, SOLUTION.h))
    assert rows["smallest eigenvalue"].startswith("2 ±") and rows["largest eigenvalue"].startswith("5 ±")
    assert rows["measured by"] == "dense"
    batch = eqt.Curvature(torch.tensor([-1.0, 2.0]), 3.0, eqt.Ball([0.0], 1.0))
    assert shown(batch)["mu"] == "-1 to 2" and "Ball" in shown(batch)["holds on"]


def test_a_local_certificate():
    f = torch.tensor([3.0, -1.0], dtype=torch.float64)
    energy = 0.1 * eqt.EpisodicMemory(torch.eye(2, dtype=torch.float64), tau=1.0)
    rows = shown(eqt.local_certificate(energy, f, 0.5))
    assert (
        rows["certificate"] == "holds" and rows["ball"].startswith("|h - f| ≤") and float(rows["factor per step"]) < 1
    )
    rows = shown(eqt.local_certificate(energy, f, 1e6))
    assert rows["certificate"] == "does not hold" and rows["reason"] and "ball" not in rows


def test_a_diagnosis():
    found = eqt.diagnose(eqt.Objective(OBJECTIVE.energy, torch.ones(3, 2).double()), 0.1, 4)
    rows = shown(found)
    assert rows["overall"] == found.overall.name.lower()
    assert rows["smallest eigenvalue of Phi at h*"].startswith("2 (")
    assert rows["tokens"].startswith("3: ")


def test_a_report_has_a_line_for_each_check_and_no_time():
    report = check_energy(OBJECTIVE.energy, 2, samples=8)
    html = report._repr_html_()
    assert html.count("<tr>") == 1 + len(report.results)
    assert re.sub(r"<[^>]+>", "", html).startswith(report.summary)
    assert [r.finding.check.replace("_", " ") in html for r in report.results] == [True] * len(report.results)


def test_a_claim_and_a_ledger():
    claim = Claim("a", "Eq. 1", "rho^k <= 1 for mu > 0.", (Reading("strict", "mu > 0 everywhere."),), title="a title")
    claim.shows("all")(sample.proved)
    html = claim._repr_html_()
    assert "ρ<sup>k</sup> ≤ 1 for μ &gt; 0." in html and "strict (stated)" in html and "proved" in html
    html = run_ledger([claim], Run())._repr_html_()
    assert "a title" in html and "holds" in html and "no problems" in html


@pytest.mark.parametrize(
    "value",
    [
        Claim("a", HOSTILE, HOSTILE, (Reading(HOSTILE, HOSTILE + "x"),), title=HOSTILE, remark=HOSTILE),
        Report(HOSTILE, (Result(sample.unknown(), Outcome.FAILED, HOSTILE),), (HOSTILE,)),
        Report("s", (Result(sample.refuted(), Outcome.EXPECTED_FAILURE, HOSTILE),)),
        eqt.RateEstimate(float("nan"), float("nan"), 0, 0, 0.0, reason=HOSTILE),
        run_ledger([Claim("a", "s", "t", title=HOSTILE)], Run()),
    ],
    ids=["claim", "report", "reason", "rate", "ledger"],
)
def test_texts_are_escaped(value):
    html = value._repr_html_()
    assert "<img" not in html and "&lt;img" in html
