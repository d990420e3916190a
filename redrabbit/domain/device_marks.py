"""The two marks of a device, and what neither of them may hide (D35).

The status (D10) says whether the device can be trusted now: after its re-verification it is verified.
Beside it stands a badge for each case until a person has closed it, because the parts in its window
are still out there. What is overdue is told beside the status wherever another one stands before it,
and so are runs that came to no verdict: nobody gives up a check without its being seen (D4).
"""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.device_status import (
    DeviceFacts,
    DeviceStanding,
    DeviceStatus,
    device_status,
    longest_overdue,
)
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.identity import ContainmentId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.window_moves import so_far


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBadge:
    """One case that nobody has closed, as it stands beside a device's status."""

    containment_id: ContainmentId
    state: ContainmentState
    opened_at: datetime
    quantity: int | None
    """Suspect parts, as far as counted; None: not counted at all."""
    at_least: bool
    """True while there may be more: the window is open, or what was counted is a lower bound (D34)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMarks:
    """What is to be seen of a device at a glance."""

    standing: DeviceStanding
    """Whether it can be trusted now."""
    overdue: DeviceStanding | None
    """What is overdue longest; None: nothing is."""
    cases: tuple[CaseBadge, ...]
    """Its cases that are not closed, oldest first."""
    runs_without_verdict: int
    """Of its check that was run most often in a row without a verdict; 0: of none."""

    @property
    def overdue_behind(self) -> DeviceStanding | None:
        """Return what is overdue where the status says something worse; None: nothing is hidden."""
        return None if self.standing.status is DeviceStatus.OVERDUE else self.overdue

    @property
    def without_verdict_behind(self) -> int:
        """Return how many runs in a row came to no verdict, where the status does not say it; 0: none.

        Of a single one that was inconclusive, the status is told by that run.
        """
        said = self.standing.runs_without_verdict is not None
        of_one = (
            self.standing.status is DeviceStatus.INCONCLUSIVE and self.runs_without_verdict == 1
        )
        return 0 if said or of_one else self.runs_without_verdict


def device_marks(facts: DeviceFacts, now: datetime, count: PartCount | None = None) -> DeviceMarks:
    """Return a device's status with all that must be seen beside it (D35).

    `count` is what its station was seen to have counted last; None: not known, or it doesn't count.
    """
    unclosed = [case for case in facts.containments if case.state is not ContainmentState.CLOSED]
    return DeviceMarks(
        standing=device_status(facts, now),
        overdue=longest_overdue(facts, now),
        cases=tuple(
            case_badge(case, count) for case in sorted(unclosed, key=lambda c: c.opened_at)
        ),
        runs_without_verdict=max((check.runs_without_verdict for check in facts.checks), default=0),
    )


def case_badge(case: ContainmentRecord, count: PartCount | None = None) -> CaseBadge:
    """Return what is known of a case, for its badge; `count` is what its station counted last."""
    parts = so_far(case, count)
    return CaseBadge(
        containment_id=case.containment_id,
        state=case.state,
        opened_at=case.opened_at,
        quantity=parts.quantity,
        at_least=parts.is_lower_bound,
    )
