"""What a plant decides about people, in its plant file (D45, D47)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from redrabbit.domain.approval import ApprovalRules


class StatedNames(StrEnum):
    """Whether somebody may act in a name that nobody verified, once people are registered."""

    AT_STATIONS = "at_stations"
    """As an operator, before an enrolled screen of a station."""
    NEVER = "never"


class AskedQualification(StrEnum):
    """What becomes of a run that an operator starts without a qualification for it (R19)."""

    ASK = "ask"
    """It is refused."""
    WARN = "warn"
    """It goes on, and the record says so."""
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRules:
    """The plant's own rules."""

    stated_names: StatedNames = StatedNames.AT_STATIONS
    qualification: AskedQualification = AskedQualification.IGNORE
    approval: ApprovalRules = field(default_factory=ApprovalRules)


USUAL_RULES: Final = PeopleRules()
"""Where the plant file says nothing."""
