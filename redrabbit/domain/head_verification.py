"""The signed head of a ledger, and checkpoints that were kept elsewhere, laid beside its entries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of, parse_checkpoint
from redrabbit.domain.findings import Finding, Param, shown
from redrabbit.domain.ledger import StreamHead
from redrabbit.domain.ledger_scan import Row, Scan, at_entry, differing
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.record_digests import parse_seal
from redrabbit.domain.recorded_loss import told_of_loss
from redrabbit.domain.signed_note import NoteVerifier, SignedNote, parse_note

KEPT: Final = "kept checkpoint"
REMEMBERED: Final = "remembered head"
"""Places of findings: a checkpoint from elsewhere, and the one that the writer keeps beside the key (D62)."""

_OF_KEYS: Final = frozenset({"key_foreign", "signature_out_of_time", "signature_wrong"})


def signed_head(heads: Sequence[Row], keys: LogKeys) -> Checkpoint | tuple[Finding, ...]:
    """Return what the one head says, or everything that is wrong with the rows of `ledger_head`."""
    if len(heads) != 1:
        return (Finding(code="head_rows", place="ledger_head", params={"found": len(heads)}),)
    row = heads[0]
    found = checkpoint_in(row.get("checkpoint"), keys, "ledger_head", "head_unreadable", alone=True)
    if isinstance(found, Finding):
        return (found,)
    expected = {"id": 1, "size": found.size, "root": found.root.hex()}
    return tuple(differing("column_differs", "ledger_head", row, expected)) or found


def head_findings(heads: Sequence[Row], scan: Scan) -> Iterator[Finding]:
    """Yield all that is wrong with the head, and where the entries that were read are not those it covers."""
    found = signed_head(heads, scan.keys)
    if not isinstance(found, Checkpoint):
        yield from (each for each in found if is_judged(each, scan))
    elif not scan.damage:
        streams = found.heads or _sealed_streams(heads[0], scan.keys, found.size)
        yield from _differences(found, streams, scan)


def _sealed_streams(head: Row, keys: LogKeys, size: int) -> Mapping[str, StreamHead]:
    """Return where the streams stood by the seal over the records; nothing where it can't be believed."""
    try:
        note = parse_note(str(head.get("records")))
        seal = parse_seal(note.text)
    except ValueError:
        return {}
    is_of_head = (seal.origin, seal.size) == (keys.name, size)
    return seal.heads if is_of_head and keys.signed(note, size) else {}


def _differences(
    signed: Checkpoint, streams: Mapping[str, StreamHead], scan: Scan
) -> Iterator[Finding]:
    """Yield where a sound chain of entries is not the one that was signed."""
    if scan.log.size < signed.size:
        yield at_entry(scan.log.size, "entry_missing")
    elif scan.log.size > signed.size:
        yield at_entry(signed.size, "entry_extra", size=signed.size)
    elif scan.log.root != signed.root or (streams and scan.log.heads != streams):
        for stream, index in sorted(scan.last_index.items(), key=lambda item: item[1]):
            if streams and scan.log.heads[stream] != streams.get(stream):
                yield at_entry(index, "stream_head_differs", stream=stream)
        yield Finding(code="root_differs", place="ledger")


def checkpoint_in(
    note: object, keys: LogKeys, place: str, unreadable: str, *, alone: bool = False
) -> Checkpoint | Finding:
    """Return what a signed note says, or why it is not to be believed; `alone`: one signature."""
    try:
        if not isinstance(note, str):
            raise TypeError(f"{shown(note)} in place of a text")  # noqa: TRY301  one way out for all
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
    except (TypeError, ValueError) as error:
        return Finding(code=unreadable, place=place, params={"problem": str(error)})
    if checkpoint.origin != keys.name:
        params = {"found": checkpoint.origin, "expected": keys.name}
        return Finding(code="origin_differs", place=place, params=params)
    if not keys.signed(parsed, checkpoint.size):
        return _not_signed(parsed, keys, checkpoint.size, place)
    if alone and len(parsed.signatures) != 1:
        params = {"found": str(len(parsed.signatures))}
        return Finding(code="signatures_extra", place=place, params=params)
    return checkpoint


def _not_signed(note: SignedNote, keys: LogKeys, size: int, place: str) -> Finding:
    """Return the finding that the key of this size did not sign; one of another time is named."""
    if not keys.are_trusted:
        params = {"key": _short(keys.trusted), "keys": ", ".join(map(_short, keys.all))}
        return Finding(code="key_foreign", place=place, params=params)
    key, other = _short(keys.at(size)), keys.signer_in_vain(note)
    if other is None:
        return Finding(code="signature_wrong", place=place, params={"key": key})
    told: dict[str, Param] = {"found": _short(other), "size": size, "expected": key}
    return Finding(code="signature_out_of_time", place=place, params=told)


def _short(key: NoteVerifier) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def is_judged(finding: Finding, scan: Scan) -> bool:
    """Tell whether a finding about a signature counts: which key signs behind damage, nobody knows."""
    return scan.damage is None or finding.code not in _OF_KEYS


def contradiction(place: str, old: Checkpoint, scan: Scan) -> Finding | None:
    """Return the finding that a kept checkpoint is of another history; None: it isn't, or can't be told."""
    if old.size not in scan.at_size and scan.damage:
        return None  # the log could not be read so far
    if agrees(old, scan):
        return None
    explained = told_of_loss(place, old, scan.losses)
    if explained is not None:
        return explained
    if old.size not in scan.at_size:
        params = {"found": old.size, "size": scan.log.size}
        return Finding(code="kept_beyond", place=place, params=params)
    return Finding(code="kept_contradicts", place=place, params={"size": old.size})


def agrees(old: Checkpoint, scan: Scan) -> bool:
    """Tell whether the log was at that size what a kept checkpoint says."""
    log = scan.at_size.get(old.size)
    if log is None:
        return False
    found = checkpoint_of(old.origin, log)
    return (replace(found, heads=log.heads) if old.heads else found) == old
