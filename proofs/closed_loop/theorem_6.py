"""Theorem 6: minimising the training loss is penalised maximum likelihood; by definition, and no more than that."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, Relation
from eqt_theory.engines.symbolic import derive

beta = sp.Symbol("beta", positive=True)
surprisal, cost = sp.symbols("surprisal energy", real=True)

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


def training_loss(surprisal: sp.Expr, cost: sp.Expr) -> sp.Expr:
    """Eq. 18 for one case, or for a mean over cases."""
    return surprisal + beta * cost


def penalised(negative_log_likelihood: sp.Expr, cost: sp.Expr) -> sp.Expr:
    """Eq. 38: the negative log-likelihood plus beta times the mean energy."""
    return negative_log_likelihood + beta * cost


@claim.shows("every model, energy and distribution with finite means", part="distribution")
def same_objective_over_a_distribution() -> Finding:
    """A mean is linear, so that of Eq. 18's terms is Eq. 18 of their means; here with one case more, of weight w."""
    weight = sp.Symbol("w", positive=True)
    one, its_cost = sp.symbols("s e", real=True)
    mixed = (1 - weight) * training_loss(surprisal, cost) + weight * training_loss(one, its_cost)
    means = penalised((1 - weight) * surprisal + weight * one, (1 - weight) * cost + weight * its_cost)
    return derive([("Eq. 18 is Eq. 38", mixed, means)], "the two objectives are one and the same expression")


@claim.shows("every model and energy; samples of any size n, from n to n + 1", part="sample", quick=False)
def same_objective_over_a_sample() -> Finding:
    """-log of a product is the sum of the -log: n times the mean loss is -log(likelihood) + beta times the sum."""
    return one_more(beta)


def one_more(price: sp.Expr) -> Finding:
    """The sum over n + 1 cases from that over n, and one case; `price` stands for beta in Eq. 38."""
    likelihood, p = sp.symbols("likelihood p", positive=True)
    total, its_cost = sp.symbols("total e", real=True)
    so_far = -sp.log(likelihood) + price * total  # n times Eq. 38
    more = so_far + training_loss(-sp.log(p), its_cost)
    return derive(
        [
            ("one case", training_loss(-sp.log(p), its_cost), -sp.log(p) + price * its_cost),
            ("one case more", more, -sp.log(likelihood * p) + price * (total + its_cost)),
        ],
        "the sum of the losses over a sample is -log(likelihood) + beta times the sum of the energies",
    )


@claim.shows("every model, energy and constant, every dimension", reading="a measure of complexity")
def a_constant_shifts_the_penalty_alone() -> Finding:
    """Two parameters compare alike whatever constant is added to the energy, and Phi at two states too."""
    shift, other, other_cost, near, far = sp.symbols("c s2 e2 near far", real=True)

    def gain(c: sp.Expr) -> sp.Expr:
        return training_loss(surprisal, cost + c) - training_loss(other, other_cost + c)

    def better(c: sp.Expr) -> sp.Expr:  # Phi at one state less that at another; near and far are the proximal terms
        return (cost + c + near) - (other_cost + c + far)

    return derive(
        [
            ("the loss of one parameter against another", gain(shift), gain(sp.Integer(0))),
            ("Phi of one state against another", better(shift), better(sp.Integer(0))),
        ],
        "a constant added to the energy changes the penalty by any amount, and neither h* nor the comparison of "
        "parameters",
    )
