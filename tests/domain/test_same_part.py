"""Whether the part of the answer is the one that was presented, where the station tells which it sees (D29)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, cycle
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.expectation import Expectation
from redrabbit.domain.grade import Grade, KnownBy
from redrabbit.domain.grading import grading_of, known_by
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.rule import DetectionRule, OnSilence, StaysOff
from redrabbit.domain.run import VerdictReached
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.same_part import (
    PartAtAnswer,
    is_named_once,
    is_ours,
    named_only_on_change,
    named_within_s,
    naming_signals,
    read_with_answer,
    went_with_answer,
)
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.domain.station import Station
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    BY_TAP,
    COUNT,
    IDLE,
    PART,
    PRESENT,
    RABBIT,
    REJECTED,
    T0,
    Story,
    a_rule,
    a_run,
    an_acquisition,
    an_expectation,
)
from tests.plants import OP20, a_station

POLL_S = 0.1
BLIND_S = 0.3
BY_CODE = an_expectation(a_rule(), every_s=1.0, blind_s=BLIND_S)
AT_A_PLACE = replace(an_expectation(BY_EDGE), places={SaidOf.NEST: COUNT})
LABEL_FIRST = {PART: 0, REJECTED: 1, ACCEPTED: 1}
"""The label lies in a block that is read before that of the answer."""
ANSWER_FIRST = {PART: 1, REJECTED: 0, ACCEPTED: 0}


class Blocks(Story):
    """The story of a rabbit at a station whose label and answer are read one after the other."""

    def __init__(
        self, expectation: Expectation = BY_CODE, of: Mapping[SignalName, int] | None = None
    ) -> None:
        self.of = of if of is not None else LABEL_FIRST
        super().__init__(a_run(expectation))
        self.scan(1)

    def read(self, seconds: float, took_s: float = 0.02, **told: Value | Reason) -> None:
        """One poll."""
        changes = {
            SignalName(name): value
            for name, value in told.items()
            if (known := self.readings.get(SignalName(name))) is None
            or (known.reason or known.value) != value
        }
        self.observe(an_acquisition(seconds, changes, took_s=took_s, request_of=self.of))

    @property
    def reached(self) -> list[VerdictReached]:
        """Every verdict that was reached."""
        return [e for e in self.effects if isinstance(e, VerdictReached)]


def shown(expectation: Expectation = BY_CODE, of: Mapping[SignalName, int] | None = None) -> Blocks:
    """The same with the part before the device at 2 s, seen twice."""
    story = Blocks(expectation, of)
    story.read(1.9, part_code="")
    story.read(2, part_code=RABBIT)
    story.read(2.1)
    return story


# What is told --------------------------------------------------------------------------------------


def test_what_names_the_part() -> None:
    assert naming_signals(BY_CODE) == {PART}
    assert naming_signals(AT_A_PLACE) == {COUNT}
    assert naming_signals(an_expectation(BY_TAP)) == frozenset()


@pytest.mark.parametrize(
    ("known", "ours"),
    [
        ({}, None),
        ({PART: RABBIT}, True),
        ({PART: ""}, False),
        ({PART: 0}, False),
        ({PART: "P-4"}, None),
    ],
)
def test_a_code_is_ours_none_or_not_told(known: dict[SignalName, Value], ours: bool | None) -> None:
    assert is_ours(BY_CODE, {}, known) is ours


@pytest.mark.parametrize(("known", "ours"), [({}, None), ({COUNT: 3}, True), ({COUNT: 4}, None)])
def test_a_place_is_ours_or_it_is_noted_elsewhere(
    known: dict[SignalName, Value], ours: bool | None
) -> None:
    assert is_ours(AT_A_PLACE, {SaidOf.NEST: "3"}, known) is ours


@pytest.mark.parametrize(
    ("of", "read"), [(LABEL_FIRST, False), (ANSWER_FIRST, True), ({}, True)], ids=str
)
def test_blocks_are_read_one_by_one(of: dict[SignalName, int], read: bool) -> None:
    assert read_with_answer(BY_CODE, an_acquisition(1, request_of=of)) is read


def test_no_next_part_comes_and_is_answered_in_a_time_that_hides_neither() -> None:
    assert went_with_answer(BY_CODE, timedelta(seconds=BLIND_S))
    assert not went_with_answer(BY_CODE, timedelta(seconds=BLIND_S + 0.01))


def test_where_nobody_knows_that_time_only_a_part_told_at_each_change_stood_there() -> None:
    """A code at 2 s that lives for ten, a rejection at 5 s, no code at 6 s: another part may have come."""
    assert not went_with_answer(an_expectation(blind_s=None), timedelta(seconds=0.1))
    assert went_with_answer(an_expectation(blind_s=None, every_s=None), timedelta(seconds=9))


def test_in_what_time_the_part_is_told_again() -> None:
    assert named_within_s(BY_CODE) == 1.0
    assert named_within_s(an_expectation(every_s=None)) is None
    assert named_within_s(an_expectation(BY_TAP)) is None


@pytest.mark.parametrize("seen", PartAtAnswer)
def test_a_part_is_named_once_where_it_is_told_only_as_it_comes(seen: PartAtAnswer) -> None:
    on_change = an_expectation(every_s=None)
    assert is_named_once(on_change, seen) is (seen is PartAtAnswer.AWAITED)
    assert not is_named_once(BY_CODE, seen)
    assert not is_named_once(an_expectation(BY_TAP), seen)


def telling(topics: Mapping[SignalName, str], every_s: float | None) -> Station:
    """A station that publishes these signals; that of the part so often, the others every second."""
    named = {PART, COUNT}
    specs = tuple(
        SignalSpec(
            name=signal,
            address=MqttAddress(
                topic=topic,
                encoding=Encoding.BOOL,
                expected_every_s=every_s if signal in named else 1.0,
            ),
        )
        for signal, topic in topics.items()
    )
    says = StationSays(nest=COUNT, asked={SaidOf.NEST: Asked(by=Source.SCAN)})
    return replace(a_station(OP20), signals=specs, says=says)


@pytest.mark.parametrize("every_s", [1.0, None], ids=["regularly", "on change"])
@pytest.mark.parametrize(("rule", "by"), [(a_rule(), PART), (BY_EDGE, COUNT)], ids=["code", "nest"])
def test_a_station_may_name_a_part_only_as_it_comes(
    rule: DetectionRule, by: SignalName, every_s: float | None
) -> None:
    apart = telling({by: "label", REJECTED: "state", ACCEPTED: "state"}, every_s)
    together = telling({by: "state", REJECTED: "state", ACCEPTED: "other"}, every_s)

    assert named_only_on_change(rule, apart) == ({by} if every_s is None else frozenset())
    assert named_only_on_change(rule, together) == frozenset()
    assert named_only_on_change(BY_TAP, apart) == frozenset()


def test_a_polled_station_tells_the_part_with_each_reading() -> None:
    assert named_only_on_change(a_rule(), a_station(OP20)) == frozenset()


# A run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [ANSWER_FIRST, {}], ids=["before it", "in one block"])
def test_an_answer_that_is_read_not_after_the_label_is_judged_at_once(
    of: dict[SignalName, int],
) -> None:
    story = shown(of=of)
    story.read(2.2, rejected=True)
    assert story.verdict == "detected"


def test_an_answer_that_is_read_after_the_label_waits_for_the_next_reading() -> None:
    """The part may have been changed between the two blocks."""
    story = shown()
    story.read(2.2, rejected=True)
    assert story.verdicts == []
    story.read(2.3)
    assert story.verdict == "detected"


@pytest.mark.parametrize("answer", ["rejected", "accepted"])
def test_an_answer_is_none_of_ours_where_the_next_reading_shows_another_part(answer: str) -> None:
    story = shown()
    story.read(2.2, **{answer: True})
    story.read(2.3, part_code="P-4711")
    assert story.verdict == "inconclusive wrong_part"


@pytest.mark.parametrize("answer", ["rejected", "accepted"])
def test_an_answer_while_the_label_can_not_be_read_waits_and_proves_nothing(answer: str) -> None:
    story = shown(of=ANSWER_FIRST)
    story.read(2.2, part_code=Reason.DEVICE_ERROR)
    story.read(2.3, **{answer: True})
    story.read(3.2)
    assert story.verdicts == []
    story.time_over()
    assert story.verdict == "inconclusive not_watched"


def test_a_label_that_is_read_again_after_the_answer_tells_whose_it_was() -> None:
    story = shown(of=ANSWER_FIRST)
    story.read(2.2, part_code=Reason.DEVICE_ERROR, rejected=True)
    story.read(2.3, part_code=RABBIT)
    assert story.verdict == "detected"


@pytest.mark.parametrize("answer", ["rejected", "accepted"])
def test_an_answer_after_the_label_went_may_be_of_a_part_without_one(answer: str) -> None:
    story = shown(of=ANSWER_FIRST)
    story.read(2.2, part_code="")
    story.read(2.9, **{answer: True})
    assert story.verdict == "inconclusive part_left"


def test_a_label_that_goes_together_with_the_answer_was_ours() -> None:
    story = shown(of=ANSWER_FIRST)
    story.read(2.2, part_code="", rejected=True)
    assert story.verdict == "detected"


def test_it_was_not_where_the_readings_are_too_far_apart() -> None:
    story = shown(of=ANSWER_FIRST)
    story.read(2.6, part_code="", rejected=True)
    assert story.verdict == "inconclusive part_left"


def test_that_no_lamp_came_is_about_the_part_that_was_there() -> None:
    """A part that passes takes its label with it; the camera was silent about it (D33)."""
    rule = a_rule(accepted=StaysOff(signal=REJECTED, for_s=1.0, after=None))
    story = shown(an_expectation(rule, every_s=1.0, blind_s=BLIND_S), ANSWER_FIRST)
    story.read(2.2, part_code="")
    for i in range(12):
        story.read(2.3 + i * POLL_S)
    assert story.verdict == "missed"


@pytest.mark.parametrize(
    ("label", "verdict"),
    [
        (RABBIT, "missed"),
        ("", "missed"),
        (Reason.DEVICE_ERROR, "inconclusive not_watched"),
    ],
)
def test_silence_needs_that_the_label_is_still_read(label: Value | Reason, verdict: str) -> None:
    """Another part may have been silent."""
    story = shown(of=ANSWER_FIRST)
    story.read(2.2, part_code=label)
    for i in range(52):
        story.read(2.3 + i * POLL_S)
    assert story.verdict == verdict


def test_a_label_that_falls_silent_is_waited_for_before_silence_is_judged() -> None:
    told = frozenset({REJECTED, ACCEPTED})
    story = shown(an_expectation(a_rule(within_s=0.5), every_s=1.0, blind_s=BLIND_S))
    story.read(2.4)
    for i in range(10):
        story.observe(an_acquisition(2.5 + i * POLL_S, covers=told))
        assert story.verdicts == ([] if i < 9 else ["inconclusive not_watched"])


def test_a_label_that_is_told_only_when_it_changes_names_the_part_by_order() -> None:
    """Nothing tells whether the message that told the next one was missed: grade C at best."""
    expectation = an_expectation(every_s=None, messages=True)
    expectation = replace(expectation, expires_s={**dict.fromkeys(IDLE, 1.0), PART: None})
    story = Story(a_run(expectation))
    story.scan(1)
    story.message(1.5, rejected=False, accepted=False)
    story.message(2, part_code=RABBIT)
    story.message(2.5, rejected=True, accepted=False)
    assert story.verdict == "detected"
    (reached,) = (e for e in story.effects if isinstance(e, VerdictReached))
    grading = grading_of(reached.evidence, Verdict.DETECTED)
    assert grading is not None
    assert (grading.known_by, grading.part) == (KnownBy.ORDER, Grade.C)


def test_a_nest_that_turned_between_two_blocks_is_another_parts() -> None:
    of = {COUNT: 0, REJECTED: 1, ACCEPTED: 1, PRESENT: 1}
    expectation = replace(an_expectation(BY_EDGE), places={SaidOf.NEST: COUNT})
    story = Blocks(expectation, of)
    assert story.run.evidence is not None
    story.run = replace(story.run, evidence=replace(story.run.evidence, told={SaidOf.NEST: "3"}))
    story.read(2.5, good_count=2)
    story.read(3, part_present=True, good_count=3)
    story.read(3.1)
    story.read(3.4, took_s=0.2, rejected=True)
    assert story.verdicts == []
    story.read(3.5, good_count=4)
    assert story.verdict == "inconclusive wrong_part"


# Whatever the line does -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One part before the device; the answer stands until it leaves."""

    label: str
    answered_after_s: float
    stays_s: float
    gap_s: float
    rejects: bool


