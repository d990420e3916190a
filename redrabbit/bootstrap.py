"""The only place where parts are put together: configuration, database, agent, links, web.

`serving` is the whole service of one plant as a context: inside it everything runs, after it
everything taken in is committed and every socket is closed. `serve` and the demo both use it.
The process around it (loop, signals, sockets) is `redrabbit.process`.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from typing import TypeVar

from redrabbit import __version__
from redrabbit.adopted_plant import previous_plant
from redrabbit.alarms.apprise_way import is_apprise_address, names_file, names_no_host
from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.checkpoint_sender import sending_checkpoints
from redrabbit.alarms.delivery import Channel
from redrabbit.alarms.message_words import MessageWords, worded
from redrabbit.alarms.people_told import PeopleReached
from redrabbit.alarms.receiver_secrets import mail_server, read_secrets, watcher_address
from redrabbit.alarms.recording_told import recording_told
from redrabbit.alarms.telling import telling
from redrabbit.alarms.watcher import Watcher, make_watcher
from redrabbit.base.clock import Clock, SteadyClock
from redrabbit.base.common_passwords import common_passwords
from redrabbit.base.password_hashing import PasswordHashing
from redrabbit.base.settings import ServeSettings, WebLimits
from redrabbit.config.people_apart import read_people_apart
from redrabbit.configuration_folder import configuration_to_start
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.plant import Plant
from redrabbit.domain.station import BrokerAccess, ModbusLink, MqttLink, Station
from redrabbit.encryption import tls_of
from redrabbit.links.broker_login import BrokerLogin, read_logins
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.links.mqtt import MqttBrokerLink
from redrabbit.plan_at_start import (
    counts_later,
    load_days,
    load_revised,
    not_in_force,
    plan_at_start,
    tell_not_taken,
)
from redrabbit.plan_desk import InForce, look_at_bytes
from redrabbit.process import (
    address_of,
    allowed_open_files,
    in_own_thread,
    listening,
    web_server,
)
from redrabbit.services.agent import Agent
from redrabbit.services.escalating import Escalating
from redrabbit.services.no_data import NoDataWatch
from redrabbit.services.opening_progress import Opening, OpeningProgress
from redrabbit.services.people_at_stations import PeopleAtStations
from redrabbit.services.plans_ahead import PlansAhead
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.queries.people_told import log_unreached
from redrabbit.services.reaching import people_to_tell, way_now
from redrabbit.services.receiver_alarms import ReceiverAlarms
from redrabbit.services.recording_watch import keep_beating, keep_log
from redrabbit.services.sending_checkpoints import CheckpointSending
from redrabbit.services.sign_in import SignIn
from redrabbit.services.station_link import Sink, StationLink
from redrabbit.services.verifying import tell_damage
from redrabbit.services.ways import WaysKnown
from redrabbit.store.database import SqlDatabase
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.installation_secret import installation_secret
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from redrabbit.web.budget import WebBudgets, within_open_files
from redrabbit.web.opening import opening_app
from redrabbit.web.tls import Tls

T = TypeVar("T")

SHOWN_AFTER_S = 0.5
"""So long opening takes without a word; usually it takes less."""
LOOK_S = 0.1
TOLD_EVERY_S = 5.0
"""How often the log says how far opening is."""
SOFTWARE = f"redrabbit {__version__}"

log = logging.getLogger("redrabbit.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A service that runs."""

    service: LocalPlantService
    agent: Agent
    database: SqlDatabase
    links: tuple[StationLink, ...]
    base_url: str
    watcher: Watcher | None = None
    """Sends the signs of life that an outside watcher expects."""


