"""Failure modes that take turns, from the records: what each run takes, what the page says, and what has lapsed by itself."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import FailureMode, OccurrenceId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import AlarmRecord, CheckRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.run_questions import parts_of
from redrabbit.domain.schedule_rules import EveryShiftEnd
from redrabbit.domain.shift_calendar import Shift
from redrabbit.domain.station import Device, Station
from redrabbit.domain.text import Text
from redrabbit.services import planning, scheduling
from redrabbit.services.clock_steps import ClockWatch, note_steps
from redrabbit.services.queries.checks import check_page
from redrabbit.services.queries.device_overview import device_overviews
from redrabbit.services.queries.due import due_page
from redrabbit.services.queries.reasons import why_decided
from redrabbit.services.queries.why_due import why_made_due
from redrabbit.services.queries.wording import message
from redrabbit.services.rotating import owed_parts
from redrabbit.services.taking_up import take_over
from tests.plants import (
    LINE,
    MONDAY_TO_SUNDAY,
    OP20,
    OP30,
    TORQUE_CHECK,
    Bench,
    a_check,
    a_part,
    a_plant,
    a_station,
)
from tests.services.test_custody import ANNA, give_back, put_in, scan

MODES = ("low", "high", "angle", "count")
CODES = {mode: 11 + number for number, mode in enumerate(MODES)}
PARTS = {f"RR-100{number}": mode for number, mode in enumerate(MODES)}
MASTER = "GM-0001"
HOUR = 3600.0
ANGLE = Text(en="Angle too small", zh="角度过小")


def a_plant_of(rotation: Rotation | None, modes: int = 4, **changes: Any) -> Plant:
    """Return a plant whose check at OP20 has so many failure modes and a good master."""
    station = replace(a_station(OP20), devices=(_device(a_station(OP20)),))
    parts = (*map(PartId, list(PARTS)[:modes]), PartId(MASTER))
    check = a_check(parts=parts, rotation=rotation, **changes)
    plant = a_plant(check, stations=(station, a_station(OP30)))
    rabbits = tuple(a_part(part, mode) for part, mode in PARTS.items())
    return replace(
        plant, parts=(*plant.parts, *rabbits), failure_modes={FailureMode("angle"): ANGLE}
    )


def in_force(plant: Plant, plan: str) -> Plant:
    """Return the plant as it is in force with this plan file."""
    digest = hashlib.sha256(plan.encode()).hexdigest()
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", revision=plan, digest=digest)
    return replace(plant, plan=replace(plant.plan, revision=plan), digest=digest, in_force=(item,))


def _device(station: Station) -> Device:
    (device,) = station.devices
    codes = {FailureMode(mode): code for mode, code in CODES.items()}
    return replace(
        device,
        failure_modes=tuple(map(FailureMode, MODES)),
        rule=replace(device.rule, reject_codes=codes),
    )


class Turns(Bench):
    """The bench with a check of four modes; within two shifts each, two each shift."""

    def __init__(self, rotation: Rotation | None = None, **changes: Any) -> None:
        plant = a_plant_of(rotation or Rotation(within_shifts=2, at_least=2), **changes)
        super().__init__(in_force(plant, "1"))

    @property
    def check(self) -> Check:
        return self.plant.check(TORQUE_CHECK)

    def owed(self) -> tuple[str, ...]:
        now = self.clock.now()
        return self.database.read_now(lambda r: owed_parts(r, self.plant, self.check, now))

    def to(self, hour: float) -> None:
        """Let time pass up to an hour of the first day; obligations are kept when the agent would, and at no other time."""
        end = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        while (at := self.next_step_at) is not None and at <= end:
            self.pass_time((at - self.clock.now()).total_seconds())
            self.write(lambda uow: scheduling.step(uow, self.plant))
            assert self.next_step_at != at  # else the agent would never rest
        self.pass_time((end - self.clock.now()).total_seconds())

    def pause(self, *, minutes: float) -> None:
        """Declare that the line makes nothing from now on, for so long."""
        now = self.clock.now()
        self.write(
            lambda uow: planning.declare_pause(
                uow,
                self.plant,
                line=LINE,
                begins_at=now,
                ends_at=now + timedelta(minutes=minutes),
                reason="no pallets",
                actor=ANNA,
            )
        )

    @property
    def next_step_at(self) -> datetime | None:
        now = self.clock.now()
        return self.database.read_now(lambda r: scheduling.next_step_at(r, self.plant, now))

    def revise(self, plant: Plant, plan: str) -> None:
        """Put another plant in force, whose plan file is this text."""
        after = in_force(plant, plan)
        taken = self.write(
            lambda uow: take_over(
                uow, after, {"plant.yaml": plan}, "test", before=self.plant, owners=self.owners
            )
        )
        self.owners.update(taken.rebuilt)
        for station in self.owners.keys() - taken.rebuilt.keys():
            self.owners[station].go_on_under(after)
        self.plant = after

    def begin(self, occurrence: OccurrenceId | None = None) -> RunRecord:
        """Begin a run, and return it."""
        self.read(OP20)
        self.settle(
            self.owners[OP20].start(
                check_id=TORQUE_CHECK,
                occurrence_id=occurrence,
                containment_id=None,
                actor=ANNA,
                now=self.clock.now(),
            )
        )
        run = self.database.read_now(lambda r: latest(r, RunRecord, by="started_at"))
        assert run is not None
        return run

    def verify(self, occurrence: OccurrenceId | None = None) -> tuple[str, ...]:
        """Verify the device with what is owed, and return the parts of the run."""
        run = self.begin(occurrence)
        for part in parts_of(run):
            scan(self, part)
            if part == MASTER:
                put_in(self, accepted=True)
            else:
                put_in(self, rejected=True, reject_code=CODES[PARTS[part]])
            give_back(self, part)
        self.settle(self.owners[OP20].confirm(actor=ANNA, now=self.clock.now()))
        return tuple(parts_of(run))

    @property
    def made(self) -> list[OccurrenceRecord]:
        return self.database.read_now(lambda reader: reader.find(OccurrenceRecord))

    @property
    def lapsed_modes(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (each.trigger_key, each.outcome, each.reason_code)
            for each in self.made
            if each.trigger_key.startswith("mode:")
        ]


def test_without_a_rotation_each_run_shows_all() -> None:
    bench = Bench(a_plant_of(None))
    check = bench.plant.check(TORQUE_CHECK)
    now = bench.clock.now()
    owed = bench.database.read_now(lambda r: owed_parts(r, bench.plant, check, now))
    assert owed == (*PARTS, MASTER)


def test_each_run_takes_those_that_were_not_shown_for_longest_and_the_good_master() -> None:
    line = Turns()
    for hour, wanted in (
        (6, ("RR-1000", "RR-1001", MASTER)),
        (14, ("RR-1002", "RR-1003", MASTER)),
        (22, ("RR-1000", "RR-1001", MASTER)),
        (30, ("RR-1002", "RR-1003", MASTER)),
    ):
        line.to(hour)
        assert line.owed() == wanted
        assert line.verify() == wanted
    line.to(38.5)
    assert [each.outcome for each in line.made if each.outcome] == ["passed"] * 4
    assert line.lapsed_modes == []


def test_made_ahead_of_a_shift_it_is_shown_for_that_shift() -> None:
    line = Turns()
    line.to(5.9)
    line.verify()  # for the early shift
    line.to(13.9)
    line.verify()
    line.to(21.9)
    line.verify()
    line.to(22)
    assert line.lapsed_modes == []


def test_a_mode_that_is_not_shown_within_its_shifts_lapses_by_itself_and_once() -> None:
    line = Turns()
    line.to(6)
    line.verify()  # low and high
    line.to(20)  # the late shift's check has lapsed; its shift goes on
    assert line.lapsed_modes == []
    line.to(22.5)
    late = "2026-03-02T14:00:00Z"
    assert line.lapsed_modes == [
        (f"mode:{mode}:{late}", "lapsed", "mode_not_shown") for mode in ("angle", "count")
    ]
    (first, _) = (each for each in line.made if each.trigger_key.startswith("mode:"))
    assert (first.opens_at.hour, first.due_at.hour, first.decided_at) == (6, 14, first.closes_at)
    assert why_decided(line.plant, first) == message("given.mode_not_shown", mode=ANGLE)
    adopted = line.database.read_now(lambda r: r.get(CheckRecord, LINE, TORQUE_CHECK))
    assert adopted is not None
    why = line.database.read_now(lambda r: why_made_due(r, line.plant, line.check, adopted, first))
    assert [rule.words for rule in why.rules] == [message("given.mode_not_shown", mode=ANGLE)]
    alarms = line.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert {each.occurrence_id for each in alarms if each.kind == "lapsed"} >= {first.occurrence_id}
    line.to(23)
    assert len(line.lapsed_modes) == 2
    assert line.owed() == (
        *PARTS,
        MASTER,
    )  # low and high have their last turn, the others are made up for
    line.verify()
    line.to(30)
    line.verify()
    line.to(38.5)
    assert len(line.lapsed_modes) == 2


def test_a_shift_that_was_excused_is_no_turn() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(14)
    (open_now,) = (each for each in line.made if each.outcome is None)
    line.write(
        lambda uow: planning.excuse(uow, open_now.occurrence_id, reason="prototype run", actor=ANNA)
    )
    line.to(22.5)
    assert line.lapsed_modes == []
    assert line.owed() == ("RR-1002", "RR-1003", MASTER)


def test_the_page_of_the_check_says_what_the_next_run_takes() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    now = line.clock.now()
    page = line.database.read_now(lambda r: check_page(r, line.plant, TORQUE_CHECK, now))
    assert page.rotation == Rotation(within_shifts=2, at_least=2)
    assert [each.part for each in page.parts if each.is_next] == ["RR-1002", "RR-1003", MASTER]


def test_the_due_list_and_the_board_name_the_parts_that_the_next_run_takes() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(14.4)
    now = line.clock.now()
    views = {name: each.view(now) for name, each in line.owners.items()}
    page = line.database.read_now(lambda r: due_page(r, line.plant, now))
    assert {row.parts for row in (*page.overdue, *page.coming)} == {("RR-1002", "RR-1003", MASTER)}
    (stands, *_) = line.database.read_now(lambda r: device_overviews(r, line.plant, views, now))
    assert stands.first_part is not None
    assert stands.first_part.id == "RR-1002"
    line.begin()
    page = line.database.read_now(lambda r: due_page(r, line.plant, now))
    assert [row.parts for row in page.overdue if row.under_way] == [("RR-1002", "RR-1003", MASTER)]


# What can't be told is no lapse -----------------------------------------------------------------------------------


def test_a_part_that_a_revision_adds_was_not_owed_before_it() -> None:
    line = Turns(modes=3)
    for hour in range(6, 102, 8):
        line.to(hour)
        line.verify()
    line.revise(a_plant_of(Rotation(within_shifts=2, at_least=2)), "2")
    line.to(103)
    assert line.lapsed_modes == []
    assert "RR-1003" in line.owed()
    line.to(118.5)  # two shifts later: nobody has shown anything since
    assert [key for key, *_ in line.lapsed_modes] == [
        f"mode:{mode}:2026-03-06T14:00:00Z" for mode in MODES
    ]


def test_a_part_that_was_out_of_the_plan_counts_from_where_it_is_put_back() -> None:
    line = Turns()
    for hour, modes in ((6, 4), (14, 3), (22, 3), (30, 3), (38, 4)):
        line.to(hour)
        line.revise(a_plant_of(Rotation(within_shifts=2, at_least=2), modes), str(hour))
        line.verify()
    line.to(46.5)
    assert line.lapsed_modes == []


def test_a_rotation_of_fewer_shifts_counts_from_where_it_is_in_force() -> None:
    line = Turns(Rotation(within_shifts=4, at_least=1))
    for hour in (6, 14, 22, 30):
        line.to(hour)
        line.verify()
    line.revise(a_plant_of(Rotation(within_shifts=2, at_least=2)), "2")
    line.to(38.5)
    assert line.lapsed_modes == []


def test_turns_go_on_where_something_else_is_set_in_force() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(13)
    line.revise(replace(line.plant, digest="1" * 64), "1")
    line.to(22.5)
    assert len(line.lapsed_modes) == 2


def test_a_shift_that_ends_is_looked_at_before_anybody_shows_what_it_lacked() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(22.1)
    line.verify()
    assert [mode[1:] for mode in line.lapsed_modes] == [("lapsed", "mode_not_shown")] * 2


def test_a_run_that_comes_before_the_agent_does_not_hide_a_lapse() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(21.99)
    line.pass_time(120)
    shown = line.verify()
    assert [mode[1:] for mode in line.lapsed_modes] == [("lapsed", "mode_not_shown")] * 2
    assert shown == (*PARTS, MASTER)


def test_what_is_made_late_is_shown_in_the_shift_in_which_it_is_made_too() -> None:
    line = Turns(Rotation(within_shifts=2, at_least=4), closes_after=timedelta(hours=17.5))
    line.to(23)
    assert line.verify() == (*PARTS, MASTER)  # for the early shift, in the night shift
    line.to(40)
    assert line.lapsed_modes == []


def test_an_older_check_made_after_a_newer_one_takes_nothing_back() -> None:
    line = Turns(Rotation(within_shifts=2, at_least=4), closes_after=timedelta(hours=9))
    line.to(29.85)
    night, early = (each.occurrence_id for each in line.made if each.outcome is None)
    line.verify(early)  # made ahead, in the night shift
    line.verify(night)
    before = line.lapsed_modes
    line.to(47.5)
    assert line.lapsed_modes == before


def test_what_is_due_at_the_end_of_a_shift_is_of_that_shift() -> None:
    shifts = tuple(
        Shift(name=name, weekdays=MONDAY_TO_SUNDAY, starts_at=time(begins), ends_at=time(ends))
        for name, begins, ends in (("early", 6, 14), ("late", 14, 22))
    )
    plant = a_plant_of(
        Rotation(within_shifts=2, at_least=4), schedule=EveryShiftEnd(), opens_before=timedelta()
    )
    calendar = replace(plant.calendars[LINE], shifts=shifts)
    line = Turns()
    line.revise(replace(plant, calendars={LINE: calendar}), "2")
    line.to(22.9)
    assert line.lapsed_modes == []
    line.to(23.1)
    assert [key for key, *_ in line.lapsed_modes] == [
        f"mode:{mode}:2026-03-02T14:00:00Z" for mode in MODES
    ]


def test_a_pause_puts_no_lapse_of_a_mode_off() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(13.9)
    line.pause(minutes=30)
    line.to(22.05)
    assert [mode[1:] for mode in line.lapsed_modes] == [("lapsed", "mode_not_shown")] * 2


def test_no_run_takes_a_lapse_that_a_clock_ahead_told_too_early_and_no_pause_moves_it() -> None:
    line = Turns()
    line.to(6)
    line.verify()
    line.to(13.9)
    line.pause(minutes=30)
    line.to(21.99)
    watch = ClockWatch(line.clock)
    for minutes in (2, -2):
        line.clock.step_wall(timedelta(minutes=minutes))
        watch.adopt()
        steps = watch.steps()
        line.write(partial(note_steps, steps=steps))
        line.write(lambda uow: scheduling.step(uow, line.plant))
    assert [outcome for _, outcome, _ in line.lapsed_modes] == [None, None]
    run = line.begin()
    served = line.database.read_now(lambda r: r.get(OccurrenceRecord, run.occurrence_id or ""))
    assert served is not None
    assert not served.trigger_key.startswith("mode:")
    line.to(22)
    assert [outcome for _, outcome, _ in line.lapsed_modes] == ["lapsed", "lapsed"]


def test_many_lapses_are_made_some_at_a_time() -> None:
    line = Turns(Rotation(within_shifts=1, at_least=4))
    line.pass_time(30 * 8 * HOUR)
    made = [len(line.made)]
    while line.write(lambda uow: scheduling.step_some(uow, line.plant)) is not None:
        made.append(len(line.made))
    assert max(more - before for before, more in pairwise(made)) <= scheduling.AT_ONCE
    assert len(line.lapsed_modes) == 4 * 29 == len(set(line.lapsed_modes))
