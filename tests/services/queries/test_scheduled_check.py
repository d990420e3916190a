"""The page of one scheduled check says how it ended and who was told."""

import pytest

from redrabbit.domain.identity import OccurrenceId
from redrabbit.services.queries.scheduled_check import scheduled_check_page
from redrabbit.services.queries.scheduled_checks import End
from tests.showcase_story import OCCURRENCES, Showcase


def test_a_lapse_has_its_alarms_and_may_be_explained(showcase: Showcase) -> None:
    now, lapsed = showcase.clock.now(), OccurrenceId(OCCURRENCES["lapsed"][0])
    page = showcase.ask(lambda r: scheduled_check_page(r, showcase.plant, lapsed, now))
    assert page.row.end is End.LAPSED
    assert page.may_be_explained
    assert page.reasons == ()
    assert {alarm.kind for alarm in page.alarms} == {"overdue", "lapsed"}


def test_what_passed_needs_no_reason_and_names_its_verification(showcase: Showcase) -> None:
    now, passed = showcase.clock.now(), OccurrenceId(OCCURRENCES["passed"][0])
    page = showcase.ask(lambda r: scheduled_check_page(r, showcase.plant, passed, now))
    assert page.row.end is End.PASSED
    assert not page.may_be_explained
    assert page.row.run is not None


def test_there_is_no_page_of_one_that_never_was(showcase: Showcase) -> None:
    with pytest.raises(KeyError):
        showcase.ask(
            lambda r: scheduled_check_page(
                r, showcase.plant, OccurrenceId("line9-O-9"), showcase.clock.now()
            )
        )
