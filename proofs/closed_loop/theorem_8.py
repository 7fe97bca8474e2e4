"""Theorem 8: how much an old task is forgotten when a new one is learned with the old ones as a penalty."""

from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Reading, Run, prove
from eqt_theory.core.finding import Replay
from eqt_theory.engines.exact import PiecewiseQuadratic, exact_replay
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

lam = sp.Symbol("lambda", positive=True)
a, b = sp.symbols("a b", positive=True)
h, p, q = sp.symbols("h p q", real=True)
new_task_at_new, new_task_at_old = sp.symbols("Lnew_new Lnew_old", real=True)
old_tasks_at_new, old_tasks_at_old = sp.symbols("Lold_new Lold_old", real=True)
one_at_new, one_at_old = sp.symbols("Li_new Li_old", real=True)
rest_at_new, rest_at_old = sp.symbols("Lothers_new Lothers_old", real=True)
nonnegative = [loss >= 0 for loss in (new_task_at_new, new_task_at_old, old_tasks_at_new, old_tasks_at_old)]
descent = new_task_at_new + lam * old_tasks_at_new <= new_task_at_old + lam * old_tasks_at_old

claim = Claim(
    id="theorem-8",
    title="bounded forgetting",
    source="Theorem 8, Eqs. 40 to 43",
    statement=(
        "Let theta_new minimise L_new + lambda sum_i L_i over the old tasks i, and theta_old be what was learned "
        "before. For each old task i: L_i(new) - L_i(old) <= (L_new(new) - L_new(old))/lambda (Eq. 41)."
    ),
    readings=(
        Reading(
            "Eq. 41",
            "For all losses with theta_new an exact minimiser of Eq. 40 and theta_old an exact minimiser of sum_i "
            "L_i, and every lambda > 0; also with a single old task.",
        ),
        Reading(
            "Eq. 42",
            "At the new parameters the states are stationary for the losses alone: L_new'(h*) + lambda sum_i L_i'(h*) "
            "= 0, where h* is the equilibrium of L_new + lambda sum_i L_i with proposal f.",
        ),
        Reading(
            "Eq. 43",
            "From L_new' + lambda sum_i L_i' = 0 it follows for each old task that L_i' = -L_new'/lambda.",
        ),
    ),
    repair="theorem-8-repaired",
    remark=(
        "With energy = 0 the equilibrium is the proposal, so a free proposal f = theta makes minimising over theta "
        "the same as minimising over the state; the losses below are written in that state."
    ),
    symbols=(lam,),
)


def task(weight: sp.Expr, center: sp.Expr, at: sp.Expr) -> sp.Expr:
    """The loss weight (h - center)^2."""
    return weight * (at - center) ** 2


def minimiser(loss: sp.Expr) -> sp.Expr:
    """The one stationary point of a strictly convex quadratic in h."""
    (point,) = sp.solve(sp.diff(loss, h), h)
    return sp.factor(point)


@claim.shows("all pairs of quadratic losses a (h - p)^2 and b (h - q)^2, all lambda", reading="Eq. 41", quick=False)
def eq_41_on_quadratics() -> Finding:
    """One old task, both minimisers exact."""
    old, new = minimiser(task(a, p, h)), minimiser(task(b, q, h) + lam * task(a, p, h))
    return prove(
        [],
        task(a, p, new) - task(a, p, old) <= (task(b, q, new) - task(b, q, old)) / lam,
        detail="Eq. 41 for L_1 = a (h - p)^2 and L_new = b (h - q)^2",
    )


@claim.draws(
    "A counterexample on two parabolas: the old loss grows, while Eq. 41 says it falls.", of="eq_41_on_quadratics"
)
def the_old_loss_grows(finding: Finding) -> object:
    from eqt_theory.report.plots import theorem_8

    at = {symbol: sp.sympify(value) for symbol, value in (finding.witness or {}).items()}
    old, new = task(a, p, h).subs(at), task(b, q, h).subs(at)
    before, after = (float(minimiser(loss)) for loss in (old, new + at[lam] * old))
    return theorem_8(sp.lambdify(h, old), sp.lambdify(h, new), before, after, float(at[lam]))


@claim.shows("L_1 = h^2, L_new = (h - 1)^2, lambda = 1", reading="Eq. 41")
def eq_41_on_two_parabolas() -> Finding:
    """The same with the simplest numbers, the minimisers as hypotheses about all states."""
    old, new = sp.symbols("old new", real=True)

    def total(at: sp.Expr) -> sp.Expr:
        return task(sp.Integer(1), sp.Integer(1), at) + task(sp.Integer(1), sp.Integer(0), at)

    return prove(
        [sp.Eq(sp.diff(total(new), new), 0), sp.Eq(sp.diff(old**2, old), 0)],
        new**2 - old**2 <= (new - 1) ** 2 - (old - 1) ** 2,
        detail="Eq. 41 for L_1 = h^2, L_new = (h - 1)^2, lambda = 1",
    )


