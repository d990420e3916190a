"""Of which variant and nest what a station counts is known to be (D34)."""

from dataclasses import dataclass, replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.signals import Encoding, MqttAddress
from redrabbit.domain.station import MqttLink, Station
from redrabbit.domain.station_says import SaidOf, StationSays
from redrabbit.domain.suspect_window import WindowSide, suspect_parts
from redrabbit.services.part_counting import CountedBefore, PartCounting
from tests.services.test_part_counting import COUNTER, POLLED, at, read

VARIANT, NEST = SignalName("variant"), SignalName("nest")
WORDS = {SaidOf.VARIANT: ("left", "right"), SaidOf.NEST: ("1", "2", "3")}
TELLS = replace(POLLED, says=StationSays(variant=VARIANT, nest=NEST, words=WORDS))
ALL = frozenset({COUNTER, VARIANT, NEST})
POLL_S = 0.5


def counted(station: Station, *told: tuple[float, dict[SignalName, Value | Reason]]) -> PartCount:
    """Return the count after these readings."""
    counting = PartCounting(station)
    for seconds, values in told:
        counting.take(read(seconds, values, signals=ALL))
    count = counting.at(at(told[-1][0]))
    assert count is not None
    return count


LEFT_3: dict[SignalName, Value | Reason] = {COUNTER: 15, VARIANT: "left", NEST: 3}


def test_what_is_counted_while_one_stands_there_is_of_it() -> None:
    count = counted(TELLS, (0, LEFT_3), (0.5, {}), (1, {COUNTER: 16}), (1.5, {COUNTER: 17}))
    assert count.known == (MadeOf(variant="left", nest="3", made=2),)
    assert (count.made, count.epoch) == (17, 1)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([(0.5, {COUNTER: 16})], id="nobody knows what was before"),
        pytest.param([(0.5, {}), (1, {COUNTER: 16, NEST: 4})], id="it changed with the count"),
        pytest.param([(0.5, {NEST: 4}), (1, {COUNTER: 16})], id="it changed just before"),
        pytest.param([(0.5, {}), (1, {NEST: Reason.TIMEOUT}), (1.5, {COUNTER: 16})], id="unread"),
        pytest.param([(0.5, {}), (1.6, {COUNTER: 16})], id="too long after the last reading"),
    ],
)
def test_what_may_be_of_another_is_unknown(
    told: list[tuple[float, dict[SignalName, Value | Reason]]],
) -> None:
    count = counted(TELLS, (0, LEFT_3), *told)
    assert (count.made, count.known) == (16, ())


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({VARIANT: "left", NEST: 0}, (MadeOf(variant="left", nest=None, made=1),)),
        ({VARIANT: "", NEST: 3}, (MadeOf(variant=None, nest="3", made=1),)),
        ({VARIANT: "", NEST: 0}, ()),
    ],
)
def test_a_word_that_the_file_does_not_list_is_none_of_a_part(
    told: dict[SignalName, Value | Reason], known: tuple[MadeOf, ...]
) -> None:
    """A 0 between two parts, or while what nobody verifies is made, is no other nest."""
    begin = told | {COUNTER: 15}
    count = counted(TELLS, (0, begin), (0.5, {}), (1, {COUNTER: 16}))
    assert (count.made, count.known) == (16, known)


def test_where_the_file_lists_no_word_nothing_is_known_of_a_part() -> None:
    silent = replace(TELLS, says=replace(TELLS.says, words={}))
    count = counted(silent, (0, LEFT_3), (0.5, {}), (1, {COUNTER: 16}))
    assert (count.made, count.known) == (16, ())


def test_after_a_failure_it_is_known_again_with_the_third_reading() -> None:
    counting = PartCounting(TELLS)
    counting.take(read(0, LEFT_3, signals=ALL))
    counting.take(read(0.5, failure=Reason.TIMEOUT, signals=ALL))
    for seconds, value in ((1, 20), (1.5, 21), (2, 22)):
        values = LEFT_3 | {COUNTER: value}
        counting.take(read(seconds, values, signals=ALL))
    count = counting.at(at(2))
    assert count is not None
    assert count.known == (MadeOf(variant="left", nest="3", made=1),)


def test_what_was_known_before_a_restart_is_gone_on_from() -> None:
    before = PartCount(
        value=15, made=15, epoch=1, fell_from=None, known=(MadeOf(variant="l", nest="1", made=4),)
    )
    counting = PartCounting(TELLS, CountedBefore(count=before, read_at=at(-5), same_counter=True))
    counting.take(read(0, LEFT_3 | {COUNTER: 30}, signals=ALL))
    count = counting.at(at(0))
    assert count is not None
    assert count.known == before.known


