"""Who and what a record is about: identities as types, and the actor of each act.

Ids of stations, devices, checks and parts are immutable slugs from the plant's files; run,
occurrence and containment numbers are given in the writing transaction (D14).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from redrabbit.domain.errors import Refusal
from redrabbit.domain.text import TextProblem, clean_name

LineId = NewType("LineId", str)
StationId = NewType("StationId", str)
DeviceId = NewType("DeviceId", str)
CheckId = NewType("CheckId", str)
PartId = NewType("PartId", str)
FailureMode = NewType("FailureMode", str)
SignalName = NewType("SignalName", str)
RunId = NewType("RunId", int)
OccurrenceId = NewType("OccurrenceId", int)
ContainmentId = NewType("ContainmentId", int)


def run_label(run_id: int) -> str:
    """Return the number as people say it, for example `R-20871`."""
    return f"R-{run_id}"


def containment_label(containment_id: int) -> str:
    """Return the number as people say it, for example `C-31`."""
    return f"C-{containment_id}"


class Identified(StrEnum):
    """How an actor's identity was established."""

    STATED = "stated"
    """Typed or scanned by the person; *not authenticated* (D19)."""

    SYSTEM = "system"
    """The software itself: agent, scheduler, loader of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: a badge number or name as stated, or a part of the software (R19)."""

    name: str
    identified: Identified

    @classmethod
    def stated(cls, name: str) -> "Actor":
        """Return a person as they named themselves.

        Raises Refusal for what is no name: empty, too long, with characters that nobody sees or
        that deceive (D24), or one by which the software itself signs.
        """
        cleaned = clean_name(name)
        if isinstance(cleaned, TextProblem):
            required = cleaned.code == "text_missing"
            raise Refusal("operator_required" if required else cleaned.code, **cleaned.params)
        if is_of_the_software(cleaned):
            raise Refusal("operator_name_reserved", name=cleaned)
        return cls(name=cleaned, identified=Identified.STATED)


def is_of_the_software(name: str) -> bool:
    """Return whether a name is one of the software's own, however it is written."""
    return unicodedata.normalize("NFKC", name).casefold() in _OF_THE_SOFTWARE


AGENT = Actor(name="agent", identified=Identified.SYSTEM)
SCHEDULER = Actor(name="scheduler", identified=Identified.SYSTEM)
CONFIGURATION = Actor(name="configuration", identified=Identified.SYSTEM)

_OF_THE_SOFTWARE: Final = frozenset({AGENT.name, SCHEDULER.name, CONFIGURATION.name})
