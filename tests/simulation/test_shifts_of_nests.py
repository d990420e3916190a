"""Simulated shifts of a tester whose nests go blind one by one: each has its cases, windows and proofs."""

import os
from collections import Counter

import pytest

from tests.simulation.nests import only_nests
from tests.simulation.telling import A_THOUSAND, shifts, tell, uncollected

pytestmark = pytest.mark.simulation

CHUNKS = 4
SHARE = 25
"""Beside so many shifts of all stations one of nests is told."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nests_that_go_blind_one_by_one_break_no_law(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """D34, D36: no window begins at another nest's good check, and no case ends by another nest's proof."""
    only_nests(monkeypatch)
    seen: Counter[str] = Counter()
    one = os.environ.get("REDRABBIT_SEED")
    told = (
        [int(one)]
        if one is not None
        else range(chunk, max(CHUNKS, shifts(A_THOUSAND) // SHARE), CHUNKS)
    )
    with uncollected():
        for seed in told:
            seen += tell(seed)
    if len(told) >= 3:  # so many show everything
        assert not AWAITED - set(seen), f"never seen: {sorted(AWAITED - set(seen))}"


AWAITED = {
    "checked D33 detected beside a blind nest",
    "checked D33 missed in one nest",
    "checked D34 begins in its nest",
    "checked D34 exact in its nest",
    "checked D34 surely in its nest",
    "checked D36 missed beside another nest's case",
    "checked D36 reverified in its nest",
}
