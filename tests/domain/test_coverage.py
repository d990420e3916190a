"""What a plan covers, and each kind of gap where there is one, and only there."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.config.plant import load_plant
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.coverage import Coverage, GapKind, Recorded, coverage
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import FailureMode, PartId, SignalName, StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule_rules import Daily, EveryInterval, OnDemand, PlantEvent
from redrabbit.domain.schedule_words import parse_schedule
from redrabbit.domain.station import EventSignal, EventWhen
from tests.plants import OP20, OP30, a_check, a_part, a_plant, a_station

NOW = datetime(2026, 3, 2, 5, 50, tzinfo=UTC)
SOUND = (
    a_check("one", OP20, parts=(PartId("RR-0001"), PartId("GM-0001"))),
    a_check("two", OP30, parts=(PartId("RR-0002"), PartId("GM-0002"))),
)


def of(first: Check = SOUND[0], *more: Check, **changes: Any) -> Coverage:
    return coverage(a_plant(first, *(more or SOUND[1:]), **changes), NOW)


def changed(**changes: Any) -> Check:
    return dataclasses.replace(SOUND[0], **changes)


def kinds(found: Coverage) -> list[GapKind]:
    return [gap.kind for gap in found.gaps]


def test_a_sound_plan_has_no_gap_and_a_cell_for_each_mode() -> None:
    found = of()
    assert found.gaps == ()
    assert [
        (row.device, row.failure_mode, row.check, row.part, row.grade) for row in found.rows
    ] == [
        ("op20-torque", "torque_low", "one", "RR-0001", Grade.C),
        ("op30-torque", "torque_low", "two", "RR-0002", Grade.C),
    ]
    assert {row.due_at for row in found.rows} == {datetime(2026, 3, 2, 6, tzinfo=UTC)}
    assert not any(row.is_weak for row in found.rows)


def test_the_example_has_no_gap() -> None:
    plant = load_plant(Path(__file__).parents[2] / "station_configs")
    found = coverage(plant, NOW)
    assert found.gaps == ()
    modes = [(d.id, mode) for s in plant.stations for d in s.devices for mode in d.failure_modes]
    assert [(row.device, row.failure_mode) for row in found.rows] == modes


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (changed(parts=(PartId("RR-0001"),)), GapKind.CHECK_WITHOUT_MASTER),
        (changed(schedule=OnDemand()), GapKind.CHECK_NEVER_DUE),
        (changed(schedule=parse_schedule("after changeover")), GapKind.EVENT_WITHOUT_SIGNAL),
        (changed(parts=(PartId("GM-0001"),)), GapKind.MODE_WITHOUT_PART),
        (changed(closes_after=timedelta(hours=9)), GapKind.WINDOWS_OVERLAP),
        (changed(least_grade=Grade.A), GapKind.GRADE_BELOW_DEMANDED),
        (changed(schedule=EveryInterval(interval_s=1_800)), GapKind.WINDOWS_OVERLAP),
    ],
)
def test_what_a_check_lacks_is_a_gap_of_its_device_alone(check: Check, kind: GapKind) -> None:
    found = of(check)
    assert kinds(found) == [kind]
    assert found.gaps[0].device == "op20-torque"
    assert [row.gaps for row in found.rows] == [(kind,), ()]


@pytest.mark.parametrize("words", ["every 500 parts", "before the first part of each shift"])
def test_a_check_by_parts_is_due_though_the_calendar_never_asks_for_it(words: str) -> None:
    assert kinds(of(changed(schedule=parse_schedule(words)))) == []


@pytest.mark.parametrize("running", [None, SignalName("feed_held")])
def test_a_shift_that_only_people_can_tell_of_is_named(running: SignalName | None) -> None:
    stations = tuple(
        dataclasses.replace(a_station(each), part_counter=None, running=running)
        for each in (OP20, OP30)
    )
    check = changed(schedule=parse_schedule("within 30 min of running"))
    wanted = [] if running else [GapKind.EVENT_WITHOUT_SIGNAL]
    assert kinds(of(check, stations=stations)) == wanted


def test_an_event_beside_the_calendar_is_named_and_a_failed_check_is_known_without_a_signal() -> (
    None
):
    schedule = parse_schedule("every shift start + after tool change + after failed check")
    found = of(changed(schedule=schedule))
    assert [dict(gap.told) for gap in found.gaps] == [{"event": "tool_change"}]
    assert found.rows[0].due_at is not None


@pytest.mark.parametrize("told_at", [OP20, OP30])
def test_an_event_that_a_signal_of_the_checks_own_station_tells_is_no_gap(
    told_at: StationId,
) -> None:
    signal = EventSignal(
        event=PlantEvent.CHANGEOVER, signal=SignalName("part_code"), when=EventWhen.CHANGES
    )
    stations = tuple(
        dataclasses.replace(a_station(each), events=(signal,) if each == told_at else ())
        for each in (OP20, OP30)
    )
    found = of(changed(schedule=parse_schedule("after changeover")), stations=stations)
    assert kinds(found) == ([] if told_at == OP20 else [GapKind.EVENT_WITHOUT_SIGNAL])


def test_a_device_without_a_check_and_a_mode_without_a_part() -> None:
    found = of(SOUND[0], a_check("again", OP20, parts=SOUND[0].parts))
    assert kinds(found) == [GapKind.DEVICE_WITHOUT_CHECK]
    assert (found.rows[-1].device, found.rows[-1].check, found.rows[-1].part) == (
        "op30-torque",
        None,
        None,
    )
    modes = (FailureMode("torque_low"), FailureMode("screw_missing"))
    station = a_station(OP20)
    wider = dataclasses.replace(station.devices[0], failure_modes=modes)
    stations = (dataclasses.replace(station, devices=(wider,)), a_station(OP30))
    found = of(stations=stations)
    (gap,) = found.gaps
    assert (gap.kind, gap.failure_mode) == (GapKind.MODE_WITHOUT_PART, "screw_missing")
    assert [row.gaps for row in found.rows] == [(), (GapKind.MODE_WITHOUT_PART,), ()]


def test_a_part_before_two_devices_is_told_at_both() -> None:
    both = dataclasses.replace(SOUND[1], parts=(PartId("RR-0001"), PartId("GM-0002")))
    found = of(SOUND[0], both)
    assert [(gap.kind, gap.part, dict(gap.told)) for gap in found.gaps] == [
        (GapKind.PART_AT_SEVERAL_DEVICES, "RR-0001", {"others": "op30-torque"}),
        (GapKind.PART_AT_SEVERAL_DEVICES, "RR-0001", {"others": "op20-torque"}),
    ]


@pytest.mark.parametrize(("day", "is_gap"), [(2, False), (1, True)])
def test_a_part_must_be_valid_on_the_day_on_which_it_is_needed(day: int, *, is_gap: bool) -> None:
    parts = (
        a_part("RR-0001", valid_until=date(2026, 3, day)),
        a_part("GM-0001", None),
        a_part("RR-0002"),
        a_part("GM-0002", None),
    )
    found = of(parts=parts)
    assert kinds(found) == ([GapKind.PART_EXPIRES_FIRST] if is_gap else [])


def test_a_part_that_is_valid_today_and_not_at_the_next_due_time_is_a_gap() -> None:
    parts = (
        a_part("RR-0001", valid_until=NOW.date()),
        a_part("GM-0001", None),
        a_part("RR-0002"),
        a_part("GM-0002", None),
    )
    found = of(changed(schedule=Daily(at=time(5))), parts=parts)
    (gap,) = found.gaps
    assert (gap.kind, gap.at) == (GapKind.PART_EXPIRES_FIRST, datetime(2026, 3, 3, 5, tzinfo=UTC))


def test_what_became_of_a_part_counts_before_what_the_configuration_says() -> None:
    plant = a_plant(*SOUND)
    quarantined = coverage(plant, NOW, Recorded(parts={PartId("RR-0001"): PartState.QUARANTINED}))
    assert [(gap.kind, gap.part) for gap in quarantined.gaps] == [(GapKind.PART_UNFIT, "RR-0001")]
    parts = tuple(dataclasses.replace(part, released=part.id != "RR-0001") for part in plant.parts)
    assert kinds(of(parts=parts)) == [GapKind.PART_UNFIT]
    released = Recorded(parts={part.id: PartState.RELEASED for part in parts})
    assert coverage(a_plant(*SOUND, parts=parts), NOW, released).gaps == ()


def test_when_an_interval_is_due_is_known_from_its_adoption_only() -> None:
    hourly = changed(schedule=EveryInterval(interval_s=7_200))
    assert of(hourly).rows[0].due_at is None
    adopted = Recorded(adopted_at={hourly.id: NOW - timedelta(hours=1)})
    known = coverage(a_plant(hourly, SOUND[1]), NOW, adopted)
    assert known.rows[0].due_at == NOW + timedelta(hours=1)


subsets = st.lists(
    st.builds(
        lambda station, parts, number: a_check(
            f"check-{number}", station, parts=tuple(map(PartId, parts))
        ),
        st.sampled_from([OP20, OP30]),
        st.lists(st.sampled_from(["RR-0001", "RR-0002", "GM-0001"]), min_size=1, unique=True),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda check: check.id,
)


@given(subsets)
def test_every_mode_of_every_device_has_its_cells_and_no_gap_is_told_twice(
    checks: list[Check],
) -> None:
    plant: Plant = a_plant(*checks)
    found = coverage(plant, NOW)
    assert {(row.device, row.failure_mode) for row in found.rows} == {
        ("op20-torque", "torque_low"),
        ("op30-torque", "torque_low"),
    }
    told = [(g.kind, g.device, g.check, g.part, g.failure_mode, str(g.told)) for g in found.gaps]
    assert len(set(told)) == len(told)
    shown = {(row.check, row.part) for row in found.rows if row.check is not None}
    assert shown == {
        (check.id, part) for check in checks for part in check.parts if part.startswith("RR")
    }
    uncovered = {row.device for row in found.rows if row.check is None}
    assert uncovered == {
        gap.device
        for gap in found.gaps
        if gap.kind in {GapKind.DEVICE_WITHOUT_CHECK, GapKind.MODE_WITHOUT_PART}
    }
