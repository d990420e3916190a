"""Checkers of verdicts against the truth: L1, L2, L3 and L10.

Whatever goes wrong, a verdict says no more than what really happened. Where nothing went wrong at
the station, it must say exactly that; so a product that is always inconclusive fails as well.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.rule import OnSilence
from simulators.device import Behaviour, Value
from simulators.direct_link import FAILURES
from simulators.faults import OF_THE_STORE, Fault, FaultKind
from simulators.line import Fact, What
from tests.simulation.by_silence import (
    may_be_read_in_time_or_not,
    prevents,
    real_answers,
    silence_s,
    silent_until,
)
from tests.simulation.product import Commit
from tests.simulation.story import Judged, RunTold, Scene, Story, require, told_by

LONGEST_READ = timedelta(seconds=0.35)
"""From the world's state to the end of the read that shows it."""
NEAR_DEADLINE = timedelta(seconds=0.5)
"""An answer so near to the deadline may be read in time or not."""
AFTERMATH = timedelta(seconds=8)
"""How long after a fault something of it may still arrive."""
BELIEVED_AFTER = timedelta(seconds=85)
"""A clock that was set back is believed a minute later, at the next message that is read (D27)."""
GIVES_UP_AFTER = timedelta(seconds=55)
"""A database may be away for so long, and nothing of what was read meanwhile is lost."""
RHYTHM = timedelta(seconds=1)
"""How often the slowest station tells everything again: a message that was lost is told by then."""
EARLIER = timedelta(seconds=2)
NOT_CLEARED = {Behaviour.LATE_REASON.value, Behaviour.LEFTOVER_REASON.value}
"""Behaviours of devices whose code stays until another one is said."""
FRESHNESS = frozenset(
    {
        FaultKind.STALE_REGISTERS,
        FaultKind.REORDERED_MESSAGE,
        FaultKind.DUPLICATED_MESSAGE,
        FaultKind.LOST_MESSAGE,
        FaultKind.RETAINED_MESSAGE,
    }
)
"""Faults by which a station's answer is hidden while everything seems well."""


