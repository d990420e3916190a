"""The page of alarms says what is open, who was told and what came of it, and who took it (B21, R10)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import pytest

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services import planning
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import FateState, ParkedReason
from redrabbit.services.escalating import take_steps
from redrabbit.services.ports import Reader
from redrabbit.services.queries.alarms import MOST_TOLD, AlarmsPage, alarms_page
from redrabbit.services.queries.reasons import quoted
from redrabbit.services.queries.wording import message
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
        (1, [("anna", FateState.PARKED)]),
        (0, [("andon", FateState.DELIVERED)]),
    ]
    assert row.next_at == row.raised_at + timedelta(minutes=9)
    assert page(bench).open_ids == row.alarm


@pytest.mark.parametrize("times", [1, MOST_TOLD - 1, MOST_TOLD, MOST_TOLD + 5])
def test_of_an_alarm_that_is_told_again_and_again_the_last_messages_are_shown(times: int) -> None:
    """The first 20 were: of a repeated alarm nobody ever saw what was told last."""
    hourly = a_rule(a_step(0, "anna", every=timedelta(hours=1)))
    bench = Bench(a_plant(targets=TARGETS, rules=(hourly,)))
    bench.database.write_now(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    for _ in range(times):
        bench.database.write_now(take_steps)
        bench.clock.advance_to(bench.clock.steady + timedelta(hours=1))
    (row,) = page(bench).open
    repeats = [each.repeat for each in row.told if each.step]
    assert repeats == list(range(times))[::-1][:MOST_TOLD]
    assert row.told_is_cut == (times + 1 > MOST_TOLD)  # that it has steps is an entry of it, too
    assert (0 in {each.step for each in row.told}) == (not row.told_is_cut)


class Counted:
    """A reader that counts how often all names are read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.of_names = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def names(self) -> Mapping[str, StatedName]:
        self.of_names += 1
        return self._reader.names()


def test_however_many_alarms_and_silences_are_shown_names_are_read_once() -> None:
    bench = a_bench()
    ends_at = bench.clock.now() + timedelta(hours=1)
    for number in range(9):
        alarm = bench.database.write_now(
            lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)
        )
        if number % 2:
            bench.database.write_now(lambda uow: planning.acknowledge(uow, alarm, actor=LI))  # noqa: B023  called at once
        bench.database.write_now(
            lambda uow: declare_silence(
                uow,
                bench.plant,
                line="line1",
                station=None,
                kind=AlarmKind.OVERDUE,
                ends_at=ends_at,
                reason="rebuilt",
                actor=LI,
            )
        )

    def read(reader: Reader) -> int:
        counted = Counted(reader)
        shown = alarms_page(cast("Reader", counted), bench.plant, bench.clock.now())
        assert (len(shown.open), len(shown.taken), len(shown.silences)) == (6, 4, 9)
        return counted.of_names

    assert bench.database.read_now(read) == 1


def test_what_waits_fails_or_was_given_up_is_said() -> None:
    bench = a_bench()

    def state() -> FateState:
        (row,) = page(bench).open
        return row.told[0].fates[0].state

    assert state() is FateState.WAITING
    bench.database.write_now(lambda uow: uow.mark_failed(2, "anna", "refused", uow.now))
    assert state() is FateState.FAILING
    bench.database.write_now(lambda uow: uow.mark_parked(2, "anna", ParkedReason.REFUSED, "x"))
    (row,) = page(bench).open
    key = row.told[0].fates[0].key
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


def test_a_message_that_is_put_off_says_by_which_silence() -> None:
    """It said only the number of the silence."""
    bench = Bench(a_plant(targets=TARGETS, rules=(a_rule(a_step(0, "anna")),)))
    ends_at = bench.clock.now() + timedelta(hours=1)
    bench.database.write_now(
        lambda uow: declare_silence(
            uow,
            bench.plant,
            line=None,
            station=None,
            kind=AlarmKind.CLOCK_STEP,
            ends_at=ends_at,
            reason="rebuilt",
            actor=LI,
        )
    )
    bench.database.write_now(
        lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now, station=None)
    )
    (row,) = page(bench).open
    (why,) = [each.why_held for each in row.told if each.held_for is not None]
    assert why == message("alarms.put_off.silence", until=ends_at, reason=quoted("rebuilt"))
