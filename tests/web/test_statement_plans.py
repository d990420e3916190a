"""No page, list, metric or tick of the agent takes longer the longer history is: asked of SQLite's own plans (B30)."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from redrabbit import __version__
from redrabbit.base.clock import SteadyClock
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.beside import digest_of
from redrabbit.domain.facts.catalogue import RECORDS
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.token import Scope, TokenRecord
from redrabbit.domain.identity import How, PersonId
from redrabbit.domain.learnt_pulse import to_be_learnt
from redrabbit.domain.occurrence import OccurrenceStatus
from redrabbit.domain.one_time_code import CodePurpose, code_made
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AlarmRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    PlantEventRecord,
    RunRecord,
    SignatureRecord,
    SilenceRecord,
)
from redrabbit.domain.role import Role
from redrabbit.domain.run_words import Outcome, RunState
from redrabbit.domain.session import begun
from redrabbit.services.agent import Agent
from redrabbit.services.escalating import Escalating
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.services.receiver_alarms import ReceiverAlarms
from redrabbit.services.running import rebuild_run
from redrabbit.services.runs_under_way import runs_under_way
from redrabbit.services.verifying import say_damaged, say_whole
from redrabbit.store.database import SqlDatabase
from redrabbit.store.tables import RECORD_TABLES
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from redrabbit.web.pages.runs import OUTCOMES
from simulators.virtual_clock import VirtualClock
from tests.people import People, sign_in_at
from tests.store.sample_database import Sample
from tests.store.sample_story import BEGIN, FIRST, Shop, play
from tests.store.statement_plans import Asked, Plans, Statements, growing
from tests.web.edges import doors, page_queries

HERE = "http://127.0.0.1:8080"
LATER = BEGIN.replace(month=4)
PERIOD = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
NOT_ASKED = {
    "GET /live/board": "never ends: the board, again and again",
    "GET /live/stations/{station_id}": "never ends: a station's page, again and again",
    "GET /api/v1/events": "never ends: the ledger's entries, as /api/v1/ledger/entries",
    "GET /openapi.json/{path}": "asks nothing",
    "GET /static/{path}": "asks nothing",
}


@dataclass(frozen=True)
class Heard:
    """A plant's database, and all that was asked of it."""

    database: Path
    statements: Statements
    unasked: frozenset[str]
    """Addresses of the application that nobody asked for."""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """What the story of the samples asks, then a life of the agent, then whoever looks at everything."""
    path = tmp_path_factory.mktemp("heard") / "plant.db"
    statements = Statements()
    play(_HeardShop(statements, f"sqlite:///{path}", path.with_name("plant.db.key")))
    sample = Sample(
        url=f"sqlite:///{path}",
        key=path.with_name("plant.db.key"),
        public_key=path.with_name("plant.db.pub"),
    )
    clock, plant = VirtualClock(LATER), load_plant(FIRST)
    with sample.open() as database:
        agent = Agent(plant, read_configuration(FIRST)[1], database, clock, __version__)
        people = People(agent, database.write_now)
        reader = people.register("Reader", *Role)
        for scope in (Scope.READ, Scope.ALARMS):
            people.token(reader, [scope])
        asked = [*_everything(plant, database), "/welcome/a-code"]
        with statements.listening():
            statements.asked_for = "the agent"
            asyncio.run(_lived(agent, database, clock))
            app = create_app(
                LocalPlantService(agent),
                clock=clock,
                sign_in=sign_in_at(agent),
                access=AccessRules(form_secret=b"k" * 32),
            )
            database.write_now(partial(_let_in, reader, clock.now()))
            unasked = _look(app, asked, statements)
    return Heard(database=path, statements=statements, unasked=unasked)


class _HeardShop(Shop):
    """The story, without what opening a database asks: that is looked at where opening is tested."""

    def __init__(self, statements: Statements, url: str, key: Path) -> None:
        self._statements = statements
        super().__init__(url, key)

    def write(self, command: Any) -> Any:
        self._statements.asked_for = "a command"
        with self._statements.listening():
            result = super().write(command)
            super().write(self._as_after_a_restart)
        return result

    def _as_after_a_restart(self, uow: UnitOfWork) -> None:
        """Ask what is asked where the process was killed here."""
        for run in runs_under_way(uow):
            rebuild_run(uow, self.plant, run)


