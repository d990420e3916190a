"""A good verdict is open until its rule's time is over, whoever gives the part back (decision 0024)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import PartId
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import SetDeadline, VerdictContradicted
from redrabbit.domain.run_open_verdict import left_open, open_until, open_verdict
from redrabbit.domain.run_words import RunState, Why
from redrabbit.domain.verdict import inconclusive
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    BY_TAP,
    CODE,
    MASTER,
    PART,
    RABBIT,
    REJECTED,
    Story,
    a_rule,
    a_run,
    an_expectation,
    at,
    kinds,
    story_of,
)
from tests.domain.test_run_laws import (
    OPENING,
    OURS,
    PATIENT,
    PRESENTATIONS,
    RIGHT_CODE,
    RULES,
    WRONG_CODE,
    Move,
    Told,
    tell,
)


def detected(*parts: str, rule: DetectionRule | None = None) -> Story:
    """Return a story whose first part was detected at 3, and may be taken back until 7."""
    rule = rule or a_rule()
    story = Story(a_run(*(an_expectation(rule, part=PartId(part)) for part in parts or (RABBIT,))))
    story.scan(1)
    story.polls(1.2, 1.7)
    story.poll(2, part_code=RABBIT, part_present=True)
    story.poll(3, rejected=True)
    assert story.verdict == "detected"
    return story


def refusal_of(story: Story, act: str, seconds: float) -> Refusal:
    """Return how an act was refused, which moved nothing."""
    before = story.run
    with pytest.raises(Refusal) as refusal:
        getattr(story, act)(seconds, *([before.part] if act == "scan" else []))
    assert story.run is before
    return refusal.value


@pytest.mark.parametrize("rule", [a_rule(), BY_EDGE], ids=["by code", "by edge"])
def test_an_acceptance_takes_a_detection_back_though_the_part_was_given_back(
    rule: DetectionRule,
) -> None:
    story = detected(rule=rule)
    story.give_back(3.1)

    contradictory = inconclusive(Why.CONTRADICTORY, at(3.5))
    assert story.poll(3.5, accepted=True) == (
        VerdictContradicted(at=at(3.5), step=0, judgement=contradictory),
    )
    assert story.run.state is RunState.AWAITING_CONFIRMATION
    story.confirm(3.6)
    assert story.outcome == "inconclusive"


def test_another_reason_takes_a_detection_back_though_the_part_was_given_back() -> None:
    story = story_of(a_rule(reject_code=CODE), code=11)
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    story.poll(3, rejected=True, reject_code=11)
    story.give_back(3.1)

    assert kinds(story.poll(3.5, reject_code=12)) == ["VerdictContradicted"]


@pytest.mark.parametrize("act", ["confirm", "abort"])
def test_a_run_does_not_close_while_its_verdict_is_open(act: str) -> None:
    story = detected()
    story.give_back(3.1)

    refusal = refusal_of(story, act, 7)
    assert (refusal.code, refusal.params) == ("verdict_open", {"run": "line1-R-1", "until": at(7)})

    getattr(story, act)(7.001)
    assert story.outcome == {"confirm": "passed", "abort": "aborted"}[act]


@pytest.mark.parametrize("act", ["scan", "abort"])
def test_the_next_part_is_not_taken_while_the_verdict_before_is_open(act: str) -> None:
    story = detected(RABBIT, MASTER)
    story.give_back(3.1)
    story.polls(3.5, 6.5)
    assert refusal_of(story, act, 6.9).code == "verdict_open"

    story.poll(7.1)
    getattr(story, act)(7.2, *([MASTER] if act == "scan" else []))
    assert story.run.state is {"scan": RunState.ARMED, "abort": RunState.CLOSED}[act]


def test_nothing_more_is_presented_once_a_verdict_was_taken_back() -> None:
    """D4: its step stays the one that the run ended with."""
    story = detected(RABBIT, MASTER)
    story.give_back(3.1)
    effects = story.poll(3.5, accepted=True)

    assert kinds(effects) == ["VerdictContradicted"]
    assert (story.run.state, story.run.index) == (RunState.AWAITING_CONFIRMATION, 0)
    story.confirm(4)
    assert story.outcome == "inconclusive"


def test_what_was_taken_back_is_not_open_any_more_whatever_came_before_it() -> None:
    """The verdict before it was good, and is none of its business."""
    story = detected(RABBIT, RABBIT, MASTER)
    story.give_back(3.1)
    story.poll(3.5, part_code="", part_present=False, rejected=False)
    story.poll(7.1)
    story.scan(7.2)
    story.poll(7.6)
    story.poll(8, part_code=RABBIT, part_present=True)
    story.poll(8.2, rejected=True)
    story.give_back(8.3)
    story.poll(8.5, accepted=True)

    assert (story.run.index, story.run.evidence) == (1, None)
    story.confirm(8.6)
    assert story.outcome == "inconclusive"


def test_the_next_part_at_the_station_ends_it() -> None:
    """What the station says from then on is about that part; so it may be the run's next one."""
    ordinary, ours = detected(), detected(RABBIT, MASTER)
    ordinary.give_back(3.1)
    ours.give_back(3.1)

    ordinary.poll(3.5, part_code="P-4711")
    ordinary.confirm(3.6)
    assert ordinary.outcome == "passed"

    assert kinds(ours.poll(3.5, part_code=MASTER)) == ["PartIssued", "PartPresented"]


