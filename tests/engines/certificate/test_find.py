import random

import pytest
from sample_certificates import VALID, text

from eqt_theory.engines.certificate import Work, find_contradiction
from eqt_theory.engines.certificate.search import Search
from eqt_theory.engines.certificate.terms import Ring
from eqt_theory.kernel.smtlib import assertions

UNITS = 2_000_000


def _find(*assertions: str, names: str = "xy"):
    return find_contradiction(text(*assertions, names=names), Work(UNITS, seconds=60))


@pytest.mark.parametrize(
    "assertions",
    [
        ["false"],
        ["(< 1 0)"],
        ["(= 1 0)"],
        ["(< x 0)", "(< 0 x)"],
        ["(< x 0)", "(= x 0)"],
        ["(< (* x x) 0)"],
        ["(= x (+ x 1))"],
        ["(< (+ (* x x) (* y y)) (* 2 x y))"],
        ["(not (or (<= x y) (<= y x)))"],
        ["(= (* x x x) 0)", "(not (= x 0))"],
        ["(< 0 x)", "(< 0 (* x y))", "(<= y 0)"],
        ["(< 0 x)", "(= (* x y) 0)", "(not (= y 0))"],
        ["(or (< x 0) (< y 0))", "(<= 0 x)", "(<= 0 y)"],
        ["(= y (+ x 1))", "(= (* x y) 0)", "(< 0 x)"],
        ["(= (* x x) 2)", "(<= 0 x)", "(<= x 1)"],
        ["(= (+ (* x x) (* y y)) 0)", "(not (= x 0))"],
        # Max(x, y) >= x, lowered
        ["(or (and (<= y x) (< x x)) (and (not (<= y x)) (< y x)))"],
        # a convex combination lies between its ends
        ["(<= 0 t)", "(<= t 1)", "(< x y)", "(< (+ (* t x) (* (- 1 t) y)) x)"],
        # the arithmetic mean is above the geometric one, with its root
        ["(< 0 x)", "(< 0 y)", "(<= 0 r)", "(= (* r r) (* x y))", "(< (+ x y) (* 2 r))"],
        # a (m + M) <= 2, times a m^2 r, and a factor a M + 1 of what is assumed that is plainly above 0
        [*(f"(< 0 {s})" for s in "mMar"), "(<= (* a (+ m M)) 2)", "(< 0 (- (* a a m m r (+ m M)) (* 2 a m m r)))"],
        [*(f"(< 0 {s})" for s in "Ma"), "(< (* (+ 1 (* a M)) (+ 1 (* a a M M) (* (- 1) a M))) 0)"],
        # gradient descent: |1 - a m| and |1 - a M| are below 1 for 0 < a < 2/M
        ["(< 0 m)", "(<= m M)", "(< 0 a)", "(< (* a M) 2)", "(or (<= 1 (- 1 (* a m))) (<= 1 (- (* a M) 1)))"],
    ],
)  # fmt: skip
def test_what_cannot_hold_is_shown(assertions: list[str]):
    found = _find(*assertions, names="xytrmMa")
    assert found is not None and found.shows


@pytest.mark.parametrize(
    "assertions",
    [
        [],
        [*(f"(< 0 {s})" for s in "mMar"), "(<= (* a (+ m M)) 3)", "(< 0 (- (* a a m m r (+ m M)) (* 2 a m m r)))"],
        [*(f"(<= 0 {s})" for s in "Ma"), "(<= (* (+ (* x x) (* a M)) (+ 1 (* a a M M) (* (- 1) a M))) 0)"],
        ["true"],
        ["(<= x 0)", "(<= 0 x)"],
        ["(< x y)"],
        ["(= (* x x) 2)"],
        ["(<= (* x x) 0)"],
        ["(<= (+ (* x x) (* y y)) (* 2 x y))"],
        ["(or (< x 0) (< y 0))", "(<= 0 x)"],
        ["(= (* x y) 0)", "(not (= x 0))"],
        ["(< 0 (* x y))", "(< x 0)"],
        ["(= (* x x x) (* x x))", "(not (= x 0))"],
    ],
)
def test_what_can_hold_is_never_shown_to_be_impossible(assertions: list[str]):
    assert _find(*assertions, names="xymMar") is None


def test_random_texts_that_hold_at_a_known_point_get_none():
    """Polynomial inequalities that are true at (2, -3), in random order and combination."""
    draw = random.Random(0)
    for _ in range(25):
        assertions = []
        for _ in range(draw.randint(1, 4)):
            a, b, c = (draw.randint(-3, 3) for _ in range(3))
            value = 2 * a - 3 * b + c * 2 * -3
            term = f"(+ (* {_number(a)} x) (* {_number(b)} y) (* {_number(c)} x y))"
            bound = draw.randint(value, value + 2)
            assertions.append(f"({'<=' if bound == value else '<'} {term} {_number(bound)})")
        assert find_contradiction(text(*assertions), Work(300_000, seconds=60)) is None


def _number(n: int) -> str:
    return str(n) if n >= 0 else f"(- {-n})"


def test_a_split_on_what_decides_between_two_bounds():
    """|d - a D|^2 above both (1 - a m)^2 |d|^2 and (1 - a M)^2 |d|^2: which is larger, a (m + M) - 2 decides."""
    stated = [
        *("(< 0 a)", "(< 0 d)", "(<= (* m d) c)", "(<= c (* M d))", "(<= (+ e (* m M d)) (* (+ m M) c))"),
        "(< (* d (- 1 (* a m)) (- 1 (* a m))) (+ d (* (- 2) a c) (* a a e)))",
        "(< (* d (- 1 (* a M)) (- 1 (* a M))) (+ d (* (- 2) a c) (* a a e)))",
    ]
    ring = Ring(tuple("Macdem"))
    formulas = assertions(text(*stated, names="acdemM"))[0]
    facts = [(str(i), relation, ring.read(p)) for i, (relation, p) in enumerate(formulas)]
    found = Search(ring, Work(UNITS, seconds=60))._between(facts)
    between = [ring.write(p) for p in found.values()]
    assert "(+ (* M a) (* a m) (- 2))" in between and len(between) < 6
    proof = _find(*stated, names="acdemM")
    assert proof is not None and proof.shows


def test_the_same_work_finds_the_same():
    for name in ("square", "cases", "signs"):
        found = [find_contradiction(VALID[name]["text"], Work(UNITS, seconds=60)) for _ in range(2)]
        assert found[0] is not None and found[0] == found[1]


def test_without_work_nothing_is_found():
    for work in (Work(0, seconds=60), Work(UNITS, seconds=0)):
        assert find_contradiction(VALID["square"]["text"], work) is None


def test_names_that_need_quotes():
    quoted = text("(< x 0)", "(< 0 |b (c; d)|)", "(< (* 1 |b (c; d)|) x)", names="x").replace(
        "(assert", "(declare-const |b (c; d)| Real)\n(assert", 1
    )
    found = find_contradiction(quoted, Work(UNITS, seconds=60))
    assert found is not None and "|b (c; d)|" in str(found.data)
