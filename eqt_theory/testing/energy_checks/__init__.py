"""The checks of `check_energy`, one small function each, by theme."""
