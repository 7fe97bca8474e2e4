"""Code: the sources of the standard library's single modules, byte by byte."""

import sys
import sysconfig
from functools import cache
from pathlib import Path

from eqt_theory.models.study.tasks.corpus import Corpus, byte_task

_APART = {8: 1, 9: 2}
"""Which part the ninth and the tenth of every ten modules go to."""
_MOST = 1_000_000
"""Bytes of a part at most: counting takes a few seconds a million."""


@cache
def read() -> Corpus:
    """Whole modules: of every ten by name, the ninth to choose by, the tenth to test on, the others to learn from."""
    every = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    files = [file for file in every if file.stem in sys.stdlib_module_names]  # others are this machine's own
    parts: tuple[list[bytes], ...] = ([], [], [])
    for i, file in enumerate(files):
        parts[_APART.get(i % 10, 0)].append(file.read_bytes())
    training, validation, test = (b"\n".join(part)[:_MOST] for part in parts)
    return Corpus(training, validation, test)


TASK = byte_task("code", 5, read)
