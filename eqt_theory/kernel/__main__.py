"""`python -I -S eqt_theory/kernel FILE|DIR ..`: exits with 0, 1 where a certificate is rejected, 2 for a wrong call."""

import sys
from pathlib import Path
from types import ModuleType

if not __package__:  # run as a folder: let `eqt_theory.kernel` be this folder, whatever else is or is not installed
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != here]
    sys.modules["eqt_theory"] = ModuleType("eqt_theory")
    sys.modules["eqt_theory"].__path__ = [str(here.parent)]

from eqt_theory.kernel import Rejected, check, load  # noqa: E402


def main(arguments: list[str]) -> int:
    """Check every file, and every *.json in every folder; print a line for each; return the exit status."""
    files = [f for a in map(Path, arguments) for f in (sorted(a.rglob("*.json")) if a.is_dir() else [a])]
    if not files or not all(f.is_file() for f in files):
        print("usage: python -I -S eqt_theory/kernel FILE|DIR ..   (certificates, *.json in a folder)", file=sys.stderr)
        return 2
    status = 0
    for file in files:
        try:
            said = f"shows: {check(load(file))}"
        except Rejected as error:
            said, status = f"REJECTED: {error}", 1
        print(f"{file}: {said}")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
