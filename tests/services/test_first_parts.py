"""Checks that a shift's first part makes due, beside the truth of each part that was made (D42)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.signals import Resets
from tests.plants import LINE
from tests.services.test_parts_due import Line

FIRST = "before the first part of each shift"
MINUTE, HOUR = 60.0, 3600.0


class Shifts(Line):
    """The bench with shifts at 06:00, 14:00 and 22:00; it begins at 05:50. Its counter is never reset."""

    def __init__(self, schedule: str = FIRST) -> None:
        super().__init__(schedule, Resets.NEVER)

    def to(self, hour: float, day: int = 2) -> None:
        """Wait until half a second after a time of day; it is read all the time, at least around that time."""
        at = datetime(2026, 3, day, tzinfo=self.clock.now().tzinfo) + timedelta(hours=hour)
        left = (at - self.clock.now()).total_seconds()
        assert left > 1
        self.make(0, gap=left - 0.5)
        self.make(0)
        self.make(0)

    @property
    def ends(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (o.trigger_key.removeprefix("production:"), o.outcome, o.reason_code) for o in self.made
        ]


def test_it_is_due_with_the_first_part_of_the_shift_and_once() -> None:
    line = Shifts()
    line.to(6)
    assert line.made == []
    line.make(1)
    (due,) = line.made
    assert (due.trigger_key, due.due_at) == ("production:2026-03-02:early", line.clock.now())
    assert due.grace_ends_at - due.due_at == timedelta(minutes=20)
    line.make(5)
    line.to(14)
    line.make(1)
    assert [key for key, *_ in line.ends] == ["2026-03-02:early", "2026-03-02:late"]


def test_made_before_the_first_part_it_is_passed_when_that_comes() -> None:
    line = Shifts()
    line.to(6)
    line.check()
    assert line.made == []
    line.make(1)
    (due,) = line.made
    assert (due.outcome, due.run_id, due.decided_at) == (
        "passed",
        f"{LINE}-R-1",
        line.clock.now(),
    )


@pytest.mark.parametrize("good", [True, False])
def test_a_check_of_the_shift_before_proves_nothing_of_this_one(good: bool) -> None:
    line = Shifts()
    line.to(6)
    if good:
        line.check()
        line.to(14)
    else:
        line.check(good=False)
    line.make(1)
    assert line.made[-1].outcome is None


def test_a_shift_whose_counter_did_not_move_is_proved_to_have_made_nothing() -> None:
    line = Shifts()
    line.to(6)
    line.to(14)
    assert line.ends == [("2026-03-02:early", "excused", "not_producing")]
    (due,) = line.made
    assert (due.due_at, due.decided_at) == (datetime.fromisoformat("2026-03-02T14:00:00Z"),) * 2


def test_over_a_stop_of_the_service_the_counter_still_proves_it() -> None:
    line = Shifts()
    line.to(6)
    line.away(0, 9 * HOUR)
    assert line.ends == [("2026-03-02:early", "excused", "not_producing")]


def test_what_was_made_while_nobody_watched_leaves_the_shift_owed_at_its_end() -> None:
    """It may have been of the shift before or after: nobody knows, and nobody is excused."""
    line = Shifts()
    line.to(6)
    line.away(4, 9 * HOUR)
    assert [key for key, *_ in line.ends] == ["2026-03-02:early"]
    line.look()
    assert line.ends == [("2026-03-02:early", "lapsed", "not_watching")]


def test_within_some_minutes_of_running_it_is_due_after_them_and_open_from_the_first_part() -> None:
    line = Shifts("within 30 min of running except late")
    line.to(6)
    line.make(1)
    (due,) = line.made
    now = line.clock.now()
    assert (due.opens_at, due.due_at) == (now, now + timedelta(minutes=30))
    line.check()
    assert [each.outcome for each in line.made] == ["passed"]
    line.to(14)
    line.make(1)
    assert len(line.made) == 1  # the late shift is left out
    line.to(22)
    assert len(line.made) == 1


def test_nothing_is_owed_of_a_shift_from_before_the_check_was_adopted() -> None:
    line = Shifts("every shift start")
    line.to(6)
    line.make(1)
    line.revise(FIRST, Resets.NEVER)
    line.make(0)
    assert [o for o in line.made if o.trigger_key.startswith("production:")] == []
    line.make(1)  # the first one that is seen under this plan
    assert line.ends[-1] == ("2026-03-02:early", None, None)


# Parts, looks, stops and checks in any order, beside the truth -----------------------------------------------------


@dataclass
class Truth:
    """What was made and read, without any of the product's code."""

    adopted: datetime
    parts: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Between which readings."""
    checks: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    """Good checks: when each began and ended, and its run."""


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.sampled_from([0, 1, 2])),
        st.tuples(st.just("blind"), st.sampled_from([0, 0, 1])),
        st.tuples(st.just("down"), st.sampled_from([0, 0, 1])),
        st.tuples(st.just("edge"), st.sampled_from([0, 0, 1, 2])),
        st.tuples(st.just("edge"), st.just(0)),
        st.tuples(st.just("good"), st.just(0)),
        st.tuples(st.just("bad"), st.just(0)),
    ),
    max_size=16,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
@example(steps=[("edge", 0), ("down", 0), ("edge", 0), ("good", 0), ("make", 1), ("edge", 0)])
@example(steps=[("edge", 0), ("good", 0), ("down", 1), ("blind", 0), ("edge", 1), ("edge", 0)])
def test_each_shift_has_its_one_end_and_none_is_excused_that_made_a_part(
    steps: list[tuple[str, int]],
) -> None:
    line, runs = Shifts(), 0
    truth = Truth(line.clock.now())
    for kind, parts in steps:
        before = line.clock.now()
        match kind:
            case "make":
                line.make(parts)
                _counted(truth, before, line.clock.now(), parts)
            case "blind":
                line.make(parts, gap=2.5 * HOUR)
                _counted(truth, before, line.clock.now(), parts)
            case "down":
                line.away(parts, 3 * HOUR)
                _counted(truth, before, line.clock.now(), parts)
            case "edge":
                _over_the_edge(line, truth, parts)
            case _:
                runs += 1
                line.check(good=kind == "good")
                if kind == "good":
                    truth.checks.append((before, line.clock.now(), f"{LINE}-R-{runs}"))
    line.look()
    _is_right(line, truth)


def _over_the_edge(line: Shifts, truth: Truth, parts: int) -> None:
    """Go to the next beginning of a shift, read before and after it as each poll does."""
    now = line.clock.now()
    begin = now.replace(hour=6, minute=0, second=0, microsecond=0)
    while begin - now < timedelta(seconds=2):
        begin += timedelta(hours=8)
    line.make(0, gap=(begin - now).total_seconds() - 0.25)
    across = parts > 1
    if not across:
        line.make(0)
    before = line.clock.now()
    line.make(parts)
    _counted(truth, before, line.clock.now(), parts)


def _counted(truth: Truth, before: datetime, at: datetime, parts: int) -> None:
    if parts:
        truth.parts.append((before, at))


def _is_right(line: Shifts, truth: Truth) -> None:
    now, ends = line.clock.now(), {}
    for each in line.made:
        key = each.trigger_key.removeprefix("production:")
        assert key not in ends
        ends[key] = each
    begin = datetime(2026, 3, 1, 22, tzinfo=now.tzinfo)
    wanted = 0
    while begin <= now:
        end = begin + timedelta(hours=8)
        name = {6: "early", 14: "late", 22: "night"}[begin.hour]
        found = ends.get(f"{begin.date()}:{name}")
        sure = [at for since, at in truth.parts if since >= begin and at < end]
        maybe = [at for since, at in truth.parts if since < end and at > begin]
        assert found is None or sure or begin > truth.adopted  # nothing from before
        if (end <= now and begin > truth.adopted) or sure:
            assert found is not None
        if found is not None:
            wanted += 1
            _has_its_end(found, begin, end, sure, maybe, truth)
        begin = end
    assert wanted == len(ends)


def _has_its_end(  # noqa: PLR0917  because it is all that is known of one shift
    found: OccurrenceRecord,
    begin: datetime,
    end: datetime,
    sure: list[datetime],
    maybe: list[datetime],
    truth: Truth,
) -> None:
    if found.outcome == "excused":
        assert not maybe
        assert found.reason_code == "not_producing"
        return
    assert maybe  # what surely made nothing owes nothing
    assert found.due_at == (sure[0] if sure else end)
    earlier = [
        run
        for began, ended, run in truth.checks
        if began >= begin - timedelta(minutes=15) and ended <= found.due_at
    ]
    if found.outcome == "passed":
        assert found.run_id in {run for *_, run in truth.checks}
        assert earlier or (found.decided_at is not None and found.decided_at > found.due_at)
    elif earlier:
        raise AssertionError(f"{found.trigger_key} was made before: {earlier}")
