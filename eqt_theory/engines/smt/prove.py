"""`prove`: a statement about all real numbers, put to two provers, with an exact witness where it is false."""

import time
from collections.abc import Iterable
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.check import running
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import assumptions, said
from eqt_theory.engines.smt.attempt import CONTRADICTORY, Attempt
from eqt_theory.engines.smt.provers import Panel, default_panel
from eqt_theory.engines.smt.statement import Statement, flat
from eqt_theory.engines.smt.structure import owned

_LONGEST = 10**6  # seconds; timers take no infinity
_LITERAL = "a conclusion was the literal true when it arrived: SymPy had decided it, not the provers"


@checked
def prove(
    hypotheses: Boolean | bool | Iterable[Boolean | bool],
    conclusion: Boolean | bool | Iterable[Boolean | bool],
    timeout: float | None = None,
    *,
    detail: str = "",
    panel: Panel | None = None,
) -> Finding:
    """Decide whether the hypotheses imply the conclusion, for all real values of the symbols.

    Every obligation (each conjunct of the conclusion, and each condition under which a division or
    root means anything) is printed once to SMT-LIB 2 and read by all provers. The signs that symbols
    are declared with (`positive=True`) are hypotheses too. Where inner products of a `Space` occur, it first looks for
    multipliers of the hypotheses that add up to the conclusion, or for numbers at which it fails: no prover reads
    what is decided so.

    Args:
        hypotheses: SymPy booleans over real symbols, polynomial or rational, with Max, Min, Abs,
            Piecewise and roots allowed.
        conclusion: likewise; several are to be shown all.
        timeout: the budget of each prover for each obligation, in seconds of an idle machine; what counts is the
            provers' own resource units that they stand for, so that the verdict does not depend on the load. Default:
            that of the run, 10 unless `verify --timeout` says otherwise.
        detail: what the statement says, for the finding.
        panel: the provers; default z3 and cvc5.

    Returns:
        PROVED when every prover closes every obligation and the hypotheses hold somewhere; REFUTED with
        an exact witness, replayed without a prover; INCONCLUSIVE with the reason otherwise.

    Raises:
        UsageError: a symbol is not declared real, a term is not polynomial or rational, a relation is a plain bool or
            the conclusion the literal true; it is named.
        ProverDisagreement: one prover says `unsat` and another `sat`.
    """
    begun = time.perf_counter()
    timeout = running().timeout if timeout is None else timeout
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST:
        raise UsageError(f"timeout must be a positive number of seconds, at most {_LONGEST}, got {timeout!r}")
    if panel is not None and not isinstance(panel, Panel):
        raise UsageError(f"panel must be a Panel of provers, got {type(panel).__name__}: {panel!r}")
    given = flat(hypotheses, "a hypothesis")
    statement = Statement.of(given, flat(conclusion, "the conclusion"))
    attempt = Attempt(statement, timeout, panel or default_panel(), detail)
    finding = attempt.finding()
    besides = [said(r) for r in attempt.besides if finding.proof is not None]
    assumes = {s.name: assumptions(s) for s in statement.symbols}
    taken = {said(h): h.free_symbols for h in given if h != sp.true}
    plain = {text: tuple(sorted(s.name for s in symbols)) for text, symbols in taken.items() if not owned(symbols)}
    return replace(
        finding,
        seconds=time.perf_counter() - begun,
        assumes=assumes,
        hypotheses=tuple(plain),
        speaks_of=tuple(plain.values()),
        conclusions=tuple(map(str, statement.conclusions)),
        context=tuple(dict.fromkeys([*(text for text in taken if text not in plain), *besides])),
    )


def consistent(relations: Iterable[Boolean | bool], timeout: float) -> bool | None:
    """Whether relations hold together somewhere, as far as the provers see; no certificate is looked for.

    For a search, whose outcome `prove` is asked about: where provers find no point they are not checked.

    Args:
        relations: as the hypotheses of `prove`.
        timeout: as for `prove`.

    Returns:
        True with a point that was replayed, False where they contradict each other, None where neither is known.
    """
    statement = Statement.of(flat(relations, "a relation"), [sp.false])
    attempt = Attempt(statement, timeout, default_panel(), "")
    if sp.false in statement.hypotheses:
        return False
    if attempt.admit(statement.given):
        return None
    point, _, reason = attempt.satisfying_point()
    return True if point is not None else False if reason == CONTRADICTORY else None