async def _lived(agent: Agent, database: SqlDatabase, clock: VirtualClock) -> None:
    """Let the agent live for a while, with its alarms and the messages that nobody took."""
    await agent.open()
    living = asyncio.create_task(agent.run())
    for _ in range(40):
        clock.advance_to(clock.steady + timedelta(seconds=0.5))
        await SteadyClock().sleep(0.005)  # the database has threads of its own
    alarms = ReceiverAlarms(database, agent.note_commit)
    await alarms.begin("andon")
    await alarms.end(next(iter(await alarms.not_reached())))
    await Escalating(database, clock, agent.note_commit, lambda: False).step()
    await database.write(say_damaged)
    await database.write(partial(say_whole, since=clock.now()))
    await database.outbox.waiting("andon", 10)
    await database.outbox.park_all_but(["andon"])
    living.cancel()
    with suppress(asyncio.CancelledError):
        await living


def _let_in(reader: PersonId, now: datetime, uow: UnitOfWork) -> None:
    """Begin a session, and give a link to set a password, at the time of the agent."""
    digest, code = digest_of("a-session"), digest_of("a-code")
    uow.keep_row(begun(digest, reader, How.PASSWORD, now=now, address="10.0.0.7", agent="test"))
    uow.keep_row(code_made(code, CodePurpose.SET_PASSWORD, reader, now))


def _look(app: FastAPI, addresses: Iterable[str], statements: Statements) -> frozenset[str]:
    """Ask for each address in a session; return what of the application, and which of its filters, none of them is."""
    read = [door for door in doors(app) if door.method == "GET"]
    unasked = {str(door) for door in read}
    unasked |= {
        f"{door}?{name}"
        for door in read
        if door.is_api and door.queries != page_queries()
        for name in door.queries
    }
    with TestClient(app, base_url=HERE, client=("127.0.0.1", 50000)) as client:
        client.cookies.set("rr_session", "a-session")
        for address in addresses:
            statements.asked_for = address
            answer = client.get(address, follow_redirects=False)
            assert answer.status_code in {200, 303, 308, 404}, (address, answer.text)
            path, _, query = address.partition("?")
            names = [name for name, _ in parse_qsl(query)]
            for door in read:
                if re.fullmatch(re.sub(r"{[^}]*}", "[^/]+", door.path), path):
                    unasked -= {str(door), *(f"{door}?{name}" for name in names)}
    return frozenset(unasked)


