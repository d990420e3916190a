"""The pages of people and tokens: an administrator gives and takes, others do not."""

import re

import pytest

from redrabbit.domain.identity import PersonId
from redrabbit.domain.role import Role
from tests.people import PASSWORD
from tests.web.conftest import Visitor
from tests.web.test_sign_in import digest_of_session, people_of, sent

OTHER = "tungsten carbide 7 ferret"


def enter(visitor: Visitor, name: str, password: str = PASSWORD) -> None:
    visitor.client.cookies.delete("rr_session") if "rr_session" in visitor.client.cookies else None
    assert sent(visitor, "/sign-in", name=name, password=password)[0] == 303


@pytest.fixture
def chen(visitor: Visitor) -> Visitor:
    """An administrator who is signed in."""
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    enter(visitor, "Chen")
    return visitor


def done(visitor: Visitor, path: str, **fields: str) -> tuple[int, str]:
    return sent(visitor, path, digest_of_session(visitor), **fields)


def registered(visitor: Visitor, name: str, **fields: str) -> PersonId:
    status, led = done(visitor, "/people", name=name, **fields)
    assert status == 303, led
    return PersonId(led.removeprefix("/people/"))


def test_from_registering_to_the_first_sign_in(chen: Visitor) -> None:
    li_na = registered(chen, "Li Na", employee_number="204711")
    assert done(chen, f"/people/{li_na}/grant", role="auditor")[0] == 409  # without an end
    assert done(chen, f"/people/{li_na}/grant", role="quality_engineer", line="line1")[0] == 303
    page = chen.text(f"/people/{li_na}")
    assert 'name="grant" value="g-0002"' in page
    assert "204711" in page
    status, shown = done(chen, f"/people/{li_na}/link")
    assert status == 200
    found = re.search(r"/welcome/([\w-]{43})", shown)
    assert found is not None
    assert f"/welcome/{found[1]}" not in chen.text(f"/people/{li_na}")
    chen.client.cookies.delete("rr_session")
    assert sent(chen, f"/welcome/{found[1]}", password=OTHER, again=OTHER) == (303, "/")
    assert "Li Na" in chen.text("/runs")


def test_a_link_for_who_has_a_password_takes_it_away_in_the_records(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    session = people_of(chen).session(li_na)
    assert done(chen, f"/people/{li_na}/link")[0] == 200
    assert "taken away" in chen.text(f"/people/{li_na}")
    chen.client.cookies.delete("rr_session")
    chen.client.cookies.set("rr_session", session)
    assert chen.client.get("/runs", follow_redirects=False).status_code == 303
    chen.client.cookies.clear()
    chen.client.cookies.set("rr_form", "a-nonce-of-this-browser")
    assert sent(chen, "/sign-in", name="Li Na", password=PASSWORD)[0] == 401


def test_who_is_disabled_is_out_at_once_and_can_be_enabled_again(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    assert done(chen, f"/people/{li_na}/disable")[0] == 303
    assert "disabled" in chen.text(f"/people/{li_na}")
    assert done(chen, f"/people/{li_na}/enable")[0] == 303
    assert "active" in chen.text(f"/people/{li_na}")


def test_a_role_is_revoked_and_nobody_grants_to_themselves(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    grant = re.search(r'name="grant" value="([^"]+)"', chen.text(f"/people/{li_na}"))
    assert grant is not None
    assert done(chen, f"/people/{li_na}/revoke", grant=grant[1])[0] == 303
    assert 'name="grant"' not in chen.text(f"/people/{li_na}")
    assert done(chen, "/people/p-0001/grant", role="quality_engineer")[0] == 409
    assert done(chen, "/people/p-0001/disable")[0] == 409
    assert done(chen, f"/people/{li_na}/grant", role="king")[0] == 409


def test_sessions_are_seen_and_ended(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    people_of(chen).session(li_na)
    one = re.search(r'name="session" value="(\w+)"', chen.text(f"/people/{li_na}"))
    assert one is not None
    assert done(chen, f"/people/{li_na}/end-sessions", session=one[1])[0] == 303
    assert 'name="session"' not in chen.text(f"/people/{li_na}")
    people_of(chen).session(li_na)
    assert done(chen, f"/people/{li_na}/end-sessions")[0] == 303
    assert 'name="session"' not in chen.text(f"/people/{li_na}")


def test_a_shift_leader_sees_people_and_gives_neither_roles_nor_links(visitor: Visitor) -> None:
    people = people_of(visitor)
    people.register("Leader", Role.SHIFT_LEADER)
    li_na = people.register("Li Na", Role.OPERATOR)
    people.session(li_na)
    enter(visitor, "Leader")
    assert "Li Na" in visitor.text("/people")
    for act in ("link", "disable", "grant", "end-sessions"):
        status, page = done(visitor, f"/people/{li_na}/{act}", role="operator")
        assert (status, "refusal." in page) == (409, False), act
    assert visitor.client.get("/tokens").status_code == 403


def test_a_token_is_shown_once_works_and_is_revoked(chen: Visitor) -> None:
    owner = people_of(chen).register("Li Na")
    fields = {"name": "MES", "owner": owner, "scope-read": "1", "expires": "2027-01-31"}
    status, shown = done(chen, "/tokens/issue", **fields)
    assert status == 200, shown
    token = re.search(r"rrt_t-0001_[\w-]{43}", shown)
    assert token is not None
    assert token[0] not in chen.text("/tokens")
    bearer = {"authorization": f"Bearer {token[0]}"}
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 200
    assert done(chen, "/tokens/revoke", token="t-0001")[0] == 303
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 401
    assert done(chen, "/tokens/issue", name="MES", owner=owner)[0] == 409


@pytest.mark.parametrize("path", ["/people/p-0001/nothing", "/tokens/nothing"])
def test_what_is_no_form_is_no_page(chen: Visitor, path: str) -> None:
    assert chen.client.get(path).status_code == 404
    assert done(chen, path)[0] == 404
    assert chen.client.get("/people/p-0001/grant", follow_redirects=False).status_code == 303
    assert chen.client.get("/tokens/issue", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_have_words_in_both_languages(chen: Visitor, language: str) -> None:
    people_of(chen).token(people_of(chen).register("Li Na", Role.OPERATOR), [])
    for path in ("/people", "/people/p-0001", "/people/p-0002", "/tokens"):
        page = chen.text(path, language)
        assert not re.search(r">(people|tokens|session|credential|role|scope)\.", page)
