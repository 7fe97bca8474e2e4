"""A false statement with an exact counterexample, and the repaired one."""

import random
from fractions import Fraction

from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.finding import Arithmetic, Finding, Obligation, Proof, Replay, ReplayLine
from eqt_theory.core.verdict import Method, Verdict

claim = Claim(
    id="squares-grow",
    title="squaring makes larger",
    source="Section 2.1 [sic], Eq. 3",
    statement="x^2 >= x for every real x in [0, 2].",
    repair="squares-grow-repaired",
    remark="The statement holds for integers.",
)

repaired = Claim(
    id="squares-grow-repaired",
    title="squaring makes larger from 1 on",
    source="Eq. 3, repaired",
    statement="x^2 >= x for every real x in [1, 2].",
)

SMTLIB = "(set-logic QF_NRA)\n(declare-const x Real)\n(assert (>= x 1))\n(assert (< (* x x) x))\n(check-sat)\n"


@claim.shows("x = 1/2")
def counterexample() -> Finding:
    """One half."""
    x = Fraction(1, 2)
    replay = Replay(
        Arithmetic.EXACT,
        (ReplayLine("0 <= x", x >= 0, str(x)), ReplayLine("x <= 2", x <= 2, str(2 - x))),
        (ReplayLine("x^2 >= x", x * x >= x, str(x * x - x)),),
    )
    return Finding(Verdict.REFUTED, Method.EXACT, "x = 1/2 shrinks", witness={"x": x}, replay=replay)


@repaired.shows("all real x in [1, 2]")
def product_of_signs() -> Finding:
    """Closed by two provers, whose answers are part of this sample."""
    closed = Obligation("conclusion", SMTLIB, {"z3": "unsat", "cvc5": "unsat"})
    proof = Proof(obligations=(closed,), satisfied_at={"x": 1})
    return Finding(Verdict.PROVED, Method.SMT, "x (x - 1) >= 0", proof=proof, obligations=(closed,))


@repaired.samples("x drawn from [1, 2]", quick=False)
def samples(run: Run) -> Finding:
    """Draw x at random."""
    draw = random.Random(run.seed)
    smallest = min(x * x - x for x in (draw.uniform(1, 2) for _ in range(run.examples)))
    assert smallest >= 0
    detail = f"x^2 - x >= {smallest:.6f} (measured)"
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, detail, examples=run.examples)
