"""A notebook whose parameters can be moved: for another value only the cells run again that depend on it.

`watch` and `move_all` run in the notebook's kernel: what it has come to is where the moves begin.
"""

import ast
import re
import symtable
import warnings
from dataclasses import dataclass, field
from typing import Any

from eqt_theory import UsageError
from eqt_theory.report.plots import Chart
from eqt_theory.report.sliders import Sliders

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
        """Both ends, and their middle where the first run was at one of them."""
        ends = [self.low, self.high]
        middle = type(self.value)(self.low + (self.high - self.low) / 2)
        return sorted({*ends, *([middle] if self.value in ends else [])} - {self.value})


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
    """A source that runs once, cell by cell, and whose parameters can then be moved."""

    def __init__(self, source: str, space: dict[str, Any]) -> None:
        parts = _MARK.split(source)[1:]
        marks = _MARK.findall(source)
        code = [p.strip("\n") for m, p in zip(marks, parts, strict=True) if "[markdown]" not in m and p.strip()]
        self.every = [Cell.of(part) for part in code]
        self.cells = self._needed()
        self.parameters: list[Declared] = []
        self.space = space

    @classmethod
    def run(cls, source: str) -> "Notebook":
        """Run what the moves need, in this process."""
        notebook = cls(source, {})
        for cell in notebook.cells:
            cell.run(notebook.space, draw=False)
            notebook.ran(cell)
        return notebook

    def ran(self, cell: Cell) -> None:
        """Keep what a cell has just left behind in the first run."""
        cell.left = {name: self.space[name] for name in cell.writes if name in self.space}
        self.parameters += declared(cell.tree, self.space)

    def _needed(self) -> list[Cell]:
        """The cells that depend on a parameter, and what they rest on: a proof for all numbers is neither."""
        fresh = {name for cell in self.every for name in named(cell.tree)}
        dependent = []
        for cell in self.every:
            if named(cell.tree) or cell.reads & fresh:
                dependent.append(cell)
                fresh |= cell.writes
            else:
                fresh -= cell.writes
        needed, wanted = [], set()
        for cell in reversed(self.every):
            if cell in dependent or cell.writes & wanted:
                needed.append(cell)
                wanted = (wanted - cell.writes) | cell.reads
        return needed[::-1]

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

    def move_all(self) -> None:
        """Every parameter over its range and out of it; an AssertionError says what breaks."""
        assert self.parameters
        for parameter in self.parameters:
            assert parameter.low <= parameter.value <= parameter.high
            for value in parameter.values:
                try:
                    ran = self.move(parameter.name, value, draw=value == parameter.low)
                except Exception as error:
                    raise AssertionError(f"{parameter.name} = {value!r}: {error!r}") from error
                assert ran, f"nothing depends on {parameter.name}"
            for outside in (parameter.low - 1, parameter.high + 1):
                self._refused(parameter.name, outside)
            self.restore()

    def _refused(self, name: str, value: float) -> None:
        try:
            self.move(name, value)
        except UsageError as error:
            assert re.match(rf"{name} must (lie between|be a whole number)", str(error)), error
        else:
            raise AssertionError(f"{name} = {value!r} is taken")

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


class Watched(Notebook):
    """A notebook whose first run is that of the kernel that this is made in."""

    def __init__(self, source: str, shell: Any) -> None:
        super().__init__(source, shell.user_ns)
        self._shell = shell
        self._next = iter(self.every)
        shell.events.register("post_run_cell", self._seen)

    def _seen(self, result: Any) -> None:
        if (code := result.info.raw_cell).startswith(HIDDEN):
            return
        cell = next(self._next)
        assert cell.code == code
        if cell in self.cells:
            self.ran(cell)

    def move_all(self) -> None:
        """After the first run, with warnings as errors, as in every test."""
        self._shell.events.unregister("post_run_cell", self._seen)
        assert next(self._next, None) is None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            super().move_all()


HIDDEN = "# hidden\n"
BEFORE = (
    HIDDEN
    + """import sys
sys.path.append({folder!r})
from notebook_parameters import Watched
get_ipython().watched = Watched({source!r}, get_ipython())
del sys, Watched"""
)
AFTER = HIDDEN + "get_ipython().watched.move_all()"
"""What a kernel runs before and after the cells of a notebook."""
