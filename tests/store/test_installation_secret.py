"""The secret of an installation lies beside its ledger's key."""

from pathlib import Path

import pytest

from redrabbit.services.errors import StoreTrouble
from redrabbit.store.installation_secret import installation_secret


def test_it_lies_beside_the_key_and_stays_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    made = installation_secret(url, None)
    assert (tmp_path / "plant.db.pepper").exists()
    assert installation_secret(url, tmp_path / "plant.db.key") == made
    assert installation_secret("postgresql://db/plant", tmp_path / "plant.db.key") == made


def test_what_keeps_it_from_being_read_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreTrouble, match="key_path"):
        installation_secret("postgresql://db/plant", None)
    key_path = tmp_path / "plant.key"
    installation_secret("postgresql://db/plant", key_path)
    (tmp_path / "plant.pepper").chmod(0o644)
    with pytest.raises(StoreTrouble, match="chmod 600"):
        installation_secret("postgresql://db/plant", key_path)
    with pytest.raises(StoreTrouble, match="reading the secret"):
        installation_secret("postgresql://db/plant", tmp_path / "nowhere" / "plant.key")
