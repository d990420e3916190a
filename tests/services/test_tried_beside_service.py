"""A try-out beside the service: over the same time, with the same parts and events, both make the same due times.

The service runs on the bench, its counter is read part by part, and whatever is due is made at once; what its records then
hold is what the try-out must have said before.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.identity import LineId, RunId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.parts_due import CountedFrom, counted_from, due_from
from redrabbit.domain.parts_made import parts_at_rate
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.try_out import Basis, Happens, play
from redrabbit.services import plant_events, scheduling
from tests.plants import BEGIN, LINE, OP20
from tests.services.test_custody import ANNA
from tests.services.test_first_parts import Shifts

HALF = 0.5
RULES = (
    "every shift start",
    "every shift middle",
    "every shift end",
    "3 times a shift",
    "every 2 h of work",
    "every 50 min",
    "daily at 11:00",
    "every 17 parts",
    "every 60 parts",
    "before the first part of each shift",
    "within 20 min of running",
    "after changeover",
    "after tool change",
    "after first piece",
)
BEGINS = ("first part", "of running")


def _goes(rules: Sequence[str]) -> bool:
    """Tell whether rules can stand together: parts are counted once, and a shift begins once."""
    return all(
        sum(any(word in rule for word in words) for rule in rules) <= 1
        for words in ((" parts",), BEGINS)
    )


schedules = st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique=True).filter(_goes)
events = st.lists(
    st.tuples(
        st.integers(1, 140),
        st.sampled_from([PlantEvent.CHANGEOVER, PlantEvent.TOOL_CHANGE, PlantEvent.FIRST_PIECE]),
    ),
    max_size=4,
    unique_by=lambda each: each[0],
)


class Played(Shifts):
    """The service over half a day, with somebody who makes each check as it falls due."""

    def go(self, parts_at: list[datetime], happens: list[Happens], until: datetime) -> None:
        moments = [(at, None) for at in parts_at] + [(each.at, each) for each in happens]
        for at, event in sorted(moments, key=lambda each: each[0]):
            self._up_to(at - timedelta(seconds=HALF))
            self.pass_time((at - self.clock.now()).total_seconds())
            if event is None:
                self.counter += 1
                self.read(OP20, part_count=self.counter)
            else:
                self._tell(event)
            self._make_due()
        self._up_to(until)

    def _up_to(self, until: datetime) -> None:
        """Make what falls due by the calendar, each at its moment."""
        while (at := self._next()) is not None and at <= until:
            self._wait(at)
            self.look()
            if not self._make_due():
                self._wait(at + timedelta(seconds=HALF))
        self._wait(until)

    def _next(self) -> datetime | None:
        """Return when an occurrence is to be made, or is due."""
        planned = self.write(lambda uow: scheduling.next_step_at(uow, self.plant, self.clock.now()))
        due = [each.due_at for each in self.made if each.outcome is None]
        return min([*due, *([] if planned is None else [planned])], default=None)

    def _wait(self, until: datetime) -> None:
        left = (until - self.clock.now()).total_seconds()
        if left > 0:
            self.make(0, gap=left)

    def _make_due(self) -> bool:
        """Make each check that is due by now."""
        found = False
        while any(each.outcome is None and each.due_at <= self.clock.now() for each in self.made):
            self.check()
            found = True
        return found

    def _tell(self, event: Happens) -> None:
        self.write(
            lambda uow: plant_events.tell(
                uow,
                self.plant,
                line=LINE,
                station=None,
                event=event.event,
                note=None,
                actor=ANNA,
            )
        )


def _both(
    rules: list[str], per_hour: int, told: list[tuple[int, PlantEvent]]
) -> tuple[list[tuple[datetime, str]], list[tuple[datetime, str]]]:
    """Return what the service makes due and what the try-out says, over the same time."""
    line = Played(" + ".join(rules))
    since, until = BEGIN, BEGIN + timedelta(hours=12, minutes=1)
    made = parts_at_rate(line.plant.calendars[LineId(LINE)], Fraction(per_hour), since, until)
    happens = [
        Happens(
            at=since + timedelta(minutes=5 * number, seconds=97),
            line=LineId(LINE),
            station=None,
            event=event,
        )
        for number, event in told
    ]
    basis = Basis(
        since=since,
        until=until,
        made={station.id: made for station in line.plant.stations},
        events=happens,
    )
    (tried,) = play(line.plant, basis)
    parts_at = [made.when(number) for number in range(1, made.by(until) + 1)]
    line.go([at for at in parts_at if at is not None], happens, until)
    begun = [(each.first_due_at or each.due_at, each.trigger_key) for each in line.made]
    said = [(each.due_at, each.trigger_key) for each in (*tried.due, *tried.served)]
    return _named(begun, until), _named(said, until)


def _named(found: list[tuple[datetime, str]], until: datetime) -> list[tuple[datetime, str]]:
    """Return due times with their keys; runs and events are numbered by the service only."""
    kinds = {"parts", "event"}
    short = [(at, key.split(":")[0] if key.split(":")[0] in kinds else key) for at, key in found]
    return sorted(each for each in short if each[0] < until)


@settings(max_examples=12, deadline=None)
@example(rules=["every 17 parts", "before the first part of each shift"], per_hour=12, told=[])
@example(rules=["every 2 h of work", "every 17 parts"], per_hour=20, told=[])
@example(
    rules=["after first piece", "before the first part of each shift"],
    per_hour=12,
    told=[(2, PlantEvent.FIRST_PIECE), (60, PlantEvent.FIRST_PIECE)],
)
@given(rules=schedules, per_hour=st.sampled_from([12, 20]), told=events)
def test_it_says_the_due_times_that_the_service_makes(
    rules: list[str], per_hour: int, told: list[tuple[int, PlantEvent]]
) -> None:
    service, said = _both(rules, per_hour, told)
    assert said == service


@pytest.mark.parametrize("wrong", ["parts_forget_checks", "one_part_late"])
def test_a_scheduler_of_its_own_would_be_found(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    rules = ["every 2 h of work", "every 17 parts"]
    service, said = _both(rules, 20, [])
    assert said == service
    if wrong == "one_part_late":
        monkeypatch.setattr(
            "redrabbit.domain.try_out.due_from", lambda *given: due_from(*given) + 1
        )
    else:
        monkeypatch.setattr("redrabbit.domain.try_out.counted_from", _by_multiples)
    service, said = _both(rules, 20, [])
    assert said != service


def _by_multiples(run: RunId | None, count: PartCount) -> CountedFrom:
    """Count in steps of 17 from the begin, whatever was made meanwhile."""
    return counted_from(run, replace(count, made=count.made // 17 * 17))
