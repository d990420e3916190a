"""Who and what a record is about: identities as types, numbers per stream, the actor of each act.

Ids of stations, devices, checks and parts are immutable slugs from the plant's files. Runs, scheduled
checks, containments, pauses and alarms are numbered within their stream in the writing transaction
(D14, D50): `line1-R-1042` is run 1042 of line1. What schema 1 numbered through the whole plant keeps
its form, `R-1042`, and its address.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.text import TextProblem, clean_name, compared_name

LineId = NewType("LineId", str)
StationId = NewType("StationId", str)
DeviceId = NewType("DeviceId", str)
CheckId = NewType("CheckId", str)
PartId = NewType("PartId", str)
"""One piece: the code on its label."""
PartKindId = NewType("PartKindId", str)
"""A kind of challenge part: any fit piece of it serves (D36)."""
FailureMode = NewType("FailureMode", str)
SignalName = NewType("SignalName", str)
RunId = NewType("RunId", str)
OccurrenceId = NewType("OccurrenceId", str)
ContainmentId = NewType("ContainmentId", str)
PauseId = NewType("PauseId", str)
AlarmId = NewType("AlarmId", str)
PersonId = NewType("PersonId", str)
GrantId = NewType("GrantId", str)
BadgeId = NewType("BadgeId", str)
"""A keyed digest of a badge's code, hex: the code itself stands nowhere."""
QualificationId = NewType("QualificationId", str)
ScreenId = NewType("ScreenId", str)
TokenId = NewType("TokenId", str)
SilenceId = NewType("SilenceId", str)
EventId = NewType("EventId", str)


class Letter(StrEnum):
    """What a number counts: the letter before it."""

    RUN = "R"
    OCCURRENCE = "O"
    CONTAINMENT = "C"
    PAUSE = "P"
    ALARM = "A"
    SILENCE = "S"
    EVENT = "E"


class PlantLetter(StrEnum):
    """What a number of the whole plant counts: people and what belongs to them (D50)."""

    PERSON = "p"
    GRANT = "g"
    QUALIFICATION = "q"
    SCREEN = "s"
    TOKEN = "t"  # noqa: S105  because it is a letter, not a secret


_NUMBERED: Final = re.compile(
    r"(?:(?P<stream>\S+)-)?(?P<letter>[ROCPASE])-(?P<number>[1-9][0-9]{0,17})"
)
_IN_PLANT: Final = re.compile(
    r"(?P<letter>[pgqst])-(?P<number>(?!0+$)(?:[0-9]{4}|[1-9][0-9]{4,17}))"
)
_PLAIN_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


def numbered(stream: str, letter: Letter, number: int) -> str:
    """Return the id of the n-th of its kind on a stream, for example `line1-R-1042`."""
    return f"{stream}-{letter.value}-{number}"


def numbered_in_schema_1(letter: Letter, number: int) -> str:
    """Return the id of what schema 1 numbered through the whole plant, for example `R-1042`."""
    return f"{letter.value}-{number}"


def read_id(text: str, letter: Letter) -> str | None:
    """Return the id that an address says; None if it is none of this kind.

    A plain number is an address printed under schema 1, which answers for ever (D65).
    """
    if _PLAIN_NUMBER.fullmatch(text):
        return numbered_in_schema_1(letter, int(text))
    match = _NUMBERED.fullmatch(text)
    return text if match is not None and match["letter"] == letter.value else None


def number_of(numbered_id: str) -> int:
    """Return the number of an id; ValueError for a text that is none."""
    match = _NUMBERED.fullmatch(numbered_id)
    if match is None:
        raise ValueError(f"{numbered_id!r} is no numbered id")
    return int(match["number"])


def numbered_in_plant(letter: PlantLetter, number: int) -> str:
    """Return the id of the n-th person, or of what belongs to people, for example `p-0042`."""
    return f"{letter.value}-{number:04d}"


