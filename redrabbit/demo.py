"""The demo: the service of a real plant beside a simulated one, its people at screens and browsers of their own.

Nothing here judges or records: it starts the simulated plant, serves its configuration as
`redrabbit serve` would, lets the story be told, and says what the records hold in the end (D21).
"""

import asyncio
import json
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from redrabbit.base.clock import SteadyClock
from redrabbit.base.logs import configure_logs
from redrabbit.base.printable import complain, put_out, spoken, visible
from redrabbit.base.sentence import said, sentence, words_of
from redrabbit.base.settings import ServeSettings, sqlite_url
from redrabbit.bootstrap import Serving, serving
from redrabbit.demo_people import FILE, keep, register, sign_in_words, things_carried
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.grade import Grade
from redrabbit.domain.ledger import Entry
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.records import (
    ContainmentRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome, Verdict
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.process import run_async, until_stopped
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.people import Names, name_then, names_in
from redrabbit.store.installation_secret import installation_secret
from redrabbit.store.verification import verify_database
from redrabbit.terminal import tell
from simulators.scenarios.demo import story
from simulators.scenarios.demo.people import Carried, Floor, at_work

FEED_S = 0.2
DATABASE = "redrabbit.sqlite3"


def run_demo(
    *, duration_s: float | None, seed: int, as_json: bool, port: int, data_dir: Path | None
) -> int:
    """Tell the demo's story and return the exit code."""
    configure_logs(json_lines=False, level=logging.ERROR if as_json else logging.WARNING)

    def work() -> int:
        with _folder(data_dir) as folder:
            return run_async(
                lambda: _tell(
                    folder=folder, duration_s=duration_s, seed=seed, as_json=as_json, port=port
                )
            )

    try:
        return exit_code_of(work)
    except story.StoryBehindError as behind:  # a machine too slow is told in words, and loudly
        complain(words_of(behind))
        return FOUND


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    """Give the folder of this telling: the one asked for, or one that is gone afterwards."""
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="redrabbit-demo-") as made:
            yield Path(made)
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    if (data_dir / DATABASE).exists():
        raise FileExistsError(
            sentence(
                "{file} is there already: a demo begins with an empty ledger. Name another --data-dir, or move the file "
                "away",
                file=data_dir / DATABASE,
            )
        )
    yield data_dir


async def _tell(
    *, folder: Path, duration_s: float | None, seed: int, as_json: bool, port: int
) -> int:
    clock = SteadyClock()
    console = Console(stderr=as_json, quiet=as_json)
    url = sqlite_url(folder / DATABASE)
    async with story.prepared(folder, seed=seed, clock=clock) as plant:
        settings = ServeSettings(config_dir=plant.config_dir, database_url=url, port=port)
        async with serving(settings, clock) as running:
            console.print(
                said(
                    sentence("Red Rabbit demo · {url} · Ctrl-C ends it", url=running.base_url),
                    spoken(),
                ),
                style="bold",
            )
            carried = await _registered(running, url)
            words = sign_in_words(running.base_url, carried, spoken(), folder / FILE)
            await asyncio.to_thread(keep, folder / FILE, words)
            for line in words:
                console.print(visible(line), highlight=False, soft_wrap=True)
            whose = {station: role.name for station, role in story.ROLES.items()}
            async with at_work(running.base_url, clock, carried, whose) as floor:
                await _until_over(running, plant, floor, console, duration_s)
            counts = await running.database.read(lambda reader: summary(reader, clock.now()))
    verified = verify_database(url)  # after the last entry, so that `verify` tells the same
    result = {
        "stations": [station.id for station in running.service.plant.stations],
        **counts,
        "ledger": {"size": verified.size, "root": verified.root, "verified": verified.sound},
        "seed": seed,
        "database": url,
    }
    if as_json:
        put_out(json.dumps(result))
    else:
        _print_result(console, result)
    return 0


async def _registered(running: Serving, url: str) -> dict[str, Carried]:
    """Register the demo's people, as the server's command line does, and return what each is known by."""
    key = installation_secret(url, None).part("badges")
    carried = things_carried()
    links = await running.database.write(
        lambda uow: register(uow, running.service.plant, carried, lambda code: badge_id(key, code))
    )
    running.agent.note_commit()
    return {
        name: replace(has, link=f"/welcome/{links[name]}") if name in links else has
        for name, has in carried.items()
    }


async def _until_over(
    running: Serving,
    plant: story.DemoPlant,
    floor: Floor,
    console: Console,
    duration_s: float | None,
) -> None:
    """Let the story and its telling run until the time is over or somebody stops it."""
    feed = asyncio.create_task(_feed(running, console))
    played = asyncio.create_task(plant.play(floor))
    stopped = asyncio.create_task(until_stopped())
    try:
        done, _ = await asyncio.wait(
            {feed, played, stopped}, timeout=duration_s, return_when=asyncio.FIRST_COMPLETED
        )
        if played in done and played.exception() is None and stopped not in done:
            await asyncio.wait({feed, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (feed, played):
            if task.done() and not task.cancelled() and (failure := task.exception()):
                raise failure
    finally:
        for task in (feed, played, stopped):
            task.cancel()
        await asyncio.gather(feed, played, stopped, return_exceptions=True)


async def _feed(running: Serving, console: Console) -> None:
    """Print what was recorded since the last look."""
    zone = running.service.plant.zone
    told = 0
    while True:
        entries, names = await running.service.read(partial(_entries_from, told))
        for entry in entries:
            who = name_then(names, entry.actor.id, entry.index)
            tell(console, entry, who, lambda at: at.astimezone(zone))
        told += len(entries)
        await running.agent.clock.sleep(FEED_S)


def _entries_from(first: int, reader: Reader) -> tuple[Sequence[Entry], Names]:
    return reader.entries(first), names_in(reader)


def summary(reader: Reader, now: datetime) -> dict[str, object]:
    """Count what the records say: verdicts, grades of challenge parts, runs, occurrences, open cases."""
    deciding = reader.find(PresentationRecord, equals("decides", value=True))
    verdicts = [p.verdict for p in deciding]
    grades = Counter(p.grade for p in deciding if p.failure_mode is not None)
    outcomes = [run.outcome for run in reader.find(RunRecord)]
    occurrences = Counter(status(o, now).value for o in reader.find(OccurrenceRecord))
    return {
        "presentations": {v.value: verdicts.count(v) for v in Verdict},
        "grades": {grade.value: grades[grade] for grade in Grade},
        "runs": {o.value: outcomes.count(o) for o in Outcome},
        "occurrences": {each.value: occurrences[each.value] for each in OccurrenceStatus},
        "containments_open": reader.count(ContainmentRecord, IS_OPEN),
        "overdue": occurrences[OccurrenceStatus.OVERDUE.value],
    }


def _print_result(console: Console, result: Mapping[str, object]) -> None:
    for name, value in result.items():
        shown = json.dumps(value) if isinstance(value, dict) else value
        console.print(visible(f"{name}: {shown}"), highlight=False, soft_wrap=True)