STAYS = st.floats(0.1, 1.2)
GAPS = st.one_of(st.just(0.0), st.floats(0.01, 0.6))
labelled = st.builds(
    Part,
    label=st.sampled_from(["P-1", "P-2"]),
    answered_after_s=st.sampled_from([0.0, 0.05, 0.3]),
    stays_s=STAYS,
    gap_s=GAPS,
    rejects=st.booleans(),
)
bare = st.builds(
    Part,
    label=st.just(""),
    answered_after_s=st.floats(BLIND_S + 0.05, 0.8),
    stays_s=STAYS,
    gap_s=GAPS,
    rejects=st.booleans(),
)
"""Without a label, or with one that can't be read; no device answers such a part faster than is declared."""
rabbits = st.builds(
    Part,
    label=st.just(RABBIT),
    answered_after_s=st.floats(0.05, 2.0),
    stays_s=STAYS,
    gap_s=GAPS,
    rejects=st.booleans(),
)


class Line:
    """Parts that come before the device one after the other, from 2 s on."""

    def __init__(self, parts: list[Part]) -> None:
        begins = accumulate((part.stays_s + part.gap_s for part in parts), initial=2.0)
        self._parts = list(zip(begins, parts, strict=False))

    def label(self, now: float) -> Mapping[SignalName, Value]:
        """What the station reads."""
        part = self.seen(now)
        return {PART: part.label if part is not None else ""}

    def answers(self, now: float) -> Mapping[SignalName, Value]:
        """What the device says."""
        found = self._found(now)
        answered = found is not None and now >= found[0] + found[1].answered_after_s
        rejects = found is not None and found[1].rejects
        return {REJECTED: answered and rejects, ACCEPTED: answered and not rejects}

    def seen(self, now: float) -> Part | None:
        """The part before the device."""
        found = self._found(now)
        return found[1] if found is not None else None

    def changes_s(self) -> set[float]:
        """When something changes."""
        return {
            at_s + later_s
            for at_s, part in self._parts
            for later_s in (0.0, part.answered_after_s, part.stays_s)
            if later_s <= part.stays_s
        }

    def _found(self, now: float) -> tuple[float, Part] | None:
        return next(((at, p) for at, p in self._parts if at <= now < at + p.stays_s), None)


