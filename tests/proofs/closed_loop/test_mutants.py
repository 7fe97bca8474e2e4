"""Statements of the ledger with one sign, constant, hypothesis or quantifier changed are told from the originals.

The mutants are made by code from what the checks put to `prove`. A search in Fractions that shares no code with the
package says independently which of them are false: none of those may be proved, and every witness must hold up.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import pytest
import sympy as sp
from mutation import Mutant, Statement, counterexample, draw, mutants, recorded
from smt_oracle import truth_or_none

from eqt_theory import Finding, Verdict, prove

POINTS = 300
PER_STATEMENT = 8
STATEMENTS = [
    ("theorem_2", "factor_is_a_contraction"),
    ("theorem_2", "contracts_exactly_below_two_over_M"),
    ("theorem_4", "loss_below_the_energy"),
    ("theorem_4", "loss_falls_with_the_energy"),
    ("corollary_5", "objective_never_rises"),
    ("equation_1", "equilibrium_follows_the_proposal"),
    ("equation_2", "objective_falls"),
    ("equation_2", "contracts_for_every_gamma"),
    ("equation_3", "stationary_states_of_convex_objectives"),
    ("equation_12", "cut_window_has_n_tokens"),
    ("equation_13", "variance_settles_above_zero"),
    ("energy_nonnegative", "sum_of_exponentials"),
    ("proposition_9_2", "residual_bounds_the_distance"),
    ("proposition_9_3", "score_step_keeps_the_law"),
    ("proposition_9_5", "distance_to_minimiser"),
    ("proposition_9_5", "gap_of_a_convex_energy"),
]


@dataclass(frozen=True)
class Told:
    """A mutant, what `prove` says of it, and what the search found."""

    mutant: Mutant
    finding: Finding
    found: dict[sp.Symbol, Fraction] | None
    held: int


def spread(every: list[Mutant], count: int) -> list[Mutant]:
    """Evenly over the operators, first of each kind first."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in every:
        kinds.setdefault(mutant.change.split(" ")[0], []).append(mutant)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(kinds.values()):
        chosen += [group.pop(0) for group in kinds.values() if group]
    return chosen[:count]


@pytest.fixture(scope="session")
def told(claims_file):
    @cache
    def of(file: str, check: str) -> tuple[Statement, int, list[Told]]:
        module = claims_file(file)
        original = recorded(module, getattr(module, check))[0]
        points = draw(original.symbols, POINTS, seed=1)
        assert counterexample(original, points)[0] is None
        results = []
        for mutant in spread(list(mutants(original)), PER_STATEMENT):
            found, held = counterexample(mutant.statement, points)
            finding = prove(mutant.statement.hypotheses, mutant.statement.conclusions, 3)
            results.append(Told(mutant, finding, found, held))
        return original, counterexample(original, points)[1], results

    return of


@pytest.mark.parametrize(("file", "check"), STATEMENTS)
def test_originals_are_proved_and_not_vacuous(told, file, check):
    original, held, _ = told(file, check)
    assert prove(original.hypotheses, original.conclusions).verdict is Verdict.PROVED
    assert held >= 5


@pytest.mark.parametrize(("file", "check"), STATEMENTS)
def test_false_mutants_are_refuted(told, file, check):
    """Whatever the search refutes is refuted by `prove`, or not put to it well; never proved."""
    for case in told(file, check)[2]:
        if case.found is not None:
            assert case.finding.verdict is not Verdict.PROVED, f"{case.mutant.change}: {case.found}"


@pytest.mark.parametrize(("file", "check"), STATEMENTS)
def test_witnesses_hold_up(told, file, check):
    """Every rational witness has all hypotheses and not all conclusions, by the oracle."""
    for case in told(file, check)[2]:
        if case.finding.verdict is not Verdict.REFUTED:
            continue
        if not all(sp.sympify(v).is_Rational for v in case.finding.witness.values()):
            continue
        at = {s: Fraction(str(v)) for s, v in case.finding.witness.items()}
        statement = case.mutant.statement
        assert all(truth_or_none(b, at) is True for b in statement.hypotheses), case.mutant.change
        assert False in [truth_or_none(b, at) for b in statement.conclusions], case.mutant.change


def _speaks_of_products(statement: Statement) -> bool:
    return any(symbol.name.startswith("<") for symbol in statement.symbols)


def test_enough_mutants_and_nearly_all_are_decided(told):
    every = [case for file, check in STATEMENTS for case in told(file, check)[2]]
    verdicts = [case.finding.verdict for case in every]
    assert len(every) >= 60
    assert verdicts.count(Verdict.REFUTED) >= 50
    # Of inner products, a statement is refuted only where a function that attains the witness is shown.
    plain = [case.finding.verdict for case in every if not _speaks_of_products(case.mutant.statement)]
    assert plain.count(Verdict.INCONCLUSIVE) <= len(plain) // 8
    assert sum(case.found is not None for case in every) >= 40


def test_mutants_that_are_proved_hold_on_the_points(told):
    """A change that does not matter: proved still, and true at points where the hypotheses hold."""
    every = [case for file, check in STATEMENTS for case in told(file, check)[2]]
    kept = [case for case in every if case.finding.verdict is Verdict.PROVED]
    assert kept
    for case in kept:
        assert case.found is None
        assert case.held > 0, f"{case.mutant.statement.name}: {case.mutant.change}"


def test_every_operator_is_used(told):
    used = {case.mutant.change.split(" ")[0] for file, check in STATEMENTS for case in told(file, check)[2]}
    assert {"relation", "made", "conclusion,", "converse", "for", "without", "hypothesis,"} <= used


def test_the_search_finds_a_planted_counterexample():
    x = sp.Symbol("x", real=True)
    wrong = Statement("planted", (x >= 0,), (x <= 2,))
    found, _ = counterexample(wrong, draw([x], 100, seed=0))
    assert found is not None
    assert found[x] > 2
