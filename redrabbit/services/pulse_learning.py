"""Learning how long a station's answers last, in normal production as in runs (D30).

Each reading of a polled station passes here. What was learnt is handed over as news, which the service
records every second or so: the answers so far beside the ledger, a proposal as a fact. An answer that
surely was shorter than what people confirmed counts from that reading on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.pulse import (
    PulseDecided,
    PulseProposed,
    PulseRecord,
    PulseState,
    PulseWhy,
    as_json,
    cycles_of,
)
from redrabbit.domain.identity import AGENT, Actor, SignalName
from redrabbit.domain.learnt_pulse import (
    SAMPLE,
    Cycle,
    is_shorter,
    learnt_of,
    longest_unread,
    shortest,
    to_be_learnt,
)
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.plant import Plant
from redrabbit.domain.pulse_watch import PulseWatch
from redrabbit.domain.record_query import RecordReader, recorded
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import KeptCycles, Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

NOTHING: Final[Mapping[SignalName, float]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntSoFar:
    """What is known of a station's pulses when somebody begins to watch it."""

    pulses: Mapping[SignalName, PulseRecord]
    cycles: Mapping[SignalName, Sequence[Cycle]]
    """Of what is not proposed yet."""


UNKNOWN: Final = LearntSoFar(pulses={}, cycles={})


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseNews:
    """What was learnt of one signal and is not recorded yet."""

    station: Station
    signal: SignalName
    cycles: tuple[Cycle, ...]
    why: PulseWhy | None
    """None: too few answers yet to propose anything."""


class PulseLearning:
    """Learns the pulses of one station; one owner."""

    def __init__(self, station: Station, known: LearntSoFar = UNKNOWN) -> None:
        self._station = station
        answers, link = to_be_learnt(station), station.link
        self._watch = (
            PulseWatch(answers, longest_unread(link))
            if answers and isinstance(link, ModbusLink)
            else None
        )
        self._cycles = {
            signal: [*known.cycles.get(signal, ())]
            for signal in answers
            if signal not in known.pulses
        }
        """Of what is not proposed yet; oldest first."""
        self._pulses = dict(known.pulses)
        self._news: dict[SignalName, PulseNews] = {}
        self.in_use_s: Mapping[SignalName, float] = NOTHING
        """The pulses by which verdicts are judged."""
        self._count()

    def take(self, acquisition: Acquisition) -> bool:
        """Take in one reading; return whether what verdicts are judged by is shorter now."""
        if self._watch is None:
            return False
        before = self.in_use_s
        for signal, cycle in self._watch.take(acquisition):
            self._learn(signal, cycle)
        return self.in_use_s is not before

    def look_away(self) -> None:
        """Watch nothing for a while, or begin anew after a step of the clock."""
        if self._watch is not None:
            self._watch.look_away()

    def news(self) -> tuple[PulseNews, ...]:
        """Return what is to be recorded."""
        return tuple(self._news.values())

    def recorded(self, news: PulseNews, pulse: PulseRecord | None) -> None:
        """Note that news is recorded, and what it came to."""
        if self._news.get(news.signal) is news:
            del self._news[news.signal]
        if pulse is not None:
            self.decided(pulse)

    def decided(self, pulse: PulseRecord) -> None:
        """Go on with what is recorded of a pulse now."""
        signal = SignalName(pulse.signal)
        if signal in to_be_learnt(self._station):
            self._pulses[signal] = pulse
            self._cycles.pop(signal, None)
            self._count()

    def _learn(self, signal: SignalName, cycle: Cycle) -> None:
        cycles = self._cycles.get(signal)
        if cycles is None:
            self._compare(signal, cycle)
        elif len(cycles) < SAMPLE:
            cycles.append(cycle)
            why = PulseWhy.LEARNT if len(cycles) == SAMPLE else None
            self._tell(signal, tuple(cycles), why)

    def _compare(self, signal: SignalName, cycle: Cycle) -> None:
        """Watch what was learnt: what surely is shorter counts at once, and is proposed anew."""
        pulse, waiting = self._pulses[signal], self._news.get(signal)
        sample = waiting.cycles if waiting is not None else pulse.sample_watched
        watched_s = pulse.watched_s if waiting is None else shortest(sample).at_least_s
        if watched_s is None or not is_shorter(cycle, watched_s):
            return
        self._tell(signal, (*sample, cycle)[-SAMPLE:], PulseWhy.SHORTER)
        self._count()

    def _tell(self, signal: SignalName, cycles: tuple[Cycle, ...], why: PulseWhy | None) -> None:
        self._news[signal] = PulseNews(station=self._station, signal=signal, cycles=cycles, why=why)

    def _count(self) -> None:
        """Reckon what verdicts are judged by: what is recorded, and what is shorter and not recorded yet."""
        counted: dict[SignalName, float] = {}
        for signal, pulse in self._pulses.items():
            if pulse.in_use_s is None:
                continue
            waiting = self._news.get(signal)
            known = waiting.cycles if waiting is not None else ()
            counted[signal] = min([pulse.in_use_s, *(each.at_least_s for each in known)])
        self.in_use_s = counted


