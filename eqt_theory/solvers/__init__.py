"""Solving for the equilibrium: one loop, one file per step rule, each with its guarantee beside it."""
