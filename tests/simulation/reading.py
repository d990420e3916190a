"""Reading the simulated stations as the product's links would, without sockets.

Modbus: one acquisition a poll, only what changed as observations. MQTT: each message through the
product's own `TopicReader`, with the settle time after a connect.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from redrabbit.domain.decoding import decode_registers
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.signals import ModbusAddress, MqttAddress, SignalSpec
from redrabbit.domain.station import ModbusLink, MqttLink, Station
from redrabbit.links.held_back import HeldBack
from redrabbit.links.topic_reader import TopicReader
from simulators.direct_link import Arrival, DirectModbus, DirectMqtt, Faults, PollReply
from simulators.encoding import register_bytes
from simulators.line import World
from simulators.mqtt_station import Voice
from simulators.plant import StationFace
from simulators.virtual_clock import VirtualClock

LIVES_SHARE = 0.7
"""Of how long a station may go unread: after so much of it at the latest it is read again."""
POLLS, POLLS_BY_PULSE = 2, 1
"""While a verdict is open at most so many polls pass without a reading: after three, silence is none
(D30)."""
UNDER_WAY_SHARE = 0.5
IDLE = timedelta(seconds=2)
"""A station that is read more seldom is idle: what it says meanwhile is left out here."""
SPOKEN = timedelta(seconds=1.5)


class StationReader(Protocol):
    """Reads one station as it is in the world now."""

    longest_gap_s: float
    """Between two reads while a verdict is open: less than a value lives, and than an answer hides."""

    def read(self) -> Iterator[Acquisition]:
        """Yield what is read now; each is to be taken in before the next is asked for."""
        ...

    def freeze(self) -> None:
        """Stand still with the product: what is read now, or said from now on, is taken when it goes on."""
        ...

    def hold(self) -> None:
        """Let the station say what it says now, while nobody reads."""
        ...

    def restart(self) -> None:
        """Forget everything: the product was restarted."""
        ...


class PolledStation:
    """A Modbus station."""

    def __init__(self, station: Station, link: DirectModbus, clock: VirtualClock) -> None:
        assert isinstance(station.link, ModbusLink)
        pulses = any(spec.pulse_s is not None for spec in station.signals)
        hidden_s = (POLLS_BY_PULSE if pulses else POLLS) * station.link.poll_interval_s
        self.longest_gap_s = LIVES_SHARE * min(station.value_expires_s, hidden_s)
        self._station = station
        self._link = link
        self._clock = clock
        self._specs = {spec.name: spec for spec in station.signals}
        self._signals = frozenset(self._specs)
        self._shown: dict[str, Value | Reason] = {}
        self._under_way: PollReply | None = None
        """The poll that was under way when the product stood still."""
        self._chance = random.Random(f"{station.id}: polls under way")

    def freeze(self) -> None:
        """Half the time a poll was under way: it ends with the standstill, with its answer or without."""
        if self._chance.random() < UNDER_WAY_SHARE:
            self._under_way = self._link.poll()
            if self._chance.random() < UNDER_WAY_SHARE:
                self._under_way = replace(self._under_way, values=None, failure="timeout")

    def hold(self) -> None:
        pass

    def restart(self) -> None:
        self._shown, self._under_way = {}, None

    def read(self) -> Iterator[Acquisition]:
        reply, self._under_way = self._under_way or self._link.poll(), None
        if reply.ended_at < self._clock.steady:
            reply = replace(reply, ended_at=self._clock.steady)
        offset = self._clock.now() - self._clock.steady
        window = Window(began_at=reply.began_at + offset, ended_at=reply.ended_at + offset)
        if reply.values is None:
            assert reply.failure is not None
            self._shown = {}
            yield Acquisition(
                station=self._station.id,
                window=window,
                signals=self._signals,
                failure=Reason(reply.failure),
            )
            return
        shown: dict[str, Value | Reason] = dict(reply.values)
        shown.update(dict.fromkeys(reply.refused, Reason.DEVICE_ERROR))
        shown.update({name: self._decoded(name, raw) for name, raw in reply.no_values.items()})
        before = self._shown
        self._shown = shown
        yield Acquisition(
            station=self._station.id,
            window=window,
            signals=self._signals,
            changes=tuple(
                _observation(SignalName(name), told)
                for name, told in shown.items()
                if name not in before or before[name] != told
            ),
        )

    def _decoded(self, name: str, raw: Value) -> Value | Reason:
        """Read a number as it stands in its registers, through the product's own decoder."""
        spec = self._specs[SignalName(name)]
        assert isinstance(spec.address, ModbusAddress)
        registers = register_bytes(raw, spec.address, scale=1.0, offset=0.0)
        return decode_registers(spec, registers)


