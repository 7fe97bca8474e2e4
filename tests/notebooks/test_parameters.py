"""Parameters of the notebooks: each over its range, and a readable word outside it.

A notebook is run once in this process; for another value of a parameter only the cells run again that depend on it.
"""

import ast
import re
import symtable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from eqt_theory import UsageError
from eqt_theory.report.plots import Chart
from eqt_theory.report.sliders import Sliders

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
DECLARING = [source for source in SOURCES if re.search(r"= (parameter|whole)\(", source.read_text("utf-8"))]
_MARK = re.compile(r"^# %%[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True)
class Declared:
    """One parameter: its name, the value in the source, and its range."""

    name: str
    value: float
    low: float
    high: float

    @property
    def values(self) -> list[float]:
        """Both ends and a point between; a second one between is the value in the source, which the first run had."""
        over_sizes = self.low > 0 and self.high / self.low > 50
        points = (self._between(share, over_sizes) for share in (0.5, 0.25, 0.75))
        between = next((point for point in points if point not in (self.low, self.value, self.high)), self.low)
        return sorted({type(self.value)(point) for point in (self.low, between, self.high)} - {self.value})

    def _between(self, share: float, over_sizes: bool) -> float:
        at = self.low ** (1 - share) * self.high**share if over_sizes else self.low + share * (self.high - self.low)
        return round(at) if isinstance(self.value, int) else at


@dataclass
class Cell:
    """A cell of code: what it runs, what it reads, and what it leaves behind."""

    code: str
    tree: ast.Module
    reads: set[str]
    writes: set[str]
    left: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str) -> "Cell":
        tree = ast.parse(code)
        table = symtable.symtable(code, "<cell>", "exec")
        writes = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
        return cls(code, tree, _read(table) - _counted(tree), writes)

    def run(self, space: dict[str, Any], draw: bool = True) -> None:
        """Execute it, and show what a notebook would show of its last line."""
        *body, last = self.tree.body
        shown = last if isinstance(last, ast.Expr) else None
        rest = body if shown else self.tree.body
        exec(compile(ast.Module(rest, []), "<cell>", "exec"), space)  # noqa: S102
        if shown:
            show(eval(compile(ast.Expression(shown.value), "<cell>", "eval"), space), draw)  # noqa: S307


