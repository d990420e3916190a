"""A plant of sixteen stations, each read and judged in another way, from the files of a plant.

Eight are polled over Modbus TCP, eight publish to one broker. Every rule allows two seconds, and silence
is a miss everywhere: there the product has most to lose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from redrabbit.config.plant import load_plant
from redrabbit.domain.plant import Plant
from redrabbit.domain.station import MqttLink

EDGE = "{rises: part_present}"
BITS = "detected: {rises: rejected}, accepted: {rises: accepted}"
COUNTERS = "detected: {increases: rejects}, accepted: {increases: accepts}"
WORD = "detected: {becomes: {result: 2}}, accepted: {becomes: {result: 1}}"
LEVELS = "detected: {equals: {result: 2}}, accepted: {equals: {result: 1}}"
REASON = "reject_code: code, reject_codes: {torque_low: 11}"
FIRST_PORT = 15001

ALL = ("part_present", "part_code", "rejected", "accepted", "code", "result", "rejects", "accepts")
ENCODINGS = {
    "part_present": "bool",
    "part_code": "string",
    "rejected": "bool",
    "accepted": "bool",
}


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One station: how it is read and judged, and what it can say."""

    name: str
    presented: str = EDGE
    answers: str = BITS
    tells_reason: bool = False
    more: str = ""
    """More of the rule."""
    in_registers: bool = False
    """Over Modbus: its bits stand in a status register instead of coils."""
    pulse_s: float | None = None
    """Over Modbus: how long its answers stand at least, as declared."""
    poll_s: float = 0.1
    topics: tuple[tuple[str, ...], ...] = ()
    """Over MQTT: what each topic tells."""
    modulus: int | None = None
    promises: bool = True
    """Over MQTT: to publish every half a second at least."""
    tells_sequence: bool = True

    @property
    def publishes(self) -> bool:
        return bool(self.topics)

    @property
    def is_tapped(self) -> bool:
        return self.presented == "stated"

    @property
    def reads_codes(self) -> bool:
        return self.presented == "code"

    @property
    def hears_silence(self) -> bool:
        """Whether it would be noticed that it fell silent."""
        return self.promises or not self.publishes

    @property
    def shortest_answer_s(self) -> float:
        """How long an answer stands at least so that no lawful gap can hide it (D30)."""
        if self.publishes:
            return 0.1
        return self.pulse_s or 3 * self.poll_s + 0.05


SLOTS = (
    Slot(name="m1", tells_reason=True),
    Slot(name="m2", in_registers=True),
    Slot(name="m3", answers=COUNTERS),
    Slot(name="m4", presented="code", tells_reason=True),
    Slot(name="m5", pulse_s=0.3, in_registers=True),
    Slot(name="m6", answers=WORD, tells_reason=True, more="settle: 300 ms"),
    Slot(name="m7", presented="stated", in_registers=True),
    Slot(name="m8", answers=LEVELS, poll_s=0.25),
    Slot(name="q1", topics=(ALL,), tells_reason=True),
    Slot(name="q2", topics=(ALL,), presented="code", tells_reason=True, modulus=64),
    Slot(name="q3", topics=(("part_present", "part_code"), ALL[2:]), modulus=16),
    Slot(name="q4", topics=(ALL,), tells_sequence=False),
    Slot(name="q5", topics=(ALL,), promises=False),
    Slot(name="q6", topics=(ALL,), answers=COUNTERS),
    Slot(name="q7", topics=(("part_present", "part_code"), ALL[2:]), answers=WORD, tells_reason=True),
    Slot(name="q8", topics=(ALL,), presented="code", answers=LEVELS),
)  # fmt: skip


def rabbit(slot: Slot) -> str:
    """Return the challenge part of a station."""
    return f"RR-{slot.name}"


@lru_cache(maxsize=1)
def configured() -> Plant:
    """Return the plant as its files say."""
    return load_plant(files())


def plant_at(broker_port: int) -> Plant:
    """Return the plant with its broker at this port."""
    plant = configured()
    stations = tuple(
        replace(each, link=replace(each.link, port=broker_port))
        if isinstance(each.link, MqttLink)
        else each
        for each in plant.stations
    )
    return replace(plant, stations=stations)


def port_of(slot: Slot) -> int:
    """Return the port of a Modbus station."""
    return FIRST_PORT + SLOTS.index(slot)


def files() -> Mapping[str, str]:
    """Return the plant's files by name."""
    stations = {f"{slot.name}.yaml": _station(slot) for slot in SLOTS}
    return {"plant.yaml": _plant(), "control_plan.yaml": _plan(), **stations}


