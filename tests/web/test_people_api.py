"""People and tokens by calls."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.role import Role
from redrabbit.domain.throttle import FREE_OF_ADDRESS, LONGEST_WAIT
from tests.people import PASSWORD
from tests.web.conftest import Visitor
from tests.web.test_people import done
from tests.web.test_sign_in import ORIGIN, people_of


@pytest.fixture
def chen(visitor: Visitor) -> Visitor:
    """An administrator who is signed in."""
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    body = {"name": "Chen", "password": PASSWORD}
    assert visitor.client.post("/api/v1/session", json=body).status_code == 201
    return visitor


def asked(visitor: Visitor, method: str, path: str, status: int, body: Any = None) -> Any:
    answer = visitor.client.request(method, f"/api/v1{path}", json=body, headers=ORIGIN)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_a_person_is_registered_given_a_role_disabled_and_enabled(chen: Visitor) -> None:
    made = asked(chen, "POST", "/people", 201, {"name": "Li Na", "employee_number": "204711"})
    assert (made["person"], made["name"], made["grants"]) == ("p-0002", "Li Na", [])
    role = {"role": "quality_engineer", "line": "line1"}
    given = asked(chen, "POST", "/people/p-0002/grants", 201, role)
    assert given["roles"] == ["quality_engineer"]
    grant = given["grants"][0]["grant"]
    assert asked(chen, "DELETE", f"/people/p-0002/grants/{grant}", 200)["grants"] == []
    assert asked(chen, "POST", "/people/p-0002/disable", 200)["state"] == "disabled"
    assert asked(chen, "POST", "/people/p-0002/enable", 200)["state"] == "active"
    listed = asked(chen, "GET", "/people?limit=1", 200)
    assert len(listed["items"]) == 1
    assert listed["next"] is not None


def test_a_badge_is_issued_and_taken_away(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    issued = asked(chen, "POST", f"/people/{li_na}/badges", 201, {"code": "204711"})
    (badge,) = issued["badges"]
    assert badge["provisional_until"] is None
    again = asked(chen, "POST", f"/people/{li_na}/badges", 409, {"code": "204711"})
    assert again["code"] == "badge_issued_already"
    of_part = asked(chen, "POST", f"/people/{li_na}/badges", 422, {"code": "RR-0001"})
    assert of_part["code"] == "scan_is_no_badge"
    path = f"/people/{li_na}/badges/{badge['badge']}"
    assert asked(chen, "DELETE", path, 200)["badges"] == []
    assert asked(chen, "DELETE", path, 404)["code"] == "no_such_badge"


def test_whose_badges_are_is_not_found_out_by_trying_codes(
    chen: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    """Each badge of somebody else counts as guessed and leaves a line in the log; what is new counts nothing."""
    caplog.set_level(logging.WARNING, "redrabbit.badges")
    li_na, wang = (people_of(chen).register(name, Role.OPERATOR) for name in ("Li Na", "Wang"))
    theirs, free = {"code": "204711"}, {"code": "204712"}
    asked(chen, "POST", f"/people/{li_na}/badges", 201, theirs)
    for n in range(FREE_OF_ADDRESS + 6):
        chen.clock.jump(LONGEST_WAIT.total_seconds() if n >= FREE_OF_ADDRESS else 0)
        assert asked(chen, "POST", f"/people/{wang}/badges", 409, theirs)["code"] == "badge_taken"
    told = [vars(line)["person"] for line in caplog.records if line.name == "redrabbit.badges"]
    assert told == ["p-0001"] * (FREE_OF_ADDRESS + 6)
    for body in (theirs, free):
        refused = asked(chen, "POST", f"/people/{wang}/badges", 429, body)
        assert refused["code"] == "too_many_tries"
    status, page = done(chen, f"/people/{wang}/badge", code="204711")
    assert (status, "Too many tries" in page) == (409, True)
    chen.clock.jump(LONGEST_WAIT.total_seconds())
    asked(chen, "POST", f"/people/{wang}/badges", 201, free)


def test_what_the_rules_refuse_is_refused_with_its_code(chen: Visitor) -> None:
    assert asked(chen, "GET", "/people/p-0009", 404)["code"] == "no_such_person"
    own = asked(chen, "POST", "/people/p-0001/grants", 403, {"role": "operator"})
    assert own["code"] == "own_grant"
    assert asked(chen, "POST", "/people/p-0001/disable", 409)["code"] == "last_administrator"


def test_a_link_is_given_once(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    link = asked(chen, "POST", f"/people/{li_na}/credentials/reset", 200)["link"]
    assert "Welcome, Li Na" in chen.text("/welcome/" + link.rpartition("/")[2])


def test_a_token_is_issued_used_and_revoked(chen: Visitor) -> None:
    owner = people_of(chen).register("Li Na", Role.AUDITOR)
    end = (chen.clock.now() + timedelta(days=30)).isoformat()
    new = {"name": "MES", "owner": owner, "scopes": ["read"], "expires_at": end}
    issued = asked(chen, "POST", "/tokens", 201, new)
    assert issued["secret"].startswith("rrt_t-0001_")
    assert asked(chen, "GET", "/tokens", 200)["items"][0]["holds"] is True
    bearer = {"authorization": f"Bearer {issued['secret']}"}
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 200
    asked(chen, "DELETE", "/tokens/t-0001", 204)
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 401
    assert asked(chen, "DELETE", "/tokens/t-0001", 404)["code"] == "no_such_token"


def test_a_token_for_more_than_its_owner_may_is_refused(chen: Visitor) -> None:
    """Also to who issues it to themselves: an administrator reads no records."""
    end = (chen.clock.now() + timedelta(days=30)).isoformat()
    new = {"name": "MES", "owner": "p-0001", "scopes": ["run", "read"], "expires_at": end}
    refused = asked(chen, "POST", "/tokens", 403, new)
    assert refused["code"] == "scope_beyond_owner"
    assert refused["params"] == {"person": "p-0001", "scopes": "read, run", "line": None}
    assert asked(chen, "GET", "/tokens", 200)["items"] == []


def test_a_token_that_is_asked_for_again_says_that_its_secret_was_shown(chen: Visitor) -> None:
    owner = people_of(chen).register("Li Na", Role.AUDITOR)
    end = (chen.clock.now() + timedelta(days=30)).isoformat()
    new = {"name": "MES", "owner": owner, "scopes": ["read"], "expires_at": end}
    keyed = {**ORIGIN, "idempotency-key": "k-1"}
    first, again = [
        chen.client.post("/api/v1/tokens", json=new, headers=keyed).json() for _ in range(2)
    ]
    assert (again["code"], again["params"]) == ("token_shown_before", {"token": "t-0001"})
    bearer = {"authorization": f"Bearer {first['secret']}"}
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 200
    other = chen.client.post("/api/v1/tokens", json={**new, "name": "ERP"}, headers=keyed)
    assert other.json()["code"] == "key_used_before"


def test_what_is_refused_keeps_no_name(visitor: Visitor) -> None:
    """Names and employee numbers are personal data: kept from a right on, and not before."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    people.register("Li Na", Role.QUALITY_ENGINEER)
    visitor.client.post("/api/v1/session", json={"name": "Li Na", "password": PASSWORD})
    before = visitor.plant.ask(lambda reader: dict(reader.names()))
    asked(visitor, "POST", "/people", 403, {"name": "Bao", "employee_number": "204799"})
    status, _ = done(visitor, "/people", name="Bao", employee_number="204799")
    assert status == 403
    assert visitor.plant.ask(lambda reader: dict(reader.names())) == before


