"""Events of production make due what waits for them: once, from their instant, and nothing else (R08, L7, D55)."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.plant_event import ToldBy
from redrabbit.domain.identity import AGENT, Actor, How, OccurrenceId, SignalName, StationId
from redrabbit.domain.occurrence import may_be_run
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, PlantEventRecord
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.station import EventSignal, EventWhen, Station
from redrabbit.services import planning, plant_events, scheduling
from redrabbit.services.adopting import adopt
from tests.plants import BEGIN, LINE, OP20, OP30, TORQUE_CHECK, Bench, a_check, a_plant, a_station
from tests.services import test_custody as custody

ANNA = Actor.stated("2207")
MES = Actor(id="p-0001", how=How.TOKEN, token="t-0001")
CHANGEOVER = PlantEvent.CHANGEOVER
MINUTE = 60.0


def a_plant_of(schedule: str, *more: str) -> Plant:
    """Return a plant with a check at OP20, and one at OP30 for each further schedule."""
    others = [a_check(f"other-{n}", OP30, parse_schedule(text)) for n, text in enumerate(more)]
    return a_plant(a_check(schedule=parse_schedule(schedule)), *others)


def tell(
    bench: Bench,
    event: PlantEvent = CHANGEOVER,
    station: StationId | None = OP20,
    *,
    actor: Actor = ANNA,
    note: str | None = None,
) -> PlantEventRecord:
    return bench.write(
        lambda uow: plant_events.tell(
            uow, bench.plant, line=LINE, station=station, event=event, note=note, actor=actor
        )
    )


def made(bench: Bench) -> list[OccurrenceRecord]:
    return bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))


def step(bench: Bench) -> None:
    bench.write(lambda uow: scheduling.step(uow, bench.plant))


def test_a_check_that_waits_is_due_when_the_event_is_told_with_its_window_from_there() -> None:
    bench = Bench(a_plant_of("after changeover"))
    bench.pass_time(5 * MINUTE)
    event = tell(bench, note=" order 4711 ")
    (due,) = made(bench)
    assert due.trigger_key == f"event:{event.event_id}"
    assert (due.due_at, due.grace_ends_at, due.closes_at) == (
        event.happened_at,
        event.happened_at + timedelta(minutes=20),
        event.happened_at + timedelta(minutes=60),
    )
    assert (event.note, event.told_by, event.told_by_what) == ("order 4711", "2207", "person")
    bench.pass_time(61 * MINUTE)
    step(bench)
    (lapsed,) = made(bench)
    assert (lapsed.outcome, lapsed.reason_code) == ("lapsed", "not_done")


def test_an_event_makes_due_what_waits_for_it_where_it_happened() -> None:
    bench = Bench(a_plant_of("after changeover", "after changeover + after lot", "after lot"))
    tell(bench, station=OP30)
    assert [each.check_id for each in made(bench)] == ["other-0"]
    bench.pass_time(5 * MINUTE)
    tell(bench, PlantEvent.LOT, station=None)
    assert [each.check_id for each in made(bench)] == ["other-0", "other-1"]
    tell(bench, PlantEvent.RELOCATION, station=None)  # nobody waits for it: it is kept
    assert len(made(bench)) == 2


def test_told_by_a_signal_and_by_a_person_it_is_one_event_and_both_are_kept() -> None:
    bench = Bench(a_plant_of("after changeover"))
    first = bench.write(
        lambda uow: plant_events.note_event(
            uow,
            bench.plant,
            line=LINE,
            station=OP20,
            event=CHANGEOVER,
            told_by_what=ToldBy.SIGNAL,
            signal="changeover",
            actor=AGENT,
            at=uow.now,
        )
    )
    bench.pass_time(100)
    assert tell(bench).same_as == first.event_id
    assert len(made(bench)) == 1
    bench.pass_time(30)
    assert tell(bench).same_as is None


def test_what_was_due_and_not_begun_serves_the_event_and_is_named() -> None:
    bench = Bench(a_plant_of("every shift start + after changeover"))
    bench.pass_time(20 * MINUTE)  # 06:05: the early shift has begun
    step(bench)
    (shift,) = made(bench)
    event = tell(bench)
    assert event.those_serving == (shift.occurrence_id,)
    assert len(made(bench)) == 1
    start(bench, shift.occurrence_id)
    bench.pass_time(5 * MINUTE)
    later = tell(bench)  # while it is being done: it was begun before
    assert later.those_serving == ()
    assert [each.trigger_key for each in made(bench)][1:] == [f"event:{later.event_id}"]


def test_what_the_calendar_asks_for_is_made_first_whoever_looks() -> None:
    """An event told before anybody looked: the shift's start is not passed over, and serves it."""
    bench = Bench(a_plant_of("every shift start + after changeover"))
    bench.pass_time(20 * MINUTE)
    event = tell(bench)
    assert [each.trigger_key for each in made(bench)] == ["shift:2026-03-02:early"]
    assert event.those_serving == tuple(each.occurrence_id for each in made(bench))


