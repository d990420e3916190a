"""From whom a request came: forwarded headers are believed from a declared proxy only (K3.3)."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from starlette.types import Scope

from redrabbit.base.settings import network_of
from redrabbit.domain.errors import Refusal
from redrabbit.web.access import AccessRules
from redrabbit.web.budget import WebBudgets
from redrabbit.web.proxies import (
    OF_PROXIES,
    is_confidential,
    is_local,
    is_proxy,
    take_forwarded,
)
from tests.web.conftest import Visitor, serve

PROXY = "10.0.0.5"
TABLET = "192.168.1.20"
NETWORKS = (network_of("10.0.0.0/28"), network_of("fd00::5"))


def asked(peer: str, *headers: tuple[str, str], path: str = "/due", scheme: str = "http") -> Scope:
    """Return a request's scope as the server makes it."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "scheme": scheme,
        "client": (peer, 50000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def taken(scope: Scope) -> tuple[str, str]:
    """Return client and scheme, once what its proxy says was taken."""
    take_forwarded(scope, NETWORKS)
    return scope["client"][0], scope["scheme"]


FOR = ("x-forwarded-for", TABLET)
HTTPS = ("x-forwarded-proto", "https")


@pytest.mark.parametrize(
    ("headers", "client", "scheme"),
    [
        ([FOR, HTTPS], TABLET, "https"),
        ([FOR], TABLET, "http"),
        ([FOR, ("x-forwarded-proto", "http")], TABLET, "http"),
        ([FOR, ("x-forwarded-proto", "https, http")], TABLET, "http"),
        ([FOR, ("x-forwarded-proto", "HTTPS")], TABLET, "https"),
        ([("x-forwarded-for", f"127.0.0.1, {TABLET}")], TABLET, "http"),
        ([("x-forwarded-for", "127.0.0.1"), FOR], TABLET, "http"),
        ([("x-forwarded-for", f"{TABLET}, 10.0.0.7")], TABLET, "http"),
        ([("x-forwarded-for", "10.0.0.3, 10.0.0.7")], "10.0.0.3", "http"),
        ([("x-forwarded-for", f"{TABLET}:4711")], TABLET, "http"),
        ([("x-forwarded-for", "2001:db8::7")], "2001:db8::7", "http"),
        ([("x-forwarded-for", "[2001:db8::7]:4711")], "2001:db8::7", "http"),
        ([("forwarded", f"for={TABLET};proto=https")], TABLET, "https"),
        ([("forwarded", f"for=127.0.0.1;proto=https, for={TABLET}")], TABLET, "http"),
        (
            [("forwarded", 'For="[2001:db8::7]:4711" ; Proto=https;by=10.0.0.5')],
            "2001:db8::7",
            "https",
        ),
        ([("forwarded", f'for="a,b;c\\"", for={TABLET};proto=http')], TABLET, "http"),
        ([FOR, HTTPS, ("forwarded", f"for={TABLET};proto=https")], TABLET, "https"),
        ([FOR, HTTPS, ("forwarded", f"for={TABLET};proto=http")], TABLET, "http"),
        ([FOR, ("via", "1.1 nginx"), ("x-real-ip", "127.0.0.1")], TABLET, "http"),
    ],
    ids=lambda value: (
        "; ".join(": ".join(each) for each in value) if isinstance(value, list) else ""
    ),
)
def test_a_declared_proxy_says_for_whom_it_asks(
    headers: list[tuple[str, str]], client: str, scheme: str
) -> None:
    assert taken(asked(PROXY, *headers)) == (client, scheme)


@pytest.mark.parametrize("name", OF_PROXIES)
@pytest.mark.parametrize("peer", [TABLET, "127.0.0.1", "", "testclient"])
def test_anybody_else_who_sends_such_a_header_is_refused(name: str, peer: str) -> None:
    with pytest.raises(Refusal, match="proxy_not_declared"):
        take_forwarded(asked(peer, (name, "127.0.0.1")), NETWORKS)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "proxy_names_nobody"),
        ([("x-real-ip", TABLET)], "proxy_names_nobody"),
        ([HTTPS], "proxy_names_nobody"),
        ([("x-forwarded-for", "unknown")], "proxy_unreadable"),
        ([("x-forwarded-for", "")], "proxy_unreadable"),
        ([("x-forwarded-for", f"{TABLET},")], "proxy_unreadable"),
        ([("forwarded", "for=_hidden")], "proxy_unreadable"),
        ([("forwarded", "proto=https")], "proxy_unreadable"),
        ([("forwarded", f'for="{TABLET}')], "proxy_unreadable"),
        ([("forwarded", f"for = {TABLET}")], "proxy_unreadable"),
        ([("forwarded", "")], "proxy_unreadable"),
        ([FOR, ("forwarded", "for=127.0.0.1")], "proxy_contradicts_itself"),
    ],
    ids=str,
)
def test_what_a_proxy_says_unclearly_is_refused(headers: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(Refusal, match=code):
        take_forwarded(asked(PROXY, *headers), NETWORKS)


def test_a_proxy_may_look_whether_we_are_there() -> None:
    assert taken(asked(PROXY, path="/health")) == (PROXY, "http")


LIES = st.lists(
    st.tuples(
        st.sampled_from(["x-forwarded-for", "forwarded", "x-forwarded-host", "x-real-ip"]),
        st.one_of(
            st.sampled_from(
                ["127.0.0.1", "for=127.0.0.1", "::1", 'for="[::1]"', "10.0.0.7", "a, b"]
            ),
            st.text(st.characters(max_codepoint=255), max_size=30),
        ),
    ),
    max_size=4,
)


@given(lies=LIES, appends=st.booleans())
def test_nobody_behind_a_proxy_can_be_somebody_else(
    lies: list[tuple[str, str]], appends: bool
) -> None:
    """Whatever a client sends, if its proxy sets or appends what it knows: its own address or a refusal."""
    if appends:
        before = [value for name, value in lies if name == "x-forwarded-for"]
        others = [each for each in lies if each[0] != "x-forwarded-for"]
        scope = asked(PROXY, *others, ("x-forwarded-for", ", ".join([*before, TABLET])))
    else:
        scope = asked(PROXY, *(each for each in lies if each[0] != "x-forwarded-for"), FOR)
    try:
        take_forwarded(scope, NETWORKS)
    except Refusal:
        return
    assert scope["client"][0] == TABLET
    assert not is_local(scope)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        (PROXY, True),
        ("::ffff:10.0.0.5", True),
        ("fd00::5", True),
        ("fd00::6", False),
        (TABLET, False),
        ("", False),
    ],
)
def test_a_proxy_is_known_by_its_address(address: str, is_ours: bool) -> None:
    assert is_proxy(address, NETWORKS) is is_ours


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_program_of_this_machine_is_local_and_confidential(address: str) -> None:
    scope = asked(address)
    assert is_local(scope)
    assert is_confidential(HTTPConnection(scope))


