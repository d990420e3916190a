"""A thousand simulated shifts, and the checkers find nothing; each law is named in `checkers`.

The short run tells the first half, in which everything is seen that is awaited; `-m slow` tells the rest.

REDRABBIT_SHIFTS=10000 pytest tests/simulation    more of them
REDRABBIT_SEED=17 pytest tests/simulation/test_simulated_shifts.py    the one that failed
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from redrabbit.domain.facts.suspect_window import WindowMove
from redrabbit.domain.run_words import Verdict, Why
from simulators.device import Behaviour
from simulators.faults import FaultKind
from tests.simulation.busy_plant import configured
from tests.simulation.shift import SimulatedShift
from tests.simulation.telling import A_THOUSAND, seeds, shifts, tell, uncollected

pytestmark = pytest.mark.simulation

CHUNKS = 40
ENOUGH_FOR_ALL = 500
"""So many shifts show everything that can happen."""
AWAITED = frozenset(
    {
        *(f"verdict {verdict.value}" for verdict in Verdict),
        *(f"why {why.value}" for why in Why),
        *(f"fault {kind.value}" for kind in FaultKind),
        *(f"device {behaviour.value}" for behaviour in Behaviour),
        *(f"judged at {station.id}" for station in configured()[0].stations),
        *(f"run {outcome}" for outcome in ("passed", "failed", "inconclusive", "aborted")),
        *(f"occurrence {outcome}" for outcome in ("passed", "failed", "lapsed", "excused")),
        *(
            f"alarm {kind}"
            for kind in ("missed", "overdue", "lapsed", "escape", "not_returned", "clock_step")
        ),
        *(
            f"refused {code}"
            for code in (
                "part_expired",
                "part_unreleased",
                "part_worn_out",
                "verdict_open",
                "wrong_part",
            )
        ),
        *(
            f"checked {what}"
            for what in ("L1", "L2", "L4 missed", "L4 reverified", "L5", "L5 escape", "L6")
        ),
        "told that nothing is recorded",
        "checked D28 A",
        "checked D30 learnt",
        "checked D30 confirmed",
        "checked D28 B",
        "checked D29 by nest",
        "checked D29 by pallet",
        "checked D29 healthy, and missed",
        "checked D29 held",
        "checked D29 held, and another by hand",
        "checked D33 prevented",
        "checked D33 detected beside a blind nest",
        "checked D33 missed in one nest",
        "checked D33 missed by a cycle that started",
        "checked D33 accepted by silence",
        "checked D33 missed by a lamp that stayed off",
        "checked D33 another program",
        "checked D33 production's program",
        "checked D35 closed",
        "checked D4 again without a verdict",
        "checked L3 missed by acceptance",
        "checked L3 missed by silence",
        "checked L3 undisturbed",
        "checked L5 not back in time",
        "checked D32 run of a device that is read",
        "checked D32 device lost",
        "checked R12 frozen",
        "checked R12 lapsed, and frozen",
        "checked R12 down",
        "checked R12 lapsed, and down",
        "checked R12 not done",
        "checked L5 part_handed_over",
        "checked L5 part_handed_back",
        *(f"checked D34 {what}" for what in ("opened", "stopped", "exact", "proved again")),
        *(f"checked D34 {why.value}" for why in set(WindowMove) - {WindowMove.RUNNING_AGAIN}),
    }
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "simulated"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_simulated_shift_breaks_a_law(chunk: int, shared: Path) -> None:
    """L1 to L8 and L10; the chunk that ends last sees that everything was seen in their sum."""
    seen: Counter[str] = Counter()
    with uncollected():
        for seed in seeds(chunk, CHUNKS, range(shifts(ENOUGH_FOR_ALL))):
            seen += tell(seed)
    (shared / f".{chunk}").write_text(json.dumps(seen), encoding="utf-8")
    (shared / f".{chunk}").rename(shared / f"{chunk}.json")
    told = sorted(shared.glob("*.json"))
    if len(told) == CHUNKS:
        _must_show_everything(sum(map(_counted, told), Counter()))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_simulated_shift_of_the_long_sweep_breaks_a_law(chunk: int) -> None:
    """What came of five thousand stands in docs/figures.md."""
    told = Counter[str]()
    with uncollected():
        for seed in seeds(chunk, CHUNKS, range(ENOUGH_FOR_ALL, A_THOUSAND)):
            told += tell(seed)
    assert told["runs"] > 0 or "REDRABBIT_SEED" in os.environ


@pytest.mark.parametrize("seed", range(9))
def test_no_law_is_broken_where_the_plan_is_revised_in_mid_shift(seed: int) -> None:
    """D52: other schedules and rules, taken over while runs are under way."""
    seen = tell(seed, revised_at=(seed + 1) / 10)
    assert seen["checked L7 passed"] + seen["checked L7 lapsed"] + seen["checked L7 failed"]


def test_the_same_seed_tells_the_same_shift_again() -> None:
    roots = []
    for _ in range(2):
        shift = SimulatedShift(7)
        shift.run()
        roots.append(shift.ask(lambda reader: reader.head().root))

    assert roots[0] == roots[1]


def _counted(file: Path) -> Counter[str]:
    return Counter(json.loads(file.read_text(encoding="utf-8")))


def _must_show_everything(seen: Counter[str]) -> None:
    if seen["shifts"] < ENOUGH_FOR_ALL:
        return
    assert seen["shifts"] == shifts(ENOUGH_FOR_ALL)
    assert not AWAITED - set(seen), f"never seen: {sorted(AWAITED - set(seen))}"
    assert not seen["with too few runs"]
    assert not seen["without a fault"]
