"""Is the declared curvature exceeded anywhere that a search can reach?"""

import math

from eqt_theory.core.domain import Domain, WholeSpace
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.evidence.curvature.check import check_curvature
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.energy_bench import EnergyBench


def declared_curvature(bench: EnergyBench) -> Finding:
    """No random or gradient-guided search finds curvature outside the declared bounds."""
    declared = bench.energy.curvature
    if declared is None:
        raise NotApplicable("the energy declares no curvature")
    low, high = declared.lowest, declared.highest
    if math.isinf(low) and math.isinf(high):
        raise NotApplicable("the energy declares no finite bound")
    domain = bench.domain
    if bench.whole:
        domain = WholeSpace(bench.domain.dim) if declared.everywhere or declared.domain is None else declared.domain
    elif not declared.everywhere and declared.domain is not None:
        if bench.domain not in (declared.domain, bench.energy.domain):
            raise NotApplicable("the curvature is declared on another domain than the one given")
        domain = declared.domain
    wanted = (None if math.isinf(low) else low, None if math.isinf(high) else high)
    found = _searched(bench, wanted, domain)
    if found.verdict is Verdict.INCONCLUSIVE and domain != bench.domain:
        # Far out the energy may overflow; the bounds are then looked for where it does not.
        found = _searched(bench, wanted, bench.domain)
    return found


def _searched(bench: EnergyBench, wanted: tuple[float | None, float | None], domain: Domain) -> Finding:
    # Without certificates: they come from formulas, and what is under check is what the energy computes.
    return check_curvature(bench.energy, *wanted, domain, bench.seed, samples=4 * bench.samples, certificates=False)
