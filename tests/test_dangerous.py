"""What makes text run as a program is used nowhere, or where it is named here with its reason (ASVS 5.0.0, 1.2, 1.3, 1.5, 3.2)."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
WEB = ROOT / "redrabbit" / "web"
MODULES = {"marshal", "pickle", "shelve", "subprocess", "xml", "lxml", "ldap", "ldap3", "pexpect"}
NAMED = {
    "redrabbit/base/apart.py: subprocess",  # reads a stranger's file in a bounded copy of this program
    "redrabbit/store/spill.py: pickle",  # reads the temporary file that this process has just written
    "redrabbit/domain/row_sum.py: marshal",  # writes bytes to be hashed, and reads none
}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv"}
JAVASCRIPT = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "Function(",
)
KEPT_OR_SENT = ("localStorage", "sessionStorage", "indexedDB", "postMessage", "document.cookie")


def modules() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for room in ("redrabbit", "simulators")
        for path in sorted((ROOT / room).rglob("*.py"))
    ]


def test_no_module_runs_programs_or_reads_what_can_make_objects() -> None:
    found = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                names = [node.module]
            found |= {f"{path}: {n.split('.')[0]}" for n in names if n.split(".")[0] in MODULES}
    assert found == NAMED


def test_no_text_is_run() -> None:
    found = [
        f"{path}:{node.lineno} {ast.unparse(node.func)}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS
    ]
    assert found == []


def test_our_scripts_make_no_html_of_text_and_keep_nothing() -> None:
    scripts = sorted((WEB / "static").glob("*.js"))
    assert scripts
    found = [
        f"{path.name}: {word}"
        for path in scripts
        for word in (*JAVASCRIPT, *KEPT_OR_SENT)
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_every_template_escapes_what_it_is_given() -> None:
    templates = sorted((WEB / "templates").rglob("*.html"))
    assert templates
    unescaped = re.compile(r"\|\s*safe\b|autoescape\s+false|<script(?![^>]*\bsrc=)[^>]*>")
    found = [path.name for path in templates if unescaped.search(path.read_text(encoding="utf-8"))]
    assert found == []
    assert "autoescape=True" in (WEB / "rendering.py").read_text(encoding="utf-8")
