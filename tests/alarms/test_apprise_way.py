"""Mail, chat groups and SMS gateways are told through Apprise, under the rules of every receiver (D48, D24)."""

import asyncio
import json
import logging
import threading
from pathlib import Path

import apprise
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.apprise_way import (
    KNOWN_HOSTS,
    AppriseWay,
    is_apprise_address,
    is_mail_server,
    mailed_by,
    names_file,
    names_no_host,
)
from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.receiver_secrets import ReceiverUnusable, mail_server, read_secrets
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.secret_place import SecretPlace
from tests.alarms.mail_server import receiving_mail
from tests.alarms.moody import CLOCK, OK, Answering, answer, listening, status, without_end

BODY = json.dumps({"event": "missed", "title": "未检出 1 号线", "text": "请隔离。\nhttps://r/c/1"})
SECRET = "pass-W0rd"


def duty(**place: str) -> NotificationTarget:
    return NotificationTarget(name="duty", kind=TargetKind.APPRISE, apprise=SecretPlace(**place))


async def test_a_mail_is_taken_by_a_mail_server_with_title_and_text() -> None:
    async with receiving_mail() as server:
        address = f"mailto://127.0.0.1:{server.port}?from=rabbit@plant.example&to=duty@plant.example&mode=insecure"
        secrets = read_secrets([duty(env="DUTY")], Path("/nowhere"), {"DUTY": address})
        way = make_channels([duty(env="DUTY")], secrets, CLOCK)["duty"]
        await way.send("k", BODY)
        ((subject, text),) = server.said
    assert subject == "未检出 1 号线"
    assert "请隔离。" in text
    assert "https://r/c/1" in text


async def test_a_mail_that_is_not_taken_failed() -> None:
    async with receiving_mail(refuses=True) as server:
        address = f"mailto://127.0.0.1:{server.port}?from=a@plant.example&to=b@plant.example&mode=insecure"
        with pytest.raises(DeliveryFailed):
            await AppriseWay(address, CLOCK).send("k", BODY)
        assert server.mails == []


async def test_another_service_of_apprise_is_told_the_same() -> None:
    async with listening(answer(OK)) as hook:
        await AppriseWay(f"json://127.0.0.1:{hook.port}/duty", CLOCK).send("k", BODY)
        said = json.loads(hook.bodies[0])
    assert (said["title"], said["message"]) == ("未检出 1 号线", "请隔离。\nhttps://r/c/1")


@pytest.mark.parametrize(
    ("answered", "what"),
    [
        (status(401), DeliveryRefused),
        (status(404), DeliveryRefused),
        (status(429), DeliveryFailed),
        (status(503), DeliveryFailed),
    ],
)
async def test_what_is_answered_is_refused_or_failed_as_with_a_webhook(
    answered: Answering, what: type[Exception]
) -> None:
    async with listening(answered) as hook:
        with pytest.raises(DeliveryFailed) as failure:
            await AppriseWay(f"json://127.0.0.1:{hook.port}/", CLOCK).send("k", BODY)
    assert type(failure.value) is what
    assert "answered" in str(failure.value)


async def test_who_answers_nothing_is_left_behind_and_not_called_again_meanwhile() -> None:
    """D48: the deadline is that of every receiver, and no attempt piles up behind a hanging one."""
    async with listening(without_end(b"HTTP/1.1 200 OK\r\n", b"")) as hook:
        way = AppriseWay(f"json://127.0.0.1:{hook.port}/?rto=1.5", CLOCK)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await way.send("k", BODY)
        with pytest.raises(DeliveryFailed, match="has not ended yet"):
            await way.send("k", BODY)
        assert sum(thread.name == "apprise" for thread in threading.enumerate()) == 1


async def test_nothing_of_the_address_is_said_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(status(503, body=SECRET.encode())) as hook:
        with pytest.raises(DeliveryFailed) as failure:
            await AppriseWay(f"json://me:{SECRET}@127.0.0.1:{hook.port}/", CLOCK).send("k", BODY)
    assert SECRET not in str(failure.value)
    assert SECRET not in caplog.text


async def test_a_checkpoint_is_sent_whole_to_be_kept() -> None:
    note = "plant\n42\nroot\n\n— plant sig\n"
    body = {"event": "checkpoint", "title": "t", "text": {"en": "Keep it", "zh": "请保存"}}
    async with listening(answer(OK)) as hook:
        way = AppriseWay(f"json://127.0.0.1:{hook.port}/", CLOCK)
        await way.send("k", json.dumps({**body, "checkpoint": note}))
        said = json.loads(hook.bodies[0])["message"]
    assert "plant\n42\nroot\n\n— plant sig" in said
    assert "请保存" in said


