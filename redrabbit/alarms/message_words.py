"""What a message says to people: a title, a text, a link, in the receiver's language (R10, B33).

Programs read the keys that messages always had; these stand beside them and replace none. They are made when a
message is sent, not when it is written: so a receiver whose language is changed gets what waits in it, too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from redrabbit.alarms.delivery import Channel
from redrabbit.base.messages import LANGUAGES, Catalogue, Message, catalogue
from redrabbit.domain.plant import NotificationTarget, Plant
from redrabbit.domain.text import Text
from redrabbit.domain.way import person_of_way
from redrabbit.services.queries.receivers import EVENT_WORDS

WITHOUT_ALARM: Final[Mapping[str, str]] = {
    "not_recording": "event.not_recording",
    "recording_again": "event.recording_again",
    "checkpoint": "event.checkpoint",
}
"""Words for messages that tell of no alarm, by their event."""
HOME: Final = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWords:
    """Says messages of one plant."""

    plant: str
    zone: ZoneInfo
    address: str | None
    """Where people reach the service; None: links are paths only."""

    @classmethod
    def of(cls, plant: Plant) -> "MessageWords":
        """Return those of a plant."""
        return cls(plant=plant.name, zone=plant.zone, address=plant.address)

    def with_words(self, body: str, language: str | None) -> str:
        """Return a message with its words; what it says itself stays as it is."""
        told = json.loads(body)
        if not told.get("event"):
            return body
        words = {each: self._in(told, each) for each in LANGUAGES}
        added: dict[str, object] = {
            "plant": self.plant,
            "language": language or LANGUAGES[0],
            **words[language or LANGUAGES[0]],
            "link": self._link(told),
        }
        if language is None:
            added["words"] = words
        return json.dumps(added | told, ensure_ascii=False)

    def _link(self, told: Mapping[str, Any]) -> str:
        path = _part(told, "together").get("page") or told.get("page") or HOME
        return f"{self.address or ''}{path}"

    def _in(self, told: Mapping[str, Any], language: str) -> dict[str, str]:
        says = catalogue(language, self.zone)
        event = str(told["event"])
        what = _event(event, says)
        place = _place(told, says)
        title = says.render(Message("told.title", {"what": what, "place": place or self.plant}))
        at = _instant(told.get("raised_at") or told.get("since") or told.get("at"))
        where = [self.plant, place, says.instant(at) if at is not None else ""]
        lines = [
            self._sentence(event, what, told, says),
            *self._again(told, says),
            says.gettext(", ").join(each for each in where if each),
            self._link(told),
        ]
        return {"title": title, "text": "\n".join(lines)}

    def _again(self, told: Mapping[str, Any], says: Catalogue) -> list[str]:
        """Return that nobody of earlier steps could be told, or that others were and nobody has taken it (R10)."""
        is_first = told.get("step") in {None, 1} and not told.get("repeat")
        steps = told.get("nobody_at")
        missed = ", ".join(str(step) for step in steps) if isinstance(steps, list) else ""
        lines = [] if is_first else [says.render(Message("told.again"))]
        return [
            *lines,
            *([says.render(Message("told.nobody_at", {"steps": missed}))] if missed else []),
        ]

    def _sentence(self, event: str, what: str, told: Mapping[str, Any], says: Catalogue) -> str:
        together = _part(told, "together")
        if together:
            kinds = [_event(each, says) for each in _part(together, "kinds")]
            several = {
                "n": together.get("count"),
                "what": kinds or what,
                "first": _instant(_part(together, "first").get("raised_at")),
                "last": _instant(_part(together, "last").get("raised_at")),
            }
            return says.render(Message("told.together", several))
        one = {
            "part": told.get("part_id"),
            "receiver": _receiver(told.get("receiver")),
            "n": told.get("runs_without_verdict"),
        }
        said = Message(f"told.{event}", one)
        return says.render(said) if says.knows(said.code) else what


@dataclass(frozen=True, slots=True)
class WordedChannel:
    """A way to a receiver that is told in words, too."""

    way: Channel
    words: MessageWords
    language: str | None

    async def send(self, key: str, body: str) -> None:
        """Send the message with its words; DeliveryFailed unless the receiver has taken it."""
        await self.way.send(key, self.words.with_words(body, self.language))


def worded(channels: Mapping[str, Channel], plant: Plant) -> Mapping[str, Channel]:
    """Return the ways to a plant's receivers, on which messages are sent with their words."""
    languages: Mapping[str, NotificationTarget] = {each.name: each for each in plant.targets}
    words = MessageWords.of(plant)
    return {
        name: WordedChannel(way, words, languages[name].language) for name, way in channels.items()
    }


def _receiver(name: Any) -> Any:
    """Return a receiver's name; of a person's way their number: who is who stands on the page."""
    return name if name is None else person_of_way(str(name)) or name


def _place(told: Mapping[str, Any], says: Catalogue) -> str:
    """Return line, operation and device as they were called then; ids where no names are kept."""
    names = _part(told, "names")
    here = [names.get("line"), names.get("operation"), names.get("device") or names.get("station")]
    if not any(here):
        here = [told.get("line"), told.get("device") or told.get("station")]
    return " · ".join(_words(each, says) for each in here if each)


def _event(event: str, says: Catalogue) -> str:
    return says.render(Message(EVENT_WORDS.get(event) or WITHOUT_ALARM.get(event, event)))


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what has keys of its own; nothing where it is missing, or something else."""
    part = told.get(name)
    return part if isinstance(part, Mapping) else {}


def _words(name: Any, says: Catalogue) -> str:
    if not isinstance(name, Mapping):
        return str(name)
    return Text(en=str(name.get("en", "")), zh=str(name.get("zh", ""))).in_language(says.language)


def _instant(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
