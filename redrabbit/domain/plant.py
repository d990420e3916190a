"""The whole of a plant as its files describe it: what the service runs on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.customer_minimum import Below, CustomerMinimum, below_minima
from redrabbit.domain.escalation import Duty, Escalation, Rule
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.facts.words import PlaceNames, PlanReference
from redrabbit.domain.identity import CheckId, DeviceId, LineId, PartId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.people_rules import USUAL_RULES, PeopleRules
from redrabbit.domain.scanned_code import AS_KNOWN, CodeForms, CodeKind, Known
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.domain.special_characteristic import SpecialCharacteristic
from redrabbit.domain.station import Device, Station
from redrabbit.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One production line."""

    id: LineId
    name: Text


class TargetKind(Enum):
    """Where outgoing messages can go."""

    MQTT = "mqtt"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    """Whatever Apprise knows a way to: mail, chat groups, SMS gateways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationTarget:
    """One receiver of outgoing messages; only the plant file names receivers."""

    name: str
    kind: TargetKind
    url: str | None = None
    """For a webhook."""
    host: str | None = None
    port: int | None = None
    topic: str | None = None
    """For MQTT."""
    apprise: SecretPlace | None = None
    """For Apprise: where the address is found; it holds secrets itself."""
    language: str | None = None
    """In which language it is told, en or zh; None: English, with both beside it."""
    alarms: bool = True
    """Whether it is told of alarms, and of recording that stopped."""
    events: frozenset[str] = frozenset()
    """Event words it wants; empty: all."""
    checkpoints: bool = False
    """Whether it is sent the ledger's checkpoints, to keep them (D62)."""
    token: SecretPlace | None = None
    """The token that a webhook asks for."""
    token_header: str | None = None
    """The header that carries it; None: Authorization, as a bearer token."""
    headers: tuple[tuple[str, SecretPlace], ...] = ()
    """More headers that a webhook asks for, and where their values are."""
    signing_secret: SecretPlace | None = None
    """What messages to a webhook are signed with (D48)."""
    ca_file: str | None = None
    """The certificates by which a webhook's own is judged, instead of the public ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideWatcher:
    """Who expects a sign of life of the service, and tells people when none comes. One of the two addresses."""

    url: str | None
    place: SecretPlace | None
    """Where the address is found, where it is a secret."""
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """Everything adopted from the configuration folder (D14)."""

    name: str
    zone: ZoneInfo
    lines: tuple[Line, ...]
    stations: tuple[Station, ...]
    calendars: Mapping[LineId, ShiftCalendar]
    parts: tuple[ChallengePart, ...]
    plan: ControlPlan
    failure_modes: Mapping[str, Text]
    """Words for each failure mode slug."""
    special_characteristics: tuple[SpecialCharacteristic, ...] = ()
    """Those that its plans may have; empty: any."""
    minima: tuple[CustomerMinimum, ...] = ()
    """How often its customers want devices verified at least."""
    targets: tuple[NotificationTarget, ...] = ()
    address: str | None = None
    """Where people reach this service, for links in messages, without a slash at its end; None: not said."""
    codes: CodeForms = AS_KNOWN
    """What its badges and labels look like (B40)."""
    people: PeopleRules = USUAL_RULES
    """What the plant decides about people (D45)."""
    watcher: OutsideWatcher | None = None
    mail: SecretPlace | None = None
    """Where the address of the mail server stands by which people are reached; None: mail reaches none of them."""
    rules: tuple[Rule, ...] = ()
    """By which steps people are told of alarms; the first that takes one decides (R10)."""
    rosters: Mapping[str, tuple[Duty, ...]] = field(default_factory=dict)
    """Who is on duty, by the roster's name."""
    digest: str = ""
    """SHA-256, hex, over the canonical content of all files."""
    in_force: tuple[InForceItem, ...] = ()
    """What entries are recorded under (D52)."""

    @property
    def known_codes(self) -> Known:
        """Return the ids that a scan may be, where the plant declares no form for their kind."""
        devices = (device for station in self.stations for device in station.devices)
        return {
            CodeKind.PART: frozenset(part.id for part in self.parts),
            CodeKind.PLACE: frozenset(part.storage for part in self.parts),
            CodeKind.DEVICE: frozenset(device.id for device in devices),
            CodeKind.LINE: frozenset(line.id for line in self.lines),
        }

    @property
    def escalation(self) -> Escalation:
        """The rules with all that they need to be applied."""
        return Escalation(
            rules=self.rules,
            rosters=self.rosters,
            wishes={each.name: each.events for each in self.targets if each.alarms},
            zone=self.zone,
            calendars=self.calendars,
        )

    def station_digest(self, station_id: StationId) -> str | None:
        """Return the digest of a station's own file; None where it is not known."""
        for item in self.in_force:
            if item.kind is InForceKind.STATION and item.id == station_id:
                return item.digest
        return None

    @property
    def below(self) -> tuple[Below, ...]:
        """The checks of its plan that are due less often than a customer demands."""
        return below_minima(self.plan, self.minima, self.calendars)

    def special_name(self, code: str | None) -> Text | None:
        """Return what a special characteristic means; None where the plant does not say."""
        return next((each.name for each in self.special_characteristics if each.code == code), None)

    def home_of(self, part_id: PartId) -> str:
        """Return the stream on which a piece is at home: the first line that takes it (D50).

        A piece that no check takes belongs to no line.
        """
        lines = (check.line for check in self.plan.checks if part_id in check.parts)
        return next(lines, PLANT_STREAM)

    def place_names(self, station_id: StationId, device_id: DeviceId | None) -> PlaceNames:
        """Return what line, station and device are called now; KeyError for an unknown one."""
        station = self.station(station_id)
        names = {line.id: line.name for line in self.lines}
        return PlaceNames(
            line=names.get(station.line, Text(en=station.line, zh=station.line)),
            operation=station.operation,
            station=station.name,
            device=None if device_id is None else station.device(device_id).name,
        )

    def plan_reference(self, check: Check) -> PlanReference:
        """Return where in the plan in force a check stands (R02)."""
        return PlanReference(
            number=self.plan.number,
            revision=self.plan.revision,
            line=check.plan_line,
            pfmea=check.pfmea,
        )

    def station(self, station_id: StationId) -> Station:
        """Return the station of that id; KeyError if there is none."""
        return {station.id: station for station in self.stations}[station_id]

    def part(self, part_id: PartId) -> ChallengePart:
        """Return the part of that id; KeyError if there is none."""
        return {part.id: part for part in self.parts}[part_id]

    def check(self, check_id: CheckId) -> Check:
        """Return the check of that id; KeyError if there is none."""
        return {check.id: check for check in self.plan.checks}[check_id]

    def station_of(self, device_id: DeviceId) -> tuple[Station, Device]:
        """Return where a device stands; KeyError if there is none of that id."""
        for station in self.stations:
            for device in station.devices:
                if device.id == device_id:
                    return station, device
        raise KeyError(device_id)
