"""Each checker can fail: a bug is planted in the product, and the law that it breaks is named."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from redrabbit.domain import (
    consequences,
    decoding,
    evidence,
    good_checks,
    grading,
    occurrence,
    part_told,
    pulse_watch,
    run_closing,
    run_return,
    run_transitions,
    station_says,
    suspect_window,
)
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.facts import catalogue, fact, presentation, record_count
from redrabbit.domain.facts.challenge_part import PartHandedBack, PartHandedOver
from redrabbit.domain.facts.codec import decode, encode
from redrabbit.domain.facts.containment import (
    ContainmentClosed,
    ContainmentOpened,
    ContainmentReverified,
)
from redrabbit.domain.facts.fact import Changes, Put
from redrabbit.domain.facts.presentation import PartIssued
from redrabbit.domain.facts.run import RunClosed, RunStarted
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.grade import AnswerBy, KnownBy, Watched
from redrabbit.domain.identity import SignalName
from redrabbit.domain.learnt_pulse import Cycle
from redrabbit.domain.ledger import Entry
from redrabbit.domain.machine_watch import MachineWatch
from redrabbit.domain.made_of import Known
from redrabbit.domain.observation import Acquisition, NoData, Reason
from redrabbit.domain.part_count import PartCount, followed
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import AgentRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run import DeadlineExpired, Restarted, VerdictReached
from redrabbit.domain.run_words import Outcome, Presented, RunState, Verdict, Why
from redrabbit.domain.schedule_rules import AfterEvent, EveryParts, FirstPart, OneRule, PlantEvent
from redrabbit.domain.signal_log import SignalLog
from redrabbit.domain.station import Station
from redrabbit.domain.verdict import Judgement, inconclusive
from redrabbit.links.held_back import HeldBack
from redrabbit.links.topic_reader import TopicReader
from redrabbit.services import (
    containing,
    first_parts,
    lapsing,
    part_counting,
    parts_due,
    plant_events,
    pulse_learning,
    record_fact,
    run_effects,
    running,
    scheduling,
    station_owner,
)
from redrabbit.services.errors import NotRecordable, StoreTrouble
from redrabbit.services.live import LiveStation
from redrabbit.services.losses import Losses
from redrabbit.services.pending import Pending
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.station_queue import StationQueue
from simulators import faults
from simulators.device import Behaviour
from simulators.faults import FaultKind
from simulators.line_operator import HumanFault
from simulators.station import SimulatedStation
from tests.simulation import aimed_faults, busy_plant, declared, people, reading
from tests.simulation.by_silence import prevents, silence_s
from tests.simulation.checkers import Checker, Inspector, LawBroken
from tests.simulation.nests import only_nests
from tests.simulation.product import Commit, signer
from tests.simulation.shift import SimulatedShift
from tests.simulation.story import Scene, Story

pytestmark = pytest.mark.simulation

SEEDS = range(60)
PATCH = pytest.MonkeyPatch
Judge = Callable[[Evidence, datetime], Judgement | None]


def broken(
    law: str,
    tamper: Callable[[SimulatedShift], None] = lambda _shift: None,
    *,
    what: str = "",
    seeds: Iterable[int] = SEEDS,
    likely: int | None = None,
) -> str:
    """Tell a few shifts until a checker says that this law is broken, and what; return its words.

    One planted bug can break several laws; which of them is seen first is chance. The likely shift is told first:
    it was the first that showed the bug, and where it shows it no more, this only takes longer.
    """
    others: list[str] = []
    for seed in sorted(seeds, key=lambda seed: seed != likely):
        said = objection(
            tamper, seed, lambda one: one.startswith(f"{law}:") and what in one, others
        )
        if said:
            return said
    raise AssertionError(f"no checker said {law}: {what}; but {others}")


def objection(
    tamper: Callable[[SimulatedShift], None],
    seed: int,
    is_wanted: Callable[[str], bool],
    others: list[str],
) -> str:
    """Tell a shift until a checker says what is wanted; empty: none did. Other objections are kept."""
    shift = SimulatedShift(seed)
    inspector = Inspector(shift, signer().verifier)
    inspector._checkers = tuple(
        Patient(checker, is_wanted, others) for checker in inspector._checkers
    )
    done = 0

    def look(told: SimulatedShift) -> None:
        nonlocal done
        new = told.product.commits[done:]
        done += len(new)
        if new:
            inspector.look(new)
            tamper(told)

    try:
        shift.run(look)
        inspector.conclude()
    except LawBroken as error:
        return str(error)
    return ""


class Patient:
    """A checker that lets the shift go on after another objection than the wanted one, and is silent then."""

    def __init__(
        self, checker: Checker, is_wanted: Callable[[str], bool], others: list[str]
    ) -> None:
        self._checker: Checker | None = checker
        self._is_wanted = is_wanted
        self._others = others

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        self._look(lambda checker: checker.after(scene, story, commit))

    def at_end(self, scene: Scene, story: Story) -> None:
        self._look(lambda checker: checker.at_end(scene, story))

    def _look(self, look: Callable[[Checker], None]) -> None:
        try:
            if self._checker is not None:
                look(self._checker)
        except LawBroken as error:
            if self._is_wanted(str(error)):
                raise
            self._others.append(str(error))
            self._checker = None


def sicken(patch: PATCH, *behaviours: Behaviour) -> None:
    """Let every device be so."""
    patch.setattr(people, "SICK", list(behaviours))
    patch.setattr(people, "SICK_SHARE", 0.7)


def err(patch: PATCH, *ways: HumanFault) -> None:
    """Let every operator err so."""
    patch.setattr(people, "FAULTY", list(ways))
    patch.setattr(people, "HUMAN_FAULT_SHARE", 0.7)


def aim(
    patch: PATCH, *kinds: FaultKind, where: Callable[[Station], bool] = lambda _station: True
) -> None:
    """Let hardly a presentation pass without one of these faults, where a station can have them."""
    for_product = set(kinds) <= {*faults.OF_THE_PRODUCT, *faults.OF_THE_STORE}
    patch.setattr(aimed_faults, "AIMED_SHARE", 0.9)
    patch.setattr(aimed_faults, "PUBLISHED_SHARE", 0.9)
    patch.setattr(aimed_faults, "PRODUCT_SHARE", 1.0 if for_product else 0.0)
    for ours in ("OF_THE_PRODUCT", "OF_THE_STORE"):
        patch.setattr(aimed_faults, ours, tuple(set(kinds) & set(getattr(faults, ours))))
    kinds_at = aimed_faults.kinds_at

    def those_it_has(station: Station) -> Sequence[FaultKind]:
        wanted = kinds if where(station) else ()
        return [kind for kind in kinds_at(station) if kind in wanted] or [FaultKind.SLOW_REPLY]

    patch.setattr(aimed_faults, "kinds_at", those_it_has)


def ask_everywhere(patch: PATCH) -> None:
    """Let every check be run once in each shift."""
    patch.setattr(people, "ASKED_CHECKS", 99)


def everywhere(_rule: DetectionRule) -> bool:
    """Mean devices of each kind."""
    return True


def judge_otherwise(
    patch: PATCH,
    otherwise: Callable[[Judgement], Judgement],
    where: Callable[[DetectionRule], object] = everywhere,
) -> None:
    """Let every verdict of some kind of devices be turned into another one."""
    for name in ("judge", "judge_at_last"):
        real: Judge = getattr(run_transitions, name)

        def judged(evidence: Evidence, now: datetime, real: Judge = real) -> Judgement | None:
            judgement = real(evidence, now)
            meant = judgement is not None and where(evidence.expectation.rule)
            return otherwise(judgement) if meant and judgement is not None else judgement

        patch.setattr(run_transitions, name, judged)


def _silence_as_a_verdict(evidence: Evidence) -> Verdict:
    is_good = evidence.expectation.failure_mode is None
    return Verdict.FALSE_REJECT if is_good else Verdict.MISSED


def test_a_part_that_came_by_itself_and_counts_as_read_breaks_d28(monkeypatch: PATCH) -> None:
    """By order another part can come; so it must not be graded as if its code had been read."""
    err(monkeypatch, HumanFault.LEAVES_IT_IN_THE_DRAWER, HumanFault.PUTS_IN_WRONG_PART)
    monkeypatch.setitem(grading._KNOWN_BY, Presented.EDGE, KnownBy.CODE)
    monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.CODE_RENEWED)

    broken("D28", what="of another part", likely=1)


def test_an_answer_of_another_time_with_a_high_grade_breaks_d28(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.SLOW)
    monkeypatch.setitem(grading._KNOWN_BY, Presented.EDGE, KnownBy.CODE)
    monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.CODE_RENEWED)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.DETECTED, why=None) if j.why is Why.NO_RESULT else j,
    )

    broken("D28", what=" time")


def test_a_high_grade_for_what_the_device_did_not_say_breaks_d28(monkeypatch: PATCH) -> None:
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.ACCEPTED) if j.verdict is Verdict.DETECTED else j,
    )
    monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.CODE_RENEWED)
    monkeypatch.setattr(grading, "_watched", lambda _evidence: Watched.UNBROKEN)
    monkeypatch.setitem(grading._KNOWN_BY, Presented.EDGE, KnownBy.PALLET)

    broken("D28", what="not what the device said")


def test_a_feed_that_is_said_to_be_held_while_a_part_is_fed_breaks_d29(monkeypatch: PATCH) -> None:
    """The counters can't tell it: exactly one part came."""
    err(monkeypatch, HumanFault.LEAVES_IT_IN_THE_DRAWER)
    monkeypatch.setattr(SimulatedStation, "_is_fed", lambda _station: False)

    assert "held, and fed" in broken("D29", likely=2)


