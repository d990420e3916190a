"""The operator's page of one station: what is due, or the run that is under way, step by step.

It shows one instruction at a time (look.md) and says what is still missing before the run can be
confirmed; what it shows is what the run's records say, never a guess (B23).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.containment_questions import missed_in
from redrabbit.domain.device_marks import case_badge
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.grade import KnownBy
from redrabbit.domain.identity import DeviceId, RunId, StationId
from redrabbit.domain.observation import StationView
from redrabbit.domain.part_told import places_of
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import deciding, was_silent, worst
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import (
    AlarmRecord,
    ContainmentRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run_questions import goes_no_further, may_be_aborted
from redrabbit.domain.run_words import RunState, Verdict
from redrabbit.domain.station import Station
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.arming import (
    NEXT_COUNTS,
    OCCUPIED,
    OPEN,
    PUT_IN,
    SAY_HELD,
    SAY_HELD_AGAIN,
    TAP,
    WAIT,
    is_told_held,
    run_asks,
    time_open,
    time_to_put_in,
    time_to_wait,
)
from redrabbit.services.queries.band import BandItem, band
from redrabbit.services.queries.beside_status import (
    BadgeShown,
    badge_shown,
    badges_shown,
    overdue_behind,
    without_verdict,
)
from redrabbit.services.queries.containment import (
    ContainmentRow,
    ReactionStep,
    RepairShown,
    containment_row,
    reaction_shown,
    repair_shown,
    repairs_asked,
)
from redrabbit.services.queries.device_overview import (
    DeviceOverview,
    device_overviews,
    device_overviews_at,
)
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.place_names import line_name
from redrabbit.services.queries.plant_events import EventsHere, events_here
from redrabbit.services.queries.pulses import PulseShown, pulses_shown
from redrabbit.services.queries.signals import SignalChip, signal_chips
from redrabbit.services.queries.startable import Startable, startable_checks
from redrabbit.services.queries.steps import (
    Instruction,
    StepLine,
    feed_line,
    instruction,
    step_lines,
)
from redrabbit.services.queries.telling import TellingShown, place_told, tellings
from redrabbit.services.queries.unproved import unproved_shown
from redrabbit.services.queries.unread import Unread, unread_here, unread_since
from redrabbit.services.queries.verdicts import VerdictShown, verdict_shown, verdict_word
from redrabbit.services.queries.why_made import why_message
from redrabbit.services.queries.wording import message
from redrabbit.services.runs_under_way import run_under_way_at

EXPECTED_SCAN: Final = {
    RunState.AWAITING_PART: "take",
    RunState.AWAITING_RETURN: "give_back",
}
"""What the next scan means in each state of a run; in the others none is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUnderWay:
    """The run that holds the station, as its operator sees it."""

    run: RunId
    device: Text
    state: str
    why: Message
    steps: tuple[StepLine, ...]
    now_doing: Instruction
    verdict: VerdictShown | None
    """Of the presentation decided last, until the next part is taken."""
    unqualified: QualificationGap | None
    """Why whoever started it is not qualified for it, which the record says."""
    going_no_further: Message | None
    """Why nothing more is presented: the part's return is all that is left."""
    can_confirm: bool
    can_abort: bool
    """False once it is stopped and waits for its part, and while its verdict may be taken back."""
    can_tap: bool
    """True where the station does not say itself that the part is there (D2)."""
    tellings: tuple[TellingShown, ...]
    """What the operator tells of the part before it is taken (D33)."""
    can_say_held: bool
    """True while the feed is to be held and no signal tells that it is (D29)."""
    can_disown: bool
    """True until the device answers: so long somebody may say, once, that it is not the part (D29)."""
    expected_scan: str | None
    """`take` or `give_back`; None: no scan is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHere:
    """A case of a device at this station that nobody has closed: what is left to do, one tap each."""

    case: ContainmentRow
    word: Message
    """Of the miss that opened it: whether the device accepted, or said nothing."""
    badge: BadgeShown
    reaction: tuple[ReactionStep, ...]
    repair: RepairShown | None
    repairs: tuple[str, ...]
    """The list out of which a person says what was repaired; empty: nobody is asked now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPage:
    """The operator's page."""

    station: str
    operation: str
    line: Text
    name: Text
    now: datetime
    unread: tuple[Unread, ...]
    """What can't be read here, so that a device can't be judged."""
    not_recorded_since: datetime | None
    """Since when nothing of the station could be recorded; None while it can (decision 0011)."""
    unproved: tuple[Message, ...]
    """Of each device: what was made while nothing proved it."""
    signals: tuple[SignalChip, ...]
    reading_age: timedelta | None
    run: RunUnderWay | None
    cases: tuple[CaseHere, ...]
    """Not verified again first, then the oldest."""
    pulses: tuple[PulseShown, ...]
    """How long answers last, where the station's file doesn't say; empty while a run is under way."""
    startable: tuple[Startable, ...]
    """Empty while a run is under way."""
    events: EventsHere
    """What happened here, and what people can tell of."""
    next_due_at: datetime | None
    alarms: tuple[Message, ...]
    band: tuple[BandItem, ...]
    """What somebody in the plant must end."""
    last: VerdictShown | None
    """The last verdict at this station, while nothing runs."""
    last_run: RunId | None
    entries: int
    """How many entries the ledger had: what was recorded when this was read."""


