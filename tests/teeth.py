"""Which tests can fail: those that assert, or call a function of the tests that does.

Names are looked up as Python would find them from the outside: in the test's own module, then in
the modules of `tests/` that it imports from. A name alone is no proof: `check_nothing` counts only
if what it names asserts, or calls what asserts, and so on.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

OWN_TEETH = {"raises", "warns", "fail", "validate_response"}
"""Calls that fail by themselves: pytest's, and Schemathesis's `case.validate_response`."""
FIXTURES_WITH_TEETH = {"benchmark"}
"""A benchmark measures; what it finds is judged by whoever reads it."""


def toothless_tests(root: Path) -> list[str]:
    """Return the tests under `root` that nothing can make fail but a crash."""
    modules = {_name(root, path): _Module(path) for path in sorted(root.rglob("*.py"))}
    return [
        f"{module.path.relative_to(root.parent).as_posix()}:{test.lineno} {test.name}"
        for module in modules.values()
        if module.path.name.startswith("test_")
        for test in module.tests()
        if not _bites(test, module, modules, set())
    ]


def _name(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts)


class _Module:
    """The functions of a module by name, and what it imports from other modules of the tests."""

    def __init__(self, path: Path) -> None:
        self.path = path
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions: dict[str, list[Function]] = {}
        self.imports: dict[str, str] = {}
        """Imported name → where it comes from, dotted."""
        for node in ast.walk(tree):
            if isinstance(node, Function):
                self.functions.setdefault(node.name, []).append(node)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
                for each in node.names:
                    self.imports[each.asname or each.name] = f"{node.module}.{each.name}"

    def tests(self) -> Iterator[Function]:
        for found in self.functions.values():
            yield from (each for each in found if each.name.startswith("test_"))

    def sources(self) -> set[str]:
        """Return the modules of the tests that this one takes anything from."""
        return {end for name in self.imports.values() for end in (name, name.rpartition(".")[0])}


def _bites(
    function: Function, module: _Module, modules: dict[str, _Module], seen: set[int]
) -> bool:
    if id(function) in seen:
        return False
    seen.add(id(function))
    arguments = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
    if arguments & FIXTURES_WITH_TEETH:
        return True
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        name = _called(node)
        if name in OWN_TEETH:
            return True
        if name and any(
            _bites(found, where, modules, seen) for found, where in _found(name, module, modules)
        ):
            return True
    return False


def _called(node: ast.AST) -> str | None:
    """Return the last name of what a call calls: `b` of `a.b()`."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else None


def _found(
    name: str, module: _Module, modules: dict[str, _Module]
) -> Iterator[tuple[Function, _Module]]:
    """Yield the functions and methods that the name may mean in this module."""
    for where in (module, *(modules[each] for each in module.sources() if each in modules)):
        for found in where.functions.get(name, ()):
            yield found, where