def test_on_the_network_only_tls_is_confidential() -> None:
    assert not is_confidential(HTTPConnection(asked(TABLET)))
    assert is_confidential(HTTPConnection(asked(TABLET, scheme="https")))
    assert not is_local(asked(TABLET, scheme="https"))
    nobody = {**asked(TABLET), "client": None}
    assert not is_local(nobody)


@pytest.mark.parametrize(("said", "is_so"), [("https", True), ("http", False), ("", False)])
def test_a_declared_proxy_says_whether_it_was_asked_over_tls(said: str, is_so: bool) -> None:
    """Also where it asks us over TLS: what counts is the way between it and the person."""
    for scheme in ("http", "https"):
        headers = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", said)]
        scope = asked(PROXY, *headers, scheme=scheme)
        take_forwarded(scope, NETWORKS)
        assert is_confidential(HTTPConnection(scope)) is is_so


@pytest.fixture(scope="module")
def proxied() -> Iterator[Visitor]:
    """A browser behind a declared proxy of this machine."""
    rules = AccessRules(form_secret=b"k" * 32, behind_proxy=(network_of("127.0.0.1"),))
    found = serve(rules)
    with found.client:
        yield found


def test_who_comes_over_a_proxy_of_this_machine_is_not_local(proxied: Visitor) -> None:
    """K3.3: behind nginx on the same machine everybody was this machine."""
    for client in (TABLET, "127.0.0.1"):
        headers = {"x-forwarded-for": client, "x-forwarded-proto": "https"}
        assert proxied.client.get("/", headers=headers).status_code == 200
        refused = proxied.client.get("/api/v1/runs", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "network_not_trusted")


def test_a_proxy_that_names_nobody_is_told_what_to_send(proxied: Visitor) -> None:
    refused = proxied.client.get("/", headers={"accept-language": "en"})
    assert refused.status_code == 403
    assert "X-Forwarded-For" in refused.text
    assert proxied.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("language", "words"), [("en", "start the service with"), ("zh", "启动服务")]
)
@pytest.mark.parametrize("name", OF_PROXIES)
def test_a_proxy_that_nobody_declared_is_told_how_to_declare_it(
    onlooker: Visitor, name: str, language: str, words: str
) -> None:
    refused = onlooker.client.get("/due", headers={name: "x", "accept-language": language})
    assert refused.status_code == 403
    assert words in refused.text
    assert "--behind-proxy 127.0.0.1" in refused.text


def test_a_proxy_holds_as_many_connections_as_there_are() -> None:
    budgets = WebBudgets(proxies=NETWORKS)
    for _ in range(budgets.limits.most_connections_per_client):
        budgets.connections.take(PROXY)
        budgets.connections.take(TABLET)
    assert budgets.connections.refusal(PROXY) is None
    assert budgets.connections.refusal(TABLET) is not None