def test_what_is_told_apart_from_the_count_tells_nothing_of_it() -> None:
    counting = PartCounting(TELLS)
    for i in range(5):
        counting.take(read(i * POLL_S, {NEST: 3, VARIANT: "l"}, signals=frozenset({NEST, VARIANT})))
        counting.take(read(i * POLL_S, {COUNTER: i}, signals=frozenset({COUNTER})))
    count = counting.at(at(2))
    assert count is not None
    assert (count.made, count.known) == (4, ())


def by_messages(every_s: float | None) -> Station:
    address = MqttAddress(topic="t", encoding=Encoding.INTEGER, expected_every_s=every_s)
    signals = tuple(
        replace(spec, address=address) if spec.name == COUNTER else spec for spec in TELLS.signals
    )
    link = MqttLink(endpoint="broker", host="127.0.0.1", port=1883)
    return replace(TELLS, signals=signals, link=link)


@pytest.mark.parametrize(("every_s", "known"), [(None, 1), (10.0, 1), (5.0, 0)])
def test_a_message_is_missing_where_its_topic_declares_a_rhythm(
    every_s: float | None, known: int
) -> None:
    station = replace(by_messages(every_s), value_expires_s=60.0)
    count = counted(station, (0, LEFT_3), (8, LEFT_3), (16, LEFT_3 | {COUNTER: 16}))
    assert sum(each.made for each in count.known) == known


def test_a_message_that_a_sequence_leaves_out_may_have_told_of_another() -> None:
    counting = PartCounting(by_messages(None))
    for seconds in (0, 1, 2):
        counting.take(read(seconds, LEFT_3, signals=ALL))
    lost = replace(read(3, LEFT_3 | {COUNTER: 16}, signals=ALL), messages_lost=1)
    counting.take(lost)
    count = counting.at(at(3))
    assert count is not None
    assert count.known == ()


@dataclass(frozen=True)
class Made:
    """One part, as long as its variant and nest are told, and when it is counted."""

    variant: str
    nest: int
    told: bool
    """Else the station tells 0 and an empty word as long as it is there."""
    told_s: float
    """After it came, the station tells 0 again."""
    stays_s: float
    counted_s: float
    """After it came; up to a poll after it has gone."""


def made_of() -> st.SearchStrategy[Made]:
    stays = st.floats(1.2, 4)
    return stays.flatmap(
        lambda stays_s: st.builds(
            Made,
            variant=st.sampled_from(["left", "right"]),
            nest=st.integers(1, 3),
            told=st.booleans(),
            told_s=st.floats(0.5, 9),
            stays_s=st.just(stays_s),
            counted_s=st.one_of(st.floats(0, stays_s), st.floats(stays_s, stays_s + 0.45)),
        )
    )


@given(
    line=st.lists(made_of(), min_size=3, max_size=10),
    gaps=st.lists(
        st.one_of(st.floats(POLL_S, 0.7), st.floats(POLL_S, 1.0), st.floats(1.01, 3.5)),
        min_size=40,
        max_size=40,
    ),
    lost=st.sets(st.integers(1, 39), max_size=6),
    begin=st.integers(0, 12),
)
def test_no_window_is_shorter_than_what_was_made_in_it(
    line: list[Made], gaps: list[float], lost: set[int], begin: int
) -> None:
    """Whatever variants and nests follow each other, and whatever readings are lost (D34)."""
    begins = list(accumulate((part.stays_s for part in line), initial=0.0))
    counts = [(at_s + part.counted_s, part) for at_s, part in zip(begins, line, strict=False)]
    station = replace(TELLS, value_expires_s=2.0)
    counting = PartCounting(station)
    readings: list[tuple[float, PartCount | None]] = []
    now = 0.0
    for i, gap in enumerate(gaps):
        now += gap
        at_part = max(0, sum(each <= now for each in begins[:-1]) - 1)
        shown = line[at_part]
        is_told = shown.told and now < begins[at_part] + shown.told_s
        values: dict[SignalName, Value | Reason] = {
            COUNTER: 5000 + sum(at_s <= now for at_s, _ in counts),
            VARIANT: shown.variant if is_told else "",
            NEST: shown.nest if is_told else 0,
        }
        failure = Reason.TIMEOUT if i in lost else None
        counting.take(read(now, {} if failure else values, signals=ALL, failure=failure))
        readings.append((now, counting.at(at(now))))
    told = [each for each in readings if each[1] is not None]
    since_s, since = told[min(begin, len(told) - 1)]
    until_s, until = told[-1]
    assert since is not None
    assert until is not None
    for variant in ("left", "right"):
        for nest in ("1", "2", "3", None):
            found = suspect_parts(
                WindowSide(counter=since.value, count=since),
                WindowSide(counter=until.value, count=until),
                has_ended=True,
                variant=variant,
                nest=nest,
            )
            truth = sum(
                since_s < at_s <= until_s
                and part.variant == variant
                and nest in {None, str(part.nest)}
                for at_s, part in counts
            )
            assert found.quantity is not None
            assert found.quantity >= truth
            surely = found.quantity - found.unknown
            assert surely <= truth
