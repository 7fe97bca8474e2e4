"""prove_by_multipliers: `combine` without the multipliers, which are looked for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import Told, budgeted_proof, stage
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.closed_form import factors, product_of_powers
from eqt_theory.engines.gram import Space, Vector, combine
from eqt_theory.engines.gram.coordinates import factored
from eqt_theory.engines.gram.goal import Goal, Numbers
from eqt_theory.engines.gram.sample import Sample, few
from eqt_theory.engines.region import Region

_SAMPLES = 8
_SHORT = (1e-7, 1e-6)
"""By how much a form may fail to be semidefinite in floating point: the second try is for longer runs."""
_LETTERS = 6
_CLOSE = 1e-5
_DENOMINATORS = (10, 100, 1000, 10_000, 100_000)
_BITS = 40

Weights = dict[int, sp.Expr]


@checked
@budgeted_proof
def prove_by_multipliers(
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    inequalities: Sequence[Boolean],
    space: Space,
    *,
    timeout: float = 10,
    detail: str = "",
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Prove a statement in Gram symbols from inequalities, for all values of its parameters.

    What follows from inequalities that are linear in inner products and function values is, as a rule, a nonnegative
    combination of them plus a positive semidefinite form. The multipliers are found by small semidefinite programs at
    rational values of the parameters, as few as will do, and closed forms are fitted to them (rational numbers where
    there are no parameters); `engines.gram.combine` then proves that they do. Nothing rests on what was found.

    Args:
        hypotheses: what is assumed of the parameters, that is, of the symbols that are neither products of the space
            nor values of its points.
        conclusion: an inequality, linear in products and values.
        inequalities: what may be used, likewise, or equations; `Member.inequalities` gives all that a class says.
        space: the vectors whose products occur.
        timeout: the budget of each prover for each obligation, as for `prove`.
        detail: what the statement says, for the finding.
        seconds: after which it gives up, once the program or the proof that it is at has ended; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        PROVED, the multipliers in the note; INCONCLUSIVE with why. Never REFUTED: other inequalities may do.

    Raises:
        UsageError: a relation that is not linear, or hypotheses that hold nowhere.
    """
    goal = Goal.of(conclusion, inequalities, space)
    if not goal.inequalities:
        raise UsageError("inequalities must hold at least one, got none")
    stage("looking for multipliers", len(goal.inequalities))
    numbers = not _parameters(goal, hypotheses)
    weights = _at_numbers(goal) if numbers else _in_closed_form(goal, hypotheses)
    if isinstance(weights, str):
        return inconclusive(Method.SMT, f"{detail}: {weights}" if detail else weights)
    stage("proving that they do")
    squares = _squares(goal, weights) if numbers else []
    uses = [(weight, goal.inequalities[i]) for i, weight in weights.items()]
    finding = combine(hypotheses, goal.conclusion, uses, space, squares=squares, timeout=timeout, detail=detail)
    note = "multipliers: " + ("; ".join(f"{weight} of {said(inequality)}" for weight, inequality in uses) or "none")
    return replace(finding, note=note) if finding.verdict is Verdict.PROVED else finding


def _parameters(goal: Goal, hypotheses: Sequence[Boolean]) -> list[sp.Symbol]:
    for hypothesis in hypotheses:
        if hypothesis.free_symbols & set(goal.unknowns):
            raise UsageError(f"hypotheses must be about parameters alone, got {hypothesis}: it belongs to inequalities")
    return sorted({*goal.parameters, *(s for h in hypotheses for s in h.free_symbols)}, key=str)


def _at_numbers(goal: Goal) -> Weights | str:
    """Rational multipliers, the simplest ones first; or why there are none."""
    numbers, why = goal.numbers(_exact), "no multipliers of these inequalities show it"
    for short in _SHORT:
        found = few([Sample(numbers, len(goal.space.names))], len(goal.inequalities), short)
        for weights in () if found is None else _rounded(numbers, found[0]):
            if all(weight >= 0 for weight in weights.values()) and _left_over(goal, numbers, weights) is not None:
                return {i: sp.Rational(w.numerator, w.denominator) for i, w in weights.items() if w}
        if found is not None:
            why = f"no exact multipliers were found close to {', '.join(f'{w:.9g}' for w in found[0].values())}"
    return why


def _exact(coefficient: sp.Expr) -> Fraction:
    if not coefficient.is_Rational:
        raise UsageError(f"numbers must be rational, got {coefficient}")
    return Fraction(int(coefficient.p), int(coefficient.q))


def _rounded(numbers: Numbers, found: dict[int, float]) -> Iterator[dict[int, Fraction]]:
    """Fractions near the multipliers, with which the function values cancel."""
    for most in _DENOMINATORS:
        near = {i: Fraction(x).limit_denominator(most) for i, x in found.items()}
        if all(abs(float(w) - found[i]) < _CLOSE * max(1, found[i]) for i, w in near.items()):
            yield from _cancelling(numbers, near)
    yield from _cancelling(numbers, {i: Fraction(round(x * 2**_BITS), 2**_BITS) for i, x in found.items()})


