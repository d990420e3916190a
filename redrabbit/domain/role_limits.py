"""What a role does not reach, though the table of acts allows it (D45, D56).

A shift leader decides for this shift and the next; whoever did one half of a thing does not do the other half; and
nobody ends what somebody else began without leading.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Final

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.badge import BadgeRecord
from redrabbit.domain.facts.challenge_part import ChallengePartRecord
from redrabbit.domain.facts.plan_revision import PlanRevisionRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.identity import Actor, How, PersonId
from redrabbit.domain.permissions import PROOFS
from redrabbit.domain.role import Role
from redrabbit.domain.shift_calendar import ShiftCalendar, shift_windows

PAUSE_OF_A_SHIFT_LEADER: Final = timedelta(hours=24)
"""Also of a program (D56)."""

_AHEAD: Final = timedelta(days=8)
"""Within a week every shift of a calendar begins once; a day more for what daylight saving takes."""

_LEADING: Final = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_FLOOR: Final = frozenset(
    {Role.OPERATOR, Role.MAINTENANCE, Role.PROCESS_ENGINEER, Role.PARTS_KEEPER}
)
"""Roles of people for whose badges a shift leader answers."""


def refuse_long_pause(roles: frozenset[Role], length: timedelta) -> None:
    """Refuse a pause that takes a quality engineer, to somebody who is none (D56)."""
    if Role.QUALITY_ENGINEER not in roles and length > PAUSE_OF_A_SHIFT_LEADER:
        raise Refusal("pause_too_long", length=length, limit=PAUSE_OF_A_SHIFT_LEADER)


def one_shift_ahead(calendar: ShiftCalendar, now: datetime) -> datetime:
    """Return the end of the shift after this one; outside of shifts, of the next one.

    `now` where no shift is in sight: nothing is then ahead that a shift leader could speak for.
    """
    coming = shift_windows(calendar, now, now + _AHEAD)
    reach = 2 if coming and coming[0].begins_at <= now else 1
    return max((window.ends_at for window in coming[:reach]), default=now)


def refuse_early_excuse(
    roles: frozenset[Role], due_at: datetime, calendar: ShiftCalendar | None, now: datetime
) -> None:
    """Refuse to excuse what falls due later than one shift ahead, to who is no quality engineer."""
    if Role.QUALITY_ENGINEER in roles:
        return
    limit = now if calendar is None else one_shift_ahead(calendar, now)
    if due_at > limit:
        raise Refusal("excuse_too_early", due_at=due_at, limit=limit)


def refuse_others_run(roles: frozenset[Role], actor: Actor, ran_it: Iterable[str]) -> None:
    """Refuse to end a run to who neither ran it nor leads; `ran_it`: ids of who did."""
    if not roles & _LEADING and actor.id not in set(ran_it):
        raise Refusal(
            "run_of_another", needs=tuple(role.value for role in Role if role in _LEADING)
        )


def refuse_same_person(part: ChallengePartRecord, actor: Actor) -> None:
    """Refuse the release of a part to everybody who quarantined it since the last one: another person looks at it."""
    if part.state is PartState.QUARANTINED and actor.id in part.taken_out_by:
        raise Refusal("same_person", part=part.part_id)


def refuse_own_plan(plan: PlanRevisionRecord, actor: Actor) -> None:
    """Refuse to say that a plan was approved elsewhere, where the plant wants two people before, and these are not two (D45).

    Who brought it is the other one, and only where both are known by more than a badge: who brought it at the server, or in a
    stated name, may be the very one who says so.
    """
    if plan.stored_by == actor.id:
        raise Refusal("plan_of_own", plan=plan.label)
    if not {plan.stored_how, actor.how} <= PROOFS:
        raise Refusal("plan_of_nobody_known", plan=plan.label)


def refuse_own_request(request: ApprovalRecord, actor: Actor) -> None:
    """Refuse to who asked for an act to decide on it: another person does; who asked withdraws it (D45)."""
    if request.decided_by == actor.id:
        raise Refusal("request_of_own", entry=request.of_entry)


def refuse_own_hand(request: ApprovalRecord, actor: Actor, took_part: Iterable[str]) -> None:
    """Refuse to who had a hand in what a request is about to decide on it: who may not approve it does not refuse it either (D47)."""
    if actor.id in set(took_part):
        raise Refusal("request_of_own_hand", entry=request.of_entry)


def refuse_others_request(request: ApprovalRecord, actor: Actor) -> None:
    """Refuse to withdraw what somebody else asked for (D45)."""
    if request.decided_by != actor.id:
        raise Refusal("request_of_another", entry=request.of_entry)


def refuse_beyond_the_floor(
    roles: frozenset[Role],
    leads: Iterable[str | None],
    holder: PersonId,
    held: Iterable[RoleGrantRecord],
) -> None:
    """Refuse to who only leads a shift what lets them act as somebody with other rights or on other lines.

    `leads` are the lines that they lead (None: all), `held` the grants that the badge or credential would stand for.
    """
    if Role.ADMINISTRATOR in roles:
        return
    lines = set(leads)
    for grant in held:
        led = None in lines or grant.line in lines
        if grant.role not in _FLOOR or not led:
            raise Refusal("person_beyond_floor", person=holder, role=grant.role.value)


def is_beyond_the_floor(role: Role) -> bool:
    """Tell whether a shift leader gives no badge to who has this role: then an administrator does."""
    return role not in _FLOOR


def might_give_any_badge(badge: BadgeRecord, grants_of_giver: Iterable[RoleGrantRecord]) -> bool:
    """Tell whether whoever gave a badge might give one to a holder of any role, when they gave it.

    The server may, and who was administrator then, whatever they are now.
    """
    return badge.issued_how is How.SYSTEM or any(
        grant.role is Role.ADMINISTRATOR
        and grant.granted_entry < badge.issued_entry
        and (grant.revoked_entry is None or badge.issued_entry < grant.revoked_entry)
        and grant.from_at <= max(badge.issued_at, grant.granted_at)
        and (grant.until_at is None or badge.issued_at < grant.until_at)
        for grant in grants_of_giver
    )


def withdrawn_with(
    grant: RoleGrantRecord, badges: Iterable[BadgeRecord]
) -> tuple[BadgeRecord, ...]:
    """Return which of a person's badges were taken away because this role was granted, as long as nobody gave them one since.

    Their entries stand right before that of the grant, by whoever granted it and at the same instant.
    """
    theirs = tuple(badges)
    if any(badge.issued_entry > grant.granted_entry for badge in theirs):
        return ()
    by_entry = {
        badge.revoked_entry: badge
        for badge in theirs
        if (badge.revoked_by, badge.revoked_at) == (grant.granted_by, grant.granted_at)
    }
    entries = takewhile(by_entry.__contains__, count(grant.granted_entry - 1, -1))
    return tuple(by_entry[entry] for entry in entries)
