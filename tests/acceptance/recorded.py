"""What the records must hold after a kill, read from the database itself.

Nothing acknowledged is lost, nothing is there twice, nothing due is left out (L7, L8).
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import (
    AlarmRecord,
    CheckRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.services.ports import Reader
from redrabbit.store.reading_database import open_for_reading
from tests.acceptance.busy_plant import EVERY_S, OPENS_BEFORE_S, Acknowledged
from tests.acceptance.processes import instant

EVERY = timedelta(seconds=EVERY_S)

ONCE: Mapping[str, tuple[str, ...]] = {
    "run_started": ("run_id",),
    "part_issued": ("run_id", "step"),
    "part_presented": ("run_id", "step", "attempt"),
    "verdict_reached": ("run_id", "step", "attempt"),
    "run_stopped": ("run_id",),
    "run_closed": ("run_id",),
    "occurrence_made": ("check_id", "trigger_key"),
    "occurrence_overdue": ("occurrence_id",),
    "occurrence_decided": ("occurrence_id",),
    "containment_opened": ("run_id", "step"),
    "containment_stopped": ("containment_id",),  # and once more after each time that it opens again
    "alarm_raised": ("alarm_id",),
    "alarm_acknowledged": ("alarm_id",),
    "pause_declared": ("pause_id",),
    "agent_started": ("agent_id",),
}
"""What can be told only once of the same thing."""

RUN_ACTS: Mapping[str, frozenset[str]] = {
    "scan": frozenset({"part_issued"}),
    "feed-held": frozenset({"feed_held"}),
    "presented": frozenset({"part_presented"}),
    "given-back": frozenset({"part_given_back"}),
    "confirm": frozenset({"run_closed"}),
    "abort": frozenset({"run_stopped", "run_closed"}),
}
"""The entry that an answered act on a run leaves as the run's last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Everything in a database at one moment."""

    entries: Sequence[Entry]
    checks: Mapping[str, datetime]
    """When each was adopted: due times count from there."""
    runs: Mapping[str, RunRecord]
    presentations: Sequence[PresentationRecord]
    occurrences: Mapping[str, OccurrenceRecord]
    containments: Mapping[str, ContainmentRecord]
    pauses: Mapping[str, PauseRecord]
    alarms: Mapping[str, AlarmRecord]
    names: Mapping[str, str]
    """Id → the stated name for which it stands."""
    checkpoint: str

    @classmethod
    def read(cls, url: str) -> "Recorded":
        with open_for_reading(url) as database:
            return database.read_now(cls._from)

    @classmethod
    def _from(cls, reader: Reader) -> "Recorded":
        return cls(
            entries=reader.entries(0),
            checks={each.check_id: each.adopted_at for each in reader.find(CheckRecord)},
            runs={each.run_id: each for each in reader.find(RunRecord)},
            presentations=reader.find(PresentationRecord),
            occurrences={each.occurrence_id: each for each in reader.find(OccurrenceRecord)},
            containments={each.containment_id: each for each in reader.find(ContainmentRecord)},
            pauses={each.pause_id: each for each in reader.find(PauseRecord)},
            alarms={each.alarm_id: each for each in reader.find(AlarmRecord)},
            names={each: kept.name for each, kept in reader.names().items()},
            checkpoint=reader.head().checkpoint,
        )

    def name(self, actor_id: str | None) -> str | None:
        """Return the name that somebody stated; None for nobody."""
        return None if actor_id is None else self.names[actor_id]

    def undecided(self) -> set[tuple[str, int, int]]:
        """Return what is before a device with its verdict open."""
        return {
            (each.run_id, each.step, each.attempt)
            for each in self.presentations
            if each.presented_at is not None and each.verdict is None
        }

    def armed(self) -> set[str]:
        """Return the runs whose part is taken and not yet presented."""
        return {each.run_id for each in self.runs.values() if each.state == "armed"}


def told_by(entry: Entry) -> Mapping[str, Any]:
    """Return what an entry tells; nothing of these databases was erased."""
    assert entry.payload is not None
    return entry.payload


def check_nothing_is_doubled(recorded: Recorded) -> None:
    """Each thing is told once, and each record has one story."""
    assert [entry.index for entry in recorded.entries] == list(range(len(recorded.entries)))
    told: Counter[tuple[Any, ...]] = Counter()
    opened_again: Counter[str] = Counter()
    for entry in recorded.entries:
        if entry.type == "containment_window_moved" and told_by(entry)["opens_again"]:
            opened_again[told_by(entry)["containment_id"]] += 1
        if entry.type in ONCE:
            of = [told_by(entry)[name] for name in ONCE[entry.type]]
            told[
                (entry.type, *of, *(opened_again[each] for each in of if each in opened_again))
            ] += 1
    assert [each for each, times in told.items() if times > 1] == []
    keys = Counter((each.check_id, each.trigger_key) for each in recorded.occurrences.values())
    assert [each for each, times in keys.items() if times > 1] == []
    open_runs = Counter(r.station for r in recorded.runs.values() if r.state != "closed")
    assert [station for station, runs in open_runs.items() if runs > 1] == []


def check_nothing_due_is_left_out(recorded: Recorded, watched_since: datetime) -> None:
    """Every due time is there, also those of downtime, and what is over has its one end (L7).

    `watched_since` is before the service started that is, or was, running.
    """
    opens_before = timedelta(seconds=OPENS_BEFORE_S)
    assert recorded.checks
    for check, adopted_at in recorded.checks.items():
        due = sorted(
            o.first_due_at or o.due_at for o in recorded.occurrences.values() if o.check_id == check
        )
        assert due == [adopted_at + EVERY * n for n in range(1, len(due) + 1)], check
        next_opens = adopted_at + EVERY * (len(due) + 1) - opens_before
        assert next_opens > watched_since, (check, due[-1:])
    held = {r.occurrence_id for r in recorded.runs.values() if r.state != "closed"}
    endless = [
        each
        for each in recorded.occurrences.values()
        if each.closes_at <= watched_since and each.outcome is None and each.run_id is None
    ]
    assert [each for each in endless if each.occurrence_id not in held] == []


