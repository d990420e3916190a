"""Verdicts are recorded with the grade of their evidence, and nothing passes on less (D28, D30, D31)."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.station import ModbusLink
from tests.plants import OP20, OP30, a_plant, a_station
from tests.services.queries.at_op20 import AtOp20


def polled_plant(pulse_s: float | None, rule: dict[str, Any]) -> Plant:
    """A plant whose OP20 is to be polled every 100 ms, its result bits pulses where said so."""
    station = a_station(OP20, **rule)
    assert isinstance(station.link, ModbusLink)
    pulses = {SignalName("rejected"), SignalName("accepted")}
    polled = replace(
        station,
        link=replace(station.link, poll_interval_s=0.1),
        signals=tuple(
            replace(spec, pulse_s=pulse_s if spec.name in pulses else None)
            for spec in station.signals
        ),
    )
    return a_plant(stations=(polled, a_station(OP30)))


class Shown(AtOp20):
    """OP20 with a rabbit before it: presented, and not yet answered."""

    def __init__(
        self, *, pulse_s: float | None = None, before: dict[str, Value] | None = None, **rule: Any
    ) -> None:
        super().__init__(polled_plant(pulse_s, rule))
        self.start()
        self.read(OP20, **(before or {}))
        self.scan()
        self.put_on()

    def watch(self, seconds: float, every_s: float = 0.1) -> None:
        """Let the station be polled for so long, and nothing change."""
        for _ in range(round(seconds / every_s)):
            self.pass_time(every_s)
            self.read(OP20)

    def answers(self, **values: Value) -> None:
        """Let the next poll tell this."""
        self.pass_time(0.1)
        self.read(OP20, **values)

    @property
    def verdict(self) -> PresentationRecord:
        """The one presentation that was made."""
        (shown,) = self.ask(lambda reader: reader.find(PresentationRecord))
        return shown

    def said(self) -> str:
        """Its verdict in words."""
        return " ".join(filter(None, (self.verdict.verdict, self.verdict.verdict_reason)))

    def run_after_all(self) -> RunRecord:
        """Give the part back, confirm, and return the run."""
        self.give_back()
        self.confirm()
        (run,) = self.ask(lambda reader: reader.find(RunRecord))
        return run


def test_a_verdict_tells_by_what_it_is_known_and_its_run_has_its_grade() -> None:
    op20 = Shown()
    op20.watch(0.5)
    op20.answers(rejected=True, reject_code=11)

    shown = op20.verdict
    assert (shown.grade, shown.identity_kind, shown.answer_kind, shown.watched) == (
        "C",
        "order",
        "code_renewed",
        "unbroken",
    )
    assert shown.largest_gap_s == pytest.approx(0.1)
    op20.give_back()
    op20.pass_time(2)
    op20.scan("GM-0001")
    op20.put_on()
    op20.answers(accepted=True)
    op20.give_back("GM-0001")
    op20.pass_time(2)
    op20.confirm()
    (run,) = op20.ask(lambda reader: reader.find(RunRecord))
    assert (run.outcome, run.grade) == ("passed", "C")


def test_a_tap_lowers_the_grade_and_so_does_silence() -> None:
    op20 = Shown(presented=None)
    op20.settle(op20.owner.tap(actor=op20.owner.run.operator, now=op20.clock.now()))  # type: ignore[union-attr]  # a run is under way
    op20.watch(3.1)

    shown = op20.verdict
    assert (op20.said(), shown.grade, shown.identity_kind, shown.answer_kind) == (
        "missed",
        "D",
        "tap",
        "silence",
    )
    assert op20.run_after_all().grade == "D"


def test_an_inconclusive_verdict_and_its_run_have_no_grade() -> None:
    op20 = Shown()
    op20.answers(rejected=True, reject_code=99)

    shown = op20.verdict
    assert (op20.said(), shown.grade, shown.answer_kind, shown.watched) == (
        "inconclusive wrong_reject_code",
        None,
        None,
        None,
    )
    assert shown.identity_kind == "order"
    assert op20.run_after_all().grade is None


# D31 ----------------------------------------------------------------------------------------------


def test_a_code_left_over_from_before_is_told_as_that() -> None:
    op20 = Shown(before={"reject_code": 11})
    op20.watch(0.3)
    op20.answers(rejected=True)

    assert (op20.said(), op20.verdict.answer_kind) == ("detected", "code_not_renewed")


def test_a_code_that_comes_250_ms_after_the_bit_takes_the_left_over_one_back() -> None:
    """m6 of the findings: 11 is left over from the last reject, the PLC writes 12."""
    op20 = Shown(before={"reject_code": 11})
    op20.watch(0.3)
    op20.answers(rejected=True)
    op20.watch(0.2)
    op20.answers(reject_code=12)

    shown = op20.verdict
    assert (op20.said(), shown.observed_code) == ("inconclusive wrong_reject_code", "12")
    assert (shown.grade, shown.answer_kind) == (None, None)
    run = op20.run_after_all()
    assert (run.outcome, run.grade) == ("inconclusive", None)


def test_where_the_station_clears_its_code_a_left_over_one_is_stale() -> None:
    op20 = Shown(before={"reject_code": 11}, reject_code_cleared=True)
    op20.watch(0.3)
    op20.answers(rejected=True)
    op20.watch(3)
    op20.tick()

    assert op20.said() == "inconclusive stale"


def test_a_code_that_is_cleared_150_ms_after_the_bit_is_kept() -> None:
    """m31 of the findings."""
    op20 = Shown(settle_s=0.3)
    op20.watch(0.3)
    op20.answers(rejected=True, reject_code=11)
    op20.answers(reject_code=0)
    op20.watch(0.4)

    assert (op20.said(), op20.verdict.observed_code) == ("detected", "11")


def test_a_code_that_was_cleared_before_anybody_read_it_is_not_called_a_wrong_one() -> None:
    """m31 of the findings, on a busy machine."""
    op20 = Shown()
    op20.watch(0.3)
    op20.answers(rejected=True)
    op20.watch(3)
    op20.tick()

    assert (op20.said(), op20.verdict.observed_code) == ("inconclusive stale", None)


# D30 ----------------------------------------------------------------------------------------------


def test_a_pulse_that_may_have_fallen_into_a_closed_connection_is_no_miss() -> None:
    """f1 of the findings: pulses of 400 ms, TCP closed for 0.65 s."""
    op20 = Shown(pulse_s=0.4)
    op20.watch(0.3)
    op20.pass_time(0.65)
    op20.watch(2.2)

    assert op20.said() == "inconclusive not_watched"
    assert op20.verdict.largest_gap_s == pytest.approx(0.75)
    assert op20.ask(lambda reader: reader.find(RunRecord))[0].grade is None


def test_a_pulse_that_a_slow_plc_may_have_hidden_is_no_miss() -> None:
    """g2 of the findings: pulses of 400 ms, a cycle of 0.5 s in place of 100 ms."""
    op20 = Shown(pulse_s=0.4)
    op20.watch(3.5, every_s=0.5)

    assert op20.said() == "inconclusive not_watched"


def test_without_a_declared_pulse_three_polls_without_a_reading_are_too_many() -> None:
    """m33 of the findings: 0.7 s."""
    op20 = Shown()
    op20.watch(0.3)
    op20.pass_time(0.7)
    op20.watch(2.2)

    assert op20.said() == "inconclusive not_watched"


@pytest.mark.parametrize("pulse_s", [None, 0.4])
def test_silence_that_was_listened_to_is_a_miss(pulse_s: float | None) -> None:
    op20 = Shown(pulse_s=pulse_s)
    op20.watch(3.1)

    assert (op20.said(), op20.verdict.grade) == ("missed", "D")


def test_a_gap_lowers_the_grade_of_a_right_code_and_takes_nothing_from_it() -> None:
    op20 = Shown()
    op20.pass_time(0.7)
    op20.answers(rejected=True, reject_code=11)

    shown = op20.verdict
    assert (op20.said(), shown.watched, shown.grade) == ("detected", "gap", "C")


def test_an_answer_without_a_reason_after_a_gap_may_be_the_next_parts() -> None:
    op20 = Shown(reject_code=None, reject_codes={})
    op20.pass_time(0.7)
    op20.answers(rejected=True)

    assert op20.said() == "inconclusive not_watched"
