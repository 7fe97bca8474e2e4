import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from eqt_theory.core.folder import default_folder


def test_every_claim_has_a_line_with_its_judgement_on_record(cli: Callable, claims_folder: Callable):
    text = "claim = Claim(id='theorem-{0}', source='Theorem {0}', statement='t', title='title {0}')"
    folder = claims_folder(theorem_2=text.format(2), theorem_10=text.format(10))
    (folder / "judgements.json").write_text('{"theorem-2": "holds_loosely"}')
    outcome = cli("list", "--proofs", folder)
    assert outcome.status == 0
    assert [line.split() for line in outcome.out.splitlines()[1:]] == [
        ["theorem-2", "holds_loosely", "Theorem", "2", "title", "2"],
        ["theorem-10", "-", "Theorem", "10", "title", "10"],
    ]


def test_files_that_cannot_be_read_are_named(cli: Callable, claims_folder: Callable):
    text = "claim = Claim(id='a', source='s', statement='t')"
    outcome = cli("list", "--proofs", claims_folder(a=text, b="def f(:"))
    assert outcome.status == 1
    assert "1 file could not be read:" in outcome.out
    assert "- b.py: SyntaxError" in outcome.out


def test_a_missing_folder_is_a_usage_error(cli: Callable, tmp_path: Path):
    assert cli("list", "--proofs", tmp_path / "no").status == 2


def test_listing_claims_that_are_written_plainly_imports_nothing_heavy():
    code = (
        "import sys\nfrom eqt_theory.cli.main import main\n"
        f"try:\n    main(['list', '--proofs', {str(default_folder())!r}])\n"
        "except SystemExit as done:\n    assert done.code == 0, done.code\n"
        "heavy = {'torch', 'scipy', 'sympy', 'numpy', 'hypothesis', 'matplotlib', 'z3', 'cvc5', 'flint'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "theorem-2" in done.stdout
