"""Each kind of alarm reaches mail, chat, webhook and MQTT, in its step and in the receiver's language (R10, issue 8)."""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiomqtt

from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.message_words import worded
from redrabbit.alarms.receiver_queue import ReceiverQueue
from redrabbit.alarms.receiver_secrets import read_secrets
from redrabbit.base.messages import Message, catalogue
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.plant import NotificationTarget, Plant, TargetKind
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.services import messaging
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.escalating import Escalating
from redrabbit.services.queries.receivers import EVENT_WORDS
from simulators.broker import serving
from tests.alarm_rules import a_rule, a_step
from tests.alarms.mail_server import receiving_mail
from tests.alarms.moody import CLOCK, OK, answer, listening, until
from tests.plants import Bench, a_plant

LI = Actor.stated("Li")
ADDRESS = "https://rabbit.plant.example"
FIRST, SECOND = ("hook", "mail"), ("chat", "andon")


def plant_of(ports: dict[str, int]) -> tuple[Plant, dict[str, str]]:
    """Return a plant that tells webhook and mail at once, chat and MQTT after ten minutes."""
    targets = (
        NotificationTarget(
            name="hook",
            kind=TargetKind.WEBHOOK,
            url=f"http://127.0.0.1:{ports['hook']}/hook",
            language="en",
        ),
        NotificationTarget(
            name="mail", kind=TargetKind.APPRISE, apprise=SecretPlace(env="MAIL"), language="zh"
        ),
        NotificationTarget(
            name="chat", kind=TargetKind.APPRISE, apprise=SecretPlace(env="CHAT"), language="en"
        ),
        NotificationTarget(
            name="andon",
            kind=TargetKind.MQTT,
            host="127.0.0.1",
            port=ports["andon"],
            topic="alarms",
            language="zh",
        ),
    )
    environment = {
        "MAIL": f"mailto://127.0.0.1:{ports['mail']}?from=a@plant.example&to=b@plant.example&mode=insecure",
        "CHAT": f"json://127.0.0.1:{ports['chat']}/",
    }
    rule = a_rule(a_step(0, *FIRST), a_step(10, *SECOND))
    return a_plant(targets=targets, rules=(rule,), address=ADDRESS), environment


class Told:
    """The receivers' queues over a plant in memory, emptied by hand."""

    def __init__(self, plant: Plant, environment: dict[str, str]) -> None:
        self.bench = Bench(plant)
        secrets = read_secrets(plant.targets, Path("/nowhere"), environment)
        channels = worded(make_channels(plant.targets, secrets, CLOCK), plant)
        outbox = self.bench.database.outbox
        self._queues = [
            ReceiverQueue(name, way, outbox, CLOCK, random.Random(1))
            for name, way in channels.items()
        ]
        self._escalating = Escalating(
            self.bench.database, self.bench.clock, lambda: None, lambda: False
        )

    async def after(self, minutes: float) -> None:
        """Let time pass, take the steps that are due and send what waits."""
        clock = self.bench.clock
        clock.advance_to(clock.steady + timedelta(minutes=minutes))
        await self._escalating.step()
        for queue in self._queues:
            while await queue.step() == 0.0:
                pass

    def raise_one(self, kind: AlarmKind) -> None:
        """Raise an alarm of a kind."""
        if kind is AlarmKind.TEST:
            for name in (*FIRST, *SECOND):
                self.bench.database.write_now(
                    lambda uow, name=name: messaging.test(uow, self.bench.plant, name, actor=LI)  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                )
            return
        part_id = "RR-0001" if kind is AlarmKind.MISSED else None  # no part is missing here
        self.bench.database.write_now(
            lambda uow: raise_alarm(uow, kind, at=uow.now, line="line1", part_id=part_id)
        )


async def test_each_kind_reaches_every_way_in_its_step_and_language() -> None:
    heard: list[dict[str, str]] = []
    async with (
        listening(answer(OK)) as hook,
        listening(answer(OK)) as chat,
        receiving_mail() as mail,
        serving() as (_, broker_port),
    ):
        ports = {"hook": hook.port, "chat": chat.port, "mail": mail.port, "andon": broker_port}
        told = Told(*plant_of(ports))
        async with aiomqtt.Client("127.0.0.1", broker_port) as client:
            await client.subscribe("alarms", qos=1)
            listener = asyncio.create_task(_listen(client, heard))
            for count, kind in enumerate(AlarmKind, 1):
                told.raise_one(kind)
                await told.after(0)
                both = kind is AlarmKind.TEST
                _is_told(count, [len(hook.bodies), len(mail.mails)])
                _is_told(count - (not both), [len(chat.bodies)])
                await told.after(10)
                _is_told(count, [len(chat.bodies)])
                await until(_counts(heard, count))
            listener.cancel()
        titles = {
            "en": [json.loads(body)["title"] for body in hook.bodies],
            "zh": [subject for subject, _ in mail.said],
        }
        texts = [json.loads(body)["message"] for body in chat.bodies]
    for place, kind in enumerate(AlarmKind):
        for language, said in titles.items():
            word = catalogue(language).render(Message(EVENT_WORDS[kind.value]))
            assert said[place].startswith(word), (kind, language)
        assert heard[place]["language"] == "zh"
        assert heard[place]["event"] == kind.value
        assert heard[place]["link"].startswith(ADDRESS)
        again = "Nobody has taken this alarm yet." in texts[place]
        assert again == (kind is not AlarmKind.TEST)


def _is_told(expected: int, counts: list[int]) -> None:
    assert counts == [expected] * len(counts)


def _counts(heard: list[dict[str, str]], expected: int) -> Callable[[], bool]:
    return lambda: len(heard) == expected


async def _listen(client: aiomqtt.Client, heard: list[dict[str, str]]) -> None:
    async for message in client.messages:
        assert isinstance(message.payload, bytes)
        heard.append(json.loads(message.payload))
