"""What a station says of the part and of how it runs, from presented to the verdict (D33)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signal_log import SignalLog
from redrabbit.domain.station_says import (
    Asked,
    ProductionSignal,
    Said,
    SaidOf,
    Source,
    StationSays,
    said,
    shown,
)
from tests.builders import T0, an_acquisition, at, readings_of

SERIAL, PROGRAM, MODE = SignalName("serial"), SignalName("program"), SignalName("mode")
VARIANT, NEST = SignalName("variant"), SignalName("nest")
BY_SCAN = Asked(by=Source.SCAN)
SAYS = StationSays(
    serial=SERIAL,
    program=ProductionSignal(signal=PROGRAM, values=(7, 8)),
    mode=ProductionSignal(signal=MODE, values=(False,)),
)


def log_of(*changes: tuple[float, SignalName, Value | Reason]) -> SignalLog:
    """Return the log of a run in which each of these was told, so many seconds into it."""
    log = SignalLog.begun(readings_of({SERIAL: "S-1", PROGRAM: 7, MODE: False}), T0)
    for seconds, name, value in changes:
        log.take(an_acquisition(seconds, {name: value}))
    return log


def test_what_was_told_last_counts() -> None:
    log = log_of((1, SERIAL, "S-2"), (2, PROGRAM, 8), (9, SERIAL, "S-3"))
    assert said(SAYS, log.values_since, at(5)) == Said(
        serial="S-3", sources={SaidOf.SERIAL: Source.SIGNAL}, program="8", mode="False"
    )


@pytest.mark.parametrize(
    ("changes", "program", "mode"),
    [
        pytest.param([(6, PROGRAM, 9), (7, PROGRAM, 7)], "9", "False", id="back to production's"),
        pytest.param([(3, PROGRAM, 9), (6, PROGRAM, 8)], "9", "False", id="another one at first"),
        pytest.param([(6, PROGRAM, 5), (7, PROGRAM, 9)], "5", "False", id="the first of several"),
        pytest.param([(6, PROGRAM, Reason.TIMEOUT)], None, "False", id="none could be read"),
        pytest.param(
            [(6, PROGRAM, Reason.TIMEOUT), (7, PROGRAM, 9)], "9", "False", id="one was read at last"
        ),
        pytest.param([(6, MODE, True), (7, MODE, False)], "7", "True", id="challenge mode"),
    ],
)
def test_what_was_not_productions_is_what_is_told(
    changes: list[tuple[float, SignalName, Value | Reason]], program: str | None, mode: str
) -> None:
    """A record that says why it does not count shows what it says."""
    told = said(SAYS, log_of(*changes).values_since, at(5))
    assert (told.program, told.mode, told.in_production) == (program, mode, False)


PLACED = StationSays(variant=VARIANT, nest=NEST, asked={SaidOf.NEST: BY_SCAN})


def test_a_variant_that_changed_while_the_part_was_there_is_not_known() -> None:
    """D34: it may be the next part's; what is not known counts for all."""
    steady = log_of((1, VARIANT, "left"), (2, NEST, 3.0), (9, PROGRAM, 8))
    assert said(PLACED, steady.values_since, at(5)).variant == "left"
    assert said(PLACED, steady.values_since, at(5)).nest == "3"
    for change in ((6, VARIANT, "right"), (6, VARIANT, Reason.TIMEOUT)):
        log = log_of((1, VARIANT, "left"), change)
        told = said(PLACED, log.values_since, at(5))
        assert (told.variant, told.sources[SaidOf.VARIANT]) == (None, Source.SIGNAL)


def test_the_place_that_the_part_is_known_by_is_the_one_that_both_told() -> None:
    log = log_of((1, NEST, 3), (6, NEST, 4))
    told = {SaidOf.NEST: "3"}
    assert said(PLACED, log.values_since, at(5), told, {SaidOf.NEST}).nest == "3"
    assert said(PLACED, log.values_since, at(5), told).nest is None


def test_what_the_operator_told_stands_as_it_was_told() -> None:
    asked = {SaidOf.VARIANT: Asked(by=Source.TAP, values=("l", "r")), SaidOf.PALLET: BY_SCAN}
    says = StationSays(serial=SERIAL, asked=asked)
    assert says.sources() == {
        SaidOf.SERIAL: Source.SIGNAL,
        SaidOf.VARIANT: Source.TAP,
        SaidOf.PALLET: Source.SCAN,
    }
    told = said(says, log_of().values_since, at(5), {SaidOf.VARIANT: "l"})
    assert (told.serial, told.variant, told.pallet) == ("S-1", "l", None)


@pytest.mark.parametrize(("value", "words"), [(3.0, "3"), (2.5, "2.5"), (7, "7"), (" A ", "A")])
def test_a_value_is_kept_as_people_write_it(value: Value, words: str) -> None:
    assert shown(value) == words


def test_a_station_that_tells_nothing_of_it_says_nothing() -> None:
    assert said(StationSays(), log_of().values_since, at(5)) == Said()


@pytest.mark.parametrize(
    ("change", "in_production"),
    [
        pytest.param((6, PROGRAM, 8), True, id="another program of production"),
        pytest.param((3, PROGRAM, 9), False, id="another program all the time"),
        pytest.param((6, PROGRAM, 9), False, id="another program in between"),
        pytest.param((6, MODE, True), False, id="challenge mode"),
        pytest.param((6, PROGRAM, Reason.TIMEOUT), False, id="a program that can't be read"),
        pytest.param((6, PROGRAM, True), False, id="a truth value is no number"),
    ],
)
def test_only_what_ran_as_in_production_all_the_time_did(
    change: tuple[float, SignalName, Value | Reason], in_production: bool
) -> None:
    log = log_of(change, (7, PROGRAM, 7), (7, MODE, False))
    assert said(SAYS, log.values_since, at(5)).in_production is in_production


def test_what_was_over_before_the_part_came_does_not_count() -> None:
    log = log_of((1, PROGRAM, 9), (2, PROGRAM, 7))
    assert said(SAYS, log.values_since, at(5)).in_production


def test_a_program_that_was_never_read_is_none_of_production() -> None:
    empty = SignalLog.begun({}, T0)
    assert not said(SAYS, empty.values_since, at(5)).in_production


programs = st.lists(st.tuples(st.floats(0.1, 3), st.sampled_from([7, 8, 9])), max_size=8)


@given(programs, st.floats(0, 12))
def test_it_ran_as_in_production_exactly_if_no_other_program_stood(
    steps: list[tuple[float, int]], since_s: float
) -> None:
    log, now_s, stood = log_of(), 0.0, [(0.0, 7)]
    for step_s, program in steps:
        now_s += step_s
        log.take(an_acquisition(now_s, {PROGRAM: program}))
        stood.append((round(now_s, 6), program))
    since = T0 + timedelta(seconds=since_s)
    from_s = (since - T0).total_seconds()
    ends = [begins_s for begins_s, _ in stood[1:]] + [float("inf")]
    seen = {program for (_, program), end_s in zip(stood, ends, strict=True) if end_s > from_s}
    assert said(SAYS, log.values_since, since).in_production is (9 not in seen)
    told = said(SAYS, log.values_since, since)
    assert told.in_production is (told.program != "9")
