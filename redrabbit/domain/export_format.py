"""The exported file of records: its form, and what of the ledger must stand in it.

One JSON object a line, in canonical form, UTF-8:

    {"format": …, "from": …, "key": …, "lines": …, "made_at": …, "plant": …, "until": …}
    {"checkpoint": the signed checkpoint of the whole log}
    {"stream": …}                                  for each line asked for, and for the plant
    {"entry": …, "index": …, "proof": […]}         its entries, without a gap; of schema 2 with what
    {…, "name": …, "payload": …, "salt": …}        was salted: its payload, and a stated name, or null
    {"type": "payloads_erased"}                    only if needed, and below it the entries from
    {"entry": …, …}                                elsewhere that say of payloads above: erased
    {"seal": a signed note over the SHA-256 of all lines above}

Each stream's entries reach from one recorded before the period (or the stream's first) to one
recorded after it (or the stream's head as the checkpoint lists it), each chained to the one
before and each proved to be in the log: so nothing recorded in the period can have been left out
(D11). A payload that is null was erased only if an entry in the file says so, which is proved to be
in the log like all others (D51): otherwise somebody removed it. The promise is as good as the key: compare it, or the checkpoint, with one kept elsewhere.

A record is in the period if it happened or was recorded in it: what was spooled counts twice,
never not at all. The end is exclusive. `redrabbit.domain.export_verification` reads such files.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.ledger import (
    PLANT_STREAM,
    JsonValue,
    StoredEntry,
    canonical_text,
    from_json,
    instant_text,
    schema_of,
)
from redrabbit.domain.signed_note import NoteSigner, sign_note, to_base64

FORMAT: Final = "redrabbit records 1"


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


def streams_asked_for(streams: Iterable[str], lines: Sequence[str] | None) -> tuple[str, ...]:
    """Return the log's streams that the file must hold: the lines', and always the plant's."""
    wanted = None if lines is None else {*lines, PLANT_STREAM}
    return tuple(sorted(name for name in streams if wanted is None or name in wanted))


def covering_range(entries: Sequence[Recorded], period: Period) -> range:
    """Return which of a stream's entries to hand over, those before and after the period with them.

    The clock may have been stepped back in between (`clock_stepped`), so the range goes from the
    first to the last entry in the period, and on outwards until it ends at entries recorded
    before and after it.
    """
    inside = [place for place, entry in enumerate(entries) if period.holds(entry)]
    if inside:
        first, last = inside[0], inside[-1]
    else:
        before = [n for n, entry in enumerate(entries) if entry.recorded_at < period.begins_at]
        first = last = before[-1] if before else 0
    while first > 0 and entries[first].recorded_at >= period.begins_at:
        first -= 1
    while last < len(entries) - 1 and entries[last].recorded_at < period.ends_at:
        last += 1
    return range(first, last + 1)


def header_line(header: Header) -> str:
    """Return the file's first line."""
    return canonical_text(
        {
            "format": FORMAT,
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


def erasures_line() -> str:
    """Return the line above entries of any stream that say which payloads were erased."""
    return canonical_text({"type": PayloadsErased.TYPE})


def entry_line(
    index: int, stored: StoredEntry, proof: Sequence[bytes], name: StatedName | None = None
) -> str:
    """Return the line of one entry; its canonical bytes stand in it as they are.

    `name` is what its actor stated, while it is kept. What was erased is null (D51).
    """
    place: dict[str, JsonValue] = {"index": index}
    if schema_of(stored) > 1:
        payload = None if stored.payload is None else from_json(stored.payload)
        salt = None if stored.salt is None else stored.salt.hex()
        stated = None if name is None else {"name": name.name, "salt": name.salt.hex()}
        place |= {"name": stated, "payload": payload, "salt": salt}
    beside = canonical_text(place | {"proof": [to_base64(node) for node in proof]})
    return f'{{"entry":{stored.raw.decode("utf-8")},{beside[1:]}'


def sealed(lines: Sequence[str], signer: NoteSigner) -> bytes:
    """Return the whole file: the lines and the seal over them."""
    body = "".join(line + "\n" for line in lines).encode("utf-8")
    seal = canonical_text({"seal": sign_note(seal_text(body, signer.name), signer)})
    return body + seal.encode("utf-8") + b"\n"


def seal_text(body: bytes, origin: str) -> str:
    """Return the text of the note that seals a file's lines; never mistaken for a checkpoint."""
    digest = to_base64(hashlib.sha256(body).digest())
    return f"{FORMAT}\n{origin}\nsha256 {digest}\nbytes {len(body)}\n"
