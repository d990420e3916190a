"""Reads every row as it was found and has `redrabbit.domain.database_verification` judge it.

Two doors: `verify_database`, for `redrabbit verify`, reads beside a running service, without the
signing key, and goes on where it can when parts of the file are unreadable; `refuse_damage` stands
before every opening for writing, because the next signed head would cover the damage.

Rows are handed over as found: a value that no column of ours can hold stays what it is, so that
the finding can show it.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, CursorResult, Select, Table, inspect, select, type_coerce
from sqlalchemy.types import NullType, TypeDecorator

from redrabbit.base.bounded import MB, read_at_most
from redrabbit.base.signing import DamagedKey, Verifier, load_key_file, load_public_key
from redrabbit.domain import database_verification
from redrabbit.domain.erasable import name_id
from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.catalogue import fold as fold_of_records
from redrabbit.domain.findings import Finding, in_english, shown
from redrabbit.domain.ledger import Entry
from redrabbit.domain.newer import OLDER_SCHEMA, WRITTEN_BY_NEWER, refuse_newer_type
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew, KeyMissing, StoreTrouble
from redrabbit.store import schema
from redrabbit.store.act_seal import altered_acts
from redrabbit.store.aside import blob_digest
from redrabbit.store.database_files import about, companion, readable_engine, refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path, translated
from redrabbit.store.file_check import lost_tables, torn_pages, true_tables
from redrabbit.store.rebuild_mark import refuse_unfinished
from redrabbit.store.tables import (
    ACTS,
    BLOBS,
    LEDGER,
    LEDGER_HEAD,
    RECORD_TABLES,
    STATED_NAMES,
    metadata,
)

MOST_CHECKPOINT_BYTES = MB
"""A checkpoint names the head of each line: a hundred bytes a line."""
AT_ONCE = 1000
"""Rows fetched at a time, so that a ledger of ten years needs no more memory than one of a day."""


def verify_database(
    url: str,
    *,
    public_key: Path | None = None,
    kept_checkpoint: Path | None = None,
    fold: database_verification.Fold = fold_of_records,
) -> database_verification.DatabaseVerification:
    """Return everything that is not as it was recorded (D13).

    `public_key` is the verifier key's file, beside an SQLite database unless said otherwise;
    `kept_checkpoint` holds a checkpoint that was exported earlier. Raises StoreTrouble only for
    what leaves nothing to verify: no database of ours, no key, a newer schema. Of an older schema
    only the ledger is verified, which every version can read (D12): nothing is migrated here.
    """
    parsed = parsed_url(url)
    path = sqlite_path(parsed)
    with about(parsed):
        if path is not None:
            refuse_no_file(path)
        verifier = verifier_of(public_key, path)
        kept = [_text(kept_checkpoint)] if kept_checkpoint else []
        engine = readable_engine(parsed)
        try:
            with translated("opening"):
                connection = engine.connect()
            with connection:
                found = (
                    _audit_older(connection, verifier, kept)
                    if schema.refuse_unknown_version(connection)
                    else _audit(connection, verifier, fold, kept)
                )
        finally:
            engine.dispose()
    return found


def _audit(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    kept: Sequence[str],
) -> database_verification.DatabaseVerification:
    refuse_unfinished(connection)
    trouble = (*lost_tables(connection), *torn_pages(connection, metadata.tables.values()))
    found = audit_rows(connection, verifier, fold, kept)
    return replace(found, findings=(*trouble, *found.findings, *_acts(connection, verifier)))


def _acts(connection: Connection, verifier: Verifier) -> tuple[Finding, ...]:
    """Return the kept acts that are not as they were written.

    Only here, and not before every opening: no head that is signed later covers them, and a plant
    must not stand still for one row from which nothing is answered anyway.
    """
    rows = _Rows(connection)
    with _lenient_text(connection):
        return (*altered_acts(rows.of(ACTS), verifier), *rows.unreadable)


def _audit_older(
    connection: Connection, verifier: Verifier, kept: Sequence[str]
) -> database_verification.DatabaseVerification:
    """Verify the ledger of a database with an older schema, of which nothing else is known here."""
    trouble = tuple(torn_pages(connection, (LEDGER, LEDGER_HEAD), is_older=True))
    rows = _Rows(connection, _found(LEDGER, _columns_there(connection, LEDGER)))
    with _lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        told = database_verification.verify_ledger(
            rows.of(LEDGER), heads, verifier, kept=kept, visit=_refuse_newer
        )
    older = Finding(code=OLDER_SCHEMA, place="database")
    return database_verification.DatabaseVerification(
        size=told.log.size,
        root=told.log.root.hex(),
        findings=(*trouble, *rows.unreadable, *told.findings, older),
        last_good=told.last_good,
        erased=told.erased,
    )


def refuse_damage(
    connection: Connection, verifier: Verifier, fold: database_verification.Fold
) -> None:
    """Raise DamagedDatabase unless ledger, head and records are exactly what was written.

    DatabaseTooNew where nothing is damaged, but a newer version wrote to it.
    """
    found = audit_rows(connection, verifier, fold)
    findings = found.damage
    if found.findings and not findings:
        raise DatabaseTooNew(
            f"{in_english(found.findings[0])}. Nothing is damaged and nothing was changed: start that "
            "newer version, or a later one"
        )
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise DamagedDatabase(
            f"{in_english(findings[0])}{more}. Nothing is written to a damaged database; "
            f"`redrabbit verify` tells all, {_way_back(findings)}"
        )


def _way_back(findings: Sequence[Finding]) -> str:
    if all(finding.code in database_verification.OF_RECORDS for finding in findings):
        return "and as the ledger is whole, `redrabbit rebuild` makes the records again from it"
    return "a backup from before brings it back"


def refuse_damaged_ledger(
    connection: Connection, verifier: Verifier, fold: database_verification.Fold
) -> None:
    """Raise DamagedDatabase unless ledger and head are what was written, whatever records are.

    DatabaseTooNew where an entry is there that `fold` can't fold yet.
    """
    rows = _Rows(connection)
    visit = _refuse_newer if fold is fold_of_records else None
    with _lenient_text(connection):
        heads = list(rows.of(LEDGER_HEAD))
        told = database_verification.verify_ledger(rows.of(LEDGER), heads, verifier, visit=visit)
    findings = (*rows.unreadable, *told.findings)
    if findings and findings[0].code == WRITTEN_BY_NEWER:
        raise DatabaseTooNew(f"{in_english(findings[0])}. Start that newer version, or a later one")
    if findings:
        raise DamagedDatabase(
            f"{in_english(findings[0])}. Records can't be made from a damaged ledger; a backup from "
            "before brings it back"
        )


def _refuse_newer(entry: Entry) -> None:
    refuse_newer_type(entry.type, BY_TYPE, entry.software)


def audit_rows(
    connection: Connection,
    verifier: Verifier,
    fold: database_verification.Fold,
    kept: Sequence[str] = (),
) -> database_verification.DatabaseVerification:
    """Return what is found in all rows, within the connection's transaction."""
    rows = _Rows(connection)
    with _lenient_text(connection):
        found = database_verification.verify_rows(
            rows.of(LEDGER),
            list(rows.of(LEDGER_HEAD)),
            {kind: rows.of(table) for kind, table in RECORD_TABLES.items()},
            verifier=verifier,
            fold=fold,
            kept=kept,
        )
        erasable = (*_names(rows, found.erasable), *_blobs(rows, found.erasable))
    return replace(found, findings=(*rows.unreadable, *found.findings, *erasable))


