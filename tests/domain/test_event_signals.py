"""Only a change that was seen is an event; what changed while nobody watched was seen late (R08, L1)."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.event_signals import EventSeen, EventSignals
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.station import EventSignal, EventWhen, Station
from tests.builders import at
from tests.plants import OP20, a_station

BIT, TEXT = SignalName("feed_held"), SignalName("part_code")
OF_BIT = EventSignal(event=PlantEvent.TOOL_CHANGE, signal=BIT, when=EventWhen.COMES_ON)
OF_TEXT = EventSignal(event=PlantEvent.LOT, signal=TEXT, when=EventWhen.CHANGES)
RESTART = replace(OF_BIT, event=PlantEvent.RESTART, off_for_s=60)


def a_station_with(*events: EventSignal) -> Station:
    return replace(a_station(OP20), events=events)


class Watched:
    """A station whose signals are read one second after another."""

    def __init__(self, *events: EventSignal) -> None:
        self.signals = EventSignals(a_station_with(*events))
        self.second = 0
        self.told: list[tuple[str, int, bool]] = []

    def take(
        self,
        told: Value | Reason | None,
        signal: SignalName = BIT,
        *,
        failure: Reason | None = None,
        retained: bool = False,
        aside: bool = False,
    ) -> None:
        """Read the signal: it changed to this value; None: it is as before."""
        self.second += 1
        now = at(self.second)
        changes: tuple[Observation, ...] = ()
        if isinstance(told, Reason):
            changes = (Observation(signal=signal, reason=told),)
        elif told is not None:
            changes = (Observation(signal=signal, value=told, retained=retained),)
        acquisition = Acquisition(
            station=OP20,
            window=Window(began_at=now, ended_at=now),
            signals=frozenset({signal}),
            changes=changes,
            failure=failure,
        )
        if aside:
            self.signals.take_aside(acquisition)
        else:
            self._note(self.signals.take(acquisition))

    def _note(self, seen: list[EventSeen]) -> None:
        for each in seen:
            second = int((each.at - at(0)).total_seconds())
            self.told.append((each.event.value, second, each.seen_late))


def test_the_first_value_after_a_start_is_no_event() -> None:
    watched = Watched(OF_BIT, OF_TEXT)
    watched.take(True)
    watched.take("A", TEXT)
    assert watched.told == []


def test_a_bit_that_comes_on_is_one_event_each_time() -> None:
    watched = Watched(OF_BIT)
    for value in (False, True, None, False, True):
        watched.take(value)
    assert watched.told == [("tool_change", 2, False), ("tool_change", 5, False)]


def test_another_lot_is_an_event_and_the_same_one_is_none() -> None:
    watched = Watched(OF_TEXT)
    for value in ("A", "B", "B", None, "A"):
        watched.take(value, TEXT)
    assert watched.told == [("lot", 2, False), ("lot", 5, False)]


def test_what_changed_while_nobody_watched_was_seen_late() -> None:
    watched = Watched(OF_BIT)
    watched.take(False)
    watched.take(None, failure=Reason.TIMEOUT)
    watched.take(True)
    assert watched.told == [("tool_change", 3, True)]
    watched.take(Reason.BAD_QUALITY)
    watched.take(True)  # it is on again, or still: no change was seen
    assert len(watched.told) == 1


def test_a_message_that_speaks_of_the_past_tells_late() -> None:
    watched = Watched(OF_TEXT)
    watched.take("A", TEXT, retained=True)
    assert watched.told == []
    watched.take("B", TEXT, retained=True)
    assert watched.told == [("lot", 2, True)]


def test_what_could_not_be_recorded_is_told_with_the_next_reading() -> None:
    watched = Watched(OF_BIT)
    watched.take(False)
    watched.take(True, aside=True)
    assert watched.told == []
    watched.take(None)
    assert watched.told == [("tool_change", 2, True)]


def test_a_restart_counts_after_a_stop_that_was_long_enough() -> None:
    watched = Watched(RESTART)
    watched.take(False)
    watched.second += 30
    watched.take(True)
    assert watched.told == []
    watched.take(False)
    watched.take(None, failure=Reason.TIMEOUT)
    watched.second += 60
    watched.take(True)
    assert watched.told == [("restart", 95, True)]


def test_a_step_of_the_clock_makes_no_stop_longer() -> None:
    watched = Watched(RESTART)
    watched.take(False)
    watched.signals.shift(timedelta(hours=1))
    watched.second += 3600
    watched.take(True)
    assert watched.told == []


def test_the_same_signal_under_another_file_is_watched_on() -> None:
    before = EventSignals(a_station_with(OF_BIT))
    off = Acquisition(
        station=OP20,
        window=Window(began_at=at(0), ended_at=at(0)),
        signals=frozenset({BIT}),
        changes=(Observation(signal=BIT, value=False),),
    )
    before.take(off)
    watched = Watched()
    watched.signals = EventSignals(a_station_with(OF_TEXT, OF_BIT), before)
    watched.take(True)
    assert watched.told == [("tool_change", 1, False)]


LOOKS = st.lists(st.sampled_from(["A", "B", "same", "fail", "bad", "old A", "old B"]), max_size=30)


@given(LOOKS)
def test_events_are_the_changes_that_a_list_kept_by_hand_has(looks: list[str]) -> None:
    watched = Watched(OF_TEXT)
    by_hand: list[tuple[str, int, bool]] = []
    last, missed = "", False
    for second, look in enumerate(looks, 1):
        if look in {"fail", "bad"}:
            watched.take(
                Reason.BAD_QUALITY if look == "bad" else None,
                TEXT,
                failure=Reason.TIMEOUT if look == "fail" else None,
            )
            missed = bool(last)
            continue
        if look == "same":
            watched.take(None, TEXT)
            continue
        value, old = look[-1], look.startswith("old")
        watched.take(value, TEXT, retained=old)
        if last not in {"", value}:
            by_hand.append(("lot", second, missed or old))
        last, missed = value, False
    assert watched.told == by_hand
