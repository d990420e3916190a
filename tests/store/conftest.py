"""What tests of the store ask for by name."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.sample_database import (
    Sample,
    brought_up_sample,
    moved,
    postgresql_sample,
    sqlite_sample,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A copy of the sample database of schema 1."""
    return _sample("schema_1", request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def brought_up(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    """A database that was made by the first version and brought up by each migration since: once, and then copied."""
    if request.param == "sqlite":
        return brought_up_sample(tmp_path)
    kept: Sample = request.getfixturevalue("brought_up_on_postgresql")
    copy: Callable[[str], str] = request.getfixturevalue("postgresql_copy")
    shutil.copytree(kept.key.parent, tmp_path, dirs_exist_ok=True)
    return moved(kept, tmp_path, copy(kept.url))


@pytest.fixture(scope="module")
def brought_up_on_postgresql(
    postgresql_module_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Sample:
    """The same on PostgreSQL; it is only copied."""
    found = postgresql_sample(tmp_path_factory.mktemp("brought-up"), postgresql_module_url)
    found.open().close()
    return found


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