@claim.shows("all losses, through their values at the two minimisers; one old task", reading="Eq. 41")
def eq_41_from_optimality() -> Finding:
    """Whether optimality of both parameters implies Eq. 41."""
    return prove(
        [*nonnegative, descent, old_tasks_at_old <= old_tasks_at_new],
        old_tasks_at_new - old_tasks_at_old <= (new_task_at_new - new_task_at_old) / lam,
        detail="Eq. 41 from the optimality of both",
    )


Parabola = tuple[Fraction, Fraction]  # curvature, minimiser
Drawn = tuple[PiecewiseQuadratic, Parabola, Parabola, Fraction]
parabolas = st.tuples(rationals(Fraction(1, 4), 4), rationals(-2, 2))
drawn_tasks = st.tuples(piecewise_quadratics(Fraction(1, 4), 4), parabolas, parabolas, rationals(Fraction(1, 4), 4))


def learned(case: Drawn) -> tuple[Fraction, Fraction]:
    """The exact minimisers of the two old losses, and of Eq. 40."""
    new_task, (k1, p1), (k2, p2), weight = case
    (new,) = new_task.plus(weight * k1, p1).plus(weight * k2, p2).minimisers()
    return (k1 * p1 + k2 * p2) / (k1 + k2), new


def changes(case: Drawn) -> tuple[Fraction, Fraction, Fraction]:
    """L_1(new) - L_1(old), the same for L_2, and (L_new(new) - L_new(old))/lambda."""
    (old, new), (new_task, first, second, weight) = learned(case), case
    one, two = (k * ((new - p) ** 2 - (old - p) ** 2) / 2 for k, p in (first, second))
    return one, two, (new_task.value(new) - new_task.value(old)) / weight


def _eq_41(case: Drawn) -> Replay:
    new_task, (k1, p1), (k2, p2), weight = case
    old, new = learned(case)
    twin = new_task.symbolic(h)
    at_new, at_old, pull = (
        Fraction(str(e.subs(h, sp.sympify(at)))) for e, at in ((twin, new), (twin, old), (sp.diff(twin, h), new))
    )
    return exact_replay(
        [
            ("Eq. 40 is stationary at theta_new", pull + weight * (k1 * (new - p1) + k2 * (new - p2)), "=", 0),
            ("L_1 + L_2 is stationary at theta_old", k1 * (old - p1) + k2 * (old - p2), "=", 0),
            ("all losses are strictly convex", min(new_task.mu, k1, k2), ">", 0),
        ],
        [("Eq. 41 for task 1", k1 * ((new - p1) ** 2 - (old - p1) ** 2) / 2, "<=", (at_new - at_old) / weight)],
    )


@claim.samples(
    "two old tasks and a new one drawn, the new one not quadratic; exact minimisers", reading="Eq. 41", quick=False
)
def eq_41_on_drawn_tasks(run: Run) -> Finding:
    """Strictly convex losses in exact fractions."""
    return property_check(
        drawn_tasks,
        lambda case: changes(case)[0] > changes(case)[2],
        replay=_eq_41,
        run=run,
        describe=lambda case: {
            "L_new": case[0],
            "L_1": f"{case[1][0]}/2 (h - {case[1][1]})^2",
            "L_2": f"{case[2][0]}/2 (h - {case[2][1]})^2",
            "lambda": case[3],
        },
        detail="Eq. 41",
    )


@claim.shows("quadratic losses, all proposals and all gamma = 1/g", reading="Eq. 42", quick=False)
def eq_42_at_the_equilibrium() -> Finding:
    """Stationarity of the losses at the equilibrium of energy = L_new + lambda L_1."""
    g, f = sp.Symbol("g", positive=True), sp.Symbol("f", real=True)
    losses = task(b, q, h) + lam * task(a, p, h)
    star = minimiser(losses + g * (h - f) ** 2 / 2)
    return prove([], sp.Eq(sp.diff(losses, h).subs(h, star), 0), detail="the losses are stationary at the equilibrium")


@claim.shows("all gradients of a new and two old tasks", reading="Eq. 43")
def eq_43_task_by_task() -> Finding:
    """From the sum of the gradients to each of them."""
    new, first, second = sp.symbols("dLnew dL1 dL2", real=True)
    return prove(
        [sp.Eq(new + lam * (first + second), 0)],
        [sp.Eq(first, -new / lam), sp.Eq(second, -new / lam)],
        detail="each old gradient is -L_new'/lambda",
    )


repaired = Claim(
    id="theorem-8-repaired",
    rocq=["theorem_8", "theorem_8_one_task"],
    title="bounded forgetting, summed over tasks",
    source="corrects Theorem 8, Eq. 41",
    statement=(
        "If theta_new is no worse for L_new + lambda sum_i L_i than theta_old, then sum_i (L_i(new) - L_i(old)) <= "
        "(L_new(old) - L_new(new))/lambda: the new task's gain, not its loss, bounds the forgetting. If moreover the "
        "other old tasks do not improve in sum, the same bounds task i alone. The constant is best possible, also for "
        "convex losses, and neither condition can be dropped. At an equilibrium of the losses with proposal f their "
        "gradients add up to (f - h*)/gamma."
    ),
    readings=(
        Reading(
            "stated",
            "For all losses (or expected losses) of any sign, every number of tasks, all lambda > 0, every dimension; "
            "no convexity, no exact minimum.",
            parts=(
                "summed",
                "per task",
                "at a stationary state",
                "tight",
                "others must not improve",
                "optimality is needed",
            ),
        ),
    ),
)
split = [sp.Eq(old_tasks_at_new, one_at_new + rest_at_new), sp.Eq(old_tasks_at_old, one_at_old + rest_at_old)]
bound = (new_task_at_old - new_task_at_new) / lam


