"""Signatures laid beside the entries that they name: each holds the leaf hash of what the person signed (R20)."""

from collections.abc import Iterator

from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NullType

from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger_scan import at_entry
from redrabbit.domain.records import SignatureRecord
from redrabbit.store.engine import translated
from redrabbit.store.found_rows import AT_ONCE
from redrabbit.store.tables import LEDGER, RECORD_TABLES

_SIGNATURES = RECORD_TABLES[SignatureRecord]
_ASKED = (
    select(
        *(
            type_coerce(_SIGNATURES.c[name], NullType()).label(name)
            for name in ("signed_entry", "of_entry", "leaf_hash")
        ),
        type_coerce(LEDGER.c.leaf_hash, NullType()).label("leaf"),
    )
    .join_from(_SIGNATURES, LEDGER, LEDGER.c.index == _SIGNATURES.c.of_entry, isouter=True)
    .order_by(_SIGNATURES.c.signed_entry)
)


def signature_findings(connection: Connection) -> Iterator[Finding]:
    """Yield signatures whose leaf hash is not that of the entry that they name.

    Asked only where ledger and records are sound: then the rows say what the entries say.
    """
    with (
        translated("reading signatures"),
        connection.execute(_ASKED, execution_options={"yield_per": AT_ONCE}) as found,
    ):
        for row in found:
            leaf = bytes(row.leaf).hex() if row.leaf is not None else None
            if leaf != row.leaf_hash:
                yield at_entry(row.signed_entry, "signature_differs", of_entry=row.of_entry)
