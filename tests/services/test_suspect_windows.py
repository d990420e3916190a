"""Suspect windows beside the truth: none is too short, and none tells more than was made (D34).

A station makes parts, its counter is reset, rolls over, is not read, the service restarts; a device goes
blind, is checked, stopped rightly and wrongly, repaired and verified again, in any order.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.containment import ContainmentState, WindowEnd
from redrabbit.domain.identity import Actor
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, PresentationRecord
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.signals import Resets
from redrabbit.domain.window_moves import is_at_least
from redrabbit.services import containing
from redrabbit.services.containing import EndTold
from redrabbit.services.ports import equals
from redrabbit.services.taking_up import open_life
from redrabbit.services.telling_counts import counts_to_tell, tell_all
from tests.plants import OP20, OP30, a_plant, a_station
from tests.services.queries.at_op20 import AtOp20

LI = Actor.stated("li")


def a_counting_plant(resets: Resets | None = None, rollover: int | None = None) -> Plant:
    station = a_station(OP20)
    signals = tuple(
        replace(spec, resets=resets, rollover=rollover) if spec.name == "part_count" else spec
        for spec in station.signals
    )
    return a_plant(stations=(replace(station, signals=signals), a_station(OP30)))


class Line(AtOp20):
    """The bench with a line that makes parts, and the truth of each of them."""

    def __init__(
        self,
        *,
        resets: Resets | None = None,
        rollover: int | None = None,
        starts_at: int = 1000,
        counts_challenge_parts: bool = True,
    ) -> None:
        super().__init__(a_counting_plant(resets, rollover))
        self.resets, self.rollover = resets, rollover
        self.shown_count = starts_at
        self.counts_challenge_parts = counts_challenge_parts
        self.is_blind = False
        self.is_unsure = False
        """Whether anything was ever hidden from the service."""
        self.is_stopped = False
        self.made_at: list[datetime] = []
        self.read(OP20, part_count=starts_at)

    # The line

    def make(self, parts: int = 1) -> None:
        """Make parts, each of them seen."""
        for _ in range(0 if self.is_stopped else parts):
            self.pass_time(0.5)
            self.count_one()
            self.read(OP20, part_count=self.shown_count)

    def count_one(self) -> None:
        self.made_at.append(self.clock.now())
        self.shown_count += 1
        if self.rollover is not None:
            self.shown_count %= self.rollover

    def reset(self, seen: bool = True) -> None:
        """Set the counter back, where its station may."""
        self.is_unsure = True
        if self.resets is not Resets.NEVER and self.rollover is None:
            self.shown_count = 0
        if seen:
            self.pass_time(0.5)
            self.read(OP20, part_count=self.shown_count)

    def make_unseen(self, seconds: float, parts: int, *, with_reset: bool) -> None:
        self.is_unsure = True
        parts = 0 if self.is_stopped else min(parts, int(seconds))
        for number in range(parts):
            self.pass_time(seconds / (parts + 1))
            if with_reset and number == parts // 2:
                self.reset(seen=False)
            self.count_one()
        self.pass_time(seconds / (parts + 1))

    def lose(self, seconds: float, parts: int, *, with_reset: bool) -> None:
        """Let the station be unread for a while."""
        self.fail(OP20)
        self.make_unseen(seconds, parts, with_reset=with_reset)
        self.read(OP20, **(self.shown[OP20] | {"part_count": self.shown_count}))

    def kill(self, seconds: float, parts: int, *, with_reset: bool) -> None:
        """Let the service be down for a while; what only memory held is gone."""
        self.make_unseen(seconds, parts, with_reset=with_reset)
        opened = self.write(
            lambda uow: open_life(
                uow, self.plant, {"plant.yaml": "plant: x\n"}, "test", before=self.plant
            )
        )
        self.owners = {owner.station.id: owner for owner in opened.owners}
        self.read(OP30, **self.shown[OP30])
        self.read(OP20, **(self.shown[OP20] | {"part_count": self.shown_count}))

    # Checks

    def check(self, *, case: str | None = None, parts_meanwhile: int = 0) -> None:
        """Make a run; it misses while the device is blind."""
        known = next((each for each in self.cases() if each.containment_id == case), None)
        if known is not None and known.repair_code is None:
            self.repair(known.containment_id)
        self.start(case=case)
        rabbit = {"accepted": True} if self.is_blind else {"rejected": True, "reject_code": 11}
        self.show("RR-0001", **rabbit)
        if not self.is_blind:
            self.show("GM-0001", accepted=True)
        self.make(parts_meanwhile)
        self.confirm()

    def show(self, part: str, **answer: Any) -> None:
        self.scan(part)
        self.put_on()
        self.pass_time(0.5)
        if self.counts_challenge_parts:
            self.count_one()
        self.read(OP20, part_count=self.shown_count, **answer)
        self.give_back(part)

    def look(self) -> None:
        """Tell the counts that are to be told, as the agent does every second."""
        self.pass_time(0.5)
        self.read(OP20, part_count=self.shown_count)
        self.read(OP30)
        now = self.clock.now()
        counts = {
            name: count
            for name, owner in self.owners.items()
            if (count := owner.production.counting.at(now)) is not None
        }
        news = self.ask(
            lambda reader: counts_to_tell(
                reader, self.plant, counts, frozenset(), paused_before=(), now=now
            )
        )
        self.write(lambda uow: tell_all(uow, news))

    # Cases

    def cases(self) -> list[ContainmentRecord]:
        return self.ask(lambda reader: reader.find(ContainmentRecord))

    def open_case(self) -> ContainmentRecord | None:
        return next((c for c in self.cases() if c.state is ContainmentState.OPEN), None)

    def end(self, case: ContainmentRecord, told: EndTold | None = None) -> None:
        """End the window of a case as a person does."""
        count = self.owner.production.counting.at(self.clock.now())
        self.write(
            lambda uow: containing.end_window(
                uow, case.containment_id, told or EndTold(), count=count, actor=LI
            )
        )

    def stop(self) -> None:
        """Stop the line, and record it wherever a window is open."""
        self.is_stopped = True
        self.say_stopped()

    def say_stopped(self, seconds_ago: float = 0) -> None:
        """Record a stop wherever a window is open, whether the line stands or not."""
        for case in self.cases():
            at = self.clock.now() - timedelta(seconds=seconds_ago)
            at = max(at, case.window_from or at)
            if case.stopped_at is None:
                self.end(case, EndTold(at=at if seconds_ago else None))

    def reverify(self, **more: Any) -> None:
        """Repair the device, and verify it again where a case waits for that."""
        self.is_blind = False
        case = self.open_case()
        self.check(case=case.containment_id if case is not None else None, **more)

    def tick(self) -> None:
        """Tick every step of every reaction, and close what can be closed."""
        for case in self.cases():
            for number, step in enumerate(reaction_of(case)):
                if step.done_at is None:
                    self.write(
                        lambda uow, case=case, number=number: containing.tick_reaction(  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                            uow, case.containment_id, step=number, actor=LI
                        )
                    )
        for case in self.cases():
            if case.state is not ContainmentState.CLOSED:
                with suppress(Refusal):
                    self.write(
                        lambda uow, case=case: containing.close(  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                            uow, case.containment_id, actor=LI
                        )
                    )

    # The truth

    def made_between(self, since: datetime | None, until: datetime | None) -> int:
        return sum(
            (since is None or at > since) and (until is None or at <= until) for at in self.made_at
        )

    def last_seen_blind(self, case: ContainmentRecord) -> datetime:
        """Return when the device last missed before it was proved again, or when it was proved."""
        proved = self.proved_at(case)
        missed = self.ask(
            lambda reader: reader.find(PresentationRecord, equals("verdict", Verdict.MISSED))
        )
        until = [m.verdict_at for m in missed if m.verdict_at is not None]
        return proved or max(until)

    def proved_at(self, case: ContainmentRecord) -> datetime | None:
        """Return when the device was proved again."""
        if case.reverified_by_run is None:
            return None
        (proof,) = self.ask(
            lambda reader: reader.find(
                PresentationRecord,
                equals("run_id", case.reverified_by_run),
                equals("part_id", "RR-0001"),
            )
        )
        return proof.verdict_at


def must_be_true(line: Line, case: ContainmentRecord) -> None:
    """Lay a case beside the truth."""
    made = line.made_between(case.window_from, case.window_to)
    if case.window_from is not None and not line.is_unsure and case.window_to is None:
        known = line.made_between(case.window_from, line.last_seen_blind(case))
        assert case.quantity is not None
        assert case.quantity >= known, "less than was seen while it was blind"
    if case.window_from is not None and case.quantity is not None:
        assert case.quantity <= made, "more than was made"
        assert is_at_least(case) or case.quantity == made, "exact, and not the truth"
    else:
        assert is_at_least(case)
    if case.state is ContainmentState.CLOSED:
        assert case.window_to is not None, "closed while its window is open"
    if case.window_to is not None and case.window_end is WindowEnd.STOP:
        left_out = line.made_between(case.window_to, line.proved_at(case))
        assert left_out == 0, "too short"


Step = Callable[[Line], None]


@dataclass(frozen=True)
class Named:
    """A step with its name, so that Hypothesis prints a story."""

    name: str
    arguments: tuple[Any, ...] = field(default=())

    def take(self, line: Line) -> None:
        STEPS[self.name](line, *self.arguments)


def _check(line: Line, parts: int) -> None:
    case = line.open_case()
    again = case is not None and parts % 2
    line.check(case=case.containment_id if case and again else None, parts_meanwhile=parts)


def _blind(line: Line) -> None:
    line.is_blind = True


def _go(line: Line) -> None:
    line.is_stopped = False


STEPS: dict[str, Callable[..., None]] = {
    "make": Line.make,
    "reset": lambda line: line.reset(),
    "lose": lambda line, s, n, reset: line.lose(s, n, with_reset=reset),
    "kill": lambda line, s, n, reset: line.kill(s, n, with_reset=reset),
    "go blind": _blind,
    "check": _check,
    "stop": Line.stop,
    "say stopped": Line.say_stopped,
    "go on": _go,
    "reverify": lambda line, parts: line.reverify(parts_meanwhile=parts),
    "tick": Line.tick,
}
few = st.integers(0, 6)
gaps = st.tuples(st.sampled_from([1.0, 4.0, 30.0, 900.0]), st.integers(0, 8), st.booleans())
anything = st.one_of(
    few.map(lambda parts: Named("make", (parts,))),
    gaps.map(lambda gap: Named("lose", gap)),
    gaps.map(lambda gap: Named("kill", gap)),
    few.map(lambda parts: Named("check", (parts,))),
    few.map(lambda parts: Named("reverify", (parts,))),
    st.sampled_from([0, 0, 2, 40]).map(lambda ago: Named("say stopped", (ago,))),
    st.sampled_from(
        [Named("reset"), Named("go blind"), Named("stop"), Named("go on"), Named("tick")]
    ),
)
happenings = st.lists(anything, max_size=3)
ends = st.one_of(
    st.just(Named("stop")),
    st.sampled_from([0, 2, 40]).map(lambda ago: Named("say stopped", (ago,))),
)
CASE = (
    Named("check", (0,)),
    Named("go blind"),
    Named("check", (0,)),
    None,
    Named("reverify", (0,)),
)
"""A good check, a miss, an end, the way back; anything may happen between them."""


@st.composite
def stories(draw: st.DrawFn) -> list[Named]:
    """Return the story of a case with anything in between."""
    story: list[Named] = []
    for milestone in CASE:
        story += [*draw(happenings), draw(ends) if milestone is None else milestone]
    return [*story, *draw(happenings), Named("tick"), Named("say stopped", (0,))]


lines = st.fixed_dictionaries(
    {
        "resets": st.sampled_from([None, Resets.NEVER, Resets.EACH_SHIFT]),
        "rollover": st.sampled_from([None, None, 1010]),
        "starts_at": st.sampled_from([0, 7, 1000]),
        "counts_challenge_parts": st.booleans(),
    }
)
USUAL: dict[str, Any] = {
    "resets": None,
    "rollover": None,
    "starts_at": 1000,
    "counts_challenge_parts": True,
}
F1 = [
    Named("check", (0,)),
    Named("make", (5,)),
    Named("go blind"),
    Named("check", (0,)),
    Named("make", (3,)),
    Named("check", (1,)),
    Named("make", (2,)),
    Named("reverify", (0,)),
    Named("tick"),
]
FALSE_STOP = [*F1[:4], Named("say stopped", (0,)), Named("make", (4,)), Named("reverify", (0,))]
IN_A_RUN = [*F1[:4], Named("stop"), Named("go on"), Named("check", (2,)), Named("check", (6,))]


@given(about=lines, story=stories())
@example(about=USUAL, story=F1)
@example(about=USUAL, story=FALSE_STOP)
@example(about=USUAL, story=IN_A_RUN)
@example(about=USUAL | {"counts_challenge_parts": False}, story=IN_A_RUN)
@example(about=USUAL | {"resets": Resets.NEVER, "rollover": 1010}, story=[*F1, *F1])
def test_every_suspect_part_is_inside_and_no_more_is_told_than_was_made(
    about: dict[str, Any], story: Sequence[Named]
) -> None:
    line = Line(**about)
    for step in story:
        step.take(line)
        line.look()
        for case in line.cases():
            must_be_true(line, case)


def the_case(line: Line) -> ContainmentRecord:
    (case,) = line.cases()
    return case


def blind_after(*values: int, rollover: int | None = None) -> Line:
    """Return a line whose device is checked, whose counter then shows these values, and which misses."""
    line = Line(starts_at=values[0], rollover=rollover, counts_challenge_parts=False)
    line.check()
    for value in values[1:]:
        line.pass_time(0.4)
        line.shown_count = value
        line.read(OP20, part_count=value)
    line.is_blind = True
    line.check()
    return line


def test_f1_a_second_proven_miss_is_inside_and_nothing_closes_without_an_end() -> None:
    line = blind_after(1000, 1012)
    assert (the_case(line).quantity, is_at_least(the_case(line))) == (12, True)
    line.make(3)
    line.check()
    assert (the_case(line).counter_to, the_case(line).quantity) == (1015, 15)
    line.make(5)
    line.reverify()
    line.tick()
    case = the_case(line)
    assert (case.state, case.window_to, case.counter_to) == ("reverified", None, 1020)
    assert (case.quantity, is_at_least(case)) == (20, True)
    line.say_stopped()
    line.tick()
    case = the_case(line)
    assert (case.state, case.window_to) == ("closed", line.proved_at(case))
    assert (case.quantity, is_at_least(case)) == (20, False)


@pytest.mark.parametrize(
    ("values", "rollover", "quantity", "at_least"),
    [
        pytest.param((1015, 2015, 0, 60), None, 1060, True, id="F2: restarted in between"),
        pytest.param((1000, 37), None, 37, True, id="h1: restarted"),
        pytest.param((65530, 20), None, 20, True, id="h2: a rollover that nobody declared"),
        pytest.param((65530, 20), 65536, 26, False, id="h2: a declared one"),
        pytest.param((1000, 0, 1015), None, 15, True, id="h4: a zero in between"),
    ],
)
def test_f2_what_was_counted_is_told_for_what_it_is(
    values: tuple[int, ...], rollover: int | None, quantity: int, at_least: bool
) -> None:
    line = blind_after(*values, rollover=rollover)
    line.look()
    line.stop()
    assert (the_case(line).quantity, is_at_least(the_case(line))) == (quantity, at_least)
