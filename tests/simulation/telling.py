"""Telling simulated shifts with every checker looking on, one seed or many."""

import gc
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from simulators.line import What
from tests.simulation.checkers import Inspector
from tests.simulation.people import FEWEST_RUNS
from tests.simulation.product import signer
from tests.simulation.shift import SimulatedShift
from tests.simulation.story import told_by

A_THOUSAND = 1000
"""So many shifts a long sweep tells."""


def tell(seed: int, *, revised_at: float | None = None) -> Counter[str]:
    """Tell one shift and return what came of it; an error names the seed and how to replay it."""
    shift = SimulatedShift(seed, revised_at=revised_at)
    inspector = Inspector(shift, signer().verifier)
    looked_at = 0

    def look(told: SimulatedShift) -> None:
        nonlocal looked_at
        if len(told.product.commits) > looked_at:
            new = told.product.commits[looked_at:]
            looked_at += len(new)
            inspector.look(new)

    try:
        shift.run(look)
        inspector.conclude()
    except Exception as error:
        error.add_note(f"seed {seed}; replay: {replay(seed)}")
        raise
    return came_of(shift, inspector)


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave garbage for later: an eighth of the time would go into looking for it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.collect()


def replay(seed: int) -> str:
    """Return the command that tells the same shift again."""
    return f"REDRABBIT_SEED={seed} pytest tests/simulation/test_simulated_shifts.py"


def came_of(shift: SimulatedShift, inspector: Inspector) -> Counter[str]:
    """Return what happened and what was compared, as words with counts."""
    story = inspector.story
    found = Counter(f"checked {what}" for what in inspector.seen().elements())
    found.update(f"verdict {judged.verdict}" for judged in story.judged)
    found.update(f"judged at {judged.station}" for judged in story.judged)
    found.update(f"why {judged.why}" for judged in story.judged if judged.why)
    found.update(f"why {why}" for r in story.runs.values() for _, why in r.verdicts.values() if why)
    found.update(f"run {run.outcome}" for run in story.runs.values())
    found.update(f"fault {fault.kind.value}" for fault in shift.all_faults)
    found.update(f"device {fact.note}" for fact in shift.world.truth if fact.what is What.BEHAVIOUR)
    found.update(
        f"occurrence {told_by(entry)['outcome']}"
        for each in story.decided.values()
        for entry in each
    )
    found.update(f"alarm {told_by(entry)['kind']}" for _, entry in story.alarms)
    found.update(f"refused {code}" for code in shift.people.refusals.elements())
    found["told that nothing is recorded"] += shift.people.not_recorded
    found.update({"shifts": 1, "runs": len(story.runs)})
    found["with too few runs"] += len(story.runs) < FEWEST_RUNS
    found["without a fault"] += not shift.all_faults
    return found


def seeds(chunk: int, chunks: int, told: range) -> Iterable[int]:
    """Return the seeds of one of so many chunks of these, or the one that the environment names."""
    wanted = os.environ.get("REDRABBIT_SEED")
    if wanted is not None:
        return [int(wanted)] if chunk == 0 else []
    return told[chunk::chunks]


def shifts(usually: int) -> int:
    """Return how many shifts are told in all: as the environment says, else as many as usual."""
    return int(os.environ.get("REDRABBIT_SHIFTS", usually))
