"""MODULE:ATTR: an object of somebody else's module, found from the command line."""

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from eqt_theory.core.errors import UsageError, describe

Target = Annotated[str, typer.Argument(help="An object in a module, as package.module:name.", metavar="MODULE:ATTR")]


def load_target(target: str) -> object:
    """The object that a target names.

    The current directory comes first in the search for the module, as with `python -m`.

    Args:
        target: "package.module:attribute"; the attribute may be dotted.

    Returns:
        The object.

    Raises:
        UsageError: the target is malformed, the module cannot be imported, or has no such attribute.
    """
    name, colon, path = target.partition(":")
    if not colon or not all(part.isidentifier() for part in (*name.split("."), *path.split("."))):
        raise UsageError(f"expected MODULE:ATTR, such as package.module:solver, got {target!r}")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: object = import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(f"there is no module {error.name!r} on the Python path or in {here}") from error
        raise UsageError(f"importing {name} raised {describe(error)}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may raise anything when it is run
        raise UsageError(f"importing {name} raised {describe(error)}") from None
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UsageError(f"{name} has no attribute {path!r}") from None
        except Exception as error:  # a property, or the module's own __getattr__
            raise UsageError(f"looking up {path!r} in {name} raised {describe(error)}") from None
    return found
