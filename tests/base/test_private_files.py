"""Records and keys are for their owner only, whatever the umask."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from redrabbit.base.private_files import (
    ReadableByOthers,
    create_private,
    make_private,
    refuse_readable_by_others,
    replace_private,
    write_private,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_its_owners_only(tmp_path: Path) -> None:
    create_private(tmp_path / "a")
    write_private(tmp_path / "b", b"words")
    assert mode(tmp_path / "a") == mode(tmp_path / "b") == 0o600
    assert (tmp_path / "b").read_bytes() == b"words"


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    write_private(tmp_path / "a", b"first")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


@pytest.mark.parametrize("others", range(0o100))
def test_any_right_of_anybody_else_is_refused(others: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    create_private(path)
    path.chmod(0o600 | others)
    if others:
        with pytest.raises(ReadableByOthers, match=rf"mode {0o600 | others:04o}.*chmod 600"):
            refuse_readable_by_others(path, "a signing key")
    else:
        refuse_readable_by_others(path, "a signing key")
        assert mode(path) == 0o600


@pytest.mark.parametrize("others", [0o044, 0o007, 0o060, 0])
def test_rights_of_others_are_taken_away(others: int, tmp_path: Path) -> None:
    path = tmp_path / "a"
    create_private(path)
    path.chmod(0o600 | others)
    make_private(path)
    assert mode(path) == 0o600
    make_private(tmp_path / "not there")
    assert not (tmp_path / "not there").exists()


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "records.head"
    left, other, longer = (
        tmp_path / name
        for name in (
            ".records.head.46070cc9",
            ".records.mark.46070cc9",
            ".records.head.46070cc9.txt",
        )
    )
    living = tmp_path / ".records.head.deadbeef"
    for each in (left, other, longer, living):
        each.touch()
    for each in (left, other, longer):
        os.utime(each, (1, 1))
    replace_private(path, b"new")
    assert {each.name for each in tmp_path.iterdir()} == {
        path.name, other.name, longer.name, living.name
    }  # fmt: skip
    assert path.read_bytes() == b"new"