def tells_of(rabbit: Part, reached: VerdictReached, answered: Part | None) -> None:
    """What was found out of our part is about our part."""
    verdict = reached.judgement.verdict
    if reached.decides and verdict is not Verdict.INCONCLUSIVE:
        assert known_by(reached.evidence) is KnownBy.CODE
        assert answered is rabbit
        assert rabbit.rejects is (verdict is Verdict.DETECTED)


@given(
    rabbit=rabbits,
    others=st.lists(st.one_of(labelled, bare), max_size=3),
    of=st.sampled_from([LABEL_FIRST, ANSWER_FIRST, {}]),
    between_s=st.lists(st.sampled_from([0.01, 0.02, 0.05, 0.15]), min_size=1, max_size=5),
    failing=st.one_of(
        st.sets(st.integers(0, 40)), st.integers(0, 30).map(lambda i: set(range(i, 45)))
    ),
    phase_s=st.floats(0, 0.099),
)
def test_no_answer_of_a_part_that_is_known_by_its_code_is_another_parts(
    *,
    rabbit: Part,
    others: list[Part],
    of: Mapping[SignalName, int],
    between_s: list[float],
    failing: set[int],
    phase_s: float,
) -> None:
    """Labels and answers are read at different instants, or not at all."""
    line = Line([rabbit, *others])
    story = Blocks(replace(BY_CODE, rule=a_rule(on_silence=OnSilence.INCONCLUSIVE)), of)
    now, answer_read_at = 1.2 + phase_s, {}
    for i in range(60):
        took_s = between_s[i % len(between_s)] if of else 0.0
        read_at = {s: now + (of.get(s, 0) * took_s) for s in (PART, REJECTED)}
        label = line.label(read_at[PART])[PART]
        told: dict[str, Value | Reason] = dict(line.answers(read_at[REJECTED]).items())
        told[PART] = Reason.DEVICE_ERROR if i in failing else label
        story.read(now + took_s, took_s=took_s, **told)
        answer_read_at[round(now + took_s, 6)] = read_at[REJECTED]
        now = max(now + POLL_S, now + took_s + 0.001)
    for reached in story.reached:
        ended_s = (reached.judgement.decided_at - T0).total_seconds()
        tells_of(rabbit, reached, line.seen(answer_read_at.get(round(ended_s, 6), 0.0)))


