"""Steps that repeat themselves after a period: traced as one longer step, certified, refuted, or refused."""

import itertools
import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory.core.finding import UnsupportedEvidence
from eqt_theory.evidence.rate.declared import decide_guarantee
from eqt_theory.evidence.rate.question import root_down, root_up
from eqt_theory.kernel import check
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness


@dataclass(frozen=True)
class Counted:
    h: torch.Tensor
    count: int


@dataclass(frozen=True)
class Cyclic(eqt.Solver):
    """Step sizes that are taken in turn, by the count of steps."""

    sizes: tuple[float, ...]

    def init(self, objective, h):
        return Counted(h, 0)

    def step(self, objective, state):
        size = self.sizes[state.count % len(self.sizes)]
        return Counted(state.h - size * objective.gradient(state.h), state.count + 1)


@dataclass(frozen=True)
class Phased(Cyclic):
    """The same, the count taken modulo the period in the state."""

    def step(self, objective, state):
        size = self.sizes[state.count]
        return Counted(state.h - size * objective.gradient(state.h), (state.count + 1) % len(self.sizes))


@dataclass(frozen=True)
class Turned(eqt.Solver):
    """The same, the sizes turned round in the state."""

    sizes: tuple[float, ...]

    def init(self, objective, h):
        return {"h": h, "sizes": self.sizes}

    def step(self, objective, state):
        first, *others = state["sizes"]
        return {"h": state["h"] - first * objective.gradient(state["h"]), "sizes": (*others, first)}


@dataclass(frozen=True)
class Restarted(eqt.Solver):
    """Nesterov's method, its momentum forgotten every few steps; the velocity is then no vector at all."""

    size: float
    every: int

    def init(self, objective, h):
        return {"h": h, "last": None, "count": 0, "begun": 0}

    def step(self, objective, state):
        j = state["count"] - state["begun"]
        y = state["h"] if state["last"] is None else state["h"] + j / (j + 3) * (state["h"] - state["last"])
        over = (state["count"] + 1) % self.every == 0
        return {
            "h": y - self.size * objective.gradient(y),
            "last": None if over else state["h"],
            "count": state["count"] + 1,
            "begun": state["count"] + 1 if over else state["begun"],
        }


class Bag(dict):
    h = property(lambda self: self["h"])


def bagged(solver):
    """States that are dictionaries need an `h`."""
    init, step = type(solver).init, type(solver).step
    kind = type("Bagged", (type(solver),), {
        "init": lambda self, o, h: Bag(init(self, o, h)), "step": lambda self, o, s: Bag(step(self, o, s)),
    })  # fmt: skip
    return kind(**vars(solver))


SILVER = 1 + math.sqrt(2)


