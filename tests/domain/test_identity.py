import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    AGENT,
    Actor,
    Identified,
    containment_label,
    is_of_the_software,
    run_label,
)


def test_numbers_are_labelled_as_people_say_them() -> None:
    assert run_label(20871) == "R-20871"
    assert containment_label(31) == "C-31"


def test_a_person_is_recorded_as_stated_not_as_authenticated() -> None:
    """D19: until sign-in exists, whoever names themselves is not authenticated."""
    anna = Actor.stated("anna")

    assert (anna.name, anna.identified) == ("anna", Identified.STATED)


def test_the_software_is_never_taken_for_a_person() -> None:
    assert AGENT.identified is Identified.SYSTEM
    for name in ("agent", "Scheduler", " CONFIGURATION ", "\uff41\uff47\uff45\uff4e\uff54"):
        with pytest.raises(Refusal) as refused:
            Actor.stated(name)
        assert refused.value.code == "operator_name_reserved"
    assert is_of_the_software(AGENT.name)
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
        Actor.stated(name)
    assert refused.value.code == code


def test_a_name_is_recorded_in_its_one_form() -> None:
    assert Actor.stated(" Ange\u0301la  \u3000Li ").name == "Angéla Li"
