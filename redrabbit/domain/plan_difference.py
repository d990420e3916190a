"""What one control plan asks for otherwise than another, check by check, as codes with values (D55)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.facts.plan_revision import PlanDifference
from redrabbit.domain.rotation import rotation_text
from redrabbit.domain.schedule_words import duration_text, schedule_text


def plan_difference(before: ControlPlan, after: ControlPlan) -> tuple[PlanDifference, ...]:
    """Return every difference in what is asked of people; none where only number or revision differ."""
    known = {check.id: check for check in before.checks}
    wanted = {check.id for check in after.checks}
    found: list[PlanDifference] = []
    for check in after.checks:
        was = known.get(check.id)
        if was is None:
            found.append(
                _says(
                    "check_new",
                    check,
                    device=check.device,
                    line=check.plan_line,
                    schedule=schedule_text(check.schedule),
                    parts=", ".join(check.parts),
                )
            )
        else:
            found += _changes(was, check)
    found += [
        _says("check_left_out", check, device=check.device, line=check.plan_line)
        for check in before.checks
        if check.id not in wanted
    ]
    return tuple(found)


def _says(code: str, check: Check, **params: Any) -> PlanDifference:
    return PlanDifference(code=code, check_id=check.id, params=params)


def _changes(was: Check, now: Check) -> Iterator[PlanDifference]:
    texts = {
        "plan_line": (was.plan_line, now.plan_line),
        "pfmea": (was.pfmea, now.pfmea),
        "device": (was.device, now.device),
        "schedule": (schedule_text(was.schedule), schedule_text(now.schedule)),
        "opens_before": _durations(was.opens_before, now.opens_before),
        "grace": _durations(was.grace, now.grace),
        "closes_after": _durations(was.closes_after, now.closes_after),
        "arming_timeout": _seconds(was.arming_timeout_s, now.arming_timeout_s),
        "return_timeout": _seconds(was.return_timeout_s, now.return_timeout_s),
        "run_timeout": _seconds(was.run_timeout_s, now.run_timeout_s),
        "least_grade": (_grade(was), _grade(now)),
        "special_characteristic": (
            was.special_characteristic or "-",
            now.special_characteristic or "-",
        ),
        "rotation": (_rotation(was), _rotation(now)),
        "escalate_after": (
            str(was.escalate_after_inconclusive),
            str(now.escalate_after_inconclusive),
        ),
    }
    for code, (before, after) in texts.items():
        if before != after:
            yield _says(code, now, before=before, after=after)
    added = [part for part in now.parts if part not in was.parts]
    removed = [part for part in was.parts if part not in now.parts]
    if added:
        yield _says("parts_added", now, parts=", ".join(added))
    if removed:
        yield _says("parts_removed", now, parts=", ".join(removed))
    if not added and not removed and was.parts != now.parts:
        yield _says("parts_reordered", now, parts=", ".join(now.parts))
    for number, (old, new) in enumerate(zip(was.reaction, now.reaction, strict=False), 1):
        if old != new:
            yield _says("reaction_step", now, step=number, before=old.en, after=new.en)
    if len(was.reaction) != len(now.reaction):
        yield _says(
            "reaction_length", now, before=str(len(was.reaction)), after=str(len(now.reaction))
        )


def _durations(was: timedelta, now: timedelta) -> tuple[str, str]:
    return duration_text(was), duration_text(now)


def _seconds(was: float, now: float) -> tuple[str, str]:
    return _durations(timedelta(seconds=was), timedelta(seconds=now))


def _rotation(check: Check) -> str:
    return "-" if check.rotation is None else rotation_text(check.rotation)


def _grade(check: Check) -> str:
    return "-" if check.least_grade is None else check.least_grade.value
