"""Every entry type is folded, and an unknown one is never guessed at."""

import pytest

from redrabbit.domain import fold_plant, fold_runs
from redrabbit.domain.fold import FOLDS
from redrabbit.domain.newer import WrittenByNewer
from tests.domain.folded import FoldedLedger, a_ledger


def test_every_fold_has_its_entry_type() -> None:
    written = {
        name
        for module in (fold_plant, fold_runs)
        for name, member in vars(module).items()
        if getattr(member, "__module__", None) == module.__name__ and not name.endswith("_of")
    }
    assert written - {"noted"} == set(FOLDS) - {"clock_stepped"}


def test_an_unknown_entry_type_is_refused() -> None:
    with pytest.raises(WrittenByNewer, match="verdict_improved"):
        FoldedLedger().say("verdict_improved", run_id=1)


def test_folding_the_same_entries_again_gives_the_same_records() -> None:
    """D13: verification folds the whole ledger again."""
    assert a_ledger().records == a_ledger().records
