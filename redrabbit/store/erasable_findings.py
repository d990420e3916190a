"""What stands beside the ledger, names and blobs, compared with the digests in its entries (D51, D65)."""

from collections.abc import Iterator, MutableMapping

from sqlalchemy import Connection, bindparam, select, type_coerce
from sqlalchemy.types import NullType

from redrabbit.domain.erasable import name_id
from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.erased_payloads import ErasedPayloads, erased_by
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.findings import Finding, shown
from redrabbit.domain.ledger_scan import at_entry
from redrabbit.store import ledger
from redrabbit.store.aside import blob_digest
from redrabbit.store.engine import translated
from redrabbit.store.found_rows import FoundRows
from redrabbit.store.tables import BLOBS, STATED_NAMES


def name_findings(rows: FoundRows, erasable: ErasableContent | None) -> Iterator[Finding]:
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


def range_findings(
    connection: Connection, rows: FoundRows, gone: ErasedPayloads, named: ErasableContent
) -> Iterator[Finding]:
    """Yield what some entries name and is gone, though no entry of the whole ledger says that it was erased."""
    for entry in ledger.entries_of(connection, PayloadsErased.TYPE, 0, None, descending=False):
        gone.named |= erased_by(entry)
        named.note(entry)
    for index in gone.missing:
        yield at_entry(index, "payload_missing")
    yield from name_findings(rows, named)
    for digest, (index, kind) in named.blobs.items():
        if digest in named.erased_blobs:
            continue
        with translated("reading a blob"):
            found = connection.execute(_KIND_OF_BLOB, {"digest": digest}).one_or_none()
        if found is None:
            yield Finding(code="blob_missing", place=f"blobs[{digest}]", params={"index": index})
        elif found.kind != kind:
            yield _other_kind(digest, found.kind, kind)


_KIND_OF_BLOB = select(type_coerce(BLOBS.c.kind, NullType()).label("kind")).where(
    BLOBS.c.digest == bindparam("digest")
)


def _other_kind(digest: object, found: object, expected: str) -> Finding:
    params = {"column": "kind", "found": shown(found), "expected": expected}
    return Finding(code="column_differs", place=f"blobs[{digest}]", params=params)


def blob_findings(rows: FoundRows, erasable: ErasableContent | None) -> Iterator[Finding]:
    """Yield blobs that are not what the ledger has the digest of, and those removed (D65).

    `erasable.blobs` is used up: what is left of it is not there.
    """
    named: MutableMapping[str, tuple[int, str]] = erasable.blobs if erasable else {}
    for row in rows.of(BLOBS):
        digest, content = row["digest"], row["content"]
        _, kind = named.pop(digest, (0, None)) if isinstance(digest, str) else (0, None)
        place = f"blobs[{digest}]"
        if not isinstance(content, bytes) or blob_digest(content) != digest:
            yield Finding(code="blob_differs", place=place)
        elif kind is not None and row["kind"] != kind:
            yield _other_kind(digest, row["kind"], kind)
    for digest, (index, _) in named.items():
        if erasable and digest not in erasable.erased_blobs:
            yield Finding(code="blob_missing", place=f"blobs[{digest}]", params={"index": index})
