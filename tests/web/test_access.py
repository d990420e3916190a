"""Who may reach what, whoever they are (D19)."""

import pytest

from redrabbit.base.settings import network_of
from redrabbit.domain.role import Role
from redrabbit.web.access import AccessRules, form_token, host_name
from tests.people import People
from tests.showcase_story import MISSED_RUN
from tests.web.conftest import NONCE, RULES, Visitor, serve

START = "/api/v1/runs"
BODY = {"check": "line1-op20", "operator": "badge 2207"}


def test_a_foreign_host_name_is_refused(onlooker: Visitor) -> None:
    answer = onlooker.client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" in answer.text


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8080", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("", ""),
    ],
)
def test_host_is_compared_without_its_port(header: str, name: str) -> None:
    assert host_name(header) == name


def test_beyond_loopback_only_public_pages_answer() -> None:
    outsider = serve(address="192.168.1.20").client
    assert outsider.get("/").status_code == 200
    assert outsider.get("/health").status_code == 200
    assert outsider.get("/static/base.css").status_code == 200
    for path in ("/due", "/runs", "/stations/line1-op20", "/api/v1/runs", "/metrics", "/docs"):
        assert outsider.get(path).status_code == 403, path


def test_over_tls_every_page_is_reached_by_address_and_none_by_a_foreign_name() -> None:
    tablet = over_tls(AccessRules.for_address("0.0.0.0"), "192.168.1.5:8080").client
    assert tablet.get("/due").status_code == 200
    assert tablet.get("/due", headers={"host": "rebound.example"}).status_code == 400


def test_the_address_that_is_listened_on_is_ours_in_brackets_too() -> None:
    assert "[fd00::1]" in AccessRules.for_address("fd00::1").allowed_hosts


def over_tls(rules: AccessRules, host: str) -> Visitor:
    """Return the browser of an operator who is signed in from another machine."""
    found = serve(rules, address="192.168.1.20")
    people = People(found.plant.agent, lambda command: found.let(found.plant.write(command)))
    found.client.base_url = f"https://{host}"
    session = people.session(people.register("Wang Lei", Role.OPERATOR))
    found.client.cookies.set("__Host-rr_session", session)
    return found


@pytest.mark.parametrize(
    "header",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
    ],
)
def test_a_request_from_another_site_is_refused(onlooker: Visitor, header: dict[str, str]) -> None:
    answer = onlooker.client.post(START, json=BODY, headers=header)
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site_request"


STREAMS = ("/live/board", "/live/stations/line1-op20", "/api/v1/events")
READABLE = (*STREAMS, "/api/v1/runs", "/metrics", "/ready", "/openapi.json", "/", "/due")


@pytest.mark.parametrize("path", READABLE)
@pytest.mark.parametrize(
    "header",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
    ids=lambda header: "-".join(header.values()),
)
def test_another_sites_page_may_not_even_read(
    onlooker: Visitor, path: str, header: dict[str, str]
) -> None:
    """K1.1: a page in anybody's browser could open streams, which cost polls (D47)."""
    answer = onlooker.client.get(path, headers=header)
    assert answer.status_code == 403
    assert "another site" in answer.text


LINK = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-user": "?1",
}


@pytest.mark.parametrize("path", ["/", "/due", f"/runs/{MISSED_RUN}", "/docs", "/api/v1/runs"])
def test_a_person_may_follow_a_link_from_another_site(onlooker: Visitor, path: str) -> None:
    assert onlooker.client.get(path, headers=LINK).status_code == 200


def test_a_link_never_acts(onlooker: Visitor) -> None:
    assert onlooker.client.post(START, json=BODY, headers=LINK).status_code == 403


def test_static_files_are_for_every_site(onlooker: Visitor) -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "http://evil.example"}
    assert onlooker.client.get("/static/favicon.svg", headers=foreign).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
        {"origin": "http://127.0.0.1:8080"},
    ],
    ids=["program", "typed", "own script", "own origin"],
)
def test_our_own_pages_programs_and_people_may_read(
    onlooker: Visitor, header: dict[str, str]
) -> None:
    for path in ("/", "/api/v1/runs", "/metrics"):
        assert onlooker.client.get(path, headers=header).status_code == 200


def test_a_program_without_browser_headers_may_act(visitor: Visitor) -> None:
    assert visitor.client.post(START, json=BODY).status_code == 201


def test_our_own_pages_may_act(visitor: Visitor) -> None:
    own = {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}
    assert visitor.client.post(START, json=BODY, headers=own).status_code == 201


@pytest.mark.parametrize("token", ["", "0" * 64, form_token(RULES, "another browser's nonce")])
def test_a_form_without_its_token_changes_nothing(visitor: Visitor, token: str) -> None:
    visitor.be("badge 2207")
    answer = visitor.client.post(
        "/stations/line1-op20/start", data={"form_token": token, "check": "line1-op20"}
    )
    assert answer.status_code == 409
    assert "too old" in answer.text
    assert "Start the verification" in answer.text  # still no run


def test_a_form_token_belongs_to_one_browser(visitor: Visitor) -> None:
    visitor.be("badge 2207")
    visitor.client.cookies.set("rr_form", "somebody else")
    assert visitor.send("/stations/line1-op20/start", check="line1-op20") == 409
    visitor.client.cookies.set("rr_form", NONCE)
    assert visitor.send("/stations/line1-op20/start", check="line1-op20") == 303


