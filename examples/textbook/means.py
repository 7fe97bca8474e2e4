"""Two textbook statements about means; the second is false as it stands, and its repair is proved."""

import sympy as sp

from eqt_theory import Finding, prove, slip, theorem

a, b = sp.symbols("a b", positive=True)
x, y = sp.symbols("x y", real=True)


@theorem("textbook, Theorem 1", "all positive a and b", title="arithmetic and geometric mean")
def arithmetic_geometric() -> Finding:
    """sqrt(a b) <= (a + b)/2 for positive a and b.

    Proved for all values at once; the root is lowered with its own condition, a b >= 0.
    """
    return prove([], sp.sqrt(a * b) <= (a + b) / 2)


@theorem("corrects Exercise 2", "all real x and y with x + y > 0", id="harmonic-arithmetic-repaired")
def means_of_positive_sum() -> Finding:
    """2 x y/(x + y) <= (x + y)/2 for all real x and y with x + y > 0.

    A positive sum is all that is needed.
    """
    return prove([x + y > 0], 2 * x * y / (x + y) <= (x + y) / 2)


@slip(
    means_of_positive_sum, "all real x and y with x + y != 0", source="textbook, Exercise 2", id="harmonic-arithmetic"
)
def means_of_real_numbers() -> Finding:
    """2 x y/(x + y) <= (x + y)/2 for all real x and y with x + y != 0.

    Whether it holds is for the provers to say; where it fails they return exact numbers.
    """
    return prove([sp.Ne(x + y, 0)], 2 * x * y / (x + y) <= (x + y) / 2)


@means_of_real_numbers.draws(
    "Both means for the y of the counterexample. Left of x = -y their order is the other way round.",
    of="means_of_real_numbers",
)
def means_around_the_counterexample(finding: Finding) -> object:
    """A figure for the claim's page, from the witness; drawn only when `verify --html` writes the page."""
    from eqt_theory.report.plots import chart, look

    at = {str(symbol): float(value) for symbol, value in (finding.witness or {}).items()}
    figure, (panel,) = chart()
    with look():
        for side, style in ((-1, "--"), (1, "-")):  # left and right of the pole at x = -y
            xs = [-at["y"] + side * i / 40 for i in range(20, 160)]
            panel.plot(xs, [(t + at["y"]) / 2 for t in xs], color="#0072B2", ls=style)
            panel.plot(xs, [2 * t * at["y"] / (t + at["y"]) for t in xs], color="#D55E00", ls=style)
        panel.axvline(at["x"], color="#767676", ls=":")
        panel.set_xlabel("x")
        panel.legend(panel.lines[2:], ["arithmetic mean", "harmonic mean", f"x = {at['x']:g}, y = {at['y']:g}"])
    return figure
