"""A database is named in one place, and its password is never where others can read it (D24)."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from redrabbit.base.database_address import VARIABLE, WrongAddress, database_url
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.engine import parsed_url, shown

SQLITE = "sqlite:///plant.sqlite3"
SECRET = "PgSecret99"
WITH_SECRET = f"postgresql://rr:{SECRET}@db.plant/redrabbit"


def private(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_each_of_the_three_names_the_database(tmp_path: Path) -> None:
    file = private(tmp_path / "address", f"{WITH_SECRET}\n")
    assert database_url(SQLITE, None, {}) == SQLITE
    assert database_url(None, file, {}) == WITH_SECRET
    assert database_url(None, None, {VARIABLE: WITH_SECRET}) == WITH_SECRET


@pytest.mark.parametrize(
    ("by_option", "by_file", "by_environment"),
    [each for each in itertools.product([False, True], repeat=3) if sum(each) != 1],
)
def test_none_or_several_are_refused(
    by_option: bool, by_file: bool, by_environment: bool, tmp_path: Path
) -> None:
    file = private(tmp_path / "address", SQLITE)
    with pytest.raises(WrongAddress, match="expected exactly one") as refused:
        database_url(
            SQLITE if by_option else None,
            file if by_file else None,
            {VARIABLE: WITH_SECRET} if by_environment else {},
        )
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        WITH_SECRET,
        f"postgresq://rr:{SECRET}@db.plant/redrabbit",
        f"postgresql+psycopg://rr:{SECRET}/slash@db.plant/redrabbit",
        f"postgresql://rr@db.plant/redrabbit?password={SECRET}",
        f"postgresql:///redrabbit?host=db&sslpassword={SECRET}",
        f"postgresql://:{SECRET}@db.plant/redrabbit",
    ],
)
def test_a_password_on_the_command_line_is_refused_unrepeated(url: str) -> None:
    with pytest.raises(WrongAddress, match=f"{VARIABLE}.*--database-file.*PGPASSFILE") as refused:
        database_url(url, None, {})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://rr@db.plant:5432/redrabbit?sslmode=require",
        "postgresql:///redrabbit",
        "sqlite:////srv/a:b@c/plant.sqlite3",
        "sqlite:///C:/plant@home.sqlite3",
    ],
)
def test_an_address_without_a_password_may_stand_there(url: str) -> None:
    assert database_url(url, None, {}) == url


@given(st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=6))
def test_whatever_the_password_is_it_is_found(password: str) -> None:
    url = URL.create("postgresql", "rr", password, "db.plant", database="redrabbit")
    with pytest.raises(WrongAddress):
        database_url(url.render_as_string(hide_password=False), None, {})
    assert shown(url) == "postgresql://db.plant/redrabbit"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresq://rr:{SECRET}@db.plant/redrabbit",
        f"postgresql://rr:{SECRET}",
        f"postgresql+nosuch://rr:{SECRET}@db.plant/redrabbit",
        f"rr:{SECRET}@db.plant/redrabbit",
        f"mysql://rr:{SECRET}@db.plant/redrabbit",
        f"{SECRET}",
    ],
)
def test_a_mistyped_address_is_not_repeated(url: str) -> None:
    with pytest.raises(StoreTrouble, match="expected sqlite:///PATH or postgresql://") as refused:
        parsed_url(url)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = private(tmp_path / "address", WITH_SECRET)
    file.chmod(0o640)
    with pytest.raises(WrongAddress, match=r"mode 0640.*chmod 600") as refused:
        database_url(None, file, {})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "found 0 words"), (b"a b", "found 2 words"), (b"\xff\xfe", "no text")],
)
def test_a_file_with_anything_else_in_it_is_refused(
    content: bytes, words: str, tmp_path: Path
) -> None:
    file = private(tmp_path / "address", "")
    file.write_bytes(content)
    with pytest.raises(WrongAddress, match=words):
        database_url(None, file, {})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongAddress, match="No such file"):
        database_url(None, tmp_path / "address", {})
