"""The seal of a kept act: the log key's signature over its row (D65).

Acts stand beside the ledger, so neither its tree nor its signed head covers them. Each row has a
signature of its own instead: a row that somebody changed or added is never answered from, and
`redrabbit verify` names it. What a seal can't tell is that a row was taken away.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from redrabbit.domain.facts.codec import plain
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import canonical
from redrabbit.domain.signed_note import NoteSigner, NoteVerifier
from redrabbit.services.ports import KeptAct

DOMAIN: Final = b"Red Rabbit act 1\n"
"""In front of what is signed. The same key signs checkpoints and exports: their first line is a log's
name or a format, neither of which has a space, so no signature of one passes for the other."""

_SEALED: Final = tuple(field.name for field in fields(KeptAct))


def seal_of(act: Mapping[str, Any], signer: NoteSigner) -> bytes:
    """Return the signature over an act's row."""
    return signer.sign(_sealed(act))


def seal_fits(row: Mapping[str, Any], verifier: NoteVerifier) -> bool:
    """Tell whether a row, as found, is one that was written under this log's key."""
    seal = row["seal"]
    if not isinstance(seal, bytes | memoryview):  # PostgreSQL gives memory views
        return False
    try:
        content = _sealed(row)
    except (AssertionError, TypeError, ValueError):  # what stands there is no text and no instant
        return False
    return verifier.verify(content, bytes(seal))


def altered_acts(rows: Iterable[Mapping[str, Any]], verifier: NoteVerifier) -> Iterator[Finding]:
    """Yield each row that is not as it was written."""
    for row in rows:
        if not seal_fits(row, verifier):
            yield Finding(code="act_differs", place=f"acts[{row['key']}]")


def _sealed(row: Mapping[str, Any]) -> bytes:
    return DOMAIN + canonical({name: plain(row[name]) for name in _SEALED})
