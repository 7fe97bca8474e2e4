"""Where commands print: consoles on which no text of unknown origin can act."""

from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from eqt_theory.core.plain_text import visible


class PlainConsole(Console):
    """A console that shows control codes in a text as escapes; those of its own colours and bars still act."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


def make_console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console that takes texts as they are: no markup, no highlighting, no control codes."""
    return PlainConsole(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """Print a text as it is, control codes escaped."""
    typer.echo(visible(text))
