"""Functions on which a run does badly, in few dimensions and with a little room, so that they may be rounded."""

from collections.abc import Iterator

import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.evidence.rate.horizon_program import Program, Solved

_SHIFT, _COST, _ROOM, _NEARLY, _TRIED = 1e-12, 1e-6, 1e-11, 1e-4, 6
_DIMENSIONS, _MIXED, _LITTLE, _MORE = (4, 5, 6, 8), 1e-4, 1e-9, 1e-7
_SHARES = (1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.5, 1.0)
_RANKS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-13)


def functions(program: Program) -> list[tuple[np.ndarray, np.ndarray]]:
    """Proposals of functions on which nearly as much is measured as can be.

    Args:
        program: of the run.

    Returns:
        Of each h_0 and all gradients, as rows, and the values: of few dimensions first.
    """
    # Both in floating point, the second with some room in all inequalities.
    worst, dear = program.solve(0.0, _SHIFT), program.solve(0.0, _COST)
    if worst is None or dear is None:
        return []
    best, made = worst.measured * (1 - _NEARLY), []
    for near, roomy in _flat(program, worst, dear):
        made += _between(program, near, roomy)
        if any(one[0] >= best for one in made):
            break
    else:
        made += _between(program, worst, dear)
    made.sort(key=lambda one: (one[0] < best, one[1].shape[1] if one[0] >= best else -one[0]))
    (_, G), sizes = program.points, program.line[2]
    return [(_turned(np.vstack([rows[:1], G[1:] @ rows])), f * sizes**2) for _, rows, f in made[:_TRIED]]


def _flat(program: Program, worst: Solved, dear: Solved) -> Iterator[tuple[Solved, Solved]]:
    """Two proposals again, but in few dimensions: in which most of them lies."""
    vectors = np.linalg.eigh((1 - _MIXED) * worst.gram + _MIXED * dear.gram)[1]
    for r in _DIMENSIONS:
        if r <= program.size:
            tick()
            near, roomy = (program.within(vectors[:, -r:], shift) for shift in (_LITTLE, _MORE))
            if near is not None and roomy is not None:
                yield near, roomy


def _between(program: Program, worst: Solved, dear: Solved) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """What is measured on functions between two, their h_0 and gradients, and values."""
    made = []
    for share in _SHARES:
        # A little of a function with room in all inequalities makes up for what doubles leave.
        gram, values = (
            (1 - share) * worst.gram + share * dear.gram,
            (1 - share) * worst.values + share * dear.values,
        )
        sizes, vectors = np.linalg.eigh(gram)
        for part in _RANKS:
            keep = sizes > part * sizes[-1]
            columns = (vectors[:, keep] * np.sqrt(sizes[keep])).T
            left = columns.T @ columns
            if program.slack(left, values).min() > _ROOM:
                made.append((program.measured_on(left, values) / left[0, 0], columns.T, values))
    return made


def _turned(rows: np.ndarray) -> np.ndarray:
    """The same vectors in other coordinates, the first ones in as few of them as can be."""
    return np.linalg.qr(rows.T)[1].T