class Truth:
    """What really happened around one presentation."""

    def __init__(self, scene: Scene, judged: Judged) -> None:
        self._judged = judged
        self.since = judged.issued_at - EARLIER
        self.facts = [
            fact
            for fact in scene.world.facts(judged.station)
            if self.since <= fact.at <= judged.decided_at + LONGEST_READ
        ]
        self.ours = self._put_in(judged.part)
        self.put_in_at = self.ours[0].at if self.ours else None
        self.others = [
            f
            for f in self.facts
            if f.what is What.PUT_IN and f.part != judged.part and not self._had_left(f)
        ]
        switches = scene.world.facts(judged.station, What.BEHAVIOUR)
        self.switched = [f for f in switches if self.since <= f.at <= judged.decided_at]
        self.place = self.ours[0].place if self.ours else None
        """The nest or pallet in which our part lay."""
        self.behaviours = set(_behaviours(switches, judged, self.place))
        """Every behaviour that the device had there from presented to the verdict."""
        self.faults = [f for f in scene.all_faults if self._is_near(f)]
        self.stops = [at for at in scene.stops if self.since <= at <= judged.decided_at]

    def _put_in(self, part: str) -> list[Fact]:
        return [f for f in self.facts if f.what is What.PUT_IN and f.part == part]

    def _had_left(self, put_in: Fact) -> bool:
        """Return whether a part was gone, and was read to be gone, before ours could count.

        Where the station reads codes that is when ours was read.
        """
        by_code = self._judged.rule.part_code is not None
        begins_at = (self._judged.presented_at if by_code else None) or self._judged.issued_at
        return self._left_by(put_in, begins_at - LONGEST_READ)

    def _left_by(self, put_in: Fact, by: datetime) -> bool:
        gone = (
            f.at
            for f in self.facts
            if f.what in {What.TAKEN_OUT, What.LET_GO} and f.part == put_in.part
        )
        return any(put_in.at < at <= by for at in gone)

    @property
    def was_leaving(self) -> bool:
        """True where another part was in as ours was issued, and gone before ours came."""
        if not self.others or self.put_in_at is None:
            return False
        other = self.others[0]
        return other.at <= self._judged.issued_at and self._left_by(other, self.put_in_at)

    def _is_near(self, fault: Fault) -> bool:
        return (
            fault.station in {None, self._judged.station}
            and fault.at <= self._judged.decided_at + EARLIER
            and fault.until + _aftermath(fault) >= self.since
        )

    @property
    def station_faults(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.station is not None]

    @property
    def kinds(self) -> frozenset[FaultKind]:
        return frozenset(fault.kind for fault in self.station_faults)

    @property
    def disturbing(self) -> list[Fault]:
        """What can change a verdict: a database that hangs must not, unless for too long (K3)."""
        return [
            fault
            for fault in self.faults
            if fault.kind not in OF_THE_STORE or fault.until - fault.at > GIVES_UP_AFTER
        ]

    @property
    def kinds_of_product(self) -> frozenset[FaultKind]:
        return frozenset(fault.kind for fault in self.faults if fault.station is None)

    @property
    def intruded(self) -> bool:
        """True where another part was put in, and the station reads no codes: nobody can tell."""
        return bool(self.others) and self._judged.rule.part_code is None

    @property
    def switched_after_presented(self) -> bool:
        begin = self._judged.presented_at
        return begin is not None and any(f.at > begin - EARLIER / 4 for f in self.switched)

    @property
    def in_time_until(self) -> datetime:
        """Return until when an answer is in time, however late the product was told of the part (D27)."""
        deadline_at = self._judged.deadline_at
        if len(self.ours) != 1:
            return deadline_at
        within = timedelta(seconds=self._judged.rule.within_s)
        return min(deadline_at, self.ours[0].at + within + RHYTHM + LONGEST_READ)

    def told(self, what: What) -> list[Fact]:
        """Return what the device said of the part while it counted as presented."""
        return [
            f
            for f in self.facts
            if f.what is what
            and f.part == self._judged.part
            and self.put_in_at is not None
            and f.at >= max(self.put_in_at, self.begin)
        ]

    @property
    def answers(self) -> list[Fact]:
        """What the device answered of the part, in order; where its rule asks for silence, that too (D33)."""
        said = (*self.told(What.REJECTED), *self.told(What.ACCEPTED))
        real = real_answers(self._judged, said, self.told(What.DEMANDED), self.behaviours)
        return sorted(real, key=lambda fact: fact.at)

    @property
    def begin(self) -> datetime:
        """Since when the part may have counted as presented: what a lost message hid is told later."""
        begin = (self._judged.presented_at or self._judged.decided_at) - self._read_lasts()
        if self.put_in_at is not None and FaultKind.LOST_MESSAGE in self.kinds:
            return min(begin, self.put_in_at)
        return begin

    def stood_long_enough(self, answer: Fact) -> bool:
        """Return whether an answer stood long enough to be read for sure (B8)."""
        gone = [f.at for f in self.facts if f.what is What.TAKEN_OUT and f.at >= answer.at]
        return not gone or gone[0] - answer.at > LONGEST_READ

    def _read_lasts(self) -> timedelta:
        """Return how long a read may have lasted: longer where the machine itself stood still."""
        standstills = [
            f.until - f.at
            for f in self.faults
            if f.station is None and f.kind is FaultKind.SLOW_REPLY
        ]
        return LONGEST_READ + max(standstills, default=timedelta(0))

    def __str__(self) -> str:
        shown = [
            f"{f.at:%H:%M:%S.%f} {f.what.value} {f.part or ''} {f.note or f.code or ''}"
            for f in self.facts
        ]
        faults = [
            f"{f.kind.value} at {f.station} {f.at:%H:%M:%S.%f}..{f.until:%H:%M:%S.%f}"
            for f in self.faults
        ]
        return f"truth {shown}; faults {faults}; stops {self.stops}"


def _aftermath(fault: Fault) -> timedelta:
    """Return how long after it something of a fault may arrive; a slow reply leaves nothing."""
    if fault.kind is FaultKind.STATION_CLOCK:
        return BELIEVED_AFTER + AFTERMATH
    return timedelta(0) if fault.kind is FaultKind.SLOW_REPLY else AFTERMATH


def _behaviours(switches: list[Fact], judged: Judged, place: Value | None) -> Iterable[str]:
    begin = judged.presented_at or judged.issued_at
    before = [fact for fact in switches if fact.at <= begin]
    yield _behaves_at(before[-1], place) if before else "healthy"
    for fact in switches:
        if begin < fact.at <= judged.decided_at:
            yield _behaves_at(fact, place)


