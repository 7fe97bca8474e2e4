"""Faults in what is declared: solvers that converge, and say more of it than is true. And true ones beside them."""

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness
from eqt_theory.solvers.heavy_ball import HeavyBall
from eqt_theory.solvers.nesterov import Nesterov
from eqt_theory.solvers.state import State
from eqt_theory.testing.faults.fault import STEP, Rule, made, of_descent


def _says(
    rate: float,
    *,
    metric: Metric = Metric.DISTANCE,
    of: FunctionClass = FunctionClass.STRONGLY_CONVEX,
    per_step: bool = True,
    constant: float | None = 1.0,
) -> Guarantee:
    return Guarantee(rate, metric, of, Sharpness.UPPER, "on purpose", per_step, constant)


def _descent(step: float, guarantee) -> Rule:  # type: ignore[no-untyped-def]
    return Rule(lambda objective, s: State(s.h - step * objective.gradient(s.h)), guarantee=guarantee)


def _within(m: float, M: float, low: float, high: float) -> bool:
    return low <= m * (1 + 1e-12) and high * (1 + 1e-12) >= M


def rate_off_at_its_border() -> Rule:
    """Steps of 2/11, and declares 0.81 for m >= 1 and M <= 10, where it is 9/11."""
    return _descent(2 / 11, lambda m, M, gamma: _says(0.81) if _within(m, M, 1, 10) else None)


def rate_right_at_its_border() -> Rule:
    """Steps of 2/11, and declares 9/11 for m >= 1 and M <= 10."""
    return _descent(2 / 11, lambda m, M, gamma: _says(9 / 11 + 1e-12) if _within(m, M, 1, 10) else None)


def rate_off_in_one_corner() -> Rule:
    """Gradient descent that declares a hundredth less where m is below 1 and M above 18."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        if true is None or not _within(m, M, 0.8, 18.5):
            return None
        return dataclasses.replace(true, rate=0.99 * true.rate) if m < 1 and M > 18 else true

    return _descent(STEP, guarantee)


def heavy_ball_where_it_is_best() -> Rule:
    """The heavy ball that is best on quadratics with m = 1 and M = 25 declares its rate there for all functions."""
    ball = HeavyBall.optimal(1.0, 25.0)
    said = _says(2 / 3, per_step=False, constant=None)
    return Rule(ball.step, ball.init, lambda m, M, gamma: said if _within(m, M, 1, 25) else None)


def heavy_ball_where_samples_are_kind() -> Rule:
    """The heavy ball that is best on quadratics with m = 1 and M = 10 declares 0.8 for all functions: it cycles."""
    ball = HeavyBall.optimal(1.0, 10.0)
    said = _says(0.8, per_step=False, constant=None)
    return Rule(ball.step, ball.init, lambda m, M, gamma: said if _within(m, M, 1, 10) else None)


def heavy_ball_on_quadratics() -> Rule:
    """The same ball declares the same rate for quadratics, in the limit."""
    ball = HeavyBall.optimal(1.0, 25.0)
    said = _says(2 / 3 + 1e-9, of=FunctionClass.QUADRATIC, per_step=False, constant=None)
    return Rule(ball.step, ball.init, lambda m, M, gamma: said if _within(m, M, 1, 25) else None)


def heavy_ball_without_a_constant() -> Rule:
    """The same ball leaves out the constant in front: errors grow before they fall."""
    ball = HeavyBall.optimal(1.0, 25.0)
    said = _says(2 / 3 + 1e-9, of=FunctionClass.QUADRATIC, per_step=False)
    return Rule(ball.step, ball.init, lambda m, M, gamma: said if _within(m, M, 1, 25) else None)


def heavy_ball_at_every_step() -> Rule:
    """A heavy ball declares the rate of the whole run for every single step."""
    ball = HeavyBall(0.1, 0.3)

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = ball.guarantee(m, M, gamma)
        return true and dataclasses.replace(true, per_step=True, constant=1.0)

    return Rule(ball.step, ball.init, guarantee)


def nesterov_without_a_root() -> Rule:
    """Nesterov's method declares the factor of the gap for the distance: 1 - root(m/M), where its own root is true."""
    method = Nesterov.optimal(1.0, 100.0)

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = method.guarantee(m, M, gamma)
        return true and dataclasses.replace(true, rate=true.rate**2, constant=3.0)

    return Rule(method.step, method.init, guarantee)


def gap_for_the_distance() -> Rule:
    """Gradient descent declares the factor of the gap, which is the square, for the distance."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        return true and dataclasses.replace(true, rate=true.rate**2)

    return _descent(STEP, guarantee)


def gap_for_the_gap() -> Rule:
    """Gradient descent declares the square of its factor for the gap (Taylor, Hendrickx and Glineur 2018, Thm 2.1)."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        true = of_descent(m, M, gamma)
        return true and dataclasses.replace(true, rate=true.rate**2 * (1 + 1e-12), metric=Metric.GAP)

    return _descent(STEP, guarantee)


