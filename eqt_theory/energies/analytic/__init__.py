"""Energies that anybody may use."""
