from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest

from redrabbit.config.plant import digest_of, load_plant, read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.challenge_part import Category
from redrabbit.domain.identity import DeviceId, FailureMode, LineId, PartId, SignalName, StationId
from redrabbit.domain.people_rules import StatedNames
from redrabbit.domain.plant import TargetKind
from redrabbit.domain.read_plan import plan_reads
from redrabbit.domain.rule import DetectionRule, Increases, OnSilence, Rises
from redrabbit.domain.schedule_words import Daily, EveryShiftStart, Weekly
from redrabbit.domain.signals import Encoding, ModbusAddress, MqttAddress, Order, Table
from redrabbit.domain.station import DeviceKind, ModbusLink, MqttLink

SHIPPED = Path(__file__).parents[2] / "station_configs"
BASE = Path(__file__).parent / "base"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(BASE, tmp_path / "plant")


def rule_of(station: str) -> DetectionRule:
    (device,) = load_plant(SHIPPED).station(StationId(station)).devices
    return device.rule


def test_the_shipped_plant_has_two_lines_and_their_stations_on_both_protocols() -> None:
    plant = load_plant(SHIPPED)
    assert plant.name == "Changchun 2"
    assert plant.zone.key == "Asia/Shanghai"
    assert [line.id for line in plant.lines] == ["line1", "line2"]
    assert [station.id for station in plant.stations] == [
        "line1-op10",
        "line1-op20",
        "line1-op30",
        "line1-op40",
        "line1-op50",
        "line2-op10",
        "line2-op20",
        "line2-op30",
        "line2-op40",
        "line2-op50",
    ]
    links = [type(station.link) for station in plant.stations]
    assert (links.count(ModbusLink), links.count(MqttLink)) == (7, 3)


def test_every_device_of_the_shipped_plant_is_checked_with_each_of_its_failure_modes() -> None:
    plant = load_plant(SHIPPED)
    shown = {
        (check.device, plant.part(part).failure_mode)
        for check in plant.plan.checks
        for part in check.parts
        if not plant.part(part).is_good_master
    }
    watched = {
        (device.id, mode)
        for station in plant.stations
        for device in station.devices
        for mode in device.failure_modes
    }
    assert shown == watched


def test_every_check_of_the_shipped_plant_includes_a_good_master() -> None:
    plant = load_plant(SHIPPED)
    without = [
        check.id
        for check in plant.plan.checks
        if not any(plant.part(part).is_good_master for part in check.parts)
    ]
    assert without == []


def test_a_modbus_link_takes_its_address_from_the_plant_file() -> None:
    assert load_plant(SHIPPED).station(StationId("line1-op40")).link == ModbusLink(
        endpoint="line1-op40-tester",
        host="10.20.1.40",
        port=502,
        unit_id=7,
        poll_interval_s=0.1,
        timeout_s=0.3,
    )


def test_an_mqtt_link_takes_its_address_from_the_plant_file() -> None:
    assert load_plant(SHIPPED).station(StationId("line2-op50")).link == MqttLink(
        endpoint="plant-broker", host="10.20.0.5", port=1883, settle_s=0.5, keepalive_s=10
    )


@pytest.mark.parametrize(
    ("station", "signal", "address"),
    [
        (
            "line1-op20",
            "measured",
            ModbusAddress(table=Table.HOLDING_REGISTER, address=12, encoding=Encoding.FLOAT32),
        ),
        (
            "line1-op30",
            "rejected",
            ModbusAddress(table=Table.HOLDING_REGISTER, address=0, encoding=Encoding.BOOL, bit=1),
        ),
        (
            "line1-op30",
            "part_code",
            ModbusAddress(
                table=Table.HOLDING_REGISTER,
                address=8,
                encoding=Encoding.STRING,
                length_registers=8,
            ),
        ),
        (
            "line1-op40",
            "part_count",
            ModbusAddress(
                table=Table.INPUT_REGISTER,
                address=104,
                encoding=Encoding.UINT32,
                word_order=Order.LITTLE,
            ),
        ),
        (
            "line2-op10",
            "rejected",
            ModbusAddress(table=Table.COIL, address=3, encoding=Encoding.BOOL),
        ),
        (
            "line2-op20",
            "measured",
            MqttAddress(
                topic="changchun2/line2/op20/state",
                encoding=Encoding.NUMBER,
                path=("result", "torque"),
                sequence_path=("seq",),
                sequence_modulus=256,
                time_path=("at",),
                expected_every_s=0.5,
            ),
        ),
        (
            "line2-op50",
            "reject_code",
            MqttAddress(
                topic="changchun2/line2/op50/reject_code",
                encoding=Encoding.STRING,
                expected_every_s=1.0,
            ),
        ),
    ],
    ids=["float", "bit_of_register", "string", "low_word_first", "coil", "json", "plain"],
)
def test_a_signal_stands_where_its_file_says(
    station: str, signal: str, address: ModbusAddress | MqttAddress
) -> None:
    specs = {spec.name: spec for spec in load_plant(SHIPPED).station(StationId(station)).signals}
    assert specs[SignalName(signal)].address == address


