"""Importing the files of a folder of claims, as modules of one package with the same name in every process."""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

_OURS = "__claims_folder__"
"""Marks the package modules made here."""


def package_of(folder: Path) -> str:
    """The name under which the files of a folder are imported: `closed_loop`, so `closed_loop.theorem_2`.

    It is the folder's name; what stands in `lemmas.py` or `lemmas/` is `closed_loop.lemmas` to the claims beside it. A
    name that Python cannot use, or that another package has, gets `claims_` in front.

    Args:
        folder: the folder.

    Returns:
        The name; the same in every process that has the same packages.
    """
    place = folder.resolve()
    name = re.sub(r"\W", "_", place.name) or "root"
    return name if name.isidentifier() and not _taken(name, place) else f"claims_{name}"


def import_file(file: Path) -> ModuleType:
    """Import one file of a folder of claims, anew each time.

    Args:
        file: the file.

    Returns:
        The module; `sys.modules` has it, so that pickles and dataclasses find it.

    Raises:
        ImportError: it cannot be imported.
    """
    file = file.resolve()
    name = f"{_make_package(file.parent)}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def forget(folder: Path) -> None:
    """Forget the modules of a folder, so that what changed in it is read again."""
    _evict(package_of(folder))


def _make_package(folder: Path) -> str:
    """Have the folder's package in `sys.modules`; returns its name."""
    name = package_of(folder)
    if getattr(sys.modules.get(name), _OURS, None) == str(folder):
        return name
    _evict(name)  # another folder of that name, as in a test
    package = ModuleType(name, f"The claims in {folder}.")
    package.__path__ = [str(folder)]
    setattr(package, _OURS, str(folder))
    sys.modules[name] = package
    importlib.invalidate_caches()
    return name


def _evict(name: str) -> None:
    if hasattr(sys.modules.get(name), _OURS):
        for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[module]


def _taken(name: str, place: Path) -> bool:
    """Whether something else than this folder, or another one of claims, goes by that name."""
    module = sys.modules.get(name)
    if module is not None and hasattr(module, _OURS):
        return False
    if name in sys.stdlib_module_names or name == "eqt_theory":
        return True
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return module is not None
    if spec is None:
        return False
    return [str(Path(at).resolve()) for at in spec.submodule_search_locations or ()] != [str(place)]
