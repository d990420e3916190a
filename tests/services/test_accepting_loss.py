"""What was owed in a time whose records are lost lapses for that reason, and is nobody's omission (D62, R12)."""

from dataclasses import replace

from redrabbit.domain.facts.plant import HistoryLost, NotWatchedRecord, NotWatchedWhy
from redrabbit.domain.identity import Actor
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.accepting_loss import accept_loss
from redrabbit.services.ports import UnitOfWork, Where
from simulators.virtual_clock import VirtualClock
from tests.plants import BEGIN, Bench, a_check, a_memory_database, a_plant

ANNA = Actor.stated("Anna")
LOST = HistoryLost(size=900, root="00" * 32, found_size=2, found_root="11" * 32)


def loss(uow: UnitOfWork) -> None:
    accept_loss(uow, LOST, ANNA)


def test_what_was_owed_in_the_lost_time_is_said_to_be_lost() -> None:
    """It was told *nobody watched*, though the service did, and people may have verified."""
    bench = Bench(a_plant(a_check()))
    kept_until = bench.clock.now()
    bench.pass_time(26 * 3600)
    lost_until = bench.clock.now()
    bench.database.write_now(loss)
    bench.pass_time(26 * 3600)
    bench.restart()
    lapsed = bench.database.read_now(
        lambda reader: reader.find(OccurrenceRecord, Where("outcome", "=", "lapsed"))
    )
    told = {(one.due_at <= lost_until, one.reason_code) for one in lapsed}
    assert told == {(True, "history_lost"), (False, "not_watching")}
    holes = bench.database.read_now(lambda reader: reader.find(NotWatchedRecord))
    (hole,) = (each for each in holes if each.why is not NotWatchedWhy.DOWN)
    assert (hole.begins_at, hole.ends_at, hole.why) == (
        kept_until,
        lost_until,
        NotWatchedWhy.HISTORY_LOST,
    )


def test_no_time_is_lost_where_nothing_was_left_or_the_clock_stands_where_it_stood() -> None:
    clock = VirtualClock(BEGIN)
    database = a_memory_database(a_plant(), clock)
    for _ in range(2):
        database.write_now(loss)
    assert not database.read_now(lambda reader: reader.find(NotWatchedRecord))


def test_where_the_ledger_went_on_after_the_loss_its_last_entry_does_not_say_what_time_is_lost() -> (
    None
):
    """The stop before a loss was accepted was told as lost, though all of it was there."""
    bench = Bench(a_plant(a_check()))
    bench.pass_time(26 * 3600)
    went_on = replace(LOST, found_size=LOST.size + 50)
    bench.database.write_now(lambda uow: accept_loss(uow, went_on, ANNA))
    bench.restart()
    holes = bench.database.read_now(lambda reader: reader.find(NotWatchedRecord))
    assert NotWatchedWhy.HISTORY_LOST not in {hole.why for hole in holes}
