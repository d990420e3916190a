"""A case from the miss to its end."""

from dataclasses import replace

from redrabbit.domain.facts.containment import ContainmentClosed
from redrabbit.domain.identity import ContainmentId
from redrabbit.domain.ledger import JsonValue, canonical_text, instant_text
from redrabbit.domain.records import ContainmentRecord
from tests.domain.folded import NAMES, a_ledger, at, values


def counted(made: int, epoch: int = 1) -> dict[str, JsonValue]:
    """Return a count of a station as a fact has it."""
    return {"value": made, "made": made, "epoch": epoch, "fell_from": None, "known": []}


CONTAINMENT: dict[str, object] = {
    "containment_id": "line1-C-1",
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "failure_mode": "torque_low",
    "names": NAMES,
    "identity_disputed": False,
    "check_id": "torque",
    "run_id": "line1-R-1",
    "step": 0,
    "window_from": at(-3600),
    "window_from_run": None,
    "counter_from": 1000,
    "count_from": counted(1000),
    "counter_to": 1214,
    "count_to": counted(1214),
    "quantity": 214,
    "quantity_is_lower_bound": True,
    "reaction": [{"en": "Stop", "zh": "停", "done_at": None, "done_by": None, "done_how": None}],
}

DONE: dict[str, JsonValue] = {
    "en": "Stop",
    "zh": "停",
    "done_at": instant_text(at(70)),
    "done_by": "name:anna",
    "done_how": "stated",
}


def test_a_containment_is_stopped_reverified_and_closed() -> None:
    """L4, D5."""
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    ledger.say(
        "containment_stopped",
        60,
        containment_id="line1-C-1",
        window_end="stop",
        box_label="KLT-88012",
        reason_text="belt stopped by hand",
        counter_to=1230,
        count_to=counted(1230),
        quantity=230,
        quantity_is_lower_bound=False,
    )
    ledger.say(
        "reaction_changed",
        70,
        containment_id="line1-C-1",
        reaction=[DONE],
        step=0,
    )
    ledger.say("containment_reverified", 80, containment_id="line1-C-1", run_id="line1-R-9")
    case = ledger.the(ContainmentRecord, "line1-C-1")
    assert case.seen_until == case.opened_at
    assert values(
        case,
        "state",
        "quantity",
        "count_from",
        "count_to",
        "window_end",
        "window_to",
        "stopped_by",
        "stop_text",
        "box_label",
        "reaction",
        "reverified_by_run",
    ) == {
        "state": "reverified",
        "quantity": 230,
        "count_from": canonical_text(counted(1000)),
        "count_to": canonical_text(counted(1230)),
        "window_end": "stop",
        "window_to": at(60),
        "stopped_by": "name:anna",
        "stop_text": "belt stopped by hand",
        "box_label": "KLT-88012",
        "reaction": canonical_text([DONE]),
        "reverified_by_run": "line1-R-9",
    }
    ledger.say("containment_closed", 90, containment_id="line1-C-1")
    closed = ledger.the(ContainmentRecord, "line1-C-1")
    assert (closed.state, closed.closed_at) == ("closed", at(90))
    assert values(closed, "closed_by", "closed_how", "closed_entry") == {
        "closed_by": "name:anna",
        "closed_how": "stated",
        "closed_entry": ledger.entries[-1].index,
    }


def test_before_schema_3_nobody_closed_a_case() -> None:
    """D35: it closed by itself; whoever did the last step said nothing about the case."""
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    entry = ledger.say("containment_closed", 90, containment_id="line1-C-1")
    case = ContainmentClosed(containment_id=ContainmentId("line1-C-1"))
    (change,) = case.fold(replace(entry, schema=2), ledger.look)
    assert values(change.record, "state", "closed_at", "closed_by", "closed_how") == {
        "state": "closed",
        "closed_at": at(90),
        "closed_by": None,
        "closed_how": None,
    }
