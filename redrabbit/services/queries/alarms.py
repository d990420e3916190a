"""What is open, who was told of it when and what came of it, who took it; silences (B21, R10)."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.alarm_groups import NEVER_SILENCED
from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.escalation import SEVERITY
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.identity import AlarmId, RunId, SilenceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import (
    AlarmRecord,
    AlarmToldRecord,
    ChallengePartRecord,
    OccurrenceRecord,
    RunRecord,
    SilenceRecord,
)
from redrabbit.domain.text import Text
from redrabbit.services.administrators_added import is_for_administrators
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.alarm_steps import silences_now
from redrabbit.services.deliveries import FateState, MessageFate
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, Person, person
from redrabbit.services.queries.people_told import ToldNames
from redrabbit.services.queries.reasons import quoted
from redrabbit.services.queries.receivers import EVENT_WORDS
from redrabbit.services.queries.wording import message

MOST_OPEN: Final = 100
MOST_TAKEN: Final = 20
MOST_TOLD: Final = 20
"""Messages about one alarm, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """One message about an alarm, or that it was put off."""

    at: datetime
    step: int
    """0: at once, to whoever wants it."""
    repeat: int
    held_for: str | None
    why_held: Message | None
    """Why it was put off, in words; None: it was not."""
    nobody_at: tuple[int, ...]
    """Steps of which nobody could be told."""
    unreached: tuple[str, ...]
    """Names of people who could not be told."""
    fates: tuple[MessageFate, ...]
    """How it stands with each receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """One alarm."""

    alarm: AlarmId
    kind: str
    event: Message
    severity: str
    line: Text | None
    place: Text | None
    part: str | None
    run: RunId | None
    check: str | None
    """Which check it is about; None: about no one check."""
    receiver: str | None
    raised_at: datetime
    next_at: datetime | None
    href: str
    """Where it is ended."""
    told: tuple[ToldRow, ...]
    """The newest first."""
    told_is_cut: bool
    """Whether there are older ones, which are not among `told`."""
    ended_at: datetime | None
    """When what it is about was over by itself."""
    taken_at: datetime | None
    taken_by: Person | None
    is_taken_here: bool
    """Whether it is taken on this page; False: on *People*, by whoever manages people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """A challenge part that is not where it must be."""

    part: str
    run: RunId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A silence that is not over."""

    silence: SilenceId
    line: str | None
    station: str | None
    kind: Message | None
    ends_at: datetime
    reason: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsPage:
    """Everything that somebody must see to."""

    now: datetime
    open: tuple[AlarmRow, ...]
    is_cut: bool
    missing: tuple[MissingPart, ...]
    taken: tuple[AlarmRow, ...]
    silences: tuple[SilenceRow, ...]
    stations: tuple[tuple[str, Text], ...]
    kinds: tuple[tuple[str, Message], ...]

    @property
    def to_take(self) -> tuple[AlarmRow, ...]:
        """All open alarms that are shown and are taken here."""
        return tuple(row for row in self.open if row.is_taken_here)

    @property
    def open_ids(self) -> str:
        """Their ids, for taking them together."""
        return " ".join(row.alarm for row in self.to_take)


def alarms_page(reader: Reader, plant: Plant, now: datetime) -> AlarmsPage:
    """Return the page as it stands at `now`."""
    found = reader.find(
        AlarmRecord,
        equals("acknowledged_at", None),
        equals("ended_at", None),
        order_by="raised_at",
        descending=True,
        limit=MOST_OPEN + 1,
    )
    taken = reader.find(
        AlarmRecord,
        _IS_TAKEN,
        order_by="raised_at",
        descending=True,
        limit=MOST_TAKEN,
    )
    missing = reader.find(ChallengePartRecord, equals("custody", Custody.MISSING))
    names = ToldNames(reader, plant)
    return AlarmsPage(
        now=now,
        open=tuple(alarm_row(reader, alarm, names) for alarm in found[:MOST_OPEN]),
        is_cut=len(found) > MOST_OPEN,
        missing=tuple(MissingPart(part=part.part_id, run=part.run_id) for part in missing),
        taken=tuple(alarm_row(reader, alarm, names) for alarm in taken),
        silences=tuple(_silence(each, names.names) for each in silences_now(reader, now)),
        stations=tuple((station.id, station.name) for station in plant.stations),
        kinds=tuple(
            (kind.value, _event(kind.value)) for kind in SEVERITY if kind not in NEVER_SILENCED
        ),
    )


_IS_TAKEN: Final = Where("acknowledged_at", "!=", None)


def alarm_row(reader: Reader, alarm: AlarmRecord, told: ToldNames) -> AlarmRow:
    """Return one alarm, with who was told of it."""
    names = read_json(PlaceNames, alarm.names)
    rows, is_cut = _told(reader, alarm, told)
    return AlarmRow(
        alarm=alarm.alarm_id,
        kind=alarm.kind.value,
        event=_event(alarm.kind.value),
        severity=SEVERITY[alarm.kind].value,
        line=names.line if names is not None else None,
        place=(names.device or names.station) if names is not None else None,
        part=alarm.part_id,
        run=alarm.run_id,
        check=_check(reader, alarm),
        receiver=told.of(alarm.receiver) if alarm.receiver is not None else None,
        raised_at=alarm.raised_at,
        next_at=alarm.next_step_at,
        href=page_of(reader, alarm),
        told=rows,
        told_is_cut=is_cut,
        ended_at=alarm.ended_at,
        taken_at=alarm.acknowledged_at,
        taken_by=person(
            told.names,
            alarm.acknowledged_by,
            alarm.acknowledged_how,
            alarm.acknowledged_entry,
        ),
        is_taken_here=not is_for_administrators(alarm.kind),
    )


def _check(reader: Reader, alarm: AlarmRecord) -> str | None:
    """Return the check whose due time or run an alarm is about."""
    if alarm.occurrence_id is not None:
        due = reader.get(OccurrenceRecord, alarm.occurrence_id)
        return due.check_id if due is not None else None
    if alarm.run_id is not None:
        run = reader.get(RunRecord, alarm.run_id)
        return run.check_id if run is not None else None
    return None


def _told(reader: Reader, alarm: AlarmRecord, names: ToldNames) -> tuple[tuple[ToldRow, ...], bool]:
    """Return the last messages, the newest first, and whether older ones are left out."""
    found = reader.find(
        AlarmToldRecord,
        equals("alarm_id", alarm.alarm_id),
        order_by="entry",
        descending=True,
        limit=MOST_TOLD + 1,
    )
    told, is_cut = found[:MOST_TOLD], len(found) > MOST_TOLD
    first = alarm_key(reader, alarm.alarm_id, alarm.raised_entry)
    keys = [first, *(each.key for each in told if each.key is not None)]
    fates: dict[str, list[MessageFate]] = {}
    for fate in reader.fates_of(keys):
        named = replace(fate, receiver=names.of(fate.receiver))
        fates.setdefault(fate.key, []).append(named)
    at_once = (
        [
            ToldRow(
                at=alarm.raised_at,
                step=0,
                repeat=0,
                held_for=None,
                why_held=None,
                nobody_at=(),
                unreached=(),
                fates=tuple(fates[first]),
            )
        ]
        if first in fates and not is_cut
        else []
    )
    by_steps = [
        ToldRow(
            at=each.told_at,
            step=each.step,
            repeat=each.repeat,
            held_for=each.held_for,
            why_held=_why_held(reader, each.held_for) if each.held_for is not None else None,
            nobody_at=tuple(json.loads(each.nobody_at)),
            unreached=names.all_of(json.loads(each.unreached)),
            fates=tuple(fates.get(each.key or "", ())) or _forgotten(each, names),
        )
        for each in told
        if each.key is not None or each.held_for is not None or json.loads(each.nobody_at)
    ]
    return (*by_steps, *at_once), is_cut


def _why_held(reader: Reader, held_for: str) -> Message:
    """Return the silence for which a message was put off, in words; of another alarm its number."""
    silence = reader.get(SilenceRecord, held_for)
    if silence is None:
        return message("alarms.put_off", why=held_for)
    reason = quoted(silence.reason_text)
    return message("alarms.put_off.silence", until=silence.ends_at, reason=reason)


def _forgotten(told: AlarmToldRecord, called: ToldNames) -> tuple[MessageFate, ...]:
    """Return who was told by a message that is no longer kept: it was delivered long ago."""
    names = called.all_of(json.loads(told.receivers))
    return tuple(
        MessageFate(key=told.key or "", receiver=name, state=FateState.FORGOTTEN) for name in names
    )


def _silence(silence: SilenceRecord, names: Names) -> SilenceRow:
    return SilenceRow(
        silence=silence.silence_id,
        line=silence.line,
        station=silence.station,
        kind=_event(silence.kind.value) if silence.kind is not None else None,
        ends_at=silence.ends_at,
        reason=silence.reason_text,
        by=person(names, silence.declared_by, silence.declared_how, silence.declared_entry),
    )


def _event(event: str) -> Message:
    return message(EVENT_WORDS[event])
