"""A device is read when every signal that its rule judges by is (D32), whatever else is heard."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.device_reading import (
    TOLD_BY_THE_STATION,
    DevicesRead,
    leading_signals,
)
from redrabbit.domain.identity import DeviceId, SignalName
from redrabbit.domain.observation import Acquisition, NoData, Observation, Reason, Value
from redrabbit.domain.rule import Above, AllOf, Rises, judging_signals
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec
from redrabbit.domain.station import Device, Station
from tests.builders import ACCEPTED, CODE, IDLE, PART, PRESENT, REJECTED, a_rule, an_acquisition, at
from tests.plants import OP20, a_station

TORQUE = DeviceId("op20-torque")
CAMERA = DeviceId("op20-camera")
MEASURED = SignalName("measured")
BITS = frozenset({REJECTED, ACCEPTED, PRESENT})
REGISTERS = frozenset({CODE, PART, MEASURED})
EVERYTHING = BITS | REGISTERS
EXPIRES_S = 2.0


def a_topic_signal(name: SignalName, topic: str, every_s: float | None) -> SignalSpec:
    address = MqttAddress(topic=topic, encoding=Encoding.BOOL, expected_every_s=every_s)
    return SignalSpec(name=name, address=address)


def the_station(*on_change: SignalName, **rule: Any) -> Station:
    """Return a station of two devices: a controller with bits, code and torque, and a camera."""
    usual = a_station(OP20)
    controller = replace(usual.devices[0], rule=a_rule(**({"part_code": PART} | rule)))
    camera = Device(
        id=CAMERA,
        name=controller.name,
        kind=controller.kind,
        failure_modes=controller.failure_modes,
        rule=a_rule(
            part_code=None,
            detected=AllOf(of=(Above(signal=MEASURED, limit=5), Rises(signal=REJECTED))),
            accepted=None,
        ),
    )
    signals = tuple(
        a_topic_signal(
            name, "bits" if name in BITS else "registers", None if name in on_change else 1
        )
        for name in sorted(EVERYTHING)
    )
    return replace(usual, signals=signals, devices=(controller, camera), value_expires_s=EXPIRES_S)


def good(seconds: float, covers: frozenset[SignalName] = EVERYTHING, **told: Any) -> Acquisition:
    """Return a good poll in which everything has a value, but for what is told otherwise."""
    values: dict[SignalName, Value | Reason] = {name: IDLE.get(name, 0.5) for name in covers} | {
        SignalName(name): what for name, what in told.items()
    }
    return an_acquisition(seconds, values, covers=covers)


def test_what_a_verdict_rests_on_and_what_leads_to_it() -> None:
    rule = a_rule(presented=Rises(signal=PRESENT), part_code=None, reject_code=CODE)
    assert judging_signals(rule) == {REJECTED, ACCEPTED}
    assert leading_signals(rule) == {PRESENT, CODE}
    both = a_rule(presented=Rises(signal=REJECTED), part_code=PART, measured=MEASURED)
    assert leading_signals(both) == {PART}, (
        "what judges leads, too; the measured value decides none"
    )


def test_a_device_is_not_read_before_its_signals_were() -> None:
    """K4: a run may not be started on a station that was never read."""
    read = DevicesRead(the_station(), at(0))
    assert read.no_data(at(0.1)) == {
        TORQUE: NoData(since=at(0), reason=Reason.NOT_YET_READ, signal=ACCEPTED),
        CAMERA: NoData(since=at(0), reason=Reason.NOT_YET_READ, signal=MEASURED),
    }
    read.take(good(1))
    assert read.no_data(at(1)) == {}


def test_a_dead_block_blinds_the_device_that_needs_it_while_the_others_go_on() -> None:
    """K4, f2: the bits answer with an exception, the registers are read."""
    read = DevicesRead(the_station(), at(0))
    read.take(good(1))
    dead = dict.fromkeys(BITS, Reason.DEVICE_ERROR)
    for second in range(2, 6):
        read.take(an_acquisition(second, dead, covers=EVERYTHING))
    assert read.no_data(at(3)) == {}, "not before its last good reading has expired"
    assert read.no_data(at(5)) == {
        TORQUE: NoData(since=at(1), reason=Reason.DEVICE_ERROR, signal=ACCEPTED),
        CAMERA: NoData(since=at(1), reason=Reason.DEVICE_ERROR, signal=REJECTED),
    }
    read.take(good(6))
    assert read.no_data(at(6)) == {}


def test_a_dead_topic_blinds_only_the_device_that_needs_it() -> None:
    """K4, f3: the topic of the bits is silent, that of the registers is not."""
    read = DevicesRead(the_station(detected=Above(signal=MEASURED, limit=5), accepted=None), at(0))
    read.take(good(1, BITS))
    for second in range(1, 9):
        read.take(good(second, REGISTERS))
    assert read.no_data(at(8)) == {
        CAMERA: NoData(since=at(1), reason=Reason.EXPIRED, signal=REJECTED)
    }


def test_what_leads_to_a_verdict_may_tell_that_there_is_none() -> None:
    """No code while no part is there is an answer; a code that can't be asked for is none."""
    read = DevicesRead(the_station(), at(0))
    read.take(good(1, part_code=Reason.MISSING))
    for second in range(2, 6):
        read.take(an_acquisition(second, covers=EVERYTHING))
    assert read.no_data(at(5)) == {}
    read.take(an_acquisition(6, {PART: Reason.DEVICE_ERROR}, covers=EVERYTHING))
    read.take(an_acquisition(8.5, covers=EVERYTHING))
    assert read.no_data(at(8.5))[TORQUE] == NoData(
        since=at(5), reason=Reason.DEVICE_ERROR, signal=PART
    )


