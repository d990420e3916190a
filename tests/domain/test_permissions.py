"""Who may do what: the whole table, as it was decided (D65, K12), spelt out here a second time."""

from typing import Any, Final

import pytest

from redrabbit.domain import acts, people_acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.calendar_acts import CALENDAR_ACTS
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import How, PartId, PersonId, RunId
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.domain.permissions import (
    MAY,
    NEED_PROOF,
    SCOPES,
    may,
    needs,
    require_person,
    require_proof,
    require_role,
    require_scope,
)
from redrabbit.domain.plan_acts import PLAN_ACTS
from redrabbit.domain.role import Role

ROLES: Final = (
    Role.OPERATOR,
    Role.SHIFT_LEADER,
    Role.MAINTENANCE,
    Role.PROCESS_ENGINEER,
    Role.PARTS_KEEPER,
    Role.QUALITY_ENGINEER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.SERVICE,
)

#                      operator, shift leader, maintenance, process engineer, parts keeper,
#                      quality engineer, auditor, administrator, service: x may, - may not
DECIDED: Final = {
    "start_run": "xx---x--x",
    "scan_part": "xx---x--x",
    "tell_of_part": "xx---x--x",
    "say_presented": "xx---x--x",
    "say_feed_held": "xx---x---",
    "say_not_the_part": "xx---x---",
    "give_back_part": "xx---x--x",
    "confirm_run": "xx---x---",
    "abort_run": "xx---x--x",
    "remark_on_run": "xxxxxx---",
    "explain_lapse": "-----x---",
    "excuse": "-x---x---",
    "declare_pause": "-x---x--x",
    "end_pause": "-x---x--x",
    "confirm_clock": "-x---x---",
    "tell_event": "xxxx-x--x",
    "record_stop": "xxxx-x---",
    "record_alternate": "-x---x---",
    "tick_reaction": "xxxx-x---",
    "record_repair": "xxxx-x---",
    "close_containment": "-----x---",
    "quarantine_part": "xx--xx--x",
    "release_part": "-----x---",
    "find_part": "-x--xx---",
    "acknowledge_alarm": "xxxxxx--x",
    "acknowledge_alarms": "xxxxxx--x",
    "silence_alarms": "-x---x---",
    "end_silence": "xxxx-x---",
    "test_receiver": "-xxx-x---",
    "send_message_again": "xxxxxx--x",
    "drop_message": "-x---x---",
    "decide_pulse": "-----x---",
    "give_signature": "xx---x---",
    "refuse_approval": "-x---x---",
    "withdraw_request": "xxxxxx---",
    "change_calendar": "-----x---",
    "take_back_calendar_change": "-----x---",
    "approve_plan": "-----x---",
    "schedule_plan": "-----x---",
    "discard_plan": "-----x---",
    "register_person": "-------x-",
    "change_person": "-------x-",
    "disable_person": "-------x-",
    "enable_person": "-------x-",
    "grant_role": "-------x-",
    "revoke_role": "-------x-",
    "issue_badge": "-x-----x-",
    "revoke_badge": "-x-----x-",
    "teach_in_badge": "-x-------",
    "record_qualification": "-x---x-x-",
    "withdraw_qualification": "-x---x-x-",
    "reset_credential": "-------x-",
    "unlock_credential": "-x-----x-",
    "enrol_screen": "-x-----x-",
    "revoke_screen": "-x-----x-",
    "issue_token": "-------x-",
    "revoke_token": "-------x-",
    "acknowledge_administrator": "-------x-",
}

EXPECTED: Final = [
    (act, role, mark == "x")
    for act, marks in DECIDED.items()
    for role, mark in zip(ROLES, marks, strict=True)
]
EVERY: Final = (*ACTS, *CALENDAR_ACTS, *PLAN_ACTS, *PEOPLE_ACTS)
BY_KIND: Final = {kind.KIND: kind for kind in EVERY}


def test_there_are_nine_roles() -> None:
    """D65."""
    assert set(ROLES) == set(Role)
    assert len(ROLES) == 9


def test_every_act_has_its_row() -> None:
    assert DECIDED.keys() == BY_KIND.keys()
    assert MAY.keys() == set(EVERY)


@pytest.mark.parametrize(("act", "role", "allowed"), EXPECTED)
def test_each_act_is_allowed_to_just_the_roles_that_were_decided(
    act: str, role: Role, allowed: bool
) -> None:
    assert may(frozenset({role}), BY_KIND[act]) is allowed


