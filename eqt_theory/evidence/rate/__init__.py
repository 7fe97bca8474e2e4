"""Rates: planned, measured along a run, checked over a domain, certified for a class."""
