"""The checks of `check_operator`, one small function each, by theme."""