@repaired.shows("all losses, any number of old tasks", part="summed")
def forgetting_in_sum() -> Finding:
    """Rearranged optimality of theta_new."""
    return prove(
        [descent],
        old_tasks_at_new - old_tasks_at_old <= bound,
        detail="sum_i (L_i(new) - L_i(old)) <= (L_new(old) - L_new(new))/lambda",
    )


@repaired.shows("all losses, any number of old tasks, the others not better in sum", part="per task")
def forgetting_per_task() -> Finding:
    """One task against the sum of the others."""
    return prove(
        [descent, *split, rest_at_new >= rest_at_old],
        one_at_new - one_at_old <= bound,
        detail="L_i(new) - L_i(old) <= (L_new(old) - L_new(new))/lambda if the other old tasks do not improve",
    )


@repaired.shows("all differentiable losses, all proposals, every dimension", part="at a stationary state")
def stationarity_with_the_proximal_term() -> Finding:
    """Eq. 42 with the term that it leaves out; the slope of Phi along u, S the gradient of L_new + lambda sum L_i."""
    g, t = sp.Symbol("g", positive=True), sp.Symbol("t", real=True)
    at, f, S, u = Space(("h", "f", "S", "u")).vectors  # noqa: N806
    along = t * (S @ u) + g * (at + t * u - f).norm2 / 2
    return derive(
        [("d/dt Phi(h + t u) at t = 0 is <S - g (f - h), u>", sp.diff(along, t).subs(t, 0), (S - g * (f - at)) @ u)],
        "at the equilibrium the losses' gradients add up to g (f - h*), not to 0",
    )


@repaired.shows("all lambda; L_1 = |h|, L_new = lambda |h - 1|, both convex", part="tight")
def sharpness_constant_is_attained() -> Finding:
    """The old minimiser is 0, and 1 is one of the new: task 1 loses 1, the new one gains lambda."""
    share, zero, one = sp.Symbol("share", real=True), sp.Integer(0), sp.Integer(1)

    def new_task(at: sp.Expr) -> sp.Expr:
        return lam * sp.Abs(at - 1)

    forgotten, gained = sp.Abs(one) - sp.Abs(zero), new_task(zero) - new_task(one)
    return prove(
        [share < 1],
        [new_task(h) + lam * sp.Abs(h) >= new_task(one) + lam * sp.Abs(one), forgotten > share * gained / lam],
        detail="with L_1 = |h| and L_new = lambda |h - 1| no share below 1 of the bound is enough",
    )


@repaired.shows(
    "L_1 = (h + 1)^2, L_2 = L_new = (h - 1)^2, every lambda >= 1", part="others must not improve", quick=False
)
def sharpness_others_must_not_improve() -> Finding:
    """Both minimisers exact; the second old task improves, and the first loses more than the bound."""
    first, second = task(sp.Integer(1), sp.Integer(-1), h), task(sp.Integer(1), sp.Integer(1), h)
    old, new = minimiser(first + second), minimiser(second + lam * (first + second))
    forgotten = first.subs(h, new) - first.subs(h, old)
    gained = second.subs(h, old) - second.subs(h, new)
    return prove(
        [lam >= 1],
        [forgotten > gained / lam, second.subs(h, new) < second.subs(h, old)],
        detail="the first old task loses more than the bound while the second improves",
    )


@repaired.shows("L_1 = h^2, L_new = (h - 1)^2, every lambda", part="optimality is needed")
def sharpness_optimality_is_needed() -> Finding:
    """Any state past twice the minimiser's distance is worse than the old one, and there the bound fails."""
    old = sp.Integer(0)
    state = sp.Symbol("h", real=True)
    total = (state - 1) ** 2 + lam * state**2
    at_old = total.subs(state, old)
    return prove(
        [total > at_old],
        state**2 - old**2 > ((old - 1) ** 2 - (state - 1) ** 2) / lam,
        detail="at every state that is worse for Eq. 40 than the old one the bound fails",
    )


@repaired.samples(
    "two old tasks and a new one drawn, the new one not quadratic; exact minimisers", part="summed", quick=False
)
def forgetting_on_drawn_tasks(run: Run) -> Finding:
    """The summed bound, and the bound of task 1 where task 2 does not improve."""

    def violation(case: Drawn) -> bool:
        one, two, new = changes(case)
        return one + two > -new or (two >= 0 and one > -new)

    def again(case: Drawn) -> Replay:
        one, two, new = changes(case)
        return exact_replay([], [("summed", one + two, "<=", -new), ("task 1", one if two >= 0 else -new, "<=", -new)])

    return property_check(drawn_tasks, violation, replay=again, run=run, detail="the summed bound")
