import sympy as sp

from eqt_theory import Finding, Method, Verdict, prove
from eqt_theory.core.display import table


def test_a_table_escapes_and_leaves_out_what_is_empty():
    shown = table({"a<b": "<script>", "empty": ""})
    assert "&lt;script&gt;" in shown and "a&lt;b" in shown
    assert "empty" not in shown and "<script>" not in shown


def test_a_finding_shows_its_verdict_witness_and_no_time():
    x = sp.Symbol("x", real=True)
    shown = prove([x > 1], x > 2)._repr_html_()
    assert "refuted" in shown.lower() and "x = " in shown and "fails there" in shown
    supported = Finding(Verdict.SUPPORTED, Method.SAMPLING, "a & b", examples=3, seconds=12345.0)._repr_html_()
    assert "a &amp; b" in supported and "<td" in supported and "12345" not in supported
