"""The ledger: its signed checkpoint, its entries, and the proof of each (R21, B27)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Response

from redrabbit.domain.checkpoint import proof_text
from redrabbit.domain.errors import Refusal
from redrabbit.domain.findings import TEXTS
from redrabbit.domain.ledger import Entry, StoredEntry, read_entry
from redrabbit.domain.merkle import Tree, leaf_hash, verify_inclusion
from redrabbit.domain.newer import WrittenByNewer
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew
from redrabbit.services.log_keys import changes_of_key
from redrabbit.services.ports import Reader
from redrabbit.services.queries import ledger_page
from redrabbit.services.queries.people import Names, Person, names_in
from redrabbit.services.verifying import damage_known
from redrabbit.web.api.ledger_models import (
    Checkpoint,
    EntryProof,
    KeyChangeProof,
    LedgerEntry,
    SigningKey,
    Verification,
    verification_model,
)
from redrabbit.web.api.models import Page
from redrabbit.web.api.paging import Limit, cursor_number, part_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.values import Position
from redrabbit.web.site import Site
from redrabbit.web.values import LARGEST_NUMBER

T = TypeVar("T")
Index = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]


def ledger_router(site: Site) -> APIRouter:
    """Return what proves the records."""
    router = APIRouter(tags=["ledger"])
    service = site.service

    def vouching(query: Callable[[Reader], T]) -> Callable[[Reader], T]:
        """Return the query, refused while damage is known: what it gives would vouch for that (D62)."""

        def asked(reader: Reader) -> T:
            if found := damage_known(reader, site.verification()):
                raise DamagedDatabase(found)
            return query(reader)

        return asked

    @router.get("/ledger/verification")
    async def read_verification() -> Verification:
        """Return how far ledger and records are verified beside the service, and what was found."""
        return verification_model(site.verification())

    @router.get("/ledger/checkpoint")
    async def read_checkpoint() -> Checkpoint:
        """Return the ledger's signed checkpoint; keep it elsewhere to prove a later rewrite."""
        return Checkpoint.model_validate(await service.read(vouching(lambda reader: reader.head())))

    @router.get("/ledger/entries", openapi_extra=refuses("entry_damaged"))
    async def list_entries(
        limit: Limit = 50,
        cursor: Position = None,
        first: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    ) -> Page[LedgerEntry]:
        """Return ledger entries in order, from `first` on."""
        begin = cursor_number(cursor) if cursor is not None else first
        return await service.read(lambda reader: _page(reader, begin, limit))

    @router.get("/ledger/entries/{index}", openapi_extra=refuses("entry_damaged", "no_such_entry"))
    async def read_one(index: Index) -> LedgerEntry:
        """Return one ledger entry."""
        return await service.read(lambda reader: _entry(reader, index))

    @router.get("/ledger/keys")
    async def list_keys(limit: Limit = 50, cursor: Position = None) -> Page[SigningKey]:
        """Return the public keys of the ledger, and since when each signs; the last of all signs now."""
        keys = await service.read(lambda reader: ledger_page.signing_keys(reader, site.ledger_key))
        numbered = list(enumerate(keys, 1))
        found, following = part_of(numbered, _number_of, limit=limit, cursor=cursor)
        return Page(items=[_key_model(key) for _, key in found], next=following)

    @router.get(
        "/ledger/entries/{index}/proof",
        openapi_extra=refuses("entry_damaged", "no_such_entry"),
        response_model_exclude_defaults=True,
    )
    async def prove_entry(index: Index, response: Response) -> EntryProof:
        """Return what proves one entry unaltered without the rest of the log; browsers keep it as a file."""
        response.headers["content-disposition"] = f'attachment; filename="proof-{index}.json"'
        return await service.read(vouching(lambda reader: entry_proof(reader, index)))

    return router


def _page(reader: Reader, begin: int, limit: int) -> Page[LedgerEntry]:
    try:
        found, names = reader.entries(begin, limit + 1), names_in(reader)
    except DamagedDatabase:
        for index in range(begin, begin + limit + 1):  # which one is it?
            with suppress(KeyError):
                _readable(reader.stored_entry(index), index)
        raise
    more = str(found[limit].index) if len(found) > limit else None
    return Page(items=[entry_model(entry, names) for entry in found[:limit]], next=more)


