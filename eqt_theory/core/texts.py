"""Several texts in one run: whose claim an id names."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import LoadFailure, load_folder
from eqt_theory.core.manifest import Manifest, read_manifest
from eqt_theory.core.record import Record, read_record


@dataclass(frozen=True)
class Text:
    """A folder of claims as a run sees it.

    Args:
        folder: where it is.
        claims: its claims, in order; their ids begin with `prefix`.
        failures: claims files that could not be loaded.
        record: what is on record, by the same ids.
        manifest: what the folder says of itself.
        prefix: empty for the first text of a run, `name:` for every other.
    """

    folder: Path
    claims: Sequence[Claim]
    failures: Sequence[LoadFailure] = ()
    record: Record = field(default_factory=Record)
    manifest: Manifest = field(default_factory=Manifest)
    prefix: str = ""

    def own(self, claim_id: str) -> str:
        """The id that a claim has in its own folder."""
        return claim_id.removeprefix(self.prefix)


def load_texts(folders: Sequence[Path]) -> list[Text]:
    """Load folders of claims for one run.

    The ids of the first stand alone; those of the others are `name:claim-id`, name that of the folder. In `uses=` a
    claim of another text is `name:claim-id`, whichever comes first.

    Args:
        folders: at least one.

    Returns:
        The texts, in that order.

    Raises:
        UsageError: two folders of one name, a folder without claims, a record or a manifest that cannot be read.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise UsageError(f"folders of claims must have different names, got {', '.join(map(str, folders))}")
    return [
        _load(folder, names[0], f"{name}:" if number else "")
        for number, (folder, name) in enumerate(zip(folders, names, strict=True))
    ]


def _load(folder: Path, first: str, prefix: str) -> Text:
    claims, failures = load_folder(folder)
    own = {claim.id for claim in claims}
    for claim in claims:
        local = {check.name for check in claim.checks}

        def named(used: str, local: set[str] = local) -> str:
            if used in local:
                return used
            head = used.partition(":")[0]
            return f"{prefix}{used}" if head in own else used.removeprefix(f"{first}:")

        claim.checks = [replace(check, uses=tuple(map(named, check.uses))) for check in claim.checks]
        claim.id = f"{prefix}{claim.id}"
        claim.repair = f"{prefix}{claim.repair}" if claim.repair in own else claim.repair
    kept = read_record(folder)
    record = Record(
        {f"{prefix}{name}": judgement for name, judgement in kept.judgements.items()},
        {f"{prefix}{name}": digest for name, digest in kept.digests.items()},
    )
    found = [LoadFailure(f"{prefix}{failure.file}", failure.reason) for failure in failures]
    return Text(folder, claims, found, record, read_manifest(folder), prefix)
