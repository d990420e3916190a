"""Checkers of what follows from verdicts: containments (L4), parts (L5, L6), and the ledger (L8)."""

from collections import Counter
from dataclasses import fields
from datetime import timedelta
from typing import Any

from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.database_verification import (
    verify_rows,
)
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.identity import CheckId, ContainmentId, How, PartId, StationId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.record_comparison import as_row
from redrabbit.domain.records import (
    TABLES,
    ChallengePartRecord,
    CheckRecord,
    ContainmentRecord,
    OccurrenceRecord,
    PresentationRecord,
)
from redrabbit.services.ports import Reader
from simulators.faults import FaultKind
from simulators.line import Fact, What
from tests.simulation.product import Commit
from tests.simulation.story import Judged, Proved, RunTold, Scene, Story, require, told_by

NOTICED = timedelta(seconds=10)
"""How long an alarm may take."""
AGAIN = 3
"""So many runs without a verdict in a row are told."""
BETWEEN_RUNS = timedelta(seconds=2)
"""Around a run's begin and end nobody can say to which run a part belongs."""


class ContainmentChecker:
    """L4: a miss opens a containment in its own transaction, and only a pass after it ends the miss.

    D35: that pass counts after a repair only, and the case is closed by a person alone. D34, D36: each
    nest has its own case, its own last good check, and its own pass.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._open: dict[Proved, str] = {}
        self._good: dict[Proved, tuple[str, str]] = {}
        """The last good checks before this commit."""
        self._repaired: set[str] = set()
        """Open cases that were repaired since their last miss."""

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "verdict_reached" and told["decides"] and told["verdict"] == "missed":
                judged = next(
                    each
                    for each in reversed(story.judged)
                    if (each.run.run_id, each.step) == (told["run_id"], told["step"])
                    and each.attempt == 1
                )
                self._missed(scene, judged, commit)
            elif entry.type == "containment_reverified":
                run = story.runs[told["run_id"]]
                passed = run.purpose == "reverification" and run.outcome == "passed"
                require("L4", passed, "closed by a run that is no passed re-verification", run)
                closed = [key for key, n in self._open.items() if n == told["containment_id"]]
                require("L4", closed, "re-verified what is not open", told)
                require("L4", run.device == closed[0][0], "by another device's run", run)
                proves = _proved_by(story, run)
                require("D36", closed[0] in proves, "proved elsewhere", closed[0], proves)
                self.seen["D36 reverified in its nest"] += closed[0][2] is not None
                number = told["containment_id"]
                require("D35", number in self._repaired, "re-verified without a repair", told)
                del self._open[closed[0]]
                self.seen["L4 reverified"] += 1
            elif entry.type == "repair_recorded":
                self._repaired.add(told["containment_id"])
            elif entry.type == "containment_closed":
                self._closed(scene, entry)
        self._good = dict(story.last_good)

    def _closed(self, scene: Scene, entry: Entry) -> None:
        number = str(told_by(entry)["containment_id"])
        require("D35", entry.actor.how is not How.SYSTEM, "closed by the software", entry)
        require("L4", number not in self._open.values(), "closed before it was re-verified", entry)
        case = scene.ask(lambda reader: reader.get(ContainmentRecord, ContainmentId(number)))
        assert case is not None
        done = all(step.done_at is not None for step in reaction_of(case))
        require("D35", done, "closed with steps of its reaction left", case)
        self.seen["D35 closed"] += 1

    def _missed(self, scene: Scene, judged: Judged, commit: Commit) -> None:
        self.seen["L4 missed"] += 1
        key = judged.about
        beside = [open_ for open_ in self._open if open_[:2] == key[:2] and open_ != key]
        self.seen["D36 missed beside another nest's case"] += bool(beside)
        self._repaired.discard(self._open.get(key, ""))
        opened = [
            entry
            for entry in commit.entries
            if entry.type == "containment_opened"
            and (told_by(entry)["device"], told_by(entry)["failure_mode"]) == key[:2]
        ]
        if key not in self._open:
            require("L4", len(opened) == 1, "a miss without containment in its transaction", judged)
            self._open[key] = str(told_by(opened[0])["containment_id"])
        case = scene.ask(lambda reader: reader.get(ContainmentRecord, self._open[key]))
        require("L4", case is not None and case.state == "open", "no open containment", judged)
        assert case is not None
        if opened:
            since = self._good.get(key)
            self.seen["D34 begins in its nest"] += since is not None and key[2] is not None
            found = case.window_from and (case.window_from.isoformat(), case.window_from_run)
            require("L4", found == since, f"its window is not from {since}", judged, case)
        self._fails_its_occurrence(scene, judged)

    def _fails_its_occurrence(self, scene: Scene, judged: Judged) -> None:
        number = judged.run.occurrence_id
        if number is None:
            return
        record = scene.ask(lambda reader: reader.get(OccurrenceRecord, number))
        ends = {"failed", "lapsed"}  # lapsed where the verdict came after all time was over
        require("L4", record and record.outcome in ends, "a miss that fails nothing", record)

    def at_end(self, scene: Scene, story: Story) -> None:
        cases = scene.ask(lambda reader: reader.find(ContainmentRecord))
        states = {case.containment_id: case.state for case in cases}
        told = {str(told_by(entry)["containment_id"]) for entry in story.opened}
        require("L4", set(states) == told, "containments lost or invented", states, told)
        still = {number for number, state in states.items() if state == "open"}
        require("L4", still == set(self._open.values()), "closed without a pass", states)


def _proved_by(story: Story, run: RunTold) -> set[Proved]:
    """Return what a run really showed to be detected, by the nest in which its part lay."""
    return {
        judged.about
        for judged in story.judged
        if judged.run is run and judged.decides and judged.verdict == "detected"
    }


class AgainChecker:
    """D4: runs of a check in a row without a verdict are counted, and told at every third."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        told = [
            told_by(entry)
            for entry in commit.entries
            if entry.type == "alarm_raised" and told_by(entry)["kind"] == "no_verdict_again"
        ]
        for entry in commit.entries:
            if entry.type == "run_closed":
                run = story.runs[str(told_by(entry)["run_id"])]
                self._closed(scene, run, [each for each in told if each["run_id"] == run.run_id])

    def _closed(self, scene: Scene, run: RunTold, told: list[Any]) -> None:
        if run.outcome in {"passed", "failed"}:
            self._in_a_row[run.check_id] = 0
        else:
            self._in_a_row[run.check_id] += 1
        n = self._in_a_row[run.check_id]
        line = run.run_id.rpartition("-R-")[0]
        check = scene.ask(lambda reader: reader.get(CheckRecord, line, run.check_id))
        counted = check is not None and check.runs_without_verdict == n
        require("D4", counted, f"{n} runs without a verdict are not counted", check)
        due = n > 0 and n % AGAIN == 0
        numbers = [each["runs_without_verdict"] for each in told]
        require("D4", numbers == [n] * due, "again and again, and nobody is told", run, told)
        self.seen["D4 again without a verdict"] += due

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing more: each run was looked at when it closed."""


class PartChecker:
    """L5 and L6: only fit parts go out, each comes back before its run closes, or alarm is given."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._uses: Counter[str] = Counter()
        self._out: dict[str, str] = {}

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "run_started":
                for part in told["parts"]:
                    self._must_be_fit(scene, story, part, entry)
            elif entry.type == "part_issued":
                self._must_be_fit(scene, story, told["part_id"], entry)
                self._uses[told["part_id"]] += 1
                self._out[told["part_id"]] = told["run_id"]
            elif entry.type == "part_given_back":
                self._out.pop(told["part_id"], None)
                self._given_back(scene, story, story.runs[told["run_id"]], told["step"])
            elif entry.type == "run_closed":
                self._closed(scene, story.runs[told["run_id"]])

    def _must_be_fit(self, scene: Scene, story: Story, part_id: str, entry: Entry) -> None:
        self.seen["L6"] += 1
        part = scene.plant.part(PartId(part_id))
        today = entry.recorded_at.astimezone(scene.plant.zone).date()
        limit = part.wear_limit_uses
        fit = (
            story.part_states[part_id] == "released"
            and today <= part.valid_until
            and (limit is None or self._uses[part_id] < limit)
            and part_id not in self._out
        )
        require("L6", fit, "an unfit part", part, story.part_states[part_id], entry)

    def _given_back(self, scene: Scene, story: Story, run: RunTold, step: int) -> None:
        """Not back in time: the alarm must have been given, unless nobody was watching."""
        since, until = run.ended_step_at.get(step), run.returned[step]
        check = scene.plant.check(CheckId(run.check_id))
        allowed = timedelta(seconds=check.return_timeout_s)
        if since is None or until - since <= allowed + NOTICED:
            return
        if any(since <= at <= until for at in scene.stops) or _stepped(scene, since, until):
            return
        self.seen["L5 not back in time"] += 1
        alarms = [
            entry
            for _, entry in story.alarms
            if told_by(entry)["kind"] == "not_returned" and told_by(entry)["run_id"] == run.run_id
        ]
        require("L5", alarms, "not back in time, and nobody told", run)

    def _closed(self, scene: Scene, run: RunTold) -> None:
        self.seen["L5"] += 1
        require("L5", set(run.returned) == set(run.issued), "closed with a part still out", run)
        for step in run.issued:
            shown = scene.ask(lambda r, n=step: r.get(PresentationRecord, run.run_id, n, 1))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
            require("L5", shown and shown.given_back_at, "no record of its return", run)
            record = scene.ask(lambda r, n=step: r.get(ChallengePartRecord, run.parts[n]))  # type: ignore[misc]  # as above
            mine = record is None or record.run_id == run.run_id
            stored = record is not None and record.custody == Custody.STORED.value
            require("L5", stored or not mine, "closed with a part not stored", run, record)

    def at_end(self, scene: Scene, story: Story) -> None:
        for fact in scene.world.truth:
            if fact.what is What.PUT_IN and self._is_escape(scene, story, fact):
                self.seen["L5 escape"] += 1
                alarms = [
                    entry
                    for at, entry in story.alarms
                    if told_by(entry)["kind"] == "escape"
                    and told_by(entry)["station"] == fact.station
                    and told_by(entry)["part_id"] == fact.part
                    and fact.at <= at <= fact.at + NOTICED
                ]
                require("L5", alarms, "a part seen where it must not be, and nobody told", fact)

    @staticmethod
    def _is_escape(scene: Scene, story: Story, fact: Fact) -> bool:
        """Return whether a station that reads codes surely saw a part that is not of its run."""
        if fact.part not in story.part_states:
            return False  # from production
        if scene.plant.station(StationId(fact.station)).part_code is None:
            return False
        for at in (fact.at - BETWEEN_RUNS, fact.at, fact.at + BETWEEN_RUNS):
            run = story.run_at(fact.station, at)
            if run is not None and fact.part in run.parts:
                return False
        before = [
            f
            for f in scene.world.facts(fact.station, What.PUT_IN)
            if f.at < fact.at and f.part == fact.part and fact.at - f.at < NOTICED
        ]
        return not before and not any(
            fault.station in {None, fact.station}
            and fault.at - NOTICED <= fact.at <= fault.until + NOTICED
            for fault in scene.all_faults
        )


