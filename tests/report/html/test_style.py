"""The style sheet: every text can be read on its background, in the light and in the dark (WCAG 2.2, 1.4.3)."""

import re
from pathlib import Path

import pytest

import eqt_theory.report.html as package

STYLE = (Path(package.__file__).parent / "templates" / "style.css").read_text("utf-8")
TEXTS = ("fg", "soft", "link", "good", "bad")
GROUNDS = ("bg", "card", "code")
KINDS = ("good", "bad", "warn", "info", "odd")
PAIRS = [(text, ground) for text in TEXTS for ground in GROUNDS] + [(kind, f"{kind}-bg") for kind in KINDS]


def colours(theme: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == 2, "light, then dark"
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[theme == "dark"]))


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(theme: str):
    found = colours(theme)
    weak = {pair: contrast(found[pair[0]], found[pair[1]]) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_the_measure_knows_black_white_and_grey():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")


def test_nothing_is_fetched_and_what_has_the_focus_is_seen():
    assert "url(" not in STYLE and "@import" not in STYLE
    assert ":focus-visible" in STYLE and "outline: none" not in STYLE
