"""What stands beside the ledger (D51, D62, D65).

Stated names and blobs, of which it knows the digest; acts; answers; who has which checkpoint.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from redrabbit.base.sentence import sentence
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.signed_note import NoteSigner, NoteVerifier
from redrabbit.services.deliveries import CheckpointsSent
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import KeptAct, KeptCycles
from redrabbit.store.act_seal import seal_fits, seal_of
from redrabbit.store.engine import translated
from redrabbit.store.tables import ACTS, BLOBS, CHECKPOINTS_SENT, PULSE_CYCLES, STATED_NAMES

_NAMES = select(STATED_NAMES.c.id, STATED_NAMES.c.name, STATED_NAMES.c.salt)
_BLOB = select(BLOBS.c.content).where(BLOBS.c.digest == bindparam("digest"))
_ID_OF_NAME = select(STATED_NAMES.c.id).where(STATED_NAMES.c.name == bindparam("name"))
_CYCLES = (
    select(PULSE_CYCLES)
    .where(PULSE_CYCLES.c.line == bindparam("line"), PULSE_CYCLES.c.station == bindparam("station"))
    .order_by(PULSE_CYCLES.c.signal)
)
_OLD_CYCLES = delete(PULSE_CYCLES).where(
    PULSE_CYCLES.c.line == bindparam("line"),
    PULSE_CYCLES.c.station == bindparam("station"),
    PULSE_CYCLES.c.signal == bindparam("signal"),
)
_CHECKPOINTS_SENT = select(CHECKPOINTS_SENT).order_by(CHECKPOINTS_SENT.c.receiver)
_OLD_CHECKPOINTS_SENT = delete(CHECKPOINTS_SENT).where(
    CHECKPOINTS_SENT.c.receiver == bindparam("receiver")
)
_ACT = select(ACTS).where(ACTS.c.key == bindparam("key"))

_SOME_ACTS = select(ACTS).where(ACTS.c.key > bindparam("last")).order_by(ACTS.c.key).limit(500)
_SEAL_ANEW = update(ACTS).where(ACTS.c.key == bindparam("act")).values(seal=bindparam("seal"))


def blob_digest(content: bytes) -> str:
    """Return what a fact names a blob by: SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def read_names(connection: Connection) -> Mapping[str, StatedName]:
    """Return the stated names by the id that stands for each."""
    with translated("reading names"):
        rows = connection.execute(_NAMES).all()
    return {row.id: StatedName(name=row.name, salt=bytes(row.salt)) for row in rows}


def id_of_name(connection: Connection, name: str) -> str | None:
    """Return the id that stands for a stated name; None if the name is not kept."""
    with translated("reading a name"):
        return connection.execute(_ID_OF_NAME, {"name": name}).scalar_one_or_none()


def keep_name(connection: Connection, name: StatedName) -> str:
    """Keep a stated name and return its id; one that is there already stays as it is.

    Only the one writer calls this, so nobody comes between looking and writing.
    """
    kept = id_of_name(connection, name.name)
    if kept is not None:
        return kept
    with translated("keeping a name"):
        row = {"id": name.id, "name": name.name, "salt": name.salt}
        connection.execute(insert(STATED_NAMES), row)
    return name.id


def read_act(connection: Connection, key: str, verifier: NoteVerifier) -> KeptAct | None:
    """Return the act that was done under this key; None if none was.

    DamagedDatabase where the row isn't the one that was written: nothing is answered from it.
    """
    with translated(f"reading acts[{key}]"):
        row = connection.execute(_ACT, {"key": key}).one_or_none()
    if row is None:
        return None
    kept = dict(row._mapping)  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    if not seal_fits(kept, verifier):
        raise DamagedDatabase(
            sentence("acts[{key}]: the row is not the one that was written", key=key)
        )
    del kept["seal"]
    return KeptAct(**kept)


def keep_act(connection: Connection, act: KeptAct, signer: NoteSigner) -> None:
    """Keep an act under its key, sealed; DuplicateRecord if the key was used meanwhile."""
    row = asdict(act)
    with translated("keeping what was asked"):
        connection.execute(insert(ACTS), row | {"seal": seal_of(row, signer)})


def seal_acts_anew(connection: Connection, before: NoteVerifier, signer: NoteSigner) -> None:
    """Seal each act that the key before has sealed with the one that signs from now on.

    A row that is not as it was written stays so: nothing is answered from it, and `redrabbit verify` names it.
    """
    last = ""
    with translated("sealing what was asked anew"):
        while found := connection.execute(_SOME_ACTS, {"last": last}).mappings().all():
            rows = [dict(row) for row in found]
            fitting = [
                {"act": row["key"], "seal": seal_of(row, signer)}
                for row in rows
                if seal_fits(row, before)
            ]
            if fitting:
                connection.execute(_SEAL_ANEW, fitting)
            last = rows[-1]["key"]


def read_cycles(connection: Connection, line: str, station: str) -> Sequence[KeptCycles]:
    """Return what was kept of how long a station's answers lasted, by signal."""
    with translated("reading how long answers lasted"):
        rows = connection.execute(_CYCLES, {"line": line, "station": station}).all()
    return [KeptCycles(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping


def keep_cycles(connection: Connection, kept: KeptCycles) -> None:
    """Keep how long the answers of a signal lasted, in place of what was kept before."""
    row = asdict(kept)
    place = {name: row[name] for name in ("line", "station", "signal")}
    with translated("keeping how long answers lasted"):
        connection.execute(_OLD_CYCLES, place)
        connection.execute(insert(PULSE_CYCLES), row)


def read_checkpoints_sent(connection: Connection) -> Mapping[str, CheckpointsSent]:
    """Return how each receiver stands that was ever to get checkpoints, by its name."""
    with translated("reading which receiver has which checkpoint"):
        rows = connection.execute(_CHECKPOINTS_SENT).all()
    return {row.receiver: CheckpointsSent(**row._mapping) for row in rows}  # noqa: SLF001  as above


def keep_checkpoints_sent(connection: Connection, sent: CheckpointsSent) -> None:
    """Keep how a receiver stands with checkpoints, in place of what was kept of it before."""
    with translated("keeping which receiver has which checkpoint"):
        connection.execute(_OLD_CHECKPOINTS_SENT, {"receiver": sent.receiver})
        connection.execute(insert(CHECKPOINTS_SENT), asdict(sent))


def read_blob(connection: Connection, digest: str) -> bytes | None:
    """Return the bytes of this digest; None if they are not kept.

    DamagedDatabase where other bytes stand under it.
    """
    with translated("reading what was recorded beside the ledger"):
        found = connection.execute(_BLOB, {"digest": digest}).scalar_one_or_none()
    content = None if found is None else bytes(found)
    if content is not None and blob_digest(content) != digest:
        raise DamagedDatabase(
            sentence("blobs[{digest}]: the content does not have this digest", digest=digest)
        )
    return content


def keep_blob(connection: Connection, kind: str, content: bytes) -> str:
    """Keep bytes and return their digest; the same bytes are kept once."""
    digest = blob_digest(content)
    with translated("recording beside the ledger"):
        if connection.execute(_BLOB, {"digest": digest}).first() is None:
            row = {"digest": digest, "kind": kind, "content": content}
            connection.execute(insert(BLOBS), row)
    return digest
