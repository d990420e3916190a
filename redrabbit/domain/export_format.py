"""The exported file of records: its form, and what of the ledger must stand in it.

One JSON object a line, in canonical form, UTF-8:

    {"format": …, "from": …, "key": …, "lines": …, "made_at": …, "plant": …, "until": …}
    {"checkpoint": the signed checkpoint of the whole log}
    {"consistency": […], "root": …, "size": …}     only if asked for: that the log begins with the one of a
                                                   checkpoint that somebody kept
    {"type": "stream_heads"}                       and below it the last entry that says where the streams
    {"entry": …, …}                                stand; nothing before a ledger has ever said so
    {"stream": …}                                  for each line asked for, and for the plant
    {"entry": …, "index": …, "proof": […]}         its entries, without a gap; from schema 2 on with what
    {…, "names": {…}, "payload": …, "salt": …}     was salted: its payload, or null, and by its id each stated
                                                   name that it names: `{"name": …, "salt": …}`, or null
    {"type": "key_changed"}                        only if needed, and below it the entries that changed the
    {"entry": …, …}                                ledger's key, those that do not stand above
    {"type": "in_force"}                           only if needed, and below it the configurations that were
    {"entry": …, …}                                in force for entries above, and the lists of what was
    {"type": "people"}                             only if needed, and below it the entries that say who the
    {"entry": …, …}                                people are whom entries name, and by what right they acted
    {"type": "payloads_erased"}                    only if needed, and below it the entries from
    {"entry": …, …}                                elsewhere that say of payloads above: erased
    {"seal": a signed note over the SHA-256 of all lines above}

Each stream's entries reach from one recorded before the period (or the stream's first) to one
recorded after it, or at least to the last one that `stream_heads` lists, each chained to the one
before and each proved to be in the log: so nothing recorded in the period can have been left out,
as far as the streams' heads had been said by then (D11, D25); but for what a clock that was set back (`clock_stepped`)
recorded behind an entry after the period. What stands above the streams comes once, and in this order. A payload, or a name that
stands nowhere in the file, that is null was erased only if an entry in the file says so, which is proved to be in the log like all others (D51): otherwise somebody removed it. What was in
force stands in the file, too, so that a reader sees by which rule was judged. The promise is as good as the key:
compare it, or the checkpoint, with one kept elsewhere. All changes of the key are in the file, so that whoever has
another key of the ledger, of whatever time, can compare that.

A record is in the period if it happened or was recorded in it: what was spooled counts twice,
never not at all. The end is exclusive. `redrabbit.domain.export_verification` reads such files.

Entries name registered people by their numbers: with each of them come the entries that registered and changed them, with the
names while they are kept, and those that gave them roles, took these away, disabled and enabled them, all up to the checkpoint. That none of these was left out is proved within the period only, as for all that stands in a file for others.

Format 2 had none of that, and beside an entry only the name of who did it (`name`). Format 1 had the streams' heads in its
checkpoint, and neither what was in force nor a proof of consistency. Both are read for ever.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.person import (
    PersonChanged,
    PersonDisabled,
    PersonEnabled,
    PersonRegistered,
)
from redrabbit.domain.facts.plant import ConfigurationAdopted, InForceChanged, PayloadsErased
from redrabbit.domain.facts.role_grant import RoleGranted, RoleRevoked
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.ledger import (
    PLANT_STREAM,
    StoredEntry,
    canonical_text,
    instant_text,
    schema_of,
)
from redrabbit.domain.signed_note import NoteSigner, sign_note, to_base64

FORMATS: Final = ("redrabbit records 1", "redrabbit records 2", "redrabbit records 3")
"""All that are read, in order."""
FORMAT_1, FORMAT_2, FORMAT = FORMATS
"""The last one is written; the others were, by earlier versions."""


class Elsewhere(StrEnum):
    """Entries that stand in the file for what they say of others, whatever stream they are of."""

    STREAM_HEADS = "stream_heads"
    """Where the streams stand."""
    KEY_CHANGED = "key_changed"
    """Which key signs from when on."""
    IN_FORCE = "in_force"
    """By what was judged."""
    PEOPLE = "people"
    """Who the people are whom entries name, and by what right they acted."""
    PAYLOADS_ERASED = "payloads_erased"
    """Which payloads were erased."""


TYPES_OF: Final[Mapping[Elsewhere, frozenset[str]]] = {
    Elsewhere.STREAM_HEADS: frozenset({StreamHeads.TYPE}),
    Elsewhere.KEY_CHANGED: frozenset({KeyChanged.TYPE}),
    Elsewhere.IN_FORCE: frozenset({ConfigurationAdopted.TYPE, InForceChanged.TYPE}),
    Elsewhere.PEOPLE: frozenset(
        {
            PersonRegistered.TYPE,
            PersonChanged.TYPE,
            PersonDisabled.TYPE,
            PersonEnabled.TYPE,
            RoleGranted.TYPE,
            RoleRevoked.TYPE,
        }
    ),
    Elsewhere.PAYLOADS_ERASED: frozenset({PayloadsErased.TYPE}),
}
SINCE: Final[Mapping[Elsewhere, str]] = {
    Elsewhere.STREAM_HEADS: FORMAT_2,
    Elsewhere.KEY_CHANGED: FORMAT_2,
    Elsewhere.IN_FORCE: FORMAT_2,
    Elsewhere.PEOPLE: FORMAT,
    Elsewhere.PAYLOADS_ERASED: FORMAT_1,
}
"""In which format each came."""


class Recorded(Protocol):
    """When something happened and when it was recorded: an entry, or as much of one."""

    @property
    def occurred_at(self) -> datetime:
        """Return when it happened."""
        ...

    @property
    def recorded_at(self) -> datetime:
        """Return when it was recorded; later after spooling."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant, inclusive, until another, exclusive."""

    begins_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Refuse naive instants, and an end that is not after the beginning."""
        if instant_text(self.ends_at) <= instant_text(self.begins_at):
            raise ValueError("a period ends after it begins")

    def holds(self, entry: Recorded) -> bool:
        """Tell whether the entry happened or was recorded in the period."""
        return self._within(entry.occurred_at) or self._within(entry.recorded_at)

    def _within(self, moment: datetime) -> bool:
        return self.begins_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the file says of itself in its first line."""

    plant: str
    period: Period
    lines: tuple[str, ...] | None
    """None: all lines."""
    made_at: datetime
    key: str
    """The public key, `<name>+<key id>+<base64>`."""
    format: str = FORMAT

    def has(self, kind: Elsewhere) -> bool:
        """Tell whether the file's format has such a section."""
        return FORMATS.index(SINCE[kind]) <= FORMATS.index(self.format)

    def asks_for(self, stream: str) -> bool:
        """Tell whether the file must hold this stream: the lines', and always the plant's."""
        return self.lines is None or stream == PLANT_STREAM or stream in self.lines