@pytest.mark.parametrize(
    "solver",
    [
        Cyclic((0.1, 0.15)),
        Phased((0.1, 0.15)),
        Cyclic((0.1, 0.15, 0.1, 0.15)),  # the shortest period is found
        bagged(Turned((0.1, 0.15))),
        eqt.ScheduledGradientDescent(lambda k: 0.15 if k & 1 else 0.1),
        eqt.ScheduledGradientDescent(lambda k: (0.1, 0.15)[k // 3 % 2] if k % 3 > 5 else (0.1, 0.15)[k % 2]),
    ],
    ids=["count", "phase", "twice", "turned", "bits", "nested"],
)
def test_a_cycle_of_step_sizes_is_one_longer_step(solver):
    found = eqt.trace(solver)
    a, b = Fraction(0.1), Fraction(0.15)
    assert (found.period, found.skipped, found.states, found.queries) == (2, 0, 1, 2)
    assert [[-a, -b]] == found.B and [[0, 0], [-a, 0]] == found.D and found.A == found.C[:1] == [[1]]


def test_restarts_are_a_period_and_certified():
    solver = bagged(Restarted(0.1, 4))
    found = eqt.trace(solver)
    assert (found.period, found.states, found.queries) == (4, 1, 4)
    finding = eqt.certify_rate(solver, 1, 10)
    # On h^2/2 the first steps of Nesterov's method, by hand.
    h, last = 1.0, 1.0
    for j in range(4):
        y = h + j / (j + 3) * (h - last)
        h, last = 0.9 * y, h
    assert abs(h) <= finding.enclosures["rate_per_period"] < 1
    assert float(finding.rate) ** 4 == pytest.approx(float(finding.enclosures["rate_per_period"]))


def test_two_steps_that_hedge_have_their_known_rate():
    # The best two steps for m = 1, M = 10 (Altschuler and Parrilo 2023), and what they do on h^2/2.
    S = math.sqrt(100 + 81)
    a, b = 2 / (1 + S), 2 / (21 - S)
    finding = eqt.certify_rate(Cyclic((a, b)), 1, 10)
    rate = math.sqrt((1 - a) * (1 - b))
    assert float(finding.rate) == pytest.approx(rate, rel=1e-7) and rate < 9 / 11
    assert finding.rate**2 >= finding.enclosures["rate_per_period"] >= Fraction(1 - Fraction(a)) * (1 - Fraction(b))
    assert finding.enclosures["period"] == 2 and "k = 0, 2, 4" in finding.detail


@pytest.mark.parametrize("claimed", [0.8746427])
def test_a_claim_below_what_quadratics_force_is_refuted(claimed):
    finding = eqt.certify_rate(Cyclic((0.1, 0.15)), 1, 10, claimed)
    assert finding.verdict == "REFUTED" and finding.witness["rate"] == Fraction(claimed)
    assert finding.witness["reached"] <= math.sqrt(0.9 * 0.85)
    assert eqt.certify_rate(Cyclic((0.1, 0.15)), 1, 10, 0.8746428).verdict == "CERTIFIED"


def test_chebyshev_cycles_are_no_method_off_quadratics():
    # Fast on quadratics, they come back enlarged on a function of the class, and the solver keeps to it.
    sizes = [2 / (11 + 9 * math.cos(math.pi * (2 * j + 1) / 8)) for j in range(4)]
    solver = Cyclic(tuple(sizes))
    worst = max(np.prod([abs(1 - a * c) for a in sizes]) for c in np.linspace(1, 10, 999))
    finding = eqt.certify_rate(solver, 1, 10, 0.65)
    assert worst ** (1 / 4) < 0.65 and finding.verdict == "REFUTED" and finding.certificate.kind == "cycle"
    assert "keeps to it within" in finding.note and float(finding.witness["factor"]) > 0.65**4


@dataclass(frozen=True)
class EveryOther(eqt.Solver):
    """Momentum in every other step alone: a period with a memory."""

    def init(self, objective, h):
        return Bag(h=h, v=torch.zeros_like(h), count=0)

    def step(self, objective, state):
        g = objective.gradient(state["h"])
        v = -0.15 * g if state["count"] % 2 else 0.5 * state["v"] - 0.08 * g
        return Bag(h=state["h"] + v, v=v, count=state["count"] + 1)


def test_a_period_with_a_memory():
    # On 10 h^2/2 two steps from (h, v) are a matrix, by hand.
    one, two = np.array([[1 - 0.8, 0.5], [-0.8, 0.5]]), np.array([[1 - 1.5, 0], [-1.5, 0]])
    radius = math.sqrt(max(abs(np.linalg.eigvals(two @ one))))
    assert (eqt.trace(EveryOther()).states, eqt.trace(EveryOther()).period) == (2, 2)
    assert eqt.certify_rate(EveryOther(), 1, 10, radius * (1 - 1e-5)).verdict == "REFUTED"
    assert eqt.certify_rate(EveryOther(), 1, 10, radius * (1 + 1e-4)).verdict == "CERTIFIED"


def test_silver_steps():
    # The first seven, again and again: one of them alone is too long to converge, all are as good as on h^2/20.
    sizes = tuple((1 + SILVER ** (((k & -k).bit_length() - 1) - 1)) / 10 for k in range(1, 8))
    finding = eqt.certify_rate(Cyclic(sizes), 0.1, 10)
    assert max(sizes) > 3 / 10 and finding.verdict == "CERTIFIED"
    assert float(finding.rate) == pytest.approx(np.prod([1 - 0.1 * a for a in sizes]) ** (1 / 7), abs=1e-9)


def test_first_steps_that_are_others_are_told():
    found = eqt.trace(eqt.ScheduledGradientDescent([0.05, 0.1]))
    assert (found.period, found.skipped) == (1, 2) and [[-Fraction(0.1)]] == found.B
    warm = eqt.ScheduledGradientDescent(lambda k: 0.05 if k < 3 else (0.1, 0.15)[k % 2])
    assert (eqt.trace(warm).period, eqt.trace(warm).skipped) == (2, 3)
    linear = eqt.ScheduledGradientDescent(lambda k: 0.1 * min(1.0, (k + 1) / 4))
    assert (eqt.trace(linear).period, eqt.trace(linear).skipped) == (1, 3)


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (lambda k: 0.1 / (1 + k), "reads the count of steps as a number"),
        (lambda k: 0.1 if k < 1000 else 0.2, "compares with 1000"),
        (lambda k: 0.1 if k != 5000 else 0.2, "compares with 5000"),
        (lambda k: [0.1, 0.2][bool(math.sin(k) > 0)], "reads the count of steps as a number"),
        (lambda k: (0.1, 0.2)[k % 37 == 0], "in another way than by a period"),
        (lambda k: 0.1 if k / 3 < 0.7 else 0.2, "reads the count of steps as a number"),
        (lambda k: 0.2 if repr(k) == "5000" else 0.1, "reads the count of steps as a number"),
        (lambda k: 0.2 if type(k) is int and k > 5000 else 0.1, "later steps are others"),
        (lambda k: 0.1 + 0.01 * (k.bit_length() % 2), "reads the count of steps as a number"),
        (lambda k: {"[1000]": 0.2}.get(repr([k]), 0.1), "reads the count of steps as a number"),
        (lambda k: 0.2 if k == np.int64(1000) else 0.1, "reads the count of steps as a number"),
        (lambda k: 0.2 if k == Fraction(1000) else 0.1, "reads the count of steps as a number"),
        (lambda k: 0.2 if torch.tensor(1000) == k else 0.1, "reads the count of steps as a number"),
    ],
)
def test_what_does_not_repeat_itself_is_refused(schedule, why):
    finding = eqt.certify_rate(eqt.ScheduledGradientDescent(schedule), 1, 10)
    assert finding.verdict == "INCONCLUSIVE" and why in finding.detail


