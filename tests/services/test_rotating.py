"""Failure modes that take turns, from the records: what each run takes, what the page says, and what has lapsed by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import FailureMode, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import AlarmRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.run_questions import parts_of
from redrabbit.domain.station import Device, Station
from redrabbit.services import planning, scheduling
from redrabbit.services.queries.checks import check_page
from redrabbit.services.queries.reasons import why_decided
from redrabbit.services.queries.wording import message
from redrabbit.services.rotating import owed_parts
from tests.plants import OP20, OP30, TORQUE_CHECK, Bench, a_check, a_part, a_plant, a_station
from tests.services.test_custody import ANNA, give_back, put_in, scan, start

MODES = ("low", "high", "angle", "count")
CODES = {mode: 11 + number for number, mode in enumerate(MODES)}
PARTS = {f"RR-100{number}": mode for number, mode in enumerate(MODES)}
MASTER = "GM-0001"
HOUR = 3600.0


def a_plant_of(rotation: Rotation | None) -> Plant:
    """Return a plant whose check at OP20 has four failure modes and a good master."""
    station = replace(a_station(OP20), devices=(_device(a_station(OP20)),))
    check = a_check(parts=(*map(PartId, PARTS), PartId(MASTER)), rotation=rotation)
    plant = a_plant(check, stations=(station, a_station(OP30)))
    rabbits = tuple(a_part(part, mode) for part, mode in PARTS.items())
    return replace(plant, parts=(*plant.parts, *rabbits))


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

    def __init__(self, rotation: Rotation | None = None) -> None:
        super().__init__(a_plant_of(rotation or Rotation(within_shifts=2, at_least=2)))

    @property
    def check(self) -> Check:
        return self.plant.check(TORQUE_CHECK)

    def owed(self) -> tuple[str, ...]:
        now = self.clock.now()
        return self.database.read_now(lambda r: owed_parts(r, self.plant, self.check, now))

    def to(self, hour: float) -> None:
        at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)
        self.pass_time((at - self.clock.now()).total_seconds())
        self.write(lambda uow: scheduling.step(uow, self.plant))

    def verify(self) -> tuple[str, ...]:
        """Verify the device with what is owed, and return the parts of the run."""
        self.read(OP20)
        start(self)
        run = self.database.read_now(lambda r: latest(r, RunRecord, by="started_at"))
        assert run is not None
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
    assert why_decided(first) == message("given.mode_not_shown", mode="angle")
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
