"""What messages say to people: in the receiver's language, with a link, beside the keys of today (R10, B33)."""

import asyncio
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.message_words import WITHOUT_ALARM, MessageWords, WordedChannel, worded
from redrabbit.base.messages import LANGUAGES, catalogue
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.queries.receivers import EVENT_WORDS
from tests.plants import a_plant

WORDS = MessageWords(
    plant="Changchun 2", zone=ZoneInfo("Asia/Shanghai"), address="https://rabbit.plant.example"
)
NAMES = {
    "line": {"en": "Line 1", "zh": "1 号线"},
    "operation": "OP20",
    "station": {"en": "Press", "zh": "压机"},
    "device": {"en": "Torque controller", "zh": "扭矩控制器"},
}
MISS: dict[str, Any] = {
    "key": "alarm-line1-A-7",
    "event": "missed",
    "alarm_id": "line1-A-7",
    "raised_at": "2026-03-02T06:00:00Z",
    "page": "/containments/line1-C-3",
    "names": NAMES,
    "line": "line1",
    "part_id": "RR-0001",
}


def told(body: dict[str, Any], language: str | None = "en") -> dict[str, Any]:
    said: dict[str, Any] = json.loads(WORDS.with_words(json.dumps(body), language))
    return said


def test_a_message_says_what_where_when_and_where_it_ends() -> None:
    said = told(MISS)
    assert said["text"] == (
        "The device did not detect challenge part RR-0001. Hold what was made since the last good verification.\n"
        "Changchun 2, Line 1 · OP20 · Torque controller, 2026-03-02 14:00\n"
        "https://rabbit.plant.example/containments/line1-C-3"
    )
    assert said["title"].endswith(": Line 1 · OP20 · Torque controller")
    assert (said["plant"], said["language"]) == ("Changchun 2", "en")
    assert said["link"] == "https://rabbit.plant.example/containments/line1-C-3"


def test_it_is_said_in_the_language_of_the_receiver() -> None:
    said = told(MISS, "zh")
    assert "未检出样件 RR-0001" in said["text"]
    assert "1 号线 · OP20 · 扭矩控制器" in said["title"]
    assert "words" not in said


def test_a_receiver_without_a_language_gets_english_and_both_beside_it() -> None:
    said = told(MISS, None)
    english, chinese = told(MISS, "en"), told(MISS, "zh")
    assert said["words"] == {
        "en": {"title": english["title"], "text": english["text"]},
        "zh": {"title": chinese["title"], "text": chinese["text"]},
    }
    assert said["text"] == english["text"]


def test_without_an_address_the_link_is_the_path_only() -> None:
    words = MessageWords(plant="P", zone=ZoneInfo("UTC"), address=None)
    said = json.loads(words.with_words(json.dumps(MISS), "en"))
    assert said["link"] == "/containments/line1-C-3"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", [*(kind.value for kind in AlarmKind), *WITHOUT_ALARM])
def test_every_kind_has_its_sentence_in_both_languages(event: str, language: str) -> None:
    assert catalogue(language).knows(f"told.{event}")
    said = told({**MISS, "event": event, "receiver": "andon", "runs_without_verdict": 3}, language)
    assert "told." not in said["text"]
    assert "{" not in said["text"]
    assert said["title"]


def test_what_can_be_subscribed_to_is_what_is_raised_and_the_reverse() -> None:
    """`wrong_part` stands in older files only, and was never raised."""
    assert set(EVENT_WORDS) - {"wrong_part"} == {kind.value for kind in AlarmKind}


def test_many_at_once_are_told_with_how_many_and_when() -> None:
    one = {"raised_at": "2026-03-02T06:00:00Z"}
    last = {"raised_at": "2026-03-02T09:30:00Z"}
    together = {"count": 31, "first": one, "last": last, "lines": {"line1": 31}, "page": "/due"}
    said = told({**MISS, "event": "lapsed", "names": None, "together": together})
    assert said["text"].startswith("31 alarms: ")
    assert "2026-03-02 14:00" in said["text"]
    assert "2026-03-02 17:30" in said["text"]
    assert said["link"] == "https://rabbit.plant.example/due"


VALUES = st.none() | st.text(max_size=5) | st.integers() | st.just(NAMES)


@given(
    st.dictionaries(
        st.sampled_from([*MISS, "text", "title", "since", "at", "link"]), VALUES, max_size=8
    ),
    st.sampled_from([None, *LANGUAGES]),
)
def test_no_key_of_a_message_is_replaced_and_none_keeps_it_from_being_sent(
    body: dict[str, Any], language: str | None
) -> None:
    said = told(body, language)
    assert {name: said[name] for name in body} == body


def test_each_receiver_is_told_on_its_own_way() -> None:
    targets = (
        NotificationTarget(name="andon", kind=TargetKind.MQTT, language="zh"),
        NotificationTarget(name="office", kind=TargetKind.WEBHOOK),
    )
    sent: dict[str, str] = {}

    class Kept:
        def __init__(self, name: str) -> None:
            self._name = name

        async def send(self, key: str, body: str) -> None:
            sent[self._name] = f"{key} {body}"

    ways = worded({name: Kept(name) for name in ("andon", "office")}, a_plant(targets=targets))
    assert isinstance(ways["andon"], WordedChannel)
    for way in ways.values():
        asyncio.run(way.send("k", json.dumps(MISS)))
    assert "未检出" in sent["andon"]
    assert '"words"' not in sent["andon"]
    assert '"words"' in sent["office"]