def test_json_without_its_content_type_is_refused(onlooker: Visitor) -> None:
    answer = onlooker.client.post(
        START, content=b'{"check": "line1-op20", "operator": "x"}', headers={"content-type": ""}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/", "/due", "/api/v1/devices", "/static/base.css", "/nowhere"])
def test_every_answer_carries_the_security_headers(onlooker: Visitor, path: str) -> None:
    headers = onlooker.client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_nothing_is_loaded_from_elsewhere(onlooker: Visitor) -> None:
    for path in ("/", "/due", "/stations/line1-op20", f"/runs/{MISSED_RUN}", "/docs"):
        page = onlooker.text(path)
        assert 'src="http' not in page
        assert 'href="http' not in page
        assert "<style" not in page
        assert " style=" not in page
        assert " on" + "click" not in page


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/.git/", "/static/", "/static/vendor", "/static/vendor/"),
        *("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"),
        *("/static/%2fetc%2fpasswd", "/static/base.css%00.html", "/pyproject.toml"),
    ],
)
def test_nothing_but_the_files_of_pages_is_served(onlooker: Visitor, path: str) -> None:
    """ASVS 5.0.0, 13.4.1 and 13.4.3: no source, no history, no list of a folder."""
    assert onlooker.client.get(path, follow_redirects=False).status_code == 404


ENCRYPTING = AccessRules.for_address("0.0.0.0", ["rabbit.plant"], encrypts=True)


def encrypted(scheme: str, host: str = "rabbit.plant:8443") -> Visitor:
    found = serve(ENCRYPTING, address="192.168.1.20")
    found.client.base_url = f"{scheme}://{host}"
    return found


def test_a_page_that_is_asked_for_in_the_clear_leads_to_the_encrypted_one() -> None:
    tablet = encrypted("http").client
    for path in ("/", "/due?line=line1"):
        answer = tablet.get(path, follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"] == f"https://rabbit.plant:8443{path}"
    assert tablet.get("/health").status_code == 200
    foreign = tablet.get("/", headers={"host": "evil.example"}, follow_redirects=False)
    assert foreign.status_code == 400


def test_what_is_sent_in_the_clear_is_not_done_and_a_program_is_not_led_on() -> None:
    client = encrypted("http").client
    for answer in (client.post(START, json=BODY), client.get(START), client.get("/metrics")):
        assert answer.status_code == 403
        assert answer.json()["code"] == "https_required"
    assert client.post("/stations/line1-op20/who", data={"name": "x"}).status_code == 403


def test_over_tls_everything_is_as_it_was() -> None:
    tablet = over_tls(ENCRYPTING, "rabbit.plant:8443").client
    own = {"origin": "https://rabbit.plant:8443"}
    assert tablet.get("/due").status_code == 200
    assert tablet.post(START, json={"check": "line1-op20"}, headers=own).status_code == 201


@pytest.mark.parametrize(
    ("scheme", "host", "promised"),
    [
        ("https", "rabbit.plant", True),
        ("https", "192.168.1.5", True),
        ("https", "[fd00::5]", True),
        ("https", "rabbit.plant:8443", False),
        ("https", "[fd00::5]:8443", False),
        ("http", "rabbit.plant", False),
    ],
)
def test_a_browser_is_told_to_come_back_encrypted_where_the_host_is_ours_alone(
    scheme: str, host: str, promised: bool
) -> None:
    """RFC 6797 holds for every port of a host, so other programs of the server would be cut off."""
    answer = encrypted(scheme, host).client.get("/", follow_redirects=False)
    assert ("strict-transport-security" in answer.headers) is promised


LOOKING = AccessRules.for_address("0.0.0.0", ["board.plant"], look_only=True)


def test_a_wall_that_only_looks_sees_boards_and_nothing_else() -> None:
    wall = serve(LOOKING, address="192.168.1.20").client
    for host in ("board.plant", "192.168.1.5:8080"):
        for path in ("/", "/health", "/static/base.css"):
            assert wall.get(path, headers={"host": host}).status_code == 200, path
    for path in ("/due", "/runs", "/stations/line1-op20", "/api/v1/runs", "/metrics", "/docs"):
        refused = wall.get(path, headers={"host": "board.plant", "accept-language": "en"})
        assert refused.status_code == 403, path
        assert "--look-only" in refused.text
    assert wall.get("/", headers={"host": "rebound.example"}).status_code == 400
    answer = wall.post(START, json=BODY, headers={"host": "board.plant"})
    assert (answer.status_code, answer.json()["code"]) == (403, "look_only")


def test_where_others_only_look_the_machine_itself_still_acts() -> None:
    here = serve(LOOKING).client
    assert here.get("/due").status_code == 200
    assert here.post(START, json=BODY).status_code == 201


def test_looking_over_a_proxy_is_looking() -> None:
    rules = AccessRules.for_address(
        "127.0.0.1", ["board.plant"], look_only=True, behind_proxy=[network_of("127.0.0.1")]
    )
    wall = serve(rules).client
    by_proxy = {"x-forwarded-for": "127.0.0.1", "host": "board.plant"}
    assert wall.get("/", headers=by_proxy).status_code == 200
    assert wall.get("/due", headers=by_proxy).status_code == 403
