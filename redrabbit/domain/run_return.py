"""What is still watched after the verdict, until the part is back.

A good verdict may be taken back (`run_open_verdict`). The part may be shown again: the first presentation
decides, later ones are kept beside it (L10, R18). A restart keeps what was judged and guesses nothing
about the rest (D4); neither does what was not recorded.
"""

from dataclasses import replace

from redrabbit.domain.evidence import begin, gather, present
from redrabbit.domain.run import (
    Advance,
    NotRecorded,
    Observed,
    PartPresented,
    Restarted,
    Run,
    RunStopped,
    StopReason,
    VerdictReached,
)
from redrabbit.domain.run_observation import code_edge, watched
from redrabbit.domain.run_open_verdict import watch_open
from redrabbit.domain.run_words import Outcome, Presented, StopCode, Why
from redrabbit.domain.verdict import Judgement, inconclusive, judge


def watch_return(run: Run, event: Observed) -> Advance:
    """Look out for a contradiction, and for the part being presented again (L10)."""
    contradicted, effects = watch_open(run, event)
    watched_on, more = _watch_later_presentation(contradicted, event)
    return watched_on, effects + more


def _watch_later_presentation(run: Run, event: Observed) -> Advance:
    before = run.later_presentation or begin(run.step.expectation, event.readings)
    code = code_edge(before, event.acquisition, event.readings)
    if code == run.part and run.step.judgement is not None:
        return _begin_later_presentation(run, event)
    if run.later_presentation is None:
        return run, ()
    evidence = watched(run.part, run.later_presentation, event)
    watched_on = replace(run, later_presentation=evidence)
    judgement = judge(evidence, event.acquisition.window.ended_at)
    return (
        (watched_on, ())
        if judgement is None
        else conclude_later_presentation(watched_on, judgement)
    )


def _begin_later_presentation(run: Run, event: Observed) -> Advance:
    """Watch a later presentation of the part; one before it that is still open ends with it."""
    at = event.acquisition.window.ended_at
    run, concluded = conclude_later_presentation(run, inconclusive(Why.WRONG_PART, at))
    attempt = run.step.attempts + 1
    before = begin(run.step.expectation, event.readings)
    gathered = gather(before, event.acquisition)
    again = replace(
        run.with_step(replace(run.step, attempts=attempt)),
        later_presentation=present(gathered, at, Presented.CODE, event.acquisition, before),
    )
    presented = PartPresented(at=at, step=run.index, attempt=attempt, how=Presented.CODE)
    return again, (*concluded, presented)


def conclude_later_presentation(run: Run, judgement: Judgement) -> Advance:
    """End the later presentation that is under way, if one is, with this verdict."""
    if run.later_presentation is None:
        return run, ()
    reached = VerdictReached(
        step=run.index,
        attempt=run.step.attempts,
        judgement=judgement,
        evidence=run.later_presentation,
        decides=False,
    )
    return replace(run, later_presentation=None), (reached,)


def restart_returning(run: Run, event: Restarted) -> Advance:
    """Keep the verdicts; what was being watched beside them was not seen to its end (D4)."""
    concluded, effects = conclude_later_presentation(run, inconclusive(Why.RESTARTED, event.at))
    return replace(concluded, evidence=None), effects


def stop_returning_unrecorded(run: Run, event: NotRecorded) -> Advance:
    """Keep the verdicts; a good one can't stand for a run that was not followed to its end (R16).

    What may have taken it back was not recorded. A verdict that is not good needs no stop; neither
    does a run that was stopped before. A time that is over is not looked at again.
    """
    run, concluded = conclude_later_presentation(run, inconclusive(event.why, event.at))
    deadline = run.deadline if run.deadline is None or event.at < run.deadline.at else None
    left = replace(run, evidence=None, deadline=deadline)
    judgement = run.step.judgement
    if run.stopped is not None or judgement is None or not judgement.verdict.is_good:
        return left, concluded
    reason = StopReason(code=StopCode(event.why.value))
    stopped = RunStopped(at=event.at, outcome=Outcome.INCONCLUSIVE, reason=reason, actor=None)
    return replace(left, stopped=Outcome.INCONCLUSIVE, reason=reason), (*concluded, stopped)