def _behaves_at(switch: Fact, place: Value | None) -> str:
    """Return how a device behaves in a place since a switch that may have been about another one."""
    return switch.note if switch.place in {None, place} else "healthy"


class VerdictChecker:
    """Looks at every verdict as it is recorded."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        """Which comparisons were made, so that a test can ask that all were."""
        self._done = 0

    def after(self, scene: Scene, story: Story, _commit: Commit) -> None:
        for judged in story.judged[self._done :]:
            truth = Truth(scene, judged)
            require(
                "L10", judged.decides == (judged.attempt == 1), "only the first decides", judged
            )
            self._as_recorded(scene, judged)
            if truth.intruded:
                self.seen["intruded"] += 1
            else:
                self._see(scene, judged, truth)
        self._done = len(story.judged)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing is left to look at."""

    def _see(self, scene: Scene, judged: Judged, truth: Truth) -> None:
        if judged.verdict == "detected":
            self._detected(judged, truth)
        elif judged.verdict == "missed":
            self._missed(judged, truth)
        elif judged.verdict == "accepted":
            self._accepted(judged, truth)
        elif judged.verdict == "false_reject":
            self._prevented(judged, truth)
            rose = truth.told(What.REJECTED) or "stuck_on" in truth.behaviours
            require("L3", rose, "a false reject that was none", judged, truth)
        elif judged.verdict == "inconclusive":
            self._inconclusive(scene, judged, truth)
        if truth.stops and truth.stops[-1] >= (judged.presented_at or judged.decided_at):
            require("L3", judged.why == "restarted", "judged over a restart", judged, truth)
        undisturbed = not (truth.disturbing or truth.stops or truth.switched_after_presented)
        if judged.why in {"not_recordable", "not_recorded"}:
            return
        if undisturbed and judged.attempt == 1 and judged.presented_at is not None:
            self._must_be_the_truth(scene, judged, truth)

    def _as_recorded(self, scene: Scene, judged: Judged) -> None:
        key = (judged.run.run_id, judged.step, judged.attempt)
        record = scene.ask(lambda reader: reader.get(PresentationRecord, *key))
        found = record and (record.verdict, record.verdict_reason, record.decides)
        now = judged.run.verdicts[judged.step] if judged.attempt == 1 else None
        awaited = (*(now or (judged.verdict, judged.why)), judged.decides)
        require("L8", found == awaited, "the record is not what was told", judged, found)

    def _detected(self, judged: Judged, truth: Truth) -> None:
        self.seen["L1"] += 1
        rejections = [f for f in truth.told(What.REJECTED) if f.at <= truth.in_time_until]
        self._prevented(judged, truth)
        require("L1", rejections, "detected without a real rejection in time", judged, truth)
        if judged.rule.reject_code is not None:
            self.seen["L2"] += 1
            codes = [f.code for f in rejections]
            wanted = [
                v for mode, v in judged.rule.reject_codes.items() if mode == judged.failure_mode
            ]
            require("L2", codes[0] in wanted, "detected for another reason", judged, truth)

    def _prevented(self, judged: Judged, truth: Truth) -> None:
        """D33: a cycle was prevented only where one was demanded, and did not start."""
        if not prevents(judged.rule):
            return
        self.seen["D33 prevented"] += 1
        demanded, started = truth.told(What.DEMANDED), truth.told(What.ACCEPTED)
        require("D33", demanded, "prevented, and nobody pressed start", judged, truth)
        require("D33", not started, "prevented, but the cycle started", judged, truth)

    def _accepted(self, judged: Judged, truth: Truth) -> None:
        if silence_s(judged.rule.accepted) is None:
            require("L3", truth.told(What.ACCEPTED), "accepted, but it was not", judged, truth)
        else:
            self.seen["D33 accepted by silence"] += 1
            self._was_silent(judged, truth)

    def _missed(self, judged: Judged, truth: Truth) -> None:
        if silence_s(judged.rule.accepted) is not None:
            self.seen["D33 missed by a lamp that stayed off"] += 1
            self._was_silent(judged, truth)
            return
        if any(f.at <= judged.deadline_at for f in truth.told(What.ACCEPTED)):
            self.seen["L3 missed by acceptance"] += 1
            self.seen["D33 missed by a cycle that started"] += prevents(judged.rule)
            return
        started = not prevents(judged.rule)
        require("D33", started, "missed, but the cycle never started", judged, truth)
        self.seen["L3 missed by silence"] += 1
        about = (judged, truth)
        require("L3", judged.rule.on_silence is OnSilence.MISSED, "silence is no miss here", *about)
        self._was_silent(judged, truth)

    def _was_silent(self, judged: Judged, truth: Truth) -> None:
        """Silence says only what good communication to its end lets it say (L3, D33)."""
        about = (judged, truth)
        require("L3", not self._was_cut(judged, truth), "silence over a lost link", *about)
        require("L3", "stuck_on" not in truth.behaviours, "silence of a stuck signal", *about)
        require(
            "D32",
            not self._machine_failed(judged, truth),
            "silence of a machine that stood",
            *about,
        )
        hidden = any(f.kind in FRESHNESS for f in truth.station_faults)
        rejected = [
            f
            for f in truth.told(What.REJECTED)
            if f.at <= silent_until(judged) - NEAR_DEADLINE and truth.stood_long_enough(f)
        ]
        require("L3", hidden or not rejected, "silent, but it was rejected", *about)

    @staticmethod
    def _machine_failed(judged: Judged, truth: Truth) -> bool:
        """Return whether a machine that tells of itself was restarted, or stood as time ended."""
        if not judged.has_heartbeat:
            return False
        begin = judged.presented_at or judged.decided_at
        restarted = any(
            begin + LONGEST_READ < fact.at < judged.deadline_at
            for fact in truth.facts
            if fact.what is What.RESTARTED
        )
        stood = any(
            fault.at <= judged.deadline_at and judged.decided_at < fault.until
            for fault in truth.station_faults
            if fault.kind is FaultKind.STALE_REGISTERS
        )
        return restarted or stood

    @staticmethod
    def _was_cut(judged: Judged, truth: Truth) -> bool:
        """Return whether the link was away for too long between presented and the deadline."""
        begin = judged.presented_at or judged.decided_at
        longest_s = 0.5 if judged.is_published else judged.expires_s
        for fault in truth.faults:
            if fault.kind in FAILURES or fault.kind is FaultKind.FREEZE:
                away = min(fault.until, silent_until(judged)) - max(fault.at, begin)
                if away.total_seconds() > longest_s:
                    return True
        return False

    def _inconclusive(self, scene: Scene, judged: Judged, truth: Truth) -> None:
        self.seen[f"L3 {judged.why}"] += 1
        disturbed = bool(truth.faults)
        codes = [f.code for f in truth.told(What.REJECTED)]
        wanted = [v for mode, v in judged.rule.reject_codes.items() if mode == judged.failure_mode]
        causes: dict[str | None, Callable[[], object]] = {
            "restarted": lambda: truth.stops,
            "aborted": lambda: judged.run.run_id in scene.aborted_runs,
            "not_the_part": lambda: judged.run.run_id in scene.aborted_runs,
            "wrong_part": lambda: truth.others or len(truth.ours) > 1,
            "part_left": lambda: truth.others or FaultKind.LABEL_UNREAD in truth.kinds,
            "link_lost": lambda: disturbed,
            "not_running": lambda: FaultKind.STALE_REGISTERS in truth.kinds,
            "machine_restarted": lambda: FaultKind.MACHINE_RESTART in truth.kinds,
            "clock_jumped": lambda: FaultKind.STATION_CLOCK in truth.kinds,
            "not_watched": lambda: disturbed,
            "not_recordable": lambda: FaultKind.RECORD_REFUSED in truth.kinds_of_product,
            "not_recorded": lambda: FaultKind.STORE_AWAY in truth.kinds_of_product,
            "stale": lambda: (
                disturbed or any(not code for code in codes) or _is_never_cleared(judged, truth)
            ),
            "stuck": lambda: disturbed or "stuck_on" in truth.behaviours,
            "contradictory": lambda: disturbed or "stuck_on" in truth.behaviours,
            "wrong_reject_code": lambda: disturbed or any(code not in wanted for code in codes),
            "no_result": lambda: (
                disturbed
                or not [f for f in truth.answers if f.at <= judged.deadline_at - NEAR_DEADLINE]
            ),
        }
        if truth.switched_after_presented or judged.attempt > 1:
            return
        if judged.why == "not_recordable" and not truth.station_faults:
            against = _true_verdict(judged, truth) in {("missed", None), ("false_reject", None)}
            require("L4", not against, "got rid of by what is not recordable", judged, truth)
        require("L3", causes[judged.why](), f"{judged.why} without a cause", judged, truth)

    def _must_be_the_truth(self, scene: Scene, judged: Judged, truth: Truth) -> None:
        if judged.run.run_id in scene.aborted_runs and judged.why in {"aborted", "not_the_part"}:
            answers = (*truth.told(What.REJECTED), *truth.told(What.ACCEPTED))
            late = judged.decided_at - NEAR_DEADLINE
            require("L3", all(f.at > late for f in answers), f"{judged.why} away", judged, truth)
            return
        awaited = _true_verdict(judged, truth)
        if awaited is None:
            self.seen["near the deadline"] += 1
            return
        self.seen["L3 undisturbed"] += 1
        found = (judged.verdict, judged.why)
        require("L3", found == awaited, f"undisturbed, awaited {awaited}", judged, truth)


