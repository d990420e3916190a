"""`kill -9` of a writing process loses nothing that was acknowledged (L8), a small version.

The writer says each number after its commit; the test kills it after so many, and finds them all.
"""

import subprocess
import sys
from pathlib import Path
from random import Random

from redrabbit.domain.records import PauseRecord
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock

DEADLINE_S = 60

WRITER = """
import asyncio, sys
from pathlib import Path
from redrabbit.domain.records import PauseRecord
from redrabbit.store.opening import open_database
from tests.stored import RECORDING, SteppingClock, pause, put

def numbered(work):
    number = work.next_number(PauseRecord, "line1")
    work.append(put(pause(number)))
    return number

async def produce(database):
    while True:
        print(await database.write(numbered), flush=True)

async def main():
    database = open_database(
        sys.argv[1], plant="Plant 1", clock=SteppingClock(), recording=RECORDING
    )
    await asyncio.gather(*(produce(database) for _ in range(8)))

asyncio.run(main())
"""


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    rng = Random(9)
    acknowledged: set[int] = set()
    for _ in range(4):
        acknowledged |= numbers_of_a_killed_writer(url, rng.randrange(1, 120))
        with open_database(
            url, plant="Plant 1", clock=SteppingClock(), recording=RECORDING
        ) as database:
            found = database.read_now(lambda reader: reader.find(PauseRecord))
            size = database.read_now(lambda reader: reader.head()).size
        numbers = {record.number for record in found}
        assert acknowledged <= numbers
        assert numbers == set(range(1, size + 1))


def numbers_of_a_killed_writer(url: str, after: int) -> set[int]:
    """Start a writer, kill it after so many answers, and return all that it gave."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(after)]
    process.kill()
    lines += process.stdout.read().split("\n")
    process.wait(DEADLINE_S)
    process.stdout.close()
    return {int(line) for line in lines if line.endswith("\n") or line.isdigit()}
