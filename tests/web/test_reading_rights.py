"""Every page and endpoint, for each role, for nobody, for who has expired: allowed or refused as the table says (D47)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.role import Role
from redrabbit.web.reading_rights import READERS, ROUTES, Right, may, right_of_page
from redrabbit.web.visitor import asker_at
from tests.people import People
from tests.web.conftest import Visitor, serve

R = Role
READS = {
    Right.RECORDS: {
        *(R.OPERATOR, R.SHIFT_LEADER, R.MAINTENANCE, R.PROCESS_ENGINEER),
        *(R.PARTS_KEEPER, R.QUALITY_ENGINEER, R.AUDITOR),
    },
    Right.LEDGER: {R.QUALITY_ENGINEER, R.AUDITOR},
    Right.PEOPLE: {R.ADMINISTRATOR, R.SHIFT_LEADER},
    Right.TOKENS: {R.ADMINISTRATOR},
}
READS |= {Right.STATION: READS[Right.RECORDS]}
READS |= {Right.UPKEEP: READS[Right.RECORDS] | {R.ADMINISTRATOR}}
"""The table, once more: a change of it is a decision, not an accident."""
SCOPES = {
    **{right: {Scope.READ} for right in (Right.RECORDS, Right.STATION, Right.UPKEEP)},
    Right.LEDGER: {Scope.LEDGER_READ},
}
FILLED = {
    "change_number": "1",
    "number": "1",
    "station_id": "line1-op20",
    "line_id": "line1",
    "entry": "0",
    "digest": "0" * 64,
    "act": "start",
    "run": "line1-R-1",
    "run_id": "line1-R-1",
    "containment": "line1-C-1",
    "containment_id": "line1-C-1",
    "code": "nothing",
    "check_id": "line1-op20-torque-verification",
    "signal": "torque",
    "part_id": "RR-0001",
    "occurrence": "line1-O-1",
    "device": "line1-op20",
    "check": "line1-op20",
    "occurrence_id": "line1-O-1",
    "pause_id": "line1-P-1",
    "silence_id": "line1-S-1",
    "alarm_id": "line1-A-1",
    "index": "0",
    "key_id": "ffffffff",
    "person_id": "p-0001",
    "token_id": "t-0099",
    "badge_id": "ab" * 32,
    "grant_id": "g-0099",
    "qualification_id": "q-0099",
}
STREAMS = {"GET /live/board", "GET /live/stations/{station_id}", "GET /api/v1/events"}
BASE = "https://127.0.0.1:8080"
SIGNS_OUT = {"DELETE /api/v1/session", "POST /sign-out"}


@dataclass(frozen=True)
class Someone:
    """Somebody who asks for everything."""

    name: str
    headers: dict[str, str]
    cookies: dict[str, str]
    reads: frozenset[Right]
    """What they may read, beside what everybody may."""
    is_known: bool


def reads(*roles: Role) -> frozenset[Right]:
    return frozenset(right for right, who in READS.items() if who & set(roles))


def routes(app: FastAPI) -> list[str]:
    return [
        f"{method} {route.path}"
        for route in iter_route_contexts(app.routes)
        for method in sorted((route.methods or set()) - {"HEAD"})
        if not str(route.path).startswith("/static")
    ]


def path_of(route: str) -> str:
    path = route.split(" ", 1)[1]
    for name, value in FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"FILLED needs a value for {path}"
    return path


@pytest.fixture(scope="module")
def served() -> Iterator[Visitor]:
    """The showcase, asked over TLS from another machine."""
    visitor = serve(address="10.1.2.3")
    visitor.client.base_url = BASE
    with visitor.client:
        yield visitor


@pytest.fixture(scope="module")
def everyone(served: Visitor) -> dict[str, Someone]:
    people = People(served.plant.agent, lambda command: served.let(served.plant.write(command)))
    owner = people.register("Owner", Role.QUALITY_ENGINEER)

    def signed_in(name: str, *roles: Role, knows: bool = True, **given: Any) -> Someone:
        session = people.session(people.register(name, *roles, **given))
        may = reads(*roles) | {Right.OWN} if knows else frozenset[Right]()
        return Someone(name, {}, {"rr_session": session}, may, is_known=knows)

    found = [signed_in(role.value, role) for role in Role]
    found.append(signed_in("operator of another line", Role.OPERATOR, line="line2"))
    found.append(signed_in("somebody without a role"))
    later = served.clock.now() + timedelta(seconds=1)
    found.append(signed_in("auditor who expired", R.AUDITOR, knows=False, expires_at=later))
    ended = signed_in("quality engineer whose role ended", R.QUALITY_ENGINEER, until_at=later)
    found.append(Someone(ended.name, {}, ended.cookies, frozenset({Right.OWN}), is_known=True))
    gone = people.register("who was disabled", *Role)
    secret = people.session(gone)
    people.disable(gone)
    found.append(Someone("who was disabled", {}, {"rr_session": secret}, frozenset(), False))
    nothing = frozenset[Right]()
    found.append(Someone("nobody", {}, {}, nothing, is_known=False))
    found.append(Someone("a strange session", {}, {"rr_session": "x"}, nothing, is_known=False))
    stated = {"rr_badge": "Plant manager"}
    found.append(Someone("a stated name", {}, stated, nothing, is_known=False))
    for scope in Scope:
        token = people.token(owner, [scope])
        may = frozenset(right for right, scopes in SCOPES.items() if scope in scopes)
        shown = {"authorization": f"Bearer {token}"}
        found.append(Someone(f"a token to {scope.value}", shown, {}, may, is_known=True))
    forged = {"authorization": "Bearer rrt_t-0001_" + "x" * 43}
    found.append(Someone("a forged token", forged, {}, nothing, is_known=False))
    served.clock.jump(2)
    return {someone.name: someone for someone in found}


NAMES = [
    *(role.value for role in Role),
    "operator of another line",
    "somebody without a role",
    "auditor who expired",
    "quality engineer whose role ended",
    "who was disabled",
    "nobody",
    "a strange session",
    "a stated name",
    *(f"a token to {scope.value}" for scope in Scope),
    "a forged token",
]


def test_every_route_has_a_row_and_every_row_a_route(served: Visitor) -> None:
    assert set(routes(served.client.app)) == set(ROUTES)  # type: ignore[arg-type]  # the client serves a FastAPI


def test_the_table_of_readers_is_the_one_that_was_decided() -> None:
    assert {right: set(who.roles) for right, who in READERS.items()} == READS
    assert {right: set(who.scopes) for right, who in READERS.items() if who.scopes} == SCOPES


@pytest.mark.parametrize("name", NAMES)
def test_every_page_and_endpoint_is_for_whom_the_table_says(
    served: Visitor, everyone: dict[str, Someone], name: str
) -> None:
    someone = everyone[name]
    wrong = [
        found
        for route, right in ROUTES.items()
        if (found := _wrong(served, someone, route, right)) is not None
    ]
    assert wrong == []


def _wrong(served: Visitor, someone: Someone, route: str, right: Right) -> str | None:
    """Return how a route answers somebody whom it should answer otherwise."""
    is_free = right in {Right.OPEN, Right.PUBLIC} and "forged" not in someone.name
    if right is Right.ACT:
        allowed = someone.is_known
    else:
        allowed = is_free or right is Right.OPEN or right in someone.reads
    if allowed and (route in STREAMS or route in SIGNS_OUT):
        return None  # a stream has no end; who signs out asks no more
    method, path = route.split(" ", 1)[0], path_of(route)
    served.client.cookies.clear()
    cookies = {**someone.cookies, "rr_form": "a-nonce-of-this-browser"}
    answer = served.client.request(
        method,
        path,
        headers={
            "origin": BASE,
            "cookie": "; ".join(f"__Host-{name}={value}" for name, value in cookies.items()),
            **someone.headers,
        },
        json={} if path.startswith("/api/") and method == "POST" else None,
        follow_redirects=False,
    )
    leads_to_sign_in = answer.headers.get("location", "").startswith("/sign-in?")
    code = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else ""
    if code == "" and answer.status_code == 403 and "don&#39;t include it" in answer.text:
        code = "not_allowed"
    refused = leads_to_sign_in or code in {"sign_in_required", "not_allowed"}
    if refused is allowed:
        return f"{route} answers {someone.name} {answer.status_code} {code}"
    is_right_way = allowed or (code == "not_allowed") is someone.is_known
    return (
        None if is_right_way else f"{route} refuses {someone.name} by {answer.status_code} {code}"
    )


FORMS = [
    route
    for route in ROUTES
    if route.startswith("POST ") and not route.startswith("POST /api/") and route not in SIGNS_OUT
]


@pytest.mark.parametrize("name", NAMES)
def test_a_form_that_is_refused_shows_its_page_only_to_whom_the_page_is_for(
    served: Visitor, everyone: dict[str, Someone], name: str
) -> None:
    someone, seen = everyone[name], []
    people = People(served.plant.agent, lambda command: served.let(served.plant.write(command)))
    screen = people.screen("line1-op20") if name == "nobody" else ""
    for route in FORMS:
        right = right_of_page(route.split(" ", 1)[1])
        at_own_station = bool(screen) and right is Right.STATION
        if right is Right.PUBLIC or right in someone.reads or at_own_station:
            continue
        served.client.cookies.clear()
        cookies = {**someone.cookies, "rr_screen": screen, "rr_form": "a-nonce-of-this-browser"}
        answer = served.client.post(
            path_of(route).replace("/start", f"/{ACT_OF.get(route, 'start')}"),
            headers={
                "origin": BASE,
                "cookie": "; ".join(f"__Host-{n}={value}" for n, value in cookies.items()),
                **someone.headers,
            },
            data={"x": "y"},
            follow_redirects=False,
        )
        if answer.status_code != 303 and 'class="problem-page"' not in answer.text:
            seen.append(f"{route} {answer.status_code}")
    assert seen == []


ACT_OF = {
    "POST /due/{act}": "excuse",
    "POST /alarms/{act}": "take",
    "POST /approvals/{act}": "refuse",
    "POST /receivers/{act}": "test",
    "POST /containments/{containment}/{act}": "tick",
    "POST /people/{person_id}/{act}": "link",
    "POST /tokens/{act}": "issue",
    "POST /account/{act}": "pin",
}
"""An act that there is at each address."""


def test_each_form_is_of_a_page_with_a_row() -> None:
    assert [route for route in FORMS if right_of_page(route.split(" ", 1)[1]) is Right.ACT] == []


def test_as_long_as_nobody_is_registered_everything_is_as_before(onlooker: Visitor) -> None:
    refused = []
    for route in ROUTES:
        if route.startswith("GET ") and route not in STREAMS:
            answer = onlooker.client.get(path_of(route), follow_redirects=False)
            if answer.status_code in {401, 403} and route != "GET /welcome/{code}":
                refused.append(route)
            leads_to_sign_in = answer.headers.get("location", "").startswith("/sign-in")
            if leads_to_sign_in and route != "GET /account":  # nobody has one
                refused.append(route)
    assert refused == []


def test_a_screen_sees_its_own_station_and_no_other(
    served: Visitor, everyone: dict[str, Someone]
) -> None:
    assert everyone
    people = People(served.plant.agent, lambda command: served.let(served.plant.write(command)))
    headers = {"cookie": f"__Host-rr_screen={people.screen('line1-op20')}"}
    served.client.cookies.clear()

    def status(path: str) -> int:
        answer = served.client.get(path, headers=headers, follow_redirects=False)
        return answer.status_code

    assert (status("/stations/line1-op20"), status("/stations")) == (200, 200)
    assert status("/stations/line1-op30") == 303
    assert (status("/runs"), status("/api/v1/ledger/entries")) == (303, 401)


@pytest.mark.parametrize("cookie", ["rr_session", "rr_screen"])
def test_a_call_by_cookie_that_changes_something_says_from_where_it_comes(
    served: Visitor, cookie: str
) -> None:
    people = People(served.plant.agent, lambda command: served.let(served.plant.write(command)))
    owner = people.register("Zhou", *Role)
    secret = {
        "rr_session": people.session(owner),
        "rr_screen": people.screen("line1-op20"),
    }[cookie]
    shown = {"cookie": f"__Host-{cookie}={secret}"}
    token = {"authorization": f"Bearer {people.token(owner, list(Scope))}"}
    served.client.cookies.clear()
    for route in ROUTES:
        method, path = route.split(" ", 1)[0], path_of(route)
        if method == "GET" or not path.startswith("/api/") or route in SIGNS_OUT:
            continue

        def forged(headers: dict[str, str], method: str = method, path: str = path) -> bool:
            answer = served.client.request(method, path, headers=headers, json={})
            return answer.status_code == 403 and answer.json()["code"] == "cross_site_request"

        assert forged(shown), route
        assert forged(shown | {"origin": "https://elsewhere"}), route
        assert not forged(shown | {"origin": BASE}), route
        assert not forged(shown | {"sec-fetch-site": "same-origin"}), route
        assert not forged(shown | token), route


def test_of_whom_nothing_was_found_out_has_no_right() -> None:
    """A page for everybody is answered while the records are away, and then nobody knows who asks."""
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "state": {}})
    asker = asker_at(request)
    assert not any(may(asker, right) for right in Right if right not in {Right.OPEN, Right.PUBLIC})


def test_programs_of_this_machine_watch_over_it_without_a_token(
    everyone: dict[str, Someone],
) -> None:
    assert everyone
    here = serve()
    People(here.plant.agent, lambda command: here.let(here.plant.write(command))).register("Li Na")
    assert here.client.get("/metrics").status_code == 200
    assert here.client.get("/ready").status_code in {200, 503}
    assert here.client.get("/api/v1/devices").status_code == 401