def test_a_part_that_counts_as_held_without_a_held_feed_breaks_d29(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.LEAVES_IT_IN_THE_DRAWER)
    monkeypatch.setattr(FeedWatch, "one_came", lambda _feed, _until: True)

    assert "held, and" in broken("D29", likely=2)


@pytest.mark.parametrize("known", [KnownBy.CODE, None])
def test_a_blind_device_that_is_detected_breaks_d28(
    monkeypatch: PATCH, known: KnownBy | None
) -> None:
    """At A or B, or lower without a word how the part was known."""
    sicken(monkeypatch, Behaviour.BLIND)
    for presented in Presented:
        monkeypatch.setitem(grading._KNOWN_BY, presented, known or KnownBy.ORDER)
    if known is None:
        told = presentation.VerdictReached
        real = told.fold

        def unmarked(self: presentation.VerdictReached, entry: Entry, look: Any) -> Changes:
            return real(replace(self, identity_kind=None), entry, look)

        monkeypatch.setattr(told, "fold", unmarked)
    else:
        monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.CODE_RENEWED)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.DETECTED) if j.verdict is Verdict.MISSED else j,
    )

    said = "nobody knows by what" if known is None else "a blind device detected"
    broken("D28", what=said)


def test_a_healthy_device_that_is_missed_by_its_code_breaks_d29(monkeypatch: PATCH) -> None:
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.MISSED) if j.verdict is Verdict.DETECTED else j,
    )
    monkeypatch.setitem(grading._KNOWN_BY, Presented.CODE, KnownBy.SERIAL)
    monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.SIGNAL)

    broken("D29", what="a healthy device missed")


