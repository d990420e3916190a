"""Checks are adopted and retired."""

from redrabbit.domain.records import CheckRecord
from tests.domain.folded import CHECK, PLAN, RUN, a_ledger, at


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


def test_a_plan_change_is_no_amnesty_for_runs_without_a_verdict() -> None:
    """D55."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("run_closed", 90, run_id="line1-R-1", outcome="aborted", confirmed=False)
    ledger.say("check_adopted", 200, **(CHECK | {"schedule": "daily at 06:00"}))
    check = ledger.the(CheckRecord, "line1", "torque")
    assert (check.runs_without_verdict, check.without_verdict_since) == (1, at(90))
