"""Makes the history of years in minutes, with the product's own append, fold and store, for what pages show of it (B30).

Run: `python -m tests.benchmarks.grown_history ENTRIES FOLDER [URL]`. The plant is the demo's, and each of its checks
falls due again and again, at the pace of a plant with three shifts; so it reaches the further back the more entries
there are. Mostly a check is passed; some lapse, some runs are given up, some devices miss and have a case, which
is verified again and closed. A few alarms are acknowledged, and now and then a line is paused. The clock walks through
these years: entries are recorded when they happen, a few hours at a time, and each day it is said where the streams stand.
"""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path

from redrabbit import __version__
from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import read_configuration
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.facts.codec import decode, field_names, plain
from redrabbit.domain.facts.fact import event_of
from redrabbit.domain.identity import AGENT, Letter, numbered
from redrabbit.domain.plant import Plant
from redrabbit.services.noting_stream_heads import note_stream_heads
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from simulators.virtual_clock import VirtualClock
from tests.domain.folded import ISSUED, OCCURRENCE, RUN, VERDICT

CONFIGURATION = Path(__file__).parents[2] / "station_configs"
AT_ONCE = 6
"""Scheduled checks in one commit: some six hours."""
HEADS_EVERY = 4
"""Commits: about once a day."""
ENTRIES_A_DAY = 270
ENTRIES_EACH = 12
"""Of one scheduled check, on average."""

APART = timedelta(days=ENTRIES_EACH / ENTRIES_A_DAY)
"""Between two scheduled checks."""

Said = dict[str, object]
Story = Iterator[tuple[str, Said]]
"""Types of facts and what they say; what isn't given is null."""


