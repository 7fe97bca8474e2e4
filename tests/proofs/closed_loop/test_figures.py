"""The figures of the claims: each can be drawn, and is drawn from what was found."""

from dataclasses import replace

import pytest
import sympy as sp
from matplotlib.figure import Figure

from eqt_theory.core.claim import Run
from eqt_theory.report.plots import svg

FILES = (
    "equation_1",
    "equation_14",
    "section_4_2_2_example",
    "section_5_3_1",
    "table_2_difficulty",
    "theorem_2",
    "theorem_2_applicability",
    "theorem_3",
    "theorem_3_basin",
    "theorem_4",
    "theorem_8",
)


@pytest.fixture(scope="module")
def drawings(claims_file):
    """Each figure with the finding that it needs; only the checks that are drawn run."""

    def of(name):
        from eqt_theory.core.claim import Claim

        for claim in (value for value in vars(claims_file(name)).values() if isinstance(value, Claim)):
            checks = {check.name: check for check in claim.checks}
            for drawing in claim.drawings:
                yield drawing, {} if drawing.of is None else {drawing.of: checks[drawing.of](Run(examples=60))}

    return of


@pytest.mark.parametrize("name", FILES)
def test_every_figure_can_be_drawn(drawings, name):
    found = list(drawings(name))
    assert found
    for drawing, findings in found:
        assert drawing.applies(findings)
        figure = drawing(findings)
        assert isinstance(figure, Figure) and "<svg" in svg(figure)


def test_every_claims_file_with_a_figure_is_in_the_list(proofs_folder):
    assert {p.stem for p in proofs_folder.glob("*.py") if ".draws(" in p.read_text("utf-8")} == set(FILES)


def test_another_witness_gives_another_figure(drawings):
    ((drawing, findings),) = drawings("theorem_8")
    (name,) = findings
    finding = findings[name]
    other = replace(finding, witness={s: sp.Integer(2) if str(s) == "b" else v for s, v in finding.witness.items()})
    bars = [
        [bar.get_height() for bar in drawing({name: f}).axes[1].patches if bar.get_height()] for f in (finding, other)
    ]
    assert bars[0] == [0.25, -0.75, 0.75] and bars[1] != bars[0]
    with pytest.raises(KeyError):
        drawing({name: replace(finding, witness={})})


def test_the_basin_has_the_certified_radius(drawings):
    ((drawing, findings),) = drawings("theorem_3_basin")
    (finding,) = findings.values()
    texts = [text.get_text() for text in drawing(findings).legends[0].get_texts()]
    assert f"guaranteed ball, radius {float(finding.enclosures['radius']):.3g}" in texts
