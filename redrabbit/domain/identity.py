"""Who and what a record is about: identities as types, and the actor of each act.

Ids of stations, devices, checks and parts are immutable slugs from the plant's files; run,
occurrence and containment numbers are given in the writing transaction (D14).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

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
        """Return a person as they named themselves."""
        return cls(name=name, identified=Identified.STATED)


AGENT = Actor(name="agent", identified=Identified.SYSTEM)
SCHEDULER = Actor(name="scheduler", identified=Identified.SYSTEM)
CONFIGURATION = Actor(name="configuration", identified=Identified.SYSTEM)
