"""The skip rule of tests/conftest.py: what is missing is named, and in CI nothing is skipped."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SKIPPED_TEST = "import pytest\ndef test_it():\n    pytest.skip('Mosquitto is not installed')\n"
SKIPPED_MODULE = "import pytest\npytest.importorskip('no_such_module', reason='not installed')\n"
BY_CHOICE = "import pytest\ndef test_it():\n    pytest.skip('(--benchmark-skip active).')\n"


SOURCES = {
    "test_one.py": SKIPPED_TEST,
    "test_other.py": SKIPPED_MODULE,
    "test_chosen.py": BY_CHOICE,
}


def run(folder: Path, *, no_skips: bool) -> subprocess.CompletedProcess[str]:
    for name, source in SOURCES.items():
        (folder / name).write_text(source)
    kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    kept.pop("REDRABBIT_NO_SKIPS", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rs",
         "--continue-on-collection-errors", "-c", os.devnull, "--rootdir", str(folder),
         str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | ({"REDRABBIT_NO_SKIPS": "1"} if no_skips else {}),
    )  # fmt: skip


def test_what_is_missing_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    told = run(tmp_path, no_skips=True)
    assert told.returncode == 1
    assert told.stdout.count("nothing may be skipped here") == 2
    assert "Mosquitto is not installed" in told.stdout
    assert "1 failed, 1 skipped, 1 error" in told.stdout, "what is left out by choice is neither"


def test_what_is_missing_is_skipped_by_name_elsewhere(tmp_path: Path) -> None:
    told = run(tmp_path, no_skips=False)
    assert told.returncode == 0
    assert "3 skipped" in told.stdout
    assert "Mosquitto is not installed" in told.stdout
