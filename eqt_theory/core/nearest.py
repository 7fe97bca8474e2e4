"""What somebody may have meant by a name that is none."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names that look like one that is not known, as the end of a sentence.

    Args:
        name: the name given.
        known: those that there are.

    Returns:
        "; nearest: theorem-2, theorem-4"; empty where none is near.
    """
    near = difflib.get_close_matches(name, sorted(set(known)), n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""
