"""What the plant as a whole goes through: what is in force, lives of the agent, what they did not watch, clock steps."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, json_of, made
from redrabbit.domain.ledger import Entry, JsonValue, canonical

IN_FORCE_CHANGED: Final = "in_force_changed"
"""The type of the fact after which entries carry another digest in `in_force` (D52)."""


class InForceKind(StrEnum):
    """What can be in force."""

    PLAN = "plan"
    CALENDAR = "calendar"
    STATION = "station"
    PLANT = "plant"
    """The plant file: lines, endpoints, parts, receivers."""


class NotWatchedWhy(StrEnum):
    """Why nobody watched."""

    FROZEN = "frozen"
    """The process stood still: it was stopped, or the machine slept, or had no time for it."""
    DOWN = "down"
    """No process ran: from the last sign of life of the one before, however it ended, to the start of the next."""
    CLOCK = "clock"
    """The clock was wrong: what was due then by the right time, nobody was told of in time (D43)."""
    HISTORY_LOST = "history_lost"
    """What was recorded then is lost, and a person went on without it (D62)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForceItem:
    """One thing in force: a control plan, a calendar, a station's file."""

    kind: InForceKind
    id: str
    """The plan's number, the line of a calendar, the station."""
    revision: str | None
    digest: str
    """SHA-256, hex, over its canonical content."""


def in_force_digest(items: tuple[InForceItem, ...]) -> str:
    """Return the digest that entries carry while exactly these are in force (D52)."""
    return hashlib.sha256(canonical(plain(items))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRecord(Record):
    """One configuration that was adopted, with its content (D14)."""

    TABLE: ClassVar = "configurations"
    KEY: ClassVar = ("digest",)

    digest: str
    adopted_at: datetime
    software: str
    plan: str
    content: Json
    """File name → text."""
    entry: int
    """Index of the entry that adopted it last: the last one counts, whatever its clock said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForceRecord(Record):
    """What was in force from an instant on (D52)."""

    TABLE: ClassVar = "in_force"
    KEY: ClassVar = ("entry",)

    entry: int
    """Index of the entry from which on it holds."""
    digest: str
    since_at: datetime
    items: Json
    """A list of `InForceItem`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRecord(Record):
    """One life of the process that watches, from start to stop; `stopped_at` None after a crash."""

    TABLE: ClassVar = "agents"
    KEY: ClassVar = ("agent_id",)

    agent_id: int
    started_at: datetime
    stopped_at: datetime | None
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWatchedRecord(Record):
    """A time in which nobody watched though the agent lived, or of which what was recorded is lost."""

    TABLE: ClassVar = "not_watched"
    KEY: ClassVar = ("entry",)
    INDEXES: ClassVar = (("ends_at", "begins_at", "entry"),)

    entry: int
    """Index of the entry that tells it."""
    begins_at: datetime
    ends_at: datetime
    why: NotWatchedWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationAdopted(Fact):
    """A configuration was adopted."""

    TYPE: ClassVar = "configuration_adopted"

    digest: str
    """SHA-256, hex, over the canonical content of all files."""
    software: str
    plan: str
    files: Mapping[str, JsonValue]
    """File name → text, without secrets (D24)."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the configuration with its content (D14)."""
        del look
        content = json_of(self.files)
        return (
            Put(
                made(
                    ConfigurationRecord,
                    self,
                    adopted_at=entry.occurred_at,
                    content=content,
                    entry=entry.index,
                )
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InForceChanged(Fact):
    """From the next entry on this list is in force; entries carry its digest (D52)."""

    TYPE: ClassVar = IN_FORCE_CHANGED

    items: tuple[InForceItem, ...]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the list under its digest."""
        del look
        record = InForceRecord(
            entry=entry.index,
            digest=in_force_digest(self.items),
            since_at=entry.occurred_at,
            items=json_of(self.items),
        )
        return (Put(record),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStarted(Fact):
    """One life of the process that watches began."""

    TYPE: ClassVar = "agent_started"

    agent_id: int
    software: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Begin the life."""
        del look
        return (Put(made(AgentRecord, self, started_at=entry.occurred_at, stopped_at=None)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStopped(Fact):
    """It ended in good order; after a crash there is no such entry."""

    TYPE: ClassVar = "agent_stopped"

    agent_id: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the life."""
        agent = found(look, AgentRecord, self.agent_id)
        return (Put(replace(agent, stopped_at=entry.occurred_at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWatched(Fact):
    """Nobody watched for a time, though the life of the agent went on (R12); or what was recorded of it is lost (D62)."""

    TYPE: ClassVar = "not_watched"

    begins_at: datetime
    ends_at: datetime
    why: NotWatchedWhy

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the hole: what was owed in it lapses for that reason."""
        del look
        return (Put(made(NotWatchedRecord, self, entry=entry.index)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped(Fact):
    """The machine's clock was set (R46); it stands in the ledger only."""

    TYPE: ClassVar = "clock_stepped"

    step_s: float
    """How far, in seconds; negative: back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLost(Fact):
    """A person went on without entries that had been signed (D62); it stands in the ledger only."""

    TYPE: ClassVar = "history_lost"

    size: int
    """How many entries the ledger had."""
    root: str
    """The Merkle root over them, hex."""
    found_size: int
    """How many it was found to have; whether they are the first of those that it had is not known."""
    found_root: str
    """The Merkle root over these, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadsErased(Fact):
    """Something was erased under a rule of retention (R23, D51); it stands in the ledger only."""

    TYPE: ClassVar = "payloads_erased"

    rule: str
    """The name of the rule."""
    entries: tuple[int, ...]
    """Indexes of the entries whose payload and salt are gone."""
    names: tuple[str, ...]
    """Ids of the stated names that are gone."""
    blobs: tuple[str, ...]
    """Digests of the blobs that are gone."""
