"""Is what a solver declares true of every function? Decided from its exact recurrence, where it has one."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.rate.declared import broken_by_a_quadratic, decide_guarantee
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.trace import trace
from eqt_theory.solvers.guarantee import FunctionClass
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import SolverBench
from eqt_theory.testing.border import setting_for
from eqt_theory.testing.setting import Setting

_CLASSES = 6
_OPEN = 3
"""Classes without a rate for all steps, after which the rest is not tried."""
_HOPELESS, _NARROW = 1 - 1e-5, 1.01
"""Rates above which, and condition numbers below which, a class is left to the last: there few rates are decided."""
_BORDER = 1 - 1e-6
"""Rates above which a declared one is as large as its rounding lets it be told from 1."""
_LOOKED_AT = 30
"""Classes whose quadratics are looked at, about."""
_STEEP = 1e3
"""Condition numbers above which a search in double precision seldom ends."""
ROOM = Fraction(1, 2**40)
"""By how much, relatively, a declared number may have been rounded downwards."""


def declared_rate_for_every_function(bench: SolverBench) -> Finding:
    """Keeps to its guarantee on every function of the classes tried: a theorem about its recurrence, not samples."""
    scope = bench.scope
    chosen = [*(_chosen(bench) if scope.declared else ()), *scope.convex]
    if scope.defect or not chosen:
        raise NotApplicable("the solver declares no guarantee that promises convergence")
    methods: dict[float, Recurrence | None] = {}
    for setting in _everywhere(bench, chosen):
        refuted = _slow_there(bench, setting, methods)
        if refuted is not None:
            return replace(refuted, detail=f"{_named(setting)}: {refuted.detail}")
    shown: list[Setting] = []
    reasons: list[str] = []
    tired = 0
    for setting in chosen:
        found = bench.decided[setting] = _decided(bench, setting, methods, cycles=not tired)
        if found.verdict is Verdict.REFUTED:
            return replace(found, detail=f"{_named(setting)}: {found.detail}")
        if found.verdict is Verdict.CERTIFIED:
            shown.append(setting)
        else:
            reasons.append(f"{_named(setting)}: {found.detail}")
        tired += found.rate is None
        if tired == _OPEN:
            break
    if not shown:
        raise NotApplicable(f"its guarantee is sampled, not decided: {reasons[0]}")
    return _all(bench, shown, reasons)


def _decided(bench: SolverBench, setting: Setting, methods: dict[float, Recurrence | None], cycles: bool) -> Finding:
    m, M, gamma, said = setting.m, setting.M, setting.gamma, setting.guarantee
    assert said is not None
    method = _traced(bench, gamma, methods)
    return decide_guarantee(bench.solver, said, m, M, gamma, method=method, room=ROOM, cycles=cycles)


def _slow_there(bench: SolverBench, setting: Setting, methods: dict[float, Recurrence | None]) -> Finding | None:
    method = _traced(bench, setting.gamma, methods)
    if method is None or setting.guarantee is None:
        return None
    return broken_by_a_quadratic(setting.guarantee, method, setting.m, setting.M, ROOM)


def _traced(bench: SolverBench, gamma: float, methods: dict[float, Recurrence | None]) -> Recurrence | None:
    if gamma not in methods:
        try:
            methods[gamma] = trace(bench.solver, gamma)
        except UsageError:
            methods[gamma] = None
    return methods[gamma]


def _all(bench: SolverBench, shown: list[Setting], reasons: list[str]) -> Finding:
    """CERTIFIED on the classes that were shown; the report says which, and where it is sampled alone."""
    low, high = min(s.m for s in shown), max(s.M for s in shown)
    kappa = f", M/m up to {max(s.M / s.m for s in shown):.3g}" if low > 0 else ""
    steps = all(bench.decided[s].rate is None for s in shown)  # a schedule, or a sublinear bound
    detail = (
        f"the guarantee is a theorem{' for the first steps' if steps else ''}, its numbers taken {float(ROOM):.0e} "
        f"larger at most, on {len(shown)} classes, m from "
        f"{low:.3g}, M up to {high:.3g}{kappa}; other classes{' and later steps' if steps else ''} are sampled"
    )
    first = max(shown, key=lambda s: s.M / max(s.m, 1e-300))
    note = f"not decided: {'; '.join(reasons)}" if reasons else ""
    classes = {_named(s): str(bench.decided[s].rate or bench.decided[s].detail) for s in shown}
    certificate = bench.decided[first].certificate
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=classes, certificate=certificate, note=note)


def _named(setting: Setting) -> str:
    return f"m = {setting.m:.9g}, M = {setting.M:.9g}, gamma = {setting.gamma:.9g}"


def _everywhere(bench: SolverBench, chosen: list[Setting]) -> Iterator[Setting]:
    """Classes all over what the guarantee speaks of, with one gamma: quadratics are looked at in all of them."""
    yield from chosen
    spoken = [s for s in (*bench.scope.corners, *bench.scope.spoken) if s.rate <= _BORDER]
    for setting in spoken[:: 1 + len(spoken) // _LOOKED_AT]:
        said = bench.solver.guarantee(setting.m, setting.M, chosen[0].gamma)
        if said is not None and said.rate <= _BORDER:
            yield replace(setting, gamma=chosen[0].gamma, guarantee=said)


def _chosen(bench: SolverBench) -> list[Setting]:
    """Corners of what the guarantee speaks of, and classes of round constants; where it can be, with one gamma."""
    few = list(dict.fromkeys(_ordered(bench)))[:_CLASSES]
    return sorted(few, key=lambda s: s.rate > _HOPELESS or s.M / s.m < _NARROW)


def _ordered(bench: SolverBench) -> Iterator[Setting]:
    scope = bench.scope
    corners = sorted(scope.corners, key=_strange)
    if not corners:
        corners = list(scope.settings)
    yield from corners[:1]
    gamma = corners[0].gamma
    spread = [corners[len(corners) * k // 4] for k in (1, 2)]
    whole = [s for s in scope.spoken if s.guarantee and s.guarantee.function_class is FunctionClass.STRONGLY_CONVEX]
    plain = [s for s in whole if 1.01 < s.M / s.m <= _STEEP]
    inside = [plain[len(plain) * k // 5] for k in range(1, 5)] if plain else []
    for setting in (*spread, *inside, *corners[1:]):
        same = setting_for(bench.solver, setting.m, setting.M, 1 / (gamma * setting.m))
        yield same or setting


def _strange(setting: Setting) -> tuple[bool, bool, float]:
    """Last come those that are too steep or flat, or whose numbers are far from 1 and 30."""
    kappa = setting.M / setting.m
    return kappa > _STEEP, kappa < _NARROW, abs(math.log(kappa / 30)) + abs(math.log(setting.gamma)) / 3
