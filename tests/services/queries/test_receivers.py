"""Who is told, what waits for whom, and what did not get there (D48)."""

import json
from dataclasses import replace
from datetime import timedelta

from redrabbit.base.messages import LANGUAGES, catalogue
from redrabbit.config.receivers import EVENTS
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import AlarmId, RunId
from redrabbit.domain.text import Text
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.checkpoint_keepers import CheckpointKeeper
from redrabbit.services.queries.receivers import (
    EVENT_WORDS,
    MOST_SHOWN,
    ParkedRow,
    ReceiverRow,
    ReceiversPage,
    receivers_page,
)
from redrabbit.services.queries.wording import message
from redrabbit.services.receiver_alarms import say_not_reached
from tests.fakes import JumpClock
from tests.showcase import showcase_plant
from tests.showcase_story import BEGIN, SILENT_RUN, Showcase

KEEPS_NONE_YET = CheckpointKeeper(
    receiver="quality-office",
    since=None,
    size=None,
    delivered_at=None,
    said=None,
    is_late=False,
)


def page_of(showcase: Showcase) -> ReceiversPage:
    now = showcase.clock.now()
    return showcase.ask(lambda reader: receivers_page(reader, showcase.plant, now))


def test_each_receiver_says_where_it_is_what_it_wants_and_what_waits(showcase: Showcase) -> None:
    """Without a webhook's path: with some chat services that is the secret."""
    andon, office = page_of(showcase).receivers
    assert replace(andon, oldest_at=None) == ReceiverRow(
        name="andon",
        address="mqtt://10.20.0.5:1883",
        topic="changchun2/redrabbit/events",
        alarms=True,
        events=(),
        checkpoints=None,
        not_reached_at=showcase.clock.now(),
        waiting=2,
        oldest_at=None,
        parked=0,
    )
    assert andon.oldest_at is not None
    assert office == ReceiverRow(
        name="quality-office",
        address="https://office.plant.example",
        topic=None,
        alarms=True,
        events=("verdict.missed", "verdict.false_reject", "status.lapsed"),
        checkpoints=KEEPS_NONE_YET,
        not_reached_at=None,
        waiting=0,
        oldest_at=None,
        parked=2,
    )


def test_what_is_parked_says_what_it_tells_why_and_what_was_answered(showcase: Showcase) -> None:
    page = page_of(showcase)
    assert page.parked_in_all == 2
    refused, alone = page.parked
    assert (refused.reason, alone.reason) == (ParkedReason.REFUSED, ParkedReason.OTHERS_TAKEN)
    assert refused.said is not None
    assert refused.said.startswith("answered 422")
    assert refused.answered == message(
        "receivers.answered", answer=refused.said.removeprefix("answered ")
    )
    assert replace(refused, said="no route to host").answered == "no route to host"
    assert replace(refused, said=None).answered is None
    assert alone == ParkedRow(
        alarm=AlarmId("line1-A-1"),
        receiver="quality-office",
        called="quality-office",
        is_known=True,
        event=alone.event,
        together=None,
        line=Text(en="Line 1 Brake caliper", zh="1线 制动卡钳"),
        place=alone.place,
        about=None,
        run=RunId(SILENT_RUN),
        raised_at=alone.raised_at,
        attempts=1,
        parked_at=alone.parked_at,
        reason=alone.reason,
        said="answered 500",
    )
    assert alone.event.code == "verdict.missed"


async def test_a_parked_message_about_many_says_how_many(showcase: Showcase) -> None:
    """Decision 0035: of one place it says nothing."""
    at = showcase.clock.now() - timedelta(days=1)

    def lapse_long_ago(uow: UnitOfWork) -> None:
        for _ in range(3):
            raise_alarm(uow, AlarmKind.LAPSED, at=at, line="line1", station="line1-op20")
        uow.release()

    await showcase.write(lapse_long_ago)
    (waits,) = await showcase.outbox.waiting("quality-office", 9)
    await showcase.outbox.parked(
        waits.outbox_id, waits.target, ParkedReason.REFUSED, "answered 400"
    )
    row = page_of(showcase).parked[0]
    assert (row.event.code, row.together, row.place) == ("status.lapsed", 3, None)
    assert row.alarm == json.loads(waits.payload)["alarm_id"]


async def a_plant_without_receivers() -> Showcase:
    """Return a plant whose receivers were taken out of its file, with messages left for one."""
    plant = showcase_plant()
    showcase = Showcase(JumpClock(BEGIN), plant)
    await showcase.open()
    showcase.agent.plant = replace(plant, targets=())
    return showcase


async def test_a_plant_without_receivers_has_none() -> None:
    page = page_of(await a_plant_without_receivers())
    assert (page.receivers, page.parked, page.parked_in_all) == ((), (), 0)


async def test_a_receiver_that_was_removed_is_shown_as_long_as_it_has_messages_left() -> None:
    """K2.5: its messages were dropped without a word."""
    showcase = await a_plant_without_receivers()
    for _ in range(MOST_SHOWN + 1):
        await showcase.write(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    assert [(row.name, row.address, row.waiting) for row in page_of(showcase).receivers] == [
        ("andon", None, MOST_SHOWN + 1)
    ]
    assert await showcase.outbox.park_all_but([]) == {"andon": MOST_SHOWN + 1}
    page = page_of(showcase)
    assert [(row.name, row.waiting, row.parked) for row in page.receivers] == [
        ("andon", 0, MOST_SHOWN + 1)
    ]
    assert (len(page.parked), page.parked_in_all) == (MOST_SHOWN, MOST_SHOWN + 1)
    assert {(row.reason, row.is_known) for row in page.parked} == {
        (ParkedReason.RECEIVER_REMOVED, False)
    }
    clock_step = page.parked[0]
    assert (clock_step.event.code, clock_step.line, clock_step.place, clock_step.run) == (
        "event.clock_step",
        None,
        None,
        None,
    )


async def test_a_message_about_a_receiver_says_which() -> None:
    showcase = await a_plant_without_receivers()
    await showcase.write(lambda uow: say_not_reached(uow, "office"))
    assert await showcase.outbox.park_all_but([]) == {"andon": 1}
    (parked,) = page_of(showcase).parked
    assert (parked.event.code, parked.receiver, parked.about) == (
        "event.receiver_not_reached",
        "andon",
        "office",
    )


def test_every_alarm_has_its_words() -> None:
    assert {kind.value for kind in AlarmKind} <= set(EVENT_WORDS)
    assert set(EVENT_WORDS) == set(EVENTS), "else who wants one of them only is said to want all"
    catalogues = [catalogue(language) for language in LANGUAGES]
    assert all(each.knows(code) for each in catalogues for code in EVENT_WORDS.values())
