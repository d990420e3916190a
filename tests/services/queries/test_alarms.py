"""The page of alarms says what is open, who was told and what came of it, and who took it (B21, R10)."""

from datetime import timedelta

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services import planning
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import FateState, ParkedReason
from redrabbit.services.escalating import take_steps
from redrabbit.services.queries.alarms import AlarmsPage, alarms_page
from redrabbit.services.silencing import declare_silence
from tests.alarm_rules import a_rule, a_step
from tests.plants import Bench, a_plant

LI = Actor.stated("Li")
TARGETS = tuple(
    NotificationTarget(name=name, kind=TargetKind.WEBHOOK, url="http://127.0.0.1:9/")
    for name in ("andon", "anna", "bo")
)


def page(bench: Bench) -> AlarmsPage:
    return bench.database.read_now(lambda r: alarms_page(r, bench.plant, bench.clock.now()))


def a_bench() -> Bench:
    """Return a plant in which one alarm was raised, and its first step taken."""
    bench = Bench(a_plant(targets=TARGETS, rules=(a_rule(a_step(0, "anna"), a_step(9, "bo")),)))
    bench.database.write_now(
        lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now, station=None)
    )
    bench.database.write_now(take_steps)
    return bench


def test_an_open_alarm_says_who_was_told_and_what_came_of_it() -> None:
    bench = a_bench()
    bench.database.write_now(lambda uow: uow.mark_delivered(1, "andon"))
    bench.database.write_now(
        lambda uow: uow.mark_parked(2, "anna", ParkedReason.REFUSED, "answered 404")
    )
    (row,) = page(bench).open
    assert (row.event.code, row.href) == ("event.clock_step", "/ledger")
    told = [(each.step, [(one.receiver, one.state) for one in each.fates]) for each in row.told]
    assert told == [
        (0, [("andon", FateState.DELIVERED)]),
        (1, [("anna", FateState.PARKED)]),
    ]
    assert row.next_at == row.raised_at + timedelta(minutes=9)
    assert page(bench).open_ids == row.alarm


def test_what_waits_fails_or_was_given_up_is_said() -> None:
    bench = a_bench()

    def state() -> FateState:
        (row,) = page(bench).open
        return row.told[-1].fates[0].state

    assert state() is FateState.WAITING
    bench.database.write_now(lambda uow: uow.mark_failed(2, "anna", "refused", uow.now))
    assert state() is FateState.FAILING
    bench.database.write_now(lambda uow: uow.mark_parked(2, "anna", ParkedReason.REFUSED, "x"))
    (row,) = page(bench).open
    key = row.told[-1].fates[0].key
    bench.database.write_now(lambda uow: uow.settle_parked(key, "anna", again=False))
    assert state() is FateState.DROPPED


def test_a_message_that_was_forgotten_is_still_known_to_have_been_sent() -> None:
    bench = a_bench()
    for number, name in ((1, "andon"), (2, "anna")):
        bench.database.write_now(lambda uow, n=number, r=name: uow.mark_delivered(n, r))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
    later = bench.clock.now() + timedelta(days=1)
    bench.database.write_now(lambda uow: uow.forget_delivered(later, 10))
    (row,) = page(bench).open
    assert [[one.state for one in each.fates] for each in row.told] == [[FateState.FORGOTTEN]]


def test_who_took_it_is_said_and_it_is_open_no_more() -> None:
    bench = a_bench()
    (row,) = page(bench).open
    bench.database.write_now(lambda uow: planning.acknowledge(uow, row.alarm, actor=LI))
    shown = page(bench)
    assert shown.open == ()
    (taken,) = shown.taken
    assert taken.taken_by is not None
    assert taken.taken_by.name == "Li"
    assert taken.next_at is None


def test_silences_are_shown_with_author_reason_and_end() -> None:
    bench = a_bench()
    ends_at = bench.clock.now() + timedelta(hours=1)
    bench.database.write_now(
        lambda uow: declare_silence(
            uow,
            bench.plant,
            line=None,
            station=None,
            kind=AlarmKind.OVERDUE,
            ends_at=ends_at,
            reason="rebuilt",
            actor=LI,
        )
    )
    (row,) = page(bench).silences
    assert (row.reason, row.ends_at, row.by.name) == ("rebuilt", ends_at, "Li")
    assert row.kind is not None
    assert row.kind.code == "status.overdue"
