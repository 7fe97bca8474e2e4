import copy

import pytest
from sample_certificates import CASES, SIGNS, SQUARE, VALID, contradiction, leaf, text

from eqt_theory.kernel import Rejected, check


@pytest.mark.parametrize("name", VALID)
def test_what_is_shown_is_said(name: str):
    assert VALID[name]["sha256"][:12] in check(VALID[name])


def _rejected(certificate: object, reason: str | None = None) -> None:
    with pytest.raises(Rejected, match=reason):
        check(certificate)  # pyright: ignore


@pytest.mark.parametrize(
    ("assertions", "proof"),
    [
        # a strict conclusion needs a strict summand
        (["(<= x 0)", "(<= 0 x)"], leaf(["1", [0], []], ["1", [1], []])),
        # an empty sum is 0, which contradicts nothing
        (["(<= x 0)"], leaf()),
        # 1 > 0 is positive, but then the sum is not 0
        (["(<= x 0)"], leaf(["1", [], []])),
        # a square is positive only where it is not 0
        (["(<= (* x x) 0)", "(< 0 y)"], leaf(["1", [0], []], ["1", [1], ["x"]])),
        (["(= x 0)", "(< 0 y)"], leaf(["1", [1], ["x"]], equations=[[0, "(- (* x y))"]])),
        # a product of a strict and a weak inequality is weak
        (["(< 0 x)", "(<= 0 y)", "(<= (* x y) 0)"], leaf(["1", [0, 1], []], ["1", [2], []])),
        # multipliers of inequalities are above 0
        (["(< 0 x)"], leaf(["1", [0], []], ["-1", [0], []])),
        (["(< 0 x)"], leaf(["1", [0], []], ["0", [], []])),
        # an equation is no inequality and the other way round
        (["(= x 0)", "(< 0 y)"], leaf(["1", [0], []])),
        (["(<= 0 x)", "(< 0 y)"], leaf(["1", [1], []], equations=[[0, "(- y)"]])),
        # positions that are none
        (["(< x 0)", "(< 0 x)"], leaf(["1", [-1], []], ["1", [-2], []])),
        (["(< x 0)", "(< 0 x)"], leaf(["1", [0], []], ["1", [2], []])),
        (["(< x 0)", "(< 0 x)"], leaf(["1", [False], []], ["1", [True], []])),
        # a case is missing, or one too many
        (["(or (< x 0) (< 0 x))", "(= x 0)"], {"or": 0, "cases": [leaf(["1", [1], []], equations=[[0, "1"]])]}),
        (["(< x 0)"], {"sign": "x", "cases": {">": leaf(["1", [0], []], ["1", [1], []])}}),
        (["(< x 0)"], {"sign": "x", "cases": {">": leaf(["1", [0], []], ["1", [1], []]), "<": leaf()}}),
        (["(< x 0)"], {"sign": "x", "cases": {}}),
        (["(< x 0)"], {"sign": "x", "cases": [leaf(), leaf()]}),
        # a disjunction that is used up
        (["(or (< x 0) (< 0 y))"], {"or": 0, "cases": [{"or": 0, "cases": [leaf(), leaf()]}, leaf()]}),
        # x = x^2 does not say what x is; neither does x y = 1, nor an inequality
        (["(= x (* x x))", "(< 1 2)"], {"put": "x", "fact": 0, "then": leaf(["1", [1], []])}),
        (["(= (* x y) 1)"], {"put": "x", "fact": 0, "then": leaf(["1", [], []])}),
        (["(<= x 0)", "(< 0 x)"], {"put": "x", "fact": 0, "then": leaf(["1", [1], []])}),
        (["(= x 0)"], {"put": "z", "fact": 0, "then": leaf(["1", [], []])}),
        (["(= x 0)"], {"put": ["x"], "fact": 0, "then": leaf(["1", [], []])}),
        # names that the text does not have
        (["(< x 0)"], leaf(["1", [0], []], ["1", [], ["z"]])),
        (["(= x 0)"], leaf(["1", [], []], equations=[[0, "(/ 1 x)"]])),
        # 1/(1/x) is x, but not at 0, where 1/x may be any number, as 1 here
        (["(= x 0)", "(= (/ 1 (/ 1 x)) 1)"], leaf(["1", [], []], equations=[[0, "(- 1)"], [1, "1"]])),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_rejected(assertions: list[str], proof: object):
    _rejected(contradiction(text(*assertions), proof))


def test_assertions_that_are_trivially_false_are_closed():
    for assertion in ("false", "(or false false)", "(not true)", "(and (< 0 x) false)"):
        assert check(contradiction(text(assertion), {"or": 0, "cases": _cases(assertion)}))
    assert check(contradiction(text("(< 1 0)"), leaf(["1", [0], []], ["1", [], []])))
    assert check(contradiction(text("(= 1 0)"), leaf(["1", [], []], equations=[[0, "(- 1)"]])))


def _cases(assertion: str) -> list[object]:
    return [{"or": 0, "cases": []}] * 2 if assertion.startswith("(or") else []


def test_a_multiplier_of_an_equation_may_have_either_sign():
    equal = text("(= x y)", "(< x y)")
    assert check(contradiction(equal, leaf(["1", [1], []], equations=[[0, "1"]])))
    _rejected(contradiction(equal, leaf(["1", [1], []], equations=[[0, "(- 1)"]])), "not 0")


def test_a_sign_split_has_all_its_cases():
    node = {
        "sign": "x",
        "cases": {
            "<": leaf(["1", [1, 1], []], ["1", [0], []]),
            "=": leaf(["1", [0], []], equations=[[1, "x"]]),
            ">": leaf(["1", [1, 1], []], ["1", [0], []]),
        },
    }
    assert check(contradiction(text("(< (* x x) 0)", names="x"), node))
    for lost in "<=>":
        damaged = copy.deepcopy(node)
        damaged["cases"][lost] = leaf()
        _rejected(contradiction(text("(< (* x x) 0)", names="x"), damaged))
        del damaged["cases"][lost]
        _rejected(contradiction(text("(< (* x x) 0)", names="x"), damaged))


@pytest.mark.parametrize("field", ["kind", "text", "sha256", "proof"])
def test_no_field_may_be_missing_or_unknown(field: str):
    _rejected({key: value for key, value in SQUARE.items() if key != field})
    _rejected(SQUARE | {"comment": "trust me"})
    _rejected(SQUARE | {field: None})
    _rejected(SQUARE | {field: 1})


def test_the_text_is_the_one_of_the_digest():
    for old, new in (("< (+", "<= (+"), ("2 x y", "3 x y"), ("\n", "\n; a comment\n")):
        changed = SQUARE["text"].replace(old, new, 1)
        assert changed != SQUARE["text"]
        _rejected(SQUARE | {"text": changed}, "sha256")
    _rejected(contradiction(SQUARE["text"].replace("2 x y", "3 x y"), SQUARE["proof"]), "not 0")
    _rejected(contradiction(SQUARE["text"].replace("(< (+", "(<= (+"), SQUARE["proof"]), "positive")


@pytest.mark.parametrize("certificate", [CASES, SIGNS])
def test_no_assertion_can_be_spared(certificate: dict):
    lines = certificate["text"].splitlines(keepends=True)
    for n, line in enumerate(lines):
        if "assert" in line:
            _rejected(contradiction("".join(lines[:n] + lines[n + 1 :]), certificate["proof"]))


def test_numbers_are_texts_of_fractions():
    for number in (
        1,
        1.0,
        "1.0",
        "1e3",
        "+1",
        "1/0",
        "01",
        " 1",
        "1 ",
        "1/-2",
        "",
        "nan",
        "inf",
        "１",
        None,
        True,
        "9" * 5000,
    ):
        damaged = copy.deepcopy(SQUARE)
        damaged["proof"]["sum"][0][0] = number
        _rejected(damaged)


def test_what_is_no_certificate_is_rejected():
    deep: object = "x"
    for _ in range(3000):
        deep = [deep]
    for nothing in (
        None,
        [],
        "x",
        1,
        {},
        {"kind": ["contradiction"]},
        {"kind": "trust"},
        deep,
        SQUARE | {"proof": deep},
    ):
        _rejected(nothing)
    _rejected({"kind": "collection", "certificates": []})
    _rejected({"kind": "collection", "certificates": [SQUARE, SQUARE | {"kind": "trust"}]})
    assert check({"kind": "collection", "certificates": [SQUARE, {"kind": "collection", "certificates": [CASES]}]})


def test_a_product_that_would_take_forever_is_refused():
    wide = "(+ x y z w 1)"
    wider = f"(* {' '.join([wide] * 60)})"
    _rejected(contradiction(text(f"(< {wider} 0)", names="xyzw"), leaf()), "too many terms")