@asynccontextmanager
async def serving(settings: ServeSettings, clock: Clock | None = None) -> AsyncIterator[Serving]:
    """Run the service of one plant for as long as the context lasts.

    Raises ConfigurationProblems, PlanNotInForce, SecretUnusable, CertificateUnusable, AuthorityUnusable,
    StoreTrouble or OSError (the port is taken) before anything runs.
    """
    clock = clock or SteadyClock()
    found = await asyncio.to_thread(configuration_to_start, settings.config_dir)
    plant = found.plant
    _refuse_future_plan(plant, settings.database_url, clock.now())
    secrets = read_secrets(plant.targets, settings.config_dir, os.environ)
    channels = worded(make_channels(plant.targets, secrets, clock), plant)
    logins = read_logins(plant.stations, settings.config_dir, os.environ)
    watched_at = _watched_at(plant, settings)
    mailed_by = mail_server(plant.mail, settings.config_dir, os.environ)
    tls = await asyncio.to_thread(tls_of, settings, clock)
    with listening(settings.host, settings.port) as listener:
        database = await _opened(settings, plant, clock, listener, tls)
        try:
            database.verification.start()
            begun = await database.read(
                lambda reader: plan_at_start(
                    reader,
                    plant,
                    found.files,
                    clock.now(),
                    workbook=found.workbook,
                    below=found.below,
                )
            )
            tell_not_taken(begun)
            agent = Agent(
                begun.plant,
                begun.files,
                database,
                clock,
                SOFTWARE,
                previous_plant=previous_plant,
                may_be_renamed=settings.plant_renamed,
                passed=begun.passed,
                staged=begun.staged,
            )
            await _agent_opened(agent, settings, listener, tls)
            await database.read(lambda reader: log_unreached(reader, plant, clock.now()))
            agent.recording_watch.recorded()  # told, too, if nothing ever is from now on
            links = make_links(plant, agent.sink, clock, logins)
            service = LocalPlantService(agent, revised=partial(_revised, agent))
            running = Serving(
                service=service,
                agent=agent,
                database=database,
                links=links,
                base_url=address_of(listener, settings.host, "http" if tls is None else "https"),
                watcher=_watcher_of(agent, watched_at, clock),
            )
            async with (
                _web_of(running, settings, listener, tls, mails=mailed_by is not None),
                _tasks_of(running, clock, channels, tls, mailed_by=mailed_by),
            ):
                yield running
            await agent.close()
        finally:
            await asyncio.to_thread(database.close)


def _watched_at(plant: Plant, settings: ServeSettings) -> str | None:
    if plant.watcher is None:
        return None
    return watcher_address(plant.watcher, settings.config_dir, os.environ)


def _watcher_of(agent: Agent, address: str | None, clock: Clock) -> Watcher | None:
    expected = agent.plant.watcher
    if address is None or expected is None:
        return None

    def records_and_watches() -> bool:
        return agent.recording_watch.stopped() is None and not agent.loop_watch.stands_still

    every_s = expected.every.total_seconds()
    return make_watcher(address, every_s, records_and_watches, clock, agent.plant.name)


def _refuse_future_plan(plant: Plant, database_url: str, now: datetime) -> None:
    """Refuse a plan that counts later before a database is made: nothing could be in force until then."""
    path = sqlite_path(parsed_url(database_url))
    if path is not None and not path.exists() and counts_later(plant, now):
        raise not_in_force(plant, now)


async def _opened(
    settings: ServeSettings,
    plant: Plant,
    clock: Clock,
    listener: socket.socket,
    tls: Tls | None,
) -> SqlDatabase:
    """Open the database; where that takes long, say how far it is, in the log and to whoever asks."""
    progress = OpeningProgress()
    recording = Recording(
        fold=fold, software=SOFTWARE, targets=plant.targets, escalation=plant.escalation
    )
    opening = asyncio.create_task(
        in_own_thread(
            lambda: open_database(
                settings.database_url,
                plant=plant.name,
                clock=clock,
                recording=recording,
                key_path=settings.key_file,
                progress=progress,
            ),
            on_cancel=progress.stop,
            unwanted=SqlDatabase.close,
        )
    )
    budgets = WebBudgets(_limits_of(settings, plant), settings.behind_proxy)
    return await _shown_meanwhile(opening, progress, budgets, clock, listener, tls=tls)


