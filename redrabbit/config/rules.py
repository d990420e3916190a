"""Detection rules: what at a station counts as presented, detected and accepted.

Refuses a rule that can never come true, that can't be told from its opposite, that is faster than
the station is read (B8), that rejects for a reason nobody declared (L2), and one that leaves open
what silence means (L3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config import located_yaml
from redrabbit.config.conditions import (
    CONDITION_REF,
    WRITTEN,
    read_change,
    read_condition,
    read_value,
)
from redrabbit.config.file_schema import Block, Choice, Flag, Key, Raw, Schema, Section
from redrabbit.config.held_feed import HELD, RuleRead, read_held_feed
from redrabbit.config.limit_advice import advise_on_limits
from redrabbit.config.located_yaml import Node, Scalar, describe
from redrabbit.config.problem import Problems, nearest, one_of
from redrabbit.config.satisfiability import can_be_true, same
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, DURATION_OR_NONE, FAILURE_MODE, SIGNAL
from redrabbit.domain.identity import FailureMode, SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import (
    AllOf,
    AnyOf,
    Change,
    Condition,
    DetectionRule,
    Edge,
    Not,
    OnSilence,
    StaysOff,
    leaves,
    signals_of,
)
from redrabbit.domain.signals import MqttAddress
from redrabbit.domain.station import Link, ModbusLink

BY_CODE: Final = "code"
BY_STATEMENT: Final = "stated"

_CONDITION_WORDS: Final = f"a condition, for example {WRITTEN['rises']}"


def _condition_schema() -> Schema:
    return dict(CONDITION_REF)


def _presented_schema() -> Schema:
    return {"anyOf": [{"enum": [BY_CODE, BY_STATEMENT]}, CONDITION_REF]}


def _codes_schema() -> Schema:
    return {
        "type": "object",
        "patternProperties": {f"^(?:{FAILURE_MODE.pattern})$": {"type": ["string", "number"]}},
        "additionalProperties": False,
        "minProperties": 1,
    }


RULE: Final = Section(
    {
        "presented": Key(
            Raw(_presented_schema, f"{_CONDITION_WORDS}; or {BY_CODE}; or {BY_STATEMENT}"),
            "What says that the part is there: a condition on part-present; `code`, when "
            "part_code becomes the part's own; `stated`, the operator's tap.",
        ),
        "detected": Key(Raw(_condition_schema, _CONDITION_WORDS), "The reject condition."),
        "accepted": Key(
            Raw(_condition_schema, _CONDITION_WORDS),
            "The accept condition; needed for good masters.",
            required=False,
        ),
        "demanded": Key(
            Raw(_condition_schema, "{rises: signal}"),
            "For a device that prevents the cycle: what says that somebody asked for one.",
            required=False,
        ),
        "within": Key(
            DURATION, "From presented to the answer; so long a good one may be taken back."
        ),
        "on_silence": Key(
            Choice({word.value: word for word in OnSilence}),
            "What it means when no answer comes in time, on good communication.",
            missing="there is no default (L3): say whether silence means not detected, or proves nothing",
        ),
        "part_code": Key(
            SIGNAL, "The signal that says which part the station sees.", required=False
        ),
        "reject_code": Key(SIGNAL, "The signal that says why it rejected.", required=False),
        "reject_codes": Key(
            Raw(_codes_schema, "{failure_mode: code, …}"),
            "The expected reason for each failure mode.",
            required=False,
        ),
        "reject_code_cleared": Key(
            Flag(),
            "Whether the station clears reject_code before each part. Then a code that stands there "
            "from before is no reason; else it is one, at a lower grade of evidence.",
            required=False,
            default=False,
        ),
        "settle": Key(
            DURATION_OR_NONE,
            "How long to wait after the first answer for the rest of it, where verdict and reason "
            "are separate messages.",
            required=False,
            default=timedelta(0),
        ),
        "measured": Key(SIGNAL, "The signal with the measured value.", required=False),
        "held": Key(
            HELD,
            "What tells that the feed is held and that one part came; then it is known by that, not "
            "by order.",
            required=False,
        ),
    },
    "a rule's mapping",
)


@dataclass(frozen=True)
class Watched:
    """What a rule can read: the station's signals, and the link they come by."""

    signals: SignalTable
    link: Link | None
    """None when it could not be read."""