def speaks_beyond_its_steps() -> Rule:
    """Gradient descent declares |1 - alpha m| up to M = 1.02 (2/alpha), a little beyond where it diverges."""
    return _descent(STEP, lambda m, M, gamma: _says(abs(1 - STEP * m)) if m <= 10 and M <= 2.04 / STEP else None)


def right_where_all_curvatures_agree() -> Rule:
    """Gradient descent declares the factor at the geometric mean of m and M, right where they are the same."""
    return _descent(STEP, lambda m, M, gamma: _says(abs(1 - STEP * math.sqrt(m * M)) + 1e-12))


@dataclass(frozen=True)
class _Counted(State):
    count: int


def _alternating(of: FunctionClass) -> Rule:
    """Two steps in turn, the best pair for quadratics with m = 1 and M = 10 (Young 1953)."""
    middle, half = 5.5, 4.5 / math.sqrt(2)
    steps = (1 / (middle - half), 1 / (middle + half))
    # Two steps multiply the worst eigenvalues by 1/T_2(11/9); one of them may grow by up to |1 - 10 steps[0]|.
    both = 1 / (2 * (11 / 9) ** 2 - 1)
    said = _says(math.sqrt(both) + 1e-9, of=of, per_step=False, constant=(10 * steps[0] - 1) / math.sqrt(both) + 1e-9)

    def step(objective: Objective, s: _Counted) -> _Counted:
        return _Counted(s.h - steps[s.count % 2] * objective.gradient(s.h), s.count + 1)

    return Rule(step, lambda o, h: _Counted(h, 0), lambda m, M, gamma: said if _within(m, M, 1, 10) else None)


def alternating_for_all_functions() -> Rule:
    """Declares the rate that a pair of steps has on quadratics for all functions."""
    return _alternating(FunctionClass.STRONGLY_CONVEX)


def alternating_on_quadratics() -> Rule:
    """Declares the rate that a pair of steps has on quadratics for quadratics."""
    return _alternating(FunctionClass.QUADRATIC)


def sublinear_in_disguise() -> Rule:
    """Shortens its steps like 1/(1 + k/40), and declares the rate that it begins with."""

    def step(objective: Objective, s: _Counted) -> _Counted:
        return _Counted(s.h - STEP / (1 + s.count / 40) * objective.gradient(s.h), s.count + 1)

    return Rule(step, lambda objective, h: _Counted(h, 0), of_descent)


def newton_for_all_functions() -> Rule:
    """Newton's bare step declares that it halves the distance, whatever the function."""

    def step(objective: Objective, s: State) -> State:
        return State(s.h - torch.linalg.solve(objective.hessian(s.h), _column(objective.gradient(s.h))).squeeze(-1))

    return Rule(step, guarantee=lambda m, M, gamma: _says(0.5))


def newton_where_curvature_hardly_varies() -> Rule:
    """Newton's bare step declares M/m - 1 where M is below 1.8 m, which is true."""

    def step(objective: Objective, s: State) -> State:
        return State(s.h - torch.linalg.solve(objective.hessian(s.h), _column(objective.gradient(s.h))).squeeze(-1))

    # |h+ - h*| = |hess(h)^-1 (hess(h) - mean hess)(h - h*)| <= (M - m)/m |h - h*|.
    return Rule(step, guarantee=lambda m, M, gamma: _says(M / m - 1 + 1e-12) if 1.8 * m > M else None)


def forgets_that_the_energy_may_be_concave() -> Rule:
    """Gradient descent declares a rate for m taken from the energy alone, as if 1/gamma were always half of m."""

    def guarantee(m: float, M: float, gamma: float | None) -> Guarantee | None:
        if gamma is None:
            return None
        return of_descent(min(m / 2 + 1 / gamma, M), M, gamma)

    return _descent(STEP, guarantee)


def _column(x: Tensor) -> Tensor:
    return x.unsqueeze(-1)


FAULTS = tuple(
    made(maker)
    for maker in (
        rate_off_at_its_border,
        rate_off_in_one_corner,
        heavy_ball_where_it_is_best,
        heavy_ball_where_samples_are_kind,
        heavy_ball_without_a_constant,
        heavy_ball_at_every_step,
        nesterov_without_a_root,
        gap_for_the_distance,
        speaks_beyond_its_steps,
        right_where_all_curvatures_agree,
        alternating_for_all_functions,
        sublinear_in_disguise,
        newton_for_all_functions,
        forgets_that_the_energy_may_be_concave,
    )
)
TRUE = tuple(
    made(maker)
    for maker in (
        rate_right_at_its_border,
        heavy_ball_on_quadratics,
        gap_for_the_gap,
        alternating_on_quadratics,
        newton_where_curvature_hardly_varies,
    )
)
