"""Who is told of alarms, what waits for each, and what did not get there (D48)."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from redrabbit.base.messages import Message
from redrabbit.domain.identity import AlarmId, RunId
from redrabbit.domain.plant import NotificationTarget, Plant
from redrabbit.domain.text import Text
from redrabbit.domain.way import Way, person_of_way
from redrabbit.services.deliveries import ParkedMessage, ParkedReason
from redrabbit.services.ports import Reader
from redrabbit.services.queries.checkpoint_keepers import CheckpointKeeper, checkpoint_keepers
from redrabbit.services.queries.people_told import PersonToldRow, ToldNames, people_told
from redrabbit.services.queries.wording import message
from redrabbit.services.receiver_alarms import not_reached

MOST_SHOWN: Final = 100
"""Parked messages on the page, those last parked first."""

EVENT_WORDS: Final[Mapping[str, str]] = {
    "missed": "verdict.missed",
    "false_reject": "verdict.false_reject",
    "inconclusive": "verdict.inconclusive",
    "inconclusive_again": "event.inconclusive_again",
    "overdue": "status.overdue",
    "lapsed": "status.lapsed",
    "escape": "event.escape",
    "not_returned": "event.not_returned",
    "no_verdict_again": "event.no_verdict_again",
    "shorter_pulse": "event.shorter_pulse",
    "damage_found": "event.damage_found",
    "history_lost": "event.history_lost",
    "clock_step": "event.clock_step",
    "receiver_not_reached": "event.receiver_not_reached",
    "administrator_added": "event.administrator_added",
    "no_data": "event.no_data",
    "approval_overdue": "event.approval_overdue",
    "test": "event.test",
    "wrong_part": "why_inconclusive.wrong_part",
}
"""How pages call what a message tells, by its event; `wrong_part` is in older files, and was never raised."""

_ANSWERED: Final = re.compile(r"answered (?P<answer>\d{3}\b.*)", re.DOTALL)
"""How `redrabbit.alarms.http_answer` keeps an answer: its status, and the receiver's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverRow:
    """One receiver of the plant file, or one that is in it no more and has messages left."""

    name: str
    address: str | None
    """Where it is reached, without a webhook's path, which may be secret; None: not in the file."""
    topic: str | None
    alarms: bool
    """Whether it is told of alarms."""
    events: tuple[str, ...]
    """Codes of the words for what it wants; empty: everything."""
    checkpoints: CheckpointKeeper | None
    """Which checkpoint it has; None: it is sent none."""
    not_reached_at: datetime | None
    """When the alarm was raised that it is not reached; None: no such alarm stands."""
    waiting: int
    oldest_at: datetime | None
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """One message that did not reach a receiver."""

    alarm: AlarmId
    receiver: str
    called: str
    """What people call it: of a person's way, whose it is."""
    is_known: bool
    """Whether the plant file names the receiver, or the person still has the way: else nothing can be sent there."""
    event: Message
    together: int | None
    """How many alarms it tells of, where these are many (decision 0035)."""
    line: Text | None
    place: Text | None
    """The device or station that it is about."""
    about: str | None
    """The receiver that it is about, where it tells of one."""
    run: RunId | None
    raised_at: datetime
    attempts: int
    parked_at: datetime
    reason: ParkedReason
    said: str | None
    """What it answered, as it was kept."""

    @property
    def answered(self) -> Message | str | None:
        """What it answered, in the reader's language as far as the words are ours."""
        known = _ANSWERED.fullmatch(self.said) if self.said is not None else None
        return message("receivers.answered", answer=known["answer"]) if known else self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiversPage:
    """Who is told, and what did not get there."""

    now: datetime
    receivers: tuple[ReceiverRow, ...]
    people: tuple[PersonToldRow, ...]
    """Whom rosters and steps name, those first who can't be told."""
    parked: tuple[ParkedRow, ...]
    parked_in_all: int


def receivers_page(reader: Reader, plant: Plant, now: datetime) -> ReceiversPage:
    """Return the page as it stands at `now`."""
    rows, people = receiver_rows(reader, plant, now), people_told(reader, plant, now)
    told = ToldNames(reader, plant)
    known = {target.name for target in plant.targets}
    parked = reader.parked_messages(MOST_SHOWN)
    known |= {each.receiver for each in parked if reader.row(Way, each.receiver) is not None}
    return ReceiversPage(
        now=now,
        receivers=rows,
        people=people,
        parked=tuple(_parked(each, known, told) for each in parked),
        parked_in_all=sum(reader.parked_counts().values()),
    )


def receiver_rows(reader: Reader, plant: Plant, now: datetime) -> tuple[ReceiverRow, ...]:
    """Return the receivers in the order of the plant file, then those that have messages left."""
    waiting = {each.receiver: each for each in reader.messages_waiting()}
    parked = reader.parked_counts()
    away = {alarm.receiver: alarm.raised_at for alarm in not_reached(reader)}
    targets = {target.name: target for target in plant.targets}
    keepers = checkpoint_keepers(reader, plant, now)
    left = sorted(name for name in {*waiting, *parked} if person_of_way(name) is None)
    names = dict.fromkeys([*targets, *left])
    return tuple(
        ReceiverRow(
            name=name,
            address=_address(targets[name]) if name in targets else None,
            topic=targets[name].topic if name in targets else None,
            alarms=name in targets and targets[name].alarms,
            events=_wanted(targets[name]) if name in targets else (),
            checkpoints=keepers.get(name),
            not_reached_at=away.get(name),
            waiting=waiting[name].count if name in waiting else 0,
            oldest_at=waiting[name].oldest_at if name in waiting else None,
            parked=parked.get(name, 0),
        )
        for name in names
    )


def _address(target: NotificationTarget) -> str:
    if target.apprise is not None:
        return "Apprise"  # its address is a secret as a whole
    if target.url is None:
        return f"mqtt://{target.host}:{target.port}"
    parts = urlsplit(target.url)
    return f"{parts.scheme}://{parts.netloc}"


def _wanted(target: NotificationTarget) -> tuple[str, ...]:
    return tuple(EVENT_WORDS[event] for event in EVENT_WORDS if event in target.events)


def _parked(parked: ParkedMessage, known: Collection[str], called: ToldNames) -> ParkedRow:
    told: dict[str, Any] = json.loads(parked.payload)
    names: dict[str, Any] = told.get("names") or {}
    return ParkedRow(
        alarm=AlarmId(told["alarm_id"]),
        receiver=parked.receiver,
        called=called.of(parked.receiver),
        is_known=parked.receiver in known,
        event=message(EVENT_WORDS[parked.event]),
        together=(told.get("together") or {}).get("count"),
        line=_text(names.get("line")),
        place=_text(names.get("device") or names.get("station")),
        about=called.of(told["receiver"]) if told.get("receiver") else None,
        run=told.get("run_id"),
        raised_at=parked.created_at,
        attempts=parked.attempts,
        parked_at=parked.parked_at,
        reason=parked.reason,
        said=parked.said,
    )


def _text(words: dict[str, str] | None) -> Text | None:
    return None if words is None else Text(en=words["en"], zh=words["zh"])
