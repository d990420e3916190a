"""What a person changes of their own; and that nobody acts in anybody's name any more (K3)."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from redrabbit.domain.identity import PersonId
from redrabbit.domain.role import Role
from redrabbit.services.queries.registered_people import last_day
from redrabbit.web.reading_rights import ROUTES, Right
from tests.people import PASSWORD
from tests.web.conftest import Visitor
from tests.web.test_reading_rights import path_of
from tests.web.test_sign_in import digest_of_session, people_of, sent

OTHER = "tungsten carbide 7 ferret"


@pytest.fixture
def li_na(visitor: Visitor) -> Visitor:
    """A quality engineer who is signed in."""
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER, number="204711")
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 303
    return visitor


def asked(visitor: Visitor, act: str, **fields: str) -> tuple[int, str]:
    return sent(visitor, f"/account/{act}", digest_of_session(visitor), **fields)


def test_a_person_changes_the_password(li_na: Visitor) -> None:
    new = {"after": OTHER, "again": OTHER}
    status, page = asked(li_na, "password", password="wrong", **new)
    assert (status, "That is not your password" in page) == (409, True)
    assert asked(li_na, "password", password=PASSWORD, after=OTHER, again="x")[0] == 409
    assert asked(li_na, "password", password=PASSWORD, **new) == (303, "/account")
    assert asked(li_na, "password", password=PASSWORD, **new)[0] == 409


def test_a_person_sets_a_pin(li_na: Visitor) -> None:
    assert asked(li_na, "pin", password=PASSWORD, pin="123456")[0] == 409
    assert "You have no PIN yet." in li_na.text("/account")
    assert asked(li_na, "pin", password=PASSWORD, pin="830275") == (303, "/account")
    assert "Your PIN is set, since" in li_na.text("/account")


def test_a_person_sees_the_last_day_of_the_account(visitor: Visitor) -> None:
    day = timedelta(days=1)
    ends_at = visitor.clock.now() + 30 * day
    people_of(visitor).register("Kim Auditor", Role.AUDITOR, expires_at=ends_at)
    assert sent(visitor, "/sign-in", name="Kim Auditor", password=PASSWORD)[0] == 303
    last = last_day(ends_at, ZoneInfo("Asia/Shanghai"))
    assert f"last day of the account: {last}" in visitor.text("/account")


def test_a_person_ends_sessions(li_na: Visitor) -> None:
    for _ in range(2):
        people_of(li_na).session(PersonId("p-0001"))
    page = li_na.text("/account")
    assert len(re.findall(r'name="session"', page)) == 3
    one = re.findall(r'name="session" value="(\w+)"', page)[-1]
    assert asked(li_na, "end-sessions")[0] == 303
    assert len(re.findall(r'name="session"', li_na.text("/account"))) == 1
    assert one
    own = re.findall(r'name="session" value="(\w+)"', li_na.text("/account"))[0]
    assert asked(li_na, "end-sessions", session=own)[0] == 303
    assert li_na.client.get("/account", follow_redirects=False).status_code == 303


def test_it_is_about_oneself_only(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na")
    assert visitor.client.get("/account", follow_redirects=False).status_code == 303
    assert visitor.client.get("/account/nothing", follow_redirects=False).status_code == 303
    assert sent(visitor, "/account/pin", pin="830275")[1].startswith("/sign-in")


def test_what_is_no_form_is_no_page(li_na: Visitor) -> None:
    assert li_na.client.get("/account/nothing").status_code == 404
    assert asked(li_na, "nothing")[0] == 404
    assert li_na.client.get("/account/pin", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_words_in_both_languages(li_na: Visitor, language: str) -> None:
    assert not re.search(r">(account|session|people)\.", li_na.text("/account", language))


ACTS = sorted(
    route.split(" ", 1)[1]
    for route, right in ROUTES.items()
    if right is Right.ACT and route.startswith("POST /api/")
)


@pytest.mark.parametrize("path", ACTS)
def test_the_plant_manager_of_case_k3_acts_no_more(visitor: Visitor, path: str) -> None:
    """K3.1: each act by curl, in the name of whoever it pleases; refused before anything else is looked at."""
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    size = visitor.plant.ask(lambda reader: reader.head().size)
    body = {"operator": "Plant manager", "reason": ".", "code": "RR-0001", "text": "x", "step": 0}
    answer = visitor.client.post(path_of(f"POST {path}"), json=body)
    assert answer.status_code in {401, 422}
    assert answer.json()["code"] in {"sign_in_required", "invalid_request"}
    assert visitor.plant.ask(lambda reader: reader.head().size) == size