def number_in_plant(plant_id: str) -> int:
    """Return the number of such an id; ValueError for a text that is none."""
    match = _IN_PLANT.fullmatch(plant_id)
    if match is None:
        raise ValueError(f"{plant_id!r} is no id of a person, nor of what belongs to people")
    return int(match["number"])


def is_a_person(actor_id: str) -> bool:
    """Tell whether an actor's id is the number of a registered person."""
    match = _IN_PLANT.fullmatch(actor_id)
    return match is not None and match["letter"] == PlantLetter.PERSON.value


class How(StrEnum):
    """How an actor's identity was established (D65)."""

    STATED = "stated"
    """Typed or scanned by the person: *name not verified* (D19)."""
    TAUGHT_IN = "taught_in"
    BADGE = "badge"
    BADGE_PIN = "badge_pin"
    PASSWORD = "password"  # noqa: S105  because it is the name of a way, not a secret
    LINK = "link"
    """By a link that an administrator gave them, once, to set a password."""
    OIDC = "oidc"
    SECURITY_KEY = "security_key"
    TOKEN = "token"  # noqa: S105  because it is the name of a way, not a secret
    PAPER = "paper"
    SYSTEM = "system"
    """The software itself: agent, scheduler, loader of files."""

    @property
    def is_verified(self) -> bool:
        """False where a name was only said."""
        return self is not How.STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """By what somebody is known: it has to count still when what they do is recorded. None: not by this."""

    badge: BadgeId | None = None
    pin: str | None = None
    """The mark of the PIN that they gave."""
    password: str | None = None
    """The mark of the password that they had."""
    session: str | None = None
    """The digest of the session in which they are signed in."""
    screen: ScreenId | None = None
    """The enrolled screen that they use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it, and how that is known (R19, D23)."""

    id: str
    """A person's number, the salted digest of a stated name, or a part of the software; in schema 1
    the name itself."""
    how: How
    station: str | None = None
    """The station whose screen was used, if one was."""
    token: str | None = None
    """The number of the API token, if one was used."""
    standing: Standing | None = field(default=None, compare=False, repr=False)
    """By what they are known; nothing of it is recorded. None: by a token, which is looked up by its number, or by nothing."""
    new_name: StatedName | None = field(default=None, compare=False, repr=False)
    """The name that they state, where it is not kept yet: it is kept with what they do, or not at all."""

    @classmethod
    def stated(cls, actor_id: str, new_name: StatedName | None = None) -> "Actor":
        """Return a person as they named themselves; `actor_id` stands for the name."""
        return cls(id=actor_id, how=How.STATED, new_name=new_name)


AGENT = Actor(id="agent", how=How.SYSTEM)
SCHEDULER = Actor(id="scheduler", how=How.SYSTEM)
CONFIGURATION = Actor(id="configuration", how=How.SYSTEM)
SERVER = Actor(id="server", how=How.SYSTEM)
"""The command line of the server: whoever may use it need not sign in, and is known to the machine only."""

_OF_THE_SOFTWARE: Final = frozenset({AGENT.id, SCHEDULER.id, CONFIGURATION.id, SERVER.id})


def person_name(text: str) -> str:
    """Return a person's name as it is kept.

    Raises Refusal for what is no name: empty, too long, with characters that nobody sees or that
    deceive (D24), one by which the software itself signs, or the number of a person.
    """
    cleaned = clean_name(text)
    if isinstance(cleaned, TextProblem):
        required = cleaned.code == "text_missing"
        raise Refusal("operator_required" if required else cleaned.code, **cleaned.params)
    if is_of_the_software(cleaned) or is_a_person(compared_name(cleaned)):
        raise Refusal("operator_name_reserved", name=cleaned)
    return cleaned


def is_of_the_software(name: str) -> bool:
    """Return whether a name is one of the software's own, however it is written."""
    return compared_name(name) in _OF_THE_SOFTWARE
