"""What tests of the store ask for by name."""

from pathlib import Path

import pytest

from tests.store.sample_database import Sample, postgresql_sample, sqlite_sample


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 1."""
    if request.param == "sqlite":
        return sqlite_sample(tmp_path)
    return postgresql_sample(tmp_path, request.getfixturevalue("postgresql_url"))
