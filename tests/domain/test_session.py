"""For how long a browser is a person's."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import How
from redrabbit.domain.session import (
    ABSOLUTE,
    IDLE,
    MOST_AGENT_CHARACTERS,
    NOTED_EVERY,
    SET_BACK,
    Session,
    begun,
)

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def session(now: datetime = NOW, agent: str = "Firefox") -> Session:
    return begun("d" * 64, "p-1", How.PASSWORD, now=now, address="10.0.0.7", agent=agent)


def test_a_session_lives_thirty_minutes_without_a_request() -> None:
    one = session()
    assert one.ends_at() == NOW + IDLE
    assert one.is_live(NOW + IDLE - SECOND)
    assert not one.is_live(NOW + IDLE)


def test_a_session_lives_twelve_hours_however_much_is_asked() -> None:
    one, now = session(), NOW
    while now < NOW + ABSOLUTE:
        assert one.is_live(now)
        one, now = one.seen(now), now + timedelta(minutes=20)
    assert not one.is_live(now)
    assert one.ends_at() == NOW + ABSOLUTE


def test_that_it_was_used_is_noted_at_most_once_a_minute() -> None:
    one = session()
    assert one.seen(NOW + NOTED_EVERY - SECOND) is one
    assert one.seen(NOW + NOTED_EVERY).seen_at == NOW + NOTED_EVERY


def test_a_session_that_was_ended_stays_so() -> None:
    ended = session().ended(NOW + SECOND)
    assert not ended.is_live(NOW + SECOND)
    assert ended.ended(NOW + timedelta(hours=1)) is ended


def test_a_clock_that_was_set_back_ends_sessions_of_the_time_to_come() -> None:
    one = session()
    assert one.is_live(NOW - SET_BACK + SECOND)
    assert not one.is_live(NOW - SET_BACK)
    assert one.seen(NOW - SECOND).seen_at == NOW - SECOND


@given(st.lists(st.timedeltas(timedelta(0), timedelta(minutes=40)), max_size=60))
def test_whatever_is_asked_it_ends_within_its_limits(pauses: list[timedelta]) -> None:
    one, now, last = session(), NOW, NOW
    for pause in pauses:
        now += pause
        if one.is_live(now):
            assert now - last < IDLE + NOTED_EVERY
            assert now - NOW < ABSOLUTE
            one, last = one.seen(now), now


def test_its_id_is_no_secret_and_its_agent_is_bounded() -> None:
    one = session(agent="x" * 5000)
    assert (one.id, len(one.agent)) == ("d" * 16, MOST_AGENT_CHARACTERS)
