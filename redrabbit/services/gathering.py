"""One message for many: what a catch-up tells is gathered, and told once to each receiver (B21, decision 0035).

Each check that lapsed has its own alarm, in the ledger and on the pages. Who comes back after a year would get as many
messages; so what is told late is gathered by its kind, over as many transactions as the catch-up takes, and sent
when that is done: one message with how many, and the first and the last of them. What is told in time is sent at
once, by itself; so is one that has nobody to be gathered with.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.services.ports import OutgoingMessage, UnitOfWork

IN_TIME: Final = timedelta(minutes=1)
"""So long after it happened something is told as it happens."""
GATHERED: Final = frozenset({AlarmKind.LAPSED.value, AlarmKind.OVERDUE.value})
"""What a catch-up tells much of."""
PAGE: Final = "/due"
"""Where it is shown."""
_OF_ONE: Final = ("alarm_id", "raised_at", "line", "station", "device", "occurrence_id")


def send_or_gather(uow: UnitOfWork, message: OutgoingMessage, at: datetime) -> None:
    """Send the message about what happened at `at`; gather it, if it comes late."""
    if not is_gathered(message.event, uow.now - at):
        uow.send(message)
        return
    held = uow.held(message.event)
    uow.hold(message if held is None else together(held, message))


def is_gathered(event: str, late: timedelta) -> bool:
    """Tell whether what is told so late is told together with others of its kind."""
    return event in GATHERED and late >= IN_TIME


def together(held: OutgoingMessage, more: OutgoingMessage) -> OutgoingMessage:
    """Return the message about all that is held and one more; its key stays that of the first.

    What is said of one place is null: it is about many. So is the line, unless it is the only one.
    """
    told, one = held.payload, _of_one(more.payload)
    before: Any = told.get("together") or _alone(told)
    lines = dict(before["lines"])
    lines[one["line"]] = lines.get(one["line"], 0) + 1
    after = {
        "count": before["count"] + 1,
        "first": min(before["first"], one, key=_raised_at),
        "last": max(before["last"], one, key=_raised_at),
        "lines": lines,
        "page": PAGE,
    }
    about_many: dict[str, object] = dict.fromkeys(("names", "station", "device", "occurrence_id"))
    line = one["line"] if len(lines) == 1 else None
    return replace(held, payload=told | about_many | {"line": line, "together": after})


def _alone(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    one = _of_one(payload)
    return {"count": 1, "first": one, "last": one, "lines": {one["line"]: 1}}


def _of_one(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: payload[name] for name in _OF_ONE}


def _raised_at(one: Mapping[str, Any]) -> str:
    """Instants as the ledger writes them sort as texts."""
    return str(one["raised_at"])
