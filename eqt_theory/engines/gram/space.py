"""Vectors of a Euclidean space of unknown dimension, seen through their inner products."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Any, ClassVar

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.gram.coordinates import factored
from eqt_theory.engines.gram.realise import Origin, origins_of, realise
from eqt_theory.engines.rational import vanishes
from eqt_theory.engines.smt.structure import Argument, Owned, Realised

_ALL_MINORS = 3  # vectors up to which every principal minor is given to the provers; beyond, those of pairs


class Product(Owned):
    """The inner product of two basis vectors of a Space, an opaque real symbol, printed `<u, v>`."""

    __slots__ = ("pair",)
    pair: tuple[int, int]

    def __new__(cls, space: "Space", i: int, j: int) -> "Product":
        """The symbol of `<names[i], names[j]>`; both orders give the same."""
        i, j = min(i, j), max(i, j)
        symbol = Owned.__xnew__(cls, f"<{space.names[i]}, {space.names[j]}>", real=True)
        symbol.structure, symbol.pair = space, (i, j)
        return symbol

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), *self.pair, self.structure)  # what is printed may read alike

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.structure, *self.pair), {}

    def _latex(self, _printer: Any) -> str:
        u, v = (self.structure.names[k] for k in self.pair)  # pyright: ignore[reportAttributeAccessIssue]
        return rf"\langle {u}, {v} \rangle"


@dataclass(frozen=True)
class Vector:
    """A linear combination of the basis vectors of a Space, with SymPy coefficients."""

    space: "Space"
    coefficients: tuple[sp.Expr, ...]

    def __add__(self, other: "Vector") -> "Vector":
        self._same_space(other)
        return Vector(self.space, tuple(a + b for a, b in zip(self.coefficients, other.coefficients, strict=True)))

    def __sub__(self, other: "Vector") -> "Vector":
        self._same_space(other)
        return self + (-1) * other

    def __neg__(self) -> "Vector":
        return (-1) * self

    def __rmul__(self, factor: sp.Expr | int) -> "Vector":
        return Vector(self.space, tuple(factor * a for a in self.coefficients))

    def __truediv__(self, divisor: sp.Expr | int) -> "Vector":
        return Vector(self.space, tuple(a / divisor for a in self.coefficients))

    def __matmul__(self, other: "Vector") -> sp.Expr:
        """The inner product, in the Gram symbols."""
        self._same_space(other)
        gram = self.space.gram
        return sp.Add(
            *(
                a * b * gram[i, j]
                for i, a in enumerate(self.coefficients)
                for j, b in enumerate(other.coefficients)
                if a != 0 and b != 0
            )
        )

    @property
    def norm2(self) -> sp.Expr:
        """The squared Euclidean norm, in the Gram symbols."""
        return self @ self

    def __str__(self) -> str:
        terms = [a * sp.Symbol(name) for a, name in zip(self.coefficients, self.space.names, strict=True)]
        return str(sp.Add(*terms))

    def _same_space(self, other: object) -> None:
        if not isinstance(other, Vector):
            raise UsageError(f"expected a Vector of {self.space}, got {type(other).__name__}: {other!r}")
        if other.space is not self.space:
            raise UsageError(f"vectors of two spaces do not mix: {self} of {self.space}, {other} of {other.space}")


@dataclass(frozen=True, eq=False)
class Space:
    """A few vectors of a Euclidean space of unknown dimension. Each Space is one of its own, whatever its names.

    Args:
        names: the names of the basis vectors, each once; the symbol of an inner product is printed `<u, v>`.

    Raises:
        UsageError: a name is no text, is empty or stands twice.
    """

    names: tuple[str, ...]
    origins: dict[Boolean, list[Origin]] = field(default_factory=dict, init=False, repr=False)
    """Which inequalities are of which member of a class; see `family`."""
    values: dict[sp.Expr, Any] = field(default_factory=dict, init=False, repr=False)
    """The value of a function at each Point of this space."""
    arguing: ClassVar[Callable[["Space", Sequence[Boolean], Boolean, float], Argument] | None] = None
    """`argue`, which stands above this module; set where the package is put together."""

    def __post_init__(self) -> None:
        if isinstance(self.names, str) or not all(isinstance(name, str) and name.strip() for name in self.names):
            raise UsageError(f"names must be a tuple of names, got {self.names!r}")
        object.__setattr__(self, "names", tuple(self.names))
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice or not self.names:
            raise UsageError(f"names must name each vector once, got {self.names!r}")

    def __hash__(self) -> int:  # of the names, so that no order depends on where the object lies in memory
        return hash(self.names)

    def __lt__(self, other: "Space") -> bool:  # for sums in SymPy; what mixes two spaces is refused later
        return id(self) < id(other)

    def __reduce__(self) -> tuple[Any, ...]:
        return Space, (self.names,)

    def __str__(self) -> str:
        return f"Space({', '.join(self.names)})"

    @cached_property
    def gram(self) -> sp.Matrix:
        """The Gram matrix, symmetric, of real symbols."""
        return sp.Matrix(len(self.names), len(self.names), lambda i, j: Product(self, i, j))

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """The basis vectors."""
        unit = sp.eye(len(self.names))
        return tuple(Vector(self, tuple(unit.row(i))) for i in range(len(self.names)))

    def at(self, *coordinates: Sequence[sp.Expr | int] | sp.Expr | int) -> list[Boolean]:
        """That the basis vectors are these, for a counterexample that is known: an equation for every product.

        Args:
            coordinates: of each basis vector, in an orthonormal basis; a number is a point of the line.

        Returns:
            The equations, as hypotheses.

        Raises:
            UsageError: there are not as many as basis vectors, they differ in length, or a text is among them.
        """
        rows = [c if isinstance(c, Sequence) else (c,) for c in coordinates]
        texts = any(isinstance(a, str) for row in (coordinates, *rows) for a in row)
        if texts or len(rows) != len(self.names) or len({len(row) for row in rows}) > 1:
            raise UsageError(f"expected coordinates, equally many each, of {', '.join(self.names)}, got {coordinates}")
        pairs = combinations_with_replacement(range(len(rows)), 2)
        return [sp.Eq(self.gram[i, j], sum(a * b for a, b in zip(rows[i], rows[j], strict=True))) for i, j in pairs]

    @property
    def positive_semidefinite(self) -> list[Boolean]:
        """That the Gram matrix is positive semidefinite: every principal minor is >= 0. `prove` knows it anyway."""
        return [minor >= 0 for minor in principal_minors(self.gram)]

    def relations(self, symbols: Collection[sp.Symbol]) -> list[Boolean]:
        """That the Gram matrix of the vectors that occur is positive semidefinite.

        Args:
            symbols: the symbols of a statement.

        Returns:
            Every principal minor is >= 0; of more than three vectors, those of single vectors and pairs.
        """
        used = sorted({k for s in symbols if isinstance(s, Product) for k in s.pair})
        matrix = self.gram.extract(used, used)
        largest = len(used) if len(used) <= _ALL_MINORS else 2
        return [minor >= 0 for minor in principal_minors(matrix, largest)]

    def lengths(self, radicands: Iterable[sp.Expr]) -> list[Boolean]:
        """That those of some expressions that are plainly the squared length of a vector are >= 0.

        Args:
            radicands: what roots are taken of.

        Returns:
            The relations.
        """
        return [sp.Ge(r, 0, evaluate=False) for r in radicands if type(self) is Space and self._is_length(r)]

    def _is_length(self, square: sp.Expr) -> bool:
        """Whether it is c |v|^2 with a vector v of the space and c > 0."""
        poly = square.as_poly(*sorted((s for s in square.free_symbols if isinstance(s, Product)), key=str))
        if poly is None or not poly.is_homogeneous or poly.total_degree() != 1:
            return False
        factors = {s.pair: poly.coeff_monomial(s) for s in poly.gens}
        for (i, j), c in factors.items():
            if i == j and c.is_positive:
                row = (
                    factors.get((min(i, k), max(i, k)), 0) / (1 if k == i else 2) / c for k in range(len(self.names))
                )
                return vanishes(square - c * Vector(self, tuple(map(sp.sympify, row))).norm2)
        return False

    def admits(self, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
        """Whether some vectors have these inner products: the matrix is positive semidefinite."""
        return factored(self._matrix(values)) is not None

    def limits(self, hypotheses: Sequence[Boolean]) -> list[Boolean]:
        """What the parameters of classes must satisfy lest these have no members, of those that are assumed of."""
        families = dict.fromkeys(o.family for h in hypotheses for o in origins_of(self, h))
        return list(dict.fromkeys(limit for family in families for limit in family.limits))

    def realise(
        self, statement: Sequence[Boolean], hypotheses: Sequence[Boolean], values: Mapping[sp.Symbol, sp.Expr]
    ) -> Realised:
        """Vectors with these inner products, and members of the classes that the hypotheses are about."""
        return realise(self, statement, hypotheses, values)

    def argue(self, hypotheses: Sequence[Boolean], conclusion: Boolean, timeout: float) -> Argument:
        """Multipliers of what is linear in inner products and function values, or numbers at which it fails."""
        arguing = type(self).arguing
        return Argument() if arguing is None else arguing(self, hypotheses, conclusion, timeout)

    def _matrix(self, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Matrix:
        return self.gram.applyfunc(lambda symbol: values.get(symbol, sp.Integer(0)))


def principal_minors(matrix: sp.Matrix, largest: int | None = None) -> list[sp.Expr]:
    """The determinants of all principal submatrices, up to a size."""
    n = matrix.rows
    sizes = range(1, (n if largest is None else largest) + 1)
    subsets = [list(s) for size in sizes for s in combinations(range(n), size)]
    return [matrix.extract(s, s).det(method="berkowitz") for s in subsets]