def station_page(
    reader: Reader,
    plant: Plant,
    views: Mapping[StationId, StationView],
    station_id: StationId,
    now: datetime,
) -> StationPage:
    """Return the page of one station; KeyError if there is none of that id."""
    station = plant.station(station_id)
    view = views.get(station_id)
    run = run_under_way_at(reader, station_id)
    here = device_overviews_at(reader, plant, views, station, now)
    last = None if run is not None else _last_run(reader, station_id)
    return StationPage(
        station=station.id,
        operation=station.operation,
        line=line_name(plant, station.line),
        name=station.name,
        now=now,
        unread=unread_here(station, here),
        not_recorded_since=view.not_recorded_since if view is not None else None,
        unproved=tuple(
            message("unproved.of", device=each.device.name, made=made)
            for each in here
            for made in unproved_shown(each.unproved)
        ),
        signals=signal_chips(station, view),
        reading_age=view.reading_age if view is not None else None,
        run=_run(reader, plant, run, view, now) if run is not None else None,
        cases=_cases(reader, plant, here, view, now, is_running=run is not None),
        pulses=pulses_shown(reader, station) if run is None else (),
        startable=startable_checks(reader, plant, here, now) if run is None else (),
        events=events_here(reader, plant, station, now),
        next_due_at=min(
            (s.standing.next_due_at for s in here if s.standing.next_due_at is not None),
            default=None,
        ),
        alarms=_alarms(reader, station_id),
        band=band(reader, plant, now),
        last=_last_verdict(reader, last) if last is not None else None,
        last_run=last.run_id if last is not None else None,
        entries=reader.head().size,
    )


def _run(
    reader: Reader, plant: Plant, run: RunRecord, view: StationView | None, now: datetime
) -> RunUnderWay:
    presentations = reader.find(PresentationRecord, equals("run_id", run.run_id))
    decided = deciding(presentations)
    station = plant.station(StationId(run.station))
    device = station.device(DeviceId(run.device))
    left = time_to_put_in(plant, run, presentations, now)
    asks = run_asks(run, device.rule, view)
    wait = None
    if asks == PUT_IN:
        wait = time_to_wait(run, device.rule, view, presentations, now)
        asks = WAIT if wait is not None else asks
    open_for = time_open(run, view, now)
    if open_for is not None:
        asks, wait = OPEN, open_for
    place = place_told(reader, station, run)
    if place is not None and asks in {
        NEXT_COUNTS,
        OCCUPIED,
    }:  # parts in other places are passed over
        asks = f"armed_{place.of}"
    feed = None
    if not places_of(station.says, device.rule):  # else the place tells which part it is
        judged = decided.get(run.step)
        known_held = judged is not None and judged.identity_kind is KnownBy.HELD
        is_held = known_held or is_told_held(run, device.rule, view)
        feed = feed_line(run, device.rule, names_in(reader), asks=asks, is_held=is_held)
    lines = step_lines(plant, run, presentations, names_in(reader), feed, is_open=asks == OPEN)
    asked = tellings(reader, station, run)
    tells_now = next((each for each in asked if each.is_asked_now), None)
    current = decided.get(run.step) or decided.get(run.step - 1)
    return RunUnderWay(
        run=run.run_id,
        device=device.name,
        state=run.state,
        why=why_message(reader, run),
        steps=lines,
        now_doing=instruction(
            plant,
            run,
            asks=asks,
            tells=tells_now.title if tells_now is not None else None,
            place=place.words if place is not None else None,
            left=left,
            wait=wait,
            steps_left=sum(line.state in {"now", "to_come"} for line in lines) - 1,
        ),
        verdict=verdict_shown(current) if current is not None else None,
        unqualified=run.unqualified,
        going_no_further=message("run.goes_no_further")
        if goes_no_further(run, presentations)
        else None,
        can_abort=may_be_aborted(run) and open_for is None,
        can_confirm=run.state is RunState.AWAITING_CONFIRMATION and open_for is None,
        can_tap=asks == TAP,
        can_say_held=asks in {SAY_HELD, SAY_HELD_AGAIN},
        can_disown=asks == RunState.PRESENTED,
        tellings=asked,
        expected_scan=EXPECTED_SCAN.get(run.state)
        if tells_now is None and open_for is None
        else None,
    )


