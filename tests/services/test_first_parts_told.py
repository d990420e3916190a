"""The first part of a shift where nothing is counted: a running signal, a message, or one tap; what nobody knows is owed (D42)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, SignalName
from redrabbit.domain.records import OccurrenceRecord, PlantEventRecord
from redrabbit.domain.running_watch import RunningWatch
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.station import EventSignal, EventWhen, Station
from redrabbit.services import plant_events, scheduling
from redrabbit.services.queries.plant_events import events_here
from tests.plants import BEGIN, LINE, OP20, OP30, Bench, a_check, a_plant, a_station

FIRST = "before the first part of each shift"
MINUTE, HOUR = 60.0, 3600.0
READ_EACH = 10 * MINUTE
EXPIRES = timedelta(seconds=READ_EACH + 1)
RUNS = SignalName("feed_held")
ANNA = Actor.stated("2207")


def a_station_that(*, running: bool = False, event: bool = False) -> Station:
    """Return OP20 without a counter; a reading of it holds for so long that a shift has few."""
    told = (
        EventSignal(
            event=PlantEvent.LINE_RUNNING,
            signal=SignalName("reject_code"),
            when=EventWhen.CHANGES,
        ),
    )
    return replace(
        a_station(OP20),
        part_counter=None,
        running=RUNS if running else None,
        events=told if event else (),
        value_expires_s=READ_EACH + 1,
    )


class Uncounted(Bench):
    """The bench with a station that counts nothing; it begins at 05:50, ten minutes before the early shift."""

    def __init__(
        self, schedule: str = FIRST, *, running: bool = False, event: bool = False
    ) -> None:
        check = a_check(schedule=parse_schedule(schedule))
        stations = (a_station_that(running=running, event=event), a_station(OP30))
        super().__init__(a_plant(check, stations=stations))

    def to(self, hour: float, *, day: int = 2) -> None:
        """Wait until a time of day, read all the time."""
        at = datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour)
        while self.clock.now() < at:
            left = (at - self.clock.now()).total_seconds()
            self.pass_time(min(left, READ_EACH))
            self.read(OP20)

    def tap(self, station: str | None = None) -> None:
        self.write(
            lambda uow: plant_events.tell(
                uow,
                self.plant,
                line=LINE,
                station=station,
                event=PlantEvent.LINE_RUNNING,
                note=None,
                actor=ANNA,
            )
        )

    @property
    def made(self) -> list[OccurrenceRecord]:
        return self.database.read_now(lambda reader: reader.find(OccurrenceRecord))

    @property
    def events(self) -> list[PlantEventRecord]:
        return self.database.read_now(lambda reader: reader.find(PlantEventRecord))

    @property
    def ends(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (o.trigger_key.removeprefix("production:"), o.outcome, o.reason_code) for o in self.made
        ]

    def entries(self, kind: str) -> list[object]:
        entries = self.database.read_now(lambda reader: reader.entries())
        return [entry.payload for entry in entries if entry.type == kind]

    def asks(self) -> bool:
        """Tell whether the station's page asks people whether the line runs."""
        station, now = self.plant.station(OP20), self.clock.now()
        return self.database.read_now(
            lambda reader: events_here(reader, self.plant, station, now).is_running_asked
        )


def test_a_running_signal_tells_it_once_in_each_shift_and_is_on_record() -> None:
    line = Uncounted(running=True)
    line.to(6.5)
    assert line.made == []
    line.read(OP20, feed_held=True)
    (due,) = line.made
    assert (due.trigger_key, due.due_at) == ("production:2026-03-02:early", line.clock.now())
    line.read(OP20, feed_held=False)
    line.to(7)
    line.read(OP20, feed_held=True)
    assert [(e.event, e.told_by_what, e.signal, e.station) for e in line.events] == [
        ("line_running", "signal", RUNS, OP20)
    ]


def test_a_line_that_runs_on_over_the_beginning_of_a_shift_runs_in_it() -> None:
    line = Uncounted(running=True)
    line.read(OP20, feed_held=True)  # the night shift, from before the adoption
    line.to(6)
    keys = [(each.trigger_key, each.due_at.hour) for each in line.made]
    assert keys == [("production:2026-03-01:night", 5), ("production:2026-03-02:early", 6)]


def test_a_signal_that_was_off_all_through_a_shift_proves_it_and_what_proves_it_is_on_record() -> (
    None
):
    line = Uncounted(running=True)
    line.to(14)
    assert line.ends == [("2026-03-02:early", "excused", "not_producing")]
    assert line.entries("station_stood") == [
        {
            "station": OP20,
            "signal": RUNS,
            "since": "2026-03-02T05:50:00.000000Z",
            "until": "2026-03-02T14:00:00.000000Z",
        }
    ]


