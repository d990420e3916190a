"""Checks that are due each so many parts since the last good check, beside a list kept by hand (D34, D57)."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import PartId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.signals import Resets
from redrabbit.services import planning, scheduling
from redrabbit.services.adopting import adopt
from redrabbit.services.taking_up import open_life
from redrabbit.services.telling_counts import tell_news
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, Bench, a_check, a_plant, a_station
from tests.services.test_custody import ANNA, give_back, put_in, scan, start

MINUTE = 60.0
PER = 50


def a_plant_of(schedule: str, resets: Resets | None = None, digest: str = "0") -> Plant:
    """Return a plant whose check at OP20 has one part; its counter goes back as told."""
    check = a_check(schedule=parse_schedule(schedule), parts=(PartId("RR-0001"),))
    station = a_station(OP20)
    signals = tuple(
        replace(spec, resets=resets) if spec.name == "part_count" else spec
        for spec in station.signals
    )
    stations = (replace(station, signals=signals), a_station(OP30))
    return a_plant(check, stations=stations, digest=digest * 64)


class Line(Bench):
    """The bench with a counter that goes on, is reset, or is not read."""

    def __init__(self, schedule: str = f"every {PER} parts", resets: Resets | None = None) -> None:
        super().__init__(a_plant_of(schedule, resets))
        self.counter = 1000

    def begin_again(self) -> None:
        """Begin a life that knows which counter was read before."""
        files, before = {"plant.yaml": "plant: x\n"}, self.plant
        opened = self.write(lambda uow: open_life(uow, before, files, "test", before=before))
        self.owners = {owner.station.id: owner for owner in opened.owners}
        for station in self.owners:
            self.read(station, **self.shown[station])

    def revise(self, schedule: str, resets: Resets | None = None) -> None:
        """Begin a life under another plan."""
        before, files = self.plant, {"plant.yaml": "plant: y\n"}
        self.plant = a_plant_of(schedule, resets, digest="7")
        opened = self.write(lambda uow: open_life(uow, self.plant, files, "test", before=before))
        self.owners = {owner.station.id: owner for owner in opened.owners}
        self.read(OP20, part_count=self.counter)

    def make(self, parts: int, *, reset: bool = False, gap: float = 0.5) -> None:
        """Make parts between two readings; `gap` long ones leave the counter unwatched."""
        self.counter = parts if reset else self.counter + parts
        self.pass_time(gap)
        self.read(OP20, part_count=self.counter)

    def away(self, parts: int, gap: float, *, reset: bool = False) -> None:
        """Make parts while the service does not run; it ended in good order."""
        owner, now = self.owners[OP20], self.clock.now()
        count = owner.production.counting.at(now)
        self.write(
            lambda uow: tell_news(uow, owner.station, count, CountedWhy.SERVICE_ENDED, uow.now)
        )
        self.counter = parts if reset else self.counter + parts
        self.pass_time(gap)
        self.shown[OP20]["part_count"] = self.counter
        self.begin_again()

    def check(self, *, good: bool = True) -> None:
        """Verify the device: the part is detected, or not."""
        self.read(OP20)
        start(self)
        scan(self)
        put_in(self, **({"rejected": True, "reject_code": 11} if good else {"accepted": True}))
        give_back(self)
        self.settle(self.owners[OP20].confirm(actor=ANNA, now=self.clock.now()))
        self.read(OP20)

    def look(self) -> None:
        self.write(lambda uow: scheduling.step(uow, self.plant))

    @property
    def made(self) -> list[OccurrenceRecord]:
        return self.database.read_now(lambda reader: reader.find(OccurrenceRecord))

    @property
    def keys(self) -> list[str]:
        return [each.trigger_key for each in self.made]

    @property
    def reached(self) -> list[Entry]:
        entries = self.database.read_now(lambda reader: reader.entries())
        return [entry for entry in entries if entry.type == "parts_reached"]

    def told(self, *names: str) -> list[tuple[object, ...]]:
        return [
            tuple(each.payload[name] for name in names)
            for each in self.reached
            if each.payload is not None
        ]


ADOPTED = "2026-03-02T05:50:00Z"


def test_it_is_due_when_the_station_has_counted_so_many_and_not_before() -> None:
    line = Line()
    line.make(PER - 1)
    assert line.made == []
    line.make(1)
    (due,) = line.made
    assert due.trigger_key == f"parts:{ADOPTED}+{PER}"
    assert (due.due_at, due.grace_ends_at - due.due_at) == (
        line.clock.now(),
        timedelta(minutes=20),
    )
    assert line.told("parts", "made", "is_exact", "unseen", "since_run", "occurrence_id") == [
        (PER, PER, True, False, None, due.occurrence_id)
    ]
    line.make(PER - 1)
    assert len(line.made) == 1


def test_they_are_counted_from_the_last_good_check_and_from_no_other() -> None:
    line = Line()
    line.make(30)
    line.check()
    line.make(PER - 1)
    assert line.made == []
    line.make(1)
    run = line.database.read_now(lambda reader: reader.get(CheckRecord, LINE, TORQUE_CHECK))
    assert run is not None
    assert line.keys == [f"parts:{LINE}-R-1+{PER}"]
    line.check(good=False)
    assert [each.outcome for each in line.made] == ["failed"]
    line.make(PER)
    assert line.keys[1:] == [f"parts:{LINE}-R-1+{2 * PER}"]  # nothing was proved since


def test_what_is_due_already_and_not_begun_serves_it_and_is_named() -> None:
    line = Line(f"every shift start + every {PER} parts")
    line.pass_time(10 * MINUTE)
    line.read(OP20, part_count=line.counter)
    line.make(PER)
    (shift,) = line.made
    assert shift.trigger_key == "shift:2026-03-02:early"
    assert line.told("occurrence_id", "was_due_before") == [(shift.occurrence_id, True)]
    line.make(PER - 1)
    assert len(line.made) == 1
    line.check()
    line.make(PER)
    assert line.keys[1:] == [f"parts:{LINE}-R-1+{PER}"]


def test_a_jump_over_several_asks_once() -> None:
    line = Line()
    line.make(3 * PER + 7)
    assert line.keys == [f"parts:{ADOPTED}+{3 * PER}"]
    assert line.told("parts", "made") == [(3 * PER, 3 * PER + 7)]


def test_a_counter_that_is_reset_while_it_is_watched_goes_on_at_least() -> None:
    line = Line(resets=Resets.EACH_SHIFT)
    line.make(40)
    line.make(5, reset=True)
    assert line.made == []
    line.make(5)
    assert line.keys == [f"parts:{ADOPTED}+{PER}"]
    assert line.told("made", "is_exact", "unseen") == [(PER, False, False)]


def test_what_was_made_while_nobody_counted_may_be_enough_and_is_asked_for_once() -> None:
    """Never guessed: the count says at least so many, and the check is asked for."""
    line = Line(resets=Resets.BY_HAND)
    line.make(10)
    line.away(3, 60, reset=True)
    assert line.keys == [f"parts:{ADOPTED}+{PER}"]
    assert line.told("parts", "made", "is_exact", "unseen") == [(PER, 13, False, True)]
    line.away(2, 60, reset=True)
    line.make(PER - 19)
    assert len(line.reached) == 1
    line.away(4, 4000, reset=True)  # 50 were counted, and its window is over
    assert line.keys[1:] == [f"parts:{ADOPTED}+{2 * PER}"]


def test_a_counter_that_never_is_reset_hides_nothing_while_the_service_is_down() -> None:
    line = Line(resets=Resets.NEVER)
    line.make(10)
    line.away(PER - 11, 3600)
    assert line.made == []
    line.away(1, 3600)
    assert line.told("made", "is_exact", "unseen") == [(PER, True, False)]


def test_while_a_run_is_under_way_it_waits_for_its_end() -> None:
    """Its challenge parts may be what is counted, and it may be the next good check."""
    line = Line()
    line.make(PER - 1)
    line.read(OP20)
    start(line)
    line.make(1)
    assert line.made == []
    line.settle(line.owners[OP20].abort("gloves", actor=ANNA, now=line.clock.now()))
    line.make(0)
    assert line.keys == [f"parts:{ADOPTED}+{PER}"]


def test_nothing_is_owed_of_parts_from_before_the_check_was_adopted() -> None:
    line = Line("every shift start")
    line.make(10)
    line.check()
    line.make(3 * PER + 10)
    line.revise(f"every {PER} parts")
    of_parts = [key for key in line.keys if key.startswith("parts:")]
    assert of_parts == []
    line.make(PER - 11)
    assert [key for key in line.keys if key.startswith("parts:")] == []
    line.make(1)
    found = [key for key in line.keys if key.startswith("parts:")]
    assert found == [f"parts:{LINE}-R-1+{4 * PER}"]


def test_a_change_of_the_plan_or_a_pause_takes_nothing_away_that_parts_made_due() -> None:
    """The line made them: D55, D56."""
    line = Line()
    now = line.clock.now()
    line.write(
        lambda uow: planning.declare_pause(
            uow,
            line.plant,
            line=LINE,
            begins_at=now,
            ends_at=now + timedelta(hours=6),
            reason="no orders",
            actor=ANNA,
        )
    )
    line.make(PER)
    line.plant = a_plant_of("every shift start", digest="7")
    line.write(lambda uow: adopt(uow, line.plant, {"plant.yaml": "plant: y\n"}, "test"))
    line.pass_time(7 * 60 * MINUTE)
    line.look()
    (due, *_) = line.made
    assert (due.trigger_key, due.outcome) == (f"parts:{ADOPTED}+{PER}", "lapsed")


# Parts, resets, holes, restarts and checks in any order, beside somebody who counts on their fingers ---------------


@dataclass
class ByHand:
    """What the check owes, part by part, without any of the product's code."""

    total: int = 0
    """Parts since counting began; at least."""
    begun: str = f"{ADOPTED}"
    since: int = 0
    holes: int = 0
    """Since the last good check, what was counted in between is only a lower bound."""
    asked: int = 0
    owed: dict[str, datetime] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    served: int = 0

    def counts(self, parts: int, now: datetime, *, hole: bool) -> None:
        reached = 0
        for _ in range(parts):
            self.total += 1
            if (self.total - self.since) % PER == 0:
                reached = self.total - self.since
        if hole:
            reached = (self.total - self.since) // PER * PER + PER
        if reached > self.asked:
            self.asked = reached
            self._owe(f"parts:{self.begun}+{reached}", now)

    def _owe(self, key: str, now: datetime) -> None:
        for other, due in self.owed.items():
            if due <= now < due + timedelta(minutes=60) and other not in self.done:
                self.served += 1
                return
        self.owed[key] = now

    def good(self, run: str, now: datetime) -> None:
        self.begun, self.since, self.asked = run, self.total, 0
        self._end(now)

    def _end(self, now: datetime) -> None:
        for key, due in self.owed.items():
            if now < due + timedelta(minutes=60):
                self.done.add(key)

    def failed(self, now: datetime) -> None:
        self._end(now)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.sampled_from([1, 2, 20, 49, 50, 51, 120])),
        st.tuples(st.just("make"), st.sampled_from([1, 20, 30, 49])),
        st.tuples(st.just("reset"), st.sampled_from([0, 1, 30, 60])),
        st.tuples(st.just("hole"), st.sampled_from([0, 20, 60])),
        st.tuples(st.just("down"), st.sampled_from([0, 20, 60])),
        st.tuples(st.just("wait"), st.sampled_from([600, 4000])),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("good"), st.just(0)),
        st.tuples(st.just("bad"), st.just(0)),
        st.tuples(st.just("look"), st.just(0)),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
