"""Are declared constants exceeded anywhere that a search can reach, and are resolvents what they are said to be?"""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain, WholeSpace
from eqt_theory.core.finding import Finding, ReplayLine
from eqt_theory.core.verdict import Verdict
from eqt_theory.evidence.operators.lipschitz import check_lipschitz
from eqt_theory.evidence.operators.monotone import check_monotone
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.operator_bench import OperatorBench

_STEPS = (0.1, 1.0, 10.0)
_ROUNDING = 1e-9


def declared_contraction(bench: OperatorBench) -> Finding:
    """No directed search finds two states that the map brings less near than its declared contraction says."""
    factor = bench.map.contraction
    if factor is None:
        raise NotApplicable("the map declares no contraction")
    return _searched(bench, lambda domain: check_lipschitz(bench.map, max(factor, 1e-300), domain, bench.seed))


def declared_monotonicity(bench: OperatorBench) -> Finding:
    """No directed search finds two states at which F is less monotone than its declared mu says."""
    problem = _inclusion(bench)
    mu = problem.mu
    if mu is None:
        raise NotApplicable("the Inclusion declares no mu")
    return _searched(bench, lambda domain: check_monotone(bench.map, mu, domain, bench.seed))


def declared_lipschitz(bench: OperatorBench) -> Finding:
    """No directed search finds two states at which F is steeper than its declared Lipschitz constant says."""
    problem = _inclusion(bench)
    constant = problem.lipschitz
    if constant is None:
        raise NotApplicable("the Inclusion declares no lipschitz")
    return _searched(bench, lambda domain: check_lipschitz(bench.map, constant, domain, bench.seed))


def resolvents_are_firmly_nonexpansive(bench: OperatorBench) -> Finding:
    """`|P u - P v|^2 <= <P u - P v, u - v>`, as for every resolvent of a monotone operator, at several steps."""
    problem = _inclusion(bench)
    maps = [("prox", problem.backward), *([("resolvent", problem.resolved)] if problem.resolvent else [])]
    u, v = bench.states(stream=11), bench.states(stream=12)
    lines, witness = [], {"u": u[0].tolist(), "v": v[0].tolist()}
    for name, fn in maps:
        for step in _STEPS:
            with torch.no_grad():
                moved = fn(u, step) - fn(v, step)
            excess = moved.square().sum(-1) - (moved * (u - v)).sum(-1)
            allowed = _ROUNDING * (1 + moved.norm(dim=-1)) * (1 + u.norm(dim=-1) + v.norm(dim=-1))
            worst = int((excess - allowed).nan_to_num(nan=torch.inf).argmax())
            holds = bool(excess[worst] <= allowed[worst])
            lines.append(ReplayLine(f"{name} at step {step:g} is firmly nonexpansive", holds, _excess(excess, worst)))
            if not holds:
                witness = {"u": u[worst].tolist(), "v": v[worst].tolist(), "step": step}
    return bench.verdict(lines, witness, f"firmly nonexpansive at {len(u)} pairs", len(u) * len(lines))


def resolvents_of_steps_belong_together(bench: OperatorBench) -> Finding:
    """`P_s v = P_t (t/s v + (1 - t/s) P_s v)`: the resolvents of all steps are those of one operator."""
    problem = _inclusion(bench)
    v = bench.states(stream=13)
    lines, witness = [], {"v": v[0].tolist()}
    for s, t in ((1.0, 0.1), (10.0, 1.0)):
        with torch.no_grad():
            p = problem.backward(v, s)
            again = problem.backward(t / s * v + (1 - t / s) * p, t)
        off = (again - p).norm(dim=-1)
        worst = int(off.nan_to_num(nan=torch.inf).argmax())
        holds = bool(off[worst] <= _ROUNDING * (1 + v[worst].norm() + p[worst].norm()))
        lines.append(
            ReplayLine(f"prox at steps {s:g} and {t:g} belong together", holds, f"off by {float(off[worst]):.3g}")
        )
        if not holds:
            witness = {"v": v[worst].tolist(), "steps": [s, t]}
    return bench.verdict(lines, witness, f"one operator at {len(v)} points", len(v) * len(lines))


def resolvent_inverts(bench: OperatorBench) -> Finding:
    """`x + s F(x) = v` for x = resolvent(v, s)."""
    problem = _inclusion(bench)
    if problem.resolvent is None:
        raise NotApplicable("the Inclusion has no resolvent of F")
    v = bench.states(stream=14)
    lines, witness = [], {"v": v[0].tolist()}
    for step in _STEPS:
        with torch.no_grad():
            x = problem.resolved(v, step)
            image = problem.operator(x)
        off = (x + step * image - v).norm(dim=-1)
        worst = int(off.nan_to_num(nan=torch.inf).argmax())
        size = 1 + float(x[worst].norm() + step * image[worst].norm() + v[worst].norm())
        holds = bool(off[worst] <= _ROUNDING * size)
        lines.append(ReplayLine(f"x + s F(x) = v at step {step:g}", holds, f"off by {float(off[worst]):.3g}"))
        if not holds:
            witness = {"v": v[worst].tolist(), "step": step}
    return bench.verdict(lines, witness, f"inverted at {len(v)} points", len(v) * len(lines))


def _inclusion(bench: OperatorBench) -> Inclusion:
    if bench.inclusion is None:
        raise NotApplicable("it is a map, no Inclusion")
    return bench.inclusion


def _excess(excess: Tensor, worst: int) -> str:
    return f"exceeded by {float(excess[worst]):.3g}"


def _searched(bench: OperatorBench, ask: Callable[[Domain], Finding]) -> Finding:
    declared = bench.map.domain if bench.inclusion is None else bench.inclusion.domain
    domain = bench.domain
    if bench.whole:
        domain = WholeSpace(bench.domain.dim) if declared is None else declared
    found = ask(domain)
    if found.verdict is Verdict.INCONCLUSIVE and domain != bench.domain:
        # Far out the map may overflow; the constant is then looked for where it does not.
        found = ask(bench.domain)
    return found
