"""A checkpoint that was kept elsewhere, laid beside the one in a file that holds only part of a log.

Where both are of one size their roots tell whether they are of one log. Where they are not, the file would have to
prove that the longer goes on from the shorter; one that can't proves nothing, which is told and is no pass (D60).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.head_verification import KEPT, checkpoint_in
from redrabbit.domain.ledger import from_json
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.signed_note import parse_note

KEPT_NOT_PROVED: Final = "kept_not_proved"
"""Code of the finding that a file does not show whether its log goes on from a kept checkpoint; no damage."""
OTHER_KEY: Final = "other_key"
"""Code of the finding that a file or a proof is signed in the log's name by a key to which nothing leads; no damage."""


def kept_findings(
    note: str,
    told: Checkpoint,
    keys: LogKeys | None,
    begins_with: Mapping[int, bytes] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Return why a file's checkpoint is not of the log that was kept, or does not show it; empty: it is.

    `begins_with`: sizes of earlier logs that the file proves it to begin with, each with its root.
    Without keys the kept note is believed as it stands, for whoever kept it trusts it; ValueError if it is none.
    """
    kept = _believed(note, keys)
    if isinstance(kept, Finding):
        return (_of_later_key(note, told, keys) or kept,)
    if kept.origin != told.origin:
        return (_finding("origin_differs", found=kept.origin, expected=told.origin),)
    root = {**begins_with, told.size: told.root}.get(kept.size)
    if root is None:
        return (_finding(KEPT_NOT_PROVED, found=kept.size, size=told.size),)
    if kept.root != root:
        return (_finding("kept_contradicts", size=kept.size),)
    return ()


def note_in(text: str) -> str:
    """Return the signed note in a text that was kept: the text itself, or that of a message as a receiver got it.

    ValueError where it begins as a message does, and is none with a checkpoint.
    """
    if not text.startswith("{"):
        return text
    try:
        message = from_json(text)
    except ValueError as error:
        raise ValueError(f"{error}; expected one message, as it was received") from error
    match message:
        case {"checkpoint": str(note)}:
            return note
    raise ValueError("a message without a checkpoint")


def _believed(note: str, keys: LogKeys | None) -> Checkpoint | Finding:
    if keys is None:
        return parse_checkpoint(parse_note(note).text)
    return checkpoint_in(note, keys, KEPT, "kept_unreadable")


def _of_later_key(note: str, told: Checkpoint, keys: LogKeys | None) -> Finding | None:
    """Return that nothing is proved of a longer log that a key may have signed which came since: the file can't know it."""
    try:
        parsed = parse_note(note)
        kept = parse_checkpoint(parsed.text)
    except ValueError:
        return None
    is_later = kept.origin == told.origin and kept.size > told.size
    if keys is None or not is_later or not keys.may_be_of_other_time(parsed):
        return None
    return _finding(KEPT_NOT_PROVED, found=kept.size, size=told.size)


def _finding(code: str, **params: Param) -> Finding:
    return Finding(code=code, place=KEPT, params=params)