def test_a_check_owes_nothing_of_before_its_adoption_or_after_it_is_left_out() -> None:
    bench = Bench(a_plant_of("every shift start"))
    tell(bench)
    bench.pass_time(10)
    bench.plant = a_plant(a_check(schedule=parse_schedule("after changeover")), digest=f"{7:064d}")
    files = {"plant.yaml": "plant: y\n"}
    bench.write(lambda uow: adopt(uow, bench.plant, files, "test"))
    step(bench)
    assert [e.trigger_key for e in made(bench) if e.trigger_key.startswith("event:")] == []


def test_a_change_of_the_plan_excuses_nothing_that_an_event_made_due() -> None:
    """D55: no amnesty."""
    bench = Bench(a_plant_of("after changeover"))
    tell(bench)
    bench.plant = a_plant(a_check(schedule=parse_schedule("after lot")), digest=f"{7:064d}")
    bench.write(lambda uow: adopt(uow, bench.plant, {"plant.yaml": "plant: y\n"}, "test"))
    bench.pass_time(2 * 3600)
    step(bench)
    assert [each.outcome for each in made(bench)] == ["lapsed"]


@pytest.mark.parametrize(
    ("line", "station", "note", "code"),
    [
        ("line9", OP20, None, "no_such_line"),
        (LINE, "op99", None, "no_such_station"),
        (LINE, OP20, "\u202e", "text_character"),
    ],
)
def test_what_is_told_of_no_place_or_in_no_words_is_refused(
    line: str, station: str, note: str | None, code: str
) -> None:
    bench = Bench(a_plant_of("after changeover"))
    with pytest.raises(Refusal) as refused:
        bench.write(
            lambda uow: plant_events.tell(
                uow,
                bench.plant,
                line=line,
                station=station,
                event=CHANGEOVER,
                note=note,
                actor=ANNA,
            )
        )
    assert refused.value.code == code


def start(bench: Bench, occurrence_id: OccurrenceId) -> None:
    bench.read(OP20)
    bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=occurrence_id,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )


# Events, looks, restarts and runs, against somebody who keeps a list by hand ------------------------------------


