"""Any column changed, any row removed or added, is found and named (D13).

Every column of every listed projection, of the ledger and of its head is changed in turn, behind
the program's back, in every row and to several values; each act is taken back afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, type_coerce, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import NullType

from redrabbit.base.signing import Verifier, load_public_key
from redrabbit.cli import main
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Event
from redrabbit.domain.records import TABLES, SignatureRecord
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.signables import leaf_of
from redrabbit.store.engine import parsed_url, writer_engine
from redrabbit.store.opening import open_database
from redrabbit.store.tables import (
    BLOBS,
    LEDGER,
    LEDGER_HEAD,
    RECORD_DIGESTS,
    RECORD_TABLES,
    STATED_NAMES,
)
from redrabbit.store.verification import audit_rows, audit_rows_beside, verify_database
from redrabbit.store.verification_beside import compare_told
from tests.store.sample_database import Sample, played
from tests.stored import RECORDING, SteppingClock, any_fold, bare, happened, put, sample

ANNA = StatedName(name="Anna Li 李娜", salt=bytes(16))
LAID_BESIDE_EVERY = 5
"""Times that something is verified it is done in the other way, too: all of it would take twice as long."""
GUARDED: Mapping[str, Table] = {
    table.name: table for table in (*RECORD_TABLES.values(), LEDGER, LEDGER_HEAD, RECORD_DIGESTS)
}


def fill(url: str, key_path: Path) -> None:
    """Make two records of each kind, one with every None that it may have, on three streams."""
    with open_database(
        url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING, key_path=key_path
    ) as database:
        for place, kind in enumerate(TABLES):
            for record in (sample(kind, 1), bare(kind, 2)):
                if isinstance(record, SignatureRecord):  # over an entry that is there
                    leaf = database.read_now(lambda reader: leaf_of(reader, 0))
                    record = replace(record, of_entry=0, leaf_hash=leaf)  # noqa: PLW2901  because it is the same record, over another entry
                event = put(record, stream=f"line-{place % 3}")
                database.write_now(partial(_append, event))
        database.write_now(lambda work: work.append(happened("noted")))
        database.write_now(lambda work: work.keep_name(ANNA))


def _append(event: Event, work: UnitOfWork) -> None:
    work.append(event)


class Vandal:
    """Writes to the database behind the program's back, and tells what verification finds."""

    def __init__(self, connection: Connection, verifier: Verifier) -> None:
        self.connection = connection
        self.verifier = verifier
        self._asked = 0

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        act = self.connection.begin_nested()
        try:
            yield
        finally:
            act.rollback()

    def findings(self) -> tuple[Finding, ...]:
        """Return what is found, which is the same where records are folded and compared elsewhere."""
        found = audit_rows(self.connection, self.verifier, any_fold)
        self._asked += 1
        if self._asked % LAID_BESIDE_EVERY:
            return found.findings
        beside = audit_rows_beside(
            self.connection,
            self.verifier,
            any_fold,
            lambda: compare_told(self.connection, any_fold),
        )
        if beside is not None:
            assert beside.findings == found.findings
            assert (beside.size, beside.root) == (found.size, found.root)
        return found.findings

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return all rows as the driver has them."""
        columns: list[Any] = [type_coerce(c, NullType()).label(c.name) for c in table.columns]
        found = self.connection.execute(select(*columns).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]

    def change(self, table: Table, row: Mapping[str, Any], column: str, value: Any) -> None:
        changed = {table.c[column]: type_coerce(value, NullType())}
        self.connection.execute(update(table).where(*_this(table, row)).values(changed))

    def remove(self, table: Table, row: Mapping[str, Any]) -> None:
        self.connection.execute(delete(table).where(*_this(table, row)))

    def add(self, table: Table, row: Mapping[str, Any]) -> None:
        values = {table.c[name]: type_coerce(value, NullType()) for name, value in row.items()}
        self.connection.execute(insert(table).values(values))

    def other_values(self, table: Table, column: str, old: Any) -> list[Any]:
        """Return values to put in place of the old one, near ones first; NULL is tried, too."""
        others: list[Any] = []
        if isinstance(old, bool):
            others = [not old, None]
        elif isinstance(old, int):
            others = [old + 1_000_000, -old - 1, 2, None]
        elif isinstance(old, float):
            others = [old + 2**-40, -old, None]
        elif isinstance(old, bytes):
            others = [bytes([old[0] ^ 1]) + old[1:], old[:-1], b"", None]
        elif isinstance(old, str):
            others = [old + " ", old[:-1] + "\N{CYRILLIC SMALL LETTER A}", "", None]
        else:
            others = [row[column] for row in self.rows(table) if row[column] is not None]
        if table.c[column] is LEDGER_HEAD.c.records:
            others.remove(None)  # without a seal the whole ledger is folded at the next opening
        return [other for other in others if other != old]


def _this(table: Table, row: Mapping[str, Any]) -> list[Any]:
    return [type_coerce(key, NullType()) == row[key.name] for key in table.primary_key.columns]


@contextmanager
def vandal(url: str, public_key: Path) -> Iterator[Vandal]:
    engine = writer_engine(parsed_url(url))
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
                connection.rollback()
            yield Vandal(connection, load_public_key(public_key))
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "plant.db"
    fill(f"sqlite:///{path}", path.with_name("plant.db.key"))
    return path


@pytest.fixture(scope="module")
def sqlite_vandal(filled: Path) -> Iterator[Vandal]:
    with vandal(f"sqlite:///{filled}", filled.with_name("plant.db.pub")) as found:
        yield found


def assert_columns_are_guarded(
    at_work: Vandal, table: Table, *, rows: int = 9, values: int = 9
) -> None:
    """Change each column of so many rows to so many other values; each must be named."""
    assert at_work.findings() == ()
    for row in at_work.rows(table)[:rows]:
        for column in row:
            changed = 0
            for value in at_work.other_values(table, column, row[column]):
                with at_work.taken_back():
                    try:
                        at_work.change(table, row, column, value)
                    except IntegrityError:
                        continue  # the database itself refuses it
                    changed += 1
                    assert_named(at_work.findings(), table, [row, {**row, column: value}], column)
                if changed == values:
                    break
            assert changed, f"{table.name}.{column} of {row} was never changed"


def assert_columns_are_guarded_together(at_work: Vandal, tables: Sequence[Table]) -> None:
    """Change the first column of the first row of each table, then their second columns, and so on; each must be named.

    As strict as one after another, and thirty times quicker: a change that hides another one fails it.
    """
    assert at_work.findings() == ()
    rows = {table: at_work.rows(table)[0] for table in tables}
    for place in range(max(len(row) for row in rows.values())):
        with at_work.taken_back():
            changed = [
                (table, row, column, _changed_to_anything(at_work, table, row, column))
                for table, row in rows.items()
                for column in list(row)[place : place + 1]
            ]
            findings = at_work.findings()
        for table, row, column, value in changed:
            assert_named(findings, table, [row, {**row, column: value}], column)


def _changed_to_anything(
    at_work: Vandal, table: Table, row: Mapping[str, Any], column: str
) -> object:
    """Change a column to the first other value that the database takes, and return that."""
    for value in at_work.other_values(table, column, row[column]):
        try:
            with at_work.connection.begin_nested():
                at_work.change(table, row, column, value)
        except IntegrityError:
            continue
        return value
    raise AssertionError(f"{table.name}.{column} of {row} was never changed")


def assert_rows_are_guarded(at_work: Vandal, table: Table) -> None:
    for row in at_work.rows(table):
        with at_work.taken_back():
            at_work.remove(table, row)
            assert_named(at_work.findings(), table, [row])
        added = another(table, row)
        with at_work.taken_back():
            at_work.add(table, added)
            assert_named(at_work.findings(), table, [added])


def assert_rows_are_guarded_together(at_work: Vandal, tables: Sequence[Table]) -> None:
    """Remove the first row of each table, then the second ones; then add one to each."""
    rows = {table: at_work.rows(table) for table in tables}
    for place in range(max(len(found) for found in rows.values())):
        here = {table: found[place] for table, found in rows.items() if place < len(found)}
        with at_work.taken_back():
            for table, row in here.items():
                at_work.remove(table, row)
            findings = at_work.findings()
        for table, row in here.items():
            assert_named(findings, table, [row])
        with at_work.taken_back():
            for table, row in here.items():
                at_work.add(table, another(table, row))
            findings = at_work.findings()
        for table, row in here.items():
            assert_named(findings, table, [another(table, row)])


def another(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row that could stand beside this one."""
    unique = {"check_id", "stream"} | {key.name for key in table.primary_key.columns}
    return {
        name: value
        if name not in unique
        else value + 1_000_000
        if isinstance(value, int)
        else f"{value}-2"
        for name, value in row.items()
    }


