"""The objects of a database's schema, laid beside those that the migrations make.

Rows that are what was signed prove nothing where a trigger rewrites the next one, a rule or a policy hides some, or an
index that kept doubles out is gone. So columns, constraints, indexes and triggers of each table of ours are compared
with what the program's own tables say. Other tables, what `ANALYZE` keeps, and an index over plain columns that somebody
added to find rows sooner, are nobody's business here. In what order columns stand means nothing: those that a migration
added stand last.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    Connection,
    UniqueConstraint,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool

from redrabbit.base.sentence import sentence
from redrabbit.domain.findings import Finding
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.finding_words import finding_words
from redrabbit.store.engine import translated
from redrabbit.store.tables import metadata


class Place(NamedTuple):
    """What an object is called."""

    table: str
    kind: str
    """`table`, `column`, `constraint`, `index`, `trigger`, `rule` or `policy`."""
    name: str


Described = Mapping[Place, str]
"""What each object is, in words that are equal where objects are."""

_ADDED_KINDS: Final = frozenset({"trigger", "rule", "policy"})
"""What no version of ours ever made."""
_AT_ONCE: Final = _ADDED_KINDS | {"table", "column"}
"""What changes rows as they are written or read; the rest only makes it slower, or lets doubles in."""
_FOREIGN: Final = "foreign key"
"""A constraint that may change rows: it deletes some with those of another table."""
_ONLY_QUICKER: Final = "index over columns:"
"""How the words of an index begin which changes no row and keeps none out: it finds them sooner, no more."""
_WRITTEN_BESIDE: Final = ("alembic_version", "rebuilding")
"""Tables that are written and are not among ours: which migrations were made, and how far records are."""


def schema_findings(
    connection: Connection,
    tables: Iterable[str],
    of: Callable[[Place], bool] = lambda _: True,
) -> Iterator[Finding]:
    """Yield each object of these tables that was added, is gone, or is another one; only those that are asked for.

    A table or a column that is gone is not told here: `schema.refuse_lost_tables` does.
    """
    names = set(tables) & true_tables(connection)
    expected = {
        place: words for place, words in _expected(connection).items() if place.table in names
    }
    found = _found(connection, names)
    for place in sorted(found.keys() | expected.keys()):
        if of(place):
            yield from _difference(place, found.get(place), expected.get(place))


def refuse_changed_objects(
    connection: Connection, tables: Iterable[str] = tuple(metadata.tables)
) -> None:
    """Raise DamagedDatabase where something may change rows of these tables as they are written or read."""
    _refuse(schema_findings(connection, tables, _changes_rows))


def refuse_added_objects(connection: Connection) -> None:
    """Raise DamagedDatabase for a trigger, a rule, a policy or a table that inherits from ours.

    That can be told of any version's schema; so before its migrations write.
    """
    names = {*metadata.tables, *_WRITTEN_BESIDE} & true_tables(connection)
    _refuse(
        finding for place in _added(connection, names) for finding in _difference(place, "", None)
    )


def _changes_rows(place: Place) -> bool:
    return place.kind in _AT_ONCE or place.name.startswith(_FOREIGN)


def _refuse(findings: Iterable[Finding]) -> None:
    for finding in findings:
        raise DamagedDatabase(
            sentence(
                "{found}. Nothing is written to a database whose tables were changed: take that back, or "
                "restore a backup from before; `redrabbit verify` tells all",
                found=finding_words(finding),
            )
        )


def _difference(place: Place, found: str | None, expected: str | None) -> Iterator[Finding]:
    where = f"{place.table}.{place.name}" if place.name else place.table
    if expected is None and place.kind == "index" and str(found).startswith(_ONLY_QUICKER):
        return
    if expected is None:
        yield Finding(code="object_extra", place=where, params={"kind": place.kind})
    elif found is None and place.kind != "column":
        yield Finding(code="object_missing", place=where, params={"kind": place.kind})
    elif found is not None and found != expected:
        params = {"kind": place.kind, "found": found, "expected": expected}
        yield Finding(code="object_differs", place=where, params=params)


def true_tables(connection: Connection) -> frozenset[str]:
    """Return the names of all tables; a view is none."""
    with translated("reading the schema"):
        return frozenset(inspect(connection).get_table_names())


def _found(connection: Connection, names: Iterable[str]) -> Described:
    with translated("reading the schema"):
        if connection.dialect.name == "sqlite":
            return dict(_in_sqlite(connection, sorted(names)))
        return dict(_in_postgresql(connection, sorted(names)))


def _added(connection: Connection, names: Iterable[str]) -> list[Place]:
    """Return what no table of ours ever had."""
    added = _added_in_sqlite if connection.dialect.name == "sqlite" else _added_in_postgresql
    with translated("reading the schema"):
        return sorted(added(connection, sorted(names)))


def _expected(connection: Connection) -> Described:
    return _made_by_sqlite() if connection.dialect.name == "sqlite" else _made_by_postgresql()


@cache
def _made_by_sqlite() -> Described:
    """Return what SQLite makes of the program's tables, in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        found = _found(connection, metadata.tables)
    engine.dispose()
    return found


