"""A fuzzer of the public names and of the command line: small in the suite, large by `python -m fuzzing` in `tests`."""
