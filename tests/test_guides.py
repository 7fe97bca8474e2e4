"""The code of the guides runs, and shows what the text around it says."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from code_blocks import blocks

GUIDES = Path(__file__).parent.parent / "docs" / "guide"


def _shown(name: str, capsys: pytest.CaptureFixture) -> str:
    """What the blocks of one guide print, run one after the other in one namespace."""
    scope = {"__name__": "guide"}
    code = [block.code for block in blocks(GUIDES / f"{name}.md") if block.language == "python" and not block.title]
    assert code
    for block in code:
        exec(compile(block, name, "exec"), scope)
    return capsys.readouterr().out


def test_check_a_guarantee(capsys: pytest.CaptureFixture):
    out = _shown("check_a_guarantee", capsys)
    assert out.count("REFUTED") == 1 and "curvature >= 0.1 on the ball" in out
    assert out.count("SUPPORTED") == 2
    assert "Status.CONVERGED" in out and "INCONCLUSIVE" not in out
    assert "convex for every gamma below 0.5" in out
    assert "None" not in out and "nan" not in out


def test_test_a_solver(capsys: pytest.CaptureFixture):
    out = _shown("test_a_solver", capsys)
    assert "descent: 18 checks ran, 18 passed" in out
    assert "forgetful: 18 checks ran" in out and "right_fixed_point: converges to h* on quadratics: fails" in out
    assert [word for word in ("GradientDescent", "Nesterov", "HeavyBall") if f"{word} " not in out] == []


def test_maps_and_inclusions(capsys: pytest.CaptureFixture):
    out = _shown("maps_and_inclusions", capsys)
    assert out.count("REFUTED") == 1 and out.count("SUPPORTED") == 2 and out.count("CERTIFIED") == 1
    assert "20 CONVERGED" in out and "[0.1000, 0.5500]" in out
    assert "layer: 9 checks ran, 9 passed" in out
    assert "nan" not in out and "inf" not in out


def test_claims_of_your_own(cli: Callable, claims_folder: Callable, capsys: pytest.CaptureFixture):
    found = [block for block in blocks(GUIDES / "claims_of_your_own.md") if block.language == "python"]
    files = [block for block in found if block.title]  # the same, as claims with checks and by theorem
    assert len(files) == 3
    assert _shown("claims_of_your_own", capsys).split() == ["PROVED", "PROVED"]  # an induction, and Young's inequality
    outcome = cli("verify", "--proofs", claims_folder(**{Path(block.title).stem: block.code for block in files}))
    assert outcome.status == 0
    assert "7 claims (3 holds, 4 false)" in outcome.out


def _tried(cli: Callable, line: str) -> str:
    """What a command line of a guide prints; it must end well."""
    program, *words = shlex.split(line)
    if program == "pytest":  # in this process; that pytest itself finds such files is tested with `new`
        for file in (file for word in words for file in Path(word).rglob("test_*.py")):
            scope = {"__name__": "guide", "__file__": str(file)}
            exec(compile(file.read_text("utf-8"), str(file), "exec"), scope)
            tests = [value for name, value in scope.items() if name.startswith("test_") and callable(value)]
            assert len(tests) == 2
            for test in tests:
                test()
        return ""
    assert program == "eqt-theory"
    outcome = cli(*words)
    assert outcome.status == 0, f"{line}: {outcome.out}{outcome.err}"
    return outcome.out


def test_a_small_paper(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Files are written and commands run in the order of the guide; what it says that they print, they print."""
    monkeypatch.chdir(tmp_path)
    out, ran = "", 0
    for block in blocks(GUIDES / "a_small_paper.md"):
        if block.title:
            known = Path(block.title).name in ("lemmas.py",) or Path(block.title).is_file()
            assert known, f"{block.title} was not made by `new`"
            Path(block.title).write_text(block.code, "utf-8")
        elif block.language == "sh":
            lines = block.code.splitlines()
            out = "".join(_tried(cli, line) for line in lines)
            ran += len(lines)
        else:
            assert block.language == "text" and block.code.strip() in " ".join(out.split()), out
    assert ran == 13
    assert (tmp_path / "site" / "claims" / "theorem-2-repaired.html").is_file()
    theorem = Path("small_paper/theorem_2.py")
    theorem.write_text(theorem.read_text("utf-8").replace("= 2 / (mu + L)) -> Finding", "= 2 / L) -> Finding"))
    wrong = cli("verify", "theorem-2", "--proofs", "small_paper")
    assert wrong.status == 1 and "short_steps: REFUTED" in wrong.out


def test_every_guide_is_tested():
    tested = {"check_a_guarantee", "test_a_solver", "claims_of_your_own", "maps_and_inclusions", "a_small_paper"}
    assert {file.stem for file in GUIDES.glob("*.md")} == tested