# --- SQLite ---

_TABLES = "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'"
_COLUMNS = (
    'SELECT ours.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden'
    " FROM ours CROSS JOIN pragma_table_xinfo(ours.name) c"
)
_INDEXES = (
    'SELECT ours.name, i.name, i."unique", i.origin, i.partial'
    " FROM ours CROSS JOIN pragma_index_list(ours.name) i"
)
_INDEXED = (
    'SELECT i.name, c.name, c."desc", c.coll FROM ours CROSS JOIN pragma_index_list(ours.name) i'
    " CROSS JOIN pragma_index_xinfo(i.name) c WHERE c.key = 1 ORDER BY c.seqno"
)
_KEYS = (
    'SELECT ours.name, k."table", k."from", k."to", k.on_update, k.on_delete'
    " FROM ours CROSS JOIN pragma_foreign_key_list(ours.name) k"
)
_SQL = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')"
_TRIGGERS = (
    "SELECT ours.name, m.name FROM ours JOIN sqlite_master m ON m.tbl_name = ours.name COLLATE NOCASE"
    " WHERE m.type = 'trigger'"
)
_WORDS: Final = ("COLLATE", "CONFLICT", "GENERATED", "DEFERRABLE", "AUTOINCREMENT")
"""What no PRAGMA tells of a table: how often each stands in its statement."""


def _rows_of(
    connection: Connection, names: list[str], asked: str
) -> Mapping[str, list[tuple[Any, ...]]]:
    """Ask of all tables at once, as one by one takes hundreds of questions; and return rows by their first value."""
    ours = f"WITH ours(name) AS (VALUES {', '.join('(?)' for _ in names or (None,))}) "
    found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for name, *row in connection.exec_driver_sql(ours + asked, tuple(names) or (None,)):
        found[name].append(tuple(row))
    return found


def _in_sqlite(connection: Connection, names: list[str]) -> Iterator[tuple[Place, str]]:
    rows = partial(_rows_of, connection, names)
    tables, sql = rows(_TABLES), {name: str(said) for name, ((said,), *_) in rows(_SQL).items()}
    columns, indexes, indexed = rows(_COLUMNS), rows(_INDEXES), rows(_INDEXED)
    keys = rows(_KEYS)
    for name in names:
        yield Place(name, "table", ""), f"{_plain(tables[name])} {_words_of(sql.get(name, ''))}"
        for column, *said in columns[name]:
            yield Place(name, "column", column), _plain(said)
        for index, unique, origin, is_partial in indexes[name]:
            over = indexed[index]
            if origin == "c":
                where = sql[index] if is_partial else None
                has_expression = any(column is None for column, *_ in over)
                words = _index(over, has_expression, is_unique=unique, where=where)
                yield Place(name, "index", index), words
            else:
                yield Place(name, "constraint", f"{_ORIGINS[origin]} {_plain(over)}"), ""
        for key in keys[name]:
            yield Place(name, "constraint", f"{_FOREIGN} {_plain(key)}"), ""
    for place in _added_in_sqlite(connection, names):
        yield place, ""


