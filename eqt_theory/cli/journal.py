"""What a run has found so far, in the file of --json while it runs, so that `--resume` can go on from it."""

import time
from collections.abc import Mapping, Sequence

from eqt_theory.cli.outputs import Outputs
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.finding import Finding
from eqt_theory.core.judge import Result
from eqt_theory.core.ledger import Ledger
from eqt_theory.report.json import to_json

_SECONDS = 10.0
_SHARE = 20.0
"""A new file is written after so many seconds, and after so many times what the last one took."""


class Journal:
    """Follows a run.

    Args:
        outputs: with the file of `--json`, if there is one.
        run: the settings of the run.
        claims: what runs.
        known: what is known before it begins, `{(claim id, check name): finding}`.
        seconds: how often the file is written, at most; default: every ten.
    """

    def __init__(
        self,
        outputs: Outputs,
        run: Run,
        claims: Sequence[Claim],
        known: Mapping[tuple[str, str], Finding],
        seconds: float | None = None,
    ) -> None:
        self._outputs, self._run, self._seconds = outputs, run, _SECONDS if seconds is None else seconds
        self._found: dict[str, tuple[Claim, dict[str, Result]]] = {}
        for claim in claims:
            for check in claim.checks:
                if (claim.id, check.name) in known:
                    self._note(claim, known[claim.id, check.name])
        self._next = time.monotonic() + self._seconds

    def found(self, claim: Claim, finding: Finding) -> None:
        """Note a finding, and write the file where it is time."""
        self._note(claim, finding)
        if time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Write the file: of a run that has not ended, with all that was found."""
        begun = time.monotonic()
        self._outputs.write_meanwhile("--json", self.text)
        took = time.monotonic() - begun
        self._next = time.monotonic() + max(self._seconds, _SHARE * took)

    def text(self) -> str:
        """The JSON of a run that has not ended, with all that was found."""
        results = tuple((claim, tuple(found.values())) for claim, found in self._found.values())
        return to_json(Ledger((), interrupted=True, begun=results), self._run)

    def _note(self, claim: Claim, finding: Finding) -> None:
        check = next(check for check in claim.checks if check.name == finding.check)
        self._found.setdefault(claim.id, (claim, {}))[1][check.name] = Result(check, finding)
