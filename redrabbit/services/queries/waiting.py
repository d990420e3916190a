"""What waits for a person, and for whom: each thing with the one place where it is done (R14, R20, B21).

It waits for whoever may do it on its line by the table of acts; what somebody may not decide because they had a hand in it
waits for another person. A reader of records sees what waits for others, too: nothing here is hidden.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from redrabbit.base.messages import Message
from redrabbit.domain import acts, plan_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.challenge_part import Custody, PartState
from redrabbit.domain.containment_questions import ToDo, left_to_do, open_containments
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.pulse import PulseState
from redrabbit.domain.fallen_requests import WAITS
from redrabbit.domain.occurrence import OccurrenceStatus, holding_run, status
from redrabbit.domain.pauses import is_overdue_by
from redrabbit.domain.permissions import MAY, may
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ApprovalRecord,
    ChallengePartRecord,
    ContainmentRecord,
    LapseReasonRecord,
    PlanRevisionRecord,
    PulseRecord,
)
from redrabbit.domain.role import Role
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.domain.subject import Subject
from redrabbit.services.administrators_added import is_for_administrators
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.alarms import MOST_OPEN
from redrabbit.services.queries.scheduled_checks import ChecksWanted, End, newest_checks
from redrabbit.services.queries.wording import message
from redrabbit.services.signables import who_had_a_hand_in

MOST_LAPSES: Final = 200
LAPSES_OF: Final = timedelta(days=31)
"""So long it is asked why a check lapsed; the list of scheduled checks has all."""
EXPIRES_SOON: Final = timedelta(days=30)
MOST_NAMED: Final = 5
"""Parts that one line of words names."""

RolesOn = Callable[[str | None], frozenset[Role]]
"""The roles of whoever asks on a line; None: for what belongs to no line."""


class Kind(StrEnum):
    """What waits, the gravest first."""

    PARTS_MISSING = "parts_missing"
    CASE = "case"
    OVERDUE = "overdue"
    ALARMS = "alarms"
    NOT_DELIVERED = "not_delivered"
    APPROVAL = "approval"
    CLOSE_CASE = "close_case"
    LAPSES = "lapses"
    PARTS_EXPIRE = "parts_expire"
    PULSE = "pulse"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsFor:
    """One thing that waits."""

    kind: Kind
    words: Message
    href: str
    is_mine: bool
    """Whether whoever asks may do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    reader: Reader
    plant: Plant
    now: datetime
    person: str | None
    """The id of who asks; None: nobody who is registered."""
    roles: RolesOn

    def may(self, act: type[Act[Any]], line: str | None) -> bool:
        return may(self.roles(line), act)


def what_waits(
    reader: Reader, plant: Plant, person: str | None, roles: RolesOn, now: datetime
) -> tuple[WaitsFor, ...]:
    """Return all that waits for somebody, the gravest first; what waits for whoever asks is marked."""
    asked = _Asked(reader=reader, plant=plant, now=now, person=person, roles=roles)
    found = [each for kind in _FINDERS for each in kind(asked)]
    order = list(Kind)
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def _parts_missing(asked: _Asked) -> Iterator[WaitsFor]:
    missing = asked.reader.find(ChallengePartRecord, equals("custody", Custody.MISSING))
    places = [(part.stream, part.part_id) for part in missing]
    yield from _named(asked, Kind.PARTS_MISSING, acts.FindPart, places, "/alarms#parts")


def _cases(asked: _Asked) -> Iterator[WaitsFor]:
    for case in open_containments(asked.reader):
        todo = left_to_do(case)
        kind, act = (
            (Kind.CASE, acts.TickReaction) if todo else (Kind.CLOSE_CASE, acts.CloseContainment)
        )
        code = "close" if not todo else _of_case(case, todo)
        yield WaitsFor(
            kind=kind,
            words=message(f"waiting.case.{code}", case=case.containment_id, at=case.opened_at),
            href=f"/containments/{case.containment_id}",
            is_mine=asked.may(act, case.line),
        )


