"""Checker of obligations, L7: everything that had to come due did, once, and ended once.

What had to come due is found by walking minute by minute and second by second through the plan's
words, on purpose without the product's schedule and calendar; and from what was told of events and of counted parts.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import CheckId
from redrabbit.domain.ledger import Entry, instant
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, ClockDoubtRecord, OccurrenceRecord
from redrabbit.domain.schedule_rules import (
    AfterEvent,
    EveryInterval,
    EveryParts,
    FirstPart,
    OnDemand,
    WithinRunning,
    rules_of,
)
from redrabbit.domain.shift_calendar import ShiftCalendar
from tests.domain.schedule_by_hand import ByHand
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by

NO_CALENDAR = ("event:", "parts:", "production:")
"""So begin the keys of what is due by what happened."""


class ObligationChecker:
    """Looks at every occurrence, when it is made, when it is decided, and at the end."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._last_entry_at: datetime | None = None
        self._latest: datetime | None = None
        self._events: list[Entry] = []
        self._reached: list[Entry] = []

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        del scene
        for entry in commit.entries:
            self._latest = max(self._latest or entry.recorded_at, entry.recorded_at)
            if entry.type == "plant_event_told":
                self._events.append(entry)
            if entry.type == "parts_reached":
                self._reached.append(entry)
            if entry.type == "occurrence_decided":
                number = str(told_by(entry)["occurrence_id"])
                require("L7", len(story.decided[number]) == 1, "decided twice", entry)
            if entry.type == "occurrence_postponed":
                number = str(told_by(entry)["occurrence_id"])
                before = [e for e in story.decided.get(number, []) if e.index < entry.index]
                require("L7", not before, "moved though it is over", entry)

    def at_end(self, scene: Scene, story: Story) -> None:
        assert self._latest is not None
        of_calendar = [e for e in story.made if not _key(e).startswith(NO_CALENDAR)]
        made = {(_check(e), instant(str(told_by(e)["due_at"]))) for e in of_calendar}
        keys = Counter((told_by(e)["check_id"], told_by(e)["trigger_key"]) for e in story.made)
        require("L7", max(keys.values(), default=1) == 1, "made twice", keys)
        awaited = set()
        for check in scene.plant.plan.checks:
            record = scene.ask(lambda reader, c=check: reader.get(CheckRecord, c.line, c.id))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
            assert record is not None
            awaited |= {(str(check.id), due_at) for due_at in self._dues(story, check, record)}
        require("L7", made == awaited, "came due otherwise", made ^ awaited)
        self._after_events(story)
        self._after_parts(story)
        for decided, entry in story.reopened:
            untimely = decided.occurred_at > entry.recorded_at
            require("L7", untimely, "taken back though it is over", decided, entry)
        for entry in story.postponed:
            self._postponed(story, entry)
        records = scene.ask(lambda reader: reader.find(OccurrenceRecord))
        require("L7", len(records) == len(story.made), "occurrences lost or invented", records)
        for record in records:
            self._ended(scene, story, record)

    def _dues(self, story: Story, check: Check, record: CheckRecord) -> set[datetime]:
        """Return every due time of a check; one whose schedule is changed starts anew from there."""
        assert self._latest is not None
        dues: set[datetime] = set()
        adopted = story.adopted[check.id]
        began_at, began_under = adopted[0]
        for at, plant in adopted[1:]:
            before, after = began_under.check(check.id), plant.check(check.id)
            if before.schedule != after.schedule:
                dues |= due_by_hand(began_under, before, began_at, at + before.opens_before)
                began_at = at
            began_under = plant
        require("L7", record.adopted_at == began_at, "owed from another instant on", record)
        until = self._latest + check.opens_before
        return dues | due_by_hand(began_under, check, began_at, until)

    def _after_events(self, story: Story) -> None:
        """R08: each event made due, or found due, each check that waits for it at its station, once."""
        found: Counter[tuple[str, str]] = Counter()
        checks = {str(told_by(e)["occurrence_id"]): _check(e) for e in story.made}
        due = {(_key(e), _check(e)): instant(str(told_by(e)["due_at"])) for e in story.made}
        for entry in self._events:
            told: Any = told_by(entry)
            number = str(told["event_id"])
            for check_id in _waiting(story, entry, str(told["event"])):
                key = (f"event:{number}", check_id)
                served = sum(checks[each] == check_id for each in told["serving"])
                made = key in due
                right = served + made == (told["same_as"] is None)
                require("R08", right, "an event owed otherwise", entry, check_id)
                in_time = not made or due[key] == entry.occurred_at
                require("R08", in_time, "due at another time than its event", entry)
                found[key] += made
                self.seen["R08 served by what was due" if served else "R08 due after an event"] += 1
        made_of_events = {key for key in due if key[0].startswith("event:")}
        require("R08", made_of_events == set(+found), "due after no event", made_of_events)
        told_of = {told_by(entry)["run_id"] for entry in self._events}
        for run in story.runs.values():
            if run.outcome == "failed" and run.closed_at is not None and run.run_id not in told_of:
                waiting = _waiting_at(story, run.station, run.closed_at, "failed_check")
                require("R08", not waiting, "a failed check was not told", run, waiting)

    def _after_parts(self, story: Story) -> None:
        """D57: each number of parts since a good check asked once, by what was made, or may have been."""
        asked: dict[tuple[str, str | None], int] = {}
        made = {str(told_by(e)["occurrence_id"]): e for e in story.made}
        named = set()
        for entry in self._reached:
            told: Any = told_by(entry)
            since, parts = told["since_run"], told["parts"]
            check = _in_force(story, CheckId(str(told["check_id"])), entry.occurred_at)
            every = next(r.parts for r in rules_of(check.schedule) if isinstance(r, EveryParts))
            require("D57", parts % every == 0, "asked for no multiple", entry)
            unknown = told["unseen"] and not told["is_exact"]
            enough = told["made"] >= parts or unknown
            require("D57", enough, "asked for before so many were made", entry)
            before = asked.get((check.id, since), 0)
            require("D57", parts > before, "asked for twice", entry)
            asked[check.id, since] = parts
            good = since is None or (
                story.runs[since].check_id == check.id and story.runs[since].outcome == "passed"
            )
            require("D57", good, "counted from no good check", entry)
            occurrence = made[told["occurrence_id"]]
            require("D57", _check(occurrence) == check.id, "another check is due", entry)
            if not told["was_due_before"]:
                at = instant(str(told_by(occurrence)["due_at"]))
                require("D57", at == entry.occurred_at, "due at another time", entry, at)
                named.add(told["occurrence_id"])
            self.seen["D57 asked"] += 1
        of_parts = {number for number, e in made.items() if _key(e).startswith("parts:")}
        require("D57", of_parts == named, "due by no count", of_parts ^ named)

    def _ended(self, scene: Scene, story: Story, record: OccurrenceRecord) -> None:
        assert self._latest is not None
        entries = story.decided.get(record.occurrence_id, [])
        if not entries:
            require("L7", record.outcome is None, "decided by nothing", record)
            held = record.held_until is not None and record.held_until > self._latest
            waits = held or record.closes_at > self._latest or _waits_for_clock(scene, record)
            require("L7", waits, "never decided", record)
            return
        told: Any = told_by(entries[0])
        found = (record.outcome, record.reason_code, record.reason_text, record.decided_at)
        said = (told["outcome"], told["reason_code"], told["reason_text"], entries[0].occurred_at)
        require("L7", found == said, "the record is not what was told", found, said)
        self.seen[f"L7 {told['outcome']}"] += 1
        match told["outcome"]:
            case "lapsed":
                self._lapsed(story, record, entries[0])
            case "passed" | "failed":
                run = story.runs[told["run_id"]]
                before = record.trigger_key.startswith("production:") and (
                    run.check_id == record.check_id and run.outcome == told["outcome"] == "passed"
                )  # made before the first part
                right = before or (
                    run.occurrence_id == record.occurrence_id
                    and (
                        run.outcome == told["outcome"]
                        or {verdict for verdict, _ in run.verdicts.values()} & {told["reason_code"]}
                    )
                )
                require("L7", right, f"{told['outcome']} by a run that was not", run, record)
            case "excused":
                self._excused(scene, story, record, entries[0])
            case _:
                require("L7", False, "ended in no known way", record)

    def _lapsed(self, story: Story, record: OccurrenceRecord, entry: Entry) -> None:
        held = [
            instant(run.expires_at)
            for run in story.runs.values()
            if run.occurrence_id == record.occurrence_id
        ]
        closes_at = self._moved(story, record)[1]
        require("L7", record.closes_at == closes_at, "closed at another time", record, closes_at)
        dates = {closes_at, *(max(at, closes_at) for at in held)}
        require("L7", record.decided_at in dates, "a lapse dated wrong", record, dates)
        early = entry.recorded_at < closes_at
        require("L7", not early, "lapsed before its window closed", record, entry)
        due_at = self._moved(story, record)[0]
        first = record.first_closes_at or record.closes_at
        moved = record.first_due_at not in {None, record.due_at}
        covered = moved and due_at >= first and not record.trigger_key.startswith(NO_CALENDAR)
        require("D56", not covered, "lapsed though a pause covered it", record)

    def _moved(self, story: Story, record: OccurrenceRecord) -> tuple[datetime, datetime]:
        """Return when it is due and closes by the pauses of its line, found instant by instant (D56)."""
        first_due = due_at = record.first_due_at or record.due_at
        closes_at = record.first_closes_at or record.closes_at
        while over := _pauses_over(story, record.line, due_at):
            due_at = min(instant(each["ends_at"]) for each in over)
        grace = record.grace_ends_at - record.due_at
        return due_at, max(closes_at, due_at + grace) if due_at > first_due else closes_at

    def _postponed(self, story: Story, entry: Entry) -> None:
        """D56: where it stands on record it is due at the end of a pause, and keeps its grace."""
        told: Any = told_by(entry)
        number = str(told["occurrence_id"])
        made: Any = next(told_by(e) for e in story.made if told_by(e)["occurrence_id"] == number)
        grace = instant(made["grace_ends_at"]) - instant(made["due_at"])
        due_at = instant(told["due_at"])
        later = due_at > instant(made["due_at"])
        require("D56", later, "postponed to no later time", entry)
        right = instant(told["grace_ends_at"]) == due_at + grace
        require("D56", right, "another grace than it had", entry)
        closes_at = max(instant(made["closes_at"]), due_at + grace)
        require("D56", instant(told["closes_at"]) == closes_at, "another close", entry)
        line = story.pauses[told["pause_id"]]["line"]
        over = _pauses_over(story, line, instant(made["due_at"]))
        require("D56", over, "postponed by no pause over its due time", entry)
        self.seen["D56 postponed"] += 1

    @staticmethod
    def _excused(scene: Scene, story: Story, record: OccurrenceRecord, entry: Entry) -> None:
        if record.reason_code == "pause":
            assert record.pause_id is not None
            pause = story.pauses[record.pause_id]
            at, right = record.due_at, pause["line"] == record.line
            while over := _pauses_over(story, record.line, at):
                at = min(instant(each["ends_at"]) for each in over)
            require("D56", right, "excused by a pause of another line", record, pause)
            of_event = record.trigger_key.startswith(NO_CALENDAR)
            require("D56", not of_event, "a pause excused what an event asks for", record)
            require("D56", at >= record.closes_at, "excused though the line ran", record, at)
            late = record.decided_at is not None and record.decided_at >= record.closes_at
            require("D56", late, "excused before its window closed", record)
            return
        if record.reason_code == "not_producing":
            of_shift = record.trigger_key.startswith("production:")
            require("D42", of_shift, "not producing, and due by the calendar", record)
            return
        if record.reason_code == "superseded":
            _superseded(story, record, entry)
            return
        name = scene.ask(lambda reader: reader.names()).get(entry.actor.id)
        somebody = record.reason_text and name is not None and name.name == "quality"
        require("L7", somebody, "excused by nobody", record)