async def _agent_opened(
    agent: Agent, settings: ServeSettings, listener: socket.socket, tls: Tls | None
) -> None:
    """Begin the agent's life; where much is owed by the configuration until now, say how far that is."""
    progress = OpeningProgress()
    progress.note(Opening.CATCHES_UP, 0, 0)
    opening = asyncio.create_task(agent.open())
    budgets = WebBudgets(_limits_of(settings, agent.plant), settings.behind_proxy)
    await _shown_meanwhile(opening, progress, budgets, agent.clock, listener, tls=tls)


async def _shown_meanwhile(
    opening: "asyncio.Task[T]",
    progress: OpeningProgress,
    budgets: WebBudgets,
    clock: Clock,
    listener: socket.socket,
    *,
    tls: Tls | None,
) -> T:
    """Return what is opened; where that takes long, say how far it is, in the log and to whoever asks."""
    try:
        done, _ = await asyncio.wait({opening}, timeout=SHOWN_AFTER_S)
        if not done:
            app = opening_app(progress)
            async with web_server(app, listener.dup(), budgets, clock, tls=tls, graceful_stop_s=1):
                await _until_opened(opening, progress, clock)
    except asyncio.CancelledError:
        opening.cancel()
        raise
    return await opening


async def _until_opened(
    opening: "asyncio.Task[T]", progress: OpeningProgress, clock: Clock
) -> None:
    next_s = 0.0
    try:
        while not opening.done():
            if clock.steady_s() >= next_s:
                now = progress.now
                log.info("opening", extra={"step": now.step.value, "done": now.done, "of": now.of})
                next_s = clock.steady_s() + TOLD_EVERY_S
            await asyncio.wait({opening}, timeout=LOOK_S)
    except asyncio.CancelledError:
        progress.stop()  # before the web is closed, which wants a turn, too
        raise


def _limits_of(settings: ServeSettings, plant: Plant) -> WebLimits:
    return within_open_files(settings.web_limits, allowed_open_files(), len(plant.stations))


def make_links(
    plant: Plant, sink: Sink, clock: Clock, logins: Mapping[str, BrokerLogin]
) -> tuple[StationLink, ...]:
    """Return one link for each Modbus station and one for each MQTT broker."""
    rng = Random()  # noqa: S311  because it only spreads reconnects in time
    polled = [station for station in plant.stations if isinstance(station.link, ModbusLink)]
    links: list[StationLink] = [
        ModbusStationLink(station, sink, clock, rng, phase=place / len(polled))
        for place, station in enumerate(polled)
    ]
    brokers: dict[tuple[str, int, BrokerAccess], list[Station]] = {}
    for station in plant.stations:
        if isinstance(station.link, MqttLink):
            of = station.link
            brokers.setdefault((of.host, of.port, of.access), []).append(station)
    for publishing in brokers.values():
        endpoint = publishing[0].link.endpoint
        links.append(MqttBrokerLink(publishing, sink, clock, rng, logins[endpoint]))
    return tuple(links)


