"""What a station's file comes to, said in words: `redrabbit check-config --explain STATION` (D28).

For each device: what counts as presented, detected, accepted and silence; how the part is known; how long
nobody may look away; the grade that it can reach, what would lift that, and what it can't prove. The
grade is `redrabbit.domain.grade.reachable`; nothing is judged here.
"""

from collections.abc import Collection, Iterator
from typing import assert_never

from redrabbit.domain.blind_time import blind_after_s, shortest_s
from redrabbit.domain.grade import (
    ANSWER_GRADES,
    PART_GRADES,
    AnswerBy,
    Grading,
    KnownBy,
    Watched,
    best,
    reachable,
)
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import SAMPLE, of_rule
from redrabbit.domain.part_told import places_of
from redrabbit.domain.place_free import shows_place
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Below,
    Between,
    Condition,
    DetectionRule,
    Equals,
    Falls,
    HeldFeed,
    Increases,
    Not,
    OnSilence,
    Rises,
    StaysOff,
    tells_by_silence,
)
from redrabbit.domain.same_part import named_only_on_change
from redrabbit.domain.signals import Resets
from redrabbit.domain.station import Device, ModbusLink, MqttLink, Station
from redrabbit.domain.station_says import COUNTED, SaidOf, Source

_KNOWN: dict[KnownBy, str] = {
    KnownBy.CODE: "the station reads the code on the part",
    KnownBy.PALLET: "it stands on the pallet that the operator told before",
    KnownBy.NEST: "it lies in the nest that the operator told before",
    KnownBy.ORDER: "it is the first part that comes after the scan",
    KnownBy.TAP: "the operator taps that it is there",
}
_ANSWERED: dict[AnswerBy, str] = {
    AnswerBy.CODE_RENEWED: "the reject code, which is cleared before each part",
    AnswerBy.CODE_NOT_RENEWED: "the reject code; A where it is told anew for the part",
    AnswerBy.MEASURED: "the measured value, which crosses its limit",
    AnswerBy.SIGNAL: "a signal alone, which tells no reason",
    AnswerBy.SILENCE: "silence: nothing came where something would have",
}
_LIFTS_PART: dict[KnownBy, str] = {
    KnownBy.PALLET: "part_code, a signal with the code on the part (A)",
    KnownBy.NEST: "part_code, a signal with the code on the part (A)",
    KnownBy.ORDER: "part_code, a signal with the code on the part (A)",
    KnownBy.HELD: "part_code, a signal with the code on the part (A)",
    KnownBy.TAP: "presented: a signal that shows that a part is there (C), or part_code (A)",
}
_LIFTS_BY_HOLDING = "held: counters that count each part, with a signal that nothing is fed, or the operator's word (B)"
_LIFTS_ANSWER: dict[AnswerBy, str] = {
    AnswerBy.CODE_NOT_RENEWED: "reject_code_cleared: true, if the code is cleared before each part (A)",
    AnswerBy.SIGNAL: "reject_code with reject_codes: why it rejected (A, or B)",
    AnswerBy.SILENCE: "a signal that the device gives of itself (C)",
}
_UNPROVED_PART: dict[KnownBy, str] = {
    KnownBy.PALLET: "that nobody changed the part on its pallet, or told another pallet",
    KnownBy.NEST: "that nobody changed the part in its nest, or told another nest",
    KnownBy.ORDER: "that the part was the red rabbit, and not the next part of the line",
    KnownBy.HELD: "that the part which a hand put in was the red rabbit, and not another",
    KnownBy.TAP: "that the part was there at all: a person says so",
}
_UNPROVED_ANSWER: dict[AnswerBy, str] = {
    AnswerBy.CODE_NOT_RENEWED: "that a code which stood there before the part was told for it",
    AnswerBy.SIGNAL: "that it rejected for the defect of the red rabbit, and not for another",
    AnswerBy.SILENCE: "that the device was alive: one that is switched off is silent, too",
}


def explain(station: Station) -> list[str]:
    """Return the explanation of all devices of a station, line by line."""
    lines = [
        f"{station.id} · {station.name.en}: {_link_words(station)}",
        _row("machine", _machine_words(station)),
        *(_row(of.value, words) for of, words in _said_words(station)),
    ]
    for device in station.devices:
        lines += ["", *_device(device, station)]
    return lines


