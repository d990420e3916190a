"""A case from the miss to its end."""

from redrabbit.domain.records import ContainmentRecord
from tests.domain.folded import a_ledger, at, values

CONTAINMENT: dict[str, object] = {
    "containment_id": 1,
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "failure_mode": "torque_low",
    "check_id": "torque",
    "run_id": 1,
    "step": 0,
    "window_from": at(-3600),
    "window_from_run": None,
    "counter_from": 1000,
    "counter_to": 1214,
    "quantity": 214,
    "quantity_is_lower_bound": False,
    "reaction": [{"en": "Stop", "zh": "停", "done_at": None, "done_by": None}],
}


def test_a_containment_is_stopped_reverified_and_closed() -> None:
    """L4, D5."""
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    ledger.say(
        "containment_stopped",
        60,
        containment_id=1,
        counter_to=1230,
        quantity=230,
        quantity_is_lower_bound=False,
    )
    ledger.say(
        "reaction_changed", 70, containment_id=1, reaction=[{"en": "Stop", "zh": "停"}], step=0
    )
    ledger.say("containment_reverified", 80, containment_id=1, run_id=9)
    case = ledger.the(ContainmentRecord, 1)
    assert values(case, "state", "quantity", "stopped_by", "reaction", "reverified_by_run") == {
        "state": "reverified",
        "quantity": 230,
        "stopped_by": "anna",
        "reaction": '[{"done_at":null,"done_by":null,"en":"Stop","zh":"停"}]',
        "reverified_by_run": 9,
    }
    ledger.say("containment_closed", 90, containment_id=1)
    closed = ledger.the(ContainmentRecord, 1)
    assert (closed.state, closed.closed_at) == ("closed", at(90))
