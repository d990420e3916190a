"""The API keeps what its OpenAPI document says, whatever it is asked and whoever asks (bounded examples).

Each role asks by its session; programs by a token with each scope, and with all; an operator before an enrolled tablet; who is
nobody any more; nobody; and, at a plant that knows nobody, whoever states a name.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import count, cycle
from typing import Any, TypeVar

import hypothesis
import schemathesis
from hypothesis import HealthCheck
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.datastructures import Headers
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import StationId
from redrabbit.domain.role import Role
from redrabbit.services.askers import Shown, asker_of
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from tests.people import People, sign_in_at
from tests.showcase_told import told_before

pytest_plugins = ["schemathesis.pytest.plugin"]
"""Blocked elsewhere (pyproject.toml), because loading it takes most of the start of pytest."""

T = TypeVar("T")

HOST = "127.0.0.1"
STATION = StationId("line1-op20")
STATED = "a stated name"
KNOWS_NOBODY = "x-plant-knows-nobody"
"""The header by which a case goes to the plant at which nobody is registered."""


class Served:
    """The showcase with its application, as programs on its machine reach it."""

    def __init__(self) -> None:
        self.plant, clock = told_before()
        self.sign_in = sign_in_at(self.plant.agent)
        self.app = create_app(
            self.plant.service, clock=clock, sign_in=self.sign_in, access=AccessRules()
        )
        self.people = People(
            self.plant.agent, lambda command: asyncio.run(self.plant.write(command))
        )
        self._numbers = count(1001)
        self._shown: dict[str, Shown] = {}

    def shown_by(self, name: str) -> Shown:
        """Return by what somebody is known now; who was put out by what they did comes anew."""
        shown = self._shown.get(name)
        if shown is None or not self._is_here(shown):
            self._shown[name] = shown = COMES[name](self)
        return shown

    def _is_here(self, shown: Shown) -> bool:
        now, at = self.plant.clock.now(), self.sign_in.at_stations
        return self.plant.ask(
            lambda reader: asker_of(reader, shown, now, at.there, at.named)
        ).is_known

    def signed_in(self, *roles: Role) -> Shown:
        """Let somebody with these roles come into the office."""
        person = self.people.register(f"Person {next(self._numbers)}", *roles)
        return Shown(session=self.people.session(person))

    def program(self, *scopes: Scope) -> Shown:
        """Let a program have a token."""
        owner = self.people.register(f"Person {next(self._numbers)}", Role.QUALITY_ENGINEER)
        return Shown(token=self.people.token(owner, scopes))

    def at_station(self) -> Shown:
        """Let an operator scan their badge before an enrolled tablet."""
        number = next(self._numbers)
        self.people.badge(self.people.register(f"Person {number}", Role.OPERATOR), f"B-{number}")
        shown = Shown(screen=self.people.screen(STATION))
        asyncio.run(self.sign_in.at_stations.scan(STATION, f"B-{number}"))
        return shown

    def gone(self) -> Shown:
        """Let somebody show a session who was disabled."""
        person = self.people.register(f"Person {next(self._numbers)}", Role.QUALITY_ENGINEER)
        shown = Shown(session=self.people.session(person))
        self.people.disable(person)
        return shown


def _office(role: Role) -> Callable[[Served], Shown]:
    return lambda served: served.signed_in(role)


def _program(*scopes: Scope) -> Callable[[Served], Shown]:
    return lambda served: served.program(*scopes)


COMES: Mapping[str, Callable[[Served], Shown]] = {
    **{role.value: _office(role) for role in Role if role is not Role.SERVICE},
    **{f"a program to {scope.value}": _program(scope) for scope in Scope},
    "a program to all": _program(*Scope),
    "an operator before a tablet": Served.at_station,
    "somebody who is no more": Served.gone,
    "nobody": lambda _served: Shown(),
}
EVERYBODY = [*COMES, STATED]


class BothPlants:
    """The plant that knows people, and the one that knows nobody."""

    def __init__(self) -> None:
        self.with_people = Served()
        self.with_people.shown_by(Role.ADMINISTRATOR.value)
        self.with_nobody = Served()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        knows_nobody = scope["type"] == "http" and KNOWS_NOBODY in Headers(scope=scope)
        served = self.with_nobody if knows_nobody else self.with_people
        await served.app({**scope, "client": (HOST, 50000)}, receive, send)


def without_prefix_items(schema: Any) -> Any:
    """Return a document in which a row of three values is a list of any of them.

    Schemathesis 4.32 writes `prefixItems` of answers in the words of an older JSON Schema, and then refuses its own words.
    """
    if isinstance(schema, list):
        return [without_prefix_items(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: without_prefix_items(each) for name, each in schema.items()}
    if "prefixItems" in told:
        told["items"] = {"anyOf": told.pop("prefixItems")}
    return told


PLANTS = BothPlants()
SCHEMA = schemathesis.openapi.from_dict(
    without_prefix_items(PLANTS.with_people.app.openapi())
).exclude(path="/api/v1/events")
SCHEMA.app = PLANTS
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


def headers_of(name: str) -> dict[str, str]:
    """Return the headers with which somebody asks."""
    headers = {"host": HOST, "origin": f"http://{HOST}", "content-type": "application/json"}
    if name == STATED:
        return {**headers, KNOWS_NOBODY: "yes"}
    shown = PLANTS.with_people.shown_by(name)
    if shown.token is not None:
        return {**headers, "authorization": f"Bearer {shown.token}"}
    cookies = {"rr_session": shown.session, "rr_screen": shown.screen}
    told = "; ".join(f"{name}={value}" for name, value in cookies.items() if value is not None)
    return {**headers, "cookie": told} if told else headers


def ask(case: schemathesis.Case[Any], name: str) -> None:
    """Let somebody ask, and look that the answer is of the described form."""
    answer = case.call(headers=headers_of(name))
    assert answer.status_code < 500, name
    case.validate_response(answer, checks=CHECKS)


CASES = int(os.environ.get("REDRABBIT_CASES", "0"))
"""How many examples of each call everybody asks, if not 0: the long run (docs/figures.md)."""
TURNS: dict[str, Iterator[str]] = {}
"""Who asks next, by call: an example after the other is asked by another one."""


@SCHEMA.parametrize()
@hypothesis.settings(
    max_examples=CASES or 12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_of_the_described_form(case: schemathesis.Case[Any]) -> None:
    turn = next(TURNS.setdefault(case.operation.label, cycle(EVERYBODY)))
    for name in EVERYBODY if CASES else (turn,):
        ask(case, name)
