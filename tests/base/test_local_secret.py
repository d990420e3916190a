"""The secret of an installation is made once, for its owner only."""

import stat
from pathlib import Path

import pytest

from redrabbit.base.local_secret import DamagedSecret, local_secret
from redrabbit.base.private_files import ReadableByOthers


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "plant.pepper"
    made = local_secret(path)
    assert local_secret(path) == made
    assert local_secret(tmp_path / "other.pepper") != made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_use_has_a_part_of_its_own_and_none_is_shown(tmp_path: Path) -> None:
    made = local_secret(tmp_path / "plant.pepper")
    parts = {made.part("passwords"), made.part("badges"), made.value}
    assert len(parts) == 3
    assert made.part("badges") == made.part("badges")
    assert made.value.hex() not in repr(made)


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plant.pepper"
    local_secret(path)
    path.chmod(0o640)
    with pytest.raises(ReadableByOthers, match="chmod 600"):
        local_secret(path)


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_one_that_is_damaged_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plant.pepper"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(DamagedSecret, match="Put it back"):
        local_secret(path)
    assert path.read_bytes() == content
