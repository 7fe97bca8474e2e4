"""The site: whole, self-contained, escaped, and working in a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sympy as sp
from report.html.browser import browse, complaints, needs_browser
from sample_findings import proved, refuted, results, supported

from eqt_theory.core.claim import Claim, Reading, Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.judge import assess
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.engines.smt import prove
from eqt_theory.engines.symbolic import derive
from eqt_theory.report.html import write_site
from eqt_theory.report.html.battery import battery_page
from eqt_theory.testing.report import Report

HOSTILE = '<script>document.title = "stolen"</script><img src="http://example.invalid/x.png">'


def entry_of(name, *findings, repair=None, title="", statement="A statement."):
    claim = Claim(id=name, source="Theorem 9", statement=statement, repair=repair, title=title)
    found = results(*(("stated", None, finding) for finding in findings))
    return Entry(claim, tuple(found), assess(claim, found))


@pytest.fixture(scope="module")
def ledger():
    x = sp.Symbol("x", real=True)
    return Ledger(
        (
            entry_of("wrong", refuted(), supported(), repair="wrong-repaired", title="a wrong one"),
            entry_of("wrong-repaired", proved()),
            entry_of(
                "squares", prove([], x**2 >= 2 * x - 1), title="squares", statement="x^2 >= 2 x - 1 for all real x."
            ),
            entry_of("hostile", proved(), title=HOSTILE, statement=HOSTILE),
        )
    )


@pytest.fixture
def site(ledger, tmp_path):
    write_site(ledger, Run(), tmp_path)
    return tmp_path


def test_the_index_counts_every_statement_and_says_an_id_once(site):
    index = (site / "index.html").read_text("utf-8")
    assert "4 statements, 1 of them as the repair of another, " in index
    assert '<span class="id">squares</span>' in index
    assert '<span class="id">wrong-repaired</span>' not in index
    assert '<span class="id">wrong-repaired</span>' not in (site / "claims" / "wrong-repaired.html").read_text("utf-8")
    assert '<span class="id">wrong</span>' in (site / "claims" / "wrong.html").read_text("utf-8")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]


def links_of(page: Path):
    parser = Links()
    parser.feed(page.read_text("utf-8"))
    return parser


def test_every_link_leads_to_a_file_of_the_site(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) == 5
    for page in pages:
        for link in links_of(page).links:
            if not link.startswith("#"):
                assert (page.parent / link).resolve().is_file(), (page, link)


def test_nothing_is_fetched(site):
    for page in site.rglob("*.html"):
        assert not [link for link in links_of(page).links if re.match(r"[a-z]+:|//", link)]
        assert "@import" not in page.read_text("utf-8")


def test_texts_of_users_are_escaped(site):
    for page in site.rglob("*.html"):
        assert "<script>document.title" not in page.read_text("utf-8")
        assert "img" not in links_of(page).tags
    assert "&lt;script&gt;" in (site / "claims" / "hostile.html").read_text("utf-8")


def test_a_page_shows_witness_repair_and_obligations(site):
    wrong = (site / "claims" / "wrong.html").read_text("utf-8")
    assert "Smallest counterexample" in wrong
    assert 'href="wrong-repaired.html"' in wrong
    assert "Put back by other code" in wrong
    obligation = next((site / "smtlib" / "squares").iterdir())
    assert "(check-sat)" in obligation.read_text("utf-8")
    assert f"../smtlib/squares/{obligation.name}" in (site / "claims" / "squares.html").read_text("utf-8")


def test_a_page_shows_certificates_as_mathematics(tmp_path):
    x = sp.Symbol("x", real=True)
    factored = derive([("factored", x**2 - 1, (x - 1) * (x + 1))], "a difference of squares")
    squares = Ledger((entry_of("squares", prove([], x**2 >= 2 * x - 1), factored),))
    write_site(squares, Run(), tmp_path)
    page = (tmp_path / "claims" / "squares.html").read_text("utf-8")
    assert "<summary>The certificate as mathematics</summary>" in page
    assert "[0] + (x - 1)<sup>2</sup> = 0 for all numbers, yet no summand is negative" in page
    assert "<div>x<sup>2</sup> - 1 = (x - 1)·(x + 1)</div>" in page


def test_the_same_run_gives_the_same_site(ledger, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    write_site(ledger, Run(), one)
    write_site(ledger, Run(), other)
    for page in one.rglob("*.html"):
        assert page.read_bytes() == (other / page.relative_to(one)).read_bytes()


def test_files_of_others_stay(ledger, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_site(ledger, Run(), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_is_no_folder(ledger, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="taken"):
        write_site(ledger, Run(), tmp_path / "taken")


@needs_browser
def test_the_filter_works_in_a_browser(site):
    address = (site / "index.html").as_uri()
    everything = browse(address, "--dump-dom").stdout
    assert "hidden" not in re.search(r'<form class="filters"[^>]*>', everything).group()
    assert len(re.findall(r"<tr data-judgement[^>]*>", everything)) == 3
    filtered = browse(f"{address}#judgement=false", "--dump-dom").stdout
    rows = re.findall(r"<tr data-judgement[^>]*>", filtered)
    assert [("hidden" in row) for row in rows] == ['"false"' not in row for row in rows]
    assert "1 of 3 shown" in filtered
    assert "<title>Judgements - eqt-theory</title>" in filtered, "no script of a user ran"


@needs_browser
def test_a_page_is_not_blank_on_a_phone(site, tmp_path):
    picture = tmp_path / "page.png"
    browse(
        (site / "claims" / "wrong.html").as_uri(),
        "--window-size=500,900",
        f"--screenshot={picture}",
    )
    from matplotlib.image import imread

    assert imread(picture).std() > 0.02


@needs_browser
@pytest.mark.parametrize("width", [500, 1200])
def test_no_page_is_wider_than_the_window(tmp_path: Path, width: int):
    name, repair = 40 * "a" + "-false", 40 * "a" + "-repaired"
    long = Ledger((entry_of(name, refuted(), repair=repair), entry_of(repair, proved(), statement=80 * "x")))
    measure = "<script>document.body.dataset.over = document.documentElement.scrollWidth - innerWidth</script>"
    for page in write_site(long, Run(), tmp_path).files:
        if page.suffix == ".html":
            page.write_text(page.read_text("utf-8").replace("</body>", f"{measure}</body>"), "utf-8")
            shown = browse(page.as_uri(), f"--window-size={width},900", "--dump-dom").stdout
            (over,) = re.findall(r'data-over="(-?\d+)"', shown)
            assert int(over) <= 0, page.name


def test_readings_of_every_relation_are_shown(tmp_path):
    from eqt_theory.core.verdict import Relation

    readings = tuple(Reading(str(r), f"reading {r}", r) for r in Relation)
    claim = Claim(id="many", source="s", statement="t", readings=readings)
    found = results(*((reading.name, None, proved()) for reading in readings))
    write_site(Ledger((Entry(claim, tuple(found), assess(claim, found)),)), Run(), tmp_path)
    page = (tmp_path / "claims" / "many.html").read_text("utf-8")
    assert all(f"<h3>{reading.name} " in page for reading in readings)


@needs_browser
def test_no_page_complains_or_fetches_in_a_browser(site):
    for page in (site / "index.html", site / "claims" / "hostile.html", site / "claims" / "wrong.html"):
        assert complaints(page.as_uri()) == []


@needs_browser
@pytest.mark.parametrize(
    "planted", ["<script>nothing.such()</script>", '<img src="http://example.invalid/x.png" alt="">']
)
def test_a_broken_script_and_a_fetched_picture_are_noticed(site, planted: str):
    page = site / "index.html"
    page.write_text(page.read_text("utf-8").replace("</main>", f"{planted}</main>"), "utf-8")
    assert complaints(page.as_uri()) != []


def test_further_pages_share_one_navigation_and_their_problems_are_on_the_first(ledger, tmp_path):
    other = battery_page([Report("mine", ())], file="solvers.html", name="Solver checks")
    site = write_site(ledger, Run(), tmp_path, pages=[other], problems=[HOSTILE])
    assert tmp_path / "solvers.html" in site.files
    for name, root in (("index.html", ""), ("solvers.html", ""), ("claims/wrong.html", "../")):
        page = (tmp_path / name).read_text("utf-8")
        assert f'href="{root}index.html"' in page and f'href="{root}solvers.html"' in page
        assert page.count('aria-current="page"') == (0 if root else 1)
        for link in links_of(tmp_path / name).links:
            assert link.startswith("#") or (tmp_path / name).parent.joinpath(link).resolve().is_file()
    assert "&lt;script&gt;" in (tmp_path / "index.html").read_text("utf-8")
