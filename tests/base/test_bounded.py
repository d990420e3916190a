from pathlib import Path

import pytest

from redrabbit.base.bounded import TooLarge, read_at_most, size_text


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 16_000)
    assert len(read_at_most(path, 16_000, "a key")) == 16_000
    path.write_bytes(b"x" * 16_001)
    with pytest.raises(TooLarge, match="larger than 16 kB; expected a key"):
        read_at_most(path, 16_000, "a key")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Unix")
def test_an_endless_file_ends() -> None:
    with pytest.raises(TooLarge):
        read_at_most(Path("/dev/zero"), 1_000, "a key")


def test_sizes_are_said_as_people_say_them() -> None:
    assert [size_text(2_000_000), size_text(16_000)] == ["2 MB", "16 kB"]
