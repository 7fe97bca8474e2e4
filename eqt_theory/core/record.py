"""The record beside the claims: each one's judgement, and a digest of what was judged."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import read_json, write_text
from eqt_theory.core.symbols import assumptions
from eqt_theory.core.symbols import said as relation_text

RECORD = "judgements.json"


@dataclass(frozen=True)
class Record:
    """What is on record.

    Args:
        judgements: `{claim id: judgement}`.
        digests: `{claim id: digest}` of what was judged; a record of an earlier version has none.
    """

    judgements: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def problems(self, claims: Iterable[Claim], *, complete: bool) -> list[str]:
        """Where the record is not about these claims, a sentence each.

        Args:
            claims: those that were run.
            complete: whether these are all claims of the folder.

        Returns:
            A claim that is not on record, one that is gone, and one whose statement is another by now; none where
            there is no record.
        """
        if not self.judgements:
            return []
        found, ids = [], set()
        for claim in claims:
            ids.add(claim.id)
            if claim.id not in self.judgements:
                found.append(f"{claim.id}: not on record; --record puts it there")
            elif claim.id not in self.digests:
                found.append(f"{claim.id}: the record says no digest of the statement it is about; --record adds it")
            elif self.digests[claim.id] != digest(claim):
                found.append(f"{claim.id}: the record is of another statement, with other readings or other symbols")
        gone = sorted(set(self.judgements) - ids) if complete else []
        return [*found, *(f"{claim}: on record as {self.judgements[claim]}, and gone" for claim in gone)]


def digest(claim: Claim) -> str:
    """A digest of what a judgement is about: the statement, its readings, and what it assumes."""
    said: dict[str, Any] = {
        "statement": claim.statement,
        "readings": [[r.name, r.statement, str(r.relation), list(r.parts)] for r in claim.readings],
        "symbols": sorted([symbol.name, assumptions(symbol)] for symbol in claim.symbols),
    }
    if claim.assumes:
        said["assumes"] = sorted(relation_text(relation) for relation in claim.assumes)
    if claim.closed:
        said["closed"] = True
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def load_record(folder: Path) -> dict[str, str]:
    """The judgements on record beside the claims, `{claim id: judgement}`; empty where there is no record.

    Args:
        folder: of claims.

    Returns:
        The judgements.

    Raises:
        UsageError: as for `read_record`.
    """
    return dict(read_record(folder).judgements)


def read_record(folder: Path) -> Record:
    """The record beside the claims; empty where there is none.

    Args:
        folder: of claims.

    Returns:
        The record. An earlier version kept judgements only; these are read.

    Raises:
        UsageError: it is no JSON object that maps claim ids to judgements with their digests.
    """
    file = folder / RECORD
    if not file.is_file():
        return Record()
    kept = read_json(file, "the record")
    judgements: dict[str, str] = {}
    digests: dict[str, str] = {}
    for name, entry in kept.items() if isinstance(kept, dict) else [("", None)]:
        plain = {"judgement": entry} if isinstance(entry, str) else entry
        if not isinstance(plain, dict) or not {"judgement"} <= set(plain) <= {"judgement", "digest"}:
            raise UsageError(f"the record {file} must map claim ids to judgements and digests, got {entry!r:.80}")
        if not all(isinstance(text, str) for text in plain.values()):
            raise UsageError(f"the record {file} must hold texts, got {entry!r:.80} for {name!r}")
        judgements[name] = plain["judgement"]
        digests |= {name: plain["digest"]} if "digest" in plain else {}
    return Record(judgements, digests)


def save_record(folder: Path, record: Record) -> Path:
    """Write the record beside the claims; returns the file."""
    kept = {
        name: {"judgement": record.judgements[name]}
        | ({"digest": record.digests[name]} if name in record.digests else {})
        for name in sorted(record.judgements)
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in kept.items()]
    return write_text(folder / RECORD, "{\n" + ",\n".join(lines) + "\n}\n" if lines else "{}\n")
