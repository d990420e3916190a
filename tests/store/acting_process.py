"""A process that opens a database and records acts as the service does, and says what it was told of each.

Somebody else breaks its system calls (`tests/store/broken_calls.py`). What it says goes over a socket, so that no `write`
and no `openat` of its own stands between those of the record path. It is forked from a process that has read all modules
already, so none of these is opened either.
"""

import asyncio
import ctypes
import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.ledger import Entry
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.recording_watch import (
    HEARTBEAT_S,
    STOPPED_AFTER_S,
    RecordingWatch,
    keep_beating,
)
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.writer import CHECKPOINT_AFTER
from tests.stored import RECORDING, pause, put

CLOCK = SteadyClock()

ALONE, AT_ONCE = 2, 4
"""Acts that are recorded one after the other, before some at once and behind a checkpoint; and those at once."""
ACTS = ALONE + AT_ONCE + ALONE
GIVES_UP_AFTER_S = 30.0
TRIES_AGAIN_AFTER_S = 0.05
LOOK_S = 0.1
SAID_AFTER_S = STOPPED_AFTER_S + HEARTBEAT_S + LOOK_S + 1.0
"""The last beat that succeeds may come a whole interval after an act began to wait; the last second is for a machine that
has other work."""
_ANYBODY = ctypes.c_ulong(-1)
_PR_SET_PTRACER = 0x59616D61


class Moment(Enum):
    """When the process waits for whoever wants to break its calls."""

    BEFORE_OPENING = "before opening"
    BEFORE_RECORDING = "before recording"


class Voice:
    """Says what happened, one JSON object a line."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def say(self, what: str, **more: Any) -> None:
        self._channel.sendall((json.dumps({"said": what} | more) + "\n").encode())

    def wait(self) -> None:
        """Say that it waits, until it is told to go on."""
        self.say("waits")
        self._channel.recv(1)


def act(channel: socket.socket, url: str, moment: Moment, first: int) -> None:
    """Open, record acts from this number on, close; say each step. Never returns."""
    _let_anybody_trace_this()
    voice = Voice(channel)
    threading.excepthook = lambda ended: voice.say(
        "bug", words=f"a thread ended: {ended.exc_value!r}"
    )
    code = 0
    try:
        _open_and_record(voice, url, moment, first)
    except StoreTrouble as trouble:
        voice.say("refused", words=str(trouble), kind=type(trouble).__name__)
    except BaseException as bug:  # noqa: BLE001  because the test reads what went wrong
        voice.say("bug", words=repr(bug), where=traceback.format_exc())
        code = 1
    voice.say("ends")
    os._exit(code)


def _open_and_record(voice: Voice, url: str, moment: Moment, first: int) -> None:
    if moment is Moment.BEFORE_OPENING:
        voice.wait()
    database = open_database(url, plant="Plant 1", clock=CLOCK, recording=RECORDING)
    try:
        voice.say("opened")
        asyncio.run(_record(voice, database, moment, first))
    finally:
        database.close()


async def _record(voice: Voice, database: SqlDatabase, moment: Moment, first: int) -> None:
    watch = RecordingWatch(CLOCK)
    if moment is Moment.BEFORE_RECORDING:
        await database.heartbeat("agent", CLOCK.now())
        watch.recorded()
        voice.wait()
    acts = [_Act(voice, database, number) for number in range(first, first + ACTS)]
    beside = [keep_beating(database, watch, CLOCK), _look(voice, watch, acts)]
    tasks = [asyncio.create_task(each) for each in beside]
    for each in acts[:ALONE]:
        await each.be_recorded()
    await asyncio.gather(*(each.be_recorded() for each in acts[ALONE:-ALONE]))
    await _let_the_log_be_written_into_the_file(database)
    for each in acts[-ALONE:]:
        await each.be_recorded()
    with suppress(StoreTrouble):  # a page is told so, and asked for again
        database.read_now(lambda reader: reader.head())
    voice.say("recorded all")
    for task in tasks:
        task.cancel()


async def _look(voice: Voice, watch: RecordingWatch, acts: "Sequence[_Act]") -> None:
    """Say once when nothing is recorded, as `/ready` would; or that it is not told though no act is."""
    was_told = was_lie = False
    while True:
        stopped = watch.stopped()
        waits_s = max((each.waits_s() for each in acts), default=0.0)
        if stopped is not None and not was_told:
            voice.say("not recording", why=stopped.why.value)
        if stopped is None and waits_s > SAID_AFTER_S and not was_told | was_lie:
            voice.say("lie", waits_s=waits_s)
        was_told |= stopped is not None
        was_lie |= waits_s > SAID_AFTER_S
        await CLOCK.sleep(LOOK_S)


async def _let_the_log_be_written_into_the_file(database: SqlDatabase) -> None:
    """Ask for so many commands that a checkpoint of SQLite's follows; they record nothing, and may fail."""
    commands = (database.write(lambda work: work.head()) for _ in range(CHECKPOINT_AFTER))
    await asyncio.gather(*commands, return_exceptions=True)


class _Act:
    """One act, asked for again and again until it is recorded, as a station's queue does."""

    def __init__(self, voice: Voice, database: SqlDatabase, number: int) -> None:
        self._voice, self._database = voice, database
        self._number = number
        self._began_s: float | None = None
        """None unless it waits."""

    def waits_s(self) -> float:
        """Return for how long it has waited to be recorded."""
        return 0.0 if self._began_s is None else CLOCK.steady_s() - self._began_s

    async def be_recorded(self) -> None:
        self._began_s = CLOCK.steady_s()
        while not await self._is_recorded():
            await CLOCK.sleep(TRIES_AGAIN_AFTER_S)
        self._began_s = None
        self._voice.say("recorded", number=self._number)

    async def _is_recorded(self) -> bool:
        try:
            await self._database.write(self._append)
        except StoreTrouble as trouble:
            self._voice.say("trouble", number=self._number, words=str(trouble))
            if self.waits_s() > GIVES_UP_AFTER_S:
                raise
            return False
        return True

    def _append(self, work: SqlUnitOfWork) -> Entry:
        return work.append(put(pause(self._number)))


def numbers(database: SqlDatabase) -> list[int]:
    """Return the number of each act that stands in the ledger, as often as it does."""
    entries = database.read_now(lambda reader: reader.entries())
    values: list[Any] = [each.payload["values"] for each in entries if each.payload is not None]
    return [int(each["number"]) for each in values]


def _let_anybody_trace_this() -> None:
    """Where only parents may trace (Yama), let the one who breaks calls do so, too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'plant.db'}"
