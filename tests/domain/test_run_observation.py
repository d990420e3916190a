"""Which part is before the device, and whose answer a reading brings (D2, L3, L10)."""

from dataclasses import replace
from datetime import datetime

import pytest

from redrabbit.domain.evidence import Evidence, begin, gather, present
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Reading, Readings, Reason, Value
from redrabbit.domain.run import Observed
from redrabbit.domain.run_observation import (
    code_edge,
    presented_edge,
    watched,
    with_part_at_answer,
)
from redrabbit.domain.run_words import Presented
from redrabbit.domain.same_part import PartAtAnswer
from redrabbit.domain.station_says import SaidOf
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    BY_TAP,
    CODE,
    COUNT,
    FEED,
    HELD,
    IDLE,
    OTHER_RABBIT,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    a_rule,
    an_acquisition,
    an_expectation,
    at,
    readings_of,
)

POLLED = an_expectation()
ON_CHANGE = an_expectation(every_s=None, messages=True)
UNREAD = {
    PART: Reading(signal=PART, value=None, reason=Reason.TIMEOUT, window=None, changed_at=None)
}


def stood(code: Value) -> Readings:
    """The readings of a station at which this code stood."""
    return readings_of(dict(IDLE) | {PART: code})


def placed(expectation: Expectation, **before: Value) -> Evidence:
    """The evidence of a part presented at 0 s."""
    values = dict(IDLE) | {SignalName(name): value for name, value in before.items()}
    return present(begin(expectation, readings_of(values)), at(0), Presented.CODE)


@pytest.mark.parametrize(
    ("acquisition", "before", "edge"),
    [
        pytest.param(an_acquisition(1, {PART: RABBIT}), stood(""), RABBIT, id="a code appears"),
        pytest.param(an_acquisition(1, {PART: 7}), stood(6), 7, id="a number instead of another"),
        pytest.param(an_acquisition(1, {PART: RABBIT}), stood(RABBIT), None, id="it stood there"),
        pytest.param(an_acquisition(1), stood(RABBIT), None, id="nothing changed"),
        pytest.param(an_acquisition(1, {PART: ""}), stood(RABBIT), None, id="it went"),
        pytest.param(an_acquisition(1, {PART: 0}), stood(6), None, id="zero is no part"),
        pytest.param(an_acquisition(1, {REJECTED: True}), stood(""), None, id="another signal"),
        pytest.param(
            an_acquisition(1, {PART: Reason.UNREADABLE}), stood(RABBIT), None, id="unreadable"
        ),
        pytest.param(
            an_acquisition(1, {PART: RABBIT}, fresh=False), stood(""), None, id="retained"
        ),
        pytest.param(
            an_acquisition(1, failure=Reason.TIMEOUT), stood(""), None, id="a failed poll"
        ),
        pytest.param(
            an_acquisition(1, {PART: RABBIT}), UNREAD, None, id="read again after a failed poll"
        ),
        pytest.param(an_acquisition(1, {PART: RABBIT}), {}, None, id="read for the first time"),
    ],
)
def test_a_code_is_an_edge_only_where_another_one_was_known_to_stand(
    acquisition: Acquisition, before: Readings, edge: Value | None
) -> None:
    """D2; L1: what may have stood there all the time is no part that came."""
    assert code_edge(begin(POLLED, before), acquisition, before) == edge


def test_the_first_word_of_a_station_that_speaks_only_on_change_is_an_edge() -> None:
    assert code_edge(begin(ON_CHANGE, {}), an_acquisition(1, {PART: RABBIT}), {}) == RABBIT


def test_a_station_without_codes_has_no_code_edge() -> None:
    acquisition = an_acquisition(1, {PART: RABBIT})

    assert code_edge(begin(an_expectation(BY_TAP), stood("")), acquisition, stood("")) is None


