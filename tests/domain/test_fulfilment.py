import pytest

from redrabbit.domain.fulfilment import NotCounted, why_not_counted
from redrabbit.domain.grade import Grade


@pytest.mark.parametrize("grade", [None, *Grade])
@pytest.mark.parametrize("demanded", [None, *Grade])
def test_another_program_never_counts(grade: Grade | None, demanded: Grade | None) -> None:
    """D33."""
    why = why_not_counted(in_production=False, all_told=True, grade=grade, demanded=demanded)
    assert why is NotCounted.OTHER_PROGRAM


@pytest.mark.parametrize("grade", [None, *Grade])
def test_what_was_to_be_told_and_was_not_counts_for_nothing(grade: Grade | None) -> None:
    """D33: nobody knows of which variant the device was verified."""
    why = why_not_counted(in_production=True, all_told=False, grade=grade, demanded=None)
    assert why is NotCounted.NOT_TOLD


@pytest.mark.parametrize("grade", Grade)
@pytest.mark.parametrize("demanded", Grade)
def test_a_grade_counts_from_the_demanded_one_up(grade: Grade, demanded: Grade) -> None:
    """D28: A is the best."""
    why = why_not_counted(in_production=True, all_told=True, grade=grade, demanded=demanded)
    letters = "ABCDE"
    enough = letters.index(grade) <= letters.index(demanded)
    assert why is (None if enough else NotCounted.GRADE_TOO_LOW)


@pytest.mark.parametrize(("grade", "demanded"), [(None, Grade.A), (Grade.E, None), (None, None)])
def test_nothing_is_demanded_by_itself(grade: Grade | None, demanded: Grade | None) -> None:
    assert (
        why_not_counted(in_production=True, all_told=True, grade=grade, demanded=demanded) is None
    )