def test_a_station_that_can_not_tell_the_next_part_holds_nobody_up() -> None:
    story = story_of(BY_TAP)
    story.scan(1)
    story.poll(1.9)
    story.tap(2)
    story.poll(3, rejected=True)
    assert open_verdict(story.run) is None
    story.give_back(3.1)
    story.confirm(3.2)
    assert story.outcome == "passed"


def test_a_verdict_that_is_not_good_is_not_open() -> None:
    story = Story()
    story.scan(1)
    story.poll(2, part_code=RABBIT)
    assert open_until(story.run) is None
    story.poll(3, accepted=True)
    assert open_until(story.run) is None
    story.give_back(3.1)
    assert story.run.evidence is None


def test_what_is_over_when_the_part_is_given_back_is_not_watched_on() -> None:
    story = detected()
    assert open_until(story.run) == at(7)
    assert left_open(story.run, at(7)) is story.run.evidence
    assert left_open(story.run, at(7.1)) is None


@pytest.mark.parametrize("parts", [[RABBIT], [RABBIT, MASTER]])
def test_what_was_seen_to_its_end_with_the_part_in_its_place_is_not_watched_on(
    parts: list[str],
) -> None:
    story = detected(*parts)
    story.give_back(3.1)
    story.poll(6.9)
    assert open_until(story.run) == at(7)
    story.poll(7.1)
    assert open_verdict(story.run) is None
    assert story.poll(7.2, accepted=True) == ()


def test_a_run_that_goes_on_after_a_restart_waits_for_nothing_that_it_did_not_see() -> None:
    story = detected()
    story.restart(3.05)
    story.give_back(3.1)
    story.confirm(3.2)
    assert story.outcome == "passed"


def test_a_run_is_not_out_of_time_before_its_verdict_is_over() -> None:
    for parts in ((RABBIT,), (RABBIT, MASTER)):
        story = detected(*parts)
        story.run = replace(story.run, expires_at=at(4), return_timeout_s=0.5)
        deadlines = [e for e in story.give_back(3.1) if isinstance(e, SetDeadline)]
        assert [each.at for each in deadlines] == [at(7)]


# The law -------------------------------------------------------------------------------------------

FREE = [*OPENING[:3], Move("poll", 0.5), *OPENING[3:]]
"""Leads to *presented* by an edge as well: the place was seen free for long enough."""
QUIET = st.lists(st.just(Move("poll", 0.1)), max_size=3)
ANSWERS = st.sampled_from([{REJECTED: True, CODE: RIGHT_CODE}, {REJECTED: True}])
MORE = st.sampled_from([{ACCEPTED: True}, {CODE: WRONG_CODE}, {PART: ""}, {PART: "P-4711"}])
TAKEN_BACK = st.builds(
    lambda rejected, before, then, after, more: [
        *FREE,
        *before,
        Move("poll", 0.1, rejected),
        *then,
        Move("poll", 0.1, more[0]),
        *after,
        Move("poll", 0.1, more[1]),
    ],
    ANSWERS,
    QUIET,
    QUIET,
    QUIET,
    st.tuples(MORE, MORE),
)
"""What most often takes a verdict back, or ends its time early."""
WAITS = st.integers(0, 8)
ACTS = st.sampled_from([["give_back"], ["give_back", "confirm"], ["give_back", "scan", "confirm"]])
TO_THE_END = [Move("poll", 0.3) for _ in range(8)]
"""Until every time is over."""


def told(rule: DetectionRule, messages: bool, moves: Sequence[Move]) -> Told:
    """Tell it, with our part's code whatever part is asked for by then."""
    ours = [
        replace(m, values={s: RABBIT if v == OURS else v for s, v in m.values.items()})
        for m in moves
    ]
    return tell(rule, messages, ours)


def hurried(moves: Sequence[Move], waits: int, acts: Sequence[str]) -> list[Move]:
    """Return the moves with somebody who tries these acts after each, some while after the part came."""
    since = list(moves).index(OPENING[-1]) + 1 + waits
    tried = [Move(act, 0.0) for act in acts]
    return [*moves[:since], *(each for move in moves[since:] for each in (move, *tried))]


@settings(PATIENT, max_examples=400)
@given(RULES, st.booleans(), st.one_of(TAKEN_BACK, TAKEN_BACK, PRESENTATIONS), WAITS, ACTS)
def test_giving_back_confirming_and_going_on_at_any_instant_change_no_verdict(
    rule: DetectionRule, messages: bool, moves: list[Move], waits: int, acts: list[str]
) -> None:
    """R16, D31: what the station says within the rule's time decides, whatever people do meanwhile."""
    left = told(rule, messages, [*moves, *TO_THE_END])
    hasty = told(rule, messages, hurried([*moves, *TO_THE_END], waits, acts))

    assert hasty.run.steps[0].judgement == left.run.steps[0].judgement
    assert taken_back(hasty) == taken_back(left)


def taken_back(story: Told) -> list[VerdictContradicted]:
    """Return what was taken back of the first part."""
    return [e for e in story.effects if isinstance(e, VerdictContradicted) and e.step == 0]
