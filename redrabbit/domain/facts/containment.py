"""Containments: the case that a miss opens, from its suspect window to its end (L4, D5, R25)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, json_of, made
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.grade import KnownBy
from redrabbit.domain.identity import ContainmentId, How, Letter, RunId, number_of
from redrabbit.domain.ledger import Entry
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.text import Text

_CLOSED_BY_PERSONS: Final = 3
"""The schema since which a person closes a case."""


class ContainmentState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    REVERIFIED = "reverified"
    CLOSED = "closed"


class WindowEnd(StrEnum):
    """What ended a suspect window (D34)."""

    STOP = "stop"
    """The line was stopped."""
    ALTERNATE = "alternate"
    """The first piece was made under an approved alternate control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionStep:
    """One step of the reaction plan, and who did it when."""

    en: str
    zh: str
    done_at: datetime | None
    done_by: str | None
    done_how: How | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentRecord(Record):
    """One case with its suspect window."""

    TABLE: ClassVar = "containments"
    KEY: ClassVar = ("containment_id",)
    INDEXES: ClassVar = (
        ("line", "number"),
        ("run_id",),
        ("opened_at", "line", "number"),
        ("state", "opened_at", "line", "number"),
    )
    LETTER: ClassVar = Letter.CONTAINMENT

    containment_id: ContainmentId
    line: str
    number: int
    station: str
    device: str
    failure_mode: str
    names: Json | None
    """`PlaceNames` of its time; None under schema 1."""
    failure_mode_name: Json | None
    check_id: str
    run_id: RunId
    step: int
    variant: str | None
    nest: str | None
    state: ContainmentState
    opened_at: datetime
    opened_entry: int
    identity_kind: KnownBy | None
    """By what it is known which part was there (D29); None under schemas 1 and 2."""
    identity_disputed: bool
    """Whether the tested part may have been another one (D29)."""
    window_from: datetime | None
    """None: unknown, since the start of records."""
    window_from_run: RunId | None
    counter_from: int | None
    count_from: Json | None
    """`PartCount` when the last good check was presented; None where it is not known (D34)."""
    stopped_at: datetime | None
    """The recorded end of the window; None: it is still open, and may hold more than is counted."""
    stopped_by: str | None
    stopped_how: How | None
    stopped_entry: int | None
    stop_text: str | None
    """A person's words."""
    stop_signal: str | None
    """The running signal of the station that told the stop; None where a person did."""
    window_end: WindowEnd | None
    box_label: str | None
    ends_at: datetime | None
    """Until when it reaches, where that is not its recorded end; None: it is, or it is still open."""
    reached_at: datetime | None
    """Until when a later miss, the re-verification or a count last showed it to reach; None: none did."""
    reached_by_run: RunId | None
    counter_to: int | None
    count_to: Json | None
    """`PartCount` at the window's end, or as far as it was seen to reach."""
    quantity: int | None
    """Parts in the window as far as counted, with the challenge parts that its station counts."""
    quantity_is_lower_bound: bool
    quantity_unknown: int | None
    """How many of them may be of another variant or nest: nobody knows of which they are (D34); None
    under schemas 1 and 2."""
    reaction: Json
    """A list of `ReactionStep`."""
    repair_code: RepairCode | None
    """What was repaired since the last miss (D35); None: nobody has said."""
    repair_text: str | None
    """A person's words."""
    repaired_at: datetime | None
    repaired_by: str | None
    repaired_how: How | None
    repaired_entry: int | None
    reverified_by_run: RunId | None
    closed_at: datetime | None
    closed_by: str | None
    """None also where it closed by itself, as it did under schemas 1 and 2."""
    closed_how: How | None
    closed_entry: int | None
    entry: int
    """Index of the ledger entry that last changed it."""

    @property
    def window_to(self) -> datetime | None:
        """The window's end; None: it is still open."""
        return self.ends_at or self.stopped_at

    @property
    def seen_until(self) -> datetime:
        """Until when the device was last seen to be blind, or for the first time to detect again."""
        return self.reached_at or self.opened_at


def _case(look: Look, containment_id: ContainmentId) -> ContainmentRecord:
    return found(look, ContainmentRecord, containment_id)


