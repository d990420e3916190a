"""What each call can be refused with is what its document says: no code more, and none less (K10)."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from redrabbit.domain import acts, calendar_acts, plan_acts
from redrabbit.domain.people_acts import PEOPLE_ACTS
from redrabbit.services.doing import COMMANDS, MOVES
from redrabbit.services.permitting import LIMITS
from redrabbit.web.api.approval_models import OF_REQUESTS
from redrabbit.web.api.problems import OF_ACTS, OF_MOVES
from redrabbit.web.api.runs import OF_TAKING
from redrabbit.web.api.session import OF_PASSWORDS
from redrabbit.web.api.values import OF_NAMES, OF_TEXTS
from redrabbit.web.budget import REASONS
from redrabbit.web.codes import REFUSALS, STATUSES
from tests.web.conftest import Visitor
from tests.web.declared import Document, call_of, codes_of, document_of, not_listed
from tests.web.refused_in import codes_of_act

API = Path(__file__).parent.parent.parent / "redrabbit" / "web" / "api"
ACTS_OF = {"acts": acts, "calendar_acts": calendar_acts, "plan_acts": plan_acts}
PULSES = ("confirm_pulse", "refuse_pulse")
"""Two calls of one act, which a function that they share makes."""
BY_FORM = {
    *OF_ACTS,
    *OF_NAMES,
    *OF_TEXTS,
    *("instant_out_of_range", "invalid_request", "not_a_time"),
    *("label_required", "reason_required", "reason_too_long"),
}
"""Codes of every act, or by which the form of a value is refused: derived from it, or asked by pages."""
NEVER: Mapping[type[Any], set[str]] = {
    acts.ReleasePart: {"part_already_quarantined", "part_already_unreleased"},
    acts.TellEvent: {"no_such_request", "request_ended"},
    **{act: {"no_run"} for act in MOVES},
}
"""Codes that stand in a command's source and that it never comes to: these are what it changes, a
move is of a run that is under way, and looking what one check owes ends no request."""


def acts_by_call() -> dict[str, type[Any]]:
    """Return the act of every call that is one, as its source names it."""
    found: dict[str, type[Any]] = dict.fromkeys(PULSES, acts.DecidePulse)
    for path in API.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef):
                names = [
                    (ast.unparse(each.func.value), each.func.attr)
                    for each in ast.walk(node)
                    if isinstance(each, ast.Call)
                    and isinstance(each.func, ast.Attribute)
                    and ast.unparse(each.func.value) in ACTS_OF
                ]
                if len(names) == 1 and node.name != "decide":
                    ((module, name),) = names
                    found[node.name] = getattr(ACTS_OF[module], name)
    return found


ACTS = acts_by_call()
ABOUT_PEOPLE = {
    *("sign_in", "sign_out", "show_password"),
    *("register_person", "disable_person", "enable_person", "grant_role", "revoke_role"),
    *("reset_credentials", "issue_token", "revoke_token"),
}
"""Calls that change no record of what is verified: they have tests of their own."""
OF_ROLES: Mapping[type[Any], set[str]] = {
    acts.ConfirmRun: {"run_of_another"},
    acts.AbortRun: {"run_of_another"},
    acts.Excuse: {"excuse_too_early", *OF_REQUESTS},
    acts.CloseContainment: {*OF_REQUESTS},
    acts.DeclarePause: {"pause_too_long"},
    acts.ReleasePart: {"same_person", *OF_REQUESTS},
    acts.GiveSignature: {
        *("meaning_does_not_fit", "signed_by_another", "signed_by_who_did_it"),
        "excuse_too_early",  # who approves what is asked for
        *("asker_may_not", "request_not_possible"),  # it is carried out with its approval
    },
    plan_acts.ApprovePlan: {"plan_of_own", "plan_of_nobody_known", *OF_REQUESTS},
    acts.RefuseApproval: {"request_of_own", "request_of_own_hand", "excuse_too_early"},
    acts.WithdrawRequest: {"request_of_another"},
}
"""Codes by which an act is refused that reaches further than a role (`redrabbit.domain.role_limits`), or that waits for another person."""


def test_every_act_that_a_role_limits_has_its_code_here() -> None:
    of_approvals = {acts.CloseContainment}  # by what the plant asks, and no role
    assert OF_ROLES.keys() - of_approvals == LIMITS.keys() - set(PEOPLE_ACTS)


def call_named(document: Document, name: str) -> Mapping[str, Any]:
    """Return a call of the document by its name."""
    return next(
        call
        for calls in document["paths"].values()
        for call in calls.values()
        if call["operationId"] == name
    )


def test_every_call_that_changes_something_is_one_act(onlooker: Visitor) -> None:
    changing = {
        call["operationId"]
        for calls in document_of(onlooker.client)["paths"].values()
        for method, call in calls.items()
        if method != "get" and call.get("tags") != ["people"]  # who somebody is, and no act
    }
    assert set(ACTS) == changing - ABOUT_PEOPLE
    assert set(ACTS.values()) == {acts.StartRun, acts.GiveSignature, *MOVES, *COMMANDS}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_lists_every_code_of_its_rules_and_no_other(onlooker: Visitor, name: str) -> None:
    document, act = document_of(onlooker.client), ACTS[name]
    listed = set().union(*codes_of(document, call_named(document, name)).values())
    assert listed >= set(OF_ACTS) | {"invalid_request"} | set(OF_NAMES)
    rules = codes_of_act(act) | OF_ROLES.get(act, set())
    if act in MOVES:
        rules |= {*OF_MOVES, *(OF_TAKING if act is acts.ScanPart else ())}
    if act in MOVES or act is acts.RemarkOnRun:
        rules.add("run_changed")
    if act is acts.GiveSignature:
        # a password or PIN may come with it
        rules |= {*OF_PASSWORDS, "sign_in_failed", "wrong_password", "wrong_pin"}
    if act is acts.StartRun:
        rules.add("no_such_station")  # its queue was given up meanwhile
    if act in {plan_acts.ApprovePlan, plan_acts.SchedulePlan}:
        rules |= {"plan_below_minimum", "plan_turns_below_minimum"}
        # by the service, which alone can read a content
    assert listed - BY_FORM == rules - BY_FORM - NEVER.get(act, set())


def test_a_code_stands_with_the_status_that_it_is_answered_with(onlooker: Visitor) -> None:
    document = document_of(onlooker.client)
    for calls in document["paths"].values():
        for call in calls.values():
            for status, codes in codes_of(document, call).items():
                assert {STATUSES[code] for code in codes} == {status}


def test_what_reads_lists_no_code_of_what_changes(onlooker: Visitor) -> None:
    document = document_of(onlooker.client)
    for calls in document["paths"].values():
        listed = codes_of(document, calls["get"]) if "get" in calls else {}
        assert not listed.keys() & {409, 412, 413}
        assert "not_permitted" not in listed.get(403, ())


def test_the_stream_lists_every_code_of_its_budget(onlooker: Visitor) -> None:
    document = document_of(onlooker.client)
    listed = codes_of(document, call_named(document, "stream_events"))[503]
    assert {reason for reason in REASONS if reason in REFUSALS} <= listed


def test_an_answer_that_is_not_listed_is_found(onlooker: Visitor) -> None:
    """The check that every answer of these tests passes can fail."""
    document = document_of(onlooker.client)
    at = ("GET", "/api/v1/stations/op99")
    assert not_listed(document, *at, 404, {"code": "no_such_station"}) is None
    assert not_listed(document, *at, 404, {"code": "no_such_run"}) is not None
    assert not_listed(document, *at, 409, {"code": "no_such_station"}) is not None
    assert not_listed(document, *at, 201, None) is not None
    assert not_listed(document, "DELETE", at[1], 405, {"code": "method_not_allowed"}) is None
    several = {"code": "invalid_request", "errors": [{"code": "operator_required"}]}
    assert not_listed(document, *at, 422, several) is not None
    assert call_of(document, "HEAD", at[1]) is call_of(document, *at)
