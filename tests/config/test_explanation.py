"""What `redrabbit check-config --explain STATION` says (D28)."""

from dataclasses import replace
from pathlib import Path

import pytest

from redrabbit.cli import main
from redrabbit.config.explanation import condition_text, explain
from redrabbit.config.plant import load_plant
from redrabbit.domain.grade import reachable
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.rule import (
    Above,
    AnyOf,
    Below,
    Between,
    Condition,
    Equals,
    Increases,
    Not,
    StaysOff,
)
from redrabbit.domain.signals import MqttAddress
from redrabbit.domain.station import Station
from tests.config.verdict_table import WAYS, Way, the_rule

CONFIGURATION = Path(__file__).parents[2] / "station_configs"
PLANT = load_plant(CONFIGURATION)


def told(station_id: str) -> str:
    return "\n".join(
        explain(next(station for station in PLANT.stations if station.id == station_id))
    )


def test_a_station_without_codes_is_told_what_it_can_not_prove() -> None:
    lines = told("line1-op20").splitlines()
    assert lines[0] == "line1-op20 · Caliper bolts: Modbus TCP, unit 1, polled every 100 ms"
    assert "  presented:        part_present goes on" in lines
    assert (
        "  detected:         rejected goes on, within 2 s; reject_code must be 11 for torque_low, "
        "12 for screw_missing" in lines
    )
    assert "  silence:          no answer within 2 s is missed" in lines
    taken_back = (
        "a good answer that changes within 2 s from presented; so long the check does not go on"
    )
    assert f"  taken back:       {taken_back}" in lines
    assert "  part known by:    it is the first part that comes after the scan (C)" in lines
    assert "  grade:            C at least, if nothing goes wrong" in lines
    assert "  would lift it:    part_code, a signal with the code on the part (A)" in lines
    assert any("can't prove" in line and "not the next part of the line" in line for line in lines)


@pytest.mark.parametrize(
    ("station", "words"),
    [
        (
            "line1-op20",
            "runs while uptime changes every 2 s; was restarted where uptime goes back",
        ),
        (
            "line1-op40",
            "nothing tells whether it runs (heartbeat) or was restarted (resets: never)",
        ),
    ],
)
def test_it_is_said_what_tells_of_the_machine(station: str, words: str) -> None:
    """D32."""
    assert told(station).splitlines()[1] == f"  machine:          {words}"


def test_a_station_that_reads_codes_lacks_only_that_they_are_cleared() -> None:
    """D31."""
    lines = [line for line in told("line2-op20").splitlines() if "would lift it" in line]
    assert lines == [
        "  would lift it:    reject_code_cleared: true, if the code is cleared before each part (A)"
    ]


def test_a_station_that_clears_its_codes_has_nothing_more_to_ask_for() -> None:
    text = told("line1-op30")
    assert "the reject code, which is cleared before each part (A)" in text
    assert "would lift it" not in text


@pytest.mark.parametrize(
    ("sequence", "every_s", "words"),
    [
        ((), None, "unknown (C): accepted, rejected is told only when it changes"),
        ((), 1.0, "unread for more than 1.5 s, silence counts for nothing"),
        (("seq",), None, "where messages are missing, silence counts for nothing"),
    ],
    ids=["on change", "regularly", "numbered"],
)
def test_it_is_said_when_an_answer_can_have_passed_unseen(
    sequence: tuple[str, ...], every_s: float | None, words: str
) -> None:
    """D30."""
    station = PLANT.station(StationId("line2-op50"))
    signals = [
        replace(
            spec,
            address=replace(spec.address, sequence_path=sequence, expected_every_s=every_s),
        )
        for spec in station.signals
        if isinstance(spec.address, MqttAddress)
    ]
    text = "\n".join(explain(replace(station, signals=tuple(signals))))
    assert f"blind time:       {words}" in text


ONCE = "part_code tells it only as it comes: it is the first that is told after the scan (C)"


@pytest.mark.parametrize(
    ("every_s", "topic", "words"),
    [
        (1.0, "op20/label", "the station reads the code on the part (A)"),
        (None, "op20/state", "the station reads the code on the part (A)"),
        (None, "op20/label", ONCE),
    ],
    ids=["told again and again", "told with the answer", "told once"],
)
def test_a_code_that_is_told_only_once_is_said_to_be_known_by_order(
    every_s: float | None, topic: str, words: str
) -> None:
    """D29: the answer may be the next part's."""
    station = PLANT.station(StationId("line2-op20"))
    signals = tuple(
        replace(
            spec,
            address=replace(
                spec.address,
                topic=topic if spec.name == "part_code" else "op20/state",
                expected_every_s=every_s if spec.name == "part_code" else 1.0,
            ),
        )
        for spec in station.signals
        if isinstance(spec.address, MqttAddress)
    )
    lines = explain(replace(station, signals=signals))

    assert f"  part known by:    {words}" in lines
    lift = "expected_every for the topic of part_code, or the answer on the same topic (A)"
    unproved = "that the answer was the red rabbit's, and not the next part's"
    assert (f"  would lift it:    {lift}" in lines) is (words == ONCE)
    assert (f"  can't prove:      {unproved}" in lines) is (words == ONCE)


