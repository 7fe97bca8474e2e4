"""Theorem 6: minimising the training loss is penalised maximum likelihood; by definition, and no more than that."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, Relation
from eqt_theory.engines.symbolic import derive

SAMPLES = 4
beta = sp.Symbol("beta", positive=True)
weights = sp.symbols(f"w1:{SAMPLES + 1}", positive=True)
likelihoods = sp.symbols(f"p1:{SAMPLES + 1}", positive=True)
energies = sp.symbols(f"e1:{SAMPLES + 1}", real=True)

claim = Claim(
    id="theorem-6",
    title="training loss as penalised likelihood",
    source="Theorem 6, Eq. 38, against Eq. 18",
    statement=(
        "Minimising the training loss E[-log p(x_next | h*)] + beta E[energy(h*)] (Eq. 18) is maximum likelihood "
        "with the penalty beta E[energy(h*)] (Eq. 38)."
    ),
    readings=(
        Reading(
            "stated",
            "The two objectives are the same function of the parameters, for every model, energy, beta and "
            "distribution of the data: over a distribution, and over a sample with the likelihood written as a "
            "product.",
            parts=("distribution", "sample"),
        ),
        Reading(
            "a measure of complexity",
            "That the penalty measures complexity: it does not enter the statement, since an energy may be shifted "
            "by any constant without changing an equilibrium or a minimiser.",
            Relation.UNDETERMINED,
        ),
    ),
    remark=(
        "A tautology: Eq. 38 is Eq. 18 with its second term called a penalty. It states nothing beyond Eq. 18; no "
        "property of the energy, of the equilibrium or of the model is used, and none follows. That the energy "
        "measures complexity, or generalises better, is not shown; the energy need not even be nonnegative."
    ),
)


def training_loss(surprisals: list[sp.Expr], costs: list[sp.Expr]) -> sp.Expr:
    """Eq. 18 over finitely many cases with probabilities `weights`: the mean of surprisal + beta energy."""
    return sp.Add(*(w * (s + beta * e) for w, s, e in zip(weights, surprisals, costs, strict=True)))


def penalised(negative_log_likelihood: sp.Expr, costs: list[sp.Expr]) -> sp.Expr:
    """Eq. 38: the negative log-likelihood plus beta times the mean energy."""
    return negative_log_likelihood + beta * sp.Add(*(w * e for w, e in zip(weights, costs, strict=True)))


@claim.shows("every model and energy; distributions on four cases, by linearity on any number", part="distribution")
def same_objective_over_a_distribution() -> Finding:
    """Expectation is linear."""
    surprisals = list(sp.symbols(f"s1:{SAMPLES + 1}", real=True))
    mean = sp.Add(*(w * s for w, s in zip(weights, surprisals, strict=True)))
    left, right = training_loss(surprisals, list(energies)), penalised(mean, list(energies))
    return derive([("Eq. 18 is Eq. 38", left, right)], "the two objectives are one and the same expression")


@claim.shows(
    "every model and energy; samples of one to four cases, by induction of any size", part="sample", quick=False
)
def same_objective_over_a_sample() -> Finding:
    """-log of a product is the sum of the -log."""
    steps = []
    for n in range(1, SAMPLES + 1):
        chosen, costs = likelihoods[:n], energies[:n]
        eq18 = sp.Add(*(-sp.log(p) + beta * e for p, e in zip(chosen, costs, strict=True))) / n
        eq38 = -sp.log(sp.Mul(*chosen)) / n + beta * sp.Add(*costs) / n
        steps.append((f"{n} cases", eq18, eq38))
    return derive(steps, "the mean loss over a sample is -log(likelihood)/n + beta times the mean energy")


@claim.shows("every model, energy and constant", reading="a measure of complexity")
def a_constant_shifts_the_penalty_alone() -> Finding:
    """Two parameters compare alike whatever constant is added to the energy."""
    shift = sp.Symbol("c", real=True)
    h, f = sp.symbols("h f", real=True)
    g = sp.Symbol("g", positive=True)
    energy = sp.Function("energy")(h)
    other = sp.symbols(f"t1:{SAMPLES + 1}", real=True)
    surprisals = [list(sp.symbols(f"{name}1:{SAMPLES + 1}", real=True)) for name in "su"]

    def gain(c: sp.Expr) -> sp.Expr:
        here = training_loss(surprisals[0], [e + c for e in energies])
        return sp.expand(here - training_loss(surprisals[1], [e + c for e in other]))

    phi = energy + g * (h - f) ** 2 / 2
    return derive(
        [
            ("the loss of one parameter against another", gain(shift), gain(sp.Integer(0))),
            ("the gradient whose zero is h*", sp.diff(phi + shift, h), sp.diff(phi, h)),
        ],
        "a constant added to the energy changes the penalty by any amount, and neither h* nor the comparison of "
        "parameters",
    )
