"""The list of scheduled checks and its month: each day's worst end, and whole lists or none (B34)."""

from datetime import date

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.services.queries.verifications import (
    CheckFilter,
    checks_page,
    month_of,
    whole_list,
)
from tests.showcase_story import Showcase

NOVEMBER = CheckFilter(from_date=date(2026, 11, 1), to_date=date(2026, 11, 30))


def test_a_month_has_each_line_and_each_scheduled_check_once(showcase: Showcase) -> None:
    now = showcase.clock.now()
    page = showcase.ask(lambda r: checks_page(r, showcase.plant, NOVEMBER, now))
    every = showcase.ask(lambda r: r.find(OccurrenceRecord))
    assert [each.line for each in page.calendar] == [line.id for line in showcase.plant.lines]
    cells = [cell for line in page.calendar for week in line.weeks for cell in week if cell]
    assert len(cells) == 30 * len(page.calendar)
    assert sum(n for cell in cells for _, n in cell.counts) == len(every) == page.total
    worst = {cell.worst[0] for cell in cells if cell.worst}
    assert End.LAPSED in worst
    assert {cell.day for cell in cells if cell.is_today} == {date(2026, 11, 23)}
    assert page.last_month == (date(2026, 10, 1), date(2026, 10, 31))
    assert page.next_month == (date(2026, 12, 1), date(2026, 12, 31))


def test_a_month_begins_on_its_weekday() -> None:
    assert month_of(date(2024, 2, 9)) == (date(2024, 2, 1), date(2024, 2, 29))


def test_a_whole_list_is_never_cut(showcase: Showcase) -> None:
    now = showcase.clock.now()
    every = showcase.ask(lambda r: r.find(OccurrenceRecord))
    found = showcase.ask(lambda r: whole_list(r, showcase.plant, NOVEMBER, now, len(every)))
    assert {row.occurrence for row in found.rows} == {each.occurrence_id for each in every}
    special = {str(check.id): check.special_characteristic for check in showcase.plant.plan.checks}
    assert {special[row.check] for row in found.rows} > {None}
    assert all(row.special_now == special[row.check] for row in found.rows)
    assert found.total == len(found.rows) == len(every)
    with pytest.raises(Refusal) as refused:
        showcase.ask(lambda r: whole_list(r, showcase.plant, NOVEMBER, now, len(every) - 1))
    assert refused.value.code == "too_many_rows"
