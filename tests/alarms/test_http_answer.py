"""What an answer means: taken, not now, never (D48; RFC 9110, 15 and 10.2.3)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.http_answer import (
    LONGEST_RETRY_AFTER_S,
    Answer,
    refuse_unless_taken,
    retry_after_s,
)

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def failure_of(
    status: int, *, retry_after: str | None = None, body: bytes = b"", shown: bool = True
) -> DeliveryFailed | None:
    answer = Answer(status=status, retry_after=retry_after, body=body)
    try:
        refuse_unless_taken(answer, NOW, shown=shown)
    except DeliveryFailed as failure:
        return failure
    return None


def test_only_2xx_takes_a_message_and_only_4xx_that_do_not_speak_of_the_moment_refuse_it() -> None:
    for status in range(100, 600):
        failure = failure_of(status)
        if 200 <= status < 300:
            assert failure is None
            continue
        of_the_moment = status in {408, 425, 429}
        assert isinstance(failure, DeliveryRefused) is (400 <= status < 500 and not of_the_moment)
        assert str(failure).startswith(f"answered {status}")


@pytest.mark.parametrize(
    ("said", "expected_s"),
    [
        (None, 0.0),
        ("", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("9" * 5000, LONGEST_RETRY_AFTER_S),
        ("٣", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=9), usegmt=True), 0.0),
        ("Mon, 02 Mar 2026 06:01:00 -0000", 60.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER_S),
        ("Mon, 02 Mar 99999 06:01:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 06:01:00 +9999", 0.0),
    ],
)
def test_a_receiver_is_left_alone_as_long_as_it_asks_but_never_for_ever(
    said: str | None, expected_s: float
) -> None:
    assert retry_after_s(said, NOW) == expected_s
    failure = failure_of(503, retry_after=said)
    assert failure is not None
    assert failure.retry_after_s == expected_s


@given(st.text())
def test_whatever_stands_there_is_a_bounded_time(said: str) -> None:
    assert 0.0 <= retry_after_s(said, NOW) <= LONGEST_RETRY_AFTER_S


def test_a_refusal_tells_the_beginning_of_what_was_said_and_hides_what_looks_like_a_secret() -> (
    None
):
    failure = failure_of(400, body=b'{"detail": "no field\n line\x1b[8m", "token": "zQ-S3cret"}')
    assert str(failure) == (
        r'answered 400 Bad Request: {"detail": "no field line\x1b[8m", "token": (removed)}'
    )
    long = failure_of(422, body=b"x" * 5000)
    assert str(long).endswith("xxx…")
    assert len(str(long)) < 250


def test_a_receiver_that_was_sent_a_secret_may_repeat_it_and_nothing_of_that_is_kept() -> None:
    failure = failure_of(400, body=b"you sent zQ-S3cret", shown=False)
    assert str(failure) == "answered 400 Bad Request"


def test_a_status_without_a_name_is_told_by_its_number() -> None:
    assert str(failure_of(599)) == "answered 599"
