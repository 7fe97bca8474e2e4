"""Where the time of `eqt-theory verify` goes: by claim, by method, and the slowest checks.

Run: python benchmarks/verify.py [--jobs N] [--anew] [CLAIM ...]

Without --anew with the certificates on record, as `verify` runs; with it the provers are asked.
"""

import argparse
import time
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from eqt_theory.core.claim import Run
from eqt_theory.core.folder import default_folder, load_folder
from eqt_theory.core.ledger import Ledger, run_ledger, select
from eqt_theory.core.store import FOLDER

_SLOWEST = 12


def measure(ids: list[str], jobs: int, *, anew: bool) -> tuple[Ledger, float]:
    """Run the claims of these ids (all where none is given); returns the ledger and the seconds to load them."""
    begun = time.perf_counter()
    claims, failures = load_folder(default_folder())
    loading = time.perf_counter() - begun
    run = Run(certificates=None if anew else default_folder() / FOLDER)
    return run_ledger(select(claims, ids), run, failures=failures, jobs=jobs), loading


def tables(ledger: Ledger, loading: float) -> list[Table]:
    """The figures as tables."""
    checks = [(result.finding, entry.claim.id) for entry in ledger.entries for result in entry.results]
    by_claim: dict[str, list[float]] = defaultdict(list)
    by_method: dict[str, list[float]] = defaultdict(list)
    for finding, claim in checks:
        by_claim[claim].append(finding.seconds)
        by_method[finding.method].append(finding.seconds)

    slowest = Table(title="Slowest checks", title_justify="left")
    for column in ("claim", "check", "method", "obligations", "seconds"):
        slowest.add_column(column, justify="right" if column in ("obligations", "seconds") else "left")
    for finding, claim in sorted(checks, key=lambda c: -c[0].seconds)[:_SLOWEST]:
        slowest.add_row(claim, finding.check, finding.method, str(len(finding.obligations)), f"{finding.seconds:.2f}")

    shares = []
    for title, groups in (("By method", by_method), ("By claim", by_claim)):
        table = Table(title=title, title_justify="left")
        table.add_column("")
        for column in ("checks", "seconds", "share"):
            table.add_column(column, justify="right")
        for name, seconds in sorted(groups.items(), key=lambda item: -sum(item[1])):
            share = sum(seconds) / max(ledger.seconds, 1e-9)
            table.add_row(name, str(len(seconds)), f"{sum(seconds):.2f}", f"{share:.0%}")
        shares.append(table)
    total = Table(title="Whole run", title_justify="left", show_header=False)
    total.add_row("loading the claims", f"{loading:.2f} s")
    total.add_row("running the checks", f"{ledger.seconds:.2f} s")
    return [slowest, *shares, total]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="Where the time of verify goes.")
    options.add_argument("--jobs", type=int, default=1, help="checks at once")
    options.add_argument("--anew", action="store_true", help="without the certificates on record")
    options.add_argument("claims", nargs="*", metavar="CLAIM", help="which; default: all")
    given = options.parse_args()
    console = Console()
    for table in tables(*measure(given.claims, given.jobs, anew=given.anew)):
        console.print(table)


if __name__ == "__main__":
    main()
