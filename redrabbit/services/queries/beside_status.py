"""What stands beside the status of a device: the badges of its cases, and what is overdue (D35)."""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.base.messages import Message
from redrabbit.domain.device_marks import CaseBadge, DeviceMarks
from redrabbit.domain.identity import ContainmentId
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeShown:
    """One case that nobody has closed."""

    containment: ContainmentId
    state: str
    words: Message
    """How many parts are suspect, and for how long it has been open."""


def badges_shown(marks: DeviceMarks, now: datetime) -> tuple[BadgeShown, ...]:
    """Return the badges of a device, oldest first."""
    return tuple(badge_shown(badge, now) for badge in marks.cases)


def badge_shown(badge: CaseBadge, now: datetime) -> BadgeShown:
    """Return one badge in words."""
    return BadgeShown(
        containment=badge.containment_id,
        state=badge.state.value,
        words=message(
            f"case.badge.{badge.state.value}", parts=_parts(badge), age=now - badge.opened_at
        ),
    )


def overdue_behind(marks: DeviceMarks, now: datetime) -> Message | None:
    """Return for how long something is overdue that the status does not say; None: nothing is."""
    overdue = marks.overdue_behind
    if overdue is None:
        return None
    assert overdue.since is not None  # noqa: S101  what is overdue has the end of its grace
    return message("board.overdue", overdue=now - overdue.since)


def without_verdict(n: int) -> Message | None:
    """Return how many runs in a row came to no verdict; None for none."""
    if n <= 1:
        return message("without_verdict.once") if n else None
    return message("without_verdict.again", n=n)


def _parts(badge: CaseBadge) -> Message:
    if badge.quantity is None:
        return message("case.parts_unknown")
    return message("case.parts_at_least" if badge.at_least else "case.parts", n=badge.quantity)
