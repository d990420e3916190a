"""How long a station may go unread (D30)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.blind_time import blind_after_s, shortest_s
from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import Rises
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from tests.builders import ACCEPTED, PRESENT, REJECTED, a_rule
from tests.plants import OP20, a_station

RULE = a_rule(part_code=None, presented=Rises(signal=PRESENT))


def polled(poll_s: float, **pulses_s: float) -> Station:
    """A Modbus station, read so often, with these pulses declared."""
    station = a_station(OP20)
    assert isinstance(station.link, ModbusLink)
    return replace(
        station,
        link=replace(station.link, poll_interval_s=poll_s),
        signals=tuple(replace(spec, pulse_s=pulses_s.get(spec.name)) for spec in station.signals),
    )


def limit_s(station: Station) -> float | None:
    """The limit of a polled station: of each of its judging signals the same."""
    limits = blind_after_s(RULE, station)
    assert limits.keys() == {REJECTED, ACCEPTED}
    assert len(set(limits.values())) == 1
    return limits[REJECTED]


def test_without_a_declared_pulse_three_polls_are_the_longest_gap() -> None:
    assert limit_s(polled(0.1)) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("pulses_s", "limit"),
    [
        ({"rejected": 0.4}, 0.2),
        ({"rejected": 0.5, "accepted": 0.4}, 0.2),
        ({"rejected": 0.5, "part_present": 0.4}, 0.2),
        ({"rejected": 9.0}, 0.3),
        ({"rejected": 0.2}, 0.15),
        ({"reject_code": 0.2}, 0.3),
    ],
    ids=[
        "half",
        "the shortest",
        "of any signal of the rule",
        "three polls at most",
        "late",
        "none",
    ],
)
def test_half_the_shortest_pulse_of_the_rules_signals_is_the_longest_gap(
    pulses_s: dict[str, float], limit: float
) -> None:
    assert limit_s(polled(0.1, **pulses_s)) == pytest.approx(limit)


@given(
    poll_s=st.floats(0.01, 5),
    polls=st.floats(2, 40),
    spans=st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=2, max_size=20),
    begin=st.floats(0, 1),
)
def test_no_pulse_falls_between_two_readings_that_keep_the_limit(
    poll_s: float, polls: float, spans: list[tuple[float, float, float]], begin: float
) -> None:
    """B8, D30: a value is of any moment within its window; requests don't overlap."""
    pulse_s = polls * poll_s
    limit = limit_s(polled(poll_s, rejected=pulse_s))
    assert limit is not None
    began, ended = 0.0, 0.0
    sampled = [0.0]
    for pause, length, moment in spans:
        latest = began + limit
        next_began = ended + pause * (latest - ended)
        next_ended = next_began + length * (latest - next_began)
        sampled.append(next_began + moment * (next_ended - next_began))
        began, ended = next_began, next_ended
    if sampled[-1] <= pulse_s:
        return
    on_from = begin * (sampled[-1] - pulse_s)
    assert any(on_from - 1e-9 <= each <= on_from + pulse_s + 1e-9 for each in sampled)


def published(*, numbered: bool = False, **every_s: float | None) -> Station:
    """A station that publishes these signals so often, each on a topic of its own."""
    return replace(
        a_station(OP20),
        link=MqttLink(endpoint="broker", host="127.0.0.1", port=1883),
        signals=tuple(
            SignalSpec(
                name=SignalName(name),
                address=MqttAddress(
                    topic=name,
                    encoding=Encoding.BOOL,
                    expected_every_s=every,
                    sequence_path=("seq",) if numbered else (),
                ),
            )
            for name, every in every_s.items()
        ),
    )


def test_over_mqtt_a_gap_of_half_as_much_again_as_declared_means_a_missing_message() -> None:
    station = published(rejected=1.0, accepted=None, part_present=2.0)

    assert blind_after_s(RULE, station) == {REJECTED: 1.5, ACCEPTED: None}


def test_where_messages_are_numbered_no_rhythm_is_needed() -> None:
    """D27: what is missing is counted."""
    assert blind_after_s(RULE, published(numbered=True, rejected=1.0, accepted=None)) == {
        REJECTED: 1.5
    }


@pytest.mark.parametrize(
    ("limits", "shortest"),
    [({}, None), ({"a": None}, None), ({"a": 3.0, "b": None, "c": 0.5}, 0.5)],
)
def test_the_shortest_known_limit_is_harmless_for_every_signal(
    limits: dict[str, float | None], shortest: float | None
) -> None:
    assert shortest_s({SignalName(name): limit for name, limit in limits.items()}) == shortest
