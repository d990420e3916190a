"""The board: every device with its one status, what it means and what is next (R35, D10, B20)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.identity import StationId, short_label
from redrabbit.domain.observation import StationView
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.queries.standing import Standing, standings
from redrabbit.services.queries.wording import say

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
    under_way: str | None
    """Label of the run that is under way at the device's station for it."""


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
    columns: int
    """How many tiles stand side by side on a wide screen: as many as the longest line has."""


def board_page(
    reader: Reader, plant: Plant, views: Mapping[StationId, StationView], now: datetime
) -> BoardPage:
    """Return the board as it stands at `now`."""
    found = standings(reader, plant, views, now)
    tiles = {standing.device.id: _tile(standing, now) for standing in found}
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
        columns=max([FEWEST_COLUMNS, *(min(len(line.tiles), MOST_COLUMNS) for line in lines)]),
    )


def _tile(standing: Standing, now: datetime) -> Tile:
    headline, detail = said(standing, now)
    run = standing.run
    return Tile(
        device=standing.device.id,
        station=standing.station.id,
        operation=standing.station.operation,
        name=standing.device.name,
        status=standing.status,
        headline=headline,
        detail=detail,
        under_way=short_label(run.run_id) if run is not None else None,
    )


def said(standing: Standing, now: datetime) -> tuple[Message, Message | None]:
    """Return what a device's status means, in words a person would use, and what is next."""
    stands, occurrence = standing.stands, standing.occurrence
    match stands.status:
        case DeviceStatus.MISSED if standing.containment is not None:
            return say("board.missed", at=standing.containment.opened_at), _held(
                standing.containment
            )
        case DeviceStatus.FAILED if stands.run_id is not None:
            run = short_label(stands.run_id)
            return say("board.failed", at=stands.since), say("board.failed_run", run=run)
        case DeviceStatus.OVERDUE if occurrence is not None:
            overdue = now - occurrence.grace_ends_at
            return say("board.overdue", overdue=overdue), _part_to_take(standing)
        case DeviceStatus.LAPSED:
            return say("board.lapsed", at=stands.since), _next(standing)
        case DeviceStatus.NO_DATA:
            return say("status.no_data"), say("board.not_reached", since=stands.since)
        case DeviceStatus.INCONCLUSIVE if stands.run_id is not None:
            run = short_label(stands.run_id)
            return say("board.inconclusive", at=stands.since), say("board.again", run=run)
        case DeviceStatus.DUE if occurrence is not None:
            if occurrence.due_at > now:
                ahead = occurrence.due_at - now
                return say("board.due_in", ahead=ahead), _part_to_take(standing)
            return say("board.due_until", until=occurrence.grace_ends_at), _part_to_take(standing)
        case DeviceStatus.EXCUSED:
            return say("board.paused"), say("board.paused_until", until=stands.until)
        case _:
            return say(f"status.{standing.status}"), _next(standing)


def _held(case: ContainmentRecord) -> Message:
    label = short_label(case.containment_id)
    if case.quantity is None:
        return say("board.held_unknown", containment=label)
    code = "board.held_at_least" if case.quantity_is_lower_bound else "board.held"
    return say(code, quantity=case.quantity, containment=label)


def _next(standing: Standing) -> Message:
    next_due_at = standing.stands.next_due_at
    last_s = standing.last_good.elapsed_s if standing.last_good is not None else None
    if next_due_at is None:
        return say("board.no_next")
    if standing.stands.status is DeviceStatus.VERIFIED and last_s is not None:
        return say("board.next_and_last", at=next_due_at, last_s=last_s)
    return say("board.next", at=next_due_at)


def _part_to_take(standing: Standing) -> Message | None:
    part = standing.first_part
    if part is None:
        return None
    return say("board.part", part=part.id, storage=part.storage)
