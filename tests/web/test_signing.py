"""The page on which a record is signed, and the API: with the password or PIN once more, and never by a program (R20)."""

import hashlib
import re
from typing import Any

import pytest

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import PersonId
from redrabbit.domain.records import RunRecord, SignatureRecord
from redrabbit.domain.role import Role
from tests.people import PASSWORD, PIN
from tests.showcase_story import CLOSED_CASE, MISSED_RUN
from tests.web.conftest import Visitor
from tests.web.test_people_at_station import Floor
from tests.web.test_sign_in import ORIGIN, digest_of_session, people_of, sent

SIGNED = "/api/v1/signatures"
PART = "RR-0007"


@pytest.fixture
def wu(visitor: Visitor) -> Visitor:
    """A quality engineer who signed in long ago."""
    people_of(visitor).register("Wu Min", Role.QUALITY_ENGINEER)
    assert sent(visitor, "/sign-in", name="Wu Min", password=PASSWORD)[0] == 303
    visitor.clock.jump(120)
    return visitor


def entry_of(visitor: Visitor, run: str = MISSED_RUN) -> int:
    found = visitor.plant.ask(lambda reader: reader.get(RunRecord, run))
    assert found is not None
    return found.entry


def fields_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(leaf_hash|shown|language)" value="(\w+)"', page))


def signed(visitor: Visitor, entry: int, **fields: str) -> tuple[int, str]:
    """Read the page, and sign with what stands there."""
    there = fields_of(visitor.text(f"/sign/{entry}"))
    within = digest_of_session(visitor) if "rr_session" in visitor.client.cookies else ""
    return sent(visitor, f"/sign/{entry}", within, **(there | fields))


def signatures(visitor: Visitor) -> list[SignatureRecord]:
    return visitor.plant.ask(lambda reader: reader.find(SignatureRecord))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_run_is_signed_with_the_password_once_more(wu: Visitor, language: str) -> None:
    entry = entry_of(wu)
    assert f'href="/sign/{entry}"' in wu.text(f"/runs/{MISSED_RUN}", language)
    status, page = signed(wu, entry, meaning="reviewed", password="wrong")
    assert (status, "That is not your password" in page) == (409, True)
    assert signed(wu, entry, meaning="reviewed")[0] == 409
    assert signatures(wu) == []
    done = signed(wu, entry, meaning="reviewed", password=PASSWORD)
    assert done == (303, f"/runs/{MISSED_RUN}")
    page = wu.text(f"/runs/{MISSED_RUN}", language)
    said = {"en": ("reviewed: Wu Min", "UTC+8"), "zh": ("评审：Wu Min", "UTC+8")}[language]
    assert all(each in page for each in said)
    (one,) = signatures(wu)
    text = wu.text(f"/signed/{one.shown}", language)
    assert "line1-R" in text or MISSED_RUN in text
    assert wu.client.get(f"/signed/{'0' * 64}").status_code == 404
    assert not re.search(r">(sign|signed|meaning|how|part_state)\.", page + text)


def test_a_password_that_was_typed_a_minute_ago_is_asked_again(wu: Visitor) -> None:
    entry = entry_of(wu)
    assert signed(wu, entry, meaning="reviewed", password=PASSWORD)[0] == 303
    wu.clock.jump(30)
    assert signed(wu, entry, meaning="witnessed")[0] == 303  # shown half a minute ago
    wu.clock.jump(31)
    status, page = signed(wu, entry_of_case(wu), meaning="reviewed")
    assert (status, "show once more who you are" in page) == (409, True)


def entry_of_case(visitor: Visitor) -> int:
    found = re.search(r'href="/sign/(\d+)"', visitor.text(f"/containments/{CLOSED_CASE}"))
    assert found is not None
    return int(found[1])


