"""What was read from a station: a value with its window and quality, or the reason there is none.

Every good poll or message is one `Acquisition`, changed or not, because a steady value must be
known to be alive (D1); only changes are carried as observations. Nothing is carried over from an
earlier acquisition and nothing is invented (B1, B2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from redrabbit.domain.identity import DeviceId, SignalName, StationId
from redrabbit.domain.part_count import PartCount

Value = bool | int | float | str


class Reason(StrEnum):
    """Why there is no value."""

    NOT_YET_READ = "not_yet_read"
    NOT_CONNECTED = "not_connected"
    TIMEOUT = "timeout"
    DEVICE_ERROR = "device_error"
    """The device answered with an error, for example a Modbus exception."""
    BAD_REPLY = "bad_reply"
    """The reply was malformed, short, or not the one asked for."""
    NOT_A_NUMBER = "not_a_number"
    NOT_AVAILABLE = "not_available"
    """The station told a code that is declared to mean that it has no value."""
    OUT_OF_RANGE = "out_of_range"
    """Beyond what is declared as plausible, or what the encoding holds."""
    UNREADABLE = "unreadable"
    """The payload does not have the declared form."""
    TOO_LARGE = "too_large"
    """The message is larger than its topic's limit; nobody looked into it."""
    MISSING = "missing"
    """The payload lacks the declared field."""
    NOT_RUNNING = "not_running"
    """It answers, but its heartbeat has stopped: what it shows is left over from before (D32)."""
    BAD_QUALITY = "bad_quality"
    """The source itself says that the value is not good, or does not say that it is (L1, D27)."""
    EXPIRED = "expired"
    """No acquisition for longer than the station allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When something was acquired: from the request's sending to the reply's end.

    For a message it ends with its arrival. It begins there, too, or as much earlier as the message
    may have been under way: by the time that it tells, or by a stall of ours or of the link (D27).
    Aware UTC; the length is the uncertainty of when the value was true at the station.
    """

    began_at: datetime
    ended_at: datetime

    def __post_init__(self) -> None:
        """Refuse naive instants and windows that end before they begin."""
        if self.began_at.tzinfo is None or self.ended_at.tzinfo is None:
            raise ValueError("a window needs aware instants")
        if self.ended_at < self.began_at:
            raise ValueError("a window can't end before it begins")

    def shifted(self, step: timedelta) -> "Window":
        """Return the same time as a clock tells it that was set by `step` since."""
        return Window(began_at=self.began_at + step, ended_at=self.ended_at + step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One signal's value, or the reason there is none; exactly one of the two."""

    signal: SignalName
    value: Value | None = None
    reason: Reason | None = None
    retained: bool = False
    """A retained or otherwise historical value: may set the *before*, never the edge (D7)."""

    def __post_init__(self) -> None:
        """Refuse a value together with a reason, and neither (B1)."""
        if (self.value is None) == (self.reason is None):
            raise ValueError(f"{self.signal}: an observation is a value or a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceClock:
    """The clock by which a message told its time, as it stood to ours then (D27)."""

    name: str
    """Of whatever tells it: the topic."""
    offset_s: float
    """Seconds that ours is ahead: the smallest arrival minus told of the last minutes."""
    jumped: bool = False
    """It was found to be set between the message before and this one, or now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """One poll of a station, or one message from it.

    `signals` are all the signals that this acquisition covers: those of them that have no
    observation in `changes` are *unchanged and alive* within `window`. When `failure` is given
    nothing was read: each of `signals` has no value from `window.ended_at` on.
    """

    station: StationId
    window: Window
    signals: frozenset[SignalName]
    changes: tuple[Observation, ...] = ()
    failure: Reason | None = None
    fresh: bool = True
    """False for what is history, or can't be told from it: a retained message, one that arrives before
    the settle time of a connect, one that was under way for long (D7, D27)."""
    clock: SourceClock | None = None
    """Given where the message tells its time."""
    messages_lost: int = 0
    """How many messages the sequence shows to be missing just before this one."""
    detail: str | None = None
    """For diagnostics only: error class, exception code. Never judged."""
    heart_beat: bool = False
    """The machine's heartbeat changed: so its program ran (D32)."""
    machine_restarted: bool = False
    """A counter that is never set back went back: so the machine was restarted (D32)."""
    request_of: Mapping[SignalName, int] = field(default_factory=dict)
    """By which request of the poll each was read, in their order; empty: all at one instant."""

    @property
    def tells_of_machine(self) -> bool:
        """True where it says that the machine ran, or was restarted."""
        return self.heart_beat or self.machine_restarted

    @property
    def speaks_of_now(self) -> bool:
        """True where it was read, and nothing in it is stale, retained or otherwise historical."""
        historical = not self.fresh or any(change.retained for change in self.changes)
        return self.failure is None and not historical


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The last known state of one signal, as pages and runs see it."""

    signal: SignalName
    value: Value | None
    reason: Reason | None
    window: Window | None
    """Of the last good acquisition that covered the signal."""
    changed_at: datetime | None
    """When the value was first seen as it is."""
    retained: bool = False

    def shifted(self, step: timedelta) -> "Reading":
        """Return the same reading as a clock tells it that was set by `step` since."""
        return replace(
            self,
            window=self.window.shifted(step) if self.window is not None else None,
            changed_at=self.changed_at + step if self.changed_at is not None else None,
        )


Readings = Mapping[SignalName, Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoData:
    """Since when, and why, nothing can be told by the signals of a device or a whole station."""

    since: datetime
    """End of the last good reading, or when the watch began where there was none yet."""
    reason: Reason
    signal: SignalName | None
    """The one that has been without a good reading for longest; None: the station as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """All readings of one station, and which of its devices are without data."""

    station: StationId
    readings: Readings = field(default_factory=dict)
    """A value that has expired is none: its reason is `EXPIRED` (B2)."""
    reading_age: timedelta | None = None
    """How long ago it was read last; None: not yet."""
    no_data: NoData | None = None
    """The station as a whole: nothing at all was heard from it for too long (R17)."""
    blind: Mapping[DeviceId, NoData] = field(default_factory=dict)
    """Devices of which a signal that their rule needs is without a good reading (D32)."""

    count: PartCount | None = None
    """What the station has counted (D34); None: it doesn't tell, or can't be read."""
    counted_last: PartCount | None = None
    """What it had counted when it was read last: `count` while it can be read; None: never counted."""
    verdict_open_until: datetime | None = None
    """Until when, at the longest, it may take its last verdict back (decision 0024); None: it can't."""
    not_the_part_said: bool = False
    """Somebody said that it is not the part; its next reading decides that (decision 0024)."""
    not_recorded_since: datetime | None = None
    """Since when the database has not taken what the station said; None while it does (decision 0011)."""

    @property
    def worst(self) -> NoData | None:
        """The longest-standing of all these; None: everything that is judged by is read."""
        found = [*self.blind.values(), *([self.no_data] if self.no_data is not None else [])]
        return min(found, key=lambda each: each.since, default=None)
