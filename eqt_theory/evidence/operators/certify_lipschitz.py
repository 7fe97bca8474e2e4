"""`certify_lipschitz`: a Lipschitz constant of a network, never below the truth."""

import math
from dataclasses import replace

from torch import nn

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import Told, budgeted, stage
from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.curvature import round_up
from eqt_theory.evidence.networks import NotUnderstood, read_network
from eqt_theory.evidence.operators.network_bound import network_bound


@checked
@in_standard_torch
@budgeted
def certify_lipschitz(
    network: nn.Module,
    L: Positive | None = None,  # noqa: N803  the usual name of the constant
    domain: Domain | None = None,
    *,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """The smallest Lipschitz constant of a network that could be shown, its weights taken as exact numbers.

    By the product of the layers' norms, rounded up; for at most 64 inputs and neurons by a matrix inequality with a
    multiplier for each neuron (Fazlyab et al. 2019), rounded and checked by the kernel; on a Ball or a Box of at most 8
    dimensions by the Jacobian, enclosed on pieces by intervals in floats, their roundings bounded (Higham 2002). The
    least of them counts. It speaks of the function that the weights define; that its code rounds is left out.

    Args:
        network: `nn.Linear`, activations with known slopes, and `nn.Sequential` of such; no hooks, pruning or
            parametrisations, dropout in evaluation mode.
        L: the constant that is asked for; None for whatever can be shown.
        domain: convex; None for the whole space.
        seconds: after which it is INCONCLUSIVE; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        CERTIFIED with the constant, `finding.enclosures["lipschitz"]`, a text "p/q" that is not below the truth, and a
        certificate where the inequality gave it; INCONCLUSIVE where L, or any float,
        could not be shown, or a layer is not understood.

    Raises:
        UsageError: the domain has another dimension than the network's inputs.
    """
    try:
        read = read_network(network)
    except NotUnderstood as reason:
        return inconclusive(Method.EXACT, f"the network is not understood exactly: {reason}")
    inputs = read.weights[0].shape[1]
    if domain is not None and domain.dim != inputs:
        raise UsageError(f"domain must have the dimension of the network's inputs, {inputs}, got {domain.dim}")
    stage("bounding the network")
    bound = network_bound(read, domain)
    constant = abs(round_up(bound.constant))  # no -0
    where = "" if domain is None else " on the domain"
    said = f"|f(x) - f(y)| <= {constant:.9g} |x - y|{where}, by {bound.how}"
    if constant == math.inf:
        return inconclusive(Method.EXACT, f"what could be shown is larger than any float, by {bound.how}")
    if L is not None and bound.constant > L:
        return inconclusive(Method.EXACT, f"{said}; {float(L):.9g} could not be shown, and may hold all the same")
    found = Finding(
        Verdict.CERTIFIED,
        bound.method,
        said,
        enclosures={"lipschitz": str(bound.constant), "by": bound.how},
    )
    return found if bound.certificate is None else replace(found, certificate=bound.certificate)