@dataclass(frozen=True)
class _Conditions:
    presented: Condition | None
    detected: Condition | None
    accepted: Condition | None

    def lacks_any(self, block: Block) -> bool:
        """Return whether one that is written could not be read."""
        by_word = isinstance(block["presented"], Scalar)
        return (
            self.detected is None
            or (self.accepted is None and "accepted" in block)
            or (self.presented is None and not by_word)
        )


def read_rule(
    block: Block, modes: tuple[str, ...], watched: Watched, problems: Problems
) -> DetectionRule | None:
    """Return the rule of a device with these failure modes; None after noting why there is none."""
    before = len(problems.found)
    table = watched.signals
    for key in ("part_code", "reject_code", "measured"):
        table.refuse_unknown(block[key], block.place_of(key), problems)
    demanded = read_change(block["demanded"], table, problems) if block["demanded"] else None
    conditions = _Conditions(
        presented=_read_presented(block, table, problems),
        detected=_read_answer(block, "detected", demanded, table, problems),
        accepted=_read_answer(block, "accepted", demanded, table, problems),
    )
    _check_silences(block, conditions, watched.link, problems)
    advise_on_limits(conditions.detected, block.place_of("detected"), table, problems)
    advise_on_limits(conditions.accepted, block.place_of("accepted"), table, problems)
    _refuse_look_alikes(block, conditions, problems)
    _refuse_kinds(block, table, problems)
    codes = _read_codes(block, modes, table, problems)
    _check_pace(block, watched.link, problems)
    _require_settle(block, conditions, table, problems)
    by_word = isinstance(block["presented"], Scalar)
    read = RuleRead(conditions.presented, by_word, conditions.detected, conditions.accepted)
    held = read_held_feed(block["held"], read, table, problems)
    if len(problems.found) > before or not block.complete or conditions.lacks_any(block):
        return None
    detected = conditions.detected
    assert detected is not None  # noqa: S101  because lacks_any says so
    return DetectionRule(
        presented=conditions.presented,
        detected=detected,
        accepted=conditions.accepted,
        demanded=demanded,
        within_s=block["within"].total_seconds(),
        on_silence=block["on_silence"],
        part_code=_name(block["part_code"]),
        reject_code=_name(block["reject_code"]),
        reject_codes=codes,
        reject_code_cleared=block["reject_code_cleared"],
        settle_s=block["settle"].total_seconds(),
        measured=_name(block["measured"]),
        held=held,
    )


def _name(text: str | None) -> SignalName | None:
    return SignalName(text) if text is not None else None


def _read(block: Block, key: str, table: SignalTable, problems: Problems) -> Condition | None:
    """Return a condition that can become true; None if it is absent, or after noting why."""
    node: Node | None = block[key]
    if node is None:
        return None
    condition = read_condition(node, table, problems)
    if condition is None:
        return None
    if not can_be_true(condition, table.ranges):
        expected = "conditions that can hold together"
        problems.add(node.place, sentence("{key} can never become true", key=key), expected)
        return None
    if not can_be_true(Not(of=condition), table.ranges):
        expected = "a condition that is false before the answer (L1)"
        problems.add(node.place, sentence("{key} is always true", key=key), expected)
        return None
    return condition


def _read_answer(
    block: Block, key: str, demanded: Change | None, table: SignalTable, problems: Problems
) -> Condition | None:
    """Return an answer; None after noting why there is none, as where it denies a change.

    That nothing changed *yet* is true at once, and tells nothing of the device (D33).
    """
    condition = _read(block, key, table, problems)
    if condition is None:
        return None
    if not _denies_a_change(condition):
        return _counted_from(demanded, condition)
    problems.add(
        block.place_of(key),
        sentence("{key} has not before a change", key=key),
        sentence(
            "{written}, which says for how long nothing must come", written=WRITTEN["stays_off"]
        ),
    )
    return None