def _plant() -> str:
    plcs = [
        f'  plc-{slot.name}: {{modbus_tcp: "127.0.0.1:{port_of(slot)}"}}'
        for slot in SLOTS
        if not slot.publishes
    ]
    parts = [
        f"  {rabbit(slot)}: {{name: {{en: Rabbit, zh: 红兔子}}, category: torque, "
        "failure_mode: torque_low, storage: drawer, valid_until: 2030-12-31, released: true}"
        for slot in SLOTS
    ]
    return "\n".join(
        [
            "plant: Adversity",
            "zone: UTC",
            "calendars:",
            "  week: {shifts: {day: {from: '06:00', to: '18:00', days: [mon, tue, wed, thu, fri]}}}",
            "lines: {line1: {name: {en: Line 1, zh: 1号线}, calendar: week}}",
            "failure_modes: {torque_low: {en: Torque too low, zh: 扭矩偏低}}",
            "endpoints:",
            *plcs,
            '  broker: {mqtt: "127.0.0.1:1883"}',
            "challenge_parts:",
            *parts,
        ]
    )


def _plan() -> str:
    checks = [
        f"  check-{slot.name}: {{plan_line: '{n}', pfmea: '{n}', device: device-{slot.name}, "
        f"parts: [{rabbit(slot)}], schedule: on demand, opens_before: 0 s, grace: 0 s, closes_after: 1 h, "
        f"reaction: [{{en: Stop., zh: 停线。}}]}}"
        for n, slot in enumerate(SLOTS, 1)
    ]
    return "\n".join(["control_plan: CP-1", "revision: A", "checks:", *checks])


def _station(slot: Slot) -> str:
    link, signals = _over_mqtt(slot) if slot.publishes else _over_modbus(slot)
    rule = [
        f"presented: {slot.presented}",
        slot.answers,
        "within: 2 s",
        "on_silence: missed",
        *(["part_code: part_code"] if slot.reads_codes else []),
        *([REASON] if slot.tells_reason else []),
        *([slot.more] if slot.more else []),
    ]
    return "\n".join(
        [
            f"station: {slot.name}",
            "line: line1",
            f"operation: {slot.name.upper()}",
            f"name: {{en: {slot.name}, zh: 工位}}",
            f"link: {link}",
            "signals:",
            *(f"  {signal}" for signal in signals),
            "devices:",
            f"  device-{slot.name}:",
            "    name: {en: Device, zh: 装置}",
            "    kind: cannot_pass",
            "    failure_modes: [torque_low]",
            f"    rule: {{{', '.join(rule)}}}",
        ]
    )


def _over_modbus(slot: Slot) -> tuple[str, list[str]]:
    link = (
        f"{{modbus_tcp: plc-{slot.name}, unit_id: 1, poll: {slot.poll_s * 1000:g} ms, "
        "timeout: 300 ms}"
    )
    places = [
        f"holding_register: 0, bit: {bit}" if slot.in_registers else f"coil: {bit}"
        for bit in range(3)
    ]
    pulse = f", pulse: {slot.pulse_s * 1000:g} ms" if slot.pulse_s else ""
    return link, [
        f"part_present: {{{places[0]}}}",
        f"rejected: {{{places[1]}{pulse}}}",
        f"accepted: {{{places[2]}{pulse}}}",
        "code: {holding_register: 1, encoding: uint16}",
        "result: {holding_register: 2, encoding: uint16}",
        "rejects: {holding_register: 3, encoding: uint16}",
        "accepts: {holding_register: 4, encoding: uint16}",
        "part_code: {holding_register: 6, encoding: string, length: 4}",
    ]


def _over_mqtt(slot: Slot) -> tuple[str, list[str]]:
    told = ["time: at", "quality: q"]
    if slot.tells_sequence:
        path = f"{{path: seq, modulus: {slot.modulus}}}" if slot.modulus else "seq"
        told.append(f"sequence: {path}")
    if slot.promises:
        told.append("expected_every: 500 ms")
    topics, signals = [], []
    for n, names in enumerate(slot.topics):
        topics.append(f"t{n}: {{topic: line/{slot.name}/{n}, {', '.join(told)}}}")
        signals += [
            f"{name}: {{topic: t{n}, path: {name}, encoding: {ENCODINGS.get(name, 'integer')}}}"
            for name in names
        ]
    return f"{{mqtt: broker, topics: {{{', '.join(topics)}}}}}", signals


def topic_of(slot: Slot, place: int) -> str:
    """Return the topic that a station's messages of this kind come on."""
    return f"line/{slot.name}/{place}"