def _stepped(scene: Scene, since: Any, until: Any) -> bool:
    return any(
        fault.kind is FaultKind.CLOCK_STEP and since <= fault.at <= until
        for fault in scene.all_faults
    )


class LedgerChecker:
    """L8: what was recorded stays as it was, and the records are what the ledger says.

    D22: one entry type has one set of fields.
    """

    def __init__(self, verifier: Any) -> None:
        self._verifier = verifier
        self._kept: list[bytes] = []

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        del story
        for entry in commit.entries:
            names = {field.name for field in fields(BY_TYPE[entry.type])}
            require("D22", told_by(entry).keys() == names, "its fields are not its type's", entry)
        self._kept += scene.ask(lambda reader: _leaves(reader, len(self._kept)))

    def at_end(self, scene: Scene, story: Story) -> None:
        del story
        leaves = scene.ask(lambda reader: _leaves(reader, 0))
        require("L8", leaves == self._kept, "an entry was rewritten or lost")
        found = scene.ask(self._audit)
        require("L8", found.sound, "verification finds", *found.findings)
        require("L8", found.size == len(self._kept), "entries that no commit told", found.size)

    def _audit(self, reader: Reader) -> Any:
        head = reader.head()
        leaves = _leaves(reader, 0)
        return verify_rows(
            (
                _row(reader, entry) | {"leaf_hash": leaves[entry.index]}
                for entry in reader.entries()
            ),
            [{"id": 1, "size": head.size, "root": head.root, "checkpoint": head.checkpoint}],
            {kind: [as_row(record) for record in reader.find(kind)] for kind in TABLES},
            verifier=self._verifier,
            fold=fold,
        )


def _row(reader: Reader, entry: Entry) -> dict[str, object]:
    stored = reader.stored_entry(entry.index)
    return {
        "index": entry.index,
        "type": entry.type,
        "schema": entry.schema,
        "stream": entry.stream,
        "stream_seq": entry.stream_seq,
        "previous": entry.previous,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "raw": stored.raw,
        "salt": stored.salt,
        "payload": stored.payload,
    }


def _leaves(reader: Reader, first: int) -> list[bytes]:
    """Return the leaf hashes of the log from an index on."""
    return [reader.tree_node(0, index) for index in range(first, reader.head().size)]