def _everything(plant: Plant, database: SqlDatabase) -> list[str]:
    """Return all addresses that are read: each list first, with every filter, and on a later page."""

    def some(kind: Any) -> list[Any]:
        return database.read_now(lambda reader: reader.find(kind))

    runs, cases, occurrences = some(RunRecord), some(ContainmentRecord), some(OccurrenceRecord)
    events = some(PlantEventRecord)
    silences, signatures = some(SilenceRecord), some(SignatureRecord)
    alarms, pauses, run = some(AlarmRecord), some(PauseRecord), some(RunRecord)[5]
    token = next(each.token_id for each in some(TokenRecord) if each.revoked_at is None)
    where = {"line": run.line, "device": run.device}
    learning, signal = next((one, name) for one in plant.stations for name in to_be_learnt(one))
    firsts = {
        "stations": plant.stations[0].id,
        "devices": plant.stations[0].devices[0].id,
        "checks": plant.plan.checks[0].id,
        "challenge-parts": plant.parts[0].id,
        f"stations/{learning.id}/pulses": signal,
    }
    api = "/api/v1"
    return [
        *(
            "/",
            "/stations",
            "/due",
            "/today",
            "/schedule",
            "/schedule?line=line1&day=2026-03-02",
            "/schedule/print",
            "/schedule.xlsx?line=line1&day=2026-03-02",
            "/today/seen",
            "/receivers",
            "/coverage",
            "/coverage.xlsx",
            "/coverage?line=line1",
            "/coverage?line=line1&kind=cannot_pass&gaps=1",
            "/calendar",
            "/calendar?line=line1&when=2027-02",
            "/alarms",
            "/plan",
            "/plan/import",
            "/plan/import/answers",
            "/plan?at=2026-03-01T06:00",
            "/plan/in-force/try-out",
            "/plan/in-force/try-out?month=2026-03",
            "/plan/in-force/try-out.xlsx?month=2026-02",
            f"/plan/{'1' * 64}",
            f"/plan/{'1' * 64}/approve",
            "/approvals",
            "/approvals/refuse",
            "/ledger",
            "/containments",
            "/docs",
            "/favicon.ico",
            "/sign-in",
            "/sign-out",
            "/people",
            "/account",
            "/account/pin",
            "/people/p-0001",
            "/people/p-0001/grant",
            "/people/alarms",
            "/people/import",
            "/tokens",
            "/tokens/issue",
            "/certificate",
            "/enrol",
            "/certificate/authority.crt",
        ),
        *(f"{api}/me", f"{api}/people", f"{api}/people/p-0001", f"{api}/tokens"),
        *(f"{api}/people?limit=1&cursor=p-0001", f"{api}/tokens?limit=1&cursor={token}"),
        *("/metrics", "/ready", "/health", f"{api}/stations", f"{api}/devices", f"{api}/checks"),
        *(f"{api}/overdue", f"{api}/overdue?line=line1", f"{api}/receivers", f"{api}/coverage"),
        f"{api}/overdue?limit=1&cursor={occurrences[0].occurrence_id}",
        *(
            f"{api}/{name}?limit=1{cursor}"
            for name, first in firsts.items()
            for cursor in ("", f"&cursor={first}")
        ),
        *(f"{api}/challenge-parts", f"{api}/ledger/verification", f"{api}/ledger/checkpoint"),
        *(
            "/ledger/public-key",
            "/ledger/public-key/00000000",
            f"{api}/ledger/keys",
            f"{api}/ledger/keys?limit=1&cursor=1",
        ),
        *(f"{api}/ledger/entries", f"{api}/ledger/entries?cursor=100&limit=2"),
        *(
            f"{api}/ledger/entries?first=7",
            f"{api}/ledger/entries/5",
            f"{api}/ledger/entries/5/proof",
        ),
        *(f"{of}{each.of_entry}" for each in signatures for of in ("/sign/", f"{api}/signatures/")),
        *(f"/signed/{each.shown}" for each in signatures),
        *(f"{api}/signatures/{each.of_entry}?language=zh" for each in signatures),
        *_asked(f"{api}/control-plans", {"cursor": "1" * 64, "limit": "1"}),
        f"{api}/control-plans/{'1' * 64}",
        *_asked(f"{api}/approvals", {"waiting": "true", "cursor": "3", "limit": "1"}),
        *_asked(
            f"{api}/signatures",
            {"entry": str(signatures[0].of_entry), "cursor": "3", "limit": "1"},
        ),
        *(f"{api}/checks/{check.id}" for check in plant.plan.checks),
        *(f"/stations/{each.id}" for each in plant.stations),
        *(f"/stations/{each.id}/screens" for each in plant.stations),
        *(f"{api}/stations/{each.id}{of}" for each in plant.stations for of in ("", "/pulses")),
        *(f"{root}/runs/{each.run_id}" for each in runs for root in ("", api)),
        *(f"{api}/runs/{each.run_id}/signals" for each in runs),
        *(f"{root}/containments/{each.containment_id}" for each in cases for root in ("", api)),
        *(f"{api}/occurrences/{each.occurrence_id}" for each in occurrences),
        *_asked(
            "/runs",
            where | {"from": "2026-03-01", "to": "2026-03-03", "before": run.run_id},
            outcome=OUTCOMES,
        ),
        *_asked(
            "/verifications",
            where
            | {"check": run.check_id, "before": occurrences[2].occurrence_id}
            | {"from": "2026-03-01", "to": "2026-03-03"},
            end=list(End),
        ),
        "/devices",
        f"/devices.xlsx?line={run.line}",
        "/devices?line=&kind=cannot_make&gaps=1",
        f"/devices/{run.device}",
        *(f"/checks/{check.id}" for check in plant.plan.checks),
        "/verifications/print",
        "/verifications.xlsx",
        f"/verifications.xlsx?device={run.device}&from=&to=&end=passed",
        *(f"/verifications/{each.occurrence_id}" for each in occurrences),
        f"/verifications/{occurrences[0].occurrence_id}/reasons",
        *_asked(
            f"{api}/runs",
            where | PERIOD | {"station": run.station, "cursor": run.run_id},
            outcome=[Outcome.PASSED],
            state=[RunState.ARMED, RunState.CLOSED],
        ),
        *_asked(
            f"{api}/occurrences",
            where | PERIOD | {"check": run.check_id, "cursor": occurrences[2].occurrence_id},
            status=list(OccurrenceStatus),
        ),
        *_asked(
            f"{api}/occurrence-counts",
            where | PERIOD | {"check": run.check_id},
        ),
        *_asked(
            f"{api}/containments",
            {"cursor": cases[0].containment_id},
            state=list(ContainmentState),
            closed=["true", "false"],
        ),
        *_asked(f"{api}/alarms", {"cursor": alarms[3].alarm_id}, acknowledged=["true", "false"]),
        *(f"{api}/alarms/{each.alarm_id}/told" for each in alarms[:3]),
        *_asked(f"{api}/silences", {"cursor": silences[-1].silence_id}),
        *_asked(f"{api}/pauses", {"cursor": pauses[-1].pause_id}),
        "/calendar/set",
        *_asked(f"{api}/lines/line1/calendar-changes", {"cursor": "1", "limit": "1"}),
        *_asked(f"{api}/lines/line1/events", {"cursor": events[-1].event_id, "limit": "1"}),
        *(
            f"{api}/{kind}?limit=1"
            for kind in ("runs", "occurrences", "containments", "alarms", "pauses", "silences")
        ),
        *(f"/stations/{run.station}/scan", f"/containments/{cases[0].containment_id}/tick"),
        *(
            "/due/excuse",
            "/receivers/drop",
            "/alarms/take",
            "/ledger/acknowledge",
            f"/runs/{run.run_id}/remarks",
        ),
    ]


