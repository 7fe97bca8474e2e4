"""Certificate: data from which the kernel sees by itself that something is so, and the file that keeps it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from eqt_theory import kernel
from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import write_text
from eqt_theory.kernel import Rejected as CertificateRejected
from eqt_theory.kernel.reading import parse, plain

__all__ = ["Certificate", "CertificateRejected", "recheck"]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What the kernel checks. Two certificates are equal where their data are.

    Args:
        data: dictionaries, lists, texts and positions, as a JSON file holds them (`kind` says which kind it is, all
            numbers are texts "p/q"). A copy is kept.

    Raises:
        CertificateRejected: the data hold anything else. Whether they show anything, `shows` says.
    """

    data: Mapping[str, Any]

    def __post_init__(self) -> None:
        try:
            plain(self.data)
            object.__setattr__(self, "data", json.loads(self._text))
        except CertificateRejected:
            raise
        except (ValueError, RecursionError) as error:  # an integer of more digits than Python writes
            raise CertificateRejected(f"the data cannot be written down: {error}") from None

    @cached_property
    def _parts(self) -> tuple["Certificate", ...]:
        """Of a collection that was put together here, the certificates that it was made of."""
        return ()

    @cached_property
    def _text(self) -> str:
        """The canonical JSON text."""
        return json.dumps(self.data, sort_keys=True, separators=(",", ":"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON text, in hexadecimal digits."""
        return sha256(self._text.encode()).hexdigest()

    @cached_property
    def shows(self) -> str:
        """What the kernel sees, in words; it raises CertificateRejected where that is nothing."""
        return kernel.check(parse(self._text))

    @cached_property
    def defect(self) -> str:
        """Why the kernel rejects it; empty where it does not."""
        if self._parts:  # a collection shows what each part does, and the kernel need not see a part twice
            return next((part.defect for part in self._parts if part.defect), "")
        try:
            return "" if self.shows else "it shows nothing"
        except CertificateRejected as error:
            return f"the kernel rejects the certificate: {error}"

    @property
    def kind(self) -> str:
        """Which kind of certificate it is, as "contradiction"."""
        return str(self.data.get("kind"))

    def save(self, path: str | Path) -> None:
        """Write it to a JSON file."""
        write_text(Path(path), self._text + "\n")

    @classmethod
    def load(cls, path: str | Path) -> "Certificate":
        """Read it from a JSON file.

        Args:
            path: the file.

        Returns:
            The certificate, not yet checked.

        Raises:
            CertificateRejected: the file holds no certificate.
            OSError: it cannot be read.
        """
        return cls(kernel.load(Path(path)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Certificate({self.kind}, {self.digest[:12]})"


def collection(certificates: list[Certificate]) -> Certificate:
    """One certificate that shows what all of these show.

    Args:
        certificates: the parts.

    Returns:
        Their collection; the part itself where there is only one.
    """
    if len(certificates) == 1:
        return certificates[0]
    whole = Certificate({"kind": "collection", "certificates": [json.loads(c._text) for c in certificates]})
    vars(whole)["_parts"] = tuple(certificates)
    return whole


@checked
def recheck(certificate: str | Path | Certificate) -> str:
    """Have the kernel check a certificate.

    Args:
        certificate: it, or the JSON file that holds it.

    Returns:
        What it shows, in words.

    Raises:
        CertificateRejected: it shows nothing; the message says why.
        UsageError: it is neither a certificate nor the path of a file.
        OSError: the file cannot be read.
    """
    if isinstance(certificate, Certificate):
        return certificate.shows
    # os.path: it is False of a name that is too long, too.
    if not isinstance(certificate, str | Path) or not os.path.isfile(certificate):
        raise UsageError(f"certificate must be a Certificate or a file that holds one, got {shown(certificate)}")
    return kernel.check(kernel.load(Path(certificate)))