def test_a_case_that_does_not_say_how_its_part_was_known_breaks_d29(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.LEAVES_IT_IN_THE_DRAWER)
    real = ContainmentOpened.fold

    def unmarked(self: ContainmentOpened, entry: Entry, look: Any) -> Changes:
        return real(replace(self, identity_kind=None), entry, look)

    monkeypatch.setattr(ContainmentOpened, "fold", unmarked)

    broken("D29", what="a healthy device missed")


def test_a_judge_that_ignores_freshness_breaks_l1(monkeypatch: PATCH) -> None:
    """What is on counts, whether it came on or not."""
    sicken(monkeypatch, Behaviour.STUCK_ON)

    def judged(evidence: Evidence, now: datetime) -> Judgement | None:
        if any(name == "rejected" and value for name, value in evidence.known.items()):
            return Judgement(verdict=Verdict.DETECTED, decided_at=now)
        return None

    monkeypatch.setattr(run_transitions, "judge", judged)

    broken("L1", what="without a real rejection")


def test_a_reader_for_whom_a_late_message_is_of_now_breaks_l3(monkeypatch: PATCH) -> None:
    """D27: what a gateway held back for seconds is of its told time."""
    aim(monkeypatch, FaultKind.LATE_MESSAGE)
    monkeypatch.setattr(TopicReader, "_hear", lambda *_args, **_more: None)
    monkeypatch.setattr(HeldBack, "hear", lambda *_args: (0.0, False))

    broken("L3", likely=9)


def test_a_prevented_cycle_that_nobody_demanded_breaks_d33(monkeypatch: PATCH) -> None:
    """A press that nobody starts stands still with any part."""
    ask_everywhere(monkeypatch)
    err(monkeypatch, HumanFault.NEVER_STARTS)
    monkeypatch.setattr(evidence, "_begun_at", lambda _leaf, gathered, _told: gathered.presented_at)

    broken("D33", what="nobody pressed start", likely=2)


def test_a_worn_pin_that_is_detected_breaks_d33(monkeypatch: PATCH) -> None:
    ask_everywhere(monkeypatch)
    sicken(monkeypatch, Behaviour.BLIND)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.DETECTED) if j.verdict is Verdict.MISSED else j,
        where=prevents,
    )

    broken("D33", what="but the cycle started", likely=1)


def test_a_healthy_pin_that_is_missed_breaks_d33(monkeypatch: PATCH) -> None:
    ask_everywhere(monkeypatch)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.MISSED) if j.verdict is Verdict.DETECTED else j,
        where=prevents,
    )

    broken("D33", what="the cycle never started", likely=1)


def test_a_lamp_that_lit_and_counts_as_silent_breaks_l3(monkeypatch: PATCH) -> None:
    """Of a camera with nothing but an NG lamp."""
    ask_everywhere(monkeypatch)
    sicken(monkeypatch, Behaviour.ALWAYS_REJECTING)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=Verdict.ACCEPTED) if j.verdict is Verdict.FALSE_REJECT else j,
        where=lambda rule: silence_s(rule.accepted),
    )

    broken("L3", what="silent, but it was rejected")


def test_a_part_that_lies_elsewhere_than_was_told_breaks_d29(monkeypatch: PATCH) -> None:
    """Whatever comes is taken for the part that was said to lie in that nest."""
    ask_everywhere(monkeypatch)
    err(monkeypatch, HumanFault.PUTS_IN_ANOTHER_PLACE)
    monkeypatch.setattr(part_told, "stands_there", lambda *_args: True)

    broken("D29", what="not in this nest")


def test_a_case_of_another_nest_breaks_d33(monkeypatch: PATCH) -> None:
    ask_everywhere(monkeypatch)
    sicken(monkeypatch, Behaviour.BLIND)

    def of_nest_9(**told: Any) -> ContainmentOpened:
        return ContainmentOpened(**(told | {"nest": told["nest"] and "9"}))

    monkeypatch.setattr(consequences, "ContainmentOpened", of_nest_9)

    broken("D33", what="a case of another nest")


def test_a_judge_that_takes_any_reason_breaks_l2(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.WRONG_REASON)
    judge_otherwise(
        monkeypatch,
        lambda j: (
            replace(j, verdict=Verdict.DETECTED, why=None) if j.why is Why.WRONG_REJECT_CODE else j
        ),
    )

    broken("L2", what="for another reason")


def test_a_judge_for_whom_a_lost_link_is_silence_breaks_l3(monkeypatch: PATCH) -> None:
    aim(monkeypatch, FaultKind.LINK_CUT)
    for name in ("judge", "judge_at_last"):
        real: Judge = getattr(run_transitions, name)

        def judged(evidence: Evidence, now: datetime, real: Judge = real) -> Judgement | None:
            judgement = real(evidence, now)
            if judgement is None or judgement.why is not Why.LINK_LOST:
                return judgement
            return Judgement(verdict=_silence_as_a_verdict(evidence), decided_at=now)

        monkeypatch.setattr(run_transitions, name, judged)

    broken("L3")


