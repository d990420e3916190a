"""What the plant as a whole goes through: configurations, lives of the agent, steps of the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry, JsonValue, canonical_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRecord(Record):
    """One configuration that was in force, with its full content (D14)."""

    TABLE: ClassVar = "configurations"
    KEY: ClassVar = ("digest",)

    digest: str
    adopted_at: datetime
    software: str
    plan: str
    content: Json
    """File name → text."""


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
class ConfigurationAdopted(Fact):
    """A configuration came into force."""

    TYPE: ClassVar = "configuration_adopted"

    digest: str
    """SHA-256, hex, over the canonical content of all files."""
    software: str
    plan: str
    files: Mapping[str, JsonValue]
    """File name → text."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the configuration with its full content (D14)."""
        del look
        content = Json(canonical_text(plain(self.files)))
        adopted = made(ConfigurationRecord, self, adopted_at=entry.occurred_at, content=content)
        return (Put(adopted),)


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
class ClockStepped(Fact):
    """The machine's clock was set (R46); it stands in the ledger only."""

    TYPE: ClassVar = "clock_stepped"

    step_s: float
    """How far, in seconds; negative: back."""
