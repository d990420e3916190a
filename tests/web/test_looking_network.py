"""The network may look, and this machine may act: there is a way between all and nothing (K3.2, D47)."""

from collections.abc import Iterator

import pytest

from redrabbit.base.settings import ServeSettings
from redrabbit.domain.role import Role
from redrabbit.web.access import AccessRules
from redrabbit.web.reading_rights import ROUTES
from tests.people import People
from tests.web.conftest import NONCE, RULES, Visitor, serve
from tests.web.test_reading_rights import STREAMS, path_of

WALL = "10.1.2.3"
SEEN = {
    "GET /",
    "GET /live/board",
    "GET /health",
    "GET /favicon.ico",
    "GET /certificate",
    "GET /certificate/authority.crt",
}
"""What a screen on the wall is given, written once more: to widen it is a decision, not an accident."""
LOOKING = AccessRules.for_address("0.0.0.0", look_only=True, form_secret=RULES.form_secret)
IN_THE_CLEAR = AccessRules.for_address("0.0.0.0", form_secret=RULES.form_secret)


@pytest.fixture(scope="module", params=["look_only", "in the clear"])
def wall(request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A screen on the network, with the session of somebody who may do everything, which doesn't help it."""
    found = serve(LOOKING if request.param == "look_only" else IN_THE_CLEAR, address=WALL)
    people = People(found.plant.agent, lambda command: found.let(found.plant.write(command)))
    person = people.register("Plant manager", *set(Role) - {Role.AUDITOR, Role.SERVICE})
    with found.client:
        found.client.cookies.set("rr_session", people.session(person))
        yield found


def test_a_screen_on_the_network_sees_the_board_and_does_nothing(wall: Visitor) -> None:
    """K3.2: a board on the wall cost giving every computer of the plant the right to excuse."""
    before = wall.plant.ask(lambda reader: reader.head().size)
    seen = {route for route in set(ROUTES) - STREAMS if _is_answered(wall, route)}
    assert seen == SEEN - STREAMS
    assert wall.plant.ask(lambda reader: reader.head().size) == before


def _is_answered(wall: Visitor, route: str) -> bool:
    method, path = route.split(" ", 1)[0], path_of(route)
    body = {"operator": "Plant manager", "reason": ".", "code": "RR-0001", "step": 0}
    answer = wall.client.request(
        method, path, json=body if method != "GET" else None, follow_redirects=False
    )
    if answer.status_code != 403:
        return True
    if path.startswith("/api/"):
        assert answer.json()["code"] in {"look_only", "network_not_trusted"}
    return False


def test_while_the_network_only_looks_this_machine_acts() -> None:
    here = serve(LOOKING)
    with here.client:
        body = {"check": "line1-op20", "operator": "4711 Wang"}
        assert here.client.post("/api/v1/runs", json=body).status_code == 201
        assert here.client.get("/due").status_code == 200
        here.client.cookies.set("rr_form", NONCE)
        assert here.client.get("/metrics").status_code == 200


def test_no_setting_lets_the_network_act_in_the_clear() -> None:
    """Neither the rules nor the service can be asked for it."""
    named = set(AccessRules.__dataclass_fields__) | set(ServeSettings.__dataclass_fields__)
    assert {name for name in named if "trust" in name or "public" in name} == set()
