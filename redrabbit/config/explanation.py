"""What a station's file comes to, said in words: `redrabbit check-config --explain STATION` (D28).

For each device: what counts as presented, detected, accepted and silence; how the part is known; how long
nobody may look away; the grade that it can reach, what would lift that, and what it can't prove. The
grade is `redrabbit.domain.grade.reachable`; nothing is judged here.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import assert_never

from redrabbit.base.printable import spoken
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.station_events import event_words
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

_KNOWN: dict[KnownBy, Sentence] = {
    KnownBy.CODE: sentence("the station reads the code on the part"),
    KnownBy.PALLET: sentence("it stands on the pallet that the operator told before"),
    KnownBy.NEST: sentence("it lies in the nest that the operator told before"),
    KnownBy.ORDER: sentence("it is the first part that comes after the scan"),
    KnownBy.TAP: sentence("the operator taps that it is there"),
}
_ANSWERED: dict[AnswerBy, Sentence] = {
    AnswerBy.CODE_RENEWED: sentence("the reject code, which is cleared before each part"),
    AnswerBy.CODE_NOT_RENEWED: sentence("the reject code; A where it is told anew for the part"),
    AnswerBy.MEASURED: sentence("the measured value, which crosses its limit"),
    AnswerBy.SIGNAL: sentence("a signal alone, which tells no reason"),
    AnswerBy.SILENCE: sentence("silence: nothing came where something would have"),
}
_LIFTS_PART: dict[KnownBy, Sentence] = {
    KnownBy.PALLET: sentence("part_code, a signal with the code on the part (A)"),
    KnownBy.NEST: sentence("part_code, a signal with the code on the part (A)"),
    KnownBy.ORDER: sentence("part_code, a signal with the code on the part (A)"),
    KnownBy.HELD: sentence("part_code, a signal with the code on the part (A)"),
    KnownBy.TAP: sentence(
        "presented: a signal that shows that a part is there (C), or part_code (A)"
    ),
}
_LIFTS_BY_HOLDING = sentence(
    "held: counters that count each part, with a signal that nothing is fed, or the operator's word (B)"
)
_LIFTS_ANSWER: dict[AnswerBy, Sentence] = {
    AnswerBy.CODE_NOT_RENEWED: sentence(
        "reject_code_cleared: true, if the code is cleared before each part (A)"
    ),
    AnswerBy.SIGNAL: sentence("reject_code with reject_codes: why it rejected (A, or B)"),
    AnswerBy.SILENCE: sentence("a signal that the device gives of itself (C)"),
}
_UNPROVED_PART: dict[KnownBy, Sentence] = {
    KnownBy.PALLET: sentence("that nobody changed the part on its pallet, or told another pallet"),
    KnownBy.NEST: sentence("that nobody changed the part in its nest, or told another nest"),
    KnownBy.ORDER: sentence("that the part was the red rabbit, and not the next part of the line"),
    KnownBy.HELD: sentence("that the part which a hand put in was the red rabbit, and not another"),
    KnownBy.TAP: sentence("that the part was there at all: a person says so"),
}
_UNPROVED_ANSWER: dict[AnswerBy, Sentence] = {
    AnswerBy.CODE_NOT_RENEWED: sentence(
        "that a code which stood there before the part was told for it"
    ),
    AnswerBy.SIGNAL: sentence(
        "that it rejected for the defect of the red rabbit, and not for another"
    ),
    AnswerBy.SILENCE: sentence(
        "that the device was alive: one that is switched off is silent, too"
    ),
}


def explain(station: Station) -> list[str]:
    """Return the explanation of all devices of a station, line by line."""
    lines: list[str] = [
        sentence(
            "{station} · {name}: {link}",
            station=station.id,
            name=station.name.in_language(spoken()),
            link=_link_words(station),
        ),
        _row(sentence("machine"), _machine_words(station)),
        *(_row(of.value, words) for of, words in _said_words(station)),
        *(_row(sentence("event"), event_words(each)) for each in station.events),
    ]
    for device in station.devices:
        lines += ["", *_device(device, station)]
    return lines


def _device(device: Device, station: Station) -> Iterator[str]:
    rule, grading = device.rule, reachable(device.rule, station)
    yield sentence(
        "{device} · {name} ({kind}): {modes}",
        device=device.id,
        name=device.name.in_language(spoken()),
        kind=device.kind.value,
        modes=", ".join(device.failure_modes),
    )
    yield from (
        _row(title, words)
        for title, words in (
            (sentence("presented"), _presented_words(rule, station)),
            *([(sentence("demanded"), condition_text(rule.demanded))] if rule.demanded else []),
            (sentence("detected"), _detected_words(rule)),
            (
                sentence("accepted"),
                condition_text(rule.accepted) if rule.accepted else sentence("it doesn't tell"),
            ),
            (sentence("silence"), _silence_words(rule)),
            (sentence("taken back"), _taken_back_words(rule)),
            (
                sentence("part known by"),
                _graded(_known_words(rule, station, grading), grading.part),
            ),
            *([(sentence("held"), _held_words(rule.held))] if rule.held else []),
            (sentence("answer known by"), _graded(_ANSWERED[grading.answer_by], grading.answer)),
            (sentence("blind time"), _blind_words(rule, station, grading)),
            *_pulses(rule, station),
            (
                sentence("grade"),
                sentence("{grade} at least, if nothing goes wrong", grade=grading.grade),
            ),
            *_lifts(rule, station, grading),
            *((sentence("can't prove"), words) for words in _unproved(rule, station, grading)),
        )
    )


def _row(title: str, words: str) -> Sentence:
    gap = " " * max(0, 17 - len(title))
    return sentence("  {title}:{gap}{words}", title=title, gap=gap, words=words)


def _graded(words: Sentence, grade: object) -> Sentence:
    return sentence("{words} ({grade})", words=words, grade=grade)


def _and(parts: Sequence[str]) -> str:
    """Return parts joined by "and", to be said in other languages, too."""
    if len(parts) == 1:
        return parts[0]
    return sentence("{one} and {other}", one=_and(parts[:-1]), other=parts[-1])


def _or(parts: Sequence[str]) -> str:
    """Return parts joined by "or"."""
    if len(parts) == 1:
        return parts[0]
    return sentence("{one} or {other}", one=_or(parts[:-1]), other=parts[-1])


def _machine_words(station: Station) -> Sentence:
    """Return what tells that the machine runs, and that it was restarted (D32)."""
    beat = station.heartbeat
    steady = [spec.name for spec in station.signals if spec.resets is Resets.NEVER]
    told = [
        *([_runs_words(beat.signal, beat.every_s)] if beat else []),
        *(
            [sentence("was restarted where {signals} goes back", signals=_or(steady))]
            if steady
            else []
        ),
    ]
    if not told:
        return sentence(
            "nothing tells whether it runs (heartbeat) or was restarted (resets: never)"
        )
    one, *other = told
    return sentence("{one}; {other}", one=one, other=other[0]) if other else one


def _runs_words(signal: str, every_s: float) -> Sentence:
    return sentence(
        "runs while {signal} changes every {every}", signal=signal, every=_seconds(every_s)
    )


def _said_words(station: Station) -> Iterator[tuple[SaidOf, Sentence]]:
    """Return who tells what of a part (D33)."""
    for of, source in station.says.sources().items():
        signal, asked = station.says.signal(of), station.says.asked.get(of)
        by_hand = {Source.SCAN: sentence("scans it"), Source.TAP: sentence("taps it")}
        if signal is None:
            yield (
                of,
                sentence("the operator {how} before the part is put in", how=by_hand[source]),
            )
            continue
        listed = station.says.words.get(of, ())
        if asked is None:
            words = sentence("{signal} tells it", signal=signal)
        else:
            words = sentence(
                "the operator {how} before, and {signal} must tell the same for the part",
                how=by_hand[asked.by],
                signal=signal,
            )
            listed = () if listed == asked.values else listed
        if listed:
            words = sentence("{words}: {listed}", words=words, listed=", ".join(listed))
        elif of in COUNTED and not station.says.words.get(of):
            words = sentence(
                "{words}; without values a window after a part was not detected holds parts of any {of}",
                words=words,
                of=of.value,
            )
        yield of, words


def _link_words(station: Station) -> Sentence:
    link = station.link
    if isinstance(link, ModbusLink):
        return sentence(
            "Modbus TCP, unit {unit}, polled every {every}",
            unit=link.unit_id,
            every=_seconds(link.poll_interval_s),
        )
    return sentence("MQTT, broker {broker}", broker=link.endpoint)


def _presented_words(rule: DetectionRule, station: Station) -> str:
    if rule.part_code is not None:
        return sentence("{signal} becomes the code of the part", signal=rule.part_code)
    if rule.presented is None:
        return sentence("the operator taps")
    places = [
        sentence("{signal} is what was told", signal=signal)
        for signal in places_of(station.says, rule).values()
    ]
    return _and([condition_text(rule.presented), *places])


def _detected_words(rule: DetectionRule) -> Sentence:
    words = sentence(
        "{words}, within {within}",
        words=condition_text(rule.detected),
        within=_seconds(rule.within_s),
    )
    if rule.reject_code is None:
        return words
    codes: str = ""
    for mode, code in rule.reject_codes.items():
        one = sentence("{code} for {mode}", code=code, mode=mode)
        codes = sentence("{one}, {other}", one=codes, other=one) if codes else one
    return sentence(
        "{words}; {signal} must be {codes}", words=words, signal=rule.reject_code, codes=codes
    )


def _silence_words(rule: DetectionRule) -> Sentence:
    is_missed = rule.on_silence is OnSilence.MISSED
    words = sentence(
        "no answer within {within} is {means}",
        within=_seconds(rule.within_s),
        means="missed" if is_missed else "inconclusive",  # as the files have it
    )
    if not rule.demanded:
        return words
    return sentence("{words}; no result where nobody demanded a cycle", words=words)


def _taken_back_words(rule: DetectionRule) -> Sentence:
    """Return how long a good answer is watched on, and a check does not go on (decision 0024)."""
    if rule.part_code is None and rule.presented is None:
        return sentence("no answer is: nothing tells when the next part comes")
    return sentence(
        "a good answer that changes within {within} from presented; so long the check does not go on",
        within=_seconds(rule.within_s),
    )


def _blind_words(rule: DetectionRule, station: Station, grading: Grading) -> Sentence:
    if grading.watched is Watched.UNKNOWN:
        names = ", ".join(_without_rhythm(rule, station))
        return sentence("unknown (C): {names} is told only when it changes", names=names)
    limit_s = shortest_s(blind_after_s(rule, station))
    begin = sentence("where messages are missing")
    if limit_s is not None:
        begin = sentence("unread for more than {limit}", limit=_seconds(limit_s))
    by_place = grading.known_by in {KnownBy.PALLET, KnownBy.NEST}
    by_message = by_place and isinstance(station.link, MqttLink)
    by_order = grading.known_by is KnownBy.ORDER or by_message
    return sentence(
        "{begin}, silence counts for nothing, and an answer without its reason {much}",
        begin=begin,
        much=sentence("as little") if by_order else sentence("for C at most"),
    )


def _pulses(rule: DetectionRule, station: Station) -> Iterator[tuple[str, str]]:
    """Yield how long answers stay on at least: as declared, or unknown and what becomes of that (D30)."""
    declared = ", ".join(
        f"{spec.name} {_seconds(spec.pulse_s)}"
        for spec in station.signals
        if spec.pulse_s is not None and spec.name in rule.signals()
    )
    if declared:
        yield sentence("pulse"), sentence("{declared} at least, as declared", declared=declared)
    names = ", ".join(sorted(of_rule(rule, station)))
    if names:
        yield (
            sentence("pulse"),
            sentence(
                "unknown of {names}: it is learnt from {n} answers, and proposed on the station's page",
                names=names,
                n=SAMPLE,
            ),
        )


def _known_words(rule: DetectionRule, station: Station, grading: Grading) -> Sentence:
    once = _names(named_only_on_change(rule, station))
    if once:
        return sentence(
            "{once} tells it only as it comes: it is the first that is told after the scan",
            once=once,
        )
    if rule.held is None:
        return _KNOWN[grading.known_by]
    counters = _and([str(each) for each in rule.held.counters])
    if rule.held.signal:
        return sentence(
            "{signal} is on and {counters} counts exactly one part",
            signal=rule.held.signal,
            counters=counters,
        )
    return sentence(
        "the operator says that nothing is fed and {counters} counts exactly one part",
        counters=counters,
    )


def _held_words(held: HeldFeed) -> Sentence:
    return sentence(
        "nothing fed, nothing counted and the place free for {travel} before the part, one counted until the answer; else the "
        "part is known by order (C)",
        travel=_seconds(held.travel_s),
    )


def _lifts(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[tuple[str, str]]:
    yield from ((sentence("would lift it"), words) for words in _part_lifts(rule, station, grading))
    if ANSWER_GRADES[grading.answer_by] == grading.grade and grading.answer_by in _LIFTS_ANSWER:
        yield sentence("would lift it"), _LIFTS_ANSWER[grading.answer_by]
    if grading.watched is Watched.UNKNOWN:
        names = ", ".join(_without_rhythm(rule, station))
        yield (
            sentence("would lift it"),
            sentence("expected_every or sequence for the topic of {names}", names=names),
        )


def _part_lifts(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[str]:
    if PART_GRADES[grading.known_by] != grading.grade or grading.known_by not in _LIFTS_PART:
        return
    once = _names(named_only_on_change(rule, station))
    if once:
        lifted = best(rule, station).part
        yield sentence(
            "expected_every for the topic of {once}, or the answer on the same topic ({lifted})",
            once=once,
            lifted=lifted,
        )
        return
    if grading.known_by is KnownBy.ORDER and rule.presented and shows_place(rule.presented):
        yield _LIFTS_BY_HOLDING
    yield _LIFTS_PART[grading.known_by]
    if grading.known_by is KnownBy.ORDER:
        yield sentence("says: a nest or pallet with expected, where the station tells it (B)")


def _unproved(rule: DetectionRule, station: Station, grading: Grading) -> Iterator[str]:
    if named_only_on_change(rule, station):
        yield sentence("that the answer was the red rabbit's, and not the next part's")
    elif grading.known_by in _UNPROVED_PART:
        yield _UNPROVED_PART[grading.known_by]
    if rule.held is not None and rule.held.signal is None:
        yield sentence("that nothing was fed: a person says so")
    if tells_by_silence(rule.detected) and rule.demanded is None:
        yield sentence(
            "that anybody asked for it: what nobody demanded stays off, too (demanded lifts it)"
        )
    if grading.answer_by in _UNPROVED_ANSWER:
        yield _UNPROVED_ANSWER[grading.answer_by]
    untimed = station.topics_without_time(rule)
    if untimed:
        yield sentence(
            "that no message came late: no time is told on {topics}", topics=", ".join(untimed)
        )


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
            return _and([condition_text(part) for part in condition.of])
        case AnyOf():
            return _or([condition_text(part) for part in condition.of])
        case Not():
            return sentence("not ({condition})", condition=condition_text(condition.of))
        case Equals():
            return sentence(
                "{signal} is {value}", signal=condition.signal, value=_value(condition.value)
            )
        case Above():
            return sentence(
                "{signal} is above {limit:g}", signal=condition.signal, limit=condition.limit
            )
        case Below():
            return sentence(
                "{signal} is below {limit:g}", signal=condition.signal, limit=condition.limit
            )
        case Between():
            return sentence(
                "{signal} is from {low:g} to {high:g}",
                signal=condition.signal,
                low=condition.low,
                high=condition.high,
            )
        case Becomes():
            return sentence(
                "{signal} becomes {value}", signal=condition.signal, value=_value(condition.value)
            )
        case Rises():
            return sentence("{signal} goes on", signal=condition.signal)
        case Falls():
            return sentence("{signal} goes off", signal=condition.signal)
        case Increases():
            return sentence("{signal} rises by {by:g}", signal=condition.signal, by=condition.by)
        case StaysOff():
            after = (
                condition_text(condition.after) if condition.after else sentence("the part came")
            )
            return sentence(
                "{signal} stays off for {time} after {after}",
                signal=condition.signal,
                time=_seconds(condition.for_s),
                after=after,
            )
        case _:  # pragma: no cover
            assert_never(condition)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return sentence("on") if value else sentence("off")
    return str(value)


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
