"""Who may do what: the whole table, as it was decided (D65, K12), spelt out here a second time."""

from typing import Any, Final

import pytest

from redrabbit.domain import acts
from redrabbit.domain.acts import ACTS, Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import AGENT, Actor, AlarmId, How, PartId, RunId
from redrabbit.domain.permissions import MAY, may, require, roles_of
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
    "excuse": "-x---x---",
    "declare_pause": "-x---x--x",
    "end_pause": "-x---x--x",
    "record_stop": "xxxx-x---",
    "record_alternate": "-x---x---",
    "tick_reaction": "xxxx-x---",
    "record_repair": "xxxx-x---",
    "close_containment": "-----x---",
    "quarantine_part": "xx--xx--x",
    "release_part": "-----x---",
    "find_part": "-x--xx---",
    "acknowledge_alarm": "xxxxxx--x",
    "send_message_again": "xxxxxx--x",
    "drop_message": "-x---x---",
    "decide_pulse": "-----x---",
}

EXPECTED: Final = [
    (act, role, mark == "x")
    for act, marks in DECIDED.items()
    for role, mark in zip(ROLES, marks, strict=True)
]
BY_KIND: Final = {kind.KIND: kind for kind in ACTS}


def test_there_are_nine_roles() -> None:
    """D65."""
    assert set(ROLES) == set(Role)
    assert len(ROLES) == 9


def test_every_act_has_its_row() -> None:
    assert DECIDED.keys() == BY_KIND.keys()
    assert MAY.keys() == set(ACTS)


@pytest.mark.parametrize(("act", "role", "allowed"), EXPECTED)
def test_each_act_is_allowed_to_just_the_roles_that_were_decided(
    act: str, role: Role, allowed: bool
) -> None:
    assert may(frozenset({role}), BY_KIND[act]) is allowed


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_auditors_and_administrators_act_on_nothing(role: Role) -> None:
    """K12: neither who verifies the records nor who gives rights makes any."""
    assert not any(may(frozenset({role}), act) for act in ACTS)


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


def test_whoever_states_a_name_has_every_role_and_nobody_else_has_one() -> None:
    """D47: until somebody can sign in."""
    for how in How:
        roles = roles_of(Actor(id="p-0042", how=how))
        assert roles == (frozenset(Role) if how is How.STATED else frozenset())


ABORT: Final = acts.AbortRun(run_id=RunId("line1-R-1"), reason="called away")


def test_a_person_who_states_a_name_may_do_everything() -> None:
    anna = Actor.stated("name:anna")
    assert all(may(roles_of(anna), act) for act in ACTS)
    require(anna, ABORT)


def test_an_act_that_no_role_allows_is_refused_with_what_it_needs() -> None:
    acknowledge: Act[Record] = acts.AcknowledgeAlarm(alarm_id=AlarmId("line1-A-1"))
    release: Any = acts.ReleasePart(part_id=PartId("RR-0001"))
    told = {
        ABORT: "operator, quality_engineer, service, shift_leader",
        release: "quality_engineer",
        acknowledge: (
            "maintenance, operator, parts_keeper, process_engineer, quality_engineer, service, "
            "shift_leader"
        ),
    }
    for act, needs in told.items():
        with pytest.raises(Refusal) as refused:
            require(AGENT, act)
        assert refused.value.code == "not_permitted"
        assert refused.value.params == {"act": act.KIND, "needs": needs}