def _entry(reader: Reader, index: int) -> LedgerEntry:
    return entry_model(_readable(_stored(reader, index), index), names_in(reader))


def entry_proof(reader: Reader, index: int) -> EntryProof:
    """Return an entry's inclusion proof in the tree as last signed; Refusal where it is damaged."""
    stored, head = _stored(reader, index), reader.head()
    with suppress(DatabaseTooNew):  # what it means is not asked here
        _readable(stored, index)
    leaf = leaf_hash(stored.raw)
    try:
        inclusion = Tree(head.size, reader.tree_node).inclusion(index)
        payload = stored.payload.decode("utf-8") if stored.payload is not None else None
    except (DamagedDatabase, ValueError) as error:  # nodes are gone, or the payload is no text
        raise Refusal("entry_damaged", entry=index, found=str(error)) from error
    if not verify_inclusion(leaf, index, head.size, inclusion, bytes.fromhex(head.root)):
        raise Refusal("entry_damaged", entry=index, found=TEXTS["proof_fails"])
    return EntryProof(
        index=index,
        size=head.size,
        entry=stored.raw.decode("utf-8"),
        salt=stored.salt.hex() if stored.salt is not None else None,
        payload=payload,
        leaf_hash=leaf.hex(),
        inclusion=[node.hex() for node in inclusion],
        root=head.root,
        proof=proof_text(index, inclusion, head.checkpoint),
        key_changes=[
            _key_change(reader, entry.index, head.size) for entry in changes_of_key(reader)
        ],
    )


def _key_change(reader: Reader, index: int, size: int) -> KeyChangeProof:
    try:
        stored = _stored(reader, index)
        return KeyChangeProof(
            index=index,
            entry=stored.raw.decode("utf-8"),
            salt=stored.salt.hex() if stored.salt is not None else None,
            payload=stored.payload.decode("utf-8") if stored.payload is not None else None,
            inclusion=[node.hex() for node in Tree(size, reader.tree_node).inclusion(index)],
        )
    except (DamagedDatabase, ValueError) as error:
        raise Refusal("entry_damaged", entry=index, found=str(error)) from error


def _number_of(numbered: tuple[int, ledger_page.SigningKey]) -> str:
    return str(numbered[0])


def _key_model(key: ledger_page.SigningKey) -> SigningKey:
    return SigningKey(
        key=key.text,
        since_entry=key.since_entry,
        since_at=key.since_at,
        changed_by=_kept_name(key.changed_by),
        changed_how=key.changed_by.how if key.changed_by is not None else None,
        signs_now=key.signs_now,
    )


def _kept_name(person: Person | None) -> str | None:
    """Return the name; None for nobody, and for words that stand where a name was erased."""
    return person.name if person is not None and isinstance(person.name, str) else None


def _stored(reader: Reader, index: int) -> StoredEntry:
    try:
        return reader.stored_entry(index)
    except KeyError as error:
        raise Refusal("no_such_entry", entry=index) from error


def _readable(stored: StoredEntry, index: int) -> Entry:
    """Return the entry; Refusal if what is kept of it is not what was written."""
    try:
        return read_entry(stored, index)
    except WrittenByNewer as newer:
        raise DatabaseTooNew(f"ledger entry {index}: {newer}") from newer
    except ValueError as error:
        raise Refusal("entry_damaged", entry=index, found=str(error)) from error


def entry_model(entry: Entry, names: Names) -> LedgerEntry:
    """Return an entry as programs read it."""
    return LedgerEntry(
        index=entry.index,
        type=entry.type,
        schema_version=entry.schema,
        stream=entry.stream,
        stream_seq=entry.stream_seq,
        previous=entry.previous,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor=entry.actor.id,
        actor_name=names.then(entry.actor.id, entry.index),
        actor_how=entry.actor.how,
        actor_station=entry.actor.station,
        in_force=entry.in_force,
        plan=entry.plan,
        software=entry.software,
        payload=dict(entry.payload) if entry.payload is not None else None,
    )
