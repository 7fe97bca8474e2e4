"""Store: certificates that are kept beside claims, found by the exact text that they are about."""

import contextlib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from eqt_theory import kernel
from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.files import write_text
from eqt_theory.core.finding import Finding
from eqt_theory.kernel.reading import plain

FOLDER = "certificates"
"""The folder beside the claims that holds their certificates, a file for each claim."""


class Store:
    """The certificates of a folder, read when first asked for.

    Args:
        folder: of files that hold collections; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._found: dict[str, Certificate] = {}

    @functools.cached_property
    def _by_text(self) -> Mapping[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for file in sorted(self.folder.glob("*.json")):
            try:
                data = kernel.load(file)
                plain(data)
                found |= {part["text"]: part for part in data["certificates"]}
            except (CertificateRejected, KeyError, TypeError) as error:
                raise CertificateRejected(f"{file} holds no collection of certificates: {error}") from None
        return found

    def find(self, text: str) -> Certificate | None:
        """What is kept about a text, letter by letter this one, not yet checked; None where nothing is.

        Args:
            text: SMT-LIB 2.

        Returns:
            The certificate.

        Raises:
            CertificateRejected: a file of the store holds no certificates.
        """
        if text not in self._found and text in self._by_text:  # not all of them: most checks ask for a few
            self._found[text] = Certificate(self._by_text[text])
        return self._found.get(text)


SEARCH = 500_000
"""The work that a search for a certificate may cost, in units of about a microsecond."""

_CURRENT: ContextVar[Store | None] = ContextVar("store", default=None)
_UNITS: ContextVar[int] = ContextVar("units", default=SEARCH)


def current() -> Store | None:
    """The store of the folder whose check is running; None outside a run, or in one that does without."""
    return _CURRENT.get()


def search_units() -> int:
    """The work that a search for a certificate may cost here."""
    return _UNITS.get()


@contextlib.contextmanager
def using(folder: Path | None, units: int = SEARCH) -> Iterator[None]:
    """Use the certificates in a folder meanwhile, none where it is None, and search for others with so much work."""
    tokens = _CURRENT.set(None if folder is None else _opened(folder)), _UNITS.set(units)
    try:
        yield
    finally:
        _CURRENT.reset(tokens[0])
        _UNITS.reset(tokens[1])


@functools.cache
def _opened(folder: Path) -> Store:
    return Store(folder)


def certificates_of(finding: Finding) -> list[Certificate]:
    """Every certificate about a text in a finding: of its obligations, and of the point where its hypotheses hold."""
    found = [o.certificate for o in finding.obligations]
    if finding.proof is not None:
        found += [o.certificate for o in finding.proof.obligations] + [finding.proof.point]
    return [c for c in found if c is not None]


def keep(folder: Path, findings: Mapping[str, Iterable[Finding]], *, all_claims: bool) -> int:
    """Write the certificates of findings to a store.

    Args:
        folder: of the store, made where it does not exist.
        findings: by claim id.
        all_claims: whether these are all claims of the folder; files of others then go.

    Returns:
        How many certificates were written; one about a text that several claims use is written once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: set[str] = set()
    names: set[Path] = set()
    for claim, found in findings.items():
        own = {c.data["text"]: c for finding in found for c in certificates_of(finding)}
        lines = [json.dumps(dict(c.data), sort_keys=True) for text, c in own.items() if text not in written]
        file = folder / f"{claim}.json"
        if lines:
            write_text(file, '{"kind": "collection", "certificates": [\n' + ",\n".join(lines) + "\n]}\n")
            names.add(file)
        written |= set(own)
    for file in folder.glob("*.json"):
        if file not in names and (all_claims or file.stem in findings):
            file.unlink()
    _opened.cache_clear()
    return len(written)
