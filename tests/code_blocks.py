"""The code blocks of a Markdown file. What the README, CONTRIBUTING and the guides are tested with."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^(?P=indent)```', re.S | re.M
)


@dataclass(frozen=True)
class Block:
    """One block, its code without the indentation of a list."""

    language: str
    title: str
    code: str


def blocks(file: Path) -> list[Block]:
    """Every fenced block with a language, in order."""
    found = _BLOCK.finditer(file.read_text("utf-8"))
    return [Block(m["language"], m["title"] or "", textwrap.dedent(m["code"])) for m in found]
