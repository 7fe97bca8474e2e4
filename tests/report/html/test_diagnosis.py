"""The page of a diagnosis: its words, numbers and figures, for states of known behaviour."""

import re
from html import unescape

import pytest
import torch
from report.html.browser import complaints, needs_browser

from eqt_theory import FunctionEnergy, Objective, Quadratic, diagnose
from eqt_theory.report.diagnosis_table import diagnosis_rows
from eqt_theory.report.html import write_page
from eqt_theory.report.html.diagnosis import diagnosis_page

HOSTILE = '<script>document.title = "stolen"</script>'
F = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture(scope="module")
def found():
    return diagnose(Objective(Quadratic(torch.diag(torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64))), F), 0.1, 8)


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    return write_page(diagnosis_page(found, "Five states", "seed 1.", ["again"]), tmp_path_factory.mktemp("page"))


def text_of(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page))


def test_the_verdict_the_numbers_and_the_figures_are_there(found, written):
    page = written.read_text("utf-8")
    assert f'<span class="badge {found.overall.name.lower()}">' in page
    words = text_of(page)
    for line in found.verdict:
        assert line[:25] in words
    assert page.count("<svg") == 3 and page.count("<figcaption") == 3
    rows = [row for group in diagnosis_rows(found) for row in group]
    cells = re.findall(r'<tr><th scope="row"[^>]*>.*?</tr>', page)
    assert len(cells) == len(rows)
    assert [re.findall(r'<td class="number">([^<]*)</td>', cell) for cell in cells] == [list(row[1:]) for row in rows]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_where_no_equilibrium_is_known_the_spectra_are_still_drawn(tmp_path):
    lost = diagnose(Objective(FunctionEnergy(lambda h: -3 * h.square().sum(-1)), F), 0.1, 8)
    page = write_page(diagnosis_page(lost, "Hills"), tmp_path).read_text("utf-8")
    assert page.count("<svg") == 1 and '<span class="badge unknown">' in page
    assert '<td class="number">-</td>' in page


def test_texts_of_users_are_escaped(found, tmp_path):
    page = write_page(diagnosis_page(found, HOSTILE, HOSTILE, [HOSTILE]), tmp_path).read_text("utf-8")
    assert "<script" not in page and page.count("&lt;script&gt;") == 3


@needs_browser
def test_the_page_is_quiet_in_a_browser(written):
    assert complaints(written.as_uri()) == []
