"""What entries about plant, obligations, containments and alarms do to the records."""

from redrabbit.domain.records import (
    AgentRecord,
    AlarmRecord,
    ChallengePartRecord,
    CheckRecord,
    ConfigurationRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    StationRecord,
)
from tests.domain.folded import (
    CHECK,
    OCCURRENCE,
    PART,
    FoldedLedger,
    a_ledger,
    at,
    values,
)

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
ALARM: dict[str, object] = {
    "alarm_id": 1,
    "kind": "escape",
    "line": "line1",
    "station": "op20",
    "device": None,
    "part_id": "RR-0001",
    "run_id": 1,
    "occurrence_id": None,
}


def test_a_configuration_is_kept_with_its_content() -> None:
    """D14."""
    ledger = FoldedLedger()
    files = {"plant.yaml": "plant: Testville\n"}
    ledger.say(
        "configuration_adopted", digest="c0ffee", software="test", plan="CP-1 rev A", files=files
    )
    kept = ledger.the(ConfigurationRecord, "c0ffee")
    assert kept.content == '{"plant.yaml":"plant: Testville\\n"}'


def test_a_life_of_the_agent_has_an_end_only_when_it_ended_well() -> None:
    ledger = FoldedLedger()
    ledger.say("agent_started", 0, agent_id=1, software="test")
    assert ledger.the(AgentRecord, 1).stopped_at is None
    ledger.say("agent_stopped", 60, agent_id=1)
    assert ledger.the(AgentRecord, 1).stopped_at == at(60)


def test_a_station_is_without_data_until_it_is_read() -> None:
    """R17."""
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    assert ledger.the(StationRecord, "op20").reason == "not_yet_read"
    ledger.say("station_restored", 1, station_id="op20")
    assert ledger.the(StationRecord, "op20").no_data_since is None
    ledger.say("station_lost", 9, station_id="op20", no_data_since=at(7), reason="timeout")
    assert values(ledger.the(StationRecord, "op20"), "no_data_since", "reason", "changed_at") == {
        "no_data_since": at(7),
        "reason": "timeout",
        "changed_at": at(9),
    }


def test_a_station_moved_to_another_line_keeps_its_standing() -> None:
    ledger = FoldedLedger()
    ledger.say("station_adopted", 0, station_id="op20", line="line1")
    ledger.say("station_restored", 1, station_id="op20")
    ledger.say("station_adopted", 2, station_id="op20", line="line2")
    station = ledger.the(StationRecord, "op20")
    assert (station.line, station.no_data_since) == ("line2", None)


def test_an_unchanged_schedule_goes_on_and_a_new_one_starts_afresh() -> None:
    ledger = a_ledger()
    assert ledger.the(CheckRecord, "torque").scheduled_until == at(0)
    ledger.say("check_adopted", 100, **(CHECK | {"pfmea": "12.4 rev D"}))
    same = ledger.the(CheckRecord, "torque")
    assert (same.pfmea, same.adopted_at, same.scheduled_until) == ("12.4 rev D", at(-1000), at(0))
    ledger.say("check_adopted", 200, **(CHECK | {"schedule": "daily at 06:00"}))
    changed = ledger.the(CheckRecord, "torque")
    assert (changed.adopted_at, changed.scheduled_until) == (at(200), at(200))


def test_a_retired_check_that_comes_back_starts_afresh() -> None:
    ledger = a_ledger()
    ledger.say("check_retired", 100, check_id="torque")
    assert ledger.the(CheckRecord, "torque").retired_at == at(100)
    ledger.say("check_adopted", 200, **CHECK)
    back = ledger.the(CheckRecord, "torque")
    assert (back.retired_at, back.scheduled_until) == (None, at(200))


def test_registering_a_part_again_keeps_its_custody_and_uses() -> None:
    ledger = a_ledger()
    ledger.say("part_missing", 5, part_id="RR-0001")
    ledger.say("part_registered", 10, **(PART | {"storage": "drawer B9"}))
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.storage, part.custody, part.custody_at) == ("drawer B9", "missing", at(5))
    ledger.say("part_found", 20, part_id="RR-0001")
    assert ledger.the(ChallengePartRecord, "RR-0001").custody == "stored"


def test_a_quarantined_part_keeps_the_reason() -> None:
    ledger = a_ledger()
    ledger.say(
        "part_state_changed", 5, part_id="RR-0001", state="quarantined", state_reason="dropped"
    )
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.state, part.state_reason) == ("quarantined", "dropped")


def test_an_occurrence_moves_its_check_on_and_is_decided_once() -> None:
    ledger = a_ledger()
    later = OCCURRENCE | {"occurrence_id": 2, "trigger_key": "earlier", "due_at": at(-600)}
    ledger.say("occurrence_made", 0, **later)
    assert ledger.the(CheckRecord, "torque").scheduled_until == at(0)
    ledger.say("occurrence_overdue", 1200, occurrence_id=1)
    assert ledger.the(OccurrenceRecord, 1).overdue_told
    ledger.say("occurrence_decided", 3600, occurrence_id=1, outcome="lapsed", reason="not_done")
    decided = ledger.the(OccurrenceRecord, 1)
    assert (decided.outcome, decided.decided_at, decided.reason) == ("lapsed", at(3600), "not_done")


def test_a_pause_ends_when_somebody_ends_it() -> None:
    """R13."""
    ledger = FoldedLedger()
    ledger.say(
        "pause_declared",
        0,
        pause_id=1,
        line="line1",
        begins_at=at(0),
        ends_at=at(7200),
        reason="no orders",
    )
    ledger.say("pause_ended", 3600, pause_id=1)
    pause = ledger.the(PauseRecord, 1)
    assert (pause.author, pause.ends_at, pause.ended_by) == ("anna", at(3600), "anna")


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
    ledger.say("reaction_changed", 70, containment_id=1, reaction=[{"en": "Stop"}], step=0)
    ledger.say("containment_reverified", 80, containment_id=1, run_id=9)
    case = ledger.the(ContainmentRecord, 1)
    assert values(case, "state", "quantity", "stopped_by", "reaction", "reverified_by_run") == {
        "state": "reverified",
        "quantity": 230,
        "stopped_by": "anna",
        "reaction": '[{"en":"Stop"}]',
        "reverified_by_run": 9,
    }
    ledger.say("containment_closed", 90, containment_id=1)
    closed = ledger.the(ContainmentRecord, 1)
    assert (closed.state, closed.closed_at) == ("closed", at(90))


def test_an_acknowledged_alarm_stays_on_record() -> None:
    """B21."""
    ledger = FoldedLedger()
    ledger.say("alarm_raised", 0, **ALARM)
    ledger.say("alarm_acknowledged", 60, alarm_id=1)
    alarm = ledger.the(AlarmRecord, 1)
    assert (alarm.raised_at, alarm.acknowledged_by, alarm.acknowledged_at) == (
        at(0),
        "anna",
        at(60),
    )


def test_a_clock_step_stands_in_the_ledger_only() -> None:
    """R46."""
    ledger = FoldedLedger()
    ledger.say("clock_stepped", 0, step_s=-420.0)
    assert ledger.records == {}
    assert ledger.entries[0].payload["step_s"] == -420.0