def _true_verdict(judged: Judged, truth: Truth) -> tuple[str, str | None] | None:
    """Return the verdict that the truth demands where nothing is wrong; None near a deadline."""
    is_good = judged.failure_mode is None
    answers = truth.answers
    if truth.others and (not answers or truth.others[0].at <= answers[0].at):
        return None if truth.was_leaving else ("inconclusive", "wrong_part")
    if may_be_read_in_time_or_not(judged, answers, NEAR_DEADLINE):
        return None
    in_time = [f for f in answers if f.at <= judged.deadline_at]
    if "stuck_on" in truth.behaviours:
        accepted = any(f.what is What.ACCEPTED for f in in_time)
        return ("inconclusive", "contradictory" if accepted else "stuck")
    if not in_time:
        if len(answers) > len(in_time):
            return None  # it came before silence was judged: late, or a miss
        silence = judged.rule.on_silence is OnSilence.MISSED and not is_good
        return ("missed", None) if silence else ("inconclusive", "no_result")
    if in_time[0].what is What.ACCEPTED:
        return ("accepted" if is_good else "missed", None)
    if is_good:
        return ("false_reject", None)
    wanted = [v for mode, v in judged.rule.reject_codes.items() if mode == judged.failure_mode]
    if judged.rule.reject_code is not None and in_time[0].code not in wanted:
        return ("inconclusive", "wrong_reject_code" if in_time[0].code else "stale")
    if _is_never_cleared(judged, truth):
        return None  # it may be the last part's, or come in time
    return ("detected", None)


