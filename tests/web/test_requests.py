"""Acts that wait for the approval of another person: asked by page and API, and decided there (D45)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.identity import PersonId
from redrabbit.domain.people_rules import PeopleRules
from redrabbit.domain.records import ApprovalRecord, OccurrenceRecord
from redrabbit.domain.role import Role
from tests.people import PASSWORD
from tests.services.test_requesting import BEFORE
from tests.showcase import showcase_plant
from tests.web.conftest import Visitor, serve
from tests.web.test_pages import UNSAID
from tests.web.test_sign_in import ORIGIN, digest_of_session, people_of, sent
from tests.web.test_signing import PART, fields_of

API = "/api/v1/approvals"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A browser at a plant that asks another person before."""
    found = serve(plant=replace(showcase_plant(), people=PeopleRules(approval=BEFORE)))
    with found.client:
        yield found


def be(visitor: Visitor, person: PersonId) -> None:
    visitor.client.cookies.delete("rr_session")
    visitor.client.cookies.set("rr_session", people_of(visitor).session(person))


@pytest.fixture
def two(visitor: Visitor) -> tuple[PersonId, PersonId]:
    """Two quality engineers; the first one is signed in."""
    people = people_of(visitor)
    wu, lin = (people.register(name, Role.QUALITY_ENGINEER) for name in ("Wu Min", "Lin Hua"))
    be(visitor, wu)
    return wu, lin


def due(visitor: Visitor) -> OccurrenceRecord:
    found = visitor.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    return next(one for one in found if one.outcome is None)


def requests(visitor: Visitor) -> list[ApprovalRecord]:
    return visitor.plant.ask(lambda reader: reader.find(ApprovalRecord))


def outcome(visitor: Visitor, occurrence: str) -> str | None:
    found = visitor.plant.ask(lambda reader: reader.get(OccurrenceRecord, occurrence))
    assert found is not None
    return found.outcome


def post(visitor: Visitor, path: str, **body: Any) -> tuple[int, Any]:
    answer = visitor.client.post(path, json=body, headers=ORIGIN)
    return answer.status_code, answer.json()


def decided_entry(visitor: Visitor, occurrence: str) -> int | None:
    found = visitor.plant.ask(lambda reader: reader.get(OccurrenceRecord, occurrence))
    assert found is not None
    return found.decided_entry


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_excuse_is_asked_on_the_page_and_approved_by_another(
    visitor: Visitor, two: tuple[PersonId, PersonId], language: str
) -> None:
    occurrence = due(visitor).occurrence_id
    asked = sent(
        visitor,
        "/due/excuse",
        digest_of_session(visitor),
        occurrence=occurrence,
        reason="no parts",
    )
    assert asked == (303, "/due")
    waits = {"en": "waits for approval by another person", "zh": "等待他人在"}[language]
    assert waits in visitor.text("/due", language)
    assert outcome(visitor, occurrence) is None
    (request,) = requests(visitor)
    own = visitor.text("/approvals", language)
    assert waits in own
    assert "no parts" in own
    assert "/approvals/withdraw" in own
    assert "/approvals/refuse" not in own
    assert UNSAID.findall(own + visitor.text("/due", language)) == []
    be(visitor, two[1])
    page = visitor.text("/approvals", language)
    assert f'href="/sign/{request.of_entry}"' in page
    assert "/approvals/refuse" in page
    there = fields_of(visitor.text(f"/sign/{request.of_entry}", language))
    done = sent(
        visitor,
        f"/sign/{request.of_entry}",
        digest_of_session(visitor),
        **there,
        meaning="approved",
        password=PASSWORD,
    )
    assert done[0] == 303
    assert outcome(visitor, occurrence) == "excused"
    over = {"en": "approved and done", "zh": "已批准并执行"}[language]
    for path in ("/approvals", "/due", f"/sign/{request.of_entry}", f"/signed/{there['shown']}"):
        assert UNSAID.findall(visitor.text(path, language)) == []
    link = f'href="/sign/{request.of_entry}"'
    assert link in visitor.text("/approvals", language)
    signed = set(re.findall(r'href="/sign/(\d+)"', visitor.text("/due", language)))
    assert str(decided_entry(visitor, occurrence)) in signed
    assert {visitor.client.get(f"/sign/{each}").status_code for each in signed} == {200}
    own = {"en": "You have signed this: approved", "zh": "您已签名：批准"}[language]
    assert own in visitor.text(f"/sign/{request.of_entry}", language)
    assert over in visitor.text("/approvals", language)
    assert over in visitor.text(f"/sign/{request.of_entry}", language)


def test_a_request_is_refused_and_withdrawn_on_the_page(
    visitor: Visitor, two: tuple[PersonId, PersonId]
) -> None:
    occurrence = due(visitor).occurrence_id
    for act, who, said in (
        ("refuse", two[1], "parts are there"),
        ("withdraw", two[0], "Withdrawn by"),
    ):
        be(visitor, two[0])
        fields = {"occurrence": occurrence, "reason": "no parts"}
        assert sent(visitor, "/due/excuse", digest_of_session(visitor), **fields)[0] == 303
        entry = str(requests(visitor)[-1].of_entry)
        be(visitor, who)
        sent_now = sent(
            visitor,
            f"/approvals/{act}",
            digest_of_session(visitor),
            entry=entry,
            reason="parts are there",
        )
        assert sent_now == (303, "/approvals")
        assert said in visitor.text("/approvals")
        assert outcome(visitor, occurrence) is None
    again = sent(visitor, "/approvals/withdraw", digest_of_session(visitor), entry=entry)
    assert again[0] == 409
    assert "has ended already (withdrawn)" in again[1]
    assert sent(visitor, "/approvals/sell", digest_of_session(visitor), entry=entry)[0] == 404
    assert visitor.client.get("/approvals/refuse", follow_redirects=False).status_code == 303
    assert visitor.client.get("/approvals/sell").status_code == 404


