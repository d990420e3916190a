"""The ledger: its signed checkpoint, its entries, and the proof of each (R21, B27)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from redrabbit.domain.checkpoint import proof_text
from redrabbit.domain.errors import Refusal
from redrabbit.domain.ledger import Entry, from_bytes
from redrabbit.domain.merkle import Tree
from redrabbit.services.ports import Reader
from redrabbit.web.api.models import Checkpoint, EntryProof, LedgerEntry, Page
from redrabbit.web.api.paging import Limit, cursor_number
from redrabbit.web.api.problems import ALWAYS, FOR_LISTS, FOR_ONE
from redrabbit.web.api.values import Cursor
from redrabbit.web.site import Site
from redrabbit.web.values import LARGEST_NUMBER

Index = Annotated[int, Path(ge=0, le=LARGEST_NUMBER)]


def ledger_router(site: Site) -> APIRouter:
    """Return what proves the records."""
    router = APIRouter(tags=["ledger"], responses=ALWAYS)
    service = site.service

    @router.get("/ledger/checkpoint")
    async def read_checkpoint() -> Checkpoint:
        """Return the ledger's signed checkpoint; keep it elsewhere to prove a later rewrite."""
        return Checkpoint.model_validate(await service.read(lambda reader: reader.head()))

    @router.get("/ledger/entries", responses=FOR_LISTS)
    async def list_entries(
        limit: Limit = 50,
        cursor: Cursor = None,
        first: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
    ) -> Page[LedgerEntry]:
        """Return ledger entries in order, from `first` on."""
        begin = cursor_number(cursor) if cursor is not None else first
        found = await service.read(lambda reader: list(reader.entries(begin, limit + 1)))
        more = str(found[limit].index) if len(found) > limit else None
        return Page(items=[entry_model(entry) for entry in found[:limit]], next=more)

    @router.get("/ledger/entries/{index}", responses=FOR_ONE)
    async def read_entry(index: Index) -> LedgerEntry:
        """Return one ledger entry."""
        raw = await service.read(lambda reader: _raw(reader, index))
        return entry_model(from_bytes(raw, index))

    @router.get("/ledger/entries/{index}/proof", responses=FOR_ONE)
    async def prove_entry(index: Index) -> EntryProof:
        """Return what proves one entry unaltered without the rest of the log."""
        return await service.read(lambda reader: entry_proof(reader, index))

    return router


def entry_proof(reader: Reader, index: int) -> EntryProof:
    """Return an entry's inclusion proof in the tree as last signed."""
    raw, head = _raw(reader, index), reader.head()
    leaves = reader.leaf_hashes()
    tree = Tree(leaves)
    inclusion = tree.inclusion(index, head.size)
    return EntryProof(
        index=index,
        size=head.size,
        entry=raw.decode("utf-8"),
        leaf_hash=leaves[index].hex(),
        inclusion=[node.hex() for node in inclusion],
        root=head.root,
        proof=proof_text(index, inclusion, head.checkpoint),
    )


def _raw(reader: Reader, index: int) -> bytes:
    try:
        return reader.raw_entry(index)
    except KeyError as error:
        raise Refusal("no_such_entry", entry=index) from error


def entry_model(entry: Entry) -> LedgerEntry:
    """Return an entry as programs read it."""
    return LedgerEntry(
        index=entry.index,
        type=entry.type,
        stream=entry.stream,
        stream_seq=entry.stream_seq,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor=entry.actor.name,
        identified=entry.actor.identified,
        configuration=entry.configuration,
        plan=entry.plan,
        software=entry.software,
        payload=dict(entry.payload),
    )
