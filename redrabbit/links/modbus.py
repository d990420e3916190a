"""A station polled over Modbus TCP: one acquisition per cycle, a value or a reason, never a guess.

Rules:
- Polls run at a fixed rate and never overlap; missed ticks are counted, phases staggered (B5).
- Every cycle gives exactly one acquisition. After any failed cycle nothing is carried over: the
  next good one tells every signal anew (B1).
- Blocks are compared as raw bytes; only what changed is decoded (D1).
- Each station has its own connection and timeout (see `modbus_connection`). From the third failed
  cycle in a row on, and at once when no connection can be made, it is suspended with doubling
  pauses of at least three times what the attempt took: so a dead unit takes at most a quarter of
  a gateway's time, and soon far less (B4).
- A block refused for an illegal address is bisected within the same cycle; the culprit's signals
  have `DEVICE_ERROR` and are tried again once a minute, the others go on (B6).

Nothing is ever written (L9). Not here: what the values mean.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from random import Random

from redrabbit.base.clock import Clock
from redrabbit.domain.decoding import decode_registers
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.read_plan import PlannedBlock, ReadPlan, plan_reads
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.links.errors import StationRefusal, StationTrouble
from redrabbit.links.link_statistics import LinkStatistics
from redrabbit.links.modbus_connection import ModbusConnection, Request
from redrabbit.links.reconnect import Backoff
from redrabbit.links.stopwatch import Stopwatch
from redrabbit.links.ticks import Ticks
from redrabbit.services.station_link import Diagnostics, Sink

FAILURES_BEFORE_PAUSE = 3
"""One lost packet costs one cycle; three in a row are no accident."""

PAUSE_PER_ATTEMPT = 3.0
"""A pause is at least so many times as long as the failed attempt: a share of one quarter."""

CULPRITS_TRIED_AGAIN_S = 60.0
"""A controller may have got its missing registers by a download; looking costs a few requests."""

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
"""Some devices answer this to a block that is too long for them, or leaves their range."""
GATEWAY_HAS_NO_PATH = 10
GATEWAY_GOT_NO_REPLY = 11

_LOG = logging.getLogger("redrabbit.links.modbus")

_NEVER_READ = object()
"""Stands for a block that was not read since the last failure; equal to no reply."""


class ModbusStationLink:
    """Polls one station for as long as it runs."""

    def __init__(
        self,
        station: Station,
        sink: Sink,
        clock: Clock,
        rng: Random,
        *,
        phase: float = 0.0,
    ) -> None:
        link = station.link
        if not isinstance(link, ModbusLink):
            raise TypeError(f"{station.id} is not read over Modbus")
        self._station = station.id
        self._link = link
        self._sink = sink
        self._clock = clock
        self._signals = frozenset(spec.name for spec in station.signals)
        self._connection = ModbusConnection(link)
        self._ticks = Ticks(clock, link.poll_interval_s, phase)
        self._backoff = Backoff(rng)
        self._statistics = LinkStatistics(station.id, _LOG)
        self._failures_in_a_row = 0
        self._last: dict[SignalName, Value | Reason] = {}
        self._culprits_again_s: float | None = None
        self._adopt(plan_reads(station.signals, link))

    @property
    def diagnostics(self) -> Mapping[StationId, Diagnostics]:
        """Return how the link to the station fares."""
        return {self._station: self._statistics.snapshot()}

    @property
    def plan(self) -> ReadPlan:
        """Return what a cycle asks for at present."""
        return self._plan

    async def run(self) -> None:
        """Poll until cancelled; the socket is closed then."""
        pause_s = 0.0
        try:
            while True:
                self._statistics.skipped_ticks += await self._ticks.wait(pause_s)
                acquisition = await self.cycle()
                self._sink(acquisition)
                pause_s = self._pause_s(acquisition)
        finally:
            self._connection.close()
            await self._clock.sleep(0)  # the loop closes sockets in its next round

    async def cycle(self) -> Acquisition:
        """Read every block once and return what came of it."""
        spent = Stopwatch(self._clock)
        try:
            if not self._connection.is_open:
                await self._connect()
            return await self._read()
        except StationTrouble as trouble:
            return self._failure(trouble, spent.window())

    async def _connect(self) -> None:
        self._statistics.disconnected()
        self._forget()
        await self._connection.open()
        self._statistics.connected(self._clock.now())

    async def _read(self) -> Acquisition:
        """Read the plan's blocks; begin again with a finer plan while a block is refused."""
        self._try_culprits_again()
        while True:
            spent = Stopwatch(self._clock)
            replies: list[bytes | None] = []
            refused = await self._ask_all(replies)
            window = spent.window()
            if replies:
                self._statistics.timed(window.ended_at - window.began_at, len(replies))
            if refused is None:
                break
            self._adopt(self._plan.split(refused))
        if all(raw is None for raw in replies):
            self._adopt(self._plan.without_memory())
            raise StationTrouble(Reason.DEVICE_ERROR, "the device refuses every block")
        self._statistics.good()
        return Acquisition(
            station=self._station,
            window=window,
            signals=self._signals,
            changes=self._changes(replies),
            request_of=self._request_of,
        )

    async def _ask_all(self, replies: list[bytes | None]) -> PlannedBlock | None:
        """Append each block's reply, or None if it was refused; return one that must be split."""
        for planned, request in self._requests:
            try:
                replies.append(await self._connection.read(request))
            except StationRefusal as refusal:
                replies.append(None)
                if refusal.code in {ILLEGAL_ADDRESS, ILLEGAL_VALUE}:
                    return planned
                if refusal.code in {GATEWAY_HAS_NO_PATH, GATEWAY_GOT_NO_REPLY}:
                    raise StationTrouble(Reason.DEVICE_ERROR, str(refusal)) from None
                self._statistics.note(Reason.DEVICE_ERROR, str(refusal), self._clock.now())
        return None

    def _changes(self, replies: list[bytes | None]) -> tuple[Observation, ...]:
        """Return the signals whose value or reason is another than after the last good cycle."""
        found: list[tuple[SignalName, Value | Reason]] = []
        for number, (planned, raw) in enumerate(zip(self._plan.blocks, replies, strict=True)):
            before = self._raw[number]
            if raw == before:
                continue
            self._raw[number] = raw
            found += _decoded(planned, raw, before)
        found += [(name, Reason.DEVICE_ERROR) for name in self._plan.culprits]
        changed = [(name, what) for name, what in found if self._last.get(name) != what]
        self._last.update(changed)
        return tuple(_observation(name, what) for name, what in changed)

    def _failure(self, trouble: StationTrouble, window: Window) -> Acquisition:
        self._forget()
        self._failures_in_a_row += 1
        self._statistics.failed(trouble.reason, trouble.detail, window.ended_at)
        if not self._connection.is_open:
            self._statistics.disconnected()
        return Acquisition(
            station=self._station,
            window=window,
            signals=self._signals,
            failure=trouble.reason,
            detail=trouble.detail,
        )

    def _pause_s(self, acquisition: Acquisition) -> float:
        """Return for how long the station is left alone after this cycle; 0: until the next tick."""
        if acquisition.failure is None:
            self._failures_in_a_row = 0
            self._backoff.reset()
            return 0.0
        no_connection = acquisition.failure is Reason.NOT_CONNECTED
        if self._failures_in_a_row < FAILURES_BEFORE_PAUSE and not no_connection:
            return 0.0
        window = acquisition.window
        spent_s = (window.ended_at - window.began_at).total_seconds()
        pause_s = max(self._backoff.next_s(), PAUSE_PER_ATTEMPT * spent_s)
        self._statistics.suspended_until = window.ended_at + timedelta(seconds=pause_s)
        return pause_s

    def _try_culprits_again(self) -> None:
        due_s = self._culprits_again_s
        if due_s is not None and self._clock.steady_s() >= due_s:
            self._adopt(self._plan.without_memory())

    def _adopt(self, plan: ReadPlan) -> None:
        """Use a plan from now on; its blocks count as never read."""
        self._plan = plan
        self._requests = [(one, Request(one.block, self._link.unit_id)) for one in plan.blocks]
        self._request_of = {s: i for i, one in enumerate(plan.blocks) for s in one.signals}
        self._raw: list[object] = [_NEVER_READ] * len(plan.blocks)
        self._culprits_again_s = (
            self._clock.steady_s() + CULPRITS_TRIED_AGAIN_S if plan.culprits else None
        )

    def _forget(self) -> None:
        """Carry nothing over a failure (B1)."""
        self._last.clear()
        self._raw = [_NEVER_READ] * len(self._plan.blocks)


def _decoded(
    planned: PlannedBlock, raw: bytes | None, before: object
) -> list[tuple[SignalName, Value | Reason]]:
    """Return what each signal is whose own bytes differ from those before."""
    if raw is None:
        return [(name, Reason.DEVICE_ERROR) for name in planned.signals]
    found = []
    for piece in planned.slices:
        own = piece.cut(raw)
        if not isinstance(before, bytes) or own != piece.cut(before):
            found.append((piece.spec.name, decode_registers(piece.spec, own)))
    return found


def _observation(name: SignalName, what: Value | Reason) -> Observation:
    if isinstance(what, Reason):
        return Observation(signal=name, reason=what)
    return Observation(signal=name, value=what)