def test_scale_and_unit_come_with_the_signal() -> None:
    station = load_plant(SHIPPED).station(StationId("line1-op40"))
    (measured,) = (spec for spec in station.signals if spec.name == "measured")
    assert (measured.scale, measured.offset, measured.unit) == (0.001, 0.0, "cm³/min")


def test_a_rule_says_when_the_part_is_there_what_rejects_and_why() -> None:
    assert rule_of("line1-op20") == DetectionRule(
        presented=Rises(signal=SignalName("part_present")),
        detected=Rises(signal=SignalName("rejected")),
        accepted=Rises(signal=SignalName("accepted")),
        within_s=2.0,
        on_silence=OnSilence.MISSED,
        reject_code=SignalName("reject_code"),
        reject_codes={FailureMode("torque_low"): 11, FailureMode("screw_missing"): 12},
        measured=SignalName("measured"),
    )


def test_presented_by_code_is_left_to_the_part_code() -> None:
    """D2: the part's code at the station, where the station reads one."""
    rule = rule_of("line1-op30")
    assert (rule.presented, rule.part_code) == (None, "part_code")


def test_presented_as_stated_is_left_to_the_operators_tap() -> None:
    """D2: without code and part-present, the operator's tap."""
    rule = rule_of("line2-op10")
    assert (rule.presented, rule.part_code) == (None, None)
    assert rule.accepted == Increases(signal=SignalName("good_count"), by=1)


def test_reject_codes_are_of_the_kind_their_signal_tells() -> None:
    assert rule_of("line2-op50").reject_codes == {
        "heater_open": "F31",
        "buckle_switch_swapped": "F47",
    }
    assert rule_of("line2-op50").settle_s == pytest.approx(0.3)


def test_shifts_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    calendar = load_plant(SHIPPED).calendars[LineId("line1")]
    night = {shift.name: shift for shift in calendar.shifts}["night"]
    assert night.ends_at < night.starts_at
    assert night.weekdays == (0, 1, 2, 3, 4)
    assert date(2027, 1, 1) in calendar.holidays


def test_parts_carry_what_is_known_of_them() -> None:
    rabbit = load_plant(SHIPPED).part(PartId("RR-0001"))
    assert (rabbit.category, rabbit.failure_mode) == (Category.TORQUE, "torque_low")
    assert (rabbit.storage, rabbit.measured) == ("drawer A1", "18.2 N·m")
    assert (rabbit.valid_until, rabbit.certified_on) == (date(2030, 12, 31), date(2026, 10, 12))
    assert rabbit.wear_limit_uses == 2000
    assert load_plant(SHIPPED).part(PartId("GM-0001")).is_good_master


def test_the_plan_is_read_with_its_revision_and_schedules() -> None:
    plan = load_plant(SHIPPED).plan
    assert plan.label == "CP-204 rev F"
    assert plan.effective_from == datetime(2026, 10, 31, 22, tzinfo=UTC)
    assert {type(check.schedule) for check in plan.checks} == {EveryShiftStart, Daily, Weekly}
    first = next(check for check in plan.checks if check.station == "line1-op20")
    assert first.line == "line1"
    assert (first.plan_line, first.pfmea) == ("20.4", "12.4 rev C")
    assert (first.grace, first.closes_after) == (timedelta(minutes=30), timedelta(hours=4))
    assert (first.arming_timeout_s, first.return_timeout_s) == (120, 300)
    assert first.reaction[0].zh.startswith("停止")


def test_receivers_are_those_of_the_plant_file() -> None:
    andon, office = load_plant(SHIPPED).targets
    assert (andon.kind, andon.host, andon.port, andon.events) == (
        TargetKind.MQTT,
        "10.20.0.5",
        1883,
        frozenset(),
    )
    assert (office.kind, office.url) == (TargetKind.WEBHOOK, "http://10.20.0.9/hooks/redrabbit")
    assert "lapsed" in office.events


def test_every_modbus_station_of_the_shipped_plant_is_read_in_few_requests() -> None:
    requests = [
        len(plan_reads(station.signals, station.link).blocks)
        for station in load_plant(SHIPPED).stations
        if isinstance(station.link, ModbusLink)
    ]
    assert max(requests) <= 2


