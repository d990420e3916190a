"""How far opening is, and that it can be stopped."""

import pytest

from redrabbit.services.errors import StoreTrouble
from redrabbit.services.opening_progress import Opening, OpeningProgress, Progress


def test_progress_is_a_share_where_the_whole_is_known() -> None:
    assert Progress(step=Opening.VERIFIES, done=43, of=100).percent == 43
    assert Progress(step=Opening.VERIFIES, done=120, of=100).percent == 100
    assert Progress().percent is None


def test_each_row_that_is_passed_on_is_counted() -> None:
    progress = OpeningProgress()
    seen = [progress.now.done for _ in progress.over(Opening.VERIFIES, iter("abc"), 3)]
    assert seen == [1, 2, 3]
    assert (progress.now.step, progress.now.percent) == (Opening.VERIFIES, 100)


def test_opening_that_was_stopped_ends_at_the_next_row() -> None:
    progress = OpeningProgress()
    rows = progress.over(Opening.VERIFIES, iter("abc"), 3)
    next(rows)
    progress.stop()
    with pytest.raises(StoreTrouble, match="stopped"):
        next(rows)
