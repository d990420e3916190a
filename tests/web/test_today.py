"""`/today`: what happened since I was last here, and what waits for me; kept for each person, moved by their word alone."""

import re

import pytest

from redrabbit.domain.identity import PersonId
from redrabbit.domain.last_look import LastLook
from redrabbit.domain.role import Role
from tests.people import PASSWORD
from tests.showcase_story import OPEN_CASE
from tests.web.conftest import Visitor
from tests.web.test_sign_in import digest_of_session, people_of, sent


def section(visitor: Visitor, name: str, language: str = "en") -> str:
    found = re.search(rf'id="{name}">.*?</section>', visitor.text("/today", language), re.DOTALL)
    return found[0] if found is not None else ""


def signed_in(visitor: Visitor, name: str, *roles: Role, line: str | None = None) -> PersonId:
    person = people_of(visitor).register(name, *roles, line=line)
    visitor.client.cookies.delete("rr_session")
    assert sent(visitor, "/sign-in", name=name, password=PASSWORD)[0] == 303
    return person


def until_of(visitor: Visitor) -> str:
    found = re.search(r'name="until" value="([^"]+)"', visitor.text("/today"))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_thing_that_waits_has_one_button(onlooker: Visitor, language: str) -> None:
    mine = section(onlooker, "mine", language)
    items = re.findall(r"<li>(.*?)</li>", mine, re.DOTALL)
    assert items
    assert all(each.count('class="button') == 1 for each in items)
    for address in re.findall(r'href="([^"#?]+)', mine):
        assert onlooker.client.get(address).status_code == 200
    assert f'href="/containments/{OPEN_CASE}"' in mine
    assert 'href="/alarms#open"' in mine
    assert 'href="/verifications?end=lapsed&amp;from=' in mine
    assert section(onlooker, "others") == "", (
        "nobody is registered: everything waits for whoever looks"
    )
    assert 'name="until"' not in section(onlooker, "since"), (
        "nobody is known for whom it could be kept"
    )


def test_what_waits_waits_for_whoever_may_do_it_on_its_line(visitor: Visitor) -> None:
    signed_in(visitor, "Ann Auditor", Role.AUDITOR)
    assert "Nothing waits for you." in section(visitor, "mine")
    all_of_it = section(visitor, "others")
    assert f'href="/containments/{OPEN_CASE}"' in all_of_it
    signed_in(visitor, "Li Na", Role.QUALITY_ENGINEER)
    mine = section(visitor, "mine")
    assert "no reason given" in mine
    assert f'href="/containments/{OPEN_CASE}"' in mine
    signed_in(visitor, "Wei of line 9", Role.QUALITY_ENGINEER, line="line9")
    assert f'href="/containments/{OPEN_CASE}"' not in section(visitor, "mine")
    assert f'href="/containments/{OPEN_CASE}"' in section(visitor, "others")
    signed_in(visitor, "Otto Operator", Role.OPERATOR)
    assert "no reason given" not in section(visitor, "mine")
    assert "no reason given" in section(visitor, "others")


def test_a_reason_that_is_given_waits_no_more(visitor: Visitor) -> None:
    before = re.search(r"no reason given: (\d+)", section(visitor, "mine"))
    assert before is not None
    found = visitor.text("/verifications?end=lapsed&from=&to=")
    lapsed = re.findall(r'class="row" href="/verifications/([^"]+)"', found)
    assert int(before[1]) == len(lapsed)
    visitor.be("Li Wei")
    for each in lapsed:
        assert visitor.send(f"/verifications/{each}/reasons", text="no spare") == 303
    assert "no reason given" not in section(visitor, "mine")


def test_what_is_seen_is_seen_when_a_person_says_so(visitor: Visitor) -> None:
    li_na = signed_in(visitor, "Li Na", Role.QUALITY_ENGINEER)
    first = section(visitor, "since")
    assert "what happened in the last 7 days" in first
    assert "Lapsed: 1<" in first
    shown = until_of(visitor)
    assert section(visitor, "since") == first.replace(shown, until_of(visitor)), (
        "looking moves nothing"
    )
    visitor.clock.jump(60)
    digest = digest_of_session(visitor)
    assert sent(visitor, "/today/seen", digest, until=shown) == (303, "/today")
    kept = visitor.plant.ask(lambda reader: reader.row(LastLook, li_na))
    assert kept is not None
    assert kept.seen_until.isoformat() == shown, "up to what the page showed, not up to the tap"
    assert "Lapsed: 1<" not in section(visitor, "since")
    assert sent(visitor, "/today/seen", digest, until="2026-11-01T00:00:00+00:00")[0] == 303
    assert sent(visitor, "/today/seen", digest, until="2099-01-01T00:00:00+00:00")[0] == 303
    kept = visitor.plant.ask(lambda reader: reader.row(LastLook, li_na))
    assert kept is not None
    assert kept.seen_until == visitor.clock.now(), "neither back, nor ahead of now"
    assert sent(visitor, "/today/seen", digest, until="soon")[0] == 409
    signed_in(visitor, "Wang Fang", Role.QUALITY_ENGINEER)
    assert "Lapsed: 1<" in section(visitor, "since"), "another person has seen nothing yet"


def test_nobody_says_it_for_somebody_else(visitor: Visitor) -> None:
    assert visitor.send("/today/seen", until="2026-11-23T00:00:00+00:00") in {401, 403, 409}
    assert visitor.plant.ask(lambda reader: reader.rows(LastLook)) == []
