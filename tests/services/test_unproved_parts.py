"""Parts that are made while nothing proves their device are counted, beside the truth (D34, R13)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.base.messages import catalogue
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import Actor, StationId
from redrabbit.domain.records import PartCountRecord, PauseRecord
from redrabbit.domain.signals import Resets
from redrabbit.domain.unproved import UnprovedParts
from redrabbit.services import planning, scheduling
from redrabbit.services.queries.board import board_page
from redrabbit.services.queries.device_overview import device_overviews
from redrabbit.services.telling_counts import (
    counts_to_tell,
    paused_lines,
    tell_all,
    unproved_to_tell,
)
from redrabbit.web.api.plant import device_model
from tests.plants import LINE, OP20
from tests.services.test_suspect_windows import Line

QUALITY = Actor.stated("quality")


class Watched(Line):
    """The line, looked at as the agent looks: obligations kept, and counts told every second."""

    def __init__(self, **how: Any) -> None:
        self.told: Mapping[StationId, datetime] = {}
        self.paused: frozenset[Any] = frozenset()
        super().__init__(**how)
        self.look()

    def look(self) -> None:
        """Keep obligations, and tell the counts that are to be told."""
        now = self.clock.now()
        self.write(lambda uow: scheduling.step(uow, self.plant))
        counts = {
            name: count
            for name, owner in self.owners.items()
            if (count := owner.production.counting.at(now)) is not None
        }
        paused = self.paused
        news = self.ask(
            lambda reader: counts_to_tell(
                reader, self.plant, counts, frozenset(), paused_before=paused, now=now
            )
        )
        unproved, self.told = self.ask(
            lambda reader: unproved_to_tell(reader, self.plant, counts, self.told, now)
        )
        self.write(lambda uow: tell_all(uow, (*news, *unproved)))
        self.paused = self.ask(lambda reader: paused_lines(reader, now))

    def kill(self, seconds: float, parts: int, *, with_reset: bool) -> None:
        super().kill(seconds, parts, with_reset=with_reset)
        self.told = {}

    def go_on(self, minutes: int, parts: int) -> None:
        """Let minutes pass, parts be made evenly in them, all of it watched."""
        for _ in range(parts):
            self.pass_time(minutes * 60 / parts)
            self.look()
            self.make(1)
            self.look()
        if not parts:
            self.pass_time(minutes * 60)
            self.read(OP20, part_count=self.shown_count)
            self.look()

    def find_again(self) -> None:
        """Let the station be read again after its link was lost."""
        self.read(OP20, **(self.shown[OP20] | {"part_count": self.shown_count}))

    def pause(self, minutes: int) -> None:
        now = self.clock.now()
        self.write(
            lambda uow: planning.declare_pause(
                uow,
                self.plant,
                line=LINE,
                begins_at=now,
                ends_at=now + timedelta(minutes=minutes),
                reason="no material",
                actor=QUALITY,
            )
        )
        self.look()

    def unproved(self) -> list[UnprovedParts]:
        now = self.clock.now()
        views = {name: owner.view(now) for name, owner in self.owners.items()}
        first = self.ask(lambda reader: device_overviews(reader, self.plant, views, now))[0]
        return list(first.unproved)

    def said(self) -> list[tuple[str, int | None, bool]]:
        """Return what is said of the device: why, how many, and whether there may be more."""
        return [(each.why.value, each.parts, each.at_least) for each in self.unproved()]


def test_parts_of_a_device_that_was_never_verified_are_counted_from_the_adoption_on() -> None:
    line = Watched()
    line.make(7)
    assert line.said() == [("never_verified", 7, False)]
    line.check()
    assert line.said() == []


def test_parts_made_while_overdue_are_counted_and_then_forgiven_by_nobody() -> None:
    """Shown until a verification passes; what was counted stays in the records."""
    line = Watched()
    line.go_on(15, 3)
    line.check()
    line.go_on(19, 2)
    assert line.said() == [], "verified before its shift began"
    line.go_on(60 * 7 + 40, 8)  # the next shift has begun, its grace is not over
    assert line.said() == []
    line.go_on(30, 5)
    ((why, parts, at_least),) = line.said()
    assert (why, at_least) == ("overdue", True)
    assert parts is not None
    assert 1 <= parts <= 5
    line.go_on(60, 10)
    ((why, more, _),) = line.said()
    assert (why, more) == ("lapsed", parts + 10)
    line.check()
    assert line.said() == []
    told = line.ask(lambda reader: reader.find(PartCountRecord))
    assert CountedWhy.UNPROVED in {each.why for each in told}


def test_parts_made_in_a_declared_pause_are_counted() -> None:
    """R13, t5: four parts were made in one, and nothing was noticed."""
    line = Watched()
    line.check()
    line.make(3)
    line.look()
    line.pause(60)
    line.make(4)
    assert line.said() == [("paused", 4, False)]
    line.pass_time(3600)
    line.read(OP20, part_count=line.shown_count)
    assert line.said() == []


def test_a_restart_and_a_reset_make_it_at_least_and_lose_nothing_else() -> None:
    line = Watched()
    line.make(5)
    line.kill(30, 4, with_reset=True)
    line.look()
    line.make(2)
    ((_, parts, at_least),) = line.said()
    assert at_least
    assert parts is not None
    assert 4 <= parts <= 11, "what was told last, and what the counter shows since it was set back"


def test_a_station_that_can_not_be_read_says_what_was_seen_last() -> None:
    line = Watched()
    line.make(5)
    line.check()
    line.pause(600)
    line.make(3)
    line.fail(OP20)
    ((why, parts, at_least),) = line.said()
    assert (why, at_least) == ("paused", True)
    assert parts == 3, "what was told last is older than what was seen last"


def test_a_station_without_a_part_counter_says_nothing() -> None:
    line = Watched()
    now = line.clock.now()
    overviews = line.ask(lambda reader: device_overviews(reader, line.plant, {}, now))
    assert overviews[1].unproved == (), "op30 has no check"


def test_board_page_and_api_say_it() -> None:
    line = Watched()
    line.make(7)
    now = line.clock.now()
    views = {name: owner.view(now) for name, owner in line.owners.items()}
    board = line.ask(lambda reader: board_page(reader, line.plant, views, now))
    tile = board.lines[0].tiles[0]
    assert [catalogue("en").render(each) for each in tile.unproved] == [
        "7 parts made, and never verified"
    ]
    (made,) = line.page().unproved
    said = catalogue("en").render(made)
    assert said == "Torque lockout: 7 parts made, and never verified"
    overview = line.ask(lambda reader: device_overviews(reader, line.plant, views, now))[0]
    (told,) = device_model(overview).unproved
    assert (told.why, told.parts, told.at_least) == ("never_verified", 7, False)


@dataclass(frozen=True)
class Step:
    """What happens next, with its name, so that Hypothesis prints a story."""

    name: str
    arguments: tuple[Any, ...] = field(default=())

    def take(self, line: Watched) -> None:
        STEPS[self.name](line, *self.arguments)


STEPS: dict[str, Callable[..., None]] = {
    "go on": Watched.go_on,
    "make": Watched.make,
    "pause": Watched.pause,
    "check": lambda line: line.check(),
    "reset": lambda line: line.reset(),
    "lose": lambda line, s, n, reset: line.lose(s, n, with_reset=reset),
    "kill": lambda line, s, n, reset: line.kill(s, n, with_reset=reset),
}
gaps = st.tuples(st.sampled_from([1.0, 30.0, 900.0]), st.integers(0, 8), st.booleans())
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([1, 15, 45, 240]), st.integers(0, 6)).map(
            lambda each: Step("go on", each)
        ),
        st.integers(1, 6).map(lambda parts: Step("make", (parts,))),
        st.sampled_from([5, 60]).map(lambda minutes: Step("pause", (minutes,))),
        st.just(Step("check")),
        st.just(Step("reset")),
        gaps.map(lambda gap: Step("lose", gap)),
        gaps.map(lambda gap: Step("kill", gap)),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from([None, Resets.NEVER, Resets.EACH_SHIFT]))
def test_never_more_is_said_than_was_made_and_exactly_only_where_it_is_known(
    drawn: list[Step], resets: Resets | None
) -> None:
    line = Watched(resets=resets)
    for step in drawn:
        step.take(line)
        line.look()
        for made in line.unproved():
            most = sum(at >= made.since for at in line.made_at)
            assert made.parts is None or made.parts <= most, (step, made, most)
            at_begin = sum(at == made.since for at in line.made_at)
            assert made.at_least or made.parts in {most - at_begin, most}, (step, made, most)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_what_was_said_never_falls_while_its_reason_lasts(drawn: list[Step]) -> None:
    """A count that was shown is not taken back by a lost link; a killed service knows what was told."""
    line = Watched()
    said: dict[tuple[str, datetime], int] = {}
    for step in drawn:
        if step.name == "kill":
            said.clear()
        step.take(line)
        line.look()
        for is_lost in (False, True, False):
            if is_lost:
                line.fail(OP20)
            else:
                line.find_again()
            now = {(made.why.value, made.since): made.parts or 0 for made in line.unproved()}
            for key, parts in now.items():
                assert parts >= said.get(key, 0), (step, key, parts, said)
            said = now


def test_nothing_is_told_twice_for_one_begin() -> None:
    line = Watched()
    for _ in range(5):
        line.make(1)
        line.look()
    told = line.ask(lambda reader: reader.find(PartCountRecord))
    assert [each.why for each in told].count(CountedWhy.UNPROVED) == 1
    assert line.ask(lambda reader: reader.find(PauseRecord)) == []
