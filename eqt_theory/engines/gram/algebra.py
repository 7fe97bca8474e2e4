"""Polynomials in matrices and their transposes, in any dimension, and the quadratic forms that they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, overload

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.gram.space import Product, Space, Vector
from eqt_theory.engines.smt.structure import Realised

Letter = tuple[int, bool]
"""Which matrix, and whether it is transposed."""
Word = tuple[Letter, ...]


@dataclass(frozen=True)
class Operator:
    """A polynomial in square matrices of any size and their transposes, with SymPy coefficients.

    Args:
        space: the matrices and what they act on.
        terms: the words that occur, with coefficients.
    """

    space: "Operators"
    terms: Mapping[Word, sp.Expr] = field(hash=False)

    @property
    def T(self) -> "Operator":  # noqa: N802  as everybody writes it
        """The transpose."""
        return Operator(self.space, {_transposed(word): c for word, c in self.terms.items()})

    def __add__(self, other: "Operator") -> "Operator":
        self._same_space(other)
        words = dict.fromkeys((*self.terms, *other.terms))
        return Operator(self.space, {w: self.terms.get(w, sp.S.Zero) + other.terms.get(w, sp.S.Zero) for w in words})

    def __sub__(self, other: "Operator") -> "Operator":
        self._same_space(other)
        return self + (-1) * other

    def __neg__(self) -> "Operator":
        return (-1) * self

    def __rmul__(self, factor: sp.Expr | int) -> "Operator":
        return Operator(self.space, {word: factor * c for word, c in self.terms.items()})

    def __truediv__(self, divisor: sp.Expr | int) -> "Operator":
        return Operator(self.space, {word: c / divisor for word, c in self.terms.items()})

    @overload
    def __matmul__(self, other: "Operator") -> "Operator": ...

    @overload
    def __matmul__(self, other: Vector) -> Vector: ...

    def __matmul__(self, other: "Operator | Vector") -> "Operator | Vector":
        """The product with another operator, or the image of a vector."""
        self._same_space(other)
        if isinstance(other, Vector):
            return self.space.image(self, other)
        made: dict[Word, sp.Expr] = {}
        for (u, a), (v, b) in product(self.terms.items(), other.terms.items()):
            made[u + v] = made.get(u + v, sp.S.Zero) + a * b
        return Operator(self.space, made)

    def form(self, x: Vector) -> sp.Expr:
        """`<x, A x>`, in which a matrix and its transpose are the same."""
        return self.between(x, x)

    def between(self, u: Vector, x: Vector) -> sp.Expr:
        """`<u, A x>`: half of each word acts on either side."""
        self._same_space(x)
        total = sp.S.Zero
        for word, c in self.terms.items():
            half = len(word) // 2
            left, right = (Operator(self.space, {w: sp.S.One}) for w in (_transposed(word[:half]), word[half:]))
            total += c * ((left @ u) @ (right @ x))
        return total

    def _same_space(self, other: object) -> None:
        if not isinstance(other, Operator | Vector):
            raise UsageError(f"expected an Operator or Vector of {self.space}, got {type(other).__name__}: {other!r}")
        if other.space is not self.space:
            raise UsageError(f"operators and vectors of two spaces do not mix: {self.space} and {other.space}")


@dataclass(frozen=True, eq=False)
class Operators(Space):
    """Square matrices that are not known, and their images of a few vectors, in a space of unknown dimension.

    `<A x, u> = <x, A^T u>` holds without being stated: both are one symbol, as are `<A^T A x, x>` and `<A x, A x>`. Two
    statements of the same forms are thus the same expression, and what `prove` and `combine` show of the symbols holds
    for all matrices and vectors. A refutation in these symbols alone is none, since no matrices are built: `prove`
    answers INCONCLUSIVE.

    Args:
        letters: the names of the matrices.
        on: the names of the vectors that they act on.
        length: how many of them may stand before a vector; a form takes words of twice that length.

    Raises:
        UsageError: a name stands twice.
    """

    letters: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    length: int = 1

    def __init__(self, letters: Sequence[str], on: Sequence[str], length: int = 1) -> None:
        if not letters or not on or length < 1:
            raise UsageError(f"expected matrices, vectors and a length of 1 or more, got {letters}, {on}, {length}")
        for name, value in (("letters", tuple(letters)), ("on", tuple(on)), ("length", length)):
            object.__setattr__(self, name, value)
        names = tuple(self._name(word, v) for word, v in self._basis)
        for name, value in (("names", names), ("origins", {}), ("values", {})):
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __reduce__(self) -> tuple[Any, ...]:
        return Operators, (self.letters, self.on, self.length)

    def __hash__(self) -> int:
        return hash(self.names)

    @cached_property
    def _basis(self) -> list[tuple[Word, int]]:
        """Each basis vector as a word and the vector that it stands before."""
        single = [(i, turned) for i in range(len(self.letters)) for turned in (False, True)]
        words = [word for n in range(self.length + 1) for word in product(single, repeat=n)]
        return [(word, v) for word in words for v in range(len(self.on))]

    def _name(self, word: Word, v: int) -> str:
        return " ".join([*(f"{self.letters[i]}^T" if turned else self.letters[i] for i, turned in word), self.on[v]])

    @property
    def matrices(self) -> tuple[Operator, ...]:
        """The matrices themselves."""
        return tuple(Operator(self, {((i, False),): sp.S.One}) for i in range(len(self.letters)))

    @property
    def identity(self) -> Operator:
        """The unit matrix."""
        return Operator(self, {(): sp.S.One})

    @property
    def points(self) -> tuple[Vector, ...]:
        """The vectors that the matrices act on."""
        return self.vectors[: len(self.on)]

    @cached_property
    def gram(self) -> sp.Matrix:
        """The Gram matrix, in which the same words between the same vectors are the same symbol."""
        n = len(self.names)
        return sp.Matrix(n, n, lambda i, j: Product(self, *self._place(int(i), int(j))))

    def _place(self, i: int, j: int) -> tuple[int, int]:
        """Where the product of two basis vectors stands: words are halved, squares thus on the diagonal."""
        (p, a), (q, b) = self._basis[i], self._basis[j]
        word = _transposed(p) + q
        a, word, b = min((a, word, b), (b, _transposed(word), a))
        half = len(word) // 2
        return self._basis.index((_transposed(word[:half]), a)), self._basis.index((word[half:], b))

    def image(self, operator: Operator, x: Vector) -> Vector:
        """What an operator makes of a vector.

        Args:
            operator: of this space.
            x: likewise.

        Returns:
            The image.

        Raises:
            UsageError: more matrices would stand before a vector than `length`.
        """
        total = [sp.S.Zero] * len(self.names)
        for (word, c), (k, a) in product(operator.terms.items(), enumerate(x.coefficients)):
            if c == 0 or a == 0:
                continue
            inner, v = self._basis[k]
            if len(word) + len(inner) > self.length:
                name = self._name(word + inner, v)
                raise UsageError(f"length must be {len(word + inner)} or more for {name}, it is {self.length}")
            total[self._basis.index((word + inner, v))] += c * a
        return Vector(self, tuple(total))

    def realise(
        self, statement: Sequence[Boolean], hypotheses: Sequence[Boolean], values: Mapping[sp.Symbol, sp.Expr]
    ) -> Realised:
        """No witness: vectors alone are no matrices."""
        return Realised(reason=f"no matrices {', '.join(self.letters)} with these images were built")


def _transposed(word: Word) -> Word:
    return tuple((i, not turned) for i, turned in reversed(word))
