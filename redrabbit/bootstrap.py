"""The only place where parts are put together: configuration, database, agent, links, web.

`serving` is the whole service of one plant as a context: inside it everything runs, after it
everything taken in is committed and every socket is closed. `serve` and the demo both use it.
"""

import asyncio
import json
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import uvicorn

from redrabbit import __version__
from redrabbit.alarms import channels
from redrabbit.alarms.delivery import Courier
from redrabbit.base.clock import Clock, SteadyClock
from redrabbit.base.logs import configure_logs
from redrabbit.base.settings import ServeSettings
from redrabbit.config.plant import content, load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.config.template import write_template
from redrabbit.domain.control_plan import ControlPlan
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import LedgerContext
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ConfigurationRecord
from redrabbit.domain.station import ModbusLink, MqttLink
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.links.mqtt import MqttBrokerLink
from redrabbit.services.agent import Agent
from redrabbit.services.errors import StoreTrouble, Superseded
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader
from redrabbit.services.station_link import Sink, StationLink
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app

HEARTBEAT_S = 1.0
GRACEFUL_STOP_S = 2
"""How long open pages are given to finish when the service stops."""
THREADS_TAKE_TURNS_S = 0.0005
"""The writer thread needs the interpreter back after each statement: with Python's own 5 ms a
transaction of forty statements waits for the polls again and again (test_bench_verdict.py)."""
SOFTWARE = f"redrabbit {__version__}"
FOUND = 1