@dataclass(frozen=True)
class Iterating(eqt.Solver):
    """Takes its sizes from an iterator in its state, long after it was looked at."""

    def init(self, objective, h):
        return Bag(h=h, sizes=itertools.chain([0.1] * 500, itertools.repeat(0.2)))

    def step(self, objective, state):
        return Bag(h=state["h"] - next(state["sizes"]) * objective.gradient(state["h"]), sizes=state["sizes"])


def test_an_iterator_in_the_state_is_refused():
    with pytest.raises(eqt.UsageError, match=r"state.sizes is an iterator"):
        eqt.trace(Iterating())


def test_no_single_step_is_judged_by_a_period():
    # The first step alone is slower than both together.
    assert eqt.certify_rate(Cyclic((0.1, 0.15)), 1, 10, 0.88).verdict == "CERTIFIED"
    assert eqt.certify_rate(Cyclic((0.1, 0.15)), 1, 10, 0.88, per_step=True).verdict == "INCONCLUSIVE"


def test_guarantees_of_periodic_solvers():
    def decided(rate, **more):
        said = Guarantee(rate, Metric.DISTANCE, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, source="own", **more)
        return decide_guarantee(Cyclic((0.1, 0.15)), said, 1.0, 10.0, 1.0)

    assert decided(0.8747, per_step=False, constant=None).rate is not None
    assert decided(0.8746, per_step=False, constant=None).verdict == "REFUTED"
    assert decided(0.9001).verdict == "CERTIFIED"  # in every single step
    assert decided(0.89).verdict == "REFUTED"  # the first step is slower, if not two of them


def test_prove_rate_says_what_to_do():
    a, m, M = sp.symbols("a m M", positive=True)
    finding = eqt.prove_rate(lambda a, m, M: Cyclic((a, 2 * a)), [a, m, M], m=m, M=M, where=[m < M])
    assert finding.verdict == "INCONCLUSIVE" and "as many in one" in finding.detail


def test_a_certificate_of_a_period_is_not_taken_for_one_of_a_step():
    finding = eqt.certify_rate(Cyclic((0.1, 0.15)), 1, 10)
    assert finding.certificate.data["rate"] == str(finding.enclosures["rate_per_period"])
    assert "|h_k - h*|^2 <= 1 (" in check(dict(finding.certificate.data))
    with pytest.raises(UnsupportedEvidence, match="of another rate"):
        replace(finding, enclosures={**finding.enclosures, "rate": Fraction(8, 10)})


@pytest.mark.parametrize(
    ("x", "p"), [(Fraction(8, 27), 3), (Fraction(1, 2), 2), (Fraction(10**-30), 7), (Fraction(3), 32)]
)
def test_roots_are_rounded_outwards(x, p):
    up, down = root_up(x, p), root_down(x, p)
    assert down**p <= x <= up**p and up - down <= up / 2**49
    assert x != Fraction(8, 27) or up == down == Fraction(2, 3)
