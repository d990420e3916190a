"""Schema 2 for ever: what an entry of it says, in the fields of today's facts (D12).

Schema 3 added fields to some types and changed none, so an entry of schema 2 is today's with those fields
at what they were before anybody could tell them: null, or the one value that schema 2 could mean.
"""

from collections.abc import Mapping
from typing import Final

from redrabbit.domain.ledger import JsonValue
from redrabbit.domain.run_words import Why

_ADDED: Final[Mapping[str, Mapping[str, JsonValue]]] = {
    "alarm_raised": {"answer_kind": None, "receiver": None, "runs_without_verdict": None},
    "containment_opened": {
        "count_from": None,
        "count_to": None,
        "identity_kind": None,
        "quantity_unknown": None,
    },
    "containment_stopped": {
        "count_to": None,
        "ends_at": None,
        "quantity_unknown": None,
        "reason_text": None,
        "stop_signal": None,
    },
    "part_presented": {"count": None},
    "verdict_reached": {
        "answer_kind": None,
        "count": None,
        "largest_gap_s": None,
        "mode": None,
        "not_counted": None,
        "pallet": None,
        "serial": None,
        "sources": None,
        "watched": None,
    },
    "verdict_contradicted": {
        "verdict_reason": Why.CONTRADICTORY.value,
        "observed_code": None,
    },
}
"""By entry type: each field that schema 3 added, and its value in entries from before."""


def added_by_schema_3(entry_type: str) -> Mapping[str, JsonValue]:
    """Return the fields that schema 3 added to a type of entry, with their values before."""
    return _ADDED.get(entry_type, {})


def of_schema_2(entry_type: str, payload: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return a payload of schema 2 as its fact has it today.

    Raises ValueError where it has a field that only schema 3 has: nobody wrote that under schema 2.
    """
    added = added_by_schema_3(entry_type)
    early = sorted(added.keys() & payload.keys())
    if early:
        raise ValueError(f"{entry_type} of schema 2 has no field {', '.join(early)}")
    return {**payload, **added}