def _names(rows: "_Rows", erasable: ErasableContent | None) -> Iterator[Finding]:
    """Yield names that are not what the ledger has the digest of, and those removed (D51)."""
    found: set[object] = set()
    for row in rows.of(STATED_NAMES):
        kept, name, salt = row["id"], row["name"], row["salt"]
        found.add(kept)
        if _name_id(name, salt) != kept:
            params = {"expected": shown(kept)}
            yield Finding(code="name_differs", place=f"stated_names[{kept}]", params=params)
    if erasable is None:
        return
    for kept, index in erasable.names.items():
        if kept not in found and kept not in erasable.erased_names:
            place = f"stated_names[{kept}]"
            yield Finding(code="name_missing", place=place, params={"index": index})


def _name_id(name: object, salt: object) -> str | None:
    is_one = isinstance(name, str) and isinstance(salt, bytes)
    return name_id(salt, name) if is_one else None  # type: ignore[arg-type]  # checked a line above


def _blobs(rows: "_Rows", erasable: ErasableContent | None) -> Iterator[Finding]:
    """Yield blobs that are not what the ledger has the digest of, and those removed (D65)."""
    named = erasable.blobs if erasable else {}
    found: set[object] = set()
    for row in rows.of(BLOBS):
        digest, content = row["digest"], row["content"]
        found.add(digest)
        place = f"blobs[{digest}]"
        if not isinstance(content, bytes) or blob_digest(content) != digest:
            yield Finding(code="blob_differs", place=place)
        elif digest in named and row["kind"] != named[digest][1]:
            params = {"column": "kind", "found": shown(row["kind"]), "expected": named[digest][1]}
            yield Finding(code="column_differs", place=place, params=params)
    for digest, (index, _) in named.items():
        if digest not in found and erasable and digest not in erasable.erased_blobs:
            yield Finding(code="blob_missing", place=f"blobs[{digest}]", params={"index": index})