def _counted(tree: ast.Module) -> set[str]:
    """The names that a loop of the cell sets before anything in the cell reads them."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    found = set()
    for loop in tree.body:
        for target in ast.walk(loop.target) if isinstance(loop, ast.For) else ():
            if isinstance(target, ast.Name):
                before = [n for n in names if n.id == target.id and n.lineno < loop.lineno]
                found |= set() if before else {target.id}
    return found


def _read(table: symtable.SymbolTable) -> set[str]:
    """The names of the notebook that a cell reads, also in the functions that it defines."""
    top = table.get_type() == "module"
    names = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return names.union(*(_read(child) for child in table.get_children()))


def show(value: Any, draw: bool) -> None:
    """Draw a chart, set a table; what fails there fails for a reader."""
    if isinstance(value, Sliders):
        for name, ends in value.ranges.items() if not draw else ():  # once, and no reader waits for it
            for end in ends:
                assert isinstance(value.draw(**{**value.start, name: end}), Chart), f"{name} = {end}"
        value = value.still
    if isinstance(value, Chart):
        if draw:
            value.draw_without_rendering()
    elif hasattr(value, "_repr_html_"):
        assert value._repr_html_()


class Notebook:
    """A source, run once, whose parameters can be moved."""

    def __init__(self, source: str) -> None:
        parts = _MARK.split(source)[1:]
        marks = _MARK.findall(source)
        self.cells = [Cell.of(p) for m, p in zip(marks, parts, strict=True) if "[markdown]" not in m and p.strip()]
        self.parameters: list[Declared] = []
        self.space: dict[str, Any] = {}
        for cell in self._needed():
            cell.run(self.space, draw=False)
            cell.left = {name: self.space[name] for name in cell.writes if name in self.space}
            self.parameters += declared(cell.tree, self.space)

    def _needed(self) -> list[Cell]:
        """The cells that depend on a parameter, and what they rest on: a proof for all numbers is neither."""
        fresh = {name for cell in self.cells for name in named(cell.tree)}
        dependent = []
        for cell in self.cells:
            if named(cell.tree) or cell.reads & fresh:
                dependent.append(cell)
                fresh |= cell.writes
            else:
                fresh -= cell.writes
        needed, wanted = [], set()
        for cell in reversed(self.cells):
            if cell in dependent or cell.writes & wanted:
                needed.append(cell)
                wanted = (wanted - cell.writes) | cell.reads
        self.cells = needed[::-1]
        return self.cells

    def move(self, name: str, value: float, draw: bool = True) -> int:
        """Run again what depends on a parameter, and take the rest from the first run; how many cells ran."""
        fresh: set[str] = set()
        ran = 0
        for cell in self.cells:
            if name in named(cell.tree):
                Cell.of(rewritten(cell.code, name, value)).run(self.space)
                fresh.add(name)
            elif cell.reads & fresh:
                cell.run(self.space, draw)
                fresh |= cell.writes
                ran += 1
            else:
                self.space.update(cell.left)
                fresh -= cell.writes
        return ran

    def restore(self) -> None:
        """Back to the first run, in which every parameter had its value in the source."""
        for cell in self.cells:
            self.space.update(cell.left)


def named(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """The parameters that a cell declares, `x = parameter("x", value, low, high)`: their numbers by name."""
    found = {}
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("parameter" | "whole"), [first, *rest])):
                assert ast.literal_eval(first) == name, f"{name} is called {ast.literal_eval(first)}"
                found[name] = rest[:3]
    return found


def declared(tree: ast.Module, space: dict[str, Any]) -> list[Declared]:
    """The parameters of a cell that has run; the ends of a range may depend on other parameters."""
    return [
        Declared(name, *(eval(compile(ast.Expression(number), "<cell>", "eval"), space) for number in numbers))  # noqa: S307
        for name, numbers in named(tree).items()
    ]


def rewritten(code: str, name: str, value: float) -> str:
    """The code with another value of a parameter, as a reader would write it."""
    pattern = rf'((?:parameter|whole)\("{name}", )[^,]+,'
    text, count = re.subn(pattern, lambda match: f"{match[1]}{value!r},", code)
    assert count == 1
    return text


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EQT_THEORY_STILL", "1")
    monkeypatch.chdir(FOLDER)


@pytest.mark.parametrize("source", DECLARING, ids=lambda source: source.stem)
def test_every_parameter_over_its_range(source: Path, capsys: pytest.CaptureFixture[str]):
    notebook = Notebook(source.read_text("utf-8"))
    assert notebook.parameters
    for parameter in notebook.parameters:
        assert parameter.low <= parameter.value <= parameter.high
        for value in parameter.values:
            try:
                ran = notebook.move(parameter.name, value, draw=value == parameter.low)
            except Exception as error:
                raise AssertionError(f"{parameter.name} = {value!r}: {error!r}") from error
            assert ran, f"nothing depends on {parameter.name}"
        for outside in (parameter.low - 1, parameter.high + 1):
            with pytest.raises(UsageError, match=rf"^{parameter.name} must (lie between|be a whole number)"):
                notebook.move(parameter.name, outside)
        notebook.restore()


PLANTED = """# %%
from eqt_theory.report.parameter import parameter

share = parameter("share", 0.5, 0.1, 0.9)
other = parameter("other", 1.0, 0.5, 2.0)

# %%
calls = []

# %%
x = 2 * share

# %%
first = x + 1
calls.append(first)

# %%
x = 7

# %%
assert {condition}
"""


@pytest.mark.parametrize(
    ("condition", "broken"),
    [("share < 1", []), ("share < 0.9", ["0.9"]), ("other > 0.5", ["0.5"]), ("first == 2 * share + 1 and x == 7", [])],
)
def test_a_value_at_which_a_notebook_breaks_is_found(condition: str, broken: list[str]):
    notebook = Notebook(PLANTED.replace("{condition}", condition))
    failed = []
    for parameter in notebook.parameters:
        for value in parameter.values:
            try:
                notebook.move(parameter.name, value)
            except AssertionError:
                failed.append(str(value))
        notebook.restore()
    assert failed == broken


def test_only_what_depends_on_a_parameter_runs_again():
    notebook = Notebook(PLANTED.replace("{condition}", "other > 0"))
    assert notebook.space["calls"] == [2.0]
    assert notebook.move("other", 2.0) == 1 and notebook.space["calls"] == [2.0]
    assert notebook.move("share", 0.9) == 2 and notebook.space["calls"] == [2.0, 2.8]


def test_both_ends_and_two_points_between_are_tried():
    assert Declared("n", 3, 1, 9).values == [1, 5, 9] and Declared("n", 5, 1, 9).values == [1, 3, 9]
    assert Declared("n", 1, 0, 1).values == [0]
    assert Declared("share", 0.5, 0.0, 1.0).values == [0.0, 0.25, 1.0]
    assert Declared("size", 2.0, 0.01, 100.0).values == pytest.approx([0.01, 1.0, 100.0])
