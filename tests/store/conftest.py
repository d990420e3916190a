"""What tests of the store ask for by name."""

from pathlib import Path

import pytest

from tests.store.sample_database import Sample, postgresql_sample, sqlite_sample


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 1."""
    return _sample("schema_1", request.param, request, tmp_path)


@pytest.fixture(
    params=[
        *((name, where) for name in ("schema_2", "schema_3") for where in ("sqlite", "postgresql")),
        ("changed_key", "sqlite"),
    ],
    ids="-".join,
)
def later_sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Sample]:
    """A copy of a sample database that is later than schema 1, and which one that is."""
    name, where = request.param
    return name, _sample(name, where, request, tmp_path)


def _sample(name: str, where: str, request: pytest.FixtureRequest, folder: Path) -> Sample:
    if where == "sqlite":
        return sqlite_sample(folder, name)
    return postgresql_sample(folder, request.getfixturevalue("postgresql_url"), name)
