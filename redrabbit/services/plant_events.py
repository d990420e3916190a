"""Events of production: told by people, programs and signals, and what they make due, in one transaction."""

from datetime import datetime

from redrabbit.domain.consequences import next_id
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.event_signals import EventSeen
from redrabbit.domain.facts.occurrence import event_key
from redrabbit.domain.facts.plant_event import PlantEventTold, ToldBy
from redrabbit.domain.identity import AGENT, Actor, EventId, How, RunId
from redrabbit.domain.pauses import undecided
from redrabbit.domain.plant import Plant
from redrabbit.domain.plant_events import TOLD_TWICE_WITHIN, same_event, serves, waits_for
from redrabbit.domain.record_query import Where, equals, recorded
from redrabbit.domain.records import OccurrenceRecord, PlantEventRecord
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.schedule_rules import TELLS_RUNNING, PlantEvent
from redrabbit.domain.station import Station
from redrabbit.domain.text import MOST_REASON_CHARACTERS, TextProblem, clean_text
from redrabbit.services.begun_shifts import begin
from redrabbit.services.pending import Pending
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.scheduling import make, step_some
from redrabbit.services.unmade import is_in_force


def tell(
    uow: UnitOfWork,
    plant: Plant,
    *,
    line: str,
    station: str | None,
    event: PlantEvent,
    note: str | None,
    actor: Actor,
) -> PlantEventRecord:
    """Record what a person or program tells of, now, and make due what waits for it; `station` None: the whole line."""
    if line not in {known.id for known in plant.lines}:
        raise Refusal("no_such_line", line=line)
    here = {known.id for known in plant.stations if known.line == line}
    if station is not None and station not in here:
        raise Refusal("no_such_station", station=station)
    words = None if note is None else clean_text(note, MOST_REASON_CHARACTERS)
    if isinstance(words, TextProblem):
        raise Refusal(words.code, **words.params)
    by_what = ToldBy.PROGRAM if actor.how is How.TOKEN else ToldBy.PERSON
    return note_event(
        uow,
        plant,
        line=line,
        station=station,
        event=event,
        told_by_what=by_what,
        note=words,
        actor=actor,
        at=uow.now,
    )


def note_event(
    uow: UnitOfWork,
    plant: Plant,
    *,
    line: str,
    station: str | None,
    event: PlantEvent,
    told_by_what: ToldBy,
    actor: Actor,
    at: datetime,
    signal: str | None = None,
    run_id: RunId | None = None,
    note: str | None = None,
    seen_late: bool = False,
) -> PlantEventRecord:
    """Record an event that holds from `at`, and make an occurrence of each check that waits for it."""
    told_before = uow.find(
        PlantEventRecord,
        equals("line", line),
        equals("event", event),
        Where("happened_at", ">=", at - TOLD_TWICE_WITHIN),
        order_by="happened_at",
    )
    same_as = same_event(
        told_before, station=station, told_by_what=told_by_what, signal=signal, at=at
    )
    waiting = [c for c in plant.plan.checks if waits_for(c, line, station, event)]
    owed = [c for c in waiting if same_as is None and is_in_force(uow, c, at)]
    for (
        check
    ) in owed:  # what is due by the calendar serves it; more than one part is caught up with later
        step_some(uow, plant, only=check.id)
    served_by = {check.id: standing(uow, check, at) for check in owed}
    event_id = EventId(next_id(uow, PlantEventRecord, line))
    told = PlantEventTold(
        event_id=event_id,
        line=line,
        station=station,
        event=event,
        told_by_what=told_by_what,
        signal=signal,
        run_id=run_id,
        seen_late=seen_late,
        note=note,
        same_as=same_as,
        serving=tuple(each.occurrence_id for each in served_by.values() if each is not None),
    )
    record(uow, told, stream=line, actor=actor, at=at)
    for check in owed:
        if served_by[check.id] is None:
            make(uow, plant, check, DueTime(due_at=at, trigger_key=event_key(event_id)))
    if event in TELLS_RUNNING and not seen_late:  # what was seen late may be of the shift before
        begin(uow, plant, line=line, station=station, at=at)
    return recorded(uow, PlantEventRecord, event_id)


def noted(plant: Plant, station: Station, seen: EventSeen) -> Pending:
    """Return what records an event that a signal of a station told."""

    def command(uow: UnitOfWork) -> None:
        note_event(
            uow,
            plant,
            line=station.line,
            station=station.id,
            event=seen.event,
            told_by_what=ToldBy.SIGNAL,
            signal=seen.signal,
            seen_late=seen.seen_late,
            actor=AGENT,
            at=seen.at,
        )

    return Pending(command=command)


def is_waited_for(plant: Plant, line: str, station: str, event: PlantEvent) -> bool:
    """Tell whether a check of the plan in force is due after such an event at a station."""
    return any(waits_for(check, line, station, event) for check in plant.plan.checks)


def standing(reader: Reader, check: Check, at: datetime) -> OccurrenceRecord | None:
    """Return what a check owes already and will be done after what happened at `at`; None: nothing."""
    ours = (
        each
        for each in undecided(reader, at, equals("check_id", check.id))
        if each.line == check.line
    )
    return next((each for each in ours if serves(each, at)), None)
