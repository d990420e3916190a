"""One message for many: told once each, in order, and by itself where there is nobody to be told with (B21)."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.ledger import instant_text
from redrabbit.services.gathering import IN_TIME, send_or_gather, together
from redrabbit.services.ports import OutgoingMessage, UnitOfWork
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, a_memory_database, a_plant
from tests.services.test_catching_up import ALL, TARGETS


def lapsed(
    number: int, minutes: int, line: str = "line1", event: str = "lapsed"
) -> OutgoingMessage:
    payload: dict[str, object] = {
        "event": event,
        "raised_at": instant_text(BEGIN - timedelta(minutes=minutes)),
        "alarm_id": f"{line}-A-{number}",
        "line": line,
        "station": "op20",
        "device": "op20-torque",
        "names": {"line": {"en": "Line", "zh": "线"}},
        "occurrence_id": f"{line}-O-{number}",
        "part_id": None,
    }
    return OutgoingMessage(event=event, key=f"alarm-{line}-A-{number}", payload=payload)


def of_one(message: OutgoingMessage) -> dict[str, Any]:
    names = ("alarm_id", "raised_at", "line", "station", "device", "occurrence_id")
    return {name: message.payload[name] for name in names}


def test_a_message_about_many_says_how_many_on_which_lines_and_the_first_and_the_last() -> None:
    first, second, third = lapsed(1, 90), lapsed(2, 120), lapsed(1, 60, "line2")
    two = together(first, second)
    assert (two.key, two.payload["alarm_id"], two.payload["line"]) == (
        first.key,
        "line1-A-1",
        "line1",
    )
    assert [two.payload[name] for name in ("station", "device", "names", "occurrence_id")] == [
        None
    ] * 4
    three = together(two, third)
    assert three.payload["line"] is None
    assert three.payload["together"] == {
        "count": 3,
        "first": of_one(second),
        "last": of_one(third),
        "lines": {"line1": 2, "line2": 1},
        "page": "/due",
    }


@pytest.mark.parametrize(
    ("event", "late", "is_held"),
    [
        ("lapsed", timedelta(0), False),
        ("lapsed", IN_TIME - timedelta(seconds=1), False),
        ("lapsed", IN_TIME, True),
        ("overdue", timedelta(days=1), True),
        ("missed", timedelta(days=1), False),
        ("escape", timedelta(days=1), False),
    ],
)
def test_only_what_lapsed_or_got_overdue_and_is_told_late_is_gathered(
    event: str, late: timedelta, is_held: bool
) -> None:
    clock = VirtualClock(BEGIN)
    database = a_memory_database(a_plant(targets=TARGETS), clock)
    message = lapsed(1, 0, event=event)

    def tells(uow: UnitOfWork) -> OutgoingMessage | None:
        send_or_gather(uow, message, uow.now - late)
        return uow.held(event)

    assert database.write_now(tells) == (message if is_held else None)
    sent = database.read_now(lambda reader: reader.waiting_deliveries(ALL, 10))
    assert len(sent) == (0 if is_held else 1)
