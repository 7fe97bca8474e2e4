"""The rates of operator methods on classes of operators; `lemmas.operator_steps` proves each for all parameters."""

import math
from fractions import Fraction

from torch import Tensor

from eqt_theory.energies.curvature import round_down
from eqt_theory.operators.classes import Known
from eqt_theory.solvers.base import extremes
from eqt_theory.solvers.guarantee import Guarantee, Metric, OperatorClass, Sharpness, sqrt_up

_OURS = "lemmas.operator_steps"
_MANN = "Bauschke and Combettes 2017, Thm 5.15"


def relaxed_guarantee(relaxation: "float | Tensor", of: Known) -> Guarantee | None:
    """Of h+ = (1 - w) h + w T(h).

    Args:
        relaxation: w, a number or one per state.
        of: what is known of T.

    Returns:
        The factor |1 - w| + w L where it is below 1; else a bound on the residual for averaged or nonexpansive T.
    """
    weights = [Fraction(w) for w in extremes(relaxation)]
    if not weights:
        return None
    L = of.lipschitz
    if L is not None and L < 1:
        rate = max(abs(1 - w) + w * L for w in weights)
        return _linear(rate**2, OperatorClass.LIPSCHITZ, (0.0, round_down(2 / (1 + L))), "relaxed", "Banach 1922")
    theta = of.averaged if of.averaged is not None else Fraction(1) if of.nonexpansive else None
    if theta is None or any(w * theta >= 1 for w in weights):
        return None
    square = max(theta / (w * (1 - w * theta)) for w in weights)
    kind = OperatorClass.NONEXPANSIVE if theta == 1 else OperatorClass.AVERAGED
    return _sublinear(square, kind, (0.0, round_down(1 / theta)), "averaged", _MANN)


def halpern_guarantee(of: Known) -> Guarantee | None:
    """Of Halpern's iteration, for T that does not expand."""
    if not of.nonexpansive:
        return None
    return Guarantee(
        rate=1.0, metric=Metric.RESIDUAL, function_class=OperatorClass.NONEXPANSIVE, sharpness=Sharpness.TIGHT,
        source="(Lieder 2021, Thm 2.1); lemmas.operator_steps.halpern", per_step=False, constant=2.0, power=1.0,
        first=Metric.DISTANCE,
    )  # fmt: skip


def forward_backward_guarantee(step_size: float, of: Known) -> Guarantee | None:
    """Of h+ = J_A(h - alpha F(h)), for every maximal monotone A; the best that what is known gives.

    Args:
        step_size: alpha.
        of: what is known of F.

    Returns:
        A factor per step where F is strongly monotone; else a bound on the residual where it is cocoercive.
    """
    alpha, m, L, beta = Fraction(step_size), of.monotone, of.lipschitz, of.cocoercive
    found = []
    if m is not None and m > 0 and L is not None:
        square = 1 - 2 * alpha * m + alpha**2 * max(L, m) ** 2
        kind = OperatorClass.LIPSCHITZ_MONOTONE
        found.append((square, kind, round_down(2 * m / max(L, m) ** 2), "forward"))
    if m is not None and m > 0 and beta is not None and alpha <= 2 * beta:
        square = 1 - 2 * alpha * m + alpha**2 * m / beta
        found.append((square, OperatorClass.COCOERCIVE_MONOTONE, round_down(2 * beta), "forward_cocoercive"))
    found = [one for one in found if 0 <= one[0] < 1]
    if found:
        square, kind, longest, lemma = min(found, key=lambda one: one[0])
        return _linear(square, kind, (0.0, longest), lemma, "Ryu and Boyd 2016")
    if beta is None or alpha >= 2 * beta:
        return None
    reach = (0.0, round_down(2 * beta))
    return _sublinear(2 * beta / (2 * beta - alpha), OperatorClass.COCOERCIVE, reach, "forward_backward",
                      "Combettes and Yamada 2015")  # fmt: skip


def splitting_guarantee(step_size: float, relaxation: float, of: Known) -> Guarantee | None:
    """Of z+ = (1 - r/2) z + r/2 R_F R_A z, for every maximal monotone A; r = 1 is Douglas-Rachford.

    Args:
        step_size: alpha, of both resolvents.
        relaxation: r.
        of: what is known of F.

    Returns:
        A factor per step on |z - z*| where F is strongly monotone and Lipschitz; else a bound on the residual of z.
    """
    alpha, w, m, L = Fraction(step_size), Fraction(relaxation) / 2, of.monotone, of.lipschitz
    if m is not None and m > 0 and L is not None:
        square = 1 - 4 * alpha * m / (1 + 2 * alpha * m + alpha**2 * max(L, m) ** 2)
        reflected = Fraction(sqrt_up(square))
        rate = abs(1 - w) + w * reflected
        found = _linear(rate**2 if w != 1 else square, OperatorClass.LIPSCHITZ_MONOTONE, (0.0, math.inf), "reflected",
                        "Giselsson 2017", Metric.GOVERNING)  # fmt: skip
        return found if found is not None and found.rate < 1 else None
    if w >= 1 or (of.cocoercive is None and (m is None or m < 0)):
        return None
    square = w / (1 - w)
    return _sublinear(square, OperatorClass.MONOTONE, (0.0, math.inf), "averaged", _MANN,
                      Metric.GOVERNING)  # fmt: skip


def _linear(
    square: Fraction,
    kind: OperatorClass,
    reach: tuple[float, float],
    lemma: str,
    source: str,
    metric: Metric = Metric.DISTANCE,
) -> Guarantee:
    """A factor per step, from its square."""
    return Guarantee(
        rate=sqrt_up(square), metric=metric, function_class=kind, sharpness=Sharpness.UPPER, step_range=reach,
        source=f"({source}); {_OURS}.{lemma}",
    )  # fmt: skip


def _sublinear(
    square: Fraction,
    kind: OperatorClass,
    reach: tuple[float, float],
    lemma: str,
    source: str,
    first: Metric = Metric.DISTANCE,
) -> Guarantee:
    """`residual_N <= constant/sqrt(N + 1) * distance_0`, from the square of the constant."""
    return Guarantee(
        rate=1.0, metric=Metric.RESIDUAL, function_class=kind, sharpness=Sharpness.UPPER, per_step=False,
        constant=sqrt_up(square), power=0.5, first=first, step_range=reach, source=f"({source}); {_OURS}.{lemma}",
    )  # fmt: skip
