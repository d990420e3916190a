"""Whether somebody may do what they ask, now: asked inside the command, in its transaction (D47).

As long as nobody is registered, a stated name has every role but those over people, as the record says that it was not
verified. From the first person on, a stated name is an operator before an enrolled screen, where the plant
allows it, and nothing else; people have the roles of their grants, programs the scopes of their tokens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from redrabbit.domain import acts, calendar_acts, people_acts, plan_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.approval import Approvable, ApprovalMode
from redrabbit.domain.asked_acts import act_asked
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, How, LineId, PersonId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_rules import StatedNames
from redrabbit.domain.permissions import (
    MAY,
    needs,
    require_person,
    require_proof,
    require_role,
    require_scope,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import (
    AlarmRecord,
    ApprovalRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    PersonRecord,
    PlanRevisionRecord,
    QualificationRecord,
    RoleGrantRecord,
    RunRecord,
    SilenceRecord,
    StationScreenRecord,
    TokenRecord,
)
from redrabbit.domain.rights import (
    is_in_force,
    roles_anywhere,
    roles_of_person,
    stands_at,
)
from redrabbit.domain.role import Role
from redrabbit.domain.role_limits import (
    refuse_beyond_the_floor,
    refuse_early_excuse,
    refuse_long_pause,
    refuse_others_request,
    refuse_others_run,
    refuse_own_hand,
    refuse_own_plan,
    refuse_own_request,
    refuse_same_person,
)
from redrabbit.domain.signing import refuse_signature
from redrabbit.domain.subject import Subject
from redrabbit.domain.token_rights import scopes_of_token
from redrabbit.services.ports import Reader
from redrabbit.services.signables import (
    signable_at,
    who_had_a_hand_in,
    who_ran,
    who_took_part,
)
from redrabbit.services.still_known import refuse_known_no_longer


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act takes effect."""

    line: str | None
    """None: what belongs to no line."""


ANYWHERE: Final = None
"""An act that a role on any line allows: it is about people of several lines, or about what isn't there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for what, and the roles that they have for it."""

    reader: Reader
    plant: Plant
    actor: Actor
    now: datetime
    roles: frozenset[Role]


def somebody_is_registered(reader: Reader) -> bool:
    """Tell whether the plant knows people: from the first one on, a stated name is little (R19)."""
    return bool(reader.find(PersonRecord, limit=1))


def require(reader: Reader, plant: Plant, act: Act[Any], actor: Actor, now: datetime) -> None:
    """Refuse an act that its asker may not do now, on its line, in its way; Refusal says what it takes."""
    if actor.how is How.STATED and not somebody_is_registered(reader):
        require_person(act, allowing(reader, act))
        return
    refuse_known_no_longer(reader, actor, now)
    roles = _roles(reader, plant, act, actor, now)
    asking = Asking(reader=reader, plant=plant, actor=actor, now=now, roles=roles)
    _require_role(asking, act)
    require_proof(actor.how, act)
    _limit(asking, act)


def _require_role(asking: Asking, act: Act[Any]) -> None:
    """Refuse an act that none of their roles allows; who has the role, and not there, is told that only the place is another."""
    reader = asking.reader
    allowed_to = allowing(reader, act)
    try:
        require_role(asking.roles, act, allowed_to)
    except Refusal:
        place = place_of(reader, asking.plant, act)
        if place is ANYWHERE:
            raise
        require_role(_roles_anywhere(asking), act, allowed_to)
        needed = needs(act, allowed_to)
        if place.line is None:
            raise Refusal("not_permitted_on_all_lines", act=act.KIND, needs=needed) from None
        raise Refusal(
            "not_permitted_on_line", act=act.KIND, needs=needed, line=place.line
        ) from None


def allowing(reader: Reader, act: Act[Any]) -> frozenset[Role] | None:
    """Return which roles allow an act where that depends on what it is about; None: on its kind only.

    So nobody is told that roles would do which may not sign, or decide on, just this.
    """
    if isinstance(act, acts.GiveSignature):
        try:
            found = signable_at(reader, act.entry)
        except Refusal:  # of nothing there is to sign; that is not told to who may sign nothing
            return None
        return found.signers(act.meaning) if act.meaning in found.meanings else None
    if isinstance(act, acts.RefuseApproval):
        request = reader.get(ApprovalRecord, act.entry)
        return MAY[type(act_asked(request))] if request is not None else None
    return None