def test_a_signal_that_speaks_on_change_is_read_until_it_is_lost() -> None:
    """D7: its silence proves nothing, and is no loss either."""
    read = DevicesRead(the_station(*EVERYTHING), at(0))
    read.take(good(1))
    assert read.no_data(at(5000)) == {}
    read.take(an_acquisition(5001, covers=BITS, failure=Reason.NOT_CONNECTED))
    assert read.no_data(at(5001))[TORQUE].reason is Reason.NOT_CONNECTED


def test_a_loss_is_seen_at_once_though_all_was_read_a_moment_ago() -> None:
    read = DevicesRead(the_station(*BITS), at(0))
    read.take(good(1))
    read.take(good(60, REGISTERS))
    assert read.no_data(at(60)) == {}
    read.take(an_acquisition(60.5, covers=BITS, failure=Reason.NOT_CONNECTED))
    assert read.no_data(at(60.5))[TORQUE] == NoData(
        since=at(1), reason=Reason.NOT_CONNECTED, signal=ACCEPTED
    )


def test_history_is_no_sign_of_life_of_what_speaks_regularly() -> None:
    """A broker gives its retained message at each connect, however long the station is dead."""
    read = DevicesRead(the_station(), at(0))
    for second in range(9):
        read.take(replace(good(second), fresh=False))
    assert read.no_data(at(8))[TORQUE] == NoData(
        since=at(0), reason=Reason.NOT_YET_READ, signal=ACCEPTED
    )
    read.take(an_acquisition(9, covers=EVERYTHING))
    assert read.no_data(at(9)) == {}


def test_the_same_signals_serve_another_rule() -> None:
    read = DevicesRead(the_station(), at(0))
    read.take(good(1, BITS))
    other = the_station(part_code=None)
    assert TORQUE not in read.under(other).no_data(at(1))
    assert TORQUE in read.under(the_station()).no_data(at(1))


def test_a_step_of_the_clock_is_no_silence() -> None:
    """R46."""
    read = DevicesRead(the_station(), at(0))
    read.shift(timedelta(hours=1))
    assert read.no_data(at(3600))[TORQUE].since == at(3600)
    read.take(good(3601))
    assert read.no_data(at(3602)) == {}
    read.shift(timedelta(hours=1))
    assert read.no_data(at(7202)) == {}
    assert read.no_data(at(7204))[TORQUE].since == at(7201)