def test_auditors_act_on_nothing_and_administrators_on_no_record() -> None:
    """K12: neither who verifies the records nor who gives rights makes any."""
    assert not any(may(frozenset({Role.AUDITOR}), act) for act in EVERY)
    assert not any(may(frozenset({Role.ADMINISTRATOR}), act) for act in ACTS)


def test_who_keeps_the_parts_never_releases_one() -> None:
    """D65."""
    assert not may(frozenset({Role.PARTS_KEEPER}), acts.ReleasePart)


def test_a_program_never_stands_for_a_run() -> None:
    """K12: it acts on somebody's behalf, and confirms for nobody."""
    assert not may(frozenset({Role.SERVICE}), acts.ConfirmRun)


def test_several_roles_allow_what_any_of_them_does() -> None:
    both = frozenset({Role.AUDITOR, Role.OPERATOR})
    assert may(both, acts.ConfirmRun)
    assert not may(both, acts.Excuse)
    assert not may(frozenset(), acts.QuarantinePart)


ABORT: Final = acts.AbortRun(run_id=RunId("line1-R-1"), reason="called away")
RELEASE: Final = acts.ReleasePart(part_id=PartId("RR-0001"))
DISABLE: Final = people_acts.DisablePerson(person_id=PersonId("p-0007"))


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> tuple[str, dict[str, Any]]:
    return refused.value.code, refused.value.params


def test_an_act_that_no_role_allows_is_refused_with_what_it_needs() -> None:
    told: dict[Act[Any], tuple[str, ...]] = {
        ABORT: ("operator", "shift_leader", "quality_engineer"),  # no person is a service
        RELEASE: ("quality_engineer",),
        DISABLE: ("administrator",),
    }
    for act, needed in told.items():
        assert needs(act) == needed
        with pytest.raises(Refusal) as refused:
            require_role(frozenset({Role.AUDITOR}), act)
        assert code_of(refused) == ("not_permitted", {"act": act.KIND, "needs": needed})
    require_role(frozenset({Role.AUDITOR, Role.OPERATOR}), ABORT)


def test_every_act_of_a_program_has_its_scope_and_no_other_act_has_one() -> None:
    """K12: a token does what its scopes name; nobody reads a scope into an act."""
    assert SCOPES.keys() == {act for act, roles in MAY.items() if Role.SERVICE in roles}
    assert {scope.value for scope in SCOPES.values()} == {
        "run",
        "pause",
        "parts:quarantine",
        "alarms",
        "events",
    }


def test_a_program_is_refused_what_its_scopes_do_not_name() -> None:
    require_scope(frozenset({Scope.RUN}), ABORT)
    with pytest.raises(Refusal) as refused:
        require_scope(frozenset(Scope) - {Scope.RUN}, ABORT)
    assert code_of(refused) == ("scope_missing", {"act": "abort_run", "needs": "run"})
    with pytest.raises(Refusal) as refused:
        require_scope(frozenset(Scope), RELEASE)
    assert refused.value.code == "not_permitted"


def test_a_badge_alone_is_too_little_for_what_cannot_be_taken_back() -> None:
    """D45: a PIN is asked for these and for no others."""
    asked = {kind.KIND for kind in NEED_PROOF}
    on_records = asked & {kind.KIND for kind in ACTS}
    assert on_records == {
        *("excuse", "release_part", "close_containment"),
        *("give_signature", "refuse_approval", "withdraw_request"),
    }
    of_people = {kind.KIND for kind in PEOPLE_ACTS} - {"teach_in_badge"}
    assert asked - on_records == of_people | {kind.KIND for kind in (*CALENDAR_ACTS, *PLAN_ACTS)}
    proving = {How.BADGE_PIN, How.PASSWORD, How.OIDC, How.SECURITY_KEY}
    for how in How:
        require_proof(how, ABORT)
        if how in proving:
            require_proof(how, RELEASE)
            continue
        with pytest.raises(Refusal) as refused:
            require_proof(how, RELEASE)
        assert code_of(refused) == ("proof_required", {"act": "release_part"})


def test_nobody_acts_on_people_in_a_name_that_was_only_stated() -> None:
    require_person(RELEASE)
    with pytest.raises(Refusal) as refused:
        require_person(DISABLE)
    assert code_of(refused) == (
        "person_required",
        {"act": "disable_person", "needs": ("administrator",)},
    )