def _denies_a_change(condition: Condition, *, denied: bool = False) -> bool:
    match condition:
        case Not():
            return _denies_a_change(condition.of, denied=True)
        case AllOf() | AnyOf():
            return any(_denies_a_change(part, denied=denied) for part in condition.of)
        case _:
            return denied and isinstance(condition, Edge | StaysOff)


def _counted_from(demanded: Change | None, condition: Condition) -> Condition:
    """Return a condition whose silences count from the demand, where they don't say otherwise."""
    match condition:
        case AllOf() | AnyOf():
            return replace(condition, of=tuple(_counted_from(demanded, p) for p in condition.of))
        case StaysOff(after=None):
            return replace(condition, after=demanded)
        case _:
            return condition


def _check_silences(
    block: Block, conditions: _Conditions, link: Link | None, problems: Problems
) -> None:
    """Refuse a time of silence that can't be over in time, or is shorter than two polls (B8)."""
    within: timedelta | None = block["within"]
    for key, answer in (("detected", conditions.detected), ("accepted", conditions.accepted)):
        for leaf in leaves(answer) if answer is not None else ():
            if not isinstance(leaf, StaysOff):
                continue
            if within is not None and leaf.for_s >= within.total_seconds():
                problems.add(
                    block.place_of(key),
                    sentence(
                        "{key} waits {for_s:g} s, within {total_seconds:g} s",
                        key=key,
                        for_s=leaf.for_s,
                        total_seconds=within.total_seconds(),
                    ),
                    "a within that is longer: the time of silence must be over in it",
                )
            if isinstance(link, ModbusLink) and leaf.for_s < 2 * link.poll_interval_s:
                problems.add(
                    block.place_of(key),
                    sentence(
                        "{key} waits {for_s:g} s, polled every {poll_interval_s:g} s",
                        key=key,
                        for_s=leaf.for_s,
                        poll_interval_s=link.poll_interval_s,
                    ),
                    sentence(
                        "at least two polls, {value:g} s (B8)", value=2 * link.poll_interval_s
                    ),
                )


def _read_presented(block: Block, table: SignalTable, problems: Problems) -> Condition | None:
    node: Node | None = block["presented"]
    has_code = "part_code" in block
    if not isinstance(node, Scalar):
        if node is not None and has_code:
            problems.add(
                node.place,
                "a condition for presented beside part_code",
                sentence("presented: {by_code}, or no part_code in the rule", by_code=BY_CODE),
                "where the station reads the part's code, the code decides (D2)",
            )
        condition = _read(block, "presented", table, problems)
        if condition is not None and any(isinstance(leaf, StaysOff) for leaf in leaves(condition)):
            problems.add(
                block.place_of("presented"),
                "presented by stays_off",
                "a change that the part makes",
            )
        return condition
    if node.text not in {BY_CODE, BY_STATEMENT}:
        words = (BY_CODE, BY_STATEMENT)
        expected = sentence(
            "{by_code}, {by_statement} or {condition_words}",
            by_code=BY_CODE,
            by_statement=BY_STATEMENT,
            condition_words=_CONDITION_WORDS,
        )
        problems.add(
            node.place,
            sentence("found {text!r}", text=node.text),
            expected,
            nearest(node.text, words),
        )
    elif node.text == BY_CODE and not has_code:
        problems.add(
            node.place, "presented by code without part_code", "part_code: the signal with the code"
        )
    elif node.text == BY_STATEMENT and has_code:
        problems.add(
            node.place,
            "presented as stated beside part_code",
            sentence("presented: {by_code}, or no part_code in the rule", by_code=BY_CODE),
            "where the station reads the part's code, the code decides (D2)",
        )
    return None


def _refuse_look_alikes(block: Block, conditions: _Conditions, problems: Problems) -> None:
    detected = conditions.detected
    if detected is None:
        return
    for key, other in (("accepted", conditions.accepted), ("presented", conditions.presented)):
        if other is not None and same(other, detected):
            problems.add(
                block.place_of(key),
                sentence("{key} is the same condition as detected", key=key),
                "a condition of its own",
                sentence("detected stands at {place_of}", place_of=block.place_of("detected")),
            )