def tells_of_itself(station: Station) -> bool:
    """Return whether a station tells that its machine runs."""
    return station.heartbeat is not None


def test_a_watch_that_notices_no_restart_of_the_machine_breaks_d32(monkeypatch: PATCH) -> None:
    """K10: a miss was recorded of a device whose controller had been restarted."""
    aim(monkeypatch, FaultKind.MACHINE_RESTART, where=tells_of_itself)
    monkeypatch.setattr(MachineWatch, "_count", lambda *_args: False)

    broken("D32", what="silence of a machine that stood", seeds=range(40, 200), likely=57)


def test_a_watch_that_takes_a_controller_in_stop_for_running_breaks_d32(monkeypatch: PATCH) -> None:
    ask_everywhere(monkeypatch)
    aim(
        monkeypatch,
        FaultKind.STALE_REGISTERS,
        where=lambda station: station.id == "line1-op20",
    )
    taken = MachineWatch.take

    def always_beating(self: MachineWatch, acquisition: Acquisition) -> Acquisition:
        told = taken(self, acquisition)
        reasons = {Reason.NOT_RUNNING, Reason.NOT_YET_READ}
        if told.failure not in reasons:
            return replace(told, heart_beat=True)
        return replace(acquisition, heart_beat=True)

    monkeypatch.setattr(MachineWatch, "take", always_beating)

    broken("D32", what="silence of a machine that stood", seeds=range(40, 200), likely=62)


def test_a_run_of_a_device_that_is_not_read_breaks_d32(monkeypatch: PATCH) -> None:
    """K4, f2: it could be started on a device whose bits nobody could read."""
    aim(monkeypatch, FaultKind.DEAD_BLOCK)
    monkeypatch.setattr(StationOwner, "_refuse_unread", lambda *_args: None)

    broken("D32", what="a run of a device that is not read", likely=3)


def test_a_device_that_is_said_to_be_lost_and_is_read_breaks_d32(monkeypatch: PATCH) -> None:
    real = Losses._note_blind

    def note_all(self: Losses, live: LiveStation, now: datetime) -> Pending | None:
        why = NoData(
            since=now - timedelta(minutes=1),
            reason=Reason.DEVICE_ERROR,
            signal=SignalName("rejected"),
        )
        blind = dict.fromkeys((device.id for device in self._station.devices), why)
        with monkeypatch.context() as patch:
            patch.setattr(live, "blind", lambda _now: blind)
            return real(self, live, now)

    monkeypatch.setattr(Losses, "_note_blind", note_all)

    broken("D32", what="a device is lost that is read")


def test_a_judge_that_dares_nothing_breaks_l3(monkeypatch: PATCH) -> None:
    """So "always inconclusive" can't pass."""
    judge_otherwise(monkeypatch, lambda j: inconclusive(Why.NO_RESULT, j.decided_at))

    broken("L3")


def test_a_judge_that_sees_no_miss_breaks_l3(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND)
    judge_otherwise(
        monkeypatch,
        lambda j: inconclusive(Why.NO_RESULT, j.decided_at) if j.verdict is Verdict.MISSED else j,
    )

    broken("L3")


def test_going_on_after_a_restart_as_if_nothing_was_breaks_l3(monkeypatch: PATCH) -> None:
    aim(monkeypatch, FaultKind.PRODUCT_RESTART)
    presented = (RunState.PRESENTED, Restarted)
    row = run_transitions.TRANSITIONS[presented]

    def guess(run: Any, event: Any) -> Any:
        return run_transitions._conclude(
            run, Judgement(verdict=_silence_as_a_verdict(run.evidence), decided_at=event.at)
        )

    monkeypatch.setitem(run_transitions.TRANSITIONS, presented, replace(row, move=guess))

    broken("L3")


def test_a_fold_that_drops_a_containment_breaks_l4(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND)

    def dropped(_self: object, _entry: Entry, _look: object) -> Changes:
        return ()

    monkeypatch.setattr(ContainmentOpened, "fold", dropped)

    broken("L4", what="no open containment")


def test_a_miss_that_opens_nothing_breaks_l4(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND)
    monkeypatch.setattr(consequences, "_after_miss", lambda *_args: iter(()))

    broken("L4", what="without containment")


def test_a_suspect_window_without_its_last_good_check_breaks_l4(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND, Behaviour.HEALTHY)
    monkeypatch.setattr(consequences, "good_check_before", lambda *_args: None)

    broken("L4", what="window is not from")


def test_a_suspect_window_from_another_nest_s_good_check_breaks_l4(monkeypatch: PATCH) -> None:
    """D34, D36: it is too short, as nothing proved this nest."""
    only_nests(monkeypatch)
    monkeypatch.setattr(good_checks, "vouches_for", lambda *_args: True)

    broken("L4", what="window is not from")


def test_a_last_good_check_by_a_clock_that_was_set_back_breaks_l4(monkeypatch: PATCH) -> None:
    """D61: which was last the ledger tells."""
    only_nests(monkeypatch)
    aim(monkeypatch, FaultKind.CLOCK_STEP)
    monkeypatch.setattr(good_checks, "IN_ORDER", "presented_at")

    broken("L4", what="window is not from", likely=2)


