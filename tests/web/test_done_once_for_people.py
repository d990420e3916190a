"""What is asked about ways and links is done once under its key, by call and by form; and what is refused keeps no name (D65, D51)."""

from typing import Any

import pytest

from redrabbit.domain.record_query import equals
from redrabbit.domain.records import AlarmRecord
from redrabbit.domain.role import Role
from redrabbit.web.access import FORM_KEY
from tests.web.conftest import RULES, Visitor, serve
from tests.web.test_people import enter
from tests.web.test_sign_in import ORIGIN, digest_of_session, people_of, sent
from tests.web.test_ways import CHAT, KNOWN

LI = "p-0002"
WAY = {"kind": "apprise", "address": CHAT}


@pytest.fixture
def chen(visitor: Visitor) -> Visitor:
    """An administrator who is signed in, at a plant that reaches people."""
    visitor = serve(RULES, ways=KNOWN)
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    people_of(visitor).register("Li Na", Role.OPERATOR)
    enter(visitor, "Chen")
    return visitor


def called(
    chen: Visitor, method: str, path: str, body: Any = None, key: str = "k-1"
) -> tuple[int, Any]:
    headers = {**ORIGIN, "idempotency-key": key}
    answer = chen.client.request(method, f"/api/v1/people/{LI}{path}", json=body, headers=headers)
    return answer.status_code, answer.json() if answer.content else None


def types(visitor: Visitor) -> list[str]:
    return [each.type for each in visitor.plant.ask(lambda reader: list(reader.entries()))]


def test_a_way_is_set_tried_and_removed_once_by_a_call(chen: Visitor) -> None:
    assert [called(chen, "POST", "/ways", WAY)[0] for _ in range(2)] == [201, 201]
    other = {"kind": "mail", "address": "li@plant.cn"}
    assert called(chen, "POST", "/ways", other)[1]["code"] == "key_used_before"
    first, again = (called(chen, "POST", "/ways/1/test", key="k-2") for _ in range(2))
    assert first == again
    tests = chen.plant.ask(lambda reader: reader.find(AlarmRecord, equals("kind", "test")))
    assert [alarm.alarm_id for alarm in tests] == [first[1]["alarm_id"]]
    assert [called(chen, "DELETE", "/ways/1", key="k-3")[0] for _ in range(2)] == [204, 204]
    assert called(chen, "DELETE", "/ways/1", key="k-4")[1]["code"] == "no_such_way"
    assert types(chen).count("way_removed") == 1
    assert called(chen, "POST", "/ways", WAY)[0] == 201  # its first answer: it is not set again
    assert types(chen).count("way_set") == 1


def test_what_is_kept_of_an_act_has_no_address(chen: Visitor) -> None:
    called(chen, "POST", "/ways", WAY)
    kept = chen.plant.ask(lambda reader: reader.act("k-1"))
    assert kept is not None
    assert CHAT not in kept.payload + kept.answer
    assert kept.kind == "set_way"


def test_a_link_is_given_once_and_takes_nothing_away_again(chen: Visitor) -> None:
    """A call that is sent again took away the password that was set by the first link."""
    status, given = called(chen, "POST", "/credentials/reset")
    assert status == 200
    code = given["link"].rpartition("/")[2]
    assert "Welcome, Li Na" in chen.text(f"/welcome/{code}")
    status, again = called(chen, "POST", "/credentials/reset")
    assert (status, again["code"], again["params"]) == (409, "link_shown_before", {"person": LI})
    assert "Welcome, Li Na" in chen.text(f"/welcome/{code}")
    assert types(chen).count("link_given") == 1
    assert called(chen, "POST", "/credentials/reset", key="k-2")[0] == 200


def test_forms_about_ways_and_links_are_done_once(chen: Visitor) -> None:
    def changed(act: str, **fields: str) -> tuple[int, str]:
        return sent(chen, f"/people/{LI}/{act}", digest_of_session(chen), **fields)

    assert changed("set-way", **WAY)[0] == 303
    for act in ("test-way", "remove-way"):
        assert [changed(act, way="1", **{FORM_KEY: "once"})[0] for _ in range(2)] == [303, 303]
    assert types(chen).count("way_removed") == 1
    tests = chen.plant.ask(lambda reader: reader.find(AlarmRecord, equals("kind", "test")))
    assert len(tests) == 1
    link = {FORM_KEY: "once"}
    status, page = changed("link", **link)
    assert (status, "/welcome/" in page) == (200, True)
    status, page = changed("link", **link)
    assert (status, "/welcome/" in page) == (409, False)
    assert types(chen).count("link_given") == 1


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_name_that_may_not_do_what_it_asks_is_not_kept(visitor: Visitor, door: str) -> None:
    """Names are personal data: what is refused keeps none (D51)."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    visitor.client.cookies.set("rr_screen", people.screen("line1-op20"))
    before = visitor.plant.ask(lambda reader: dict(reader.names()))
    path, body = "/api/v1/challenge-parts/RR-0001/release", {"operator": "Zhao Liu"}
    if door == "api":
        answer = visitor.client.post(path, json=body, headers=ORIGIN)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    else:
        due = {"occurrence": "line1-O-1", "reason": "prototype", "by": "Zhao Liu"}
        assert sent(visitor, "/due/excuse", **due)[0] == 403
    assert visitor.plant.ask(lambda reader: dict(reader.names())) == before


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_name_that_asks_for_what_can_not_be_done_is_not_kept(visitor: Visitor, door: str) -> None:
    """An operator may put a part aside; there is no such part."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    visitor.client.cookies.set("rr_screen", people.screen("line1-op20"))
    before = visitor.plant.ask(lambda reader: dict(reader.names()))
    if door == "api":
        path, body = "/api/v1/challenge-parts/RR-9999/quarantine", {"operator": "Zhao Liu"}
        answer = visitor.client.post(path, json={**body, "reason": "bent"}, headers=ORIGIN)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_part")
    else:
        remark = {"text": "bent", "by": "Zhao Liu"}
        assert sent(visitor, "/runs/line1-R-9999/remarks", **remark)[0] >= 400
    assert visitor.plant.ask(lambda reader: dict(reader.names())) == before
