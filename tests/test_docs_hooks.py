"""What the site makes from the code: formulas, plain docstrings, pages of names; and where each of them must fail."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

import eqt_theory

HOOKS = Path(__file__).parent.parent / "docs" / "hooks"
STUDIES = Path(__file__).parent.parent / "proofs" / "repaired_eqt" / "data"
FIGURES = HOOKS.parent / "assets" / "study"


@pytest.fixture(scope="module")
def hook():
    """A module of docs/hooks by name."""
    sys.path.insert(0, str(HOOKS))
    yield importlib.import_module
    sys.path.remove(str(HOOKS))


def test_formulas_become_mathml(hook):
    html = hook("mathematics").typeset("<p>Let $a &lt; b'$ and</p><p>$$x^2 \\tag{7}$$</p>")
    assert html.count("<math") == 2 and "$" not in html
    assert 'display="block"' in html and 'display="inline"' in html
    assert "(7)" in re.sub(r"<[^>]*>", "", html).replace("&#x00028;", "(").replace("&#x00029;", ")")
    assert "&#x0003C;" in html or "&lt;" in html
    assert 'class="prime"' in html


@pytest.mark.parametrize(
    "code",
    [
        "<pre>x = '$a$'</pre>",
        "<code>$a$ and $b$</code>",
        '<div class="clipboard-copy-txt" id="cell-1">label="$h_k$"</div>',
        '<img alt="$a$">',
        "<script>$(x) + $(y)</script>",
    ],
)
def test_code_is_left_alone(hook, code: str):
    assert hook("mathematics").typeset(f"<p>x</p>{code}<p>y</p>") == f"<p>x</p>{code}<p>y</p>"


@pytest.mark.parametrize(
    "wrong", ["$a", r"$\nosuchsign x$", r"$\begin{matrix} 1$", "$a$ costs 3$", r"\begin{align}x\end{align}"]
)
def test_a_formula_that_cannot_be_set_is_an_error(hook, wrong: str):
    with pytest.raises(ValueError):
        hook("mathematics").typeset(f"<p>{wrong}</p>")


def test_a_formula_that_cannot_be_set_is_a_warning_of_the_build(hook, caplog: pytest.LogCaptureFixture):
    class File:
        src_uri = "notebooks/x.ipynb"

    class Shown:
        file, toc = File(), []

    assert hook("mathematics").on_page_content("<p>$a</p>", Shown()) == "<p>$a</p>"
    (record,) = caplog.records
    assert record.levelname == "WARNING" and record.name.startswith("mkdocs.")


def test_plain_text_means_itself_in_markdown(hook):
    import html

    import markdown

    written = (
        "|h*| <= a_i * b_i for h* in <x, y>, a[i](j) and {b} on [0, 1]; see `f_*(x)` and $2.\n\n* one * two\n* `three`"
    )
    made = markdown.markdown(hook("public_names").plain(written), extensions=["attr_list", "tables", "md_in_html"])
    shown = html.unescape(re.sub(r"<[^>]*>", "", made))
    assert shown.split() == written.replace("`", "").replace("\n* ", "\n ").split()
    assert "<em>" not in made and made.count("<li>") == 2 and made.count("<code>") == 2


def test_every_public_name_has_one_page(hook):
    pages = hook("pages")
    placed = [name for names in pages.contents(eqt_theory._HOME).values() for name in names]
    assert sorted(n for n in placed if n.count(".") == 1) == sorted(f"eqt_theory.{n}" for n in eqt_theory.__all__)
    assert len(set(placed)) == len(placed)


def test_the_most_special_page_takes_a_name(hook):
    found = hook("pages").contents(
        {"eqt_theory.energies.objective": ["A"], "eqt_theory.energies.objective_like": ["B"]}
    )
    assert "eqt_theory.A" in found["objective"] and "eqt_theory.B" in found["energies"]


def test_a_name_without_a_page_is_an_error(hook):
    with pytest.raises(LookupError, match="eqt_theory.novelties"):
        hook("pages").contents({**eqt_theory._HOME, "eqt_theory.novelties": ["New"]})


def test_the_menu_has_every_page_and_every_notebook(hook):
    menu = (HOOKS.parents[1] / "mkdocs.yml").read_text("utf-8").split("\nnav:\n")[1]
    for page in hook("pages").PAGES:
        assert f"- {page.file}\n" in menu
    built = sorted(file.name for file in (HOOKS.parents[1] / "notebooks").glob("*.ipynb"))
    assert re.findall(r"- notebooks/(\S+)", menu) == built


def test_the_studies_are_those_of_the_kept_runs(hook, tmp_path: Path):
    from eqt_theory.models.study.paired import conclusions
    from eqt_theory.models.study.repaired import kept_runs

    made = hook("study_page")
    text = made.study_page(STUDIES, FIGURES)
    for folder in STUDIES.iterdir():
        runs = kept_runs(folder, folder.name)
        assert f"## {folder.name}\n" in text
        said = conclusions(runs)
        if (folder / "peers.json").exists():
            assert f"{len({run.seed for run in runs})} seeds" in text
        else:
            assert all(f"- {sentence}\n" in text for sentence in said)
    drawn = {file.stem for file in FIGURES.glob("*.svg")}
    assert {"parity-cost", "parity-stopping"} <= drawn == {file.stem for file in FIGURES.glob("*.md")}
    assert all(f"assets/study/{name}.svg" in text for name in drawn)
    assert "##" not in made.study_page(tmp_path, tmp_path), "no runs, no tables"


def test_what_peers_reach_is_of_the_kept_runs():
    from eqt_theory.models.study.repaired import TASKS, kept_runs

    for folder in STUDIES.iterdir():
        runs = kept_runs(folder, folder.name)
        if TASKS[folder.name].peers is not None:
            kept = json.loads((folder / "peers.json").read_text())
            assert kept["key"] == runs[0].key and kept["seeds"] == sorted({run.seed for run in runs})
