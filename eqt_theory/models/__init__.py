"""The standard and the equilibrium transformer, the parity task and its training. Needs only torch and numpy."""
