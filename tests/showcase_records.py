"""The showcase plant's records: every status of D10 that a command can make, every outcome."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    AgentRecord,
    AlarmRecord,
    ChallengePartRecord,
    CheckRecord,
    ContainmentRecord,
    Json,
    OccurrenceRecord,
    PauseRecord,
    PresentationRecord,
    Record,
    RunRecord,
    StationRecord,
)
from tests.showcase import DEVICES, REACTION, at, device_id


def an_occurrence(
    number: int, check: str, due: float, outcome: str | None = None, **changes: Any
) -> OccurrenceRecord:
    """Return an occurrence of a check, due so many minutes from now."""
    return replace(
        OccurrenceRecord(
            occurrence_id=number,
            check_id=check,
            trigger_key=f"at:{number}",
            line=check.split("-", maxsplit=1)[0],
            station=check,
            device=check,
            plan="CP-204 rev F",
            opens_at=at(due - 30),
            due_at=at(due),
            grace_ends_at=at(due + 20),
            closes_at=at(due + 120),
            made_at=at(due - 31),
            outcome=outcome,
            decided_at=at(due + 5) if outcome else None,
            decided_by="scheduler" if outcome else None,
            reason=None,
            run_id=None,
            held_until=None,
            inconclusive_runs=0,
            overdue_told=False,
        ),
        **changes,
    )


def a_run(
    number: int, check: str, started: float, outcome: str | None, **changes: Any
) -> RunRecord:
    """Return a closed run that ended a minute after it started, so many minutes from now."""
    part = 1 + [device_id(line, op) for line, op, _, _ in DEVICES].index(check)
    return replace(
        RunRecord(
            run_id=number,
            occurrence_id=None,
            check_id=check,
            purpose="check",
            containment_id=None,
            line=check.split("-", maxsplit=1)[0],
            station=check,
            device=check,
            plan="CP-204 rev F",
            configuration="a91f" * 16,
            state="closed" if outcome else "awaiting_part",
            outcome=outcome,
            reason=None,
            step=1 if outcome else 0,
            parts=Json(json.dumps([f"RR-{part:04}", f"GM-{part:04}"])),
            operator="badge 2207",
            identified="stated",
            started_at=at(started),
            late_s=-95.0,
            expires_at=at(started + 15),
            ended_at=at(started + 1) if outcome else None,
            confirmed_by="badge 2207" if outcome == "passed" else None,
            confirmed_at=at(started + 1) if outcome == "passed" else None,
            entry=number,
        ),
        **changes,
    )


def evidence(presented_at: datetime, verdict: str, elapsed_s: float | None) -> Json:
    """Return evidence as the services keep it, for a torque station."""

    def after(seconds: float) -> str:
        return (presented_at + timedelta(seconds=seconds)).isoformat()

    edge = after(elapsed_s) if elapsed_s is not None else None
    rejected = verdict in {"detected", "false_reject"}
    e = elapsed_s or 0.0
    trace: dict[str, list[list[Any]]] = {
        "part_present": [
            [after(-3), False, None],
            [after(0), True, None],
            [after(e + 1.2), False, None],
        ],
        "nok": [[after(-3), False, None]],
        "ok": [[after(-3), False, None]],
        "reject_code": [[after(-3), 0, None]],
        "part_count": [[after(-3), 1482, None]],
        "torque": [
            [after(-3), 0.0, None],
            [after(0.5), 1.4, None],
            [after(0.9), 2.6, None],
            [after(1.3), 3.1, None],
        ],
    }
    if rejected:
        trace["nok"] += [[after(e), True, None], [after(e + 0.9), False, None]]
        trace["reject_code"].append([after(e), 12, None])
    elif verdict in {"missed", "accepted"} and elapsed_s is not None:
        trace["ok"] += [[after(e), True, None], [after(e + 0.6), False, None]]
        trace["part_count"].append([after(e + 0.1), 1483, None])
    elif verdict == "inconclusive":
        for series in trace.values():
            series.append([after(1.6), None, "timeout"])
    kept = {
        "presented_at": after(0),
        "deadline_at": after(4),
        "edge_at": edge,
        "windows": {"count": 41, "largest_gap_s": 0.12},
        "poll_interval_s": 0.1,
        "trace": trace,
        "rule": {
            "presented": {"rises": {"signal": "part_present"}},
            "detected": {
                "all": [{"rises": {"signal": "nok"}}, {"below": {"signal": "torque", "limit": 8.0}}]
            },
            "accepted": {"rises": {"signal": "ok"}},
            "within_s": 4.0,
            "reject_code": "reject_code",
            "measured": "torque",
        },
    }
    return Json(json.dumps(kept))


def a_presentation(
    run: RunRecord, step: int, verdict: str | None, elapsed_s: float | None = 1.8, **changes: Any
) -> PresentationRecord:
    """Return the deciding presentation of a run's step."""
    part = json.loads(run.parts)[step]
    good = part.startswith("GM")
    presented = run.started_at + timedelta(seconds=14 + 22 * step)
    judged = verdict is not None
    return replace(
        PresentationRecord(
            run_id=run.run_id,
            step=step,
            attempt=1,
            line=run.line,
            station=run.station,
            device=run.device,
            part_id=part,
            failure_mode=None if good else "torque_low",
            expected="accept" if good else "reject",
            expected_code=None if good else "12",
            use_number=118,
            issued_at=run.started_at + timedelta(seconds=5 + 22 * step),
            issued_by=run.operator,
            presented_at=presented if judged else None,
            presented_how="edge" if judged else None,
            verdict=verdict,
            verdict_reason=None,
            verdict_at=presented + timedelta(seconds=elapsed_s or 4) if judged else None,
            elapsed_s=elapsed_s if judged else None,
            observed_code="12" if verdict in {"detected", "false_reject"} else None,
            measured="3.1 N·m" if judged else None,
            counter=1482,
            evidence=evidence(presented, verdict, elapsed_s) if verdict else None,
            given_back_at=presented + timedelta(seconds=12) if run.state == "closed" else None,
            given_back_by=run.operator if run.state == "closed" else None,
            decides=True,
            entry=run.run_id,
        ),
        **changes,
    )


