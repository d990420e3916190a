"""The skip rule of tests/conftest.py: what is missing is named, and in CI nothing is skipped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SKIPPED_TEST = "import pytest\ndef test_it():\n    pytest.skip('Mosquitto is not installed')\n"
SKIPPED_MODULE = "import pytest\npytest.importorskip('no_such_module', reason='not installed')\n"
BY_CHOICE = "import pytest\ndef test_it():\n    pytest.skip('(--benchmark-skip active).')\n"


def run(folder: Path, source: str, *, no_skips: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(source)
    kept = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    kept.pop("REDRABBIT_NO_SKIPS", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rs",
         "-c", os.devnull, "--rootdir", str(folder), str(folder / "test_one.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)} | ({"REDRABBIT_NO_SKIPS": "1"} if no_skips else {}),
    )  # fmt: skip


@pytest.mark.parametrize("source", [SKIPPED_TEST, SKIPPED_MODULE], ids=["test", "module"])
def test_what_is_missing_fails_where_nothing_may_be_skipped(tmp_path: Path, source: str) -> None:
    told = run(tmp_path, source, no_skips=True)
    assert told.returncode != 0
    assert "nothing may be skipped here" in told.stdout
    assert "not installed" in told.stdout


@pytest.mark.parametrize("source", [SKIPPED_TEST, SKIPPED_MODULE], ids=["test", "module"])
def test_what_is_missing_is_skipped_by_name_elsewhere(tmp_path: Path, source: str) -> None:
    told = run(tmp_path, source, no_skips=False)
    assert "failed" not in told.stdout
    assert "1 skipped" in told.stdout
    assert "not installed" in told.stdout


def test_what_is_left_out_by_choice_is_no_failure(tmp_path: Path) -> None:
    told = run(tmp_path, BY_CHOICE, no_skips=True)
    assert told.returncode == 0
    assert "1 skipped" in told.stdout
