"""The reference site: built strictly from what is there, whole, with links that lead somewhere, and self-contained."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer
import yaml
from filelock import FileLock

import eqt_theory
import eqt_theory.report.plots
import eqt_theory.testing
from eqt_theory.cli.app import app

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(file.stem for file in (ROOT / "notebooks").glob("*.ipynb"))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


# Collecting cyclic garbage seldom, and without parsers of links in notebooks, it takes a sixth less.
MKDOCS = """
import gc, sys
gc.set_threshold(100_000, 20, 20)
sys.modules["rfc3987_syntax"] = None
from mkdocs.__main__ import cli
cli()
"""


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    # A process of its own: plugins of others warn of things that are errors in this suite.
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", MKDOCS, "build", "--strict", "--site-dir", str(site)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; built once for all processes of a run."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    site = (tmp_path_factory.getbasetemp().parent if parallel else tmp_path_factory.mktemp("docs")) / "site"
    with FileLock(f"{site}.lock"):
        if not (site / "built").is_file():
            done = build(ROOT, site)
            assert done.returncode == 0, done.stdout + done.stderr
            (site / "built").touch()
    return site


class Page(HTMLParser):
    """What a page offers and what it asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        self._script = tag == "script"
        if tag == "a":
            self.links += [given["href"]] if "href" in given else []
        else:
            self.loads += [given[name] for name in ("src", "href", "data", "srcset") if name in given]

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        self.scripts += [data] if self._script else []


@cache
def page(file: Path) -> Page:
    return Page(file.read_text("utf-8"))


def text(file: Path) -> str:
    """The text of a page that is shown, without code and scripts."""
    bare = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", file.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "", re.sub(COPIED, "", bare))