def _waits_for_clock(scene: Scene, record: OccurrenceRecord) -> bool:
    """Tell whether it closed in a time that only one of two clocks knows, and nobody has said which is right (D43)."""
    doubts = scene.ask(lambda reader: reader.find(ClockDoubtRecord))
    unsettled = [each for each in doubts if each.settled_at is None]
    return any(each.stepped_at < record.closes_at <= each.set_to_at for each in unsettled)


def _pauses_over(story: Story, line: str, at: datetime) -> list[dict[str, Any]]:
    """Return the pauses of a line that are on at an instant."""
    return [
        each
        for each in story.pauses.values()
        if each["line"] == line and instant(each["begins_at"]) <= at < instant(each["ends_at"])
    ]


def _key(made: Entry) -> str:
    return str(told_by(made)["trigger_key"])


def _check(made: Entry) -> str:
    return str(told_by(made)["check_id"])


def _in_force(story: Story, check_id: CheckId, at: datetime) -> Check:
    """Return a check as it was in force at an instant."""
    plants = [plant for adopted_at, plant in story.adopted[check_id] if adopted_at <= at]
    return plants[-1].check(check_id)


def _waiting(story: Story, entry: Entry, event: str) -> list[str]:
    """Return the checks that waited for an event when it was told."""
    station = told_by(entry)["station"]
    return _waiting_at(story, None if station is None else str(station), entry.occurred_at, event)


