"""Who tells serial, variant, nest and pallet, as a station's file says it (D29, D33)."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from redrabbit.config.explanation import explain
from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.station import Station
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from redrabbit.domain.text import Text
from tests.config.test_cases import BASE

PRESS = (BASE / "press.yaml").read_text(encoding="utf-8")
SIGNALS = "  nest: {holding_register: 40, encoding: uint16}\n  scan: {holding_register: 41, encoding: uint16}\n"


def station_of(
    folder: Path, says: str, *, signals: str = "", presented: str | None = None
) -> Station:
    """Return the press whose file says this."""
    text = PRESS.replace("devices:", f"says:\n  {says}\ndevices:", 1)
    text = text.replace("signals:\n", f"signals:\n{signals}", 1)
    if presented is not None:
        text = text.replace("presented: {rises: part_present}", f"presented: {presented}")
    for source in BASE.iterdir():
        name = source.name
        content = text if name == "press.yaml" else source.read_text(encoding="utf-8")
        (folder / name).write_text(content, encoding="utf-8")
    return next(each for each in load_plant(folder).stations if each.id == "press")


def test_a_scan_and_a_tap_are_asked(tmp_path: Path) -> None:
    asked = station_of(tmp_path, "serial: scan\n  variant: {tap: [left, right]}").says.asked
    assert asked == {
        SaidOf.SERIAL: Asked(by=Source.SCAN),
        SaidOf.VARIANT: Asked(by=Source.TAP, values=("left", "right")),
    }


def test_buttons_have_words_in_both_languages(tmp_path: Path) -> None:
    says = "variant: {tap: {l: {en: Left, zh: 左}, r: {en: Right, zh: 右}}}"
    asked = station_of(tmp_path, says).says.asked[SaidOf.VARIANT]
    assert asked.values == ("l", "r")
    assert asked.words["r"] == Text(en="Right", zh="右")


def test_a_signal_that_is_named_scan_keeps_its_meaning(tmp_path: Path) -> None:
    """No file that was valid means anything else now."""
    says = station_of(tmp_path, "serial: scan", signals=SIGNALS).says
    assert says == StationSays(serial=says.serial)
    assert says.serial == "scan"


def test_a_place_is_expected_by_scan_or_tap(tmp_path: Path) -> None:
    says = "nest: {signal: nest, expected: {tap: [1, 2, 3.0]}}\n  pallet: {signal: scan, expected: scan}"
    found = station_of(tmp_path, says, signals=SIGNALS).says
    assert (found.nest, found.pallet) == ("nest", "scan")
    assert found.asked == {
        SaidOf.NEST: Asked(by=Source.TAP, values=("1", "2", "3")),
        SaidOf.PALLET: Asked(by=Source.SCAN),
    }


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("variant: {signal: nest, values: [3, 4.0]}", {SaidOf.VARIANT: ("3", "4")}),
        (
            "variant: {signal: part_present, values: [true, false]}",
            {SaidOf.VARIANT: ("True", "False")},
        ),
        ("nest: {signal: nest, values: [1, 2]}", {SaidOf.NEST: ("1", "2")}),
        ("nest: {signal: nest, expected: {tap: [1, 2]}}", {SaidOf.NEST: ("1", "2")}),
        ("nest: {signal: nest, expected: scan, values: [1, 2]}", {SaidOf.NEST: ("1", "2")}),
        (
            "nest: {signal: nest, expected: {tap: [1, 2]}, values: [1, 2, 3]}",
            {SaidOf.NEST: ("1", "2", "3")},
        ),
        ("nest: {signal: nest, expected: scan}", {}),
        ("nest: nest", {}),
    ],
)
def test_a_file_lists_what_a_signal_tells_of_a_part(
    tmp_path: Path, says: str, words: Mapping[SaidOf, tuple[str, ...]]
) -> None:
    """D34: nothing else is known to be another variant or nest; what can be tapped is listed."""
    without_scan = SIGNALS.partition("  scan:")[0]
    assert station_of(tmp_path, says, signals=without_scan).says.words == words


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("nest: {signal: nest}", "neither 'expected' nor 'values'; expected {signal: nest_number"),
        ("nest: {signal: nest, values: 1}", "found '1'; expected [value, …]"),
    ],
)
def test_a_signal_with_nothing_more_is_only_its_name(
    tmp_path: Path, says: str, problem: str
) -> None:
    without_scan = SIGNALS.partition("  scan:")[0]
    with pytest.raises(ConfigurationProblems) as refused:
        station_of(tmp_path, says, signals=without_scan)
    (only,) = refused.value.problems
    assert problem in str(only)


def test_it_is_explained_what_a_window_tells_apart(tmp_path: Path) -> None:
    without_scan = SIGNALS.partition("  scan:")[0]
    says = "variant: {signal: nest, values: [3, 4]}\n  nest: nest"
    lines = explain(station_of(tmp_path, says, signals=without_scan))
    assert "  variant:          nest tells it: 3, 4" in lines
    unlisted = "nest tells it; without values a window after a part was not detected holds parts of any nest"
    assert f"  nest:             {unlisted}" in lines


def test_a_place_helps_nobody_where_no_device_sees_the_part_come(tmp_path: Path) -> None:
    says = "nest: {signal: nest, expected: scan}"
    with pytest.raises(ConfigurationProblems) as refused:
        station_of(tmp_path, says, signals=SIGNALS, presented="stated")
    (problem,) = refused.value.problems
    assert "nest is expected, and no device sees the part come" in str(problem)
    assert "expected a device with a condition for presented" in str(problem)


def test_it_is_explained_who_tells_what_and_how_the_part_is_known(tmp_path: Path) -> None:
    says = "serial: scan\n  variant: nest\n  nest: {signal: nest, expected: {tap: [1, 2]}}"
    without_scan = SIGNALS.partition("  scan:")[0]
    lines = explain(station_of(tmp_path, says, signals=without_scan))
    assert "  serial:           the operator scans it before the part is put in" in lines
    assert (
        "  variant:          nest tells it; without values a window after a part was not detected holds parts of any variant"
        in lines
    )
    assert (
        "  nest:             the operator taps it before, and nest must tell the same for the part"
        in lines
    )
    assert "  presented:        part_present goes on and nest is what was told" in lines
    assert "  part known by:    it lies in the nest that the operator told before (B)" in lines
    unproved = "that nobody changed the part in its nest, or told another nest"
    assert f"  can't prove:      {unproved}" in lines


def test_a_pallet_is_explained_before_a_nest(tmp_path: Path) -> None:
    says = "pallet: {signal: nest, expected: scan}"
    lines = explain(station_of(tmp_path, says, signals=SIGNALS))
    assert (
        "  pallet:           the operator scans it before, and nest must tell the same for the part"
        in lines
    )
    assert "  part known by:    it stands on the pallet that the operator told before (B)" in lines
