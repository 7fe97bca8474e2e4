"""Which public name is described on which page of the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import eqt_theory.report.plots
import eqt_theory.testing


@dataclass(frozen=True)
class Page:
    """One page of the reference.

    Args:
        name: its file's name, without the ending.
        title: its heading.
        intro: a paragraph of Markdown.
        modules: the public names of these modules, and of modules below them, stand here.
        others: full names that `eqt_theory` itself does not offer.
    """

    name: str
    title: str
    intro: str
    modules: Sequence[str] = ()
    others: Sequence[str] = ()

    @property
    def file(self) -> str:
        """Its path in the site's sources."""
        return f"reference/{self.name}.md"


PAGES = (
    Page(
        "energies",
        "Energies",
        "Every energy is a scalar function of a state, with its curvature declared beside it. Subclass `Energy`, wrap "
        "a function in `FunctionEnergy`, or add energies with weights: `0.5 * e1 + e2`.",
        [
            "eqt_theory.energies.base",
            "eqt_theory.energies.analytic.function",
            "eqt_theory.energies.curvature",
            "eqt_theory.energies",
        ],
    ),
    Page(
        "objective",
        "The objective",
        "Phi is an energy plus the proximal term that ties a state to its proposal.",
        ["eqt_theory.energies.objective"],
    ),
    Page(
        "maps",
        "Maps that are no gradients",
        "A layer iterated to its equilibrium, a denoiser, a splitting step: a map with a fixed point; and inclusions, "
        "which constrained and composite problems are. `solve` takes both; `check_contraction`, `check_lipschitz` and "
        "`check_monotone` judge the maps themselves.",
        ["eqt_theory.operators", "eqt_theory.evidence.operators"],
    ),
    Page(
        "solving",
        "Solving",
        "`solve` is the only loop. It runs a step rule on Phi until every state of the batch is done, and says of each "
        "state how it ended. `unroll` and `solve_implicit` differentiate through the equilibrium.",
        [
            "eqt_theory.solvers.solve",
            "eqt_theory.solvers.solution",
            "eqt_theory.solvers.stopping",
            "eqt_theory.solvers.state",
            "eqt_theory.solvers.autodiff",
        ],
    ),
    Page(
        "solvers",
        "Solvers and their guarantees",
        "One step rule each. `guarantee(m, M)` gives the rate per step that holds for every objective of a class, and "
        "says whether it is tight; it is None where nothing is known.",
        ["eqt_theory.solvers.base", "eqt_theory.solvers.guarantee", "eqt_theory.solvers"],
    ),
    Page(
        "evidence",
        "Evidence",
        "`check_*` and `prove` return a Finding, `measure_*` numbers. The domains say on which states a check speaks.",
        [
            "eqt_theory.engines.smt",
            "eqt_theory.engines.existence",
            "eqt_theory.engines.interval.on_box",
            "eqt_theory.evidence",
            "eqt_theory.core.domain",
        ],
    ),
    Page(
        "findings",
        "Claims and findings",
        "A claim is a statement with its readings and checks. A finding is what one check found; its constructor "
        "rejects a verdict that the evidence cannot support. Judgements are derived from findings.",
        [
            "eqt_theory.core.claim",
            "eqt_theory.core.theorem",
            "eqt_theory.engines.slips",
            "eqt_theory.core.finding",
            "eqt_theory.core.certificate",
            "eqt_theory.core.verdict",
            "eqt_theory.core.errors",
        ],
        ["eqt_theory.core.claim.Check"],
    ),
    Page(
        "testing",
        "Testing other people's code",
        "Batteries of checks for solvers and energies, the strategies that draw their problems, and the planted faults "
        "that the batteries are held to.",
        [],
        [f"eqt_theory.testing.{name}" for name in eqt_theory.testing.__all__],
    ),
    Page(
        "models",
        "Models",
        "A standard, an equilibrium and a coupled transformer, and their checkpoints. `eqt-theory parity` trains them.",
        ["eqt_theory.models"],
    ),
    Page(
        "report",
        "Reports and plots",
        "Figures of the library's own results, each one function, and the forms in which a run of the ledger is "
        "written down.",
        [],
        [
            *(f"eqt_theory.report.plots.{name}" for name in eqt_theory.report.plots.__all__),
            "eqt_theory.report.parameter.parameter",
            "eqt_theory.report.parameter.whole",
            "eqt_theory.report.sliders.sliders",
            "eqt_theory.core.ledger.run_ledger",
            "eqt_theory.report.html.write_site",
            "eqt_theory.report.json.to_json",
            "eqt_theory.report.junit.to_junit",
            "eqt_theory.report.markdown.judgement_table",
            "eqt_theory.report.smtlib.write_smtlib",
        ],
    ),
    Page(
        "tools",
        "Tools for claims",
        "What the claims in `proofs/` use beside `prove`: exact derivations, Gram matrices for whole classes of "
        "functions, exact rational twins, interval arithmetic and property checks.",
        [],
        [
            "eqt_theory.engines.symbolic",
            "eqt_theory.engines.cases",
            "eqt_theory.engines.induction",
            "eqt_theory.engines.line",
            "eqt_theory.engines.potential",
            "eqt_theory.engines.gram",
            "eqt_theory.engines.exact",
            "eqt_theory.engines.exact.draw",
            "eqt_theory.engines.interval",
            "eqt_theory.engines.property",
            "eqt_theory.core.replay.Replay",
            "eqt_theory.core.replay.ReplayLine",
            "eqt_theory.core.replay.Arithmetic",
            "eqt_theory.core.finding.inconclusive",
        ],
    ),
)

MODULES = {name for page in PAGES for name in page.others if name.startswith("eqt_theory.engines.")} | {
    "eqt_theory.testing.faults",
    "eqt_theory.testing.strategies",
}
"""Names on the pages that are modules: their public members are shown below them."""


def contents(home: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What stands on each page.

    Args:
        home: module -> the public names that it defines.

    Returns:
        Page name -> full names, each name of `home` on one page: that of the longest module that fits. A page follows
        the order of its modules.

    Raises:
        LookupError: a module that no page takes.
    """
    places = [(module, page) for page in PAGES for module in page.modules]
    found: dict[tuple[str, int], list[str]] = {}
    for module, names in home.items():
        fitting = [(len(place), page.name, rank) for rank, (place, page) in enumerate(places) if _below(module, place)]
        if not fitting:
            raise LookupError(f"no page of the reference takes the names of {module}; see docs/hooks/pages.py")
        found.setdefault(max(fitting)[1:], []).extend(f"eqt_theory.{name}" for name in names)
    return {
        page.name: [name for (where, _), names in sorted(found.items()) if where == page.name for name in names]
        + list(page.others)
        for page in PAGES
    }


def _below(module: str, prefix: str) -> bool:
    return f"{module}.".startswith(f"{prefix}.")
