"""Figures on a claim's page: inline, labelled, of the findings, and no danger to the site."""

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from sample_findings import proved, refuted, unknown

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.ledger import run_ledger
from eqt_theory.report.html import write_site
from eqt_theory.report.html.figures import inline, picture, pictures_of
from eqt_theory.report.plots import chart, phase_diagram, svg

HOSTILE = '</figcaption><script>document.title = "stolen"</script>'


def claim_with(*functions, finding=refuted, of=None, caption="What is to be seen."):
    claim = Claim(id="drawn", source="Theorem 9", statement="A statement.")
    claim.shows("all")(lambda: finding())
    for function in functions:
        claim.draws(caption, of=of)(function)
    return claim


def line(finding=None) -> Figure:
    figure, (panel,) = chart()
    panel.plot([0, 1], [0, 1 if finding is None else finding.witness["x"]], label="a line")
    panel.legend()
    return figure


def fails():
    raise ValueError("no\nsuch <b>number</b>")


def no_figure():
    return "a picture"


def page_of(claim, folder):
    site = write_site(run_ledger([claim], Run()), Run(), folder)
    return site, (folder / "claims" / "drawn.html").read_text("utf-8")


def test_a_page_shows_its_figure_with_a_caption_that_labels_it(tmp_path):
    site, page = page_of(claim_with(line), tmp_path)
    assert site.problems == ()
    (label,) = re.findall(r'<svg [^>]*role="img"[^>]*aria-labelledby="([^"]+)"', page)
    assert f'<figcaption id="{label}">What is to be seen.</figcaption>' in page
    ElementTree.fromstring(re.search(r"<svg.*?</svg>", page, re.DOTALL).group())


def test_the_figure_is_of_the_finding(tmp_path):
    ledgers = [run_ledger([claim_with(line, finding=f, of="stated")], Run()) for f in (refuted, proved, unknown)]
    (drawn,), none = pictures_of(ledgers[0].entries[0])
    assert none == [] and drawn.svg.startswith("<svg")
    pictures, (said,) = pictures_of(ledgers[1].entries[0])  # no witness: the function is at fault
    assert pictures == [] and "the figure line could not be drawn: TypeError" in said
    assert pictures_of(ledgers[2].entries[0]) == ([], []), "a check that found nothing out has no figure"


def test_a_figure_that_raises_loses_neither_the_site_nor_the_other_figures(tmp_path):
    site, page = page_of(claim_with(fails, line, no_figure), tmp_path)
    assert page.count("<svg") == 1
    assert [re.sub(r" could.*", "", text) for text in site.problems] == [
        "drawn: the figure fails",
        "drawn: the figure no_figure",
    ]
    assert "ValueError: no such <b>number</b>" in site.problems[0]
    assert "a matplotlib Figure, got str" in site.problems[1]
    index = (tmp_path / "index.html").read_text("utf-8")
    assert "no such &lt;b&gt;number&lt;/b&gt;" in index and "No problems" not in index


def test_texts_of_users_in_a_figure_stay_texts(tmp_path):
    def hostile() -> Figure:
        figure, (panel,) = chart()
        panel.set_title(HOSTILE)
        panel.plot([0], [0], gid=f'x"><script>{HOSTILE}')
        return figure

    _, page = page_of(claim_with(hostile, caption=HOSTILE), tmp_path)
    assert "<script>document.title" not in page
    assert "&lt;script&gt;" in page


def test_links_out_of_a_figure_and_what_would_run_are_dropped(tmp_path):
    def hostile() -> Figure:
        figure, (panel,) = chart()
        for place, url in enumerate(("javascript:alert(1)", "https://example.org", "data:text/html,<script>")):
            panel.text(place, 0, "press", url=url)
        return figure

    text = inline(svg(hostile()), "name")
    assert not re.search(r"javascript|example|data:text", text)
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g onclick="f()"><script>f()</script></g></svg>'
    assert not re.search(r"onclick|script", inline(drawn, "name"))


def test_two_figures_share_a_page_without_sharing_ids(tmp_path):
    def other() -> Figure:
        return line()

    _, page = page_of(claim_with(line, other), tmp_path)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and any(name.startswith("other-") for name in ids)
    for used in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|aria-labelledby="([^"]+)"', page):
        assert "".join(used) in [*ids, "main"]


@pytest.mark.parametrize("figure", [line(), phase_diagram(-1, 2)], ids=["lines", "with a raster"])
def test_an_inline_figure_acts_on_nothing_else_and_fetches_nothing(figure):
    text = inline(svg(figure), "name")
    assert not re.search(r"<style|<metadata|<!--|<\?xml|xmlns", text)
    assert all(link.startswith(("#name-", "data:image/png;base64,")) for link in re.findall(r'href="([^"]*)"', text))
    assert 'style="fill: #ffffff"' not in text, "the paper is left out, so that the page shows through"
    assert "max-width" in text and "viewBox" in text


def test_the_same_figure_gives_the_same_element():
    assert picture("a", "c", line()).svg == picture("a", "c", line()).svg != picture("b", "c", line()).svg