@dataclass(frozen=True)
class Told:
    """What one acquisition came to, for the plain reckoning beside the clever one."""

    acquisition: Acquisition

    def of(self, signal: SignalName) -> Value | Reason | None:
        """Return what it says of a signal: a value, a reason, or None (it is as before)."""
        if self.acquisition.failure is not None:
            return self.acquisition.failure
        for change in self.acquisition.changes:
            if change.signal == signal:
                return change.reason if change.value is None else change.value
        return None


@st.composite
def stories(draw: st.DrawFn) -> list[Acquisition]:
    """Draw polls and messages: of all, of a topic, of any signals, good, failed, told by history."""
    found, second = [good(0)] if draw(st.booleans()) else [], 0.0
    for _ in range(draw(st.integers(1, 14))):
        second += draw(st.sampled_from([0.25, 0.5, 1.0, 1.75, 2.5]))
        covers = draw(
            st.sampled_from([EVERYTHING, BITS, REGISTERS])
            | st.frozensets(st.sampled_from(sorted(EVERYTHING)))
        )
        if draw(st.sampled_from([False, False, False, True])):
            reason = draw(st.sampled_from([Reason.TIMEOUT, Reason.EXPIRED]))
            found.append(an_acquisition(second, covers=covers, failure=reason))
            continue
        changed = draw(st.sets(st.sampled_from(sorted(covers)))) if covers else set()
        what: st.SearchStrategy[Value | Reason] = st.sampled_from(
            [True, Reason.DEVICE_ERROR, Reason.MISSING, Reason.BAD_REPLY]
        )
        fresh = draw(st.sampled_from([True, True, False]))
        acquisition = an_acquisition(second, covers=covers, fresh=fresh)
        changes = tuple(_observation(signal, draw(what), not fresh) for signal in sorted(changed))
        found.append(replace(acquisition, changes=changes))
    return found


def _observation(signal: SignalName, what: Value | Reason, retained: bool) -> Observation:
    if isinstance(what, Reason):
        return Observation(signal=signal, reason=what, retained=retained)
    return Observation(signal=signal, value=what, retained=retained)


def last_good(
    taken: Iterable[Acquisition], signal: SignalName, *, answer: bool
) -> tuple[bool, datetime | None]:
    """Return whether a signal has what is wanted, and when it was last seen to, read plainly."""
    has, good_at = False, None
    for acquisition in taken:
        if signal not in acquisition.signals:
            continue
        told = Told(acquisition).of(signal)
        if isinstance(told, Reason):
            has = answer and acquisition.failure is None and told in TOLD_BY_THE_STATION
        elif told is not None:
            has = True
        if has and acquisition.fresh:
            good_at = acquisition.window.ended_at
    return has, good_at


@settings(max_examples=400)
@given(
    stories(), st.frozensets(st.sampled_from(sorted(EVERYTHING))), st.floats(0, 4), st.booleans()
)
def test_a_device_is_read_just_when_each_signal_it_needs_had_a_good_reading_in_time(
    taken: list[Acquisition], on_change: frozenset[SignalName], later_s: float, looked: bool
) -> None:
    """D32, for any pattern of dead blocks, topics and signals, looked at often or once."""
    station = the_station(*on_change)
    read = DevicesRead(station, at(0))
    for acquisition in taken:
        read.take(acquisition)
        if looked:
            read.no_data(acquisition.window.ended_at)
    now = taken[-1].window.ended_at + timedelta(seconds=later_s)
    told = read.no_data(now)
    for device in station.devices:
        unread = set()
        for signals, answer in (
            (judging_signals(device.rule), False),
            (leading_signals(device.rule), True),
        ):
            for signal in signals:
                has, good_at = last_good(taken, signal, answer=answer)
                lives = good_at is not None and now - good_at <= timedelta(seconds=EXPIRES_S)
                if not lives and not (has and signal in on_change):
                    unread.add((good_at or at(0), signal))
        assert (device.id in told) == bool(unread), unread
        if unread:
            why = told[device.id]
            assert why.since == min(since for since, _ in unread)
            assert (why.since, why.signal) in unread


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.NOT_CONNECTED, Reason.EXPIRED])
def test_a_reason_of_the_link_is_no_answer_of_the_station(reason: Reason) -> None:
    assert reason not in TOLD_BY_THE_STATION
