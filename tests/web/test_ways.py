"""How somebody is reached, on *My account*, on their page and by calls; the address is shown to nobody again."""

import pytest

from redrabbit.domain.role import Role
from redrabbit.services.ways import WaysKnown
from tests.people import PASSWORD
from tests.web.conftest import RULES, Visitor, serve
from tests.web.test_people_api import asked
from tests.web.test_sign_in import digest_of_session, people_of, sent

CHAT = "tgram://123456789:abcdefg_hijklmnop/12315544"
INSIDE = "json://10.0.0.1/hook"
KNOWN = WaysKnown(
    mails=True,
    is_known=lambda said: "://" in said,
    names_no_host=lambda said: said.startswith("tgram:"),
)


@pytest.fixture
def visitor() -> Visitor:
    """A browser at a plant with a mail server, where Chen administers."""
    visitor = serve(RULES, ways=KNOWN)
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    people_of(visitor).register("Li Na", Role.OPERATOR)
    return visitor


def signed_in(visitor: Visitor, name: str) -> Visitor:
    assert sent(visitor, "/sign-in", name=name, password=PASSWORD)[0] == 303
    return visitor


def changed(visitor: Visitor, act: str, **fields: str) -> tuple[int, str]:
    return sent(visitor, act, digest_of_session(visitor), **fields)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_person_sets_tries_and_removes_their_own(visitor: Visitor, language: str) -> None:
    li = signed_in(visitor, "Li Na")
    assert changed(li, "/account/set-way", kind="apprise", address=CHAT) == (303, "/account")
    assert changed(li, "/account/set-way", kind="mail", address="li@plant.cn") == (303, "/account")
    page = li.text("/account", language)
    assert 'class="mono">tgram://…' in page
    assert "l…@plant.cn" in page
    assert "123456789" not in page
    tested = {"en": "Last test:", "zh": "最近一次测试："}[language]
    assert tested not in page
    assert changed(li, "/account/test-way", way="1") == (303, "/account")
    assert li.text("/account", language).count(tested) == 1
    assert changed(li, "/account/remove-way", way="1") == (303, "/account")
    assert 'class="mono">tgram://…' not in li.text("/account", language)
    assert changed(li, "/account/remove-way", way="1")[0] == 409


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "apprise", "address": INSIDE}, "Only an administrator"),
        ({"kind": "apprise", "address": "nothing"}, "no address"),
        ({"kind": "mail", "address": "li"}, "no address"),
        ({"kind": "pigeon", "address": "li"}, ""),
    ],
)
def test_what_nobody_may_or_can_be_reached_by_is_refused(
    visitor: Visitor, fields: dict[str, str], words: str
) -> None:
    status, page = changed(signed_in(visitor, "Li Na"), "/account/set-way", **fields)
    assert status == 409
    assert words in page


def test_an_administrator_sets_those_of_others_on_their_page(visitor: Visitor) -> None:
    chen = signed_in(visitor, "Chen")
    there = "/people/p-0002"
    assert changed(chen, f"{there}/set-way", kind="apprise", address=INSIDE) == (303, there)
    assert "json://…" in chen.text(there)
    assert changed(chen, f"{there}/test-way", way="1") == (303, there)
    assert changed(chen, f"{there}/remove-way", way="x")[0] == 409
    assert changed(chen, "/people/nobody/set-way", kind="mail", address="a@b.cn")[0] == 404


def test_by_calls_it_is_the_same(visitor: Visitor) -> None:
    signed_in(visitor, "Li Na")
    own = "/people/p-0002/ways"
    body = {"kind": "mail", "address": "li.na@plant.cn"}
    person = asked(visitor, "POST", own, 201, body)
    assert [(way["number"], way["kind"], way["shown"]) for way in person["ways"]] == [
        (1, "mail", "l…@plant.cn")
    ]
    assert asked(visitor, "POST", f"{own}/1/test", 200)["kind"] == "test"
    other = asked(visitor, "POST", "/people/p-0001/ways", 403, body)
    assert other["code"] == "not_permitted"
    asked(visitor, "DELETE", f"{own}/1", 204)
    assert asked(visitor, "DELETE", f"{own}/1", 404)["code"] == "no_such_way"
    assert asked(visitor, "POST", "/people/x/ways", 404, body)["code"] == "no_such_person"


def test_over_an_open_network_no_address_is_taken(visitor: Visitor) -> None:
    far = serve(RULES, "10.0.0.9", ways=KNOWN)
    del visitor
    answer = far.client.post(
        "/api/v1/people/p-0001/ways", json={"kind": "mail", "address": "a@b.cn"}
    )
    assert answer.status_code in {401, 403}
