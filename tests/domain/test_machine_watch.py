"""A machine that has stopped is not read, and one that was restarted is noticed (D32, K10)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName
from redrabbit.domain.machine_watch import MachineWatch, needs_watch
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.signals import Encoding, Resets, Table
from redrabbit.domain.station import Heartbeat, Station
from tests.builders import ACCEPTED, REJECTED, an_acquisition
from tests.plants import OP20, a_signal, a_station

LIFE = SignalName("life")
UPTIME = SignalName("uptime")
PARTS = SignalName("part_count")
EVERY_S = 2.0


def the_station(
    *,
    heartbeat: SignalName | None = LIFE,
    resets: Resets | None = Resets.NEVER,
    rollover: int | None = None,
) -> Station:
    usual = a_station(OP20)
    bits = [spec for spec in usual.signals if spec.name in {REJECTED, ACCEPTED}]
    numbers = [
        replace(
            a_signal(name, Table.HOLDING_REGISTER, 20 + 2 * place, Encoding.UINT32),
            resets=resets,
            rollover=rollover,
        )
        for place, name in enumerate((PARTS, UPTIME))
    ]
    life = a_signal(LIFE, Table.COIL, 9, Encoding.BOOL)
    return replace(
        usual,
        signals=(*bits, *numbers, life),
        heartbeat=Heartbeat(signal=heartbeat, every_s=EVERY_S) if heartbeat else None,
    )


ALL = frozenset({REJECTED, ACCEPTED, PARTS, UPTIME, LIFE})


def poll(seconds: float, **told: Value | Reason) -> Acquisition:
    """Return a good poll of everything, in which these changed."""
    return an_acquisition(seconds, {SignalName(n): v for n, v in told.items()}, covers=ALL)


def told_by(acquisition: Acquisition) -> Mapping[str, Value | None]:
    return {change.signal: change.value for change in acquisition.changes}


def test_a_station_that_tells_nothing_of_its_machine_needs_no_watch() -> None:
    assert not needs_watch(the_station(heartbeat=None, resets=None))
    assert not needs_watch(the_station(heartbeat=None, resets=Resets.EACH_SHIFT))
    assert needs_watch(the_station(resets=None))
    assert needs_watch(the_station(heartbeat=None))


def test_nothing_is_read_of_a_machine_until_its_heart_is_seen_to_beat() -> None:
    watch = MachineWatch(the_station())
    first = watch.take(poll(0, rejected=False, accepted=False, life=False))
    assert (first.failure, first.changes) == (Reason.NOT_YET_READ, ())
    assert watch.take(poll(2)).failure is Reason.NOT_YET_READ
    assert watch.take(poll(2.5)).failure is Reason.NOT_RUNNING
    beating = watch.take(poll(3, life=True))
    assert (beating.failure, beating.heart_beat) == (None, True)
    assert told_by(beating) == {"rejected": False, "accepted": False, "life": True}


def test_an_answer_that_was_under_way_while_nobody_watched_stops_no_machine() -> None:
    """R12: the service stood still for thirty seconds in a poll; the value may be from before."""
    watch = beating_watch()
    under_way = watch.take(an_acquisition(33, covers=ALL, took_s=29.9))
    assert under_way.failure is Reason.NOT_YET_READ
    assert watch.take(poll(33.1, life=False)).failure is None


def test_a_heart_that_happens_to_be_as_before_nobody_looked_stops_no_machine() -> None:
    """R12: a bit that goes to and fro is as it was half the time."""
    watch = beating_watch()
    assert watch.take(poll(33)).failure is Reason.NOT_YET_READ
    assert watch.take(poll(34)).failure is Reason.NOT_YET_READ
    assert watch.take(poll(34.9)).failure is Reason.NOT_YET_READ
    assert watch.take(poll(35.2)).failure is Reason.NOT_RUNNING


def test_a_heart_that_stopped_under_somebody_s_eyes_is_told_at_once() -> None:
    watch = beating_watch()
    for seconds in (3.5, 4.0, 4.5):
        assert watch.take(poll(seconds)).failure is None
    assert watch.take(poll(5.5)).failure is Reason.NOT_RUNNING


def beating_watch() -> MachineWatch:
    """Return one that has seen the heart beat at second 3."""
    watch = MachineWatch(the_station())
    watch.take(poll(2, rejected=False, accepted=False, life=False))
    assert watch.take(poll(3, life=True)).failure is None
    return watch


def test_a_controller_in_stop_is_not_read_however_well_it_answers() -> None:
    """PLC in STOP with a live Modbus server: its memory is what was left over when it stopped."""
    watch = MachineWatch(the_station())
    watch.take(poll(0, rejected=False, accepted=False, life=False))
    watch.take(poll(1, life=True))
    assert watch.take(poll(3)).failure is None, "it may take so long"
    stopped = watch.take(poll(3.1, rejected=True))
    assert (stopped.failure, stopped.changes, stopped.signals) == (Reason.NOT_RUNNING, (), ALL)
    again = watch.take(poll(9, life=False))
    assert told_by(again) == {"rejected": True, "accepted": False, "life": False}
    assert watch.take(poll(10)).changes == ()


def test_a_heart_that_beat_while_the_link_was_down_has_beaten() -> None:
    watch = MachineWatch(the_station())
    watch.take(poll(0, life=False))
    watch.take(poll(1, life=True))
    lost = an_acquisition(2, covers=ALL, failure=Reason.TIMEOUT)
    assert watch.take(lost) is lost
    back = watch.take(poll(60, rejected=False, accepted=False, life=False))
    assert (back.failure, back.heart_beat) == (None, True)


def test_a_retained_message_is_no_heartbeat() -> None:
    watch = MachineWatch(the_station())
    watch.take(poll(0, life=False))
    old = replace(poll(1, life=True), fresh=False)
    assert watch.take(old).failure is Reason.NOT_YET_READ


def test_what_is_told_anew_by_history_is_history() -> None:
    watch = MachineWatch(the_station())
    watch.take(poll(0, rejected=False, life=False))
    topic = frozenset({REJECTED})
    watch.take(an_acquisition(1, {LIFE: True}, covers=frozenset({LIFE})))
    old = watch.take(an_acquisition(1.5, covers=topic, fresh=False))
    assert [(each.value, each.retained) for each in old.changes] == [(False, True)]


def test_a_message_that_covers_nothing_is_handed_on() -> None:
    """A duplicate says nothing, not even that the machine stands still."""
    nothing = an_acquisition(0, covers=frozenset(), fresh=False)
    assert MachineWatch(the_station()).take(nothing) is nothing


@pytest.mark.parametrize("name", [PARTS, UPTIME])
def test_a_counter_that_is_never_set_back_and_goes_back_tells_a_restart(name: SignalName) -> None:
    """K10, m30: the part counter fell from 1000 to 0, because the PLC was restarted."""
    watch = MachineWatch(the_station(heartbeat=None))
    assert not watch.take(poll(0, **{name: 1000})).machine_restarted
    assert not watch.take(poll(1, **{name: 1001})).machine_restarted
    watch.take(an_acquisition(2, covers=ALL, failure=Reason.NOT_CONNECTED))
    assert watch.take(poll(3, **{name: 0})).machine_restarted
    assert not watch.take(poll(4, **{name: 1})).machine_restarted


def test_a_restart_is_told_though_the_heart_does_not_beat_yet() -> None:
    watch = MachineWatch(the_station())
    watch.take(poll(0, part_count=1000, life=False))
    for seconds in range(1, 9):
        watch.take(poll(seconds))
    stopped = watch.take(poll(9, part_count=0))
    assert (stopped.failure, stopped.machine_restarted) == (Reason.NOT_RUNNING, True)


def test_a_counter_that_is_set_back_each_shift_tells_no_restart() -> None:
    watch = MachineWatch(the_station(resets=Resets.EACH_SHIFT))
    watch.take(poll(0, part_count=1000, life=False))
    assert not watch.take(poll(1, part_count=0, life=True)).machine_restarted


@pytest.mark.parametrize(
    ("name", "before", "after", "restarted"),
    [
        (PARTS, 65530, 20, False),
        (PARTS, 40000, 0, True),
        (PARTS, 65530, 200, True),
        (PARTS, 70000, 20, True),
        (UPTIME, 65530, 3000, False),
        (UPTIME, 40000, 39000, True),
    ],
    ids=["rolls", "too_far", "too_fast", "beyond_its_values", "uptime_rolls", "uptime_falls"],
)
def test_a_rollover_is_no_restart(
    name: SignalName, before: int, after: int, restarted: bool
) -> None:
    """Of parts, no more go over it than a station makes; of another counter, less than half a turn."""
    watch = MachineWatch(the_station(heartbeat=None, rollover=65536))
    watch.take(poll(0, **{name: before}))
    watch.take(poll(0.9, rejected=True))
    assert watch.take(poll(1, **{name: after})).machine_restarted is restarted


def test_a_rollover_may_hide_in_the_time_in_which_nobody_read() -> None:
    watch = MachineWatch(the_station(heartbeat=None, rollover=65536))
    watch.take(poll(0, part_count=65530))
    assert not watch.take(poll(10, part_count=900)).machine_restarted


def test_what_a_retained_message_counts_is_no_restart() -> None:
    watch = MachineWatch(the_station(heartbeat=None))
    watch.take(poll(0, part_count=1000))
    old = replace(poll(1, part_count=900), fresh=False)
    assert not watch.take(old).machine_restarted
    assert not watch.take(poll(2, part_count=1001)).machine_restarted


def test_a_count_that_can_not_be_told_is_no_restart() -> None:
    watch = MachineWatch(the_station(heartbeat=None))
    watch.take(poll(0, part_count=Reason.NOT_AVAILABLE))
    watch.take(poll(1, part_count=1000))
    watch.take(poll(2, part_count=Reason.NOT_AVAILABLE))
    assert watch.take(poll(3, part_count=999)).machine_restarted


def test_a_step_of_the_clock_stops_no_heart() -> None:
    """R46."""
    watch = MachineWatch(the_station(rollover=65536))
    watch.shift(timedelta(hours=1))
    watch.take(poll(3600, part_count=65530, life=False))
    watch.shift(timedelta(hours=1))
    assert watch.take(poll(7201)).failure is Reason.NOT_YET_READ
    watch.take(poll(7202, life=True))
    watch.shift(timedelta(hours=-1))
    rolled = watch.take(poll(3603, part_count=20))
    assert (rolled.failure, rolled.machine_restarted) == (None, False)


@dataclass
class Link:
    """A link as the service has them: it tells changes, and after a failure everything anew."""

    world: dict[SignalName, Value | Reason]
    told: dict[SignalName, Value | Reason]

    def read(self, seconds: float, covers: frozenset[SignalName]) -> Acquisition:
        changed = {n: self.world[n] for n in covers if self.told.get(n) != self.world[n]}
        self.told.update(changed)
        return an_acquisition(seconds, changed, covers=covers)

    def fail(self, seconds: float, covers: frozenset[SignalName]) -> Acquisition:
        for name in covers:
            self.told.pop(name, None)
        return an_acquisition(seconds, covers=covers, failure=Reason.TIMEOUT)


TOPICS = (ALL, frozenset({LIFE, UPTIME}), frozenset({REJECTED, ACCEPTED, PARTS}))
steps = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.5, 3.0]),
        st.sampled_from(TOPICS),
        st.booleans() | st.just(True),
        st.dictionaries(
            st.sampled_from([REJECTED, ACCEPTED]), st.booleans() | st.just(Reason.DEVICE_ERROR)
        ),
        st.sampled_from([True, True, False]),
    ),
    max_size=25,
)


@settings(max_examples=300)
@given(steps)
def test_what_is_handed_on_is_what_the_link_told_while_the_heart_beats_and_nothing_else(
    drawn: list[tuple[float, frozenset[SignalName], bool, dict[SignalName, Value | Reason], bool]],
) -> None:
    """Whatever stops, fails and comes back: no value of a machine that stands, none lost after it."""
    watch = MachineWatch(the_station())
    world: dict[SignalName, Value | Reason] = dict.fromkeys(ALL, False)
    world.update({PARTS: 1, UPTIME: 1})
    link = Link(world, {})
    seen: dict[SignalName, Value | Reason] = {}
    heart, beat_at, second = None, None, 0.0
    for passed, covers, good, changes, beats in drawn:
        second += passed
        link.world.update(changes)
        link.world[LIFE] = bool(link.world[LIFE]) ^ beats
        told = watch.take(link.read(second, covers) if good else link.fail(second, covers))
        if good and LIFE in covers:
            beat_at = second if heart is not None and heart != link.world[LIFE] else beat_at
            heart = link.world[LIFE]
        alive = good and beat_at is not None and second - beat_at <= EVERY_S
        assert (told.failure is None) == alive
        if told.failure is not None:
            assert told.failure in {Reason.TIMEOUT, Reason.NOT_RUNNING, Reason.NOT_YET_READ}
            seen.update(dict.fromkeys(told.signals, told.failure))
        seen.update({c.signal: c.value if c.reason is None else c.reason for c in told.changes})  # type: ignore[misc]  # because a change has one of the two
        if alive:
            assert {n: seen[n] for n in covers} == {n: link.world[n] for n in covers}


def restarts_told(values: list[int], turn: int | None) -> list[bool]:
    watch = MachineWatch(the_station(heartbeat=None, rollover=turn))
    return [
        watch.take(poll(second, part_count=value)).machine_restarted
        for second, value in enumerate(values)
    ]


@given(st.lists(st.integers(0, 50) | st.just(-1), max_size=30), st.sampled_from([None, 200, 1000]))
def test_a_restart_is_told_just_where_one_was(made: list[int], turn: int | None) -> None:
    """Parts are made, at most fifty a second; -1: the machine restarts and has made fewer since."""
    count, values, restarted = 0, list[int](), list[bool]()
    for parts in made:
        before = values[-1] if values else 0
        count = 0 if parts < 0 else count + parts
        shown = count if turn is None else count % turn
        values.append(shown)
        hidden = turn is not None and (shown - before) % turn <= min(turn // 2, 100)
        restarted.append(parts < 0 and shown < before and not hidden)
    assert restarts_told(values, turn) == restarted