def _device(device: Device, station: Station) -> Iterator[str]:
    rule, grading = device.rule, reachable(device.rule, station)
    yield f"{device.id} · {device.name.en} ({device.kind.value}): {', '.join(device.failure_modes)}"
    yield from (
        _row(title, words)
        for title, words in (
            ("presented", _presented_words(rule, station)),
            *([("demanded", condition_text(rule.demanded))] if rule.demanded else []),
            ("detected", _detected_words(rule)),
            ("accepted", condition_text(rule.accepted) if rule.accepted else "it doesn't tell"),
            ("silence", _silence_words(rule)),
            ("taken back", _taken_back_words(rule)),
            ("part known by", f"{_known_words(rule, station, grading)} ({grading.part})"),
            *([("held", _held_words(rule.held))] if rule.held else []),
            ("answer known by", f"{_ANSWERED[grading.answer_by]} ({grading.answer})"),
            ("blind time", _blind_words(rule, station, grading)),
            *_pulses(rule, station),
            ("grade", f"{grading.grade} at least, if nothing goes wrong"),
            *_lifts(rule, station, grading),
            *(("can't prove", words) for words in _unproved(rule, station, grading)),
        )
    )


def _row(title: str, words: str) -> str:
    return f"  {title + ':':<18}{words}"


def _machine_words(station: Station) -> str:
    """Return what tells that the machine runs, and that it was restarted (D32)."""
    beat = station.heartbeat
    steady = [spec.name for spec in station.signals if spec.resets is Resets.NEVER]
    told = [
        *([f"runs while {beat.signal} changes every {_seconds(beat.every_s)}"] if beat else []),
        *([f"was restarted where {' or '.join(steady)} goes back"] if steady else []),
    ]
    unknown = "nothing tells whether it runs (heartbeat) or was restarted (resets: never)"
    return "; ".join(told) or unknown


def _said_words(station: Station) -> Iterator[tuple[SaidOf, str]]:
    """Return who tells what of a part (D33)."""
    for of, source in station.says.sources().items():
        signal, asked = station.says.signal(of), station.says.asked.get(of)
        by_hand = {Source.SCAN: "scans it", Source.TAP: "taps it"}
        if signal is None:
            yield of, f"the operator {by_hand[source]} before the part is put in"
            continue
        listed = station.says.words.get(of, ())
        if asked is None:
            words = f"{signal} tells it"
        else:
            how = by_hand[asked.by]
            words = f"the operator {how} before, and {signal} must tell the same for the part"
            listed = () if listed == asked.values else listed
        if listed:
            words += f": {', '.join(listed)}"
        elif of in COUNTED and not station.says.words.get(of):
            words += f"; without values a window after a miss holds parts of any {of.value}"
        yield of, words


def _link_words(station: Station) -> str:
    link = station.link
    if isinstance(link, ModbusLink):
        return f"Modbus TCP, unit {link.unit_id}, polled every {_seconds(link.poll_interval_s)}"
    return f"MQTT, broker {link.endpoint}"


def _presented_words(rule: DetectionRule, station: Station) -> str:
    if rule.part_code is not None:
        return f"{rule.part_code} becomes the code of the part"
    if rule.presented is None:
        return "the operator taps"
    places = [f"{signal} is what was told" for signal in places_of(station.says, rule).values()]
    return " and ".join([condition_text(rule.presented), *places])


def _detected_words(rule: DetectionRule) -> str:
    words = f"{condition_text(rule.detected)}, within {_seconds(rule.within_s)}"
    if rule.reject_code is None:
        return words
    codes = ", ".join(f"{code} for {mode}" for mode, code in rule.reject_codes.items())
    return f"{words}; {rule.reject_code} must be {codes}"


def _silence_words(rule: DetectionRule) -> str:
    means = "missed" if rule.on_silence is OnSilence.MISSED else "inconclusive"
    words = f"no answer within {_seconds(rule.within_s)} is {means}"
    return f"{words}; no result where nobody demanded a cycle" if rule.demanded else words


def _taken_back_words(rule: DetectionRule) -> str:
    """Return how long a good answer is watched on, and a check does not go on (decision 0024)."""
    if rule.part_code is None and rule.presented is None:
        return "no answer is: nothing tells when the next part comes"
    for_s = _seconds(rule.within_s)
    return f"a good answer that changes within {for_s} from presented; so long the check does not go on"


def _blind_words(rule: DetectionRule, station: Station, grading: Grading) -> str:
    if grading.watched is Watched.UNKNOWN:
        names = ", ".join(_without_rhythm(rule, station))
        return f"unknown (C): {names} is told only when it changes"
    limit_s = shortest_s(blind_after_s(rule, station))
    begin = "where messages are missing"
    if limit_s is not None:
        begin = f"unread for more than {_seconds(limit_s)}"
    by_place = grading.known_by in {KnownBy.PALLET, KnownBy.NEST}
    by_message = by_place and isinstance(station.link, MqttLink)
    by_order = grading.known_by is KnownBy.ORDER or by_message
    without_reason = "as little" if by_order else "for C at most"
    return f"{begin}, silence counts for nothing, and an answer without its reason {without_reason}"


