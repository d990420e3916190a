"""Keeps up to when each person has seen what happened (decision 0071)."""

from datetime import datetime

from redrabbit.domain.last_look import LastLook
from redrabbit.services.ports import Reader, UnitOfWork


def note_looked(uow: UnitOfWork, person_id: str, until: datetime) -> None:
    """Note that a person has seen what happened before an instant: no later one than now, and never less than they had."""
    until = min(until, uow.now)
    known = uow.row(LastLook, person_id)
    looked = LastLook(person_id=person_id, seen_until=until) if known is None else known.seen(until)
    uow.keep_row(looked)


def seen_until(reader: Reader, person_id: str) -> datetime | None:
    """Return up to when a person has seen what happened; None where they never said."""
    known = reader.row(LastLook, person_id)
    return known.seen_until if known is not None else None
