"""Text: the English of CPython's own help topics, byte by byte."""

from functools import cache

from eqt_theory.models.study.tasks.corpus import Corpus, byte_task


@cache
def read() -> Corpus:
    """The topics by name, one after another: eight tenths to learn from, a tenth each to choose by and to test on."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics)).encode("utf-8")
    first, second = len(text) * 8 // 10, len(text) * 9 // 10
    return Corpus(text[:first], text[first:second], text[second:])


TASK = byte_task("text", 4, read)
