"""The pages of signing in and out, the links to set a password, and the session of the API."""

import re

import pytest
from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import How
from redrabbit.domain.role import Role
from redrabbit.domain.throttle import FREE
from redrabbit.web.access import form_token
from redrabbit.web.visitor import place_of
from tests.people import PASSWORD, People
from tests.web.conftest import NONCE, RULES, Visitor, serve

OTHER = "tungsten carbide 7 ferret"
ORIGIN = {"origin": "http://127.0.0.1:8080"}


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


def sent(visitor: Visitor, path: str, within: str = "", /, **fields: str) -> tuple[int, str]:
    """Send a form and return the status and where it leads, or the page."""
    token = form_token(RULES, NONCE, within)
    answer = visitor.client.post(path, data={"form_token": token, **fields}, follow_redirects=False)
    return answer.status_code, answer.headers.get("location", answer.text)


def digest_of_session(visitor: Visitor) -> str:
    from redrabbit.domain.beside import digest_of

    return digest_of(visitor.client.cookies["rr_session"])


def test_who_has_to_sign_in_is_led_there_and_back(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    led = visitor.client.get("/runs?line=line1", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/sign-in?to=%2Fruns%3Fline%3Dline1")
    page = visitor.text(led.headers["location"])
    assert 'name="to" value="/runs?line=line1"' in page
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD, to="/runs?line=line1") == (
        303,
        "/runs?line=line1",
    )
    runs = visitor.text("/runs?line=line1")
    assert "Li Na" in runs
    assert "Sign out" in runs


def test_a_sign_in_leads_to_no_other_site(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na")
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD, to="//evil.com") == (303, "/")


def test_a_sign_in_that_fails_says_so_and_keeps_the_name(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na")
    status, page = sent(visitor, "/sign-in", name="Li Na", password="wrong")
    assert status == 401
    assert "do not belong together" in page
    assert 'value="Li Na"' in page
    assert "wrong" not in page
    assert "rr_session" not in visitor.client.cookies
    assert sent(visitor, "/sign-in", name="", password="")[0] == 401


def test_too_many_tries_are_told_with_their_wait(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na")
    codes = [sent(visitor, "/sign-in", name="Li Na", password="wrong")[0] for _ in range(FREE + 1)]
    assert codes == [401] * FREE + [429]
    answer = visitor.client.post("/api/v1/session", json={"name": "Li Na", "password": "wrong"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["code"] == "too_many_tries"


def test_each_sign_in_has_a_new_session_and_ends_the_one_before(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.AUDITOR)
    sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)
    first = visitor.client.cookies["rr_session"]
    sent(visitor, "/sign-in", digest_of_session(visitor), name="Li Na", password=PASSWORD)
    assert visitor.client.cookies["rr_session"] != first
    visitor.client.cookies.clear()
    visitor.client.cookies.set("rr_session", first)
    assert visitor.client.get("/runs", follow_redirects=False).status_code == 303


def test_what_is_typed_is_masked_and_no_manager_is_hindered(visitor: Visitor) -> None:
    """ASVS 5.0.0, 6.2.6 and 6.2.7: the browser's own manager of passwords knows each field."""
    people = people_of(visitor)
    person = people.register("Li Na", Role.OPERATOR)
    pages = [visitor.text("/sign-in"), visitor.text(f"/welcome/{people.link(person)}")]
    visitor.client.cookies.set("rr_session", people.session(person))
    pages.append(visitor.text("/account"))
    for page in pages:
        fields = re.findall(r"<input[^>]*name=\"(?:password|again|after|pin)\"[^>]*>", page)
        assert fields
        for field in fields:
            assert 'type="password"' in field
            assert "autocomplete=" in field
            assert "onpaste" not in field


def test_who_is_signed_in_can_sign_out_on_every_page(visitor: Visitor) -> None:
    """ASVS 5.0.0, 7.4.4."""
    people = people_of(visitor)
    roles = (Role.QUALITY_ENGINEER, Role.ADMINISTRATOR)
    visitor.client.cookies.set("rr_session", people.session(people.register("Li Na", *roles)))
    pages = ("/due", "/runs", "/containments", "/alarms", "/stations", "/stations/line1-op20")
    for path in (*pages, "/ledger", "/receivers", "/people", "/tokens", "/account"):
        assert 'action="/sign-out"' in visitor.text(path), path


def test_signing_out_ends_the_session_on_the_server_too(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.AUDITOR)
    sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)
    kept = visitor.client.cookies["rr_session"]
    assert sent(visitor, "/sign-out", digest_of_session(visitor)) == (303, "/")
    assert "rr_session" not in visitor.client.cookies
    visitor.client.cookies.set("rr_session", kept)
    assert visitor.client.get("/runs", follow_redirects=False).status_code == 303
    assert visitor.client.get("/sign-out", follow_redirects=False).headers["location"] == "/"


def test_a_form_of_before_the_sign_in_is_not_taken_after_it(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)
    status, page = sent(visitor, "/due/excuse", occurrence="line1-O-1", reason="x")
    assert status == 409
    assert "refused" not in page or "form" in page.lower()
    assert sent(visitor, "/sign-out")[0] == 403


def test_who_is_signed_in_is_not_asked_for_a_name(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    assert 'name="by"' not in visitor.text("/sign-in")
    sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)
    due = visitor.text("/due")
    assert 'action="/due/excuse"' in due
    assert 'name="by"' not in due
    assert "name not verified" not in re.sub(r"<table.*?</table>", "", due, flags=re.DOTALL)


def test_a_role_that_does_not_include_a_page_is_told_so(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.OPERATOR)
    sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)
    assert "given a role" in visitor.text("/ledger", status=403)
    assert 'href="/ledger"' not in visitor.text("/runs")


@pytest.mark.parametrize(("language", "said"), [("en", "Sign in"), ("zh", "登录")])
def test_the_page_is_in_both_languages(visitor: Visitor, language: str, said: str) -> None:
    people_of(visitor).register("Li Na")
    assert f"<h1>{said}</h1>" in visitor.text("/sign-in", language)


def test_as_long_as_nobody_is_registered_the_page_says_how_to_begin(onlooker: Visitor) -> None:
    page = onlooker.text("/sign-in")
    assert "redrabbit people add" in page
    assert "<form" not in page


def test_a_password_is_not_taken_where_others_can_read_along() -> None:
    visitor = serve(address="10.1.2.3")
    people = people_of(visitor)
    code = people.link(people.register("Li Na"))
    for path in ("/sign-in", f"/welcome/{code}"):
        assert 'type="password"' not in visitor.text(path, status=403)
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 403
    assert sent(visitor, f"/welcome/{code}", password=OTHER, again=OTHER)[0] == 403
    answer = visitor.client.post("/api/v1/session", json={"name": "Li Na", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "network_not_trusted")


@pytest.mark.parametrize(
    ("scheme", "address", "is_taken"),
    [("http", "127.0.0.1", True), ("https", "10.1.2.3", True), ("http", "10.1.2.3", False)],
)
def test_wherever_a_password_is_asked_for_it_is_looked_once_more(
    scheme: str, address: str, is_taken: bool
) -> None:
    """A second line behind `access`: no page or call takes one by itself."""
    request = Request(
        {"type": "http", "scheme": scheme, "client": (address, 50000), "headers": [], "state": {}}
    )
    if is_taken:
        assert place_of(request).address == address
        return
    with pytest.raises(Refusal) as refused:
        place_of(request)
    assert refused.value.code == "not_confidential"


def test_a_link_sets_a_password_and_signs_in(visitor: Visitor) -> None:
    people = people_of(visitor)
    code = people.link(people.register("Li Na", Role.AUDITOR, password=False))
    assert "Welcome, Li Na" in visitor.text(f"/welcome/{code}")
    status, page = sent(visitor, f"/welcome/{code}", password=OTHER, again="another one here")
    assert (status, "not the same" in page) == (422, True)
    status, page = sent(visitor, f"/welcome/{code}", password="password1234", again="password1234")
    assert (status, "try this password first" in page) == (422, True)
    assert sent(visitor, f"/welcome/{code}", password=OTHER, again=OTHER) == (303, "/")
    assert "Li Na" in visitor.text("/runs")
    visitor.client.cookies.delete("rr_session")
    assert "does not work" in visitor.text(f"/welcome/{code}", status=403)


def test_programs_sign_in_and_out_and_ask_who_they_are(visitor: Visitor) -> None:
    client = visitor.client
    assert client.get("/api/v1/me").json()["names_are_stated"] is True
    li_na = people_of(visitor).register("Li Na", Role.AUDITOR)
    nobody = client.get("/api/v1/me").json()
    assert (nobody["person"], nobody["names_are_stated"]) == (None, False)
    begun = client.post("/api/v1/session", json={"name": "Li Na", "password": PASSWORD})
    assert begun.status_code == 201
    me = client.get("/api/v1/me").json()
    assert (me["person"], me["name"], me["how"], me["roles"]) == (
        *(li_na, "Li Na", How.PASSWORD),
        [Role.AUDITOR],
    )
    again = client.post(
        "/api/v1/session", json={"name": "Li Na", "password": PASSWORD}, headers=ORIGIN
    )
    assert again.status_code == 201
    assert client.delete("/api/v1/session", headers=ORIGIN).status_code == 204
    assert client.get("/api/v1/me").json()["person"] is None
    refused = client.get("/api/v1/runs")
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_required")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert client.delete("/api/v1/session").status_code == 204


def test_programs_show_the_password_again_for_a_signature(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.AUDITOR)
    client = visitor.client
    body = {"password": PASSWORD}
    assert client.post("/api/v1/session/reauthenticate", json=body).status_code == 401
    client.post("/api/v1/session", json={"name": "Li Na", **body})
    visitor.clock.jump(600)
    before = client.get("/api/v1/me").json()["authenticated_at"]
    shown = client.post("/api/v1/session/reauthenticate", json=body, headers=ORIGIN)
    assert shown.json()["authenticated_at"] > before
    wrong = client.post(
        "/api/v1/session/reauthenticate", json={"password": "wrong"}, headers=ORIGIN
    )
    assert wrong.json()["code"] == "wrong_password"


def test_a_call_by_cookie_says_from_where_it_comes(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    client = visitor.client
    client.post("/api/v1/session", json={"name": "Li Na", "password": PASSWORD})
    part = "/api/v1/challenge-parts/RR-0001/quarantine"
    refused = client.post(part, json={"reason": "worn"})
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_request")
    named = client.post(part, json={"reason": "worn", "operator": "Plant manager"}, headers=ORIGIN)
    assert (named.status_code, named.json()["code"]) == (422, "operator_not_allowed")


def test_nobody_acts_once_a_person_is_registered(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    body = {"reason": "worn", "operator": "Plant manager"}
    refused = visitor.client.post("/api/v1/challenge-parts/RR-0001/quarantine", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_required")
    visitor.be("Plant manager")
    led = sent(visitor, "/due/excuse", occurrence="line1-O-1", reason="x")
    assert led == (303, "/sign-in?to=%2Fdue")
    assert sent(visitor, "/stations/line1-op20/start", check="x")[1].startswith("/sign-in")


def test_without_a_name_nobody_acts_before_people_are_registered_either(visitor: Visitor) -> None:
    refused = visitor.client.post(
        "/api/v1/challenge-parts/RR-0001/quarantine", json={"reason": "x"}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "operator_required")
