"""Semidefinite programs, given to clarabel as they are. What it answers is a proposal; fractions decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqt_theory.core.budget import left, look
from eqt_theory.engines.panics import unless_it_panics


@dataclass(frozen=True)
class Answer:
    """What came out.

    Args:
        x: the unknowns; finite, but perhaps wrong.
        z: the multipliers of the rows.
        status: the solver's own word.
    """

    x: np.ndarray
    z: np.ndarray
    status: str

    @property
    def usable(self) -> bool:
        """Whether there are numbers to look at."""
        return bool(np.isfinite(self.x).all() and np.isfinite(self.z).all())


def minimise(
    cost: np.ndarray,
    zero: tuple[np.ndarray, np.ndarray],
    nonnegative: tuple[np.ndarray, np.ndarray],
    semidefinite: Sequence[tuple[np.ndarray, np.ndarray, int]],
    *,
    tolerance: float = 1e-12,
) -> Answer:
    """Minimise `cost x` where `b - A x` is zero, nonnegative, or packs a positive semidefinite matrix.

    Args:
        cost: shape (n,).
        zero: A, shape (k, n), and b, shape (k,).
        nonnegative: likewise.
        semidefinite: likewise for each cone, and the size of its matrix.
        tolerance: where the solver stops.

    Returns:
        The Answer.
    """
    import clarabel
    from scipy import sparse

    blocks = [zero, nonnegative, *((A, b) for A, b, _ in semidefinite)]
    cones = [clarabel.ZeroConeT(len(zero[1])), clarabel.NonnegativeConeT(len(nonnegative[1]))]
    cones += [clarabel.PSDTriangleConeT(size) for *_, size in semidefinite]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    settings.max_iter = 200
    settings.max_threads = 1
    settings.time_limit = left()
    A = sparse.csc_matrix(np.vstack([A for A, _ in blocks]))
    b = np.concatenate([b for _, b in blocks])
    n = len(cost)
    nothing = sparse.csc_matrix((n, n))
    solution = unless_it_panics(lambda: clarabel.DefaultSolver(nothing, cost, A, b, cones, settings).solve())
    if solution is None:
        return Answer(np.full(n, np.nan), np.full(len(b), np.nan), "panic")
    look()  # what was cut off by the clock is no answer
    return Answer(np.array(solution.x), np.array(solution.z), str(solution.status))


def packed(forms: np.ndarray) -> np.ndarray:
    """Symmetric matrices as the columns that a cone of the solver holds: upper triangles, shape (.., n (n + 1)/2)."""
    n = forms.shape[-1]
    columns, rows = np.tril_indices(n)
    return forms[..., rows, columns] * np.where(rows == columns, 1.0, np.sqrt(2.0))


def unpacked(x: np.ndarray, n: int) -> np.ndarray:
    """The symmetric matrix of a packed column."""
    columns, rows = np.tril_indices(n)
    S = np.zeros((n, n))
    S[rows, columns] = x / np.where(rows == columns, 1.0, np.sqrt(2.0))
    return S + S.T - np.diag(S.diagonal())
