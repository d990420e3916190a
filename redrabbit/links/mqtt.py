"""Stations that publish to an MQTT broker: one acquisition per message, one client per broker.

Rules:
- A message is fresh only if it is not retained, arrives after the settle time of a connect, is in order
  where its payload tells, and was not under way for long (D7, D27; see `topic_reader`).
- A topic's promise is kept by new messages only: a retained one, a duplicate or one out of order is no
  sign of life (D27).
- Subscriptions are made anew on each connect; reconnects are jittered and capped at 30 s (B11).
- While there is no connection every station has `NOT_CONNECTED`; a topic that is silent for longer
  than it promised is `EXPIRED`, although the broker is there (B11).
- Messages are taken in as they come, and acknowledged then, in the order of arrival (MQTT-4.6.0-2). None
  waits for a decision, its own or another station's: the station's queue has it, and a clean session
  would not bring it again (docs/decisions/0010, B4, B12).
- What nobody can read is kept aside and counted (B12).
- Every topic is told of a stall: of ours (`loop_pulse`), or of the link, where nothing came at all for
  longer than a topic that had spoken until then ever is silent (D27).

Nothing is ever published (L9).
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from redrabbit.base.clock import Clock
from redrabbit.domain.identity import StationId
from redrabbit.domain.observation import Reason
from redrabbit.domain.signals import MqttAddress, SignalSpec
from redrabbit.domain.station import MqttLink, Station
from redrabbit.links.broker_login import ANYBODY, BrokerLogin
from redrabbit.links.errors import StationTrouble
from redrabbit.links.link_statistics import LinkStatistics
from redrabbit.links.loop_pulse import LoopPulse
from redrabbit.links.message_order import Ordering
from redrabbit.links.mqtt_session import Message, MqttSession
from redrabbit.links.reconnect import Backoff
from redrabbit.links.topic_reader import Take, TopicReader
from redrabbit.services.station_link import Diagnostics, Sink

LONG_QUEUE = 1000
"""Some seconds of a busy plant: from here on somebody should know."""

SHORTEST_SILENCE = timedelta(seconds=0.2)
"""Of a connection, that is looked into: shorter than any promise is worth."""
SHORTEST_STEP = timedelta(seconds=0.01)
"""Of a clock; less is how it is rounded."""

LARGE_BYTES = 16 * 1024
"""Of a message that each of its stations reads in a turn of its own: all others wait meanwhile."""

_LOG = logging.getLogger("redrabbit.links.mqtt")


class MqttBrokerLink:
    """Listens to all stations of one broker for as long as it runs."""

    def __init__(
        self,
        stations: Iterable[Station],
        sink: Sink,
        clock: Clock,
        rng: Random,
        login: BrokerLogin = ANYBODY,
    ) -> None:
        self._readers: dict[str, list[TopicReader]] = {}
        self._statistics: dict[StationId, LinkStatistics] = {}
        links: list[MqttLink] = []
        for station in stations:
            if not isinstance(station.link, MqttLink):
                raise TypeError(f"{station.id} is not read over MQTT")
            links.append(station.link)
            self._statistics[station.id] = LinkStatistics(station.id, _LOG)
            for reader in _readers(station, station.link.settle_s):
                self._readers.setdefault(reader.topic, []).append(reader)
        if len({(link.host, link.port, link.access) for link in links}) != 1:
            raise ValueError("a broker link is for the stations of exactly one broker")
        self._login = login
        self._host, self._port = links[0].host, links[0].port
        self._keepalive_s = min(link.keepalive_s for link in links)
        self._sink = sink
        self._clock = clock
        self._rng = rng
        self._backoff = Backoff(rng)
        self._session: MqttSession | None = None
        self._pulse = LoopPulse(clock, self._stalled)
        self._ahead_s = self._ahead_of_steady_s()
        self._last_message_at: datetime | None = None
        self._heard_at: dict[TopicReader, datetime] = {}
        """When each topic that promises a rate kept it last, or the connect."""
        self._overdue_at: dict[TopicReader, datetime] = {}
        self._unreadable: set[TopicReader] = set()
        self._queue_is_long = False

    @property
    def diagnostics(self) -> Mapping[StationId, Diagnostics]:
        """Return how each station's link fares."""
        queued = self._session.queued if self._session is not None else 0
        for statistics in self._statistics.values():
            statistics.queued = queued
        return {station: statistics.snapshot() for station, statistics in self._statistics.items()}

    async def run(self) -> None:
        """Listen until cancelled; the connection is closed then."""
        while True:
            try:
                await self._listen()
            except StationTrouble as trouble:
                self._disconnected()
                for reader in self._all_readers():
                    self._hand_over_failure(reader, trouble.reason, trouble.detail)
            await self._clock.sleep(self._backoff.next_s())

    async def _listen(self) -> None:
        """Open one session and serve it until StationTrouble ends it."""
        identifier = f"redrabbit-{self._rng.getrandbits(40):010x}"
        session = MqttSession(
            self._host,
            self._port,
            identifier=identifier,
            keepalive_s=self._keepalive_s,
            login=self._login,
        )
        await session.open(self._readers)
        self._connected(session)
        try:
            await _all_or_first_trouble(
                self._receive(session), self._watch_traffic(), self._pulse.run()
            )
        finally:
            self._session = None
            await session.close()

    def _connected(self, session: MqttSession) -> None:
        now = self._clock.now()
        self._follow_clock()
        self._pulse.beat()
        self._session, self._last_message_at = session, now
        self._backoff.reset()
        self._overdue_at.clear()
        for reader in self._all_readers():
            reader.connected(now)
            self._expect(reader, now)
        for statistics in self._statistics.values():
            statistics.connected(now)

    def _disconnected(self) -> None:
        for statistics in self._statistics.values():
            statistics.disconnected()

    async def _receive(self, session: MqttSession) -> None:
        async for message in session.messages():
            arrived_at = self._clock.now()
            self._follow_clock()
            self._pulse.look()
            self._notice_silence(arrived_at)
            for place, reader in enumerate(self._readers.get(message.topic, [])):
                if place > 0 and len(message.payload) > LARGE_BYTES:
                    await self._clock.sleep(0)
                self._take(reader, message, arrived_at)
            session.acknowledge(message)
            self._notice_queue(session.queued)

    def _take(self, reader: TopicReader, message: Message, arrived_at: datetime) -> None:
        """Hand one message to the sink as what it is for one station."""
        statistics = self._statistics[reader.station]
        take = self._read(reader, message, arrived_at)
        if take.ordering is Ordering.IN_ORDER and not message.retained:
            self._expect(reader, arrived_at)
        self._count(statistics, reader, message, take, arrived_at)
        self._sink(take.acquisition)

    def _read(self, reader: TopicReader, message: Message, arrived_at: datetime) -> Take:
        """Return what a message comes to; one that makes us fail is unreadable (B4).

        A fault of ours in one station's message must not end the session of all.
        """
        try:
            return reader.take(message.payload, arrived_at, retained=message.retained)
        except Exception:  # noqa: BLE001  because one station's bug must not stop the others
            detail = f"{reader.topic}: a fault of ours in reading it"
            if reader not in self._unreadable:
                _LOG.exception(detail, extra={"station": reader.station, "reason": "fault"})
            failure = reader.failure(Reason.UNREADABLE, arrived_at, detail)
            return Take(acquisition=failure, unreadable=Reason.UNREADABLE)

    def _count(
        self,
        statistics: LinkStatistics,
        reader: TopicReader,
        message: Message,
        take: Take,
        at: datetime,
    ) -> None:
        statistics.duplicates += take.ordering is Ordering.DUPLICATE
        statistics.out_of_order += take.ordering is Ordering.OUT_OF_ORDER
        statistics.lost += take.lost
        if take.unreadable is None:
            self._unreadable.discard(reader)
            statistics.good()
            return
        detail = take.acquisition.detail or f"{reader.topic}: a field is {take.unreadable.value}"
        statistics.note(take.unreadable, detail, at)
        statistics.set_aside(message.topic, message.payload)
        if reader not in self._unreadable:
            self._unreadable.add(reader)
            statistics.warn(detail, take.unreadable)

    def _notice_queue(self, queued: int) -> None:
        """Say once that messages pile up, and once that they no longer do."""
        if self._queue_is_long != (queued > LONG_QUEUE):
            self._queue_is_long = not self._queue_is_long
            word = "pile up" if self._queue_is_long else "no longer pile up"
            _LOG.warning("messages %s", word, extra={"station": None, "reason": "queue"})

    def _stalled(self, ended_at: datetime, lasted_s: float) -> None:
        for reader in self._all_readers():
            reader.stalled(ended_at, lasted_s)

    def _notice_silence(self, now: datetime) -> None:
        """Take a silence of the whole connection that a topic had not promised for a stall of the link."""
        last, self._last_message_at = self._last_message_at, now
        if last is None or now - last < SHORTEST_SILENCE:
            return
        promised_s = min(
            (
                reader.expected_every_s
                for reader, heard_at in self._heard_at.items()
                if reader.expected_every_s is not None
                and heard_at + timedelta(seconds=reader.expected_every_s) >= last
            ),
            default=None,
        )
        silent_s = (now - last).total_seconds()
        if promised_s is not None and silent_s > promised_s:
            self._stalled(now, silent_s - promised_s)

    def _follow_clock(self) -> None:
        """Move with a step of our own clock: what is remembered is durations (R46)."""
        ahead_s = self._ahead_of_steady_s()
        step = timedelta(seconds=ahead_s - self._ahead_s)
        if abs(step) < SHORTEST_STEP:
            return
        self._ahead_s = ahead_s
        if self._last_message_at is not None:
            self._last_message_at += step
        for instants in (self._heard_at, self._overdue_at):
            for reader in instants:
                instants[reader] += step
        for reader in self._all_readers():
            reader.shift(step)

    def _ahead_of_steady_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.steady_s()

    def _expect(self, reader: TopicReader, since: datetime) -> None:
        if reader.expected_every_s is not None:
            self._heard_at[reader] = since
            self._overdue_at[reader] = since + timedelta(seconds=reader.expected_every_s)

    async def _watch_traffic(self) -> None:
        """Tell each silent topic once, when its promised rate is exceeded (B11)."""
        shortest_s = min(
            (reader.expected_every_s for reader in self._all_readers() if reader.expected_every_s),
            default=None,
        )
        while shortest_s is not None:
            self._follow_clock()
            now = self._clock.now()
            for reader in [
                one for one, overdue_at in self._overdue_at.items() if overdue_at <= now
            ]:
                del self._overdue_at[reader]
                detail = f"{reader.topic}: silent for more than {reader.expected_every_s} s"
                self._hand_over_failure(reader, Reason.EXPIRED, detail)
            next_at = min(self._overdue_at.values(), default=now + timedelta(seconds=shortest_s))
            await self._clock.sleep((next_at - now).total_seconds())

    def _hand_over_failure(self, reader: TopicReader, reason: Reason, detail: str) -> None:
        now = self._clock.now()
        self._statistics[reader.station].failed(reason, detail, now)
        self._sink(reader.failure(reason, now, detail))

    def _all_readers(self) -> list[TopicReader]:
        return [reader for readers in self._readers.values() for reader in readers]


def _readers(station: Station, settle_s: float) -> list[TopicReader]:
    """Return one reader per topic of a station."""
    topics: dict[str, list[SignalSpec]] = {}
    for spec in station.signals:
        if not isinstance(spec.address, MqttAddress):
            raise TypeError(f"{station.id}: {spec.name} is not read over MQTT")
        topics.setdefault(spec.address.topic, []).append(spec)
    return [TopicReader(station.id, topic, specs, settle_s) for topic, specs in topics.items()]


async def _all_or_first_trouble(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things until all are done or one raises; the others are cancelled then.

    Not a TaskGroup: in Python 3.11 that leaves its parent marked as cancelled, or loses a
    cancellation that comes together with an error.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
