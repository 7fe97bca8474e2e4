"""The kernel: checks certificates, and is all that a reader has to trust.

It finds nothing and searches nothing, computes in fractions and whole numbers only, imports the standard library and
itself, and refuses what it does not know. `python -I -S eqt_theory/kernel FILE|DIR ..` runs it where nothing
is installed.

To read it: `reading`, `polynomial` and `smtlib` say what a text means; `contradiction`, `point` and `identity` what is
shown of it, which is most proofs. `matrix`, `rates`, `horizon` and `worst` are about solvers, `spectrum` about matrices
and networks, `interval` and `boxes` about functions on a box.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eqt_theory.kernel import boxes, contradiction, horizon, identity, point, rates, spectrum, worst
from eqt_theory.kernel.reading import Rejected, fields, items, need, parse, plain

__all__ = ["KINDS", "Rejected", "check", "load"]


def _collection(certificate: dict[str, Any]) -> str:
    """Each of several certificates."""
    _, certificates = fields(certificate, "kind", "certificates")
    need(certificates != [], "a collection of nothing shows nothing")
    shown = [_dispatch(one) for one in items(certificates)]
    return "; ".join(shown) if len(shown) < 4 else f"{len(shown)} things: {shown[0]}; and so on"


KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "boxes": boxes.check,
    "collection": _collection,
    "contradiction": contradiction.check,
    "cycle": worst.check_cycle,
    "horizon": horizon.check,
    "identity": identity.check,
    "network": spectrum.check_network,
    "point": point.check,
    "rate": rates.check_rate,
    "slow quadratic": worst.check_quadratic,
    "spectrum": spectrum.check_spectrum,
    "worst function": horizon.check,
}
"""What checks each kind of certificate: it returns in words what is shown, or raises Rejected."""


def _dispatch(certificate: Any) -> str:
    kind = certificate.get("kind") if type(certificate) is dict else None
    need(type(kind) is str and kind in KINDS, f"unknown kind of certificate {kind!r:.40}; known are {sorted(KINDS)}")
    return KINDS[str(kind)](certificate)


def check(certificate: dict[str, Any]) -> str:
    """What a certificate shows.

    Args:
        certificate: plain dictionaries, lists, texts and positions, as JSON gives them.

    Returns:
        It in words.

    Raises:
        Rejected: it shows nothing; the message says why.
    """
    try:
        plain(certificate)
        return _dispatch(certificate)
    except RecursionError:
        raise Rejected("nested too deep") from None


def load(path: Path) -> Any:
    """The content of a JSON file; raises Rejected where it is none, or could be read in two ways."""
    try:
        return parse(path.read_bytes().decode())
    except UnicodeDecodeError:
        raise Rejected("no UTF-8 text") from None
