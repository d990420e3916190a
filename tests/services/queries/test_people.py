"""Who did something: by name while it is kept, and never without how that is known (K3.5, D51)."""

import pytest

from redrabbit.base.messages import Message
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.identity import AGENT, CONFIGURATION, SCHEDULER, Actor, How
from redrabbit.services.queries.people import name_of, person
from redrabbit.services.queries.wording import message

ANNA = StatedName(name="Anna Li", salt=b"s" * 16)
NAMES = {ANNA.id: ANNA}


def test_a_kept_name_is_shown_and_said_to_be_not_verified() -> None:
    anna = person(NAMES, ANNA.id, How.STATED)
    assert (anna.name, anna.is_verified) == ("Anna Li", False)
    assert anna.in_sentence == message("person.not_verified", name="Anna Li")


def test_an_erased_name_is_said_to_be_erased() -> None:
    erased = person({}, ANNA.id, How.STATED)
    assert erased.name == message("person.erased")
    assert erased.in_sentence == message("person.not_verified", name=message("person.erased"))
    assert name_of({}, ANNA.id) == ANNA.id


def test_a_name_of_schema_1_is_its_own_id() -> None:
    assert person(NAMES, "badge 2207", How.STATED).name == "badge 2207"


@pytest.mark.parametrize("software", [AGENT, SCHEDULER, CONFIGURATION])
def test_the_software_is_said_in_words_and_needs_no_verification(software: Actor) -> None:
    found = person(NAMES, software.id, software.how)
    assert isinstance(found.name, Message)
    assert found.name.code == f"person.{software.id}"
    assert found.in_sentence == found.name


def test_nobody_is_none_and_an_unknown_way_is_not_verified() -> None:
    assert person(NAMES, None, None) is None
    assert not person(NAMES, "Anna", None).is_verified
