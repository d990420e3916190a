"""The board: every device with its one status, what it means and what is next (R35, D10, B20)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.containment_questions import IS_OPEN, reaction_of
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.identity import RunId, StationId
from redrabbit.domain.observation import StationView
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.text import Text
from redrabbit.services.accepting_loss import losses_to_acknowledge
from redrabbit.services.ports import Reader
from redrabbit.services.queries.band import BandItem, band
from redrabbit.services.queries.beside_status import (
    BadgeShown,
    badges_shown,
    overdue_behind,
    without_verdict,
)
from redrabbit.services.queries.device_overview import DeviceOverview, device_overviews
from redrabbit.services.queries.unproved import unproved_shown
from redrabbit.services.queries.unread import unread_since
from redrabbit.services.queries.wording import message
from redrabbit.services.receiver_alarms import not_reached
from redrabbit.services.verifying import damage_alarms

FEWEST_COLUMNS: Final = 3
MOST_COLUMNS: Final = 7
"""Beyond, a line's tiles wrap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One device on the board."""

    device: str
    station: str
    operation: str
    name: Text
    status: str
    headline: Message
    detail: Message | None
    grade: str | None
    """Of the evidence for the verdict that the status tells (D28); None where it tells or has none."""
    overdue: Message | None
    """What is overdue behind a worse status (D35)."""
    unread: Message | None
    """That it can't be read, where another status stands before that (D10)."""
    not_recorded_since: datetime | None
    """Since when nothing of the station could be recorded; None while it can (decision 0011)."""
    unproved: tuple[Message, ...]
    """Parts that were made while nothing proved the device."""
    cases: tuple[BadgeShown, ...]
    without_verdict: Message | None
    """Runs in a row that came to no verdict, where the status does not say it (D4)."""
    under_way: RunId | None
    """The run that is under way at the device's station for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardLine:
    """One line with its devices, in the order of the stations."""

    line: str
    name: Text
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """The wall, read from five metres."""

    plant: str
    now: datetime
    lines: tuple[BoardLine, ...]
    counts: tuple[tuple[str, int], ...]
    """Status word and how many devices have it, worst first; only those that occur."""
    devices: int
    verified: int
    band: tuple[BandItem, ...]
    """What somebody must end, across the whole board."""
    cases: int
    """How many cases nobody has closed."""
    is_damaged: bool
    is_history_lost: bool
    """Somebody went on without entries that were lost, and nobody has acknowledged it yet (D62)."""
    """What was verified beside the service is not what was recorded (D62)."""
    receivers_away: tuple[str, ...]
    """Receivers of alarms that are not reached (D48)."""
    not_delivered: int
    """How many messages about alarms did not reach their receivers, and are not tried any more."""
    columns: int
    """How many tiles stand side by side on a wide screen: as many as the longest line has."""


def board_page(
    reader: Reader, plant: Plant, views: Mapping[StationId, StationView], now: datetime
) -> BoardPage:
    """Return the board as it stands at `now`."""
    overviews = device_overviews(reader, plant, views, now)
    tiles = {overview.device.id: _tile(overview, now) for overview in overviews}
    lines = tuple(
        BoardLine(
            line=line.id,
            name=line.name,
            tiles=tuple(
                tiles[device.id]
                for station in plant.stations
                if station.line == line.id
                for device in station.devices
            ),
        )
        for line in plant.lines
    )
    counted = Counter(tile.status for tile in tiles.values())
    return BoardPage(
        plant=plant.name,
        now=now,
        lines=tuple(line for line in lines if line.tiles),
        counts=tuple((s.value, counted[s.value]) for s in DeviceStatus if counted[s.value]),
        devices=len(tiles),
        verified=counted["verified"],
        band=band(reader, plant, now),
        cases=reader.count(ContainmentRecord, IS_OPEN),
        is_damaged=bool(damage_alarms(reader)),
        is_history_lost=bool(losses_to_acknowledge(reader)),
        receivers_away=tuple(sorted(str(alarm.receiver) for alarm in not_reached(reader))),
        not_delivered=sum(reader.parked_counts().values()),
        columns=max([FEWEST_COLUMNS, *(min(len(line.tiles), MOST_COLUMNS) for line in lines)]),
    )


def _tile(overview: DeviceOverview, now: datetime) -> Tile:
    headline, detail = status_messages(overview, now)
    run = overview.run
    return Tile(
        device=overview.device.id,
        station=overview.station.id,
        operation=overview.station.operation,
        name=overview.device.name,
        status=overview.status,
        headline=headline,
        detail=detail,
        grade=overview.grade,
        overdue=overdue_behind(overview.marks, now),
        unread=_unread_behind(overview),
        not_recorded_since=overview.not_recorded_since,
        unproved=unproved_shown(each for each in overview.unproved if each.parts),
        cases=badges_shown(overview.marks, now),
        without_verdict=without_verdict(overview.marks.without_verdict_behind),
        under_way=run.run_id if run is not None else None,
    )


def _unread_behind(overview: DeviceOverview) -> Message | None:
    """Return that the device can't be read, where a graver status stands before it."""
    if overview.no_data is None or overview.standing.status is DeviceStatus.NO_DATA:
        return None
    return unread_since(overview.station, overview.no_data)


