from redrabbit.domain.identity import (
    AGENT,
    Actor,
    Identified,
    containment_label,
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
    assert Actor.stated("agent") != AGENT
