"""What stands beside the ledger, which knows only its digest: stated names, and blobs (D51, D65)."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.domain.erasable import StatedName
from redrabbit.store.engine import translated
from redrabbit.store.tables import BLOBS, STATED_NAMES

_NAMES = select(STATED_NAMES.c.id, STATED_NAMES.c.name, STATED_NAMES.c.salt)
_BLOB = select(BLOBS.c.content).where(BLOBS.c.digest == bindparam("digest"))
_KEEP_NAME = {
    "sqlite": sqlite.insert(STATED_NAMES).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(STATED_NAMES).on_conflict_do_nothing(),
}
_KEEP_BLOB = {
    "sqlite": sqlite.insert(BLOBS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(BLOBS).on_conflict_do_nothing(),
}


def blob_digest(content: bytes) -> str:
    """Return what a fact names a blob by: SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def read_names(connection: Connection) -> Mapping[str, StatedName]:
    """Return the stated names by the id that stands for each."""
    with translated("reading names"):
        rows = connection.execute(_NAMES).all()
    return {row.id: StatedName(name=row.name, salt=bytes(row.salt)) for row in rows}


def keep_name(connection: Connection, name: StatedName) -> None:
    """Keep a stated name; one that is there already stays as it is."""
    row = {"id": name.id, "name": name.name, "salt": name.salt}
    with translated("keeping a name"):
        connection.execute(_KEEP_NAME[connection.dialect.name], row)


def read_blob(connection: Connection, digest: str) -> bytes | None:
    """Return the bytes of this digest; None if they are not kept."""
    with translated("reading what was recorded beside the ledger"):
        content = connection.execute(_BLOB, {"digest": digest}).scalar_one_or_none()
    return None if content is None else bytes(content)


def keep_blob(connection: Connection, kind: str, content: bytes) -> str:
    """Keep bytes and return their digest; the same bytes are kept once."""
    digest = blob_digest(content)
    with translated("recording beside the ledger"):
        connection.execute(
            _KEEP_BLOB[connection.dialect.name],
            {"digest": digest, "kind": kind, "content": content},
        )
    return digest
