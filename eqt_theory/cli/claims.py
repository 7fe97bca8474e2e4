"""Which claims a command is to run, from folders and the ids that the user named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import LoadFailure, default_folders
from eqt_theory.core.ledger import select
from eqt_theory.core.manifest import folders_in
from eqt_theory.core.texts import Text, load_texts


@dataclass(frozen=True)
class Selection:
    """What was asked for, of one text.

    Args:
        text: the folder of claims.
        claims: those to run, in order.
        failures: claims files that could not be loaded.
        complete: whether these are all claims of the folder.
    """

    text: Text
    claims: Sequence[Claim]
    failures: Sequence[LoadFailure] = ()
    complete: bool = False


def folders_of(proofs: Sequence[Path] | None) -> list[Path]:
    """The folders of claims that `--proofs` names, each once; this project's own where it names none."""
    if not proofs:
        return default_folders()
    found = [folder for place in proofs for folder in folders_in(place)]
    return list({folder.resolve(): folder for folder in found}.values())


def choose(proofs: Sequence[Path] | None, ids: Sequence[str]) -> list[Selection]:
    """Load folders and pick the claims of these ids, with their repaired statements and what they use.

    Args:
        proofs: folders of claims, or of such folders; none for this project's own.
        ids: the claims; none for all.

    Returns:
        A selection for each text of which claims are to run, in order.

    Raises:
        UsageError: no such folder, no claims file in it, a broken record, or an unknown id; where
            files could not be loaded, they are named, since the claim may stand in one of them.
    """
    texts = load_texts(folders_of(proofs))
    failures = [failure for text in texts for failure in text.failures]
    known = [claim for text in texts for claim in text.claims]
    first = f"{texts[0].folder.resolve().name}:"
    plain = {claim.id for claim in known}
    wanted = [claim_id if claim_id in plain else claim_id.removeprefix(first) for claim_id in ids]
    try:
        chosen = {claim.id for claim in select(known, wanted)}
    except UsageError as error:
        broken = ", ".join(f"{failure.file} ({failure.reason})" for failure in failures)
        raise UsageError(f"{error}; could not be loaded: {broken}") if broken else error from None
    selections = [
        Selection(text, [claim for claim in text.claims if claim.id in chosen], text.failures, complete=not ids)
        for text in texts
    ]
    return [selection for selection in selections if selection.claims or not ids]