def _added_in_sqlite(connection: Connection, names: list[str]) -> Iterator[Place]:
    for name, triggers in _rows_of(connection, names, _TRIGGERS).items():
        for (trigger,) in triggers:
            yield Place(name, "trigger", trigger)


_ORIGINS: Final = {"u": "unique", "pk": "primary key"}


def _words_of(sql: str) -> str:
    """Return the checks of a table's statement, and how often it has the words that no PRAGMA tells."""
    said = Counter(re.findall(r"[A-Za-z_]+", sql.upper()))
    return _plain([*(f"{word} {said[word]}" for word in _WORDS if said[word]), *_checks(sql)])


def _checks(sql: str) -> Iterator[str]:
    for found in re.finditer(r"\bCHECK\b", sql, re.IGNORECASE):
        depth, behind = 0, sql[found.end() :]
        for end, letter in enumerate(behind):
            depth += (letter == "(") - (letter == ")")
            if letter == ")" and not depth:
                yield f"CHECK {_condition('WHERE' + behind[: end + 1])}"
                break


def _condition(sql: str) -> str:
    """Return what stands behind the first WHERE, without what says nothing.

    That is blanks, quotes, the types of words, and brackets around the whole or around one comparison.
    """
    behind = re.split(r"\bWHERE\b", sql, maxsplit=1, flags=re.IGNORECASE)[-1]
    found = [each.strip('"') for each in _TOKENS.findall(behind) if each.lower() != "::text"]
    while (pair := next(filter(partial(_says_nothing, found), _pairs(found)), None)) is not None:
        opens, closes = pair
        found = [*found[:opens], *found[opens + 1 : closes], *found[closes + 1 :]]
    return " ".join(found)


_TOKENS: Final = re.compile(
    r"""'(?:[^']|'')*'|"[^"]*"|::text\b|[\w.]+|[()]|[^\s\w.'"()]+""", re.IGNORECASE
)
_JOINS: Final = frozenset({"AND", "OR"})


