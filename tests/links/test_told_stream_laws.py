"""Laws over whole runs of a station that tells its time, whatever happens on the way (D27, L1, L3).

Our own delay, or a delay on the way, never makes an answer in time, never makes an old value fresh, and
never makes a healthy device *missed*.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from redrabbit.domain.place_free import FREE_READINGS
from tests.builders import ACCEPTED, PRESENT, REJECTED
from tests.links.told_streams import SCANNED_AT_S, SIGNALS, Clock, Network, Station, Truth, verdict

PATIENT = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
ONE_TOPIC = (SIGNALS,)
TWO_TOPICS = ((PRESENT,), (REJECTED, ACCEPTED))

TRUTHS = st.builds(
    Truth,
    part_at=st.floats(10.5, 13),
    answer=st.sampled_from([REJECTED, REJECTED, ACCEPTED, None]),
    answers_after=st.floats(0.25, 6),  # once a leftover is off: else nobody could tell the two
    stands_for=st.one_of(st.floats(0.1, 1), st.just(20.0)),
    within=st.sampled_from([1.0, 2.0, 4.0]),
    leftover=st.booleans(),
    earlier_part_at=st.sampled_from([None, None, 7.9, 8.2, 8.4]),
)
STATIONS = st.builds(
    Station,
    every=st.sampled_from([0.1, 0.25, 0.5]),
    topics=st.sampled_from([ONE_TOPIC, TWO_TOPICS]),
    modulus=st.sampled_from([None, 64, 65536]),
    decimals=st.sampled_from([3, 6]),
)
HELD = st.lists(st.tuples(st.floats(10, 16), st.floats(0.2, 8)), max_size=2)
LOST = st.lists(st.tuples(st.floats(10, 16), st.floats(0.05, 2)), max_size=2).map(tuple)
NUMBERS = st.integers(20, 200)
NETWORKS = st.builds(
    Network,
    base=st.sampled_from([0.0, 0.02]),
    jitter=st.lists(st.floats(0, 0.8), max_size=5).map(tuple),
    held=HELD.map(tuple),
    lost=LOST,
    repeated=st.dictionaries(NUMBERS, st.floats(0, 5), max_size=4),
    resent=st.dictionaries(NUMBERS, st.floats(1.5, 15), max_size=2),
)
OFFSETS = st.sampled_from([0.0, 0.3, -7200.0, 1.7e9])
LAWS: dict[str, Callable[[Truth, str | None], bool]] = {
    "detected": lambda truth, found: (
        found != "detected" or (truth.answer == REJECTED and truth.in_time)
    ),
    "missed": lambda truth, found: (
        found != "missed" or not (truth.answer == REJECTED and truth.in_time)
    ),
}
"""What a verdict must not be: detected unless it was rejected in time, missed if it was."""


@PATIENT
@given(truth=TRUTHS, station=STATIONS, network=NETWORKS, offset=OFFSETS)
def test_no_delay_makes_an_answer_in_time_or_a_healthy_device_missed(
    truth: Truth, station: Station, network: Network, offset: float
) -> None:
    found = verdict(truth, station, network, Clock(offset))
    for law, holds in LAWS.items():
        assert holds(truth, found), law


@PATIENT
@given(
    truth=TRUTHS,
    station=STATIONS,
    network=st.builds(Network, lost=LOST),
    clock=st.builds(
        Clock,
        offset=OFFSETS,
        set_at=st.lists(
            st.tuples(
                st.floats(8, 20),
                st.one_of(st.floats(-5, 5), st.sampled_from([-3600.0, 3600.0, -0.5, 0.9])),
            ),
            max_size=2,
        ).map(tuple),
    ),
)
def test_no_clock_that_is_set_makes_an_answer_in_time_or_a_healthy_device_missed(
    truth: Truth, station: Station, network: Network, clock: Clock
) -> None:
    """It is set while messages come as they should: else nobody could tell it from a delay."""
    found = verdict(truth, station, network, clock)
    for law, holds in LAWS.items():
        assert holds(truth, found), law


@PATIENT
@given(truth=TRUTHS, station=STATIONS, network=NETWORKS, base=st.floats(0, 10))
def test_a_delay_that_never_changes_makes_no_duration_wrong(
    truth: Truth, station: Station, network: Network, base: float
) -> None:
    """What came before the scan can't be told from what came after, then: here it was nothing."""
    alone = replace(truth, earlier_part_at=None)
    found = verdict(alone, station, replace(network, base=base))
    for law, holds in LAWS.items():
        assert holds(truth, found), law


@PATIENT
@given(truth=TRUTHS, station=STATIONS, held=HELD, offset=OFFSETS)
def test_a_time_alone_is_enough_where_messages_do_not_overtake_each_other(
    truth: Truth, station: Station, held: list[tuple[float, float]], offset: float
) -> None:
    by_time = Station(every=station.every, topics=station.topics, tells_sequence=False)
    found = verdict(truth, by_time, Network(held=tuple(held)), Clock(offset))
    for law, holds in LAWS.items():
        assert holds(truth, found), law


@settings(PATIENT, max_examples=100)
@given(
    truth=TRUTHS,
    station=STATIONS,
    jitter=st.lists(st.floats(0, 0.03), max_size=5).map(tuple),
    offset=OFFSETS,
)
def test_on_a_good_network_the_verdict_is_the_truth(
    truth: Truth, station: Station, jitter: tuple[float, ...], offset: float
) -> None:
    """Else the laws would hold of a product that never says anything."""
    steady = replace(truth, stands_for=20.0, leftover=False, earlier_part_at=None)
    assume(steady.part_at > SCANNED_AT_S + FREE_READINGS * station.every + 0.1)
    assume(abs(steady.answers_after - steady.within) > 0.1)
    late = steady.answer is not None and not steady.in_time
    assume(not late or steady.answers_after > steady.within + station.every + 0.1)
    found = verdict(steady, station, Network(jitter=jitter, in_order=True), Clock(offset))
    assert found == ("detected" if steady.answer == REJECTED and steady.in_time else "missed")


SHORT = Truth(part_at=11.0, answer=REJECTED, answers_after=0.5, stands_for=0.15, within=2.0)
LATE = replace(SHORT, answers_after=3.0, stands_for=20.0)
BREAKERS = {
    "detected": (LATE, Network(held=((10.9, 3.0),))),
    "missed": (SHORT, Network(lost=((11.45, 0.2),))),
}
"""What breaks each law: three seconds in which nothing gets through, one message that is lost."""


@pytest.mark.parametrize("law", LAWS)
def test_without_a_told_time_and_a_sequence_the_laws_can_be_broken(law: str) -> None:
    """They have teeth: a station that tells nothing can't show a delay, nor what was lost."""
    truth, network = BREAKERS[law]
    blind = Station(every=0.25, tells_sequence=False, tells_time=False, promises=False)
    assert not LAWS[law](truth, verdict(truth, blind, network))
    assert LAWS[law](truth, verdict(truth, Station(every=0.25), network))
