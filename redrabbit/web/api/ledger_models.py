"""The forms of the API about the ledger itself: entries, proofs, checkpoints, signals of a run."""

from datetime import datetime
from typing import Any

from pydantic import Field

from redrabbit.domain.findings import in_english
from redrabbit.services.verifying import Reading, VerificationState
from redrabbit.web.api.models import Model, WhoHow


class Checkpoint(Model):
    """The ledger as last committed, signed."""

    size: int
    root: str = Field(description="Merkle root, hex (RFC 6962).")
    checkpoint: str = Field(description="The signed note (C2SP tlog-checkpoint), to be kept.")


class Verification(Model):
    """How far the database is verified beside the service, and what the last pass found."""

    reading: Reading | None = Field(description="What is being read; null between two passes.")
    done: int
    of: int = Field(description="Entries or rows; 0 where that is not known.")
    began_at: datetime | None
    verified_size: int = Field(
        description="Entries, from the first one on, that were read and are as they were recorded."
    )
    verified_at: datetime | None = Field(
        description="When the last of them was read, be it before a restart; null: none was."
    )
    whole_since: datetime | None = Field(
        description="When the last whole pass began: since then every entry was read."
    )
    whole_at: datetime | None = Field(
        description="When it ended, with records and file; null: none has."
    )
    findings: list[str] = Field(
        description="What is not as it was recorded, in English, until a whole pass finds nothing."
    )
    trouble: str | None = Field(description="Why the last pass came to no end.")


def verification_model(state: VerificationState) -> Verification:
    """Return the state in the API's form."""
    return Verification(
        reading=state.reading,
        done=state.done,
        of=state.of,
        began_at=state.began_at,
        verified_size=state.verified_size,
        verified_at=state.verified_at,
        whole_since=state.whole_since,
        whole_at=state.whole_at,
        findings=[in_english(each) for each in state.findings],
        trouble=state.trouble,
    )


class SignalsOfRun(Model):
    """All that a station's signals did during a run."""

    began_at: datetime
    dropped: int = Field(description="Points beyond what is kept of one run.")
    signals: dict[str, list[tuple[float, bool | int | float | str | None, str | None]]] = Field(
        description="Of each signal: seconds since `began_at`, the value, why there is none."
    )


class LedgerEntry(Model):
    """One ledger entry."""

    index: int
    type: str
    schema_version: int = Field(description="2 has its payload beside the leaf, 1 inside.")
    stream: str
    stream_seq: int
    previous: str = Field(description="Leaf hash of the stream's previous entry, hex.")
    occurred_at: datetime
    recorded_at: datetime
    actor: str = Field(description="Its id, as the leaf has it; in schema 1 the name.")
    actor_name: str | None = Field(description="The name kept for the id; null: none, or erased.")
    actor_how: WhoHow
    actor_station: str | None
    in_force: str = Field(description="Digest of what was in force; in schema 1 configuration.")
    plan: str | None = Field(description="Schema 1 only.")
    software: str
    payload: dict[str, Any] | None = Field(description="null: erased under a rule of retention.")


class KeyChangeProof(Model):
    """An entry that changed the ledger's key, with the proof that it is in the same tree."""

    index: int
    entry: str = Field(description="The header's canonical bytes (UTF-8): the leaf.")
    salt: str | None
    payload: str | None = Field(description="Both public keys, and what both have signed.")
    inclusion: list[str]


class SigningKey(Model):
    """A key of the ledger, and since when it signs."""

    key: str = Field(description="The public key, NAME+KEYID+KEY.")
    since_entry: int | None = Field(
        description="The entry from which on it signs, which the key before has signed, too; null: the first."
    )
    since_at: datetime | None
    changed_by: str | None = Field(
        description="Who had the key changed; null: nobody, or the name was erased."
    )
    changed_how: WhoHow | None = Field(description="null: nobody, it is the first key.")
    signs_now: bool


class EntryProof(Model):
    """What proves one entry without the rest of the log.

    The leaf is the entry's header, `entry`: SHA-256 over a zero byte and its UTF-8 bytes is
    `leaf_hash`, and `inclusion` leads from there to `root` (RFC 6962). Under schema 2 the header's
    field `payload` is SHA-256 over `salt` (bytes of the hex) and `payload` (UTF-8), both null once they
    were erased; the proof holds without them. Under schema 1 the header holds the payload itself.
    `redrabbit verify --proof FILE` verifies the object as it is given here.
    """

    index: int
    size: int
    entry: str = Field(description="The header's canonical bytes (UTF-8): the leaf.")
    salt: str | None = Field(description="Hex; null under schema 1, and where it was erased.")
    payload: str | None = Field(description="Canonical JSON; null as `salt`.")
    leaf_hash: str
    inclusion: list[str] = Field(description="Hashes on the way to the root, hex, nearest first.")
    root: str
    proof: str = Field(description="The same as text (C2SP tlog-proof), with the checkpoint.")
    key_changes: list[KeyChangeProof] = Field(
        default_factory=list,
        description="All changes of the ledger's key; absent where there is none.",
    )