def test_what_may_be_left_out_takes_its_stated_default(folder: Path) -> None:
    station = load_plant(folder).station(StationId("press"))
    assert station.value_expires_s == 2.0
    assert station.devices[0].kind is DeviceKind.CANNOT_PASS
    assert station.devices[0].rule.settle_s == 0
    assert not station.devices[0].rule.reject_code_cleared
    assert {spec.pulse_s for spec in station.signals} == {None}


def test_pulses_and_a_cleared_code_reach_those_who_judge(folder: Path) -> None:
    change(folder / "press.yaml", "{coil: 1}", "{coil: 1, pulse: 400 ms}")
    change(
        folder / "press.yaml",
        "{torque_low: 11}",
        "{torque_low: 11}\n      reject_code_cleared: true",
    )
    station = load_plant(folder).station(StationId("press"))
    assert {spec.name: spec.pulse_s for spec in station.signals if spec.pulse_s} == {
        "rejected": 0.4
    }
    assert station.devices[0].rule.reject_code_cleared


def test_the_size_of_messages_is_bounded_by_topic(folder: Path) -> None:
    change(folder / "camera.yaml", "sequence: seq,", "sequence: seq, max_size: 4 KiB,")
    signals = load_plant(folder).station(StationId("camera")).signals
    limits = {
        spec.address.topic: spec.address.most_bytes
        for spec in signals
        if isinstance(spec.address, MqttAddress)
    }
    assert limits == {"plant/op20/state": 4096, "plant/op20/reason": 256 * 1024}


def test_the_part_counter_is_known_to_count_parts(folder: Path) -> None:
    change(
        folder / "camera.yaml",
        "part_code: part_code\n",
        "part_code: part_code\npart_counter: code\n",
    )
    signals = load_plant(folder).station(StationId("camera")).signals
    assert [spec.name for spec in signals if spec.counts_parts] == ["code"]


def test_the_running_signal_is_named_or_none(folder: Path) -> None:
    assert load_plant(folder).station(StationId("press")).running is None
    change(
        folder / "press.yaml", "part_counter: count\n", "part_counter: count\nrunning: accepted\n"
    )
    assert load_plant(folder).station(StationId("press")).running == "accepted"


def test_the_words_of_shifts_and_signals_are_kept(folder: Path) -> None:
    change(folder / "press.yaml", "{coil: 0}", "{coil: 0, label: {en: Part there, zh: 有件}}")
    change(
        folder / "plant.yaml",
        'day: {from: "06:00"',
        'day: {label: {en: Day, zh: 白班}, from: "06:00"',
    )
    plant = load_plant(folder)
    station = plant.station(StationId("press"))
    assert station.signals[0].label is not None
    assert station.signals[0].label.zh == "有件"
    assert plant.calendars[LineId("line1")].shifts[0].label is not None


def test_forbidden_ranges_reach_the_link(folder: Path) -> None:
    change(
        folder / "press.yaml",
        "timeout: 300 ms}",
        "timeout: 300 ms, forbidden: [{table: coil, first: 90, last: 99}]}",
    )
    link = load_plant(folder).station(StationId("press")).link
    assert isinstance(link, ModbusLink)
    assert link.forbidden == (("coil", 90, 99),)


def test_another_plant_file_and_plan_serve_beside_the_same_stations(folder: Path) -> None:
    """So the demo and the tests bring their own ports and their own plan."""
    before = load_plant(folder)
    change(folder / "plant.yaml", "127.0.0.1:5020", "[::1]:6020")
    change(folder / "control_plan.yaml", "every shift start", "every 20 s")
    link = load_plant(folder).station(StationId("press")).link
    assert (link.host, link.port) == ("::1", 6020)
    assert replace(link, host="127.0.0.1", port=5020) == before.station(StationId("press")).link


def test_the_table_says_the_same_as_the_yaml_plan(folder: Path) -> None:
    as_yaml = load_plant(folder)
    (folder / "control_plan.yaml").unlink()
    (folder / "control_plan.csv").write_text(
        "control_plan,revision,check,plan_line,pfmea,device,parts,schedule,"
        "opens_before,grace,closes_after,reaction_en,reaction_zh\r\n"
        "CP-1,A,press-check,10.1,1.1 rev A,press-torque,GM-0001 RR-0001,every shift start,"
        "30 min,30 min,4 h,Stop.,停线。\r\n"
        ",,camera-check,20.1,2.1 rev A,camera-seal,RR-0002,daily at 06:30 if working,"
        "30 min,1 h,8 h,Stop.,停线。\r\n",
        encoding="utf-8-sig",
    )
    assert load_plant(folder).plan == as_yaml.plan