class _Rows:
    """Hands over tables row by row, as found."""

    def __init__(self, connection: Connection, ledger: Select[Any] | None = None) -> None:
        self.unreadable: list[Finding] = []
        """Tables that could not be read to their end."""
        self._connection = connection
        self._true_tables = true_tables(connection)
        self._as_found = _AS_FOUND if ledger is None else {**_AS_FOUND, LEDGER.name: ledger}

    def of(self, table: Table) -> Iterator[dict[str, object]]:
        """Yield rows as far as the table can be read."""
        try:
            if table.name not in self._true_tables:  # a view in its place may never end
                raise DamagedDatabase("there is no such table")
            with translated("reading"), self._rows(table) as found:
                columns = [(name, table.columns[name]) for name in found.keys()]  # noqa: SIM118  because a result is not a dictionary
                for row in found:
                    yield {
                        name: self._value(column.type, value)
                        for (name, column), value in zip(columns, row, strict=True)
                    }
        except StoreTrouble as error:
            params = {"problem": str(error)}
            self.unreadable.append(
                Finding(code="table_unreadable", place=table.name, params=params)
            )

    def _rows(self, table: Table) -> CursorResult[Any]:
        return self._connection.execute(
            self._as_found[table.name], execution_options={"yield_per": AT_ONCE}
        )

    def _value(self, type_: object, value: object) -> object:
        """Return the value as records have it, or as it was found if that can't be."""
        if not isinstance(type_, TypeDecorator):
            return value
        try:
            read: object = type_.process_result_value(value, self._connection.dialect)
        except (TypeError, ValueError):
            return value
        return read


def _found(table: Table, columns: Iterable[Column[Any]] | None = None) -> Select[Any]:
    """Select columns, all unless said, without turning them into what they should be."""
    chosen = table.columns if columns is None else columns
    found: list[Any] = [type_coerce(each, NullType()).label(each.name) for each in chosen]
    return select(*found).order_by(*table.primary_key.columns)


def _columns_there(connection: Connection, table: Table) -> list[Column[Any]]:
    """Return the table's columns that an older schema has, too."""
    with translated("reading the schema"):
        there = {found["name"] for found in inspect(connection).get_columns(table.name)}
    return [column for column in table.columns if column.name in there]


_VERIFIED = (LEDGER, LEDGER_HEAD, STATED_NAMES, BLOBS, ACTS, *RECORD_TABLES.values())

_AS_FOUND = {table.name: _found(table) for table in _VERIFIED}


@contextmanager
def _lenient_text(connection: Connection) -> Iterator[None]:
    """Let SQLite hand over text that is not UTF-8 as bytes, instead of giving up on the table."""
    driver: Any = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.text_factory = _decoded
    try:
        yield
    finally:
        driver.text_factory = str


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text


def verifier_of(public_key: Path | None, path: Path | None) -> Verifier:
    """Return the key to verify with: the given one, or that beside an SQLite file."""
    if public_key is None and path is None:
        raise KeyMissing("PostgreSQL needs the public key's file to verify with (public_key)")
    try:
        if public_key is not None:
            with translated(f"reading the public key {public_key}"):
                return load_public_key(public_key)
        assert path is not None  # noqa: S101  because one of the two is given, see above
        public, private = companion(path, ".pub"), companion(path, ".key")
        with translated(f"reading the public key {public}"):
            if not public.exists() and private.exists():
                return load_key_file(private).verifier
            return load_public_key(public)
    except DamagedKey as error:
        raise StoreTrouble(str(error)) from error


def _text(path: Path) -> str:
    with translated(f"reading the checkpoint {path}"):
        return read_at_most(path, MOST_CHECKPOINT_BYTES, "a signed checkpoint").decode("utf-8")
