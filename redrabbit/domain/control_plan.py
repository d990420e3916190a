"""The control plan: which device is verified with which parts, how often, and what follows a miss.

R02: each check names its control plan line and PFMEA line with revision. R05: a check is an
ordered list of presentations.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import CheckId, DeviceId, LineId, PartId, StationId
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.schedule import ScheduleRule
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One presentation that a check asks for: this part, before this device (D36)."""

    part: PartId
    device: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One requirement of the control plan: this device, these challenge parts, this frequency."""

    id: CheckId
    plan_line: str
    """The line's number in the control plan."""
    pfmea: str
    """The PFMEA line with its revision, for example `12.4 rev C`."""
    line: LineId
    station: StationId
    device: DeviceId
    parts: tuple[PartId, ...]
    """Presented in this order; at least one is a challenge part."""
    schedule: ScheduleRule
    opens_before: timedelta
    """How early the check may be run."""
    grace: timedelta
    """After due, how long it is *due* before it is *overdue*."""
    closes_after: timedelta
    """After due, when the window closes and an undone check has *lapsed*; at least `grace`."""
    reaction: tuple[Text, ...]
    """What to do after a miss, step by step, at the station (R24)."""
    arming_timeout_s: float = 120.0
    """From the scan to presented."""
    return_timeout_s: float = 300.0
    """From the verdict to the part scanned back (L5)."""
    run_timeout_s: float = 900.0
    """From the start to the end of a run; holds the occurrence as long (D9)."""
    escalate_after_inconclusive: int = 3
    """After so many inconclusive runs of one occurrence the quality engineer is told (D4)."""
    least_grade: Grade | None = None
    """The lowest grade of evidence that fulfils it (D28); None: any."""
    rotation: Rotation | None = None
    """How its failure modes take turns; None: each run shows all of them."""
    special_characteristic: str | None = None
    """CC, SC, …, as the plan marks its line."""

    @property
    def steps(self) -> tuple[CheckStep, ...]:
        """What is presented where, in order; today every part goes before the check's one device."""
        return tuple(CheckStep(part=part, device=self.device) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlan:
    """A released, revisioned control plan."""

    number: str
    revision: str
    effective_from: datetime | None
    """Aware; None: from when it is first loaded."""
    checks: tuple[Check, ...]

    @property
    def label(self) -> str:
        """As printed on records, for example `CP-204 rev F`."""
        return f"{self.number} rev {self.revision}"