def test_content_is_the_text_of_all_files_of_the_configuration(folder: Path) -> None:
    """D14: adopting a configuration keeps its full content."""
    (folder / "README.md").write_text("none of the configuration", encoding="utf-8")
    (folder / ".draft.yaml").write_text("none of it either", encoding="utf-8")
    _, texts = read_configuration(folder)
    assert list(texts) == ["camera.yaml", "control_plan.yaml", "plant.yaml", "press.yaml"]
    assert texts["press.yaml"] == (BASE / "press.yaml").read_text(encoding="utf-8")


def test_texts_in_memory_are_the_plant_of_their_folder(folder: Path) -> None:
    """D24: what a database keeps is read where it is, not written into a folder first."""
    plant, texts = read_configuration(folder)
    assert load_plant(texts) == plant
    assert digest_of(texts) == plant.digest


@pytest.mark.parametrize(
    "name",
    [
        "../plant2.yaml",
        "/tmp/plant2.yaml",
        "a/b.yaml",
        "a\\b.yaml",
        "C:b.yaml",
        "a\nb.yaml",
        "a\x1b[8m.yaml",
        "a\u202eb.yaml",
        ".hidden.yaml",
        ".yaml",
        "x" * 200 + ".yaml",
        "notes.txt",
        "",
    ],
)
def test_a_name_that_is_none_of_a_file_here_is_refused(name: str, folder: Path) -> None:
    _, texts = read_configuration(folder)
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant({**texts, name: "a: b\n"})
    (problem,) = refused.value.problems
    assert "the name" in str(problem)
    assert str(problem).isprintable()


def test_line_ends_and_byte_order_marks_do_not_change_the_digest(folder: Path) -> None:
    before = load_plant(folder).digest
    text = (folder / "press.yaml").read_text(encoding="utf-8")
    (folder / "press.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_plant(folder).digest == before


@pytest.mark.parametrize(
    "alter",
    [
        lambda folder: change(folder / "press.yaml", "within: 2 s", "within: 3 s"),
        lambda folder: change(folder / "press.yaml", "station:", "# a word\nstation:"),
        lambda folder: (folder / "press.yaml").rename(folder / "stamp.yaml"),
        lambda folder: change(folder / "control_plan.yaml", "revision: A", "revision: B"),
    ],
    ids=["a_value", "a_comment", "a_name", "the_plan"],
)
def test_any_change_of_a_file_changes_the_digest(
    folder: Path, alter: Callable[[Path], object]
) -> None:
    before = load_plant(folder).digest
    alter(folder)
    assert load_plant(folder).digest != before


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(tmp_path / "nowhere")
    assert [problem.found for problem in refused.value.problems] == ["no such folder"]


def test_problems_come_in_the_order_of_file_and_line(folder: Path) -> None:
    change(folder / "press.yaml", "within: 2 s", "within: 2")
    change(folder / "press.yaml", "operation: OP10", "operation:")
    change(folder / "camera.yaml", "within: 2 s", "within: 2")
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(folder)
    places = [problem.place for problem in refused.value.problems]
    assert [(place.file, place.line) for place in places] == [
        ("camera.yaml", 26),
        ("press.yaml", 3),
        ("press.yaml", 24),
    ]


def test_a_check_names_the_station_of_its_device() -> None:
    plant = load_plant(SHIPPED)
    station, device = plant.station_of(DeviceId("line2-op20-torque"))
    (check,) = (check for check in plant.plan.checks if check.device == device.id)
    assert (check.station, check.line) == (station.id, station.line)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_plant_says_what_another_person_approves(folder: Path) -> None:
    """D45."""
    assert load_plant(folder).people.approval == ApprovalRules()
    plant = folder / "plant.yaml"
    said = "{approval: {release_part: after, excuse: alone, within_working_hours: 8}}"
    plant.write_text(f"{plant.read_text(encoding='utf-8')}people: {said}\n", encoding="utf-8")
    people = load_plant(folder).people
    assert people.stated_names is StatedNames.AT_STATIONS
    assert people.approval == ApprovalRules(
        modes={
            Approvable.RELEASE_PART: ApprovalMode.AFTER,
            Approvable.EXCUSE: ApprovalMode.ALONE,
        },
        within=timedelta(hours=8),
    )


def test_a_plant_says_whether_a_stated_name_may_act(folder: Path) -> None:
    """D47."""
    assert load_plant(folder).people.stated_names is StatedNames.AT_STATIONS
    plant = folder / "plant.yaml"
    text = plant.read_text(encoding="utf-8")
    for said, expected in (
        ("{stated_names: never}", StatedNames.NEVER),
        ("{stated_names: at_stations}", StatedNames.AT_STATIONS),
        ("{}", StatedNames.AT_STATIONS),
    ):
        plant.write_text(f"{text}people: {said}\n", encoding="utf-8")
        assert load_plant(folder).people.stated_names is expected