def _cases(
    reader: Reader,
    plant: Plant,
    here: Iterable[DeviceOverview],
    view: StationView | None,
    now: datetime,
    *,
    is_running: bool,
) -> tuple[CaseHere, ...]:
    names = names_in(reader)
    count = view.counted_last if view is not None else None
    shown = [
        CaseHere(
            case=containment_row(plant, case, view),
            word=verdict_word(Verdict.MISSED, is_silent=_was_silent(reader, case)),
            badge=badge_shown(case_badge(case, count), now),
            reaction=reaction_shown(case, names),
            repair=repair_shown(case, names),
            repairs=repairs_asked(case, is_running=is_running),
        )
        for overview in here
        for case in overview.facts.containments
    ]
    return tuple(
        sorted(shown, key=lambda c: (c.case.state != ContainmentState.OPEN, c.case.opened_at))
    )


def _was_silent(reader: Reader, case: ContainmentRecord) -> bool:
    missed = missed_in(reader, case)
    return missed is not None and was_silent(missed)


def _last_run(reader: Reader, station_id: str) -> RunRecord | None:
    is_closed = Where("outcome", "!=", None)
    return latest(reader, RunRecord, equals("station", station_id), is_closed, by="started_at")


def _last_verdict(reader: Reader, run: RunRecord) -> VerdictShown | None:
    """Return the verdict that made the run's outcome: the worst one."""
    presentation = worst(reader.find(PresentationRecord, equals("run_id", run.run_id)))
    return verdict_shown(presentation) if presentation is not None else None


def _alarms(reader: Reader, station_id: str) -> tuple[Message, ...]:
    """Return what was raised here, is not over and nobody acknowledged, of the kinds the operator must see."""
    alarms = reader.find(
        AlarmRecord,
        equals("acknowledged_at", None),
        equals("ended_at", None),
        equals("station", station_id),
        Where("kind", "in", (AlarmKind.ESCAPE, AlarmKind.NOT_RETURNED)),
    )
    return tuple(
        message(f"alarm.{alarm.kind}", part=alarm.part_id or "", at=alarm.raised_at)
        for alarm in alarms
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceShown:
    """One device in the list of stations, with its two marks (D35)."""

    device: str
    name: Text
    status: str
    grade: str | None
    """Of the evidence for the verdict that the status tells (D28); None where it tells or has none."""
    overdue: Message | None
    """What is overdue behind a worse status."""
    without_verdict: Message | None
    """Runs in a row that came to no verdict, where the status does not say it."""
    cases: tuple[BadgeShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRow:
    """One station in the list of stations."""

    station: str
    line: Text
    operation: str
    name: Text
    devices: tuple[DeviceShown, ...]
    run: RunId | None
    unread: Message | None
    """What has not been read for longest; None: every device can be judged."""
    not_recorded_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationsPage:
    """All stations with how their devices stand."""

    rows: tuple[StationRow, ...]


def _device(overview: DeviceOverview, now: datetime) -> DeviceShown:
    return DeviceShown(
        device=overview.device.id,
        name=overview.device.name,
        status=overview.status,
        grade=overview.grade,
        overdue=overdue_behind(overview.marks, now),
        without_verdict=without_verdict(overview.marks.without_verdict_behind),
        cases=badges_shown(overview.marks, now),
    )


def stations_page(
    reader: Reader, plant: Plant, views: Mapping[StationId, StationView], now: datetime
) -> StationsPage:
    """Return the list of stations, in the order of the plant's files."""
    overviews = device_overviews(reader, plant, views, now)
    rows: list[StationRow] = []
    for station in plant.stations:
        here = [overview for overview in overviews if overview.station.id == station.id]
        view = views.get(station.id)
        rows.append(
            StationRow(
                station=station.id,
                line=line_name(plant, station.line),
                operation=station.operation,
                name=station.name,
                devices=tuple(_device(overview, now) for overview in here),
                run=next((s.run.run_id for s in here if s.run is not None), None),
                unread=_longest_unread(station, here),
                not_recorded_since=view.not_recorded_since if view is not None else None,
            )
        )
    return StationsPage(rows=tuple(rows))


def _longest_unread(station: Station, here: Iterable[DeviceOverview]) -> Message | None:
    unread = [overview.no_data for overview in here if overview.no_data is not None]
    worst = min(unread, key=lambda why: why.since, default=None)
    return unread_since(station, worst) if worst is not None else None