def covering_range(entries: Sequence[Recorded], period: Period) -> range:
    """Return which of a stream's entries to hand over, those before and after the period with them.

    The clock may have been stepped back in between (`clock_stepped`), so the range goes from the
    first to the last entry in the period, and on outwards until it ends at entries recorded
    before and after it. Empty where there is none.
    """
    if not entries:
        return range(0)
    inside = [place for place, entry in enumerate(entries) if period.holds(entry)]
    if inside:
        first, last = inside[0], inside[-1]
    else:
        before = [
            (entry.recorded_at, place)
            for place, entry in enumerate(entries)
            if entry.recorded_at < period.begins_at
        ]
        first = last = max(before)[1] if before else 0
    while first > 0 and entries[first].recorded_at >= period.begins_at:
        first -= 1
    while last < len(entries) - 1 and entries[last].recorded_at < period.ends_at:
        last += 1
    return range(first, last + 1)


def header_line(header: Header) -> str:
    """Return the file's first line."""
    return canonical_text(
        {
            "format": header.format,
            "from": instant_text(header.period.begins_at),
            "key": header.key,
            "lines": header.lines,
            "made_at": instant_text(header.made_at),
            "plant": header.plant,
            "until": instant_text(header.period.ends_at),
        }
    )


def checkpoint_line(note: str) -> str:
    """Return the line that holds the signed checkpoint."""
    return canonical_text({"checkpoint": note})


def stream_line(stream: str) -> str:
    """Return the line above a stream's entries."""
    return canonical_text({"stream": stream})


def consistency_line(kept: Checkpoint, proof: Sequence[bytes]) -> str:
    """Return the line that proves that the log begins with the one of a checkpoint that was kept."""
    return canonical_text(
        {
            "consistency": [to_base64(node) for node in proof],
            "root": to_base64(kept.root),
            "size": kept.size,
        }
    )


def elsewhere_line(kind: Elsewhere) -> str:
    """Return the line above entries of any stream that say something of others."""
    return canonical_text({"type": kind.value})


def entry_line(
    index: int,
    stored: StoredEntry,
    proof: Sequence[bytes],
    names: Mapping[str, StatedName | None] | None = None,
) -> str:
    """Return the line of one entry; its canonical bytes and those of its payload stand in it as they are.

    ValueError where they are no text, or don't say their schema. `names` has by its id each stated name that the entry
    names; what was erased is null (D51).
    """
    raw, path = stored.raw.decode("utf-8"), canonical_text([to_base64(node) for node in proof])
    if schema_of(stored) == 1:
        return f'{{"entry":{raw},"index":{index},"proof":{path}}}'
    stated = {
        named: None if name is None else {"name": name.name, "salt": name.salt.hex()}
        for named, name in (names or {}).items()
    }
    payload = "null" if stored.payload is None else stored.payload.decode("utf-8")
    salt = None if stored.salt is None else stored.salt.hex()
    return (
        f'{{"entry":{raw},"index":{index},"names":{canonical_text(stated)},"payload":{payload},'
        f'"proof":{path},"salt":{canonical_text(salt)}}}'
    )


def sealed(lines: Iterable[str], signer: NoteSigner) -> Iterator[bytes]:
    """Yield each line of the file as it comes, and the seal over all of them at the end."""
    body = SealedBody()
    for line in lines:
        content = line.encode("utf-8") + b"\n"
        body.add(content)
        yield content
    seal = canonical_text({"seal": sign_note(body.seal_text(FORMAT, signer.name), signer)})
    yield seal.encode("utf-8") + b"\n"


class SealedBody:
    """What the seal is over, line by line."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._bytes = 0

    def add(self, content: bytes) -> None:
        """Take in the next line, with its end."""
        self._digest.update(content)
        self._bytes += len(content)

    def seal_text(self, form: str, origin: str) -> str:
        """Return the text of the note that seals a file's lines; never mistaken for a checkpoint."""
        digest = to_base64(self._digest.digest())
        return f"{form}\n{origin}\nsha256 {digest}\nbytes {self._bytes}\n"
