from eqt_theory.core.verdict import SUPPORTABLE, Judgement, Method, Verdict


def test_every_method_may_refute_and_may_find_nothing_out():
    for method in Method:
        assert {Verdict.REFUTED, Verdict.INCONCLUSIVE} <= SUPPORTABLE[method]


def test_only_derivations_prove_and_only_enclosures_certify():
    assert {m for m in Method if Verdict.PROVED in SUPPORTABLE[m]} == {Method.SYMBOLIC, Method.SMT}
    assert {m for m in Method if Verdict.CERTIFIED in SUPPORTABLE[m]} == {Method.INTERVAL, Method.EXACT}
    sampled = {Method.SAMPLING, Method.PROPERTY, Method.EXPERIMENT}
    assert {m for m in Method if Verdict.SUPPORTED in SUPPORTABLE[m]} == sampled


def test_the_judgements_are_those_of_the_json():
    words = "holds holds_in_cases holds_loosely needs_condition false inconsistent not_checkable open"
    assert [str(judgement) for judgement in Judgement] == words.split()