def _pairs(found: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where each bracket opens and closes."""
    open_: list[int] = []
    for at, each in enumerate(found):
        if each == "(":
            open_.append(at)
        elif each == ")" and open_:
            yield open_.pop(), at


def _says_nothing(found: Sequence[str], pair: tuple[int, int]) -> bool:
    """Tell whether this bracket can go: nothing beside it binds closer than what stands within it."""
    opens, closes = pair
    words = [each.upper() for each in found]
    before = words[opens - 1] if opens else "("
    behind = words[closes + 1] if closes + 1 < len(words) else ")"
    if before not in {"(", "NOT", *_JOINS} or behind not in {")", *_JOINS}:
        return False
    is_whole = before == "(" and behind == ")"
    return is_whole or not _JOINS & set(words[opens:closes])


def _plain(values: Iterable[Any]) -> str:
    return " ".join(
        _plain(v) if isinstance(v, tuple | list) or hasattr(v, "_mapping") else str(v)
        for v in values
    )


# --- PostgreSQL ---

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy says no type
_ADDED = {
    "trigger": "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal",
    "rule": "SELECT c.relname, r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
    " WHERE c.relkind <> 'v'",
    "policy": "SELECT c.relname, p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid",
    "table": "SELECT c.relname, i.inhrelid::regclass::text FROM pg_inherits i"
    " JOIN pg_class c ON c.oid = i.inhparent",
}
"""What no table of ours has; a table that inherits from one is read as a part of it."""
_HERE = " AND c.relnamespace = current_schema()::regnamespace"


def _in_postgresql(connection: Connection, names: list[str]) -> Iterator[tuple[Place, str]]:
    found = inspect(connection)
    for (_, name), columns in found.get_multi_columns(filter_names=names).items():
        yield Place(name, "table", ""), ""
        for column in columns:
            yield (
                Place(name, "column", column["name"]),
                _column(
                    column["type"],
                    is_nullable=column["nullable"],
                    value=column.get("default") or column.get("computed") or column.get("identity"),
                ),
            )
    for (_, name), key in found.get_multi_pk_constraint(filter_names=names).items():
        yield _constraint(name, "primary key", key["constrained_columns"])
    for (_, name), uniques in found.get_multi_unique_constraints(filter_names=names).items():
        for unique in uniques:
            yield _constraint(name, "unique", unique["column_names"])
    for (_, name), checks in found.get_multi_check_constraints(filter_names=names).items():
        for check in checks:
            yield _constraint(name, "check", [_condition(check["sqltext"])])
    for (_, name), keys in found.get_multi_foreign_keys(filter_names=names).items():
        for each in keys:
            over = [*each["constrained_columns"], each["referred_table"], *each["referred_columns"]]
            yield _constraint(name, _FOREIGN, over, each["options"])
    for (_, name), indexes in found.get_multi_indexes(filter_names=names).items():
        for index in indexes:
            if "duplicates_constraint" not in index:
                yield (
                    Place(name, "index", str(index["name"])),
                    _index(
                        index.get("expressions") or index["column_names"],
                        "expressions" in index,
                        is_unique=index["unique"],
                        where=index["dialect_options"].get("postgresql_where"),
                    ),
                )
    for place in _added_in_postgresql(connection, names):
        yield place, ""


def _added_in_postgresql(connection: Connection, names: list[str]) -> Iterator[Place]:
    for kind, asked in _ADDED.items():
        where = " WHERE true" if "WHERE" not in asked else ""
        for table, name in connection.execute(text(asked + where + _HERE)):
            if table in names:
                yield Place(table, kind, name)


@cache
def _made_by_postgresql() -> Described:
    """Return what PostgreSQL makes of the program's tables, by their definitions."""
    return dict(_defined())


def _defined() -> Iterator[tuple[Place, str]]:
    for name, table in metadata.tables.items():
        yield Place(name, "table", ""), ""
        for column in table.columns:
            numbered = column is table.autoincrement_column and column.autoincrement is True
            yield (
                Place(name, "column", column.name),
                _column(
                    column.type,
                    is_nullable=bool(column.nullable),
                    value="nextval" if numbered else None,
                ),
            )
        yield _constraint(name, "primary key", table.primary_key.columns.keys())
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint):
                yield _constraint(name, "unique", constraint.columns.keys())
            elif isinstance(constraint, CheckConstraint):
                yield _constraint(name, "check", [_condition(str(constraint.sqltext))])
        for key in table.foreign_keys:
            other = key.column
            yield _constraint(name, _FOREIGN, [key.parent.name, other.table.name, other.name])
        for index in table.indexes:
            yield (
                Place(name, "index", str(index.name)),
                _index(
                    [column.name for column in index.columns],
                    has_expression=False,
                    is_unique=index.unique,
                    where=index.dialect_options["postgresql"]["where"],
                ),
            )


def _column(type_: Any, *, is_nullable: bool, value: object) -> str:
    """Return a column's type, whether it may be empty, and its default; one that is numbered has a sequence's."""
    default = "numbered" if str(value).startswith("nextval") else value
    null = "NULL" if is_nullable else "NOT NULL"
    name = type_.compile(dialect=_POSTGRESQL)
    return f"{'DOUBLE PRECISION' if name == 'FLOAT' else name} {null} {default}"  # of one type two names


def _constraint(
    table: str, kind: str, over: Iterable[str], options: Mapping[str, object] | None = None
) -> tuple[Place, str]:
    """Return a constraint; of a foreign key with what else it does: ours do nothing."""
    said = sorted((options or {}).items())
    return Place(table, "constraint", f"{kind} {' '.join(over)}"), _plain(said)


def _index(over: Iterable[object], has_expression: bool, *, is_unique: bool, where: object) -> str:
    """Return what an index is; one with an expression or a condition may call functions, and is not only quicker."""
    condition = "" if where is None else _condition(str(where))
    is_more = is_unique or has_expression or condition
    kind = "unique" if is_unique else "expression" if has_expression else "condition"
    return f"{kind if is_more else _ONLY_QUICKER} {_plain(over)} {condition}"