@dataclass
class ByHand:
    """What the check at OP20 owes, kept without any of the product's code: each with when it is due and closes."""

    calendar: bool
    """Whether it is due at each shift's start, too."""
    owed: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    """Held by a run now."""
    serves: Counter[str] = field(default_factory=Counter)
    told: int = 0
    firsts: list[tuple[datetime, StationId | None, str]] = field(default_factory=list)

    def shifts(self, now: datetime) -> None:
        at = datetime(2026, 3, 2, 6, tzinfo=BEGIN.tzinfo)
        names = ("early", "late", "night")
        for n in range(12 if self.calendar else 0):
            due = at + timedelta(hours=8 * n)
            day = (due - timedelta(hours=6)).date()
            if due <= now + timedelta(minutes=15):
                close = due + timedelta(minutes=60)
                self.owed.setdefault(f"shift:{day}:{names[n % 3]}", (due, close))

    def event(self, now: datetime, station: StationId | None, teller: str) -> None:
        self.told += 1
        for at, where, by in self.firsts:
            near = now - at <= timedelta(minutes=2)
            here = where == station or None in {where, station}
            if near and here and (by != teller or teller == "person"):
                return
        self.firsts.append((now, station, teller))
        if station == OP30:
            return
        self.shifts(now)
        for key, (due, close) in sorted(self.owed.items(), key=lambda each: each[1]):
            if due <= now < close and key not in self.begun:
                self.serves[key] += 1
                return
        self.owed[f"event:{LINE}-E-{self.told}"] = (now, now + timedelta(minutes=60))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 90, 150, 600, 2400, 4000, 20_000])),
        st.tuples(st.just("event"), st.sampled_from([OP20, OP20, OP30, None])),
        st.tuples(st.just("signal"), st.sampled_from([OP20, None])),
        st.tuples(st.just("program"), st.sampled_from([OP20, None])),
        st.tuples(st.just("look"), st.none()),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("begin"), st.none()),
        st.tuples(st.just("give up"), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=120, deadline=None)
@given(calendar=st.booleans(), steps=STEPS)
def test_events_owe_what_a_list_kept_by_hand_says(
    calendar: bool, steps: list[tuple[str, object]]
) -> None:
    """None missing, none twice, none from before, whoever looks when, and whatever is restarted."""
    bench = Bench(
        a_plant_of("every shift start + after changeover" if calendar else "after changeover")
    )
    hand = ByHand(calendar=calendar)
    for kind, what in steps:
        now = bench.clock.now()
        if kind == "wait":
            assert isinstance(what, int)
            bench.pass_time(what)
            bench.tick()
        elif kind in {"event", "signal", "program"}:
            _told(bench, hand, kind, what)
        elif kind == "look":
            step(bench)
            hand.shifts(now)
        elif kind == "restart":
            bench.restart()
            hand.shifts(now)
        else:
            _run(bench, kind)
        hand.begun = {
            o.trigger_key for o in made(bench) if o.run_id is not None and o.outcome is None
        }
    step(bench)
    hand.shifts(bench.clock.now())
    found = made(bench)
    assert Counter((o.trigger_key, o.due_at, o.closes_at) for o in found) == Counter(
        (key, *times) for key, times in hand.owed.items()
    )
    events = bench.database.read_now(lambda reader: reader.find(PlantEventRecord))
    keys = {o.occurrence_id: o.trigger_key for o in found}
    assert len(events) == hand.told
    assert Counter(keys[each] for one in events for each in one.those_serving) == hand.serves


def _told(bench: Bench, hand: ByHand, kind: str, station: object) -> None:
    assert station is None or isinstance(station, str)
    station = None if station is None else StationId(station)
    hand.event(bench.clock.now(), station, "person" if kind == "event" else kind)
    if kind == "signal":
        bench.write(
            lambda uow: plant_events.note_event(
                uow,
                bench.plant,
                line=LINE,
                station=station,
                event=CHANGEOVER,
                told_by_what=ToldBy.SIGNAL,
                signal="changeover",
                actor=AGENT,
                at=uow.now,
            )
        )
    else:
        tell(bench, station=station, actor=MES if kind == "program" else ANNA)


def _run(bench: Bench, kind: str) -> None:
    owner, now = bench.owners[OP20], bench.clock.now()
    if kind == "give up" and owner.run is not None:
        bench.settle(owner.abort("gloves", actor=ANNA, now=now))
    elif kind == "begin" and owner.run is None:
        open_now = [o for o in made(bench) if o.check_id == TORQUE_CHECK and may_be_run(o, now)]
        if open_now:
            start(bench, OccurrenceId(open_now[0].occurrence_id))


# What the software tells itself: by a station's signals, its own runs, and another configuration ----------------


def a_station_that_tells(*events: EventSignal) -> Station:
    return replace(a_station(OP20), events=events)