def words(file: Path) -> str:
    """Everything that a page says, also in code."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", file.read_text("utf-8"))).split())


COPIED = re.compile(r'<div class="clipboard-copy-txt"[^>]*>(.*?)</div>', re.DOTALL)
"""What the button of a code cell copies."""

PUBLIC = [
    *(f"eqt_theory.{name}" for name in eqt_theory.__all__),
    *(f"eqt_theory.testing.{name}" for name in eqt_theory.testing.__all__),
    *(f"eqt_theory.report.plots.{name}" for name in eqt_theory.report.plots.__all__),
]


def test_every_public_name_is_described_on_one_page(site: Path):
    places = {name: [f.stem for f in (site / "reference").glob("*.html") if name in page(f).ids] for name in PUBLIC}
    assert len(places) > 100
    assert {name: found for name, found in places.items() if len(found) != 1} == {}


def test_a_name_is_described_as_what_it_is_not_as_a_module_of_that_name(site: Path):
    """`prove` is a function of the module `prove`."""
    pages = "".join(file.read_text("utf-8") for file in (site / "reference").glob("*.html"))
    modules = set(re.findall(r'<div class="doc doc-object doc-module">\s*(?:<a[^>]*></a>\s*)*<h\d id="([^"]+)"', pages))
    assert modules & set(PUBLIC) == {"eqt_theory.testing.faults", "eqt_theory.testing.strategies"}
    assert "eqt_theory.engines.gram" in modules


def test_every_command_and_option_is_described(site: Path):
    whole = words(site / "reference" / "command_line.html")
    assert len(COMMANDS) >= 8
    for name, command in COMMANDS.items():
        assert f"eqt-theory-{name}" in page(site / "reference" / "command_line.html").ids
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else []:
                assert re.search(rf"{option}\b", whole), f"{name} {option}"
    assert "..." not in whole.split("Commands")[1].split("Usage")[0], "a summary is cut"


def test_every_notebook_is_there_with_its_figures_and_its_formulas(site: Path):
    assert len(NOTEBOOKS) >= 13
    menu = page(site / "index.html").links
    for name in NOTEBOOKS:
        file = site / "notebooks" / f"{name}.html"
        html = file.read_text("utf-8")
        assert f"notebooks/{name}.html" in menu
        assert "<math" in html and "data:image/png;base64" in html
        assert "$" not in text(file), "a formula is not set"
        assert not re.search(r"\\[a-z]{2,}", text(file)), "a formula is not set"


def test_the_judgements_are_those_on_record(site: Path):
    shown = words(site / "judgements.html")
    readme = (ROOT / "README.md").read_text("utf-8")
    claims = re.findall(r"^\| `([a-z0-9.-]+)` \|.*\*\*(\w+)\*\*", readme, re.MULTILINE)
    assert len(claims) > 40
    assert [c for c, judgement in claims if not re.search(rf"{re.escape(c)}\s.*?{judgement}", shown, re.S)] == []


def test_nothing_is_fetched_from_elsewhere(site: Path):
    for file in site.rglob("*.html"):
        for address in page(file).loads:
            assert not urlsplit(address).netloc, f"{file.name} loads {address}"
        for script in page(file).scripts:
            assert "//" not in re.sub(r"^\s*//.*$", "", script.replace("http://www.w3.org/", ""), flags=re.MULTILINE)
    sheets = list(site.rglob("*.css"))
    assert len(sheets) >= 4
    for file in sheets:
        used = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]*)", file.read_text("utf-8"))
        assert [address for address in used if urlsplit(address).netloc] == [], file.name


def test_every_link_leads_somewhere(site: Path):
    checked = 0
    for file in site.rglob("*.html"):
        if file.name == "404.html":  # its links are for the root of a server
            continue
        for address in (*page(file).links, *page(file).loads):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not address:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.exists(), f"{file.name} -> {address}"
            if parts.fragment and target.suffix == ".html" and parts.fragment not in ("__tabbed",):
                assert unquote(parts.fragment) in page(target).ids, f"{file.name} -> {address}"
            checked += 1
    assert checked > 1000


def test_docstrings_are_shown_as_they_are_written(site: Path):
    shown = words(site / "reference" / "solving.html")
    assert "dh*/dtheta = [hess energy(h*) + g I]^{-1} (g df/dtheta - d_h d_theta energy(h*))" in shown
    assert "A state is done once |grad Phi| <= tolerance" in shown


def test_the_code_that_a_cell_copies_is_its_source(site: Path):
    for name in NOTEBOOKS:
        cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))["cells"]
        sources = ["".join(cell["source"]).strip() for cell in cells if cell["cell_type"] == "code"]
        html = (site / "notebooks" / f"{name}.html").read_text("utf-8")
        assert [unescape(code).strip() for code in COPIED.findall(html)] == sources


def planted(folder: Path, *additions: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Build a small site under the same configuration, with something added to its pages."""

    class Loader(yaml.SafeLoader):
        """For a configuration of plain values."""

    config = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader)  # noqa: S506  a SafeLoader
    config |= {"hooks": [], "nav": ["index.md", "other.md"], "extra_css": [], "theme": "mkdocs"}
    config["plugins"] = [plugin for plugin in config["plugins"] if "mkdocs-jupyter" not in plugin]
    (options,) = [plugin["mkdocstrings"] for plugin in config["plugins"] if "mkdocstrings" in plugin]
    options = options["handlers"]["python"]["options"]
    options["extensions"] = [str(ROOT / name) if "/" in name else name for name in options["extensions"]]
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), "utf-8")
    (folder / "planted.py").write_text(
        '"""Planted."""\n\n\ndef right(a: int) -> None:\n    """Right.\n\n    Args:\n        a: one.\n    """\n\n\n'
        + "\n".join(text for file, text in additions if file == "planted.py")
    )
    docs = folder / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Home\n\n::: planted.right\n")
    (docs / "other.md").write_text("# Other\n")
    for file, added in additions:
        if file.endswith(".md"):
            with (docs / file).open("a") as handle:
                handle.write(f"\n{added}\n")
    return build(folder, folder / "site")


def test_a_small_site_without_a_fault_builds(tmp_path: Path):
    done = planted(tmp_path, ("index.md", "[x](other.md#other), [y][planted.right]"))
    assert done.returncode == 0, done.stderr


def test_warnings_are_errors_and_every_planted_fault_is_one(tmp_path: Path):
    wrong = 'def wrong(a: int) -> None:\n    """Wrong.\n\n    Args:\n        a: one.\n        b: another.\n    """\n'
    done = planted(
        tmp_path,
        ("index.md", "[a dead link](nowhere.md)"),
        ("index.md", "[a dead anchor](other.md#elsewhere)"),
        ("index.md", "[a reference to nothing][planted.missing]"),
        ("third.md", "# A page outside the menu"),
        ("planted.py", wrong),
    )
    assert done.returncode != 0
    warnings = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("INFO"))
    for said in ("nowhere.md", "#elsewhere", "planted.missing", "third.md", "'b'"):
        assert said in warnings


@pytest.mark.parametrize(("line", "said"), [("::: planted.gone", "planted.gone"), ('--8<-- "gone.md"', "gone.md")])
def test_what_is_to_be_shown_must_exist(tmp_path: Path, line: str, said: str):
    done = planted(tmp_path, ("index.md", line))
    assert done.returncode != 0 and said in done.stderr