def assert_named(
    findings: tuple[Finding, ...],
    table: Table,
    rows: list[Mapping[str, Any]],
    column: str = "",
) -> None:
    """Check that a finding names the record: a row of the ledger only roughly, as it is a chain."""
    places = [finding.place for finding in findings]
    keys = [", ".join(str(row[key.name]) for key in table.primary_key.columns) for row in rows]
    if table is RECORD_DIGESTS or table.c.get(column) is LEDGER_HEAD.c.records:
        assert "record_digests" in places, (table.name, column, findings)
    elif table is LEDGER or table is LEDGER_HEAD:
        assert any(place.startswith("ledger") for place in places), (table.name, column, rows)
    else:
        assert any(place == f"{table.name}[{key}]" for place in places for key in keys), (
            f"{table.name}.{column} of {keys}: {findings}"
        )


@pytest.mark.parametrize("name", GUARDED)
def test_every_changed_column_is_found_on_sqlite(sqlite_vandal: Vandal, name: str) -> None:
    assert_columns_are_guarded(sqlite_vandal, GUARDED[name], rows=2, values=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", GUARDED)
def test_every_other_value_of_a_column_is_found_on_sqlite(sqlite_vandal: Vandal, name: str) -> None:
    """Near and far values, in every row; what came of it stands in docs/figures.md."""
    assert_columns_are_guarded(sqlite_vandal, GUARDED[name])


@pytest.mark.parametrize("name", GUARDED)
def test_every_row_removed_or_added_is_found_on_sqlite(sqlite_vandal: Vandal, name: str) -> None:
    assert_rows_are_guarded(sqlite_vandal, GUARDED[name])


def test_every_change_is_found_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    fill(postgresql_url, tmp_path / "plant.key")
    with vandal(postgresql_url, tmp_path / "plant.pub") as at_work:
        at_work.connection.exec_driver_sql(
            "ALTER TABLE ledger_head DROP CONSTRAINT ck_ledger_head_one_row"
        )
        records = list(RECORD_TABLES.values())
        assert_columns_are_guarded_together(at_work, records)
        assert_rows_are_guarded_together(at_work, records)
        for table in (LEDGER, LEDGER_HEAD, RECORD_DIGESTS):  # there one change hides the next
            assert_columns_are_guarded(at_work, table, rows=1, values=1)
            assert_rows_are_guarded(at_work, table)
        assert_columns_are_guarded(at_work, STATED_NAMES, rows=1, values=1)


@pytest.fixture(scope="module")
def told_by_a_plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The story of the samples: names, blobs, real facts, and something of each erased."""
    return played(tmp_path_factory.mktemp("played"))


@pytest.fixture(scope="module")
def plants_vandal(told_by_a_plant: Sample) -> Iterator[Vandal]:
    with vandal(told_by_a_plant.url, told_by_a_plant.public_key) as found:
        yield found


@pytest.mark.parametrize("table", [STATED_NAMES, BLOBS], ids=["stated_names", "blobs"])
def test_every_change_of_a_name_or_blob_is_found(plants_vandal: Vandal, table: Table) -> None:
    """D51, D65: of both the ledger has the digest."""
    assert_columns_are_guarded(plants_vandal, table, rows=3)
    for row in plants_vandal.rows(table)[:6]:
        with plants_vandal.taken_back():
            plants_vandal.remove(table, row)
            assert_named(plants_vandal.findings(), table, [row])


def test_what_no_entry_names_proves_nothing_and_is_no_finding(plants_vandal: Vandal) -> None:
    """A name is kept before its first act, which may be refused."""
    name = StatedName(name="Dora", salt=bytes(16))
    with plants_vandal.taken_back():
        row = {"id": name.id, "name": name.name, "salt": name.salt}
        plants_vandal.add(STATED_NAMES, row)
        assert plants_vandal.findings() == ()
        plants_vandal.change(STATED_NAMES, row, "name", "Dorothea")
        (finding,) = plants_vandal.findings()
    assert (finding.code, finding.place) == ("name_differs", f"stated_names[{name.id}]")


def test_every_payload_of_a_plant_is_guarded(plants_vandal: Vandal) -> None:
    """D51: changed or removed, in each entry; with salt and payload both gone it looks erased.

    Behind a change of the key that is gone nothing can be read on: the damage itself says so.
    """
    for row in plants_vandal.rows(LEDGER)[::7]:
        if row["payload"] is None:
            continue
        for column in ("payload", "salt"):
            with plants_vandal.taken_back():
                changed = plants_vandal.other_values(LEDGER, column, row[column])[0]
                plants_vandal.change(LEDGER, row, column, changed)
                (first, *_) = plants_vandal.findings()
            assert (first.code, first.place) == ("entry_unreadable", f"ledger[{row['index']}]")
        with plants_vandal.taken_back():
            plants_vandal.change(LEDGER, row, "payload", None)
            plants_vandal.change(LEDGER, row, "salt", None)
            places = {(found.code, found.place) for found in plants_vandal.findings()}
        is_of_keys = row["type"] == KeyChanged.TYPE
        code = "entry_does_not_fold" if is_of_keys else "payload_missing"
        assert (code, f"ledger[{row['index']}]") in places


def test_what_was_erased_by_a_rule_is_counted_and_no_finding(told_by_a_plant: Sample) -> None:
    """D51: a payload, a name and a blob of the story."""
    told = verify_database(told_by_a_plant.url, public_key=told_by_a_plant.public_key)
    assert told.findings == ()
    assert told.erased == 1
    assert told.erasable is not None
    assert [len(each) for each in (told.erasable.erased_names, told.erasable.erased_blobs)] == [
        1,
        1,
    ]


def test_verify_says_how_many_payloads_are_gone(
    told_by_a_plant: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--database", told_by_a_plant.url, "--public-key", str(told_by_a_plant.public_key)]
    assert main(["verify", *asked]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("verified: 1")


def test_what_was_erased_can_not_come_back_as_something_else(plants_vandal: Vandal) -> None:
    (hole,) = (row for row in plants_vandal.rows(LEDGER) if row["payload"] is None)
    other = next(row for row in plants_vandal.rows(LEDGER) if row["payload"] is not None)
    with plants_vandal.taken_back():
        for column in ("payload", "salt"):
            plants_vandal.change(LEDGER, hole, column, other[column])
        (first, *_) = plants_vandal.findings()
    assert (first.code, first.place) == ("entry_unreadable", f"ledger[{hole['index']}]")


def test_the_ledger_names_the_very_entry_that_was_changed(sqlite_vandal: Vandal) -> None:
    for row in sqlite_vandal.rows(LEDGER):
        for column in ("type", "stream_seq", "occurred_at", "raw", "leaf_hash", "salt", "payload"):
            value = sqlite_vandal.other_values(LEDGER, column, row[column])[0]
            with sqlite_vandal.taken_back():
                sqlite_vandal.change(LEDGER, row, column, value)
                (first, *_) = sqlite_vandal.findings()
            assert first.place == f"ledger[{row['index']}]"


def test_the_command_behind_verify_finds_what_was_committed(filled: Path, tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    path.write_bytes(filled.read_bytes())
    public_key = filled.with_name("plant.db.pub")
    url = f"sqlite:///{path}"
    assert verify_database(url, public_key=public_key, fold=any_fold).sound
    with vandal(url, public_key) as at_work:
        (row, *_) = at_work.rows(GUARDED["pauses"])
        at_work.change(GUARDED["pauses"], row, "declared_by", "somebody else")
        at_work.connection.commit()
    (finding,) = verify_database(url, public_key=public_key, fold=any_fold).findings
    assert finding.place == f"pauses[{row['pause_id']}]"
    assert finding.params["column"] == "declared_by"
