"""What an address names is what is changed: a thing of somebody else, or of another station, is not there.

A reader's find: `DELETE /people/p-0001/grants/g-0007` once revoked g-0007 of anybody.
"""

import re
from collections.abc import Callable

import pytest

from redrabbit.domain.identity import SERVER
from redrabbit.domain.role import Role
from redrabbit.domain.way import WayKind
from redrabbit.services import ways
from redrabbit.services.ways import NewWay
from tests.web.conftest import Visitor
from tests.web.test_enrolment import sent
from tests.web.test_people import done, enter
from tests.web.test_sign_in import ORIGIN, people_of

STATION, OTHER_STATION = "line1-op20", "line2-op40"
LI_NA = "p-0002"
OTHERS = ("p-0001", "p-9999")
"""Whose the things are not: somebody there is, and nobody there is."""


@pytest.fixture
def plant(visitor: Visitor) -> Visitor:
    """A plant where Li Na has a role, a badge, a way and a session, and one station a screen; an administrator looks."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    li_na = people.register("Li Na", Role.OPERATOR)
    assert li_na == LI_NA
    people.badge(li_na, "204711")
    people.session(li_na)
    people.screen(STATION)
    new = NewWay(kind=WayKind.APPRISE, address="json://127.0.0.1")
    people.write(lambda uow: ways.set_way(uow, li_na, new, actor=SERVER))
    enter(visitor, "Chen")
    assert done(visitor, f"/people/{li_na}/qualify", what=f"station:{STATION}")[0] == 303
    return visitor


def named_on(visitor: Visitor, page: str, field: str) -> str:
    found = re.search(f'name="{field}" value="([^"]+)"', visitor.text(page))
    assert found is not None, field
    return found[1]


def ledger_size(visitor: Visitor) -> int:
    return visitor.plant.ask(lambda reader: len(reader.entries()))


def sessions_of(visitor: Visitor) -> bool:
    return 'name="session"' in visitor.text(f"/people/{LI_NA}")


CALLS: dict[tuple[str, str], Callable[[Visitor], dict[str, str]]] = {
    ("DELETE", "/people/{person_id}/grants/{grant_id}"): lambda at: {
        "grant_id": named_on(at, f"/people/{LI_NA}", "grant")
    },
    ("DELETE", "/people/{person_id}/badges/{badge_id}"): lambda at: {
        "badge_id": named_on(at, f"/people/{LI_NA}", "badge")
    },
    ("DELETE", "/people/{person_id}/qualifications/{qualification_id}"): lambda at: {
        "qualification_id": named_on(at, f"/people/{LI_NA}", "qualification")
    },
    ("DELETE", "/people/{person_id}/ways/{number}"): lambda _: {"number": "1"},
    ("POST", "/people/{person_id}/ways/{number}/test"): lambda _: {"number": "1"},
}
"""Every call whose address names a person and what is theirs, with what is Li Na's."""


OF_ONE_THING = {
    ("POST", "/lines/{line_id}/calendar-changes/{change_number}/take-back"),
    ("POST", "/stations/{station_id}/pulses/{signal}/confirm"),
    ("POST", "/stations/{station_id}/pulses/{signal}/refuse"),
}
"""Whose last name means nothing without the first."""


def test_every_call_that_names_two_things_is_tried(plant: Visitor) -> None:
    paths = plant.client.get("/openapi.json").json()["paths"]
    found = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        if path.count("{") > 1
        for method in methods
        if method in {"post", "put", "patch", "delete"}
    }
    assert found == {*CALLS, *OF_ONE_THING}


@pytest.mark.parametrize("person", OTHERS)
@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_call_changes_nothing_that_is_not_of_whom_it_names(
    plant: Visitor, call: tuple[str, str], person: str
) -> None:
    method, path = call
    address = path.format(person_id=person, **CALLS[call](plant))
    before = ledger_size(plant)
    answer = plant.client.request(method, f"/api/v1{address}", headers=ORIGIN)
    assert (answer.status_code, answer.json()["code"][:8]) == (404, "no_such_")
    assert ledger_size(plant) == before


@pytest.mark.parametrize("person", OTHERS)
@pytest.mark.parametrize(
    ("act", "field"),
    [
        ("revoke", "grant"),
        ("revoke-badge", "badge"),
        ("remove-way", "way"),
        ("withdraw-qualification", "qualification"),
    ],
)
def test_a_form_changes_nothing_that_is_not_of_whom_it_names(
    plant: Visitor, act: str, field: str, person: str
) -> None:
    value = named_on(plant, f"/people/{LI_NA}", field)
    before = ledger_size(plant)
    assert done(plant, f"/people/{person}/{act}", **{field: value})[0] in {404, 409}
    assert ledger_size(plant) == before


def test_a_form_ends_no_session_of_somebody_else(plant: Visitor) -> None:
    session = named_on(plant, f"/people/{LI_NA}", "session")
    done(plant, "/people/p-0001/end-sessions", session=session)
    assert sessions_of(plant)


@pytest.mark.parametrize("station", [OTHER_STATION, "line9-op90"])
def test_a_form_takes_no_screen_of_another_station_away(plant: Visitor, station: str) -> None:
    screen = named_on(plant, f"/stations/{STATION}/screens", "screen")
    before = ledger_size(plant)
    assert sent(plant, f"/stations/{station}/screens/revoke", screen=screen)[0] in {404, 409}
    assert ledger_size(plant) == before


@pytest.mark.parametrize("station", [OTHER_STATION, "line9-op90"])
def test_a_station_s_page_does_nothing_at_another_station(plant: Visitor, station: str) -> None:
    """Also for somebody who is signed in and stands at no screen, whose acts have no station to compare."""
    people = people_of(plant)
    people.register("Wang Fang", Role.QUALITY_ENGINEER)
    enter(plant, "Wang Fang")
    before = ledger_size(plant)
    assert sent(plant, f"/stations/{station}/start", check=STATION)[0] in {404, 409}
    assert ledger_size(plant) == before
    assert sent(plant, f"/stations/{STATION}/start", check=STATION)[0] == 303