def test_programs_are_told_that_it_waits_and_see_what_became_of_it(
    visitor: Visitor, two: tuple[PersonId, PersonId]
) -> None:
    bent = f"/api/v1/challenge-parts/{PART}/quarantine"
    people = people_of(visitor)
    be(visitor, people.register("Chen Jie", Role.OPERATOR))
    assert post(visitor, bent, reason="bent")[0] == 200
    be(visitor, two[0])
    status, request = post(visitor, f"/api/v1/challenge-parts/{PART}/release")
    assert (status, request["mode"], request["state"], request["decided_by"]) == (
        202,
        "before",
        "due",
        "Wu Min",
    )
    entry = request["of_entry"]
    assert visitor.client.get(f"{API}?waiting=true").json()["items"] == [request]
    assert post(visitor, f"/api/v1/challenge-parts/{PART}/release")[1]["code"] == (
        "requested_already"
    )
    assert post(visitor, f"{API}/{entry}/refuse", reason="no")[1]["code"] == "request_of_own"
    be(visitor, two[1])
    assert post(visitor, f"{API}/{entry}/withdraw")[1]["code"] == "request_of_another"
    assert post(visitor, f"{API}/1/refuse", reason="no")[1]["code"] == "no_such_request"
    to_sign = visitor.client.get(f"/api/v1/signatures/{entry}").json()
    assert to_sign["meanings"] == ["approved"]
    fields = {name: to_sign[name] for name in ("entry", "leaf_hash", "shown", "language")}
    status, signature = post(
        visitor, "/api/v1/signatures", **fields, meaning="approved", password=PASSWORD
    )
    assert (status, signature["stands"]) == (201, True)
    (done,) = visitor.client.get(API).json()["items"]
    assert (done["state"], done["approved_by"]) == ("carried_out", "Lin Hua")
    assert visitor.client.get(f"{API}?waiting=true").json()["items"] == []
    parts = visitor.client.get("/api/v1/challenge-parts?limit=200").json()["items"]
    (part,) = (one for one in parts if one["part_id"] == PART)
    assert (part["state"], part["state_by"]) == ("released", "Wu Min")
    assert post(visitor, f"{API}/{entry}/refuse", reason="no")[1]["code"] == "request_ended"


@pytest.mark.usefixtures("two")
def test_an_excuse_by_api_waits_too(visitor: Visitor) -> None:
    occurrence = due(visitor).occurrence_id
    status, request = post(visitor, "/api/v1/excuses", occurrence=occurrence, reason="no parts")
    assert (status, request["subject_id"], request["reason_text"]) == (202, occurrence, "no parts")
    entry = request["of_entry"]
    status, withdrawn = post(visitor, f"{API}/{entry}/withdraw")
    assert (status, withdrawn["state"], withdrawn["ended_by"]) == (200, "withdrawn", "Wu Min")
    answer = visitor.client.get(f"/api/v1/signatures/{entry}")
    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_to_sign")


def test_a_call_that_is_repeated_is_told_what_became_of_the_request(
    visitor: Visitor, two: tuple[PersonId, PersonId]
) -> None:
    body = {"occurrence": due(visitor).occurrence_id, "reason": "no parts"}
    key = {"idempotency-key": "excuse-1"}

    def asked() -> tuple[int, Any]:
        answer = visitor.client.post("/api/v1/excuses", json=body, headers=ORIGIN | key)
        return answer.status_code, answer.json()

    status, request = asked()
    assert (status, request["state"]) == (202, "due")
    be(visitor, two[1])
    assert post(visitor, f"{API}/{request['of_entry']}/refuse", reason="no")[0] == 200
    be(visitor, two[0])
    status, again = asked()
    assert (status, again["of_entry"]) == (202, request["of_entry"])
    assert (again["state"], again["ended_by"], again["waits_until"]) == ("refused", "Lin Hua", None)


def test_only_who_may_do_the_act_is_offered_to_approve_or_refuse_it(
    visitor: Visitor, two: tuple[PersonId, PersonId]
) -> None:
    people = people_of(visitor)
    be(visitor, people.register("Chen Jie", Role.OPERATOR))
    bent = f"/api/v1/challenge-parts/{PART}/quarantine"
    assert post(visitor, bent, reason="bent")[0] == 200
    be(visitor, two[0])
    assert post(visitor, f"/api/v1/challenge-parts/{PART}/release")[0] == 202
    occurrence = due(visitor).occurrence_id
    assert post(visitor, "/api/v1/excuses", occurrence=occurrence, reason="no parts")[0] == 202
    release, excuse = sorted(one.of_entry for one in requests(visitor))

    def offered() -> tuple[bool, bool, int]:
        page = visitor.text("/approvals")
        approve = [f'href="/sign/{entry}"' in page for entry in (release, excuse)]
        return approve[0], approve[1], page.count('action="/approvals/refuse"')

    assert offered() == (False, False, 0)  # who asked
    be(visitor, two[1])
    assert offered() == (True, True, 2)
    be(visitor, people.register("Zhou Li", Role.SHIFT_LEADER))
    assert offered() == (False, True, 1)
    be(visitor, people.register("Qian Yi", Role.OPERATOR))
    assert offered() == (False, False, 0)
