"""The house keeps its own rules: sizes, mirrors, words, and nothing left lying about (style.md)."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teeth import toothless_tests

ROOT = Path(__file__).parent.parent
PRODUCT = ("redrabbit", "simulators")
MODULE_WALL_LINES = 500
FUNCTION_WALL_LINES = 70
TOP_LEVEL = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "NOTICE",
    "README.md",
    "SECURITY.md",
    "constraints.txt",
    "docs",
    "pyproject.toml",
    "redrabbit",
    "requirements.lock",
    "simulators",
    "station_configs",
    "tests",
}
BANNED_NAMES = {"manager", "handler", "helper", "helpers", "utils", "util", "data", "info", "misc"}


def product_modules() -> list[Path]:
    return [
        path
        for folder in PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations/versions" not in path.as_posix()
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return listed.stdout.splitlines()


def test_no_module_is_longer_than_the_wall() -> None:
    too_long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in product_modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_WALL_LINES
    }
    assert too_long == {}


def test_no_function_is_longer_than_the_wall() -> None:
    too_long = {
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}": lines
        for path in product_modules()
        for node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_WALL_LINES
    }
    assert too_long == {}


def test_no_module_hides_behind_an_empty_name() -> None:
    named = {path.stem for path in product_modules()}
    assert named & BANNED_NAMES == set()


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in product_modules()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("room", ["domain", "services/queries"])
def test_every_module_of_the_rules_and_of_the_pages_has_its_own_test_module(room: str) -> None:
    untested = [
        path.name
        for path in sorted((ROOT / "redrabbit" / room).glob("*.py"))
        if path.name != "__init__.py" and not (ROOT / "tests" / room / f"test_{path.name}").exists()
    ]
    assert untested == []


def test_the_top_level_is_what_the_user_chose() -> None:
    found = {name.split("/", 1)[0] for name in tracked_files()}
    assert {name for name in found if not name.startswith(".")} <= TOP_LEVEL


def test_nothing_is_left_for_later_in_the_product() -> None:
    left = [
        f"{path.relative_to(ROOT).as_posix()}:{number} {line.strip()}"
        for path in product_modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"\b(TODO|FIXME|XXX|NotImplementedError|MagicMock)\b|unittest\.mock", line)
    ]
    assert left == []


def test_every_exception_from_a_rule_gives_its_reason() -> None:
    bare = [
        f"{path.relative_to(ROOT).as_posix()}:{number} {line.strip()}"
        for path in [*product_modules(), *sorted((ROOT / "tests").rglob("*.py"))]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := re.search(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[^\]]+\])(.*)$", line))
        and len(found.group(1).strip(" #")) < len("because")
    ]
    assert bare == []


def test_the_cases_of_a_test_have_an_order() -> None:
    """A set's differs from process to process, and pytest-xdist then refuses to begin."""
    unordered = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "parametrize"
        and any(_is_a_set(cases) for cases in node.args[1:2])
    ]
    assert unordered == []


def _is_a_set(cases: ast.expr) -> bool:
    if isinstance(cases, ast.BinOp):
        return _is_a_set(cases.left) or _is_a_set(cases.right)
    if isinstance(cases, ast.Call):
        return isinstance(cases.func, ast.Name) and cases.func.id in {"set", "frozenset"}
    return isinstance(cases, ast.Set | ast.SetComp)


@pytest.mark.parametrize(
    ("cases", "is_a_set"),
    [("set(x) - {1}", True), ("{x for x in y}", True), ("sorted({1})", False), ("[1]", False)],
)
def test_cases_without_an_order_are_found(cases: str, is_a_set: bool) -> None:
    assert _is_a_set(ast.parse(cases, mode="eval").body) is is_a_set


def test_every_test_can_fail() -> None:
    assert toothless_tests(ROOT / "tests") == []


@pytest.mark.parametrize(
    ("body", "is_toothless"),
    [
        ("assert 1", False),
        ("with pytest.raises(ValueError): int('a')", False),
        ("check_it(1)", False),
        ("check_nothing()", True),
        ("must_be_it = 'must_'", True),
        ("judge.check_it(1)", False),
        ("loop()", True),
        ("'assert'", True),
    ],
)
def test_a_test_without_teeth_is_found(tmp_path: Path, body: str, is_toothless: bool) -> None:
    """A name that sounds like a check is none: what it names has to assert."""
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "checks.py").write_text(
        "def check_it(n):\n    assert n\n\ndef check_nothing(): pass\n\ndef loop(): loop()\n"
    )
    (tests / "test_x.py").write_text(
        "from tests import checks as judge\nfrom tests.checks import check_it, check_nothing, loop\n"
        f"def test_it():\n    {body}\n"
    )
    assert bool(toothless_tests(tests)) is is_toothless


def imported_modules(path: Path) -> set[str]:
    """Return what a module imports, dotted, in whatever way; relative imports made whole."""
    package = path.relative_to(ROOT).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            found |= {f"{base}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in {"import_module", "__import__"}:
                found.add("a name that only running tells")
    return found


def strangers(folder: str, *allowed: str) -> list[str]:
    """Return what modules of a folder import besides the standard library and what is allowed."""
    return [
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(imported_modules(path))
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(name == each or name.startswith(f"{each}.") for each in allowed)
    ]


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    """Whatever the third party is called: a list of names would let in the next one."""
    assert strangers("redrabbit/domain", "redrabbit.domain") == []
    assert strangers("redrabbit/services", "redrabbit.domain") != []


def test_simulators_know_the_configuration_and_the_clock_only() -> None:
    """What judges must not be known to what is judged; the package itself tells its folder."""
    allowed = ("simulators", "redrabbit.config", "redrabbit.base.clock")
    own = {name.partition(": ")[2] for name in strangers("simulators", *allowed)}
    assert {name for name in own if name.partition(".")[0] == "redrabbit"} <= {"redrabbit"}
    assert strangers("simulators", "simulators") != strangers("simulators", *allowed)


def test_only_the_demo_knows_the_simulators() -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "redrabbit").rglob("*.py")
        if any(name.partition(".")[0] == "simulators" for name in imported_modules(path))
    }
    assert knowing == {"redrabbit/demo.py", "redrabbit/demo_people.py"}


def test_no_address_of_a_package_registry_is_committed() -> None:
    pattern = re.compile(r"index-url|find-links|https?://[^ \"']*/simple\b")
    named = []
    for name in tracked_files():
        path = ROOT / name
        if not path.is_file() or path == Path(__file__) or path.suffix in {".woff2", ".png"}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        if pattern.search(text):
            named.append(name)
    assert named == []


NOT_HERE = re.compile(r"\([^()`\n]*\b(?:[CFKSTU]\d{1,2}(?:\.\d+)?|issue \d+)\b[^()`\n]*\)")
"""What a reader of this repository can't look up: numbers of a tracker, and of findings that were never published."""


def test_no_comment_names_what_stands_elsewhere() -> None:
    """A rule is said, or cited by its decision (`docs/decisions/`) or by R, B, D and L number."""
    assert NOT_HERE.search("another key signs (issue 7, U5)")
    found = {
        f"{path.relative_to(ROOT).as_posix()}:{number}": line.strip()
        for path in product_modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if NOT_HERE.search(line) and "its issue" not in line
    }
    assert found == {}
