import sysconfig
from pathlib import Path

from eqt_theory.models.study.tasks.code import TASK, read


def test_modules_are_in_one_part_only() -> None:
    corpus = read()
    assert TASK.name == "code" and min(len(corpus.training), len(corpus.validation), len(corpus.test)) > 100_000
    parts = (corpus.training, corpus.validation, corpus.test)
    for name in ("abc.py", "bisect.py", "this.py", "types.py"):
        source = (Path(sysconfig.get_path("stdlib")) / name).read_bytes()
        assert sum(source in part for part in parts) <= 1
    assert not any(sysconfig.get_path("stdlib").encode() in part for part in parts), "this machine's own"