def test_what_the_rules_refuse_of_an_administrator_keeps_no_name(visitor: Visitor) -> None:
    """They might, and it was no more than a slip: two people with one number."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    li_na = people.register("Li Na", Role.QUALITY_ENGINEER, number="204711")
    visitor.client.post("/api/v1/session", json={"name": "Chen", "password": PASSWORD})
    before = visitor.plant.ask(lambda reader: dict(reader.names()))
    taken = {"name": "Bao", "employee_number": "204711"}
    asked(visitor, "POST", "/people", 409, taken)
    late = {"name": "Li Na Meier", "expires_at": "2020-01-01T00:00:00Z"}
    asked(visitor, "PUT", f"/people/{li_na}", 422, late)
    assert done(visitor, "/people", **taken)[0] == 409
    assert (
        done(visitor, f"/people/{li_na}/change", name="Li Na Meier", expires="2020-01-01")[0] == 409
    )
    assert visitor.plant.ask(lambda reader: dict(reader.names())) == before


def test_others_change_nothing(visitor: Visitor) -> None:
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    people.register("Li Na", Role.QUALITY_ENGINEER)
    visitor.client.post("/api/v1/session", json={"name": "Li Na", "password": PASSWORD})
    assert asked(visitor, "POST", "/people", 403, {"name": "Bao"})["code"] == "not_permitted"
    assert asked(visitor, "GET", "/people", 403)["code"] == "not_allowed"
    reset = asked(visitor, "POST", "/people/p-0001/credentials/reset", 403)
    assert reset["code"] == "not_permitted"


@pytest.mark.parametrize(
    ("field", "kind", "what"),
    [
        ("station", "station", "line1-op20"),
        ("device", "device", "line1-op20"),
        ("check_id", "check", "line1-op20"),
    ],
)
def test_somebody_is_qualified_and_no_more(
    visitor: Visitor, field: str, kind: str, what: str
) -> None:
    """By who leads; they are told of the qualification, and read no people unless they may."""
    li_na = people_of(visitor).register("Li Na", Role.OPERATOR)
    people_of(visitor).register("Bao", Role.QUALITY_ENGINEER)
    visitor.client.post("/api/v1/session", json={"name": "Bao", "password": PASSWORD})
    path = f"/people/{li_na}/qualifications"
    until = (visitor.clock.now() + timedelta(days=30)).isoformat()
    held = asked(visitor, "POST", path, 201, {field: what, "valid_until": until})
    assert (held["qualification"], held["kind"], held["what"]) == ("q-0001", kind, what)
    assert (held["recorded_by"], held["is_over"]) == ("Bao", False)
    others = asked(visitor, "DELETE", "/people/p-0002/qualifications/q-0001", 404)
    assert others["code"] == "no_such_qualification"
    assert asked(visitor, "DELETE", f"{path}/q-0001", 200)["qualification"] == "q-0001"
    assert asked(visitor, "DELETE", f"{path}/q-0001", 404)["code"] == "no_such_qualification"


def test_a_person_is_read_with_their_qualifications(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    path = f"/people/{li_na}/qualifications"
    asked(chen, "POST", path, 201, {"station": "line1-op20"})
    asked(chen, "POST", path, 201, {"station": "line1-op30"})
    asked(chen, "DELETE", f"{path}/q-0001", 200)
    (held,) = asked(chen, "GET", f"/people/{li_na}", 200)["qualifications"]
    assert (held["qualification"], held["what"], held["valid_until"]) == (
        "q-0002",
        "line1-op30",
        None,
    )


def test_what_is_no_qualification_is_refused_with_its_code(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    path = f"/people/{li_na}/qualifications"
    assert asked(chen, "POST", path, 422, {})["code"] == "qualified_for_one_thing"
    unknown = asked(chen, "POST", path, 422, {"station": "op99"})
    assert unknown["code"] == "qualified_for_nothing_known"
    own = {"station": "line1-op20"}
    assert asked(chen, "POST", "/people/p-0001/qualifications", 403, own)["code"] == "own_grant"
    people_of(chen).register("Wang", Role.OPERATOR)
    body = {"name": "Wang", "password": PASSWORD}
    assert chen.client.post("/api/v1/session", json=body, headers=ORIGIN).status_code == 201
    assert asked(chen, "POST", path, 403, own)["code"] == "not_permitted"


def test_a_person_is_told_of_anew_and_as_a_whole(chen: Visitor) -> None:
    made = asked(chen, "POST", "/people", 201, {"name": "Li Na", "employee_number": "204711"})
    path = f"/people/{made['person']}"
    told = asked(chen, "PUT", path, 200, {"name": "Wang Na", "language": "zh"})
    assert (told["name"], told["employee_number"], told["language"]) == ("Wang Na", "", "zh")
    assert asked(chen, "PUT", "/people/p-0009", 404, {"name": "Bao"})["code"] == "no_such_person"
    end = (chen.clock.now() + timedelta(days=3)).isoformat()
    last = asked(chen, "PUT", "/people/p-0001", 409, {"name": "Chen", "expires_at": end})
    assert last["code"] == "last_administrator"


def test_who_may_not_change_a_person_leaves_no_name_behind(visitor: Visitor) -> None:
    people_of(visitor).register("Leader", Role.SHIFT_LEADER)
    li_na = people_of(visitor).register("Li Na", Role.OPERATOR)
    visitor.client.post("/api/v1/session", json={"name": "Leader", "password": PASSWORD})
    body = {"name": "Never Seen", "employee_number": "999123"}
    assert asked(visitor, "PUT", f"/people/{li_na}", 403, body)["code"] == "not_permitted"
    kept = visitor.plant.ask(lambda reader: [each.name for each in reader.names().values()])
    assert not {"Never Seen", "999123"} & set(kept)
