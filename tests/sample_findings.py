"""One sound Finding of each verdict, and claims made of them."""

from collections.abc import Callable, Sequence

from eqt_theory.core.claim import Check, Claim, Reading, Run
from eqt_theory.core.finding import Arithmetic, Finding, Identity, Proof, Replay, ReplayLine, inconclusive
from eqt_theory.core.judge import Assessment, Court, Result
from eqt_theory.core.verdict import Method, Verdict

REPLAY = Replay(Arithmetic.EXACT, (ReplayLine("x > 0", True, "1"),), (ReplayLine("x > 1", False, "0"),))


def proved() -> Finding:
    return Finding(Verdict.PROVED, Method.SYMBOLIC, "expands to 0", proof=Proof(identities=(Identity("0 = 0", "0"),)))


def certified() -> Finding:
    return Finding(Verdict.CERTIFIED, Method.EXACT, "the value is 2", enclosures={"value": 2})


def supported() -> Finding:
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, "held in each case", examples=10)


def unknown() -> Finding:
    return inconclusive(Method.SMT, "out of time")


def refuted() -> Finding:
    return Finding(Verdict.REFUTED, Method.EXACT, "x = 1 breaks it", witness={"x": 1}, replay=REPLAY)


def claim_of(*readings: Reading, repair: str | None = None, name: str = "sample") -> Claim:
    return Claim(id=name, source="nowhere", statement="A statement.", readings=readings, repair=repair)


def results(*found: tuple[str, str | None, Finding]) -> Sequence[Result]:
    """Results from (reading, part, finding)."""
    made = []
    for number, (reading, part, finding) in enumerate(found):
        check = Check(f"check_{number}", "all", reading, part, True, lambda finding=finding: finding)
        made.append(Result(check, finding))
    return made


def named(name: str, make: Callable[[], Finding]) -> Callable[[], Finding]:
    """A check of that name."""

    def check() -> Finding:
        return make()

    check.__name__ = name
    return check


def found_by(claim: Claim) -> list[Result]:
    """The checks of a claim with what they find."""
    return [Result(check, check(Run())) for check in claim.checks]


def judged(claim: Claim, *others: Claim) -> Assessment:
    """What the findings of a claim say of it, beside others that it may use."""
    return Court([(c, found_by(c)) for c in (claim, *others)]).assess(claim.id)