# Over messages -------------------------------------------------------------------------------------

EVERY_S = 0.5
TOLD_APART = replace(
    an_expectation(
        a_rule(on_silence=OnSilence.INCONCLUSIVE),
        every_s=4 * EVERY_S,
        blind_s=1.5 * EVERY_S,
        messages=True,
    ),
)
LABELS, ANSWERS = frozenset({PART}), frozenset({REJECTED, ACCEPTED})


def test_a_label_that_went_before_an_answer_that_came_first_leaves_open_whose_it_was() -> None:
    """D27: by its own time the message was made before the answer; messages of two topics overtake."""
    story = heard(())
    story.observe(an_acquisition(2.5, {REJECTED: True}, covers=ANSWERS, took_s=0))
    story.observe(an_acquisition(2.6, {PART: ""}, covers=LABELS, took_s=0.3))
    assert story.verdict == "inconclusive part_left"


@pytest.mark.parametrize(("lost", "verdict"), [(0, "detected"), (1, "inconclusive part_left")])
def test_a_label_goes_with_the_answer_only_where_no_message_of_it_is_missing(
    lost: int, verdict: str
) -> None:
    """It may have told before the answer that the part was gone."""
    story = heard(())
    story.observe(an_acquisition(2.4, {REJECTED: True}, covers=ANSWERS, took_s=0))
    story.observe(an_acquisition(2.5, {PART: ""}, covers=LABELS, took_s=0, messages_lost=lost))
    assert story.verdict == verdict


