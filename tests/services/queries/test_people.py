"""Who did something: by the name of then while it is kept, and never without how that is known (B35, K3.5, D51)."""

from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.base.messages import Message
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.fact import json_of
from redrabbit.domain.facts.person import EarlierName
from redrabbit.domain.identity import AGENT, CONFIGURATION, SCHEDULER, Actor, How
from redrabbit.services.queries.people import Names, kept_name, name_now, name_then, person
from redrabbit.services.queries.wording import message
from tests.domain import people

ANNA = StatedName(name="Anna Li", salt=b"s" * 16)
NAMES = Names(stated={ANNA.id: ANNA})
LI = StatedName(name="Li Na", salt=b"l" * 16)
WANG = StatedName(name="Wang Na", salt=b"w" * 16)
CHANGED_AT, CHANGED_IN = datetime(2026, 3, 2, tzinfo=UTC), 50
LATER = timedelta(days=9)
LI_NA = people.person(
    7,
    name=ANNA.id,
    earlier_names=json_of(
        (
            EarlierName(name=LI.id, until_entry=CHANGED_IN, until_at=CHANGED_AT),
            EarlierName(name=WANG.id, until_entry=90, until_at=CHANGED_AT + LATER),
        )
    ),
)
MARRIED = Names(
    stated={each.id: each for each in (ANNA, LI, WANG)}, people={LI_NA.person_id: LI_NA}
)
A_MOMENT = timedelta(microseconds=1)


def test_a_kept_name_is_shown_and_said_to_be_not_verified() -> None:
    anna = person(NAMES, ANNA.id, How.STATED, 3)
    assert (anna.name, anna.is_verified) == ("Anna Li", False)
    assert anna.in_sentence == message("person.not_verified", name="Anna Li")


def test_an_erased_name_is_said_to_be_erased() -> None:
    erased = person(Names(), ANNA.id, How.STATED, 3)
    assert erased.name == message("person.erased")
    assert erased.in_sentence == message("person.not_verified", name=message("person.erased"))
    assert name_now(Names(), ANNA.id) == ANNA.id


def test_a_name_of_schema_1_is_its_own_id() -> None:
    assert person(NAMES, "badge 2207", How.STATED, 3).name == "badge 2207"


@pytest.mark.parametrize("software", [AGENT, SCHEDULER, CONFIGURATION])
def test_the_software_is_said_in_words_and_needs_no_verification(software: Actor) -> None:
    found = person(NAMES, software.id, software.how, 3)
    assert isinstance(found.name, Message)
    assert found.name.code == f"person.{software.id}"
    assert found.in_sentence == found.name


def test_nobody_is_none_and_an_unknown_way_is_not_verified() -> None:
    assert person(NAMES, None, None, None) is None
    assert not person(NAMES, "Anna", None, None).is_verified


@pytest.mark.parametrize(
    ("when", "name"),
    [
        (0, "Li Na"),
        (CHANGED_IN - 1, "Li Na"),
        (CHANGED_IN, "Wang Na"),
        (89, "Wang Na"),
        (90, "Anna Li"),
        (CHANGED_AT - A_MOMENT, "Li Na"),
        (CHANGED_AT, "Wang Na"),
        (CHANGED_AT + LATER, "Anna Li"),
        (None, "Anna Li"),
    ],
)
def test_a_registered_person_is_named_as_they_were_called_then(
    when: int | datetime | None, name: str
) -> None:
    """B35: from the entry on that tells another name, and not before."""
    assert person(MARRIED, LI_NA.person_id, How.BADGE, when).name == name
    assert name_then(MARRIED, LI_NA.person_id, when) == name
    assert name_now(MARRIED, LI_NA.person_id) == "Anna Li"


def test_a_name_of_then_that_was_erased_is_not_replaced_by_todays() -> None:
    """D51: their number stays."""
    erased = Names(stated={ANNA.id: ANNA}, people=MARRIED.people)
    assert name_then(erased, LI_NA.person_id, 0) == LI_NA.person_id
    assert name_then(erased, LI_NA.person_id, 90) == "Anna Li"


def test_a_kept_name_or_the_id_itself() -> None:
    assert (kept_name(NAMES.stated, ANNA.id), kept_name({}, ANNA.id)) == ("Anna Li", ANNA.id)