def _asked(path: str, filters: Mapping[str, str], **choices: Iterable[str]) -> Iterator[str]:
    """Yield the address with every combination of filters, and each choice of those that have several."""
    several = [{name: value} for name, values in choices.items() for value in values]
    several += [
        {one: value, other: another}
        for (one, values), (other, others) in combinations(choices.items(), 2)
        for value in values
        for another in others
    ]
    for count in range(len(filters) + 1):
        for names in combinations(filters, count):
            for choice in ({}, *several):
                query = {name: filters[name] for name in names} | choice
                yield f"{path}?{urlencode(query)}" if query else path


def test_nothing_that_is_asked_takes_longer_the_longer_history_is(heard: Heard) -> None:
    assert len(heard.statements) > 200
    assert growing(heard.database, heard.statements) == {}


@given(st.randoms())
@settings(max_examples=10)
def test_nor_does_it_where_indexes_were_made_in_another_order(heard: Heard, order: Random) -> None:
    """Of two that look alike to it, SQLite takes the one that was made first."""
    path = heard.database.with_name("another.db")
    shutil.copyfile(heard.database, path)
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        order.shuffle(made)
        for name, _ in made:
            connection.execute(f"DROP INDEX {name}")
        for _, sql in made:
            connection.execute(sql)
        connection.commit()
    assert growing(path, heard.statements) == {}


def test_every_address_was_asked_for(heard: Heard) -> None:
    """Or a page that is new would be looked at by nobody."""
    assert heard.unasked == set(NOT_ASKED)


@pytest.mark.parametrize(
    ("sql", "steps"),
    [
        ("SELECT * FROM runs WHERE runs.state IS NOT ? ORDER BY runs.line, runs.number", "SCAN"),
        ("SELECT count(*) FROM runs", "SCAN"),
        ("SELECT count(*) FROM runs WHERE runs.outcome = ?", "SEARCH"),
        ("SELECT * FROM runs WHERE runs.outcome = ? ORDER BY runs.number LIMIT ? OFFSET ?", "TEMP"),
        ("SELECT * FROM runs WHERE runs.device = ? AND runs.step = ? LIMIT ? OFFSET ?", "SEARCH"),
        ("SELECT * FROM containments WHERE containments.state = ?", "SEARCH"),
        (
            "SELECT * FROM part_counts WHERE part_counts.line = ? AND part_counts.station = ?",
            "SEARCH",
        ),
    ],
    ids=[
        "what is not",
        "count of all",
        "count of many",
        "sorted",
        "passed over",
        "many of one state",
        "part of a key",
    ],
)
def test_what_takes_longer_would_be_seen(heard: Heard, sql: str, steps: str) -> None:
    values = ("closed",) * sql.count("?")
    with closing(sqlite3.connect(heard.database)) as connection:
        found = Plans(connection).growing(Asked(sql, values, "nobody"))
    assert any(steps in step for step in found), found


def test_each_index_is_there_for_something(heard: Heard, tmp_path: Path) -> None:
    """Without it some statement takes longer, so each earns what it costs with every record; and its loss is seen."""
    declared = {index.name for kind in RECORDS for index in RECORD_TABLES[kind].indexes}
    idle = set()
    for name in declared:
        path = tmp_path / "without.db"
        shutil.copyfile(heard.database, path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"DROP INDEX {name}")
        if not growing(path, heard.statements):
            idle.add(name)
    assert idle == set()
