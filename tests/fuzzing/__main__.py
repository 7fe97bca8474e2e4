"""`cd tests; python -m fuzzing --calls 15000 --lines 5000`: the large run, with what it found."""

import argparse
import time

from fuzzing.calls import fuzz_calls
from fuzzing.lines import fuzz_lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=15_000, help="calls of public names")
    parser.add_argument("--lines", type=int, default=5_000, help="command lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="one public name or command")
    given = parser.parse_args()
    bad = 0
    for count, fuzz, what in ((given.calls, fuzz_calls, "calls"), (given.lines, fuzz_lines, "command lines")):
        if count:
            begin = time.perf_counter()
            figures = fuzz(count, given.seed, given.only)
            print(f"{count} {what} in {time.perf_counter() - begin:.0f} s: {dict(figures.outcomes)}", flush=True)
            for where, example in sorted(figures.raw.items()):
                print(f"  {where}\n      {example}")
            bad += figures.outcomes["raw"]
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
