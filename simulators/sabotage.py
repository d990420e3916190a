"""Brings a fault plan about in a plant that is served over real sockets.

The twin of `simulators.direct_link`, which does the same without sockets, and more: here are the faults
of `POLLED` and `PUBLISHED`, late messages and restarts. What happens to the
product's own machine (a clock step, a restart) is for whoever runs the product.
"""

from collections.abc import Callable
from datetime import datetime

from redrabbit.base.clock import Clock
from simulators.direct_link import LATE_BY, MISHAPS
from simulators.faults import Fault, FaultKind, FaultPlan
from simulators.modbus_station import Failure, ModbusStation, ReplyFault
from simulators.plant import SimulatedPlant, StationFace

LATE_S, SLOW_S = 0.8, 0.15
"""Later than any station's timeout, and late within it."""
SPOILED_MESSAGES = 5
"""How many messages in a row suffer a mishap."""
REPLIES = {
    FaultKind.DROPPED_REPLY: (ReplyFault.DROPPED, 0.0),
    FaultKind.LATE_REPLY: (ReplyFault.LATE, LATE_S),
    FaultKind.SLOW_REPLY: (ReplyFault.LATE, SLOW_S),
    FaultKind.RESET_CONNECTION: (ReplyFault.RESET, 0.0),
}

BIT_FUNCTIONS = frozenset({1, 2})
"""Of Modbus: those that read coils and discrete inputs."""
SLAVE_FAILURE = 4
"""The exception that a device answers when it can't do what it was asked for."""

Undo = Callable[[], None]


async def carry_out(plan: FaultPlan, plant: SimulatedPlant, clock: Clock) -> None:
    """Begin and end every fault of the plan at its instants; return when all are over.

    Cancelled before that, it leaves no fault behind.
    """
    begun: dict[Fault, Undo] = {}
    try:
        for at in plan.change_instants():
            await clock.sleep_until(at)
            _end_what_is_over(begun, at)
            for fault in plan.faults:
                if fault.at == at and fault.station is not None:
                    begun[fault] = begin(fault, plant)
    finally:
        for undo in begun.values():
            undo()


def begin(fault: Fault, plant: SimulatedPlant) -> Undo:
    """Let one fault begin; return what ends it."""
    face = next(face for face in plant.model.faces if face.station == fault.station)
    if fault.kind is FaultKind.LINK_CUT:
        plant.cut_link(face.station)
        return lambda: plant.mend_link(face.station)
    if fault.kind is FaultKind.MACHINE_RESTART:
        plant.driver.catch_up()
        plant.world.restart_machine(face.station)
        return lambda: None
    if face.endpoint in plant.brokers:
        return _spoil_messages(fault, plant, face)
    return _spoil_replies(fault, plant.modbus[face.endpoint], face.unit_id)


def _spoil_replies(fault: Fault, server: ModbusStation, unit: int) -> Undo:
    if fault.kind is FaultKind.STALE_REGISTERS:
        server.freeze(unit)
        return lambda: server.thaw(unit)
    if fault.kind is FaultKind.DEAD_BLOCK:
        dead = Failure(
            fault=ReplyFault.EXCEPTION,
            times=None,
            unit=unit,
            functions=BIT_FUNCTIONS,
            exception=SLAVE_FAILURE,
        )
        server.fail(dead)
        return server.clear_failures
    how, delay_s = REPLIES[fault.kind]
    server.fail(Failure(fault=how, times=None, unit=unit, delay_s=delay_s))
    return server.clear_failures


def _spoil_messages(fault: Fault, plant: SimulatedPlant, face: StationFace) -> Undo:
    if fault.kind is FaultKind.BROKER_RESTART:
        broker = plant.brokers[face.endpoint]
        broker.cut()
        broker.forget()
        return broker.mend
    station = plant.publishing[face.station]
    if fault.kind is FaultKind.LATE_MESSAGE:
        station.late_s = LATE_BY.total_seconds()
        return lambda: setattr(station, "late_s", 0.0)
    voice = station.voice
    voice.plan(*[MISHAPS[fault.kind]] * SPOILED_MESSAGES)
    return voice.forget_plan


def _end_what_is_over(begun: dict[Fault, Undo], now: datetime) -> None:
    for fault in [fault for fault in begun if fault.until <= now]:
        begun.pop(fault)()
