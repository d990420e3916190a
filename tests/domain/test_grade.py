"""How strong evidence is (D28): the table, the worst of several, and what a device can reach."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.grade import (
    ANSWER_GRADES,
    PART_GRADES,
    WATCH_GRADES,
    AnswerBy,
    Grade,
    Grading,
    KnownBy,
    Watched,
    best,
    reachable,
    tells_by_value,
    worst_grade,
)
from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Below,
    Between,
    Condition,
    DetectionRule,
    Not,
    Rises,
    StaysOff,
)
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.domain.station import MqttLink, Station
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from tests.builders import CODE, COUNT, HELD, PART, PRESENT, REJECTED, a_rule
from tests.domain.grade_table import COMMAND, FILE, printed
from tests.plants import OP20, a_station

GRADINGS = st.builds(
    Grading,
    known_by=st.sampled_from(KnownBy),
    answer_by=st.sampled_from(AnswerBy),
    watched=st.sampled_from(Watched),
)
TORQUE = SignalName("torque")


# The table ----------------------------------------------------------------------------------------


def test_the_table_is_the_decided_one() -> None:
    """D28, D29, spelled out again."""
    assert {word.value: grade.value for word, grade in PART_GRADES.items()} == {
        **dict.fromkeys(("code", "serial", "record"), "A"),
        **dict.fromkeys(("held", "pallet", "nest", "nth"), "B"),
        "order": "C",
        "tap": "D",
        **dict.fromkeys(("attested", "paper"), "E"),
    }
    assert {word.value: grade.value for word, grade in ANSWER_GRADES.items()} == {
        "code_renewed": "A",
        **dict.fromkeys(("measured", "code_not_renewed"), "B"),
        "signal": "C",
        "silence": "D",
        **dict.fromkeys(("attested", "paper"), "E"),
    }
    assert {word.value: grade.value for word, grade in WATCH_GRADES.items()} == {
        "unbroken": "A",
        **dict.fromkeys(("gap", "unknown"), "C"),
    }


def test_every_word_has_a_letter() -> None:
    assert set(PART_GRADES) == set(KnownBy)
    assert set(ANSWER_GRADES) == set(AnswerBy)
    assert set(WATCH_GRADES) == set(Watched)


def test_the_printed_table_is_this_one() -> None:
    same = FILE.exists() and FILE.read_text(encoding="utf-8") == printed()
    assert same, f"docs/grades.md is not what the tables say; print it again: {COMMAND}"


# The worst of several -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known_by", "answer_by", "watched", "letters", "grade"),
    [
        (KnownBy.CODE, AnswerBy.CODE_RENEWED, Watched.UNBROKEN, "AAA", "A"),
        (KnownBy.CODE, AnswerBy.CODE_NOT_RENEWED, Watched.UNBROKEN, "ABA", "B"),
        (KnownBy.CODE, AnswerBy.CODE_RENEWED, Watched.GAP, "AAC", "C"),
        (KnownBy.HELD, AnswerBy.MEASURED, Watched.UNBROKEN, "BBA", "B"),
        (KnownBy.ORDER, AnswerBy.CODE_RENEWED, Watched.UNKNOWN, "CAC", "C"),
        (KnownBy.TAP, AnswerBy.SIGNAL, Watched.GAP, "DCC", "D"),
        (KnownBy.CODE, AnswerBy.SILENCE, Watched.UNBROKEN, "ADA", "D"),
        (KnownBy.PAPER, AnswerBy.PAPER, Watched.UNKNOWN, "EEC", "E"),
    ],
)
def test_a_verdicts_grade_is_the_worst_of_its_three_letters(
    known_by: KnownBy, answer_by: AnswerBy, watched: Watched, letters: str, grade: str
) -> None:
    grading = Grading(known_by=known_by, answer_by=answer_by, watched=watched)

    assert grading.part + grading.answer + grading.watch == letters
    assert grading.grade is Grade(grade)


@given(GRADINGS, GRADINGS)
def test_knowing_less_of_any_kind_never_raises_a_grade(one: Grading, other: Grading) -> None:
    """D28: take of each kind the weaker of two; the whole is no stronger than either."""
    weaker = Grading(
        known_by=max(one.known_by, other.known_by, key=PART_GRADES.__getitem__),
        answer_by=max(one.answer_by, other.answer_by, key=ANSWER_GRADES.__getitem__),
        watched=max(one.watched, other.watched, key=WATCH_GRADES.__getitem__),
    )

    assert weaker.grade >= max(one.grade, other.grade)


@given(st.lists(st.sampled_from(Grade), min_size=1))
def test_the_worst_of_several_is_none_better_than_any_of_them(grades: list[Grade]) -> None:
    worst = worst_grade(grades)

    assert worst in grades
    assert [grade for grade in grades if grade > str(worst)] == []


@given(st.lists(st.sampled_from(Grade)), st.lists(st.sampled_from(Grade)))
def test_one_that_is_not_known_leaves_none(before: list[Grade], after: list[Grade]) -> None:
    assert worst_grade([*before, None, *after]) is None


def test_nothing_graded_has_no_grade() -> None:
    assert worst_grade([]) is None


# What a device can reach --------------------------------------------------------------------------


def by_messages(**every_s: float | None) -> Station:
    """A station that publishes these signals so often, each on a topic of its own."""
    specs = tuple(
        SignalSpec(
            name=SignalName(name),
            address=MqttAddress(topic=name, encoding=Encoding.BOOL, expected_every_s=every),
        )
        for name, every in every_s.items()
    )
    link = MqttLink(endpoint="broker", host="127.0.0.1", port=1883)
    return replace(a_station(OP20), link=link, signals=specs)


POLLED = replace(
    a_station(OP20),
    signals=(*a_station(OP20).signals, replace(a_station(OP20).signals[0], name=TORQUE)),
)


@pytest.mark.parametrize(
    ("rule", "known_by", "answer_by", "grade"),
    [
        (a_rule(part_code=PART, reject_code=CODE), "code", "code_not_renewed", "B"),
        (
            a_rule(part_code=PART, reject_code=CODE, reject_code_cleared=True),
            "code",
            "code_renewed",
            "A",
        ),
        (a_rule(part_code=PART), "code", "signal", "C"),
        (
            a_rule(part_code=None, presented=Rises(signal=PRESENT), reject_code=CODE),
            "order",
            "code_not_renewed",
            "C",
        ),
        (replace(HELD, reject_code=CODE), "held", "code_not_renewed", "B"),
        (a_rule(part_code=None, presented=None, reject_code=CODE), "tap", "code_not_renewed", "D"),
        (
            a_rule(part_code=PART, detected=Above(signal=TORQUE, limit=9), measured=TORQUE),
            "code",
            "measured",
            "B",
        ),
    ],
    ids=["code_and_reason", "reason_cleared", "code", "order", "held", "tap", "value"],
)
def test_a_device_reaches_what_its_rule_tells(
    rule: DetectionRule, known_by: str, answer_by: str, grade: str
) -> None:
    reach = reachable(rule, POLLED)

    assert (reach.known_by, reach.answer_by) == (known_by, answer_by)
    assert (reach.watched, reach.grade) == (Watched.UNBROKEN, grade)


@pytest.mark.parametrize(
    ("condition", "by_value"),
    [
        (Above(signal=TORQUE, limit=1), True),
        (Below(signal=TORQUE, limit=1), True),
        (Not(of=Between(signal=TORQUE, low=1, high=2)), True),
        (AnyOf(of=(Below(signal=TORQUE, limit=1), Above(signal=TORQUE, limit=2))), True),
        (AllOf(of=(Rises(signal=REJECTED), Above(signal=TORQUE, limit=1))), False),
        (AnyOf(of=(Rises(signal=REJECTED), Above(signal=TORQUE, limit=1))), False),
        (Above(signal=COUNT, limit=1), False),
        (Rises(signal=REJECTED), False),
    ],
)
def test_an_answer_is_by_value_only_where_nothing_but_the_measured_value_makes_it(
    condition: Condition, by_value: bool
) -> None:
    """A value beside a bit may be the last part's; one that isn't `measured` may be any number."""
    assert tells_by_value(condition, TORQUE) is by_value
    assert not tells_by_value(condition, None)


@pytest.mark.parametrize(("every_s", "watched"), [(1.0, "unbroken"), (None, "unknown")])
def test_a_signal_without_a_rhythm_is_not_known_to_be_watched(
    every_s: float | None, watched: str
) -> None:
    """D7: a topic that speaks only on change may have lost a message, and nobody would know."""
    station = by_messages(rejected=every_s, accepted=1.0)

    assert reachable(a_rule(), station).watched == watched


def test_a_signal_that_is_not_judged_on_needs_no_rhythm() -> None:
    station = by_messages(rejected=1.0, accepted=1.0, part_present=None)

    assert reachable(a_rule(), station).watched is Watched.UNBROKEN


def test_what_can_be_reached_is_never_better_than_what_is_declared() -> None:
    """D28: what a file does not declare lowers; it never raises."""
    for coded, told, every_s in product((PART, None), (CODE, None), (1.0, None)):
        declared = a_rule(part_code=coded, reject_code=told)
        full = a_rule(part_code=PART, reject_code=CODE, reject_code_cleared=True)
        some = reachable(declared, by_messages(rejected=every_s, accepted=1.0))

        best = reachable(full, by_messages(rejected=1.0, accepted=1.0))
        assert some.grade >= best.grade


def test_a_detection_by_silence_reaches_no_more_than_silence() -> None:
    """D33: a code beside it may be the last part's."""
    silent = a_rule(detected=StaysOff(signal=REJECTED, for_s=1.0, after=None), reject_code=CODE)

    assert reachable(silent, POLLED).answer_by is AnswerBy.SILENCE
    assert best(silent, POLLED) == reachable(silent, POLLED)


