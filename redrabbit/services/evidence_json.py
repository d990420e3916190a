"""The evidence of a presentation as it stands in the ledger: enough to judge it again by hand.

It keeps every change of every signal of the rule, from when at the earliest the part was presented and
until when the answer counted, how closely the station was watched, how the clocks that tell its time
stood to ours (D27), the rule itself (D1, R14, R16), and what its signals were called then (D23).
"""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum

from redrabbit.domain.evidence import Evidence
from redrabbit.domain.facts.codec import plain
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.ledger import JsonValue, instant_text
from redrabbit.domain.part_coming import Unread
from redrabbit.domain.rule import AllOf, AnyOf, Condition, Not, StaysOff
from redrabbit.domain.station import ModbusLink, Station


def evidence_json(evidence: Evidence, station: Station) -> dict[str, JsonValue]:
    """Return the evidence as JSON values; instants as text, unknown values as null with reason."""
    trace: dict[str, list[JsonValue]] = {}
    for point in evidence.trace:
        trace.setdefault(point.signal, []).append(
            [
                instant_text(point.at),
                point.value,
                point.reason.value if point.reason is not None else None,
            ]
        )
    rule = evidence.expectation.rule
    offsets = evidence.hearing.clock_offsets.items()
    interval = station.link.poll_interval_s if isinstance(station.link, ModbusLink) else None
    return _as_json(
        presented_at=evidence.presented_at,
        presented_from=evidence.presented_from,
        in_time_until=evidence.in_time_until,
        deadline_at=evidence.deadline_at,
        edge_at=evidence.rejected_at or evidence.accepted_at,
        edge_seen_from=evidence.rejected_seen_from,
        windows={
            "count": evidence.windows,
            "largest_gap_s": round(evidence.largest_gap_s, 6),
            "blind_after_s": {
                signal: limit_s and round(limit_s, 6)
                for signal, limit_s in evidence.expectation.blind_after_s.items()
            },
            "pulses_learnt_s": evidence.expectation.learnt_s,
            "blind": evidence.blind,
            "unread_before": _unread(evidence.unread_before),
        },
        reason={"told": evidence.reason.told, "renewed": evidence.reason.renewed},
        poll_interval_s=interval,
        clock_offsets_s={name: round(offset_s, 6) for name, offset_s in offsets},
        messages_lost=evidence.hearing.messages_lost,
        feed=_feed(evidence.feed),
        trace=trace,
        signals={
            spec.name: {"label": plain(spec.label), "unit": spec.unit}
            for spec in station.signals
            if spec.name in trace
        },
        trace_points_dropped=evidence.trace_points_dropped,
        rule={
            "presented": condition_words(rule.presented),
            "detected": condition_words(rule.detected),
            "accepted": condition_words(rule.accepted),
            "demanded": condition_words(rule.demanded),
            "within_s": rule.within_s,
            "settle_s": rule.settle_s,
            "on_silence": rule.on_silence.value,
            "part_code": rule.part_code,
            "reject_code": rule.reject_code,
            "reject_code_cleared": rule.reject_code_cleared,
            "expected_code": evidence.expectation.code,
            "measured": rule.measured,
        },
    )


def without_readings(evidence: Evidence) -> Evidence:
    """Return what is left where what was read is not recordable: when, by which rule, how watched."""
    dropped = evidence.trace_points_dropped + len(evidence.trace)
    return replace(
        evidence,
        known={},
        alive_at={},
        base={},
        feed=None,
        trace=(),
        trace_points_dropped=dropped,
    )


def _unread(unread: Unread | None) -> dict[str, JsonValue] | None:
    """Return the gap in which an answer can have been hidden before the part was seen (D30)."""
    if unread is None:
        return None
    return {"gap_s": round(unread.gap_s, 6), "harmless_s": round(unread.harmless_s, 6)}


def _feed(feed: FeedWatch | None) -> dict[str, JsonValue] | None:
    """Return what was read of the feed: by it the part is known to be held, or not (D29)."""
    if feed is None:
        return None
    return _as_json(
        signal=feed.held.signal,
        said_at=feed.said_at,
        said_counts=feed.said_counts,
        contradicted=feed.contradicted,
        travel_s=feed.held.travel_s,
        still_since=feed.still_since,
        held_since=feed.held_since,
        is_held=feed.is_held,
        counted_from=feed.counted_from,
        risen=feed.risen,
        read_until=feed.read_until,
    )


def _as_json(**values: object) -> dict[str, JsonValue]:
    return {name: plain(value) for name, value in values.items()}


def condition_words(condition: Condition | None) -> dict[str, JsonValue] | None:
    """Return a condition in the words of the station file: `{"rises": {"signal": "rejected"}}`."""
    if condition is None:
        return None
    if isinstance(condition, StaysOff):
        after = condition_words(condition.after)
        return {"stays_off": condition.signal, "for_s": condition.for_s, "after": after}
    word = {AllOf: "all", AnyOf: "any", Not: "not"}.get(type(condition))
    if isinstance(condition, AllOf | AnyOf):
        return {str(word): [condition_words(part) for part in condition.of]}
    if isinstance(condition, Not):
        return {str(word): condition_words(condition.of)}
    assert is_dataclass(condition)  # noqa: S101  each leaf is one
    return {
        type(condition).__name__.lower(): {
            field.name: _plain(getattr(condition, field.name)) for field in fields(condition)
        }
    }


def _plain(value: object) -> JsonValue:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return instant_text(value)
    assert isinstance(value, bool | int | float | str)  # noqa: S101  leaves hold nothing else
    return value