@pytest.mark.parametrize("expectation", [POLLED, ON_CHANGE], ids=["regularly", "on change"])
@pytest.mark.parametrize(
    ("heard_before", "edge"),
    [
        pytest.param("", RABBIT, id="nothing contradicts it (D7)"),
        pytest.param(RABBIT, None, id="what was heard live contradicts it"),
        pytest.param(None, None, id="nothing was heard live"),
    ],
)
def test_what_is_old_is_no_before_of_what_was_heard_live(
    expectation: Expectation, heard_before: Value | None, edge: Value | None
) -> None:
    """A message that was sent again said "no part", and the next one seemed to bring it."""
    old = {PART: replace(stood("")[PART], retained=True)}
    known = stood(heard_before) if heard_before is not None else {}
    evidence = begin(expectation, known)
    assert code_edge(evidence, an_acquisition(1, {PART: RABBIT}), old) == edge


@pytest.mark.parametrize(
    ("acquisition", "edge"),
    [
        pytest.param(an_acquisition(1, {PRESENT: True}), True, id="fresh"),
        pytest.param(an_acquisition(1, {PRESENT: True}, fresh=False), False, id="retained"),
        pytest.param(an_acquisition(1, failure=Reason.TIMEOUT), False, id="failed"),
        pytest.param(an_acquisition(1), False, id="nothing changed"),
        pytest.param(
            an_acquisition(1, {PRESENT: True}, machine_restarted=True), False, id="restarted"
        ),
    ],
)
def test_presence_is_an_edge_in_a_fresh_reading(acquisition: Acquisition, edge: bool) -> None:
    before = begin(an_expectation(BY_EDGE), readings_of(IDLE))

    assert presented_edge(before, gather(before, acquisition), acquisition) is edge


def test_a_rule_without_presence_has_no_presence_edge() -> None:
    before = begin(an_expectation(BY_TAP), readings_of(IDLE))
    acquisition = an_acquisition(1, {PRESENT: True})

    assert not presented_edge(before, gather(before, acquisition), acquisition)


def test_readings_of_our_own_part_are_simply_gathered() -> None:
    evidence = placed(POLLED, part_code=RABBIT)
    acquisition = an_acquisition(1, {CODE: 12})
    event = Observed(acquisition=acquisition, readings=stood(RABBIT))

    assert watched(RABBIT, evidence, event) == gather(evidence, acquisition)


@pytest.mark.parametrize(
    ("code", "before"),
    [
        pytest.param("P-4711", stood(RABBIT), id="an ordinary part"),
        pytest.param(OTHER_RABBIT, stood(RABBIT), id="another rabbit"),
        pytest.param("P-4711", UNREAD, id="another part, first seen after a failed poll"),
        pytest.param(RABBIT, stood(""), id="ours once more"),
    ],
)
def test_what_comes_with_the_next_part_is_not_about_ours(code: str, before: Readings) -> None:
    """L3, L10: neither its answer nor its reason."""
    evidence = placed(an_expectation(a_rule(reject_code=CODE)))
    acquisition = an_acquisition(1, {PART: code, REJECTED: True, ACCEPTED: True, CODE: 12})

    after = watched(RABBIT, evidence, Observed(acquisition=acquisition, readings=before))

    assert after.another_part
    assert (after.rejected_at, after.accepted_at) == (None, None)
    assert after.known[CODE] == 0
    assert after.trace[-1].value == 12


def test_our_code_read_again_after_a_failed_poll_is_no_next_part() -> None:
    acquisition = an_acquisition(1, {PART: RABBIT, REJECTED: False})
    event = Observed(acquisition=acquisition, readings=UNREAD)

    assert not watched(RABBIT, placed(POLLED, part_code=RABBIT), event).another_part


def test_a_second_presence_edge_is_the_next_part() -> None:
    evidence = placed(an_expectation(BY_EDGE))
    event = Observed(acquisition=an_acquisition(1, {PRESENT: True}), readings=readings_of(IDLE))

    assert watched(RABBIT, evidence, event).another_part
    assert not watched(
        RABBIT, replace(evidence, expectation=an_expectation(BY_TAP)), event
    ).another_part