NOT_ENDED: Final[Mapping[str, Any]] = {
    "stopped_at": None,
    "stopped_by": None,
    "stopped_how": None,
    "stopped_entry": None,
    "stop_text": None,
    "stop_signal": None,
    "window_end": None,
    "box_label": None,
    "ends_at": None,
}
"""What of a case's record the end of its window fills in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentOpened(Fact):
    """A miss opened the case (L4)."""

    TYPE: ClassVar = "containment_opened"

    containment_id: ContainmentId
    line: str
    station: str
    device: str
    failure_mode: str
    names: PlaceNames | None
    failure_mode_name: Text | None
    check_id: str
    run_id: RunId
    step: int
    variant: str | None
    nest: str | None
    identity_kind: KnownBy | None
    """By what it is known which part was there (D29); None under schemas 1 and 2."""
    identity_disputed: bool
    window_from: datetime | None
    """When the last good check was presented."""
    window_from_run: RunId | None
    counter_from: int | None
    count_from: PartCount | None
    """What the station had counted when the last good check was presented (D34); null if not known."""
    counter_to: int | None
    count_to: PartCount | None
    """What it had counted at the miss; null if not known."""
    quantity: int | None
    quantity_is_lower_bound: bool
    quantity_unknown: int | None
    """How many of them may be of another variant or nest: nobody knows of which they are (D34). null under
    schemas 1 and 2."""
    reaction: tuple[ReactionStep, ...]

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Open the case with its suspect window."""
        del look
        opened = made(
            ContainmentRecord,
            self,
            number=number_of(self.containment_id),
            names=json_of(self.names),
            failure_mode_name=json_of(self.failure_mode_name),
            state=ContainmentState.OPEN,
            opened_at=entry.occurred_at,
            opened_entry=entry.index,
            count_from=json_of(self.count_from),
            **NOT_ENDED,
            reached_at=None,
            reached_by_run=None,
            count_to=json_of(self.count_to),
            reaction=json_of(self.reaction),
            repair_code=None,
            repair_text=None,
            repaired_at=None,
            repaired_by=None,
            repaired_how=None,
            repaired_entry=None,
            reverified_by_run=None,
            closed_at=None,
            closed_by=None,
            closed_how=None,
            closed_entry=None,
            entry=entry.index,
        )
        return (Put(opened),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentStopped(Fact):
    """The suspect window ends: production stopped, or goes on under an alternate (D5, D34).

    It happened when the entry says, which may be earlier than it was recorded.
    """

    TYPE: ClassVar = "containment_stopped"

    containment_id: ContainmentId
    window_end: WindowEnd
    box_label: str | None
    """Of the first box, or the serial of the first piece, behind the window."""
    reason_text: str | None
    """A person's words."""
    stop_signal: str | None
    """The station's running signal, where that told it and no person."""
    counter_to: int | None
    count_to: PartCount | None
    """What the station had counted by then, or more; null if not known."""
    ends_at: datetime | None
    """Until when the window reaches, where that is not when it was ended: the re-verification came
    before, or parts may have been made since."""
    quantity: int | None
    quantity_is_lower_bound: bool
    quantity_unknown: int | None
    """How many of them may be of another variant or nest: nobody knows of which they are (D34). null under
    schemas 1 and 2."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the suspect window."""
        stopped = replace(
            _case(look, self.containment_id),
            window_end=self.window_end,
            box_label=self.box_label,
            stop_text=self.reason_text,
            stop_signal=self.stop_signal,
            ends_at=self.ends_at,
            counter_to=self.counter_to,
            count_to=json_of(self.count_to),
            quantity=self.quantity,
            quantity_is_lower_bound=self.quantity_is_lower_bound,
            quantity_unknown=self.quantity_unknown,
            stopped_at=entry.occurred_at,
            stopped_by=entry.actor.id,
            stopped_how=entry.actor.how,
            stopped_entry=entry.index,
            entry=entry.index,
        )
        return (Put(stopped),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionChanged(Fact):
    """A step of the reaction was done (R24)."""

    TYPE: ClassVar = "reaction_changed"

    containment_id: ContainmentId
    step: int
    """Counted from 0."""
    reaction: tuple[ReactionStep, ...]
    """All steps as they stand now."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the ticked reaction steps."""
        case = _case(look, self.containment_id)
        return (Put(replace(case, reaction=json_of(self.reaction), entry=entry.index)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentReverified(Fact):
    """A re-verification passed: the device detects again."""

    TYPE: ClassVar = "containment_reverified"

    containment_id: ContainmentId
    run_id: RunId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note the passing re-verification."""
        reverified = replace(
            _case(look, self.containment_id),
            state=ContainmentState.REVERIFIED,
            reverified_by_run=self.run_id,
            entry=entry.index,
        )
        return (Put(reverified),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentClosed(Fact):
    """A person closed the case: re-verified, its window ended, its reaction done (B24, D34, D35).

    Under schemas 1 and 2 it closed by itself, and the entry's actor did no more than the last step.
    """

    TYPE: ClassVar = "containment_closed"

    containment_id: ContainmentId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Close the case."""
        by_person = entry.schema >= _CLOSED_BY_PERSONS
        closed = replace(
            _case(look, self.containment_id),
            state=ContainmentState.CLOSED,
            closed_at=entry.occurred_at,
            closed_by=entry.actor.id if by_person else None,
            closed_how=entry.actor.how if by_person else None,
            closed_entry=entry.index if by_person else None,
            entry=entry.index,
        )
        return (Put(closed),)
