"""What happened since somebody looked last: alarms by kind, verifications by outcome, plans that took effect.

Each is counted for the whole time, a day at a time, so that no count walks through history; only the newest alarms are listed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.escalation import SEVERITY
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.records import AlarmRecord, PlanRevisionRecord
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.text import Text
from redrabbit.services.administrators_added import is_for_administrators
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.ports import Reader, Where
from redrabbit.services.queries.counts import RunsWanted, count_runs
from redrabbit.services.queries.receivers import EVENT_WORDS
from redrabbit.services.queries.wording import message

MOST_LISTED: Final = 12
LONGEST: Final = timedelta(days=31)
"""So far back it is told what happened, whenever somebody looked last; for more there are the lists."""
AT_FIRST: Final = timedelta(days=7)
"""For who never said that they have seen something."""
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many alarms of a kind were raised."""

    kind: str
    event: Message
    severity: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened."""

    kind: str
    event: Message
    severity: str
    at: datetime
    line: Text | None
    operation: str
    """The station as on the line's layout; empty: it is about none."""
    place: Text | None
    href: str
    """Where it is ended, or was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What happened from an instant up to now, and not at it: what comes at that very moment is told next time."""

    begin: datetime
    until: datetime
    seen_until: datetime | None
    """Up to when the person says to have seen it; None: they never said."""
    kinds: tuple[KindCount, ...]
    """The gravest first; only those that there were."""
    news: tuple[News, ...]
    """The newest first."""
    runs: tuple[tuple[str, int], ...]
    """How many verifications that were started came to each outcome; only those that there were."""
    plans: tuple[tuple[str, datetime], ...]
    """Plans that took effect, with since when they count."""

    @property
    def is_cut(self) -> bool:
        """Whether the person looked longer ago than is told."""
        return self.seen_until is not None and self.seen_until < self.begin

    @property
    def alarms(self) -> int:
        """How many alarms were raised."""
        return sum(each.count for each in self.kinds)


def since(reader: Reader, seen_until: datetime | None, now: datetime) -> Since:
    """Return what happened since somebody looked last; nothing where the clock was set back behind that."""
    begin = now - AT_FIRST if seen_until is None else min(max(seen_until, now - LONGEST), now)
    counts: Counter[AlarmKind] = Counter()
    for first, last in _days(begin, now):
        bounds = Where("raised_at", ">=", first), Where("raised_at", "<", last)
        for (kind,), count in reader.tally(AlarmRecord, ("kind",), *bounds).items():
            counts[AlarmKind(kind)] += count
    newest = reader.find(
        AlarmRecord,
        Where("raised_at", ">=", begin),
        Where("raised_at", "<", now),
        order_by="raised_at",
        descending=True,
        limit=MOST_LISTED,
    )
    runs = (
        (each.value, count_runs(reader, RunsWanted(begin=begin, end=now, outcome=each.value)))
        for each in Outcome
    )
    effective = (PlanState.IN_FORCE.value, PlanState.SUPERSEDED.value)
    plans = reader.find(PlanRevisionRecord, Where("state", "in", effective))
    return Since(
        begin=begin,
        until=now,
        seen_until=seen_until,
        kinds=tuple(
            KindCount(
                kind=kind.value,
                event=_event(kind),
                severity=SEVERITY[kind].value,
                count=counts[kind],
            )
            for kind in SEVERITY
            if counts[kind] and _is_told(kind)
        ),
        news=tuple(_news(reader, each) for each in newest if _is_told(each.kind)),
        runs=tuple((outcome, count) for outcome, count in runs if count),
        plans=tuple(
            (each.label, each.effective_at)
            for each in plans
            if each.effective_at is not None and begin <= each.effective_at < now
        ),
    )


def _is_told(kind: AlarmKind) -> bool:
    """Leave out what administrators take, and what is a person's own try: nothing happened."""
    return not is_for_administrators(kind) and kind is not AlarmKind.TEST


def _days(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        yield begin, min(begin + ONE_DAY, end)
        begin += ONE_DAY


def _news(reader: Reader, alarm: AlarmRecord) -> News:
    names = read_json(PlaceNames, alarm.names)
    return News(
        kind=alarm.kind.value,
        event=_event(alarm.kind),
        severity=SEVERITY[alarm.kind].value,
        at=alarm.raised_at,
        line=names.line if names is not None else None,
        operation=names.operation if names is not None else "",
        place=(names.device or names.station) if names is not None else None,
        href=page_of(reader, alarm),
    )


def _event(kind: AlarmKind) -> Message:
    return message(EVENT_WORDS[kind.value])