@asynccontextmanager
async def _tasks_of(
    running: Serving,
    clock: Clock,
    channels: Mapping[str, Channel],
    tls: Tls | None,
    *,
    mailed_by: str | None,
) -> AsyncIterator[None]:
    """Run agent, links, heartbeat and deliveries; stop reading first when it ends."""
    watch = running.agent.recording_watch
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "agent": running.agent.run,
        "heartbeat": partial(keep_beating, running.database, watch, clock),
        "log of recording": partial(keep_log, watch, clock),
    }
    targets = [target for target in running.agent.plant.targets if target.name in channels]
    told = {target.name: channels[target.name] for target in targets if target.alarms}
    works |= recording_told(told, watch, clock, running.agent.plant.name)
    alarms = ReceiverAlarms(running.agent.database, running.agent.note_commit)
    works["verification"] = partial(
        tell_damage,
        running.database,
        lambda: running.database.verification.state,
        clock,
        running.agent.note_commit,
    )
    if running.watcher is not None:
        works["signs of life"] = running.watcher.run
    works["steps of alarms"] = Escalating(
        running.agent.database,
        clock,
        running.agent.note_commit,
        lambda: running.agent.catch_up.now is not None,
    ).run
    agent = running.agent
    works["plans to come"] = PlansAhead(agent, load_revised, load_days).run
    works["stations without data"] = NoDataWatch(
        agent.database, lambda: agent.plant, clock, agent.note_commit
    ).run
    people = _people_of(running, mailed_by)
    works |= telling(channels, people, running.database.outbox, alarms, clock)
    keepers = [target.name for target in targets if target.checkpoints]
    works |= sending_checkpoints(channels, keepers, _checkpoints_of(running, clock), clock)
    works |= {f"link {place}": link.run for place, link in enumerate(running.links)}
    if tls is not None:
        works["certificate"] = tls.keep
    supervisor = running.agent.supervisor
    tasks = [asyncio.create_task(supervisor.keep(n, w), name=n) for n, w in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _people_of(running: Serving, mailed_by: str | None) -> PeopleReached:
    database = running.agent.database
    return PeopleReached(
        find=lambda way: database.read(lambda reader: way_now(reader, way)),
        waiting=lambda: database.read(people_to_tell),
        mail_server=mailed_by,
        words=MessageWords.of(running.agent.plant),
    )


def _checkpoints_of(running: Serving, clock: Clock) -> CheckpointSending:
    agent = running.agent
    return CheckpointSending(
        agent.database,
        lambda: agent.plant,
        verification=lambda: running.database.verification.state,
        heads_said_until=lambda: agent.heads_said_until,
        now=clock.now,
    )


def _beside(agent: Agent) -> InForce:
    return InForce(plant=agent.plant, files=agent.files, now=agent.clock.now())


def _revised(agent: Agent, content: str) -> Plant | str:
    loaded = load_revised(agent.files, content)
    return loaded if isinstance(loaded, str) else loaded[0]


@asynccontextmanager
async def _web_of(
    running: Serving,
    settings: ServeSettings,
    listener: socket.socket,
    tls: Tls | None,
    *,
    mails: bool,
) -> AsyncIterator[None]:
    budgets = WebBudgets(_limits_of(settings, running.service.plant), settings.behind_proxy)
    secret = installation_secret(settings.database_url, settings.key_file)
    hashing = PasswordHashing(secret)
    app = create_app(
        running.service,
        clock=running.agent.clock,
        sign_in=sign_in_of(running, hashing, secret.part("badges")),
        access=AccessRules.for_address(
            settings.host,
            (*settings.allowed_hosts, *(tls.certificate.names if tls is not None else ())),
            look_only=settings.look_only,
            behind_proxy=settings.behind_proxy,
            encrypts=tls is not None,
            form_secret=secret.part("forms"),
        ),
        metrics=settings.metrics,
        supervisor=running.agent.supervisor,
        links=running.links,
        budgets=budgets,
        verification=lambda: running.database.verification.state,
        remembered=lambda: running.database.remembered,
        watched=lambda: running.watcher.state if running.watcher is not None else None,
        ways=WaysKnown(
            mails=mails,
            is_known=is_apprise_address,
            names_no_host=names_no_host,
            names_file=names_file,
        ),
        read_people=read_people_apart,
        ledger_key=running.database.verification.verifier.text,
        tls=tls,
        revised=lambda content: _revised(running.agent, content),
        look_at_plan=lambda content, name, sheet, answers, known: look_at_bytes(
            content, name, sheet, answers, known, beside=_beside(running.agent)
        ),
    )
    try:
        async with web_server(app, listener, budgets, running.agent.clock, tls=tls):
            yield
    finally:
        hashing.close()


def sign_in_of(running: Serving, hashing: PasswordHashing, badge_key: bytes) -> SignIn:
    """Return how people sign in at a service that runs."""
    agent = running.agent
    return SignIn(
        agent.database,
        hashing,
        now=agent.clock.now,
        common=common_passwords(),
        plant=lambda: agent.plant.name,
        at_stations=PeopleAtStations(
            agent.database, plant=lambda: agent.plant, now=agent.clock.now, badge_key=badge_key
        ),
        commits=agent.commits,
        note_commit=agent.note_commit,
        steady_s=agent.clock.steady_s,
    )
