"""How a run moves: `advance(run, event) -> (run, effects)`, with the table of its transitions.

A refused event raises `Refusal` and changes nothing. The rules it obeys: D2 (who arms, what is
*presented*), D29 (a held feed; *that was not the part*), D4 (worst step decides, a miss ends the
sequence), L3 (a restart, another part or a lost link is never guessed over), L5 (the part comes back
before the run can close), L10 (the first presentation decides). It carries nothing out: effects are
values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import Evidence, begin, gather, present
from redrabbit.domain.feed_watch import at_part
from redrabbit.domain.identity import Actor
from redrabbit.domain.observation import Acquisition, Readings
from redrabbit.domain.part_told import BY_HAND_S, PLACES, not_told, with_told
from redrabbit.domain.place_free import seen_at_scan, seen_since, was_free
from redrabbit.domain.run import (
    Aborted,
    Advance,
    Confirmed,
    DeadlineExpired,
    DeadlineKind,
    Disowned,
    Event,
    GivenBack,
    NotRecorded,
    Observed,
    PartIssued,
    PartNotReturned,
    PartPresented,
    PartReturned,
    PartTold,
    Restarted,
    Run,
    RunStopped,
    SaidHeld,
    Scanned,
    SetDeadline,
    StopReason,
    Tapped,
    Told,
    VerdictReached,
    reason_of,
    with_deadline,
)
from redrabbit.domain.run_closing import (
    abort_before_issue,
    abort_unconfirmed,
    confirm,
    expire_confirmation,
    expire_unstarted,
    leave_unrecorded,
)
from redrabbit.domain.run_feed import feed_at_arming, feed_for_next_part, say_held, watch_feed
from redrabbit.domain.run_observation import code_edge, presented_edge, watched
from redrabbit.domain.run_open_verdict import left_open, open_until, refuse_open, watch_given_back
from redrabbit.domain.run_return import (
    conclude_later_presentation,
    restart_returning,
    stop_returning_unrecorded,
    watch_return,
)
from redrabbit.domain.run_words import Outcome, Presented, RunState, StopCode, Why
from redrabbit.domain.station_says import SaidOf
from redrabbit.domain.verdict import (
    Judgement,
    all_read_since,
    answer_final_at,
    awaits_its_part,
    has_answered,
    inconclusive,
    judge,
    judge_answer,
    judge_at_last,
)


def advance(run: Run, event: Event) -> Advance:
    """Return the run after the event, and what is to be carried out.

    Raises Refusal where a person's event is not allowed now. Readings, deadlines, restarts and what was
    not recorded are never refused: they change nothing where they mean nothing; so an expiry of any
    other deadline than the one set last.
    """
    if isinstance(event, DeadlineExpired) and not _is_over(run.deadline, event):
        return run, ()
    transition = TRANSITIONS.get((run.state, type(event)))
    if transition is not None:
        return transition.move(run, event)
    if isinstance(event, Observed | DeadlineExpired | Restarted | NotRecorded):
        return run, ()
    if isinstance(event, Disowned) and run.step.judgement is not None:
        raise Refusal("answer_came", run=run.id)
    raise Refusal("not_now", run=run.id, state=run.state.value, act=_act(event))


def start_deadline(run: Run) -> tuple[Run, SetDeadline]:
    """Return a new run with its first deadline: the part must be taken before the run expires."""
    return with_deadline(run, DeadlineKind.START, run.expires_at)


def _is_over(deadline: SetDeadline | None, event: DeadlineExpired) -> bool:
    return deadline is not None and event.kind is deadline.kind and event.at >= deadline.at


def _act(
    event: Scanned | Told | Tapped | SaidHeld | Disowned | GivenBack | Confirmed | Aborted,
) -> str:
    match event:
        case Scanned():
            return "scan"
        case Told():
            return "tell"
        case Tapped():
            return "presented"
        case SaidHeld():
            return "feed_held"
        case Disowned():
            return "not_the_part"
        case GivenBack():
            return "given_back"
        case Confirmed():
            return "confirm"
        case Aborted():
            return "abort"
        case _:  # pragma: no cover
            assert_never(event)


def _take_part(run: Run, event: Scanned) -> Advance:
    if event.code != run.part:
        raise Refusal("wrong_part", scanned=event.code, expected=run.part)
    missing = not_told(run.step.expectation.asked, run.told)
    if missing:  # nothing of it is guessed, and the part stays where it is until it is told (D33)
        raise Refusal("not_told", what=missing[0].value)
    refuse_open(run, event.at)
    return _arm(run, event.at, event.actor, event.readings)


def _tell(run: Run, event: Told) -> Advance:
    asked = run.step.expectation.asked
    told = with_told(asked, run.told, event.of, event.value, run.known_parts)
    of = SaidOf(event.of)
    effect = PartTold(
        at=event.at,
        step=run.index,
        of=of,
        value=event.value,
        by=asked[of].by,
        actor=event.actor,
    )
    return replace(run, told=told), (effect,)


def _arm(run: Run, at: datetime, actor: Actor, readings: Readings) -> Advance:
    evidence = replace(
        begin(run.step.expectation, readings, at, run.told), feed=feed_at_arming(run, readings)
    )
    armed = replace(
        run,
        state=RunState.ARMED,
        evidence=evidence,
        place=seen_at_scan(evidence, readings, at),
        later_presentation=None,
    )
    armed, deadline = with_deadline(
        armed, DeadlineKind.ARMING, at + timedelta(seconds=run.arming_timeout_s)
    )
    return armed, (PartIssued(at=at, step=run.index, actor=actor), deadline)


def _see_part_unscanned(run: Run, event: Observed) -> Advance:
    """Arm by the station's own reading of the expected rabbit's code (D2)."""
    run, taken_back = watch_given_back(run, event)
    if taken_back:  # nothing more is presented (D4)
        waiting, deadline = _await_confirmation(run, event.acquisition.window.ended_at)
        return waiting, (*taken_back, deadline)
    acquisition = event.acquisition
    before = begin(run.step.expectation, event.readings)
    if code_edge(before, acquisition, event.readings) != run.part:
        return run, ()
    armed, issued = _arm(run, acquisition.window.ended_at, run.operator, event.readings)
    placed, presented = _watch_arming(armed, event)
    return placed, issued + presented


def _watch_arming(run: Run, event: Observed) -> Advance:
    assert run.evidence is not None  # noqa: S101  an armed run has evidence
    assert run.place is not None  # noqa: S101  and its place was looked at
    acquisition = event.acquisition
    gathered = gather(run.evidence, acquisition)
    at = acquisition.window.ended_at
    rule = run.step.expectation.rule
    if rule.part_code is not None:
        code = code_edge(run.evidence, acquisition, event.readings)
        if code == run.part:
            return _present(run, at, Presented.CODE, acquisition, gathered)
        if code is not None and code in run.known_parts:
            return _conclude(replace(run, evidence=gathered), inconclusive(Why.WRONG_PART, at))
    elif presented_edge(run.evidence, gathered, acquisition) and _is_ours(
        run, gathered, acquisition
    ):
        if gathered.feed is not None:
            gathered = replace(gathered, feed=at_part(gathered.feed, acquisition))
        return _present(run, at, _seen_by(run), acquisition, gathered)
    place = seen_since(run.place, gathered, acquisition)
    return watch_feed(replace(run, evidence=gathered, place=place), acquisition)


def _is_ours(run: Run, evidence: Evidence, acquisition: Acquisition) -> bool:
    """Return whether the part that came can be ours: not one that was there, or under way, at the scan."""
    assert run.place is not None  # noqa: S101  an armed run's place was looked at
    if not run.step.expectation.places:
        return was_free(run.place, evidence, acquisition)
    since_scan = acquisition.window.began_at - run.place.scanned_at
    return since_scan.total_seconds() >= BY_HAND_S


def _seen_by(run: Run) -> Presented:
    places = run.step.expectation.places
    return next((how for place, how in PLACES.items() if place in places), Presented.EDGE)


def _tap(run: Run, event: Tapped) -> Advance:
    rule = run.step.expectation.rule
    if rule.part_code is not None or rule.presented is not None:
        raise Refusal("station_tells_presented", run=run.id)
    return _present(run, event.at, Presented.STATED)


def _present(
    run: Run,
    at: datetime,
    how: Presented,
    shown: Acquisition | None = None,
    gathered: Evidence | None = None,
) -> Advance:
    assert run.evidence is not None  # noqa: S101  an armed run has evidence
    evidence = present(gathered or run.evidence, at, how, shown, run.evidence)
    assert evidence.deadline_at is not None  # noqa: S101  present() sets it
    placed = replace(run, state=RunState.PRESENTED, evidence=evidence)
    placed, deadline = with_deadline(
        placed,
        DeadlineKind.VERDICT,
        evidence.deadline_at + timedelta(seconds=run.verdict_slack_s),
    )
    return placed, (PartPresented(at=at, step=run.index, attempt=1, how=how), deadline)


def _expire_arming(run: Run, event: DeadlineExpired) -> Advance:
    return _stop(run, event.at, Outcome.ABORTED, StopReason(code=StopCode.NOT_PRESENTED), None)


def _abort_armed(run: Run, event: Aborted) -> Advance:
    return _stop(run, event.at, Outcome.ABORTED, reason_of(event), event.actor)


def _restart_armed(run: Run, event: Restarted) -> Advance:
    return _stop(run, event.at, Outcome.INCONCLUSIVE, StopReason(code=StopCode.RESTARTED), None)


def _watch_presented(run: Run, event: Observed) -> Advance:
    assert run.evidence is not None  # noqa: S101  a presented run has evidence
    evidence = watched(run.part, run.evidence, event)
    placed = replace(run, evidence=evidence)
    judgement = judge(evidence, event.acquisition.window.ended_at)
    disowned = _conclude_disowned(placed, is_last=judgement is not None)
    if disowned is not None:
        return disowned
    if judgement is not None:
        return _conclude(placed, judgement)
    final_at = answer_final_at(evidence)
    if final_at is None or final_at == answer_final_at(run.evidence):
        return placed, ()
    placed, deadline = with_deadline(placed, DeadlineKind.VERDICT, final_at)
    return placed, (deadline,)


def _expire_verdict(run: Run, event: DeadlineExpired) -> Advance:
    assert run.evidence is not None  # noqa: S101  a presented run has evidence
    disowned = _conclude_disowned(run, is_last=True)
    return disowned or _conclude(run, judge_at_last(run.evidence, event.at))


def _abort_presented(run: Run, event: Aborted) -> Advance:
    """Give up; an answer that was told already stands, so that nobody aborts a miss away (D4)."""
    assert run.evidence is not None  # noqa: S101  a presented run has evidence
    if awaits_its_part(run.evidence):
        raise Refusal("answer_open", run=run.id)
    answer = judge_answer(run.evidence)
    judged, effects = _conclude(run, answer or inconclusive(Why.ABORTED, event.at))
    stopped = RunStopped(
        at=event.at, outcome=Outcome.ABORTED, reason=reason_of(event), actor=event.actor
    )
    return (
        replace(judged, stopped=Outcome.ABORTED, reason=reason_of(event)),
        (*effects, stopped),
    )


def _disown(run: Run, event: Disowned) -> Advance:
    """Take a person's word that it is not the part; never after the answer, or its time (D29).

    The device would be acquitted by whoever saw it miss. So it is decided by a reading that began since:
    the one that shows an answer which may have been on before the word goes before it (decision 0024).
    """
    seen = run.evidence
    assert seen is not None  # noqa: S101  a presented run has evidence
    assert seen.deadline_at is not None  # noqa: S101  present() set it
    if has_answered(seen) or event.at > seen.deadline_at:
        raise Refusal("answer_came", run=run.id)
    said = replace(run, disowned=run.disowned or event)
    return _conclude_disowned(said) or (said, ())


def _conclude_disowned(run: Run, *, is_last: bool = False) -> Advance | None:
    """End the presentation by the word that it is not the part; None while the answer may be out."""
    said, seen = run.disowned, run.evidence
    assert seen is not None  # noqa: S101  a presented run has evidence
    if said is None or has_answered(seen) or not (is_last or all_read_since(seen, said.at)):
        return None
    return _conclude(run, inconclusive(Why.NOT_THE_PART, said.at), said.actor)


def _restart_presented(run: Run, event: Restarted) -> Advance:
    return _conclude(run, inconclusive(Why.RESTARTED, event.at))


def _conclude(run: Run, judgement: Judgement, actor: Actor | None = None) -> Advance:
    assert run.evidence is not None  # noqa: S101  what is judged has evidence
    step = replace(run.step, judgement=judgement, attempts=1)
    judged = replace(run.with_step(step), state=RunState.AWAITING_RETURN, disowned=None)
    judged, deadline = with_deadline(
        judged,
        DeadlineKind.RETURN,
        judgement.decided_at + timedelta(seconds=run.return_timeout_s),
    )
    reached = VerdictReached(
        step=run.index,
        attempt=1,
        judgement=judgement,
        evidence=run.evidence,
        decides=True,
        actor=actor,
    )
    return judged, (reached, deadline)


def _stop(
    run: Run, at: datetime, outcome: Outcome, reason: StopReason, actor: Actor | None
) -> Advance:
    stopped = replace(run, state=RunState.AWAITING_RETURN, stopped=outcome, reason=reason)
    stopped, deadline = with_deadline(
        stopped, DeadlineKind.RETURN, at + timedelta(seconds=run.return_timeout_s)
    )
    return stopped, (RunStopped(at=at, outcome=outcome, reason=reason, actor=actor), deadline)


def _stop_armed_unrecorded(run: Run, event: NotRecorded) -> Advance:
    return _stop(run, event.at, Outcome.INCONCLUSIVE, reason_of(event), None)


def _conclude_unrecorded(run: Run, event: NotRecorded) -> Advance:
    return _conclude(run, inconclusive(event.why, event.at))


def _give_back(run: Run, event: GivenBack) -> Advance:
    if event.code != run.part:
        raise Refusal("wrong_part_back", scanned=event.code, expected=run.part)
    answer = judge_answer(run.later_presentation) if run.later_presentation is not None else None
    run, concluded = conclude_later_presentation(
        run, answer or inconclusive(Why.NO_RESULT, event.at)
    )
    back = PartReturned(at=event.at, step=run.index, actor=event.actor)
    open_evidence = left_open(run, event.at)
    returned = replace(feed_for_next_part(run), not_returned=False, evidence=open_evidence)
    judgement = run.step.judgement
    good = judgement is not None and judgement.verdict.is_good
    if good and run.stopped is None and run.index + 1 < len(run.steps):
        following = replace(returned, state=RunState.AWAITING_PART, index=run.index + 1, told={})
        latest = max(run.expires_at, open_until(returned) or run.expires_at)
        following, deadline = with_deadline(following, DeadlineKind.START, latest)
        return following, (*concluded, back, deadline)
    waiting, deadline = _await_confirmation(returned, event.at)
    return waiting, (*concluded, back, deadline)


def _await_confirmation(run: Run, at: datetime) -> tuple[Run, SetDeadline]:
    latest = max(
        run.expires_at, at + timedelta(seconds=run.return_timeout_s), open_until(run) or at
    )
    waiting = replace(run, state=RunState.AWAITING_CONFIRMATION)
    return with_deadline(waiting, DeadlineKind.CONFIRMATION, latest)


def _expire_return(run: Run, event: DeadlineExpired) -> Advance:
    return (
        replace(run, not_returned=True, deadline=None),
        (PartNotReturned(at=event.at, step=run.index),),
    )


def _abort_returning(run: Run, event: Aborted) -> Advance:
    if run.stopped is not None:
        raise Refusal("already_stopped", run=run.id)
    stopped = RunStopped(
        at=event.at, outcome=Outcome.ABORTED, reason=reason_of(event), actor=event.actor
    )
    return replace(run, stopped=Outcome.ABORTED, reason=reason_of(event)), (stopped,)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: how to move, and where that can lead."""

    move: Callable[..., Advance]
    to: tuple[RunState, ...]


