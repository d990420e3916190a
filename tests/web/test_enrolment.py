"""A tablet becomes a station's own, once, by a code that somebody with the right made (B28)."""

import re

import pytest

from redrabbit.domain.beside import digest_of
from redrabbit.domain.identity import SERVER
from redrabbit.domain.records import StationScreenRecord
from redrabbit.domain.role import Role
from redrabbit.domain.throttle import FREE_OF_ADDRESS, LOCKED_AFTER
from redrabbit.services.people import disable, enable
from redrabbit.web.access import form_token
from tests.people import People
from tests.web.conftest import NONCE, RULES, Visitor

STATION = "line1-op20"
SCREENS = f"/stations/{STATION}/screens"


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


def signed_in(visitor: Visitor, role: Role, name: str = "Wang Fang") -> None:
    """Let somebody sign in in the office, not at a screen that was enrolled."""
    people = people_of(visitor)
    visitor.client.cookies.delete("rr_screen")
    visitor.client.cookies.set("rr_session", people.session(people.register(name, role)))


def sent(visitor: Visitor, path: str, **fields: str) -> tuple[int, str]:
    session = visitor.client.cookies.get("rr_session")
    token = form_token(RULES, NONCE, digest_of(session) if session else "")
    answer = visitor.client.post(path, data={"form_token": token, **fields}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", answer.text)


def made(visitor: Visitor) -> str:
    """Make a code on the page of a station's screens, and sign out."""
    status, page = sent(visitor, f"{SCREENS}/code")
    assert status == 200
    found = re.search(r'screen-code mono">([0-9A-Z]{4}-[0-9A-Z]{4})<', page)
    assert found is not None
    visitor.client.cookies.delete("rr_session")
    return found[1]


@pytest.mark.parametrize("role", [Role.SHIFT_LEADER, Role.ADMINISTRATOR])
def test_a_code_makes_a_tablet_a_station_s_own_for_good(visitor: Visitor, role: Role) -> None:
    signed_in(visitor, role)
    code = made(visitor)
    assert sent(visitor, "/enrol", code=code.lower(), name="tablet left") == (
        303,
        f"/stations/{STATION}",
    )
    assert "Scan your badge" in visitor.text(f"/stations/{STATION}")
    (screen,) = visitor.plant.ask(lambda reader: reader.find(StationScreenRecord))
    assert (screen.station, screen.name, screen.enrolled_by) == (STATION, "tablet left", "p-0001")
    visitor.clock.jump(300 * 24 * 3600)
    assert "Scan your badge" in visitor.text(f"/stations/{STATION}")


def test_a_code_works_once_and_for_ten_minutes(visitor: Visitor) -> None:
    signed_in(visitor, Role.SHIFT_LEADER)
    code = made(visitor)
    assert sent(visitor, "/enrol", code=code, name="one")[0] == 303
    assert sent(visitor, "/enrol", code=code, name="two")[0] == 409
    signed_in(visitor, Role.SHIFT_LEADER, "Li Na")
    code = made(visitor)
    visitor.clock.jump(601)
    assert sent(visitor, "/enrol", code=code, name="late")[0] == 409
    assert len(visitor.plant.ask(lambda reader: reader.find(StationScreenRecord))) == 1


def test_codes_can_t_be_guessed(visitor: Visitor) -> None:
    signed_in(visitor, Role.SHIFT_LEADER)
    code = made(visitor)

    def guessed() -> str:
        answer = visitor.client.post("/api/v1/enrolments", json={"code": "AAAAAAAA", "name": "x"})
        return str(answer.json()["code"])

    free = [guessed() for _ in range(FREE_OF_ADDRESS)]
    assert free == ["code_does_not_work"] * FREE_OF_ADDRESS
    assert guessed() == "too_many_tries"
    status, page = sent(visitor, "/enrol", code=code, name="x")
    assert (status, "Try again in" in page) == (409, True)


def test_an_address_is_never_locked(visitor: Visitor) -> None:
    """Ten wrong codes locked it for ever: nobody could unlock it, and no more screens were enrolled from there."""
    for _ in range(3 * LOCKED_AFTER):
        visitor.clock.jump(60)
        wrong = visitor.client.post("/api/v1/enrolments", json={"code": "AAAAAAAA", "name": "x"})
        assert wrong.json()["code"] == "code_does_not_work"
    signed_in(visitor, Role.SHIFT_LEADER)
    code = made(visitor)
    visitor.clock.jump(60)
    assert sent(visitor, "/enrol", code=code, name="tablet left")[0] == 303


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_who_may_not_enrol_gets_no_code(visitor: Visitor, role: Role) -> None:
    signed_in(visitor, role)
    status, page = sent(visitor, f"{SCREENS}/code")
    assert status in {403, 409}
    assert "screen-code" not in page
    refused = visitor.client.post(
        f"/api/v1/stations/{STATION}/enrolment-codes",
        json={},
        headers={"origin": "http://127.0.0.1:8080"},
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


def test_a_code_counts_nothing_once_its_maker_has_no_rights(visitor: Visitor) -> None:
    people = people_of(visitor)
    leader = people.register("Wang Fang", Role.SHIFT_LEADER)
    visitor.client.cookies.set("rr_session", people.session(leader))
    code = made(visitor)
    people.disable(leader)
    assert sent(visitor, "/enrol", code=code, name="x")[0] == 409
    assert visitor.plant.ask(lambda reader: reader.find(StationScreenRecord)) == []


def test_a_code_from_before_its_maker_was_disabled_never_works_again(visitor: Visitor) -> None:
    people = people_of(visitor)
    people.register("Wu Lan", Role.ADMINISTRATOR)
    leader = people.register("Wang Fang", Role.SHIFT_LEADER)
    visitor.client.cookies.set("rr_session", people.session(leader))
    code = made(visitor)
    people.write(lambda uow: disable(uow, leader, actor=SERVER))
    people.write(lambda uow: enable(uow, leader, actor=SERVER))
    assert sent(visitor, "/enrol", code=code, name="x")[0] == 409
    assert visitor.plant.ask(lambda reader: reader.find(StationScreenRecord)) == []


def test_a_screen_that_is_taken_away_is_nobody_s_at_once(visitor: Visitor) -> None:
    signed_in(visitor, Role.SHIFT_LEADER)
    session = visitor.client.cookies["rr_session"]
    sent(visitor, "/enrol", code=made(visitor), name="tablet left")
    screen = visitor.client.cookies["rr_screen"]
    visitor.client.cookies.delete("rr_screen")
    visitor.client.cookies.set("rr_session", session)
    assert "tablet left" in visitor.text(SCREENS)
    assert sent(visitor, f"{SCREENS}/revoke", screen="s-0001")[0] == 303
    assert "tablet left" not in visitor.text(SCREENS)
    visitor.client.cookies.delete("rr_session")
    visitor.client.cookies.set("rr_screen", screen)
    led = visitor.client.get(f"/stations/{STATION}", follow_redirects=False)
    assert led.status_code == 303


def test_a_program_enrols_and_badges_in(visitor: Visitor) -> None:
    people = people_of(visitor)
    chen = people.register("Chen Wei", Role.OPERATOR, password=False)
    people.badge(chen, "B-1001")
    people.pin(chen)
    signed_in(visitor, Role.SHIFT_LEADER)
    origin = {"origin": "http://127.0.0.1:8080"}
    base = f"/api/v1/stations/{STATION}"
    visitor.client.headers.update(origin)
    code = visitor.client.post(f"{base}/enrolment-codes", json={}).json()["code"]
    visitor.client.cookies.delete("rr_session")
    nobody = visitor.client.post(f"{base}/badge", json={"code": "B-1001"})
    assert nobody.status_code == 401
    enrolled = visitor.client.post("/api/v1/enrolments", json={"code": code, "name": "terminal"})
    assert (enrolled.status_code, enrolled.json()["station"]) == (201, STATION)
    assert (
        visitor.client.post(f"{base}/pin", json={"pin": "123456"}).json()["code"] == "nobody_here"
    )
    there = visitor.client.post(f"{base}/badge", json={"code": "B-1001"}).json()
    assert (there["person"], there["how"], there["run"]) == (chen, "badge", None)
    assert visitor.client.post(f"{base}/pin", json={"pin": "000000"}).status_code == 401
    assert visitor.client.post(f"{base}/pin", json={"pin": "739251"}).json()["how"] == "badge_pin"
    assert visitor.client.get("/api/v1/me").json()["person"] == chen
    assert visitor.client.delete(f"{base}/person").status_code == 204
    assert visitor.client.get("/api/v1/me").json()["person"] is None
    part = visitor.client.post(f"{base}/badge", json={"code": "RR-0001"})
    assert part.json()["code"] == "scan_is_no_badge"
    other = visitor.client.post("/api/v1/stations/line2-op40/badge", json={"code": "B-1001"})
    assert other.json()["code"] == "other_station"
