"""How long a station's answers last: what is learnt, proposed, confirmed, and what it comes to (D30)."""

from dataclasses import dataclass
from enum import StrEnum

from redrabbit.base.messages import Message
from redrabbit.domain.facts.pulse import PulseRecord, PulseState, PulseWhy
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import (
    SAMPLE,
    Cycle,
    PulseReach,
    reach_of,
    shortest,
    to_be_learnt,
)
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.pulse_learning import learnt_so_far
from redrabbit.services.queries.people import Names, names_in, person
from redrabbit.services.queries.wording import message


class Learning(StrEnum):
    """How far it is with a signal's pulse."""

    LEARNING = "learning"
    """Too few answers yet."""
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseShown:
    """What is known of how long the answers of one signal last."""

    signal: SignalName
    label: Text | str
    state: Learning
    answers: int
    """From how many it is, or is to be, learnt."""
    pulse: PulseRecord | None
    """None while it is being learnt."""
    reach: PulseReach | None
    """What it comes to with the poll interval of now."""
    words: Message
    """How it stands."""
    warnings: tuple[Message, ...]

    @property
    def is_to_decide(self) -> bool:
        """True where it waits for a person."""
        return self.state is Learning.PROPOSED


def pulses_shown(reader: Reader, station: Station) -> tuple[PulseShown, ...]:
    """Return each signal of a station whose pulse nobody declared, in the order of its file."""
    answers = to_be_learnt(station)
    if not answers:
        return ()
    known, names = learnt_so_far(reader, station), names_in(reader)
    shown = []
    for spec in (spec for spec in station.signals if spec.name in answers):
        label = spec.label or spec.name
        pulse = known.pulses.get(spec.name)
        if pulse is not None:
            shown.append(_of_record(pulse, label, station, names))
            continue
        so_far = len(known.cycles.get(spec.name, ()))
        shown.append(
            PulseShown(
                signal=spec.name,
                label=label,
                state=Learning.LEARNING,
                answers=so_far,
                pulse=None,
                reach=None,
                words=message("pulse.learning", signal=label, answers=so_far, of=SAMPLE),
                warnings=(),
            )
        )
    return tuple(shown)


def _of_record(pulse: PulseRecord, label: Text | str, station: Station, names: Names) -> PulseShown:
    assert isinstance(station.link, ModbusLink)  # noqa: S101  of others nothing is learnt
    poll_s = station.link.poll_interval_s
    counted = _counted(pulse)
    reach = reach_of(counted, poll_s) if counted is not None else None
    warnings = []
    if pulse.state is PulseState.PROPOSED and pulse.why is PulseWhy.SHORTER:
        warnings.append(_shorter(pulse))
    if counted is not None and reach is not None and reach.polls_are_too_slow:
        warnings.append(_too_slow(counted, reach))
    by = person(names, pulse.decided_by, pulse.decided_how, pulse.decided_entry)
    return PulseShown(
        signal=SignalName(pulse.signal),
        label=label,
        state=Learning(pulse.state.value),
        answers=len(pulse.sample),
        pulse=pulse,
        reach=reach,
        words=message(
            _word(pulse, counted),
            signal=label,
            answers=len(pulse.sample),
            at_least=_ms(counted.at_least_s) if counted is not None else 0,
            at_most=_ms(counted.at_most_s) if counted is not None else 0,
            poll=_ms(poll_s),
            gap=_ms(reach.harmless_gap_s) if reach is not None else 0,
            who=by.in_sentence if by is not None else "",
        ),
        warnings=tuple(warnings),
    )


def _word(pulse: PulseRecord, counted: Cycle | None) -> str:
    """Return the code of the sentence that says how it stands."""
    if pulse.state is PulseState.REFUSED and counted is not None:
        return "pulse.shorter_refused"
    once = pulse.state is not PulseState.REFUSED and not pulse.at_least_s
    return f"pulse.{pulse.state.value}_once" if once else f"pulse.{pulse.state.value}"


def _counted(pulse: PulseRecord) -> Cycle | None:
    """Return the bounds of what is proposed, or counts; None where it was refused and none counts."""
    if pulse.state is not PulseState.REFUSED:
        return pulse.shortest
    return shortest(pulse.sample_watched) if pulse.confirmed_s is not None else None


def _shorter(pulse: PulseRecord) -> Message:
    if pulse.confirmed_s is None:
        return message("pulse.shorter_than_proposed", at_most=_ms(pulse.at_most_s))
    confirmed = _ms(pulse.confirmed_s)
    return message("pulse.shorter", at_most=_ms(pulse.at_most_s), confirmed=confirmed)


def _too_slow(counted: Cycle, reach: PulseReach) -> Message:
    word = "pulse.too_slow" if counted.at_least_s else "pulse.seen_once"
    return message(word, wanted=_ms(reach.wanted_poll_s))


def _ms(seconds: float) -> int:
    """Return whole milliseconds, never more than it is."""
    return int(seconds * 1000 + 1e-6)
