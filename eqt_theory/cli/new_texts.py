"""What `eqt-theory new` writes: starting points that are judged as they stand."""

MANIFEST = """\
# What text the claims of this folder are about. Pages and listings show it.
title = "Title of the text"
authors = ["First Author", "Second Author"]
identifier = "arXiv, DOI or ISBN"
# link = "https://example.org"
# sections = ["2 The method", "3 Rates"]
"""

_HEAD = '''\
"""CLAIM-ID: an example, a gradient step on a parabola, to be replaced by the statement of the text.

The file says what is claimed and how it is checked; it never says what the verdict is.
"""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from eqt_theory import Claim, Finding, prove

# What the symbols are is part of the statement: assume no more than it does.
m, alpha = sp.symbols("m alpha", positive=True)  # curvature of Phi = m h^2/2, and step size
h = sp.Symbol("h", real=True)  # the state; the equilibrium is at 0
after = h - alpha * m * h


def comes_nearer(conditions: Sequence[Any]) -> Finding:
    """What is to be shown, with its conditions apart, so that the test can drop one and see the proof fail."""
    return prove([sp.Ne(h, 0), *conditions], after**2 < h**2, detail="the step ends nearer to the equilibrium")

'''

_SHOWN = '''

@OWNER.shows("every parabola, every state but 0, every step size below 2/m")
def below_the_limit() -> Finding:
    """For all values at once: PROVED, or REFUTED with exact numbers at which it fails."""
    return comes_nearer([alpha < 2 / m])


@OWNER.shows("every parabola, every state, every step size from 2/m on")
def sharpness_from_the_limit_on() -> Finding:
    """The other direction: no larger range would do."""
    return prove([alpha >= 2 / m], after**2 >= h**2, detail="the step ends no nearer to the equilibrium")
'''

_CLAIM = (
    _HEAD
    + """
claim = Claim(
    id="CLAIM-ID",
    title="a few words for tables",
    source="where in the text, as Theorem 1 and Eq. 4",
    statement="On a parabola a gradient step brings every state h != 0 nearer to 0 exactly for alpha < 2/m.",
)

# All that `shows` a statement is needed: one check that fails, and the claim does not hold.
"""
    + _SHOWN.replace("OWNER", "claim")
)

_REPAIRED = (
    _HEAD
    + '''
# The statement as the text has it, wrong here: at alpha = 2/m the state only changes sides.
claim = Claim(
    id="CLAIM-ID",
    title="a few words for tables",
    source="where in the text, as Theorem 1 and Eq. 4",
    statement="On a parabola a gradient step with alpha <= 2/m brings every state h != 0 nearer to 0.",
)


@claim.shows("every parabola, every state but 0, every step size up to 2/m")
def up_to_the_limit() -> Finding:
    """Where it fails, the provers return exact numbers, which are put back into the statement."""
    return comes_nearer([alpha <= 2 / m])


# The statement that holds; its id is CLAIM-ID-repaired. A false claim without one counts as unfinished.
right = claim.repaired(
    "On a parabola a gradient step brings every state h != 0 nearer to 0 exactly for alpha < 2/m.",
    title="the same, put right",
)

# All that `shows` a statement is needed: one check that fails, and the claim does not hold.
'''
    + _SHOWN.replace("OWNER", "right")
)

_TEST = '''\
"""CLAIM-ID: its judgement, and what becomes of its checks once something is wrong."""

from pathlib import Path

from eqt_theory import Judgement, Run, Verdict
from eqt_theory.core.folder import load_folder
from eqt_theory.core.ledger import run_ledger, select
from eqt_theory.core.modules import import_file

FOLDER = Path(__file__).resolve().parents[1]


def test_judgement():
    ledger = run_ledger(select(load_folder(FOLDER)[0], ["CLAIM-ID"]), Run())  # with its repair and what it uses
JUDGED
    assert ledger.problems() == []


def test_the_limit_on_the_step_is_needed():
    stated = import_file(FOLDER / "CLAIM_FILE.py")
    assert stated.comes_nearer([stated.alpha < 2 / stated.m]).verdict is Verdict.PROVED
    assert stated.comes_nearer([stated.alpha <= 2 / stated.m]).verdict is Verdict.REFUTED
    without = stated.comes_nearer([])
    assert without.verdict is Verdict.REFUTED
    assert without.witness[stated.alpha] * without.witness[stated.m] >= 2
'''

_JUDGED = '    assert ledger.entry("{}").judgement is Judgement.{}'


def text_of_claim(claim: str, *, repaired: bool) -> str:
    """The text of a claims file: a claim that holds, or with `repaired` one that is false, and its repair."""
    return (_REPAIRED if repaired else _CLAIM).replace("CLAIM-ID", claim)


def text_of_test(claim: str, stem: str, *, repaired: bool) -> str:
    """The text of its test, which lies in a folder beside the claims file of this name without its ending."""
    pair = [(claim, "FALSE"), (f"{claim}-repaired", "HOLDS")] if repaired else [(claim, "HOLDS")]
    judged = "\n".join(_JUDGED.format(*each) for each in pair)
    return _TEST.replace("JUDGED", judged).replace("CLAIM-ID", claim).replace("CLAIM_FILE", stem)
