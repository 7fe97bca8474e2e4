import pytest
from sample_certificates import text

from eqt_theory.kernel.reading import Rejected
from eqt_theory.kernel.smtlib import assertions, term

BEGIN = "(set-logic QF_NRA)\n(declare-const x Real)\n"


@pytest.mark.parametrize(
    ("assertion", "expected"),
    [
        ("(< x 0)", (">", {(("x", 1),): -1})),
        ("(<= x 0)", (">=", {(("x", 1),): -1})),
        ("(> x (/ 1 2))", (">", {(("x", 1),): 1, (): -1 / 2})),
        ("(>= 0 x)", (">=", {(("x", 1),): -1})),
        ("(= (* x x) (- 2))", ("=", {(("x", 2),): 1, (): 2})),
        ("(not (< x 0))", (">=", {(("x", 1),): 1})),
        ("(not (<= x 0))", (">", {(("x", 1),): 1})),
        ("(not (= x 0))", ("or", [(">", {(("x", 1),): -1}), (">", {(("x", 1),): 1})])),
        ("(not (and (< x 0) (not true)))", ("or", [(">=", {(("x", 1),): 1}), ("and", [])])),
        ("(not (or false (< x 0)))", ("and", [("and", []), (">=", {(("x", 1),): 1})])),
        ("(< (- x x 1) (* 2 (- 3) x))", (">", {(("x", 1),): -6, (): 1})),
    ],
)  # fmt: skip
def test_an_assertion_is_read_as_what_it_says(assertion: str, expected: object):
    formulas, names = assertions(text(assertion, names="x"))
    assert (formulas, names) == ([expected], {"x"})


@pytest.mark.parametrize(
    "assertion",
    [
        "(let ((x 1)) (< x 0))", "(forall ((x Real)) (< x 0))",
        "(=> (< x 0) false)", "(ite true true true)", "(xor true true)",
        "(distinct x 0)", "(< x 0 1)", "(< x)", "(= (< x 0) true)", "(= true true)",
        "x", "(x)", "()", "(not)", "(not true true)",
        "(and)", "(or)", "(< y 0)", "(< (+) 0)",
        "(< (*) 0)", "(< (-) 0)", "(< (/ 1) 0)", "(< (/ 1 0) 0)", "(< (/ 1 x) 0)",
        "(< (/ 1 (- x x)) 0)", "(< (/ 1 (/ 1 x)) 0)", "(< (/ 4 2 2) 0)", "(< (div x 2) 0)",
        "(< (mod x 2) 0)", "(< (abs x) 0)", "(< 1/2 x)", "(< 0.5 x)",
        "(< -1 x)", "(< 01 x)", "(< 1e3 x)", "(< #b1 x)",
        '(< "1" x)', "(! (< x 0) :named a)", "(< (+ x) 0)", "(< (* x) 0)",
        "(|<| x 0)", "(|not| true)", "|true|", "(< |0| x)", "(< ((+) x x) 0)", "(TRUE)", "True",
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(assertion: str):
    with pytest.raises(Rejected):
        assertions(text(assertion, names="x"))


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "(check-sat)",
        f"{BEGIN}(assert (< x 0))",
        f"{BEGIN}(assert (< x 0))(check-sat)(check-sat)",
        f"{BEGIN}(assert (< x 0))(check-sat)(exit)",
        f"{BEGIN}(push 1)(assert (< x 0))(pop 1)(check-sat)",
        f"{BEGIN}(assert (< x 0))(reset)(check-sat)",
        f"{BEGIN}(assert (< x 0)))(check-sat)",
        f"{BEGIN}((assert (< x 0))(check-sat)",
        f"{BEGIN}(assert (< x 0) (< 0 x))(check-sat)",
        f"{BEGIN}(declare-const x Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const |x| Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const i Int)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const and Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const |and| Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const 1 Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-fun y () Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(define-fun y () Real 0)(assert (< x 0))(check-sat)",
        "(set-logic QF_NIA)(declare-const x Real)(assert (< x 0))(check-sat)",
        "(declare-const x Real)(assert (< x 0))(set-logic QF_NRA)(check-sat)",
        f"(set-logic QF_NRA)(assert (< x 0)){BEGIN.split(')')[1]})(check-sat)",
        f"{BEGIN}; a comment without an end (check-sat)",
        f"{BEGIN}; a line that ends elsewhere\r(assert (< x 0))\n(check-sat)",
        f"{BEGIN}; a line that ends elsewhere\u2028(assert (< x 0))\n(check-sat)",
        f"{BEGIN}; a line that ends elsewhere\x85(assert (< x 0))\n(check-sat)",
        f"{BEGIN}(assert (< x 0))\t(check-sat)",
        f"{BEGIN}(declare-const |a\nb| Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const |a\\b| Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(declare-const |a Real)(assert (< x 0))(check-sat)",
        f"{BEGIN}(assert {'(not ' * 400}true{')' * 400})(check-sat)",
        f"{BEGIN}(assert (< x \ud800))(check-sat)",
    ],
)  # fmt: skip
def test_a_text_that_could_be_read_in_two_ways_is_refused(whole: str):
    with pytest.raises(Rejected):
        assertions(whole)


def test_quoted_and_plain_names_are_the_same():
    formulas, names = assertions(f"{BEGIN}(declare-const |a (b); c| Real)(assert (= |x| |a (b); c|))(check-sat)")
    assert names == {"x", "a (b); c"}
    assert formulas == [("=", {(("x", 1),): 1, (("a (b); c", 1),): -1})]


def test_a_comment_hides_what_is_in_it():
    formulas, _ = assertions(f"{BEGIN}; (assert false) | \n(assert (< x 0)) ; |\n(check-sat)")
    assert len(formulas) == 1


def test_a_term_of_a_certificate_is_one_term():
    assert term("(- (* x x) (/ 3 4))", {"x"}) == {(("x", 2),): 1, (): -3 / 4}
    for wrong in ("", "x x", "(", "y", 1, None, ["x"], "; x\n"):
        with pytest.raises(Rejected):
            term(wrong, {"x"})
