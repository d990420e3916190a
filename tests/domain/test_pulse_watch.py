"""Watching for how long answers last (D30)."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.learnt_pulse import SAMPLE, Cycle, shortest
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.pulse_watch import PulseWatch

BEGIN = datetime(2026, 11, 23, 6, tzinfo=UTC)
REJECTED, OTHER = SignalName("rejected"), SignalName("other")
READ = frozenset({REJECTED, OTHER})
LONGEST = timedelta(seconds=0.3)
ROUNDED_S = 2e-6
"""Instants are whole microseconds."""


def reading(
    at_s: float,
    *changes: tuple[SignalName, Value | Reason],
    failure: Reason | None = None,
    fresh: bool = True,
    retained: bool = False,
    signals: frozenset[SignalName] = READ,
    took_s: float = 0.01,
) -> Acquisition:
    """One reading that began `at_s` seconds after the begin."""
    began = BEGIN + timedelta(seconds=at_s)
    return Acquisition(
        station=StationId("op20"),
        window=Window(began_at=began, ended_at=began + timedelta(seconds=took_s)),
        signals=signals,
        failure=failure,
        fresh=fresh,
        changes=tuple(
            Observation(signal=signal, reason=told)
            if isinstance(told, Reason)
            else Observation(signal=signal, value=told, retained=retained)
            for signal, told in changes
        ),
    )


def a_watch(*values: Value) -> PulseWatch:
    return PulseWatch({REJECTED: frozenset(values or {True})}, LONGEST)


def lasted(watch: PulseWatch, readings: Sequence[Acquisition]) -> list[Cycle]:
    return [cycle for each in readings for _, cycle in watch.take(each)]


ON, OFF = (REJECTED, True), (REJECTED, False)


def test_an_answer_lasted_between_the_readings_inside_and_around_it() -> None:
    readings = [
        reading(0, OFF),
        reading(0.1),
        reading(0.2, ON),
        reading(0.3),
        reading(0.4),
        reading(0.5, OFF),
    ]
    assert lasted(a_watch(), readings) == [Cycle(at_least_s=0.19, at_most_s=0.41)]


def test_what_only_one_reading_showed_may_have_lasted_no_time_at_all() -> None:
    readings = [reading(0, OFF), reading(0.1, ON), reading(0.2, OFF)]
    assert lasted(a_watch(), readings) == [Cycle(at_least_s=0, at_most_s=0.21)]


def test_one_answer_may_follow_another() -> None:
    """A result word goes from the one to the other."""
    word = a_watch(1, 2)
    readings = [
        reading(0, (REJECTED, 0)),
        reading(0.1, (REJECTED, 1)),
        reading(0.2, (REJECTED, 2)),
        reading(0.3, (REJECTED, 3)),
        reading(0.4, (REJECTED, 3), (OTHER, True)),
    ]
    assert len(lasted(word, readings)) == 2


def test_an_answer_whose_begin_was_not_seen_counts_for_nothing() -> None:
    assert lasted(a_watch(), [reading(0, ON), reading(0.1, OFF)]) == []


def test_a_failed_reading_in_an_answer_makes_it_nothing() -> None:
    readings = [
        reading(0, OFF),
        reading(0.1, ON),
        reading(0.2, failure=Reason.TIMEOUT),
        reading(0.3, ON),
        reading(0.4, OFF),
    ]
    assert lasted(a_watch(), readings) == []


def test_a_value_that_is_none_makes_an_answer_nothing() -> None:
    for broken in (
        reading(0.2, (REJECTED, Reason.DEVICE_ERROR)),
        reading(0.2, ON, retained=True),
        reading(0.2, fresh=False),
    ):
        readings = [reading(0, OFF), reading(0.1, ON), broken, reading(0.3, OFF)]
        assert lasted(a_watch(), readings) == []


def test_a_gap_in_an_answer_makes_it_nothing() -> None:
    for at_s in ([0, 0.4, 0.5], [0, 0.1, 0.5]):
        readings = [reading(s, told) for s, told in zip(at_s, (OFF, ON, OFF), strict=True)]
        assert lasted(a_watch(), readings) == []


def test_who_looked_away_begins_anew() -> None:
    watch = a_watch()
    lasted(watch, [reading(0, OFF), reading(0.1, ON)])
    watch.look_away()
    assert lasted(watch, [reading(0.2, OFF)]) == []


def test_what_is_read_apart_is_watched_apart() -> None:
    apart = frozenset({SignalName("far")})
    watch = a_watch()
    assert lasted(
        watch,
        [
            reading(0, OFF),
            reading(0.1, ON),
            reading(0.15, (SignalName("far"), 3), signals=apart),
            reading(0.18, failure=Reason.TIMEOUT, signals=apart),
            reading(0.2, OFF),
        ],
    )


@dataclass(frozen=True)
class Pulse:
    """What the machine really did."""

    on_s: float
    off_s: float


def is_on(pulses: Sequence[Pulse], at_s: float) -> int | None:
    """Which pulse is on at an instant; None: none is."""
    for index, pulse in enumerate(pulses):
        if pulse.on_s <= at_s < pulse.off_s:
            return index
    return None


def a_life(chance: random.Random) -> list[Pulse]:
    """Pulses of any length; between two the machine needs longer than the longest gap that counts."""
    pulses: list[Pulse] = []
    at_s, longest_s = 0.0, chance.choice([0.05, 0.4, 1.5])
    for _ in range(SAMPLE + 20):
        at_s += LONGEST.total_seconds() + chance.uniform(0.001, 0.3)
        lasts_s = chance.uniform(0.001, longest_s)
        pulses.append(Pulse(at_s, at_s + lasts_s))
        at_s += lasts_s
    return pulses


def polls(chance: random.Random, until_s: float) -> Iterator[tuple[float, float, float, bool]]:
    """Begin, length, the moment in it at which the value was taken, and whether the reply was lost."""
    at_s, every_s = 0.0, chance.choice([0.02, 0.1])
    lost_share, skipped_share = chance.choice([0, 0.01, 0.1]), chance.choice([0, 0.02, 0.3])
    while at_s < until_s:
        took_s = chance.uniform(0.001, 0.5 * every_s)
        yield at_s, took_s, chance.random(), chance.random() < lost_share
        skipped = 1 + (chance.randrange(1, 4) if chance.random() < skipped_share else 0)
        at_s += every_s * (skipped + chance.uniform(-0.3, 0.3))


@given(seed=st.integers(0, 1 << 30))
def test_no_answer_is_said_to_be_longer_or_shorter_than_it_was(seed: int) -> None:
    """Under any sampling: jitter, late replies, lost ones, polls that were skipped (D30)."""
    chance = random.Random(seed)
    pulses = a_life(chance)
    watch = a_watch()
    told: bool | None = None
    shown: int | None = None
    found: list[tuple[Cycle, float]] = []
    for at_s, took_s, moment, lost in polls(chance, pulses[-1].off_s + 0.5):
        if lost:
            assert watch.take(reading(at_s, failure=Reason.TIMEOUT, took_s=took_s)) == ()
            told = None
            continue
        on = is_on(pulses, at_s + moment * took_s)
        value = on is not None
        changes = () if value == told else ((REJECTED, value),)
        for _, cycle in watch.take(reading(at_s, *changes, took_s=took_s)):
            assert shown is not None
            lasted_s = pulses[shown].off_s - pulses[shown].on_s
            assert cycle.at_least_s <= lasted_s + ROUNDED_S
            assert cycle.at_most_s >= lasted_s - ROUNDED_S
            found.append((cycle, lasted_s))
        told, shown = value, on
    event("20 answers" if len(found) >= SAMPLE else "fewer")
    if len(found) < SAMPLE:
        return
    learnt = shortest([cycle for cycle, _ in found][:SAMPLE])
    truth_s = min(lasted_s for _, lasted_s in found[:SAMPLE])
    assert learnt.at_least_s <= truth_s + ROUNDED_S
    assert learnt.at_most_s >= truth_s - ROUNDED_S
