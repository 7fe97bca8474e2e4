"""Claims that a file would lose, since the name that one has is bound again below it."""

import ast
from collections.abc import Iterator

from eqt_theory.core.errors import UsageError

_MAKERS = {"Claim", "repaired", "theorem", "slip"}


def require_no_lost_claim(source: bytes, file: str) -> None:
    """Require that no name of a claim is bound again at the top level of its file.

    Args:
        source: the text of the file.
        file: its name, for what Python says of it.

    Raises:
        UsageError: one is, as of two theorems whose functions have one name: nobody would look at the first.
        SyntaxError: it is no Python.
    """
    claims: dict[str, int] = {}
    for statement in ast.parse(source, file).body:
        for name in _bound(statement):
            if name in claims:
                raise UsageError(
                    f"the claim {name} of line {claims[name]} is lost, as line {statement.lineno} gives its name to "
                    "something else; name one of them otherwise"
                )
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name):
            claims.pop(statement.value.id, None)  # it has two names
        if _makes_a_claim(statement):
            claims |= dict.fromkeys(_bound(statement), statement.lineno)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.For):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = (node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
        yield from (node.id for node in names if isinstance(node.ctx, ast.Store))  # claim.x = 1 leaves the claim alone


def _makes_a_claim(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return any(_calls_a_maker(decorator) for decorator in statement.decorator_list)
    return isinstance(statement, ast.Assign | ast.AnnAssign) and _calls_a_maker(statement.value)


def _calls_a_maker(node: ast.expr | None) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else None
    return name in _MAKERS