def test_pulses_that_nobody_declared_are_said_to_be_learnt() -> None:
    """D30."""
    learnt = "it is learnt from 20 answers, and proposed on the station's page"
    row = f"  pulse:            unknown of accepted, rejected: {learnt}"
    assert "pulse:" not in told("line2-op20"), "it tells in messages"
    station = PLANT.station(StationId("line1-op20"))
    undeclared = tuple(replace(spec, pulse_s=None) for spec in station.signals)
    assert row in list(explain(replace(station, signals=undeclared)))


def test_pulses_that_a_file_declares_are_told() -> None:
    """D30."""
    lines = told("line1-op20").splitlines()
    assert "  pulse:            rejected 600 ms, accepted 600 ms at least, as declared" in lines
    assert "unknown of" not in told("line1-op20")
    assert "  pulse:            start 1.2 s, cycle 1.2 s at least, as declared" in told(
        "line1-op10"
    )


def test_topics_that_tell_no_time_are_named() -> None:
    """D27."""
    late = "that no message came late: no time is told on "
    assert f"  can't prove:      {late}changchun2/line2/op50/accepted, " in told("line2-op50")
    assert late not in told("line2-op20"), "it tells its time"
    assert late not in told("line1-op20"), "it is polled"


def test_an_operators_tap_is_the_weakest() -> None:
    words = told("line2-op10")
    assert "the operator taps that it is there (D)" in words
    assert "taken back:       no answer is: nothing tells when the next part comes" in words


def test_a_held_feed_is_told_with_all_that_it_takes() -> None:
    """D29."""
    lines = told("line1-op40").splitlines()
    assert "  part known by:    feed_held is on and part_count counts exactly one part (B)" in lines
    assert (
        "  held:             nothing fed, nothing counted and the place free for 1 s before the part, "
        "one counted until the answer; else the part is known by order (C)" in lines
    )
    assert "  grade:            B at least, if nothing goes wrong" in lines
    assert any("can't prove" in line and "a hand put in" in line for line in lines)
    assert "that nothing was fed" not in told("line1-op40")


def test_a_feed_that_is_said_to_be_held_is_told_as_a_persons_word() -> None:
    station = PLANT.station(StationId("line1-op40"))
    (device,) = station.devices
    assert device.rule.held is not None
    said = replace(device.rule, held=replace(device.rule.held, signal=None))
    lines = explain(replace(station, devices=(replace(device, rule=said),)))
    assert (
        "  part known by:    the operator says that nothing is fed and part_count counts exactly one "
        "part (B)" in lines
    )
    assert "  can't prove:      that nothing was fed: a person says so" in lines


def test_a_cycle_that_stays_off_proves_nothing_where_nobody_is_known_to_demand_it() -> None:
    """D33."""
    words = "that anybody asked for it: what nobody demanded stays off, too"
    assert words not in told("line1-op10")
    station = PLANT.station(StationId("line1-op10"))
    device = next(each for each in station.devices if each.rule.demanded is not None)
    undemanded = replace(device, rule=replace(device.rule, demanded=None))
    assert words in "\n".join(explain(replace(station, devices=(undemanded,))))


def test_what_is_known_by_order_would_be_lifted_by_a_held_feed() -> None:
    words = (
        "held: counters that count each part, with a signal that nothing is fed, or the operator's"
    )
    assert words in told("line2-op50")
    station = PLANT.station(StationId("line2-op50"))
    (device,) = station.devices
    counted = replace(device.rule, presented=Increases(signal=SignalName("part_count")))
    lines = explain(replace(station, devices=(replace(device, rule=counted),)))
    assert words not in "\n".join(lines), "a counter can't show the place"


@pytest.mark.parametrize("station", PLANT.stations, ids=lambda station: station.id)
def test_each_device_is_told_with_the_grade_that_it_can_reach(station: Station) -> None:
    for device in station.devices:
        grade = reachable(device.rule, station).grade
        assert f"{grade} at least" in "\n".join(explain(station))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.title)
def test_each_way_of_answering_is_said_in_words(way: Way) -> None:
    rule = the_rule(way)
    words = condition_text(rule.detected)
    assert words
    assert "(" not in words, "said as code"


X = SignalName("x")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Equals(signal=X, value=True), "x is on"),
        (Above(signal=X, limit=12.5), "x is above 12.5"),
        (Below(signal=X, limit=3), "x is below 3"),
        (Between(signal=X, low=1, high=2), "x is from 1 to 2"),
        (Increases(signal=X, by=2), "x rises by 2"),
        (Not(of=Equals(signal=X, value=1)), "not (x is 1)"),
        (
            AnyOf(of=(Above(signal=X, limit=1), Below(signal=X, limit=0))),
            "x is above 1 or x is below 0",
        ),
        (StaysOff(signal=X, for_s=1.5, after=None), "x stays off for 1.5 s after the part came"),
    ],
)
def test_a_condition_is_said_in_words(condition: Condition, words: str) -> None:
    assert condition_text(condition) == words


def test_the_command_explains_a_station(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", str(CONFIGURATION), "--explain", "line2-op10"]) == 0
    assert "line2-op10-nut-sensor" in capsys.readouterr().out


def test_an_unknown_station_is_told_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check-config", str(CONFIGURATION), "--explain", "line9"]) == 1
    assert (
        "no station, receiver or check 'line9'; expected one of andon, line1-op10,"
        in capsys.readouterr().err
    )