def test_a_closed_case_is_signed_on_its_page(wu: Visitor) -> None:
    entry = entry_of_case(wu)
    done = signed(wu, entry, meaning="reviewed", password=PASSWORD)
    assert done == (303, f"/containments/{CLOSED_CASE}")
    assert "reviewed: Wu Min" in wu.text(f"/containments/{CLOSED_CASE}")


def test_what_was_changed_since_is_no_longer_signed(wu: Visitor) -> None:
    bent = wu.client.post(
        f"/api/v1/challenge-parts/{PART}/quarantine", json={"reason": "bent"}, headers=ORIGIN
    )
    assert bent.status_code == 200, bent.text
    first = last_of_part(wu)
    asked = ask(wu, first)
    assert sign(wu, asked, "approved", password=PASSWORD)[1]["code"] == "signed_by_another"
    other = people_of(wu).register("Zhao Li", Role.QUALITY_ENGINEER)
    wu.client.cookies.delete("rr_session")
    wu.client.cookies.set("rr_session", people_of(wu).session(other))
    assert sign(wu, asked, "reviewed", password=PASSWORD)[0] == 201
    released = wu.client.post(f"/api/v1/challenge-parts/{PART}/release", json={}, headers=ORIGIN)
    assert released.status_code == 200, released.text
    now = ask(wu, first)
    assert now["entry"] > first
    assert [one["stands"] for one in now["signatures"]] == [False]
    page = wu.text(f"/sign/{now['entry']}")
    assert "changed since: no longer signed" in page
    led = wu.client.get(f"/sign/{first}", follow_redirects=False)
    assert led.headers["location"] == f"/sign/{now['entry']}?lang=en"
    assert sign(wu, asked, "reviewed")[1]["code"] == "record_changed"


def last_of_part(visitor: Visitor) -> int:
    entries = visitor.plant.ask(lambda reader: reader.entries())
    return max(entry.index for entry in entries if entry.type == "part_state_changed")


