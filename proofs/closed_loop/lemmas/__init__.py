"""Lemmas that several claims of the paper use."""
