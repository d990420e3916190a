"""Of which variant and nest a station's parts are known to be (D34)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.made_of import MOST_KNOWN, MadeOf, credited, known_of_others, unknown_of

LEFT_1 = MadeOf(variant="left", nest="1", made=4)
RIGHT_2 = MadeOf(variant="right", nest="2", made=6)
BOTH = (LEFT_1, RIGHT_2)


@pytest.mark.parametrize(
    ("variant", "nest", "is_other"),
    [
        ("left", "1", False),
        ("left", None, False),
        (None, "1", False),
        (None, None, False),
        ("right", None, True),
        ("left", "2", True),
        (None, "2", True),
    ],
)
def test_what_is_not_told_may_be_any(variant: str | None, nest: str | None, is_other: bool) -> None:
    assert LEFT_1.is_other_than(variant, nest) is is_other


def test_a_station_that_tells_no_nest_has_one() -> None:
    assert not MadeOf(variant="left", nest=None, made=1).is_other_than("left", "3")


def test_parts_are_credited_to_what_they_are_known_to_be_of() -> None:
    assert credited(BOTH, "right", "2", 3) == (LEFT_1, MadeOf(variant="right", nest="2", made=9))
    assert credited(BOTH, "left", None, 1)[2] == MadeOf(variant="left", nest=None, made=1)
    assert credited(BOTH, None, None, 3) == BOTH
    assert credited(BOTH, "left", "1", 0) == BOTH


def test_words_without_end_are_no_variants() -> None:
    known = tuple(MadeOf(variant=str(n), nest=None, made=1) for n in range(MOST_KNOWN))
    assert credited(known, "one more", None, 5) == known
    assert credited(known, "0", None, 5)[0].made == 6


def test_a_window_holds_all_but_what_is_known_to_be_of_others() -> None:
    since, until = (LEFT_1,), (MadeOf(variant="left", nest="1", made=9), RIGHT_2)
    assert known_of_others(since, until, "left", "1") == 6
    assert known_of_others(since, until, None, None) == 0
    assert unknown_of(since, until, 20, "left", "1") == 9
    assert unknown_of(since, until, 20, None, None) == 0
    assert unknown_of(since, until, 20, "front", None) == 9


of = st.tuples(st.sampled_from(["l", "r"]), st.sampled_from(["1", "2", "3"]))


@given(made=st.lists(st.tuples(of, st.booleans()), max_size=40), begin=st.integers(0, 40), asked=of)
def test_a_window_is_never_too_short(
    made: list[tuple[tuple[str, str], bool]], begin: int, asked: tuple[str, str]
) -> None:
    """Each part is known to be of what it is, or is not known at all."""
    known: tuple[MadeOf, ...] = ()
    counts = [known]
    for (variant, nest), is_known in made:
        known = credited(known, variant, nest, 1) if is_known else known
        counts.append(known)
    since = counts[min(begin, len(made))]
    in_window = made[min(begin, len(made)) :]
    quantity = len(in_window) - known_of_others(since, known, *asked)
    truth = sum(pair == asked for pair, _ in in_window)
    unknown = sum(not is_known for _, is_known in in_window)
    assert quantity == truth + sum(p != asked and not k for p, k in in_window)
    assert unknown_of(since, known, len(in_window), *asked) == unknown
