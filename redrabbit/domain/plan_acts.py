"""What people ask of the control plan's revisions, as values (D22, D44, D45).

A revision is named by the digest of its content, so that nobody decides on another content than the one they saw.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from redrabbit.domain.acts import Act
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.records import ApprovalRecord, PlanRevisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePlan(Act[PlanRevisionRecord | ApprovalRecord]):
    """Approve a draft; or say by which document it was approved in another system (D45)."""

    KIND: ClassVar = "approve_plan"

    digest: str
    elsewhere_number: str | None
    """Of that document; None: it is approved here."""
    elsewhere_on: date | None
    """The day on which it was approved there."""
    elsewhere_digest: str | None
    """SHA-256, hex, of the picture or file that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan(Act[PlanRevisionRecord]):
    """Say from when on an approved revision counts."""

    KIND: ClassVar = "schedule_plan"

    digest: str
    effective_at: datetime | None
    """None: from the start of the next shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardPlan(Act[PlanRevisionRecord]):
    """Take back a revision that never took effect."""

    KIND: ClassVar = "discard_plan"

    digest: str
    reason: str


ActOnPlan = ApprovePlan | SchedulePlan | DiscardPlan
"""Acts on a revision that is stored."""

PLAN_ACTS: tuple[type[Act[Record]], ...] = (ApprovePlan, SchedulePlan, DiscardPlan)
"""Every act on the control plan."""


def approval_here(digest: str) -> ApprovePlan:
    """Return the act of approving a draft here, by no document of another system."""
    return ApprovePlan(
        digest=digest, elsewhere_number=None, elsewhere_on=None, elsewhere_digest=None
    )
