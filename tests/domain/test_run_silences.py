"""Devices that answer by silence: a camera with an NG lamp only, and one that prevents the cycle (D33)."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import PartId
from redrabbit.domain.rule import DetectionRule, OnSilence, Rises, StaysOff
from tests.builders import (
    ACCEPTED,
    MASTER,
    PRESENT,
    RABBIT,
    REJECTED,
    Story,
    a_rule,
    a_run,
    an_acquisition,
    an_expectation,
    messages_of,
)

START: Final = PRESENT
CYCLE: Final = ACCEPTED
NG_ONLY = a_rule(accepted=StaysOff(signal=REJECTED, for_s=2.0, after=None))
"""The camera lights a lamp for a bad part, and says nothing of a good one."""
PIN = a_rule(
    part_code=None,
    presented=None,
    demanded=Rises(signal=START),
    detected=StaysOff(signal=CYCLE, for_s=2.0, after=Rises(signal=START)),
    accepted=Rises(signal=CYCLE),
    within_s=8.0,
    on_silence=OnSilence.INCONCLUSIVE,
)
"""An anti-turn pin: a part put in wrongly holds it down, and the press does not start."""
PIN_ALONE = replace(PIN, accepted=None)
"""Nothing but the silence tells: so it must be right by itself."""
EVERY_S: Final = 0.25


def story_of(rule: DetectionRule, part: PartId = RABBIT) -> Story:
    """Return the story of one part under this rule, up to the moment when it is before the device."""
    story = Story(a_run(an_expectation(rule, part=part)))
    story.scan(1, part)
    story.poll(1.5)
    if rule.demanded is not None:
        story.tap(2)
    else:
        story.poll(2, part_code=part)
    return story


@pytest.mark.parametrize(("part", "verdict"), [(MASTER, "accepted"), (RABBIT, "missed")])
def test_a_lamp_that_stays_off_lets_the_part_pass(part: PartId, verdict: str) -> None:
    story = story_of(NG_ONLY, part)
    story.polls(2.25, 4.5, EVERY_S)

    assert story.verdict == verdict


@pytest.mark.parametrize(("part", "verdict"), [(MASTER, "false_reject"), (RABBIT, "detected")])
def test_a_lamp_that_lights_rejects_it(part: PartId, verdict: str) -> None:
    story = story_of(NG_ONLY, part)
    story.polls(2.25, 3, EVERY_S)
    story.poll(3.25, rejected=True)
    story.polls(3.5, 8, EVERY_S)

    assert story.verdict == verdict


def test_a_lamp_left_on_by_the_last_part_proves_nothing() -> None:
    story = Story(a_run(an_expectation(NG_ONLY, part=MASTER)), rejected=True)
    story.scan(1, MASTER)
    story.poll(2, part_code=MASTER)
    story.polls(2.25, 8, EVERY_S)

    assert story.verdict == "inconclusive stuck"


def test_a_lamp_that_flashed_was_not_off() -> None:
    """A good master at which the lamp only flashed was not accepted."""
    story = story_of(NG_ONLY, MASTER)
    story.poll(2.25, rejected=True)
    story.poll(2.5, rejected=False)
    story.polls(2.75, 8, EVERY_S)

    assert story.verdict == "false_reject"


def test_silence_is_not_heard_while_the_link_is_down() -> None:
    story = story_of(NG_ONLY, MASTER)
    story.fails(2.25)
    story.fails(3.25)
    story.comes_back(4.5, part_code=MASTER)
    story.polls(4.75, 8, EVERY_S)

    assert story.verdict.startswith("inconclusive")


def test_a_cycle_that_stays_off_after_the_demand_is_detected() -> None:
    """`../cases/prevent`: the pin holds, start is pressed, no cycle."""
    story = story_of(PIN)
    story.polls(2.25, 5, EVERY_S)
    story.poll(5.25, part_present=True)
    story.polls(5.5, 7, EVERY_S)
    assert story.verdicts == []
    story.polls(7.25, 8, EVERY_S)

    assert story.verdict == "detected"


def test_a_cycle_that_starts_is_missed() -> None:
    """`../cases/prevent`: the pin is broken, start is pressed, the cycle comes 0.3 s later."""
    story = story_of(PIN)
    story.poll(2.5, part_present=True)
    story.poll(2.75, accepted=True)
    story.polls(3, 6, EVERY_S)

    assert story.verdict == "missed"


def test_nobody_pressed_start_so_nothing_was_tested() -> None:
    story = story_of(PIN)
    story.polls(2.25, 11, EVERY_S)
    story.time_over() if story.verdicts == [] else None

    assert story.verdict == "inconclusive no_result"


def test_silence_is_no_miss_where_nobody_pressed_start() -> None:
    """Also where the file says that silence is a miss: nothing was asked of the device."""
    story = story_of(replace(PIN, on_silence=OnSilence.MISSED))
    story.polls(2.25, 11, EVERY_S)

    assert story.verdict == "inconclusive no_result"


def test_a_button_that_was_down_all_along_is_no_demand() -> None:
    story = Story(a_run(an_expectation(PIN)), part_present=True)
    story.scan(1)
    story.poll(1.5)
    story.tap(2)
    story.polls(2.25, 11, EVERY_S)

    assert story.verdict == "inconclusive no_result"


def test_a_cycle_for_the_next_part_takes_no_detection_back() -> None:
    """The rabbit is out again, the operator makes a good part, still within the time."""
    story = story_of(PIN)
    story.poll(2.25, part_present=True)
    story.polls(2.5, 5, EVERY_S)
    story.poll(5.25, part_present=False)
    story.poll(5.5, part_present=True)
    story.poll(5.75, accepted=True)

    assert story.verdict == "detected"
    assert not [e for e in story.effects if type(e).__name__ == "VerdictContradicted"]


RARELY: Final = st.integers(0, 7).map(lambda number: number == 0)


@given(bits=st.lists(st.tuples(RARELY, RARELY, RARELY), min_size=20, max_size=50))
def test_detected_only_if_the_cycle_was_off_from_the_demand_on(
    bits: list[tuple[bool, bool, bool]],
) -> None:
    """Against what was truly there: each poll tells start and cycle, or fails."""
    story = story_of(PIN_ALONE)
    for number, (start, cycle, fails) in enumerate(bits):
        now = 2.25 + number * EVERY_S
        if fails:
            story.fails(now)
        else:
            story.comes_back(now, part_present=start, accepted=cycle)
        if story.verdicts:
            break
    if story.verdicts != ["detected"]:
        return
    seen = bits[: number + 1]
    needed = round(2.0 / EVERY_S)
    read = [not fails for _, _, fails in seen]
    off = [good and not cycle for good, (_, cycle, _) in zip(read, seen, strict=True)]
    assert all(off[place] or not read[place] for place in range(len(seen) - needed, len(seen)))
    assert any(start for start, _, _ in seen[: len(seen) - needed]), "nobody asked for a cycle"


@pytest.mark.parametrize(
    ("unread_s", "verdict"), [(0.25, "missed"), (0.75, "inconclusive not_watched")]
)
def test_a_lamp_that_may_have_flashed_unseen_says_nothing(unread_s: float, verdict: str) -> None:
    """D30: it must be read every 0.6 s."""
    story = Story(a_run(an_expectation(NG_ONLY, blind_s=0.6)))
    story.scan(1.75)
    story.poll(2, part_code=RABBIT)
    story.poll(2.25)
    story.polls(2.25 + unread_s, 5, EVERY_S)

    assert story.verdict == verdict


def test_a_lost_message_may_have_been_the_lamp() -> None:
    """D27: a hole in the sequence is a gap, and no silence is heard through it."""
    story = messages_of(NG_ONLY)
    story.message(2, part_code=RABBIT)
    story.observe(an_acquisition(2.5, covers=frozenset({REJECTED}), took_s=0.0, messages_lost=1))
    for place in range(12):
        story.message(2.75 + place / 4, rejected=False)

    assert story.verdict == "inconclusive link_lost"
