"""Who keeps checkpoints, which each has, and who has had none for too long (D62)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.deliveries import CheckpointsSent
from redrabbit.services.queries.checkpoint_keepers import (
    LATE_AFTER,
    CheckpointKeeper,
    checkpoint_keepers,
)
from tests.plants import BEGIN, Bench, a_plant

ARCHIVE = NotificationTarget(name="archive", kind=TargetKind.MQTT, alarms=False, checkpoints=True)
ANDON = NotificationTarget(name="andon", kind=TargetKind.MQTT)
SENT = CheckpointsSent(receiver="archive", since=BEGIN - timedelta(days=90))
SECOND = timedelta(seconds=1)


def keeper(sent: CheckpointsSent | None) -> CheckpointKeeper:
    bench = Bench(a_plant(targets=(ANDON, ARCHIVE)))
    if sent is not None:
        bench.write(lambda uow: uow.keep_checkpoints_sent(sent))
        other = replace(sent, receiver="was-removed")
        bench.write(lambda uow: uow.keep_checkpoints_sent(other))
    found = bench.database.read_now(lambda reader: checkpoint_keepers(reader, bench.plant, BEGIN))
    assert list(found) == ["archive"], "only those that the plant file names, and that want them"
    return found["archive"]


def test_a_receiver_that_the_service_has_not_come_to_is_not_late() -> None:
    found = keeper(None)
    assert (found.since, found.size, found.is_late, found.age(BEGIN)) == (None, None, False, None)


@pytest.mark.parametrize(("more", "is_late"), [(timedelta(0), False), (SECOND, True)])
def test_who_has_had_none_for_more_than_two_days_is_late(more: timedelta, *, is_late: bool) -> None:
    age = LATE_AFTER + more
    never = keeper(replace(SENT, since=BEGIN - age, said="connection refused"))
    assert (never.is_late, never.age(BEGIN), never.said) == (is_late, age, "connection refused")
    last = keeper(replace(SENT, size=7, delivered_at=BEGIN - age))
    assert (last.is_late, last.age(BEGIN), last.size) == (is_late, age, 7)
