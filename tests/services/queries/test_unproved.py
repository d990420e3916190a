"""What is said of parts that were made while nothing proved their device."""

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.unproved import UnprovedParts, UnprovedWhy
from redrabbit.services.queries.unproved import unproved_shown
from tests.builders import at


@pytest.mark.parametrize(
    ("parts", "at_least", "said"),
    [
        (41, False, ["41 parts made while overdue"]),
        (1, True, ["At least 1 part made while overdue"]),
        (0, True, []),
        (None, True, ["An unknown number of parts made while overdue"]),
    ],
)
def test_it_is_said_how_many_and_how_far_that_can_be_trusted(
    parts: int | None, at_least: bool, said: list[str]
) -> None:
    made = UnprovedParts(why=UnprovedWhy.OVERDUE, since=at(0), parts=parts, at_least=at_least)
    assert [catalogue("en").render(each) for each in unproved_shown([made])] == said


@pytest.mark.parametrize("why", UnprovedWhy)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_reason_has_its_words(why: UnprovedWhy, language: str) -> None:
    made = UnprovedParts(why=why, since=at(0), parts=41, at_least=True)
    (shown,) = unproved_shown([made])
    assert "41" in catalogue(language).render(shown)
