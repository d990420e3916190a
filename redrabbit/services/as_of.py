"""A command that is carried out later than what it is about: obligations up to an instant, a plan from that instant on."""

from datetime import datetime, timedelta
from typing import Any, Final, cast

from redrabbit.services.ports import UnitOfWork

A_MOMENT: Final = timedelta(microseconds=1)
"""The finest step of time that is recorded: what is due before an instant is due a moment before it, or earlier."""


class _AsOf:
    def __init__(self, uow: UnitOfWork, at: datetime) -> None:
        self._uow = uow
        self.now = at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)


def recorded_at(uow: UnitOfWork) -> datetime:
    """Return the instant at which a command is recorded, whatever instant it is carried out as of."""
    return recorded_at(uow._uow) if isinstance(uow, _AsOf) else uow.now  # noqa: SLF001  its own class


def as_of(uow: UnitOfWork, at: datetime) -> UnitOfWork:
    """Return the same unit of work as if it were `at`: what is recorded through it happened then, and is recorded now."""
    return cast("UnitOfWork", _AsOf(uow, at))