@pytest.mark.parametrize("address", ["nonsense", "nobody://x", "json://"])
def test_an_address_that_apprise_does_not_know_is_refused_at_the_start(address: str) -> None:
    assert not is_apprise_address(address)
    with pytest.raises(ReceiverUnusable, match="no address that Apprise knows") as refused:
        read_secrets([duty(env="DUTY")], Path("/nowhere"), {"DUTY": address})
    assert "nobody" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "tgram://123456789:abcdefg_hijklmnop/12315544",
        "dingtalk://abcdef1234567890abcdef1234567890abcdef",
        "feishu://abcd",
    ],
)
def test_an_address_that_leads_to_a_service_of_its_own_names_no_host(address: str) -> None:
    assert is_apprise_address(address)
    assert names_no_host(address)


@pytest.mark.parametrize(
    "address",
    ["json://10.0.0.1/x", "mqtt://h/t", "mailto://u:p@h.cn", "syslog://", "ntfy://h/t", "nothing"],
)
def test_an_address_that_this_service_would_call_inside_the_plant_names_a_host(
    address: str,
) -> None:
    """Else any person could let the service ask any host of the network, or write into its machine's log."""
    assert not names_no_host(address)


LEADING_ELSEWHERE = [
    "fcm://proj/aaaa/?mode=oauth2&keyfile=http://127.0.0.1/x",
    "vapid://me@plant.cn/?keyfile=http://127.0.0.1/x&subfile=http://127.0.0.1/y",
    "tgram://123456789:abcdefg_hijklmnop/12315544?template=/etc/passwd",
    "tgram://123456789:abcdefg_hijklmnop/12315544?x=1?Template=/etc/passwd",
    "tgram://123456789:abcdefg_hijklmnop/12315544?t=%68ttp%3A//127.0.0.1/x",
    "tgram://123456789:abcdefg_hijklmnop/12315544?t=http%253A%252F%252F127.0.0.1",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?avatar_url=http://127.0.0.1/x",
    "pushplus://0123456789abcdef0123456789abcdef?callback=http://127.0.0.1/x",
    "mailto://u:p@h.cn?pgppub=key.asc",
    "json://h/?keyfile=key.json",
]


@pytest.mark.parametrize("address", LEADING_ELSEWHERE)
def test_an_argument_that_leads_elsewhere_is_of_no_way(address: str) -> None:
    """Apprise reads files and pages that arguments name, from inside the plant: for nobody, and least without an administrator."""
    assert names_file(address)
    assert not names_no_host(address)


def test_an_argument_that_says_how_leads_nowhere_else() -> None:
    for address in ("dingtalk://abc@def?secret=abc", "tgram://1:a/2?thread=7&silent=yes"):
        assert names_no_host(address)
        assert not names_file(address)
    assert not names_file("mailto://u:p@h.cn?from=a@b.cn&to=c@d.cn&mode=starttls")


@pytest.mark.parametrize("scheme", KNOWN_HOSTS)
def test_each_service_of_a_known_host_says_no_host_in_its_address(scheme: str) -> None:
    kinds = apprise.Apprise().details()["schemas"]
    named = [kind for kind in kinds if scheme in (kind["secure_protocols"] or ())]
    assert len(named) == 1
    assert "host" not in named[0]["details"]["tokens"]


@given(st.sampled_from(LEADING_ELSEWHERE), st.text(max_size=12), st.integers(min_value=0))
def test_nothing_put_into_such_an_address_makes_it_one_of_a_known_host(
    address: str, put: str, where: int
) -> None:
    at = where % (len(address) + 1)
    assert not names_no_host(address[:at] + put + address[at:])


def test_a_mail_address_is_reached_by_the_mail_server_of_the_plant() -> None:
    server = "mailtos://u:p@smtp.plant.cn?from=rr@plant.cn"
    assert is_mail_server(server)
    assert not is_mail_server(f"{server}&to=a@b.cn")
    assert not is_mail_server("json://smtp.plant.cn")
    assert mailed_by(server, "li+rr@plant.cn") == f"{server}&to=li%2Brr%40plant.cn"
    assert mailed_by("mailto://h", "a@b.cn") == "mailto://h?to=a%40b.cn"


def test_the_mail_server_of_the_plant_is_read_where_the_plant_file_says() -> None:
    place = SecretPlace(env="MAIL")
    server = "mailtos://u:p@smtp.plant.cn?from=rr@plant.cn"
    assert mail_server(None, Path("/nowhere"), {}) is None
    assert mail_server(place, Path("/nowhere"), {"MAIL": server}) == server
    for said in ({}, {"MAIL": "json://h/"}, {"MAIL": f"{server}&to=a@b.cn"}):
        with pytest.raises(ReceiverUnusable, match="mail: ") as unusable:
            mail_server(place, Path("/nowhere"), said)
        assert "u:p" not in str(unusable.value)