def status_messages(overview: DeviceOverview, now: datetime) -> tuple[Message, Message | None]:
    """Return what a device's status means, in words a person would use, and what is next."""
    standing, occurrence = overview.standing, overview.occurrence
    match standing.status:
        case DeviceStatus.MISSED if overview.containment is not None:
            code = "board.missed_silent" if overview.missed_silently else "board.missed"
            at = overview.containment.opened_at
            return message(code, at=at), _reaction(overview.containment)
        case DeviceStatus.FAILED if standing.run_id is not None:
            why = message("board.failed_run", run=standing.run_id)
            return message("board.failed", at=standing.since), why
        case DeviceStatus.OVERDUE if occurrence is not None:
            overdue = now - occurrence.grace_ends_at
            return message("board.overdue", overdue=overdue), _part_to_take(overview)
        case DeviceStatus.LAPSED:
            return message("board.lapsed", at=standing.since), _next(overview)
        case DeviceStatus.NO_DATA if overview.no_data is not None:
            return message("status.no_data"), unread_since(overview.station, overview.no_data)
        case DeviceStatus.INCONCLUSIVE if standing.run_id is not None:
            again = message("board.again", run=standing.run_id)
            return message("board.inconclusive", at=standing.since), again
        case DeviceStatus.INCONCLUSIVE if standing.runs_without_verdict is not None:
            in_a_row = message("without_verdict.again", n=standing.runs_without_verdict)
            return in_a_row, message("board.call_quality")
        case DeviceStatus.DUE if occurrence is not None:
            if occurrence.due_at > now:
                ahead = occurrence.due_at - now
                return message("board.due_in", ahead=ahead), _part_to_take(overview)
            return message("board.due_until", until=occurrence.grace_ends_at), _part_to_take(
                overview
            )
        case DeviceStatus.EXCUSED:
            return message("board.paused"), message("board.paused_until", until=standing.until)
        case _:
            return message(f"status.{overview.status}"), _next(overview)


def _reaction(case: ContainmentRecord) -> Message | None:
    steps = reaction_of(case)
    if not steps:
        return None
    done = sum(step.done_at is not None for step in steps)
    return message("board.reaction", done=done, steps=len(steps))


def _next(overview: DeviceOverview) -> Message:
    next_due_at = overview.standing.next_due_at
    last_s = overview.last_good.elapsed_s if overview.last_good is not None else None
    if next_due_at is None:
        return message("board.no_next")
    if overview.standing.status is DeviceStatus.VERIFIED and last_s is not None:
        return message("board.next_and_last", at=next_due_at, last_s=last_s)
    return message("board.next", at=next_due_at)


def _part_to_take(overview: DeviceOverview) -> Message | None:
    part = overview.first_part
    if part is None:
        return None
    return message("board.part", part=part.id, storage=part.storage)
