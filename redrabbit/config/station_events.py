"""The events that a station's own signals tell: which signal, and what of it (R08).

events:
- {event: changeover, signal: recipe}
- {event: tool change, signal: tool_changed}
- {event: restart, signal: running, off_for: 30 min}
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.file_schema import Block, Choice, Key, ListOf, Located, Section
from redrabbit.config.problem import Problems
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, SIGNAL
from redrabbit.domain.identity import SignalName
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.schedule_words import duration_text, event_text
from redrabbit.domain.station import EventSignal, EventWhen

WHEN: Final = {when.value.replace("_", " "): when for when in EventWhen}
TOLD_BY_SIGNALS: Final = {
    event_text(event): event for event in PlantEvent if event is not PlantEvent.FAILED_CHECK
}
"""A failed check is a record of the software itself."""

STATION_EVENTS: Final = ListOf(
    Section(
        {
            "event": Key(Choice(TOLD_BY_SIGNALS), "What happened, as `after …` in a plan."),
            "signal": Key(SIGNAL, "The signal that tells it."),
            "when": Key(
                Choice(WHEN),
                "What of it is the event; if left out, a bit comes on, and all else changes.",
                required=False,
            ),
            "off_for": Key(
                DURATION,
                "A bit counts only where it was off for so long: a restart after a stop.",
                required=False,
            ),
        },
        "{event: changeover, signal: recipe}",
    ),
    at_least=1,
)


def read_station_events(
    blocks: Sequence[Located[Block]] | None, table: SignalTable, problems: Problems
) -> tuple[EventSignal, ...]:
    """Return the events that signals tell, after noting what is wrong with them."""
    found: list[EventSignal] = []
    for located in blocks or ():
        read = _read(located.value, table, problems)
        if read is None:
            continue
        if any((each.event, each.signal) == (read.event, read.signal) for each in found):
            problems.add(
                located.place,
                sentence(
                    "{event} by {name!r} a second time",
                    event=event_text(read.event),
                    name=read.signal,
                ),
                "each event of a signal once",
            )
        found.append(read)
    return tuple(found)


def _read(block: Block, table: SignalTable, problems: Problems) -> EventSignal | None:
    table.refuse_unknown(block["signal"], block.place_of("signal"), problems)
    if block["event"] is None or block["signal"] is None:
        return None
    name, off_for = SignalName(block["signal"]), block["off_for"] or timedelta(0)
    is_bit = name in table.specs and table.ranges[name].kind == "bool"
    when: EventWhen = block["when"] or (EventWhen.COMES_ON if is_bit else EventWhen.CHANGES)
    if name in table.specs:
        _refuse_what_it_can_not_tell(block, name, when, table, problems)
    return EventSignal(
        event=block["event"], signal=name, when=when, off_for_s=off_for.total_seconds()
    )


def _refuse_what_it_can_not_tell(
    block: Block, name: SignalName, when: EventWhen, table: SignalTable, problems: Problems
) -> None:
    spec, values = table.specs[name], table.ranges[name]
    comes_on = when is EventWhen.COMES_ON
    if comes_on and values.kind != "bool":
        problems.add(
            block.place_of("when"),
            sentence("{name!r} is {value}", name=name, value=spec.address.encoding.value),
            "a signal that is on or off, of encoding bool; or `when: changes`",
        )
    elif values.kind == "number" and (not values.whole or values.scale != 1):
        problems.add(
            block.place_of("signal"),
            sentence("{name!r} is a number with decimals", name=name),
            "a bit, a whole number or a text: any other changes all the time",
        )
    if block["off_for"] is not None and not comes_on:
        problems.add(
            block.place_of("off_for"),
            sentence("off_for of {name!r}, which changes", name=name),
            "off_for only where a bit comes on",
        )


def event_words(each: EventSignal) -> Sentence:
    """Return in words what a signal tells of production."""
    event = event_text(each.event)
    if each.when is EventWhen.CHANGES:
        return sentence("{event} when {signal} changes", event=event, signal=each.signal)
    if each.off_for_s:
        return sentence(
            "{event} when {signal} goes on after {off_for} off",
            event=event,
            signal=each.signal,
            off_for=duration_text(timedelta(seconds=each.off_for_s)),
        )
    return sentence("{event} when {signal} goes on", event=event, signal=each.signal)
