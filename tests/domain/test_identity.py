"""Ids of people and of what is numbered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    AGENT,
    CONFIGURATION,
    SCHEDULER,
    Actor,
    How,
    Letter,
    PlantLetter,
    is_a_person,
    is_of_the_software,
    number_in_plant,
    number_of,
    numbered,
    numbered_in_plant,
    numbered_in_schema_1,
    person_name,
    read_id,
)

STREAMS = st.sampled_from(["line1", "plant", "L-R-1", "line-R-2-R", "\u4e00\u7ebf"])
LETTERS = st.sampled_from(Letter)
NUMBERS = st.integers(1, 10**18 - 1)


@given(STREAMS, LETTERS, NUMBERS)
def test_an_id_is_numbered_on_its_stream(stream: str, letter: Letter, number: int) -> None:
    """D50."""
    made = numbered(stream, letter, number)
    assert made == f"{stream}-{letter.value}-{number}"
    assert read_id(made, letter) == made
    assert number_of(made) == number


@given(LETTERS, NUMBERS)
def test_an_address_of_schema_1_answers_for_ever(letter: Letter, number: int) -> None:
    """D65: a printed address, with its plain number, still finds its record."""
    old = numbered_in_schema_1(letter, number)
    assert read_id(str(number), letter) == read_id(old, letter) == old
    assert number_of(old) == number


@given(LETTERS, LETTERS, NUMBERS)
def test_an_id_of_another_kind_is_none_of_this(letter: Letter, other: Letter, number: int) -> None:
    found = read_id(numbered("line1", other, number), letter)
    assert (found is not None) is (letter is other)


@pytest.mark.parametrize(
    "text",
    ["", "0", "01", "-1", "R-0", "line1-R-01", "line 1-R-1", "R-", "line1-X-1", "9" * 19, "R-1 "],
)
def test_what_is_no_id_is_none(text: str) -> None:
    assert read_id(text, Letter.RUN) is None
    with pytest.raises(ValueError, match="is no numbered id"):
        number_of(text)


def test_a_person_is_recorded_as_stated_not_as_authenticated() -> None:
    """D19: until sign-in exists, whoever names themselves is not authenticated."""
    anna = Actor.stated("name:anna")
    assert (anna.id, anna.how, anna.station, anna.token) == (
        "name:anna",
        How.STATED,
        None,
        None,
    )


def test_only_a_stated_name_is_not_verified() -> None:
    """R47."""
    assert [how for how in How if not how.is_verified] == [How.STATED]


def test_the_software_is_never_taken_for_a_person() -> None:
    assert {actor.how for actor in (AGENT, SCHEDULER, CONFIGURATION)} == {How.SYSTEM}
    for name in (
        "agent",
        "Scheduler",
        " CONFIGURATION ",
        "\uff41\uff47\uff45\uff4e\uff54",
        "p-0042",
        "P-0042",
        "p\u20100042",
        "p - 0042",
    ):
        with pytest.raises(Refusal) as refused:
            person_name(name)
        assert refused.value.code == "operator_name_reserved"
    assert is_of_the_software(AGENT.id)
    assert not is_of_the_software("agent 7")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "operator_required"),
        (" \u3000", "operator_required"),
        ("\u200b", "text_character"),
        ("\u3164", "text_character"),
        ("\u202eanna", "text_character"),
        ("an\0na", "text_character"),
        ("x" * 61, "text_too_long"),
        ("\u0301", "text_marks"),
    ],
)
def test_a_person_has_a_name_that_others_can_read(name: str, code: str) -> None:
    """K6: an invisible person is nobody."""
    with pytest.raises(Refusal) as refused:
        person_name(name)
    assert refused.value.code == code


def test_a_name_is_recorded_in_its_one_form() -> None:
    assert person_name(" Ange\u0301la  \u3000Li ") == "Angéla Li"


@given(st.sampled_from(PlantLetter), NUMBERS)
def test_what_belongs_to_people_is_numbered_through_the_plant(
    letter: PlantLetter, number: int
) -> None:
    """D50: people stand on the stream of the plant."""
    made = numbered_in_plant(letter, number)
    assert number_in_plant(made) == number
    assert is_a_person(made) is (letter is PlantLetter.PERSON)
    assert all(read_id(made, other) is None for other in Letter)


def test_a_persons_number_has_four_digits_at_least() -> None:
    assert numbered_in_plant(PlantLetter.PERSON, 42) == "p-0042"
    assert numbered_in_plant(PlantLetter.PERSON, 12_345) == "p-12345"


@pytest.mark.parametrize(
    "text",
    ["", "p-", "p-42", "p-0000", "p-00042", "P-0042", "x-0042", "name:p-0042", "p-0042 ", "agent"],
)
def test_what_is_no_number_of_a_person_is_none(text: str) -> None:
    assert not is_a_person(text)
    with pytest.raises(ValueError, match="is no id of a person"):
        number_in_plant(text)