def _pulses(rule: DetectionRule, station: Station) -> Iterator[tuple[str, str]]:
    """Yield how long answers stay on at least: as declared, or unknown and what becomes of that (D30)."""
    declared = ", ".join(
        f"{spec.name} {_seconds(spec.pulse_s)}"
        for spec in station.signals
        if spec.pulse_s is not None and spec.name in rule.signals()
    )
    if declared:
        yield "pulse", f"{declared} at least, as declared"
    names = ", ".join(sorted(of_rule(rule, station)))
    if names:
        learnt = f"is learnt from {SAMPLE} answers, and proposed on the station's page"
        yield "pulse", f"unknown of {names}: it {learnt}"


def _known_words(rule: DetectionRule, station: Station, grading: Grading) -> str:
    once = _names(named_only_on_change(rule, station))
    if once:
        return f"{once} tells it only as it comes: it is the first that is told after the scan"
    if rule.held is None:
        return _KNOWN[grading.known_by]
    told = rule.held.signal or "the operator"
    counters = " and ".join(rule.held.counters)
    by_word = "is on" if rule.held.signal else "says that nothing is fed"
    return f"{told} {by_word} and {counters} counts exactly one part"


def _held_words(held: HeldFeed) -> str:
    return (
        f"nothing fed, nothing counted and the place free for {_seconds(held.travel_s)} before the "
        "part, one counted until the answer; else the part is known by order (C)"
    )


def _lifts(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[tuple[str, str]]:
    yield from (("would lift it", words) for words in _part_lifts(rule, station, grading))
    if ANSWER_GRADES[grading.answer_by] == grading.grade and grading.answer_by in _LIFTS_ANSWER:
        yield "would lift it", _LIFTS_ANSWER[grading.answer_by]
    if grading.watched is Watched.UNKNOWN:
        names = ", ".join(_without_rhythm(rule, station))
        yield "would lift it", f"expected_every or sequence for the topic of {names}"


def _part_lifts(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[str]:
    if PART_GRADES[grading.known_by] != grading.grade or grading.known_by not in _LIFTS_PART:
        return
    once = _names(named_only_on_change(rule, station))
    if once:
        lifted = best(rule, station).part
        yield f"expected_every for the topic of {once}, or the answer on the same topic ({lifted})"
        return
    if grading.known_by is KnownBy.ORDER and rule.presented and shows_place(rule.presented):
        yield _LIFTS_BY_HOLDING
    yield _LIFTS_PART[grading.known_by]
    if grading.known_by is KnownBy.ORDER:
        yield "says: a nest or pallet with expected, where the station tells it (B)"


def _unproved(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[str]:
    if named_only_on_change(rule, station):
        yield "that the answer was the red rabbit's, and not the next part's"
    elif grading.known_by in _UNPROVED_PART:
        yield _UNPROVED_PART[grading.known_by]
    if rule.held is not None and rule.held.signal is None:
        yield "that nothing was fed: a person says so"
    if tells_by_silence(rule.detected) and rule.demanded is None:
        yield "that anybody asked for it: what nobody demanded stays off, too (demanded lifts it)"
    if grading.answer_by in _UNPROVED_ANSWER:
        yield _UNPROVED_ANSWER[grading.answer_by]
    untimed = station.topics_without_time(rule)
    if untimed:
        yield f"that no message came late: no time is told on {', '.join(untimed)}"


def _names(signals: Collection[SignalName]) -> str:
    return ", ".join(sorted(signals))


def _without_rhythm(rule: DetectionRule, station: Station) -> list[str]:
    """Return the signals of which nobody knows whether a message was missed, by name."""
    limits = blind_after_s(rule, station)
    return sorted(signal for signal, limit_s in limits.items() if limit_s is None)


def condition_text(condition: Condition) -> str:
    """Return a condition as a sentence's part: `rejected goes on`."""
    match condition:
        case AllOf():
            return " and ".join(condition_text(part) for part in condition.of)
        case AnyOf():
            return " or ".join(condition_text(part) for part in condition.of)
        case Not():
            return f"not ({condition_text(condition.of)})"
        case Equals():
            return f"{condition.signal} is {_value(condition.value)}"
        case Above():
            return f"{condition.signal} is above {condition.limit:g}"
        case Below():
            return f"{condition.signal} is below {condition.limit:g}"
        case Between():
            return f"{condition.signal} is from {condition.low:g} to {condition.high:g}"
        case Becomes():
            return f"{condition.signal} becomes {_value(condition.value)}"
        case Rises():
            return f"{condition.signal} goes on"
        case Falls():
            return f"{condition.signal} goes off"
        case Increases():
            return f"{condition.signal} rises by {condition.by:g}"
        case StaysOff():
            after = condition_text(condition.after) if condition.after else "the part came"
            return f"{condition.signal} stays off for {_seconds(condition.for_s)} after {after}"
        case _:  # pragma: no cover
            assert_never(condition)


def _value(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
