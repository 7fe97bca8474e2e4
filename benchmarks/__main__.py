"""All timings against other libraries in one run: `python -m benchmarks`."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    for name in ("solve", "anderson", "gradient_step", "rates", "scaling", "curvature"):
        sys.argv = [name]
        runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name="__main__")
