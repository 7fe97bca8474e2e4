"""A run as a self-contained site: a table of judgements, a page per claim, obligations to download."""

from eqt_theory.report.html.site import write_site

__all__ = ["write_site"]