def ask(visitor: Visitor, entry: int) -> dict[str, Any]:
    answer = visitor.client.get(f"{SIGNED}/{entry}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert hashlib.sha256(found["text"].encode()).hexdigest() == found["shown"]
    return found


def sign(
    visitor: Visitor, asked: dict[str, Any], meaning: str, /, **more: str
) -> tuple[int, dict[str, Any]]:
    body = {name: asked[name] for name in ("entry", "leaf_hash", "shown", "language")}
    answer = visitor.client.post(SIGNED, json={**body, "meaning": meaning, **more}, headers=ORIGIN)
    return answer.status_code, answer.json()


def test_a_program_of_the_browser_signs_with_what_it_showed(wu: Visitor) -> None:
    asked = ask(wu, entry_of(wu))
    assert asked["meanings"] == ["witnessed", "reviewed"]
    assert sign(wu, asked, "reviewed")[1]["code"] == "reauthentication_required"
    shown = wu.client.post(
        "/api/v1/session/reauthenticate", json={"password": PASSWORD}, headers=ORIGIN
    )
    assert shown.json()["may_sign_until"] is not None
    status, one = sign(wu, asked, "reviewed")
    assert (status, one["signed_by"], one["stands"]) == (201, "Wu Min", True)
    run = wu.client.get(f"/api/v1/runs/{MISSED_RUN}").json()
    assert run["signatures"] == [one]
    assert ask(wu, entry_of(wu))["meanings"] == ["witnessed"]
    assert sign(wu, asked | {"shown": "0" * 64}, "witnessed")[1]["code"] == "shown_differs"
    assert sign(wu, asked | {"leaf_hash": "0" * 64}, "witnessed")[1]["code"] == "leaf_differs"
    assert sign(wu, asked, "released")[1]["code"] == "meaning_does_not_fit"
    assert sign(wu, asked, "performed")[1]["code"] == "signed_by_who_did_it"
    assert sign(wu, asked, "reviewed")[1]["code"] == "signed_before"
    assert sign(wu, asked | {"entry": 0}, "reviewed")[1]["code"] == "nothing_to_sign"
    wu.clock.jump(61)
    assert wu.client.get("/api/v1/me").json()["may_sign_until"] is None
    assert sign(wu, asked, "witnessed")[1]["code"] == "reauthentication_required"


def test_a_token_never_signs(visitor: Visitor) -> None:
    owner = people_of(visitor).register("Wu Min", Role.QUALITY_ENGINEER)
    token = people_of(visitor).token(owner, list(Scope))
    bearer = {"authorization": f"Bearer {token}"}
    asked = visitor.client.get(f"{SIGNED}/{entry_of(visitor)}", headers=bearer).json()
    assert asked["signatures"] == []
    body = {name: asked[name] for name in ("entry", "leaf_hash", "shown", "language")}
    answer = visitor.client.post(
        SIGNED, json={**body, "meaning": "reviewed", "password": PASSWORD}, headers=bearer
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_as_long_as_nobody_is_registered_nobody_signs(visitor: Visitor) -> None:
    asked = ask(visitor, entry_of(visitor))
    answer = sign(visitor, asked, "reviewed", operator="Wu Min")
    assert (answer[0], answer[1]["code"]) == (403, "person_required")
    assert "Sign in, or scan your badge" in visitor.text(f"/sign/{entry_of(visitor)}")


def test_who_has_nothing_to_sign_is_told_so(visitor: Visitor) -> None:
    people_of(visitor).register("Auditor", Role.AUDITOR)
    sent(visitor, "/sign-in", name="Auditor", password=PASSWORD)
    assert "Nothing here is for you" in visitor.text(f"/sign/{entry_of(visitor)}")


def test_a_person_at_the_station_signs_with_the_pin(visitor: Visitor) -> None:
    floor = Floor(visitor)
    floor.people.pin(PersonId(floor.wang))
    assert floor.scan("B-2001") == 303
    entry = entry_of(visitor)
    assert 'name="pin"' in visitor.text(f"/sign/{entry}")
    assert signed(visitor, entry, meaning="reviewed", pin="000000")[0] == 409
    assert signed(visitor, entry, meaning="reviewed", pin=PIN)[0] == 303
    (one,) = signatures(visitor)
    assert (one.signed_by, one.signed_how, one.station) == (floor.wang, "badge_pin", "line1-op20")


@pytest.mark.parametrize("path", ["/sign/0", "/sign/x", "/sign/99999999", "/sign/-1"])
def test_what_is_not_signed_has_no_page(wu: Visitor, path: str) -> None:
    assert wu.client.get(path).status_code in {404, 409}
    assert sent(wu, path, digest_of_session(wu), meaning="reviewed")[0] in {404, 409}


def test_a_form_that_says_no_meaning_signs_nothing(wu: Visitor) -> None:
    entry = entry_of(wu)
    assert signed(wu, entry, password=PASSWORD)[0] == 409
    assert signed(wu, entry, meaning="owned", password=PASSWORD)[0] == 409
    assert signatures(wu) == []


def test_signatures_are_listed_a_page_at_a_time(wu: Visitor) -> None:
    entry = entry_of(wu)
    for meaning in ("reviewed", "witnessed"):
        assert signed(wu, entry, meaning=meaning, password=PASSWORD)[0] == 303
    whole = wu.client.get(SIGNED, params={"entry": entry}).json()
    assert [one["meaning"] for one in whole["items"]] == ["reviewed", "witnessed"]
    assert wu.client.get(SIGNED).json()["items"] == whole["items"]
    for asked in ({}, {"entry": entry}):
        first = wu.client.get(SIGNED, params={**asked, "limit": 1}).json()
        after = wu.client.get(SIGNED, params={**asked, "cursor": first["next"]}).json()
        assert first["items"] + after["items"] == whole["items"]
        assert after["next"] is None
    assert wu.client.get(SIGNED, params={"entry": 0}).json() == {"items": [], "next": None}