def _is_never_cleared(judged: Judged, truth: Truth) -> bool:
    """Return whether a code stayed from the last part, though the station's file says otherwise."""
    return judged.rule.reject_code_cleared and bool(NOT_CLEARED & truth.behaviours)


class OutcomeChecker:
    """L10, D4: a run's outcome is the worst of its first presentations, and a pass is confirmed."""

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            if entry.type == "run_closed":
                run = story.runs[str(told_by(entry)["run_id"])]
                self._closed(scene, run)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Every run was looked at when it closed."""

    def _closed(self, scene: Scene, run: RunTold) -> None:
        awaited: Collection[str | None]
        verdicts = {verdict for verdict, _ in run.verdicts.values()}
        complete = len(run.verdicts) == len(run.parts)
        about = (f"run {run.run_id}", run.outcome, run.verdicts, run.stopped, run.confirmed_by)
        if verdicts & {"missed", "false_reject"}:
            awaited = {"failed"}
        elif "inconclusive" in verdicts:
            awaited = {"inconclusive"}
        elif complete and run.stopped is None and run.confirmed_by is not None:
            awaited = {"passed"}
        else:
            awaited = {"aborted", "inconclusive"} if run.stopped else {"aborted"}
        require("L10", run.outcome in awaited, "not the worst of the first presentations", *about)
        record = scene.ask(lambda reader: reader.get(RunRecord, run.run_id))
        require("L10", record and record.outcome == run.outcome, "the record differs", *about)