def _limit(asking: Asking, act: Act[Any]) -> None:
    """Refuse what the role does not reach."""
    limit = LIMITS.get(type(act))
    if limit is not None:
        limit(asking, act)


def _roles(
    reader: Reader, plant: Plant, act: Act[Any], actor: Actor, now: datetime
) -> frozenset[Role]:
    if actor.how is How.STATED:
        return _roles_of_stated(reader, plant, act, actor)
    if actor.how in {How.SYSTEM, How.PAPER}:
        return frozenset()  # the software has no need to ask, and paper can't
    person = reader.get(PersonRecord, actor.id)
    if person is None:
        return frozenset()
    place = place_of(reader, plant, act)
    if actor.how is How.TOKEN:
        return _role_of_program(reader, act, actor, place, now)
    grants = reader.find(RoleGrantRecord, equals("person_id", person.person_id))
    if place is ANYWHERE:
        return roles_anywhere(person, grants, now)
    return roles_of_person(person, grants, place.line, now)


def _roles_anywhere(asking: Asking) -> frozenset[Role]:
    """Return the roles that whoever asks has on one line or another; a program has scopes instead."""
    reader, actor = asking.reader, asking.actor
    if actor.how is How.STATED:
        return frozenset({Role.OPERATOR})  # where they are; elsewhere they were refused before
    person = reader.get(PersonRecord, actor.id)
    if person is None or actor.how in {How.SYSTEM, How.PAPER, How.TOKEN}:
        return frozenset()
    grants = reader.find(RoleGrantRecord, equals("person_id", person.person_id))
    return roles_anywhere(person, grants, asking.now)


def _roles_of_stated(reader: Reader, plant: Plant, act: Act[Any], actor: Actor) -> frozenset[Role]:
    """Return an operator's role on the line of an enrolled screen; elsewhere a name that is only stated counts nothing."""
    screens = reader.find(StationScreenRecord, equals("station", actor.station))
    allowed = plant.people.stated_names is StatedNames.AT_STATIONS
    if not (allowed and stands_at(screens, actor.station)):
        raise Refusal("person_required", act=act.KIND, needs=needs(act, allowing(reader, act)))
    require_person(act, allowing(reader, act))
    place = place_of(reader, plant, act)
    is_there = place is ANYWHERE or place == _at(plant, actor.station or "")
    return frozenset({Role.OPERATOR}) if is_there else frozenset()


def _role_of_program(
    reader: Reader, act: Act[Any], actor: Actor, place: Place | None, now: datetime
) -> frozenset[Role]:
    token = reader.get(TokenRecord, actor.token or "")
    owner = reader.get(PersonRecord, actor.id)
    if token is None or owner is None:
        return frozenset()
    line = token.line if place is ANYWHERE else place.line
    grants = reader.find(RoleGrantRecord, equals("person_id", owner.person_id))
    require_scope(scopes_of_token(token, owner, grants, line, now), act)
    return frozenset({Role.SERVICE})


def place_of(reader: Reader, plant: Plant, act: Act[Any]) -> Place | None:
    """Return where an act takes effect; ANYWHERE where a role on any line will do.

    An act about what isn't there is allowed to be refused for just that.
    """
    if isinstance(act, people_acts.ActOnPeople):
        return _place_among_people(reader, plant, act)
    if isinstance(act, acts.StartRun):
        return _on({check.id: check.line for check in plant.plan.checks}.get(act.check_id))
    if isinstance(act, acts.DecidePulse):
        return _at(plant, act.station)
    if isinstance(act, acts.DeclarePause | acts.TellEvent | calendar_acts.ActOnCalendar):
        return Place(act.line)
    if isinstance(act, acts.TestReceiver | acts.ConfirmClock):
        return ANYWHERE
    if isinstance(act, plan_acts.ActOnPlan):
        return Place(None)  # it is of all lines
    if isinstance(act, acts.AcknowledgeAlarms):
        return _of_alarms(reader, act)
    if isinstance(act, acts.SilenceAlarms):
        return Place(act.line) if act.station is None else _at(plant, act.station)
    if isinstance(act, acts.GiveSignature):
        return _of_stream(signable_at(reader, act.entry).stream)
    found = RECORD_OF[type(act)](reader, act)
    if found is None:
        return ANYWHERE
    stream = (
        found.stream
        if isinstance(found, ApprovalRecord | ChallengePartRecord | AlarmRecord | SilenceRecord)
        else found.line
    )
    if isinstance(found, AlarmRecord) and stream == PLANT_STREAM:
        return ANYWHERE
    return _of_stream(stream)


