"""Up to when somebody has seen what happened: it only goes ahead."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.last_look import LastLook

INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(st.lists(INSTANTS, min_size=1, max_size=5))
def test_in_whatever_order_pages_are_told_to_be_seen_the_latest_counts(
    seen: list[datetime],
) -> None:
    look = LastLook(person_id="p-0001", seen_until=seen[0])
    for until in seen[1:]:
        look = look.seen(until)
    assert look == LastLook(person_id="p-0001", seen_until=max(seen))
