"""Receivers of messages: what waits for each, what did not get there, and what is done about it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from redrabbit.domain import acts
from redrabbit.domain.reaching import Unreached
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people_told import PersonToldRow
from redrabbit.services.queries.receivers import (
    MOST_SHOWN,
    ParkedRow,
    ReceiverRow,
    ReceiversPage,
    receivers_page,
)
from redrabbit.web.api.alarms import alarm_model
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import AlarmRef, Model
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.reaction_models import Alarm
from redrabbit.web.api.requests import ToReceiver
from redrabbit.web.api.values import AlarmInPath
from redrabbit.web.site import Site


class Receiver(Model):
    """One receiver of messages, of the plant file or with messages left from before."""

    name: str
    in_plant_file: bool
    not_reached_since: datetime | None = Field(
        description="Since when an alarm says that it is not reached."
    )
    alarms: bool = Field(description="Whether it is told of alarms.")
    checkpoints: bool = Field(description="Whether it is sent the ledger's checkpoints, to keep.")
    last_checkpoint_at: datetime | None = Field(
        description="When it took the last one; null: never."
    )
    last_checkpoint_size: int | None = Field(description="Entries of the ledger in that one.")
    waiting: int
    oldest_waiting_at: datetime | None
    parked: int


class PersonTold(Model):
    """A person whom rosters or steps of the plant file name."""

    named: str = Field(description="As the plant file names them.")
    person: str | None = Field(description="null: nobody is known by this name.")
    ways: int = Field(description="In how many ways they are reached.")
    unreached: Unreached | None = Field(description="Why they can't be told; null: they can.")
    lines: list[str] = Field(description="For which lines they can't; empty: for all.")
    waiting: int
    parked: int


class ParkedMessage(Model):
    """A message about an alarm that a receiver did not take, and that is not tried any more."""

    alarm_id: AlarmRef
    receiver: str
    raised_at: datetime
    parked_at: datetime
    reason: ParkedReason
    attempts: int
    said: str | None = Field(description="What the last attempt ended with: a machine's words.")


class Receivers(Model):
    """All receivers, and the messages that were parked last."""

    receivers: list[Receiver]
    people: list[PersonTold]
    parked: list[ParkedMessage] = Field(description=f"{MOST_SHOWN} at most, the latest first.")


def receivers_router(site: Site) -> APIRouter:
    """Return the receivers and the acts on parked messages."""
    router = APIRouter(tags=["reaction"])

    @router.get("/receivers")
    async def list_receivers() -> Receivers:
        """Return who is told of alarms, what waits for whom, and what did not get there."""
        plant, now = site.service.plant, site.clock.now()

        def asked(reader: Reader) -> ReceiversPage:
            return receivers_page(reader, plant, now)

        page = await site.service.read(asked)
        return Receivers(
            receivers=[_receiver(row) for row in page.receivers],
            people=[_person(row) for row in page.people],
            parked=[_parked(row) for row in page.parked],
        )

    @router.post("/receivers/test", openapi_extra=refuses("no_such_receiver"))
    async def test_receiver(body: ToReceiver, by: By) -> Alarm:
        """Send a receiver a message that says that it is a test; it is recorded as an alarm that is over."""
        return alarm_model(*await do(site, body, acts.TestReceiver(receiver=body.receiver), by))

    @router.post(
        "/alarms/{alarm_id}/send-again",
        openapi_extra=refuses("message_not_parked", "no_such_receiver"),
    )
    async def send_message_again(alarm_id: AlarmInPath, body: ToReceiver, by: By) -> Alarm:
        """Send an alarm's message to a receiver that did not take it, once more."""
        act = acts.SendMessageAgain(alarm_id=alarm_id, receiver=body.receiver)
        return alarm_model(*await do(site, body, act, by))

    @router.post(
        "/alarms/{alarm_id}/drop-message",
        openapi_extra=refuses("alarm_of_administrators", "message_not_parked"),
    )
    async def drop_message(alarm_id: AlarmInPath, body: ToReceiver, by: By) -> Alarm:
        """Give up an alarm's message that a receiver did not take; the alarm stays as it is."""
        act = acts.DropMessage(alarm_id=alarm_id, receiver=body.receiver)
        return alarm_model(*await do(site, body, act, by))

    return router


def _receiver(row: ReceiverRow) -> Receiver:
    keeper = row.checkpoints
    return Receiver(
        alarms=row.alarms,
        checkpoints=keeper is not None,
        last_checkpoint_at=keeper.delivered_at if keeper is not None else None,
        last_checkpoint_size=keeper.size if keeper is not None else None,
        name=row.name,
        in_plant_file=row.address is not None,
        not_reached_since=row.not_reached_at,
        waiting=row.waiting,
        oldest_waiting_at=row.oldest_at,
        parked=row.parked,
    )


def _person(row: PersonToldRow) -> PersonTold:
    return PersonTold(
        named=row.named,
        person=row.person,
        ways=len(row.ways),
        unreached=row.why,
        lines=list(row.lines),
        waiting=row.waiting,
        parked=row.parked,
    )


def _parked(row: ParkedRow) -> ParkedMessage:
    return ParkedMessage(
        alarm_id=row.alarm,
        receiver=row.receiver,
        raised_at=row.raised_at,
        parked_at=row.parked_at,
        reason=row.reason,
        attempts=row.attempts,
        said=row.said,
    )