def a_containment(number: int, run: RunRecord, **changes: Any) -> ContainmentRecord:
    """Return an open case with its suspect window."""
    steps = [{"en": s.en, "zh": s.zh, "done_at": None, "done_by": None} for s in REACTION]
    steps[0] |= {"done_at": at(-12).isoformat(), "done_by": "Li Wei"}
    return replace(
        ContainmentRecord(
            containment_id=number,
            line=run.line,
            station=run.station,
            device=run.device,
            failure_mode="torque_low",
            check_id=run.check_id,
            run_id=run.run_id,
            step=0,
            state="open",
            opened_at=at(-13),
            window_from=at(-497),
            window_from_run=20802,
            counter_from=1268,
            stopped_at=at(-12.5),
            stopped_by="Li Wei",
            counter_to=1482,
            quantity=214,
            quantity_is_lower_bound=False,
            reaction=Json(json.dumps(steps)),
            reverified_by_run=None,
            closed_at=None,
        ),
        **changes,
    )


def showcase_records(plant: Plant) -> Iterable[Record]:
    """Yield records with every status of D10 that there is a command for, every outcome."""
    yield AgentRecord(agent_id=1, started_at=at(-9000), stopped_at=None, software="redrabbit 0.1.0")
    for check in plant.plan.checks:
        yield CheckRecord(
            check_id=check.id,
            line=check.line,
            station=check.station,
            device=check.device,
            plan=plant.plan.label,
            plan_line=check.plan_line,
            pfmea=check.pfmea,
            schedule="every shift start",
            adopted_at=at(-9000),
            scheduled_until=at(30),
            retired_at=None,
        )
    for part in plant.parts:
        yield ChallengePartRecord(
            part_id=part.id,
            name=Json(json.dumps({"en": part.name.en, "zh": part.name.zh})),
            category=part.category.value,
            failure_mode=part.failure_mode,
            storage=part.storage,
            valid_until=part.valid_until,
            wear_limit_uses=part.wear_limit_uses,
            state="released",
            state_reason=None,
            custody="stored",
            custody_at=at(-500),
            run_id=None,
            uses=117,
        )
    yield from _history()
    yield from _states()


def _history() -> Iterable[Record]:
    """Every device passed this morning, but for those that never did."""
    for number, (line, operation, _, _) in enumerate(DEVICES):
        check = device_id(line, operation)
        if check == "line3-op50":
            continue
        run = a_run(20800 + number, check, -500 + number, "passed")
        yield run
        yield a_presentation(run, 0, "detected", 0.8 + number / 10)
        yield a_presentation(run, 1, "accepted", 2.0)