def _of_stream(stream: str) -> Place:
    return Place(None if stream == PLANT_STREAM else stream)


def _of_alarms(reader: Reader, act: acts.AcknowledgeAlarms) -> Place | None:
    """Return the line of several alarms; all lines where they are of several."""
    found = [reader.get(AlarmRecord, alarm_id) for alarm_id in act.alarm_ids]
    lines = {alarm.stream for alarm in found if alarm is not None} - {PLANT_STREAM}
    if len(lines) > 1:
        return Place(None)
    return _on(next(iter(lines), None))


def _on(line: str | None) -> Place | None:
    return ANYWHERE if line is None else Place(line)


def _at(plant: Plant, station: str) -> Place | None:
    return _on({known.id: known.line for known in plant.stations}.get(StationId(station)))


def _place_among_people(reader: Reader, plant: Plant, act: people_acts.ActOnPeople) -> Place | None:
    """Return the line of the station or device that it is about; people belong to no line."""
    if isinstance(
        act, people_acts.TeachInBadge | people_acts.EnrolScreen | people_acts.RevokeScreen
    ):
        return _at(plant, act.station)
    if isinstance(act, people_acts.RecordQualification):
        return _of_what(plant, act.station, act.device, act.check_id)
    if isinstance(act, people_acts.WithdrawQualification):
        known = reader.get(QualificationRecord, act.qualification_id)
        if known is None:
            return ANYWHERE
        return _of_what(plant, known.station, known.device, known.check_id)
    return ANYWHERE


def _of_what(
    plant: Plant, station: str | None, device: str | None, check: str | None
) -> Place | None:
    lines: dict[tuple[str, str | None], str] = {
        **{("station", each.id): each.line for each in plant.stations},
        **{("device", d.id): each.line for each in plant.stations for d in each.devices},
        **{("check", each.id): each.line for each in plant.plan.checks},
    }
    asked = (("station", station), ("device", device), ("check", check))
    return _on(next((lines[one] for one in asked if one in lines), None))


_OnRecord = (
    RunRecord
    | OccurrenceRecord
    | PauseRecord
    | ContainmentRecord
    | ApprovalRecord
    | ChallengePartRecord
    | AlarmRecord
    | SilenceRecord
)

RECORD_OF: Mapping[type[Act[Any]], Callable[[Reader, Any], _OnRecord | None]] = {
    **dict.fromkeys(
        (
            acts.ScanPart,
            acts.TellOfPart,
            acts.SayPresented,
            acts.SayFeedHeld,
            acts.SayNotThePart,
            acts.GiveBackPart,
            acts.ConfirmRun,
            acts.AbortRun,
            acts.RemarkOnRun,
        ),
        lambda reader, act: reader.get(RunRecord, act.run_id),
    ),
    **dict.fromkeys(
        (
            acts.RecordStop,
            acts.RecordAlternate,
            acts.TickReaction,
            acts.RecordRepair,
            acts.CloseContainment,
        ),
        lambda reader, act: reader.get(ContainmentRecord, act.containment_id),
    ),
    **dict.fromkeys(
        (acts.QuarantinePart, acts.ReleasePart, acts.FindPart),
        lambda reader, act: reader.get(ChallengePartRecord, act.part_id),
    ),
    **dict.fromkeys(
        (acts.AcknowledgeAlarm, acts.SendMessageAgain, acts.DropMessage),
        lambda reader, act: reader.get(AlarmRecord, act.alarm_id),
    ),
    **dict.fromkeys(
        (acts.RefuseApproval, acts.WithdrawRequest),
        lambda reader, act: reader.get(ApprovalRecord, act.entry),
    ),
    **dict.fromkeys(
        (acts.Excuse, acts.ExplainLapse),
        lambda reader, act: reader.get(OccurrenceRecord, act.occurrence_id),
    ),
    acts.EndPause: lambda reader, act: reader.get(PauseRecord, act.pause_id),
    acts.EndSilence: lambda reader, act: reader.get(SilenceRecord, act.silence_id),
}
"""The record that an act is about, which says on which line it is."""


# What a role does not reach -----------------------------------------------------------------------