def learnt_so_far(reader: Reader, station: Station) -> LearntSoFar:
    """Return what is recorded of a station's pulses, as far as it is of the signals as they are now."""
    answers = to_be_learnt(station)
    pulses = {SignalName(pulse.signal): pulse for pulse in pulses_of(reader, station)}
    cycles = {
        SignalName(kept.signal): _kept(kept.cycles)
        for kept in reader.cycles_kept(station.line, station.id)
        if kept.signal in answers and kept.learnt_of == learnt_of(station, SignalName(kept.signal))
    }
    return LearntSoFar(pulses=pulses, cycles=cycles)


def _kept(cycles: str) -> Sequence[Cycle]:
    """Return the answers so far; none where they can't be read: twenty more will do."""
    try:
        return cycles_of(cycles)[-SAMPLE:]
    except ValueError:
        return ()


def pulses_of(reader: RecordReader, station: Station) -> list[PulseRecord]:
    """Return what was learnt of a station's signals as they are now; of others it counts for nothing."""
    answers = to_be_learnt(station)
    if not answers:
        return []
    found = reader.find(PulseRecord, equals("line", station.line), equals("station", station.id))
    return [
        pulse
        for pulse in found
        if pulse.signal in answers
        and pulse.learnt_of == learnt_of(station, SignalName(pulse.signal))
    ]


def keep(uow: UnitOfWork, plant: Plant, news: PulseNews) -> PulseRecord | None:
    """Record what was learnt; return the proposal, if it makes one.

    Nothing where the station has changed meanwhile: what was learnt is of another.
    """
    station, signal = news.station, news.signal
    if station not in plant.stations:
        return None
    digest = learnt_of(station, signal)
    if news.why is None:
        kept = KeptCycles(
            line=station.line,
            station=station.id,
            signal=signal,
            learnt_of=digest,
            cycles=as_json(news.cycles),
        )
        uow.keep_cycles(kept)
        return None
    assert isinstance(station.link, ModbusLink)  # noqa: S101  of others nothing is learnt
    bounds = shortest(news.cycles)
    proposed = PulseProposed(
        station=station.id,
        signal=signal,
        learnt_of=digest,
        poll_interval_s=station.link.poll_interval_s,
        why=news.why,
        at_least_s=bounds.at_least_s,
        at_most_s=bounds.at_most_s,
        cycles=news.cycles,
    )
    record(uow, proposed, stream=station.line, actor=AGENT)
    pulse = recorded(uow, PulseRecord, station.line, station.id, signal)
    if news.why is PulseWhy.SHORTER and pulse.confirmed_s is not None:
        _alarm(uow, plant, station)
    return pulse


def _alarm(uow: UnitOfWork, plant: Plant, station: Station) -> None:
    """Tell people that verdicts are weaker now than what they confirmed."""
    names = plant.place_names(station.id, None)
    raise_alarm(
        uow,
        AlarmKind.SHORTER_PULSE,
        at=uow.now,
        line=station.line,
        station=station.id,
        names=names,
    )


def decide(
    uow: UnitOfWork,
    plant: Plant,
    station_id: str,
    signal: str,
    *,
    proposed_entry: int,
    confirmed: bool,
    actor: Actor,
) -> PulseRecord:
    """Confirm what was learnt of a signal, or refuse it.

    What was refused may be confirmed later. Refused: nothing was learnt of the signal as it is now;
    it was decided already; another proposal has taken the place of the one that the person saw.
    """
    stations = (station for station in plant.stations if station.id == station_id)
    station = next(stations, None)
    if station is None:
        raise Refusal("no_such_station", station=station_id)
    known = {pulse.signal: pulse for pulse in pulses_of(uow, station)}.get(signal)
    if known is None:
        raise Refusal("no_such_pulse", station=station_id, signal=signal)
    if known.proposed_entry != proposed_entry:
        raise Refusal("pulse_proposed_anew", station=station_id, signal=signal)
    if known.state is PulseState.CONFIRMED or (known.state is PulseState.REFUSED and not confirmed):
        raise Refusal("pulse_decided", station=station_id, signal=signal, state=known.state.value)
    decided = PulseDecided(
        station=station_id,
        signal=signal,
        confirmed=confirmed,
        pulse_s=known.at_least_s,
        proposed_entry=proposed_entry,
        cycles=known.sample,
    )
    record(uow, decided, stream=station.line, actor=actor)
    return recorded(uow, PulseRecord, station.line, station.id, signal)
