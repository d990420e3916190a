"""Stations, their links and the error-proofing devices that watch there (R01)."""

from dataclasses import dataclass, field
from enum import StrEnum

from redrabbit.domain.identity import DeviceId, FailureMode, LineId, SignalName, StationId
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.signals import MqttAddress, SignalSpec
from redrabbit.domain.station_says import StationSays
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTls:
    """How the connection to a broker is encrypted; files are named by their absolute paths."""

    ca_file: str | None = None
    """Certificates of the plant's own authority, PEM; None: those that the system trusts."""
    certificate_file: str | None = None
    """The certificate by which the broker knows us, with its key in `key_file`; None: it asks for none."""
    key_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """As whom we are known to a broker, and how the way to it is encrypted."""

    user: str | None = None
    password: SecretPlace | None = None
    tls: BrokerTls | None = None
    """None: nothing is encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusLink:
    """A station polled over Modbus TCP."""

    endpoint: str
    """The endpoint's name in plant.yaml."""
    host: str
    port: int
    unit_id: int
    poll_interval_s: float
    timeout_s: float
    """For one request; must be shorter than a verdict can wait."""
    max_gap_registers: int = 8
    """How many unwanted registers or bits a read may span to save a request (B6)."""
    max_registers: int = 125
    forbidden: tuple[tuple[str, int, int], ...] = ()
    """(table, first, last) ranges that must never be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttLink:
    """A station that publishes to a broker."""

    endpoint: str
    host: str
    port: int
    settle_s: float = 0.5
    """After a connect, how long what arrives is not fresh evidence (D7)."""
    keepalive_s: int = 10
    access: BrokerAccess = BrokerAccess()


Link = ModbusLink | MqttLink


class DeviceKind(StrEnum):
    """What an error-proofing device does about the defect (R01)."""

    CANNOT_MAKE = "cannot_make"
    CANNOT_PASS = "cannot_pass"  # noqa: S105  because no password is meant: a part can't pass
    HUMAN = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One error-proofing device, its failure modes, and the rule by which its answer is read."""

    id: DeviceId
    name: Text
    kind: DeviceKind
    failure_modes: tuple[FailureMode, ...]
    rule: DetectionRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A signal that changes for as long as the machine's program runs: a toggling bit, an uptime (D32)."""

    signal: SignalName
    every_s: float
    """It changes at least so often; silence for longer: the machine has stopped."""


class EventWhen(StrEnum):
    """What of a signal is the event."""

    COMES_ON = "comes_on"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSignal:
    """A signal that tells an event: when it comes on, or shows another value (R08)."""

    event: PlantEvent
    signal: SignalName
    when: EventWhen
    off_for_s: float = 0.0
    """It counts only where it was off for so long: a restart after a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One station of a line: how it is read, and what watches there."""

    id: StationId
    line: LineId
    operation: str
    """As on the line's layout, for example `OP20`."""
    name: Text
    link: Link
    signals: tuple[SignalSpec, ...]
    devices: tuple[Device, ...]
    part_counter: SignalName | None = None
    """Counts every part made here; dates and sizes a suspect window (D5, R25)."""
    part_code: SignalName | None = None
    """Which part the station sees; a challenge part's code outside its run is an escape (L5)."""
    says: StationSays = field(default_factory=StationSays)
    """What else it says of the part before it, and of how it runs (D33)."""
    heartbeat: Heartbeat | None = None
    """None: nothing tells a machine that has stopped from one that has nothing to say."""
    running: SignalName | None = None
    """On while the station makes parts: off ends a suspect window (D34)."""
    events: tuple[EventSignal, ...] = ()
    """What its signals tell of production: changeovers, lots, tools."""
    value_expires_s: float = 2.0
    """A value older than this supports no verdict and shows as no data (B2)."""

    def expires_s(self) -> dict[SignalName, float | None]:
        """Return after how long without a good reading each signal is lost (B2).

        None: it speaks only on change, so its silence proves nothing (D7).
        """
        return {
            spec.name: None
            if isinstance(spec.address, MqttAddress) and spec.address.expected_every_s is None
            else self.value_expires_s
            for spec in self.signals
        }

    @property
    def tells_running(self) -> bool:
        """Whether a signal tells that it makes parts; else only people do (D42)."""
        by_event = any(each.event is PlantEvent.LINE_RUNNING for each in self.events)
        return by_event or self.part_counter is not None or self.running is not None

    def device(self, device_id: DeviceId) -> Device:
        """Return the device of that id; KeyError if it is not at this station."""
        for device in self.devices:
            if device.id == device_id:
                return device
        raise KeyError(device_id)

    def topics_without_time(self, rule: DetectionRule) -> tuple[str, ...]:
        """Return the topics of a rule's signals whose messages don't tell when they were made, by name.

        There nobody can tell a late message from a live one (D27).
        """
        read = rule.signals()
        addresses = (spec.address for spec in self.signals if spec.name in read)
        topics = {
            address.topic
            for address in addresses
            if isinstance(address, MqttAddress) and not address.time_path
        }
        return tuple(sorted(topics))
