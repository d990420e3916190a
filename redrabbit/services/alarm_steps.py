"""When the first message about an alarm is due, and who is told in the very transaction that raises it (B21, R10).

Receivers that no step of the plant's rules names are told at once, as ever. Whom steps name is told by them only, a
moment later, by `redrabbit.services.escalating`; what no rule takes is told at once to all who want it.
"""

from datetime import datetime
from typing import Final, NamedTuple

from redrabbit.domain.alarm_groups import silence_over
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRaised
from redrabbit.domain.facts.silence import SilenceRecord
from redrabbit.domain.record_query import RecordReader, Where
from redrabbit.services.gathering import is_gathered
from redrabbit.services.ports import UnitOfWork


class Telling(NamedTuple):
    """Who is told at once of an alarm that is raised, and when its first step is due."""

    first_at: datetime | None
    """None: it has no steps."""
    held_for: str | None
    """The silence for which nobody is told until then."""
    is_told: bool
    """Whether anybody is told at once."""
    to: tuple[str, ...] | None
    """Exactly whom; None: whoever wants its kind."""
    without: frozenset[str]
    """Whom steps tell."""


AT_ONCE: Final = Telling(first_at=None, held_for=None, is_told=True, to=None, without=frozenset())


def telling_of(uow: UnitOfWork, alarm: AlarmRaised, at: datetime) -> Telling:
    """Return how an alarm that is raised now, and happened at `at`, is told."""
    if alarm.kind is AlarmKind.TEST:
        assert alarm.receiver is not None  # noqa: S101  a test is of a receiver
        return AT_ONCE._replace(to=(alarm.receiver,))
    silence = silence_over(alarm, silences_now(uow, uow.now), uow.now)
    if silence is not None:
        return AT_ONCE._replace(
            first_at=silence.ends_at, held_for=silence.silence_id, is_told=False
        )
    rules = uow.escalation
    rule = rules.rule_for(alarm.kind, alarm.line, at)
    if rule is not None:
        return AT_ONCE._replace(first_at=rules.first_at(rule, at), without=rules.named)
    if rules.named and is_gathered(alarm.kind, uow.now - at):
        return AT_ONCE._replace(first_at=uow.now, without=rules.named)
    return AT_ONCE


def silences_now(reader: RecordReader, now: datetime) -> list[SilenceRecord]:
    """Return the silences that are not over."""
    return reader.find(SilenceRecord, Where("ends_at", ">", now), order_by="ends_at")
