"""CONTRIBUTING holds to the tree: its paths exist, its names are there, its code runs."""

import ast
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from code_blocks import Block, blocks

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
BLOCKS = blocks(ROOT / "CONTRIBUTING.md")
FILES = {block.title: block.code for block in BLOCKS if block.title.endswith(".py")}
TRIALS = [block for block in BLOCKS if block.title.startswith("try ")]
PROSE = re.sub(r"^ *```.*?^ *```", "", TEXT, flags=re.DOTALL | re.MULTILINE)
SPANS = re.findall(r"`([^`\n]+)`", PROSE)
PATHS = sorted(
    {s for s in SPANS if re.fullmatch(r"[\w./-]+", s) and ("/" in s or re.search(r"\.(py|md|yml|toml|txt)$", s))}
)


def _example_paths() -> set[str]:
    """The files of the examples, and the tests that the text gives them: they do not exist, and should not."""
    names = {Path(file).stem for file in FILES}
    return {path for path in PATHS if Path(path).stem.removeprefix("test_") in names} | set(FILES)


@pytest.fixture
def try_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a block with the examples' files as modules of the package, one of them changed where it is given."""

    def run(trial: Block, changed: str = "", good: str = "", bad: str = "") -> None:
        for file, code in FILES.items():
            if not file.startswith("eqt_theory/"):
                continue
            name = file.removesuffix(".py").replace("/", ".")
            if file == changed:
                assert code.count(good) == 1
                code = code.replace(good, bad)
            module = ModuleType(name)
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(code, file, "exec"), vars(module))
        exec(compile(trial.code, trial.title, "exec"), {"__name__": "trial"})

    return run


def test_it_names_paths_and_every_one_is_there():
    assert len(PATHS) > 25
    missing = [path for path in PATHS if path not in _example_paths() and not (ROOT / path).exists()]
    assert missing == []


def test_the_examples_would_be_new_files_in_folders_that_exist():
    assert len(FILES) == 4
    for path in _example_paths():
        assert not (ROOT / path).exists(), path
        assert (ROOT / path).parent.is_dir(), path


def test_a_list_of_the_sources_that_is_named_exists_where_it_is_said_to_be():
    homes = {
        "PROOFS": "eqt_theory.evidence.rate.stated",
        "SUPPORTABLE": "eqt_theory.core.verdict",
        "SOLVER_CHECKS": "eqt_theory.testing.solver_battery",
        "ENERGY_CHECKS": "eqt_theory.testing.energy_battery",
        "FAULTS": "eqt_theory.testing.faults.energies",
        "SHARED": "energies.cases",
        "BATCHED": "energies.cases",
        "TWINS": "energies.cases",
    }
    for name, module in homes.items():
        assert name in SPANS
        assert getattr(importlib.import_module(module), name)
    for name in ("CAUGHT_BY", "PACKAGED"):
        assert name in SPANS
        tree = ast.parse((ROOT / "tests" / "testing" / "test_faults.py").read_text("utf-8"))
        assert name in {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.title)
def test_an_example_works(try_with: Callable, trial: Block):
    try_with(trial)


def test_there_is_a_trial_of_each_kind():
    assert [trial.title for trial in TRIALS] == ["try the energy", "try the solver", "try the evidence"]


@pytest.mark.parametrize(
    ("file", "good", "bad", "trial"),
    [
        ("energies/ripple", "self.w * torch.sin(h)", "1.001 * self.w * torch.sin(h)", "try the energy"),
        ("energies/ripple", "Curvature(-self.w,", "Curvature(-0.9 * self.w,", "try the energy"),
        ("solvers/double_step", "m, M) ** 2", "m, M) ** 3", "try the solver"),
        ("evidence/symmetry", "energy.value(-h)", "energy.value(h)", "try the evidence"),
    ],
)
def test_a_trial_fails_on_a_slip(try_with: Callable, file: str, good: str, bad: str, trial: str):
    (block,) = [block for block in TRIALS if block.title == trial]
    with pytest.raises(AssertionError):
        try_with(block, f"eqt_theory/{file}.py", good, bad)


def test_the_claim_is_judged_and_recorded_as_described(cli: Callable, claims_folder: Callable):
    folder = claims_folder(overshoot=FILES["proofs/closed_loop/equation_2_overshoot.py"])
    judged = cli("verify", "--proofs", folder, "equation-2-overshoot")
    assert judged.status == 0
    assert "2 claims (1 holds, 1 false)" in judged.out
    assert not (folder / "judgements.json").exists()
    assert cli("verify", "--proofs", folder, "equation-2-overshoot", "--record").status == 0
    assert '"equation-2-overshoot": {"judgement": "false", ' in (folder / "judgements.json").read_text("utf-8")


def test_without_its_repair_the_claim_is_unfinished(cli: Callable, claims_folder: Callable):
    code = FILES["proofs/closed_loop/equation_2_overshoot.py"].replace(
        '    repair="equation-2-overshoot-repaired",\n', ""
    )
    outcome = cli("verify", "--proofs", claims_folder(overshoot=code))
    assert outcome.status == 1
    assert "equation-2-overshoot: unfinished" in " ".join(outcome.out.split())


@pytest.mark.parametrize("line", [line for b in BLOCKS if b.language == "sh" for line in b.code.splitlines()])
def test_every_command_names_what_is_there(line: str):
    words = line.split("#")[0].split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    else:
        assert words[0] == ".venv/bin/python" and (ROOT / words[1]).is_file()
        assert (ROOT / "notebooks" / f"{words[2]}.py").is_file()
        assert all(option == "--check" for option in words[3:])
