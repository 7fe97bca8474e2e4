"""What is known of a traced run: which vectors there are, and which multiples of them each piece of memory holds."""

from dataclasses import dataclass, field
from fractions import Fraction

Row = dict[str, Fraction]
"""A linear combination: name of a vector -> its coefficient, zeros left out."""


class Refused(Exception):
    """What was done is no step of a fixed linear first-order method."""


@dataclass
class Tape:
    """One traced run: the vectors handed out, and the first thing that was refused.

    Args:
        size: the number of coordinates of a state; coordinate i of a state holds its coefficient of vector i.
        shape: of a state; its product is the size.
    """

    size: int
    shape: tuple[int, ...]
    names: list[str] = field(default_factory=list)
    refusal: Refused | None = None

    def refuse(self, why: str) -> Refused:
        """The error to raise. It is kept, so that code which catches it is refused all the same."""
        self.refusal = self.refusal or Refused(why)
        return self.refusal

    def name(self, name: str) -> None:
        """A new vector, independent of all others, under a name.

        Raises:
            Refused: there is no room for more.
        """
        if len(self.names) >= self.size:
            raise self.refuse(f"it uses more than {self.size} vectors in one step")
        self.names.append(name)


@dataclass
class Cell:
    """The exact content of one piece of memory; views of it share the cell."""

    row: Row
    tape: Tape


def combination(*terms: tuple[Fraction | int | None, Row]) -> Row:
    """sum_i c_i row_i."""
    total: Row = {}
    for c, row in terms:
        if not c:
            continue
        for name, value in row.items():
            total[name] = total[name] + c * value if name in total else c * value
    return {name: value for name, value in total.items() if value}