def grow_history(url: str, entries: int, key: Path | None = None) -> None:
    """Append to an empty database until its ledger has so many entries, or a few more."""
    plant, files = read_configuration(CONFIGURATION)
    software = f"redrabbit {__version__}"
    recording = Recording(fold=fold, software=software, targets=plant.targets)
    begin = SteadyClock().now() - APART * (entries // ENTRIES_EACH + AT_ONCE)
    clock = VirtualClock(begin)
    with open_database(
        url, plant=plant.name, clock=clock, recording=recording, key_path=key
    ) as database:
        database.write_now(lambda uow: open_life(uow, plant, files, software))
        told = _Told(plant, begin)
        commits = 0
        while database.read_now(lambda reader: reader.head().size) < entries:
            clock.advance_to(clock.steady + APART * AT_ONCE)
            database.write_now(told.some)
            commits += 1
            if commits % HEADS_EVERY == 0:
                database.write_now(note_stream_heads)


class _Told:
    """Tells what happened, the oldest first."""

    def __init__(self, plant: Plant, begin: datetime) -> None:
        self._plant = plant
        self._at = begin
        self._checks = cycle(plant.plan.checks)
        self._numbers: dict[tuple[str, Letter], int] = {}
        self._count = 0

    def some(self, uow: UnitOfWork) -> None:
        """Tell what became of some scheduled checks."""
        for _ in range(AT_ONCE):
            check = next(self._checks)
            for seconds, (type_, about) in enumerate(self._became_of(check)):
                kind = BY_TYPE[type_]
                values = {name: plain(about.get(name)) for name in field_names(kind)}
                at = self._at + timedelta(seconds=5 * seconds)
                uow.append(event_of(decode(kind, values), stream=check.line, at=at, actor=AGENT))
            self._at += APART
            self._count += 1

    def _next(self, check: Check, letter: Letter) -> str:
        number = self._numbers.get((check.line, letter), 0) + 1
        self._numbers[check.line, letter] = number
        return numbered(check.line, letter, number)

    def _became_of(self, check: Check) -> Story:
        place = said(line=check.line, station=check.station, device=check.device)
        about = place | said(check_id=check.id)
        occurrence = said(occurrence_id=self._next(check, Letter.OCCURRENCE))
        times = said(
            opens_at=self._at - timedelta(minutes=15),
            due_at=self._at,
            grace_ends_at=self._at + timedelta(minutes=20),
            closes_at=self._at + timedelta(hours=1),
        )
        yield (
            "occurrence_made",
            OCCURRENCE | about | occurrence | times | said(trigger_key=str(self._at)),
        )
        decided = about | occurrence | said(run_id=None)
        if self._count % 200 == 7:
            yield from self._paused(check)
        if self._count % 23 == 3:
            yield "occurrence_overdue", about | occurrence
            yield from self._alarmed(check, place | occurrence, "lapsed")
            yield "occurrence_decided", decided | said(outcome="lapsed", reason_code="not_done")
            return
        is_missed = self._count % 97 == 11
        run = said(run_id=self._next(check, Letter.RUN))
        yield (
            "run_started",
            RUN | about | run | occurrence | said(expires_at=self._at + timedelta(hours=1)),
        )
        if self._count % 31 == 5:
            given_up = said(outcome="aborted", reason_code="person", confirmed=False)
            yield "run_closed", place | run | given_up
        else:
            yield from self._judged(check, place | run, is_missed=is_missed)
            outcome = said(outcome="failed" if is_missed else "passed")
            yield "run_closed", place | run | outcome | said(confirmed=True)
            code = said(reason_code="missed" if is_missed else None)
            yield "occurrence_decided", decided | run | outcome | code
        if is_missed:
            yield from self._contained(check, about | run)

    def _judged(self, check: Check, about: Said, *, is_missed: bool) -> Story:
        for step, part in enumerate(check.parts[:2]):
            of = about | said(step=step, part_id=part)
            home = self._plant.part(part)
            yield (
                "part_issued",
                ISSUED | of | said(part_stream=check.line, failure_mode=home.failure_mode),
            )
            yield "part_presented", of | said(attempt=1, presented_how="edge")
            rejected = "missed" if is_missed else "detected"
            verdict = said(verdict="accepted" if home.failure_mode is None else rejected)
            yield "verdict_reached", VERDICT | of | verdict
            yield "part_given_back", of | said(run_step=step, state="awaiting_confirmation")
            made = said(
                value=self._count,
                made=self._count,
                epoch=1,
                fell_from=None,
                known=[],
            )
            yield "parts_counted", said(station=check.station, why="verdict", count=made)

    def _contained(self, check: Check, about: Said) -> Story:
        case = said(containment_id=self._next(check, Letter.CONTAINMENT))
        modes = (self._plant.part(part).failure_mode for part in check.parts)
        mode = said(failure_mode=next(filter(None, modes)), step=0)
        window = said(identity_disputed=False, quantity_is_lower_bound=True, reaction=[])
        yield "containment_opened", about | case | mode | window
        yield from self._alarmed(check, about, "missed")
        yield "containment_stopped", case | window | said(window_end="stop")
        again = said(run_id=self._next(check, Letter.RUN))
        purpose = said(occurrence_id=None, purpose="reverification", late_s=None, **case)
        yield (
            "run_started",
            RUN | about | purpose | again | said(expires_at=self._at + timedelta(hours=1)),
        )
        yield from self._judged(check, about | again, is_missed=False)
        yield "run_closed", about | again | said(outcome="passed", confirmed=True)
        yield "containment_reverified", case | again
        yield "containment_closed", case

    def _alarmed(self, check: Check, about: Said, kind: str) -> Story:
        alarm = said(alarm_id=self._next(check, Letter.ALARM))
        yield "alarm_raised", about | alarm | said(kind=kind)
        if self._count % 2:
            yield "alarm_acknowledged", alarm

    def _paused(self, check: Check) -> Story:
        times = said(begins_at=self._at, ends_at=self._at + timedelta(hours=8))
        pause = said(pause_id=self._next(check, Letter.PAUSE), line=check.line)
        yield "pause_declared", pause | times | said(reason_text="no orders")


def said(**about: object) -> Said:
    """Return some of what a fact says."""
    return about


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    where = sys.argv[3] if len(sys.argv) > 3 else sqlite_url(folder / "plant.sqlite3")
    grow_history(where, int(sys.argv[1]), folder / "plant.key" if len(sys.argv) > 3 else None)