def _refuse_kinds(block: Block, table: SignalTable, problems: Problems) -> None:
    """Refuse signals that can't tell what they are named for."""
    for key, kinds, expected in (
        ("part_code", {"text", "number"}, "a signal that tells the code on the part's label"),
        ("reject_code", {"text", "number"}, "a signal that tells a number or a text"),
        ("measured", {"number", "text"}, "a signal that tells a number or a text"),
    ):
        values = table.ranges.get(SignalName(block[key] or ""))
        if values is not None and values.kind not in kinds:
            problems.add(
                block.place_of(key),
                sentence("{key} {block!r} is {kind}", key=key, block=block[key], kind=values.kind),
                expected,
            )


def _read_codes(
    block: Block, modes: tuple[str, ...], table: SignalTable, problems: Problems
) -> Mapping[FailureMode, Value]:
    node: Node | None = block["reject_codes"]
    if "reject_code_cleared" in block and "reject_code" not in block:
        place = block.place_of("reject_code_cleared")
        problems.add(place, "reject_code_cleared without reject_code", "reject_code: the signal")
    if node is None:
        if "reject_code" in block and modes:
            problems.add(
                block.place_of("reject_code"),
                "reject_code without reject_codes",
                sentence("reject_codes with a code for {modes} (L2)", modes=", ".join(modes)),
            )
        return {}
    if "reject_code" not in block:
        problems.add(node.place, "reject_codes without reject_code", "reject_code: the signal")
    if not isinstance(node, located_yaml.Mapping):
        problems.add(
            node.place,
            sentence("found {what}", what=describe(node)),
            "{failure_mode: code, …}",
        )
        return {}
    values = table.ranges.get(SignalName(block["reject_code"] or ""))
    codes: dict[FailureMode, Value] = {}
    for key, code in node.entries:
        if modes and key.text not in modes:
            problems.add(
                key.place,
                sentence("a code for {text!r}, which the device does not watch for", text=key.text),
                one_of(modes),
                nearest(key.text, modes),
            )
        elif values is not None and values.kind != "bool":
            value = read_value(code, block["reject_code"], values, problems)
            if value is not None:
                codes[FailureMode(key.text)] = value
    given = {key.text for key, _ in node.entries}
    for mode in modes:
        if mode not in given:
            problems.add(
                node.place,
                sentence("no reject code for {mode!r}", mode=mode),
                "a code for each failure mode of the device (L2)",
            )
    return codes


def _check_pace(block: Block, link: Link | None, problems: Problems) -> None:
    """Refuse answers awaited for less than two polls (B8), and requests that outlast them."""
    if not isinstance(link, ModbusLink) or block["within"] is None:
        return
    within_s: float = block["within"].total_seconds()
    if within_s < 2 * link.poll_interval_s:
        problems.add(
            block.place_of("within"),
            sentence(
                "within {within_s:g} s, polled every {poll_interval_s:g} s",
                within_s=within_s,
                poll_interval_s=link.poll_interval_s,
            ),
            sentence("at least two polls, {value:g} s (B8)", value=2 * link.poll_interval_s),
        )
    if link.timeout_s >= within_s:
        problems.add(
            block.place_of("within"),
            sentence(
                "within {within_s:g} s, but one request may take {timeout_s:g} s",
                within_s=within_s,
                timeout_s=link.timeout_s,
            ),
            "a link timeout shorter than the answer may take",
        )


def _require_settle(
    block: Block, conditions: _Conditions, table: SignalTable, problems: Problems
) -> None:
    """Refuse an answer in several messages without a time to wait for all of them."""
    answers = {SignalName(block[key]) for key in ("reject_code", "measured") if block[key]}
    for condition in (conditions.detected, conditions.accepted):
        if condition is not None:
            answers |= signals_of(condition)
    topics = {
        address.topic
        for name in answers
        if name in table.specs and isinstance(address := table.specs[name].address, MqttAddress)
    }
    if len(topics) > 1 and not block["settle"]:
        problems.add(
            block.place,
            sentence("the answer comes on {n} topics, without settle", n=len(topics)),
            "settle: how long after the first message the rest may take, for example 300 ms",
            "messages of different topics arrive in any order",
        )
