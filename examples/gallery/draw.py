"""Runs the gallery and draws its pictures into docs/gallery: `python examples/gallery/draw.py [NAME ..]`."""

import importlib
import sys
from pathlib import Path

from eqt_theory import Finding
from eqt_theory.core.files import write_bytes
from eqt_theory.report.plots.style import png

HERE = Path(__file__).parent
PICTURES = HERE.parent.parent / "docs" / "gallery"
NAMES = sorted(file.stem for file in HERE.glob("*.py") if file.stem != "draw")


def main(names: list[str]) -> None:
    """Say what was found, and draw it."""
    sys.path.insert(0, str(HERE))
    for name in names or NAMES:
        module = importlib.import_module(name)
        found = module.study()
        for word, value in found.items():
            if isinstance(value, Finding):
                print(f"{name}, {word}: {value.verdict}, {value.detail}")
        write_bytes(PICTURES / f"{name}.png", png(module.picture(found), dpi=80))


if __name__ == "__main__":
    main(sys.argv[1:])