def test_a_signal_of_the_station_makes_due_what_waits_for_it() -> None:
    told = EventSignal(
        event=PlantEvent.TOOL_CHANGE, signal=SignalName("feed_held"), when=EventWhen.COMES_ON
    )
    check = a_check(schedule=parse_schedule("after tool change"))
    bench = Bench(a_plant(check, stations=(a_station_that_tells(told), a_station(OP30))))
    bench.pass_time(1)
    bench.read(OP20, feed_held=True)
    (event,) = events(bench)
    assert (event.station, event.told_by_what, event.signal) == (OP20, "signal", "feed_held")
    assert (event.told_by, event.seen_late) == ("agent", False)
    assert [each.due_at for each in made(bench)] == [event.happened_at]
    bench.restart()  # on still: nobody knows what was meanwhile, and no change was seen
    bench.read(OP20, feed_held=True)
    assert len(events(bench)) == 1


def test_a_check_that_failed_is_due_again_where_its_plan_says_so() -> None:
    bench = Bench(a_plant_of("every shift start + after failed check"))
    bench.pass_time(20 * MINUTE)
    step(bench)
    (shift,) = made(bench)
    start(bench, OccurrenceId(shift.occurrence_id))
    custody.scan(bench)
    custody.put_in(bench, accepted=True)  # missed
    custody.give_back(bench)
    bench.settle(bench.owners[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    (event,) = events(bench)
    assert (event.event, event.told_by_what, event.told_by) == ("failed_check", "software", "agent")
    assert event.run_id is not None
    assert [(each.trigger_key, each.outcome) for each in made(bench)] == [
        ("shift:2026-03-02:early", "failed"),
        (f"event:{event.event_id}", None),
    ]


def test_another_rule_of_the_station_is_a_change_of_parameters_where_a_check_waits_for_it() -> None:
    check = a_check(schedule=parse_schedule("after parameter change"))
    bench = Bench(a_plant(check))
    before = bench.plant
    stations = (a_station(OP20, within_s=2.0), a_station(OP30))
    bench.plant = a_plant(check, stations=stations, digest=f"{7:064d}")
    files = {"plant.yaml": "plant: y\n"}
    bench.write(lambda uow: adopt(uow, bench.plant, files, "test", before=before))
    (event,) = events(bench)
    assert (event.event, event.station, event.told_by) == (
        "parameter_change",
        OP20,
        "configuration",
    )
    assert len(made(bench)) == 1
    again = a_plant(check, stations=stations, digest=f"{8:064d}")
    bench.write(lambda uow: adopt(uow, again, files, "test", before=bench.plant))
    assert len(events(bench)) == 1


def events(bench: Bench) -> list[PlantEventRecord]:
    return bench.database.read_now(lambda reader: reader.find(PlantEventRecord))


def test_what_an_event_in_a_pause_asks_for_is_owed_when_the_pause_is_over() -> None:
    """However long it gets: the changeover of a standing line is still to be proved. What the pause moved does not serve it,
    because a longer pause would excuse that (D56)."""
    bench = Bench(a_plant_of("every shift start + after changeover"))
    now, hour = bench.clock.now(), timedelta(hours=1)

    def pause(begins_at: datetime, ends_at: datetime) -> None:
        bench.write(
            lambda uow: planning.declare_pause(
                uow,
                bench.plant,
                line=LINE,
                begins_at=begins_at,
                ends_at=ends_at,
                reason="no orders",
                actor=ANNA,
            )
        )

    pause(now, now + hour)
    bench.pass_time(20 * MINUTE)
    event = tell(bench)
    assert event.those_serving == ()
    pause(now + hour, now + 7 * hour)
    bench.pass_time(6 * 60 * MINUTE + 45 * MINUTE)
    step(bench)
    shift, asked = sorted(made(bench), key=lambda each: each.trigger_key.startswith("event:"))[:2]
    assert (shift.outcome, asked.outcome) == ("excused", None)
    assert asked.due_at == now + 7 * hour
