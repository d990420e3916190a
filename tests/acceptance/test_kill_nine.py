"""`kill -9` at any moment loses and doubles nothing (L3, L7, L8).

A real service is killed at seeded random moments, in start-up and at work, while operators and an
engineer use it; then the database is verified, read, and served again. REDRABBIT_KILLS says how
often (20; the full test is 200), REDRABBIT_SEED which moments.
"""

import asyncio
import os
import random
from datetime import datetime
from pathlib import Path

import pytest

from redrabbit.base.settings import sqlite_url
from redrabbit.store.verification import verify_database
from tests.acceptance.busy_plant import BusyPlant, busy_plant
from tests.acceptance.processes import CLOCK, Service, command, says_no_traceback
from tests.acceptance.recorded import (
    Recorded,
    check_kept,
    check_nothing_due_is_left_out,
    check_nothing_is_doubled,
    check_restart_is_told,
)

KILLS = int(os.environ.get("REDRABBIT_KILLS", "20"))
SEED = int(os.environ.get("REDRABBIT_SEED", "9"))
IN_START_UP = 0.2
"""Of the kills: before the service answers."""
START_UP_S = 1.0
AT_WORK_S = 8.0
"""At most; most lives are much shorter."""
COMMAND_EVERY = 10
"""Every so many lives, and verifications, the very command line; else without its imports."""
EACH_OF_FIRST = 40
"""Lives after each of which the whole ledger is verified; then after each tenth."""
REPORT_EVERY = 20

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.crash,
    pytest.mark.timeout(120 + 30 * KILLS),
]


class Lives:
    """One database and the short lives of the processes that serve it."""

    def __init__(self, folder: Path, config_dir: Path, chance: random.Random) -> None:
        self.folder = folder
        self.config_dir = config_dir
        self.chance = chance
        self.database = folder / "records.sqlite3"
        self.url = sqlite_url(self.database)
        self.count = 0
        self.last = None if not self.database.exists() else Recorded.read(self.url)

    def serve(self) -> Service:
        self.count += 1
        start = Service.serve if self.count % COMMAND_EVERY == 0 else Service.forked
        return start(self.folder, self.config_dir, self.database)

    async def die_in_start_up(self) -> None:
        with self.serve() as service:
            await CLOCK.sleep(self.chance.uniform(0.0, START_UP_S))
            service.kill()
            assert says_no_traceback([service.log])

    async def die_at_work(self, plant: BusyPlant) -> None:
        """Serve, be used, be killed; what the life before left must have been taken up."""
        began_at: datetime = CLOCK.now()
        with self.serve() as service:
            url = await service.ready()
            await service.caught_up(url)
            taken_up = await asyncio.to_thread(Recorded.read, self.url)
            check_nothing_due_is_left_out(taken_up, began_at)
            if self.last is not None:
                check_restart_is_told(taken_up, self.last)
            await plant.ask_again(url)
            async with plant.at_work(url):
                await CLOCK.sleep(AT_WORK_S * self.chance.random() ** 2)
                service.kill()
            assert says_no_traceback([service.log]), service.log

    async def verify(self) -> None:
        """Nothing was altered, and the log only grew since the last checkpoint kept elsewhere.

        After the first lives that is looked at in each tenth: it takes longer the longer the ledger is, and checks fall due meanwhile.
        """
        if not self.database.exists():
            return  # killed before it was made: the next life makes it
        checkpoint = None
        if self.last is not None:
            checkpoint = self.folder / "kept.checkpoint"
            checkpoint.write_text(self.last.checkpoint, encoding="utf-8")
        if self.count % COMMAND_EVERY == 0:
            kept = ["--checkpoint", checkpoint] if checkpoint is not None else []
            told = await asyncio.to_thread(command, "verify", "--database", self.url, *kept)
            assert (told.returncode, told.stderr) == (0, ""), told.stdout + told.stderr
            word = "unaltered" if kept else "consistent in itself"
            assert told.stdout.startswith(word), told.stdout
        elif self.count <= EACH_OF_FIRST:
            found = await asyncio.to_thread(verify_database, self.url, kept_checkpoint=checkpoint)
            assert found.findings == (), found.findings
        self.last = await asyncio.to_thread(Recorded.read, self.url)
        check_nothing_is_doubled(self.last)


async def test_nothing_is_lost_or_doubled_by_kill_nine(tmp_path: Path) -> None:
    print(f"REDRABBIT_SEED={SEED}")  # noqa: T201  because a failing seed is printed
    async with busy_plant(tmp_path, seed=SEED) as plant:
        lives = Lives(tmp_path, plant.plant.config_dir, random.Random(f"{SEED}: kills"))
        for kill in range(1, KILLS + 1):
            known = len(plant.acknowledged)
            if lives.chance.random() < IN_START_UP:
                await lives.die_in_start_up()
            else:
                await lives.die_at_work(plant)
            await lives.verify()
            if lives.last is not None:
                check_kept(lives.last, plant.acknowledged[known:])
            if kill % REPORT_EVERY == 0:
                print(f"{kill} kills: {_figures(lives.last, plant)}")  # noqa: T201  because the full test takes long
        assert lives.last is not None
        check_kept(lives.last, plant.acknowledged)
        assert plant.repeated["answered"], "nothing was asked again"
        restarted = [p for p in lives.last.presentations if p.verdict_reason == "restarted"]
        assert len(plant.acknowledged) >= KILLS, "the service was hardly used"
        assert restarted or KILLS < 20, "no kill met a part before a device"


def _figures(recorded: Recorded | None, plant: BusyPlant) -> str:
    if recorded is None:
        return "no database yet"
    restarted = sum(p.verdict_reason == "restarted" for p in recorded.presentations)
    return (
        f"{len(plant.acknowledged)} answers, {dict(plant.repeated)} asked again, {len(recorded.entries)} entries, "
        f"{len(recorded.runs)} runs, {len(recorded.occurrences)} occurrences, "
        f"{len(recorded.containments)} containments, {restarted} ended as restarted"
    )


async def test_a_database_killed_in_the_making_is_made_by_the_next_start(tmp_path: Path) -> None:
    chance = random.Random(f"{SEED}: making")
    async with busy_plant(tmp_path, seed=SEED) as plant:
        for attempt in range(max(3, KILLS // 5)):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            lives = Lives(folder, plant.plant.config_dir, chance)
            with lives.serve() as service:
                await _touched(lives.database.parent, service)
                await CLOCK.sleep(chance.uniform(0.0, 0.15))
            with lives.serve() as service:
                await service.ready()
                assert await service.stopped() == 0, service.log
            await lives.verify()


async def _touched(folder: Path, service: Service) -> None:
    """Wait until the service began to make its files."""
    while not list(folder.glob("records*")):  # noqa: ASYNC240  because it is a look of microseconds
        assert not service.has_ended, service.log
        await CLOCK.sleep(0.001)
