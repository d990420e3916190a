"""Which case a miss belongs to: the one that it opened, or the open one of the same that it moved (L4, D5, D36)."""

from dataclasses import dataclass

import pytest

from redrabbit.domain.identity import RunId
from redrabbit.domain.misses import case_of, is_of, may_hold, misses_of
from redrabbit.domain.records import ContainmentRecord
from tests.domain.facts.test_containment import CONTAINMENT
from tests.domain.folded import RUN
from tests.domain.test_consequences import Known
from tests.domain.test_good_checks import MISSED, Line


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm about a miss."""

    run_id: RunId | None
    line: str | None = "line1"
    device: str | None = "op20-torque"
    part_id: str | None = "RR-0001"
    raised_entry: int = 1000


class Cases(Line):
    """A line with the cases of what was missed on it."""

    def __init__(self) -> None:
        super().__init__()
        self.cases = 0

    def miss(self, nest: str | None = None, *, opens: bool = True) -> Alarm:
        missed = self.verify("front", nest, **MISSED)
        if opens:
            self.cases += 1
            about = {
                "containment_id": f"line1-C-{self.cases}",
                "run_id": missed.run_id,
                "device": missed.device,
                "failure_mode": missed.failure_mode,
                "variant": missed.variant,
                "nest": missed.nest,
            }
            self.ledger.say("containment_opened", 100 * self.runs, **(CONTAINMENT | about))
        return Alarm(missed.run_id, raised_entry=self.entries(), part_id=missed.part_id)

    def entries(self) -> int:
        """Return the index of an entry that comes now."""
        other = RUN | {"run_id": f"line1-R-{9000 + self.runs}"}
        return self.ledger.say("run_started", 100 * self.runs + 50, **other).index

    def case(self, number: int) -> ContainmentRecord:
        return self.ledger.the(ContainmentRecord, f"line1-C-{number}")

    def of(self, alarm: Alarm) -> str | None:
        found = case_of(Known(self.ledger), alarm)
        return found.containment_id if found is not None else None

    def held(self, number: int, alarm: Alarm) -> bool:
        return may_hold(self.case(number), alarm, misses_of(Known(self.ledger), alarm))


def test_a_miss_belongs_to_the_case_that_it_opened_or_moved() -> None:
    line = Cases()
    left, right = line.miss("left"), line.miss("right")
    again = line.miss("left", opens=False)
    assert [line.of(alarm) for alarm in (left, right, again)] == [
        "line1-C-1",
        "line1-C-2",
        "line1-C-1",
    ]
    assert [line.held(1, alarm) for alarm in (left, right, again)] == [True, False, True]
    assert [line.held(2, alarm) for alarm in (left, right, again)] == [False, True, False]


def test_a_case_that_was_opened_later_is_of_a_later_miss() -> None:
    line = Cases()
    first = line.miss("left")
    line.miss("left")
    assert (line.held(1, first), line.held(2, first)) == (True, False)


@pytest.mark.parametrize("changes", [{"device": "op30"}, {"line": "line2"}])
def test_another_device_s_case_is_none(changes: dict[str, str]) -> None:
    line = Cases()
    alarm = line.miss("left")
    other = Alarm(alarm.run_id, **changes)  # type: ignore[arg-type]  # names of its fields
    assert not line.held(1, other)


def test_of_a_miss_of_which_nothing_is_kept_each_case_of_the_device_may_be() -> None:
    line = Cases()
    alarm = line.miss("left")
    for run in (None, RunId("line1-R-77")):
        erased = Alarm(run, raised_entry=alarm.raised_entry)
        assert misses_of(Known(line.ledger), erased) == []
        assert line.held(1, erased)
        assert line.of(erased) is None


def test_a_case_is_of_what_was_missed_only() -> None:
    line = Cases()
    alarm = line.miss("left")
    (missed,) = misses_of(Known(line.ledger), alarm)
    assert is_of(line.case(1), missed)
    assert not is_of(line.case(1), line.verify("front", "right", **MISSED))