@pytest.mark.parametrize("hole", ["unread", "restart"])
def test_a_hole_in_the_watch_leaves_the_shift_owed_at_its_end(hole: str) -> None:
    """Not known is never not producing."""
    line = Uncounted(running=True)
    line.to(10)
    if hole == "unread":
        line.pass_time(READ_EACH + 2)
    else:
        line.restart()
    line.to(14)
    assert line.ends == [("2026-03-02:early", None, None)]
    assert line.made[0].due_at.hour == 14
    assert line.entries("station_stood") == []


def test_a_shift_is_no_proof_of_itself_before_it_was_read_to_its_end() -> None:
    """The last minutes of a shift were not read yet: a tick waits for them, and says until when it was read."""
    line = Uncounted(running=True)
    line.to(13 + 55 / 60)
    line.pass_time(5 * MINUTE + 1)
    line.tick()
    assert line.ends == []
    line.pass_time(MINUTE)
    line.read(OP20)
    assert line.ends == [("2026-03-02:early", "excused", "not_producing")]
    (stood,) = line.entries("station_stood")
    assert isinstance(stood, dict)
    assert stood["until"] == "2026-03-02T14:01:01.000000Z"


def test_a_shift_that_is_not_read_to_its_end_in_time_is_owed() -> None:
    line = Uncounted(running=True)
    line.to(13 + 55 / 60)
    line.pass_time(5 * MINUTE + 1)
    line.tick()
    line.pass_time(5 * MINUTE + 1)
    line.tick()
    assert line.ends == [("2026-03-02:early", None, None)]
    assert line.entries("station_stood") == []


def test_a_shift_that_passed_while_the_service_was_down_is_owed_at_its_end() -> None:
    line = Uncounted(running=True)
    line.to(6)
    line.pass_time(17 * HOUR)  # over the early and the late shift
    line.restart()
    assert [key for key, *_ in line.ends] == ["2026-03-02:early", "2026-03-02:late"]
    line.write(lambda uow: scheduling.step(uow, line.plant))
    assert {end for _, end, _ in line.ends} <= {None, "lapsed"}
    line.restart()
    line.tick()
    assert len(line.made) == 2


def test_a_message_that_tells_of_a_running_line_begins_the_shift_once() -> None:
    line = Uncounted("within 30 min of running", event=True)
    line.to(6)
    line.read(OP20, reject_code=4711)
    (due,) = line.made
    now = line.clock.now()
    assert (due.opens_at, due.due_at) == (now, now + timedelta(minutes=30))
    for order in range(5):
        line.pass_time(1)
        line.read(OP20, reject_code=order)
    assert len(line.events) == 1
    line.to(14)
    assert len(line.made) == 1  # the late shift waits for a message of its own


def test_one_tap_tells_it_for_the_line_and_is_asked_for_until_then() -> None:
    line = Uncounted()
    assert line.asks()  # the night shift is on
    line.to(6)
    assert line.asks()
    line.tap()
    assert not line.asks()
    (due,) = line.made
    assert (due.trigger_key, due.due_at) == ("production:2026-03-02:early", line.clock.now())
    line.pass_time(HOUR)
    line.tap()  # told again: it is one shift
    assert len(line.made) == 1
    line.to(14)
    line.pass_time(1)
    line.tick()
    assert line.asks()


def test_a_first_piece_tells_it_too() -> None:
    line = Uncounted("within 30 min of running")
    line.to(6)
    line.write(
        lambda uow: plant_events.tell(
            uow,
            line.plant,
            line=LINE,
            station=OP20,
            event=PlantEvent.FIRST_PIECE,
            note=None,
            actor=ANNA,
        )
    )
    assert [key for key, *_ in line.ends] == ["2026-03-02:early"]


def test_a_shift_of_which_nobody_told_is_owed_at_its_end_also_without_a_reading() -> None:
    line = Uncounted()
    line.to(6)
    line.pass_time(8 * HOUR)
    line.tick()
    assert line.ends == [("2026-03-02:early", None, None)]


def test_where_a_signal_tells_it_nobody_is_asked_for_a_tap() -> None:
    assert not Uncounted(running=True).asks()
    assert not Uncounted(event=True).asks()


def test_a_tap_for_a_line_that_is_not_there_is_refused() -> None:
    line = Uncounted()
    with pytest.raises(Refusal):
        line.tap("nowhere")


# In any order, beside the truth ----------------------------------------------------------------------------------


