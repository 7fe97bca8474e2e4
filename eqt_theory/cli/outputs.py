"""What a command writes besides its table: every place is tried before the work, and one that fails loses no other."""

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from eqt_theory.core.errors import UsageError, describe
from eqt_theory.core.files import STANDARD_OUTPUT, try_file, try_folder, write_text

T = TypeVar("T")


class Outputs:
    """The files and folders that options name.

    Args:
        files: `{option: file or None}`; `-` is standard output.
        folders: `{option: folder or None}`.

    Attributes:
        problems: a sentence for each output that could not be written.

    Raises:
        UsageError: one of them cannot be written, or two are the same.
    """

    def __init__(
        self, files: Mapping[str, Path | None] | None = None, folders: Mapping[str, Path | None] | None = None
    ) -> None:
        self.problems: list[str] = []
        self._files = {option: file for option, file in (files or {}).items() if file is not None}
        for option, file in self._files.items():
            try_file(option, file)
        for option, folder in (folders or {}).items():
            try_folder(option, folder)
        taken: dict[Path, str] = {}
        for option, file in self._files.items():
            place = file if file == STANDARD_OUTPUT else file.resolve()
            if place in taken:
                raise UsageError(f"{taken[place]} and {option} both write to {file}")
            taken[place] = option

    @property
    def takes_standard_output(self) -> bool:
        """Whether standard output is for one of the files, so that everything else goes to standard error."""
        return STANDARD_OUTPUT in self._files.values()

    def begin(self, option: str, text: str) -> None:
        """Put a text in the place of an old file before the work, so that no old result looks like one of this run.

        It tells that the run did not end; `write` replaces it. A run that is killed leaves it there.

        Args:
            option: its name.
            text: what the file says until then.
        """
        file = self._files.get(option)
        if file is not None and file != STANDARD_OUTPUT and file.is_file():
            self.write(option, lambda: text)

    def write_meanwhile(self, option: str, text: Callable[[], str]) -> None:
        """Write the file of an option before the run ends, but not to standard output, nor once that has failed."""
        if self._files.get(option) != STANDARD_OUTPUT and not self.problems:
            self.write(option, text)

    def write(self, option: str, text: Callable[[], str]) -> None:
        """Write the file of an option, where it was given; a failure becomes a problem, and an old file goes.

        Args:
            option: its name.
            text: makes what goes into it.
        """
        file = self._files.get(option)
        if file is not None and self.attempt(option, lambda: write_text(file, text())) is None:
            _remove(file)

    def attempt(self, option: str, work: Callable[[], T]) -> T | None:
        """Do what an option asks for; a failure becomes a problem.

        Args:
            option: its name.
            work: the work.

        Returns:
            What it returns; None where it failed.
        """
        try:
            return work()
        except Exception as error:  # a full disk, or a bug in a report: the other outputs are still written
            said = f"{error.strerror}" if isinstance(error, OSError) and error.strerror else describe(error)
            problem = f"{option} could not be written: {said}"
            self.problems += [] if problem in self.problems else [problem]
            return None


def _remove(file: Path) -> None:
    """Remove what is left of an earlier run."""
    with contextlib.suppress(OSError):
        if file != STANDARD_OUTPUT and file.is_file():
            Path(os.path.realpath(file)).unlink()