def _waiting_at(story: Story, station: str | None, at: datetime, event: str) -> list[str]:
    checks = [_in_force(story, CheckId(check_id), at) for check_id in story.adopted]
    return [
        check.id
        for check in checks
        if station in {None, check.station}
        and any(isinstance(r, AfterEvent) and r.event == event for r in rules_of(check.schedule))
    ]


def _superseded(story: Story, record: OccurrenceRecord, entry: Entry) -> None:
    """D55: it was to be due after another schedule took over, by which it is not."""
    adopted = story.adopted[CheckId(record.check_id)]
    changes = [
        (at, after)
        for (_, before), (at, after) in pairwise(adopted)
        if at == entry.occurred_at
        and before.check(CheckId(record.check_id)).schedule
        != after.check(CheckId(record.check_id)).schedule
    ]
    require("L7", len(changes) == 1, "superseded by no other schedule", record, entry)
    at, after = changes[0]
    check = after.check(CheckId(record.check_id))
    due_at = record.first_due_at or record.due_at
    right = due_at > at and due_at not in due_by_hand(after, check, at, due_at)
    require("L7", right, "superseded, and due all the same", record, entry)


def due_by_hand(plant: Plant, check: Check, adopted_at: datetime, until: datetime) -> set[datetime]:
    """Return every instant in (adopted, until] at which the calendar makes the check due."""
    calendar = plant.calendars[check.line]
    dues: set[datetime] = set()
    for rule in rules_of(check.schedule):
        match rule:
            case OnDemand() | AfterEvent() | EveryParts() | FirstPart() | WithinRunning():
                continue
            case EveryInterval(interval_s=interval_s):
                due_at = adopted_at + timedelta(seconds=interval_s)
                while due_at <= until:
                    dues.add(due_at)
                    due_at += timedelta(seconds=interval_s)
            case _:
                dues |= _walked(calendar, adopted_at.date()).due(rule, adopted_at, until)
    return dues


@lru_cache(maxsize=16)
def _walked(calendar: ShiftCalendar, middle: date) -> ByHand:
    return ByHand(calendar, middle)
