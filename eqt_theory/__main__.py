"""`python -m eqt_theory` is `eqt-theory`."""

from eqt_theory.cli.main import main

if __name__ == "__main__":  # not in the processes that run checks
    main()
