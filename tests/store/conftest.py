"""What tests of the store ask for by name."""

from pathlib import Path

import pytest

from tests.store.sample_database import Sample, postgresql_sample, sqlite_sample


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 1."""
    return _sample("schema_1", request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def sample_of_schema_2(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 2."""
    return _sample("schema_2", request, tmp_path)


def _sample(name: str, request: pytest.FixtureRequest, folder: Path) -> Sample:
    if request.param == "sqlite":
        return sqlite_sample(folder, name)
    return postgresql_sample(folder, request.getfixturevalue("postgresql_url"), name)
