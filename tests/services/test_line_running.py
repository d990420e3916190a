"""The station's own running signal ends suspect windows, and opens them again (D34)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.facts.containment import ContainmentState, WindowEnd
from redrabbit.domain.identity import AGENT, SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.signals import Encoding, Table
from redrabbit.domain.station import Station
from redrabbit.services.containing import EndTold
from redrabbit.services.line_running import RunningSignal
from tests.plants import BEGIN, OP20, OP30, a_plant, a_signal, a_station
from tests.services.queries.at_op20 import AtOp20
from tests.services.test_suspect_windows import Line

RUNNING = SignalName("running")


def a_running_station() -> Station:
    station = a_station(OP20)
    signal = a_signal("running", Table.DISCRETE_INPUT, 9, Encoding.BOOL)
    return replace(station, signals=(*station.signals, signal), running=RUNNING)


class RunningLine(Line):
    """A line that tells whether it runs."""

    def __init__(self) -> None:
        super().__init__()
        AtOp20.__init__(self, a_plant(stations=(a_running_station(), a_station(OP30))))
        self.read(OP20, running=True, part_count=self.shown_count)

    def run(self, is_running: bool) -> None:
        self.pass_time(0.5)
        self.read(OP20, running=is_running)

    def the_case(self) -> ContainmentRecord:
        (case,) = self.cases()
        return case


def missed() -> RunningLine:
    line = RunningLine()
    line.check()
    line.make(5)
    line.is_blind = True
    line.check()
    return line


def test_a_stop_ends_the_window_exactly() -> None:
    line = missed()
    assert line.the_case().window_to is None
    line.make(3)
    line.run(False)
    case = line.the_case()
    assert (case.window_end, case.stop_signal, case.stopped_by) == (
        WindowEnd.STOP,
        "running",
        AGENT.id,
    )
    assert case.window_to == line.clock.now()
    made = line.made_between(case.window_from, case.window_to)
    assert (case.quantity, case.quantity_is_lower_bound) == (made, False)


def test_a_miss_while_the_line_stands_has_its_end_at_once() -> None:
    line = RunningLine()
    line.check()
    line.make(5)
    line.run(False)
    line.is_blind = True
    line.check()
    case = line.the_case()
    assert case.window_to is not None
    assert (case.window_to, case.quantity_is_lower_bound) == (case.opened_at, False)


def test_running_again_before_the_device_is_verified_opens_the_window_again() -> None:
    line = missed()
    line.run(False)
    line.run(True)
    assert line.the_case().window_to is None
    line.make(2)
    line.run(False)
    case = line.the_case()
    made = line.made_between(case.window_from, case.window_to)
    assert (case.quantity, case.quantity_is_lower_bound) == (made, False)


def test_after_the_re_verification_it_ends_there_and_stays_so() -> None:
    line = missed()
    line.reverify(parts_meanwhile=4)
    case = line.the_case()
    assert (case.state, case.window_to) == (ContainmentState.REVERIFIED, None)
    line.run(False)
    case = line.the_case()
    assert case.window_to == line.proved_at(case)
    made = line.made_between(case.window_from, case.window_to)
    assert (case.quantity, case.quantity_is_lower_bound) == (made, False)
    line.run(True)
    assert line.the_case() == case


def test_what_is_made_under_an_alternate_control_is_not_suspect() -> None:
    line = missed()
    told = EndTold(end=WindowEnd.ALTERNATE, text="gauge at OP25, Q. Li", box_label="SN 88012")
    line.end(line.the_case(), told)
    line.run(False)
    line.run(True)
    case = line.the_case()
    assert (case.window_end, case.box_label) == (WindowEnd.ALTERNATE, "SN 88012")


def test_a_stop_while_the_counter_can_not_be_read_is_at_least() -> None:
    line = missed()
    line.read(OP20, part_count="?")
    line.run(False)
    assert line.the_case().quantity_is_lower_bound
    line.run(True)
    case = line.the_case()
    assert (case.window_to, case.quantity is not None) == (None, True)


def test_whoever_stands_still_after_a_restart_has_stopped_meanwhile() -> None:
    line = missed()
    line.shown[OP20]["running"] = False
    line.kill(30, 0, with_reset=False)
    assert line.the_case().window_to is not None


def read(values: dict[str, Value | Reason], **more: object) -> Acquisition:
    now = BEGIN + timedelta(seconds=1)
    changes = tuple(
        Observation(signal=SignalName(name), reason=value)
        if isinstance(value, Reason)
        else Observation(signal=SignalName(name), value=value)
        for name, value in values.items()
    )
    usual = {
        "station": OP20,
        "window": Window(began_at=now, ended_at=now),
        "signals": frozenset({RUNNING, SignalName("rejected")}),
        "changes": changes,
    }
    return Acquisition(**(usual | more))  # type: ignore[arg-type]  # a mixture


@pytest.mark.parametrize(
    ("acquisition", "told", "is_running"),
    [
        pytest.param(read({"running": False}), (False,), False, id="off"),
        pytest.param(read({"running": True}), (), True, id="on, as before"),
        pytest.param(read({"rejected": True}), (), True, id="another signal"),
        pytest.param(read({}), (), True, id="alive"),
        pytest.param(read({"running": False}, fresh=False), (), True, id="not of now"),
        pytest.param(read({"running": Reason.MISSING}), (), None, id="a reason: it can't be read"),
        pytest.param(read({}, failure=Reason.TIMEOUT), (), None, id="not read"),
        pytest.param(
            read({"running": False}, signals=frozenset({SignalName("x")}), changes=()),
            (),
            True,
            id="about others",
        ),
    ],
)
def test_that_it_stands_is_known_from_good_readings_only(
    acquisition: Acquisition, told: tuple[bool, ...], is_running: bool | None
) -> None:
    signal = RunningSignal(a_running_station())
    assert signal.take(read({"running": True})) == (True,), "known for the first time"
    assert signal.take(acquisition) == told
    assert signal.is_running is is_running


def test_that_it_ran_is_believed_however_late_it_is_told() -> None:
    """D34: no window is told too short."""
    signal = RunningSignal(a_running_station())
    signal.take(read({"running": False}))
    assert signal.take(read({"running": True}, fresh=False)) == (True,)
    assert signal.take(read({"running": False})) == (False,)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param((), (), id="nothing"),
        pytest.param((True,), (True,), id="it runs again"),
        pytest.param((True, False), (True, False), id="it ran"),
        pytest.param((True, False, True, False, True), (True,), id="it runs, after all"),
    ],
)
def test_what_was_said_while_nothing_could_be_recorded_is_told_with_the_next_reading(
    said: tuple[bool, ...], told: tuple[bool, ...]
) -> None:
    signal = RunningSignal(a_running_station())
    signal.take(read({"running": False}))
    for is_running in said:
        signal.take_aside(read({"running": is_running}))
    assert signal.take(read({})) == told
    assert signal.take(read({})) == ()


def test_a_line_that_ran_again_while_nothing_could_be_recorded_has_its_window_open() -> None:
    line = missed()
    line.run(False)
    assert line.the_case().window_to is not None
    line.pass_time(0.5)
    line.owner.take_aside(
        read({"running": True}, window=Window(began_at=line.clock.now(), ended_at=line.clock.now()))
    )
    line.shown[OP20]["running"] = True
    line.pass_time(0.5)
    line.read(OP20)
    assert line.the_case().window_to is None


def test_a_station_without_such_a_signal_never_says() -> None:
    signal = RunningSignal(a_station(OP20))
    assert signal.take(read({"running": False})) == ()
    assert signal.is_running is None
