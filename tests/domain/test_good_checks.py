"""Which good check a suspect window begins at: of the same variant and nest (D34, D36)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.good_checks import PAGE, good_check_before, last_good_check, vouches_for
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import PresentationRecord
from tests.domain.folded import AT, ISSUED, RUN, VERDICT, FoldedLedger, a_ledger
from tests.domain.test_consequences import Known

BOTH = {"variant": "signal", "nest": "signal"}
Told = tuple[str | None, str | None]


class Line:
    """A ledger in which a device is verified again and again."""

    def __init__(self) -> None:
        self.ledger: FoldedLedger = a_ledger()
        self.runs = 0
        self.set_back_s = 0
        """How far the clock was set back until now."""

    def verify(
        self, variant: str | None = None, nest: str | None = None, **told: object
    ) -> PresentationRecord:
        """One verification; detected, if nothing else is said."""
        self.runs += 1
        run, now = f"line1-R-{self.runs}", 100 * self.runs - self.set_back_s
        self.ledger.say("run_started", now, **(RUN | {"run_id": run}))
        self.ledger.say("part_issued", now + 1, **(ISSUED | {"run_id": run}))
        presented = AT | {"run_id": run, "step": 0, "attempt": 1, "presented_how": "edge"}
        self.ledger.say("part_presented", now + 2, **presented, count=None)
        sources = {
            of: "signal" for of, value in {"variant": variant, "nest": nest}.items() if value
        }
        verdict = {"run_id": run, "variant": variant, "nest": nest, "sources": sources, **told}
        self.ledger.say("verdict_reached", now + 3, **(VERDICT | verdict))
        return self.ledger.the(PresentationRecord, run, 0, 1)

    def begin(self, missed: PresentationRecord, made: PartCount | None = None) -> str | None:
        """Return the run at which the window of a miss begins."""
        good = good_check_before(Known(self.ledger), missed, made)
        return good.run_id if good is not None else None


MISSED = {"verdict": "missed"}


def test_a_check_of_the_left_nest_proves_nothing_of_the_right_one() -> None:
    line = Line()
    line.verify("front", "right")
    line.verify("front", "left")
    line.verify("rear", "right")
    assert line.begin(line.verify("front", "right", **MISSED)) == "line1-R-1"
    assert line.begin(line.verify("rear", "left", **MISSED)) is None


def test_what_no_file_told_was_one_of_it() -> None:
    line = Line()
    line.verify()
    line.verify("front", None)
    assert line.begin(line.verify("front", "left", **MISSED)) == "line1-R-2"
    assert line.begin(line.verify("rear", "left", **MISSED)) == "line1-R-1"
    assert line.begin(line.verify(**MISSED)) == "line1-R-2"


def test_a_check_of_which_nobody_knows_the_nest_proves_none() -> None:
    line = Line()
    line.verify("front", "left")
    line.verify(sources=BOTH)
    assert line.begin(line.verify("front", "left", **MISSED)) == "line1-R-1"


def test_a_check_that_does_not_count_begins_no_window() -> None:
    line = Line()
    line.verify("front", "left", not_counted="not_told")
    assert line.begin(line.verify("front", "left", **MISSED)) is None


def test_an_unknown_miss_begins_at_the_earliest_of_what_each_was_proved_for_last() -> None:
    line = Line()
    line.verify("front", "left")
    line.verify("front", "right")
    line.verify("front", "left")
    assert line.begin(line.verify(**MISSED, sources=BOTH)) == "line1-R-2"


def test_an_unknown_miss_begins_with_the_records_where_something_was_made_and_never_proved() -> (
    None
):
    line = Line()
    line.verify("front", "left")
    missed = line.verify(**MISSED, sources=BOTH)
    made = PartCount(
        value=9,
        made=9,
        epoch=1,
        fell_from=None,
        known=(MadeOf(variant="front", nest="right", made=1),),
    )
    assert line.begin(missed, made) is None
    assert line.begin(missed) == "line1-R-1"
    assert Line().begin(Line().verify(**MISSED, sources=BOTH)) is None


def test_old_checks_are_found_behind_many_newer_ones() -> None:
    line = Line()
    line.verify("front", "right")
    for _ in range(PAGE + 2):
        line.verify("front", "left")
    assert line.begin(line.verify("front", "right", **MISSED)) == "line1-R-1"


def test_the_last_good_check_is_the_last_one_whatever_the_clock_said() -> None:
    """D61: a clock that was ahead and was set back makes no earlier check the last."""
    line = Line()
    line.verify("front", "left")
    line.set_back_s = 150
    line.verify("front", "left")
    last = last_good_check(Known(line.ledger), "op20-torque")
    assert last is not None
    assert last.run_id == "line1-R-2"
    assert line.begin(line.verify("front", "left", **MISSED)) == "line1-R-2"


def test_an_unknown_miss_begins_at_the_earliest_whatever_the_clock_said() -> None:
    line = Line()
    line.verify("front", "left")
    line.set_back_s = 150
    line.verify("front", "right")
    assert line.begin(line.verify(**MISSED, sources=BOTH)) == "line1-R-1"


def test_the_last_good_check_of_a_device_is_of_any_nest() -> None:
    line = Line()
    assert last_good_check(Known(line.ledger), "op20-torque") is None
    line.verify("front", "left")
    line.verify("front", "right")
    good = last_good_check(Known(line.ledger), "op20-torque")
    assert good is not None
    assert good.run_id == "line1-R-2"


@pytest.mark.parametrize(
    ("variant", "nest", "vouches"),
    [(None, None, True), ("front", None, True), ("rear", None, False), ("front", "2", False)],
)
def test_it_vouches_for_its_own(variant: str | None, nest: str | None, vouches: bool) -> None:
    good = Line().verify("front", "1")
    assert vouches_for(good, variant, nest) is vouches


told = st.tuples(st.sampled_from(["front", "rear"]), st.sampled_from(["left", "right"]))


set_back = st.sampled_from([0, 0, 0, 150, 3600])


@given(
    checks=st.lists(st.tuples(told, st.booleans(), set_back), max_size=8),
    missed=told,
    known=st.booleans(),
)
def test_between_its_begin_and_the_miss_nothing_proved_what_was_missed(
    checks: list[tuple[tuple[str, str], bool, int]], missed: tuple[str, str], known: bool
) -> None:
    """D5: a window begins at the last proof of what was missed, and never after it."""
    line = Line()
    good: list[tuple[int, tuple[str, str]]] = []
    for pair, detected, back_s in checks:
        line.set_back_s += back_s
        found = line.verify(*pair, **({} if detected else {"verdict": "inconclusive"}))
        if detected:
            good.append((int(found.run_id.rpartition("-")[2]), pair))
    miss = line.verify(*missed, **MISSED) if known else line.verify(**MISSED, sources=BOTH)
    begin = line.begin(miss)
    proofs = [n for n, pair in good if pair == missed]
    if known:
        assert begin == (f"line1-R-{proofs[-1]}" if proofs else None)
    elif begin is not None:
        number = int(begin.rpartition("-")[2])
        assert not proofs or number <= proofs[-1]
