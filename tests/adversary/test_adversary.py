"""Whole runs at sixteen stations at once, whose peers do what they like: no verdict is ever a lie.

Never *detected* for a device that did not reject in time; never *missed* for one that did, unless another
part was there and the record says how little is known of which it was (L1 to L3, D27 to D31).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from redrabbit.domain import evidence, hearing, verdict
from redrabbit.domain.observation import Acquisition
from redrabbit.links import topic_reader
from redrabbit.links.modbus_connection import ModbusConnection
from tests.adversary.laws import broken
from tests.adversary.machine import Answer, Code, Story
from tests.adversary.modbus_peer import Reply, Treatment
from tests.adversary.mqtt_peer import Network, Passage, Way
from tests.adversary.plant import SLOTS
from tests.adversary.stories import EXAMPLES
from tests.adversary.whole_runs import Adversity, Example, calm, tell

SHARES = 4
"""So that several processes can share them."""
IN_ALL, AT_LEISURE = 200, 2000
LIMIT_S = 1800
PATIENT = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Links say what is wrong with their stations; here everything is."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


Look = Callable[[Example], None]


def with_examples(share: int, examples: int) -> Callable[[Look], Callable[[], None]]:
    """Let a function look at so many examples of sixteen runs each; those of another share are others."""

    def decorated(look: Look) -> Callable[[], None]:
        found: Callable[[], None] = given(EXAMPLES)(look)
        # without a seed they are chosen by the function, and all shares have the same
        return seed(share)(settings(PATIENT, max_examples=examples)(found))

    return decorated


def look_for_a_lie(share: int, examples: int) -> None:
    """Tell so many examples."""

    @with_examples(share, examples)
    def tells_the_truth(example: Example) -> None:
        assert broken(tell(example)) == []

    tells_the_truth()


@pytest.mark.timeout(LIMIT_S)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_peer_makes_a_verdict_a_lie(share: int) -> None:
    look_for_a_lie(share, IN_ALL // SHARES)


def test_every_share_has_examples_of_its_own() -> None:
    """All had the same: a quarter of the examples was told four times."""
    told: list[str] = []
    for share in range(SHARES):

        @with_examples(share, 5)
        def note(example: Example) -> None:
            told.append(repr(example))

        note()
    assert len(set(told)) > SHARES * 5 - SHARES, "the simplest one may be in all"


@pytest.mark.slow
@pytest.mark.timeout(20 * LIMIT_S)
def test_no_peer_makes_a_verdict_a_lie_in_many_examples() -> None:
    """Once before a release; what came of it stands in docs/figures.md."""
    look_for_a_lie(SHARES, AT_LEISURE)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer.REJECTS, "detected"),
        (Answer.ACCEPTS, "missed"),
        (Answer.NOTHING, "missed"),
    ],
)
def test_with_peers_that_behave_every_verdict_is_the_truth(answer: Answer, verdict: str) -> None:
    """Else the laws would hold of a product that never says anything."""
    stations = tuple(replace(each, story=Story(answer=answer)) for each in calm())
    told = tell(Example(stations=stations))
    expected = {slot.name: verdict for slot in SLOTS}
    if answer is Answer.NOTHING:
        expected |= {s.name: "inconclusive stale" for s in SLOTS if not s.hears_silence}
    assert {each.slot.name: each.verdict for each in told} == expected
    outcomes = {"detected": "passed", "missed": "failed", "inconclusive stale": "inconclusive"}
    assert [each.run and each.run.outcome for each in told] == [
        outcomes[expected[each.slot.name]] for each in told
    ]


# The laws have teeth: each fault of the product, planted, breaks one -----------------------------


def at_one(name: str, adversity: Adversity) -> Example:
    """Return an example in which one station only is not calm."""
    stations = tuple(
        adversity if slot.name == name else each for slot, each in zip(SLOTS, calm(), strict=True)
    )
    return Example(stations=stations)


Plant = Callable[[pytest.MonkeyPatch], None]


def no_transaction_is_checked(patch: pytest.MonkeyPatch) -> None:
    asked = ModbusConnection._ask

    async def ask(self: ModbusConnection, ctx: Any, pdu: Any) -> Any:
        send = ctx.pdu_send

        def sent(*args: Any, **more: Any) -> None:
            send(*args, **more)
            ctx.request_transaction_id = 0

        ctx.pdu_send = sent
        try:
            return await asked(self, ctx, pdu)
        finally:
            del ctx.pdu_send

    patch.setattr(ModbusConnection, "_ask", ask)


def what_is_retained_is_live(patch: pytest.MonkeyPatch) -> None:
    take = topic_reader.TopicReader.take

    def taken(self: Any, payload: bytes, at: datetime, **_retained: bool) -> Any:
        return take(self, payload, at, retained=False)

    patch.setattr(topic_reader.TopicReader, "take", taken)


def every_quality_is_good(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(topic_reader, "quality_is_good", lambda *_: True)


def a_message_is_as_old_as_its_arrival(patch: pytest.MonkeyPatch) -> None:
    arrival = topic_reader.TopicReader._arrival

    def arrived(*args: Any, **more: Any) -> Any:
        return replace(arrival(*args, **more), fresh=True, age_s=0.0)

    patch.setattr(topic_reader.TopicReader, "_arrival", arrived)


def nothing_is_missing(patch: pytest.MonkeyPatch) -> None:
    hear = hearing.hear

    def heard(so_far: Any, acquisition: Acquisition, **more: Any) -> Any:
        return hear(so_far, replace(acquisition, messages_lost=0), **more)

    patch.setattr(evidence, "hear", heard)


def what_comes_with_the_part_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evidence, "answer_may_be_older", lambda *_, **_more: False)


def an_answer_is_of_the_part_that_was_seen_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(verdict, "_why_not_ours", lambda _evidence: None)


def a_part_came_when_it_was_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evidence, "came_since", lambda _e, _r, shown: shown.window.began_at)


BLIND = Story(answer=Answer.NOTHING)
MUCH_LATER = Story(answers_after_s=3.0, part_after_s=1.6)
SHORT = Story(answers_after_s=0.3, stands_for_s=0.15)
TAKEN_OUT = Story(answer=Answer.NOTHING, leaves_after_s=0.4, next_is_labelled=False)
AT_ONCE = Story(answers_after_s=0.01, stands_for_s=0.4)
TEETH: dict[str, tuple[Plant, str, Adversity]] = {
    "detected: a frame of another transaction": (
        no_transaction_is_checked,
        "m1",
        Adversity(
            story=BLIND,
            misbehaves_after_s=2.0,
            treatments=(Treatment(), Treatment(), Treatment(Reply.FOREIGN_FIRST)),
        ),
    ),
    "detected: a retained message": (
        what_is_retained_is_live,
        "q1",
        Adversity(
            story=BLIND,
            misbehaves_after_s=2.0,
            network=Network(passages=(Passage(), Passage(way=Way.RETAINED))),
        ),
    ),
    "detected: a message of bad quality": (
        every_quality_is_good,
        "q8",
        Adversity(
            story=BLIND,
            misbehaves_after_s=2.0,
            network=Network(passages=(Passage(), Passage(way=Way.BAD_QUALITY))),
        ),
    ),
    "detected: the part was told two seconds late": (
        a_message_is_as_old_as_its_arrival,
        "q5",
        Adversity(story=MUCH_LATER, network=Network(held=((1.5, 1.9),))),
    ),
    "detected: a slow reply was made before the part came, and the answer is 20 ms late": (
        a_part_came_when_it_was_seen,
        "m2",
        Adversity(
            story=Story(part_after_s=1.52, answers_after_s=2.02),
            misbehaves_after_s=1.3,
            treatments=(Treatment(Reply.SLOW, after_s=0.29), *[Treatment()] * 40),
        ),
    ),
    **{
        f"detected: ours was taken out, and a part without a label is rejected, at {name}": (
            an_answer_is_of_the_part_that_was_seen_first,
            name,
            Adversity(story=TAKEN_OUT),
        )
        for name in ("m4", "q2", "q8")
    },
    "missed: the answer was in a message that was lost": (
        nothing_is_missing,
        "q1",
        Adversity(
            story=SHORT,
            misbehaves_after_s=1.75,
            network=Network(passages=(*[Passage(way=Way.LOST)] * 3, *[Passage()] * 20)),
        ),
    ),
    "missed: part and answer came between two polls": (
        what_comes_with_the_part_is_forgotten,
        "m2",
        Adversity(story=AT_ONCE),
    ),
}


@pytest.mark.parametrize("fault", TEETH)
def test_a_fault_in_the_product_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, name, adversity = TEETH[fault]
    example = at_one(name, adversity)
    assert broken(tell(example)) == []
    plant(monkeypatch)
    found = broken(tell(example))
    assert [words.startswith(f"{name}: {fault.partition(':')[0]}") for words in found] == [True]


def test_a_reason_that_comes_once_the_part_has_gone_is_not_the_parts() -> None:
    """The next part had no label, and was rejected for the reason that ours should have been rejected for."""
    story = Story(
        starts_after_s=0.24,
        part_after_s=1.989,
        answer=Answer.REJECTS,
        answers_after_s=0.01,
        code=Code.OTHER,
        leaves_after_s=0.358,
        next_is_labelled=False,
    )
    (told,) = [
        each for each in tell(at_one("m4", Adversity(story=story))) if each.slot.name == "m4"
    ]
    assert broken([told]) == []
    assert told.verdict == "inconclusive wrong_reject_code"


def test_a_reason_that_changes_in_time_is_heard() -> None:
    """D31, at a peer that behaves: so that what the laws leave out is not left out everywhere."""
    told = tell(at_one("m1", Adversity(story=Story(code=Code.OTHER_LATER))))
    assert {t.slot.name: t.verdict for t in told}["m1"] == "inconclusive wrong_reject_code"
