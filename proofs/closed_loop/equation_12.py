"""Eq. 12: the window of the reverse prediction at the beginning of a text."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Relation, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.property import property_check

t, W = sp.symbols("t W", positive=True)
i = sp.Symbol("i", real=True)

claim = Claim(
    id="equation-12",
    title="window of the reverse prediction",
    source="Eq. 12",
    statement=(
        "L_rev(h) = -(1/W) sum over i = t - W + 1, .., t of log q(x_i | h, x_<i): the W tokens up to the current one."
    ),
    readings=(
        Reading("stated", "For every position t >= 1 and window W >= 1 all the tokens x_i exist: 1 <= i <= t."),
        Reading(
            "t >= W",
            "The same for positions from W on.",
            Relation.COMPLETED,
        ),
    ),
    repair="equation-12-repaired",
    remark="With the stated W = 32 the term is undefined at the first 31 positions of every text.",
)


@claim.shows("all positions and windows; the first index of the window", reading="stated")
def indices_exist() -> Finding:
    """The indices i = t - W + 1, .., t."""
    return prove([t >= 1, W >= 1, i >= t - W + 1, i <= t], [t - W + 1 >= 1], detail="the first index is >= 1")


def window(position: int, width: int) -> list[int]:
    """The indices of Eq. 12."""
    return list(range(position - width + 1, position + 1))


@claim.samples("whole positions and windows up to 64", reading="stated", quick=False)
def indices_exist_for_drawn_positions(run: Run) -> Finding:
    """All indices of the window."""

    def replay(case: tuple[int, int]) -> Replay:
        position, width = case
        return exact_replay(
            [("t", position, ">=", 1), ("W", width, ">=", 1)], [("t - W + 1", position - width + 1, ">=", 1)]
        )

    whole = st.integers(1, 64)
    return property_check(
        st.tuples(whole, whole),
        lambda case: min(window(*case)) < 1,
        replay=replay,
        run=run,
        describe=lambda case: dict(zip(("t", "W"), case, strict=True)),
        detail="all indices are >= 1",
    )


@claim.shows("all positions and windows with t >= W", reading="t >= W")
def indices_exist_from_W_on() -> Finding:  # noqa: N802
    """The first index again."""
    return prove(
        [W >= 1, t >= W, i >= t - W + 1, i <= t],
        i >= 1,
        detail="for t >= W all indices lie in [1, t]",
    )


repaired = Claim(
    id="equation-12-repaired",
    title="window cut off at the beginning",
    source="corrects Eq. 12",
    statement=(
        "L_rev(h) = -(1/n) sum over i = a, .., t of log q(x_i | h, x_<i), a = max(1, t - W + 1), n = min(t, W): all "
        "indices lie in [1, t], there are n >= 1 of them, and n = W from t = W on. With 1/W for 1/n the term would be "
        "t/W times as large for t < W."
    ),
    readings=(
        Reading("stated", "For all whole t >= 1 and W >= 1.", parts=("indices", "count", "same from W on", "scale")),
    ),
)
first, n = sp.Max(1, t - W + 1), sp.Min(t, W)
positions = [t >= 1, W >= 1]


@repaired.shows("all positions and windows", part="indices")
def cut_indices_exist() -> Finding:
    """Between the cut and t."""
    return prove([*positions, i >= first, i <= t], [i >= 1, i <= t, first <= t], detail="1 <= a <= i <= t")


@repaired.shows("all positions and windows", part="count")
def cut_window_has_n_tokens() -> Finding:
    """T - a + 1."""
    return prove(positions, [sp.Eq(t - first + 1, n), n >= 1], detail="the cut window has n = min(t, W) >= 1 tokens")


@repaired.shows("all positions from W on", part="same from W on")
def cut_window_is_the_window() -> Finding:
    """Nothing is cut."""
    return prove([*positions, t >= W], [sp.Eq(first, t - W + 1), sp.Eq(n, W)], detail="from t = W on it is Eq. 12")


@repaired.shows("all positions before W; equal surprisal s of every token", part="scale")
def sharpness_dividing_by_W() -> Finding:  # noqa: N802
    """N terms of size s."""
    s = sp.Symbol("s", positive=True)
    return prove(
        [*positions, t < W],
        [sp.Eq(n * s / W, t / W * s), n * s / W < s],
        detail="divided by W the mean surprisal s counts only t/W",
    )


@repaired.samples("whole positions and windows up to 64", part="count", quick=False)
def cut_windows_on_drawn_positions(run: Run) -> Finding:
    """The tokens that exist, counted."""

    def counts(case: tuple[int, int]) -> tuple[int, int]:
        position, width = case
        return sum(1 for index in window(position, width) if index >= 1), min(position, width)

    def replay(case: tuple[int, int]) -> Replay:
        found, expected = counts(case)
        return exact_replay([], [("tokens in the window", Fraction(found), "=", expected)])

    whole = st.integers(1, 64)
    return property_check(
        st.tuples(whole, whole),
        lambda case: counts(case)[0] != counts(case)[1],
        replay=replay,
        run=run,
        detail="n tokens",
    )