@pytest.mark.parametrize(
    ("late_s", "messages", "armed_at", "edge"),
    [
        (0.0, True, at(1), True),
        (0.1, True, at(1), False),
        (0.1, False, at(1), True),
        (0.1, True, None, True),
    ],
    ids=["made after", "made before, perhaps", "a poll under way", "armed nobody knows when"],
)
def test_a_part_that_was_there_before_the_scan_is_none_that_came(
    late_s: float, messages: bool, armed_at: datetime | None, edge: bool
) -> None:
    """D27: the message that tells it may have been made before."""
    before = begin(an_expectation(BY_EDGE, messages=messages), readings_of(IDLE), armed_at)
    coming = an_acquisition(1.05, {PRESENT: True}, took_s=late_s)

    assert presented_edge(before, gather(before, coming), coming) is edge


@pytest.mark.parametrize(("count", "is_another"), [(101, False), (102, True)])
def test_a_second_part_that_is_counted_is_another_one(count: int, is_another: bool) -> None:
    """D29: whether or not the station shows it at its place."""
    expectation = an_expectation(HELD)
    assert HELD.held is not None
    feed = FeedWatch(
        held=HELD.held,
        habits={},
        unread_s=2.0,
        said_at=None,
        known={COUNT: 100, FEED: True},
        counted_from={COUNT: 100},
        is_held=True,
    )
    shown = present(begin(expectation, readings_of(IDLE)), at(0), Presented.EDGE)
    reading = an_acquisition(1, {COUNT: count, REJECTED: True})
    seen = watched(
        RABBIT, replace(shown, feed=feed), Observed(acquisition=reading, readings=readings_of(IDLE))
    )

    assert seen.another_part is is_another
    assert (seen.rejected_at is None) is is_another


@pytest.mark.parametrize(
    ("count", "edge"), [pytest.param(3, True, id="there"), pytest.param(4, False, id="elsewhere")]
)
def test_a_part_that_is_known_by_its_place_comes_there(count: int, edge: bool) -> None:
    """D29: any other is passed over; once ours is there, any other is another part."""
    expectation = replace(an_expectation(BY_EDGE), places={SaidOf.NEST: COUNT})
    before = begin(expectation, readings_of(IDLE), told={SaidOf.NEST: "3"})
    acquisition = an_acquisition(1, {PRESENT: True, COUNT: count})
    after = gather(before, acquisition)
    assert presented_edge(before, after, acquisition) is edge
    there = present(after, at(1), Presented.NEST, acquisition)
    event = Observed(acquisition=an_acquisition(2), readings=readings_of(IDLE))
    assert watched(RABBIT, there, event).another_part is not edge


LABEL_FIRST, ANSWER_FIRST = {PART: 0, REJECTED: 1}, {PART: 1, REJECTED: 0}
AWAITED, OURS, LEFT = PartAtAnswer.AWAITED, PartAtAnswer.OURS, PartAtAnswer.LEFT


