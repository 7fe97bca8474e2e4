"""The layer order, the sizes and names of files, and what an import costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "eqt_theory"
LAYERS = (
    "kernel", "core", "engines", "energies", "operators", "solvers",
    "lemmas", "evidence", "models", "testing", "report", "cli",
)  # fmt: skip
LIMIT = 320
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common"}
OUTSIDE = {
    "kernel": set(),
    "core": set(),
    "engines": {"sympy", "flint", "hypothesis", "numpy"},
    "operators": {"torch", "numpy"},
    "energies": {"torch", "numpy"},
    "solvers": {"torch", "numpy"},
    "models": {"torch", "numpy"},
}
"""What the rooms that must run without provers may import when they are imported themselves."""


def _modules(root: Path) -> list[Path]:
    return sorted(root.rglob("*.py"))


def _imports(file: Path, nodes: Iterator[ast.AST] | None = None) -> Iterator[str]:
    """Every module that a file names in an import, also inside functions and as a text given to import_module."""
    for node in nodes or ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import; name the module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0] if node.args else None
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def _violations(root: Path) -> list[str]:
    """Imports in a package tree that go up, or around the order through the package itself."""
    found = []
    for file in _modules(root):
        room, *rest = file.relative_to(root).parts
        if not rest:  # eqt_theory/__init__.py and __main__.py stand above all rooms
            continue
        if room not in LAYERS:
            found.append(f"{file.relative_to(root)}: {room} is no room")
            continue
        allowed = LAYERS[: LAYERS.index(room) + 1]
        for module in _imports(file):
            head, _, tail = module.partition(".")
            if head == "proofs" or (head == PACKAGE and tail != "__version__" and tail.split(".")[0] not in allowed):
                found.append(f"{file.relative_to(root)}: imports {module}")
    return found


def _cycle(root: Path) -> list[str]:
    """One cycle of module imports, or nothing."""
    names = {".".join((PACKAGE, *f.relative_to(root).with_suffix("").parts)).removesuffix(".__init__"): f
             for f in _modules(root) if f.parent != root}  # fmt: skip
    graph = {
        name: {m for target in _imports(file) for m in (target, target.rpartition(".")[0]) if m in names and m != name}
        for name, file in names.items()
    }
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        for target in sorted(graph[name]):
            # a package's __init__ that gathers its own modules is no cycle
            if name.startswith(f"{target}.") or target.startswith(f"{name}."):
                continue
            if cycle := visit(target, [*path, name]):
                return cycle
        done.add(name)
        return []

    return next((cycle for name in sorted(graph) if (cycle := visit(name, []))), [])


def _heavy(root: Path) -> list[str]:
    """What the rooms in OUTSIDE import from other projects at module level beyond what they may."""
    found = []
    for room, allowed in OUTSIDE.items():
        for file in _modules(root / room):
            for node in _at_module_level(ast.parse(file.read_text("utf-8"))):
                for module in _imports(file, iter([node])):
                    head = module.partition(".")[0]
                    if head not in allowed | {PACKAGE} | set(sys.stdlib_module_names):
                        found.append(f"{file.relative_to(root)}: imports {head}")
    return found


def _at_module_level(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _at_module_level(child)


def test_no_import_goes_up():
    assert _violations(ROOT / PACKAGE) == []


def test_no_imports_go_in_a_circle():
    assert _cycle(ROOT / PACKAGE) == []


def test_the_lower_rooms_need_no_prover():
    assert _heavy(ROOT / PACKAGE) == []


@pytest.mark.parametrize(
    "line",
    [
        "from eqt_theory.cli.main import main",
        "import eqt_theory.evidence.curvature",
        "from eqt_theory.evidence import plain",
        "def late():\n    from eqt_theory.report import console",
        "from eqt_theory import prove",
        "import eqt_theory as eqt",
        "import importlib\nimportlib.import_module('eqt_theory.models.study.training')",
        "import proofs.theorem_2",
        "class A:\n    def f(self):\n        import eqt_theory.solvers",
    ],
)
def test_a_planted_upward_import_is_caught(tmp_path: Path, line: str):
    (tmp_path / "energies").mkdir()
    (tmp_path / "__init__.py").write_text("from eqt_theory.cli.main import main\n")
    planted = tmp_path / "energies" / "planted.py"
    planted.write_text("import eqt_theory.core.claim\nfrom eqt_theory.energies import base\nimport torch\n")
    assert _violations(tmp_path) == []
    planted.write_text(f"{line}\n")
    assert len(_violations(tmp_path)) == 1


def test_a_planted_cycle_room_and_heavy_import_are_caught(tmp_path: Path):
    core = tmp_path / "core"
    core.mkdir()
    (core / "a.py").write_text("from eqt_theory.core import b\n")
    (core / "b.py").write_text("def late():\n    import torch\n")
    assert (_cycle(tmp_path), _heavy(tmp_path)) == ([], [])
    (core / "b.py").write_text("def late():\n    from eqt_theory.core.a import x\n")
    assert len(_cycle(tmp_path)) == 2
    (core / "b.py").write_text("try:\n    import sympy\nexcept ImportError:\n    pass\n")
    assert _heavy(tmp_path) == ["core/b.py: imports sympy"]
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic" / "c.py").write_text("")
    assert _violations(tmp_path) == ["attic/c.py: attic is no room"]


def test_claims_import_no_command_and_each_other_not_at_all():
    for file in _modules(ROOT / "proofs"):
        for module in _imports(file):
            assert not module.startswith((f"{PACKAGE}.cli", "proofs")), f"{file.name} imports {module}"
            head, _, rest = module.partition(".")
            assert head != "closed_loop" or rest.split(".")[0] == "lemmas", f"{file.name} imports {module}"


@pytest.mark.parametrize("folder", [PACKAGE, "proofs", "tests", "benchmarks"])
def test_files_are_small_and_have_names_that_say_something(folder: str):
    files = _modules(ROOT / folder)
    long = {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text("utf-8").splitlines())) > LIMIT}
    assert long == {}
    assert [f.name for f in files if f.stem.strip("_") in VAGUE] == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"torch", "numpy", "scipy", "sympy", "hypothesis", "matplotlib", "z3", "cvc5", "flint", "rich", "typer"}
    code = f"import sys, eqt_theory, eqt_theory.core.ledger; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_every_public_name_is_there():
    import eqt_theory

    for name in eqt_theory.__all__:
        assert getattr(eqt_theory, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = eqt_theory.nonsense
