"""What `redrabbit check-config --explain STATION` says (D28)."""

from pathlib import Path

import pytest

from redrabbit.cli import main
from redrabbit.config.explanation import condition_text, explain
from redrabbit.config.plant import load_plant
from redrabbit.domain.grade import reachable
from redrabbit.domain.identity import SignalName
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
    assert "  part known by:    it is the first part that comes after the scan (C)" in lines
    assert "  grade:            C at least, if nothing goes wrong" in lines
    assert "  would lift it:    part_code, a signal with the code on the part (A)" in lines
    assert any("can't prove" in line and "not the next part of the line" in line for line in lines)


def test_a_station_that_reads_codes_has_nothing_more_to_ask_for() -> None:
    assert "would lift it" not in told("line1-op30")


def test_an_operators_tap_is_the_weakest() -> None:
    assert "the operator taps that it is there (D)" in told("line2-op10")


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
    assert "no station 'line9'; expected one of line1-op20," in capsys.readouterr().err
