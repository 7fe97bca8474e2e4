"""Which claims a command is to run, from a folder and the ids that the user named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import LoadFailure, default_folder, load_folder
from eqt_theory.core.ledger import select
from eqt_theory.core.record import Record, read_record


@dataclass(frozen=True)
class Selection:
    """What was asked for.

    Args:
        folder: the folder of claims.
        claims: those to run, in order.
        failures: claims files that could not be loaded.
        record: what is on record.
        complete: whether these are all claims of the folder.
    """

    folder: Path
    claims: Sequence[Claim]
    failures: Sequence[LoadFailure]
    record: Record
    complete: bool = False


def choose(proofs: Path | None, ids: Sequence[str]) -> Selection:
    """Load a folder and pick the claims of these ids, with their repaired statements.

    Args:
        proofs: the folder; None for this project's own.
        ids: the claims; none for all.

    Returns:
        The selection.

    Raises:
        UsageError: no such folder, no claims file in it, a broken record, or an unknown id; where
            files could not be loaded, they are named, since the claim may stand in one of them.
    """
    folder = proofs if proofs is not None else default_folder()
    claims, failures = load_folder(folder)
    try:
        chosen = select(claims, ids)
    except UsageError as error:
        broken = ", ".join(f"{failure.file} ({failure.reason})" for failure in failures)
        raise UsageError(f"{error}; could not be loaded: {broken}") if broken else error from None
    return Selection(folder, chosen, failures, read_record(folder), complete=not ids)
