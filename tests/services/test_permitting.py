"""Who may do what, now: every act by every role, nobody, who has expired, and on a foreign line (R47, K12).

The expectation is the table as it was decided, spelt out in `tests/domain/test_permissions.py`; what a role does not reach
is asked for by name below.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from redrabbit.domain import acts, calendar_acts, people_acts, plan_acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.approval import Approvable, ApprovalMode
from redrabbit.domain.calendar_acts import CALENDAR_ACTS
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.facts.fact import event_of, json_of
from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.facts.run import RunClosed
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import (
    Actor,
    AlarmId,
    BadgeId,
    ContainmentId,
    DeviceId,
    GrantId,
    How,
    LineId,
    OccurrenceId,
    PartId,
    PauseId,
    PersonId,
    QualificationId,
    RunId,
    ScreenId,
    SignalName,
    SilenceId,
    StationId,
    TokenId,
)
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.domain.people_rules import PeopleRules, StatedNames
from redrabbit.domain.permissions import MAY, NEED_PROOF, SCOPES
from redrabbit.domain.plan_acts import PLAN_ACTS
from redrabbit.domain.plant import Line, Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ApprovalRecord,
    BadgeRecord,
    ChallengePartRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    PresentationRecord,
    QualificationRecord,
    Record,
    RunRecord,
    SilenceRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.role import Role
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.permitting import LIMITS, RECORD_OF, require
from redrabbit.store.memory import MemoryDatabase
from simulators.virtual_clock import VirtualClock
from tests.domain.people import NOW, after, grant, person, person_id, screen, token
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, a_check, a_plant, a_station, words
from tests.stored import RECORDING, bare, put

OTHER_LINE = LineId("line2")
RUN, CASE, PART = RunId("line1-R-1"), ContainmentId("line1-C-1"), PartId("RR-0001")
DUE, PAUSE, ALARM = OccurrenceId("line1-O-1"), PauseId("line1-P-1"), AlarmId("line1-A-1")
SILENCE = SilenceId("line1-S-1")
BADGE, SKILL, SCREEN = BadgeId("ab" * 32), QualificationId("q-0001"), ScreenId("s-0001")
SOMEBODY = person_id(9)
"""Whom acts about people are about: an operator of line 1."""
ASKER = person_id(1)
PLAN: Final = "ab" * 32
CLOSED_RUN = RunId("line1-R-2")
ASKED, OWN = 7001, 7002
"""Requests of somebody else, and of who asks."""
SIGNED: Final = 13
"""Where the ledger says that it was closed, behind the records of `of_line_1`."""


def the_plant(**changes: Any) -> Plant:
    lines = (Line(id=LINE, name=words("Line 1")), Line(id=OTHER_LINE, name=words("Line 2")))
    return a_plant(a_check(), lines=lines, stations=(a_station(OP20), a_station(OP30)), **changes)


EXAMPLES: Final[tuple[Act[Any], ...]] = (
    acts.StartRun(check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None),
    acts.ScanPart(run_id=RUN, code=PART),
    acts.TellOfPart(run_id=RUN, of="serial", value="1"),
    acts.SayPresented(run_id=RUN),
    acts.SayFeedHeld(run_id=RUN),
    acts.SayNotThePart(run_id=RUN),
    acts.GiveBackPart(run_id=RUN, code=PART),
    acts.ConfirmRun(run_id=RUN),
    acts.AbortRun(run_id=RUN, reason="gloves"),
    acts.RemarkOnRun(run_id=RUN, text="dim"),
    acts.ExplainLapse(occurrence_id=DUE, text="no part"),
    acts.Excuse(occurrence_id=DUE, reason="prototype"),
    acts.DeclarePause(line=LINE, begins_at=NOW, ends_at=after(1), reason="no orders"),
    acts.EndPause(pause_id=PAUSE),
    acts.ConfirmClock(doubt=1),
    acts.TellEvent(line=LINE, station=OP20, event=PlantEvent.CHANGEOVER),
    acts.RecordStop(containment_id=CASE),
    acts.RecordAlternate(containment_id=CASE, reason="gauge", box_label="1"),
    acts.TickReaction(containment_id=CASE, step=0),
    acts.RecordRepair(containment_id=CASE, repair=RepairCode.OTHER, text="lamp"),
    acts.CloseContainment(containment_id=CASE),
    acts.QuarantinePart(part_id=PART, reason="bent"),
    acts.ReleasePart(part_id=PART),
    acts.FindPart(part_id=PART),
    acts.AcknowledgeAlarm(alarm_id=ALARM),
    acts.AcknowledgeAlarms(alarm_ids=(ALARM,)),
    acts.SilenceAlarms(line=LINE, station=None, kind=None, ends_at=after(1), reason="rebuilt"),
    acts.EndSilence(silence_id=SILENCE),
    acts.TestReceiver(receiver="andon"),
    acts.SendMessageAgain(alarm_id=ALARM, receiver="andon"),
    acts.DropMessage(alarm_id=ALARM, receiver="andon"),
    acts.DecidePulse(station=OP20, signal=SignalName("rejected"), proposed_entry=1, confirmed=True),
    acts.GiveSignature(
        entry=SIGNED,
        leaf_hash="ab" * 32,
        meaning=Meaning.WITNESSED,
        shown="cd" * 32,
        language=PersonLanguage.EN,
    ),
    acts.RefuseApproval(entry=ASKED, reason="not now"),
    acts.WithdrawRequest(entry=OWN),
    calendar_acts.ChangeCalendar(
        line=LINE,
        kind=CalendarDayKind.HOLIDAY,
        first_date=date(2026, 12, 24),
        last_date=None,
        weekday=None,
        starts_at=None,
        ends_at=None,
        reason="plant day",
    ),
    calendar_acts.TakeBackCalendarChange(line=LINE, change_number=1, reason="it is worked"),
    plan_acts.approval_here(PLAN),
    plan_acts.SchedulePlan(digest=PLAN, effective_at=None),
    plan_acts.DiscardPlan(digest=PLAN, reason="a typing error"),
    people_acts.RegisterPerson(
        name="name:1", language=None, employee_number=None, kind=PersonKind.PERSON, expires_at=None
    ),
    people_acts.ChangePerson(
        person_id=SOMEBODY,
        name="name:1",
        language=None,
        employee_number=None,
        kind=PersonKind.PERSON,
        expires_at=None,
    ),
    people_acts.DisablePerson(person_id=SOMEBODY),
    people_acts.EnablePerson(person_id=SOMEBODY),
    people_acts.GrantRole(person_id=SOMEBODY, role=Role.OPERATOR, line=None),
    people_acts.RevokeRole(person_id=SOMEBODY, grant_id=GrantId("g-0099")),
    people_acts.IssueBadge(badge_id=BADGE, person_id=SOMEBODY),
    people_acts.RevokeBadge(badge_id=BADGE, person_id=SOMEBODY),
    people_acts.TeachInBadge(badge_id=BADGE, station=OP20, person_id=SOMEBODY),
    people_acts.RecordQualification(person_id=SOMEBODY, station=OP20),
    people_acts.WithdrawQualification(person_id=SOMEBODY, qualification_id=SKILL),
    people_acts.ResetCredential(person_id=SOMEBODY, kind=CredentialKind.PIN),
    people_acts.UnlockCredential(person_id=SOMEBODY, kind=CredentialKind.PIN),
    people_acts.EnrolScreen(station=OP20, name="tablet"),
    people_acts.RevokeScreen(station=OP20, screen_id=SCREEN),
    people_acts.IssueToken(
        name="MES", person_id=SOMEBODY, scopes=(Scope.RUN,), line=None, expires_at=after(24)
    ),
    people_acts.RevokeToken(token_id=TokenId("t-0001")),
    people_acts.AcknowledgeAdministrator(alarm_id=ALARM),
)
"""One of each, all of line 1 and what stands there."""

ON_RECORDS: Final = tuple(act for act in EXAMPLES if type(act) in ACTS)
OF_NO_LINE: Final[tuple[type[Act[Any]], ...]] = (
    acts.ConfirmClock,
    acts.TestReceiver,
    *PLAN_ACTS,
    people_acts.RegisterPerson,
    people_acts.ChangePerson,
    people_acts.DisablePerson,
    people_acts.EnablePerson,
    people_acts.GrantRole,
    people_acts.RevokeRole,
    people_acts.IssueBadge,
    people_acts.RevokeBadge,
    people_acts.ResetCredential,
    people_acts.UnlockCredential,
    people_acts.IssueToken,
    people_acts.RevokeToken,
    people_acts.AcknowledgeAdministrator,
)
"""About people, who belong to no line: what a shift leader of another line may do of these is asked below."""


def of_line_1() -> Iterator[Record]:
    """Yield what the examples are about, started and quarantined by others than who asks."""
    yield bare(RunRecord, 1, run_id=RUN, line=LINE, station=OP20, started_by="p-0008")
    yield bare(
        OccurrenceRecord, 1, occurrence_id=DUE, line=LINE, due_at=after(1), check_id=TORQUE_CHECK
    )
    yield bare(PauseRecord, 1, pause_id=PAUSE, line=LINE)
    yield bare(SilenceRecord, 1, silence_id=SILENCE, stream=LINE, line=LINE)
    yield bare(ContainmentRecord, 1, containment_id=CASE, line=LINE, station=OP20)
    yield bare(
        ChallengePartRecord,
        1,
        part_id=PART,
        stream=LINE,
        state=PartState.QUARANTINED,
        state_by="p-0008",
        state_how=How.BADGE,
    )
    yield bare(AlarmRecord, 1, alarm_id=ALARM, stream=LINE)
    yield bare(BadgeRecord, 1, badge_id=BADGE, person_id=SOMEBODY)
    yield bare(QualificationRecord, 1, qualification_id=SKILL, person_id=SOMEBODY, station=OP20)
    yield screen(OP20)
    for entry, who in ((ASKED, "p-0008"), (OWN, ASKER)):
        yield bare(
            ApprovalRecord,
            of_entry=entry,
            stream=LINE,
            act=Approvable.EXCUSE,
            subject=Subject.EXCUSE,
            subject_id=DUE,
            mode=ApprovalMode.BEFORE,
            decided_by=who,
        )
    yield bare(RunRecord, 2, run_id=CLOSED_RUN, line=LINE, occurrence_id=None, started_by="p-0008")


CLOSES: Final = RunClosed(
    station=OP20,
    device=None,
    run_id=CLOSED_RUN,
    outcome=Outcome.PASSED,
    reason_code=None,
    reason_text=None,
    confirmed=True,
    signals=None,
)

SOMEBODYS: Final = (person(9), grant(99, 9, Role.OPERATOR, line=LINE))


class Desk:
    """The question at the door, over records as they are given."""

    def __init__(self, *records: Record, plant: Plant | None = None) -> None:
        self.plant = plant or the_plant()
        self.database = MemoryDatabase(
            origin="test", clock=VirtualClock(NOW), recording=RECORDING, seal=lambda _: ""
        )
        closed = event_of(CLOSES, stream=LINE, at=NOW, actor=Actor(id="p-0008", how=How.BADGE))
        for event in (*map(put, of_line_1()), closed, *map(put, records)):
            self.database.write_now(lambda uow, event=event: uow.append(event))  # type: ignore[misc]  # because mypy has no type for a default of a lambda

    def refusal(self, act: Act[Any], actor: Actor) -> str | None:
        """Return with which code an act is refused; None: it is not."""
        try:
            self.database.read_now(lambda reader: require(reader, self.plant, act, actor, NOW))
        except Refusal as refusal:
            return refusal.code
        return None


def person_acting(how: How = How.BADGE_PIN, **more: Any) -> Actor:
    return Actor(id=ASKER, how=how, **more)


def by_kind(act: Act[Any]) -> str:
    return act.KIND


def test_there_is_one_example_of_each_act() -> None:
    assert [type(act) for act in EXAMPLES] == [*ACTS, *CALENDAR_ACTS, *PLAN_ACTS, *PEOPLE_ACTS]
    of_the_act = {
        acts.StartRun,
        acts.DecidePulse,
        acts.DeclarePause,
        acts.ConfirmClock,
        acts.TellEvent,
        acts.AcknowledgeAlarms,
        acts.SilenceAlarms,
        acts.TestReceiver,
        acts.GiveSignature,
    }
    assert set(RECORD_OF) | of_the_act == set(ACTS)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_the_table_says_and_nothing_else(role: Role) -> None:
    desk = Desk(person(1), grant(1, 1, role, line=LINE), *SOMEBODYS)
    allowed = {act.KIND for act in EXAMPLES if desk.refusal(act, person_acting()) is None}
    decided = {kind.KIND for kind, roles in MAY.items() if role in roles}
    if role in {Role.OPERATOR, Role.SERVICE}:
        decided -= {"confirm_run", "abort_run"}  # somebody else ran it
    of_all_lines = {kind.KIND for kind in PLAN_ACTS}
    assert allowed == decided - of_all_lines
    whole = Desk(person(1), grant(1, 1, role), *SOMEBODYS)
    allowed = {act.KIND for act in EXAMPLES if whole.refusal(act, person_acting()) is None}
    assert allowed & of_all_lines == decided & of_all_lines


@pytest.mark.parametrize("role", Role)
def test_on_a_foreign_line_a_role_is_none(role: Role) -> None:
    """Who has the role elsewhere is told that only the line is missing."""
    desk = Desk(person(1), grant(1, 1, role, line=OTHER_LINE), *SOMEBODYS)
    everywhere = Desk(person(1), grant(1, 1, role), *SOMEBODYS)
    for act in EXAMPLES:
        if not isinstance(act, OF_NO_LINE):
            has_role = everywhere.refusal(act, person_acting()) != "not_permitted"
            told = "not_permitted_on_line" if has_role else "not_permitted"
            assert desk.refusal(act, person_acting()) == told, act


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("somebody", "their_grant"),
    [
        ({"disabled_at": after(-1)}, {}),
        ({"expires_at": NOW}, {}),
        ({}, {"revoked_at": after(-1)}),
        ({}, {"until_at": NOW}),
        ({}, {"from_at": after(1)}),
    ],
    ids=["disabled", "expired", "revoked", "over", "not yet"],
)
def test_what_is_over_or_not_yet_gives_nothing(
    role: Role, somebody: dict[str, Any], their_grant: dict[str, Any]
) -> None:
    desk = Desk(person(1, **somebody), grant(1, 1, role, **their_grant), *SOMEBODYS)
    for act in EXAMPLES:
        assert desk.refusal(act, person_acting()) == "not_permitted", act


def test_who_is_not_registered_may_nothing_however_they_came() -> None:
    for others in ((), SOMEBODYS):
        desk = Desk(*others)
        for how in How:
            if how is not How.STATED:
                for act in EXAMPLES:
                    assert desk.refusal(act, person_acting(how)) == "not_permitted", (how, act)


def test_the_software_never_asks_at_the_door() -> None:
    """Not even in the number of somebody who may: how the actor is known is part of who it is."""
    desk = Desk(person(1), *(grant(n, 1, role) for n, role in enumerate(Role, 1)))
    for how in (How.SYSTEM, How.PAPER):
        assert {desk.refusal(act, person_acting(how)) for act in EXAMPLES} == {"not_permitted"}


# Names that are only stated


def test_while_nobody_is_registered_a_stated_name_does_all_but_what_is_about_people() -> None:
    """D47: as it was before there were people."""
    desk, anna = Desk(), Actor.stated("name:anna")
    for act in EXAMPLES:
        about_people = type(act) in {
            *(*PEOPLE_ACTS, acts.GiveSignature),
            *(acts.RefuseApproval, acts.WithdrawRequest),
        }
        assert desk.refusal(act, anna) == ("person_required" if about_people else None), act


@pytest.mark.parametrize("somebody", [person(9), person(9, disabled_at=after(-1))])
def test_from_the_first_person_on_a_stated_name_is_an_operator_before_an_enrolled_screen(
    somebody: Record,
) -> None:
    desk = Desk(somebody)
    at_op20 = Actor(id="name:anna", how=How.STATED, station=OP20)
    allowed = {act.KIND for act in EXAMPLES if desk.refusal(act, at_op20) is None}
    operators = {kind.KIND for kind, roles in MAY.items() if Role.OPERATOR in roles}
    of_persons = {"confirm_run", "abort_run", "give_signature"}  # somebody else ran it
    of_persons.add("withdraw_request")  # only a person who is known asks
    assert allowed == operators - of_persons
    for elsewhere in (Actor.stated("name:anna"), replace(at_op20, station=OP30)):
        assert {desk.refusal(act, elsewhere) for act in EXAMPLES} == {"person_required"}


def test_a_revoked_screen_is_none_and_a_plant_may_want_no_stated_names() -> None:
    at_op20 = Actor(id="name:anna", how=How.STATED, station=OP20)
    desk = Desk(person(9), screen(OP20, revoked_at=after(-1)))
    assert {desk.refusal(act, at_op20) for act in EXAMPLES} == {"person_required"}
    never = the_plant(people=PeopleRules(stated_names=StatedNames.NEVER))
    desk = Desk(person(9), plant=never)
    assert {desk.refusal(act, at_op20) for act in EXAMPLES} == {"person_required"}


@pytest.mark.parametrize("stream", [OTHER_LINE, PLANT_STREAM])
def test_a_stated_name_is_an_operator_on_the_line_of_its_screen_only(stream: LineId) -> None:
    """As the registered operator of that line is: not on another line, and not for what belongs to no line."""
    silenced = None if stream == PLANT_STREAM else stream
    desk = Desk(
        *(person(9), person(1), grant(1, 1, Role.OPERATOR, line=LINE)),
        bare(ChallengePartRecord, 1, part_id="RR-0007", stream=stream),
        bare(AlarmRecord, 1, alarm_id="other-A-1", stream=stream),
        bare(SilenceRecord, 1, silence_id="other-S-1", stream=stream, line=silenced),
    )
    at_op20 = Actor(id="name:anna", how=How.STATED, station=OP20)
    asked: list[Act[Any]] = [
        acts.QuarantinePart(part_id=PartId("RR-0007"), reason="bent"),
        acts.FindPart(part_id=PartId("RR-0007")),
        acts.AcknowledgeAlarm(alarm_id=AlarmId("other-A-1")),
        acts.AcknowledgeAlarms(alarm_ids=(AlarmId("other-A-1"),)),
        acts.AcknowledgeAlarms(alarm_ids=(ALARM, AlarmId("other-A-1"))),
        acts.EndSilence(silence_id=SilenceId("other-S-1")),
    ]
    if stream != PLANT_STREAM:
        asked.append(acts.TellEvent(line=stream, station=None, event=PlantEvent.CHANGEOVER))
    of_line = person_acting()
    assert [desk.refusal(act, at_op20) for act in asked] == [
        desk.refusal(act, of_line) for act in asked
    ]
    where = "all_lines" if stream == PLANT_STREAM else "line"
    assert desk.refusal(asked[0], at_op20) == f"not_permitted_on_{where}"


# How somebody is known


@pytest.mark.parametrize("how", [How.BADGE, How.TAUGHT_IN])
def test_a_badge_alone_confirms_and_does_not_excuse(how: How) -> None:
    """D45."""
    everything = (grant(n, 1, role) for n, role in enumerate(Role, 1))
    desk = Desk(person(1), *everything, *SOMEBODYS)
    for act in EXAMPLES:
        proof = "proof_required" if type(act) in NEED_PROOF else None
        assert desk.refusal(act, person_acting(how)) == proof, act


# Programs


def program() -> Actor:
    return person_acting(How.TOKEN, token="t-0001")


@pytest.mark.parametrize("scope", Scope)
def test_a_token_does_what_its_scopes_name(scope: Scope) -> None:
    desk = Desk(person(1), grant(1, 1, Role.QUALITY_ENGINEER), token(1, scope, line=LINE))
    theirs = {kind.KIND for kind, needed in SCOPES.items() if needed is scope} - {"abort_run"}
    allowed = {act.KIND for act in EXAMPLES if desk.refusal(act, program()) is None}
    assert allowed == theirs


def test_a_token_is_worth_what_its_owner_and_its_dates_let_it() -> None:
    """And no more of its owner: an owner who may everything lends what the scopes name."""
    all_roles = tuple(grant(n, 1, role) for n, role in enumerate(Role, 1))
    start = EXAMPLES[0]
    good = token(1, *Scope)
    assert Desk(person(1), *all_roles, good).refusal(start, program()) is None
    assert Desk(person(1), *all_roles, good).refusal(acts.ReleasePart(part_id=PART), program()) == (
        "not_permitted"
    )
    for records in (
        (person(1), grant(1, 1, Role.MAINTENANCE), good),
        (person(1), good),
        (person(1, disabled_at=after(-1)), *all_roles, good),
        (person(1), *all_roles, replace(good, revoked_at=after(-1))),
        (person(1), *all_roles, replace(good, expires_at=NOW)),
        (person(1), *all_roles, replace(good, line=OTHER_LINE)),
        (person(1), *all_roles, person(2), replace(good, person_id=person_id(2))),
    ):
        assert Desk(*records).refusal(start, program()) == "scope_missing", records
    assert Desk(person(1)).refusal(start, program()) == "not_permitted"


# What belongs to no line, and what is not there


def test_what_belongs_to_no_line_takes_a_role_for_all_lines() -> None:
    """A part that no check takes; but an alarm of the plant is read by whoever may read one."""
    parts = bare(ChallengePartRecord, 1, part_id=PART, stream="plant")
    alarm = bare(AlarmRecord, 1, alarm_id=ALARM, stream="plant")
    engineer = Role.QUALITY_ENGINEER
    of_line = Desk(person(1), grant(1, 1, engineer, line=LINE), parts, alarm)
    of_all = Desk(person(1), grant(1, 1, engineer), parts, alarm)
    for act, limited in (
        (acts.FindPart(part_id=PART), "not_permitted_on_all_lines"),
        (acts.AcknowledgeAlarm(alarm_id=ALARM), None),
    ):
        assert (of_line.refusal(act, person_acting()), of_all.refusal(act, person_acting())) == (
            limited,
            None,
        )


def test_alarms_of_several_lines_are_taken_together_by_who_may_on_all_of_them() -> None:
    here = bare(AlarmRecord, 1, alarm_id=ALARM, stream=LINE)
    there = bare(AlarmRecord, 1, alarm_id=AlarmId(f"{OTHER_LINE}-A-1"), stream=OTHER_LINE)
    act = acts.AcknowledgeAlarms(alarm_ids=(ALARM, AlarmId(f"{OTHER_LINE}-A-1")))
    of_line = Desk(person(1), grant(1, 1, Role.QUALITY_ENGINEER, line=LINE), here, there)
    of_all = Desk(person(1), grant(1, 1, Role.QUALITY_ENGINEER), here, there)
    assert of_line.refusal(act, person_acting()) == "not_permitted_on_all_lines"
    assert of_all.refusal(act, person_acting()) is None
    only = acts.AcknowledgeAlarms(alarm_ids=(ALARM,))
    assert of_line.refusal(only, person_acting()) is None


def test_a_silence_over_the_whole_plant_takes_a_role_for_all_lines() -> None:
    of_line = Desk(person(1), grant(1, 1, Role.SHIFT_LEADER, line=LINE))
    whole = acts.SilenceAlarms(line=None, station=None, kind=None, ends_at=after(1), reason="x")
    assert of_line.refusal(whole, person_acting()) == "not_permitted_on_all_lines"
    assert of_line.refusal(replace(whole, line=LINE), person_acting()) is None
    assert of_line.refusal(replace(whole, station=OP20), person_acting()) is None


def test_an_act_about_what_is_not_there_is_left_to_say_so() -> None:
    desk = Desk(person(1), *(grant(n, 1, role, line=LINE) for n, role in enumerate(Role, 1)))
    nowhere: dict[str, Any] = {
        "run_id": RunId("line1-R-99"),
        "containment_id": ContainmentId("line1-C-99"),
        "part_id": PartId("RR-0099"),
        "alarm_id": AlarmId("line1-A-99"),
        "alarm_ids": (AlarmId("line1-A-99"),),
        "silence_id": SilenceId("line1-S-99"),
        "pause_id": PauseId("line1-P-99"),
        "occurrence_id": OccurrenceId("line1-O-99"),
        "check_id": "no",
        "station": StationId("no"),
        "screen_id": ScreenId("s-0099"),
        "qualification_id": QualificationId("q-0099"),
        "badge_id": BadgeId("cd" * 32),
    }
    lost = []
    for act in EXAMPLES:
        known = {name: value for name, value in nowhere.items() if hasattr(act, name)}
        if known:
            lost.append(replace(act, **known))
    assert {desk.refusal(act, person_acting()) for act in lost} == {None}
    assert len(lost) > 30


# What a role does not reach


def test_every_limit_is_of_an_act_that_there_is() -> None:
    assert set(LIMITS) <= {*ACTS, *CALENDAR_ACTS, *PLAN_ACTS, *PEOPLE_ACTS}


def test_a_run_is_ended_by_whoever_had_a_hand_in_it() -> None:
    """K12: who started it, took a part for it, or gave one back; else who leads."""
    operator = (person(1), grant(1, 1, Role.OPERATOR))
    hands: tuple[Record, ...] = (
        bare(RunRecord, 1, run_id=RUN, line=LINE, started_by=ASKER),
        bare(PresentationRecord, 1, run_id=RUN, issued_by=ASKER),
        bare(PresentationRecord, 1, run_id=RUN, issued_by="p-0008", given_back_by=ASKER),
    )
    for act in (acts.ConfirmRun(run_id=RUN), acts.AbortRun(run_id=RUN, reason="gloves")):
        assert Desk(*operator).refusal(act, person_acting()) == "run_of_another"
        for hand in hands:
            assert Desk(*operator, hand).refusal(act, person_acting(How.BADGE)) is None


def test_a_shift_leader_reaches_one_day_and_one_shift() -> None:
    """D56, K12. Nobody is registered: as before."""
    leader = (person(1), grant(1, 1, Role.SHIFT_LEADER))
    engineer = (person(1), grant(1, 1, Role.QUALITY_ENGINEER))
    long = acts.DeclarePause(line=LINE, begins_at=after(-5), ends_at=after(25), reason="holidays")
    short = replace(long, ends_at=after(24))
    late = bare(OccurrenceRecord, 1, occurrence_id=DUE, line=LINE, due_at=NOW + timedelta(days=2))
    excuse = acts.Excuse(occurrence_id=DUE, reason="prototype")
    assert Desk(*leader).refusal(short, person_acting()) is None
    assert Desk(*leader).refusal(long, person_acting()) == "pause_too_long"
    assert Desk(*engineer).refusal(long, person_acting()) is None
    assert Desk(*leader, late).refusal(excuse, person_acting()) == "excuse_too_early"
    assert Desk(*engineer, late).refusal(excuse, person_acting()) is None
    pausing = Desk(person(1), grant(1, 1, Role.SHIFT_LEADER), token(1, Scope.PAUSE))
    assert pausing.refusal(short, program()) is None
    assert pausing.refusal(long, program()) == "pause_too_long"
    for act in (long, excuse):
        assert Desk(late).refusal(act, Actor.stated("name:anna")) is None


def test_who_quarantined_a_part_does_not_release_it() -> None:
    """K3.1: one person alone."""
    engineer = (person(1), grant(1, 1, Role.QUALITY_ENGINEER))
    own = bare(
        ChallengePartRecord,
        1,
        part_id=PART,
        stream=LINE,
        state=PartState.QUARANTINED,
        state_by="p-0008",
        state_how=How.BADGE,
        all_who_quarantined=json_of([ASKER, "p-0008"]),
    )
    release = acts.ReleasePart(part_id=PART)
    assert Desk(*engineer).refusal(release, person_acting()) is None
    assert Desk(*engineer, own).refusal(release, person_acting()) == "same_person"


@pytest.mark.parametrize(
    "act",
    [
        people_acts.IssueBadge(badge_id=BADGE, person_id=SOMEBODY),
        people_acts.RevokeBadge(badge_id=BADGE, person_id=SOMEBODY),
        people_acts.TeachInBadge(badge_id=BADGE, station=OP20, person_id=SOMEBODY),
        people_acts.UnlockCredential(person_id=SOMEBODY, kind=CredentialKind.PIN),
    ],
    ids=by_kind,
)
def test_a_shift_leader_gives_nobody_the_means_to_act_as_more_than_the_floor(
    act: Act[Any],
) -> None:
    """Else a badge of the quality engineer, taught in by a shift leader, would be a quality engineer."""
    leader = (person(1), grant(1, 1, Role.SHIFT_LEADER, line=LINE))
    beyond: tuple[tuple[Record, ...], ...] = (
        (person(9), grant(99, 9, Role.QUALITY_ENGINEER, line=LINE)),
        (person(9), grant(99, 9, Role.ADMINISTRATOR)),
        (person(9), grant(99, 9, Role.OPERATOR, line=OTHER_LINE)),
        (*SOMEBODYS, grant(98, 9, Role.AUDITOR, line=LINE, from_at=after(5))),
    )
    assert Desk(*leader, *SOMEBODYS).refusal(act, person_acting()) is None
    for held in beyond:
        assert Desk(*leader, *held).refusal(act, person_acting()) == "person_beyond_floor", held
    over = (person(9), grant(99, 9, Role.QUALITY_ENGINEER, line=LINE, until_at=NOW))
    assert Desk(*leader, *over).refusal(act, person_acting()) is None


def test_a_newcomer_is_taught_in_by_the_shift_leader_of_the_line() -> None:
    leader = (person(1), grant(1, 1, Role.SHIFT_LEADER, line=LINE))
    newcomer = people_acts.TeachInBadge(badge_id=BADGE, station=OP20, name="name:new")
    assert Desk(*leader).refusal(newcomer, person_acting(How.BADGE)) is None


@pytest.mark.parametrize(
    "what",
    [{"station": OP20}, {"device": DeviceId("op20-torque")}, {"check_id": TORQUE_CHECK}],
    ids=lambda what: next(iter(what)),
)
def test_who_qualifies_somebody_leads_where_it_counts(what: dict[str, Any]) -> None:
    act = people_acts.RecordQualification(person_id=PersonId(SOMEBODY), **what)
    for line, refused in ((LINE, None), (OTHER_LINE, "not_permitted_on_line")):
        desk = Desk(person(1), grant(1, 1, Role.SHIFT_LEADER, line=line), *SOMEBODYS)
        assert desk.refusal(act, person_acting()) == refused