def check_restart_is_told(recorded: Recorded, before: Recorded) -> None:
    """What was undecided when the process died ended inconclusive, restarted (L3, D4)."""
    now = {(str(each.run_id), each.step, each.attempt): each for each in recorded.presentations}
    for key in before.undecided():
        assert (now[key].verdict, now[key].verdict_reason) == ("inconclusive", "restarted"), key
    for run in before.armed():
        ended = recorded.runs[run]
        assert ended.reason_code == "restarted", ended
        assert ended.outcome in {None, "inconclusive"}, ended


def check_kept(recorded: Recorded, facts: Sequence[Acknowledged]) -> None:
    """Everything that was answered with yes is recorded as it was answered."""
    refused: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        if fact.refused:
            refused[fact.path.split("/")[2], fact.body["code"]] += 1
            continue
        kind = fact.path.split("/")[1]
        KEPT[kind](recorded, fact)
    kept = Counter(
        (str(told_by(entry)["run_id"]), str(told_by(entry)["code"]))
        for entry in recorded.entries
        if entry.type == "scan_refused"
    )
    assert [each for each, times in refused.items() if kept[each] < times] == []


def _run(recorded: Recorded, fact: Acknowledged) -> None:
    answer = fact.answer
    record = recorded.runs[answer["run_id"]]
    fixed = ("check_id", "occurrence_id", "containment_id", "station", "in_force")
    assert {n: getattr(record, n) for n in fixed} == {n: answer[n] for n in fixed}, fact
    assert recorded.names[record.started_by] == answer["started_by"], fact
    assert record.started_at == instant(answer["started_at"]), fact
    assert record.entry >= answer["entry"], fact
    entry = recorded.entries[answer["entry"]]
    assert told_by(entry)["run_id"] == answer["run_id"], fact
    act = fact.path.rpartition("/")[2]
    if act == "tell":
        _told(recorded, fact)
        return
    expected = RUN_ACTS.get(act, {"run_started"})
    assert entry.type in expected, (fact, entry)
    if answer["state"] == "closed":
        ended = ("state", "outcome", "reason_code", "reason_text", "entry")
        assert {n: getattr(record, n) for n in ended} == {n: answer[n] for n in ended}, fact
        assert recorded.name(record.confirmed_by) == answer["confirmed_by"], fact


def _told(recorded: Recorded, fact: Acknowledged) -> None:
    """Check what was told of a part: an entry of its own, which leaves the run's record as it was."""
    wanted = {"run_id": fact.answer["run_id"], "of": fact.body["of"], "value": fact.body["value"]}
    told = [told_by(entry) for entry in recorded.entries if entry.type == "part_told"]
    assert any(wanted.items() <= each.items() for each in told), fact


def _excuse(recorded: Recorded, fact: Acknowledged) -> None:
    record = recorded.occurrences[fact.answer["occurrence_id"]]
    assert record.outcome == "excused", fact
    assert record.reason_text == fact.body["reason"], fact
    assert recorded.name(record.decided_by) == fact.body["operator"], fact
    assert record.decided_at == instant(fact.answer["decided_at"]), fact


def _pause(recorded: Recorded, fact: Acknowledged) -> None:
    record, answer = recorded.pauses[fact.answer["pause_id"]], fact.answer
    assert record.line == answer["line"], fact
    assert recorded.name(record.declared_by) == answer["declared_by"], fact
    assert record.begins_at == instant(answer["begins_at"]), fact
    if answer["ended_by"] is not None:
        assert recorded.name(record.ended_by) == answer["ended_by"], fact
        assert record.ends_at == instant(answer["ends_at"]), fact


def _containment(recorded: Recorded, fact: Acknowledged) -> None:
    record, answer = recorded.containments[fact.answer["containment_id"]], fact.answer
    if answer["stopped_at"] is not None:
        stops = [
            entry
            for entry in recorded.entries
            if entry.type == "containment_stopped"
            and told_by(entry)["containment_id"] == record.containment_id
        ]
        said = [(entry.occurred_at, recorded.name(entry.actor.id)) for entry in stops]
        assert (instant(answer["stopped_at"]), answer["stopped_by"]) in said, fact
    if answer["closed_at"] is not None:
        assert record.closed_at == instant(answer["closed_at"]), fact
        assert recorded.name(record.closed_by) == answer["closed_by"], fact
    kept = json.loads(record.reaction)
    for answered, step in zip(answer["reaction"], kept, strict=True):
        if answered["done_at"] is not None:
            assert instant(step["done_at"]) == instant(answered["done_at"]), fact
            assert recorded.name(step["done_by"]) == answered["done_by"], fact


def _alarm(recorded: Recorded, fact: Acknowledged) -> None:
    record, answer = recorded.alarms[fact.answer["alarm_id"]], fact.answer
    assert record.acknowledged_at == instant(answer["acknowledged_at"]), fact
    assert recorded.name(record.acknowledged_by) == answer["acknowledged_by"], fact


KEPT: Mapping[str, Callable[[Recorded, Acknowledged], Any]] = {
    "runs": _run,
    "excuses": _excuse,
    "pauses": _pause,
    "containments": _containment,
    "alarms": _alarm,
}
