"""`python -m eqt_theory` is `eqt-theory`."""

from eqt_theory.cli.main import main

main()
