"""Text of unknown origin made safe to show, and values as JSON text: what a terminal would act on is written out."""

import json
import re
from typing import Any

# C0 but for tab and line feed, DEL, C1, line and paragraph separators, marks that change the direction of writing,
# and halves of surrogate pairs.
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""The text with every control code as an escape (`\x1b`), so that a terminal shows it and does not obey it.

    Tabs and line feeds stay. Lone surrogates, which no file can hold, are escaped too.

    Args:
        text: any text.

    Returns:
        The text.
    """
    return _ACTIVE.sub(lambda found: _escaped(found.group()), text)


def one_line(text: str) -> str:
    """The text in one line, control codes escaped."""
    return visible(" ".join(text.split()))


def json_text(value: Any) -> str:
    """The value as indented JSON, ending in a line break; the escapes are JSON's own, so that it reads back the same.

    Args:
        value: dictionaries, lists, texts, numbers, booleans and None.

    Returns:
        The text, which can be written in UTF-8 and shown on a terminal.

    Raises:
        TypeError: something else is in it.
        ValueError: a nan or an infinity is in it.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # Whatever is left stands inside a text, where \u is an escape.
    return _ACTIVE.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