@pytest.mark.parametrize(
    ("readings", "seen"),
    [
        pytest.param([an_acquisition(1)], AWAITED, id="no answer yet"),
        pytest.param([an_acquisition(1, {REJECTED: True})], OURS, id="in one reading"),
        pytest.param(
            [an_acquisition(1, {REJECTED: True}, request_of=ANSWER_FIRST)],
            OURS,
            id="read after the answer",
        ),
        pytest.param(
            [an_acquisition(1, {REJECTED: True}, request_of=LABEL_FIRST)],
            AWAITED,
            id="read before the answer",
        ),
        pytest.param(
            [
                an_acquisition(1, {REJECTED: True}, request_of=LABEL_FIRST),
                an_acquisition(1.1, request_of=LABEL_FIRST),
            ],
            OURS,
            id="in the next reading",
        ),
        pytest.param(
            [
                an_acquisition(1, {REJECTED: True}, request_of=LABEL_FIRST),
                an_acquisition(1.1, took_s=0.2, request_of=LABEL_FIRST),
            ],
            AWAITED,
            id="a reading that began before the answer was in",
        ),
        pytest.param(
            [an_acquisition(1, {REJECTED: True, PART: Reason.DEVICE_ERROR})],
            AWAITED,
            id="it can't be read",
        ),
        pytest.param(
            [an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED}))],
            AWAITED,
            id="another topic",
        ),
        pytest.param(
            [
                an_acquisition(1, {REJECTED: True}, covers=frozenset({REJECTED})),
                an_acquisition(1.5, covers=frozenset({PART}), fresh=False),
            ],
            AWAITED,
            id="history",
        ),
        pytest.param([an_acquisition(1, {PART: ""})], LEFT, id="it went before"),
        pytest.param(
            [an_acquisition(1, {PART: ""}), an_acquisition(2, {REJECTED: True})],
            LEFT,
            id="and stays away",
        ),
        pytest.param(
            [an_acquisition(1), an_acquisition(1.2, {PART: "", REJECTED: True})],
            OURS,
            id="it went with the answer",
        ),
        pytest.param(
            [an_acquisition(1), an_acquisition(1.6, {PART: "", REJECTED: True})],
            LEFT,
            id="or before it, unread",
        ),
        pytest.param(
            [
                an_acquisition(0.1),
                an_acquisition(0.2, {REJECTED: True}, covers=frozenset({REJECTED})),
                an_acquisition(0.25, {PART: ""}, covers=frozenset({PART})),
            ],
            OURS,
            id="or in a message just after it",
        ),
        pytest.param(
            [
                an_acquisition(0.1),
                an_acquisition(0.2, {REJECTED: True}, covers=frozenset({REJECTED})),
                an_acquisition(0.25, {PART: ""}, covers=frozenset({PART}), took_s=0.1),
            ],
            LEFT,
            id="or in one that was made before it",
        ),
        pytest.param(
            [
                an_acquisition(0.1),
                an_acquisition(0.2, {REJECTED: True}, covers=frozenset({REJECTED})),
                an_acquisition(0.25, {PART: ""}, covers=frozenset({PART}), messages_lost=1),
            ],
            LEFT,
            id="or one that told so before is missing",
        ),
    ],
)
def test_the_part_of_an_answer_is_ours_where_it_is_read_again_not_before_it(
    readings: list[Acquisition], seen: PartAtAnswer
) -> None:
    """D29."""
    evidence = placed(an_expectation(blind_s=0.3), part_code=RABBIT)
    known = stood(RABBIT)
    for each in readings:
        evidence = watched(RABBIT, evidence, Observed(acquisition=each, readings=known))

    assert evidence.part_at_answer is seen


def test_a_part_that_was_never_read_is_not_known_to_have_gone_with_the_answer() -> None:
    never = replace(placed(an_expectation(blind_s=0.3), part_code=RABBIT), alive_at={})
    gone = an_acquisition(0.1, {PART: "", REJECTED: True})

    assert with_part_at_answer(never, gather(never, gone), gone).part_at_answer is LEFT


def test_the_part_of_an_answer_that_is_taken_back_is_awaited_anew() -> None:
    """D27: by the station's clock it was not in time."""
    answered = replace(
        placed(POLLED, part_code=RABBIT), rejected_at=at(1), part_at_answer=PartAtAnswer.OURS
    )
    reading = an_acquisition(1.5)

    assert with_part_at_answer(answered, answered, reading).part_at_answer is OURS
    taken_back = replace(answered, rejected_at=None)
    assert with_part_at_answer(answered, taken_back, reading).part_at_answer is AWAITED


def test_of_two_answers_the_later_asks_whose_it_is() -> None:
    both = replace(placed(POLLED, part_code=RABBIT), rejected_at=at(1), accepted_at=at(1.4))
    early, late = an_acquisition(1.3), an_acquisition(1.5)

    assert with_part_at_answer(both, both, early).part_at_answer is AWAITED
    assert with_part_at_answer(both, both, late).part_at_answer is OURS