@dataclass(frozen=True)
class Message:
    """One that a station made."""

    made_s: float
    took_s: float | None
    """None: it never arrives."""
    covers: frozenset[SignalName]
    values: Mapping[SignalName, Value]


def arrived(messages: Iterable[Message]) -> list[tuple[float, Message, int]]:
    """Return when each arrives, and how many are missing before it; those of one topic keep their order."""
    lost: Counter[frozenset[SignalName]] = Counter()
    latest = dict.fromkeys((LABELS, ANSWERS), 2.0)
    found: list[tuple[float, Message, int]] = []
    for each in messages:
        if each.took_s is None:
            lost[each.covers] += 1
            continue
        latest[each.covers] = max(latest[each.covers] + 1e-5, each.made_s + each.took_s)
        found.append((latest[each.covers], each, lost.pop(each.covers, 0)))
    return sorted(found, key=itemgetter(0))


def heard(messages: Iterable[Message]) -> Blocks:
    """The story of a rabbit whose label was told at 2 s, and of these messages as they arrive, in order by topic."""
    story = Blocks(TOLD_APART, {})
    story.observe(an_acquisition(1.9, {PART: ""}, covers=LABELS, took_s=0))
    story.observe(an_acquisition(1.9, dict.fromkeys(ANSWERS, False), covers=ANSWERS, took_s=0))
    story.observe(an_acquisition(2, {PART: RABBIT}, covers=LABELS, took_s=0))
    for at_s, each, missing in arrived(messages):
        stood = {signal: reading.value for signal, reading in story.readings.items()}
        changed = {s: v for s, v in each.values.items() if stood.get(s) != v}
        story.observe(
            an_acquisition(
                at_s,
                changed,
                covers=each.covers,
                took_s=at_s - each.made_s,
                messages_lost=missing,
            )
        )
    return story


@given(
    rabbit=rabbits,
    others=st.lists(st.one_of(labelled, bare), max_size=3),
    took_s=st.lists(
        st.sampled_from([0.0, 0.0, 0.01, 0.3, 0.6, 0.9, None]), min_size=1, max_size=24
    ),
    phase_s=st.floats(0, 0.4),
)
def test_no_answer_told_apart_from_its_part_is_another_parts(
    *, rabbit: Part, others: list[Part], took_s: list[float | None], phase_s: float
) -> None:
    """Two topics, each at every change and every half a second, numbered, under way for long, or lost."""
    line = Line([rabbit, *others])
    told_s = sorted({2.1 + phase_s + n * EVERY_S for n in range(16)} | set(line.changes_s()))
    ways = cycle(took_s)
    messages: list[Message] = []
    last: dict[frozenset[SignalName], Mapping[SignalName, Value]] = {}
    for now in (each for each in told_s if each > 2):
        regular = (now - 2.1 - phase_s) % EVERY_S < 1e-9
        for covers, values in ((LABELS, line.label(now)), (ANSWERS, line.answers(now))):
            if regular or last.get(covers) != values:
                messages.append(Message(now, next(ways), covers, values))
            last[covers] = values
    for reached in heard(messages).reached:
        answered_at = reached.evidence.rejected_at or reached.evidence.accepted_at
        ended_s = (answered_at - T0).total_seconds() if answered_at is not None else 0.0
        told = (each for each in arrived(messages) if abs(each[0] - ended_s) < 1e-6)
        made_s = next((each.made_s for _, each, _ in told if each.covers == ANSWERS), 0.0)
        tells_of(rabbit, reached, line.seen(made_s))
