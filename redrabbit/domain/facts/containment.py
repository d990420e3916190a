"""Containments: the case that a miss opens, from its suspect window to its end (L4, D5, R25)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.codec import plain
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry, canonical_text


class ContainmentState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    REVERIFIED = "reverified"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionStep:
    """One step of the reaction plan, and who did it when."""

    en: str
    zh: str
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentRecord(Record):
    """One case with its suspect window."""

    TABLE: ClassVar = "containments"
    KEY: ClassVar = ("containment_id",)
    INDEXES: ClassVar = (("state",), ("device", "failure_mode"))

    containment_id: int
    line: str
    station: str
    device: str
    failure_mode: str
    check_id: str
    run_id: int
    step: int
    state: ContainmentState
    opened_at: datetime
    window_from: datetime | None
    """None: unknown, since the start of records."""
    window_from_run: int | None
    counter_from: int | None
    stopped_at: datetime | None
    """The recorded stop; None: the window is still open."""
    stopped_by: str | None
    counter_to: int | None
    quantity: int | None
    """Parts in the window as far as counted."""
    quantity_is_lower_bound: bool
    reaction: Json
    """A list of `ReactionStep`."""
    reverified_by_run: int | None
    closed_at: datetime | None


def _case(look: Look, containment_id: int) -> ContainmentRecord:
    return found(look, ContainmentRecord, containment_id)


def _as_json(reaction: tuple[ReactionStep, ...]) -> Json:
    return Json(canonical_text(plain(reaction)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentOpened(Fact):
    """A miss opened the case (L4)."""

    TYPE: ClassVar = "containment_opened"

    containment_id: int
    line: str
    station: str
    device: str
    failure_mode: str
    check_id: str
    run_id: int
    step: int
    window_from: datetime | None
    """When the last good check was presented."""
    window_from_run: int | None
    counter_from: int | None
    counter_to: int | None
    quantity: int | None
    quantity_is_lower_bound: bool
    reaction: tuple[ReactionStep, ...]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Open the case with its suspect window."""
        del look
        opened = made(
            ContainmentRecord,
            self,
            state=ContainmentState.OPEN,
            opened_at=entry.occurred_at,
            stopped_at=None,
            stopped_by=None,
            reaction=_as_json(self.reaction),
            reverified_by_run=None,
            closed_at=None,
        )
        return (Put(opened),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentStopped(Fact):
    """Production stopped: the suspect window ends (D5)."""

    TYPE: ClassVar = "containment_stopped"

    containment_id: int
    counter_to: int | None
    quantity: int | None
    quantity_is_lower_bound: bool

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the suspect window at the recorded stop."""
        stopped = replace(
            _case(look, self.containment_id),
            counter_to=self.counter_to,
            quantity=self.quantity,
            quantity_is_lower_bound=self.quantity_is_lower_bound,
            stopped_at=entry.occurred_at,
            stopped_by=entry.actor.name,
        )
        return (Put(stopped),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionChanged(Fact):
    """A step of the reaction was done (R24)."""

    TYPE: ClassVar = "reaction_changed"

    containment_id: int
    step: int
    """Counted from 0."""
    reaction: tuple[ReactionStep, ...]
    """All steps as they stand now."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the ticked reaction steps."""
        del entry
        case = _case(look, self.containment_id)
        return (Put(replace(case, reaction=_as_json(self.reaction))),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentReverified(Fact):
    """A re-verification passed: the device detects again."""

    TYPE: ClassVar = "containment_reverified"

    containment_id: int
    run_id: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note the passing re-verification."""
        del entry
        case = _case(look, self.containment_id)
        state = ContainmentState.REVERIFIED
        return (Put(replace(case, state=state, reverified_by_run=self.run_id)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentClosed(Fact):
    """The case is over: re-verified, and every step of its reaction done (B24)."""

    TYPE: ClassVar = "containment_closed"

    containment_id: int

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the case."""
        case = _case(look, self.containment_id)
        return (Put(replace(case, state=ContainmentState.CLOSED, closed_at=entry.occurred_at)),)
