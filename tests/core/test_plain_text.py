import json

import pytest

from eqt_theory.core.plain_text import json_text, one_line, visible

HOSTILE = "a\x1b[31m\x07\r\x9b2J\x7f\u202e\u2028\ud800z"


def test_control_codes_are_shown_and_not_obeyed():
    assert visible(HOSTILE) == r"a\x1b[31m\x07\x0d\x9b2J\x7f\u202e\u2028\ud800z"
    assert visible("lines\n\tand tabs, ä └ 中") == "lines\n\tand tabs, ä └ 中"
    assert visible(visible(HOSTILE)) == visible(HOSTILE)
    assert one_line("a\n  b\x1bc") == r"a b\x1bc"


def test_json_reads_back_the_same_and_holds_no_control_code():
    text = json_text({HOSTILE: [HOSTILE, "ä", 1, None]})
    assert json.loads(text) == {HOSTILE: [HOSTILE, "ä", 1, None]}
    assert visible(text) == text and "ä" in text
    assert text.encode("utf-8")
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text(float("nan"))