def _of_case(case: ContainmentRecord, todo: Iterable[ToDo]) -> str:
    if case.state is ContainmentState.OPEN:
        return "repair" if case.repair_code is None else "reverify"
    return "window" if ToDo.WINDOW in todo else "reaction"


def _overdue(asked: _Asked) -> Iterator[WaitsFor]:
    lines = [
        each.line
        for each in is_overdue_by(asked.reader, asked.now)
        if status(each, asked.now) is OccurrenceStatus.OVERDUE and holding_run(each) is None
    ]
    yield from _counted(asked, Kind.OVERDUE, acts.StartRun, lines, "/due")


def _alarms(asked: _Asked) -> Iterator[WaitsFor]:
    found = asked.reader.find(
        AlarmRecord,
        equals("acknowledged_at", None),
        equals("ended_at", None),
        order_by="raised_at",
        descending=True,
        limit=MOST_OPEN + 1,
    )
    streams = [each.stream for each in found if not is_for_administrators(each.kind)]
    more = len(found) > MOST_OPEN
    yield from _counted(
        asked, Kind.ALARMS, acts.AcknowledgeAlarm, streams, "/alarms#open", more=more
    )


def _not_delivered(asked: _Asked) -> Iterator[WaitsFor]:
    count = sum(asked.reader.parked_counts().values())
    lines = [None, *(line.id for line in asked.plant.lines)]
    if count:
        yield WaitsFor(
            kind=Kind.NOT_DELIVERED,
            words=message("waiting.not_delivered", n=count),
            href="/receivers",
            is_mine=any(asked.may(acts.SendMessageAgain, line) for line in lines),
        )


def _approvals(asked: _Asked) -> Iterator[WaitsFor]:
    for one in asked.reader.find(ApprovalRecord, WAITS, order_by="waits_until"):
        late = one.waits_until is not None and one.waits_until <= asked.now
        yield WaitsFor(
            kind=Kind.APPROVAL,
            words=_to_approve(asked.reader, one, "overdue" if late else "due"),
            href=f"/sign/{one.of_entry}",
            is_mine=_may_approve(asked, one),
        )


def _to_approve(reader: Reader, one: ApprovalRecord, state: str) -> Message:
    """Return what is to be approved: what was decided, or what is asked for and not done yet."""
    about, until = _about(reader, one), one.waits_until
    if one.is_waiting_request:
        what = message(f"approval.asked.{one.act.value}", id=about)
        return message(f"waiting.request.{state}", what=what, until=until)
    act = message(f"approval.act.{one.act.value}")
    return message(f"waiting.approval.{state}", act=act, id=about, until=until)


def _about(reader: Reader, one: ApprovalRecord) -> str:
    """Return what people call the thing that is to be approved."""
    plan = reader.get(PlanRevisionRecord, one.subject_id) if one.subject is Subject.PLAN else None
    return plan.label if plan is not None else one.subject_id


def _may_approve(asked: _Asked, one: ApprovalRecord) -> bool:
    """Tell whether whoever asks is another person who may do what is to be approved, and sign it."""
    act = _ACTS.get(one.act.value)
    may_do = (
        act is not None and asked.may(act, one.stream) and asked.may(acts.GiveSignature, one.stream)
    )
    if not may_do or asked.person is None:
        return may_do
    hands = who_had_a_hand_in(asked.reader, one.subject, one.subject_id)
    return asked.person not in {one.decided_by, *hands}


_ACTS: Final[Mapping[str, type[Act[Record]]]] = {act.KIND: act for act in MAY}


