"""What is learnt of how long answers last (D30)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.blind_time import blind_after_s, harmless_gap_s
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import (
    Cycle,
    is_shorter,
    learnt_of,
    longest_unread,
    of_rule,
    reach_of,
    shortest,
    to_be_learnt,
)
from redrabbit.domain.rule import AnyOf, Becomes, Equals, Falls, Increases, Rises, StaysOff
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from tests.plants import OP20, a_station

REJECTED, ACCEPTED = SignalName("rejected"), SignalName("accepted")
CODE, PRESENT = SignalName("reject_code"), SignalName("part_present")


def declared(station: Station, **pulses_s: float) -> Station:
    signals = tuple(replace(s, pulse_s=pulses_s.get(s.name)) for s in station.signals)
    return replace(station, signals=signals)


def polled_every(station: Station, poll_s: float) -> Station:
    assert isinstance(station.link, ModbusLink)
    return replace(station, link=replace(station.link, poll_interval_s=poll_s))


def test_the_shortest_of_several_is_bounded_by_the_shortest_of_each_bound() -> None:
    cycles = [Cycle(at_least_s=0.2, at_most_s=0.6), Cycle(at_least_s=0.3, at_most_s=0.5)]
    assert shortest(cycles) == Cycle(at_least_s=0.2, at_most_s=0.5)


def test_only_what_surely_was_shorter_is_said_to_be() -> None:
    assert not is_shorter(Cycle(at_least_s=0.0, at_most_s=0.4), 0.3)
    assert not is_shorter(Cycle(at_least_s=0.0, at_most_s=0.3), 0.3)
    assert is_shorter(Cycle(at_least_s=0.0, at_most_s=0.29), 0.3)


@pytest.mark.parametrize(
    ("at_least_s", "gap_s", "slow", "wanted_s"),
    [
        (0.8, 0.3, False, 0.4),
        (0.4, 0.2, False, 0.2),
        (0.2, 0.15, False, 0.1),
        (0.19, 0.15, True, 0.095),
        (0.09, 0.09, True, 0.045),
        (0.0, 0.0, True, 0.05),
    ],
    ids=["three polls", "half", "late", "too slow", "shorter than a poll", "seen once"],
)
def test_what_a_pulse_comes_to_at_a_poll_of_100_ms(
    at_least_s: float, gap_s: float, slow: bool, wanted_s: float
) -> None:
    reach = reach_of(Cycle(at_least_s=at_least_s, at_most_s=1.0), 0.1)
    assert reach.harmless_gap_s == pytest.approx(gap_s)
    assert reach.polls_are_too_slow is slow
    assert reach.wanted_poll_s == pytest.approx(wanted_s)


@given(at_least_s=st.floats(0, 10), more_s=st.floats(0.001, 1), poll_s=st.floats(0.001, 5))
def test_where_polls_are_too_slow_faster_ones_are_wanted(
    at_least_s: float, more_s: float, poll_s: float
) -> None:
    reach = reach_of(Cycle(at_least_s=at_least_s, at_most_s=at_least_s + more_s), poll_s)
    assert reach.polls_are_too_slow is (reach.wanted_poll_s < poll_s)


@given(pulse_s=st.floats(0, 10), shorter=st.floats(0, 1), poll_s=st.floats(0.01, 5))
def test_a_shorter_pulse_never_allows_a_longer_gap_nor_one_longer_than_itself(
    pulse_s: float, shorter: float, poll_s: float
) -> None:
    gap_s = harmless_gap_s(pulse_s, poll_s)
    assert gap_s <= pulse_s
    assert harmless_gap_s(pulse_s * shorter, poll_s) <= gap_s


def test_pulses_are_learnt_of_what_comes_and_goes_in_the_answers() -> None:
    station = a_station(
        OP20,
        presented=Rises(signal=PRESENT),
        detected=AnyOf(of=(Rises(signal=REJECTED), Becomes(signal=CODE, value=11))),
        accepted=AnyOf(of=(Falls(signal=REJECTED), Becomes(signal=CODE, value=1))),
    )
    learnt = {REJECTED: frozenset({True, False}), CODE: frozenset({11, 1})}
    assert to_be_learnt(station) == learnt
    assert of_rule(station.devices[0].rule, station) == learnt.keys()


def test_what_must_stay_off_is_learnt_too() -> None:
    station = a_station(
        OP20,
        detected=StaysOff(signal=REJECTED, for_s=1, after=Rises(signal=PRESENT)),
        accepted=StaysOff(signal=ACCEPTED, for_s=1, after=None),
    )
    assert to_be_learnt(station) == dict.fromkeys((REJECTED, PRESENT, ACCEPTED), frozenset({True}))


def test_nothing_is_learnt_of_levels_and_counters() -> None:
    station = a_station(
        OP20,
        detected=Equals(signal=REJECTED, value=True),
        accepted=Increases(signal=SignalName("part_count")),
    )
    assert to_be_learnt(station) == {}


def test_nothing_is_learnt_of_what_is_declared() -> None:
    assert to_be_learnt(declared(a_station(OP20), rejected=0.5)).keys() == {ACCEPTED}


def test_nothing_is_learnt_of_messages() -> None:
    link = MqttLink(endpoint="broker", host="127.0.0.1", port=1883)
    assert to_be_learnt(replace(a_station(OP20), link=link)) == {}


def test_what_was_learnt_narrows_the_blind_time_and_what_is_declared_beats_it() -> None:
    station = polled_every(a_station(OP20), 0.1)
    rule = station.devices[0].rule
    learnt_s = {REJECTED: 0.4}
    assert blind_after_s(rule, station)[ACCEPTED] == pytest.approx(0.3)
    assert blind_after_s(rule, station, learnt_s)[ACCEPTED] == pytest.approx(0.2)
    told = declared(station, rejected=0.5)
    assert blind_after_s(rule, told, learnt_s)[ACCEPTED] == pytest.approx(0.25)


def test_what_was_watched_up_to_three_polls_apart_teaches() -> None:
    link = polled_every(a_station(OP20), 0.1).link
    assert isinstance(link, ModbusLink)
    assert longest_unread(link) == timedelta(seconds=0.3)


def test_another_place_value_or_poll_makes_what_was_learnt_worthless() -> None:
    station = a_station(OP20)
    assert isinstance(station.link, ModbusLink)
    moved = replace(
        station,
        signals=tuple(
            replace(s, address=replace(s.address, address=99)) if s.name == REJECTED else s  # type: ignore[arg-type]  # because all of them are polled
            for s in station.signals
        ),
    )
    other = [
        moved,
        replace(station, link=replace(station.link, host="10.9.9.9")),
        polled_every(station, 0.05),
        a_station(OP20, detected=Falls(signal=REJECTED)),
    ]
    digests = {learnt_of(each, REJECTED) for each in (station, *other)}
    assert len(digests) == 5
    renamed = replace(station, operation="OP21", value_expires_s=9.0)
    assert learnt_of(renamed, REJECTED) == learnt_of(station, REJECTED)
    assert learnt_of(moved, ACCEPTED) == learnt_of(station, ACCEPTED)
