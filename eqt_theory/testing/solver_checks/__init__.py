"""The checks of `check_solver`, one small function each, by theme."""
