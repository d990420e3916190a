"""Schema 1 for ever: what an entry of it says, in the fields of schema 2 (D12).

Numbers ran through the whole plant, a reason was one field whether a person or the software gave it,
and nothing kept the words of its time. What schema 1 did not keep is null; what its entries have and
no fact has is passed over. Nothing is guessed: a reason counts as a code only where the software's own
word stands there, and in an entry that no person wrote.
"""

from collections.abc import Callable, Mapping
from typing import Final

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.facts.challenge_part import PartStateCode
from redrabbit.domain.facts.codec import field_names
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.schema_2 import added_by_schema_3
from redrabbit.domain.identity import How, Letter, numbered_in_schema_1
from redrabbit.domain.ledger import Entry, JsonValue
from redrabbit.domain.run_words import Outcome, StopCode

Payload = dict[str, JsonValue]

_NUMBERS: Final = {
    "run_id": Letter.RUN,
    "window_from_run": Letter.RUN,
    "occurrence_id": Letter.OCCURRENCE,
    "containment_id": Letter.CONTAINMENT,
    "pause_id": Letter.PAUSE,
    "alarm_id": Letter.ALARM,
}
"""Fields that were plain numbers."""


def of_schema_1(entry: Entry, kinds: Mapping[str, type[Fact]]) -> Mapping[str, JsonValue]:
    """Return the payload of an entry of schema 1 in the fields of schema 2."""
    assert entry.payload is not None  # noqa: S101  schema 1 has its payload inside
    payload = {name: _numbered(name, value) for name, value in entry.payload.items()}
    change = _CHANGED.get(entry.type)
    if change is not None:
        payload = change(payload, entry)
    fields = field_names(kinds[entry.type]) - added_by_schema_3(entry.type).keys()
    return {name: payload.get(name) for name in fields}


def _numbered(name: str, value: JsonValue) -> JsonValue:
    letter = _NUMBERS.get(name)
    return (
        value if letter is None or type(value) is not int else numbered_in_schema_1(letter, value)
    )


def _by_person(entry: Entry) -> bool:
    return entry.actor.how is not How.SYSTEM


def _plan(label: JsonValue, line: JsonValue = None, pfmea: JsonValue = None) -> Payload:
    number, _, revision = str(label).partition(" rev ")
    return {"number": number, "revision": revision, "line": line, "pfmea": pfmea}


def _check_adopted(payload: Payload, entry: Entry) -> Payload:
    del entry
    plan = _plan(payload["plan"], payload["plan_line"], payload["pfmea"])
    return payload | {"plan": plan}


def _occurrence_made(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"plan": _plan(payload["plan"])}


def _occurrence_decided(payload: Payload, entry: Entry) -> Payload:
    reason = payload["reason"]
    if reason is None:
        return payload
    if _by_person(entry):
        return payload | {"reason_code": DecisionCode.PERSON.value, "reason_text": reason}
    word = str(reason)
    if word.startswith("pause-"):
        number = numbered_in_schema_1(Letter.PAUSE, int(word.removeprefix("pause-")))
        return payload | {"reason_code": DecisionCode.PAUSE.value, "pause_id": number}
    return payload | {"reason_code": word}


def _pause_declared(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"reason_text": payload["reason"]}


def _run_started(payload: Payload, entry: Entry) -> Payload:
    return payload | {"plan": _plan(entry.plan)}


def _run_stopped(payload: Payload, entry: Entry) -> Payload:
    return payload | _stop(payload["reason"], by_person=_by_person(entry))


def _run_closed(payload: Payload, entry: Entry) -> Payload:
    """The run's own reason stands here again: a person's words, if they are none of ours.

    Where they are, the fold asks the stop, which says whose they were. A restart ended no run as
    aborted, and a person ended none otherwise.
    """
    del entry
    reason = payload["reason"]
    restarted = reason == StopCode.RESTARTED.value
    ours = reason in _STOPS and restarted is (payload["outcome"] == Outcome.INCONCLUSIVE.value)
    confirmed: Payload = {"confirmed": payload["confirmed_by"] is not None}
    return payload | confirmed | _stop(reason, by_person=not ours)


def _stop(reason: JsonValue, *, by_person: bool) -> Payload:
    if reason is None:
        return {}
    if by_person:
        return {"reason_code": StopCode.PERSON.value, "reason_text": reason}
    return {"reason_code": reason}


_STOPS: Final = frozenset(
    {"not_started", "not_presented", "not_confirmed", "restarted", "configuration_changed"}
)
"""The software's words for why a run went no further under schema 1; any other was a person's."""


def _part_registered(payload: Payload, entry: Entry) -> Payload:
    return payload | {"kind": payload["part_id"]} | _part_state(payload, entry)


def _part_state_changed(payload: Payload, entry: Entry) -> Payload:
    return payload | _part_state(payload, entry)


def _part_state(payload: Payload, entry: Entry) -> Payload:
    """A quarantine's reason is a person's, also where the configuration repeats it.

    Only the software retired a part, and it gave the one reason that it had.
    """
    reason = payload["state_reason"]
    if reason is None:
        return {}
    if payload["state"] == PartState.RETIRED.value and not _by_person(entry):
        return {"state_code": reason}
    return {"state_code": PartStateCode.PERSON.value, "state_text": reason}


def _verdict_reached(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"identity_disputed": False, "pictures": []}


def _containment_opened(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"identity_disputed": False, "reaction": _reaction(payload["reaction"])}


def _containment_stopped(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"window_end": "stop"}


def _reaction_changed(payload: Payload, entry: Entry) -> Payload:
    del entry
    return payload | {"reaction": _reaction(payload["reaction"])}


def _reaction(steps: JsonValue) -> JsonValue:
    """Who ticked a step was always only stated."""
    assert isinstance(steps, list)  # noqa: S101  schema 1 always wrote a list
    return [
        {**step, "done_how": How.STATED.value if step["done_by"] is not None else None}
        for step in steps
    ]


_CHANGED: Mapping[str, Callable[[Payload, Entry], Payload]] = {
    "check_adopted": _check_adopted,
    "containment_opened": _containment_opened,
    "containment_stopped": _containment_stopped,
    "occurrence_decided": _occurrence_decided,
    "occurrence_made": _occurrence_made,
    "part_registered": _part_registered,
    "part_state_changed": _part_state_changed,
    "pause_declared": _pause_declared,
    "reaction_changed": _reaction_changed,
    "run_closed": _run_closed,
    "run_started": _run_started,
    "run_stopped": _run_stopped,
    "verdict_reached": _verdict_reached,
}
"""One row an entry type whose fields changed otherwise than by new ones."""