def _states() -> Iterable[Record]:
    yield an_occurrence(1, "line1-op30", 6)
    yield an_occurrence(2, "line2-op40", -39, overdue_told=True)
    yield an_occurrence(3, "line4-op40", -8)
    missed = a_run(20871, "line2-op20", -14, "failed", late_s=420.0)
    yield missed
    yield a_presentation(missed, 0, "missed", 2.1)
    yield a_presentation(missed, 0, "detected", 1.9, attempt=2, decides=False)
    yield a_containment(31, missed)
    old = a_run(20790, "line1-op40", -3000, "failed")
    yield old
    yield a_presentation(old, 0, "missed", None)
    again = a_run(20791, "line1-op40", -2900, "passed", purpose="reverification", containment_id=30)
    yield again
    yield a_presentation(again, 0, "detected", 1.1)
    yield a_presentation(again, 1, "accepted", 2.2)
    yield a_containment(
        30,
        old,
        state="closed",
        reverified_by_run=20791,
        closed_at=at(-2800),
        quantity=57,
        quantity_is_lower_bound=True,
        window_from=None,
        window_from_run=None,
        counter_from=None,
    )
    yield an_occurrence(4, "line3-op20", -190, "lapsed", reason="not_done", decided_at=at(-70))
    rejected = a_run(20872, "line3-op40", -40, "failed")
    yield rejected
    yield a_presentation(rejected, 0, "detected", 1.2)
    yield a_presentation(rejected, 1, "false_reject", 1.4)
    lost = a_run(20873, "line4-op20", -25, "inconclusive")
    yield lost
    yield a_presentation(lost, 0, "inconclusive", None, verdict_reason="link_lost")
    stopped = a_run(20874, "line1-op60", -20, "aborted", reason="fixture busy", confirmed_by=None)
    yield stopped
    yield StationRecord(
        station_id="line4-op10",
        line="line4",
        no_data_since=at(-34),
        reason="timeout",
        changed_at=at(-34),
    )
    yield PauseRecord(
        pause_id=1,
        line="line3",
        begins_at=at(200),
        ends_at=at(440),
        reason="Maintenance of the washer",
        author="Chen Jie",
        ended_by=None,
    )
    yield an_occurrence(
        5,
        "line4-op50",
        -300,
        "excused",
        reason="Line stood still, no material",
        decided_by="Chen Jie",
    )
    yield AlarmRecord(
        alarm_id=1,
        kind="missed",
        line="line2",
        station="line2-op20",
        device="line2-op20",
        part_id="RR-0007",
        run_id=20871,
        occurrence_id=None,
        raised_at=at(-13),
        acknowledged_at=None,
        acknowledged_by=None,
    )


def run_in_state(
    state: str,
    verdict: str | None = None,
    why: str | None = None,
    *,
    check: str = "line1-op20",
    number: int = 20900,
) -> list[Record]:
    """Return a run that is under way, with the verdict of its first part."""
    due = an_occurrence(number, check, -5, run_id=number, held_until=at(14))
    run = a_run(number, check, -1, None, state=state, occurrence_id=number, started_at=at(-1))
    if verdict == "inconclusive":
        run = replace(run, outcome="inconclusive")
    if state == "awaiting_part":
        return [due, run]
    if state == "awaiting_confirmation":
        back: dict[str, Any] = {"given_back_at": at(-0.5), "given_back_by": "badge 2207"}
        return [
            due,
            replace(run, step=1),
            a_presentation(run, 0, verdict, **back),
            a_presentation(run, 1, "accepted", 2.0, **back),
        ]
    seen: dict[str, Any] = {"verdict_reason": why}
    if state == "presented":
        seen |= {"presented_at": at(-0.1), "presented_how": "edge"}
    if why == "wrong_reject_code":
        seen |= {"observed_code": "31"}
    elapsed_s = None if verdict == "inconclusive" else 1.8
    return [due, run, a_presentation(run, 0, verdict, elapsed_s, **seen)]


def runs_in_every_state() -> Iterable[Record]:
    """Yield a run in each state, with each verdict, each at a station of its own."""
    stories: list[tuple[str, str, str | None, str | None]] = [
        ("line1-op20", "awaiting_part", None, None),
        ("line1-op30", "presented", None, None),
        ("line1-op40", "armed", None, None),
        ("line1-op50", "armed", None, None),
        ("line2-op10", "awaiting_return", "detected", None),
        ("line2-op30", "awaiting_return", "missed", None),
        ("line3-op10", "awaiting_return", "inconclusive", "link_lost"),
        ("line3-op30", "awaiting_return", "inconclusive", "wrong_reject_code"),
        ("line4-op30", "awaiting_confirmation", "detected", None),
        ("line4-op50", "awaiting_return", "false_reject", None),
    ]
    for number, (check, state, verdict, why) in enumerate(stories, start=20900):
        yield from run_in_state(state, verdict, why, check=check, number=number)