def _observation(signal: SignalName, told: Value | Reason) -> Observation:
    if isinstance(told, Reason):
        return Observation(signal=signal, reason=told)
    return Observation(signal=signal, value=told)


class PublishingStation:
    """An MQTT station."""

    def __init__(self, station: Station, link: DirectMqtt, clock: VirtualClock) -> None:
        assert isinstance(station.link, MqttLink)
        every_s = [
            spec.address.expected_every_s
            for spec in station.signals
            if isinstance(spec.address, MqttAddress) and spec.address.expected_every_s
        ]
        promised_s = min(station.value_expires_s, *every_s)
        self.longest_gap_s = LIVES_SHARE * promised_s
        self._repeats_after_s = promised_s - self.longest_gap_s
        """It says everything again if it has not for so long: else the next read might be too late."""
        self._station = station
        self._link = link
        self._clock = clock
        self._settle = timedelta(seconds=station.link.settle_s)
        self._topics: dict[str, list[SignalSpec]] = {}
        for spec in station.signals:
            assert isinstance(spec.address, MqttAddress)
            self._topics.setdefault(spec.address.topic, []).append(spec)
        self._readers: dict[str, TopicReader] = {}
        self._is_connected = False
        self._said_all_at: datetime | None = None
        self._read_at: datetime | None = None
        self._ahead = clock.now() - clock.steady
        self._held: list[Arrival] = []
        """What the machine has got for us while we stood still."""

    def freeze(self) -> None:
        now, self._read_at = self._clock.now(), self._clock.steady
        for reader in self._readers.values():
            self._hear_it_speak(reader, now)

    def hold(self) -> None:
        self._read_at = self._clock.steady
        if self._is_connected and self._link.is_connected:
            self._held += self._link.arrivals(everything=self._says_everything())

    def restart(self) -> None:
        """Begin with new readers, connected long enough ago to have settled."""
        assert isinstance(self._station.link, MqttLink)
        settle_s = self._station.link.settle_s
        self._readers = {
            topic: TopicReader(self._station.id, topic, specs, settle_s)
            for topic, specs in self._topics.items()
        }
        self._ahead = self._clock.now() - self._clock.steady
        self._is_connected = self._link.is_connected
        self._held.clear()
        now = self._clock.now()
        for reader in self._readers.values() if self._is_connected else ():
            reader.connected(now - self._settle)
            self._hear_it_speak(reader, now)

    def read(self) -> Iterator[Acquisition]:
        now, steady = self._clock.now(), self._clock.steady
        self._follow_clock(now - steady)
        if self._read_at is not None and steady - self._read_at > IDLE:
            for reader in self._readers.values():
                self._hear_it_speak(reader, now)
        self._read_at = steady
        if not self._link.is_connected:
            self._link.arrivals()
            if self._is_connected:
                self._is_connected = False
                for reader in self._readers.values():
                    yield reader.failure(Reason.NOT_CONNECTED, now, "cut")
            return
        if not self._is_connected:
            self._is_connected = True
            for reader in self._readers.values():
                reader.connected(now)
        held, self._held = self._held, []
        for arrival in (*held, *self._link.arrivals(everything=self._says_everything())):
            reader = self._readers[arrival.topic]
            yield reader.take(arrival.payload, now, retained=arrival.retained).acquisition

    def _says_everything(self) -> bool:
        """Return whether it says everything now, changed or not."""
        steady = self._clock.steady
        is_time = self._said_all_at is None or (
            (steady - self._said_all_at).total_seconds() >= self._repeats_after_s
        )
        if is_time:
            self._said_all_at = steady
        return is_time

    def _hear_it_speak(self, reader: TopicReader, now: datetime) -> None:
        """Let a topic have spoken as it does: nobody reads an idle station, and it speaks all the same."""
        every = timedelta(seconds=self._link.every_s)
        held_back = HeldBack(reader.expected_every_s)
        for n in range(int(SPOKEN / every), 0, -1):
            held_back.hear(now - n * every)
        reader._held_back = held_back

    def _follow_clock(self, ahead: timedelta) -> None:
        step, self._ahead = ahead - self._ahead, ahead
        for reader in self._readers.values() if step else ():
            reader.shift(step)


def reader_of(
    station: Station, face: StationFace, world: World, faults: Faults, clock: VirtualClock
) -> StationReader:
    """Return what reads a station, with chance of its own."""
    no_value = {str(spec.name): spec.invalid[0] for spec in station.signals if spec.invalid}
    if face.modbus:
        chance = random.Random(f"{world.chance.random()}:{station.id}")
        polled = DirectModbus(world, station.id, faults, chance, no_value)
        return PolledStation(station, polled, clock)
    link = DirectMqtt(world, station.id, faults, Voice(face.mqtt), no_value)
    return PublishingStation(station, link, clock)
