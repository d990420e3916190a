"""A check's page and the master list of devices say what the plan and the records say (R01, B16)."""

from datetime import datetime
from functools import partial

import pytest

from redrabbit.domain.plant import Plant
from redrabbit.services.ports import Reader
from redrabbit.services.queries.checks import CheckPage, check_page, device_page, devices_page
from redrabbit.services.queries.schedule_shown import schedule_shown
from redrabbit.services.queries.scheduled_checks import End
from tests.showcase_story import Showcase


def _of(plant: Plant, check: str, now: datetime, reader: Reader) -> CheckPage:
    return check_page(reader, plant, check, now)


def test_a_check_has_its_words_its_next_five_and_its_history(showcase: Showcase) -> None:
    now = showcase.clock.now()
    for check in showcase.plant.plan.checks:
        page = showcase.ask(partial(_of, showcase.plant, check.id, now))
        assert [each.part for each in page.parts] == list(check.parts)
        assert page.reaction == check.reaction
        assert len(page.next_due) == 5
        dues = [each.due_at for each in page.next_due]
        assert dues == sorted(dues)
        assert dues[0] > now
        rules = schedule_shown(check.schedule)
        for each in page.next_due:
            assert each.why.rules, "each says why"
            assert all(rule in rules for rule in each.why.rules)
            assert (each.why.plan, each.why.postponed) == (None, None)
        assert sum(page.counts.values()) == len(page.beads)
        assert [each.due_at for each in page.beads] == sorted(each.due_at for each in page.beads)
        assert page.counts[End.LAPSED] == len(page.lapses)
        assert page.retired_at is None


def test_every_device_of_the_plant_is_in_the_list_with_its_checks(showcase: Showcase) -> None:
    now, views = showcase.clock.now(), showcase.service.views()
    page = showcase.ask(lambda r: devices_page(r, showcase.plant, views, now))
    devices = [device.id for station in showcase.plant.stations for device in station.devices]
    assert [row.device for row in page.rows] == devices
    listed = {check.check for row in page.rows for check in row.checks}
    assert listed == {check.id for check in showcase.plant.plan.checks}
    assert all(row.grade in "ABCDE" and row.failure_modes for row in page.rows)
    assert any(row.last_pass is not None for row in page.rows)
    one = page.rows[0]
    found = showcase.ask(lambda r: device_page(r, showcase.plant, views, one.device, now))
    assert found.row == one
    of_checks = [
        each
        for check in one.checks
        for each in showcase.ask(partial(_of, showcase.plant, check.check, now)).next_due
    ]
    assert list(found.next_due) == sorted(of_checks, key=lambda each: (each.due_at, each.check))[:5]
    assert sum(found.counts.values()) == len(found.beads)


def test_there_is_no_page_of_what_never_was(showcase: Showcase) -> None:
    now, views = showcase.clock.now(), showcase.service.views()
    with pytest.raises(KeyError):
        showcase.ask(lambda r: check_page(r, showcase.plant, "nothing", now))
    with pytest.raises(KeyError):
        showcase.ask(lambda r: device_page(r, showcase.plant, views, "nothing", now))
