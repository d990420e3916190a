"""Words of their own time: what facts keep so that an old record is told as it was then (D23, B35).

They stand once, in the facts that begin something (D53); all others refer to it by its number. What
schema 1 did not keep is null.
"""

from dataclasses import dataclass
from datetime import date

from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReference:
    """Where in the control plan and the PFMEA a check stands, with their revisions (R02)."""

    number: str
    revision: str
    line: str | None
    pfmea: str | None

    @property
    def label(self) -> str:
        """As printed on records, for example `CP-204 rev F`."""
        return f"{self.number} rev {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceNames:
    """What line, station and device were called."""

    line: Text
    operation: str
    """The station as on the line's layout, for example `OP20`."""
    station: Text
    device: Text | None
    """None where the fact is about the whole station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """What was certified of a challenge part when it was taken (R04)."""

    certified_on: date | None
    valid_until: date
    measured: str | None
    """The measured value with its unit."""
    drawing_revision: str | None
