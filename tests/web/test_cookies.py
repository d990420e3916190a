"""What a browser keeps: ours alone, and over TLS for this host only."""

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from redrabbit.web.cookies import forget, keep, kept
from tests.web.conftest import serve


def connection(scheme: str, cookies: str = "") -> HTTPConnection:
    headers = [(b"cookie", cookies.encode())]
    return HTTPConnection({"type": "http", "scheme": scheme, "headers": headers})


@pytest.mark.parametrize("age", [None, 60])
def test_a_cookie_over_tls_is_for_this_host_only(age: int | None) -> None:
    answer = Response()
    keep(answer, connection("https"), "rr_form", "x", max_age_s=age)
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-rr_form=x;")
    for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in said
    assert "Domain" not in said
    assert ("Max-Age=60" in said) is (age is not None)


def test_a_cookie_over_plain_http_has_its_bare_name() -> None:
    answer = Response()
    keep(answer, connection("http"), "rr_form", "x", max_age_s=None)
    assert answer.headers["set-cookie"] == "rr_form=x; HttpOnly; Path=/; SameSite=strict"


def test_a_cookie_of_plain_http_is_never_taken_for_one_of_tls() -> None:
    both = "rr_form=planted; __Host-rr_form=ours"
    assert kept(connection("https", both), "rr_form") == "ours"
    assert kept(connection("http", both), "rr_form") == "planted"
    assert kept(connection("https", "rr_form=planted"), "rr_form") is None


@pytest.mark.parametrize(
    ("scheme", "start"), [("https", "__Host-rr_badge="), ("http", "rr_badge=")]
)
def test_what_was_kept_can_be_forgotten(scheme: str, start: str) -> None:
    answer = Response()
    forget(answer, connection(scheme), "rr_badge")
    said = answer.headers["set-cookie"]
    assert said.startswith(start)
    assert "Max-Age=0" in said
    assert ("Secure" in said) is (scheme == "https")


def test_a_page_over_tls_keeps_its_form_cookie_for_this_host() -> None:
    visitor = serve()
    visitor.client.base_url = "https://127.0.0.1:8080"
    answer = visitor.client.get("/")
    assert answer.headers["set-cookie"].startswith("__Host-rr_form=")
    assert "Secure" in answer.headers["set-cookie"]
