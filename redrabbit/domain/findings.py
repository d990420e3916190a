"""What verification finds: a value with a place, and its plain English for the terminal.

A finding names the first place where something is wrong and what is wrong there; never who did
it, and never more than can be shown. The page renders the same codes in both languages (D17).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

Param = str | int | None


LONGEST_SHOWN: Final = 80
"""Characters of a value that are shown; evidence can be kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was recorded."""

    code: str
    place: str
    """`ledger[17]`, `ledger_head`, `occurrences[5]`, `line 12`, `kept checkpoint`."""
    params: Mapping[str, Param] = field(default_factory=dict)


def in_english(finding: Finding) -> str:
    """Return the finding in plain English, with its place in front."""
    return f"{finding.place}: {TEXTS[finding.code].format(**finding.params)}"


def shown(value: object) -> str:
    """Return a value as it is quoted in a finding: short, and on one line."""
    if isinstance(value, bytes):
        value = value.hex()
    text = value.isoformat() if isinstance(value, datetime) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


TEXTS: Final = {
    # entries of the ledger
    "entry_missing": "the entry is missing",
    "entry_extra": "the entry does not belong there; the signed checkpoint has {size} entries",
    "row_out_of_place": "a row with index {found} stands there; expected {expected}",
    "entry_unreadable": "the entry's bytes can't be read: {problem}",
    "leaf_hash_differs": "the entry's bytes do not have the hash that was stored: they were changed",
    "nodes_differ": (
        "the nodes of the tree that are kept with the entry are not those that the entries give: they were changed"
    ),
    "proof_fails": "its proof does not lead to the signed root: it, or the tree's nodes, were changed",
    "column_differs": "column {column} is {found}; the entry says {expected}",
    "chain_broken": (
        "does not follow the previous entry of stream {stream} (ledger[{previous}]): "
        "one of the two was changed, added or removed"
    ),
    "stream_begins_late": "is not the first entry of stream {stream}, and no earlier one is there",
    "payload_missing": (
        "the payload is gone, and no entry of the ledger says that it was erased: it was removed"
    ),
    "entry_does_not_fold": "the entry makes no sense after those before it: {problem}",
    "written_by_newer": "written by a newer version of Red Rabbit ({what})",
    # the database
    "older_schema": (
        "an earlier version of Red Rabbit made its tables; of these only the ledger was verified"
    ),
    # the head
    "head_rows": "has {found} rows; expected exactly 1",
    "head_unreadable": "the signed checkpoint can't be read: {problem}",
    "signature_wrong": "the checkpoint is not signed by the key {key}",
    "key_foreign": "the key {key} is none of those that sign this ledger by its own entries: {keys}",
    "signature_out_of_time": (
        "the checkpoint is signed by the key {found}, which does not sign a ledger of {size} entries: the key was "
        "changed; expected {expected}"
    ),
    "signatures_extra": "the checkpoint has {found} signatures; expected exactly 1",
    "origin_differs": "the checkpoint is of the log {found}; expected {expected}",
    "stream_head_differs": (
        "the last entry of stream {stream} is not the one in the signed checkpoint; "
        "an entry of this stream was changed, added or removed"
    ),
    "root_differs": (
        "the Merkle root of the entries is not the signed one: an entry was changed, added, "
        "removed or moved, and the rest was made to fit"
    ),
    # a checkpoint that was kept elsewhere
    "kept_unreadable": "it can't be read: {problem}",
    "kept_beyond": "it has {found} entries and the ledger only {size}: entries were removed",
    "kept_not_proved": (
        "it has {found} entries and the log in the file {size}; this file does not prove that the longer one goes on "
        "from the shorter: a file that was exported with that checkpoint does, or the database"
    ),
    "kept_contradicts": (
        "the first {size} entries are not those that were signed then: history was rewritten"
    ),
    "kept_lost": (
        "it is of the history of {size} entries that was lost, as {by} accepted on {at}: the ledger went on without it"
    ),
    "kept_perhaps_lost": (
        "the ledger does not go on from it: either it is of the history of {size} entries that was lost, as {by} "
        "accepted on {at}, or history was rewritten; a checkpoint of {found} entries can't tell which"
    ),
    # what can't even be read
    "file_torn": "{problem}",
    "table_unreadable": "the table can't be read to its end: {problem}",
    "object_extra": "no {kind} of Red Rabbit has this name; it was added",
    "object_missing": "the {kind} is gone",
    "object_differs": "the {kind} is not the one that Red Rabbit makes: it is {found}; expected {expected}",
    # records
    "seal_differs": "{problem}",
    "rows_changed": (
        "block {block} of its rows is not what was signed: a row was changed, added or removed; "
        "`redrabbit verify` says which"
    ),
    "record_missing": "the record is missing; the ledger says there is one",
    "record_extra": "the record is not in the ledger; it was added",
    "signature_differs": (
        "the leaf hash that was signed is not that of ledger[{of_entry}]: something else was signed, or it was made up"
    ),
    "record_differs": "column {column} is {found}; the ledger says {expected}",
    # the proof of one entry
    "proof_unreadable": "it can't be read: {problem}",
    "field_differs": "{column} is {found}; the proof says {expected}",
    # changes of the key, in a file or a proof
    "key_change_unproved": "the change of the key is not proved: {problem}",
    # an exported file
    "file_unreadable": "it is not an exported file of records: {problem}",
    "line_unreadable": "the line can't be read: {problem}",
    "other_key": (
        "signed by another key under this ledger's name ({found}); expected {expected}: if the key was changed since, "
        "verify with the .pub of that time, or export again"
    ),
    "not_expected_key": "the file is signed by {found}; expected {expected}",
    "seal_missing": "the file's last line is not its seal: the file was cut off or added to",
    "seal_wrong": "the seal does not fit the file: something in it was changed, added or removed",
    "section_missing": "the records of stream {stream} are missing",
    "section_extra": "there are records of stream {stream}, which belongs there once and only if asked for",
    "blob_differs": "the content does not have this digest: it was changed",
    "act_differs": (
        "the row is not the one that was written when the act was done: it was changed or added, "
        "and nothing is answered from it"
    ),
    "blob_missing": (
        "the content that ledger[{index}] names is gone, and no entry says that it was erased: "
        "it was removed"
    ),
    "name_missing": (
        "the name that stands behind ledger[{index}] is gone, and no entry says that it was "
        "erased: it was removed"
    ),
    "name_differs": "the name is not the one that {expected} stands for: it was changed",
    "not_in_log": "ledger[{index}] is not in the signed log: it was changed, added or moved",
    "wrong_stream": "ledger[{index}] is of stream {found}; expected {stream}",
    "start_not_shown": (
        "stream {stream} begins with ledger[{index}], which does not lie before the period: "
        "earlier records may be missing"
    ),
    "heads_not_said": "when it was made, the ledger had not said yet where its streams stand",
    "person_missing": (
        "who {person} is, whom ledger[{index}] names, is not in the file: expected the entry that registered them"
    ),
    "in_force_missing": (
        "what was in force for ledger[{index}] is not in the file: expected an entry that says what {digest} was"
    ),
    "configuration_missing": (
        "the configuration that ledger[{index}] is of is not in the file: the entry before it in its stream"
    ),
    "consistency_wrong": (
        "it does not prove that the ledger begins with the one of {size} entries: it was changed"
    ),
    "end_not_shown": (
        "stream {stream} ends with ledger[{index}], which does not lie after the period: "
        "later records may be missing"
    ),
}