def _ends_run(asking: Asking, act: acts.ConfirmRun | acts.AbortRun) -> None:
    run = asking.reader.get(RunRecord, act.run_id)
    if run is not None:
        refuse_others_run(asking.roles, asking.actor, who_ran(asking.reader, run))


def _signs(asking: Asking, act: acts.GiveSignature) -> None:
    found = signable_at(asking.reader, act.entry)
    took_part = who_took_part(asking.reader, found)
    refuse_signature(found, act.meaning, asking.actor.id, took_part, asking.roles)
    if found.subject is Subject.REQUEST:
        _limit(asking, act_asked(recorded(asking.reader, ApprovalRecord, found.entry)))


def _refuses_request(asking: Asking, act: acts.RefuseApproval) -> None:
    request = asking.reader.get(ApprovalRecord, act.entry)
    if request is not None:
        require_role(asking.roles, act_asked(request))
        refuse_own_request(request, asking.actor)
        if request.is_waiting_request:
            hands = who_had_a_hand_in(asking.reader, request.subject, request.subject_id)
            refuse_own_hand(request, asking.actor, hands)
            _limit(asking, act_asked(request))


def _withdraws_request(asking: Asking, act: acts.WithdrawRequest) -> None:
    request = asking.reader.get(ApprovalRecord, act.entry)
    if request is not None:
        refuse_others_request(request, asking.actor)


def _excuses(asking: Asking, act: acts.Excuse) -> None:
    due = asking.reader.get(OccurrenceRecord, act.occurrence_id)
    if due is not None:
        calendar = asking.plant.calendars.get(LineId(due.line))
        refuse_early_excuse(asking.roles, due.due_at, calendar, asking.now)


def _pauses(asking: Asking, act: acts.DeclarePause) -> None:
    refuse_long_pause(asking.roles, act.ends_at - max(act.begins_at, asking.now))


def _releases(asking: Asking, act: acts.ReleasePart) -> None:
    part = asking.reader.get(ChallengePartRecord, act.part_id)
    if part is not None:
        refuse_same_person(part, asking.actor)


def _approves_plan(asking: Asking, act: plan_acts.ApprovePlan) -> None:
    plan = asking.reader.get(PlanRevisionRecord, act.digest)
    mode = asking.plant.people.approval.modes.get(Approvable.APPROVE_PLAN)
    is_elsewhere = act.elsewhere_number is not None
    if plan is not None and is_elsewhere and mode is ApprovalMode.BEFORE:
        refuse_own_plan(plan, asking.actor)


def _issues_badge(asking: Asking, act: people_acts.IssueBadge) -> None:
    _answers_for(asking, act.person_id)


def _revokes_badge(asking: Asking, act: people_acts.RevokeBadge) -> None:
    _answers_for(asking, act.person_id)


def _teaches_in(asking: Asking, act: people_acts.TeachInBadge) -> None:
    if act.person_id is not None:
        _answers_for(asking, act.person_id)


def _unlocks(asking: Asking, act: people_acts.UnlockCredential) -> None:
    _answers_for(asking, act.person_id)


def _answers_for(asking: Asking, person_id: PersonId) -> None:
    """Refuse a shift leader who would let a badge or PIN stand for more than the floor of their lines."""
    reader, now = asking.reader, asking.now
    own = reader.find(RoleGrantRecord, equals("person_id", asking.actor.id))
    held = reader.find(RoleGrantRecord, equals("person_id", person_id))
    refuse_beyond_the_floor(
        asking.roles,
        [g.line for g in own if g.role is Role.SHIFT_LEADER and is_in_force(g, now)],
        person_id,
        [g for g in held if g.revoked_at is None and (g.until_at is None or now < g.until_at)],
    )


LIMITS: Mapping[type[Act[Any]], Callable[[Asking, Any], None]] = {
    acts.ConfirmRun: _ends_run,
    acts.AbortRun: _ends_run,
    acts.Excuse: _excuses,
    acts.DeclarePause: _pauses,
    acts.ReleasePart: _releases,
    acts.GiveSignature: _signs,
    plan_acts.ApprovePlan: _approves_plan,
    acts.RefuseApproval: _refuses_request,
    acts.WithdrawRequest: _withdraws_request,
    people_acts.IssueBadge: _issues_badge,
    people_acts.RevokeBadge: _revokes_badge,
    people_acts.TeachInBadge: _teaches_in,
    people_acts.UnlockCredential: _unlocks,
}
"""One row an act whose reach depends on the role."""