def test_a_miss_that_counts_as_another_nest_s_breaks_l4(monkeypatch: PATCH) -> None:
    only_nests(monkeypatch)

    def whichever(field: str, value: object) -> Where:
        return Where("device", "!=", "") if field == "nest" else equals(field, value)

    monkeypatch.setattr(consequences, "equals", whichever)

    broken("L4", what="without containment")


def test_a_case_that_another_nest_s_proof_ends_breaks_d36(monkeypatch: PATCH) -> None:
    only_nests(monkeypatch)
    monkeypatch.setattr(consequences, "vouches_for", lambda *_args: True)

    broken("D36", what="proved elsewhere")


def test_a_re_verification_without_a_repair_breaks_d35(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND, Behaviour.HEALTHY)
    for module in (consequences, running):
        monkeypatch.setattr(module, "waits_for_reverification", lambda case: case.state == "open")
    monkeypatch.setattr(containing, "record_repair", lambda *_args, **_more: None)

    broken("D35", what="without a repair")


def test_a_case_that_closes_by_itself_breaks_d35(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.BLIND, Behaviour.HEALTHY)

    def closes(fact: ContainmentReverified, at: datetime, *_more: object) -> Iterator[Any]:
        yield consequences.Dated(ContainmentClosed(containment_id=fact.containment_id), at)

    monkeypatch.setitem(consequences.FOLLOWS, ContainmentReverified, closes)

    broken("D35", what="steps of its reaction left")


