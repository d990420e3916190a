"""What a count makes due: each so many parts since the last good check, never early, never twice (D34, D57)."""

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import RunId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.parts_due import counted_from, due_from, passed_before, reached

RUN = RunId("line1-R-1")


def count(made: int, epoch: int = 1) -> PartCount:
    return PartCount(value=made, made=made, epoch=epoch, fell_from=None)


@given(
    parts=st.integers(2, 40),
    begun=st.integers(0, 1_000),
    steps=st.lists(st.integers(0, 90), max_size=20),
)
def test_it_is_due_where_somebody_who_counts_each_part_says_so(
    parts: int, begun: int, steps: list[int]
) -> None:
    since, asked, made, each_part = counted_from(RUN, count(begun)), 0, begun, 0
    for step in steps:
        wanted = None
        for _ in range(step):
            each_part += 1
            if each_part % parts == 0:
                wanted = each_part
        made += step
        assert (made >= due_from(parts, since, asked)) is (wanted is not None)
        found = reached(parts, since, asked, count(made), unseen=False)
        assert found == wanted
        asked = found if found is not None else asked


def test_what_nobody_counted_may_be_the_next_number_and_is_asked_for_once() -> None:
    since = counted_from(RUN, count(1_000))
    assert reached(50, since, 0, count(1_010, epoch=2), unseen=True) == 50
    assert reached(50, since, 50, count(1_049, epoch=3), unseen=True) is None
    assert reached(50, since, 50, count(1_050, epoch=3), unseen=True) == 100
    assert not since.is_exact(count(1_010, epoch=2))


def test_what_was_passed_before_the_adoption_is_not_owed() -> None:
    since = counted_from(RUN, count(1_000))
    asked = passed_before(50, since, count(1_160))
    assert (asked, due_from(50, since, asked)) == (150, 1_200)


def test_a_count_that_is_behind_makes_nothing_due() -> None:
    assert counted_from(RUN, count(1_000)).made_since(count(990)) == 0
