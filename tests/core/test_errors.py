import pytest

from eqt_theory.core.errors import describe


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


class Wordless(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]


class Leaving(Exception):
    def __str__(self) -> str:
        raise SystemExit(0)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a\n  b"), "ValueError: a b"),
        (Mute(), "Mute: (its message raised RuntimeError)"),
        (Wordless(), "Wordless: (its message raised TypeError)"),
        (Leaving(), "Leaving: (its message raised SystemExit)"),
        (GeneratorExit(), "GeneratorExit:"),
    ],
)
def test_any_error_has_a_line(error: BaseException, said: str):
    assert describe(error) == said


def test_a_long_message_is_cut():
    assert len(describe(ValueError("x" * 10**6))) < 3000
