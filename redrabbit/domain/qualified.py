"""Whether somebody is qualified to run a check (R19): for its station, its device, or the check itself."""

from collections.abc import Iterable
from datetime import datetime

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.qualification import QualificationGap, QualificationRecord
from redrabbit.domain.role import Role

LEADING = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
"""Of whom no qualification is asked: they answer for the operators."""


def qualification_gap(
    held: Iterable[QualificationRecord], check: Check, at: datetime
) -> QualificationGap | None:
    """Return why somebody who holds these is not qualified for a check; None: they are."""
    about = [each for each in held if each.withdrawn_at is None and _is_about(each, check)]
    if any(each.valid_until is None or at < each.valid_until for each in about):
        return None
    return QualificationGap.ENDED if about else QualificationGap.MISSING


def _is_about(held: QualificationRecord, check: Check) -> bool:
    return held.station == check.station or held.device == check.device or held.check_id == check.id
