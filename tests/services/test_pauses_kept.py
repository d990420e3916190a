"""What pauses do to obligations on record, and to what readers say before it is recorded (D9, D56, L7)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import OccurrencePostponed
from redrabbit.domain.occurrence import status
from redrabbit.domain.pauses import pauses_after, undecided
from redrabbit.domain.records import CheckRecord, OccurrenceRecord, PauseRecord
from redrabbit.domain.schedule import EveryInterval
from redrabbit.services import planning, scheduling
from redrabbit.services.overdue import lapsed_checks, overdue_occurrences
from redrabbit.services.queries.checks import check_page
from redrabbit.services.queries.coverage import coverage_now
from redrabbit.services.queries.device_overview import device_overviews
from redrabbit.services.queries.due import due_page
from redrabbit.web.api.plant import check_model
from tests.plants import BEGIN, LINE, Bench, a_check, a_plant
from tests.services.test_custody import ANNA

MINUTE = timedelta(minutes=1)
EVERY, GRACE, OPEN_FOR = timedelta(hours=2), timedelta(minutes=20), timedelta(minutes=45)


def a_bench() -> Bench:
    check = a_check(
        schedule=EveryInterval(interval_s=EVERY.total_seconds()),
        opens_before=timedelta(minutes=15),
        grace=GRACE,
        closes_after=OPEN_FOR,
    )
    return Bench(a_plant(check))


class Line:
    """One check of a line, and the people who pause it."""

    def __init__(self) -> None:
        self.bench = a_bench()

    @property
    def now(self) -> datetime:
        return self.bench.clock.now()

    def wait(self, minutes: int) -> None:
        self.bench.pass_time(minutes * 60)

    def look(self) -> None:
        self.bench.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def pause(self, begins: int, length: int) -> PauseRecord:
        begins_at = self.now + begins * MINUTE
        return self.bench.write(
            lambda uow: planning.declare_pause(
                uow,
                self.bench.plant,
                line=LINE,
                begins_at=begins_at,
                ends_at=begins_at + length * MINUTE,
                reason="no orders",
                actor=ANNA,
            )
        )

    def end(self) -> None:
        """End the pause that is the last to end, where one is not over."""
        pauses = [each for each in self.pauses() if each.ends_at > self.now]
        if pauses:
            last = max(pauses, key=lambda pause: pause.ends_at)
            self.bench.write(lambda uow: planning.end_pause(uow, last.pause_id, actor=ANNA))

    def pauses(self) -> list[PauseRecord]:
        return self.bench.database.read_now(lambda reader: reader.find(PauseRecord))

    def made(self) -> list[OccurrenceRecord]:
        return self.bench.database.read_now(
            lambda reader: reader.find(OccurrenceRecord, order_by="trigger_key")
        )

    def postponed(self) -> list[dict[str, Any]]:
        entries = self.bench.database.read_now(lambda reader: reader.entries())
        return [
            dict(each.payload or {}) for each in entries if each.type == OccurrencePostponed.TYPE
        ]

    def told(self) -> tuple[list[datetime], list[datetime]]:
        """Return when what is overdue, and the last lapse of what has lapsed, was due."""
        now, plant, ask = self.now, self.bench.plant, self.bench.database.read_now
        overdue = ask(lambda reader: overdue_occurrences(reader, plant, now))
        lapsed = ask(lambda reader: lapsed_checks(reader, plant, now))
        return sorted(each.due_at for each in overdue), [each.due_at for each in lapsed]

    def said(self) -> tuple[object, ...]:
        """Return what commands and pages say now, each in its own way."""
        now, plant = self.now, self.bench.plant
        ask = self.bench.database.read_now
        page = ask(lambda reader: due_page(reader, plant, now))
        return (
            ask(lambda reader: overdue_occurrences(reader, plant, now)),
            ask(lambda reader: lapsed_checks(reader, plant, now)),
            sorted((row.occurrence or "", row.due_at) for row in page.overdue),
            sorted((row.occurrence or "", row.due_at, str(row.window)) for row in page.due),
            sorted((row.occurrence or "", row.due_at) for row in page.lapsed),
            sorted((row.occurrence or "", row.due_at, row.pause) for row in page.excused),
            ask(
                lambda reader: sorted(
                    (each.occurrence_id, status(each, now), each.due_at, each.closes_at)
                    for each in undecided(reader, now)
                    if each.outcome is None and status(each, now).value != "lapsed"
                )
            ),
        )


def test_what_is_next_is_told_as_the_pauses_to_come_have_it() -> None:
    """Pages and programs said a due time at which nobody will be asked."""
    line = Line()
    line.pause(110, 30)  # from 1:50 to 2:20: what is due at 2:00 is due at its end
    line.pause(230, 120)  # from 3:50 to 5:50: what is due at 4:00 is excused
    plant, now = line.bench.plant, line.now
    (check,) = plant.plan.checks

    def asked(reader: Any) -> tuple[Sequence[datetime | None], ...]:
        (known,) = reader.find(CheckRecord)
        page = due_page(reader, plant, now)
        pauses = pauses_after(reader, now)
        return (
            [row.due_at for row in page.coming],
            [each.due_at for each in check_page(reader, plant, check.id, now).next_due][:2],
            [
                each.standing.next_due_at
                for each in device_overviews(reader, plant, {}, now)
                if each.device.id == check.device
            ],
            check_model(plant, check, known, (), pauses=pauses, now=now).next_due[:2],
            [each.due_at for each in coverage_now(reader, plant, now).rows][:1],
        )

    ends, after = BEGIN + 140 * MINUTE, BEGIN + 3 * EVERY
    on_page, of_check, of_device, by_program, covered = line.bench.database.read_now(asked)
    assert on_page == [ends]
    assert of_check == [ends, after]
    assert of_device == [ends]
    assert by_program == [ends, after]
    assert covered == [ends]
    page = line.bench.database.read_now(lambda reader: due_page(reader, plant, now))
    assert page.coming[0].postponed is not None
    assert page.coming[0].pause is not None


def by_hand(due_at: datetime, pauses: list[PauseRecord], now: datetime) -> tuple[str, datetime]:
    """Return how a check with this first due time stands, and when it is due: walking minute by minute."""

    def is_on(minute: datetime) -> bool:
        return any(pause.begins_at <= minute < pause.ends_at for pause in pauses)

    walked = due_at
    while is_on(walked):
        walked += MINUTE
    closes_at = due_at + OPEN_FOR
    if walked >= closes_at:
        return ("excused", due_at) if now >= closes_at else ("waits", walked)
    closes_at = max(closes_at, walked + GRACE) if walked > due_at else closes_at
    if now >= closes_at:
        return "lapsed", walked
    if now >= walked + GRACE:
        return "overdue", walked
    return ("due" if now >= walked else "waits"), walked


STEPS = st.lists(
    st.one_of(
        st.integers(1, 90).map(lambda minutes: ("wait", minutes)),
        st.just(("look",)),
        st.tuples(st.just("pause"), st.integers(0, 100), st.integers(1, 200)),
        st.just(("end",)),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whoever_looks_and_whenever_each_check_stands_as_its_times_and_pauses_say(
    steps: list[tuple[Any, ...]],
) -> None:
    line = Line()
    for step, *values in steps:
        getattr(line, step)(*values)
        due = [BEGIN + n * EVERY for n in range(1, 60) if BEGIN + n * EVERY <= line.now]
        stand = [by_hand(each, line.pauses(), line.now) for each in due]
        overdue, lapsed = line.told()
        assert overdue == sorted(due_at for word, due_at in stand if word == "overdue")
        last = max((due_at for word, due_at in stand if word == "lapsed"), default=None)
        assert lapsed == ([] if last is None else [last])
    before = line.said()[:2]
    line.look()
    after = line.said()
    assert after[:2] == before, "it was said before it was recorded"
    line.look()
    assert line.said() == after
    for each in line.made():
        first = each.first_due_at or each.due_at
        stands, due_at = by_hand(first, line.pauses(), line.now)
        if stands in {"excused", "lapsed"}:
            assert (each.outcome, each.due_at) == (stands, due_at)
        else:
            assert each.outcome is None
            if first <= line.now:
                assert due_at == each.due_at or due_at > line.now
    types = Counter(
        str((entry.payload or {})["occurrence_id"])
        for entry in line.bench.database.read_now(lambda reader: reader.entries())
        if entry.type == "occurrence_decided"
    )
    assert set(types.values()) <= {1}, "L7"
    assert len(line.made()) == sum(
        1 for n in range(1, 60) if BEGIN + n * EVERY - timedelta(minutes=15) <= line.now
    )


def test_a_short_pause_over_the_due_time_asks_for_the_check_at_its_end() -> None:
    """B19: ten minutes of a pause excused eight hours."""
    line = Line()
    line.wait(115)
    pause = line.pause(0, 10)
    line.wait(5)
    line.look()
    (told,) = line.postponed()
    assert told["pause_id"] == pause.pause_id
    (due,) = line.made()
    assert (due.due_at, due.first_due_at) == (BEGIN + 125 * MINUTE, BEGIN + EVERY)
    assert due.moved_by_pause == pause.pause_id
    line.wait(30)
    line.look()
    (due,) = line.made()
    assert due.overdue_told
    line.wait(60)
    line.look()
    assert [each.outcome for each in line.made()][:1] == ["lapsed"]


def test_a_pause_that_is_ended_early_asks_for_the_check_then() -> None:
    """M7: the excuse stayed for the whole shift."""
    line = Line()
    line.wait(110)
    line.pause(0, 490)
    line.wait(10)
    line.look()
    line.wait(15)
    line.end()
    line.look()
    (due,) = line.made()
    assert (due.outcome, due.due_at) == (None, BEGIN + 135 * MINUTE)
    assert len(line.postponed()) == 2


def test_a_pause_over_the_whole_window_excuses_at_its_close() -> None:
    line = Line()
    line.wait(110)
    pause = line.pause(0, 100)
    line.wait(54)
    line.look()
    assert [each.outcome for each in line.made()] == [None]
    line.wait(1)
    line.look()
    (due,) = line.made()
    assert (due.outcome, due.reason_code, due.pause_id) == ("excused", "pause", pause.pause_id)
    assert due.decided_at == due.closes_at == BEGIN + EVERY + OPEN_FOR


@pytest.mark.parametrize("looked", [False, True])
def test_a_pause_that_is_prolonged_by_another_moves_it_on(looked: bool) -> None:
    line = Line()
    line.wait(115)
    line.pause(0, 15)
    line.wait(10)
    if looked:
        line.look()
    second = line.pause(0, 20)
    line.wait(10)
    line.look()
    (due,) = line.made()
    assert (due.due_at, due.moved_by_pause) == (BEGIN + 145 * MINUTE, second.pause_id)
    rows = line.bench.database.read_now(lambda reader: due_page(reader, line.bench.plant, line.now))
    (row,) = rows.due
    assert row.postponed is not None
    assert row.postponed.code == "postponed.because"
    assert row.pause == second.pause_id
