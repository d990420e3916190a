"""What of a rule tells that the feed is held and that one part came, and whether it can be relied on (D29).

Refuses what could never be known: a place that isn't shown, a counter that counts nothing, and over MQTT
what is told in several messages, between which a part can come, or in such as come only on change.
"""

from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Block, Key, ListOf, Located, Section
from redrabbit.config.problem import Problems
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, SIGNAL
from redrabbit.domain.identity import SignalName
from redrabbit.domain.place_free import FREE_FOR_S, shows_place
from redrabbit.domain.rule import Condition, HeldFeed, signals_of
from redrabbit.domain.signals import MqttAddress

HELD: Final = Section(
    {
        "signal": Key(
            SIGNAL,
            "On while nothing is fed; without it the operator says so at the screen.",
            required=False,
        ),
        "counters": Key(
            ListOf(SIGNAL, at_least=1),
            "Signals that count every part once, when it is there and not later than the answer.",
        ),
        "travel": Key(
            DURATION,
            "How long a part may still be under way, and be counted, once nothing is fed; at least 1 s.",
        ),
    },
    "{signal: …, counters: […], travel: …}",
)


@dataclass(frozen=True)
class RuleRead:
    """What of the rule is read before: None is what is not written, or could not be read."""

    presented: Condition | None
    presented_by_word: bool
    detected: Condition | None
    accepted: Condition | None


def read_held_feed(
    block: Block | None, rule: RuleRead, table: SignalTable, problems: Problems
) -> HeldFeed | None:
    """Return what tells of the feed; None where nothing does, or after noting why it can't."""
    if block is None:
        return None
    _refuse_no_signal(block, rule, table, problems)
    counters: list[SignalName] = []
    for counter in block["counters"] or ():
        if counter.value in counters:
            problems.add(
                counter.place,
                sentence("{value!r} a second time", value=counter.value),
                "each counter once",
            )
        _refuse_no_counter(counter, table, problems)
        counters.append(SignalName(counter.value))
    _refuse_place(block, rule, problems)
    travel = block["travel"]
    if travel is not None and travel.total_seconds() < FREE_FOR_S:
        found = sentence("travel {total_seconds:g} s", total_seconds=travel.total_seconds())
        expected = sentence(
            "at least {free_for_s:g} s: so long the place must be seen free", free_for_s=FREE_FOR_S
        )
        problems.add(block.place_of("travel"), found, expected)
    if not block.complete:
        return None
    held = HeldFeed(
        signal=SignalName(block["signal"]) if block["signal"] is not None else None,
        counters=tuple(counters),
        travel_s=travel.total_seconds(),
    )
    _refuse_messages(block, held, rule, table, problems)
    return held


def _refuse_no_signal(block: Block, rule: RuleRead, table: SignalTable, problems: Problems) -> None:
    name, place = block["signal"], block.place_of("signal")
    if not table.refuse_unknown(name, place, problems):
        return
    values = table.ranges.get(SignalName(name))
    if values is not None and values.kind != "bool":
        encoding = table.specs[SignalName(name)].address.encoding.value
        problems.add(
            place,
            sentence("held by {name!r}, which is {encoding}", name=name, encoding=encoding),
            "a signal of encoding bool",
        )
    if rule.presented is not None and name in signals_of(rule.presented):
        found = sentence("held by {name!r}, which shows the part", name=name)
        problems.add(place, found, "a signal of its own: on while nothing is fed")


def _refuse_no_counter(counter: Located[str], table: SignalTable, problems: Problems) -> None:
    name = SignalName(counter.value)
    if not table.refuse_unknown(name, counter.place, problems) or name not in table.specs:
        return
    spec = table.specs[name]
    if not table.ranges[name].whole:
        found = sentence(
            "counter {name!r} is {value}", name=name, value=spec.address.encoding.value
        )
        expected = "a signal that counts, of a whole number's encoding"
        problems.add(counter.place, found, expected)
    elif spec.scale != 1 or spec.offset != 0:
        expected = "no scale and no offset: a count is as it is told"
        problems.add(counter.place, sentence("counter {name!r} is scaled", name=name), expected)


def _refuse_place(block: Block, rule: RuleRead, problems: Problems) -> None:
    """Refuse a place that can't be seen free: what came before is not told from what comes."""
    if rule.presented_by_word or (rule.presented is not None and not shows_place(rule.presented)):
        problems.add(
            block.place,
            "held, where presented does not show the place",
            "presented: a condition on a signal that is on while a part is there",
        )


def _refuse_messages(
    block: Block, held: HeldFeed, rule: RuleRead, table: SignalTable, problems: Problems
) -> None:
    """Refuse what is told in several messages, or only on change: between two of them a part can come."""
    conditions = (rule.presented, rule.detected, rule.accepted)
    read = held.signals.union(*(signals_of(each) for each in conditions if each is not None))
    addresses = {name: table.specs[name].address for name in sorted(read) if name in table.specs}
    topics = {each.topic for each in addresses.values() if isinstance(each, MqttAddress)}
    if len(topics) > 1:
        found = sentence("held, told on {n} topics", n=len(topics))
        expected = "one topic with presented, detected, accepted, signal and counters"
        problems.add(block.place, found, expected, "between two messages a part can come")
    elif topics and not addresses.keys() <= table.expected_every.keys():
        found = sentence("held, on a topic that tells no expected_every")
        problems.add(block.place, found, "expected_every: a message that is missing is noticed")
