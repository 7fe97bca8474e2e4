from pathlib import Path
from typing import Any

import pytest
import sympy as sp

from eqt_theory.core.certificate import CertificateRejected
from eqt_theory.core.store import keep, using
from eqt_theory.core.verdict import ShownBy, Verdict
from eqt_theory.engines.smt import prove
from eqt_theory.engines.smt.provers import Panel

x, y = sp.symbols("x y", real=True)
m, M = sp.symbols("m M", positive=True)
STATEMENTS = [
    ([], 2 * x * y <= x**2 + y**2),
    ([m <= M], sp.Max(sp.Abs(1 - 2 * m / (m + M)), sp.Abs(1 - 2 * M / (m + M))) < 1),
    ([m <= M], sp.sqrt(m * M) <= (m + M) / 2),
    ([sp.Eq(x**2, 2)], x <= 1),  # false, at a root
    ([m < M], 2 * m > M),  # false
    ([], x**2 > 0),  # false
]


class NoPanel(Panel):
    """Provers that nobody may ask."""

    def __init__(self) -> None:
        pass

    def ask(self, text: str, seconds: float) -> Any:
        raise AssertionError(f"a prover was asked about\n{text}")


@pytest.mark.parametrize(("hypotheses", "conclusion"), STATEMENTS)
def test_what_is_kept_spares_the_provers(tmp_path: Path, hypotheses: list, conclusion: Any):
    first = prove(hypotheses, conclusion)
    assert keep(tmp_path, {"a": [first]}, all_claims=True) > 0
    with using(tmp_path):
        again = prove(hypotheses, conclusion, panel=NoPanel())
    assert (again.verdict, again.detail, again.witness) == (first.verdict, first.detail, first.witness)
    assert [o.certificate for o in again.obligations] == [o.certificate for o in first.obligations]
    if again.verdict is Verdict.PROVED:
        assert again.shown_by is first.shown_by is ShownBy.KERNEL
        assert again.certificate == first.certificate


def test_another_statement_is_not_spared(tmp_path: Path):
    keep(tmp_path, {"a": [prove([], 2 * x * y <= x**2 + y**2)]}, all_claims=True)
    with using(tmp_path), pytest.raises(AssertionError, match="a prover was asked"):
        prove([], 2 * x * y <= x**2 + y**2 + 1, panel=NoPanel())


def test_a_damaged_certificate_is_told_and_not_passed_over(tmp_path: Path):
    keep(tmp_path, {"a": [prove([], 2 * x * y <= x**2 + y**2)]}, all_claims=True)
    (file,) = tmp_path.glob("*.json")
    for old, new in (('["1"', '["2"'), ("(- x y)", "(+ x y)")):
        kept = file.read_text()
        if old in kept:
            file.write_text(kept.replace(old, new, 1))
            with using(tmp_path / "."), pytest.raises(CertificateRejected, match="--anew"):
                prove([], 2 * x * y <= x**2 + y**2, panel=NoPanel())
            return
    raise AssertionError("nothing was damaged")


def test_without_a_certificate_it_is_two_provers():
    with using(None, units=0):
        finding = prove([], 2 * x * y <= x**2 + y**2)
    assert (finding.verdict, finding.shown_by) == (Verdict.PROVED, ShownBy.PROVERS)
    assert finding.provers == {"z3": "unsat", "cvc5": "unsat"}