@dataclass
class Truth:
    """What was read and told, kept by hand."""

    adopted: datetime
    on: bool = False
    read: list[tuple[datetime, bool]] = field(default_factory=list)
    blind: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Times in which nobody watched."""
    taps: list[datetime] = field(default_factory=list)
    decided: datetime = BEGIN
    """Until when a tick told what became of shifts: it waits for the next reading while that may still come in time."""

    def tick(self, now: datetime) -> None:
        """A tick tells of a line that runs, and of shifts of which nothing is known any more."""
        is_known = now - self.read[-1][0] <= EXPIRES
        if is_known and self.on:
            self.taps.append(now)
        if self.on or not is_known:
            self.decided = now


STEPS = st.lists(
    st.sampled_from(
        ["on", "off", "wait", "wait", "shift", "shift", "blind", "restart", "tap", "tick", "tick"]
    ),
    max_size=14,
)


def play(steps: list[str]) -> None:
    """Let a station with a running signal live these steps, and hold each shift's end beside what was read by hand."""
    line = Uncounted(running=True)
    truth = Truth(line.clock.now())
    truth.read.append((line.clock.now(), False))
    for step in steps:
        before = line.clock.now()
        match step:
            case "on" | "off":
                line.pass_time(1)
                truth.on = step == "on"
                line.read(OP20, feed_held=truth.on)
                truth.read.append((line.clock.now(), truth.on))
            case "wait" | "shift":
                for _ in range(3 if step == "wait" else 48):
                    line.pass_time(READ_EACH)
                    line.read(OP20)
                    truth.read.append((line.clock.now(), truth.on))
            case "blind":
                line.pass_time(5 * HOUR)
                line.read(OP20)
                truth.blind.append((before, line.clock.now()))
                truth.read.append((line.clock.now(), truth.on))
            case "restart":
                line.pass_time(1)
                line.restart()
                truth.blind.append((before, line.clock.now()))
                truth.read.append((line.clock.now(), truth.on))
            case "tick":
                line.pass_time(4 * MINUTE)
                line.tick()
                truth.tick(line.clock.now())
            case _:
                line.pass_time(1)
                line.tap()
                truth.taps.append(line.clock.now())
    is_right(line, truth)


def is_right(line: Uncounted, truth: Truth) -> None:
    now = line.clock.now()
    last = truth.read[-1][0]
    reads = [truth.adopted, *(at for at, _ in truth.read)]
    gaps = [(a, b) for a, b in pairwise(reads) if b - a > EXPIRES]
    gaps += [(last, now)] if now - last > EXPIRES else []
    found = {each.trigger_key.removeprefix("production:"): each for each in line.made}
    assert len(found) == len(line.made)
    begin, wanted = datetime(2026, 3, 1, 22, tzinfo=UTC), 0
    while begin <= now:
        end = begin + timedelta(hours=8)
        name = {6: "early", 14: "late", 22: "night"}[begin.hour]
        told = [at for at, on in truth.read if on and begin <= at < end]
        told += [at for at in truth.taps if begin <= at < end]
        made = found.get(f"{begin.date()}:{name}")
        owed = begin >= truth.adopted and end <= max(last, truth.decided)
        assert (made is not None) == bool(owed or told)
        if made is not None:
            wanted += 1
            assert made.due_at == (min(told) if told else end)
            holes = any(since < end and until > begin for since, until in (*truth.blind, *gaps))
            before = [on for at, on in truth.read if at <= begin][-1:]
            after = [on for at, on in truth.read if at >= end][:1]
            stood = not told and not holes and before == after == [False]
            assert (made.outcome == "excused") == stood
        begin = end
    assert wanted == len(found)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
@example(steps=["shift", "on", "shift", "off", "shift", "shift"])
@example(steps=["tick", "tick", "off", "shift", "tick", "off"])
@example(steps=["tick", "tick", "off", "shift", "tick", "on"])
@example(steps=["tick", "tick", "off", "shift", "tick", "tick", "tick"])
@example(steps=["shift", "blind", "shift", "tap", "restart", "shift"])
def test_each_shift_has_its_one_end_and_only_one_that_was_seen_to_stand_is_excused(
    steps: list[str],
) -> None:
    play(steps)


def _always(_watch: RunningWatch, _at: datetime) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _never(_watch: RunningWatch, _at: datetime) -> None:
    return None


@pytest.mark.parametrize(
    ("name", "wrong", "steps"),
    [
        ("stood_since", _always, ["shift", "blind", "shift"]),
        ("stood_since", _never, ["shift", "shift"]),
        ("is_on", _never, ["shift", "on", "shift"]),
    ],
)
def test_a_watch_that_is_wrong_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: object, steps: list[str]
) -> None:
    play(steps)
    monkeypatch.setattr(RunningWatch, name, wrong)
    with pytest.raises(AssertionError):
        play(steps)