_S = RunState
TRANSITIONS: Mapping[tuple[RunState, type], Transition] = {
    (_S.AWAITING_PART, Scanned): Transition(_take_part, (_S.ARMED,)),
    (_S.AWAITING_PART, Told): Transition(_tell, (_S.AWAITING_PART,)),
    (_S.AWAITING_PART, Observed): Transition(
        _see_part_unscanned, (_S.AWAITING_PART, _S.PRESENTED, _S.AWAITING_CONFIRMATION)
    ),
    (_S.AWAITING_PART, DeadlineExpired): Transition(expire_unstarted, (_S.CLOSED,)),
    (_S.AWAITING_PART, Aborted): Transition(abort_before_issue, (_S.CLOSED,)),
    (_S.AWAITING_PART, NotRecorded): Transition(leave_unrecorded, (_S.AWAITING_PART, _S.CLOSED)),
    (_S.ARMED, Observed): Transition(_watch_arming, (_S.ARMED, _S.PRESENTED, _S.AWAITING_RETURN)),
    (_S.ARMED, Tapped): Transition(_tap, (_S.PRESENTED,)),
    (_S.ARMED, SaidHeld): Transition(say_held, (_S.ARMED,)),
    (_S.ARMED, DeadlineExpired): Transition(_expire_arming, (_S.AWAITING_RETURN,)),
    (_S.ARMED, Aborted): Transition(_abort_armed, (_S.AWAITING_RETURN,)),
    (_S.ARMED, Restarted): Transition(_restart_armed, (_S.AWAITING_RETURN,)),
    (_S.ARMED, NotRecorded): Transition(_stop_armed_unrecorded, (_S.AWAITING_RETURN,)),
    (_S.PRESENTED, Observed): Transition(_watch_presented, (_S.PRESENTED, _S.AWAITING_RETURN)),
    (_S.PRESENTED, Disowned): Transition(_disown, (_S.PRESENTED, _S.AWAITING_RETURN)),
    (_S.PRESENTED, DeadlineExpired): Transition(_expire_verdict, (_S.AWAITING_RETURN,)),
    (_S.PRESENTED, Aborted): Transition(_abort_presented, (_S.AWAITING_RETURN,)),
    (_S.PRESENTED, Restarted): Transition(_restart_presented, (_S.AWAITING_RETURN,)),
    (_S.PRESENTED, NotRecorded): Transition(_conclude_unrecorded, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_RETURN, Observed): Transition(watch_return, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_RETURN, GivenBack): Transition(
        _give_back, (_S.AWAITING_PART, _S.AWAITING_CONFIRMATION)
    ),
    (_S.AWAITING_RETURN, DeadlineExpired): Transition(_expire_return, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_RETURN, Aborted): Transition(_abort_returning, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_RETURN, Restarted): Transition(restart_returning, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_RETURN, NotRecorded): Transition(stop_returning_unrecorded, (_S.AWAITING_RETURN,)),
    (_S.AWAITING_CONFIRMATION, Observed): Transition(watch_given_back, (_S.AWAITING_CONFIRMATION,)),
    (_S.AWAITING_CONFIRMATION, Confirmed): Transition(confirm, (_S.CLOSED,)),
    (_S.AWAITING_CONFIRMATION, DeadlineExpired): Transition(expire_confirmation, (_S.CLOSED,)),
    (_S.AWAITING_CONFIRMATION, Aborted): Transition(abort_unconfirmed, (_S.CLOSED,)),
    (_S.AWAITING_CONFIRMATION, NotRecorded): Transition(
        leave_unrecorded, (_S.AWAITING_CONFIRMATION, _S.CLOSED)
    ),
}