def _lapses(asked: _Asked) -> Iterator[WaitsFor]:
    begin = asked.now - LAPSES_OF
    wanted = ChecksWanted(begin=begin, ended=End.LAPSED)
    found, following = newest_checks(asked.reader, wanted, asked.now, limit=MOST_LAPSES, after=None)
    ids = tuple(each.occurrence_id for each in found if each.outcome is not None)
    of_these = Where("occurrence_id", "in", ids)
    reasons = asked.reader.find(LapseReasonRecord, of_these) if ids else []
    known = {each.occurrence_id for each in reasons}
    lines = [
        each.line for each in found if each.occurrence_id in ids and each.occurrence_id not in known
    ]
    href = f"/verifications?end=lapsed&from={plant_date(asked.plant.zone, begin)}&to=#list"
    yield from _counted(
        asked, Kind.LAPSES, acts.ExplainLapse, lines, href, more=following is not None
    )


def _parts_expire(asked: _Asked) -> Iterator[WaitsFor]:
    last = plant_date(asked.plant.zone, asked.now + EXPIRES_SOON)
    used = {part.id for part in asked.plant.parts}
    soon = [
        part
        for part in asked.reader.find(ChallengePartRecord)
        if part.part_id in used and part.state is not PartState.RETIRED and part.valid_until <= last
    ]
    soon.sort(key=lambda part: (part.valid_until, part.part_id))
    places = [(part.stream, f"{part.part_id} ({part.valid_until.isoformat()})") for part in soon]
    yield from _named(asked, Kind.PARTS_EXPIRE, acts.FindPart, places, "/coverage#matrix")


def _pulses(asked: _Asked) -> Iterator[WaitsFor]:
    for pulse in asked.reader.find(PulseRecord):
        if pulse.state is PulseState.PROPOSED:
            yield WaitsFor(
                kind=Kind.PULSE,
                words=message("waiting.pulse", signal=pulse.signal, station=pulse.station),
                href=f"/stations/{pulse.station}",
                is_mine=asked.may(acts.DecidePulse, pulse.line),
            )


def _plans(asked: _Asked) -> Iterator[WaitsFor]:
    """Yield the revisions that lead nowhere yet; one whose approval is asked for waits as that."""
    waiting = asked.reader.find(ApprovalRecord, WAITS, order_by="waits_until")
    asked_for = {one.subject_id for one in waiting if one.subject is Subject.PLAN}
    for plan in asked.reader.find(PlanRevisionRecord):
        is_open = plan.state in {PlanState.DRAFT, PlanState.APPROVED}
        if is_open and plan.digest not in asked_for:
            yield WaitsFor(
                kind=Kind.PLAN,
                words=message(f"waiting.plan.{plan.state.value}", plan=plan.label),
                href=f"/plan/{plan.digest}",
                is_mine=asked.may(plan_acts.ApprovePlan, None),
            )


_FINDERS: Final = (
    _parts_missing,
    _cases,
    _overdue,
    _alarms,
    _not_delivered,
    _approvals,
    _lapses,
    _parts_expire,
    _pulses,
    _plans,
)


def _counted(
    asked: _Asked,
    kind: Kind,
    act: type[Act[Any]],
    lines: Iterable[str],
    href: str,
    *,
    more: bool = False,
) -> Iterator[WaitsFor]:
    """Yield how many there are on the lines on which whoever asks may do it, and on the others; `more`: there may be more, as not all were looked at."""
    found = list(lines)
    for is_mine in (True, False):
        count = sum(asked.may(act, line) is is_mine for line in found)
        if count:
            code = f"waiting.{kind.value}.more" if more else f"waiting.{kind.value}"
            yield WaitsFor(kind=kind, words=message(code, n=count), href=href, is_mine=is_mine)


def _named(
    asked: _Asked,
    kind: Kind,
    act: type[Act[Any]],
    places: Iterable[tuple[str, str]],
    href: str,
) -> Iterator[WaitsFor]:
    """Yield how many there are, with the first few by name."""
    found = list(places)
    for is_mine in (True, False):
        names = [name for line, name in found if asked.may(act, line) is is_mine]
        if names:
            code = f"waiting.{kind.value}{'.more' if len(names) > MOST_NAMED else ''}"
            words = message(code, n=len(names), names=", ".join(names[:MOST_NAMED]))
            yield WaitsFor(kind=kind, words=words, href=href, is_mine=is_mine)
