"""Who asks for more than they may leaves a line in the log, and what they sent is not in it (ASVS 5.0.0, 16.3.2)."""

import logging

import pytest

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.role import Role
from redrabbit.web.codes import STATUSES
from redrabbit.web.refused_rights import OF_RIGHTS
from tests.people import People
from tests.web.conftest import Visitor

ORIGIN = {"origin": "http://127.0.0.1:8080"}


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    return [
        (vars(line)["person"], vars(line)["code"], vars(line)["act"])
        for line in caplog.records
        if line.name == "redrabbit.rights"
    ]


def test_a_page_a_call_a_form_and_a_token_beyond_ones_rights_are_logged(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    people = people_of(visitor)
    person = people.register("Xu Jing", Role.AUDITOR)
    token = people.token(person, [Scope.READ])
    run = {"check": "line1-op20", "operator": None}
    beyond = {"authorization": f"Bearer {token}"}
    visitor.client.post("/api/v1/runs", json=run, headers=beyond)
    visitor.client.cookies.set("rr_session", people.session(person))
    visitor.client.get("/people")
    visitor.client.post("/api/v1/runs", json=run, headers=ORIGIN)
    visitor.client.post("/api/v1/runs", json=run)
    assert told(caplog) == [
        (person, "scope_missing", "start_run"),
        (person, "not_allowed", None),
        (person, "not_permitted", "start_run"),
        (person, "cross_site_request", None),
    ]
    assert token not in caplog.text


def test_a_form_that_is_refused_is_logged_too(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    people = people_of(visitor)
    person = people.register("Li Na", Role.OPERATOR)
    visitor.client.cookies.set("rr_session", people.session(person))
    assert visitor.send("/account/pin", password="x", pin="1") == 409
    assert [code for _, code, _ in told(caplog)] == ["form_expired"]


def test_who_is_nobody_fills_no_log(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    people_of(visitor).register("Li Na")
    visitor.client.get("/runs")
    visitor.client.post("/api/v1/runs", json={"check": "line1-op20"})
    visitor.client.post("/sign-in", data={"form_token": "forged"})
    assert told(caplog) == []


def test_every_code_of_a_right_is_one_that_there_is() -> None:
    assert set(STATUSES) >= OF_RIGHTS
