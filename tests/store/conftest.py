"""What tests of the store ask for by name."""

from pathlib import Path

import pytest

from tests.store.sample_database import Sample, postgresql_sample, sqlite_sample


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 1."""
    return _sample("schema_1", request.param, request, tmp_path)


@pytest.fixture(
    params=[(schema, where) for schema in (2, 3) for where in ("sqlite", "postgresql")],
    ids=lambda of: f"{of[0]}-{of[1]}",
)
def later_sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[int, Sample]:
    """A copy of the sample database of a later schema, and which one that is."""
    schema, where = request.param
    return schema, _sample(f"schema_{schema}", where, request, tmp_path)


def _sample(name: str, where: str, request: pytest.FixtureRequest, folder: Path) -> Sample:
    if where == "sqlite":
        return sqlite_sample(folder, name)
    return postgresql_sample(folder, request.getfixturevalue("postgresql_url"), name)
