"""The same checkers over real sockets and SQLite: twenty seeds of a short story each."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.base.signing import load_public_key
from redrabbit.store.verification import verify_database
from tests.simulation.checkers import Inspector
from tests.simulation.real_plant import RealPlant

pytestmark = [pytest.mark.simulation, pytest.mark.timeout(150)]

AT_ONCE = 4
SEEDS = range(20)


async def told(seed: int, folder: Path) -> Counter[str]:
    """Tell one story and return what the checkers compared; an error names the seed."""
    real = RealPlant(seed, folder, SteadyClock())
    inspector: Inspector | None = None

    def look(story: RealPlant) -> None:
        nonlocal inspector
        inspector = inspector or Inspector(story, load_public_key(story.public_key))
        inspector.look(story.commits())

    try:
        await real.tell(look)
        await real.conclude()
        look(real)
        assert inspector is not None
        inspector.conclude()
    except Exception as error:
        error.add_note(f"seed {seed} over real sockets, faults {real.all_faults}")
        raise
    finally:
        real.close()
    assert real.simulated.write_attempts() == 0, "L9: something was written to a station"
    found = verify_database(real.url)
    assert found.sound, found.findings
    stood_still = sum(fault.station is None for fault in real.all_faults)
    return inspector.seen() + Counter(runs=len(inspector.story.runs), stood_still=stood_still)


@pytest.mark.parametrize("first", SEEDS[::AT_ONCE])
async def test_no_law_is_broken_over_real_sockets(first: int, tmp_path: Path) -> None:
    """L1 to L10."""
    seeds = range(first, first + AT_ONCE)

    stories = await asyncio.gather(*(told(seed, tmp_path) for seed in seeds))

    seen = sum(stories, Counter())
    assert seen["runs"] == 3 * AT_ONCE
    assert seen["L1"]
    assert seen["L3 undisturbed"] or seen["stood_still"], "nothing wrong, and nothing compared"
    assert seen["L5"]
    assert seen["L7 passed"] + seen["L7 lapsed"] + seen["L7 failed"]
