"""How a run ends whose part is in its place: confirmed, given up, out of time, or not recorded.

No person ends it while the station may still take its last verdict back (decision 0024).
"""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.identity import Actor
from redrabbit.domain.run import (
    Aborted,
    Advance,
    Confirmed,
    DeadlineExpired,
    NotRecorded,
    Run,
    RunClosed,
    RunStopped,
    StopReason,
    outcome_of,
    reason_of,
)
from redrabbit.domain.run_open_verdict import open_verdict, refuse_open
from redrabbit.domain.run_words import Outcome, RunState, StopCode, Why


def confirm(run: Run, event: Confirmed) -> Advance:
    """Close the run by a person's confirmation; refused while its verdict is open."""
    refuse_open(run, event.at)
    return close(run, event.at, event.actor)


def expire_unstarted(run: Run, event: DeadlineExpired) -> Advance:
    """Close a run whose part nobody took in time."""
    reason = StopReason(code=StopCode.NOT_STARTED)
    return close(replace(run, stopped=Outcome.ABORTED, reason=reason), event.at, None)


def expire_confirmation(run: Run, event: DeadlineExpired) -> Advance:
    """Close a run that nobody confirmed; it has not passed (D4)."""
    if outcome_of(run) is Outcome.PASSED:
        run = replace(run, stopped=Outcome.ABORTED)
    return close(
        replace(run, reason=run.reason or StopReason(code=StopCode.NOT_CONFIRMED)), event.at, None
    )


def abort_before_issue(run: Run, event: Aborted) -> Advance:
    """Give the run up before its part is taken."""
    return _abort_and_close(run, event, Outcome.ABORTED)


def abort_unconfirmed(run: Run, event: Aborted) -> Advance:
    """Give the run up in place of confirming it."""
    return _abort_and_close(run, event, run.stopped or Outcome.ABORTED)


def leave_unrecorded(run: Run, event: NotRecorded) -> Advance:
    """End a run whose part is in its place; one that nobody followed for a while has lost nothing.

    The code that would have armed it, or the time that would have closed it, comes again. But what may
    have taken a verdict back that was open does not (R16).
    """
    if event.why is Why.NOT_RECORDED and open_verdict(run) is None:
        return run, ()
    stopped = run.stopped or Outcome.INCONCLUSIVE
    return close(replace(run, stopped=stopped, reason=reason_of(event)), event.at, None)


def _abort_and_close(run: Run, event: Aborted, outcome: Outcome) -> Advance:
    refuse_open(run, event.at)
    reason = reason_of(event)
    stopped = RunStopped(at=event.at, outcome=outcome, reason=reason, actor=event.actor)
    closed, effects = close(replace(run, stopped=outcome, reason=reason), event.at, None)
    return closed, (stopped, *effects)


def close(run: Run, at: datetime, confirmed_by: Actor | None) -> Advance:
    """Close the run as its steps and its stop have it."""
    outcome = outcome_of(run)
    closed = replace(run, state=RunState.CLOSED, outcome=outcome, deadline=None, evidence=None)
    return closed, (
        RunClosed(at=at, outcome=outcome, reason=run.reason, confirmed_by=confirmed_by),
    )
