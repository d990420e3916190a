"""Checks are adopted and retired."""

from redrabbit.domain.records import CheckRecord
from tests.domain.folded import CHECK, PLAN, a_ledger, at


def test_an_unchanged_schedule_goes_on_and_a_new_one_starts_afresh() -> None:
    ledger = a_ledger()
    assert ledger.the(CheckRecord, "line1", "torque").scheduled_until == at(0)
    ledger.say("check_adopted", 100, **(CHECK | {"plan": PLAN | {"pfmea": "12.4 rev D"}}))
    same = ledger.the(CheckRecord, "line1", "torque")
    assert (same.pfmea, same.adopted_at, same.scheduled_until) == ("12.4 rev D", at(-1000), at(0))
    ledger.say("check_adopted", 200, **(CHECK | {"schedule": "daily at 06:00"}))
    changed = ledger.the(CheckRecord, "line1", "torque")
    assert (changed.adopted_at, changed.scheduled_until) == (at(200), at(200))


def test_a_retired_check_that_comes_back_starts_afresh() -> None:
    ledger = a_ledger()
    ledger.say("check_retired", 100, check_id="torque")
    assert ledger.the(CheckRecord, "line1", "torque").retired_at == at(100)
    ledger.say("check_adopted", 200, **CHECK)
    back = ledger.the(CheckRecord, "line1", "torque")
    assert (back.retired_at, back.scheduled_until) == (None, at(200))