log = logging.getLogger("redrabbit.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A service that runs."""

    service: LocalPlantService
    agent: Agent
    database: SqlDatabase
    links: tuple[StationLink, ...]
    base_url: str


class PlanNotInForce(Exception):
    """The control plan takes effect later: judging by it now would be judging by no plan (R45)."""


@asynccontextmanager
async def serving(settings: ServeSettings, clock: Clock | None = None) -> AsyncIterator[Serving]:
    """Run the service of one plant for as long as the context lasts.

    Raises ConfigurationProblems, PlanNotInForce, StoreTrouble or OSError (the port is taken) before
    anything runs.
    """
    clock = clock or SteadyClock()
    plant = load_plant(settings.config_dir)
    _refuse_future_plan(plant.plan, clock.now())
    files = content(settings.config_dir)
    with listening(settings.host, settings.port) as listener:
        database = await asyncio.to_thread(_open, settings, plant, clock)
        try:
            agent = Agent(plant, files, database, clock, SOFTWARE, formerly=_formerly)
            await agent.open()
            links = make_links(plant, agent.sink, clock)
            service = LocalPlantService(agent)
            port = listener.getsockname()[1]
            running = Serving(
                service=service,
                agent=agent,
                database=database,
                links=links,
                base_url=f"http://{_shown(settings.host)}:{port}",
            )
            async with _web_of(running, settings, listener), _tasks_of(running, plant, clock):
                yield running
            await agent.close()
        finally:
            await asyncio.to_thread(database.close)


def _refuse_future_plan(plan: ControlPlan, now: datetime) -> None:
    if plan.effective_from is not None and plan.effective_from > now:
        raise PlanNotInForce(
            f"{plan.label} takes effect at {plan.effective_from.isoformat()}, and it is "
            f"{now:%Y-%m-%d %H:%M:%S} UTC; expected the control plan that is in force now"
        )


def _open(settings: ServeSettings, plant: Plant, clock: Clock) -> SqlDatabase:
    recording = Recording(
        fold=fold,
        context=LedgerContext(configuration=plant.digest, plan=plant.plan.label, software=SOFTWARE),
        targets=plant.targets,
    )
    return open_database(
        settings.database_url,
        plant=plant.name,
        clock=clock,
        recording=recording,
        key_path=settings.key_file,
    )


def plant_in_force(reader: Reader) -> Plant:
    """Return the plant as last adopted, from the content that the ledger keeps (D14)."""
    latest = reader.find(ConfigurationRecord, order_by="adopted_at", descending=True, limit=1)
    if not latest:
        raise StoreTrouble("this database has not adopted any configuration yet")
    with tempfile.TemporaryDirectory(prefix="redrabbit-") as folder:
        for name, text in json.loads(latest[0].content).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return load_plant(Path(folder))


def _formerly(reader: Reader) -> Plant | None:
    """Return the plant as it was in force until now, for what it still owes."""
    if not reader.count(ConfigurationRecord):
        return None
    try:
        return plant_in_force(reader)
    except ConfigurationProblems as problems:
        log.warning(
            "configuration in force can't be read any more", extra={"reason": str(problems)}
        )
        return None


def make_links(plant: Plant, sink: Sink, clock: Clock) -> tuple[StationLink, ...]:
    """Return one link for each Modbus station and one for each MQTT broker."""
    rng = Random()  # noqa: S311  because it only spreads reconnects in time
    polled = [station for station in plant.stations if isinstance(station.link, ModbusLink)]
    links: list[StationLink] = [
        ModbusStationLink(station, sink, clock, rng, phase=place / len(polled))
        for place, station in enumerate(polled)
    ]
    brokers = {
        (station.link.host, station.link.port)
        for station in plant.stations
        if isinstance(station.link, MqttLink)
    }
    for host, port in sorted(brokers):
        publishing = tuple(
            station
            for station in plant.stations
            if isinstance(station.link, MqttLink)
            and (station.link.host, station.link.port) == (host, port)
        )
        links.append(MqttBrokerLink(publishing, sink, clock, rng))
    return tuple(links)


@asynccontextmanager
async def _tasks_of(running: Serving, plant: Plant, clock: Clock) -> AsyncIterator[None]:
    """Run agent, links, heartbeat and deliveries; stop reading first when it ends."""
    courier = Courier(
        running.database.outbox,
        plant.targets,
        {"mqtt": channels.publish, "webhook": channels.post},
        clock,
        Random(),  # noqa: S311  because it only spreads retries in time
    )

    async def beat() -> None:
        while True:
            with suppress(StoreTrouble):  # the screens show that the heart stopped
                await running.database.heartbeat("agent", clock.now())
            await clock.sleep(HEARTBEAT_S)

    works: dict[str, Callable[[], Awaitable[None]]] = {
        "agent": running.agent.run,
        "heartbeat": beat,
        "deliveries": courier.run,
    }
    works |= {f"link {place}": link.run for place, link in enumerate(running.links)}
    supervisor = running.agent.supervisor
    tasks = [asyncio.create_task(supervisor.keep(n, w), name=n) for n, w in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _QuietServer(uvicorn.Server):
    """Leaves signals to whoever runs the service: there is more to stop than pages."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _web_of(
    running: Serving, settings: ServeSettings, listener: socket.socket
) -> AsyncIterator[None]:
    app = create_app(
        running.service,
        clock=running.agent.clock,
        access=AccessRules.for_address(settings.host, settings.allowed_hosts),
        metrics=settings.metrics,
        supervisor=running.agent.supervisor,
        links=running.links,
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
    )
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        while not server.started and not task.done():
            await running.agent.clock.sleep(0.01)
        if task.done():
            await task
        yield
    finally:
        server.should_exit = True
        await task


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Hold a listening socket; OSError says which address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two processes share one address
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            raise OSError(
                error.errno, f"can't listen on {host}:{port}: {error.strerror}"
            ) from error
        yield listener
    finally:
        listener.close()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def until_stopped() -> None:
    """Wait for Ctrl-C or a termination signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":  # its event loops know no signals
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        else:
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def _until_stopped_or_superseded(agent: Agent) -> None:
    waiting = [asyncio.create_task(until_stopped()), asyncio.create_task(agent.superseded.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a coroutine on the fastest event loop there is; aiomqtt needs the selector loop."""
    sys.setswitchinterval(THREADS_TAKE_TURNS_S)
    factory: Callable[[], asyncio.AbstractEventLoop]
    if sys.platform == "win32":
        factory = asyncio.SelectorEventLoop
    else:
        import uvloop  # noqa: PLC0415  because Windows has none

        factory = uvloop.new_event_loop

    async def main() -> int:
        starting = asyncio.current_task()
        if sys.platform != "win32" and starting is not None:  # until `until_stopped` takes over
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, starting.cancel)
        return await work()

    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            return 0  # told to stop before there was anything to stop


def run_service(settings: ServeSettings, *, json_logs: bool) -> int:
    """Serve a plant until stopped; return the exit code."""
    configure_logs(json_lines=json_logs)

    async def work() -> int:
        async with serving(settings) as running:
            log.info("watching", extra={"url": running.base_url, "stations": len(running.links)})
            await _until_stopped_or_superseded(running.agent)
        if running.agent.superseded.is_set():
            raise Superseded("another process watches this plant now")
        log.info("stopped")
        return 0

    return told_plainly(lambda: run_async(work))


def told_plainly(work: Callable[[], int]) -> int:
    """Run a command; what a person can mend is told in words, without a traceback."""
    try:
        return work()
    except (ConfigurationProblems, PlanNotInForce, StoreTrouble, OSError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return FOUND


def check_configuration(folder: Path) -> int:
    """Name every problem of a configuration; 0 when there is none."""

    def work() -> int:
        plant = load_plant(folder)
        counts = {
            "lines": len(plant.lines),
            "stations": len(plant.stations),
            "checks": len(plant.plan.checks),
            "challenge parts": len(plant.parts),
        }
        told = ", ".join(f"{name}: {count}" for name, count in counts.items())
        sys.stdout.write(f"{plant.name}: no problem ({told})\n")
        return 0

    return told_plainly(work)


def write_configuration(folder: Path) -> int:
    """Write a commented configuration to start from."""

    def work() -> int:
        write_template(folder)
        sys.stdout.write(f"wrote {folder}; next: redrabbit check-config {folder}\n")
        return 0

    return told_plainly(work)


def print_schema() -> int:
    """Print the JSON Schema of station files."""
    from redrabbit.config.json_schema import schema  # noqa: PLC0415  because only this command asks

    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