def _cancelling(numbers: Numbers, weights: dict[int, Fraction]) -> Iterator[dict[int, Fraction]]:
    """The weights, changed as little as can be so that no function value is left."""
    use = list(weights)
    V = sp.Matrix(len(numbers.values[0]), len(use), lambda i, j: sp.Rational(*_ratio(numbers.values[1 + use[j]][i])))
    wanted = sp.Matrix([sp.Rational(*_ratio(x)) for x in numbers.values[0]])
    off = wanted - V * sp.Matrix(len(use), 1, [sp.Rational(*_ratio(w)) for w in weights.values()])
    kept = list((V.T).rref()[1])  # equations that do not follow from the others
    change = sp.zeros(len(use), 1)
    if any(off):
        part = V.extract(kept, list(range(len(use))))
        change = part.T * (part * part.T).LUsolve(off.extract(kept, [0])) if kept else change
    if V * change == off:
        yield {i: weights[i] + Fraction(int(c.p), int(c.q)) for i, c in zip(use, change, strict=True)}


def _ratio(x: Fraction) -> tuple[int, int]:
    return x.numerator, x.denominator


def _left_over(goal: Goal, numbers: Numbers, weights: dict[int, Fraction]) -> list[tuple[sp.Expr, Vector]] | None:
    """The form that these multipliers leave, as squares; None where it is not positive semidefinite."""
    form = list(numbers.forms[0])
    for i, weight in weights.items():
        form = [a - weight * b for a, b in zip(form, numbers.forms[1 + i], strict=True)]
    size = len(goal.space.names)
    S = sp.zeros(size, size)
    for (i, j), x in zip(numbers.pairs, form, strict=True):
        S[i, j] += sp.Rational(*_ratio(x)) / 2
        S[j, i] += sp.Rational(*_ratio(x)) / 2
    frame = factored(S)
    if frame is None:
        return None
    columns = zip(*frame.rows, strict=True)
    return [(square, Vector(goal.space, tuple(c))) for square, c in zip(frame.squares, columns, strict=True)]


def _squares(goal: Goal, weights: Weights) -> list[tuple[sp.Expr, Vector]]:
    exact = {i: Fraction(int(w.p), int(w.q)) for i, w in weights.items()}
    return _left_over(goal, goal.numbers(_exact), exact) or []


def _in_closed_form(goal: Goal, hypotheses: Sequence[Boolean]) -> Weights | str:
    """Multipliers as functions of the parameters; or why there are none."""
    region = Region(_parameters(goal, hypotheses), hypotheses)
    points = region.points(min(_SAMPLES, 3 + 2 * len(region.free)))
    if not points:
        raise UsageError("hypotheses must hold somewhere: no rational point that satisfies them was found")
    samples = [Sample(goal.numbers(lambda x, p=p: region.at(x, p)), len(goal.space.names)) for p in points]
    found = few(samples, len(goal.inequalities), _SHORT[0])
    if found is None:
        return "no multipliers of these inequalities show it at sampled values of the parameters"
    letters = factors([*goal.parameters, *_coefficients(goal)], region)[:_LETTERS]
    weights: Weights = {}
    for i in found[0]:
        form = product_of_powers([f[i] for f in found], letters, points, region)
        if form is not None:
            weights[i] = form
    return _completed(goal, weights, [i for i in found[0] if i not in weights], found)


def _coefficients(goal: Goal) -> list[sp.Expr]:
    every = {x for row in goal.rows for x in row if x.free_symbols}
    return sorted(every, key=lambda x: (x.count_ops(), str(x)))


def _completed(goal: Goal, weights: Weights, missing: list[int], found: list[dict[int, float]]) -> Weights | str:
    """Those of which no closed form was found, by the equations that let the function values cancel."""
    if not missing:
        return weights
    unknown = {i: sp.Dummy(f"w{i}") for i in missing}
    every = {**weights, **unknown}
    start = len(goal.products)
    sums = [row - sum(w * goal.rows[1 + i][k] for i, w in every.items()) for k, row in enumerate(goal.rows[0])][start:]
    solved = sp.linsolve([sp.together(s) for s in sums if s != 0], *unknown.values())
    row = next(iter(solved), None)
    if row is None or any(x.has(*unknown.values()) for x in row):
        shown = "; ".join(", ".join(f"{f[i]:.6g}" for f in found[:3]) for i in missing)
        return f"no closed form was found of multipliers that are, at some points, {shown}"
    return {**weights, **dict(zip(missing, (sp.factor(x) for x in row), strict=True))}