@example(steps=[("make", 49), ("down", 20), ("make", 30), ("good", 0), ("make", 50)])
@example(steps=[("make", 50), ("wait", 4000), ("make", 49), ("make", 1), ("bad", 0), ("make", 50)])
def test_parts_owe_what_a_list_kept_by_hand_says(steps: list[tuple[str, int]]) -> None:
    """None missing, none twice, none before so many were made, whatever is reset, restarted or not read."""
    line, hand, runs = Line(resets=Resets.BY_HAND), ByHand(), 0
    for kind, parts in steps:
        match kind:
            case "make":
                line.make(parts)
                hand.counts(parts, line.clock.now(), hole=False)
            case "reset" if parts < line.counter:
                line.make(parts, reset=True)
                hand.counts(parts, line.clock.now(), hole=False)
            case "hole" if parts < line.counter:  # ten seconds, and the counter began anew
                line.make(parts, reset=True, gap=10)
                hand.counts(parts, line.clock.now(), hole=True)
            case "down" if parts < line.counter:
                line.away(parts, 60, reset=True)
                hand.counts(parts, line.clock.now(), hole=True)
            case "wait":
                for _ in range(parts // 200):  # so long that a window closes, and read too seldom
                    line.pass_time(200)
                    line.read(OP20)
                    hand.counts(0, line.clock.now(), hole=True)
            case "restart":
                line.away(0, 0.5)
                hand.counts(0, line.clock.now(), hole=line.counter <= 100)
            case "good" | "bad":
                runs += 1
                line.check(good=kind == "good")
                if kind == "good":
                    hand.good(f"{LINE}-R-{runs}", line.clock.now())
                else:
                    hand.failed(line.clock.now())
            case "look":
                line.look()
    found = {each.trigger_key: each.due_at for each in line.made}
    assert found == hand.owed
    assert max(Counter(line.keys).values(), default=1) == 1
    told = line.told("was_due_before")
    assert (len(told), told.count((True,))) == (len(hand.owed) + hand.served, hand.served)
