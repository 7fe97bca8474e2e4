from eqt_theory.models.study.tasks.sequences import Split
from eqt_theory.models.study.tasks.text import TASK, read


def test_the_help_topics() -> None:
    corpus = read()
    assert len(corpus.training) > 7 * len(corpus.test) > 200_000
    assert b"assignment" in corpus.training
    assert read() is corpus and TASK.data is not None and TASK.data() == corpus.name()
    assert TASK.draw(3, 64, 0, Split.TRAINING).tokens.shape == (3, 64)
