"""What a receiver's answer means: taken, not now, never; and when it wants to be asked again.

A refusal of the class 4xx will be the same next time, but for 408, 425 and 429, which speak of the
moment. A redirect is followed nowhere: only the plant file names receivers.

Source: RFC 9110, 15 (status codes) and 10.2.3 (Retry-After); RFC 6585, 4 (429); RFC 8470, 5.2 (425).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.base.printable import visible
from redrabbit.base.redaction import masked

OF_THE_MOMENT: Final = frozenset({408, 425, 429})
LONGEST_RETRY_AFTER_S: Final = 900.0
"""Whatever a receiver asks for: an alarm that waits longer than a quarter of an hour is none."""
MOST_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A receiver's answer, as far as it was read."""

    status: int
    retry_after: str | None
    body: bytes


def refuse_unless_taken(answer: Answer, now: datetime, *, shown: bool) -> None:
    """Raise DeliveryFailed or DeliveryRefused unless the answer says that the message was taken.

    `shown`: whether the receiver's own words are kept. Where it was sent a secret, they aren't: it
    may repeat what it was sent.
    """
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    said = _said(answer, shown=shown)
    client_error = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if client_error and answer.status not in OF_THE_MOMENT:
        raise DeliveryRefused(said)
    raise DeliveryFailed(said, retry_after_s=retry_after_s(answer.retry_after, now))


def retry_after_s(said: str | None, now: datetime) -> float:
    """Return how long a receiver wants to be left alone; 0 where it says nothing that is understood."""
    if said is None:
        return 0.0
    text = said.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER_S)


def _said(answer: Answer, *, shown: bool) -> str:
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    words = " ".join(masked(answer.body.decode(errors="replace")).split()) if shown else ""
    words = visible(words)
    if len(words) > MOST_SHOWN_CHARACTERS:
        words = f"{words[:MOST_SHOWN_CHARACTERS]}…"
    return f"answered {answer.status}{phrase}{': ' if words else ''}{words}"