def test_runs_that_are_not_counted_break_d4(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(RunClosed, "_counted", lambda *_args: ())

    broken("D4", what="are not counted")


def test_runs_that_come_to_nothing_untold_break_d4(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.ABORTS)
    monkeypatch.setattr(consequences, "_told_again", lambda *_args: iter(()))

    broken("D4", what="nobody is told")


def test_a_run_that_closes_with_its_part_out_breaks_l5(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.GIVES_BACK_LATE)
    returning = (RunState.AWAITING_RETURN, DeadlineExpired)
    row = run_transitions.TRANSITIONS[returning]

    def close(run: Any, event: Any) -> Any:
        return run_closing.close(run, event.at, None)

    monkeypatch.setitem(run_transitions.TRANSITIONS, returning, replace(row, move=close))

    broken("L5", what="with a part still out")


def test_a_part_that_is_missed_by_nobody_breaks_l5(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.GIVES_BACK_LATE)
    returning = (RunState.AWAITING_RETURN, DeadlineExpired)
    row = run_transitions.TRANSITIONS[returning]

    def forget(run: Any, _event: Any) -> Any:
        return replace(run, deadline=None), ()

    monkeypatch.setitem(run_transitions.TRANSITIONS, returning, replace(row, move=forget))

    broken("L5", what="not back in time")


def test_an_escape_that_nobody_is_told_breaks_l5(monkeypatch: PATCH) -> None:
    err(monkeypatch, HumanFault.LETS_GO)
    monkeypatch.setattr(StationOwner, "_escape", lambda *_args: None)

    broken("L5", what="seen where it must not be")


def test_a_lent_part_that_its_home_does_not_get_back_breaks_l5(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(busy_plant, "LENT_SHARE", 1.0)
    real = record_fact.record

    def forgetful(uow: Any, fact: Any, **more: Any) -> None:
        if not isinstance(fact, PartHandedBack):
            real(uow, fact, **more)

    monkeypatch.setattr(run_effects, "record", forgetful)

    broken("L5", what="part_handed_back is not told once")


def test_a_use_that_is_counted_twice_breaks_l5(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(busy_plant, "LENT_SHARE", 1.0)
    real = PartHandedOver.fold

    def twice(self: PartHandedOver, entry: Entry, look: Any) -> Changes:
        return real(replace(self, use_number=self.use_number + 1), entry, look)

    monkeypatch.setattr(PartHandedOver, "fold", twice)

    broken("L5", what="counted otherwise")


def test_a_fold_that_reaches_into_another_stream_breaks_d50(monkeypatch: PATCH) -> None:
    real = RunStarted.fold

    def reaching(self: RunStarted, entry: Entry, look: Any) -> Changes:
        agent = look(AgentRecord, 1)
        others = () if agent is None else (Put(replace(agent, software=self.run_id)),)
        return (*real(self, entry, look), *others)

    monkeypatch.setattr(RunStarted, "fold", reaching)

    broken("D50", what="AgentRecord differs")


def test_a_run_that_is_counted_as_another_s_breaks_d63(monkeypatch: PATCH) -> None:
    real = record_count.COUNTED[RunRecord]

    def otherwise(run: RunRecord) -> record_count.Counted | None:
        counted = real(run)
        return counted._replace(outcome=Outcome.ABORTED.value) if counted is not None else None

    monkeypatch.setitem(record_count.COUNTED, RunRecord, otherwise)

    broken("D63", what="a count is wrong")


def test_a_product_that_takes_any_part_breaks_l6(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(busy_plant, "UNFIT_SHARE", 0.5)
    monkeypatch.setattr(running, "why_unfit", lambda *_args, **_more: None)

    broken("L6", what="an unfit part")


def test_a_due_time_that_was_moved_breaks_l7(monkeypatch: PATCH) -> None:
    real = occurrence.frozen_times

    def later(*args: Any) -> Any:
        times = real(*args)
        return replace(times, due_at=times.due_at + timedelta(minutes=1))

    monkeypatch.setattr(scheduling, "frozen_times", later)

    broken("L7", what="came due otherwise")


def test_a_lapse_dated_when_it_was_noticed_breaks_l7(monkeypatch: PATCH) -> None:
    def late(record: OccurrenceRecord) -> datetime:
        return record.closes_at + timedelta(minutes=1)

    monkeypatch.setattr(lapsing, "lapse_at", late)

    broken("L7", what="dated wrong")


def test_an_obligation_that_never_ends_breaks_l7(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(scheduling, "_bring_up", lambda *_args: None)
    monkeypatch.setattr(scheduling, "next_step_at", lambda _r, _p, now: now + timedelta(hours=1))

    broken("L7", what="never decided")


def ask_also(patch: PATCH, rule: OneRule) -> None:
    """Let every check that something makes due have this rule beside its own."""
    patch.setattr(busy_plant, "MORE", (rule,))
    patch.setattr(busy_plant, "MORE_SHARE", 1.0)


def test_parts_that_are_asked_for_too_early_break_d57(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, EveryParts(parts=100))

    def at_once(parts: int, _since: Any, asked: int, *_args: Any, unseen: bool) -> int | None:
        return None if asked or unseen else parts

    monkeypatch.setattr(parts_due, "reached", at_once)
    broken("D57", what="before so many were made")


def test_parts_that_are_counted_from_any_run_break_d57(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, EveryParts(parts=20))
    monkeypatch.setattr(parts_due, "Outcome", SimpleNamespace(PASSED="failed"))
    sicken(monkeypatch, Behaviour.BLIND)
    broken("D57", what="counted from no good check")


def test_a_shift_that_is_never_seen_to_begin_breaks_d42(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, FirstPart())
    monkeypatch.setattr(first_parts, "has_begun", lambda *_args: False)
    broken("D42", what="not seen to begin")


def test_a_shift_that_begins_without_a_part_breaks_d42(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, FirstPart())
    monkeypatch.setattr(first_parts, "has_begun", lambda *_args: True)
    broken("D42", what="made nothing")


def test_an_event_that_owes_nothing_breaks_r08(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, AfterEvent(event=PlantEvent.FAILED_CHECK))
    sicken(monkeypatch, Behaviour.BLIND)
    monkeypatch.setattr(plant_events, "make", lambda *_args: None)
    broken("R08", what="owed otherwise")


def test_a_failed_check_that_nobody_is_told_of_breaks_r08(monkeypatch: PATCH) -> None:
    ask_also(monkeypatch, AfterEvent(event=PlantEvent.FAILED_CHECK))
    sicken(monkeypatch, Behaviour.BLIND)
    monkeypatch.setattr(run_effects, "is_waited_for", lambda *_args: False)
    broken("R08", what="was not told")


def test_an_entry_that_is_rewritten_breaks_l8() -> None:
    def tamper(shift: SimulatedShift) -> None:
        nodes = shift.product.database._kept.nodes
        nodes[3] = nodes[2]

    broken("L8", tamper, what="rewritten or lost")


def test_a_record_that_is_edited_breaks_l8() -> None:
    def tamper(shift: SimulatedShift) -> None:
        runs = shift.product.database._kept.records[RunRecord]
        for key, run in runs.items():
            runs[key] = replace(run, started_by="somebody else")

    broken("L8", tamper, what="verification finds")


def test_a_fact_with_fields_of_its_own_breaks_d22(monkeypatch: PATCH) -> None:
    def shorter(value: Any) -> Any:
        fields = encode(value)
        fields.pop("expected_code", None)
        return fields

    def lenient(kind: Any, payload: Any) -> Any:
        return decode(kind, payload | {"expected_code": None} if kind is PartIssued else payload)

    monkeypatch.setattr(fact, "encode", shorter)
    monkeypatch.setattr(catalogue, "decode", lenient)

    broken("D22", what="fields")


def test_a_later_presentation_that_decides_breaks_l10(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(people, "AGAIN_SHARE", 0.9)
    real = run_return.conclude_later_presentation

    def decide(run: Any, judgement: Judgement) -> Any:
        after, effects = real(run, judgement)
        turned = [
            replace(each, decides=True) if isinstance(each, VerdictReached) else each
            for each in effects
        ]
        return after, tuple(turned)

    monkeypatch.setattr(run_return, "conclude_later_presentation", decide)
    monkeypatch.setattr(run_transitions, "conclude_later_presentation", decide)

    broken("L10", what="only the first decides", likely=1)


def test_a_signal_that_no_rule_reads_and_nobody_keeps_breaks_d13(monkeypatch: PATCH) -> None:
    real = SignalLog.take

    def take(self: SignalLog, acquisition: Acquisition) -> None:
        read = [change for change in acquisition.changes if change.signal != "part_count"]
        real(self, replace(acquisition, changes=tuple(read)))

    monkeypatch.setattr(SignalLog, "take", take)

    broken("D13", what="kept otherwise than read")


def test_an_outcome_better_than_the_worst_step_breaks_l10(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.ALWAYS_REJECTING)
    monkeypatch.setattr(run_closing, "outcome_of", lambda _run: Outcome.PASSED)

    broken("L10", what="not the worst")


def go_blind(patch: PATCH) -> None:
    """Let devices go blind now and then, so that some have a good check before and one after."""
    patch.setattr(people, "SICK", [Behaviour.BLIND])
    patch.setattr(people, "SICK_SHARE", 0.3)


def never_moved(*_args: Any) -> None:
    """Move no window."""


def test_a_window_that_nothing_moves_is_too_short(monkeypatch: PATCH) -> None:
    """D34: the line runs on after the stop that somebody recorded."""
    go_blind(monkeypatch)
    for move in ("moved_by_miss", "moved_by_count", "moved_by_reverification"):
        monkeypatch.setattr(consequences, move, never_moved)

    broken("D34", what="a window too short", likely=1)


def followed_with(change: Callable[[PartCount], PartCount]) -> Callable[..., PartCount]:
    """Return how a count is followed, with something wrong about each reading."""

    def wrong(*args: Any) -> PartCount:
        return change(followed(*args))

    return wrong


def test_a_count_that_grows_too_fast_tells_more_than_was_made(monkeypatch: PATCH) -> None:
    go_blind(monkeypatch)
    too_fast = followed_with(lambda count: replace(count, made=count.made + 2))
    monkeypatch.setattr(part_counting, "followed", too_fast)

    broken("D34", what="more suspect than were made", likely=2)


def test_a_count_that_forgets_what_it_skipped_is_exact_and_wrong(monkeypatch: PATCH) -> None:
    go_blind(monkeypatch)
    monkeypatch.setattr(declared, "RESET_SHARE", 1.0)
    ask_everywhere(monkeypatch)
    sure = followed_with(lambda count: replace(count, epoch=1))
    monkeypatch.setattr(part_counting, "followed", sure)

    broken("D34", what="exact, and not the truth", seeds=range(40), likely=2)


def test_parts_of_unknown_nests_that_are_surely_of_one_break_d34(monkeypatch: PATCH) -> None:
    only_nests(monkeypatch)
    monkeypatch.setattr(suspect_window, "unknown_of", lambda *_args: 0)

    broken("D34", what="surely of this nest, and of another")


def test_parts_of_unknown_nests_that_are_none_of_the_window_break_d34(monkeypatch: PATCH) -> None:
    """D34: what may be of this nest is suspect."""
    only_nests(monkeypatch)

    def all_of_others(_since: object, until: Known, _variant: object, nest: str | None) -> int:
        return sum(each.made for each in until) + 1000 if nest is not None else 0

    monkeypatch.setattr(suspect_window, "known_of_others", all_of_others)

    broken("D34", what="exact, and not the truth")


def test_a_pulse_that_is_said_to_be_longer_than_it_was_breaks_d30(monkeypatch: PATCH) -> None:
    """From the reading before it to the one after it, as if it had been on all the while."""
    real = pulse_watch._lasted

    def too_long(*readings: Any) -> Cycle:
        cycle = real(*readings)
        return Cycle(at_least_s=cycle.at_most_s + 0.05, at_most_s=cycle.at_most_s + 0.1)

    monkeypatch.setattr(pulse_watch, "_lasted", too_long)

    broken("D30", what="a pulse that never was", seeds=(0,))


def test_a_pulse_that_is_not_the_shortest_breaks_d30(monkeypatch: PATCH) -> None:
    longest = Cycle(at_least_s=100.0, at_most_s=101.0)
    monkeypatch.setattr(pulse_learning, "shortest", lambda _cycles: longest)

    broken("D30", what="not the shortest", seeds=(0,))


def test_a_pulse_that_a_gap_hid_and_that_counts_as_silence_breaks_l3(monkeypatch: PATCH) -> None:
    """D30: the device rejected while nobody read."""
    monkeypatch.setattr(declared, "PULSE_SHARE", 1.0)
    aim(monkeypatch, FaultKind.LINK_GAP)
    monkeypatch.setattr(evidence, "_with_gap", lambda _before, taken, *_more: taken)

    broken("L3", what="silent, but it was rejected", likely=3)


def test_messages_held_by_the_broker_that_count_as_of_now_break_l3(monkeypatch: PATCH) -> None:
    """D27: a broker that delivers in a bunch makes no late answer early."""
    aim(monkeypatch, FaultKind.HELD_MESSAGES)
    monkeypatch.setattr(TopicReader, "_hear", lambda *_args, **_more: None)
    monkeypatch.setattr(HeldBack, "hear", lambda *_args: (0.0, False))

    broken("L3", seeds=range(40), likely=1)


def test_a_clock_that_nobody_set_and_that_is_said_to_have_jumped_breaks_l3(
    monkeypatch: PATCH,
) -> None:
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, why=Why.CLOCK_JUMPED) if j.why is Why.NO_RESULT else j,
    )

    broken("L3", what="clock_jumped without a cause", likely=2)


def test_a_code_for_no_value_that_counts_as_one_breaks_l3(monkeypatch: PATCH) -> None:
    """D32: a counter that shows 65535, and then what it showed before, was not set back."""
    ask_everywhere(monkeypatch)
    aim(monkeypatch, FaultKind.NO_VALUE)
    real = decoding.decode_registers
    monkeypatch.setattr(
        reading, "decode_registers", lambda spec, raw: real(replace(spec, invalid=()), raw)
    )

    broken("L3", what="machine_restarted without a cause", seeds=range(40), likely=1)


def test_a_leftover_reason_that_counts_as_told_breaks_d31(monkeypatch: PATCH) -> None:
    sicken(monkeypatch, Behaviour.LEFTOVER_REASON, Behaviour.HEALTHY)
    ask_everywhere(monkeypatch)
    monkeypatch.setattr(people, "HUMAN_FAULT_SHARE", 0.0)
    monkeypatch.setattr(grading, "_watched", lambda _evidence: Watched.UNBROKEN)
    monkeypatch.setitem(grading._KNOWN_BY, Presented.EDGE, KnownBy.CODE)
    monkeypatch.setattr(grading, "_answer_by", lambda *_args: AnswerBy.CODE_RENEWED)

    broken("D31", what="a leftover reason counts as told", seeds=range(40), likely=11)


def test_another_programs_verdict_that_counts_breaks_d33(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(declared, "PROGRAM_SHARE", 1.0)
    aim(monkeypatch, FaultKind.WRONG_PROGRAM)
    monkeypatch.setattr(station_says, "_was_production", lambda *_args: True)

    broken("D33", what="another program's verdict counts")


def test_a_pass_under_another_program_that_fulfils_breaks_d33(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(declared, "PROGRAM_SHARE", 1.0)
    aim(monkeypatch, FaultKind.WRONG_PROGRAM)
    told = presentation.VerdictReached
    real = told.fold

    def forgetful(self: presentation.VerdictReached, entry: Entry, look: Any) -> Changes:
        return tuple(
            Put(replace(put.record, not_counted=None)) if isinstance(put.record, RunRecord) else put
            for put in real(self, entry, look)
        )

    monkeypatch.setattr(told, "fold", forgetful)

    broken("D33", what="another program fulfilled it")


def test_a_decision_that_is_dropped_while_the_database_is_away_breaks_l3(
    monkeypatch: PATCH,
) -> None:
    """K3: what was seen once isn't seen again; a database that hangs changes no verdict."""
    aim(monkeypatch, FaultKind.STORE_STALL)
    real = StationQueue._record

    async def give_up(self: StationQueue, pending: Pending) -> RunRecord | None:
        try:
            return await self._commit(pending)
        except NotRecordable:
            return await real(self, pending)
        except StoreTrouble:
            return None

    monkeypatch.setattr(StationQueue, "_record", give_up)

    broken("L3", what="undisturbed, awaited", seeds=range(40), likely=1)


def test_a_miss_that_no_database_takes_and_nobody_is_told_breaks_l4(monkeypatch: PATCH) -> None:
    """K3: nobody gets rid of a miss by telling what is not recordable."""
    sicken(monkeypatch, Behaviour.BLIND)
    aim(monkeypatch, FaultKind.RECORD_REFUSED)
    monkeypatch.setattr(station_owner, "worst_outcome", lambda _verdicts: None)

    broken("L4", what="got rid of", seeds=range(40))


def test_a_run_said_to_be_not_recorded_while_the_database_was_there_breaks_l3(
    monkeypatch: PATCH,
) -> None:
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, why=Why.NOT_RECORDED) if j.why is Why.NO_RESULT else j,
    )

    broken("L3", what="not_recorded without a cause", likely=2)


def test_production_s_own_verdict_that_does_not_count_breaks_d33(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(declared, "PROGRAM_SHARE", 1.0)
    monkeypatch.setattr(station_says, "_was_production", lambda *_args: False)

    broken("D33", what="production's own verdict doesn't count")


@pytest.mark.parametrize(
    ("turned", "into", "what"),
    [
        (Why.NO_RESULT, Verdict.MISSED, "silence is no miss here"),
        (Verdict.ACCEPTED, Verdict.FALSE_REJECT, "a false reject that was none"),
        (Verdict.FALSE_REJECT, Verdict.ACCEPTED, "accepted, but it was not"),
    ],
    ids=["silence", "accepted", "rejected"],
)
def test_a_verdict_that_says_more_than_happened_breaks_l3(
    monkeypatch: PATCH, turned: Verdict | Why, into: Verdict, what: str
) -> None:
    sicken(monkeypatch, Behaviour.SILENT, Behaviour.ALWAYS_REJECTING)
    ask_everywhere(monkeypatch)
    judge_otherwise(
        monkeypatch,
        lambda j: replace(j, verdict=into, why=None) if turned in {j.verdict, j.why} else j,
    )

    broken("L3", what=what)


def test_a_record_that_says_another_verdict_than_was_told_breaks_l8(monkeypatch: PATCH) -> None:
    told = presentation.VerdictReached
    real = told.fold

    def otherwise(self: presentation.VerdictReached, entry: Entry, look: Any) -> Changes:
        return real(replace(self, verdict=Verdict.DETECTED, verdict_reason=None), entry, look)

    monkeypatch.setattr(told, "fold", otherwise)

    broken("L8", what="the record is not what was told")


def test_a_run_s_record_with_another_outcome_than_was_told_breaks_l10(monkeypatch: PATCH) -> None:
    real = RunClosed.fold

    def otherwise(self: RunClosed, entry: Entry, look: Any) -> Changes:
        return real(replace(self, outcome=Outcome.PASSED), entry, look)

    monkeypatch.setattr(RunClosed, "fold", otherwise)

    broken("L10", what="the record differs")


def test_a_window_that_is_said_to_be_exact_while_it_is_open_breaks_d34(monkeypatch: PATCH) -> None:
    go_blind(monkeypatch)
    real = consequences._opened
    monkeypatch.setattr(
        consequences, "_opened", lambda *args: replace(real(*args), quantity_is_lower_bound=False)
    )

    broken("D34", what="exact, and still open", likely=1)
