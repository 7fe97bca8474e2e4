"""Mutations of statements, and a search for counterexamples in Fractions that shares no code with the package."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from sample_findings import proved
from smt_oracle import truth_or_none
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFunction

Point = dict[sp.Symbol, Fraction]

_FLIPPED = {sp.Le: sp.Ge, sp.Ge: sp.Le, sp.Lt: sp.Gt, sp.Gt: sp.Lt, sp.Eq: sp.Ne, sp.Ne: sp.Eq}
_STRICT = {sp.Le: sp.Lt, sp.Ge: sp.Gt}
_PAIRS = (("mu", "L"), ("m", "M"), ("g", "w"), ("alpha", "g"), ("gamma", "mu"), ("t", "W"), ("c", "v"), ("q", "count"))


@dataclass(frozen=True)
class Statement:
    """Hypotheses imply conclusions, for all real values of the symbols."""

    name: str
    hypotheses: tuple[Boolean, ...]
    conclusions: tuple[Boolean, ...]

    @property
    def symbols(self) -> list[sp.Symbol]:
        free = set().union(*(b.free_symbols for b in (*self.hypotheses, *self.conclusions)))
        return sorted(free, key=lambda s: s.name)


@dataclass(frozen=True)
class Mutant:
    """A statement with one thing changed."""

    change: str
    statement: Statement


def mutants(original: Statement) -> Iterator[Mutant]:
    """Every mutant that the operators make of a statement; none equals the original as an expression."""
    given, goals = original.hypotheses, original.conclusions
    seen = {(given, goals)}

    def changed(change: str, hypotheses: Sequence[Boolean], conclusions: Sequence[Boolean]) -> Iterator[Mutant]:
        key = tuple(hypotheses), tuple(conclusions)
        literal = any(b in (sp.true, sp.false) for b in (*key[0], *key[1]))
        if key not in seen and key[1] and not literal:
            seen.add(key)
            yield Mutant(change, Statement(original.name, *key))

    for i, goal in enumerate(goals):
        before, after = goals[:i], goals[i + 1 :]
        for change, new in _of_relation(goal):
            yield from changed(change, given, (*before, new, *after))
        if given:
            yield from changed("converse", (*given[:-1], goal), (*before, given[-1], *after))
    yield from changed("for none instead of for all", given, (sp.Not(sp.And(*goals), evaluate=False),))
    for i, hypothesis in enumerate(given):
        yield from changed(f"without {hypothesis}", (*given[:i], *given[i + 1 :]), goals)
        for text, new in edits(hypothesis):
            yield from changed(f"hypothesis, {text}", (*given[:i], new, *given[i + 1 :]), goals)


def _of_relation(goal: Boolean) -> Iterator[tuple[str, Boolean]]:
    """The conclusion changed in one way each."""
    if type(goal) in _FLIPPED:
        yield "relation flipped", _FLIPPED[type(goal)](*goal.args, evaluate=False)
    if type(goal) in _STRICT:
        yield "made strict", _STRICT[type(goal)](*goal.args, evaluate=False)
    for text, new in edits(goal):
        yield f"conclusion, {text}", new
    for names in _PAIRS:
        yield f"{names[0]} and {names[1]} exchanged", _exchanged(goal, names)


def _exchanged(goal: Boolean, names: tuple[str, str]) -> Boolean:
    by_name = {s.name: s for s in goal.free_symbols}
    if not set(names) <= set(by_name):
        return goal
    one, two = (by_name[name] for name in names)
    return goal.xreplace({one: two, two: one})


def edits(expr: sp.Basic) -> Iterator[tuple[str, sp.Basic]]:
    """One constant raised by one, one term negated, or one Max and Min exchanged, anywhere but in exponents."""
    if isinstance(expr, sp.Integer | sp.Rational) and expr > 0:
        yield f"{expr} became {expr + 1}", expr + 1
        return
    if isinstance(expr, sp.Max | sp.Min):
        other = sp.Min if isinstance(expr, sp.Max) else sp.Max
        yield f"{type(expr).__name__} became {other.__name__}", other(*expr.args)
    if isinstance(expr, sp.Add):
        for i, term in enumerate(expr.args):
            yield f"{term} negated", sp.Add(*expr.args[:i], -term, *expr.args[i + 1 :])
    if isinstance(expr, sp.Pow):
        for text, base in edits(expr.base):
            yield text, base**expr.exp
        return
    if isinstance(expr, sp.Add | sp.Mul | sp.Abs | sp.Max | sp.Min | Relational | BooleanFunction):
        for i, part in enumerate(expr.args):
            for text, new in edits(part):
                yield text, expr.func(*expr.args[:i], new, *expr.args[i + 1 :])


def counterexample(statement: Statement, points: Sequence[Point]) -> tuple[Point | None, int]:
    """The first point with all hypotheses and not all conclusions, and at how many points the hypotheses held."""
    held = 0
    for point in points:
        if all(truth_or_none(b, point) is True for b in statement.hypotheses):
            truths = [truth_or_none(b, point) for b in statement.conclusions]
            if False in truths:
                return point, held
            held += None not in truths
    return None, held


def draw(symbols: Sequence[sp.Symbol], count: int, seed: int) -> list[Point]:
    """Points with small rational entries and the declared signs; Gram symbols come from vectors in the plane."""
    rng = random.Random(seed)
    vectors = sorted({vector for s in symbols for vector in _product(s)})
    points = []
    for _ in range(count):
        at = {name: [_number(rng), _number(rng)] for name in vectors}
        if len(vectors) > 1 and rng.random() < 0.3:  # parallel vectors: the extreme cases of most inequalities
            factor = _number(rng)
            at[vectors[1]] = [factor * x for x in at[vectors[0]]]
        points.append({s: _value(s, at, rng) for s in symbols})
    return points


def _product(symbol: sp.Symbol) -> tuple[str, ...]:
    """The names u and v where the symbol is an inner product `<u, v>`; none where it is a number of its own."""
    inside = symbol.name.removeprefix("<").removesuffix(">")
    return tuple(inside.split(", ")) if len(symbol.name) == len(inside) + 2 else ()


def _number(rng: random.Random) -> Fraction:
    return Fraction(rng.randint(-6, 6), rng.choice((1, 1, 2, 4)))


def _value(symbol: sp.Symbol, at: dict[str, list[Fraction]], rng: random.Random) -> Fraction:
    if vectors := _product(symbol):
        one, two = vectors
        return sum((x * y for x, y in zip(at[one], at[two], strict=True)), Fraction(0))
    if symbol.is_positive:
        return Fraction(rng.randint(1, 12), rng.choice((1, 2, 4, 12)))
    if symbol.is_nonnegative:
        return Fraction(rng.randint(0, 12), rng.choice((1, 2, 4, 12)))
    return _number(rng)


def recorded(module: object, check: Callable[[], object]) -> list[Statement]:
    """What a check puts to `prove`, the module's name for it being replaced by one that proves nothing meanwhile."""
    statements: list[Statement] = []

    def spy(hypotheses: object, conclusion: object, *args: object, **named: object) -> object:
        given, goals = (tuple(b for b in _flat(part) if b != sp.true) for part in (hypotheses, conclusion))
        statements.append(Statement(check.__name__, given, goals))
        return proved()

    right = module.prove
    module.prove = spy
    try:
        check()
    finally:
        module.prove = right
    return statements


def _flat(booleans: object) -> tuple[Boolean, ...]:
    if isinstance(booleans, sp.And):
        return tuple(booleans.args)
    return (booleans,) if isinstance(booleans, Boolean) else tuple(b for part in booleans for b in _flat(part))