def test_the_best_that_a_device_can_come_to_is_a_code_told_anew() -> None:
    coded = a_rule(part_code=PART, reject_code=CODE)

    assert (reachable(coded, POLLED).grade, best(coded, POLLED).grade) == ("B", "A")
    assert best(a_rule(part_code=PART), POLLED) == reachable(a_rule(part_code=PART), POLLED)


@pytest.mark.parametrize(
    ("every_s", "topics", "known_by"),
    [
        (1.0, {}, KnownBy.CODE),
        (None, {PART: "rejected"}, KnownBy.CODE),
        (None, {}, KnownBy.ORDER),
        (None, {PART: "accepted"}, KnownBy.ORDER),
    ],
    ids=["told again and again", "told with it", "told once", "told with the other answer"],
)
def test_a_code_that_may_not_be_told_again_with_a_rejection_reaches_no_more_than_order(
    every_s: float | None, topics: dict[SignalName, str], known_by: KnownBy
) -> None:
    """D29: a luckier verdict can be better, so that nothing is refused which can be fulfilled."""
    station = by_messages(rejected=1.0, accepted=1.0, part_code=every_s)
    specs = tuple(
        replace(spec, address=replace(spec.address, topic=topics.get(spec.name, spec.name)))
        for spec in station.signals
        if isinstance(spec.address, MqttAddress)
    )
    told = replace(station, signals=specs)

    assert reachable(a_rule(), told).known_by is known_by
    assert best(a_rule(), told).known_by is KnownBy.CODE


@pytest.mark.parametrize("place", [SaidOf.NEST, SaidOf.PALLET])
def test_a_part_is_known_by_the_place_that_station_and_operator_tell(place: SaidOf) -> None:
    """D29: B, unless its code is read."""
    asked = {place: Asked(by=Source.SCAN)}
    says = StationSays(nest=COUNT, pallet=COUNT, asked=asked)
    telling = replace(a_station(OP20), says=says)
    by_edge = telling.devices[0].rule
    found = reachable(by_edge, telling)
    assert (found.known_by.value, found.part) == (place.value, Grade.B)
    assert reachable(replace(by_edge, part_code=PART, presented=None), telling).part is Grade.A
