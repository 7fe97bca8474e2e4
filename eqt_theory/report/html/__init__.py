"""A run as a self-contained site: judgements, a page per claim, obligations to download; and single pages."""

from eqt_theory.report.html.pages import write_page
from eqt_theory.report.html.site import Site, write_site

__all__ = ["Site", "write_page", "write_site"]
