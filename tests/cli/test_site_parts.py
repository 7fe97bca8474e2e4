"""`eqt-theory verify --html`: what the site shows beside the judgements."""

from collections.abc import Callable
from pathlib import Path

import pytest

import eqt_theory as eqt
from eqt_theory.cli import site_parts
from eqt_theory.cli.site_parts import own_solvers
from eqt_theory.models.checkpoint import save_checkpoint
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.equilibrium import EquilibriumTransformer

MODULE = """
import eqt_theory as eqt
newton = eqt.Newton()
def wrong(objective, h):
    return -h
"""
SAMPLE = Path(__file__).parents[1] / "sample_claims"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "their_solvers.py").write_text(MODULE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    small = ModelConfig(width=8, layers=1, heads=2, head_width=8, window=4, gamma=0.1)
    return save_checkpoint(EquilibriumTransformer(small, seed=1), tmp_path / "model", length=4)


def test_a_solver_and_a_checkpoint_get_pages_of_their_own(
    cli: Callable, sample_claims: Path, checkpoint: Path, tmp_path: Path
):
    outcome = cli(
        "verify", "--proofs", sample_claims, "--html", tmp_path / "site",
        "--solver", "their_solvers:newton", "--checkpoint", checkpoint,
    )  # fmt: skip
    assert (outcome.status, outcome.err) == (0, "")
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert 'href="solvers.html"' in index and 'href="diagnosis.html"' in index
    assert "Newton()" in (tmp_path / "site" / "solvers.html").read_text("utf-8")
    assert "Refinement of model" in (tmp_path / "site" / "diagnosis.html").read_text("utf-8")


def test_a_solver_that_fails_is_a_problem(cli: Callable, sample_claims: Path, tmp_path: Path):
    arguments = ("verify", "--proofs", sample_claims, "--html", tmp_path / "site", "--solver", "their_solvers:wrong")
    outcome = cli(*arguments)
    assert outcome.status == 1
    assert "problem: wrong fails right_fixed_point" in outcome.out
    assert "wrong fails right_fixed_point" in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_a_figure_that_cannot_be_drawn_is_a_problem_and_the_site_is_there(
    cli: Callable, claims_folder: Callable, tmp_path: Path
):
    text = """
from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
claim = Claim(id="a", source="s", statement="t")
@claim.shows("all")
def sums() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "1 + 1 is 2", enclosures={"sum": 1 + 1})
@claim.draws("a line")
def line():
    from matplotlib.figure import Figure
    figure = Figure()
    figure.subplots().plot([0, 1], [0, 1])
    return figure
"""
    folder = claims_folder(a=text)
    outcome = cli("verify", "--proofs", folder, "--html", tmp_path / "site")
    assert outcome.status == 0, "somebody else's folder, a figure of plain Matplotlib"
    assert "<svg" in (tmp_path / "site" / "claims" / "a.html").read_text("utf-8")
    assert not (tmp_path / "site" / "solvers.html").exists(), "it is not about our solvers"

    (folder / "a.py").write_text(text.replace("return figure", "return figure.no_such_thing"), "utf-8")
    outcome = cli("verify", "--proofs", folder, "--html", tmp_path / "other")
    assert outcome.status == 1
    assert "problem: a: the figure line could not be drawn: AttributeError" in outcome.out
    assert (tmp_path / "other" / "claims" / "a.html").is_file()
    assert cli("verify", "--proofs", folder).status == 0, "without a site nothing is drawn"


def test_mistakes_are_said_before_the_run(cli: Callable, sample_claims: Path, tmp_path: Path):
    site = ("--html", tmp_path / "site")
    for arguments, said in (
        (("--solver", "their_solvers:newton"), "--solver is for the site; add --html DIR"),
        (("--checkpoint", tmp_path), "--checkpoint is for the site; add --html DIR"),
        ((*site, "--solver", "their_solvers:absent"), "has no attribute 'absent'"),
        ((*site, "--checkpoint", tmp_path), "is no checkpoint"),
    ):
        outcome = cli("verify", "--proofs", sample_claims, *arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert said in outcome.error


@pytest.mark.parametrize(
    ("arguments", "own"), [((), True), (("--quick",), False), (("theorem-6",), False), (("--proofs", SAMPLE), False)]
)
def test_a_full_run_of_this_projects_claims_checks_its_solvers(
    monkeypatch: pytest.MonkeyPatch, cli: Callable, tmp_path: Path, arguments: tuple, own: bool
):
    asked = []

    def load_parts(html: Path | None, **options: object) -> None:
        asked.append(options["own"])
        raise eqt.UsageError("enough")

    monkeypatch.setattr("eqt_theory.cli.verify.load_parts", load_parts)
    assert cli("verify", *arguments, "--html", tmp_path / "site").status == 2
    assert asked == [own]


def test_own_solvers_are_of_every_kind_that_the_package_has(monkeypatch: pytest.MonkeyPatch):
    kinds = {value for name in eqt.__all__ if isinstance(value := getattr(eqt, name), type)}
    solvers = {kind for kind in kinds if issubclass(kind, eqt.Solver) and eqt.Objective in kind.solves}
    # Anchored gradient steps converge sublinearly on every problem, which the battery does not take for convergence.
    assert {type(solver) for solver in own_solvers()} == solvers - {eqt.Solver, eqt.StepRule, eqt.AnchoredGradient}
    assert site_parts.Parts().own is False
